"""What is said in answer to an interaction after the first answer: webhooks/{app}/{token}.

Owns which message is meant, and that the first thing said after a deferral takes the place of its "thinking".
"""

from typing import TYPE_CHECKING

from tests.fakes.pretended_discord.bodies import Body
from tests.fakes.pretended_discord.callbacks import new_message, show
from tests.fakes.pretended_discord.interactions import Interaction, lasting
from tests.fakes.pretended_discord.messages import note_mentions, reference_to, rewrite
from tests.fakes.pretended_discord.refusals import unknown
from tests.fakes.pretended_discord.routes import Bucket, Call, route
from tests.fakes.pretended_discord.said import shown_message
from tests.fakes.pretended_discord.world import EPHEMERAL, LOADING, Json, Message, Said

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

HOOK, ORIGINAL, ONE = "/webhooks/{app}/{token}", "/webhooks/{app}/{token}/messages/@original", "/messages/{message}"
PACE = Bucket("webhook", 5, 2.0)


def _shown(discord: "FakeDiscord", message: Message) -> Json:
    return shown_message(discord.world, message, full=True)


@route("POST", HOOK, open=True, counted=False, bucket=PACE)
def follow(discord: "FakeDiscord", call: Call) -> Json:
    one = lasting(discord, call["app"], call["token"])
    body = Body(call.json, call.files)
    body.must_say_something()
    if one.original is not None and one.original.flags & LOADING and not one.original.deleted:
        one.followups.append(_fill(discord, one.original, body))
        return _shown(discord, one.original)
    made = new_message(discord, one, bool(body.flags & EPHEMERAL))
    made.kind, made.reference = Said.DEFAULT, None
    if one.original is not None:
        made.kind, made.reference = Said.REPLY, reference_to(discord, one.original)
    body.put_into(made)
    note_mentions(discord, one.channel, made, body)
    one.followups.append(show(discord, made))
    return _shown(discord, made)


def _fill(discord: "FakeDiscord", message: Message, body: Body) -> Message:
    """What was "thinking" says something; for whose eyes, the deferral decided."""
    message.flags &= ~LOADING
    rewrite(discord, message, body)
    message.edited = None
    return message


@route("PATCH", ORIGINAL, open=True, counted=False, bucket=PACE)
@route("PATCH", HOOK + ONE, open=True, counted=False, bucket=PACE)
def change(discord: "FakeDiscord", call: Call) -> Json:
    message = _meant(discord, call)
    body = Body(call.json, call.files, message)
    if message.flags & LOADING:
        body.must_say_something()
        return _shown(discord, _fill(discord, message, body))
    return _shown(discord, rewrite(discord, message, body))


@route("GET", ORIGINAL, open=True, counted=False, bucket=PACE)
@route("GET", HOOK + ONE, open=True, counted=False, bucket=PACE)
def look(discord: "FakeDiscord", call: Call) -> Json:
    return _shown(discord, _meant(discord, call))


@route("DELETE", ORIGINAL, open=True, counted=False, bucket=PACE)
@route("DELETE", HOOK + ONE, open=True, counted=False, bucket=PACE)
def take_back(discord: "FakeDiscord", call: Call) -> None:
    message = _meant(discord, call)
    if message.only_for is None:
        discord.remove(discord.world.channels[message.channel], message)
    else:
        message.deleted = True
        discord.world.ephemerals.pop(message.id, None)


def _meant(discord: "FakeDiscord", call: Call) -> Message:
    one = lasting(discord, call["app"], call["token"])
    found = _named(one, call.params.get("message"))
    if found is None or found.deleted:
        raise unknown("Message")
    return found


def _named(one: Interaction, message: str | None) -> Message | None:
    if message is None:
        return one.original
    known = [*one.followups, *([one.original] if one.original else [])]
    return next((found for found in known if found.id == message), None)
