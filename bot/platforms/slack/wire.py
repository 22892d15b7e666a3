"""A call to Slack on behalf of a reply.

Owns taking turns, waiting as long as Slack asks, and turning refusals into what the chat rooms know. Knows nothing of
what is said.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.errors import code_of, told, wait_of
from bot.platforms.slack.pace import Pace

LONGEST_S = 90.0  # a longer wait is left to the reply's next attempt
Ours = Callable[[], Awaitable[None]]


class Wire:
    def __init__(self, client: AsyncWebClient, pace: Pace) -> None:
        self.client, self.pace = client, pace

    async def call(self, method: str, ours: Ours | None = None, **args: Any) -> dict[str, Any]:
        """The answer to `method`, called when it is its turn; `ours` is awaited right before each try.

        Raises NotShown, Gone, what `ours` raises, and SlackApiError for what may pass.
        """
        while True:
            await (self.pace.post(args["channel"]) if method == "chat.postMessage" else self.pace.turn(method))
            if ours is not None:
                await ours()
            try:
                answer = await getattr(self.client, method.replace(".", "_"))(**args)
                return answer.data if isinstance(answer.data, dict) else {}
            except SlackApiError as error:
                wait = wait_of(error)
                if wait is None or wait > LONGEST_S:
                    raise told(error) from error
                self.pace.hold(method, wait)


def why(error: BaseException) -> str:
    """Slack's word for what went wrong, also where it was told in other words since."""
    cause = error if isinstance(error, SlackApiError) else error.__cause__
    return code_of(cause) if isinstance(cause, SlackApiError) else ""
