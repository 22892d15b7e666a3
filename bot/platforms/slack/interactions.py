"""What members type, press and fill in: handed to the desk, and its answers shown.

Owns acknowledging in time and where an answer goes.
"""

from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.chat.cards import Card
from bot.chat.commands.asked import Call
from bot.chat.desk import Desk
from bot.chat.events import ChannelSeen, MemberSeen, WorkspaceSeen
from bot.platforms.slack.blocks import blocks


def listen(app: AsyncApp, desk: Desk) -> None:
    @app.command("/yamabiko")
    async def command(ack: Any, command: dict[str, Any], respond: Any) -> None:
        await ack()
        call = Call(
            WorkspaceSeen("slack", command["team_id"], command.get("team_domain", "")),
            MemberSeen(command["user_id"], command.get("user_name", "")),
            ChannelSeen(command["channel_id"], command.get("channel_name", "")),
        )
        answer = await desk.line(call, command.get("text", ""))
        if isinstance(answer, Card):
            await respond(blocks=blocks(answer), response_type="ephemeral" if answer.private else "in_channel")
