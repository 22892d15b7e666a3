"""chat.*: posting, updating and deleting, in the open and for one pair of eyes.

Owns what Slack accepts as a message. Streams are beside it.
"""

from typing import TYPE_CHECKING

from tests.fakes.pretended_slack.blocks import check_message, texts_of
from tests.fakes.pretended_slack.methods import (
    POST,
    SPECIAL,
    Refused,
    joined,
    method,
    own_message,
    truth,
    visible,
    writable,
)
from tests.fakes.pretended_slack.pings import pings_of
from tests.fakes.pretended_slack.world import BOT_USER, Channel, Ephemeral, Json, Message

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

LONGEST, LONGEST_UPDATE, LONGEST_MARKDOWN = 40_000, 4_000, 12_000
_BODY = "text blocks attachments markdown_text as_user link_names parse"
_FACE = "icon_emoji icon_url username"


def content(args: Json, longest: int = LONGEST) -> tuple[str, list[Json], list[str]]:
    """The text, the blocks and the pings of what is to be posted; refuses what Slack would refuse."""
    markdown, text = args.get("markdown_text"), args.get("text") or ""
    if markdown is not None and (args.get("text") or args.get("blocks")):
        raise Refused("markdown_text_conflict")
    if len(markdown or "") > LONGEST_MARKDOWN:
        raise Refused("msg_too_long")
    blocks = check_message(args["blocks"]) if args.get("blocks") else []
    if len(text) > longest:
        raise Refused("msg_too_long")
    text = text or markdown or ""
    if not text.strip() and not blocks and not args.get("attachments"):
        raise Refused("no_text")
    names = truth(args.get("link_names")) or args.get("parse") == "full"
    return text or " ".join(texts_of(blocks)), blocks, pings_of(text, blocks, names=names)


def metadata_of(args: Json) -> Json | None:
    metadata = args.get("metadata")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or metadata.keys() - {"event_type", "event_payload"}:
        raise Refused("invalid_metadata_schema")
    return metadata


def thread_root(channel: Channel, args: Json) -> str | None:
    """The thread to post in; a reply's own ts leads to its thread's.

    Where the parent is gone Slack does not refuse: it posts into the open channel, and says so only by leaving out
    thread_ts in its answer.
    """
    wanted = args.get("thread_ts")
    if not wanted:
        return None
    parent = channel.messages.get(str(wanted))
    return (parent.thread_ts or parent.ts) if parent else None


def post(slack: "FakeSlack", channel: Channel, message: Message) -> Message:
    """Put the bot's message where it belongs; a waiting status in its thread goes."""
    message.versions.append(message.text)
    channel.messages[message.ts] = message
    slack.world.statuses.pop((channel.id, message.thread_ts or message.ts), None)
    slack.tell_message(channel, message)
    return message


@method(
    "chat.postMessage",
    "channel",
    f"{_BODY} {_FACE} thread_ts reply_broadcast unfurl_links unfurl_media container_id mrkdwn metadata",
    scope="chat:write",
    tier=POST,
)
def post_message(slack: "FakeSlack", args: Json) -> Json:
    channel = writable(slack, args["channel"])
    text, blocks, pings = content(args)
    thread, metadata = thread_root(channel, args), metadata_of(args)
    if any(args.get(key) for key in _FACE.split()) and "chat:write.customize" not in slack.scopes:
        raise Refused("missing_scope", needed="chat:write.customize", provided=",".join(sorted(slack.scopes)))
    subtype = "thread_broadcast" if thread and truth(args.get("reply_broadcast")) else None
    message = Message(slack.world.ts(), channel.id, BOT_USER, text, thread, blocks, metadata, by_bot=True)
    message.subtype, message.pings, message.username = subtype, pings, args.get("username")
    post(slack, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": channel.shown_message(message)}


@method("chat.postEphemeral", "channel user", f"{_BODY} {_FACE} thread_ts", scope="chat:write", tier=SPECIAL)
def post_ephemeral(slack: "FakeSlack", args: Json) -> Json:
    channel = writable(slack, args["channel"])
    if args["user"] not in slack.world.users:
        raise Refused("user_not_found")
    if args["user"] not in channel.members:
        raise Refused("user_not_in_channel")
    text, blocks, pings = content(args)
    thread = thread_root(channel, args)
    made = Ephemeral(slack.world.ts(), channel.id, args["user"], text, blocks, "chat.postEphemeral", thread)
    made.pings = pings
    slack.world.ephemerals.append(made)
    return {"message_ts": made.ts}


@method("chat.update", "channel ts", f"{_BODY} metadata file_ids reply_broadcast", scope="chat:write", tier=3)
def update(slack: "FakeSlack", args: Json) -> Json:
    if visible(slack, args["channel"]).archived:
        raise Refused("is_inactive")
    channel, message = own_message(slack, args, "cant_update_message")
    if message.stream and slack.streaming(message):
        raise Refused("streaming_state_conflict")
    text, blocks, pings = content(args, LONGEST_UPDATE)
    before = channel.shown_message(message)
    message.text, message.pings = text, pings
    message.versions.append(text)
    # Slack keeps the blocks only where neither text nor blocks are given anew.
    message.blocks = blocks
    if "metadata" in args:
        message.metadata = metadata_of(args)
    if not blocks:
        message.edited = {"user": BOT_USER, "ts": slack.world.ts()}
    slack.tell_change(channel, message, before)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": channel.shown_message(message)}


@method("chat.delete", "channel ts", "as_user", scope="chat:write", tier=3)
def delete(slack: "FakeSlack", args: Json) -> Json:
    channel, message = own_message(slack, args, "cant_delete_message")
    if message.stream and slack.streaming(message):
        raise Refused("cant_delete_message")
    slack.remove(channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink", "channel message_ts", tier=SPECIAL)
def permalink(slack: "FakeSlack", args: Json) -> Json:
    channel = joined(slack, args["channel"])
    message = channel.messages.get(str(args["message_ts"]))
    if message is None:
        raise Refused("message_not_found")
    link = f"https://{slack.world.team_domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}
