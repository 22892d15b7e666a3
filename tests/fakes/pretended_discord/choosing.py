"""What a person chooses: a command with its options, a button, a menu's entries, a dialog's fields.

Owns what Discord's own windows let them choose; whatever they do not, a test cannot do either. Knows no answer.
"""

from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.commands import (
    BOOLEAN,
    CHANNEL,
    GROUP,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUB,
    USER,
    split,
    words_of,
)
from tests.fakes.pretended_discord.components import BUTTON, LINK, MENUS, SELECT, walked
from tests.fakes.pretended_discord.modals import Held, is_menu, labelled
from tests.fakes.pretended_discord.permissions import in_guild, names_of, permissions
from tests.fakes.pretended_discord.said import shown_message
from tests.fakes.pretended_discord.showing import shown_channel, shown_member, shown_role, shown_user
from tests.fakes.pretended_discord.world import Channel, Json, Message, World

if TYPE_CHECKING:
    from tests.fakes.pretended_discord.person import Person

PYTHON = {INTEGER: int, BOOLEAN: bool, NUMBER: (int, float), STRING: str}
RESOLVED = {USER: "users", CHANNEL: "channels", ROLE: "roles"}


def called(person: "Person", text: str, channel: Channel, kind: int = 1) -> tuple[Json, list[str]]:
    """The registered command that the words name, and the words below it."""
    world = person.discord.world
    words = split(text) if kind == 1 else [text]
    there = [one for one in world.commands_in(channel.guild) if one["type"] == kind]
    command = next((one for one in there if one["name"] == words[0]), None)
    names = [path for one in there for path in words_of(one)]
    assert command, f"no such command here: {text}; there is {names}"
    _must_see(person, command, channel)
    return command, words[1:]


def _must_see(person: "Person", command: Json, channel: Channel) -> None:
    """Where it is offered, and to whom: a command's own permissions are a hint that a server's admins may change."""
    world, name = person.discord.world, command["name"]
    contexts = command["contexts"]
    here = 0 if channel.guild else 1
    assert contexts is None or here in contexts, f"/{name} is not offered {'in a guild' if channel.guild else 'in DMs'}"
    if channel.guild is None:
        return
    guild = world.guilds[channel.guild]
    offered = guild.commands and world.bot.id in guild.members
    assert offered, f"the app has no commands in {guild.name}"
    held = permissions(world, channel, person.id)
    assert held & 1 << 31, f"{person.user.name} may use no commands in #{channel.name}"
    wanted = command["default_member_permissions"]
    if wanted is None or name in person.granted:
        return
    needed = int(wanted)
    lacks = names_of(needed & ~in_guild(guild, person.id)) if needed else ["administrator"]
    seen = in_guild(guild, person.id) & needed == needed and (needed or in_guild(guild, person.id) & 8)
    assert seen, f"{person.user.name} does not see /{name}: it asks for {', '.join(lacks)}"


def chosen_options(
    world: World, command: Json, words: list[str], given: Json, typing: str | None = None
) -> tuple[Json, Json]:
    """The data of a command as Discord sends it, and what was resolved; `typing`: the option being typed."""
    resolved: Json = {}
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    place, options = data, command["options"]
    for word in words:
        inner = next((one for one in options if one["name"] == word and one["type"] in (SUB, GROUP)), None)
        assert inner, f"/{command['name']} has no {word}; there is {words_of(command)}"
        place["options"] = [{"name": word, "type": inner["type"]}]
        place, options = place["options"][0], inner.get("options") or []
    below = [one["name"] for one in options if one["type"] in (SUB, GROUP)]
    assert not below, f"/{' '.join([command['name'], *words])} needs one of {below}"
    unknown = sorted(given.keys() - {one["name"] for one in options})
    assert not unknown, f"no such option: {unknown}; there is {[one['name'] for one in options]}"
    missing = [one["name"] for one in options if one.get("required") and one["name"] not in given]
    assert not missing or typing, f"required: {missing}"
    place["options"] = [_option(world, one, given, resolved, typing) for one in options if one["name"] in given]
    return data, resolved


def _option(world: World, option: Json, given: Json, resolved: Json, typing: str | None) -> Json:
    name, value, kind = option["name"], given[option["name"]], option["type"]
    body: Json = {"name": name, "type": kind, "value": value}
    if name == typing:
        assert option.get("autocomplete"), f"{name} offers nothing while one types"
        return body | {"value": str(value), "focused": True}
    if kind in (*RESOLVED, MENTIONABLE):
        return body | {"value": resolve(world, value, resolved)}
    assert isinstance(value, PYTHON.get(kind, object)), f"{name} is not a {PYTHON[kind]}: {value!r}"
    assert kind == BOOLEAN or not isinstance(value, bool), f"{name} is no yes or no"
    if choices := option.get("choices"):
        found = next((one for one in choices if value in (one["name"], one["value"])), None)
        assert found, f"{name} is one of {[one['name'] for one in choices]}, not {value!r}"
        body["value"] = found["value"]
    if kind == STRING:
        least, most = option.get("min_length") or 0, option.get("max_length") or 6000
        assert least <= len(value) <= most, f"{name} must be between {least} and {most} in length"
    if kind in (INTEGER, NUMBER):
        least, most = option.get("min_value"), option.get("max_value")
        assert least is None or value >= least, f"{name} must be at least {least}"
        assert most is None or value <= most, f"{name} must be at most {most}"
    return body


