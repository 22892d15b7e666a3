"""DiscordChatExporter files as tests write them, and what the importer makes of them.

Owns the layout of the file, with all that the exporter writes beside what we take. Knows no rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.chat.events import LeftOut, MemberSeen, Posted
from bot.importers.discord_export import DiscordExport

GUILD = {"id": "900000000000000001", "name": "Harbour", "iconUrl": "https://cdn.example.org/icon.png"}
GENERAL = {
    "id": "900000000000000010",
    "type": "GuildTextChat",
    "categoryId": "900000000000000002",
    "category": "Talk",
    "name": "general",
    "topic": None,
}
THREAD = GENERAL | {
    "id": "1000",
    "type": "GuildPublicThread",
    "categoryId": GENERAL["id"],
    "category": "general",
    "name": "about boats",
}
BEGIN = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)


def user(id: str, name: str, nickname: str | None = None, *, is_bot: bool = False) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "discriminator": "0000",
        "nickname": nickname or name,
        "color": None,
        "isBot": is_bot,
        "roles": [{"id": "5", "name": "crew", "color": "#FFFFFF", "position": 1}],
        "avatarUrl": "https://cdn.example.org/avatar.png",
    }


AKI, BEN = user("11", "aki", "Aki"), user("12", "ben", "Ben Ó")
BOT = user("19", "helper", "Helper", is_bot=True)


def said(content: Any, number: int = 1, author: Any = AKI, **more: Any) -> dict[str, Any]:
    """A message, a minute after the one with the number before it."""
    return {
        "id": str(1000 + number),
        "type": "Default",
        "timestamp": (BEGIN + timedelta(minutes=number)).isoformat(timespec="milliseconds"),
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": content,
        "author": author,
        "attachments": [],
        "components": [],
        "embeds": [],
        "stickers": [],
        "reactions": [],
        "mentions": [],
        "inlineEmojis": [],
    } | more


def reply(content: str, number: int, to: int, **more: Any) -> dict[str, Any]:
    reference = {"type": "Default", "messageId": str(1000 + to), "channelId": GENERAL["id"], "guildId": GUILD["id"]}
    return said(content, number, type="Reply", reference=reference, **more)


def export(path: Path, *messages: Any, **changed: Any) -> Path:
    """Write an export; what is given as None is left away."""
    head = {
        "guild": GUILD,
        "channel": GENERAL,
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2026-01-02T03:04:05.6789012+09:00",
        "messages": list(messages),
        "messageCount": len(messages),
    } | changed
    whole = {key: value for key, value in head.items() if value is not None}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=2), encoding="utf-8", errors="surrogatepass")
    return path


def busy_export(path: Path, messages: int, people: int = 7) -> Path:
    """So many people in one channel, once a minute, one message in ten a mention. Written as it is generated."""
    head = {"guild": GUILD, "channel": GENERAL, "exportedAt": "2026-01-02T03:04:05+00:00"}
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=2)[:-2] + ',\n  "messages": [\n')
        file.writelines(_lines(_talk(messages, people)))
        file.write(f'],\n  "messageCount": {messages}\n}}\n')
    return path


def _talk(messages: int, people: int) -> Iterator[dict[str, Any]]:
    crew = [user(str(100 + n), f"user{n}", f"User {n}") for n in range(people)]
    for number in range(messages):
        mentioned = [crew[number % 5]] if number % 10 == 0 else []
        words = (
            f"{'@' + mentioned[0]['nickname'] if mentioned else 'well'}, word {number} about the harbour and the tide"
        )
        yield said(words, number, crew[number % people], mentions=mentioned)


def _lines(rows: Iterable[Any]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield (",\n" if number else "") + json.dumps(row, indent=2)


def everything(path: Path) -> tuple[list[Posted], Counter[str], dict[str, str]]:
    """The messages, how many were left out for which reason, and names by id."""
    opened = DiscordExport(path)
    items = [item for part in opened.parts() for item in opened.read(part)]
    left = Counter[str]()
    for item in items:
        if isinstance(item, LeftOut):
            left[item.reason] += item.count
    names = {item.id: item.name for item in items if isinstance(item, MemberSeen)}
    return [item for item in items if isinstance(item, Posted)], left, names
