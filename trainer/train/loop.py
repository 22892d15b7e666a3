"""The training loop: steps over a plan, checkpoints on the way.

Owns the optimiser and the order of things within a step. Knows no text, and nothing of how the model was
loaded.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import PreTrainedModel

from db.recipe import Recipe
from db.words import say
from trainer.train.checkpoint import Checkpoint, write_checkpoint
from trainer.train.examples import Sample
from trainer.train.failures import Diverged
from trainer.train.lora import Weights
from trainer.train.model import loss_sum
from trainer.train.packing import MICRO_TOKENS, MICRO_TOKENS_GPU, MicroBatch, pack
from trainer.train.plan import Plan, learning_rate, members

MEASURED_SECONDS = 6.0
MEASURED_BATCHES = 6
# A loss three times that of guessing blindly is no bad luck.
BROKEN = 3.0


class Listener(Protocol):
    def say(self, event: str, **facts: Any) -> None: ...

    def check(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Saving:
    """Where and how often (seconds) checkpoints are written, and what the run is made of."""

    file: Path
    every: float
    made_of: str


class Loop:
    """One run over one data set. `model` carries the LoRA layers whose parameters `weights` gathered."""

    def __init__(
        self,
        model: PreTrainedModel,
        weights: Weights,
        recipe: Recipe,
        samples: Sequence[Sample],
        parent: Listener,
    ) -> None:
        self._model = model
        self._weights = weights
        self._recipe = recipe
        self._samples = samples
        self._parent = parent
        self._device = weights.master.device
        self._most = MICRO_TOKENS if self._device.type == "cpu" else MICRO_TOKENS_GPU
        self._optimiser = torch.optim.AdamW([weights.master], weight_decay=recipe.weight_decay, fused=True)
        self._worst = BROKEN * math.log(model.config.get_text_config().vocab_size)
        self._done = 0

    def measure(self) -> float:
        """Seconds a token takes, over a few real forward and backward passes that change nothing."""
        chance = torch.get_rng_state()
        batches = [batch for step in range(3) for batch in self._batches(step)][: MEASURED_BATCHES + 1]
        self._model.train()
        self._backward(batches[0], 1.0)  # the first pass sets kernels up
        began, tokens = time.perf_counter(), 0
        for batch in batches[1:] or batches:
            self._backward(batch, 1.0)
            tokens += int(batch.tokens)
            if time.perf_counter() - began > MEASURED_SECONDS:
                break
        self._weights.forget_gradient()
        torch.set_rng_state(chance)
        return (time.perf_counter() - began) / tokens

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continues where the checkpoint stands."""
        self._weights.master.copy_(checkpoint.weights)
        self._weights.publish()
        self._optimiser.state[self._weights.master] = {
            "step": torch.tensor(float(checkpoint.step)),
            "exp_avg": checkpoint.average.to(self._device),
            "exp_avg_sq": checkpoint.square.to(self._device),
        }
        torch.set_rng_state(checkpoint.chance)
        self._done = checkpoint.step

    def run(self, plan: Plan, saving: Saving) -> None:
        """Takes the plan's remaining steps. Raises Diverged, Cancelled, OSError."""
        began = saved = time.perf_counter()
        first, tokens = self._done, 0
        self._model.train()
        while self._done < plan.steps:
            loss, read = self._step(plan)
            tokens += read
            now = time.perf_counter()
            self._parent.say(
                "step",
                step=self._done,
                steps=plan.steps,
                loss=round(loss, 4),
                tokens_per_second=round(tokens / (now - began), 1),
                seconds_left=round((now - began) / (self._done - first) * (plan.steps - self._done), 1),
            )
            if now - saved >= saving.every and self._done < plan.steps:
                self._save(plan, saving)
                saved = time.perf_counter()

    def _step(self, plan: Plan) -> tuple[float, int]:
        """One optimiser step; returns the mean loss of a target (nats) and the tokens read."""
        batches = self._batches(self._done)
        targets = sum(len(batch.targets) for batch in batches)
        total = torch.zeros((), device=self._device)
        for batch in batches:
            self._parent.check()
            total += self._backward(batch, 1.0 / targets)
        norm = float(self._weights.clip(self._recipe.max_grad_norm))
        loss = float(total) / targets
        if self._broken(loss, norm):
            raise Diverged(
                say("The training broke down at step {step}: use a lower learning rate.", step=self._done + 1)
            )
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self._recipe, self._done, plan.steps)
        self._optimiser.step()
        self._weights.publish()
        self._weights.forget_gradient()
        self._done += 1
        return loss, sum(batch.tokens for batch in batches)

    def _broken(self, loss: float, norm: float) -> bool:
        """Numbers that are none, a loss beyond bad luck, or no gradient at all.

        Behind an overflow a normalising layer may give zeros: the loss is that of guessing from then on.
        """
        dead = norm == 0 and loss > 0.1
        return dead or not math.isfinite(loss) or not math.isfinite(norm) or loss > self._worst

    def _backward(self, batch: MicroBatch, scale: float) -> torch.Tensor:
        loss = loss_sum(self._model, batch)
        (loss * scale).backward()
        self._weights.collect()
        return loss.detach()

    def _batches(self, step: int) -> list[MicroBatch]:
        chosen = [self._samples[place] for place in members(self._recipe, len(self._samples), step)]
        return [batch.to(self._device) for batch in pack(chosen, self._most)]

    def _save(self, plan: Plan, saving: Saving) -> None:
        state = self._optimiser.state[self._weights.master]
        write_checkpoint(
            saving.file,
            Checkpoint(
                step=self._done,
                plan=plan,
                made_of=saving.made_of,
                weights=self._weights.master.detach(),
                average=state["exp_avg"],
                square=state["exp_avg_sq"],
                chance=torch.get_rng_state(),
            ),
        )
