"""Linear layers with their weights laid out as this processor reads them fastest.

Owns the choice of layout, made once when a base is loaded: oneDNN's blocked bfloat16, which halves the time of a
step on processors that compute in it, for the same numbers up to rounding. Knows no adapter and no request.
"""

from collections.abc import Iterator

import torch
from transformers import PreTrainedModel

SHARE_OF_MODEL = 0.25  # of the model's size: what a second copy of a weight that is tied elsewhere may cost


class PackedLinear(torch.nn.Module):
    """Stands in the place of a `Linear` that it was made of, whose own weight may be let go."""

    def __init__(self, plain: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = plain.in_features, plain.out_features
        # Architectures ask a layer's weight for type and shape; nobody but this class reads the numbers.
        self.weight = torch.empty_like(plain.weight, device="meta")
        self.bias = plain.bias
        self._packed = torch.ops.mkldnn._reorder_linear_weight(plain.weight.detach(), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: [..., inputs] → [..., outputs]."""
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")


def pack(model: PreTrainedModel) -> None:
    """Repacks a bfloat16 model on a processor that computes in bfloat16; leaves any other as it is."""
    if model.device.type != "cpu" or model.dtype != torch.bfloat16 or not can_pack():
        return
    for name, layer in list(_worth_packing(model)):
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, PackedLinear(layer))


def can_pack() -> bool:
    """Whether this torch and this processor have what is needed: torch keeps these operators to itself."""
    mkldnn = torch.ops.mkldnn
    return (
        torch.backends.mkldnn.is_available()
        and mkldnn._is_mkldnn_bf16_supported()
        and hasattr(mkldnn, "_linear_pointwise")
        and hasattr(mkldnn, "_reorder_linear_weight")
    )


def _worth_packing(model: PreTrainedModel) -> Iterator[tuple[str, torch.nn.Linear]]:
    room = SHARE_OF_MODEL * model.num_parameters()
    tied = {id(layer.weight) for layer in model.modules() if isinstance(layer, torch.nn.Embedding)}
    for name, layer in model.named_modules():
        if type(layer) is torch.nn.Linear and (id(layer.weight) not in tied or layer.weight.numel() < room):
            yield name, layer
