"""How well a model foretells the held-out text, and what it answers.

Owns the measure (nats per target token) and the sampling of answers. Knows nothing of training; the same
samples and the same rendering serve the base, the live adapter and the candidate.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig, PreTrainedModel, StoppingCriteria, StoppingCriteriaList

from trainer.train.examples import Rendering, Sample
from trainer.train.model import loss_sum
from trainer.train.packing import pack

MOST_TOKENS = 20_000
ANSWER_TOKENS = 96


@dataclass(frozen=True, slots=True)
class Score:
    """`loss` is the mean over `tokens` target tokens, in nats."""

    loss: float
    tokens: int

    @property
    def perplexity(self) -> float:
        return math.exp(min(self.loss, 700.0))


def held_out_score(model: PreTrainedModel, samples: Sequence[Sample], check: Callable[[], None]) -> Score:
    """The model's loss on the samples. `check` is called between batches and may raise to stop."""
    model.eval()
    total, tokens = 0.0, 0
    with torch.no_grad():
        for batch in pack(samples):
            check()
            total += float(loss_sum(model, batch.to(model.device)))
            tokens += len(batch.targets)
    return Score(total / tokens, tokens)


def answers(
    model: PreTrainedModel,
    rendering: Rendering,
    prompts: Sequence[Sequence[int]],
    sampling: Mapping[str, Any],
    check: Callable[[], None],
) -> list[str]:
    """One answer to each prompt (token ids), all sampled together with one fixed seed.

    `sampling` may hold temperature (0: the likeliest token), top_p, top_k, repetition_penalty, max_new_tokens
    (96 at most are taken), seed and stop.
    """
    if not prompts:
        return []
    model.eval()
    width = max(len(prompt) for prompt in prompts)
    config = _generation(rendering, sampling)
    filler = config.pad_token_id
    ids = torch.tensor([[filler] * (width - len(prompt)) + list(prompt) for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(int(sampling.get("seed") or 0))
        out = model.generate(  # pyright: ignore[reportCallIssue]: typed as a tensor by the library
            ids.to(model.device),
            attention_mask=mask.to(model.device),
            generation_config=config,
            stopping_criteria=StoppingCriteriaList([_Check(check)]),
        )
    texts = rendering.tokenizer.batch_decode(out[:, width:], skip_special_tokens=True)
    return [_before(str(text), sampling.get("stop") or ()).strip() for text in texts]


def _generation(rendering: Rendering, sampling: Mapping[str, Any]) -> GenerationConfig:
    temperature = float(sampling.get("temperature", 0.8))
    drawn = {
        "do_sample": True,
        "temperature": temperature,
        "top_p": float(sampling.get("top_p", 1.0)),
        "top_k": int(sampling.get("top_k", 0)),
    }
    return GenerationConfig(
        max_new_tokens=min(int(sampling.get("max_new_tokens", ANSWER_TOKENS)), ANSWER_TOKENS),
        repetition_penalty=float(sampling.get("repetition_penalty", 1.0)),
        eos_token_id=sorted(rendering.eos_ids),
        pad_token_id=min(rendering.eos_ids),
        **(drawn if temperature > 0 else {"do_sample": False}),
    )


def _before(text: str, stops: Sequence[str]) -> str:
    for stop in stops:
        text = text.split(stop, 1)[0] if stop else text
    return text


class _Check(StoppingCriteria):
    """Never stops by itself; lets the caller's check raise between two tokens."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        self._check()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)
