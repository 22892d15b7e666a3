"""A question asked by command or shortcut: posted for everyone to see, and then a mention like any other.

Owns how it stands there. Calls nobody.
"""

from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat import texts
from bot.chat.cards import Card, Note, Question, Text, told
from bot.chat.commands.asked import Call
from bot.chat.events import Mention
from bot.chat.markdown import short, unmarked
from bot.chat.placing import Place
from bot.chat.platform import OnEvent
from bot.chat.replying import posts
from bot.chat.replying.outgoing import quiet
from bot.platforms.slack import calls
from bot.platforms.slack.blocks import FALLBACK, SECTION
from bot.platforms.slack.errors import code_of
from bot.platforms.slack.mrkdwn import escaped
from bot.platforms.slack.payloads import when
from db.words import say

log = structlog.get_logger()

ABSENT = frozenset({"not_in_channel", "channel_not_found"})
LONGEST = 9000
# Without a name it would pass for a stream that a crash left behind.
QUESTION = {"event_type": "yamabiko_question", "event_payload": {}}


async def ask(client: AsyncWebClient, call: Call, question: Question, place: Place, on_event: OnEvent) -> None:
    """Post it and hand it over; where it cannot be posted, the asker is told why and gets the words back."""
    here = call.channel.id if call.channel else call.member.id
    try:
        posted = await client.chat_postMessage(
            channel=here,
            thread_ts=question.thread,
            metadata=QUESTION,
            unfurl_links=False,
            unfurl_media=False,
            **_drawn(call, question),
        )
    except SlackApiError as error:
        log.info("a question could not be posted", channel=here, why=code_of(error))
        await place.show(
            Card([Text(_sorry(code_of(error))), Note(short(calls.read_aloud(question.text), SECTION // 2))])
        )
        return
    text, people = calls.asked(question.text)
    channel = call.channel or calls.channel(str(posted["channel"]), None)
    ts = str(posted["ts"])
    thread = question.thread or ts
    persona = question.persona
    await on_event(Mention(call.workspace, channel, call.member, ts, text, when(ts), thread, persona, people))
    if place.room and not call.channel:
        await place.show(told(say("Asked; the answer comes in our direct messages.")))


def _drawn(call: Call, question: Question) -> dict[str, Any]:
    name = escaped(quiet(unmarked(call.member.name))) or say("Someone")
    words = posts.split(short(calls.read_aloud(question.text), LONGEST), SECTION // 6) or ["…"]
    first = texts.asks(f"*{name}*", escaped(quiet(words[0])))
    every = [first, *(escaped(quiet(one)) for one in words[1:])]
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": one[:SECTION]}} for one in every]
    return {"text": short(first, FALLBACK), "blocks": sections}


def _sorry(error: str) -> str:
    if error in ABSENT:
        return say("I am not in this channel, so I cannot answer here. Add me first (`/invite` and my name), then ask.")
    if error == "is_archived":
        return say("This channel is archived: nobody can write here any more.")
    return say("Slack does not let me write here ({why}).", why=error)
