"""What the pretended Discord keeps and refuses of messages, seen through the real discord.py."""

import io

import discord
import pytest

from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.app import Hearing, complaints, pointed_at, refused

NOBODY = discord.AllowedMentions.none()


def room(bot: Hearing, channel: Channel) -> discord.TextChannel:
    found = bot.get_channel(int(channel.id))
    assert isinstance(found, discord.TextChannel)
    return found


async def test_the_bot_learns_who_it_is_and_whose_it_is(town: FakeDiscord, bot: Hearing) -> None:
    assert bot.user is not None
    assert str(bot.user.id) == town.bot_id
    told = await bot.application_info()
    assert (str(told.id), told.owner.display_name) == (town.bot_id, "Developer")
    assert not told.flags.gateway_message_content_limited
    town.app.message_content = True
    assert (await bot.application_info()).flags.gateway_message_content_limited
    town.app.verified = True
    assert (await bot.application_info()).flags.gateway_message_content


async def test_a_wrong_token_opens_nothing(town: FakeDiscord) -> None:
    client = Hearing()
    with pointed_at(town), pytest.raises(discord.LoginFailure):
        await client.login("another")
    await client.close()
    assert town.invalid_requests == 1


async def test_a_message_arrives_and_is_kept(town: FakeDiscord, bot: Hearing, square: Channel) -> None:
    sent = await room(bot, square).send("good morning", embed=discord.Embed(title="News", description="none"))
    kept = square.messages[str(sent.id)]
    assert (kept.content, kept.by_bot, kept.versions) == ("good morning", True, ["good morning"])
    assert kept.embeds[0]["title"] == "News"
    assert abs(discord.utils.snowflake_time(sent.id).timestamp() - town.clock.now()) < 5
    assert (await room(bot, square).fetch_message(sent.id)).content == "good morning"


async def test_texts_and_embeds_have_their_lengths(bot: Hearing, square: Channel) -> None:
    here = room(bot, square)
    assert (await here.send("a" * 2000)).content == "a" * 2000
    assert "content: Must be 2000 or fewer in length." in await complaints(here.send("a" * 2001))
    assert await refused(here.send("  ")) == (400, 50006)
    for wrong in ({"title": "t" * 257}, {"description": "d" * 4097}):
        assert "or fewer in length" in await complaints(here.send(embed=discord.Embed(**wrong)))
    crowded = discord.Embed()
    for number in range(26):
        crowded.add_field(name=f"{number}", value="v")
    assert "embeds.0.fields: Must be between 0 and 25" in await complaints(here.send(embed=crowded))
    field = discord.Embed().add_field(name="n" * 257, value="v" * 1025)
    assert "fields.0.name" in (said := await complaints(here.send(embed=field)))
    assert "fields.0.value" in said
    footer = discord.Embed(title="t").set_footer(text="f" * 2049)
    assert "footer.text" in await complaints(here.send(embed=footer))
    long = [discord.Embed(description="d" * 3001), discord.Embed(description="d" * 3000)]
    assert "exceeds maximum size of 6000" in await complaints(here.send(embeds=long))


async def test_one_nonce_makes_one_message(town: FakeDiscord, bot: Hearing, square: Channel) -> None:
    first = await room(bot, square).send("once", nonce="reply-7")
    again = await room(bot, square).send("once", nonce="reply-7")
    assert (again.id, again.nonce) == (first.id, "reply-7")
    assert len(square.messages) == 1
    assert (await room(bot, square).fetch_message(first.id)).nonce is None, "Discord does not keep it"
    await town.until(lambda: bot.events("MESSAGE_CREATE"))
    assert bot.events("MESSAGE_CREATE")[0]["nonce"] == "reply-7"
    town.clock.advance(200)
    assert (await room(bot, square).send("once", nonce="reply-7")).id != first.id
    assert "25 or fewer" in await complaints(room(bot, square).send("x", nonce="n" * 26))


