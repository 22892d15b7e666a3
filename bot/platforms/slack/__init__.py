"""Slack: the one room that knows its SDK, its payloads and its marks."""
