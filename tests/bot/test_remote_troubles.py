"""The remote engine on a server that does not answer as wished: what is tried again, and the sentence at the end."""

import logging
import re
from typing import Any

import pytest
import structlog

from bot.generation.engine import EngineBusy, EngineUnavailable, Piece, Request, Sampling
from bot.generation.openai_server import Patience
from bot.generation.remote import RemoteEngine
from tests.fakes.openai_server import Cuts, Says, Stalls, Streams, error, serving
from tests.fakes.remote import HELLO, collect, line, remote, say

EXTRAS = frozenset({"top_k", "repetition_penalty", "repeat_penalty", "seed", "stream_options"})
KEY = "sk-very/secret-0123456789"


async def told(engine: RemoteEngine, request: Request = Request(HELLO)) -> str:  # noqa: B008  # frozen
    """The sentence a reply ends in."""
    with pytest.raises(EngineUnavailable) as unavailable:
        await collect(engine, request)
    sentence = str(unavailable.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert KEY not in sentence
    return sentence


async def test_fields_a_server_does_not_know_are_left_out_and_that_is_remembered():
    request = Request(HELLO, sampling=Sampling(seed=1))
    async with serving(refuses=EXTRAS) as server, remote(server) as engine:
        assert await say(engine, request) == await say(engine, request) == "Hello from the mountain."
    refused, last = server.bodies[:-2], server.bodies[-1]
    assert len(refused) == len(EXTRAS), "the fake names one at a time"
    assert server.bodies[-2] == last
    assert not last.keys() & EXTRAS
    assert last["temperature"] == 0.8


@pytest.mark.parametrize(
    "body",
    [
        error("Unknown parameter: 'top_k'.", param="top_k", code="unknown_parameter"),
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]},
        {"object": "error", "message": "top_k must be 0 or more, got -1", "type": "BadRequestError", "code": 400},
        'Invalid JSON payload received. Unknown name "top_k": Cannot find field.',
    ],
)
async def test_refusals_are_understood_in_the_ways_servers_write_them(body: Any):
    status = 422 if "detail" in body else 400
    async with serving(troubles=[Says(status, body)]) as server, remote(server) as engine:
        assert await say(engine, Request(HELLO)) == "Hello from the mountain."
    assert server.bodies[0].keys() - server.bodies[1].keys() == {"top_k"}


async def test_a_server_that_counts_completion_tokens_is_asked_by_that_name():
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    troubles = [Says(400, error(words)), Streams((line("yes", "stop"),)), Streams((line("yes", "stop"),))]
    async with serving(troubles=troubles) as server, remote(server) as engine:
        assert await say(engine, Request(HELLO)) == await say(engine, Request(HELLO)) == "yes"
    assert [body.get("max_completion_tokens") for body in server.bodies] == [None, 128, 128]
    assert "max_tokens" not in server.bodies[-1]


@pytest.mark.parametrize("status", [400, 500])
async def test_a_model_without_a_system_role_is_told_by_the_user_who_it_is(status: int):
    refusal = Says(status, error("Jinja Exception: System role not supported"))
    async with serving(troubles=[refusal]) as server, remote(server) as engine:
        assert await say(engine, Request(HELLO)) == await say(engine, Request(HELLO)) == "Hello from the mountain."
    assert len(server.bodies) == 3
    assert server.bodies[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\n山彦さん、おはよう"}]


@pytest.mark.parametrize(
    "trouble", [Cuts(None), Cuts(0), Says(503, error("Loading model")), Says(502, "<html>nginx</html>"), Says(429)]
)
async def test_what_passes_is_tried_again_while_nothing_was_said(trouble: Any):
    async with serving(otherwise="Copy.", troubles=[trouble, trouble]) as server, remote(server) as engine:
        pieces = await collect(engine, Request(HELLO))
    assert "".join(piece.text for piece in pieces) == "Copy."
    assert len(server.bodies) == 3


async def test_a_reply_cut_in_the_middle_is_said_so_and_never_begun_again():
    async with serving(["one two three four"], troubles=[Cuts(2)]) as server, remote(server) as engine:
        speaking = engine.generate(Request(HELLO))
        assert [await anext(speaking), await anext(speaking)] == [Piece(0, "one "), Piece(0, "two ")]
        with pytest.raises(EngineUnavailable, match="broke off in the middle of this reply; ask again"):
            await anext(speaking)
    assert len(server.bodies) == 1


@pytest.mark.parametrize("last", ["", "data: [DONE]", ": a sign of life", 'data: {"error": "too late"}'])
async def test_nothing_that_follows_the_last_piece_spoils_a_reply(last: str):
    lines = tuple(line for line in (line("all ", None), line("of it", "stop"), last) if line)
    async with serving(troubles=[Streams(lines)]) as server, remote(server) as engine:
        assert await say(engine, Request(HELLO)) == "all of it"


async def test_a_stream_that_ends_without_an_end_broke_off():
    async with serving(troubles=[Streams((line("half"),))]) as server, remote(server) as engine:
        assert "broke off in the middle" in await told(engine)


async def test_a_server_that_is_not_there_is_told_with_its_host():
    async with serving() as server:
        pass
    async with remote(server) as engine:
        sentence = await told(engine)
    assert sentence == f"The server at {server.url[7:-3]} cannot be reached; start it, or ask again later."


async def test_a_server_that_comes_back_is_reached_again():
    async with serving() as server, remote(server) as engine:
        await say(engine, Request(HELLO))
        server.troubles = [Cuts(None)] * 3
        assert "hung up" in await told(engine)
        assert await say(engine, Request(HELLO)) == "Hello from the mountain."


async def test_without_time_left_nothing_is_tried_again():
    patience = Patience(pauses=(30.0,))
    async with serving(troubles=[Cuts(None)]) as server, remote(server, patience=patience) as engine:
        assert "hung up" in await told(engine, Request(HELLO, deadline_s=10))
    assert len(server.bodies) == 1


async def test_a_wish_to_be_asked_later_is_kept_within_the_deadline():
    wish = Says(429, error("slow down"), {"Retry-After": "0.05"})
    async with serving(["Copy."], troubles=[wish]) as server, remote(server) as engine:
        assert await say(engine, Request(HELLO, deadline_s=60)) == "Copy."
        server.troubles = [Says(429, error("slow down"), {"Retry-After": "30"})]
        with pytest.raises(EngineBusy, match="takes no more requests just now; ask again in 30 seconds"):
            await collect(engine, Request(HELLO, deadline_s=10))
        server.troubles = [Says(429, "", {"Retry-After": "Fri, 31 Dec 2999 23:59:59 GMT"})]
        with pytest.raises(EngineBusy):
            await collect(engine, Request(HELLO))
    assert len(server.bodies) == 4


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Says(401, error(f"Incorrect API key provided: {KEY}")), "does not accept the key; mend the key of this base"),
        (Says(403, error(f"not with {KEY}")), "does not let this key use echo; ask whoever runs it"),
        (Says(404, error("The model `echo` does not exist.")), "has no model echo; load it there, or mend the model's"),
        (
            Says(404, "404 page not found"),
            r"knows no chat/completions \(404\); mend the url in the config, .* ends in /v1",
        ),
        (Says(429, error("You exceeded your quota", code="insufficient_quota")), "lets this key ask no more"),
        (Says(301, "", {"Location": "https://elsewhere.example/v1"}), r"has moved \(301\); mend the url"),
        (Says(400, error(f"temperature too high for {KEY}")), r"refused the request \(400: temperature too high for …"),
        (Says(400, error("words " * 100)), r"refused the request \(400: words .*…\)"),
        (Streams(('data: {"error": {"message": "CUDA error"}}',)), r"refused the request \(200: CUDA error\)"),
        (Streams(("data: {half",)), "does not answer as OpenAI-style servers do; mend the url"),
        (Streams(("<html>Welcome</html>",), "text/html"), "does not answer as OpenAI-style servers do"),
    ],
)
async def test_what_does_not_pass_ends_in_one_sentence_at_once(trouble: Any, sentence: str):
    async with serving(troubles=[trouble]) as server, remote(server, key=KEY) as engine:
        assert re.search(sentence, await told(engine))
        assert len(server.bodies) == 1
        assert await say(engine, Request(HELLO)) == "Hello from the mountain."


