"""Keys and values of a batch whose rows come and go, each with a length of its own.

Owns where a row's past stands: all rows end at the same column and begin where their length says, so that one
step writes one column and a mask of lengths hides the rest. Room is kept ahead, in rows and in columns, because
copying the whole past at every step costs more than the step's own attention. Knows no request and no token.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedConfig
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache, get_layer_types_and_kwargs

COLUMNS = 64  # of room at least; it doubles when it is full


class RowLayer(CacheLayerMixin):
    """One layer's past: [rows, heads, columns, dim] of which columns `begin` to `end` are in use."""

    is_sliding = False  # all columns are kept; masks alone say how far a layer sees

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.rows = self.begin = self.end = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        rows, heads, _, dim = key_states.shape
        self.rows = rows
        # Zeros, because even what a mask hides must be a number.
        self.keys = key_states.new_zeros(rows, heads, COLUMNS, dim)
        self.values = value_states.new_zeros(rows, heads, COLUMNS, value_states.shape[-1])
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes the new columns of every row and returns all of the past with them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.end = self._room(key_states.shape[2])
        self._keys[: self.rows, :, start : self.end] = key_states
        self._values[: self.rows, :, start : self.end] = value_states
        return self.past()

    def past(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values, [rows, heads, columns, dim]."""
        columns = slice(self.begin, self.end)
        return self._keys[: self.rows, :, columns], self._values[: self.rows, :, columns]

    def join(self, other: "RowLayer", rows: list[int], length: int) -> None:
        """Takes the last `length` columns of these rows of `other` in, below those that are here."""
        self._make_room(self.rows + len(rows), length)
        new, columns = slice(self.rows, self.rows + len(rows)), slice(self.end - length, self.end)
        keys, values = (past[:, :, past.shape[2] - length :] for past in other.past())
        self._keys[new, :, columns], self._values[new, :, columns] = keys[rows], values[rows]
        self._clear(new, slice(self.begin, self.end - length))
        self.rows += len(rows)

    def take(self, rows: list[int], length: int) -> None:
        """Goes on with the last `length` columns of these rows, in this order."""
        keys, values = (past[:, :, past.shape[2] - length :] for past in self.past())
        self.keys, self.values = keys[rows], values[rows]
        self.rows, self.begin, self.end = len(rows), 0, length

    def move(self, source: int, target: int) -> None:
        for store in (self._keys, self._values):
            store[target, :, self.begin : self.end] = store[source, :, self.begin : self.end]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_seq_length(self) -> int:
        return self.end - self.begin

    def get_max_length(self) -> int:
        return -1

    @property
    def _keys(self) -> torch.Tensor:
        assert self.keys is not None
        return self.keys

    @property
    def _values(self) -> torch.Tensor:
        assert self.values is not None
        return self.values

    def _room(self, new: int) -> tuple[int, int]:
        """Where `new` columns begin and end; the past moves to the front of a larger store if it must."""
        if self.end + new > self._keys.shape[2]:
            self._lay_out(self._keys.shape[0], self.end - self.begin + new, front=0)
        return self.end, self.end + new

    def _make_room(self, rows: int, length: int) -> None:
        """For so many rows, and for a past of `length` columns that ends where the others end."""
        if rows > self._keys.shape[0] or length > self.end:
            front = max(0, length - (self.end - self.begin))
            kept = max(self._keys.shape[0], rows if rows <= self._keys.shape[0] else 2 * rows)
            self._lay_out(kept, self.end - self.begin + front, front)
        begin = min(self.begin, self.end - length)
        self._clear(slice(0, self.rows), slice(begin, self.begin))
        self.begin = begin

    def _clear(self, rows: slice, columns: slice) -> None:
        """What one who left has behind is hidden by the mask, but were it no number, it would show through."""
        self._keys[rows, :, columns] = 0
        self._values[rows, :, columns] = 0

    def _lay_out(self, rows: int, columns: int, front: int) -> None:
        """A new store with room for twice the columns, or the old one if that is enough; `front` stays free."""
        keys, values = self.past()
        room = max(2 * columns, COLUMNS)
        stores = [past.new_zeros(rows, past.shape[1], room, past.shape[3]) for past in (keys, values)]
        for store, past in zip(stores, (keys, values), strict=True):
            store[: past.shape[0], :, front : front + past.shape[2]] = past
        self.keys, self.values = stores  # both or, where memory ran out, neither
        self.begin, self.end = front, front + keys.shape[2]


class RowCache(Cache):
    """A cache for every layer of a model, and the length of each row.

    It begins with a row for each prompt that is read in it, of so many tokens. Shorter ones begin later in the
    pass: until then their length is below nought, and what stands there is hidden.
    """

    def __init__(self, prompts: Sequence[int] = (0,)) -> None:
        super().__init__(layer_class_to_replicate=RowLayer)
        self.lengths = [tokens - max(prompts) for tokens in prompts]

    def advance(self, tokens: int) -> None:
        """Every row has read so many more tokens: call it after each pass."""
        self.lengths = [length + tokens for length in self.lengths]

    def mask(self, new: int, device: torch.device) -> torch.Tensor:
        """[rows, columns + new], True where a row has something."""
        width = max(self.lengths) + new
        begins = torch.tensor([width - length - new for length in self.lengths], device=device)
        return torch.arange(width, device=device) >= begins[:, None]

    def positions(self, new: int, device: torch.device) -> torch.Tensor:
        """[rows, new], the place of each new token in its own row."""
        begins = torch.tensor(self.lengths, device=device)[:, None]
        return (begins + torch.arange(new, device=device)).clamp_(min=0)

    def join(self, other: "RowCache", rows: list[int]) -> None:
        """Takes these rows of `other` in, below those that are here; one may come several times.

        Where that fails, those who were here go on as they were.
        """
        length = max(other.lengths[row] for row in rows)
        try:
            for mine, its in zip(self.layers, other.layers, strict=True):
                if isinstance(mine, RowLayer) and isinstance(its, RowLayer) and its.is_initialized:
                    mine.join(its, rows, length)
        except BaseException:
            for layer in self._row_layers():
                layer.rows, layer.begin = len(self.lengths), layer.end - max(self.lengths)
            raise
        self.lengths = [*self.lengths, *(other.lengths[row] for row in rows)]

    def take(self, rows: list[int]) -> None:
        """Goes on with these rows, in this order; one may come several times."""
        if rows != list(range(len(self.lengths))):
            self.lengths = [self.lengths[row] for row in rows]
            for layer in self._row_layers():
                layer.take(rows, max(self.lengths))

    def keep(self, rows: Sequence[int]) -> list[int]:
        """Goes on with these rows only, and returns them in their new order: the last fill the gaps."""
        order = list(range(len(self.lengths)))
        for row in sorted(set(order) - set(rows), reverse=True):
            last = len(order) - 1
            for layer in self._row_layers():
                if row != last:
                    layer.move(last, row)
                layer.rows -= 1
            order[row] = order[last]
            order.pop()
        self.lengths = [self.lengths[row] for row in order]
        for layer in self._row_layers():
            layer.begin = layer.end - max(self.lengths, default=0)
        return order

    def _row_layers(self) -> list[RowLayer]:
        return [layer for layer in self.layers if isinstance(layer, RowLayer) and layer.is_initialized]


class OwnCache(DynamicCache):
    """The past of one request alone, for architectures whose layers keep more than keys and values.

    It has `RowCache`'s face, but nobody can join it later: such a base serves its requests beside one another.
    """

    def __init__(self, config: PreTrainedConfig) -> None:
        super().__init__(config=config)
        self.lengths: list[int] = [0]

    advance, mask, positions = RowCache.advance, RowCache.mask, RowCache.positions

    def keep(self, rows: Sequence[int]) -> list[int]:
        self.take(list(rows))
        return list(rows)

    def take(self, rows: list[int]) -> None:
        # What beam search uses: every kind of layer has it.
        self.reorder_cache(torch.tensor(rows))  # type: ignore[arg-type]
        self.lengths = [self.lengths[row] for row in rows]


def can_share(config: PreTrainedConfig) -> bool:
    """Whether the rows of several requests can stand in one `RowCache`: every layer is attention."""
    kinds, _ = get_layer_types_and_kwargs(config.get_text_config(decoder=True))
    return all(kind in ("full_attention", "sliding_attention", "chunked_attention", "dummy") for kind in kinds)
