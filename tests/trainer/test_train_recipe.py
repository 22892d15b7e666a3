"""Recipes: presets, limits, and refusals in one sentence."""

import subprocess
import sys

import pytest

from db.recipe import CHAT, NOVEL, SAMPLING, RecipeRefused, recipe_from
from trainer.train.plan import learning_rate, make_plan, members


def test_the_novel_preset_is_blocks_of_128_three_epochs_and_batches_of_32() -> None:
    assert (NOVEL.block, NOVEL.epochs, NOVEL.batch) == (128, 3, 32)
    assert SAMPLING["novel"] == {"top_k": 50, "top_p": 0.95, "temperature": 1.0}


def test_overrides_change_only_what_they_name() -> None:
    recipe = recipe_from("chat", {"rank": 4, "target_modules": ["q_proj"], "learning_rate": 1})
    assert (recipe.rank, recipe.target_modules, recipe.learning_rate) == (4, ("q_proj",), 1.0)
    assert recipe.block == CHAT.block


@pytest.mark.parametrize(
    "overrides",
    [
        {"rang": 4},
        {"rank": 0},
        {"rank": 4.5},
        {"rank": True},
        {"dropout": 1.0},
        {"learning_rate": float("nan")},
        {"learning_rate": "fast"},
        {"target_modules": []},
    ],
)
def test_what_a_recipe_cannot_be_is_refused_in_one_sentence(overrides: dict[str, object]) -> None:
    with pytest.raises(RecipeRefused) as refused:
        recipe_from("chat", overrides)
    assert next(iter(overrides)) in str(refused.value)
    assert str(refused.value).endswith(".")


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(RecipeRefused, match="use chat or novel"):
        recipe_from("poem", {})


def test_reading_a_recipe_loads_no_model_library() -> None:
    script = "import sys, db.recipe, trainer.train.job; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_time_limit_shortens_the_plan_and_the_rate_still_falls_to_its_end() -> None:
    recipe = recipe_from("chat", {"epochs": 3, "batch": 4})
    whole = make_plan(recipe, [50] * 40, 0.01, None)
    short = make_plan(recipe, [50] * 40, 0.01, 30.0)
    assert (whole.steps, short.steps) == (30, 15)
    assert short.seconds == pytest.approx(30.0)
    assert short.epochs == 1.5
    last = learning_rate(recipe, short.steps - 1, short.steps)
    assert last < 0.15 * recipe.learning_rate
    assert max(learning_rate(recipe, step, 15) for step in range(15)) == pytest.approx(recipe.learning_rate)


def test_a_plan_has_at_least_one_step() -> None:
    assert make_plan(CHAT, [10], 1.0, -5.0).steps == 1


def test_each_epoch_takes_every_sample_once_in_an_order_of_its_own() -> None:
    recipe = recipe_from("chat", {"batch": 4})
    epochs = [[place for step in range(3) for place in members(recipe, 10, 3 * epoch + step)] for epoch in (0, 1)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 2
    assert epochs[0] != epochs[1]
