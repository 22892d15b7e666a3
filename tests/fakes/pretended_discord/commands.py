"""Application commands: registering them, for everywhere and for one guild, and what Discord takes for one.

Owns the rules of names, options and choices. Who calls them is beside it.
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import regex

from tests.fakes.pretended_discord.refusals import Complaints, Refused, complaint, unknown
from tests.fakes.pretended_discord.routes import Call, guild_of, route
from tests.fakes.pretended_discord.world import Json

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord

SLASH, ON_USER, ON_MESSAGE = 1, 2, 3
SUB, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
NAME = regex.compile(r"[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}")
AT_MOST = {SLASH: 100, ON_USER: 15, ON_MESSAGE: 15}
TOGETHER_AT_MOST = 8000
GLOBALLY, IN_GUILD = "/applications/{app}/commands", "/applications/{app}/guilds/{guild}/commands"
TEXTS = ("name", "description", "value")


def check_commands(commands: object) -> list[Json]:
    wrong = Complaints()
    if not isinstance(commands, list):
        raise complaint("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    names: set[tuple[int, str]] = set()
    for number, one in enumerate(commands):
        _check(wrong, one, str(number))
        key = (one.get("type") or SLASH, str(one.get("name")))
        if key in names:
            said = "Application command names must be unique"
            wrong.add(str(number), "APPLICATION_COMMANDS_DUPLICATE_NAME", said)
        names.add(key)
    wrong.settle()
    for kind, most in AT_MOST.items():
        if sum(one == kind for one, _ in names) > most:
            raise Refused(400, 30032, f"Maximum number of application commands reached ({most}).")
    return commands


def _check(wrong: Complaints, command: Json, at: str) -> None:
    kind = command.get("type") or SLASH
    if not wrong.one_of(kind, f"{at}.type", (SLASH, ON_USER, ON_MESSAGE)):
        return
    if kind == SLASH:
        _check_name(wrong, command.get("name"), f"{at}.name")
        wrong.text(command.get("description"), f"{at}.description", 100, 1)
        _check_options(wrong, command.get("options") or [], f"{at}.options", depth=0)
        if _length(command) > TOGETHER_AT_MOST:
            said = f"Command exceeds maximum size ({TOGETHER_AT_MOST})"
            wrong.add(at, "APPLICATION_COMMAND_TOO_LARGE", said)
    else:
        wrong.text(command.get("name"), f"{at}.name", 32, 1)
        for key in ("description", "options"):
            if command.get(key):
                said = "Context menu commands cannot have this"
                wrong.add(f"{at}.{key}", "APPLICATION_COMMAND_CONTEXT_MENU_" + key.upper(), said)
    permissions = command.get("default_member_permissions")
    if permissions is not None and not str(permissions).isdecimal():
        wrong.add(f"{at}.default_member_permissions", "NUMBER_TYPE_COERCE", "Value is not a set of permissions.")
    for key, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        for value in command.get(key) or []:
            wrong.one_of(value, f"{at}.{key}", allowed)


def _check_name(wrong: Complaints, name: object, at: str) -> None:
    wrong.text(name, at, 32, 1)
    if isinstance(name, str) and name and (not NAME.fullmatch(name) or name != name.lower()):
        wrong.add(at, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(wrong: Complaints, options: list[Json], at: str, depth: int) -> None:
    if not wrong.count(options, at, 25):
        return
    names, optional = [one.get("name") for one in options], False
    kinds = {one.get("type") in (SUB, GROUP) for one in options}
    if len(kinds) > 1:
        said = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        wrong.add(at, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", said)
    for number, one in enumerate(options):
        where = f"{at}.{number}"
        if names.count(one.get("name")) > 1:
            wrong.add(f"{where}.name", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique")
        _check_name(wrong, one.get("name"), f"{where}.name")
        wrong.text(one.get("description"), f"{where}.description", 100, 1)
        allowed = tuple(range(1, 12)) if depth == 0 else (SUB, *range(3, 12)) if depth == 1 else tuple(range(3, 12))
        if not wrong.one_of(one.get("type"), f"{where}.type", allowed):
            continue
        if one["type"] in (SUB, GROUP):
            _check_options(wrong, one.get("options") or [], f"{where}.options", 1 if one["type"] == GROUP else 2)
            continue
        if one.get("required") and optional:
            said = "Required options must be placed before non-required options"
            wrong.add(f"{where}.required", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", said)
        optional = optional or not one.get("required")
        _check_choices(wrong, one, where)


def _check_choices(wrong: Complaints, option: Json, at: str) -> None:
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        said = "Choices and autocomplete are mutually exclusive"
        wrong.add(at, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", said)
    if option.get("autocomplete") and option["type"] not in (STRING, INTEGER, NUMBER):
        wrong.add(f"{at}.autocomplete", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "This type has no autocomplete")
    check_choices(wrong, choices, f"{at}.choices")
    wrong.number(option.get("min_length"), f"{at}.min_length", 0, 6000)
    wrong.number(option.get("max_length"), f"{at}.max_length", 1, 6000)


def check_choices(wrong: Complaints, choices: object, at: str) -> None:
    """At most twenty-five, whether they stand in the definition or are offered while somebody types."""
    if not wrong.count(choices, at, 25):
        return
    assert isinstance(choices, list)
    for number, one in enumerate(choices):
        wrong.text(one.get("name"), f"{at}.{number}.name", 100, 1)
        if isinstance(one.get("value"), str):
            wrong.text(one["value"], f"{at}.{number}.value", 100, 0)
    names = [one.get("name") for one in choices]
    if len(set(names)) < len(names):
        wrong.add(at, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATE", "Choice names must be unique")


def _length(command: Json) -> int:
    """Names, descriptions and choices' values; of the localisations the longest counts."""

    def pieces(value: Any) -> Iterator[int]:
        for key in TEXTS:
            texts = [value.get(key), *(value.get(f"{key}_localizations") or {}).values()]
            yield max((len(one) for one in texts if isinstance(one, str)), default=0)
        for inner in [*(value.get("options") or []), *(value.get("choices") or [])]:
            yield from pieces(inner)

    return sum(pieces(command))


