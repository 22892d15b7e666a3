"""What the pretended Slack refuses and keeps, seen through the real SDK's client."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.pretended_slack.app import client_of, complaints, refused
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_the_bot_learns_who_it_is_and_what_it_was_granted(slack: FakeSlack, client: AsyncWebClient) -> None:
    told = await client.auth_test()
    assert (told["user_id"], told["bot_id"], told["team_id"]) == (slack.bot_user, slack.bot_id, slack.team)
    assert set(told.headers["x-oauth-scopes"].split(",")) == slack.scopes


async def test_a_token_is_refused_for_what_is_wrong_with_it(slack: FakeSlack) -> None:
    assert await refused(client_of(slack, "xoxb-other").auth_test()) == "invalid_auth"
    assert await refused(client_of(slack, "").auth_test()) == "not_authed"
    assert await refused(client_of(slack, slack.app_token).auth_test()) == "not_allowed_token_type"
    assert await refused(client_of(slack).apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    assert (await client_of(slack).apps_connections_open(app_token=slack.app_token))["url"].startswith("ws://127.0.0.1")
    slack.app_token_error = "missing_scope"
    assert await refused(client_of(slack).apps_connections_open(app_token=slack.app_token)) == "missing_scope"


async def test_after_uninstalling_or_revoking_nothing_works_any_more(slack: FakeSlack, client: AsyncWebClient) -> None:
    await client.auth_revoke(test=True)
    assert (await client.auth_test())["ok"]
    await client.auth_revoke()
    assert await refused(client.auth_test()) == "token_revoked"
    slack.token_error = None
    slack.uninstall()
    assert await refused(client.auth_test()) == "account_inactive"


async def test_a_scope_that_was_not_granted_is_named(
    slack: FakeSlack, client: AsyncWebClient, general: Channel
) -> None:
    slack.scopes = {"chat:write", "channels:read"}
    with pytest.raises(SlackApiError) as raised:
        await client.users_list()
    assert raised.value.response["error"] == "missing_scope"
    assert raised.value.response["needed"] == "users:read"
    assert raised.value.response["provided"] == "channels:read,chat:write"
    with pytest.raises(SlackApiError) as raised:
        await client.conversations_history(channel=general.id)
    assert raised.value.response["needed"] == "channels:history"


async def test_unknown_methods_and_arguments_and_missing_ones_are_refused(
    client: AsyncWebClient, general: Channel
) -> None:
    assert await refused(client.api_call("chat.whisper")) == "unknown_method"
    odd = client.chat_postMessage(channel=general.id, text="a", colour="red")
    assert await complaints(odd) == ["[ERROR] unknown argument: colour"]
    missing = client.api_call("chat.delete", params={"channel": general.id})
    assert await complaints(missing) == ["[ERROR] missing required field: ts"]
    number = client.api_call("chat.postMessage", json={"channel": general.id, "text": 7})
    assert await complaints(number) == ["[ERROR] must be a string [json-pointer:/text]"]
    assert await refused(client.api_call("chat.postMessage", data={"text": "in a form"})) == "invalid_arguments"


async def test_the_bot_writes_only_where_it_is(slack: FakeSlack, client: AsyncWebClient, ann: Person) -> None:
    elsewhere, secret = slack.channel("random", ann, bot=False), slack.channel("secret", ann, bot=False, private=True)
    old = slack.channel("old", ann, archived=True)
    assert await refused(client.chat_postMessage(channel=elsewhere.id, text="a")) == "not_in_channel"
    assert await refused(client.chat_postMessage(channel=secret.id, text="a")) == "channel_not_found"
    assert await refused(client.chat_postMessage(channel="C404", text="a")) == "channel_not_found"
    assert await refused(client.chat_postMessage(channel=old.id, text="a")) == "is_archived"
    await client.conversations_join(channel=elsewhere.id)
    assert (await client.chat_postMessage(channel=elsewhere.id, text="now"))["ok"]
    private = await client.chat_postMessage(channel=ann.id, text="to a person")
    assert ann.im.messages[private["ts"]].text == "to a person"


async def test_texts_have_their_lengths(client: AsyncWebClient, general: Channel) -> None:
    posted = await client.chat_postMessage(channel=general.id, text="a" * 40_000)
    assert await refused(client.chat_postMessage(channel=general.id, text="a" * 40_001)) == "msg_too_long"
    assert await refused(client.chat_postMessage(channel=general.id, markdown_text="a" * 12_001)) == "msg_too_long"
    assert await refused(client.api_call("chat.postMessage", json={"channel": general.id})) == "no_text"
    both = client.chat_postMessage(channel=general.id, text="a", markdown_text="b")
    assert await refused(both) == "markdown_text_conflict"
    assert await refused(client.chat_update(channel=general.id, ts=posted["ts"], text="a" * 4001)) == "msg_too_long"


async def test_a_reply_whose_question_is_gone_lands_in_the_open_channel(
    client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    asked, kept = await ann.post(general, "forget it"), await ann.post(general, "well?")
    await ann.delete(asked)
    there = await client.chat_postMessage(channel=general.id, thread_ts=kept.ts, text="in the thread")
    lost = await client.chat_postMessage(channel=general.id, thread_ts=asked.ts, text="for everybody to see")
    assert there["message"]["thread_ts"] == kept.ts
    assert "thread_ts" not in lost["message"]
    stream = client.chat_startStream(
        channel=general.id, thread_ts=asked.ts, recipient_team_id="T00000001", recipient_user_id=ann.id
    )
    assert await refused(stream) == "invalid_thread_ts"


async def test_metadata_comes_back_from_history(client: AsyncWebClient, general: Channel) -> None:
    known = {"event_type": "reply", "event_payload": {"nonce": "n1"}}
    await client.chat_postMessage(channel=general.id, text="a", metadata=known)
    plain = await client.conversations_history(channel=general.id)
    full = await client.conversations_history(channel=general.id, include_all_metadata=True)
    assert "metadata" not in plain["messages"][0]
    assert full["messages"][0]["metadata"] == known
    wrong = client.chat_postMessage(channel=general.id, text="a", metadata={"event_type": "reply"})
    assert await refused(wrong) == "invalid_metadata_format"


async def test_only_the_bots_own_messages_can_be_changed_or_deleted(
    client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    theirs, ours = await ann.post(general, "mine"), await client.chat_postMessage(channel=general.id, text="first")
    assert await refused(client.chat_update(channel=general.id, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await refused(client.chat_delete(channel=general.id, ts=theirs.ts)) == "cant_delete_message"
    assert await refused(client.chat_update(channel=general.id, ts="1.000001", text="x")) == "message_not_found"
    await client.chat_update(channel=general.id, ts=ours["ts"], text="second")
    assert general.messages[ours["ts"]].versions == ["first", "second"]
    await client.chat_delete(channel=general.id, ts=ours["ts"])
    assert [one.text for one in general.messages.values()] == ["mine"]


async def test_only_one_person_sees_an_ephemeral(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    bob = slack.person("Bob")
    await client.chat_postEphemeral(channel=general.id, user=ann.id, text="psst")
    assert [one.text for one in ann.ephemerals] == ["psst"]
    assert not bob.ephemerals
    assert not general.messages
    to_bob = client.chat_postEphemeral(channel=general.id, user=bob.id, text="psst")
    assert await refused(to_bob) == "user_not_in_channel"


async def test_what_would_ring_a_bell_is_noted(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    def section(kind: str, text: str) -> dict[str, object]:
        return {"type": "section", "text": {"type": kind, "text": text}}

    async def pings(**said: object) -> list[str]:
        return general.messages[(await client.chat_postMessage(channel=general.id, **said))["ts"]].pings

    assert await pings(text=f"hello <@{ann.id}> and <!channel>") == [f"<@{ann.id}>", "<!channel>"]
    assert await pings(text="&lt;!channel&gt; @here @Ann") == []
    assert await pings(text="@here", link_names=True) == ["@here"]
    assert await pings(text="a", blocks=[section("mrkdwn", "<!here|here>")]) == ["<!here|here>"]
    assert await pings(text="a", blocks=[section("plain_text", "<!here>")]) == []
    assert await pings(markdown_text="<!everyone>") == ["<!everyone>"]


async def test_history_is_paged_from_the_newest(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    past = slack.fill(general, ann, [f"m{number}" for number in range(25)])
    texts, cursor, pages = [], None, 0
    while cursor != "":
        page = await client.conversations_history(channel=general.id, limit=10, cursor=cursor)
        texts += [one["text"] for one in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"] if page["has_more"] else ""
        pages += 1
    assert texts == [f"m{number}" for number in reversed(range(25))]
    assert pages == 3
    after = await client.conversations_history(channel=general.id, oldest=past[20].ts)
    assert [one["text"] for one in after["messages"]] == ["m24", "m23", "m22", "m21"]
    between = {"oldest": past[3].ts, "latest": past[5].ts, "inclusive": True}
    some = await client.conversations_history(channel=general.id, **between)
    assert [one["text"] for one in some["messages"]] == ["m5", "m4", "m3"]
    assert await refused(client.conversations_history(channel=general.id, cursor="made up")) == "invalid_cursor"
    slack.page_at_most = 15
    assert len((await client.conversations_history(channel=general.id, limit=200))["messages"]) == 15


async def test_a_thread_is_read_apart_from_the_channel(client: AsyncWebClient, ann: Person, general: Channel) -> None:
    root = await ann.post(general, "root")
    for number in range(3):
        await ann.post(general, f"reply {number}", root)
    top = (await client.conversations_history(channel=general.id))["messages"]
    assert [(one["text"], one["reply_count"]) for one in top] == [("root", 3)]
    page = await client.conversations_replies(channel=general.id, ts=root.ts, limit=2)
    rest = await client.conversations_replies(
        channel=general.id, ts=root.ts, limit=2, cursor=page["response_metadata"]["next_cursor"]
    )
    assert [one["text"] for one in [*page["messages"], *rest["messages"]]] == [
        "root",
        *(f"reply {n}" for n in range(3)),
    ]
    assert await refused(client.conversations_replies(channel=general.id, ts="1.000001")) == "thread_not_found"


async def test_people_and_conversations_are_listed_in_pages(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    slack.person("Kenji", locale="ja-JP", tz="Asia/Tokyo")
    slack.person("Guest", team="T0OTHER")
    slack.channel("secret", ann, private=True)
    slack.channel("hidden", ann, private=True, bot=False)
    slack.channel("old", ann, archived=True)
    first = await client.users_list(limit=2, include_locale=True)
    rest = await client.users_list(limit=9, cursor=first["response_metadata"]["next_cursor"], include_locale=True)
    people = {one["real_name"]: one for one in [*first["members"], *rest["members"]]}
    assert people["Kenji"]["locale"] == "ja-JP"
    assert people["Guest"]["team_id"] == "T0OTHER"
    assert people["Guest"]["is_stranger"]
    listed = await client.conversations_list(types=["public_channel", "private_channel"], exclude_archived=True)
    assert [one["name"] for one in listed["channels"]] == ["general", "secret"]
    slack.channel("elsewhere", ann, bot=False)
    ours = await client.users_conversations(types="public_channel,private_channel")
    assert [one["name"] for one in ours["channels"]] == ["general", "secret", "old"]
    assert (await client.conversations_members(channel=general.id))["members"] == sorted(general.members)
    assert (await client.conversations_info(channel=general.id))["channel"]["is_member"]
    opened = await client.conversations_open(users=ann.id)
    assert opened["channel"]["id"] == ann.im.id


async def test_the_team_the_bot_and_its_leaving_are_known(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    assert (await client.api_test(error=None))["ok"]
    assert (await client.team_info())["team"]["id"] == slack.team
    assert (await client.bots_info(bot=slack.bot_id))["bot"]["user_id"] == slack.bot_user
    assert (await client.users_info(user=ann.id))["user"]["real_name"] == "Ann"
    assert await refused(client.users_info(user="U404")) == "user_not_found"
    assert await refused(client.bots_info(bot="B404")) == "bot_not_found"
    await client.conversations_leave(channel=general.id)
    assert await refused(client.conversations_history(channel=general.id)) == "not_in_channel"
    with pytest.raises(AssertionError, match="archived"):
        await ann.post(slack.channel("old", ann, archived=True), "a")


async def test_reactions_are_kept_once_each(client: AsyncWebClient, ann: Person, general: Channel) -> None:
    said = await ann.post(general, "hello")
    await ann.react(said, "+1")
    await client.reactions_add(channel=general.id, timestamp=said.ts, name="+1")
    assert await refused(client.reactions_add(channel=general.id, timestamp=said.ts, name="+1")) == "already_reacted"
    got = await client.reactions_get(channel=general.id, timestamp=said.ts)
    assert got["message"]["reactions"][0]["count"] == 2
    await client.reactions_remove(channel=general.id, timestamp=said.ts, name="+1")
    assert said.reactions == {"+1": [ann.id]}
    assert await refused(client.reactions_remove(channel=general.id, timestamp=said.ts, name="+1")) == "no_reaction"
    link = await client.chat_getPermalink(channel=general.id, message_ts=said.ts)
    assert link["permalink"].endswith(f"/{general.id}/p{said.ts.replace('.', '')}")


async def test_a_message_in_an_archived_channel_cannot_be_changed(
    client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    posted = await client.chat_postMessage(channel=general.id, text="a")
    await ann.archive(general)
    assert await refused(client.chat_update(channel=general.id, ts=posted["ts"], text="b")) == "is_inactive"
    assert await refused(client.chat_delete(channel=general.id, ts=posted["ts"])) == "is_archived"
    assert (await client.conversations_history(channel=general.id))["messages"][0]["text"] == "a"


async def test_a_channel_can_be_read_by_a_person(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, general: Channel
) -> None:
    asked = await ann.post(general, "is it on?")
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    text = {"type": "section", "text": {"type": "mrkdwn", "text": "*Yes*"}}
    blocks = [text, {"type": "actions", "elements": [button]}]
    await client.chat_postMessage(channel=general.id, thread_ts=asked.ts, text="Yes", blocks=blocks)
    await client.chat_postEphemeral(channel=general.id, user=ann.id, text="by the way")
    await ann.react(asked, "wave")
    assert slack.transcript(general).splitlines() == [
        "#general (channel)",
        "Ann :wave:×1: is it on?",
        "    yamabiko: *Yes*",
        "      [Go]",
        "yamabiko (only Ann sees this): by the way",
    ]
