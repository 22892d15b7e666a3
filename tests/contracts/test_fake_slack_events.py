"""What the pretended Slack tells an app of, with real Bolt hearing it."""

from tests.fakes.pretended_slack.app import Hearing, client_of
from tests.fakes.slack import Channel, FakeSlack, Person


async def test_a_mention_comes_twice_under_one_ts(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    said = await ann.mention(general, "hello")
    await slack.settled()
    assert {body["event"]["type"] for body in hearing.bodies} == {"message", "app_mention"}
    assert {body["event"]["ts"] for body in hearing.bodies} == {said.ts}
    assert len({body["event_id"] for body in hearing.bodies}) == 2
    assert all(one.ack and one.attempts == 1 for one in slack.deliveries.all)


async def test_direct_messages_edits_and_deletions_are_told(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    await ann.dm("in private")
    said = await ann.post(general, "first")
    await ann.edit(said, "second")
    await ann.delete(said)
    await slack.settled()
    private, plain, edit, deletion = sorted(hearing.events("message"), key=lambda one: one["event_ts"])
    assert (private["channel_type"], private["channel"]) == ("im", ann.im.id)
    assert plain["text"] == "first"
    assert (edit["subtype"], edit["message"]["text"], edit["previous_message"]["text"]) == (
        "message_changed",
        "second",
        "first",
    )
    assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", said.ts)
    assert not general.messages


async def test_a_deleted_message_with_replies_leaves_a_tombstone(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    root = await ann.post(general, "root")
    await ann.post(general, "reply", root)
    await ann.delete(root)
    await slack.settled()
    change = max(hearing.events("message"), key=lambda one: one["event_ts"])
    assert (change["subtype"], change["message"]["subtype"]) == ("message_changed", "tombstone")
    assert change["previous_message"]["text"] == "root"


async def test_reactions_home_and_membership_are_told(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    said = await ann.post(general, "hello")
    await ann.react(said, "heart")
    await ann.unreact(said, "heart")
    await ann.open_home()
    await ann.open_messages()
    random = slack.channel("random", ann, bot=False)
    await ann.post(random, "nobody hears this")
    await ann.invite_bot(random)
    await ann.archive(random)
    await slack.settled()
    assert hearing.events("reaction_added")[0]["item"] == {"type": "message", "channel": general.id, "ts": said.ts}
    assert hearing.events("reaction_removed")[0]["user"] == ann.id
    assert {one["tab"] for one in hearing.events("app_home_opened")} == {"home", "messages"}
    assert hearing.events("member_joined_channel")[0]["user"] == slack.bot_user
    # What Slack writes in a person's name is told as a message, and mentions nobody.
    assert random.messages[max(random.messages)].text == f"<@{slack.bot_user}> has joined the channel"
    assert not hearing.events("app_mention")
    assert hearing.events("channel_archive")[0]["channel"] == random.id
    assert [one["text"] for one in hearing.events("message")] == ["hello"]


async def test_what_people_type_arrives_escaped(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    await ann.mention(general, "is 1 < 2 & 3 > 2? see <https://x.test/?a&b>")
    await slack.settled()
    text = f"<@{slack.bot_user}> is 1 &lt; 2 &amp; 3 &gt; 2? see <https://x.test/?a&b>"
    assert [one["text"] for one in hearing.events("app_mention")] == [text]


async def test_joining_and_other_apps_look_like_what_they_are(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    bob, robot = slack.person("Bob"), slack.robot("Robot")
    await bob.join(general)
    await bob.leave(general)
    await robot.mention(general, "hello, colleague")
    await ann.post(general, "a picture", subtype="file_share")
    await slack.settled()
    lines = sorted(hearing.events("message"), key=lambda one: one["ts"])
    assert [one.get("subtype") for one in lines] == ["channel_join", "channel_leave", None, "file_share"]
    assert hearing.events("app_mention")[0]["bot_id"] != slack.bot_id
    assert not [one for one in hearing.events("app_mention") if "joined" in one["text"]]


async def test_a_guest_of_another_team_is_marked(slack: FakeSlack, ann: Person, hearing: Hearing) -> None:
    guest = slack.person("Guest", team="T0OTHER")
    shared = slack.channel("shared", ann, guest, ext_shared=True)
    await guest.post(shared, "from outside")
    await slack.settled()
    assert hearing.bodies[0]["is_ext_shared_channel"]
    assert hearing.events("message")[0]["user_team"] == "T0OTHER"


async def test_uninstalling_tells_the_app_and_then_nothing_more(
    slack: FakeSlack, ann: Person, general: Channel, hearing: Hearing
) -> None:
    await client_of(slack).auth_test()
    await ann.post(general, "before")
    await slack.settled()
    slack.uninstall()
    await ann.post(general, "after")
    await slack.until(lambda: len(slack.sent("app_uninstalled")) == 1)
    await slack.settled()
    assert len(hearing.events("app_uninstalled")) == 1
    assert len(hearing.events("tokens_revoked")) == 1
    assert [one["text"] for one in hearing.events("message")] == ["before"]
