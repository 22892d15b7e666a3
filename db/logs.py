"""How both programs keep their log: on standard error, a line an event, a fault's trace as Python writes it.

Owns the log's form. Knows no event.
"""

import sys

import structlog


def configure(lowest: str = "info") -> None:
    """From here on, events below `lowest` are passed over."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            # Drawn with frames and local variables, a trace would hold the loop for seconds and show people's words.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
    )
