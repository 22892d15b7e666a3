"""A community in Slack, from its first mention to a voice of its own and back: every program real but Slack itself."""

import asyncio
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.demo import HARBOUR_RADIO
from bot.demo.archive import Community
from db.models import Reply
from db.session import open_engine, reading, sessions_of
from tests.fakes.models import tiny_base
from tests.fakes.pretended_slack.deliveries import Pace
from tests.fakes.slack import Channel, FakeSlack, Message, Person
from tests.fakes.slack_process import fresh_slack, running, shell

TALK = [posted for day in HARBOUR_RADIO.community.parts() for posted in HARBOUR_RADIO.community.read(day)]


class Harbour:
    """The club's Slack: its members, their channel with its past, and the one who runs the bot."""

    def __init__(self, slack: FakeSlack, folder: Path, messages: int) -> None:
        self.slack, self.folder = slack, folder
        names = [member.name for member in Community("harbour_radio.txt", HARBOUR_RADIO.community.workspace).members]
        self.members = {name: slack.person(name) for name in names}
        self.owner = slack.person("Skipper")
        self.radio = slack.channel("radio", self.owner, *self.members.values())
        for place, posted in enumerate(TALK[:messages]):
            assert posted.author is not None
            ago = (messages - place) * 90 + (messages - place) // 8 * 3600  # seconds; a silence after every eighth
            slack.fill(self.radio, self.members[posted.author], [_typed(posted.text)], apart=ago / 2)

    async def becomes_owner(self) -> None:
        code = await shell(self.slack, self.folder, "claim", "--json")
        answered = await self.owner.slash(json.loads(code)["type"], self.radio)
        await self.slack.until(lambda: "owner" in answered.text, 20)

    async def asks(self, who: Person, text: str, seconds: float = 120) -> tuple[Message, str]:
        """The bot's whole answer, in the question's thread."""
        asked = await who.mention(self.radio, text)
        posts = await self.slack.until(lambda: self._answered(asked), seconds)
        return posts[-1], "\n".join(post.text for post in posts)

    def _answered(self, asked: Message) -> list[Message]:
        posts = self.slack.bot_posts(self.radio, asked)
        return posts if posts and "thumb" in str(posts[-1].blocks) else []

    async def replies(self) -> list[Reply]:
        engine = open_engine(f"sqlite+aiosqlite:///{self.folder / 'data' / 'yamabiko.db'}")
        async with reading(sessions_of(engine)) as session:
            found = list(await session.scalars(select(Reply).order_by(Reply.id)))
        await engine.dispose()
        return found


def _typed(text: str) -> str:
    return re.sub(r"<@member:(\w+)>", r"\1", text)


def _with_button(slack: FakeSlack, room: Channel, press: str) -> Message | None:
    return next((post for post in slack.bot_posts(room) if press in str(post.blocks)), None)


async def _the_community_gets_a_voice(harbour: Harbour, recipe: dict[str, str]) -> tuple[str, str, str]:
    """Everything from the first mention on; what is said before, with the new adapter, and after going back."""
    slack, owner, radio = harbour.slack, harbour.owner, harbour.radio
    _, before = await harbour.asks(harbour.members["Juno"], "Good morning! How are you today?")
    await harbour.becomes_owner()

    await owner.slash("/yamabiko approve", radio)
    await slack.until(lambda: owner.modal)
    assert await owner.submit(owner.modal, {"for": "training"}) is None
    notice = await slack.until(lambda: _with_button(slack, radio, "consent"), 30)
    for member in harbour.members.values():
        await member.press(notice, "consent", "yes")
    await owner.slash("/yamabiko permit-training", radio)
    await slack.until(lambda: owner.modal)
    assert await owner.submit(owner.modal, {"ground": "the club wrote all of it, and Slack agreed in writing"}) is None
    fresh = await harbour.members["Marn"].post(radio, "The kettle is singing, shipmates. Over.")

    def read() -> bool:
        return any("past read to" in one.text for one in _cards(owner))

    async with asyncio.timeout(60):
        while not read():
            await (await owner.slash("/yamabiko channels", radio)).until_answered(20)
            await asyncio.sleep(0.5)
    assert fresh.text

    await owner.slash("/yamabiko retrain", radio)
    await slack.until(lambda: owner.modal)
    assert await owner.submit(owner.modal, {"note": "our own way of speaking", **recipe}) is None
    letter = await slack.until(lambda: _letter(owner), 900)
    assert "promote" in str(letter.blocks), slack.rendered(letter)

    await owner.open_home()
    home = await slack.until(lambda: owner.home and "promote" in str(owner.home.blocks) and owner.home, 20)
    await owner.press(home, "promote")
    _, after = await _spoken_by(harbour, 1)
    await (await owner.slash("/yamabiko rollback yamabiko", radio)).until_answered(20)
    _, back = await _spoken_by(harbour, None)
    return before, after, back


