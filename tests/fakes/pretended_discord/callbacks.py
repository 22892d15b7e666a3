"""The first answer to an interaction.

Owns which answers fit which questions, and what each does. What comes after stands in followups.
"""

from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.bodies import Body
from tests.fakes.pretended_discord.commands import ON_MESSAGE, ON_USER, check_choices
from tests.fakes.pretended_discord.interactions import (
    ALLOWED,
    CHOICES,
    DEFERRED,
    MESSAGE,
    MODAL,
    UPDATE,
    Interaction,
    Modal,
    waiting,
)
from tests.fakes.pretended_discord.messages import note_mentions, reference_to, rewrite
from tests.fakes.pretended_discord.modals import check_modal, prefilled
from tests.fakes.pretended_discord.refusals import Complaints, complaint
from tests.fakes.pretended_discord.routes import Call, route
from tests.fakes.pretended_discord.said import shown_message
from tests.fakes.pretended_discord.world import EPHEMERAL, LOADING, Json, Message, Said

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


@route("POST", "/interactions/{interaction}/{token}/callback", open=True, counted=False)
def respond(discord: "FakeDiscord", call: Call) -> Any:
    one, asked = waiting(discord, call["interaction"], call["token"]), call.json
    kind, data = asked.get("type"), asked.get("data") or {}
    wrong = Complaints()
    fits = [other for other in ALLOWED[one.kind] if one.message or other not in (UPDATE, 6)]
    wrong.one_of(kind, "type", tuple(fits))
    wrong.settle()
    match kind:
        case 4:
            answer(discord, one, _said(discord, one, data, call.files))
        case 5:
            one.ephemeral = bool((data.get("flags") or 0) & EPHEMERAL)
            made = new_message(discord, one)
            made.flags |= LOADING
            answer(discord, one, made)
        case 6:
            one.original = one.message
        case 7:
            assert one.message is not None
            one.original = one.message
            rewrite(discord, one.message, Body(data, call.files, one.message))
        case 8:
            check_choices(wrong, data.get("choices"), "data.choices")
            wrong.settle()
            one.choices = data["choices"]
        case _:
            _open(discord, one, data)
    _close_window(discord, one)
    one.response, one.took = kind, discord.clock.now() - one.made
    one.answered.set()
    return _told(discord, one) if call.query.get("with_response") in ("1", "true", "True") else None


def _said(discord: "FakeDiscord", one: Interaction, data: Json, files: list[Json]) -> Message:
    body = Body(data, files)
    body.must_say_something()
    one.ephemeral = bool(body.flags & EPHEMERAL)
    made = new_message(discord, one)
    body.put_into(made)
    note_mentions(discord, one.channel, made, body)
    return made


def new_message(discord: "FakeDiscord", one: Interaction, ephemeral: bool | None = None) -> Message:
    """The app's, in answer to this; `ephemeral` if not as the first answer was."""
    world = discord.world
    made = Message(world.snowflake(), one.channel.id, world.bot.id, discord.clock.now(), by_bot=True)
    made.webhook, made.answers, made.interaction = world.app.id, one, one.metadata(world)
    context = one.command is not None and one.command["type"] in (ON_USER, ON_MESSAGE)
    made.kind = Said.CONTEXT_MENU if context else Said.COMMAND
    if one.message is not None:
        made.kind, made.reference = Said.REPLY, reference_to(discord, one.message)
    if one.ephemeral if ephemeral is None else ephemeral:
        made.only_for, made.flags = one.user, EPHEMERAL
    return made


def show(discord: "FakeDiscord", made: Message) -> Message:
    """To everybody, or to the one person whom it is for."""
    if made.only_for is None:
        return discord.post(made)
    made.versions.append(made.content)
    discord.world.ephemerals[made.id] = made
    return made


def answer(discord: "FakeDiscord", one: Interaction, made: Message) -> None:
    one.original = show(discord, made)


def _open(discord: "FakeDiscord", one: Interaction, data: Json) -> None:
    """A dialog takes the place of any that is open."""
    if not isinstance(data, dict):
        raise complaint("data", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    checked = check_modal(data)
    components = checked["components"]
    one.opened = Modal(one.user, data["title"], data["custom_id"], components, one, prefilled(components))
    if before := discord.world.modals.get(one.user):
        before.open = False
    discord.world.modals[one.user] = one.opened


def _close_window(discord: "FakeDiscord", one: Interaction) -> None:
    """A dialog that was sent closes as soon as it is answered."""
    if one.modal is not None:
        one.modal.open = False
        if discord.world.modals.get(one.user) is one.modal:
            del discord.world.modals[one.user]


def _told(discord: "FakeDiscord", one: Interaction) -> Json:
    body: Json = {"id": one.id, "type": one.kind, "channel_id": one.channel.id}
    resource: Json = {"type": one.response}
    if one.original is not None:
        body |= {"response_message_id": one.original.id}
        body |= {"response_message_loading": bool(one.original.flags & LOADING)}
        body |= {"response_message_ephemeral": one.original.only_for is not None}
    if one.response in (MESSAGE, DEFERRED, UPDATE) and one.original is not None:
        resource["message"] = shown_message(discord.world, one.original, full=True)
    return {"interaction": body} | ({} if one.response in (CHOICES, MODAL) else {"resource": resource})
