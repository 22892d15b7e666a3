"""What members think of replies, by reaction or button: one thumb for each member and reply.

Owns that road. Knows no network.
"""

from bot.chat.events import Thumbed
from db.session import Sessions


class Feedback:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def thumbed(self, event: Thumbed) -> None:
        """Keep a thumb, or forget it when it was taken back; posts that are no replies are passed over."""
