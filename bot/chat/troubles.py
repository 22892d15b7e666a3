"""What failed, said to people.

Owns which errors are sentences already. Knows no page and no command.
"""

from db.words import say


def is_ours(error: Exception) -> bool:
    """Our own errors are sentences for people; any other is a fault, which the log describes."""
    return type(error).__module__.partition(".")[0] in ("bot", "db")


def sentence(error: Exception) -> str:
    return str(error) if is_ours(error) else say("Something failed; the log of the bot tells what.")
