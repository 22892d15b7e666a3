"""What a command is about where it was not told: the channel it was typed in, the only persona there is.

Owns no command. Reads values of buttons too.
"""

from collections.abc import Mapping

from bot.chat.commands.asked import Asked
from bot.chat.verbs import personas
from db.words import listed, say


class NotSaid(Exception):
    """A command must be told what it is about; the message says how."""


def row(given: str) -> int:
    """The row in "#ROW", or in a button's value."""
    return int(given.removeprefix("#"))


def channel(asked: Asked, given: Mapping[str, str]) -> int:
    """The channel that was named, else the one this is typed in. Raises NotSaid."""
    if "channel" in given:
        return row(given["channel"])
    here = asked.call.channel
    if asked.channel_id is None or here is None or here.direct:
        raise NotSaid(say("Say which channel, or type this in it."))
    return asked.channel_id


async def persona(asked: Asked, given: Mapping[str, str]) -> personas.PersonaSummary:
    """The one that was named, else the only one there is. Raises NotSaid, NoSuchPersona."""
    if "persona" in given:
        return await personas.show(asked.sessions, asked.actor, given["persona"])
    every = await personas.every(asked.sessions, asked.actor)
    if len(every) == 1:
        return every[0]
    if not every:
        raise NotSaid(say("There is no persona yet; `yamabiko persona create` makes one."))
    raise NotSaid(say("Say which persona: {names}.", names=listed(one.name for one in every)))


def number(given: Mapping[str, str], option: str) -> int | None:
    return int(given[option]) if option in given else None


def apart(value: str) -> tuple[str, int]:
    """A persona's name, which may hold spaces, and a number, as a button's value has them."""
    name, _, last = value.rpartition(" ")
    return name, int(last)
