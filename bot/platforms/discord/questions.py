"""A question asked by command or about a message: posted for everyone to see, and then a mention like any other.

Owns how it stands there. Calls nobody.
"""

from collections.abc import Callable

import discord
import structlog

from bot.chat import texts
from bot.chat.cards import Card, Question, Text
from bot.chat.cards import Note as Small
from bot.chat.commands.asked import Call
from bot.chat.events import Mention
from bot.chat.markdown import short, unmarked
from bot.chat.platform import OnEvent
from bot.chat.replying.outgoing import quiet
from bot.platforms.discord import calls
from bot.platforms.discord.calls import Asking
from bot.platforms.discord.kept import Remembered
from bot.platforms.discord.places import Answering
from db.words import say

log = structlog.get_logger()

LONGEST = 1900  # characters of it that stand there; all of it is asked

# Messages whose menu was opened, by their ids. Discord tells their text there and nowhere else, unless the bot may read
# everything; it is for the one answer and is kept nowhere.
ABOUT: Remembered[int, discord.Message] = Remembered(200, 15 * 60.0)

Note = Callable[[discord.Message], None]


async def forget(payload: discord.RawMessageDeleteEvent | discord.RawMessageUpdateEvent) -> None:
    """The message does not say any more what it said."""
    ABOUT.forget(payload.message_id)


async def ask(
    asking: Asking, me: int, call: Call, question: Question, place: Answering, on_event: OnEvent, note: Note
) -> None:
    """Post it and hand it over; where it cannot be answered, the asker is told why and gets the words back."""
    id, sorry = None, _sorry(asking, question)
    if sorry is None:
        try:
            id = await _posted(asking, call, question, place, note)
        except discord.HTTPException as error:
            log.info("a question could not be posted", code=error.code)
            sorry = say("Discord does not let me write here ({why}).", why=error.text or error.code)
    if sorry is not None:
        words = short(calls.read_aloud(question.text), LONGEST)
        return await place.show(Card([Text(sorry), Small(words)]))
    if id is None or call.channel is None:
        return None
    text, people = calls.asked(question.text, me)
    at = discord.utils.snowflake_time(int(id))
    mention = Mention(call.workspace, call.channel, call.member, id, text, at, call.thread, question.persona, people)
    await on_event(mention)
    return None


async def _posted(asking: Asking, call: Call, question: Question, place: Answering, note: Note) -> str | None:
    """As the answer to what was typed; about a message, as a reply to that message, which only a post can be."""
    name = quiet(unmarked(call.member.name)) or say("Someone")
    said = quiet(short(texts.asks(f"**{name}**", calls.read_aloud(question.text)), LONGEST))
    if question.thread is None or asking.channel is None:
        return await place.public(content=said, suppress_embeds=True)
    if not asking.response.is_done():  # posting may take longer than Discord waits for an answer
        await place.defer()
    where = asking.client.get_partial_messageable(asking.channel.id, guild_id=asking.guild_id)
    about = discord.MessageReference(
        message_id=int(question.thread), channel_id=asking.channel.id, fail_if_not_exists=False
    )
    sent = await where.send(said, reference=about, mention_author=False, suppress_embeds=True)
    if sent.reference is not None:
        sent.reference.resolved = ABOUT.get(int(question.thread))
    note(sent)
    await place.nothing()
    return str(sent.id)


def _sorry(asking: Asking, question: Question) -> str | None:
    """Why no answer could be shown there; None where it can. Only what is about a message answers that message."""
    if asking.guild_id is None:
        return None
    may = asking.app_permissions
    writes = may.send_messages_in_threads if isinstance(asking.channel, discord.Thread) else may.send_messages
    if not may.view_channel:
        return say("I do not see this channel, so I cannot answer here. Let me see it first, then ask.")
    if not writes or (question.thread is not None and not may.read_message_history):
        return say("I may not write here, or not read what was written. Let me do both first, then ask.")
    return None
