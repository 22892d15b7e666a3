"""What Slack accepts as blocks and views, and how it complains.

Owns the limits of layout blocks, messages and views, with complaints in Slack's shape ("... [json-pointer:/blocks/0]").
Interactive elements are checked beside it; nothing here knows of channels or people.
"""

import itertools
import json
from collections.abc import Iterator

from tests.fakes.pretended_slack.elements import (
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    Complaints,
    option_labels,
)
from tests.fakes.pretended_slack.methods import Refused
from tests.fakes.pretended_slack.world import Json

BLOCKS_IN_MESSAGE, BLOCKS_IN_VIEW = 50, 100
TEXT_IN_BLOCKS = 13_000
MESSAGE, MODAL, HOME = "message", "modal", "home"

# Which keys a block must and may have, besides type and block_id, and where it may stand.
SHAPES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "section": ("", "text fields accessory expand", (MESSAGE, MODAL, HOME)),
    "header": ("text", "", (MESSAGE, MODAL, HOME)),
    "divider": ("", "", (MESSAGE, MODAL, HOME)),
    "context": ("elements", "", (MESSAGE, MODAL, HOME)),
    "actions": ("elements", "", (MESSAGE, MODAL, HOME)),
    "context_actions": ("elements", "", (MESSAGE,)),
    "image": ("alt_text", "image_url slack_file title", (MESSAGE, MODAL, HOME)),
    "input": ("label element", "hint optional dispatch_action", (MESSAGE, MODAL, HOME)),
    "markdown": ("text", "", (MESSAGE,)),
    "rich_text": ("elements", "", (MESSAGE, MODAL, HOME)),
}
ELEMENTS = {"actions": (25, IN_ACTIONS), "context_actions": (5, IN_CONTEXT_ACTIONS)}
VIEW_KEYS = {
    MODAL: "type title blocks submit close private_metadata callback_id clear_on_close notify_on_close external_id "
    "submit_disabled",
    HOME: "type blocks private_metadata callback_id external_id",
}


def check_message(blocks: object, pointer: str = "/blocks") -> list[Json]:
    """The blocks with block_ids filled in; refuses what Slack would refuse."""
    if isinstance(blocks, str):
        try:
            blocks = json.loads(blocks)
        except ValueError:
            raise Refused("invalid_blocks_format") from None
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    found = Complaints()
    _check_list(blocks, MESSAGE, BLOCKS_IN_MESSAGE, pointer, found)
    if found.messages:
        raise Refused("invalid_blocks", *found.messages, errors=found.bare)
    if sum(len(text) for text in texts_of(blocks)) > TEXT_IN_BLOCKS:
        raise Refused("msg_blocks_too_long")
    return with_ids(blocks)


def check_view(view: object, kinds: tuple[str, ...]) -> Json:
    """The view with ids filled in; refuses what Slack would refuse."""
    if isinstance(view, str):
        try:
            view = json.loads(view)
        except ValueError:
            view = None
    if not isinstance(view, dict) or view.get("type") not in kinds:
        complaint = f"[ERROR] must be of type {' or '.join(kinds)} [json-pointer:/view/type]"
        raise Refused("invalid_arguments", complaint)
    found = Complaints()
    known = VIEW_KEYS[view["type"]].split()
    for key in sorted(view.keys() - set(known)):
        found.add(f"unknown property: {key}", "/view")
    if view["type"] == MODAL:
        _check_modal(view, found)
    found.string(view.get("private_metadata"), 3000, "/view/private_metadata", optional=True)
    found.string(view.get("callback_id"), 255, "/view/callback_id", optional=True)
    found.string(view.get("external_id"), 255, "/view/external_id", optional=True)
    if isinstance(view.get("blocks"), list):
        _check_list(view["blocks"], view["type"], BLOCKS_IN_VIEW, "/view/blocks", found)
    else:
        found.add("missing required field: blocks", "/view")
    if found.messages:
        raise Refused("invalid_arguments", *found.messages)
    return view | {"blocks": with_ids(view["blocks"])}


