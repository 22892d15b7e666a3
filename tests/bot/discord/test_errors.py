"""What Discord refuses, as the chat rooms know it."""

from types import SimpleNamespace

import discord
import pytest

from bot.chat.platform import NotShown, OutOfReach
from bot.chat.replying.posting import Gone
from bot.platforms.discord.errors import told


def refusal(status: int, code: int, text: str = "no") -> discord.HTTPException:
    response = SimpleNamespace(status=status, reason="")
    return discord.HTTPException(response, {"code": code, "message": text})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, 10008, Gone),
        (403, 50005, Gone),
        (404, 10003, OutOfReach),
        (403, 50013, OutOfReach),
        (400, 160005, NotShown),
        (400, 50035, NotShown),
        (403, 0, NotShown),
        (400, 30046, discord.HTTPException),
        (429, 0, discord.HTTPException),
        (401, 0, discord.HTTPException),
        (500, 0, discord.HTTPException),
    ],
)
def test_what_may_pass_is_tried_again_and_the_rest_is_not(status: int, code: int, kind: type[Exception]) -> None:
    assert type(told(refusal(status, code))) is kind


def test_moderation_and_a_deleted_question_have_sentences_of_their_own() -> None:
    assert str(told(refusal(403, 200000))) == "The server's moderation keeps me from posting this."
    body = {"code": 50035, "message": "Invalid Form Body"}
    body |= {"errors": {"message_reference": {"_errors": [{"code": "X", "message": "Unknown message"}]}}}
    response = SimpleNamespace(status=400, reason="")
    error = discord.HTTPException(response, body)  # pyright: ignore[reportArgumentType]
    assert str(told(error)) == "The question was deleted."
