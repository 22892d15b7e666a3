"""In chat everyone is spoken to in their own language, else in the config's."""

import asyncio
from pathlib import Path

import pytest

from bot.chat import texts
from bot.chat.events import MemberSeen
from bot.chat.hints import in_chat
from bot.chat.replying.allowance import Allowance
from bot.chat.replying.reply import Limits
from bot.chat.replying.router import Router
from bot.chat.verbs import text
from bot.chat.verbs.authority import Actor, NotAllowed
from bot.generation.engine import EngineUnavailable
from bot.platforms.console import Console
from db import members, words
from db.members import NoSuchLanguage
from db.session import Sessions, reading, transaction
from db.words import later, say, speaking
from tests.fakes import community
from tests.fakes.platform import RecordingPlatform, mention
from tests.fakes.replying import MakeBot, making_bots

OWNER = Actor("shell:me", "owner")
HANAKO = MemberSeen("Hanako", "花子", locale="ja-JP")
EMPTY_HOUSE = "No persona speaks here yet; an admin can make one with `yamabiko persona create` (at the shell)."


@pytest.fixture
async def make_bot(sqlite_sessions: Sessions, tmp_path: Path, now):
    async with making_bots(sqlite_sessions, tmp_path, now) as make:
        yield make


def in_japanese(sentence: str) -> str:
    with speaking("ja"):
        return in_chat(say(sentence))


async def told(sessions: Sessions, **changed) -> str:
    """What somebody hears where no persona speaks."""
    platform = RecordingPlatform()
    await Router(sessions, lambda: None).on_mention(platform, mention(**changed))
    return platform.told[-1]


async def test_a_refusal_is_told_in_the_language_of_the_asker_s_network(sessions: Sessions) -> None:
    assert await told(sessions, author=HANAKO) == in_japanese(texts.NO_PERSONA)
    assert await told(sessions, author=MemberSeen("Ben", "Ben", locale="en-GB")) == EMPTY_HOUSE
    assert await told(sessions, author=MemberSeen("Zoe", "Zoe", locale="fr")) == EMPTY_HOUSE
    assert await told(sessions, author=MemberSeen("Ann", "Ann")) == EMPTY_HOUSE


async def test_where_nobody_s_language_is_known_the_config_s_is_spoken(sessions: Sessions) -> None:
    words.set_default("ja")
    assert await told(sessions, author=MemberSeen("Ann", "Ann")) == in_japanese(texts.NO_PERSONA)
    assert await told(sessions, author=MemberSeen("Ben", "Ben", locale="en-GB")) == EMPTY_HOUSE


async def test_the_shell_s_language_is_not_that_of_those_who_ask_from_elsewhere(sessions: Sessions) -> None:
    with speaking("ja"):
        assert await told(sessions, author=MemberSeen("Ann", "Ann")) == EMPTY_HOUSE
        assert Console().mention("hello").author.locale == "ja"


async def taken(sessions: Sessions, author: MemberSeen) -> None:
    """A mention that is kept, and its author with it."""
    await Router(sessions, lambda: None).on_mention(RecordingPlatform(), mention(author=author))


async def hears(sessions: Sessions) -> str:
    """What Hanako hears when her network does not say her language."""
    sentence = await told(sessions, author=MemberSeen("Hanako", "花子"), persona="nobody")
    return "ja" if sentence.startswith("ペルソナ「nobody」はありません。") else "en"


async def test_a_member_is_remembered_by_the_language_of_their_network(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        await community.persona(session, now)
    assert await hears(sessions) == "en"
    await taken(sessions, HANAKO)
    assert await hears(sessions) == "ja"
    await taken(sessions, MemberSeen("Hanako", "花子", locale="en-US"))
    assert await hears(sessions) == "en"


async def test_what_a_member_chose_counts_more_than_what_their_network_says(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        await community.persona(session, now)
    await taken(sessions, HANAKO)
    assert await text.choose_language(sessions, OWNER, "花子", "en") == "花子"
    await taken(sessions, HANAKO)
    assert await hears(sessions) == "en"
    await text.choose_language(sessions, OWNER, "花子", None)
    assert await hears(sessions) == "ja"


async def test_a_language_is_chosen_by_the_member_or_an_admin_and_must_be_known(sessions: Sessions, now) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
    ann, ben = (Actor(f"member:{place.members[name].id}", "member") for name in ("Ann", "Ben"))
    await text.choose_language(sessions, ann, "Ann", "ja")
    with pytest.raises(NotAllowed):
        await text.choose_language(sessions, ben, "Ann", "en")
    with pytest.raises(NoSuchLanguage, match=r"en \(English\), ja \(日本語\)"):
        await text.choose_language(sessions, ann, "Ann", "fr")
    async with reading(sessions) as session:
        assert members.language_of(await members.named(session, "Ann")) == "ja"


async def test_limits_are_told_in_the_asker_s_language(sqlite_sessions: Sessions, now) -> None:
    async with transaction(sqlite_sessions) as session:
        await community.persona(session, now)
    router = Router(sqlite_sessions, lambda: None, Allowance(member_per_minute=1))
    platform = RecordingPlatform()
    for _ in range(2):
        await router.on_mention(platform, mention(author=HANAKO))
    assert platform.told[0].startswith("1 分間にたくさんの質問をいただきました。")


async def test_an_engine_s_trouble_is_told_to_each_in_their_own_language(make_bot: MakeBot) -> None:
    bot = await make_bot()
    bot.fails_to_open = EngineUnavailable(later("The engine is closed."))
    hers, his = await asyncio.gather(
        bot.asked(author=HANAKO, thread="a"), bot.asked(author=MemberSeen("Ben", "Ben", locale="en"), thread="b")
    )
    assert (hers.finish, his.finish) == ("エンジンは閉じられています。", "The engine is closed.")
    assert sorted(bot.platform.said) == ["The engine is closed.", "エンジンは閉じられています。"]


async def test_a_place_in_line_and_an_apology_are_told_in_the_asker_s_language(make_bot: MakeBot) -> None:
    bot = await make_bot(
        otherwise="one two three four", word_s=0.3, limits=Limits(reply_seconds=0.7, told_from_place=2)
    )
    asked = await asyncio.gather(*(bot.asked(f"word{n}", author=HANAKO, thread="t") for n in range(3)))
    late = [bot.platform.shown[f"reply-{reply.id}"] for reply in asked if reply.status == "apologised"]
    assert set(late) == {in_japanese(texts.TOO_LATE)}
    assert set(bot.platform.told) == {"いま質問が集中しています。あなたの順番は 2 番目です。"}
