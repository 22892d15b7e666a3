"""How both programs keep their log: on standard error, a line an event, a fault's trace as Python writes it.

Owns the log's form, what libraries may say in it, and that no secret stands in it. Knows no event.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from db.redact import without_secrets

TALKATIVE = ("slack_sdk", "slack_bolt", "slack", "discord")  # libraries that log whole payloads below INFO
CONNECTING = "slack_sdk"  # says the same every few seconds while Slack is away, each time with a trace
AGAIN_S = 600.0  # before they may say it again
# One-time ways in: within addresses, and as Discord writes those by which a press is answered.
_TICKET = re.compile(
    r"(?P<before>[?&](?:ticket|token|code)=|/(?:webhooks|interactions)/[0-9]{1,24}/)[^\s/?&\"'<>)]+"
    r"|aW50ZXJhY3Rpb246[A-Za-z0-9+/=_-]+"  # base64 of "interaction:"
)

_never: set[str] = set()  # values that the config says are secret


def configure(lowest: str = "info") -> None:
    """From here on, events below `lowest` are passed over, libraries' too."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            # Drawn with frames and local variables, a trace would hold the loop for seconds and show people's words.
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
            _masked_line,
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # where it points now
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
    )
    _hear_libraries(getattr(logging, lowest.upper()))
    sys.excepthook = _masked_fault


def never_show(values: Iterable[str]) -> None:
    """These are secrets, whatever they look like: no line holds them from now on."""
    _never.update(value for value in values if len(value) >= 8)  # what is shorter would blot out words


def masked(text: str) -> str:
    """`text` as it may stand in a log."""
    for value in sorted(_never, key=len, reverse=True):
        text = text.replace(value, "[secret]")
    return without_secrets(_TICKET.sub(_cut, text))


def _cut(found: re.Match[str]) -> str:
    return f"{found['before'] or ''}[token]"


def _masked_line(logger: Any, method: str, line: Any) -> Any:
    return masked(line)


def _masked_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(masked("".join(traceback.format_exception(kind, fault, trace))))


class _Libraries(logging.Handler):
    """What libraries say, as lines of our own log. Why a network is away we say ourselves, once."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        try:
            connecting = CONNECTING in Path(record.pathname).parts  # it may speak under another's name
            if connecting and self._said_already(record):
                return
            fault = {"exc_info": record.exc_info} if record.exc_info and not connecting else {}
            structlog.get_logger().log(record.levelno, record.getMessage().strip(), library=record.name, **fault)
        except Exception:
            self.handleError(record)

    def _said_already(self, record: logging.LogRecord) -> bool:
        now, key = time.monotonic(), (record.name, str(record.msg))
        if now - self._said.get(key, -AGAIN_S) < AGAIN_S:
            return True
        if len(self._said) >= 1000:
            self._said.clear()
        self._said[key] = now
        return False


def _hear_libraries(lowest: int) -> None:
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Libraries)]:
        root.removeHandler(handler)
    root.addHandler(_Libraries())
    root.setLevel(max(lowest, logging.WARNING))  # what libraries tell below that is for their makers
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(lowest, logging.INFO))
