"""The remote engine on a server that behaves: what is sent, what comes back, and that leaving closes the stream."""

import asyncio

import pytest

from bot.generation.engine import EngineUnavailable, Request, Sampling, Turn
from tests.fakes.openai_server import Stalls, Streams, serving
from tests.fakes.remote import ENDLESS, HELLO, collect, line, remote, say


async def test_a_chat_is_asked_with_all_its_sampling_and_comes_in_pieces():
    sampling = Sampling(0.7, 0.9, 40, 1.1, 60, ("\n", "Ann:"), seed=5)
    async with serving(["Copy, skipper. Over."]) as server, remote(server) as engine:
        pieces = await collect(engine, Request(HELLO, sampling=sampling))
    assert [piece.text for piece in pieces if piece.text] == ["Copy, ", "skipper. ", "Over."]
    assert server.paths == {"/v1/chat/completions": 1}
    assert server.bodies == [
        {
            "model": "echo",
            "messages": HELLO,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.7,
            "top_p": 0.9,
            "top_k": 40,
            "repetition_penalty": 1.1,
            "repeat_penalty": 1.1,
            "max_tokens": 60,
            "stop": ["\n", "Ann:"],
            "seed": 5,
        }
    ]


async def test_plain_text_is_continued_as_it_stands():
    turns: list[Turn] = [{"role": "user", "content": "彼は老いていた。"}, {"role": "user", "content": "漁師は"}]
    async with serving(["海へ出た。"]) as server, remote(server) as engine:
        assert await say(engine, Request(turns, sampling=Sampling(top_k=0), shape="text")) == "海へ出た。"
    assert server.paths == {"/v1/completions": 1}
    assert server.bodies[0]["prompt"] == "彼は老いていた。漁師は"
    assert server.bodies[0]["top_k"] == -1
    assert not server.bodies[0].keys() & {"messages", "n", "seed", "stop"}


async def test_candidates_are_requests_of_their_own_with_seeds_of_their_own_and_some_at_a_time():
    async with serving(["one a", "two b", "three c"], word_s=0.01) as server, remote(server, max_parallel=2) as engine:
        request = Request(HELLO, sampling=Sampling(seed=7), candidates=3)
        pieces = await collect(engine, request)
    said = ["".join(piece.text for piece in pieces if piece.candidate == n) for n in range(3)]
    assert sorted(said) == ["one a", "three c", "two b"]
    assert sorted(body["seed"] for body in server.bodies) == [7, 8, 9]
    assert server.most_open == 2


async def test_requests_run_beside_each_other_as_many_as_are_allowed():
    async with serving(otherwise="a b c d", word_s=0.02) as server, remote(server, max_parallel=3) as engine:
        said = await asyncio.gather(*(say(engine, Request(HELLO)) for _ in range(7)))
    assert said == ["a b c d"] * 7
    assert server.most_open == 3


async def test_the_figures_are_the_servers_own():
    async with serving(["one two three"]) as server, remote(server) as engine:
        end = (await collect(engine, Request(HELLO)))[-1].finish
    assert end is not None
    assert (end.reason, end.prompt_tokens, end.completion_tokens) == ("stop", 3, 3)
    assert 0 < end.first_token_s <= end.total_s


async def test_without_usage_the_pieces_are_counted_and_the_prompt_is_unknown():
    async with serving(["one two three four"], usage=False) as server, remote(server) as engine:
        end = (await collect(engine, Request(HELLO, sampling=Sampling(max_new_tokens=3))))[-1].finish
    assert end is not None
    assert (end.reason, end.prompt_tokens, end.completion_tokens) == ("length", 0, 3)


@pytest.mark.parametrize(("theirs", "ours"), [("stop", "stop"), ("length", "length"), ("content_filter", "stop")])
async def test_reasons_to_end_are_ours(theirs: str, ours: str):
    async with serving(troubles=[Streams((line("yes", theirs), "data: [DONE]"))]) as server, remote(server) as engine:
        end = (await collect(engine, Request(HELLO)))[-1].finish
    assert end is not None
    assert end.reason == ours