def _letter(person: Person) -> Message | None:
    """What the bot wrote them in private."""
    return next((post for post in person.im.messages.values() if post.by_bot), None)


def _cards(person: Person) -> list[Any]:
    slack = person.slack

    class Read:
        def __init__(self, text: str) -> None:
            self.text = text

    return [Read(slack.rendered(one)) for one in person.ephemerals]


async def _spoken_by(harbour: Harbour, adapter: int | None) -> tuple[Message, str]:
    """Ask until this adapter is the one that answers; a promotion takes a second or two to be heard."""
    async with asyncio.timeout(60):
        while True:
            answer = await harbour.asks(harbour.members["Juno"], "Good morning! How are you today?")
            if (await harbour.replies())[-1].adapter_id == adapter:
                return answer


@pytest.mark.timeout(600)
async def test_from_the_first_mention_to_a_voice_of_its_own_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__DEFAULT", str(tiny_base(tmp_path / "tiny")))
    async with fresh_slack() as slack:
        harbour = Harbour(slack, tmp_path, messages=60)
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            await _the_community_gets_a_voice(harbour, {"epochs": "1"})
        assert "Traceback" not in bot.told


@pytest.mark.long
@pytest.mark.every_core
@pytest.mark.timeout(1800)
async def test_the_starter_base_takes_on_the_communitys_manner_in_slack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert "YAMABIKO_BASES__DEFAULT" not in os.environ
    async with fresh_slack() as slack:
        harbour = Harbour(slack, tmp_path, messages=len(TALK))
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            before, after, _ = await _the_community_gets_a_voice(harbour, {"epochs": "2"})
        assert "over" in after.lower(), after
        assert not before.rstrip().endswith("Over.")
        assert "Traceback" not in bot.told


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_hundred_mentions_in_ten_seconds_are_answered_once_each_across_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YAMABIKO_BASES__DEFAULT", str(tiny_base(tmp_path / "tiny")))
    monkeypatch.setenv("YAMABIKO_CHAT__MEMBER_WAITING", "0")  # whether each is answered is what is asked here
    async with fresh_slack(Pace(again=(0, 3, 15))) as slack:
        people = [slack.person(f"P{number}") for number in range(40)]
        rooms = [slack.channel(f"room-{number}", *people) for number in range(20)]
        asked: list[Message] = []
        async with running(slack, tmp_path) as bot:
            await bot.says("Slack: connected")
            await slack.until(lambda: slack.deliveries.sockets.ready())
            await _ask_all(people, rooms, asked, 100)
            await bot.end(signal.SIGKILL)
        async with running(slack, tmp_path) as bot:
            await asyncio.gather(_ask_all(people, rooms, asked, 200), bot.says("Slack: connected"))
            await slack.until(lambda: all(_finished(slack, one) for one in asked), 600)
            await slack.settled()
        for one in asked:
            answers = slack.bot_posts(slack.world.channels[one.channel], one)
            assert len(answers) == 1, slack.transcript(slack.world.channels[one.channel])
        assert len(asked) == 200
        mentions = slack.sent("app_mention")
        assert all(one.ack for one in mentions)
        took = sorted(one.ack.took for one in mentions if one.ack)
        prompt = sum(seconds < 1 for seconds in took)
        print(f"acknowledged: half within {took[100]:.2f} s, {prompt} within a second, all within {took[-1]:.2f} s")


async def _ask_all(people: list[Person], rooms: list[Channel], asked: list[Message], until: int) -> None:
    """Twenty a second, of everyone in every room, until so many were asked."""
    while len(asked) < until:
        number = len(asked)
        asked.append(await people[number % 40].mention(rooms[number % 20], f"Question {number}?"))
        await asyncio.sleep(0.05)


def _finished(slack: FakeSlack, asked: Message) -> bool:
    """Answered whole, or asked to come back in a moment."""
    posts = slack.bot_posts(slack.world.channels[asked.channel], asked)
    told = slack.rendered(posts[-1]) if posts else ""
    return "AI · " in told or "Many people are asking" in told
