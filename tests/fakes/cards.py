"""Cards and forms as plain text, for tests that look at them and people who do.

Owns how a part looks here. Knows no network.
"""

from bot.chat.cards import (
    Answer,
    Button,
    Card,
    Facts,
    Form,
    Growing,
    Heading,
    Line,
    Menu,
    Note,
    Part,
    Question,
    Row,
    Text,
)


def rendered(answer: Answer | None) -> str:
    """One line or more a part; buttons as [label → press value], menus as [label: choices → press]."""
    match answer:
        case None:
            return ""
        case Question():
            return f"? {answer.text} (persona={answer.persona} thread={answer.thread})"
        case Form():
            return "\n".join([f"FORM {answer.title} → {answer.submit} {answer.value}".rstrip(), *_form(answer)])
        case Growing():
            raise AssertionError("gather its cards first")
        case Card():
            return "\n".join(line for part in answer.parts for line in _part(part))


def _form(form: Form) -> list[str]:
    lines = [line for part in form.intro for line in _part(part)]
    for field in form.fields:
        choices = "|".join(choice.value for choice in field.choices)
        mark = "*" if field.required else ""
        lines.append(f"{field.name}{mark} ({field.label}) {choices} = {field.value!r} {field.hint}".rstrip())
    return [*lines, f"[{form.does}]"]


def _part(part: Part) -> list[str]:
    match part:
        case Heading(text):
            return [f"# {text}"]
        case Text(text):
            return text.splitlines()
        case Note(text):
            return [f"({text})"]
        case Facts(facts):
            return [f"{name}: {' / '.join(value.splitlines())}" for name, value in facts]
        case Row(actions):
            return [" ".join(_action(action) for action in actions)]
        case Line():
            return ["---"]


def _action(action: Button | Menu) -> str:
    if isinstance(action, Menu):
        choices = "|".join(choice.value for choice in action.choices)
        return f"[{action.label}: {choices} = {action.chosen} → {action.press}]"
    return f"[{action.label} → {action.press} {action.value}".rstrip() + "]"


def buttons(answer: Answer | None) -> list[Button]:
    """Every button of a card."""
    assert isinstance(answer, Card)
    rows = [part for part in answer.parts if isinstance(part, Row)]
    return [action for row in rows for action in row.actions if isinstance(action, Button)]
