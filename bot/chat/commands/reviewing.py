"""The review command, and what curators do with one message where it stands."""

from collections.abc import Mapping, Sequence

from bot.chat.cards import Answer, Button, Card, Heading, Note, Part, Row, Text
from bot.chat.commands import figures
from bot.chat.commands.asked import Asked, Command, Option, Subject
from bot.chat.commands.meant import NotSaid, channel
from bot.chat.text_words import why_not
from bot.chat.verbs import text
from db.messages import Reviewable
from db.models.text import Review
from db.words import mark, say, say_count

_ON_A_CARD = 6  # messages; their ids fit together into what a network keeps with a button
_STATES: Mapping[str, Review] = {"a": "approved", "l": "left_out"}


async def review(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await _page(asked, channel(asked, given), None)


async def press_review(asked: Asked, value: str) -> Answer:
    """The next page: "CHANNEL" or "CHANNEL LAST-MESSAGE"."""
    where, *last = map(int, value.split())
    return await _page(asked, where, last[0] if last else None)


async def press_decided(asked: Asked, value: str) -> Answer:
    """ "CHANNEL LAST a|l ID,ID…": decided, and the page as it is now. LAST is 0 on the first page."""
    where, last, state, ids = value.split()
    count = await text.review(asked.sessions, asked.actor, [int(one) for one in ids.split(",")], _STATES[state])
    told = (
        say_count("{count} message is approved.", "{count} messages are approved.", count)
        if state == "a"
        else say_count("{count} message is left out.", "{count} messages are left out.", count)
    )
    return await _page(asked, int(where), int(last) or None, told)


async def _page(asked: Asked, where: int, last: int | None, first: str = "") -> Card:
    name, leaf = await text.pending(asked.sessions, asked.actor, where, last, _ON_A_CARD)
    parts: list[Part] = [Heading(say("Review of {channel}", channel=f"#{name}"))]
    if first:
        parts.append(Text(first))
    for one in leaf.messages:
        parts += [Text(_message(one)), Row(_decisions(f"{where} {last or 0}", [one]))]
    if leaf.messages:
        parts += _below(where, last, leaf.messages, leaf.total)
    elif leaf.total and last is not None:
        parts += [Text(say("That was the last page.")), Row([Button(say("From the beginning"), "review", str(where))])]
    else:
        parts.append(Text(say("Nothing waits to be looked at.")))
    return Card(parts)


def _message(one: Reviewable) -> str:
    return f"**{one.author or say('someone')}** · {figures.day(one.at)}\n{figures.quoted(one.text)}"


def _decisions(place: str, these: Sequence[Reviewable]) -> list[Button]:
    ids = ",".join(str(one.id) for one in these)
    approve, leave = (
        (say("Approve all shown"), say("Leave out all shown")) if len(these) > 1 else (say("Approve"), say("Leave out"))
    )
    return [
        Button(approve, "reviewed", f"{place} a {ids}", "primary"),
        Button(leave, "reviewed", f"{place} l {ids}"),
    ]


def _below(where: int, last: int | None, shown: Sequence[Reviewable], total: int) -> list[Part]:
    count = say_count("{count:,} message waits to be looked at.", "{count:,} messages wait to be looked at.", total)
    buttons = _decisions(f"{where} {last or 0}", shown) if len(shown) > 1 else []
    if len(shown) == _ON_A_CARD:
        buttons.append(Button(say("Next page"), "review", f"{where} {shown[-1].id}"))
    return [Note(count), Row(buttons)] if buttons else [Note(count)]


async def approve_message(asked: Asked, value: str) -> Answer:
    return await _one(asked, value, "approved")


async def leave_out_message(asked: Asked, value: str) -> Answer:
    return await _one(asked, value, "left_out")


async def _one(asked: Asked, value: str, state: Review) -> Card:
    """`value` is the message's id; the shortcut's own message counts more."""
    message = asked.call.message.id if asked.call.message else value
    if asked.channel_id is None:
        raise NotSaid(say("Do this on a message of a channel."))
    reason = await text.review_message(asked.sessions, asked.actor, asked.channel_id, message, state)
    if state == "left_out":
        return Card([Text(say("Left out: this message is learned by nobody from now on."))])
    parts: list[Part] = [Text(say("Approved: this message may be learned."))]
    if reason is not None:
        parts.append(Note(say("It is not learned yet: {why}.", why=why_not(reason))))
    return Card(parts)


SUBJECT = Subject(
    mark("Review"),
    (
        Command(
            "review",
            mark("Look at what a channel holds, and approve it or leave it out"),
            review,
            (Option("channel", mark("Which; without it, this one"), "channel"),),
            "curator",
        ),
    ),
    presses={
        "review": press_review,
        "reviewed": press_decided,
        "approve_message": approve_message,
        "leave_out_message": leave_out_message,
    },
)
