"""Cards that nobody pressed for: notices in channels, letters to members, a member's own page.

Owns how they are posted, and which refusals are for ever. Knows no command.
"""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.cards import Card
from bot.chat.platform import NotShown
from bot.platforms.slack.blocks import drawn
from bot.platforms.slack.places import message, why
from db.words import say

# Refusals that stay as they are however often one tries.
FOR_EVER = frozenset(
    ["channel_not_found", "not_in_channel", "is_archived", "restricted_action", "user_not_found", "user_disabled"]
    + ["cannot_dm_bot", "invalid_blocks", "msg_blocks_too_long", "not_enabled", "ekm_access_denied"]
    + ["restricted_action_read_only_channel", "restricted_action_thread_locked", "user_not_visible", "messages_tab_disabled"]
)


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
            raise _final(error) from error
        return str(posted["ts"])

    async def publish(self, member: str, card: Card) -> None:
        """A member's own page, as it is now. Raises NotShown."""
        try:
            await self._client.views_publish(
                user_id=member, view={"type": "home", "blocks": drawn(card.parts, "view")}
            )
        except SlackApiError as error:
            raise _final(error) from error


def _final(error: SlackApiError) -> Exception:
    if why(error) in FOR_EVER:
        return NotShown(say("Slack does not take this there ({why}).", why=why(error)))
    return error
