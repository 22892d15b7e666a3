"""Many LoRA adapters beside one model, each row of a batch with its own.

Owns the layers that stand in the linear layers' places, and which adapters the next forward pass uses. All
adapters of a batch are laid side by side in two matrices a layer, so that their number costs no further calls:
what a row gets from the adapters of other rows is struck out between the two. Knows no file and no request.
S-LoRA (Sheng et al. 2023) and Punica (Chen et al. 2023) serve many adapters of one base; on a processor the
plain product beats gathered kernels.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from bot.generation.adapter_folder import Adapter, Factors
from bot.generation.packed import PackedLinear


class LoraLinear(torch.nn.Module):
    """A linear layer of the base, torch's, packed or GPT-2's Conv1D, with the adapters of the batch beside it."""

    def __init__(self, base: torch.nn.Module, choice: "Choice") -> None:
        super().__init__()
        self.base = base
        self._choice = choice
        self._down: torch.Tensor | None = None  # [inputs, all ranks]
        self._up: torch.Tensor | None = None  # [all ranks, outputs]
        self._ranks: tuple[int, ...] = ()

    def lay_out(self, factors: Sequence[Factors | None]) -> None:
        """Takes the batch's adapters in their order; None for one that has nothing here."""
        kind: Any = {"device": self._choice.device, "dtype": self.weight.dtype}
        self._ranks = tuple(0 if one is None else one.down.shape[1] for one in factors)
        there = [one for one in factors if one is not None]
        self._down = self._up = None
        if there:
            self._down = torch.cat([one.down.to(**kind) for one in there], dim=1)
            self._up = torch.cat([one.up.to(**kind) for one in there], dim=0)

    @property
    def weight(self) -> torch.Tensor:
        """The base's own: some architectures look at its type."""
        return self.base.weight  # type: ignore[return-value]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: [rows, tokens, inputs], or both in one; → the same of outputs."""
        out = self.base(x)
        if self._down is None or self._up is None or not self._choice.any:
            return out
        inner = x.reshape(-1, x.shape[-1]) @ self._down
        others = self._choice.others(self._ranks)
        if others is not None:
            # Struck out, not multiplied by nought: another's overflow must not reach this row.
            inner.view(len(others), -1, inner.shape[-1]).masked_fill_(others, 0)
        out.view(-1, out.shape[-1]).addmm_(inner, self._up)
        return out


class Choice:
    """Which adapter each row of the next forward pass has: one place for all layers."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._rows: tuple[int | None, ...] = ()
        self._masks: dict[tuple[int, ...], torch.Tensor | None] = {}
        self.any = False  # whether a row has an adapter at all

    def take(self, rows: tuple[int | None, ...]) -> None:
        """`rows`: each row's place among the adapters laid out, None for the bare base."""
        if rows != self._rows:
            self._rows, self.any = rows, any(row is not None for row in rows)
            self._masks.clear()

    def others(self, ranks: tuple[int, ...]) -> torch.Tensor | None:
        """[rows, 1, all ranks], True where a column is another's; None when every column is every row's."""
        if ranks not in self._masks:
            owner = [place for place, rank in enumerate(ranks) for _ in range(rank)]
            strange = [[column != row for column in owner] for row in self._rows]
            mask = torch.tensor(strange, device=self.device)[:, None, :] if any(map(any, strange)) else None
            self._masks[ranks] = mask
        return self._masks[ranks]


class Adapters:
    """The adapters of one model; what is laid out changes with the batch.

    A layer is replaced when the first adapter wants it, so a base alone runs as it came.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self.shapes = linear_layers(model)
        self._model = model
        self._choice = Choice(model.device)
        self._layers: dict[str, LoraLinear] = {}
        self._laid_out: list[Adapter] = []

    def gather(self, adapters: Iterable[Adapter]) -> None:
        """Makes these ready. Laying out copies weights, so what was there stays until something new comes."""
        wanted = list(dict.fromkeys(adapters))
        if not set(wanted) <= set(self._laid_out):
            self._lay_out(wanted)

    def choose(self, rows: Sequence[Adapter | None]) -> None:
        """Each row's adapter for the next forward pass, out of those gathered."""
        place = {adapter: at for at, adapter in enumerate(self._laid_out)}
        self._choice.take(tuple(None if adapter is None else place[adapter] for adapter in rows))

    def forget(self, adapter: Adapter) -> None:
        """Its memory is free once nobody else holds it."""
        if adapter in self._laid_out:
            self._lay_out([one for one in self._laid_out if one is not adapter])

    def _lay_out(self, adapters: list[Adapter]) -> None:
        self._laid_out = []  # until all of it has worked
        self._choice.take(())
        for name in {name for adapter in adapters for name in adapter.layers} - self._layers.keys():
            self._layers[name] = self._replace(name)
        for name, layer in self._layers.items():
            layer.lay_out([adapter.layers.get(name) for adapter in adapters])
        self._laid_out = adapters

    def _replace(self, name: str) -> LoraLinear:
        parent, _, own = name.rpartition(".")
        layer = LoraLinear(self._model.get_submodule(name), self._choice)
        setattr(self._model.get_submodule(parent), own, layer)
        return layer


def linear_layers(model: PreTrainedModel) -> dict[str, tuple[int, int]]:
    """Name → (inputs, outputs) of the layers that LoRA can stand beside."""
    layers: dict[str, tuple[int, int]] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | PackedLinear):
            layers[name] = (module.in_features, module.out_features)
        elif isinstance(module, Conv1D):
            layers[name] = (module.nx, module.nf)
    return layers
