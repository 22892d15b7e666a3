"""A desk that says what a test wants, and cards and forms that tests press.

Owns the script. Knows no network and no rows.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat.cards import Answer, Button, Card, Choice, Field, Form, Growing, Row, told
from bot.chat.commands.asked import Call

ASK = Form("Ask about this", "ask_about", "Ask", [Field("question", "What?", "text", required=True)], "v1")
BUTTONS = Row([Button("Yes", "consent", "yes", "primary"), Button("No", "consent", "no")])

Says = Answer | BaseException | None


@dataclass
class ScriptedDesk:
    """`answers` by what is asked: a command's line, "press VALUE", "form VALUE"; raised where they are errors.

    `slow` is how long each takes; `heard` what was asked, by whom and where.
    """

    answers: dict[str, Says] = field(default_factory=dict[str, Says])
    slow: float = 0.0
    spoken: str = "en"
    heard: list[tuple[str, Call]] = field(default_factory=list[tuple[str, Call]])
    given: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    choices: Sequence[Choice] = ()

    async def line(self, call: Call, line: str) -> Answer | None:
        return await self._say(line, call)

    async def command(self, call: Call, name: str, given: Mapping[str, str]) -> Answer | None:
        self.given.append(given)
        return await self._say(name, call)

    async def suggest(
        self, call: Call, command: str, option: str, typed: str, given: Mapping[str, str] | None = None
    ) -> Sequence[Choice]:
        await self._say(f"{command} {option}: {typed}", call)
        return self.choices

    async def press(self, call: Call, press: str, value: str) -> Answer | None:
        return await self._say(f"{press} {value}".strip(), call)

    async def submit(self, call: Call, form: str, value: str, given: Mapping[str, str]) -> Answer | None:
        self.given.append(given)
        return await self._say(f"{form} {value}".strip(), call)

    async def language(self, call: Call) -> str:
        return self.spoken

    async def _say(self, asked: str, call: Call) -> Answer | None:
        self.heard.append((asked, call))
        await asyncio.sleep(self.slow)
        answer = self.answers.get(asked, told(f"you asked {asked}"))
        if isinstance(answer, BaseException):
            raise answer
        return answer


def growing_card(*words: str, every: float = 0.0) -> Growing:
    async def cards() -> AsyncGenerator[Card]:
        for word in words:
            yield told(word)
            await asyncio.sleep(every)

    return Growing(cards())
