"""Several samples in one row, several rows in one micro-batch, without padding to speak of.

Owns the tensors a model reads. Positions restart with every sample: where no attention mask is given,
transformers (`masking_utils.find_packed_sequence_indices`) lets a token see its own sample alone. Padding is
a tail of the last sample of its row, behind everything that attends.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from trainer.train.examples import Sample

# Enough work for a matrix product to be worth its start, little enough for the activations to stay near the
# cores.
MICRO_TOKENS = 512
MICRO_TOKENS_GPU = 8192


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """What one forward pass reads.

    `ids` and `positions` are (rows, width); `places` are indices into the flattened rows whose hidden states
    predict `targets`, both (targets,).
    """

    ids: torch.Tensor
    positions: torch.Tensor
    places: torch.Tensor
    targets: torch.Tensor

    @property
    def tokens(self) -> int:
        return self.ids.numel()

    def to(self, device: torch.device) -> "MicroBatch":
        parts = (self.ids, self.positions, self.places, self.targets)
        return MicroBatch(*(part.to(device) for part in parts))


def pack(samples: Sequence[Sample], most_tokens: int = MICRO_TOKENS) -> list[MicroBatch]:
    """Every sample once, in micro-batches of at most `most_tokens` tokens, or of one row if it is longer."""
    rows = _rows(samples)
    batches: list[MicroBatch] = []
    while rows:
        width = _length(rows[0])
        count = max(1, most_tokens // width)
        batches.append(_micro_batch(rows[:count], width))
        rows = rows[count:]
    return batches


def _rows(samples: Sequence[Sample]) -> list[list[Sample]]:
    """First fit, longest first, into rows as long as the longest sample; the longest rows come first."""
    ordered = sorted(samples, key=lambda sample: -len(sample.ids))
    width = len(ordered[0].ids) if ordered else 0
    rows: list[list[Sample]] = []
    for sample in ordered:
        for row in rows:
            if _length(row) + len(sample.ids) <= width:
                row.append(sample)
                break
        else:
            rows.append([sample])
    return sorted(rows, key=_length, reverse=True)


def _length(row: Sequence[Sample]) -> int:
    return sum(len(sample.ids) for sample in row)


def _micro_batch(rows: Sequence[Sequence[Sample]], width: int) -> MicroBatch:
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    positions = torch.zeros(len(rows), width, dtype=torch.long)
    places: list[int] = []
    targets: list[int] = []
    for number, row in enumerate(rows):
        begin = 0
        for sample in row:
            size = len(sample.ids)
            ids[number, begin : begin + size] = torch.tensor(sample.ids)
            positions[number, begin:] = torch.arange(width - begin)
            first = number * width + begin + sample.start - 1
            places += range(first, first + sample.targets)
            targets += sample.ids[sample.start :]
            begin += size
    return MicroBatch(ids, positions, torch.tensor(places), torch.tensor(targets))
