"""Text: channels, who agreed to what, permission, review, and files to bring in.

Owns what stands where; each part has a module beside.
"""

from nicegui import ui

from bot.panel.frame import Page, heading
from bot.panel.pages.text_channels import Channels
from bot.panel.pages.text_imports import Imports
from bot.panel.pages.text_members import Members
from bot.panel.pages.text_permission import Permission
from bot.panel.pages.text_review import Reviewing
from bot.panel.visitor import Visitor
from db.words import say

_LOOK = """
mark.cut { background: #e8d9b5; color: #6b4a12; border-radius: 4px; padding: 0 4px; font-size: .9em; }
.q-tab-panel { padding: 12px 0 0; }
.q-uploader__list { display: none; }
.shares { display: flex; height: 6px; border-radius: 3px; overflow: hidden; background: #e0dccf; }
"""


async def build(visitor: Visitor) -> None:
    ui.add_css(_LOOK)
    if "row" in visitor.asked or "channel" in visitor.asked:
        await Reviewing(visitor).build()
        return
    heading(say("Text"), say("What the bot may read and learn, and who agreed to it."))
    names = {"channels": say("Channels"), "members": say("Members"), "permission": say("Permission")}
    parts = {"channels": Channels, "members": Members, "permission": Permission}
    if visitor.may("admin"):
        names["import"] = say("Import")
        parts["import"] = Imports
    first = "import" if visitor.house.imports.going and visitor.may("admin") else "channels"
    wanted = visitor.asked.get("part", first)
    wanted = wanted if wanted in parts else first
    with ui.tabs().props("no-caps inline-label align=left") as tabs:
        for part, name in names.items():
            ui.tab(part, label=name).mark(f"tab-{part}")
    places: dict[str, ui.tab_panel] = {}
    with ui.tab_panels(tabs, value=wanted, animated=False).classes("w-full bg-transparent") as panels:
        for part in parts:
            places[part] = ui.tab_panel(part)

    async def fill() -> None:
        """Each part as it is when it is looked at; the imports stay, with the file that may be on its way there."""
        part = str(panels.value)
        place = places[part]
        if part == "import" and place.default_slot.children:
            return
        place.clear()
        with place:
            await parts[part](visitor).build()

    await fill()
    panels.on_value_change(visitor.handling(fill))


PAGE = Page("/text", lambda: say("Text"), build)