@pytest.mark.parametrize(
    ("stall", "sentence"),
    [
        (Stalls(None), "said nothing for 0.05 seconds; ask again, or look at its log"),
        (Stalls(0), "said nothing for 0.05 seconds"),
        (Stalls(2), "broke off in the middle of this reply"),
    ],
)
async def test_a_silent_server_is_waited_for_and_then_given_up(stall: Stalls, sentence: str):
    patience = Patience(first_s=60 if stall.after else 0.05, silence_s=0.05)
    async with serving(troubles=[stall]) as server, remote(server, patience=patience) as engine:
        assert sentence in await told(engine)
        await server.comes_to(0)
    assert len(server.bodies) == 1


async def test_a_server_that_wants_a_key_is_given_it_and_says_when_it_is_missing():
    async with serving(key=KEY) as server:
        async with remote(server, key=KEY) as engine:
            assert await say(engine, Request(HELLO)) == "Hello from the mountain."
        async with remote(server) as engine:
            assert (await told(engine)).endswith("wants a key; set the key of this base.")
        async with remote(server, key="sk-wrong", where_key="TEAM_KEY in the environment") as engine:
            assert (await told(engine)).endswith("does not accept the key; mend TEAM_KEY in the environment.")


async def test_the_key_reaches_no_log_and_no_cause(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    troubles = [Says(400, error(f"top_k is not known to {KEY}")), Says(401, error(f"wrong: {KEY}"))]
    with structlog.testing.capture_logs() as logs:
        async with serving(troubles=troubles) as server, remote(server, key=KEY) as engine:
            with pytest.raises(EngineUnavailable) as unavailable:
                await collect(engine, Request(HELLO))
    chain = repr([unavailable.value, unavailable.value.__cause__, unavailable.value.__context__])
    assert [entry["event"] for entry in logs] == ["asking as this server understands it"]
    assert KEY not in chain + repr(logs)
    assert all(KEY not in record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp"))


async def test_a_model_that_only_thinks_says_so():
    thinking = 'data: {"choices": [{"delta": {"reasoning_content": "Hm"}, "finish_reason": "length"}]}'
    async with serving(troubles=[Streams((thinking,))]) as server, remote(server) as engine:
        assert "used up its 128 tokens thinking; turn its thinking off at the server" in await told(engine)


async def test_one_candidate_that_fails_ends_the_request_and_its_other_streams():
    talk = serving(otherwise="echo " * 500, word_s=0.01, troubles=[None, Cuts(2)])
    async with talk as server, remote(server, max_parallel=2) as engine:
        assert "broke off" in await told(engine, Request(HELLO, candidates=2))
        await server.comes_to(0)
        assert server.closed_early == 1
        assert isinstance(await anext(engine.generate(Request(HELLO))), Piece)


async def test_a_fault_of_our_own_ends_the_reply_too(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> str:
        raise ZeroDivisionError("strange")

    async with serving() as server, remote(server) as engine:
        with monkeypatch.context() as patched:
            patched.setattr("bot.generation.openai_server.path_of", fail)
            assert "ZeroDivisionError: strange" in await told(engine)
        assert await say(engine, Request(HELLO)) == "Hello from the mountain."
