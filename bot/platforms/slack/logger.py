"""Where Slack's library logs: never payloads, which it writes at DEBUG."""

import logging

LOGGER = logging.getLogger("slack")
LOGGER.setLevel(logging.INFO)
for _name in ("slack_bolt", "slack_sdk"):
    logging.getLogger(_name).setLevel(logging.INFO)
