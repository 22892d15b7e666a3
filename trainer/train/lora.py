"""LoRA layers, their fast path through training, and their weights as one vector.

Owns where LoRA sits in a model and how its weights meet the optimiser. Knows no data and no file.
"""

from collections.abc import Iterable
from typing import Any, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners import lora
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from db.recipe import Recipe
from db.words import say
from trainer.train.failures import BadInput

ADAPTER = "default"


def add_lora(model: PreTrainedModel, recipe: Recipe, base_name: str) -> PeftModel:
    """Puts fresh LoRA layers into the model, in its own number format. Raises BadInput."""
    modules = recipe.target_modules
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,  # pyright: ignore[reportArgumentType]: peft divides it, any number will do
        lora_dropout=recipe.dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
        task_type="CAUSAL_LM",
    )
    config._register_custom_module({nn.Linear: FusedLinear, Conv1D: FusedLinear})
    try:
        with torch.random.fork_rng():
            torch.manual_seed(recipe.seed)
            peft = get_peft_model(model, config, autocast_adapter_dtype=False)
    except ValueError as error:
        raise BadInput(
            say("The recipe's target_modules fit no layer of this base: {modules}.", modules=modules)
        ) from error
    peft.peft_config[ADAPTER].base_model_name_or_path = base_name
    assert isinstance(peft, PeftModel)
    return peft


class FusedLinear(lora.Linear):
    """peft's layer, with one pass over the outputs instead of three while it trains."""

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        plain = isinstance(self.lora_dropout[ADAPTER], nn.Identity) and not self.disable_adapters
        if not (self.training and torch.is_grad_enabled() and plain):
            return super().forward(x, *args, **kwargs)
        base = self.get_base_layer()
        weight, bias = cast(Tensor, base.weight), cast(Tensor | None, base.bias)
        weight = weight.t() if self.fan_in_fan_out else weight
        down, up = self.lora_A[ADAPTER].weight, self.lora_B[ADAPTER].weight
        return _LoraProduct.apply(x, weight, bias, down, up, self.scaling[ADAPTER])


class _LoraProduct(torch.autograd.Function):
    """x·Wᵀ + bias + s·(x·Aᵀ)·Bᵀ with W and bias frozen."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, down: Tensor, up: Tensor, scale: float
    ) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        out = linear(flat, weight, bias)
        low = flat @ down.t()
        out.addmm_(low, up.t(), alpha=scale)
        ctx.save_for_backward(flat, weight, down, up, low)
        ctx.scale, ctx.shape = scale, x.shape
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, None, None, Tensor, Tensor, None]:
        flat, weight, down, up, low = ctx.saved_tensors
        out = upstream[0].reshape(-1, upstream[0].shape[-1])
        low_gradient = (out @ up).mul_(ctx.scale)
        x_gradient = None
        if ctx.needs_input_grad[0]:
            x_gradient = (out @ weight).addmm_(low_gradient, down).view(ctx.shape)
        up_gradient = (out.t() @ low).mul_(ctx.scale)
        return x_gradient, None, None, low_gradient.t() @ flat, up_gradient, None


class Weights:
    """All LoRA weights as one vector: float32 for the optimiser, the model's format for the model.

    The model's parameters and their gradients become views into two flat buffers, so that adding a
    micro-batch, clipping, stepping and saving are single operations over one tensor.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        found = list(parameters)
        self._used = torch.cat([parameter.detach().reshape(-1) for parameter in found])
        self._gradient = torch.zeros_like(self._used)
        self.master = self._used.to(torch.float32, copy=True)
        self.master.grad = torch.zeros_like(self.master)
        begin = 0
        for parameter in found:
            part = slice(begin, begin + parameter.numel())
            parameter.data = self._used[part].view_as(parameter)
            parameter.grad = self._gradient[part].view_as(parameter)
            begin += parameter.numel()

    def collect(self) -> None:
        """Adds the gradient of the last backward pass to the batch's, in float32."""
        assert self.master.grad is not None
        self.master.grad += self._gradient
        self._gradient.zero_()

    def clip(self, most: float) -> Tensor:
        """Shortens the batch's gradient to at most that norm; returns the norm it had."""
        assert self.master.grad is not None
        norm = self.master.grad.norm()
        self.master.grad *= (most / (norm + 1e-6)).clamp(max=1.0)
        return norm

    def forget_gradient(self) -> None:
        assert self.master.grad is not None
        self.master.grad.zero_()
        self._gradient.zero_()

    def publish(self) -> None:
        """What the optimiser changed becomes what the model uses."""
        self._used.copy_(self.master)
