"""A growing text as posts: what networks of messages with a length limit have in common.

Owns the order of posting, editing and remembering that lets a crash at any moment be taken up without a second
post. Knows no network: single posts go through `Network`, and where a text is cut is `split`'s to say.
"""

import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Protocol

from bot.chat import texts
from bot.chat.events import Thread
from bot.chat.platform import Draft


class Gone(Exception):
    """The post is not there any more: someone has deleted it."""


class Network(Protocol):
    """Single posts. What fails otherwise than by `Gone` is raised as it is, and the reply is tried again."""

    async def post(self, to: Thread, text: str, nonce: str) -> str:
        """The new post's reference, without line breaks."""
        ...

    async def edit(self, to: Thread, ref: str, text: str) -> None: ...

    async def remove(self, to: Thread, ref: str) -> None: ...


def nonce_of(nonce: str, place: int) -> str:
    """The name of the post at `place`, counted from 0, of what is called `nonce`."""
    return nonce if place == 0 else f"{nonce}-{place + 1}"


def found(nonce: str, posts: Mapping[str, str]) -> str | None:
    """The reference made of those posts (name → reference) that belong to `nonce`; None when none does."""
    places: dict[int, str] = {}
    for name, ref in posts.items():
        if name == nonce:
            places[0] = ref
        elif match := re.fullmatch(re.escape(nonce) + r"-([2-9]|[1-9][0-9]+)", name):
            places[int(match[1]) - 1] = ref
    return joined(places.get(place, "") for place in range(max(places) + 1)) if places else None


def joined(refs: Iterable[str]) -> str:
    return "\n".join(refs)


def refs_of(ref: str | None) -> list[str]:
    """The posts of a reference, in order; one that somebody deleted is an empty string."""
    return ref.split("\n") if ref else []


def merged(kept: str | None, seen: str | None) -> str | None:
    """What was kept and what the network has, post by post: a crash may lie between a post and its keeping.

    A network that knows no places, but only an order, leaves out what somebody has deleted: what both have tells where
    the rest belongs.
    """
    before, now = refs_of(kept), refs_of(seen)
    if any(ref and ref in before and before.index(ref) != place for place, ref in enumerate(now)):
        now = [*before, *(ref for ref in now if ref not in before)]
    pairs = zip_longest(before, now, fillvalue="")
    return joined(one or other for one, other in pairs) or None


async def grow(
    network: Network,
    to: Thread,
    draft: Draft,
    *,
    split: Callable[[str], Sequence[str]],
    pace_s: float,
    may_grow: Callable[[], bool] = lambda: True,
) -> str:
    """Show a draft as posts, changed at most every `pace_s` seconds; the reference of them all.

    A draft that was begun before is changed once, when it is whole: nobody wants to see a half answer shrink
    and grow again. `may_grow` is asked before each change but the last; where it says no, the text goes on gathering.
    """
    posts = _Posts(network, to, draft)
    text, changed_at = "", -math.inf
    async for piece in draft.pieces:
        text += piece
        if draft.shown is None and text.strip() and time.monotonic() - changed_at >= pace_s and may_grow():
            await posts.become(split(text))
            changed_at = time.monotonic()
    whole = split(text if text.strip() else texts.EMPTY)
    await posts.become(whole)
    await posts.cut(len(whole))
    return posts.ref


class _Posts:
    """The posts that stand, and what each says as far as we know."""

    def __init__(self, network: Network, to: Thread, draft: Draft) -> None:
        self._network, self._to, self._draft = network, to, draft
        self._refs = refs_of(draft.shown)
        self._texts: list[str | None] = [None] * len(self._refs)

    @property
    def ref(self) -> str:
        return joined(self._refs)

    async def become(self, wanted: Sequence[str]) -> None:
        for place, text in enumerate(wanted):
            if place == len(self._refs):
                await self._post(place, text)
            elif self._texts[place] != text:
                await self._edit(place, text)

    async def cut(self, count: int) -> None:
        """Take back what is more than `count`. Forgotten first: what a crash leaves standing, `find` finds."""
        surplus, self._refs = self._refs[count:], self._refs[:count]
        if surplus:
            await self._draft.on_shown(self.ref)
        for ref in filter(None, surplus):
            await self._draft.ours()
            with suppress(Gone):
                await self._network.remove(self._to, ref)

    async def _post(self, place: int, text: str) -> None:
        await self._draft.ours()
        self._refs.append(await self._network.post(self._to, text, nonce_of(self._draft.nonce, place)))
        self._texts.append(text)
        await self._draft.on_shown(self.ref)

    async def _edit(self, place: int, text: str) -> None:
        await self._draft.ours()
        with suppress(Gone):  # whoever deleted it wants it gone
            if self._refs[place]:
                await self._network.edit(self._to, self._refs[place], text)
        self._texts[place] = text
