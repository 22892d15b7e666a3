"""Communities of Yamabiko's own invention, and how the demo trains on each.

`archive` reads their talk as an archive, so that it takes the same road as any import; `shows` says which persona
each one brings up and what it is asked.
"""

from bot.demo.archive import Community
from bot.demo.shows import HARBOUR_RADIO, KODAMA_YU, Show

__all__ = ["HARBOUR_RADIO", "KODAMA_YU", "Community", "Show"]
