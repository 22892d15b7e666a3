"""Cards that nobody pressed for: letters to members, and their own page.

Owns how they are sent. Knows no command.
"""

from bot.chat.cards import Card
from bot.platforms.slack.blocks import drawn
from bot.platforms.slack.places import message
from bot.platforms.slack.wire import Wire


class Writing:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def write_to(self, member: str, card: Card) -> None:
        """A direct message. Raises NotShown, and SlackApiError for what may pass."""
        await self._wire.call(
            "chat.postMessage", channel=member, unfurl_links=False, unfurl_media=False, **message(card)
        )

    async def publish(self, member: str, card: Card) -> None:
        """A member's own page, as it is from now on. Raises as `write_to` does."""
        view = {"type": "home", "blocks": drawn(card.parts, "view")}
        await self._wire.call("views.publish", user_id=member, view=view)
