"""Slack's cards as text, for a developer at a terminal.

Owns how blocks look as lines. Knows no rule.
"""

from typing import Any

from tests.fakes.pretended_slack.elements import option_labels
from tests.fakes.pretended_slack.world import Channel, Ephemeral, Json, Message, View, World


def transcript(world: World, channel: Channel) -> str:
    title = f"#{channel.name}" if channel.name else f"@{_name(world, channel.user)}"
    lines = [f"{title} ({'archived ' if channel.archived else ''}{channel.kind})"]
    said: list[Message | Ephemeral] = [*channel.messages.values()]
    said += [one for one in world.ephemerals if one.channel == channel.id and not one.deleted]
    for one in sorted(said, key=_place):
        lines += _entry(world, one)
    for (place, thread), _ in world.statuses.items():
        status = world.status(place, thread)
        if place == channel.id and status:
            lines.append(f"    … yamabiko {status.text}")
    return "\n".join(lines)


def rendered(what: View | Message | Ephemeral) -> str:
    if not isinstance(what, View):
        return "\n".join(_body(what))
    body = what.body
    lines = [f"┌ {what.title or body['type']}"]
    lines += [f"│ {line}" for block in what.blocks for line in block_lines(block, what.state)]
    buttons = [f"[{body[key]['text']}]" for key in ("close", "submit") if body.get(key)]
    return "\n".join([*lines, "└ " + " ".join(buttons)]).rstrip()


def _place(one: Message | Ephemeral) -> tuple[str, str]:
    return (one.thread_ts or one.ts, one.ts)


def _name(world: World, user: str) -> str:
    return world.users[user].name if user in world.users else user


def _entry(world: World, one: Message | Ephemeral) -> list[str]:
    margin = "    " if one.thread_ts and one.thread_ts != one.ts else ""
    if isinstance(one, Ephemeral):
        head = f"yamabiko (only {_name(world, one.user)} sees this)"
    else:
        head = _name(world, one.user)
        marks = [f":{name}:×{len(users)}" for name, users in one.reactions.items()]
        if one.edited:
            marks.append("(edited)")
        if one.stream and not one.stream.stopped:
            marks.append("(streaming)")
        head += "".join(f" {mark}" for mark in marks)
    lines = _body(one)
    first = [f"{margin}{head}: {lines[0]}"] if lines else [f"{margin}{head}:"]
    return [*first, *(f"{margin}  {line}" for line in lines[1:])]


def _body(one: Message | Ephemeral) -> list[str]:
    """The blocks where there are any; a streamed text stands before its blocks."""
    streamed = isinstance(one, Message) and one.stream
    text = one.text.splitlines() if streamed or not one.blocks else []
    return [*text, *(line for block in one.blocks for line in block_lines(block, one.state))]


def block_lines(block: Json, state: Json) -> list[str]:
    match block["type"]:
        case "divider":
            return ["─" * 20]
        case "header":
            return [f"== {_text(block['text'])} =="]
        case "section":
            lines = _text(block.get("text")).splitlines()
            lines += [f"· {_text(field)}" for field in block.get("fields", [])]
            if "accessory" in block:
                lines = [*(lines or [""])]
                lines[-1] += f"  {_element(block['accessory'], block, state)}"
            return lines
        case "context":
            return ["~ " + " | ".join(_element(one, block, state) for one in block["elements"])]
        case "actions" | "context_actions":
            return [" ".join(_element(one, block, state) for one in block["elements"])]
        case "input":
            optional = " (optional)" if block.get("optional") else ""
            hint = [f"  ({_text(block['hint'])})"] if "hint" in block else []
            return [f"{_text(block['label'])}{optional}: {_element(block['element'], block, state)}", *hint]
        case "markdown":
            return block["text"].splitlines()
        case "image":
            return [f"(image: {block['alt_text']})"]
        case _:
            return ["".join(_rich(block)).rstrip()]


def _text(value: Any) -> str:
    return value.get("text", "") if isinstance(value, dict) else ""


def _element(element: Json, block: Json, state: Json) -> str:
    kind = element["type"]
    match kind:
        case "button" | "icon_button":
            return f"[{_text(element['text'])}]"
        case "feedback_buttons":
            return f"[{_text(element['positive_button']['text'])}] [{_text(element['negative_button']['text'])}]"
        case "mrkdwn" | "plain_text":
            return _text(element)
        case "image":
            return f"(image: {element['alt_text']})"
        case "overflow":
            return f"[⋮ {' / '.join(option_labels(element))}]"
        case "checkboxes" | "radio_buttons":
            chosen = _chosen(element, block, state)
            return " ".join(f"({'x' if label in chosen else ' '}) {label}" for label in option_labels(element))
        case _:
            chosen = ", ".join(_chosen(element, block, state))
            options = f" of {' / '.join(option_labels(element))}" if "select" in kind and option_labels(element) else ""
            return f"[{chosen or _text(element.get('placeholder')) or '…'}{' ▾' if 'select' in kind else ''}{options}]"


def _chosen(element: Json, block: Json, state: Json) -> list[str]:
    held = state.get(block.get("block_id", ""), {}).get(element.get("action_id", ""), {})
    found = []
    for key, value in held.items():
        for one in value if isinstance(value, list) else [value]:
            if key != "type" and one not in (None, ""):
                found.append(_text(one["text"]) if isinstance(one, dict) else str(one))
    return found


def _rich(value: Any) -> list[str]:
    if isinstance(value, list):
        return [piece for inner in value for piece in _rich(inner)]
    match value:
        case {"type": "text", "text": str(text)}:
            return [text]
        case {"type": "user", "user_id": str(user)}:
            return [f"<@{user}>"]
        case {"elements": list(elements)}:
            return [*_rich(elements), "\n"]
        case _:
            return []