def _own(discord: "FakeDiscord", call: Call) -> str | None:
    """The guild that is meant, or none; refuses where the app is another's or not there."""
    if call["app"] != discord.world.app.id:
        raise Refused(403, 20012, "You are not authorized to perform this action on this application")
    if "guild" not in call.params:
        return None
    guild = guild_of(discord.world, call["guild"])
    if not guild.commands:
        raise Refused(403, 50001, "Missing Access")
    return guild.id


def kept(discord: "FakeDiscord", guild: str | None, command: Json, known: Json | None) -> Json:
    """As Discord keeps it; the id stays while the name does, the version does while nothing changes."""
    body: Json = {"type": SLASH, "description": "", "options": [], "nsfw": False, "default_member_permissions": None}
    body |= {"contexts": None, "integration_types": [0], "name_localizations": None, "description_localizations": None}
    body |= json.loads(json.dumps(command))
    if body["contexts"] is None and body.get("dm_permission") is False:
        body["contexts"] = [0]
    body |= {"id": known["id"] if known else discord.world.snowflake(), "application_id": discord.world.app.id}
    if guild:
        body["guild_id"] = guild
    same = known is not None and {**known, "version": ""} == {**body, "version": ""}
    return body | {"version": known["version"] if known and same else discord.world.snowflake()}


def _named(commands: dict[str, Json], command: Json) -> Json | None:
    wanted = (command.get("type") or SLASH, command.get("name"))
    return next((one for one in commands.values() if (one["type"], one["name"]) == wanted), None)


@route("GET", IN_GUILD)
@route("GET", GLOBALLY)
def listed(discord: "FakeDiscord", call: Call) -> Any:
    found = discord.world.commands.get(_own(discord, call), {}).values()
    if call.query.get("with_localizations") in ("1", "true", "True"):
        return list(found)
    return [{key: value for key, value in one.items() if not key.endswith("_localizations")} for one in found]


@route("PUT", IN_GUILD)
@route("PUT", GLOBALLY)
def replaced(discord: "FakeDiscord", call: Call) -> Any:
    """All at once: what is not named any more goes."""
    guild = _own(discord, call)
    before = discord.world.commands.get(guild, {})
    made = [kept(discord, guild, one, _named(before, one)) for one in check_commands(call.body)]
    discord.world.commands[guild] = {one["id"]: one for one in made}
    return made


@route("POST", IN_GUILD)
@route("POST", GLOBALLY)
def added(discord: "FakeDiscord", call: Call) -> Any:
    """One more, or one anew: the name tells."""
    guild, wanted = _own(discord, call), call.json
    own = discord.world.commands.setdefault(guild, {})
    known = _named(own, wanted)
    check_commands([one for one in own.values() if one is not known] + [wanted])
    made = kept(discord, guild, wanted, known)
    own[made["id"]] = made
    return (200 if known else 201), made


@route("GET", f"{IN_GUILD}/{{command}}")
@route("GET", f"{GLOBALLY}/{{command}}")
def one_command(discord: "FakeDiscord", call: Call) -> Json:
    return _one(discord, call)


@route("PATCH", f"{IN_GUILD}/{{command}}")
@route("PATCH", f"{GLOBALLY}/{{command}}")
def changed(discord: "FakeDiscord", call: Call) -> Json:
    guild, known = _own(discord, call), _one(discord, call)
    made = kept(discord, guild, known | call.json, known)
    check_commands([made])
    discord.world.commands[guild][made["id"]] = made
    return made


@route("DELETE", f"{IN_GUILD}/{{command}}")
@route("DELETE", f"{GLOBALLY}/{{command}}")
def dropped(discord: "FakeDiscord", call: Call) -> None:
    found = _one(discord, call)
    del discord.world.commands[_own(discord, call)][found["id"]]


def _one(discord: "FakeDiscord", call: Call) -> Json:
    found = discord.world.commands.get(_own(discord, call), {}).get(call["command"])
    if found is None:
        raise unknown("application command")
    return found


def words_of(command: Json) -> list[str]:
    """Everything that can be called under it: "yamabiko ask", "yamabiko persona add"."""

    def below(options: list[Json], path: str) -> Iterator[str]:
        inner = [one for one in options if one["type"] in (SUB, GROUP)]
        for one in inner:
            yield from below(one.get("options") or [], f"{path} {one['name']}")
        if not inner:
            yield path

    return list(below(command.get("options") or [], command["name"]))


def split(text: str) -> list[str]:
    return re.sub(r"^/", "", text).split()
