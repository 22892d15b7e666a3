"""What people fill in and press: the values of elements, as payloads carry them.

Owns the shapes of values by kind of element, and what Slack's own window refuses before the app hears of it. Knows no
view and no message.
"""

from typing import Any

from tests.fakes.pretended_slack.blocks import elements_of
from tests.fakes.pretended_slack.elements import options_of
from tests.fakes.pretended_slack.world import Json

# The key under which a payload carries the value, and where the element has its first value from.
SINGLE = {
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
}
MANY = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
ONE_OPTION = frozenset({"static_select", "radio_buttons", "overflow", "external_select"})
MANY_OPTIONS = frozenset({"multi_static_select", "checkboxes", "multi_external_select"})
STATELESS = frozenset({"button", "overflow", "feedback_buttons", "icon_button", "image"})


def found(blocks: list[Json], name: str, value: Any = None) -> tuple[Json, Json]:
    """The block and the element with this action_id (or block_id, or label); with `value` where several share it."""
    fits = []
    for block in blocks:
        for element in elements_of(block):
            named = name in (element.get("action_id"), block.get("block_id"), label_of(element))
            named = named or (element["type"] == "feedback_buttons" and name in _feedback(element))
            if named and element.get("action_id") and (value is None or _can_be(element, value)):
                fits.append((block, element))
    if fits:
        return fits[0]
    there = [(one["action_id"], label_of(one)) for block in blocks for one in elements_of(block) if "action_id" in one]
    raise AssertionError(f"nothing called {name!r} (with {value!r}) to press or fill in; there is {there}")


def label_of(element: Json) -> str:
    text = element.get("text")
    return text.get("text", "") if isinstance(text, dict) else ""


def _can_be(element: Json, value: Any) -> bool:
    match element["type"]:
        case "button" | "icon_button":
            return element.get("value") == value
        case "feedback_buttons":
            return value in _feedback(element)
        case _:
            return True


def _feedback(element: Json) -> dict[str, Json]:
    buttons = (element["positive_button"], element["negative_button"])
    return {one["value"]: one for one in buttons} | {one["text"]["text"]: one for one in buttons}


def pressed(block: Json, element: Json, value: Any, action_ts: str) -> Json:
    """The action as block_actions carries it."""
    kind = element["type"]
    action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block["block_id"]}
    action["action_ts"] = action_ts
    match kind:
        case "button" | "icon_button":
            action["text"] = element["text"]
            action |= {key: element[key] for key in ("value", "style") if key in element}
        case "feedback_buttons":
            button = _feedback(element)[value]
            action |= {"text": button["text"], "value": button["value"]}
        case _:
            action |= held(element, value)
            if "placeholder" in element:
                action["placeholder"] = element["placeholder"]
    return action


def held(element: Json, value: Any) -> Json:
    """What an element holds once it is filled with a value: an option's value or label, a text, a list of them."""
    kind = element["type"]
    if kind in SINGLE:
        return {"type": kind, SINGLE[kind][0]: None if value in (None, "") else value}
    if kind in MANY:
        return {"type": kind, MANY[kind][0]: list(value or [])}
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": None if value is None else _option(element, value)}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": [_option(element, one) for one in value or []]}
    raise AssertionError(f"a {kind} holds nothing")


def _option(element: Json, value: Any) -> Json:
    for option in options_of(element):
        if value in (option["value"], option["text"]["text"]):
            return option
    raise AssertionError(f"no option {value!r}; there are {[one['value'] for one in options_of(element)]}")


def _first(element: Json) -> Json:
    kind = element["type"]
    if kind in SINGLE or kind in MANY:
        return held(element, element.get((SINGLE | MANY)[kind][1]))
    if kind in ONE_OPTION:
        option = element.get("initial_option")
        return {"type": kind, "selected_option": option}
    return {"type": kind, "selected_options": element.get("initial_options", [])}


def initial_state(blocks: list[Json]) -> Json:
    """What all fields hold before anybody touched them, by block and action."""
    state: Json = {}
    for block in blocks:
        for element in elements_of(block):
            if element.get("action_id") and element["type"] not in STATELESS and block["type"] != "rich_text":
                state.setdefault(block["block_id"], {})[element["action_id"]] = _first(element)
    return state


def is_empty(value: Json) -> bool:
    return not any(inner for key, inner in value.items() if key != "type")


def refused_by_window(blocks: list[Json], state: Json) -> dict[str, str]:
    """What the person is told before anything is sent: required fields, and lengths."""
    errors: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        value = state[block["block_id"]][element["action_id"]]
        if is_empty(value) and not block.get("optional"):
            errors[block["block_id"]] = "Please complete this required field."
        written = value.get("value") or ""
        if element["type"] == "plain_text_input" and written:
            if len(written) < element.get("min_length", 0):
                errors[block["block_id"]] = f"Must be at least {element['min_length']} characters."
            if len(written) > element.get("max_length", 3000):
                errors[block["block_id"]] = f"Must be at most {element.get('max_length', 3000)} characters."
    return errors
