"""Discord's interactions as the desk's calls.

Owns what is read out of them. Calls nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import discord

from bot.chat.commands.asked import Call
from bot.chat.events import MemberSeen, Posted
from bot.importers.discord_markup import plain
from bot.platforms.discord.payloads import member, place, posted, workspace

Data = Mapping[str, Any]
Asking = discord.Interaction[Any]

STRING, INTEGER, BOOLEAN, USER, CHANNEL = 3, 4, 5, 6, 7
LABEL, ROW = 18, 1

_MEMBER = re.compile(r"<@!?([0-9]{1,20})>")
_NO_NAME = re.compile(r"[<>|\n]+")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command with what it was told; `focused` is the option that is being typed."""

    name: str
    given: Mapping[str, str]
    focused: str = ""


def call(interaction: Asking, guild: discord.Guild, message: Posted | None = None) -> Call:
    channel, thread = place(interaction.channel) if interaction.channel is not None else (None, None)
    if channel is not None and channel.direct:
        channel = replace(channel, name=f"@{interaction.user.display_name}")
    who = replace(member(interaction.user), locale=str(interaction.locale.value))
    return Call(workspace(guild), who, channel, thread, message)


def data_of(interaction: Asking) -> Data:
    return cast(Data, interaction.data or {})


def typed(data: Data) -> Typed:
    """The command under the root, by its own name wherever it stands."""
    name, options = str(data.get("name", "")), _options(data)
    while options and options[0]["type"] in (1, 2):
        name, options = str(options[0]["name"]), _options(options[0])
    resolved: Data = data.get("resolved") or {}
    given = {str(one["name"]): _given(one, resolved) for one in options}
    focused = next((str(one["name"]) for one in options if one.get("focused")), "")
    return Typed(name, given, focused)


def _options(data: Data) -> Sequence[Data]:
    return cast(Sequence[Data], data.get("options") or ())


def _given(option: Data, resolved: Data) -> str:
    value = option.get("value", "")
    match option["type"]:
        case 5:
            return "yes" if value else "no"
        case 6:
            return f"<@{value}|{_name_of_member(str(value), resolved)}>"
        case 7:
            channel: Data = (resolved.get("channels") or {}).get(str(value)) or {}
            return f"<#{value}|{_NO_NAME.sub(' ', str(channel.get('name') or ''))}>"
        case _:
            return str(value)


def _name_of_member(id: str, resolved: Data) -> str:
    """As the guild calls them, else as they call themselves."""
    seen: Data = (resolved.get("members") or {}).get(id) or {}
    user: Data = (resolved.get("users") or {}).get(id) or {}
    name = seen.get("nick") or user.get("global_name") or user.get("username") or ""
    return _NO_NAME.sub(" ", str(name))


def target(interaction: Asking) -> discord.Message | None:
    """The message that a menu was opened on."""
    data = data_of(interaction)
    found: Data = (data.get("resolved") or {}).get("messages") or {}
    message = found.get(str(data.get("target_id")))
    if message is None or interaction.channel is None:
        return None
    state = interaction._state  # pyright: ignore[reportPrivateUsage]  # as the library makes them itself
    return discord.Message(state=state, channel=cast(Any, interaction.channel), data=message)


def of_message(message: discord.Message, me: int) -> Posted:
    """`thread` is None whatever it stands in: in Discord a question is about a message, not about its thread."""
    return replace(posted(message, me), thread=None)


def chosen(data: Data) -> str:
    """What was chosen in a menu."""
    values = cast(Sequence[str], data.get("values") or ())
    return str(values[0]) if values else ""


def filled(data: Data) -> dict[str, str]:
    """What stands in a dialog, by field; of several the values one a line."""
    return {str(one["custom_id"]): _held(one) for one in _fields(data.get("components") or ())}


def _fields(components: Sequence[Data]) -> Iterator[Data]:
    for one in components:
        if one.get("type") == LABEL:
            yield one["component"]
        elif one.get("type") == ROW:
            yield from one["components"]


def _held(field: Data) -> str:
    if "values" in field:
        return "\n".join(map(str, field["values"] or ()))
    value = field.get("value")
    return ("yes" if value else "") if isinstance(value, bool) else str(value or "")


def asked(question: str, me: int) -> tuple[str, list[MemberSeen]]:
    """A typed question as messages are: members by their ids; and those members, whose names Discord does not tell."""
    people = [MemberSeen(id, "") for id in dict.fromkeys(_MEMBER.findall(question)) if id != str(me)]
    return plain(question, lambda id: "" if id == str(me) else f"<@member:{id}>").strip(), people


def read_aloud(question: str) -> str:
    """A typed question as people read it, with nobody called."""
    return plain(question, lambda id: "@…")


def label_of(message: discord.Message | None, custom: str) -> str:
    """What stands on the button, or on the choice of a menu, that has this custom id."""
    return next((label for id, label in _labels(message.components if message else ()) if id == custom), "")


def custom_ids_of(message: discord.Message) -> list[str]:
    return [custom for custom, _ in _labels(message.components)]


def _labels(components: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for one in components:
        if getattr(one, "label", None) and getattr(one, "custom_id", None):
            yield one.custom_id, one.label
        for choice in getattr(one, "options", ()):
            yield choice.value, choice.label
        inner = [*getattr(one, "children", ()), getattr(one, "accessory", None)]
        yield from _labels([child for child in inner if child is not None])
