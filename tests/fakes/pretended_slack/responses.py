"""Answers through a response_url, and through the acknowledgement of a command.

Owns what such an answer may be: five within half an hour, new or in place of what was pressed.
"""

from typing import TYPE_CHECKING

from tests.fakes.pretended_slack.chat import content, post
from tests.fakes.pretended_slack.methods import Refused
from tests.fakes.pretended_slack.world import BOT_USER, Ephemeral, Json, Message, ResponseUrl

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

USES, URL_S = 5, 1800.0
KNOWN = frozenset(
    {"text", "blocks", "attachments", "response_type", "replace_original", "delete_original", "unfurl_links"}
    | {"unfurl_media", "thread_ts", "metadata", "mrkdwn", "parse", "link_names", "markdown_text"}
)


def respond(slack: "FakeSlack", id: str, body: object) -> None:
    url = slack.world.response_urls.get(id)
    if url is None or slack.clock.now() - url.issued > URL_S:
        raise Refused("expired_url")
    if url.uses >= USES:
        raise Refused("used_url")
    answer(slack, url, body, "response_url")
    url.uses += 1


def answer(slack: "FakeSlack", url: ResponseUrl, body: object, via: str) -> None:
    if not isinstance(body, dict):
        raise Refused("invalid_payload")
    if unknown := sorted(body.keys() - KNOWN):
        raise Refused("invalid_arguments", *(f"[ERROR] unknown argument: {one}" for one in unknown))
    if body.get("response_type") not in (None, "ephemeral", "in_channel"):
        raise Refused("invalid_arguments", "[ERROR] response_type is ephemeral or in_channel")
    if body.get("delete_original"):
        _delete(slack, url)
    elif body.get("replace_original") and url.original is not None:
        _replace(slack, url, body)
    else:
        _new(slack, url, body, via)
    url.posts.append(body)


def _delete(slack: "FakeSlack", url: ResponseUrl) -> None:
    match url.original:
        case Ephemeral():
            url.original.deleted = True
        case Message() if url.original.ts in slack.world.channels[url.channel].messages:
            slack.remove(slack.world.channels[url.channel], url.original)
        case _:
            raise Refused("message_not_found")


def _replace(slack: "FakeSlack", url: ResponseUrl, body: Json) -> None:
    text, blocks, pings = content(body)
    channel, original = slack.world.channels[url.channel], url.original
    assert original is not None
    before = channel.shown_message(original) if isinstance(original, Message) else {}
    original.text, original.blocks, original.pings = text, blocks, pings
    if isinstance(original, Message):
        original.versions.append(text)
        slack.tell_change(channel, original, before)


def _new(slack: "FakeSlack", url: ResponseUrl, body: Json, via: str) -> None:
    text, blocks, pings = content(body)
    channel = slack.world.channels[url.channel]
    thread = body.get("thread_ts") or (url.original.thread_ts if url.original else None)
    if body.get("response_type") == "in_channel":
        message = Message(slack.world.ts(), channel.id, BOT_USER, text, thread, blocks, by_bot=True)
        message.pings = pings
        post(slack, channel, message)
        return
    made = Ephemeral(slack.world.ts(), channel.id, url.user, text, blocks, via, thread)
    made.pings = pings
    slack.world.ephemerals.append(made)
