"""Slack's payloads as events: who is a stranger, what is an edit, what erases."""

import pytest

from bot.chat.events import ChannelSeen, Erased, Left, MemberSeen, Renamed, WorkspaceSeen
from bot.platforms.slack.collected import erased, happened, said_in, written_of
from bot.platforms.slack.payloads import Me
from bot.platforms.slack.people import Person

HARBOUR = WorkspaceSeen("slack", "T1", "Harbour")
ME = Me("UBOT", "B1", HARBOUR)
GENERAL = ChannelSeen("C1", "general")
QUAY = ChannelSeen("C1", "quay")
SAID = {"type": "message", "user": "U1", "text": "hello", "ts": "1767000000.500000"}
ANN = Person(MemberSeen("U1", "Ann"))


@pytest.mark.parametrize(
    ("more", "known", "shared", "foreign"),
    [
        ({}, {}, False, False),
        ({"team": "T1"}, {}, True, False),
        ({}, {"U1": ANN}, True, False),
        ({}, {}, True, True),  # nobody can tell: it is not kept
        ({}, {"U1": Person(MemberSeen("U1", ""))}, True, True),
        ({"team": "T2"}, {}, False, True),
        ({"team": "T1", "user_team": "T2"}, {"U1": ANN}, True, True),
        ({"source_team": "T2"}, {"U1": ANN}, False, True),
        ({"team": "T1"}, {"U1": Person(ANN.seen, foreign=True)}, False, True),
    ],
)
def test_who_cannot_be_told_from_a_stranger_is_one(more, known, shared: bool, foreign: bool) -> None:
    written = written_of(SAID | more, GENERAL, ME, known, shared=shared)
    assert written is not None
    assert written.foreign == foreign


@pytest.mark.parametrize(
    "changed",
    [
        {"subtype": "bot_message"},
        {"bot_id": "B2"},
        {"subtype": "channel_join"},
        {"subtype": "reminder_add"},
        {"user": "USLACKBOT"},
        {"subtype": "tombstone"},
    ],
)
def test_what_no_person_said_is_nothing(changed) -> None:
    assert said_in(SAID | changed) is None


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share", "me_message"])
def test_words_beside_a_file_or_to_the_channel_too_are_words(subtype: str) -> None:
    assert said_in(SAID | {"subtype": subtype}) is not None


def test_the_bot_itself_is_mentioned_by_its_name() -> None:
    me = Me("UBOT", "B1", HARBOUR, "yamabiko")
    written = written_of(SAID | {"text": "<@UBOT> hello"}, GENERAL, me, {}, shared=False)
    assert written is not None
    assert written.named == [MemberSeen("UBOT", "yamabiko")]


def test_only_an_edit_is_a_new_text() -> None:
    changed = {"type": "message", "subtype": "message_changed", "channel": "C1"}
    edited = SAID | {"text": "hello!", "edited": {"user": "U1", "ts": "1767000000.000000"}}
    assert said_in(changed | {"message": edited}) == edited
    assert said_in(changed | {"message": SAID | {"attachments": [{"title": "a page"}]}}) is None
    written = written_of(edited, GENERAL, ME, {}, shared=False)
    assert written is not None
    assert written.posted.edited_at is not None
    assert written.posted.edited_at > written.posted.at


@pytest.mark.parametrize(
    ("event", "gone"),
    [
        ({"subtype": "message_deleted", "deleted_ts": "1.0"}, "1.0"),
        ({"subtype": "message_changed", "message": SAID | {"subtype": "tombstone"}}, SAID["ts"]),
        (
            {
                "subtype": "message_changed",
                "message": SAID | {"text": "", "edited": {"ts": "2.0"}},
                "previous_message": SAID,
            },
            SAID["ts"],
        ),
        ({"subtype": "message_changed", "message": SAID}, None),
        (SAID, None),
    ],
)
def test_what_is_deleted_or_has_no_words_left_is_erased(event, gone) -> None:
    assert erased(event) == gone


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"type": "channel_deleted", "channel": "C1"}, Erased(HARBOUR, "C1")),
        (
            {"type": "group_rename", "channel": {"id": "C1", "name": "quay"}},
            Renamed(HARBOUR, ChannelSeen("C1", "quay")),
        ),
        ({"type": "group_left", "channel": "C1"}, Left(HARBOUR, "C1")),
        ({"type": "member_left_channel", "channel": "C1", "user": "UBOT"}, Left(HARBOUR, "C1")),
        ({"type": "member_left_channel", "channel": "C1", "user": "U1"}, None),
        ({"type": "app_uninstalled"}, Left(HARBOUR)),
        ({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}}, Left(HARBOUR)),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, None),
        ({"type": "channel_archive", "channel": "C1"}, None),
    ],
)
def test_what_befalls_a_channel_or_the_bot(event, told) -> None:
    assert happened(event, ME) == told