def resolve(world: World, value: Any, resolved: Json) -> str:
    """The id of a person, a role or a channel; what it is goes into `resolved`."""
    found = getattr(value, "id", value)
    if found in world.users:
        resolved.setdefault("users", {})[found] = shown_user(world.users[found])
        guild = next((one for one in world.guilds.values() if found in one.members), None)
        if guild:
            member = shown_member(world, guild.members[found], with_user=False, held=in_guild(guild, found))
            resolved.setdefault("members", {})[found] = member
    elif found in world.channels:
        body = shown_channel(world, world.channels[found]) | {"permissions": "0"}
        resolved.setdefault("channels", {})[found] = body
    else:
        role = next((one.roles[found] for one in world.guilds.values() if found in one.roles), None)
        assert role, f"nobody and nothing is called {found!r}"
        resolved.setdefault("roles", {})[found] = shown_role(role)
    return found


def target(world: World, on: "Message | Person") -> tuple[str, Json]:
    """What a context menu was opened on; a message always comes whole."""
    resolved: Json = {}
    if isinstance(on, Message):
        resolved["messages"] = {on.id: shown_message(world, on, full=True)}
        return on.id, resolved
    return resolve(world, on, resolved), resolved


def found(message: Message, named: str, kinds: tuple[int, ...]) -> Json:
    """A button or a menu, by its custom_id, its label, its emoji or its placeholder."""
    there = [one for one in walked(message.components) if one["type"] in kinds]
    for one in there:
        if named in (one.get("custom_id"), one.get("label"), one.get("placeholder"), _face(one)):
            return one
    raise AssertionError(f"nothing here is called {named!r}; there is {[_face(one) for one in there]}")


def _face(one: Json) -> str:
    emoji = (one.get("emoji") or {}).get("name") or ""
    return f"{emoji} {one.get('label') or one.get('placeholder') or ''}".strip()


def pressed(message: Message, named: str) -> Json:
    """The data of a press."""
    button = found(message, named, (BUTTON,))
    assert not button.get("disabled"), f"[{named}] is greyed out"
    assert button["style"] != LINK, f"[{named}] opens {button['url']}, and the app hears nothing of it"
    return {"custom_id": button["custom_id"], "component_type": BUTTON, "id": button["id"]}


def chosen(world: World, message: Message, named: str, values: Any) -> Json:
    """The data of a choice in a menu; entries by label or by value, people and places themselves."""
    menu = found(message, named, MENUS)
    assert not menu.get("disabled"), f"{named} is greyed out"
    resolved: Json = {}
    picked = picked_values(world, menu, values, resolved)
    least, most = menu.get("min_values", 1), menu.get("max_values", 1)
    assert least <= len(picked) <= most, f"choose between {least} and {most}"
    message.state[menu["custom_id"]] = picked
    body: Json = {"custom_id": menu["custom_id"], "component_type": menu["type"], "id": menu["id"], "values": picked}
    return body | ({"resolved": resolved} if menu["type"] != SELECT else {})


def picked_values(world: World, menu: Json, values: Any, resolved: Json) -> list[str]:
    wanted = list(values) if isinstance(values, list | tuple | set) else [values]
    if not is_menu(menu):
        return [resolve(world, one, resolved) for one in wanted]
    return [_entry(menu, one) for one in wanted]


def _entry(menu: Json, wanted: Any) -> str:
    for one in menu["options"]:
        if wanted in (one["label"], one["value"]):
            return one["value"]
    raise AssertionError(f"no entry {wanted!r}; there is {[one['label'] for one in menu['options']]}")


def filled(world: World, components: list[Json], held: Held, values: Json) -> Json:
    """Write into a dialog's fields, by custom_id or by what stands above them; what was resolved."""
    resolved: Json = {}
    fields = labelled(components)
    for name, value in values.items():
        field = next((one for label, one in fields if name in (label, one["custom_id"])), None)
        assert field, f"the dialog has no field {name!r}; there is {[label for label, _ in fields]}"
        if field["type"] in (*MENUS, 21, 22):
            held[field["custom_id"]] = picked_values(world, field, value, resolved) if value is not None else []
        elif isinstance(value, bool):
            held[field["custom_id"]] = ["true"] if value else []
        else:
            held[field["custom_id"]] = [str(value)]
    return resolved
