"""How streams live and end in the pretended Slack, and what a thread says meanwhile."""

from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.pretended_slack.app import refused
from tests.fakes.pretended_slack.streams import STREAM_S
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_a_stream_grows_and_is_finished_with_blocks(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    asked = await ann.post(general, "well?")
    await client.assistant_threads_setStatus(channel_id=general.id, thread_ts=asked.ts, status="is thinking…")
    assert slack.world.status(general.id, asked.ts).text == "is thinking…"
    stream = await client.chat_stream(
        channel=general.id, thread_ts=asked.ts, recipient_team_id=slack.team, recipient_user_id=ann.id, buffer_size=1
    )
    await stream.append(markdown_text="one ")
    assert slack.world.status(general.id, asked.ts) is None
    reply = general.messages[stream.ts]
    assert await refused(client.chat_update(channel=general.id, ts=reply.ts, text="x")) == "streaming_state_conflict"
    assert await refused(client.chat_delete(channel=general.id, ts=reply.ts)) == "cant_delete_message"
    await stream.append(markdown_text="two ")
    await stream.stop(markdown_text="three", blocks=[{"type": "divider"}])
    assert reply.text == "one two three"
    assert [one["type"] for one in reply.blocks] == ["divider"]
    late = client.chat_appendStream(channel=general.id, ts=reply.ts, markdown_text="four")
    assert await refused(late) == "message_not_in_streaming_state"
    await client.chat_update(channel=general.id, ts=reply.ts, text="done")
    assert reply.text == "done"


async def test_a_stream_ends_after_five_minutes_or_when_somebody_stops_it(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    asked = await ann.post(general, "well?")
    to = {"channel": general.id, "thread_ts": asked.ts, "recipient_team_id": slack.team, "recipient_user_id": ann.id}
    old = await client.chat_startStream(**to, markdown_text="old")
    slack.clock.advance(STREAM_S + 1)
    late = client.chat_appendStream(channel=general.id, ts=old["ts"], markdown_text="more")
    assert await refused(late) == "message_not_in_streaming_state"
    assert await refused(client.chat_stopStream(channel=general.id, ts=old["ts"])) == "message_not_in_streaming_state"
    new = await client.chat_startStream(**to, markdown_text="new")
    await ann.stop_stream(general.messages[new["ts"]])
    late = client.chat_appendStream(channel=general.id, ts=new["ts"], markdown_text="more")
    assert await refused(late) == "stopped_by_user"


async def test_a_stream_needs_a_thread_and_in_channels_a_recipient(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    asked = await ann.post(general, "well?")
    assert await refused(client.chat_startStream(channel=general.id, thread_ts="")) == "invalid_arguments"
    alone = {"channel": general.id, "thread_ts": asked.ts}
    assert await refused(client.chat_startStream(**alone)) == "missing_recipient_team_id"
    assert await refused(client.chat_startStream(**alone, recipient_team_id=slack.team)) == "missing_recipient_user_id"
    private = await ann.dm("hello")
    stream = await client.chat_startStream(channel=ann.im.id, thread_ts=private.ts)
    long = client.chat_appendStream(channel=ann.im.id, ts=stream["ts"], markdown_text="a" * 12_001)
    assert await refused(long) == "msg_too_long"
    odd = client.chat_appendStream(channel=ann.im.id, ts=stream["ts"], chunks=[{"type": "smoke"}])
    assert await refused(odd) == "invalid_chunks"
    posted = await client.chat_postMessage(channel=ann.im.id, text="a")
    plain = client.chat_appendStream(channel=ann.im.id, ts=posted["ts"], markdown_text="a")
    assert await refused(plain) == "message_not_in_streaming_state"


async def test_a_status_goes_by_itself_after_two_minutes(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    asked = await ann.post(general, "well?")
    nowhere = client.assistant_threads_setStatus(channel_id=general.id, thread_ts="1.000001", status="x")
    assert await refused(nowhere) == "invalid_thread_ts"
    await client.assistant_threads_setStatus(channel_id=general.id, thread_ts=asked.ts, status="is thinking…")
    assert "yamabiko is thinking…" in slack.transcript(general)
    slack.clock.advance(121)
    assert slack.world.status(general.id, asked.ts) is None
    await client.assistant_threads_setStatus(channel_id=general.id, thread_ts=asked.ts, status="")
    prompts = [{"title": "Ask", "message": "What is on?"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id=ann.im.id, prompts=prompts)
    assert slack.world.prompts[0]["prompts"] == prompts
