"""The pretended Discord at a terminal, with the real discord.py behind it."""

import discord
from discord import app_commands, ui

from tests.fakes.discord import FakeDiscord
from tests.fakes.pretended_discord.app import Hearing
from tests.fakes.pretended_discord.console import HELP, Console


class Note(ui.Modal, title="A note"):
    text = ui.Label(text="Note", component=ui.TextInput())

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"You said {self.text.component.value}.")  # type: ignore[attr-defined]


async def test_a_developer_talks_presses_and_sends(town: FakeDiscord, bot: Hearing) -> None:
    console = Console(town)
    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Go on", custom_id="go"))

    @bot.event
    async def on_message(message: discord.Message) -> None:
        if bot.user in message.mentions:
            await message.reply("Go?", view=view)

    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        if interaction.data and interaction.data.get("custom_id") == "go":
            await interaction.response.send_modal(Note())

    @bot.tree.command(name="count", description="counts")
    async def count(interaction: discord.Interaction, to: int, loudly: bool = False, who: str = "") -> None:
        await interaction.response.send_message(f"{list(range(to))} {loudly} {who}", ephemeral=True)

    @count.autocomplete("who")
    async def offer(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=current.upper(), value=current)]

    @bot.tree.context_menu(name="Read this")
    async def read(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"It says {message.content}.", ephemeral=True)

    await bot.tree.sync()
    assert f"Ann: <@{town.bot_id}> good morning" in await console.obey("ann: @ good morning")
    await town.until(lambda: "[Go on]" in console.shown())
    assert "nothing to press that is called Stop" in await console.obey("ann presses Stop")
    assert "┌ A note" in await console.obey("ann presses Go on")
    assert "This field is required" in await console.obey("ann sends")
    assert "You said hello." in await console.obey("ann sends Note = hello")
    assert "Ann: in private" in await console.obey("ann > in private")
    assert "yamabiko (only Ann sees this): [0, 1] True Cap" in await console.obey(
        "ann /count to = 2; loudly = yes; who = Cap"
    )
    assert await console.obey("ann types /count to = 2; who = ca") == "  CA"
    assert "It says in private." in await console.obey("ann opens Read this")
    await console.obey("ann reacts 👍")
    assert "👍×1" in console.shown()
    await console.obey("ann takes back 👍")
    assert "👍×1" not in console.shown()
    assert "↳ yamabiko: why?" in await console.obey("ann replies why?")
    assert "required: ['to']" in await console.obey("ann /count")
    assert await console.obey("ann whistles") == HELP
    assert "花子: おはよう" in await console.obey("花子: おはよう")
    assert console.people["花子"].user.locale == "ja"
