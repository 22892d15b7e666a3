"""Commands on channels: channels, approve, close, permit-training."""

from collections.abc import Mapping

from bot.chat.cards import Answer, Button, Card, Choice, Field, Form, Heading, Line, Note, Part, Row, Text, told
from bot.chat.collecting import past_words
from bot.chat.commands.asked import Asked, Command, FormRefused, Option, Subject
from bot.chat.commands.meant import channel, row
from bot.chat.text_words import left_out, open_for
from bot.chat.verbs import text
from bot.chat.verbs.authority import authorise
from db.channels import ChannelSummary
from db.datasets import Tally
from db.members import ROLES
from db.words import listed, mark, say, say_count
from db.workspaces import WorkspaceSummary

_ON_A_CARD = 7  # channels; with their buttons, as many as every network shows
_PURPOSES: Mapping[str, str] = {
    "context": mark("Context: what answers may refer to"),
    "training": mark("Training too: what personas may learn from"),
}


async def list_channels(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await _channels(asked, 0)


async def more_channels(asked: Asked, value: str) -> Answer:
    return await _channels(asked, int(value or 0))


async def _channels(asked: Asked, first: int) -> Card:
    found = await text.list_channels(asked.sessions, asked.actor)
    tallies = await text.tally(asked.sessions, asked.actor)
    parts: list[Part] = [Heading(say("Channels"))]
    for one in found[first : first + _ON_A_CARD]:
        parts.append(Text(_described(one, tallies.get(one.id))))
        if _is_admin(asked):
            parts.append(Row(_buttons(one)))
    if not found:
        parts.append(Text(say("No channel is open yet, and none holds text.")))
    parts.append(Note(say("`/yamabiko approve`, typed in a channel, opens it; only what is open is read.")))
    if first + _ON_A_CARD < len(found):
        parts.append(Row([Button(say("More"), "channels", str(first + _ON_A_CARD))]))
    return Card(parts)


def _is_admin(asked: Asked) -> bool:
    return ROLES.index(asked.actor.role) >= ROLES.index("admin")


def _described(one: ChannelSummary, tally: Tally | None) -> str:
    state = say("{opened}; paused", opened=open_for(one)) if one.paused else open_for(one)
    count = say_count("{count:,} message", "{count:,} messages", one.messages)
    lines = [f"**{one.workspace}/{one.name}**: {state} · {count}"]
    if one.past is not None and one.state != "closed":
        lines.append(past_words.told(one.past))
    if tally is not None and one.state == "training":
        learnable = say_count("{count:,} may be learned", "{count:,} may be learned", tally.learnable)
        lines.append(listed([learnable, *(left_out(why, count) for why, count in tally.left_out.most_common())]))
    return "\n".join(lines)


def _buttons(one: ChannelSummary) -> list[Button]:
    if one.state == "closed":
        return [Button(say("Open"), "open", str(one.id))]
    sure = say("Nothing of {channel} is read or learned from now on. Close it?", channel=f"#{one.name}")
    buttons = [
        Button(say("Change"), "open", str(one.id)),
        Button(say("Close"), "close", str(one.id), "danger", sure),
    ]
    if one.messages:
        buttons.insert(1, Button(say("Look through"), "review", str(one.id)))
    return buttons


async def approve(asked: Asked, given: Mapping[str, str]) -> Answer:
    where = channel(asked, given)
    if "for" not in given:
        return await _form(asked, where)
    return await _approved(asked, where, given["for"] == "training", "review" in given)


async def press_open(asked: Asked, value: str) -> Answer:
    authorise(asked.actor, "admin", "approve")
    return await _form(asked, row(value))


async def _form(asked: Asked, where: int) -> Form:
    now = await text.look(asked.sessions, asked.actor, where)
    fields = [
        Field(
            "for",
            say("What for?"),
            "one",
            value="training" if now.state == "training" else "context",
            choices=[Choice(say(label), value) for value, label in _PURPOSES.items()],
            required=True,
        ),
        Field(
            "review",
            say("Review"),
            "many",
            value="yes" if now.review_each else "",
            choices=[Choice(say("Learn only from messages that were approved one by one"), "yes")],
        ),
    ]
    intro = (Text(say("People in {channel} are told, and can say yes or no.", channel=f"#{now.name}")), *_terms())
    return Form(say("Open a channel"), "approve", say("Open"), fields, str(where), intro)


def _terms() -> tuple[Part, ...]:
    """What has to be true before anything is learned, and what the networks forbid."""
    rules = say(
        "Only what its author agreed to is learned, and text that came through an API only once the owner gave a "
        "ground for it (`/yamabiko permit-training`)."
    )
    return (Note(f"{rules} {_forbidden()}"),)


def _forbidden() -> str:
    return say(
        "Slack's and Discord's developer terms, as they are written, forbid training a model on text from their APIs "
        "unless they permit it: have an agreement with them, or import files you own, your workspace's own export, or "
        "members' own data packages."
    )


async def submit_approve(asked: Asked, value: str, given: Mapping[str, str]) -> Answer:
    if given.get("for") not in ("context", "training"):
        raise FormRefused("for", say("Choose what the channel is opened for."))
    return await _approved(asked, row(value), given["for"] == "training", "yes" in given.get("review", ""))


async def _approved(asked: Asked, where: int, training: bool, review_each: bool) -> Card:
    name = f"#{await text.approve(asked.sessions, asked.actor, where, training, review_each)}"
    if not training:
        return Card([Text(say("{channel} is open for context; its people are told.", channel=name))])
    opened = say("{channel} is open for training; its people are told, and asked.", channel=name)
    if review_each:
        opened = say("{channel} is open for training, after review; its people are told, and asked.", channel=name)
    parts: list[Part] = [Text(opened), *_terms()]
    if review_each:
        parts.append(Row([Button(say("Look through"), "review", str(where))]))
    return Card(parts)


async def close(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await press_close(asked, str(channel(asked, given)))


async def press_close(asked: Asked, value: str) -> Answer:
    name = await text.close(asked.sessions, asked.actor, row(value))
    return told(say("{channel} is closed: nothing of it is read or learned from now on.", channel=f"#{name}"))


async def permit(asked: Asked, given: Mapping[str, str]) -> Answer:
    where = given.get("workspace", asked.workspace_id)
    if "withdraw" in given:
        return await _permitted(asked, where, "")
    if "ground" in given:
        return await _permitted(asked, where, given["ground"])
    found = await text.workspace(asked.sessions, asked.actor, where)
    field = Field(
        "ground",
        say("The ground you have"),
        "text",
        value=found.ground or "",
        hint=say("For example: their written permission of 3 May, kept by the secretary. Empty takes it back."),
    )
    return Form(say("Permit training"), "permit-training", say("Record"), [field], str(found.id), _warning(found))


def _warning(found: WorkspaceSummary) -> tuple[Part, ...]:
    count = say_count(
        "{count:,} message of {workspace} came through an API.",
        "{count:,} messages of {workspace} came through an API.",
        found.api_messages,
        workspace=found.name,
    )
    warning = say(
        "Training on them needs, beside each author's yes, a permission that only you can answer for. What you write "
        "here is kept with your name; without it, none of them is learned."
    )
    return (Text(f"{count} {warning}"), Line(), Note(_forbidden()))


async def submit_permit(asked: Asked, value: str, given: Mapping[str, str]) -> Answer:
    return await _permitted(asked, int(value), given.get("ground", ""))


async def _permitted(asked: Asked, where: str | int, ground: str) -> Card:
    name = await text.permit_training(asked.sessions, asked.actor, where, ground)
    if not ground.strip():
        return told(say("No text that came from {workspace} through an API is learned any more.", workspace=name))
    return told(
        say(
            "Recorded: {workspace} may be trained on, on the ground of {ground!r}.",
            workspace=name,
            ground=ground.strip(),
        )
    )


SUBJECT = Subject(
    mark("Channels"),
    (
        Command("channels", mark("What each channel is open for, and what it holds"), list_channels, role="curator"),
        Command(
            "approve",
            mark("Open a channel for context, or for training too"),
            approve,
            (
                Option("channel", mark("Which; without it, this one"), "channel"),
                Option(
                    "for",
                    mark("What for"),
                    "one",
                    choices=("context", "training"),
                    label=lambda one: say(_PURPOSES[one]),
                ),
                Option("review", mark("Learn only from messages approved one by one"), "yes"),
            ),
            "admin",
            opens=True,
        ),
        Command(
            "close",
            mark("Close a channel: nothing of it is read or learned"),
            close,
            (Option("channel", mark("Which; without it, this one"), "channel"),),
            "admin",
        ),
        Command(
            "permit-training",
            mark("Record the ground on which text from this network's API may be learned"),
            permit,
            (
                Option("workspace", mark("Which server or workspace; without it, this one"), by_name=True),
                Option("withdraw", mark("Take the permission back"), "yes"),
                Option("ground", mark("What it rests on")),
            ),
            "owner",
            opens=True,
        ),
    ),
    presses={"channels": more_channels, "open": press_open, "close": press_close},
    forms={"approve": submit_approve, "permit-training": submit_permit},
)
