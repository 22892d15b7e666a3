"""The harbour radio's club in a pretended Discord: what its people type, press and fill in there."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.fakes.discord import FakeDiscord, Message
from tests.fakes.discord_process import shell
from tests.fakes.harbour import NAMES, past
from tests.fakes.pretended_discord.answered import Answered


class HarbourInDiscord:
    """Its members, their channel with its past, and the one who runs the bot."""

    def __init__(self, discord: FakeDiscord, folder: Path, messages: int) -> None:
        self.discord, self.folder = discord, folder
        self.members = {name: discord.person(name) for name in NAMES}
        self.owner = discord.person("Skipper", is_owner=True)
        self.radio = discord.channel("radio")
        now = discord.clock.now()
        for author, text, ago in past(messages):
            discord.fill(self.radio, self.members[author], [text], apart=1, end=now - ago)

    async def asks(self, name: str, text: str, seconds: float = 120) -> str:
        asked = await self.members[name].mention(self.radio, text)
        posts = await self.discord.until(lambda: self._answered(asked), seconds)
        return "\n".join(post.content for post in posts)

    def _answered(self, asked: Message) -> list[Message]:
        posts = [
            one for one in self.discord.bot_posts(self.radio) if (one.reference or {}).get("message_id") == asked.id
        ]
        return posts if posts and "thumb" in str(posts[-1].components) else []

    async def becomes_owner(self) -> None:
        code = await shell(self.discord, self.folder, "claim", "--json")
        typed = json.loads(code)["type"]
        answered = await self.owner.slash("yamabiko claim", self.radio, code=typed.split()[-1])
        await self.discord.until(lambda: "owner" in answered.text, 20)

    async def opens_for_training(self) -> None:
        await self._fills_in("approve", {"for": "training"})

    async def says_yes(self, name: str) -> None:
        notice = await self.discord.until(lambda: _with_button(self.discord.bot_posts(self.radio), "consent"), 30)
        await self.members[name].press(notice, "Yes, learn from my messages")

    async def permits_training(self, ground: str) -> None:
        await self._fills_in("text permit-training", {"ground": ground})

    async def says(self, name: str, text: str) -> None:
        await self.members[name].post(self.radio, text)

    async def knows_the_past(self) -> bool:
        answered = await (await self.owner.slash("yamabiko text channels", self.radio)).until_answered(20)
        return "past read to" in answered.text

    async def retrains(self, note: str, recipe: Mapping[str, str]) -> None:
        """What is seldom changed stands in a second dialog, since Discord's hold five things at most."""
        answered = await self._fills_in("retrain", {"note": note, "More settings": True})
        again = await (await self.owner.press(answered.said[-1], "Go on")).until_answered(20)
        assert again.modal, again.text
        queued = await (await self.owner.submit(again.modal, dict(recipe))).until_answered(20)
        assert "queued" in queued.text, queued.text

    async def is_told_of_the_run(self) -> None:
        letter = await self.discord.until(lambda: _with_button(self.owner.dm_channel.messages.values(), "promote"), 900)
        assert "Promote" in self.discord.rendered(letter), self.discord.rendered(letter)

    async def promotes(self) -> None:
        """From the control message, which shows the candidate by itself."""
        await (await self.owner.slash("yamabiko control", self.radio)).until_answered(20)
        control = await self.discord.until(lambda: _with_button(self.discord.bot_posts(self.radio), "promote"), 20)
        answered = await (await self.owner.press(control, "Promote")).until_answered(20)
        assert not answered.messages, "what one presses is answered to them alone"

    async def rolls_back(self) -> None:
        await (await self.owner.slash("yamabiko rollback", self.radio, persona="yamabiko")).until_answered(20)

    async def _fills_in(self, command: str, values: Mapping[str, Any]) -> Answered:
        opened = await (await self.owner.slash(f"yamabiko {command}", self.radio)).until_answered(20)
        assert opened.modal, opened.text
        answered = await self.owner.submit(opened.modal, dict(values))
        assert not answered.errors, answered.errors
        return await answered.until_answered(20)


def _with_button(posts: Iterable[Message], press: str) -> Message | None:
    return next((post for post in posts if press in str(post.components)), None)
