"""What Discord accepts as the components of a message, old and new.

Owns their limits: rows, buttons, menus, and the containers and texts of the second kind. Dialogs are beside it.
"""

from collections.abc import Iterator

from tests.fakes.pretended_discord.refusals import Complaints
from tests.fakes.pretended_discord.world import Json

ROW, BUTTON, SELECT, TEXT_INPUT = 1, 2, 3, 4
USERS, ROLES, MENTIONABLE, CHANNELS = 5, 6, 7, 8
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD = 9, 10, 11, 12, 13, 14, 17, 18, 19
RADIOS, CHECKBOXES, CHECKBOX = 21, 22, 23
MENUS = (SELECT, USERS, ROLES, MENTIONABLE, CHANNELS)
LINK, PREMIUM = 5, 6
TOP_V2 = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
AT_MOST_V2, TEXT_AT_MOST_V2 = 40, 4000


def walked(components: list[Json]) -> Iterator[Json]:
    """Every component, those inside others too."""
    for one in components:
        yield one
        inner = [*one.get("components", []), *(one[key] for key in ("accessory", "component") if one.get(key))]
        yield from walked(inner)


def numbered(components: list[Json]) -> list[Json]:
    """With the ids that Discord gives to those that have none."""
    taken = {one["id"] for one in walked(components) if one.get("id")}
    number = 0
    for one in walked(components):
        if not one.get("id"):
            number += 1
            while number in taken:
                number += 1
            one["id"] = number
    return components


def check_components(wrong: Complaints, components: object, new: bool, at: str = "components") -> None:
    """`new`: components of the second kind, which take the place of content and embeds."""
    if not wrong.count(components, at, AT_MOST_V2 if new else 5):
        return
    assert isinstance(components, list)
    for number, one in enumerate(components):
        _top(wrong, one, f"{at}.{number}", TOP_V2 if new else (ROW,))
    _unique(wrong, components, at)
    if new:
        if len(list(walked(components))) > AT_MOST_V2:
            wrong.add(at, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"Cannot exceed {AT_MOST_V2} total components")
        if sum(len(str(one.get("content", ""))) for one in walked(components)) > TEXT_AT_MOST_V2:
            most = f"The total displayable text size across all components exceeds {TEXT_AT_MOST_V2}"
            wrong.add(at, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", most)


def _top(wrong: Complaints, one: Json, at: str, allowed: tuple[int, ...]) -> None:
    if not wrong.one_of(one.get("type"), f"{at}.type", allowed):
        return
    inner = one.get("components")
    match one["type"]:
        case 1:
            check_row(wrong, one, at)
        case 9:
            if wrong.count(inner, f"{at}.components", 3, 1):
                for number, text in enumerate(inner or []):
                    _top(wrong, text, f"{at}.components.{number}", (TEXT,))
            accessory = one.get("accessory")
            if not accessory:
                wrong.required(f"{at}.accessory")
            elif wrong.one_of(accessory.get("type"), f"{at}.accessory.type", (BUTTON, THUMBNAIL)):
                check_element(wrong, accessory, f"{at}.accessory")
        case 10:
            wrong.text(one.get("content"), f"{at}.content", TEXT_AT_MOST_V2, 1)
        case 12:
            wrong.count(one.get("items"), f"{at}.items", 10, 1)
        case 14:
            wrong.number(one.get("spacing"), f"{at}.spacing", 1, 2)
        case 17:
            if wrong.count(inner, f"{at}.components", AT_MOST_V2, 1):
                for number, part in enumerate(inner or []):
                    _top(wrong, part, f"{at}.components.{number}", IN_CONTAINER)
        case _:
            pass


def check_row(wrong: Complaints, row: Json, at: str) -> None:
    """Five buttons, or one menu alone."""
    inner = row.get("components")
    if not wrong.count(inner, f"{at}.components", 5, 1):
        return
    assert isinstance(inner, list)
    menus = [one for one in inner if one.get("type") in MENUS]
    if menus and len(inner) > 1:
        wrong.add(f"{at}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the width")
    for number, one in enumerate(inner):
        if wrong.one_of(one.get("type"), f"{at}.components.{number}.type", (BUTTON, *MENUS)):
            check_element(wrong, one, f"{at}.components.{number}")


def check_element(wrong: Complaints, one: Json, at: str) -> None:
    """A button or a menu."""
    if one["type"] == BUTTON:
        _button(wrong, one, at)
    elif one["type"] in MENUS:
        check_menu(wrong, one, at)


def _button(wrong: Complaints, one: Json, at: str) -> None:
    if not wrong.one_of(one.get("style"), f"{at}.style", (1, 2, 3, 4, 5, 6)):
        return
    wrong.text(one.get("label"), f"{at}.label", 80, optional=True)
    if not one.get("label") and not one.get("emoji") and one["style"] != PREMIUM:
        wrong.add(at, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A button needs a label or an emoji")
    if one["style"] == LINK:
        wrong.text(one.get("url"), f"{at}.url", 512, 1)
        if one.get("custom_id"):
            wrong.add(at, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be set")
    elif one["style"] != PREMIUM:
        wrong.text(one.get("custom_id"), f"{at}.custom_id", 100, 1)
        if one.get("url"):
            wrong.add(f"{at}.url", "BUTTON_COMPONENT_INVALID_URL", "Only link buttons have an address")


def check_menu(wrong: Complaints, one: Json, at: str) -> None:
    wrong.text(one.get("custom_id"), f"{at}.custom_id", 100, 1)
    wrong.text(one.get("placeholder"), f"{at}.placeholder", 150, optional=True)
    wrong.number(one.get("min_values"), f"{at}.min_values", 0, 25)
    wrong.number(one.get("max_values"), f"{at}.max_values", 1, 25)
    if one["type"] == SELECT:
        check_options(wrong, one, at, 25)


def check_options(wrong: Complaints, one: Json, at: str, most: int) -> None:
    options = one.get("options")
    if not wrong.count(options, f"{at}.options", most, 1):
        return
    assert isinstance(options, list)
    seen: set[str] = set()
    for number, option in enumerate(options):
        where = f"{at}.options.{number}"
        wrong.text(option.get("label"), f"{where}.label", 100, 1)
        wrong.text(option.get("value"), f"{where}.value", 100, 1)
        wrong.text(option.get("description"), f"{where}.description", 100, optional=True)
        if option.get("value") in seen:
            twice = "The specified option value is already used"
            wrong.add(f"{where}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", twice)
        seen.add(str(option.get("value")))
    if sum(bool(option.get("default")) for option in options) > (one.get("max_values") or 1):
        wrong.add(f"{at}.options", "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many default values")


def _unique(wrong: Complaints, components: list[Json], at: str) -> None:
    seen: set[str] = set()
    for one in walked(components):
        custom = one.get("custom_id")
        if custom and custom in seen:
            wrong.add(at, "COMPONENT_CUSTOM_ID_DUPLICATED", f"Component custom id cannot be duplicated: {custom}")
        seen.add(str(custom))
