"""Streams and what a thread says meanwhile: chat.*Stream and assistant.threads.*.

Owns a stream's life: five minutes, whatever comes. Knows nothing of how the text is shown.
"""

from typing import TYPE_CHECKING

from tests.fakes.pretended_slack.blocks import check_message
from tests.fakes.pretended_slack.chat import LONGEST, LONGEST_MARKDOWN, metadata_of, post, thread_root
from tests.fakes.pretended_slack.methods import SPECIAL, Refused, method, own_message, writable
from tests.fakes.pretended_slack.pings import pings_of
from tests.fakes.pretended_slack.world import BOT_USER, Channel, Json, Message, Status, Stream

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

STREAM_S = 300.0
_FACE = "icon_emoji icon_url username"
CHUNKS = {
    "markdown_text": ("text", ""),
    "task_update": ("id title status", "details output sources"),
    "plan_update": ("title", ""),
    "blocks": ("blocks", ""),
}


@method(
    "chat.startStream",
    "channel thread_ts",
    f"markdown_text chunks recipient_team_id recipient_user_id task_display_mode {_FACE}",
    scope="chat:write",
    tier=2,
)
def start(slack: "FakeSlack", args: Json) -> Json:
    channel = writable(slack, args["channel"])
    if channel.kind != "im":
        for key in ("recipient_team_id", "recipient_user_id"):
            if not args.get(key):
                raise Refused(f"missing_{key}")
        if args["recipient_user_id"] not in slack.world.users:
            raise Refused("user_not_found")
    thread = thread_root(channel, args)
    if thread is None:
        raise Refused("invalid_thread_ts")
    text, blocks, chunks = _written(args)
    message = Message(slack.world.ts(), channel.id, BOT_USER, text, thread, blocks, by_bot=True)
    message.stream = Stream(slack.clock.now() + STREAM_S, chunks=chunks)
    message.pings = pings_of(text, blocks)
    post(slack, channel, message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "channel ts", "markdown_text chunks", scope="chat:write", tier=4)
def append(slack: "FakeSlack", args: Json) -> Json:
    channel, message = _live(slack, args)
    text, blocks, chunks = _written(args)
    if not text and not blocks and not chunks:
        raise Refused("no_text")
    _extend(message, text, blocks, chunks)
    return {"channel": channel.id, "ts": message.ts}


@method(
    "chat.stopStream", "channel ts", "markdown_text chunks blocks metadata session_status", scope="chat:write", tier=2
)
def stop(slack: "FakeSlack", args: Json) -> Json:
    channel, message = _live(slack, args)
    before = channel.shown_message(message)
    text, blocks, chunks = _written(args)
    final = check_message(args["blocks"]) if args.get("blocks") else []
    metadata = metadata_of(args)
    _extend(message, text, [*blocks, *final], chunks)
    message.metadata = metadata or message.metadata
    assert message.stream is not None
    message.stream.stopped = True
    slack.tell_change(channel, message, before)
    return {"channel": channel.id, "ts": message.ts, "message": channel.shown_message(message)}


def _live(slack: "FakeSlack", args: Json) -> tuple[Channel, Message]:
    channel, message = own_message(slack, args, "message_not_owned_by_app")
    if message.stream and message.stream.by_user:
        raise Refused("stopped_by_user")
    if not slack.streaming(message):
        raise Refused("message_not_in_streaming_state")
    return channel, message


def _extend(message: Message, text: str, blocks: list[Json], chunks: list[Json]) -> None:
    if len(message.text) + len(text) > LONGEST:
        raise Refused("msg_too_long")
    assert message.stream is not None
    message.text += text
    message.versions.append(message.text)
    message.blocks = [*message.blocks, *blocks]
    message.stream.chunks += chunks
    message.stream.calls += 1
    message.pings = pings_of(message.text, message.blocks)


def _written(args: Json) -> tuple[str, list[Json], list[Json]]:
    """The text and the blocks of one call, from markdown_text or from chunks; at most 12,000 characters of text."""
    chunks = args.get("chunks") or []
    if not isinstance(chunks, list) or not all(_whole(one) for one in chunks):
        raise Refused("invalid_chunks")
    if args.get("markdown_text") and chunks:
        raise Refused("invalid_arguments", "[ERROR] give either markdown_text or chunks")
    text = args.get("markdown_text") or ""
    text += "".join(one["text"] for one in chunks if one["type"] == "markdown_text")
    if len(text) > LONGEST_MARKDOWN:
        raise Refused("msg_too_long")
    blocks = [block for one in chunks if one["type"] == "blocks" for block in check_message(one["blocks"])]
    return text, blocks, chunks


def _whole(chunk: object) -> bool:
    if not isinstance(chunk, dict) or chunk.get("type") not in CHUNKS:
        return False
    required, optional = CHUNKS[chunk["type"]]
    keys = chunk.keys() - {"type"}
    return set(required.split()) <= keys <= {*required.split(), *optional.split()}


@method(
    "assistant.threads.setStatus",
    "channel_id thread_ts status",
    f"loading_messages {_FACE}",
    scope="chat:write assistant:write",
    tier=SPECIAL,
)
def set_status(slack: "FakeSlack", args: Json) -> Json:
    channel = writable(slack, args["channel_id"])
    if str(args["thread_ts"]) not in channel.messages:
        raise Refused("invalid_thread_ts")
    loading = args.get("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > 10:
        raise Refused("invalid_arguments", "[ERROR] no more than 10 items allowed [json-pointer:/loading_messages]")
    status = Status(channel.id, str(args["thread_ts"]), args["status"], loading, slack.clock.now())
    slack.world.statuses[channel.id, status.thread_ts] = status
    slack.world.statuses_set.append(status)
    return {}


@method(
    "assistant.threads.setSuggestedPrompts",
    "channel_id prompts",
    "thread_ts title",
    scope="chat:write assistant:write",
    tier=3,
)
def set_prompts(slack: "FakeSlack", args: Json) -> Json:
    channel = writable(slack, args["channel_id"])
    prompts = args["prompts"]
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise Refused("invalid_arguments", "[ERROR] between 1 and 4 items allowed [json-pointer:/prompts]")
    if any(not isinstance(one, dict) or one.keys() != {"title", "message"} for one in prompts):
        raise Refused("invalid_arguments", "[ERROR] a prompt has a title and a message [json-pointer:/prompts]")
    slack.world.prompts.append({"channel": channel.id, "prompts": prompts, "title": args.get("title")})
    return {}