def texts_of(value: object) -> Iterator[str]:
    """Every text that a reader of the blocks would see, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("text", "alt_text") and isinstance(inner, str):
                yield inner
            else:
                yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


_ids = itertools.count(1)


def with_ids(blocks: list[Json]) -> list[Json]:
    """Slack names what an app left without a name."""
    named = []
    for block in json.loads(json.dumps(blocks)):
        block.setdefault("block_id", f"b{next(_ids):05d}")
        for element in elements_of(block):
            if element["type"] not in ("mrkdwn", "plain_text", "image") and block["type"] != "rich_text":
                element.setdefault("action_id", f"a{next(_ids):05d}")
        named.append(block)
    return named


def elements_of(block: Json) -> list[Json]:
    """The elements of a block, wherever the block keeps them."""
    return [*block.get("elements", []), *(block[key] for key in ("element", "accessory") if block.get(key))]


def _check_modal(view: Json, found: Complaints) -> None:
    found.plain(view.get("title"), 24, "/view/title")
    for key in ("submit", "close"):
        if key in view:
            found.plain(view[key], 24, f"/view/{key}")
    blocks = view.get("blocks") if isinstance(view.get("blocks"), list) else []
    if any(isinstance(one, dict) and one.get("type") == "input" for one in blocks) and not view.get("submit"):
        found.add("submit is required when an input block is within blocks", "/view/submit")


def _check_list(blocks: list[object], surface: str, most: int, pointer: str, found: Complaints) -> None:
    if len(blocks) > most:
        found.add(f"no more than {most} items allowed", pointer)
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        at = f"{pointer}/{number}"
        if not isinstance(block, dict):
            found.add("must be an object", at)
            continue
        _check_block(block, surface, at, found)
        if "block_id" in block:
            found.string(block["block_id"], 255, f"{at}/block_id")
            if block["block_id"] in seen:
                found.add(f"`block_id` {block['block_id']} already exists", f"{at}/block_id")
            seen.add(str(block["block_id"]))


def _check_block(block: Json, surface: str, at: str, found: Complaints) -> None:
    kind = block.get("type")
    if kind not in SHAPES or surface not in SHAPES[kind][2]:
        found.add(f"unsupported type: {kind}", f"{at}/type")
        return
    required, optional, _ = SHAPES[kind]
    found.keys(block, required, f"{optional} type block_id", at)
    match kind:
        case "section":
            _check_section(block, at, found)
        case "header":
            found.plain(block.get("text"), 150, f"{at}/text")
        case "context":
            _check_context(block.get("elements"), at, found)
        case "actions" | "context_actions":
            most, allowed = ELEMENTS[kind]
            _check_elements(block.get("elements"), most, allowed, at, found)
        case "input":
            _check_input(block, at, found)
        case "markdown":
            found.string(block.get("text"), 12_000, f"{at}/text")
        case "image":
            found.string(block.get("alt_text"), 2000, f"{at}/alt_text")
            found.string(block.get("image_url"), 3000, f"{at}/image_url", optional="slack_file" in block)
        case "rich_text" if not isinstance(block.get("elements"), list):
            found.add("must be an array", f"{at}/elements")


def _check_section(block: Json, at: str, found: Complaints) -> None:
    if not block.get("text") and not block.get("fields"):
        found.add("one of text or fields is required", at)
    if "text" in block:
        found.text(block["text"], 3000, f"{at}/text")
    fields = block.get("fields", [])
    if not isinstance(fields, list) or len(fields) > 10:
        found.add("no more than 10 items allowed", f"{at}/fields")
        return
    for number, field in enumerate(fields):
        found.text(field, 2000, f"{at}/fields/{number}")
    if "accessory" in block:
        found.element(block["accessory"], IN_SECTION, f"{at}/accessory")


def _check_context(elements: object, at: str, found: Complaints) -> None:
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        found.add("between 1 and 10 items allowed", f"{at}/elements")
        return
    for number, one in enumerate(elements):
        if isinstance(one, dict) and one.get("type") == "image":
            found.element(one, frozenset({"image"}), f"{at}/elements/{number}")
        else:
            found.text(one, 3000, f"{at}/elements/{number}")


def _check_elements(elements: object, most: int, allowed: frozenset[str], at: str, found: Complaints) -> None:
    if not isinstance(elements, list) or not elements:
        found.add("must be an array with at least 1 item", f"{at}/elements")
        return
    if len(elements) > most:
        found.add(f"no more than {most} items allowed", f"{at}/elements")
    seen: set[object] = set()
    for number, one in enumerate(elements):
        found.element(one, allowed, f"{at}/elements/{number}")
        name = one.get("action_id") if isinstance(one, dict) else None
        if name is not None and name in seen:
            found.add(f"`action_id` {name} already exists in this block", f"{at}/elements/{number}/action_id")
        seen.add(name)


def _check_input(block: Json, at: str, found: Complaints) -> None:
    found.plain(block.get("label"), 2000, f"{at}/label")
    if "hint" in block:
        found.plain(block["hint"], 2000, f"{at}/hint")
    found.element(block.get("element"), IN_INPUT, f"{at}/element")


__all__ = ["check_message", "check_view", "elements_of", "option_labels", "texts_of", "with_ids"]
