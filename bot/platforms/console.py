"""The terminal as a chat network: one channel, one person, text that grows as it is spoken.

Owns reading lines and printing. Knows nothing of who answers.
"""

import asyncio
import contextlib
import getpass
import sys
import threading
import uuid
from collections.abc import Collection
from datetime import UTC, datetime

from bot.chat.events import ChannelSeen, MemberSeen, Mention, Thread, WorkspaceSeen
from bot.chat.platform import Draft, NotShown, OnEvent
from db.words import language, say

WORKSPACE = WorkspaceSeen("console", "terminal", "Terminal")
CHANNEL = ChannelSeen("terminal", "terminal")


class Console:
    """One sitting at the terminal is one thread, so that context does not come from yesterday's.

    What an earlier sitting was never answered cannot be shown to anyone any more.
    """

    name = "console"

    def __init__(self, persona: str | None = None, prompt: str | None = None) -> None:
        self._persona = persona
        self._prompt = say("you › ") if prompt is None else prompt
        self.sitting: str | None = uuid.uuid4().hex

    async def run(self, on_event: OnEvent) -> None:
        """Until end of input (Ctrl-D) or the word `exit`."""
        while (line := await self._line()) is not None:
            if line.strip() in ("exit", "quit"):
                return
            if line.strip():
                await on_event(self.mention(line.strip()))

    async def _line(self) -> str | None:
        """The next line, None at the end of input.

        A thread that waits for a person cannot be woken. It is a daemon, so that Ctrl-C need not wait for it,
        and it reads without a buffer, whose lock would be held when the interpreter ends.
        """
        loop = asyncio.get_running_loop()
        line: asyncio.Future[bytes] = loop.create_future()

        def read() -> None:
            text = b""
            with (
                contextlib.suppress(OSError),  # the terminal is gone: the end of input
                open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as keyboard,
            ):
                text = keyboard.readline()
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(lambda: line.done() or line.set_result(text))

        if sys.stdin.isatty():
            print(self._prompt, end="", flush=True)
        threading.Thread(target=read, daemon=True).start()
        return (await line).decode("utf-8", errors="replace") or None

    def mention(self, text: str) -> Mention:
        user = getpass.getuser()
        return Mention(
            workspace=WORKSPACE,
            channel=CHANNEL,
            author=MemberSeen(user, user, locale=language()),
            id=uuid.uuid4().hex,
            text=text,
            at=datetime.now(UTC),
            thread=self.sitting,
            persona=self._persona,
        )

    async def show(self, to: Thread, draft: Draft) -> None:
        self._refuse_others(to)
        if draft.kind == "sentence":
            return await self.tell(to, await _whole(draft))
        speaker = f"{to.persona or say('bot')} › " if sys.stdin.isatty() else ""
        begun = False
        try:
            async for piece in draft.pieces:
                print(piece if begun else speaker + piece, end="", flush=True)
                begun = True
        finally:
            if begun:
                print(flush=True)  # also when it breaks off: what follows begins a line

    def _refuse_others(self, to: Thread) -> None:
        if to.thread != self.sitting:
            raise NotShown(say("The terminal was closed before the answer came."))

    async def find(self, to: Thread, nonce: str, others: Collection[str] = ()) -> str | None:
        return None  # what stood on a screen cannot be taken up again

    async def tell(self, to: Thread, sentence: str) -> None:
        print(sentence, file=sys.stderr, flush=True)

    async def remove(self, to: Thread, ref: str) -> None:
        """What a person has read on a screen stays there; nothing that is shown has a reference."""


class OneQuestion(Console):
    """A sitting of a single question: keeps what was answered instead of printing it."""

    def __init__(self, persona: str) -> None:
        super().__init__(persona)
        self.answer: str | None = None

    async def show(self, to: Thread, draft: Draft) -> None:
        if draft.kind == "sentence":
            await super().show(to, draft)
        else:
            self._refuse_others(to)
            self.answer = await _whole(draft)


async def _whole(draft: Draft) -> str:
    return "".join([piece async for piece in draft.pieces])
