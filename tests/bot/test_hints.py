"""What sentences tell people to type is there, in chat as at the shell."""

import re

from bot.chat.commands import COMMANDS
from bot.chat.hints import IN_CHAT, in_chat
from tools import texts

SAID_ITSELF = {"claim"}  # its sentences say that it is the shell's


def hints(pattern: str, *rooms: str) -> set[str]:
    files = [file for room in rooms for file in sorted((texts.ROOT / room).rglob("*.py"))]
    return {hint for file in files for hint in re.findall(pattern, file.read_text(encoding="utf-8"))}


def test_every_hint_of_chat_names_a_command_of_chat() -> None:
    found = hints(r"`/yamabiko ([a-z-]+)\b[^`]*`", "bot/chat", "bot/platforms")
    assert len(found) >= 8
    assert found <= set(COMMANDS)


def test_every_hint_of_the_shell_names_one_of_chat_or_says_that_it_is_the_shells() -> None:
    found = hints(r"`(yamabiko [^`]+)`", "bot/chat", "bot/generation", "db")
    assert len(found) >= 12
    for hint in found:
        told = in_chat(f"Try `{hint}`.")
        command = re.search(r"`/yamabiko (\S+)[^`]*`", told)
        at_the_shell = told.endswith("(at the shell).") or hint.split()[1] in SAID_ITSELF
        assert (command[1] in COMMANDS) if command else at_the_shell, hint


def test_what_stands_behind_a_command_stays() -> None:
    assert in_chat("x; `yamabiko channel list` y, `yamabiko train echo`.") == (
        "x; `/yamabiko channels` y, `/yamabiko retrain echo`."
    )
    assert in_chat("`yamabiko prepare tiny` does") == "`yamabiko prepare tiny` (at the shell) does"
    assert in_chat("`/yamabiko runs` stays") == "`/yamabiko runs` stays"


def test_the_table_leads_to_commands_alone() -> None:
    assert set(IN_CHAT.values()) <= set(COMMANDS)
