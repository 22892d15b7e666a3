"""The held-out measure and the answers, without a process around them."""

import math
from pathlib import Path

import pytest
import torch

from tests.fakes.models import tiny_prepared
from trainer.evaluate import Score, answers, held_out_score
from trainer.train.examples import Sample
from trainer.train.failures import BadInput, Cancelled
from trainer.train.model import Base, load_base


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(tiny_prepared(tmp_path_factory.mktemp("bases") / "llama", "llama"), 64)


def go_on() -> None:
    """Nobody asks for the end."""


def test_the_score_is_the_mean_over_targets_and_not_over_samples(base: Base) -> None:
    samples = [Sample((4, 5, 6, 7), 3), Sample(tuple(range(10, 40)), 2)]
    one, other = (held_out_score(base.model, [sample], go_on) for sample in samples)
    both = held_out_score(base.model, samples, go_on)
    assert (one.tokens, other.tokens, both.tokens) == (1, 28, 29)
    assert both.loss == pytest.approx((one.loss + 28 * other.loss) / 29, rel=2e-3)


def test_a_random_model_scores_about_as_badly_as_guessing(base: Base) -> None:
    score = held_out_score(base.model, [Sample(tuple(range(5, 60)), 1)], go_on)
    vocabulary = base.model.config.vocab_size
    assert score.loss == pytest.approx(math.log(vocabulary), abs=0.5)
    assert score.perplexity == pytest.approx(math.exp(score.loss))


def test_perplexity_of_a_hopeless_model_is_a_number() -> None:
    assert math.isfinite(Score(1e6, 1).perplexity)


def test_the_same_seed_gives_the_same_answers_and_another_gives_others(base: Base) -> None:
    prompts = [base.rendering.prompt("chat", "", text) for text in ("hello", "a much longer question, is it not?")]
    sampling = {"temperature": 1.0, "max_new_tokens": 12, "seed": 7}
    first, second = (answers(base.model, base.rendering, prompts, sampling, go_on) for _ in range(2))
    other = answers(base.model, base.rendering, prompts, {**sampling, "seed": 8}, go_on)
    assert first == second
    assert len(first) == 2
    assert first != other


def test_an_answer_beside_a_longer_prompt_is_the_answer_alone(base: Base) -> None:
    greedy = {"temperature": 0, "max_new_tokens": 6}
    prompts = [base.rendering.prompt("text", "", text) for text in ("The dog", "Good morning everyone, and welcome")]
    together = answers(base.model.float(), base.rendering, prompts, greedy, go_on)
    alone = [answers(base.model, base.rendering, [prompt], greedy, go_on)[0] for prompt in prompts]
    assert together == alone


def test_drawing_answers_leaves_chance_as_it_was(base: Base) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    answers(base.model, base.rendering, [[5, 6]], {"max_new_tokens": 3}, go_on)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_stop_text_ends_the_answer(base: Base) -> None:
    greedy = {"temperature": 0, "max_new_tokens": 8}
    (whole,) = answers(base.model, base.rendering, [[5, 6]], greedy, go_on)
    stop = whole[len(whole) // 2]
    (cut,) = answers(base.model, base.rendering, [[5, 6]], {**greedy, "stop": [stop]}, go_on)
    assert stop not in cut
    assert whole.startswith(cut)


def stop() -> None:
    raise Cancelled("The run was cancelled.")


def test_a_wish_to_stop_is_heard_between_two_batches(base: Base) -> None:
    with pytest.raises(Cancelled):
        held_out_score(base.model, [Sample((4, 5, 6), 1)], stop)


def test_a_wish_to_stop_is_heard_between_two_tokens(base: Base) -> None:
    with pytest.raises(Cancelled):
        answers(base.model, base.rendering, [[4, 5, 6]], {}, stop)


def test_a_folder_without_its_manifest_is_no_base(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="prepare it again"):
        load_base(tmp_path, 64)
