"""The log: short, and without what people wrote or what lets one in."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from db import logs


def test_a_fault_is_logged_with_its_trace_and_without_the_values_at_hand(capsys: pytest.CaptureFixture[str]) -> None:
    secret = "what somebody wrote in private"
    logs.configure()
    try:
        raise ValueError(f"{len(secret)} characters")
    except ValueError:
        structlog.get_logger().exception("a page failed")
    told = capsys.readouterr().err
    assert "ValueError: 30 characters" in told
    assert "Traceback" in told
    assert "in private" not in told


def test_what_is_below_the_lowest_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    structlog.get_logger().info("a mention")
    structlog.get_logger().warning("a failure", reply=3)
    told = capsys.readouterr().err
    assert "a mention" not in told
    assert "a failure" in told
    assert "reply" in told


# Put together here, so that no scanner takes the examples for real ones.
BOT = "xox" + "b-123456789012-123456789012-AbCdEfGhIjKlMnOpQrStUvWx"
APP = "xapp-" + "1-A012-345-abcdef012345"
SECRET = "0123456789abcdef" * 2
BACK = "https://hooks.slack.com/" + "commands/T000/123/abcdef"
DISCORD = "MTA5" + "x" * 23 + ".GhIjKl." + "y" * 38
ANSWER = "https://discord.com/api/v10/" + "webhooks/1234567890/zyxw-vuts/messages/@original"
CALLBACK = "http://proxy:8080/" + "interactions/1234567890/zyxw-vuts/callback"
PRESS = "aW50ZXJhY3Rpb246" + "MTIzNDU2Nzg5MA=="
TICKET = "wss://wss-primary.slack.com/link/?ticket=" + "0f2a-44c1&app_id=a"


@pytest.fixture
def secrets(capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[str, ...]]:
    logs.configure()
    logs.never_show([SECRET])
    yield (BOT, APP, SECRET, BACK, "0f2a-44c1", DISCORD, "zyxw-vuts", PRESS)
    logs._never.clear()


@pytest.mark.parametrize("secret", [BOT, APP, SECRET, BACK, TICKET, DISCORD, ANSWER, CALLBACK, PRESS])
def test_a_secret_stands_in_no_line_wherever_it_comes_from(
    secrets: tuple[str, ...], secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log, library = structlog.get_logger(), logging.getLogger("slack_bolt.AsyncApp")
    try:
        raise ValueError(f"refused: {secret}")
    except ValueError as error:
        log.exception("it failed", token=secret)
        log.warning(f"with {secret}", headers={"Authorization": f"Bearer {secret}"})
        library.exception(f"Failed to run listener function (error: {error})")
        sys.excepthook(*sys.exc_info())
    told = capsys.readouterr().err
    assert told.count("Traceback") == 3
    assert "it failed" in told
    assert "Failed to run listener" in told
    assert not [one for one in secrets if one in told]


def test_libraries_never_tell_payloads() -> None:
    for lowest in ("debug", "info", "warning"):
        logs.configure(lowest)
        for name in (
            "slack_sdk.web.async_client",
            "slack_bolt.AsyncApp",
            "slack_sdk.socket_mode",
            "discord.http",
            "discord.gateway",
        ):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


def test_what_a_network_library_says_again_and_again_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    handler = next(one for one in logging.getLogger().handlers if isinstance(one, logs._Libraries))
    for _ in range(3):
        record = logging.LogRecord("slack_bolt.AsyncApp", logging.ERROR, "/x/slack_sdk/a.py", 1, "away", (), None)
        handler.emit(record)
    assert capsys.readouterr().err.count("away") == 1


def test_our_own_numbers_stay(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    structlog.get_logger().warning("a run ended", run=12, tokens="4111111111111111", at="03-1234-5678")
    told = capsys.readouterr().err
    assert "4111111111111111" in told
    assert "03-1234-5678" in told


def test_a_word_is_no_secret_because_the_config_says_so(secrets: tuple[str, ...]) -> None:
    logs.never_show(["", "test"])
    assert logs.masked("a test") == "a test"