async def test_a_deadline_ends_a_reply_with_the_text_so_far_and_closes_the_stream():
    async with serving(otherwise="echo " * 1000, word_s=0.01) as server, remote(server) as engine:
        pieces = await collect(engine, Request(HELLO, deadline_s=0.2, sampling=Sampling(max_new_tokens=900)))
        await server.comes_to(0)
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.reason == "deadline"
    assert pieces[-1].finish.completion_tokens == sum(bool(piece.text) for piece in pieces) > 0
    assert server.closed_early == 1


@pytest.mark.parametrize("by", ["aclose", "cancel", "closing the engine"])
async def test_giving_up_closes_the_stream_at_once(by: str):
    async with serving(otherwise="echo " * 1000, word_s=0.01) as server, remote(server) as engine:
        speaking = engine.generate(ENDLESS)
        await anext(speaking)
        if by == "aclose":
            await speaking.aclose()
        elif by == "cancel":
            listening = asyncio.create_task(anext(speaking))
            await asyncio.sleep(0)
            listening.cancel()
            await asyncio.wait([listening])
        else:
            await engine.aclose()
            with pytest.raises(EngineUnavailable, match="closed before"):
                [piece async for piece in speaking]
        await server.comes_to(0)
    assert server.closed_early == 1


async def test_giving_up_before_the_first_word_hangs_up_too():
    async with serving(troubles=[Stalls(None)]) as server, remote(server) as engine:
        listening = asyncio.create_task(collect(engine, ENDLESS))
        await server.comes_to(1)
        listening.cancel()
        await server.comes_to(0)
    assert len(server.bodies) == server.closed_early == 1


async def test_stop_strings_hold_where_the_server_is_deaf_to_them():
    stops = ("1", "2", "3", "4", "o ST O")
    async with (
        serving(["one tw", "a<b>c"], otherwise="one two ST OP three", deaf=True) as server,
        remote(server) as engine,
    ):
        assert await say(engine, Request(HELLO, sampling=Sampling(stop=("two",)))) == "one tw"
        assert await say(engine, Request(HELLO, sampling=Sampling(stop=("<b>",)))) == "a"
        pieces = await collect(engine, Request(HELLO, sampling=Sampling(stop=stops)))
    assert "".join(piece.text for piece in pieces) == "one tw"
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.reason == "stop"
    assert server.bodies[-1]["stop"] == ["1", "2", "3", "4"]


async def test_a_stop_string_closes_a_stream_that_would_go_on():
    async with (
        serving(otherwise="one two " + "STOP " * 1000, word_s=0.005, deaf=True) as server,
        remote(server) as engine,
    ):
        sampling = Sampling(max_new_tokens=10_000, stop=("STOP",))
        assert await say(engine, Request(HELLO, sampling=sampling)) == "one two "
        await server.comes_to(0)
    assert server.closed_early == 1


async def test_text_arrives_as_it_was_sent_whatever_is_in_it():
    said = "山彦🏔️\u2028は\x85「おはよう」\u2029と\x0bdata: 言った"
    async with serving([said]) as server, remote(server) as engine:
        assert await say(engine, Request(HELLO)) == said


async def test_a_connection_is_used_again():
    async with serving() as server, remote(server) as engine:
        for _ in range(3):
            await say(engine, Request(HELLO))
    assert len(server.askers) == 1


async def test_an_answer_that_does_not_stream_is_taken_whole():
    whole = '{"choices": [{"message": {"content": "Copy."}, "finish_reason": "length"}], "usage": null}'
    async with serving(troubles=[Streams((whole,), "application/json")]) as server, remote(server) as engine:
        pieces = await collect(engine, Request(HELLO))
    assert "".join(piece.text for piece in pieces) == "Copy."
    assert pieces[-1].finish is not None
    assert pieces[-1].finish.reason == "length"
