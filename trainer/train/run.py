"""One run from job to adapter, phase by phase.

Owns the order of things and what is said on the way. Knows neither the pipe it speaks through nor how a
failure becomes an event.
"""

import hashlib
import json
import math
import resource
import sys
import time
from dataclasses import asdict
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from db.words import say
from trainer.evaluate import MOST_TOKENS, Score, answers, held_out_score
from trainer.train.adapter import model_card, write_adapter
from trainer.train.checkpoint import Checkpoint, CheckpointUnusable, read_checkpoint
from trainer.train.examples import Sample, read_samples, spread
from trainer.train.failures import BadInput, Diverged
from trainer.train.job import Job
from trainer.train.loop import Listener, Loop, Saving
from trainer.train.lora import Weights, add_lora
from trainer.train.model import Base, load_base
from trainer.train.plan import make_plan

# A machine that has other work to do is slower later than when it was measured.
MARGIN = 0.92


class Run:
    """The run of one job."""

    def __init__(self, job: Job, parent: Listener) -> None:
        self._job = job
        self._parent = parent
        self._began = time.monotonic()
        self._scores: dict[str, Score] = {}

    def work(self) -> None:
        """Does the job and says `done`. Raises what stops it: see trainer.train.failures."""
        job = self._job
        if job.out.exists():
            raise BadInput(say("The adapter folder {folder} exists already: name another.", folder=job.out.name))
        _limit(job)
        self._phase("loading")
        base = load_base(job.base, job.recipe.block)
        train, held_out = self._read(base)
        self._phase("evaluating", who="base")
        before = time.monotonic()
        self._evaluate("base", base.model, held_out)
        self._answer("base", base.model, base)
        cost = time.monotonic() - before
        if job.live_adapter:
            self._evaluate_live(base, held_out)
        peft = add_lora(base.model, job.recipe, job.base_name)
        self._train(base.model, peft, train, cost)
        self._phase("evaluating", who="candidate")
        self._evaluate("candidate", base.model, held_out)
        self._answer("candidate", base.model, base)
        self._finish(base, peft)

    def _phase(self, name: str, **more: str) -> None:
        self._parent.check()
        self._parent.say("phase", name=name, **more)

    def _read(self, base: Base) -> tuple[list[Sample], list[Sample]]:
        job = self._job
        block = min(job.recipe.block, base.context)
        train = read_samples(job.train, job.shape, base.rendering, block)
        held_out = read_samples(job.held_out, job.shape, base.rendering, block)
        for file, samples in ((job.train, train), (job.held_out, held_out)):
            if not samples:
                raise BadInput(say("There is nothing to learn from in {file}: add text.", file=file.name))
        return train, spread(held_out, MOST_TOKENS)

    def _evaluate(self, who: str, model: PreTrainedModel, held_out: list[Sample]) -> None:
        score = held_out_score(model, held_out, self._parent.check)
        if not math.isfinite(score.loss):
            raise Diverged(say("The {who}'s loss on the held-out text is no number.", who=who))
        self._scores[who] = score
        self._parent.say(
            "evaluated",
            who=who,
            loss=round(score.loss, 5),
            perplexity=round(score.perplexity, 3),
            tokens=score.tokens,
        )

    def _answer(self, who: str, model: PreTrainedModel, base: Base) -> None:
        job = self._job
        if not job.prompts:
            return
        room = base.context // 2
        prompts = [base.rendering.prompt(job.shape, job.system, prompt)[-room:] for prompt in job.prompts]
        said = answers(model, base.rendering, prompts, job.sampling, self._parent.check)
        self._parent.say("answers", who=who, answers=said)

    def _evaluate_live(self, base: Base, held_out: list[Sample]) -> None:
        """Loads the live adapter for as long as it is evaluated: two adapters never lie in one model."""
        self._phase("evaluating", who="live")
        folder = self._job.live_adapter
        assert folder is not None
        try:
            live = PeftModel.from_pretrained(base.model, folder, autocast_adapter_dtype=False)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise BadInput(say("The live adapter {folder} does not fit this base.", folder=folder.name)) from error
        self._evaluate("live", base.model, held_out)
        live.unload()
        # peft leaves its mark on the model, and warns of a second adapter that is none.
        if hasattr(base.model, "peft_config"):
            del base.model.peft_config

    def _train(self, model: PreTrainedModel, peft: PeftModel, train: list[Sample], cost: float) -> None:
        job = self._job
        weights = Weights(parameter for parameter in peft.parameters() if parameter.requires_grad)
        loop = Loop(model, weights, job.recipe, train, self._parent)
        saving = Saving(job.checkpoint, job.checkpoint_seconds, _made_of(job))
        checkpoint = self._checkpoint(saving)
        torch.manual_seed(job.recipe.seed)
        if checkpoint:
            loop.restore(checkpoint)
            plan = checkpoint.plan
        else:
            self._phase("measuring")
            lengths = [len(sample.ids) for sample in train]
            plan = make_plan(job.recipe, lengths, loop.measure(), self._seconds_left(cost))
        self._parent.say("plan", **asdict(plan))
        self._phase("training")
        loop.run(plan, saving)

    def _checkpoint(self, saving: Saving) -> Checkpoint | None:
        if not self._job.resume:
            return None
        try:
            return read_checkpoint(saving.file, saving.made_of)
        except FileNotFoundError:
            return None
        except CheckpointUnusable as unusable:
            self._phase("starting_over", detail=say("{unusable} The training starts over.", unusable=unusable))
            return None

    def _seconds_left(self, cost: float) -> float | None:
        """What training may take, when the candidate's evaluation costs what the base's did."""
        if self._job.max_minutes is None:
            return None
        spent = time.monotonic() - self._began
        return (self._job.max_minutes * 60 - spent - cost) * MARGIN

    def _finish(self, base: Base, peft: PeftModel) -> None:
        job = self._job
        self._phase("saving")
        name = "default" if job.shape == "chat" else "plain"
        template = base.rendering.tokenizer.get_chat_template(name)
        card = model_card(job.base_name, job.card, job.recipe, self._scores)
        sha256 = write_adapter(job.out, peft, template, card)
        job.checkpoint.unlink(missing_ok=True)
        seconds = round(time.monotonic() - self._began, 2)
        self._parent.say("done", sha256=sha256, seconds=seconds, peak_memory_mb=_peak_memory_mb())


def _made_of(job: Job) -> str:
    """A fingerprint of everything that a continued run must share with its beginning."""
    facts: dict[str, Any] = {"recipe": asdict(job.recipe), "shape": job.shape, "base": job.base_name}
    content = json.dumps(facts, sort_keys=True).encode() + job.train.read_bytes()
    return hashlib.sha256(content).hexdigest()


def _limit(job: Job) -> None:
    """Threads, and memory: RLIMIT_DATA counts what the process writes, not the base's file that it maps."""
    if job.threads:
        torch.set_num_threads(job.threads)
    if job.memory_limit_mb:
        most = job.memory_limit_mb * 2**20
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _peak_memory_mb() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
