"""That the bot is thinking, said in the thread while no word of the answer is there.

Owns saying so again before Slack forgets it, and stopping in time: what is said after the answer would stay there for
two minutes. That it fails is no reason to fail an answer.
"""

import asyncio

import structlog

from bot.chat.events import Thread
from bot.platforms.slack.wire import Wire, why
from db.words import say

log = structlog.get_logger()

METHOD = "assistant.threads.setStatus"
AGAIN_S = 100.0  # Slack forgets it after two minutes
PATIENCE_S = 1.0  # for a call that is on its way when the answer begins


class Thinking:
    def __init__(self, wire: Wire, to: Thread, thread: str) -> None:
        self._wire, self._to, self._thread = wire, to, thread
        self._task: asyncio.Task[None] | None = None
        self._calling = asyncio.Lock()

    def begin(self) -> None:
        """Say so, in the language spoken now, and do not wait for it."""
        status = say("is thinking…")
        loading = [say("Listening for the echo…"), say("Looking for words…"), say("Nearly there…")]
        self._task = asyncio.create_task(self._say(status, loading))

    async def end(self) -> None:
        """Nothing is said from here on."""
        task, self._task = self._task, None
        if task is None:
            return
        try:
            async with asyncio.timeout(PATIENCE_S), self._calling:
                pass
        except TimeoutError:
            log.info("a status is still on its way")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _say(self, status: str, loading: list[str]) -> None:
        while self._wire.pace.take(METHOD):
            try:
                async with self._calling:
                    await self._wire.client.assistant_threads_setStatus(
                        channel_id=self._to.channel, thread_ts=self._thread, status=status, loading_messages=loading
                    )
            except Exception as error:
                log.info("a status could not be set", why=why(error) or repr(error))
                return
            await asyncio.sleep(AGAIN_S)
