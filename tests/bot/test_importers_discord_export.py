"""DiscordChatExporter's JSON: who said what, what is left out and why, threads, and files cut short."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.importers.discord_export import DiscordExport
from bot.importers.discord_markup import plain
from bot.importers.source import ImportRefused
from tests.fakes.discord_export import (
    AKI,
    BEN,
    BOT,
    GENERAL,
    GUILD,
    THREAD,
    everything,
    export,
    reply,
    said,
    user,
)


def test_a_message_is_taken_with_its_author_time_and_words(tmp_path: Path) -> None:
    rows = [said("good morning", 1), said("あけまして 🎍", 2, BEN)]
    posted, left, names = everything(export(tmp_path / "x.json", *rows))
    assert [(one.id, one.author, one.text) for one in posted] == [
        ("1001", "11", "good morning"),
        ("1002", "12", "あけまして 🎍"),
    ]
    assert posted[0].at == datetime(2024, 5, 1, 8, 1, tzinfo=UTC)
    assert {one.channel for one in posted} == {GENERAL["id"]}
    assert names == {"11": "Aki", "12": "Ben Ó"}
    assert not left


def test_server_and_channel_are_discords_own(tmp_path: Path) -> None:
    opened = DiscordExport(export(tmp_path / "x.json"))
    assert (opened.workspace.platform, opened.workspace.id, opened.workspace.name) == (
        "discord",
        GUILD["id"],
        "Harbour",
    )
    assert [(one.id, one.name) for one in opened.channels] == [(GENERAL["id"], "general")]
    assert list(opened.parts()) == []


def test_a_reply_knows_what_it_answers_and_an_edit_when_it_was_made(tmp_path: Path) -> None:
    edited = "2024-05-02T10:00:00.1234567+09:00"
    posted, _, _ = everything(export(tmp_path / "x.json", said("tea?", 1), reply("yes", 2, 1, timestampEdited=edited)))
    assert [(one.reply_to, one.thread) for one in posted] == [(None, None), ("1001", None)]
    assert posted[1].edited_at == datetime(2024, 5, 2, 1, 0, 0, 123456, tzinfo=UTC)


def test_reactions_embeds_stickers_and_attachments_add_no_words(tmp_path: Path) -> None:
    emoji = {"id": "", "name": "👍", "code": "thumbsup", "isAnimated": False, "imageUrl": "x"}
    reacted = said("nice", 1, reactions=[{"emoji": emoji, "count": 1, "users": [BEN]}])
    rows = [
        reacted,
        said("", 2, attachments=[{"id": "1", "url": "x", "fileName": "boat.png", "fileSizeBytes": 1}]),
        said("", 3, embeds=[{"title": "news", "description": "not theirs", "images": [], "fields": []}]),
        said("", 4, stickers=[{"id": "1", "name": "wave", "format": "Png", "sourceUrl": "x"}]),
    ]
    posted, left, names = everything(export(tmp_path / "x.json", *rows))
    assert [one.text for one in posted] == ["nice"]
    assert left == {"empty": 3}
    assert names == {"11": "Aki"}


def test_a_forwarded_text_is_not_the_forwarders(tmp_path: Path) -> None:
    forwarded = {"timestamp": "2024-05-01T08:00:00+00:00", "content": "someone else's secret", "attachments": []}
    rows = [said("", 1, forwardedMessage=forwarded), said("look at that", 2, forwardedMessage=forwarded)]
    posted, left, _ = everything(export(tmp_path / "x.json", *rows))
    assert [one.text for one in posted] == ["look at that"]
    assert left == {"forwarded": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (said("beep", author=BOT), "bot"),
        (said("Pinned a message.", type="ChannelPinnedMessage"), "system"),
        (said("Joined the server.", type="GuildMemberJoin"), "system"),
        (said("Started a thread.", type="ThreadCreated"), "system"),
        (said("", type="21"), "system"),
        (said("bye", author=user("456226577798135808", "Deleted User")), "deleted"),
        (said("bye", author=user("13", "deleted_user_1a2b3c4d5e6f")), "deleted"),
        (said("Pinned a message.", type=6), "system"),
        (said("x", type=None), "malformed"),
        (said("x", timestamp="yesterday"), "malformed"),
        (said("x", timestamp="0001-01-01T00:00:00+14:00"), "malformed"),
        (said("x", timestamp="0001-01-01T00:00:00"), "malformed"),  # no time at all in New York
        (said("x", timestamp="9999-12-31T23:59:59+00:00"), "malformed"),
        (said("x", id="../1"), "malformed"),
        (said(["x"]), "malformed"),
        (said("x" * 100_001), "malformed"),
        (said("x", author="aki"), "malformed"),
        (said("x", author=AKI | {"id": 11}), "malformed"),
        ("text", "malformed"),
        (None, "malformed"),
    ],
)
def test_what_nobody_of_the_community_said_is_left_out_with_its_reason(tmp_path: Path, row: Any, reason: str) -> None:
    posted, left, names = everything(export(tmp_path / "x.json", row, said("kept", 50, BEN)))
    assert [one.text for one in posted] == ["kept"]
    assert left == {reason: 1}
    assert set(names) == {"12"}


def test_a_pinned_message_is_its_authors_as_before(tmp_path: Path) -> None:
    posted, _, _ = everything(export(tmp_path / "x.json", said("the rules", isPinned=True)))
    assert [one.text for one in posted] == ["the rules"]


def test_people_whom_the_exporter_wrote_out_become_references_again(tmp_path: Path) -> None:
    row = said("@Ben Óさん and @Ben Ómar, ask @Helper, not ben", mentions=[BEN, BOT, user("14", "omar", "Ben Ómar")])
    posted, _, names = everything(export(tmp_path / "x.json", row))
    assert posted[0].text == "<@member:12>さん and <@member:14>, ask @Helper, not ben"
    assert names == {"11": "Aki", "12": "Ben Ó", "14": "Ben Ómar"}


def test_a_name_within_a_longer_word_is_no_mention(tmp_path: Path) -> None:
    row = said("@Akiko is not @Aki", mentions=[AKI])
    posted, _, _ = everything(export(tmp_path / "x.json", row))
    assert posted[0].text == "@Akiko is not <@member:11>"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("<@12> and <@!12>", "<@member:12> and <@member:12>"),
        ("<@&5> in <#9>", "@role in #channel"),
        ("<:wave:123> <a:dance:5>", ":wave: :dance:"),
        ("<t:0:R> <t:99999999999999>", "1970-01-01 00:00 <t:99999999999999>"),
        ("<t:999999999999>", "date"),
        ("</play song:12>", "/play song"),
        ("see <https://example.org/a?b>", "see https://example.org/a?b"),
        ("a < b > c <@ben>", "a < b > c <@ben>"),
        ("<@member:7> is typed", "<@ member:7> is typed"),
    ],
)
def test_discords_notation_is_read_as_people_read_it(typed: str, read: str) -> None:
    assert plain(typed, lambda id: f"<@member:{id}>") == read


def test_a_thread_belongs_to_its_parent_channel_and_first_message(tmp_path: Path) -> None:
    rows = [said("", 0, type="ThreadStarterMessage", id="1000"), said("mine leaks", 1), reply("mend it", 2, 1)]
    path = export(tmp_path / "x.json", *rows, channel=THREAD)
    posted, left, _ = everything(path)
    assert [(one.channel, one.thread, one.reply_to, one.conversation) for one in posted] == [
        (GENERAL["id"], "1000", "1000", None),
        (GENERAL["id"], "1000", "1001", None),
    ]
    assert left == {"system": 1}
    assert [one.name for one in DiscordExport(path).channels] == ["general"]


def test_a_forums_post_opens_a_conversation_of_its_own(tmp_path: Path) -> None:
    rows = [said("how do I splice?", 0), said("like this", 1, BEN)]
    posted, _, _ = everything(export(tmp_path / "x.json", *rows, channel=THREAD))
    assert [(one.thread, one.reply_to, one.conversation) for one in posted] == [
        ("1000", None, "1000"),
        ("1000", "1000", None),
    ]


@pytest.mark.parametrize("kind", ["DirectTextChat", "DirectGroupTextChat", "GuildPrivateThread", 1, 3, "12"])
def test_a_private_conversation_is_refused(tmp_path: Path, kind: Any) -> None:
    path = export(tmp_path / "x.json", said("secret"), channel=GENERAL | {"type": kind})
    with pytest.raises(ImportRefused, match=r"x\.json is a private conversation"):
        DiscordExport(path)


def test_a_conversation_outside_any_server_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path / "x.json", said("secret"), guild={"id": "0", "name": "Direct Messages"})
    with pytest.raises(ImportRefused, match=r"x\.json is a private conversation"):
        DiscordExport(path)


def test_types_that_are_discords_numbers_are_understood(tmp_path: Path) -> None:
    rows = [said("how do I splice?", 1, type=0), reply("like this", 2, 1) | {"type": 19}]
    posted, _, _ = everything(export(tmp_path / "x.json", *rows, channel=THREAD | {"type": 11}))
    assert [(one.thread, one.reply_to) for one in posted] == [("1000", "1000"), ("1000", "1001")]


@pytest.mark.parametrize(
    "changed",
    [{"guild": None}, {"channel": None}, {"guild": []}, {"guild": {"id": 5}}, {"channel": {"id": "x"}}, {"guild": "a"}],
)
def test_what_is_no_export_is_refused_with_how_to_make_one(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(ImportRefused, match=r"x\.json is not a channel in DiscordChatExporter's JSON: export it .*\.$"):
        DiscordExport(export(tmp_path / "x.json", said("hi"), **changed))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "cut short"), (b"{", "cut short"), (b"hello", "no JSON"), (b"5", "another kind"),
        ("{}".encode("utf-16"), "not in UTF-8"), (b'{"guild": "\xff"}', "damaged"), (b"[" * 100_000, "more in it"),
        (b'{"guild": ' + b"9" * 10_000, "damaged"), (b"<html>", "no JSON"), (b'{"guild": NaN}', "damaged"),
        (b'{"guild": "' + b"a" * (18 << 20), "16 MB"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_in_one_sentence(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(ImportRefused, match=rf"^x\.json [^\n]*{word}[^\n]*\.$"):
        DiscordExport(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"x\.json cannot be opened"):
        DiscordExport(tmp_path / "x.json")


def test_a_byte_order_mark_nul_and_half_characters_harm_nothing(tmp_path: Path) -> None:
    path = export(tmp_path / "x.json", said("a\x00b"), said("REPLACED", 2))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"REPLACED", rb"half \ud83d"))
    posted, _, _ = everything(path)
    assert posted[0].text == "ab"
    assert posted[1].text.startswith("half ")
    assert posted[1].text.encode()


def test_a_message_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    posted, left, _ = everything(export(tmp_path / "x.json", said("one"), said("one"), said("two", 2)))
    assert [one.text for one in posted] == ["one", "two"]
    assert left == {"duplicate": 1}


def test_newest_first_is_turned_round_within_a_run(tmp_path: Path) -> None:
    posted, _, _ = everything(export(tmp_path / "x.json", *[said(f"number {n}", n) for n in (3, 2, 1)]))
    assert [one.text for one in posted] == ["number 1", "number 2", "number 3"]


def test_a_bots_name_is_no_mention_of_a_member(tmp_path: Path) -> None:
    sly = user("19", "<@member:12>", is_bot=True)
    posted, _, names = everything(export(tmp_path / "x.json", said("thanks <@19>", mentions=[sly])))
    assert [one.text for one in posted] == ["thanks @<@ member:12>"]
    assert names == {"11": "Aki"}
