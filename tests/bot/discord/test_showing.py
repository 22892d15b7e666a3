"""How an answer comes to stand in Discord, within what Discord takes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.platforms.discord import showing, thinking
from db.coded import shown as reads
from db.session import Sessions
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.in_discord import SLOW, growing, in_discord, place_of

EDIT = "PATCH /channels/{channel}/messages/{message}"
POST = "POST /channels/{channel}/messages"


@pytest.fixture
def sessions(sqlite_sessions: Sessions) -> Sessions:
    """What rows do on both databases is tested without a network."""
    return sqlite_sessions


async def test_an_answer_grows_in_one_post_by_changes_that_are_put_together(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    words = " ".join(f"word{number}" for number in range(40))
    async with in_discord(sessions, tmp_path, discord, words, word_s=0.02) as bot:
        await ann.mention(general, "count")
        shown = await growing(discord, general)
        (reply,) = await bot.done()
        assert shown.content == f"{words}\n-# AI · echo"
        assert all(f"{words}\n-# AI · echo".startswith(one) for one in shown.versions[:-1])
        assert 2 <= len(shown.versions) <= 12, "40 words came within 0.8 s, and a change is shown every 0.1 s"
        assert reply.shown_ref == shown.id
        assert discord.limits.refused == 0


async def test_a_long_answer_is_several_posts_that_each_answer_the_question(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    code = "```python\n" + "\n".join(f"print({number:04})" for number in range(400)) + "\n```"
    async with in_discord(sessions, tmp_path, discord, f"Look:\n{code}\nThat is all.", word_s=0.0) as bot:
        asked = await ann.mention(general, "code, please")
        (reply,) = await bot.done()
        shown = discord.bot_posts(general)
        assert len(shown) == 4
        assert all(len(one.content) <= 2000 and one.content.count("```") % 2 == 0 for one in shown)
        assert all(one.reference["message_id"] == asked.id for one in shown)
        assert [one.content.count("AI · echo") for one in shown] == [0, 0, 0, 1]
        assert [len(one.components) for one in shown] == [0, 0, 0, 1]
        assert reply.shown_ref == "\n".join(one.id for one in shown)
        assert len({one.nonce for one in shown}) == 4
        assert await bot.platform.find(place_of(discord, general, asked), "reply-1") == reply.shown_ref


async def test_the_buttons_stand_under_the_answer_and_know_what_they_are_for(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord) as bot:
        await ann.mention(general, "hello")
        await bot.done()
        (shown,) = discord.bot_posts(general)
        buttons = shown.components[0]["components"]
        assert [one["label"] for one in buttons] == ["👍", "👎", "Another answer", "Delete"]
        assert all("1" in one["custom_id"] for one in buttons)


async def test_typing_is_shown_and_kept_on_until_a_word_stands(
    sessions: Sessions,
    tmp_path: Path,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(thinking, "AGAIN_S", 0.1)
    async with in_discord(sessions, tmp_path, discord, SLOW, before_s=0.35, word_s=0.05) as bot:
        await ann.mention(general, "count")
        await growing(discord, general)
        typed = len(general.typed)
        await bot.done()
        assert typed >= 3
        assert len(general.typed) == typed


async def test_nobody_is_pinged_and_no_link_unfolds(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    ben = discord.person("Ben")
    said = f"@everyone <@{ben.id}> <@&{discord.guild.id}> https://example.org"
    async with in_discord(sessions, tmp_path, discord, said) as bot:
        await ann.mention(general, "shout")
        await bot.done()
        (shown,) = discord.bot_posts(general)
        assert (shown.pings, shown.mentions, shown.mention_everyone) == ([], [], False)
        assert shown.flags & 4
        sent = [one.json for one in discord.called(POST)] + [one.json for one in discord.called(EDIT)]
        assert all(one["allowed_mentions"] == {"parse": []} for one in sent)


async def test_many_answers_in_one_channel_keep_to_what_discord_allows(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW, word_s=0.03) as bot:
        for number in range(12):
            await ann.mention(general, f"count {number}")
        await bot.done(12)
        assert [one.content for one in discord.bot_posts(general)] == [f"{SLOW}\n-# AI · echo"] * 12
        assert discord.limits.refused == 0


async def test_where_discord_asks_to_wait_the_answer_waits_and_stands_once(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.fault(POST, status=429, retry_after=0.2)
    discord.fault(EDIT, status=429, retry_after=0.2, times=2)
    async with in_discord(sessions, tmp_path, discord, SLOW, word_s=0.05) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done()
        (shown,) = discord.bot_posts(general)
        assert (reply.status, reply.attempt) == ("done", 1)
        assert shown.content.startswith(SLOW)


async def test_a_change_on_the_way_that_waits_too_long_keeps_no_last_word_waiting(
    sessions: Sessions,
    tmp_path: Path,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(showing, "GROWING_S", 0.1)
    discord.fault(EDIT, status=429, retry_after=20)
    async with in_discord(sessions, tmp_path, discord, SLOW, word_s=0.05) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done(seconds=5)
        (shown,) = discord.bot_posts(general)
        assert (reply.status, shown.content) == ("done", f"{SLOW}\n-# AI · echo")


async def test_who_gives_up_waiting_for_the_global_limit_locks_nobody_out(
    sessions: Sessions,
    tmp_path: Path,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(showing, "GROWING_S", 0.1)
    monkeypatch.setattr("bot.platforms.discord.client.LONGEST_LIMIT_S", 0.5)
    discord.fault(EDIT, status=429, retry_after=20, scope="global")
    async with in_discord(sessions, tmp_path, discord, otherwise=SLOW, word_s=0.05) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done(seconds=5)
        await ann.mention(general, "count again")
        await bot.done(2, seconds=5)
        assert reply.status == "done"
        assert len(discord.bot_posts(general)) == 2


async def test_a_wait_that_is_too_long_is_left_to_the_next_attempt(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    discord.fault(POST, status=429, retry_after=3600)
    async with in_discord(sessions, tmp_path, discord, lease=timedelta(seconds=0.6)) as bot:
        await ann.mention(general, "count")
        (reply,) = await bot.done()
        assert (reply.status, reply.attempt, len(discord.bot_posts(general))) == ("done", 2, 1)


async def test_an_answer_in_a_thread_that_is_put_away_meanwhile_is_said_to_its_end(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    thread = await ann.start_thread(general, "soon archived")
    async with in_discord(sessions, tmp_path, discord, SLOW, word_s=0.1) as bot:
        await ann.mention(thread, "count")
        shown = await growing(discord, thread)
        discord.archive(thread)
        (reply,) = await bot.done()
        assert (reply.status, shown.content) == ("done", f"{SLOW}\n-# AI · echo")


async def locked(discord: FakeDiscord, channel: Channel) -> None:
    discord.archive(channel, locked=True)


async def silenced(discord: FakeDiscord, channel: Channel) -> None:
    discord.overwrite(discord.world.channels[channel.parent or channel.id], "bot", deny=["send_messages_in_threads"])


async def hidden(discord: FakeDiscord, channel: Channel) -> None:
    discord.overwrite(discord.world.channels[channel.parent or channel.id], "bot", deny=["view_channel"])


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (locked, "The thread is locked."),
        (silenced, reads("trouble", "may not write")),
        (hidden, reads("trouble", "not in channel")),
    ],
)
async def test_where_it_may_not_answer_any_more_the_reply_fails_with_the_reason(
    sessions: Sessions,
    tmp_path: Path,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    happens: Callable[[FakeDiscord, Channel], Awaitable[None]],
    why: str,
) -> None:
    thread = await ann.start_thread(general, "thread")
    async with in_discord(sessions, tmp_path, discord, before_s=0.3) as bot:
        await ann.mention(thread, "hello")
        await discord.until(lambda: bot.engine.requests)
        await happens(discord, thread)
        (reply,) = await bot.done()
        assert (reply.status, reply.finish, reply.attempt) == ("failed", why, 1)


async def test_where_the_thread_goes_with_the_question_nobody_waits_for_the_answer(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    thread = await ann.start_thread(general, "thread")
    async with in_discord(sessions, tmp_path, discord, before_s=0.3) as bot:
        await ann.mention(thread, "hello")
        await discord.until(lambda: bot.engine.requests)
        discord.delete_channel(thread)
        (reply,) = await bot.done()
        assert (reply.status, reply.asked, reply.shown_ref) == ("deleting", "", None)


async def test_a_question_deleted_unheard_while_it_is_answered_leaves_nothing(
    sessions: Sessions,
    tmp_path: Path,
    discord: FakeDiscord,
    ann: Person,
    general: Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unheard(*_: object) -> None: ...

    monkeypatch.setattr("bot.chat.collecting.live.Collecting.erased", unheard)
    async with in_discord(sessions, tmp_path, discord, before_s=0.3) as bot:
        asked = await ann.mention(general, "hello")
        await discord.until(lambda: bot.engine.requests)
        await ann.delete(asked)
        (reply,) = await bot.done()
        assert (reply.status, reply.asked, reply.text) == ("deleting", "", None), "of what was asked nothing is kept"
        assert discord.bot_posts(general) == []


async def test_an_answer_that_a_member_deleted_while_it_grew_is_not_posted_again(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    async with in_discord(sessions, tmp_path, discord, SLOW, word_s=0.1) as bot:
        await ann.mention(general, "count")
        discord.remove(general, await growing(discord, general))
        (reply,) = await bot.done()
        await asyncio.sleep(0.1)
        assert (reply.status, discord.bot_posts(general)) == ("done", [])


async def test_what_was_shown_is_taken_back_also_in_the_archive_and_twice(
    sessions: Sessions, tmp_path: Path, discord: FakeDiscord, ann: Person, general: Channel
) -> None:
    thread = await ann.start_thread(general, "thread")
    async with in_discord(sessions, tmp_path, discord) as bot:
        asked = await ann.mention(thread, "hello")
        (reply,) = await bot.done()
        discord.archive(thread)
        place = place_of(discord, general, asked, thread)
        await bot.platform.remove(place, reply.shown_ref)
        await bot.platform.remove(place, reply.shown_ref)
        assert discord.bot_posts(thread) == []
