"""The buttons under a reply: a thumb, another answer, delete."""

from bot.chat.cards import Answer, told
from bot.chat.commands.asked import Asked, Subject
from bot.chat.replying.alternatives import Alternatives
from bot.chat.verbs import moderation, replies
from db.words import mark, say


async def thumb(asked: Asked, value: str) -> Answer | None:
    """`value` is "REPLY 1" or "REPLY -1"; the same again takes it back."""
    reply, _, given = value.partition(" ")
    if await replies.thumb(asked.sessions, asked.actor, int(reply), -1 if given == "-1" else 1) is None:
        return told(say("Your thumb is taken back."))
    return told(say("Thank you; your thumb is kept with this answer."))


async def another(asked: Asked, value: str) -> Answer | None:
    """`value` is "REPLY", or "REPLY more" where some were offered before."""
    reply, _, more = value.partition(" ")
    return await _alternatives(asked).offer(asked.actor, int(reply), more=bool(more))


async def choose(asked: Asked, value: str) -> Answer | None:
    """`value` is "REPLY NUMBER"."""
    reply, _, number = value.partition(" ")
    return await _alternatives(asked).choose(asked.actor, int(reply), int(number))


async def delete(asked: Asked, value: str) -> Answer | None:
    """`value` is the reply's number."""
    await moderation.delete_reply(asked.sessions, asked.actor, int(value))
    return told(say("This answer is erased, and so is what was asked."))


def _alternatives(asked: Asked) -> Alternatives:
    assert asked.around.alternatives is not None, "whoever shows replies can show others"
    return asked.around.alternatives


SUBJECT = Subject(mark("Replies"), presses={"thumb": thumb, "another": another, "choose": choose, "delete": delete})
