"""How the pretended Discord lets an app answer people: in three seconds, once, for fifteen minutes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest
from discord import ui

from tests.fakes.discord import Answered, Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.app import Hearing, complaints, refused

Doing = Callable[[discord.Interaction], Awaitable[None]]


async def on_command(bot: Hearing, does: Doing) -> None:
    """/go does this."""

    @bot.tree.command(name="go", description="does it")
    async def go(interaction: discord.Interaction) -> None:
        await does(interaction)

    await bot.tree.sync()


def buttons(*labels: str) -> ui.View:
    view = ui.View(timeout=None)
    for label in labels:
        view.add_item(ui.Button(label=label, custom_id=label.lower()))
    return view


async def test_an_interaction_says_who_asks_and_where(bot: Hearing, bea: Person, square: Channel) -> None:
    seen: list[discord.Interaction] = []

    async def does(interaction: discord.Interaction) -> None:
        seen.append(interaction)
        await interaction.response.send_message("hello")

    bea.user.locale = "ja"
    await on_command(bot, does)
    await bea.slash("go", square)
    await bea.slash("go", bea.dm_channel)
    here, alone = seen
    assert (here.user.id, here.channel_id, here.guild_id) == (int(bea.id), int(square.id), here.guild and here.guild.id)
    assert (str(here.locale), str(here.guild_locale)) == ("ja", "en-US")
    assert here.permissions.send_messages
    assert here.app_permissions.embed_links
    assert here.is_guild_integration()
    assert (alone.guild, alone.user.id, alone.context.dm_channel) == (None, int(bea.id), True)


async def test_nobody_waits_longer_than_three_seconds(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    town.patience = 0.05
    done: list[tuple[int, int]] = []

    async def does(interaction: discord.Interaction) -> None:
        await asyncio.sleep(0.08)
        done.append(await refused(interaction.response.defer()))

    await on_command(bot, does)
    answered = await bea.slash("go", square)
    assert answered.error == "The application did not respond"
    await town.until(lambda: done)
    assert done == [(404, 10062)]


async def test_it_is_answered_first_only_once(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    done: list[tuple[int, int]] = []

    async def does(interaction: discord.Interaction) -> None:
        done.append(await refused(interaction.followup.send("too early")))
        await interaction.response.send_message("first")
        interaction.response._response_type = None  # as after a restart
        done.append(await refused(interaction.response.send_message("second")))

    await on_command(bot, does)
    await bea.slash("go", square)
    await town.until(lambda: len(done) == 2)
    assert done == [(404, 10015), (400, 40060)]
    assert [one.content for one in square.messages.values()] == ["first"]


async def test_the_deferral_decides_who_sees_the_answer(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    async def does(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await asyncio.sleep(0.05)
        await interaction.followup.send("first", ephemeral=False)
        await interaction.followup.send("second")
        await interaction.edit_original_response(content="changed")

    await on_command(bot, does)
    answered = await bea.slash("go", square)
    assert answered.deferred
    assert answered.thinking
    assert town.transcript(square).endswith("yamabiko (only Bea sees this): … is thinking")
    await town.until(lambda: answered.ephemerals and answered.ephemerals[0].content == "changed")
    assert not answered.thinking
    assert [one.content for one in answered.ephemerals] == ["changed"]
    assert [one.content for one in answered.messages] == ["second"]
    assert [one.content for one in square.messages.values()] == ["second"]
    assert [one.content for one in bea.ephemerals] == ["changed"]
    assert not town.person("Carl").ephemerals


async def test_what_only_one_person_sees_is_told_to_nobody(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    async def does(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("psst", ephemeral=True)

    await on_command(bot, does)
    private = (await bea.slash("go", square)).ephemerals[0]
    await bea.mention(square, "hello")
    told = await town.until(lambda: bot.events("MESSAGE_CREATE"))
    assert [one["content"][-5:] for one in told] == ["hello"]
    assert await refused(bot.http.get_message(int(square.id), int(private.id))) == (404, 10008)


async def test_after_fifteen_minutes_the_token_is_worth_nothing(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    kept: list[discord.Interaction] = []

    async def does(interaction: discord.Interaction) -> None:
        kept.append(interaction)
        await interaction.response.send_message("soon", ephemeral=True)

    await on_command(bot, does)
    await bea.slash("go", square)
    town.clock.advance(14 * 60)
    await kept[0].edit_original_response(content="still")
    town.clock.advance(2 * 60)
    assert await refused(kept[0].edit_original_response(content="late")) == (401, 50027)
    assert await refused(kept[0].followup.send("late")) == (401, 50027)


async def test_what_was_dismissed_or_deleted_cannot_be_changed(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    kept: list[discord.Interaction] = []

    async def does(interaction: discord.Interaction) -> None:
        kept.append(interaction)
        await interaction.response.send_message("soon", ephemeral=len(kept) == 1)

    await on_command(bot, does)
    await bea.dismiss((await bea.slash("go", square)).ephemerals[0])
    assert await refused(kept[0].edit_original_response(content="late")) == (404, 10008)
    await bea.slash("go", square)
    await kept[1].delete_original_response()
    assert not square.messages
    assert await refused(kept[1].original_response()) == (404, 10008)


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

    channel = bot.get_channel(int(square.id))
    assert isinstance(channel, discord.TextChannel)
    sent = square.messages[str((await channel.send("look", view=buttons("Go on"))).id)]
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


async def test_a_press_changes_the_message_or_is_answered_beside_it(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        assert interaction.data is not None
        match interaction.data.get("custom_id"):
            case "change":
                await interaction.response.edit_message(content="changed")
            case "quietly":
                await interaction.response.defer()
                await interaction.edit_original_response(content="changed later")
            case "beside":
                await interaction.response.send_message("beside", ephemeral=True)
            case "choice":
                await interaction.response.send_message(str(interaction.data["values"]))

    view = buttons("Change", "Quietly", "Beside", "Silent")
    options = [discord.SelectOption(label=name, value=name.lower()) for name in ("One", "Two", "Three")]
    view.add_item(ui.Select(custom_id="choice", placeholder="Choose", options=options, max_values=2))
    channel = bot.get_channel(int(square.id))
    assert isinstance(channel, discord.TextChannel)
    message = square.messages[str((await channel.send("look", view=view)).id)]
    assert (await bea.press(message, "Change")).updated
    assert message.content == "changed"
    deferred = await bea.press(message, "quietly")
    await town.until(lambda: message.content == "changed later")
    assert deferred.deferred
    assert (await bea.press(message, "Beside")).ephemerals[0].content == "beside"
    assert (await bea.choose(message, "Choose", ["One", "three"])).text == "['one', 'three']"
    town.patience = 0.05
    assert (await bea.press(message, "Silent")).error
    with pytest.raises(AssertionError, match="choose between 1 and 2"):
        await bea.choose(message, "Choose", ["One", "Two", "Three"])
    with pytest.raises(AssertionError, match="nothing here is called 'Stop'"):
        await bea.press(message, "Stop")
    await town.person("Mod", is_admin=True).delete(message)
    with pytest.raises(AssertionError, match="the message is gone"):
        await bea.press(message, "Change")


async def test_buttons_work_again_after_a_restart(bot: Hearing, bea: Person, square: Channel) -> None:
    class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<number>\d+)"):
        def __init__(self, number: int) -> None:
            super().__init__(ui.Button(label="Again", custom_id=f"again:{number}"))
            self.number = number

        @classmethod
        async def from_custom_id(cls, interaction: Any, item: Any, match: Any) -> "Again":
            return cls(int(match["number"]))

        async def callback(self, interaction: discord.Interaction) -> None:
            await interaction.response.send_message(f"again {self.number}", ephemeral=True)

    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Again", custom_id="again:7"))
    channel = bot.get_channel(int(square.id))
    assert isinstance(channel, discord.TextChannel)
    sent = square.messages[str((await channel.send("look", view=view)).id)]
    bot.add_dynamic_items(Again)
    assert (await bea.press(sent, "Again")).text == "again 7"


async def test_without_a_session_nobody_hears_a_command(town: FakeDiscord, bot: Hearing, bea: Person) -> None:
    async def does(interaction: discord.Interaction) -> None: ...

    await on_command(bot, does)
    await bot.close()
    town.patience = 0.05
    answered: Answered = await bea.slash("go")
    assert answered.error == "The application did not respond"
