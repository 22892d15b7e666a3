"""Dialogs of the pretended Discord: opened, filled in, refused by their own window, and left open."""

import discord
import pytest
from discord import ui

from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.app import Hearing, complaints, on_command


async def test_a_button_opens_a_dialog_that_is_filled_in(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    class Note(ui.Modal, title="A note"):
        text = ui.Label(text="Note", description="in short", component=ui.TextInput(min_length=3, max_length=9))
        persona = ui.Label(
            text="Persona",
            component=ui.Select(options=[discord.SelectOption(label="Echo", value="e")], required=False),
        )
        sure = ui.Label(text="Sure", component=ui.Checkbox())
        who = ui.Label(text="Who", component=ui.UserSelect(required=False))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            parts = [self.text, self.persona, self.sure, self.who]
            said = [getattr(one.component, "values", None) or getattr(one.component, "value", "") for one in parts]
            said[3] = [one.display_name for one in self.who.component.values]
            await interaction.response.edit_message(content=f"noted {said}", view=None)

    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        if interaction.data and interaction.data.get("custom_id") == "go on":
            await interaction.response.send_modal(Note())

    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Go on", custom_id="go on"))
    channel = bot.get_channel(int(square.id))
    assert isinstance(channel, discord.TextChannel)
    sent = square.messages[str((await channel.send("look", view=view)).id)]
    pressed = await bea.press(sent, "Go on")
    assert pressed.modal is bea.modal is not None
    assert town.rendered(bea.modal).splitlines() == [
        "┌ A note",
        "│ Note: […]",
        "│   (in short)",
        "│ Persona (optional): [… ▾ of Echo]",
        "│ Sure: ( )",
        "│ Who (optional): [… ▾]",
        "└ [Cancel] [Submit]",
    ]
    assert (await bea.submit(bea.modal, {"Note": "no"})).errors != {}
    assert not [one for one in bot.events("INTERACTION_CREATE") if one["type"] == 5]
    with pytest.raises(AssertionError, match="no field 'Colour'"):
        await bea.submit(bea.modal, {"Colour": "red"})
    result = await bea.submit(bea.modal, {"Note": "because", "Persona": "Echo", "Sure": True, "Who": bea})
    assert result.updated
    assert bea.modal is None
    assert (sent.content, sent.components) == ("noted ['because', ['e'], True, ['Bea']]", [])


async def test_a_dialog_stays_where_nobody_answers(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    silent = ui.Modal(title="Silence", custom_id="silence")
    silent.add_item(ui.Label(text="Text", component=ui.TextInput(required=False)))
    again: list[str] = []

    async def does(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(silent)

    async def open_another(interaction: discord.Interaction) -> None:
        again.append(await complaints(interaction.response.send_modal(silent)))

    silent.on_submit = open_another
    town.patience = 0.1
    await on_command(bot, does)
    await bea.slash("go", square)
    assert bea.modal is not None
    answered = await bea.submit(bea.modal)
    assert answered.error
    assert bea.modal is not None
    assert "Value must be one of" in again[0], "a dialog does not answer a dialog"
    await bea.cancel(bea.modal)
    assert bea.modal is None
