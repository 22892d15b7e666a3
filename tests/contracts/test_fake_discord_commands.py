"""What the pretended Discord takes for an application command, and how people call it."""

from typing import Any

import discord
import pytest
from discord import app_commands

from tests.fakes.discord import Channel, Choice, FakeDiscord, Person
from tests.fakes.pretended_discord.app import Hearing, complaints, refused


def option(name: str = "what", kind: int = 3, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "something", "type": kind, **more}


def command(name: str = "echo", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "says it", "type": 1, **more}


async def put(bot: Hearing, *commands: dict[str, Any]) -> list[dict[str, Any]]:
    assert bot.application_id is not None
    return await bot.http.bulk_upsert_global_commands(bot.application_id, list(commands))


async def test_commands_are_registered_and_keep_their_ids(town: FakeDiscord, bot: Hearing) -> None:
    first = await put(bot, command(), command("other"))
    again = await put(bot, command(), command("third"))
    assert again[0] == first[0]
    assert [one.name for one in await bot.tree.fetch_commands()] == ["echo", "third"]
    changed = await put(bot, command(description="says it twice"))
    assert changed[0]["id"] == first[0]["id"]
    assert changed[0]["version"] != first[0]["version"]
    only = await bot.http.upsert_guild_command(int(town.bot_id), int(town.guild.id), command("here"))
    assert only["guild_id"] == town.guild.id
    await bot.http.delete_guild_command(int(town.bot_id), int(town.guild.id), only["id"])
    gone = bot.http.delete_guild_command(int(town.bot_id), int(town.guild.id), only["id"])
    assert await refused(gone) == (404, 10063)
    assert await refused(bot.http.bulk_upsert_global_commands(1, [])) == (403, 20012)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (command("Echo"), "Command name is invalid"),
        (command("two words"), "Command name is invalid"),
        (command("e" * 33), "Must be between 1 and 32"),
        (command(description="d" * 101), "Must be between 1 and 100"),
        (command(options=[option(f"o{number}") for number in range(26)]), "Must be between 0 and 25"),
        (command(options=[option("a"), option("a")]), "Option names must be unique"),
        (command(options=[option("a"), option("b", required=True)]), "Required options must be placed before"),
        (command(options=[option("a", 1), option("b")]), "mutually exclusive to all other types"),
        (command(options=[option(choices=[{"name": f"{n}", "value": "v"} for n in range(26)])]), "between 0 and 25"),
        (command(options=[option(autocomplete=True, choices=[{"name": "a", "value": "a"}])]), "mutually exclusive"),
        (command(options=[option(kind=5, autocomplete=True)]), "This type has no autocomplete"),
        (command(default_member_permissions="everybody"), "not a set of permissions"),
        (command(contexts=[7]), "Value must be one of {0, 1, 2}"),
        ({"name": "Approve", "type": 3, "description": "no"}, "Context menu commands cannot have this"),
        (command(options=[option(choices=[{"name": f"{n}" * 40, "value": "v" * 99} for n in range(9)])]), None),
    ],
)
async def test_a_command_is_refused_for_what_is_wrong_with_it(
    bot: Hearing, wrong: dict[str, Any], said: str | None
) -> None:
    if said is None:
        assert await put(bot, wrong)
    else:
        assert said in await complaints(put(bot, wrong))


async def test_commands_have_limits_together(bot: Hearing) -> None:
    assert "must be unique" in await complaints(put(bot, command(), command()))
    menus = [{"name": f"Menu {number}", "type": 3} for number in range(16)]
    assert await refused(put(bot, *menus)) == (400, 30032)
    choices = [{"name": f"{number:03}" + "n" * 90, "value": "v" * 100} for number in range(25)]
    large = command(options=[option("a", choices=choices), option("b", choices=choices)])
    assert "exceeds maximum size (8000)" in await complaints(put(bot, large))