async def test_only_its_own_messages_can_be_changed(bot: Hearing, bea: Person, square: Channel) -> None:
    theirs, ours = await bea.post(square, "mine"), await room(bot, square).send("first")
    assert await refused(room(bot, square).get_partial_message(int(theirs.id)).edit(content="x")) == (403, 50005)
    assert await refused(room(bot, square).get_partial_message(1).edit(content="x")) == (404, 10008)
    await ours.edit(content="second")
    assert square.messages[str(ours.id)].versions == ["first", "second"]
    assert await refused(ours.edit(content=None)) == (400, 50006)
    assert await refused(room(bot, square).get_partial_message(int(theirs.id)).delete()) == (403, 50013)
    await ours.delete()
    assert [one.content for one in square.messages.values()] == ["mine"]
    assert await refused(ours.edit(content="third")) == (404, 10008)


async def test_a_moderator_may_delete_what_others_wrote(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    town.overwrite(square, "bot", allow=["manage_messages"])
    said = [await bea.post(square, f"m{number}") for number in range(3)]
    await room(bot, square).get_partial_message(int(said[0].id)).delete()
    await room(bot, square).delete_messages([discord.Object(int(one.id)) for one in said[1:]])
    assert not square.messages
    old = town.fill(square, bea, ["a", "b"], end=town.clock.now() - 15 * 86400)
    stale = [int(one.id) for one in old]
    assert await refused(bot.http.delete_messages(int(square.id), stale)) == (400, 50034)


async def test_history_is_paged_from_either_end(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    past = town.fill(square, bea, [f"m{number}" for number in range(130)])
    await bea.mention(square, "now")
    ids = [int(one.id) for one in past]
    every = [one.id async for one in room(bot, square).history(limit=None, oldest_first=True)]
    assert every[:130] == ids
    assert len(every) == 131
    pages = [call.query for call in town.called("GET /channels/{channel}/messages")]
    assert len(pages) == 2
    after = [one.id async for one in room(bot, square).history(limit=3, after=discord.Object(ids[9]))]
    assert after == ids[10:13]
    around = [one.id async for one in room(bot, square).history(limit=5, around=discord.Object(ids[50]))]
    assert sorted(around) == ids[48:53]
    assert "between 1 and 100" in await complaints(bot.http.logs_from(int(square.id), 101))


async def test_what_would_ring_a_bell_is_noted(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    helpers = town.role("helpers", mentionable=True)
    text = f"@everyone <@{bea.id}> <@&{helpers.id}>"

    async def pings(content: str, **more: object) -> list[str]:
        sent = await room(bot, square).send(content, **more)
        return square.messages[str(sent.id)].pings

    assert await pings(text) == [f"<@{bea.id}>", f"<@&{helpers.id}>"], "it may not call everybody"
    town.overwrite(square, "bot", allow=["mention_everyone"])
    assert "@everyone" in await pings(text)
    assert await pings(text, allowed_mentions=NOBODY) == []
    asked = await room(bot, square).fetch_message(int((await bea.post(square, "well?")).id))
    assert await pings("this", reference=asked) == [f"<@{bea.id}>"]
    assert await pings("this", reference=asked, allowed_mentions=NOBODY) == []
    assert await pings("this", reference=asked, mention_author=False) == []
    late = await room(bot, square).send("quiet", allowed_mentions=NOBODY)
    await late.edit(content="@here")
    assert square.messages[str(late.id)].pings == ["@here"]


async def test_a_reply_needs_what_it_answers(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    asked = await bea.post(square, "forget it")
    there = discord.MessageReference(message_id=int(asked.id), channel_id=int(square.id))
    sent = await room(bot, square).send("yes", reference=there)
    assert sent.type is discord.MessageType.reply
    assert sent.reference is not None
    assert isinstance(sent.reference.resolved, discord.Message)
    await bea.delete(asked)
    assert "Unknown message" in await complaints(room(bot, square).send("yes", reference=there))
    there.fail_if_not_exists = False
    lost = await room(bot, square).send("yes", reference=there)
    assert lost.type is discord.MessageType.default
    town.overwrite(square, "bot", deny=["read_message_history"])
    assert await refused(room(bot, square).send("yes", reference=sent)) == (400, 160002)


async def test_permissions_decide_in_every_channel(
    town: FakeDiscord, bot: Hearing, bea: Person, square: Channel
) -> None:
    here, said = room(bot, square), await bea.post(square, "hello")
    hidden = town.channel("hidden", bea, private=True, bot=False)
    assert await refused(bot.http.get_channel(int(hidden.id))) == (403, 50001)
    assert await refused(bot.http.get_channel(1)) == (404, 10003)
    town.overwrite(square, "bot", deny=["embed_links", "add_reactions"])
    assert await refused(here.send(embed=discord.Embed(title="t"))) == (403, 50013)
    message = here.get_partial_message(int(said.id))
    assert await refused(message.add_reaction("👍")) == (403, 50013)
    await bea.react(said, "👍")
    await message.add_reaction("👍")
    town.overwrite(square, "bot", deny=["read_message_history"])
    assert [one async for one in here.history()] == []
    assert await refused(here.fetch_message(int(said.id))) == (403, 50013)
    town.overwrite(square, "bot", deny=["send_messages"])
    assert await refused(here.send("a")) == (403, 50013)
    assert await refused(bot.http.send_typing(int(square.id))) == (403, 50013)
    town.overwrite(square, "bot", deny=["view_channel"])
    assert await refused(here.send("a")) == (403, 50001)
    assert town.invalid_requests == 7


async def test_a_private_message_reaches_whoever_takes_it(town: FakeDiscord, bot: Hearing, bea: Person) -> None:
    known = await bot.fetch_user(int(bea.id))
    await known.send("in private")
    assert [one.content for one in bea.dm_channel.messages.values()] == ["in private"]
    bea.user.takes_dms = False
    assert await refused(known.send("again")) == (403, 50007)
    bea.user.takes_dms = True
    await bea.leave(town.guild)
    assert await refused(known.send("again")) == (403, 50007)
    assert await refused(bot.http.start_private_message(1)) == (404, 10013)


async def test_reactions_are_kept_once_each(bot: Hearing, bea: Person, square: Channel) -> None:
    said = await bea.post(square, "hello")
    message = room(bot, square).get_partial_message(int(said.id))
    await bea.react(said, "👍")
    await message.add_reaction("👍")
    await message.add_reaction("👍")
    assert len(said.reactions["👍"]) == 2
    fetched = await message.fetch()
    assert [(one.emoji, one.count, one.me) for one in fetched.reactions] == [("👍", 2, True)]
    assert {one.id async for one in fetched.reactions[0].users()} == {int(bea.id), bot.application_id}
    assert bot.user is not None
    await message.remove_reaction("👍", bot.user)
    assert said.reactions == {"👍": [bea.id]}
    assert await refused(message.clear_reactions()) == (403, 50013)
    assert await refused(message.add_reaction("thumbsup")) == (404, 10014)


async def test_files_pins_and_typing_are_seen(town: FakeDiscord, bot: Hearing, square: Channel) -> None:
    town.overwrite(square, "bot", allow=["pin_messages"])
    async with room(bot, square).typing():
        sent = await room(bot, square).send("a file", file=discord.File(io.BytesIO(b"text"), "notes.txt"))
    assert sent.attachments[0].filename == "notes.txt"
    assert len(square.typed) == 1
    await sent.pin()
    assert [one.id async for one in room(bot, square).pins()] == [sent.id]
    await sent.unpin()
    assert [one async for one in room(bot, square).pins()] == []


async def test_unknown_addresses_are_told_so(town: FakeDiscord, bot: Hearing) -> None:
    assert await refused(bot.http.request(discord.http.Route("GET", "/guilds/1/whispers"))) == (404, 0)
    assert await refused(bot.http.request(discord.http.Route("PUT", "/users/@me"))) == (405, 0)
    assert [one.split(" ")[0] for one in town.strangers] == ["GET", "PUT"]


async def test_a_channel_can_be_read_by_a_person(town: FakeDiscord, bot: Hearing, bea: Person, square: Channel) -> None:
    asked = await bea.post(square, "is it on?")
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label="Go", custom_id="go"))
    view.add_item(discord.ui.Button(label="Later", custom_id="later", disabled=True))
    embed = discord.Embed(title="Yes", description="since today").set_footer(text="AI")
    fetched = await room(bot, square).fetch_message(int(asked.id))
    await fetched.reply("look", embed=embed, view=view)
    await bea.react(asked, "👋")
    assert town.transcript(square).splitlines() == [
        "#square (text)",
        "Bea 👋×1: is it on?",
        "yamabiko ↳ Bea: look",
        "  ┃ == Yes ==",
        "  ┃ since today",
        "  ┃ ~ AI",
        "  [Go] (Later)",
    ]
