"""The bot's commands as Discord is told of them, built from those of bot.chat.commands.

Owns how a command and its options look there, and what Discord may know of them in other languages. A new command
appears by itself. Calls nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord

from bot.chat.commands import COMMANDS
from bot.chat.commands.asked import Command, Kind, Option
from bot.chat.commands.shortcuts import SHORTCUTS, Shortcut
from bot.chat.markdown import short
from bot.platforms.discord.naming import ROOT, groups
from db.words import LANGUAGES, mark, say, speaking

Json = dict[str, Any]

CHAT_INPUT, ON_MESSAGE = 1, 3
SUBCOMMAND, GROUP = 1, 2
IN_GUILDS, IN_DIRECT = 0, 1
NAME, DESCRIPTION, CHOICE, CHOICES = 32, 100, 100, 25

_DOES = mark("Everything the bot does beside talking")
_TYPES: Mapping[Kind, int] = {"number": 4, "yes": 5, "member": 6, "channel": 7}  # all others are text
_SUGGESTED: Sequence[Kind] = ("persona", "run", "adapter")
# Where people write; a thread is part of its channel.
_CHANNELS = (
    discord.ChannelType.text,
    discord.ChannelType.voice,
    discord.ChannelType.news,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
    discord.ChannelType.media,
)
_OTHERS = [one for one in LANGUAGES if one != "en"]  # as Discord calls them, too


def definition() -> list[Json]:
    """All of it, as Discord keeps it but for its own ids."""
    return [_root(), *(_shortcut(one) for one in SHORTCUTS)]


def shortcut_of(name: str) -> Shortcut | None:
    return next((one for one in SHORTCUTS if one.name == name), None)


def _root() -> Json:
    """default_member_permissions stay open, since it holds everyone's commands; who may what is the desk's to say."""
    grouped = groups()
    inside = {name for _, names in grouped.values() for name in names}
    alone = [_command(one) for name, one in COMMANDS.items() if name not in inside]
    return {
        "type": CHAT_INPUT,
        "name": ROOT,
        **_described(_DOES),
        "options": [*alone, *(_group(name, does, names) for name, (does, names) in grouped.items())],
        **_offered(IN_GUILDS, IN_DIRECT),
    }


def _group(name: str, does: str, names: Sequence[str]) -> Json:
    options = [_command(COMMANDS[one]) for one in names if one in COMMANDS]
    return {"type": GROUP, "name": name, **_described(does), "options": options}


def _command(command: Command) -> Json:
    """Discord wants what is required first; the others keep their order."""
    sorted_out = sorted(command.options, key=lambda one: not one.required)
    options = [_option(one) for one in sorted_out]
    described = {"type": SUBCOMMAND, "name": command.name, **_described(command.summary)}
    return described | ({"options": options} if options else {})


def _option(option: Option) -> Json:
    found: Json = {"type": _TYPES.get(option.kind, 3), "name": option.name, **_described(option.summary)}
    if option.required:
        found["required"] = True
    if option.kind in _SUGGESTED:
        found["autocomplete"] = True
    elif option.kind == "channel":
        found["channel_types"] = [one.value for one in _CHANNELS]
    elif option.kind == "one":
        found["choices"] = list(_choices(option))
    return found


def _choices(option: Option) -> Iterator[Json]:
    for value in option.choices[:CHOICES]:
        name = short(option.label(value), CHOICE)
        yield {"name": name, "value": value, **_elsewhere("name", lambda one=value: option.label(one), CHOICE)}


def _shortcut(one: Shortcut) -> Json:
    """To whom Discord shows it at first is a hint alone: server admins change it, and the desk decides."""
    found = {"type": ON_MESSAGE, "name": one.name, **_elsewhere("name", lambda: say(one.name), NAME)}
    if one.keeps_order:
        hint = str(discord.Permissions(manage_messages=True).value)
        return found | {"default_member_permissions": hint, **_offered(IN_GUILDS)}
    return found | _offered(IN_GUILDS, IN_DIRECT)


def _offered(*contexts: int) -> Json:
    return {"contexts": list(contexts), "integration_types": [0]}  # of a guild, never of one's own account


def _described(summary: str) -> Json:
    """Names stay as they are typed everywhere else; what they do is told in each language."""
    return {"description": short(summary, DESCRIPTION), **_elsewhere("description", lambda: say(summary), DESCRIPTION)}


def _elsewhere(what: str, said: Any, longest: int) -> Json:
    found: dict[str, str] = {}
    with speaking("en"):
        english = said()
    for language in _OTHERS:
        with speaking(language):
            if (told := short(said(), longest)) != english:
                found[language] = told
    return {f"{what}_localizations": found} if found else {}
