"""Cards that nobody pressed for: notices in channels, letters to members, a member's own page.

Owns how they are posted. Knows no command.
"""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card
from bot.platforms.slack.blocks import drawn
from bot.platforms.slack.errors import told
from bot.platforms.slack.places import message


class Writing:
    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def write(self, channel: str, card: Card) -> str:
        """Post a card for everyone in a channel, or for one member by their id; its reference. Raises NotShown."""
        try:
            posted = await self._client.chat_postMessage(
                channel=channel, unfurl_links=False, unfurl_media=False, **message(card)
            )
        except SlackApiError as error:
            raise told(error) from error
        return str(posted["ts"])

    async def publish(self, member: str, card: Card) -> None:
        """A member's own page, as it is now. Raises NotShown."""
        try:
            await self._client.views_publish(user_id=member, view={"type": "home", "blocks": drawn(card.parts, "view")})
        except SlackApiError as error:
            raise told(error) from error
