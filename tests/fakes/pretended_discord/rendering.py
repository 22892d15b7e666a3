"""Discord's messages and dialogs as text, for a developer at a terminal.

Owns how they look as lines. Knows no rule.
"""

from typing import Any

from tests.fakes.pretended_discord.components import CHECKBOX, CHECKBOXES, LABEL, RADIOS, ROW, TEXT, TEXT_INPUT
from tests.fakes.pretended_discord.interactions import Modal
from tests.fakes.pretended_discord.modals import Held, labelled
from tests.fakes.pretended_discord.world import LOADING, Channel, Json, Kind, Message, Said, World

SYSTEM = {Said.JOIN: "joined", Said.PIN: "pinned a message", Said.THREAD_CREATED: "started a thread:"}


def transcript(world: World, channel: Channel) -> str:
    lines = [_title(world, channel)]
    said = list(channel.messages.values())
    said += [one for one in world.ephemerals.values() if one.channel == channel.id]
    for one in sorted(said, key=lambda one: int(one.id)):
        lines += _entry(world, one)
    return "\n".join(lines)


def _title(world: World, channel: Channel) -> str:
    if channel.thread:
        parent = world.channels.get(channel.parent or "")
        marks = [name for name in ("archived", "locked") if getattr(channel.thread, name)]
        marks += ["private"] if channel.is_private_thread else []
        return f"#{parent.name if parent else '?'} › {channel.name} ({' '.join([*marks, 'thread'])})"
    if channel.kind == Kind.DM:
        others = [world.users[one].shown_name for one in channel.recipients if one != world.bot.id]
        return f"@{', '.join(others)} (in private)"
    return f"#{channel.name} ({channel.kind.name.lower()})"


def rendered(world: World, what: Message | Modal) -> str:
    if isinstance(what, Modal):
        return "\n".join(_modal(what))
    return "\n".join(_body(world, what))


def _name(world: World, message: Message) -> str:
    guild = world.guilds.get(world.channels[message.channel].guild or "") if message.channel in world.channels else None
    member = guild.members.get(message.author) if guild else None
    return (member.nick if member else None) or world.users[message.author].shown_name


def _entry(world: World, one: Message) -> list[str]:
    head = _name(world, one)
    if one.only_for:
        head += f" (only {world.users[one.only_for].shown_name} sees this)"
    if one.kind == Said.REPLY and one.reference:
        answered = world.message(one.channel, str(one.reference.get("message_id")))
        head += f" ↳ {_name(world, answered) if answered else 'a message that is gone'}"
    head += "".join(f" {emoji}×{len(users)}" for emoji, users in one.reactions.items())
    head += " (edited)" if one.edited else ""
    head += " (pinned)" if one.pinned else ""
    if one.kind in SYSTEM:
        return [f"— {head} {SYSTEM[Said(one.kind)]} {one.content}".rstrip()]
    if one.kind == Said.THREAD_STARTER and one.reference:
        started = world.message(one.reference["channel_id"], one.reference["message_id"])
        return [f"— about: {_name(world, started)}: {started.content}" if started else "— about a message that is gone"]
    lines = _body(world, one)
    first = [f"{head}: {lines[0]}"] if lines else [f"{head}:"]
    thread = world.channels.get(one.thread or "")
    after = [f"  └ {thread.name} ({len(thread.messages)})"] if thread else []
    return [*first, *(f"  {line}" for line in lines[1:]), *after]


def _body(world: World, one: Message) -> list[str]:
    if one.flags & LOADING:
        return ["… is thinking"]
    lines = one.content.splitlines()
    for embed in one.embeds:
        lines += [f"┃ {line}" for line in _embed(embed)]
    lines += [f"(file: {file['filename']})" for file in one.attachments]
    for component in one.components:
        lines += component_lines(component, one.state)
    return lines


def _embed(embed: Json) -> list[str]:
    lines = [f"== {embed['title']} =="] if embed.get("title") else []
    if author := (embed.get("author") or {}).get("name"):
        lines.insert(0, author)
    lines += (embed.get("description") or "").splitlines()
    for field in embed.get("fields") or []:
        first, *rest = str(field["value"]).splitlines()
        lines += [f"{field['name']}: {first}", *(f"  {line}" for line in rest)]
    if footer := (embed.get("footer") or {}).get("text"):
        lines.append(f"~ {footer}")
    return lines


def component_lines(one: Json, state: Held) -> list[str]:
    match one["type"]:
        case 1:
            return [" ".join(_element(inner, state) for inner in one["components"])]
        case 9:
            lines = [line for inner in one["components"] for line in component_lines(inner, state)]
            return [*lines[:-1], f"{lines[-1]}  {_element(one['accessory'], state)}"]
        case 10:
            return one["content"].splitlines()
        case 14:
            return ["─" * 20]
        case 17:
            return [f"┃ {line}" for inner in one["components"] for line in component_lines(inner, state)]
        case _:
            return [_element(one, state)]


def _element(one: Json, state: Held) -> str:
    face = " ".join(part for part in ((one.get("emoji") or {}).get("name"), one.get("label")) if part)
    if one["type"] == 2:
        return f"({face})" if one.get("disabled") else f"[{face}]"
    labels = {option["value"]: option["label"] for option in one.get("options", [])}
    held = [labels.get(value, value) for value in state.get(one.get("custom_id", ""), [])]
    shown = ", ".join(held) or ", ".join(labels[value["value"]] for value in _defaults(one)) or one.get("placeholder")
    return f"[{shown or '…'} ▾{' of ' + ' / '.join(labels.values()) if labels else ''}]"


def _defaults(one: Json) -> list[Json]:
    return [option for option in one.get("options", []) if option.get("default")]


def _modal(modal: Modal) -> list[str]:
    lines = [f"┌ {modal.title}"]
    for one in modal.components:
        if one["type"] == TEXT:
            lines += [f"│ {line}" for line in one["content"].splitlines()]
            continue
        for label, field in labelled([one]):
            optional = "" if field.get("required", True) else " (optional)"
            lines.append(f"│ {label}{optional}: {_field(field, modal.held)}")
        if one["type"] == LABEL and one.get("description"):
            lines.append(f"│   ({one['description']})")
        assert one["type"] in (ROW, LABEL)
    return [*lines, "└ [Cancel] [Submit]"]


def _field(field: Json, held: Any) -> str:
    if field["type"] == TEXT_INPUT:
        return f"[{(held[field['custom_id']] or [''])[0] or field.get('placeholder') or '…'}]"
    chosen = held[field["custom_id"]]
    if field["type"] == CHECKBOX:
        return "(x)" if chosen else "( )"
    if field["type"] in (RADIOS, CHECKBOXES):
        return " ".join(f"({'x' if one['value'] in chosen else ' '}) {one['label']}" for one in field["options"])
    return _element(field, held)
