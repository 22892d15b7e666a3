"""A growing text as posts: nothing twice, nothing left over, whatever stood before."""

from collections.abc import AsyncIterator, Callable

import pytest

from bot.chat.events import Thread
from bot.chat.platform import Draft
from bot.chat.replying.posting import Gone, found, grow, joined, merged, refs_of
from db.replies import ReplyLost

HERE = Thread("slack", "T1", "C1", None, "m1", "Ann", "echo")


class Board:
    """Posts by reference, each with its nonce; `log` is all that was asked, `kept` each reference to be remembered."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.nonces: dict[str, str] = {}
        self.log: list[str] = []
        self.kept: list[str] = []
        self.ours_left = 1000

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        ref = f"p{len(self.nonces) + 1}"
        self.texts[ref], self.nonces[nonce] = text, ref
        self.log.append(f"post {text}")
        return ref

    async def edit(self, to: Thread, ref: str, text: str) -> None:
        self.log.append(f"edit {ref} {text}")
        if ref not in self.texts:
            raise Gone
        self.texts[ref] = text

    async def remove(self, to: Thread, ref: str) -> None:
        self.log.append(f"remove {ref}")
        if self.texts.pop(ref, None) is None:
            raise Gone

    async def ours(self) -> None:
        self.ours_left -= 1
        if self.ours_left < 0:
            raise ReplyLost("Reply 1 was taken over by another attempt.")

    async def on_shown(self, ref: str) -> None:
        self.kept.append(ref)

    async def grows(self, pieces: AsyncIterator[str], shown: str | None = None, pace_s: float = 0.0) -> str:
        draft = Draft("reply-1", pieces, "answer", shown, self.ours, self.on_shown)
        return await grow(self, HERE, draft, split=by_word, pace_s=pace_s)


def by_word(text: str) -> list[str]:
    """Posts of two words."""
    words = text.split()
    return [" ".join(words[at : at + 2]) for at in range(0, len(words), 2)]


async def said(*pieces: str, then: Callable[[], None] | None = None) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece
    if then is not None:
        then()


async def test_a_post_grows_by_edits_and_a_long_text_by_posts_with_names_of_their_own() -> None:
    board = Board()
    assert await board.grows(said("one", " two", " three")) == "p1\np2"
    assert board.log == ["post one", "edit p1 one two", "post three"]
    assert board.nonces == {"reply-1": "p1", "reply-1-2": "p2"}
    assert board.kept == ["p1", "p1\np2"]


async def test_what_is_shown_is_kept_before_anything_else_is_shown() -> None:
    board = Board()
    kept: list[list[str]] = []

    async def pieces() -> AsyncIterator[str]:
        for piece in ("one ", "two ", "three"):
            yield piece
            kept.append(list(board.kept))

    await board.grows(pieces())
    assert kept == [["p1"], ["p1"], ["p1", "p1\np2"]]


async def test_between_two_changes_lies_the_pace_of_the_network() -> None:
    board = Board()
    await board.grows(said("one", " two", " three", " four"), pace_s=3600)
    assert board.log == ["post one", "edit p1 one two", "post three four"]


async def test_nothing_is_posted_before_there_is_something_to_read() -> None:
    board = Board()
    await board.grows(said("\n", "  ", "one"))
    assert board.log == ["post one"]
    empty = Board()
    await empty.grows(said("", " \n"))
    assert empty.texts == {"p1": "…"}


async def test_what_stood_before_is_finished_once_it_is_whole() -> None:
    board = Board()
    await board.grows(said("half", " an"))
    board.log.clear()
    assert await board.grows(said("the", " whole", " answer"), shown="p1") == "p1\np2"
    assert board.log == ["edit p1 the whole", "post answer"]


async def test_posts_that_are_too_many_now_are_forgotten_and_then_removed() -> None:
    board = Board()
    before = await board.grows(said("a b c d e"))
    board.kept.clear()
    assert await board.grows(said("sorry"), shown=before) == "p1"
    assert board.texts == {"p1": "sorry"}
    assert board.kept == ["p1"]


async def test_a_post_that_someone_deleted_stays_deleted() -> None:
    board = Board()
    await board.grows(said("a b c d"))
    del board.texts["p1"]
    assert await board.grows(said("e f g h"), shown="p1\np2") == "p1\np2"
    assert board.texts == {"p2": "g h"}
    assert await board.grows(said("i j k"), shown="\np2") == "\np2"
    assert board.texts == {"p2": "k"}
    assert await board.grows(said("l"), shown="p1\np3") == "p1"


@pytest.mark.parametrize("calls", range(4))
async def test_one_who_lost_the_reply_calls_the_network_no_more(calls: int) -> None:
    board = Board()
    before = await board.grows(said("a b c d e f"))
    board.log.clear()
    board.ours_left = calls
    with pytest.raises(ReplyLost):
        await board.grows(said("g h i j"), shown=before + "\np9")
    assert len(board.log) == calls


async def test_what_the_pieces_raise_is_raised_and_what_stands_is_kept() -> None:
    board = Board()

    def fails() -> None:
        raise RuntimeError("the model fell over")

    with pytest.raises(RuntimeError, match="the model fell over"):
        await board.grows(said("one ", "two", then=fails))
    assert board.kept == ["p1"]


def test_a_reference_is_made_of_the_posts_that_bear_its_names() -> None:
    posts = {"reply-1-3": "c", "reply-1": "a", "reply-12": "x", "reply-1-2": "b", "reply-1-02": "y", "other": "z"}
    assert found("reply-1", posts) == "a\nb\nc"
    assert found("reply-12", posts) == "x"
    assert found("reply-2", posts) is None
    assert found("reply-1", {"reply-1-2": "b"}) == "\nb"
    assert refs_of("\nb") == ["", "b"]


@pytest.mark.parametrize(
    ("kept", "seen", "both"),
    [
        (None, None, None),
        ("a", None, "a"),
        (None, "a", "a"),
        ("a", "a\nb", "a\nb"),
        ("a\nb", "\nb\nc", "a\nb\nc"),
        ("a\nb\nc", "a", "a\nb\nc"),
        ("a\nb", "b\nc", "a\nb\nc"),
    ],
)
def test_what_was_kept_and_what_is_seen_make_one_reference(
    kept: str | None, seen: str | None, both: str | None
) -> None:
    assert merged(kept, seen) == both
    assert joined(refs_of(both)) == (both or "")
