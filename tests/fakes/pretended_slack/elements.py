"""What Slack accepts as text objects, options and interactive elements.

Owns their keys and limits, and the list of complaints. Knows nothing of the blocks around them.
"""

from dataclasses import dataclass, field

from tests.fakes.pretended_slack.world import Json

_SELECTS = ("static", "users", "conversations", "channels", "external")
SINGLE_SELECTS = frozenset(f"{kind}_select" for kind in _SELECTS)
MULTI_SELECTS = frozenset(f"multi_{kind}_select" for kind in _SELECTS)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"checkboxes", "radio_buttons"})
FIELDS = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
IN_ACTIONS = frozenset({"button", "overflow"}) | SINGLE_SELECTS | MULTI_SELECTS | PICKERS | CHOICES
IN_SECTION = IN_ACTIONS | {"image"}
IN_INPUT = (IN_ACTIONS | FIELDS) - {"button", "overflow"}
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})

_PLACED = "placeholder confirm focus_on_load"
# Which keys an element must and may have, besides type and action_id.
SHAPES: dict[str, tuple[str, str]] = {
    "button": ("text", "value url style confirm accessibility_label"),
    "overflow": ("options", "confirm"),
    "checkboxes": ("options", "initial_options confirm focus_on_load"),
    "radio_buttons": ("options", "initial_option confirm focus_on_load"),
    "static_select": ("", f"options option_groups initial_option {_PLACED}"),
    "multi_static_select": ("", f"options option_groups initial_options max_selected_items {_PLACED}"),
    "external_select": ("", f"initial_option min_query_length {_PLACED}"),
    "multi_external_select": ("", f"initial_options min_query_length max_selected_items {_PLACED}"),
    "users_select": ("", f"initial_user {_PLACED}"),
    "multi_users_select": ("", f"initial_users max_selected_items {_PLACED}"),
    "channels_select": ("", f"initial_channel response_url_enabled {_PLACED}"),
    "multi_channels_select": ("", f"initial_channels max_selected_items {_PLACED}"),
    "conversations_select": (
        "",
        f"initial_conversation default_to_current_conversation response_url_enabled filter {_PLACED}",
    ),
    "multi_conversations_select": (
        "",
        f"initial_conversations default_to_current_conversation filter max_selected_items {_PLACED}",
    ),
    "datepicker": ("", f"initial_date {_PLACED}"),
    "timepicker": ("", f"initial_time timezone {_PLACED}"),
    "datetimepicker": ("", "initial_date_time confirm focus_on_load"),
    "plain_text_input": (
        "",
        "initial_value multiline min_length max_length dispatch_action_config focus_on_load placeholder",
    ),
    "number_input": (
        "is_decimal_allowed",
        "initial_value min_value max_value dispatch_action_config focus_on_load placeholder",
    ),
    "email_text_input": ("", "initial_value dispatch_action_config focus_on_load placeholder"),
    "url_text_input": ("", "initial_value dispatch_action_config focus_on_load placeholder"),
    "image": ("alt_text", "image_url slack_file"),
    "feedback_buttons": ("positive_button negative_button", ""),
    "icon_button": ("icon text", "value accessibility_label visible_to_user_ids confirm"),
}
OPTIONS_AT_MOST = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}


def options_of(element: Json) -> list[Json]:
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(one for group in groups for one in group.get("options", []))]


def option_labels(element: Json) -> list[str]:
    return [one["text"]["text"] for one in options_of(element)]


