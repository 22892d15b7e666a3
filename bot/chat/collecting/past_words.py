"""How far a channel's past was read, as people read it. Owns those sentences; shell, panel and chat share them."""

from db.backfills import Progress
from db.coded import shown
from db.words import say, say_count


def told(past: Progress) -> str:
    """In a few words, beginning with what stands in the way."""
    if past.trouble is not None:
        return say("cannot be read: {trouble}", trouble=shown("trouble", past.trouble))
    count = say_count("{count:,} message", "{count:,} messages", past.messages)
    if past.done and past.back_to is None:
        return say("past read to its beginning ({messages})", messages=count)
    if past.back_to is None:
        return say("past is being read")
    day = past.back_to.strftime("%Y-%m-%d")
    if past.done:
        return say("past read back to {day} ({messages})", day=day, messages=count)
    return say("past is being read, back to {day} so far ({messages})", day=day, messages=count)
