"""What every engine promises: embedded on a tiny model, remote over a fake server and over our own, scripted."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from bot.generation.embedded import EmbeddedEngine
from bot.generation.engine import (
    AdapterRefused,
    Engine,
    EngineBusy,
    EngineUnavailable,
    Piece,
    Request,
    Sampling,
    Waiting,
)
from bot.generation.remote import RemoteEngine
from tests.fakes.adapters import random_adapter
from tests.fakes.engine import ScriptedEngine
from tests.fakes.models import tiny_prepared
from tests.fakes.openai_server import FakeOpenAIServer, serving

HELLO = [{"role": "user", "content": "Good morning everyone!"}]
# Tiny random models do not know when to stop, so this long is long enough to be interrupted.
LONG = Sampling(temperature=0, max_new_tokens=400)
SHORT = Sampling(temperature=0, max_new_tokens=4)
ECHOES = "echo " * 400


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prepared(tmp_path_factory.mktemp("bases") / "tiny")


@pytest.fixture(scope="session")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_adapter(base, tmp_path_factory.mktemp("adapters") / "one", seed=1)


@asynccontextmanager
async def opened(kind: str, base: Path) -> AsyncGenerator[Engine]:
    """An engine of that kind, which speaks to one at a time and lets two more wait."""
    match kind:
        case "embedded":
            async with aclosing(EmbeddedEngine(base, max_rows=1, max_waiting=2, threads=1)) as engine:
                await engine.start()
                yield engine
        case "remote":
            async with serving(otherwise=ECHOES, word_s=0.002) as server, remote(server) as engine:
                yield engine
        case "remote over embedded":
            async with opened("embedded", base) as behind, serving(engine=behind) as server, remote(server) as engine:
                yield engine
        case _:
            async with aclosing(ScriptedEngine(otherwise=ECHOES, word_s=0.002, max_waiting=2)) as engine:
                yield engine


@asynccontextmanager
async def remote(server: FakeOpenAIServer) -> AsyncGenerator[Engine]:
    async with aclosing(RemoteEngine(server.url, "echo", max_parallel=1, max_waiting=2)) as engine:
        await collect(engine, Request(HELLO, sampling=SHORT))  # connected, as an engine that stands for a while is
        yield engine


@pytest.fixture(params=["embedded", "remote", "remote over embedded", "scripted"])
async def engine(request: pytest.FixtureRequest, base: Path) -> AsyncIterator[Engine]:
    async with opened(request.param, base) as made:
        yield made


@pytest.fixture(params=["embedded", "scripted"])
async def with_adapters(request: pytest.FixtureRequest, base: Path) -> AsyncIterator[Engine]:
    """Those that load adapters; what the others promise stands in a test of its own."""
    async with opened(request.param, base) as made:
        yield made


@pytest.fixture(params=["remote", "remote over embedded"])
async def without_adapters(request: pytest.FixtureRequest, base: Path) -> AsyncIterator[Engine]:
    async with opened(request.param, base) as made:
        yield made


async def collect(engine: Engine, request: Request) -> list[Piece]:
    return [news async for news in engine.generate(request) if isinstance(news, Piece)]


async def begun(engine: Engine, request: Request) -> asyncio.Task[list[Piece]]:
    """A request that speaks already and goes on in the background."""
    speaking = asyncio.Event()

    async def speak() -> list[Piece]:
        pieces = []
        async for news in engine.generate(request):
            if isinstance(news, Piece):
                pieces.append(news)
                speaking.set()
        return pieces

    task = asyncio.create_task(speak())
    await asyncio.wait_for(speaking.wait(), 20)
    return task


async def give_up(task: asyncio.Task[list[Piece]]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_each_candidate_ends_once_and_the_end_carries_its_figures(engine: Engine):
    pieces = await collect(engine, Request(HELLO, sampling=SHORT, candidates=3))
    ends = [piece for piece in pieces if piece.finish]
    assert sorted(end.candidate for end in ends) == [0, 1, 2]
    for end in ends:
        assert end == [piece for piece in pieces if piece.candidate == end.candidate][-1]
        assert end.finish is not None
        assert end.finish.reason == "length"
        assert end.finish.completion_tokens == 4
        assert end.finish.prompt_tokens > 0
        assert 0 < end.finish.first_token_s <= end.finish.total_s


async def test_the_second_request_waits_at_place_one_and_is_then_served(engine: Engine):
    first = await begun(engine, Request(HELLO, sampling=LONG))
    second = engine.generate(Request(HELLO, sampling=SHORT))
    assert await anext(second) == Waiting(1)
    await give_up(first)
    rest = [news async for news in second]
    assert isinstance(rest[-1], Piece)
    assert rest[-1].finish is not None


async def test_places_move_up_when_one_in_the_line_gives_up(engine: Engine):
    first = await begun(engine, Request(HELLO, sampling=LONG))
    second, third = (engine.generate(Request(HELLO, sampling=SHORT)) for _ in range(2))
    assert await anext(second) == Waiting(1)
    assert await anext(third) == Waiting(2)
    await second.aclose()
    assert await asyncio.wait_for(anext(third), 5) == Waiting(1)
    await third.aclose()
    await give_up(first)


async def test_a_full_line_is_busy_and_is_free_again_later(engine: Engine):
    first = await begun(engine, Request(HELLO, sampling=LONG))
    waiting = [engine.generate(Request(HELLO, sampling=SHORT)) for _ in range(2)]
    for one in waiting:
        await anext(one)
    with pytest.raises(EngineBusy):
        await collect(engine, Request(HELLO))
    for one in waiting:
        await one.aclose()
    await give_up(first)
    assert (await collect(engine, Request(HELLO, sampling=SHORT)))[-1].finish


async def test_a_generator_never_iterated_takes_no_place(engine: Engine):
    unused = [engine.generate(Request(HELLO)) for _ in range(5)]
    assert (await collect(engine, Request(HELLO, sampling=SHORT)))[-1].finish
    for one in unused:
        await one.aclose()


@pytest.mark.parametrize("by", ["aclose", "cancel"])
async def test_giving_up_frees_the_engine_at_once(engine: Engine, by: str):
    if by == "cancel":
        await give_up(await begun(engine, Request(HELLO, sampling=LONG)))
    else:
        async with aclosing(engine.generate(Request(HELLO, sampling=LONG))) as speaking:
            await anext(speaking)
    # Where the first one still spoke, this one would be told to wait.
    async with aclosing(engine.generate(Request(HELLO, sampling=SHORT))) as next_one:
        assert isinstance(await asyncio.wait_for(anext(next_one), 5), Piece)


async def test_a_deadline_ends_a_reply_that_is_being_spoken(engine: Engine):
    pieces = await collect(engine, Request(HELLO, sampling=LONG, deadline_s=0.15))
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.reason == "deadline"
    assert pieces[-1].finish.completion_tokens > 0


async def test_a_deadline_ends_a_request_that_still_waits(engine: Engine):
    first = await begun(engine, Request(HELLO, sampling=LONG))
    pieces = await collect(engine, Request(HELLO, candidates=2, deadline_s=0.02))
    assert [piece.finish.reason for piece in pieces if piece.finish] == ["deadline", "deadline"]
    assert "".join(piece.text for piece in pieces) == ""
    await give_up(first)


async def test_an_unknown_adapter_makes_the_request_unavailable(engine: Engine):
    with pytest.raises(EngineUnavailable, match="gone"):
        await collect(engine, Request(HELLO, adapter="gone"))


async def test_adapters_come_and_go_by_their_names(with_adapters: Engine, adapter: Path):
    await with_adapters.load_adapter("v1", adapter)
    await with_adapters.load_adapter("v10", adapter)
    assert await with_adapters.loaded_adapters() == {"v1", "v10"}
    await with_adapters.unload_adapter("v1")
    assert await with_adapters.loaded_adapters() == {"v10"}
    assert (await collect(with_adapters, Request(HELLO, adapter="v10", sampling=SHORT)))[-1].finish
    await with_adapters.unload_adapter("v10")
    await with_adapters.unload_adapter("never loaded")
    assert await with_adapters.loaded_adapters() == set()


async def test_a_name_that_is_taken_is_refused(with_adapters: Engine, adapter: Path):
    await with_adapters.load_adapter("v1", adapter)
    with pytest.raises(AdapterRefused, match="v1"):
        await with_adapters.load_adapter("v1", adapter)
    assert await with_adapters.loaded_adapters() == {"v1"}


async def test_a_refused_adapter_leaves_the_engine_as_it_was(engine: Engine, tmp_path: Path):
    with pytest.raises(AdapterRefused):
        await engine.load_adapter("empty", tmp_path)
    assert await engine.loaded_adapters() == set()
    assert (await collect(engine, Request(HELLO, sampling=SHORT)))[-1].finish


async def test_unloading_waits_for_the_reply_that_uses_it_and_takes_no_new_ones(with_adapters: Engine, adapter: Path):
    await with_adapters.load_adapter("v1", adapter)
    reply = await begun(with_adapters, Request(HELLO, adapter="v1", sampling=LONG))
    unloading = asyncio.create_task(with_adapters.unload_adapter("v1"))
    done, _ = await asyncio.wait([unloading], timeout=0.05)
    assert not done
    assert not reply.done()
    with pytest.raises(EngineUnavailable):
        await collect(with_adapters, Request(HELLO, adapter="v1"))
    pieces = await reply
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.completion_tokens == 400
    await asyncio.wait_for(unloading, 5)


async def test_an_engine_that_cannot_load_adapters_says_so_in_a_sentence_and_speaks_on(
    without_adapters: Engine, adapter: Path
):
    with pytest.raises(AdapterRefused, match=r"The server at 127\.0\.0\.1:\d+ cannot load adapters; .*\.$") as refused:
        await without_adapters.load_adapter("v1", adapter)
    assert "\n" not in str(refused.value)
    assert await without_adapters.loaded_adapters() == set()
    await without_adapters.unload_adapter("v1")
    with pytest.raises(EngineUnavailable, match="v1"):
        await collect(without_adapters, Request(HELLO, adapter="v1"))
    assert (await collect(without_adapters, Request(HELLO, sampling=SHORT)))[-1].finish


async def test_closing_ends_the_running_and_the_waiting(engine: Engine):
    first = await begun(engine, Request(HELLO, sampling=LONG))
    second = engine.generate(Request(HELLO))
    await anext(second)
    await engine.aclose()
    with pytest.raises(EngineUnavailable):
        await first
    with pytest.raises(EngineUnavailable):
        await anext(second)
    with pytest.raises(EngineUnavailable):
        await collect(engine, Request(HELLO))


async def test_a_scripted_answer_is_cut_before_a_stop_string():
    engine = ScriptedEngine(["one STOP two"])
    pieces = await collect(engine, Request(HELLO, sampling=Sampling(stop=("STOP",))))
    assert "".join(piece.text for piece in pieces) == "one "


async def test_a_scripted_failure_is_raised_and_the_next_answer_follows():
    engine = ScriptedEngine([EngineUnavailable("The model rests."), "awake"])
    with pytest.raises(EngineUnavailable, match="rests"):
        await collect(engine, Request(HELLO))
    assert "".join(piece.text for piece in await collect(engine, Request(HELLO))) == "awake"
    assert len(engine.requests) == 2
