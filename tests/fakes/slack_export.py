"""Slack exports as tests write them, and what the importer makes of them.

Owns the layout of the zip. Knows no rows.
"""

import json
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.chat.events import LeftOut, Posted
from bot.importers.slack_export import SlackExport

USERS = [
    {"id": "U1", "team_id": "T1", "name": "aki", "profile": {"display_name": "Aki", "real_name": "Aki Abe"}},
    {"id": "U2", "team_id": "T1", "name": "ben", "real_name": "Ben", "profile": {"display_name": ""}},
    {"id": "B1", "team_id": "T1", "name": "helper", "is_bot": True},
    {"id": "U9", "team_id": "T9", "name": "guest"},
]
CHANNELS = [{"id": "C1", "name": "general"}, {"id": "C2", "name": "雑談"}]


def said(text: Any, ts: Any = "1546300000.000100", user: Any = "U1", **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": ts} | more


def export(path: Path, days: dict[str, Any], **files: Any) -> Path:
    """Write an export; a day or file that is bytes goes in as it is, one that is None is left away."""
    lists = {"users": USERS, "channels": CHANNELS} | files
    contents = {f"{name}.json": rows for name, rows in lists.items()} | days
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in contents.items():
            if rows is not None:
                archive.writestr(name, rows if isinstance(rows, bytes) else json.dumps(rows))
    return path


def taken(path: Path, **options: Any) -> tuple[list[Posted], Counter[str]]:
    """The messages, and how many were left out for which reason."""
    with SlackExport(path, **options) as opened:
        items = list(opened.messages())
    left = Counter[str]()
    for item in items:
        if isinstance(item, LeftOut):
            left[item.reason] += item.count
    return [item for item in items if isinstance(item, Posted)], left


def one_day(tmp_path: Path, *rows: Any) -> tuple[list[Posted], Counter[str]]:
    return taken(export(tmp_path / "x.zip", {"general/2019-01-01.json": list(rows)}))


def busy_export(path: Path, days: int, a_day: int) -> Path:
    """Seven members in one channel, who mention each other all day long. Written as it is generated."""
    monday = datetime(2016, 3, 7, 0, 0, tzinfo=UTC)
    users = [{"id": f"U{n}", "team_id": "T1", "name": f"user{n}"} for n in range(7)]
    export(path, {}, users=users, channels=CHANNELS[:1])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for day in range(days):
            begin = monday + timedelta(days=day)
            stamps = [f"{int(begin.timestamp()) + 86_000 * n // a_day}.{n % 1000:06}" for n in range(a_day)]
            rows = [said(f"<@U{n % 5}> word {n}", ts, f"U{n % 7}") for n, ts in enumerate(stamps)]
            archive.writestr(f"general/{begin.date()}.json", json.dumps(rows))
    return path
