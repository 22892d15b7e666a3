"""What Discord accepts as a dialog, and what its window does not let a person send.

Owns both sides' limits. Knows no interaction.
"""

from tests.fakes.pretended_discord.components import (
    CHECKBOX,
    CHECKBOXES,
    LABEL,
    MENUS,
    RADIOS,
    ROW,
    SELECT,
    TEXT,
    TEXT_INPUT,
    UPLOAD,
    check_menu,
    check_options,
    numbered,
    walked,
)
from tests.fakes.pretended_discord.refusals import Complaints
from tests.fakes.pretended_discord.world import Json

FIELDS = (TEXT_INPUT, *MENUS, UPLOAD, RADIOS, CHECKBOXES, CHECKBOX)
Held = dict[str, list[str]]


def check_modal(data: Json) -> Json:
    """The dialog as it opens."""
    wrong = Complaints()
    wrong.text(data.get("title"), "data.title", 45, 1)
    wrong.text(data.get("custom_id"), "data.custom_id", 100, 1)
    components = data.get("components")
    if wrong.count(components, "data.components", 5, 1):
        assert isinstance(components, list)
        for number, one in enumerate(components):
            _top(wrong, one, f"data.components.{number}")
        customs = [one["custom_id"] for one in walked(components) if one.get("custom_id")]
        if len(customs) != len(set(customs)):
            wrong.add("data.components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    wrong.settle()
    return data | {"components": numbered(data["components"])}


def _top(wrong: Complaints, one: Json, at: str) -> None:
    if not wrong.one_of(one.get("type"), f"{at}.type", (ROW, TEXT, LABEL)):
        return
    match one["type"]:
        case 10:
            wrong.text(one.get("content"), f"{at}.content", 4000, 1)
        case 18:
            wrong.text(one.get("label"), f"{at}.label", 45, 1)
            wrong.text(one.get("description"), f"{at}.description", 100, optional=True)
            _field(wrong, one.get("component") or {}, f"{at}.component")
        case _:
            if wrong.count(one.get("components"), f"{at}.components", 1, 1):
                field = one["components"][0]
                _field(wrong, field, f"{at}.components.0")
                if field.get("type") == TEXT_INPUT:
                    wrong.text(field.get("label"), f"{at}.components.0.label", 45, 1)


def _field(wrong: Complaints, one: Json, at: str) -> None:
    if not wrong.one_of(one.get("type"), f"{at}.type", FIELDS):
        return
    if one["type"] in MENUS:
        check_menu(wrong, one, at)
        if one.get("disabled"):
            wrong.add(f"{at}.disabled", "BASE_TYPE_BAD_VALUE", "A menu in a dialog cannot be disabled")
        return
    wrong.text(one.get("custom_id"), f"{at}.custom_id", 100, 1)
    if one["type"] in (RADIOS, CHECKBOXES):
        check_options(wrong, one, at, 10)
    if one["type"] == TEXT_INPUT:
        wrong.one_of(one.get("style"), f"{at}.style", (1, 2))
        wrong.text(one.get("placeholder"), f"{at}.placeholder", 100, optional=True)
        wrong.text(one.get("value"), f"{at}.value", one.get("max_length") or 4000, optional=True)
        wrong.number(one.get("min_length"), f"{at}.min_length", 0, 4000)
        wrong.number(one.get("max_length"), f"{at}.max_length", 1, 4000)


def labelled(components: list[Json]) -> list[tuple[str, Json]]:
    """Each field with what stands above it."""
    found = []
    for one in components:
        if one["type"] == LABEL:
            found.append((one["label"], one["component"]))
        elif one["type"] == ROW:
            found += [(inner.get("label") or inner.get("placeholder") or "", inner) for inner in one["components"]]
    return found


def prefilled(components: list[Json]) -> Held:
    """What stands in the fields before anybody writes."""
    held: Held = {}
    for _, field in labelled(components):
        chosen = [one["value"] for one in field.get("options", []) if one.get("default")]
        chosen += [str(one["id"]) for one in field.get("default_values", [])]
        if field["type"] == TEXT_INPUT and field.get("value"):
            chosen = [field["value"]]
        if field["type"] == CHECKBOX and field.get("default"):
            chosen = ["true"]
        held[field["custom_id"]] = chosen
    return held


def refused_by_window(components: list[Json], held: Held) -> dict[str, str]:
    """What the window says is wrong, by custom_id; nothing is sent then."""
    errors = {}
    for _, field in labelled(components):
        if said := _refused(field, held[field["custom_id"]]):
            errors[field["custom_id"]] = said
    return errors


def _refused(field: Json, values: list[str]) -> str | None:
    needed = field.get("required", True)
    if field["type"] == CHECKBOX:
        return None
    if not values or (field["type"] == TEXT_INPUT and not values[0]):
        return "This field is required" if needed else None
    if field["type"] == TEXT_INPUT:
        least, most = field.get("min_length") or 0, field.get("max_length") or 4000
        wrong = not least <= len(values[0]) <= most
        return f"Must be between {least} and {most} in length." if wrong else None
    if field["type"] in (*MENUS, CHECKBOXES):
        least, most = field.get("min_values", 1), field.get("max_values", 1)
        return None if least <= len(values) <= most else f"Choose between {least} and {most}."
    return None


def sent(components: list[Json], held: Held) -> list[Json]:
    """The fields as Discord sends them to the app."""
    found: list[Json] = []
    for one in components:
        match one["type"]:
            case 18:
                inner = _filled(one["component"], held)
                found.append({"type": LABEL, "id": one["id"], "component": inner})
            case 1:
                fields = [_filled(field, held) for field in one["components"]]
                found.append({"type": ROW, "id": one["id"], "components": fields})
            case _:
                found.append({"type": TEXT, "id": one["id"]})
    return found


def _filled(field: Json, held: Held) -> Json:
    values = held[field["custom_id"]]
    body: Json = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
    match field["type"]:
        case 4:
            return body | {"value": values[0] if values else ""}
        case 21:
            return body | {"value": values[0] if values else None}
        case 23:
            return body | {"value": bool(values)}
        case _:
            return body | {"values": values}


def is_menu(field: Json) -> bool:
    return field["type"] in (SELECT, RADIOS, CHECKBOXES)