@dataclass
class Complaints:
    """What is wrong, and where; `bare` without Slack's severity before it."""

    bare: list[str] = field(default_factory=list[str])

    @property
    def messages(self) -> list[str]:
        return [f"[ERROR] {one}" for one in self.bare]

    def add(self, what: str, pointer: str) -> None:
        self.bare.append(f"{what} [json-pointer:{pointer}]")

    def keys(self, value: Json, required: str, optional: str, at: str) -> None:
        must = required.split()
        for key in must:
            if key not in value:
                self.add(f"missing required field: {key}", at)
        for key in sorted(value.keys() - {*must, *optional.split()}):
            self.add(f"unknown property: {key}", at)

    def string(self, value: object, most: int, at: str, *, optional: bool = False, empty: bool = False) -> None:
        if value is None and optional:
            return
        if not isinstance(value, str):
            self.add("must be a string", at)
        elif not value and not (optional or empty):
            self.add("must be more than 0 characters", at)
        elif len(value) > most:
            self.add(f"must be less than {most + 1} characters", at)

    def text(self, value: object, most: int, at: str, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> None:
        if not isinstance(value, dict):
            self.add("must be a text object", at)
            return
        if value.get("type") not in kinds:
            self.add(f"unsupported type: {value.get('type')}", f"{at}/type")
            return
        more = "emoji" if value["type"] == "plain_text" else "verbatim"
        self.keys(value, "type text", more, at)
        self.string(value.get("text"), most, f"{at}/text")

    def plain(self, value: object, most: int, at: str) -> None:
        self.text(value, most, at, ("plain_text",))

    def element(self, value: object, allowed: frozenset[str], at: str) -> None:
        if not isinstance(value, dict):
            self.add("must be an element", at)
            return
        kind = value.get("type")
        if kind not in allowed:
            self.add(f"unsupported type: {kind}", f"{at}/type")
            return
        required, optional = SHAPES[kind]
        self.keys(value, required, f"{optional} type action_id", at)
        if "action_id" in value:
            self.string(value["action_id"], 255, f"{at}/action_id")
        if "placeholder" in value:
            self.plain(value["placeholder"], 150, f"{at}/placeholder")
        if "confirm" in value:
            self._confirm(value["confirm"], f"{at}/confirm")
        self._of_kind(value, kind, at)

    def _of_kind(self, value: Json, kind: str, at: str) -> None:
        match kind:
            case "button":
                self._button(value, at)
            case "icon_button":
                self.plain(value.get("text"), 75, f"{at}/text")
                self.string(value.get("value"), 2000, f"{at}/value", optional=True)
            case "feedback_buttons":
                for key in ("positive_button", "negative_button"):
                    self._feedback(value.get(key), f"{at}/{key}")
            case "image":
                self.string(value.get("alt_text"), 2000, f"{at}/alt_text")
                self.string(value.get("image_url"), 3000, f"{at}/image_url", optional="slack_file" in value)
            case "plain_text_input":
                self._field(value, at)
            case "static_select" | "multi_static_select" | "overflow" | "checkboxes" | "radio_buttons":
                self._options(value, kind, at)
            case _:
                pass

    def _button(self, value: Json, at: str) -> None:
        self.plain(value.get("text"), 75, f"{at}/text")
        self.string(value.get("value"), 2000, f"{at}/value", optional=True)
        self.string(value.get("url"), 3000, f"{at}/url", optional=True)
        self.string(value.get("accessibility_label"), 75, f"{at}/accessibility_label", optional=True)
        if value.get("style") not in (None, "primary", "danger"):
            self.add("must be one of primary, danger", f"{at}/style")

    def _feedback(self, value: object, at: str) -> None:
        if not isinstance(value, dict):
            self.add("must be a button object", at)
            return
        self.keys(value, "text value", "accessibility_label", at)
        self.plain(value.get("text"), 75, f"{at}/text")
        self.string(value.get("value"), 2000, f"{at}/value")

    def _confirm(self, value: object, at: str) -> None:
        if not isinstance(value, dict):
            self.add("must be a confirmation dialog", at)
            return
        self.keys(value, "title text confirm deny", "style", at)
        self.plain(value.get("title"), 100, f"{at}/title")
        self.text(value.get("text"), 300, f"{at}/text")
        self.plain(value.get("confirm"), 30, f"{at}/confirm")
        self.plain(value.get("deny"), 30, f"{at}/deny")

    def _field(self, value: Json, at: str) -> None:
        most = value.get("max_length", 3000)
        if not isinstance(most, int) or not 1 <= most <= 3000:
            self.add("must be between 1 and 3000", f"{at}/max_length")
        else:
            self.string(value.get("initial_value"), most, f"{at}/initial_value", optional=True)

    def _options(self, value: Json, kind: str, at: str) -> None:
        groups = value.get("option_groups")
        if groups is not None and (not isinstance(groups, list) or not 1 <= len(groups) <= 100):
            self.add("between 1 and 100 items allowed", f"{at}/option_groups")
            return
        for number, group in enumerate(groups or []):
            self.keys(group, "label options", "", f"{at}/option_groups/{number}")
            self.plain(group.get("label"), 75, f"{at}/option_groups/{number}/label")
        lists = [group.get("options") for group in groups] if groups else [value.get("options")]
        most = OPTIONS_AT_MOST.get(kind, 100)
        for options in lists:
            if not isinstance(options, list) or not 1 <= len(options) <= most:
                self.add(f"between 1 and {most} items allowed", f"{at}/options")
                return
            for number, option in enumerate(options):
                self._option(option, kind, f"{at}/options/{number}")
        wanted = [*(value.get("initial_options") or [])]
        if "initial_option" in value:
            wanted.append(value["initial_option"])
        if any(one not in options_of(value) for one in wanted):
            self.add("initial options must be among the options", at)

    def _option(self, option: object, kind: str, at: str) -> None:
        if not isinstance(option, dict):
            self.add("must be an option", at)
            return
        self.keys(option, "text value", "description" + (" url" if kind == "overflow" else ""), at)
        texts = ("plain_text", "mrkdwn") if kind in CHOICES else ("plain_text",)
        self.text(option.get("text"), 75, f"{at}/text", texts)
        self.string(option.get("value"), 150, f"{at}/value")
        if "description" in option:
            self.text(option["description"], 75, f"{at}/description")
