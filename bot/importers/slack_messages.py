"""Slack's messages, as an export and the wire both show them: which are a person's words, and what they say.

Owns that rule. Knows no file, no call to Slack, and not who is of this workspace.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.chat.events import Posted
from bot.importers.slack_markup import plain
from bot.importers.source import as_object, storable

SLACKBOT = "USLACKBOT"  # speaks in every workspace
SPOKEN = {None, "thread_broadcast", "file_share", "me_message"}  # every other subtype is the system speaking
_TS = re.compile(r"([0-9]{1,11})\.([0-9]{1,6})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unspoken(row: Mapping[str, object]) -> str | None:
    """The one-word reason why no person said `row`; None where somebody did."""
    subtype, user = row.get("subtype"), row.get("user")
    if subtype == "tombstone":
        return "deleted"
    if subtype == "bot_message" or row.get("bot_id") or user == SLACKBOT:
        return "bot"
    if not isinstance(subtype, str | None):
        return "malformed"
    if subtype not in SPOKEN:
        return "system"
    if not user:
        return "authorless"
    return None if isinstance(user, str) else "malformed"


def posted(channel: str, row: Mapping[str, object], names: Mapping[str, str]) -> Posted | str:
    """What a person said, or the one-word reason why it is left out; `names` are channels' by their ids."""
    ts, thread, text = row.get("ts"), row.get("thread_ts"), row.get("text")
    at = moment(ts)
    wrong_thread = thread is not None and moment(thread) is None
    if at is None or wrong_thread or not isinstance(text, str | None):
        return "malformed"
    words = storable(plain(text or "", names)).strip()
    if not words:
        return "empty"
    root = thread if isinstance(thread, str) else None
    reply_to = root if root != ts else None
    return Posted(channel, str(ts), str(row["user"]), at, words, root, reply_to, edited_at=_edited(row, at))


def _edited(row: Mapping[str, object], at: datetime) -> datetime | None:
    """When the text became what it is. Slack tells the second alone, which may have begun before the message."""
    edited = moment((as_object(row.get("edited")) or {}).get("ts"))
    return None if edited is None else max(edited, at + timedelta(microseconds=1))


def moment(ts: object) -> datetime | None:
    """Slack's "seconds.microseconds" as UTC, with no float between; None for anything else."""
    found = _TS.fullmatch(ts) if isinstance(ts, str) else None
    if found is None:
        return None
    return _EPOCH + timedelta(seconds=int(found[1]), microseconds=int(found[2].ljust(6, "0")))
