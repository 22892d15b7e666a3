"""Discord's data packages as tests write them, and what the importer makes of them.

Owns the layout of the zip, newer and older, in any language. Knows no rows.
"""

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from bot.chat.events import LeftOut, Posted
from bot.importers.discord_package import DiscordPackage

OWNER = {"id": "11", "username": "aki", "global_name": "Aki", "email": "aki@example.org", "relationships": []}
GENERAL = {"id": "510", "type": "GUILD_TEXT", "name": "general", "guild": {"id": "5", "name": "Harbour"}}
DIRECT = {"id": "530", "type": "DM", "recipients": ["11", "12"]}


def said(contents: Any, number: int = 1, **more: Any) -> dict[str, Any]:
    at = f"2024-05-01 {8 + number // 60:02d}:{number % 60:02d}:00"
    return {"ID": 2000 + number, "Timestamp": at, "Contents": contents, "Attachments": ""} | more


def csv_of(*rows: dict[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["ID", "Timestamp", "Contents", "Attachments"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def package(path: Path, files: dict[str, Any], *, user: Any = OWNER, account: str = "account") -> Path:
    """Write a package of `files` by path; bytes go in as they are, None is left away."""
    contents = {f"{account}/user.json": user} | files
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "Welcome to your Discord Data Package!")
        for name, value in contents.items():
            if value is not None:
                archive.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return path


def channel(facts: dict[str, Any] | None, *rows: Any, folder: str = "messages/c{id}", id: str = "") -> dict[str, Any]:
    """The files of one channel."""
    place = folder.format(id=id or (facts or {})["id"])
    return {f"{place}/channel.json": facts, f"{place}/messages.json": list(rows)}


def taken(path: Path, **options: Any) -> tuple[list[Posted], Counter[str]]:
    """The messages, and how many were left out for which reason."""
    with DiscordPackage(path, **options) as opened:
        items = [*opened.left_out, *(item for part in opened.parts() for item in opened.read(part))]
    left = Counter[str]()
    for item in items:
        if isinstance(item, LeftOut):
            left[item.reason] += item.count
    return [item for item in items if isinstance(item, Posted)], left
