"""The Text page's imports: a file to bring in, and how far those are that were brought."""

from collections.abc import AsyncIterator, Iterator

from nicegui import ui

from bot.chat.collecting.imported import counts, ended
from bot.chat.verbs.authority import Actor, authorise
from bot.panel.file_field import FileField
from bot.panel.imports import FileKind, Importing, Upload, keep
from bot.panel.text_words import terms
from bot.panel.visitor import Visitor
from db.models import API_TEXT
from db.words import say


class Imports:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._imports = visitor.house.imports
        self._told: list[tuple[object, ...]] = []

    async def build(self) -> None:
        kinds = self._visitor.house.kinds
        with ui.card().classes("w-full gap-3"):
            names = {name: kind_said(name) for name in kinds}
            self._kind = ui.select(names, value=next(iter(kinds)), label=say("What the file is"))
            self._kind.props("outlined dense").classes("w-full max-w-md").mark("kind")
            self._about = ui.label().classes("said text-gray-700")
            self._channel = ui.input(say("Channel (default: the file's name)")).props("outlined dense")
            self._channel.classes("w-full max-w-md").mark("into")
            self._private = ui.switch(say("What they wrote in private conversations too")).mark("private")
            self._asking()
            self._file = FileField(self._visitor, say("Choose the file, or drop it here"), self._receive)
            self._file.props("flat bordered").classes("w-full max-w-md")
        self._kind.on_value_change(self._visitor.handling(self._of_this_kind))
        self._of_this_kind()
        self._place = ui.column().classes("w-full gap-3")
        self._look()
        ui.timer(0.5, self._visitor.handling(self._look))

    def _asking(self) -> None:
        """Only an owner may state that others agreed."""
        with ui.column().classes("w-full gap-1") as self._consent:
            self._ground = ui.input(say("The authors agreed to training: what that rests on"))
            self._ground.props("outlined dense clearable").classes("w-full max-w-md").mark("consent-ground")
            told = say(
                "Only where they did. It is recorded for every author who never answered, and overrules nobody's no. "
                "Leave it empty, and nothing is learned until each is recorded under Members."
            )
            ui.label(told).classes("said text-gray-700 text-sm")

    def _of_this_kind(self) -> None:
        kind = self._chosen()
        lines = [kind_about(kind.name)]
        if kind.provenance in API_TEXT:
            lines += [terms(), say("It needs the owner's permission too, under Permission.")]
        self._about.set_text("\n".join(line for line in lines if line))
        self._channel.set_visibility("channel" in kind.asks)
        self._private.set_visibility("private" in kind.asks)
        self._consent.set_visibility(kind.provenance != "owner_file" and self._visitor.may("owner"))
        self._file.props(f"accept={kind.suffix}")

    def _chosen(self) -> FileKind:
        return self._visitor.house.kinds[str(self._kind.value)]

    async def _receive(self, actor: Actor, name: str, chunks: AsyncIterator[bytes]) -> None:
        authorise(actor, "admin", "import")  # before anything is kept
        kind, options = self._chosen(), {}
        ground = None if kind.provenance == "owner_file" else str(self._ground.value or "").strip() or None
        into = str(self._channel.value or "").strip()
        if "channel" in kind.asks and into:
            options["channel"] = into
        if "private" in kind.asks and self._private.value:
            options["private"] = "yes"
        house = self._visitor.house
        path = await keep(house.uploads, kind.suffix, chunks)
        self._imports.begin(house.sessions, actor, kind, Upload(path, name or path.name, options), ground)
        self._look()

    def _look(self) -> None:
        """Show the imports where something about them changed."""
        every = self._imports.newest_first()
        now = [(one, one.stage, one.share, one.outcome.stored, one.outcome.unchanged) for one in every]
        if now == self._told:
            return
        self._told = list(now)
        self._place.clear()
        with self._place:
            for one in every:
                self._show(one)

    def _show(self, one: Importing) -> None:
        with ui.card().classes("w-full gap-2"):
            with ui.row().classes("w-full items-center justify-between no-wrap gap-3"):
                ui.label(one.file.name).classes("font-medium said min-w-0")
                ui.label(_stage(one)).classes("text-gray-600 text-sm")
            if not one.ended:
                going = one.stage == "going" and one.share > 0
                bar = ui.linear_progress(one.share, show_value=False, size="8px").props("rounded")
                bar.props("" if going else "indeterminate")
            for line in lines(one):
                ui.label(line).classes("said")
            self._end(one)

    def _end(self, one: Importing) -> None:
        async def stop() -> None:
            authorise(await self._visitor.actor(), "admin", "import")
            self._imports.stop(one)

        async def forget() -> None:
            authorise(await self._visitor.actor(), "admin", "import")
            self._imports.forget(one)
            self._look()

        label, pressed = (say("Forget"), forget) if one.ended else (say("Stop"), stop)
        button = ui.button(label, on_click=self._visitor.handling(pressed))
        button.props("flat dense no-caps padding='2px 8px'")


def kind_said(name: str) -> str:
    known = {
        "slack-export": say("A Slack export (.zip)"),
        "text": say("A text of your own (.txt)"),
        "discord-export": say("A DiscordChatExporter file (.json)"),
        "discord-package": say("A member's Discord data package (.zip)"),
    }
    return known.get(name, name)


def kind_about(name: str) -> str:
    known = {
        "slack-export": say("The zip that Slack gives a workspace's owner (Settings → Import/Export Data)."),
        "text": say("A novel or any other text you may use; Aozora Bunko notation is recognised and removed."),
        "discord-export": say(
            "A channel as DiscordChatExporter writes it in JSON; bring a channel in before its threads."
        ),
        "discord-package": say(
            "The zip that Discord gives a member who asks for their data: their own messages alone."
        ),
    }
    return known.get(name, "")


def _stage(one: Importing) -> str:
    match one.stage:
        case "waiting":
            return say("waiting for the import before it")
        case "going":
            return f"{one.share:.0%}" if one.share else say("reading")
        case "done":
            return say("done")
        case "refused":
            return say("not imported")
        case "stopped":
            return say("stopped; the same file goes on from there")


def lines(one: Importing) -> Iterator[str]:
    """What an import did, or why it did not."""
    if one.trouble:
        yield one.trouble
        return
    yield from counts(one.outcome)
    if one.stage == "done":
        yield from ended(one.outcome)
        if one.kind.provenance != "owner_file" and not one.ground:
            yield say("Nobody has agreed to training through this import: answers are recorded under Members.")
        yield say("Next: open its channels, under Channels.")
