"""Many at once on the embedded engine: whatever shares the batch, each text is what it would be alone."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Lfm2Config, MistralConfig

from bot.generation.batch import Model
from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import EngineUnavailable, Piece, Request, Sampling, Turn, Waiting
from bot.generation.kv_cache import RowLayer
from tests.fakes.adapters import random_adapter
from tests.fakes.models import tiny_prepared
from tests.fakes.speaking import generated, lively, say

WORDS = ["harbour", "is", "quiet", "tonight", "and", "山彦", "answers", "whoever", "calls", "it", "from", "the", "boat"]
SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lively(tiny_prepared(tmp_path_factory.mktemp("bases") / "tiny"))


@pytest.fixture
async def engine(base: Path, tmp_path: Path) -> AsyncIterator[EmbeddedEngine]:
    made = EmbeddedEngine(base, max_rows=6, max_waiting=64, threads=1)
    for number, rank in enumerate((2, 4, 4)):
        await made.load_adapter(f"v{number}", random_adapter(base, tmp_path / f"v{number}", number, r=rank))
    yield made
    await made.aclose()


def wish(chance: random.Random) -> Request:
    """Prompts and answers of all lengths, with and without adapters, some with several candidates."""
    text = " ".join(chance.choice(WORDS) for _ in range(chance.choice([1, 5, 60, 150])))
    how = Sampling(
        temperature=chance.choice([0.0, 0.0, 0.9]), seed=chance.randrange(99), max_new_tokens=chance.choice([1, 9, 40])
    )
    return Request(
        [Turn(role="user", content=text)],
        adapter=chance.choice([None, "v0", "v1", "v2"]),
        sampling=how,
        candidates=chance.choice([1, 1, 1, 3, 8]),
    )


async def texts(engine: EmbeddedEngine, request: Request) -> list[str]:
    said = [""] * request.candidates
    async for news in engine.generate(request):
        if isinstance(news, Piece):
            said[news.candidate] += news.text
    return said


@pytest.mark.parametrize("seed", range(3))
async def test_each_text_is_the_one_it_is_alone_whoever_comes_and_goes(engine: EmbeddedEngine, seed: int) -> None:
    chance = random.Random(seed)
    requests = [wish(chance) for _ in range(16)]
    alone = [await texts(engine, request) for request in requests]
    assert len({text for one in alone for text in one}) > 12

    async def later(request: Request) -> list[str]:
        await asyncio.sleep(chance.random() * 0.2)
        return await texts(engine, request)

    async def give_up(request: Request) -> None:
        await asyncio.sleep(chance.random() * 0.2)
        async with aclosing(engine.generate(request)) as pieces:
            for _ in range(chance.randrange(5)):
                await anext(pieces, None)

    leaving = [asyncio.create_task(give_up(wish(chance))) for _ in range(12)]
    together = await asyncio.gather(*map(later, requests))
    await asyncio.gather(*leaving)
    assert together == alone


async def test_adapters_come_and_go_while_others_speak(engine: EmbeddedEngine, base: Path, tmp_path: Path) -> None:
    requests = [
        Request([Turn(role="user", content=word)], name, Sampling(temperature=0, max_new_tokens=120))
        for word, name in zip(WORDS, [None, "v0", "v1", "v2"], strict=False)
    ]
    alone = [await texts(engine, request) for request in requests]
    speaking = [asyncio.create_task(texts(engine, request)) for request in requests]
    for round_ in range(6):
        await engine.load_adapter("guest", random_adapter(base, tmp_path / "guest", 9 + round_))
        short = replace(requests[0], adapter="guest", sampling=Sampling(temperature=0, max_new_tokens=3))
        assert await texts(engine, short)
        await engine.unload_adapter("guest")
    assert [await one for one in speaking] == alone
    assert await engine.loaded_adapters() == {"v0", "v1", "v2"}


async def test_a_long_prompt_does_not_silence_those_who_speak(engine: EmbeddedEngine) -> None:
    speaker = Request([Turn(role="user", content="a")], None, Sampling(temperature=0, max_new_tokens=200))
    newcomer = Request([Turn(role="user", content="boat " * 200)], "v1", Sampling(temperature=0, max_new_tokens=2))
    order: list[str] = []
    begun = asyncio.Event()

    async def listen(who: str, request: Request) -> None:
        async for news in engine.generate(request):
            if isinstance(news, Piece):
                order.append(who)
                begun.set()

    first = asyncio.create_task(listen("speaker", speaker))
    await asyncio.wait_for(begun.wait(), 20)
    before = len(order)
    await listen("newcomer", newcomer)
    assert "speaker" in order[before : order.index("newcomer")], "it went on while the prompt was read"
    await first


async def test_what_befalls_one_request_befalls_no_other(
    engine: EmbeddedEngine, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = Request([Turn(role="user", content="tonight")], "v1", Sampling(temperature=0, max_new_tokens=60))
    alone = await texts(engine, healthy)
    loud = random_adapter(base, tmp_path / "loud", 5)
    monkeypatch.setattr("bot.generation.adapter_folder._factors", overflowing)
    await engine.load_adapter("loud", loud)
    speaking = asyncio.create_task(texts(engine, healthy))
    for _ in range(3):
        with pytest.raises(EngineUnavailable, match="not numbers"):
            await texts(engine, replace(healthy, adapter="loud"))
    assert await speaking == alone


async def test_who_comes_after_one_that_failed_is_not_spoilt_by_what_it_left(
    engine: EmbeddedEngine, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Request([Turn(role="user", content="tonight")], None, Sampling(temperature=0, max_new_tokens=20))
    alone = await texts(engine, bare)
    monkeypatch.setattr("bot.generation.adapter_folder._factors", overflowing)
    await engine.load_adapter("loud", random_adapter(base, tmp_path / "loud", 5))
    speaking = asyncio.create_task(texts(engine, replace(bare, sampling=Sampling(max_new_tokens=400, seed=1))))
    for _ in range(2):
        long = [Turn(role="user", content="boat " * 60)]
        with pytest.raises(EngineUnavailable, match="not numbers"):
            await texts(engine, replace(bare, turns=long, adapter="loud"))
        assert await asyncio.gather(texts(engine, bare), texts(engine, bare)) == [alone, alone]
    assert not speaking.done()
    await speaking


@pytest.mark.parametrize("broken", [float("inf"), float("nan")])
async def test_one_rows_broken_scores_end_that_row_alone(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, broken: float
) -> None:
    request = Request([Turn(role="user", content="tonight")], None, Sampling(temperature=0, max_new_tokens=30))
    alone = await texts(engine, request)
    scores = Model.scores

    def spoilt(self: Model, tokens: Any, past: Any) -> torch.Tensor:
        found = scores(self, tokens, past)
        if len(found) == 2 and len(tokens[0]) == 1:
            found[1, 7] = broken
        return found

    monkeypatch.setattr(Model, "scores", spoilt)
    both = await asyncio.gather(texts(engine, request), texts(engine, request), return_exceptions=True)
    assert both[0] == alone
    assert isinstance(both[1], EngineUnavailable)


async def test_a_join_that_fails_leaves_those_who_speak_as_they_were(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request([Turn(role="user", content="tonight")], None, Sampling(temperature=0, max_new_tokens=120))
    alone = await texts(engine, request)
    joins, calls = RowLayer.join, iter(range(99))

    def fails_in_the_second_layer(self: RowLayer, other: RowLayer, rows: list[int], length: int) -> None:
        if next(calls) == 1:
            raise MemoryError
        joins(self, other, rows, length)

    begun = asyncio.Event()

    async def speak() -> list[str]:
        said = ""
        async for news in engine.generate(request):
            begun.set()
            said += news.text if isinstance(news, Piece) else ""
        return [said]

    speaking = asyncio.create_task(speak())
    await asyncio.wait_for(begun.wait(), 20)
    monkeypatch.setattr(RowLayer, "join", fails_in_the_second_layer)
    with pytest.raises(EngineUnavailable, match="not enough memory"):
        await texts(engine, replace(request, turns=[Turn(role="user", content="boat " * 90)]))
    assert await texts(engine, request) == alone
    assert await speaking == alone


def overflowing(layer: str, weights: Any, config: Any, name: str) -> Any:
    from bot.generation.adapter_folder import Factors

    a, b = (weights[f"base_model.model.{layer}.lora_{side}.weight"].T.contiguous() for side in "AB")
    return Factors(torch.full_like(a, 3e38), b)


@pytest.mark.parametrize(
    "config",
    [
        MistralConfig(**SIZES, num_hidden_layers=2, sliding_window=16, max_position_embeddings=512),
        # Convolutions keep a state of their own: such a base cannot share its rows' past, and is served all the same.
        Lfm2Config(**SIZES, num_hidden_layers=2, layer_types=["conv", "full_attention"], max_position_embeddings=512),
    ],
    ids=["sliding window", "not attention alone"],
)
async def test_architectures_whose_past_is_of_another_kind_speak_together_too(tmp_path: Path, config: Any) -> None:
    base = tiny_prepared(tmp_path / "base")
    config.vocab_size = len(AutoTokenizer.from_pretrained(base))
    config.bos_token_id, config.eos_token_id, config.pad_token_id = 1, 2, 2
    config.tie_word_embeddings = True
    with torch.random.fork_rng():
        torch.manual_seed(0)  # what `lively` leaves alone, convolutions among it, is drawn here
        AutoModelForCausalLM.from_config(config).save_pretrained(base)
    lively(base)
    turns = [[Turn(role="user", content=" ".join(WORDS[:n]))] for n in (1, 6, 12)]
    expected = [generated(base, one, "default") for one in turns]
    assert len(set(expected)) == 3
    engine = EmbeddedEngine(base, threads=1)
    how = Sampling(temperature=0, max_new_tokens=24)
    asked = [say(engine, Request(one, sampling=how, candidates=1 + n), n) for n, one in enumerate(turns)]
    assert await asyncio.gather(*asked) == expected
    await engine.aclose()


async def test_a_waiting_request_is_told_its_place_and_candidates_take_rows(engine: EmbeddedEngine) -> None:
    long = Request([Turn(role="user", content="a")], None, Sampling(temperature=0, max_new_tokens=300), candidates=5)
    async with aclosing(engine.generate(long)) as first:
        await anext(first)
        one = engine.generate(replace(long, candidates=1))
        assert isinstance(await anext(one), Piece), "six rows: there is room for one more"
        async with aclosing(engine.generate(replace(long, candidates=1))) as two:
            assert await anext(two) == Waiting(1)
            await one.aclose()
            assert isinstance(await anext(two), Piece)
