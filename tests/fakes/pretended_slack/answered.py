"""What came of what a person did, as they see it.

Owns nothing: it looks at the workspace.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.pretended_slack.deliveries import Delivery
from tests.fakes.pretended_slack.world import Ephemeral, Json, ResponseUrl, Trigger, View

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack


@dataclass
class Answered:
    """What came of a command, a press or a shortcut; it grows as the app goes on answering.

    `took` is None where nobody acknowledged in time: the person saw an error instead.
    """

    slack: "FakeSlack"
    delivery: Delivery
    trigger: Trigger
    url: ResponseUrl | None
    user: str
    since: str

    @property
    def took(self) -> float | None:
        return self.delivery.ack.took if self.delivery.ack else None

    @property
    def error(self) -> str | None:
        if self.delivery.ack:
            return None
        return "operation_timeout" if self.delivery.attempts else "dispatch_failed"

    @property
    def ephemerals(self) -> list[Ephemeral]:
        """What only this person sees and saw appear since."""
        mine = [one for one in self.slack.world.ephemerals if one.user == self.user and not one.deleted]
        return [one for one in mine if one.ts > self.since]

    @property
    def responses(self) -> list[Json]:
        """What was sent to the response_url, as it was sent."""
        return self.url.posts if self.url else []

    @property
    def views(self) -> list[View]:
        return [one for one in self.slack.world.views.values() if one.trigger == self.trigger.id]

    @property
    def text(self) -> str:
        """All private answers, as one would read them."""
        return "\n".join(self.slack.rendered(one) for one in self.ephemerals)

    async def until_answered(self, seconds: float = 5.0) -> "Answered":
        """Returns once something was said to this person alone, or a dialog opened."""
        await self.slack.until(lambda: self.ephemerals or self.responses or self.views, seconds)
        return self
