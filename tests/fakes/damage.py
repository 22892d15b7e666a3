"""Files of every importer's kind: good ones with some of everything, and what chance makes of them.

Owns the damage. Knows no importer and no rows.
"""

import random
import zipfile
from pathlib import Path
from typing import Any

from tests.fakes import discord_export, discord_package, slack_export

CSV = discord_package.csv_of(discord_package.said("one, two", 1), discord_package.said('a "b"\nc', 2))


def good(kind: str, path: Path) -> Path:
    """A whole file of this kind, with some of everything."""
    if kind == "slack_export":
        rows = [slack_export.said(f"<@U2> word {n}", f"{n}.000100", thread_ts="0.000100") for n in range(5)]
        return slack_export.export(path, {"general/2019-01-01.json": rows, "general/2019-01-02.json": rows[:2]})
    if kind == "discord_export":
        rows = [discord_export.said(f"@Ben Ó word {n}", n, mentions=[discord_export.BEN]) for n in range(5)]
        return discord_export.export(path, *rows, discord_export.reply("あ", 9, 2))
    if kind == "discord_package":
        rows = [discord_package.said(f"<@12> word {n}", n) for n in range(5)]
        old = {"messages/600/channel.json": {"id": "600", "type": 0}, "messages/600/messages.csv": CSV}
        return discord_package.package(path, discord_package.channel(discord_package.GENERAL, *rows) | old)
    path.write_text("吾輩は猫である。\n\nA line of words.\n" * 20, encoding="utf-8")
    return path


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, taken out, put in, said twice, or all from one place on lost."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[at : at + chance.randint(1, 30)]
            case 2:
                changed[at:at] = chance.choice(NASTY)
            case 3:
                changed[at:at] = changed[at : at + 60]
            case 4:
                changed[at : at + chance.randint(0, 8)] = chance.choice(NASTY)
            case _:
                del changed[at + chance.randrange(1 + len(changed) - at) :]
    return bytes(changed)


NASTY = [
    b"1e999999", b"9" * 5000, b"-" + b"1" * 400, b"1e9999999999999999999", b"NaN", b"Infinity", b"-", b"0.1e-9999",
    b"[" * 3000, b'{"id":' * 3000, b"[" * 60_000, b"]", b"}", b'"', b"\\", b"\\u0000", b'"\\ud800"',
    b'"\\udc00\\ud800"', b"\x00", b"\x00" * 70_000, b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80", b"null", b"true", b"{}", b"[]", b'{"id":"1","id":2}', b'"<@member:1>"', b"\r\n", b",", b":",
    b"/*", b" " * 70_000, "［＃「".encode(), "《".encode() * 500, b"\x1a", b"\xe3\x81",
]  # fmt: skip


def with_damaged_member(kind: str, tmp_path: Path, chance: random.Random) -> Path:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(good(kind, tmp_path / "good")) as whole, zipfile.ZipFile(path, "w") as made:
        unlucky = chance.choice([name for name in whole.namelist() if not name.endswith(".txt")])
        for name in whole.namelist():
            data = whole.read(name)
            made.writestr(name, damaged(data, chance) if name == unlucky else data)
    return path


def as_discord_export(path: Path, values: list[Any], other: Any) -> Path:
    messages = [discord_export.said("hi", n) | one if isinstance(one, dict) else one for n, one in enumerate(values)]
    places = random.Random(len(messages)).choice(["guild", "channel", "messages", "exportedAt", "more"])
    return discord_export.export(path, *messages, **({places: other} if other is not None else {}))


def as_discord_package(path: Path, values: list[Any], other: Any) -> Path:
    messages = [discord_package.said("hi", n) | one if isinstance(one, dict) else one for n, one in enumerate(values)]
    facts = discord_package.GENERAL | (other if isinstance(other, dict) else {"type": other})
    files = discord_package.channel(facts, *messages, id="510") | {"messages/index.json": other}
    user = discord_package.OWNER | (other if isinstance(other, dict) else {})
    return discord_package.package(path, files, user=user if len(messages) % 2 else other)


def as_slack_export(path: Path, values: list[Any], other: Any) -> Path:
    said = [slack_export.said("hi", f"{n}.1") | one if isinstance(one, dict) else one for n, one in enumerate(values)]
    lists = {"users": other} if len(said) % 2 else {"channels": other}
    return slack_export.export(path, {"general/2019-01-01.json": said}, **(lists if other is not None else {}))


SHAPES = {"slack_export": as_slack_export, "discord_export": as_discord_export, "discord_package": as_discord_package}
