"""The remote engine when the turns are more than the server's window holds."""

from typing import Any

import pytest

from bot.generation.engine import EngineUnavailable, Request, Sampling, Turn
from tests.fakes.openai_server import Says, Streams, error, serving
from tests.fakes.remote import collect, remote, say


def conversation(exchanges: int) -> list[Turn]:
    turns: list[Turn] = [{"role": "system", "content": "Be brief."}]
    for number in range(exchanges):
        turns.append({"role": "user", "content": f"question {number}"})
        turns.append({"role": "assistant", "content": f"answer {number}"})
    turns.append({"role": "user", "content": "the newest"})
    return turns


async def test_too_long_a_conversation_loses_its_oldest_turns():
    sampling = Sampling(max_new_tokens=8)
    async with serving(context=24) as server, remote(server) as engine:
        assert await say(engine, Request(conversation(20), sampling=sampling)) == "Hello from the mountain."
    turns = server.bodies[-1]["messages"]
    assert len(turns) > 2
    assert turns[0] == {"role": "system", "content": "Be brief."}
    assert turns[1]["role"] == "user"
    assert turns[1:] == conversation(20)[-len(turns) + 1 :]


async def test_too_long_a_text_loses_its_beginning():
    turns: list[Turn] = [{"role": "user", "content": " ".join(map(str, range(1000)))}]
    async with serving(context=100) as server, remote(server) as engine:
        await say(engine, Request(turns, sampling=Sampling(max_new_tokens=8), shape="text"))
    assert server.bodies[-1]["prompt"].endswith(" 997 998 999")
    assert len(server.bodies[-1]["prompt"].split()) > 30


async def test_a_reply_longer_than_the_window_is_made_shorter_and_the_turns_stay():
    async with serving(context=100) as server, remote(server) as engine:
        assert await say(engine, Request(conversation(2), sampling=Sampling(max_new_tokens=4000)))
    assert [body["max_tokens"] for body in server.bodies] == [4000, 50]
    assert server.bodies[-1]["messages"] == conversation(2)


@pytest.mark.parametrize(
    "trouble",
    [
        Says(400, error("request (9 tokens) exceeds the available context size (8 tokens)", n_ctx=8)),
        Says(500, error("the request exceeds the available context size. try increasing it")),
        Streams(
            ('data: {"error": "Trying to keep the first 9 tokens when context the overflows. However, the model"}',)
        ),
        Says(400, error("Requested tokens (2285) exceed context window of 2048")),
    ],
)
async def test_too_long_is_understood_in_the_ways_servers_write_it(trouble: Any):
    request = Request(conversation(20), sampling=Sampling(max_new_tokens=4))
    async with serving(troubles=[trouble, trouble]) as server, remote(server) as engine:
        assert await say(engine, request) == "Hello from the mountain."
        server.troubles = [trouble] * 30
        with pytest.raises(
            EngineUnavailable, match=r"^This is too long for echo at 127.*; write less, .* larger context\.$"
        ):
            await collect(engine, request)
        assert len(server.bodies) < 15
    lengths = [len(body["messages"]) for body in server.bodies[:3]]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[2]


async def test_a_known_window_is_kept_to_without_being_told():
    async with serving() as server, remote(server, context=200) as engine:
        await say(engine, Request(conversation(60), sampling=Sampling(max_new_tokens=50)))
    (body,) = server.bodies
    assert body["max_tokens"] == 50
    assert 10 < len(body["messages"]) < 60
    assert body["messages"][0]["content"] == "Be brief."
    assert body["messages"][-1]["content"] == "the newest"
