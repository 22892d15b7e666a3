"""Where everything comes in that happens in a network.

Owns which room an event goes to. Knows no network.
"""

from bot.chat.collecting.live import Collecting
from bot.chat.events import Cleared, Erased, Event, Known, Left, Mention, Missed, Renamed, Reworded, Thumbed, Written
from bot.chat.feedback import Feedback
from bot.chat.platform import Platform
from bot.chat.replying.router import Router


class Inbox:
    def __init__(self, router: Router, collecting: Collecting, feedback: Feedback) -> None:
        self._router, self._collecting, self._feedback = router, collecting, feedback

    async def on_event(self, platform: Platform, event: Event) -> None:
        """When this returns, the event is kept and the network may be told so."""
        match event:
            case Mention():
                await self._router.on_mention(platform, event)
            case Written():
                await self._collecting.written(event)
            case Erased():
                await self._collecting.erased(event)
            case Reworded():
                await self._router.on_reworded(event)
            case Renamed():
                await self._collecting.renamed(event)
            case Missed():
                await self._collecting.missed(event)
            case Left():
                await self._collecting.left(event)
            case Thumbed():
                await self._feedback.thumbed(event)
            case Cleared():
                await self._feedback.cleared(event)
            case Known():
                await self._router.on_known(event)
