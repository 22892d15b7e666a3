"""The log: short, and without what people wrote."""

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
