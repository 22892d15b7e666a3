"""The harbour radio's club in a pretended Slack: what its people type, press and fill in there."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.harbour import NAMES, past
from tests.fakes.slack import Channel, FakeSlack, Message, Person
from tests.fakes.slack_process import shell


class HarbourInSlack:
    """Its members, their channel with its past, and the one who runs the bot."""

    def __init__(self, slack: FakeSlack, folder: Path, messages: int) -> None:
        self.slack, self.folder = slack, folder
        self.members = {name: slack.person(name) for name in NAMES}
        self.owner = slack.person("Skipper")
        self.radio = slack.channel("radio", self.owner, *self.members.values())
        for author, text, ago in past(messages):
            slack.fill(self.radio, self.members[author], [text], apart=ago / 2)

    async def asks(self, name: str, text: str, seconds: float = 120) -> str:
        asked = await self.members[name].mention(self.radio, text)
        posts = await self.slack.until(lambda: self._answered(asked), seconds)
        return "\n".join(post.text for post in posts)

    def _answered(self, asked: Message) -> list[Message]:
        posts = self.slack.bot_posts(self.radio, asked)
        return posts if posts and "thumb" in str(posts[-1].blocks) else []

    async def becomes_owner(self) -> None:
        code = await shell(self.slack, self.folder, "claim", "--json")
        answered = await self.owner.slash(json.loads(code)["type"], self.radio)
        await self.slack.until(lambda: "owner" in answered.text, 20)

    async def opens_for_training(self) -> None:
        await self._fills_in("/yamabiko approve", {"for": "training"})

    async def says_yes(self, name: str) -> None:
        notice = await self.slack.until(lambda: _with_button(self.slack, self.radio, "consent"), 30)
        await self.members[name].press(notice, "consent", "yes")

    async def permits_training(self, ground: str) -> None:
        await self._fills_in("/yamabiko permit-training", {"ground": ground})

    async def says(self, name: str, text: str) -> None:
        await self.members[name].post(self.radio, text)

    async def knows_the_past(self) -> bool:
        await (await self.owner.slash("/yamabiko channels", self.radio)).until_answered(20)
        return any("past read to" in self.slack.rendered(one) for one in self.owner.ephemerals)

    async def retrains(self, note: str, recipe: Mapping[str, str]) -> None:
        await self._fills_in("/yamabiko retrain", {"note": note, **recipe})

    async def is_told_of_the_run(self) -> None:
        letter = await self.slack.until(lambda: _letter(self.owner), 900)
        assert "promote" in str(letter.blocks), self.slack.rendered(letter)

    async def promotes(self) -> None:
        owner = self.owner
        await owner.open_home()
        home = await self.slack.until(lambda: owner.home and "promote" in str(owner.home.blocks) and owner.home, 20)
        await owner.press(home, "promote")

    async def rolls_back(self) -> None:
        await (await self.owner.slash("/yamabiko rollback yamabiko", self.radio)).until_answered(20)

    async def _fills_in(self, line: str, values: Mapping[str, str]) -> None:
        await self.owner.slash(line, self.radio)
        await self.slack.until(lambda: self.owner.modal)
        assert await self.owner.submit(self.owner.modal, dict(values)) is None


def _with_button(slack: FakeSlack, room: Channel, press: str) -> Message | None:
    return next((post for post in slack.bot_posts(room) if press in str(post.blocks)), None)


def _letter(person: Person) -> Message | None:
    """What the bot wrote them in private."""
    return next((post for post in person.im.messages.values() if post.by_bot), None)