async def test_a_group_is_called_with_what_is_registered(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    group = app_commands.Group(name="yamabiko", description="the echo")
    heard: list[Any] = []

    @group.command(name="ask", description="ask it")
    @app_commands.choices(mood=[app_commands.Choice(name="Calm", value="calm")])
    async def ask(
        interaction: discord.Interaction,
        question: str,
        mood: str | None = None,
        times: app_commands.Range[int, 1, 3] = 1,
        who: discord.Member | None = None,
        where: discord.TextChannel | None = None,
    ) -> None:
        heard.append((question, mood, times, who and who.display_name, where and where.name))
        await interaction.response.send_message("well", ephemeral=True)

    bot.tree.add_command(group)
    await bot.tree.sync()
    answered = await bea.slash("yamabiko ask", square, question="why?", mood="Calm", times=2, who=bea, where=square)
    assert heard == [("why?", "calm", 2, "Bea", "square")]
    assert answered.text == "well"
    for given, why in (
        ({}, "required: \\['question'\\]"),
        ({"question": "a", "colour": "red"}, "no such option: \\['colour'\\]"),
        ({"question": 7}, "question is not a"),
        ({"question": "a", "mood": "wild"}, "mood is one of"),
        ({"question": "a", "times": 4}, "at most 3"),
    ):
        with pytest.raises(AssertionError, match=why):
            await bea.slash("yamabiko ask", square, **given)
    for called, why in (("yamabiko", "needs one of"), ("yamabiko sing", "has no sing"), ("echo", "no such command")):
        with pytest.raises(AssertionError, match=why):
            await bea.slash(called, square)


async def test_who_sees_a_command_is_a_hint_that_admins_may_change(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    await put(bot, command("manage", default_member_permissions="32", contexts=[0]))
    with pytest.raises(AssertionError, match="does not see /manage: it asks for manage_guild"):
        await bea.slash("manage", square)
    with pytest.raises(AssertionError, match="not offered in DMs"):
        await bea.slash("manage", bea.dm_channel)
    town.patience = 0.05
    bea.granted.add("manage")
    assert (await bea.slash("manage", square)).error == "The application did not respond"
    assert (await town.person("Boss", is_admin=True).slash("manage", square)).error


async def test_choices_are_offered_while_one_types(bot: Hearing, bea: Person, square: Channel) -> None:
    @bot.tree.command(name="promote", description="promotes")
    async def promote(interaction: discord.Interaction, persona: str) -> None: ...

    @promote.autocomplete("persona")
    async def offer(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        many = 26 if current == "all" else 1
        return [app_commands.Choice(name=f"{current}tain {number}", value=current) for number in range(many)]

    await bot.tree.sync()
    assert await bea.typing("promote", square, persona="Cap") == [Choice("Captain 0", "Cap")]
    answered = bot.events("INTERACTION_CREATE")[-1]
    assert answered["data"]["options"] == [{"name": "persona", "type": 3, "value": "Cap", "focused": True}]


async def test_more_than_twenty_five_choices_are_refused(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    town.patience = 0.2

    @bot.tree.command(name="promote", description="promotes")
    async def promote(interaction: discord.Interaction, persona: str) -> None: ...

    refusals: list[str] = []

    @promote.autocomplete("persona")
    async def offer(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        many = [app_commands.Choice(name=f"{number}", value="v") for number in range(26)]
        refusals.append(await complaints(interaction.response.autocomplete(many)))
        return many[:1]

    await bot.tree.sync()
    assert len(await bea.typing("promote", square, persona="x")) == 1
    assert "Must be between 0 and 25" in refusals[0]


async def test_context_menus_open_on_messages_and_people(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    @bot.tree.context_menu(name="Approve")
    async def approve(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"read: {message.content}", ephemeral=True)

    @bot.tree.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(member.display_name)

    await bot.tree.sync()
    said = await bea.post(square, "to everybody")
    assert (await bea.menu("Approve", said)).text == "read: to everybody", "though the intent is off"
    public = await town.person("Carl").menu("Who", bea, square)
    assert public.messages[0].content == "Bea"
    with pytest.raises(AssertionError, match="no such command here: Reject"):
        await bea.menu("Reject", said)
