"""Rows that come and go in one cache: each keeps exactly its own past, whatever the others do."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.generation.kv_cache import RowCache

LAYERS, HEADS, DIM = 2, 2, 3


class Ledger:
    """Numbers its tokens, so that what a row should hold is known."""

    def __init__(self) -> None:
        self.count = 0

    def states(self, rows: int, new: int) -> torch.Tensor:
        """[rows, heads, new, dim], every token with a number of its own."""
        first, self.count = self.count, self.count + rows * new
        numbers = torch.arange(first, self.count, dtype=torch.float32).view(rows, 1, new, 1)
        return numbers.expand(rows, HEADS, new, DIM) + torch.arange(DIM) / 10

    def feed(self, cache: RowCache, new: int, pasts: list[list[float]]) -> None:
        """A pass of `new` tokens for every row; `pasts` are told what each row got."""
        states = self.states(len(cache.lengths), new)
        begins = [max(0, -length) for length in cache.lengths]
        for layer in range(LAYERS):
            cache.update(states, states * 2, layer)
        cache.advance(new)
        for row, past in enumerate(pasts):
            past += states[row, 0, begins[row] :, 0].tolist()


def check(cache: RowCache, pasts: list[list[float]]) -> None:
    """What the mask of a next token would show of each row is that row's past, in all layers."""
    assert cache.lengths == [len(past) for past in pasts]
    shown = cache.mask(1, torch.device("cpu"))[:, :-1]
    assert cache.positions(1, torch.device("cpu"))[:, 0].tolist() == cache.lengths
    for layer in cache.layers:
        keys, values = layer.past()  # type: ignore[attr-defined]
        assert keys.shape[2] == shown.shape[1] == max(cache.lengths), "no column is kept for nobody"
        assert keys.isfinite().all()
        for row, past in enumerate(pasts):
            assert keys[row, 0, shown[row], 0].tolist() == past
            assert values[row, -1, shown[row], 0].tolist() == [2 * number for number in past]


moves = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.integers(1, 70)),
        st.tuples(st.just("join"), st.lists(st.integers(1, 90), min_size=1, max_size=3), st.integers(1, 2**6)),
        st.tuples(st.just("leave"), st.integers(0, 2**16)),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=3), moves)
def test_every_row_keeps_its_own_past(prompts: list[int], moves: list[tuple]) -> None:
    ledger = Ledger()
    cache, pasts = RowCache(prompts), [list[float]() for _ in prompts]
    ledger.feed(cache, max(prompts), pasts)
    check(cache, pasts)
    for kind, *what in moves:
        if kind == "speak":
            for _ in range(what[0]):
                ledger.feed(cache, 1, pasts)
        elif kind == "join":
            lengths, chosen = what
            other, theirs = RowCache(lengths), [list[float]() for _ in lengths]
            ledger.feed(other, max(lengths), theirs)
            sources = [row % len(lengths) for row in range(6) if chosen >> row & 1] or [0]
            cache.join(other, sources)
            pasts += [list(theirs[row]) for row in sources]
        else:
            kept = [row for row in range(len(pasts)) if what[0] >> row & 1] or [0]
            pasts = [pasts[row] for row in cache.keep(kept)]
            assert len(pasts) == len(kept)
        check(cache, pasts)


def test_taking_rows_repeats_and_orders_them() -> None:
    ledger, cache, pasts = Ledger(), RowCache([2, 5]), [list[float](), list[float]()]
    ledger.feed(cache, 5, pasts)
    for rows in ([1, 0, 0], [2, 1]):  # at last the longest is gone
        cache.take(rows)
        pasts = [list(pasts[row]) for row in rows]
        check(cache, pasts)
        ledger.feed(cache, 1, pasts)
        check(cache, pasts)
