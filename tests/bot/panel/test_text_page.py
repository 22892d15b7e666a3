"""The Text page: channels opened and closed, answers recorded, messages reviewed."""

from datetime import UTC, datetime

import pytest
from nicegui import ui
from nicegui.testing.user import User
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.verbs import text
from bot.chat.verbs.authority import Actor
from bot.panel.house import House
from db import audit, backfills, channels, members, messages
from db.channels import ChannelSummary
from db.members import MemberSummary
from db.models import Channel, Message
from db.session import reading, transaction
from tests.fakes import community
from tests.fakes.community import Community
from tests.fakes.panel import eventually, sign_in

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OWNER = Actor("shell:test", "owner")


@pytest.fixture
async def place(house: House) -> Community:
    """Ann and Ben have said two things in Harbour's #general, which is closed."""
    async with transaction(house.sessions) as session:
        found = await community.found(session, NOW, "Ann", "Ben", "Cat")
        found.channel.state = "closed"
        await found.says(session, NOW, ("Ann", "good morning all"), ("Ben", "ＡＮＴＥＮＮＡは屋根の上"))
        return found


async def general(house: House) -> ChannelSummary:
    (found,) = await text.list_channels(house.sessions, OWNER)
    return found


async def member(house: House, name: str) -> MemberSummary:
    return next(one for one in await text.list_members(house.sessions, OWNER) if one.name == name)


async def signed_in_as(user: User, house: House, place: Community, name: str, role: members.RoleName) -> None:
    async with transaction(house.sessions) as session:
        await members.set_role(session, place.members[name].id, role, "shell:test", NOW)
    await sign_in(user, house.sessions, place.members[name].id)


async def test_a_page_without_text_says_where_it_comes_from(owner: User) -> None:
    await owner.open("/text")
    await owner.should_see("There is no text yet; bring some in under Import, or let the bot into a channel.")


async def test_a_channel_is_opened_for_context_and_closed_with_a_click(
    owner: User, house: House, place: Community
) -> None:
    await owner.open("/text")
    await owner.should_see("Harbour · 2 messages · from the workspace's Slack export")
    await owner.should_see("2 people wrote here: 2 never answered.")
    owner.find(marker=f"context-{place.channel.id}").click()
    await owner.should_see("open for context", retries=30)
    assert (await general(house)).state == "context"
    owner.find(marker=f"close-{place.channel.id}").click()
    await owner.should_see("closed", retries=30)
    assert (await general(house)).state == "closed"


async def test_opening_for_training_says_the_terms_first(owner: User, house: House, place: Community) -> None:
    await owner.open("/text")
    owner.find(marker=f"training-{place.channel.id}").click()
    await owner.should_see("developer terms restrict training on text that came through their APIs", retries=30)
    assert (await general(house)).state == "closed"
    owner.find(kind=ui.switch).click()
    owner.find(marker="agreed").click()
    await owner.should_see("open for training, after review", retries=30)
    assert ((await general(house)).state, (await general(house)).review_each) == ("training", True)
    await owner.should_see("0 messages may be learned.")
    await owner.should_see("Not learned: 2 not reviewed yet.")
    async with reading(house.sessions) as session:
        (kept, *_) = await audit.latest(session)
    assert (kept.verb, kept.subject["for_training"]) == ("approve", True)


async def test_a_channel_says_how_much_of_it_may_be_learned(owner: User, house: House, place: Community) -> None:
    await text.approve(house.sessions, OWNER, "general", True)
    await text.consent(house.sessions, OWNER, "Ann", True, "community", "asked")
    await owner.open("/text")
    await owner.should_see("2 people wrote here: 1 agreed to training, 1 never answered.")
    await owner.should_see("1 message may be learned.")
    await owner.should_see("Not learned: 1 whose author has not agreed.")


async def test_a_curator_is_not_offered_to_open_a_channel_and_is_refused(
    stranger: User, house: House, place: Community
) -> None:
    await signed_in_as(stranger, house, place, "Cat", "admin")
    await stranger.open("/text")
    stranger.find(marker=f"training-{place.channel.id}")
    async with transaction(house.sessions) as session:
        await members.set_role(session, place.members["Cat"].id, "curator", "shell:test", NOW)
    stranger.find(marker=f"context-{place.channel.id}").click()  # the page of an hour ago
    await stranger.should_see("Only an admin may do this (approve); you are a curator.", retries=30)
    assert (await general(house)).state == "closed"
    await stranger.open("/text")
    await stranger.should_see("Review")
    for mark in (f"context-{place.channel.id}", f"training-{place.channel.id}", "tab-import", "everyone"):
        await stranger.should_not_see(marker=mark)


async def test_a_channel_is_found_among_many(owner: User, house: House, place: Community) -> None:
    async with transaction(house.sessions) as session:
        for number in range(30):
            made = await channels.ensure(session, place.workspace, f"C{number + 2}", f"Topic {number}", NOW)
            made.state = "context"
    await owner.open("/text")
    await owner.should_see("1–25 of 31")
    await owner.should_not_see("Topic 9")
    owner.find(marker="after").click()
    await owner.should_see("Topic 9", retries=30)
    owner.find("Find a channel").type("ｔｏｐｉｃ 1")
    await owner.should_see("Topic 19", retries=30)
    await owner.should_not_see("Topic 9")


async def test_an_answer_is_recorded_with_its_ground(owner: User, house: House, place: Community) -> None:
    await owner.open("/text?part=members")
    owner.find(marker=f"change-{place.members['Ben'].id}").click()
    await owner.should_see("Training on their text", retries=30)
    owner.find("They agreed").click()
    await owner.should_see("Say what this consent rests on", retries=30)
    assert (await member(house, "Ben")).consents == {}
    owner.find(marker="ground").type("signed form of 2 May")
    owner.find("They agreed").click()
    await owner.should_see("Recorded for 1 member.", retries=30)
    assert (await member(house, "Ben")).consents == {"community": True}


async def test_consent_is_withdrawn_for_a_voice_alone(owner: User, house: House, place: Community) -> None:
    for purpose in ("community", "voice"):
        await text.consent(house.sessions, OWNER, "Ben", True, purpose, "asked")
    await owner.open("/text?part=members")
    owner.find(marker=f"change-{place.members['Ben'].id}").click()
    await owner.should_see(ui.radio, retries=30)
    owner.find(kind=ui.radio).elements.pop().value = "voice"
    owner.find(marker="ground").type("told me on the phone")
    owner.find("They said no").click()
    await owner.should_see("Recorded for 1 member.", retries=30)
    assert (await member(house, "Ben")).consents == {"community": True, "voice": False}


async def test_an_answer_for_everyone_overrules_nobody(owner: User, house: House, place: Community) -> None:
    await text.consent(house.sessions, OWNER, "Ann", False, "community", "told me")
    await owner.open("/text?part=members")
    owner.find(marker="everyone").click()
    await owner.should_see("All who never answered", retries=30)
    owner.find(marker="ground").type("signed forms")
    owner.find("They agreed").click()
    await owner.should_see("Recorded for 2 members.", retries=30)
    assert (await member(house, "Ann")).consents == {"community": False}


async def test_an_owner_gives_a_role_and_an_admin_is_not_offered_to(
    owner: User, house: House, place: Community
) -> None:
    await owner.open("/text?part=members")
    owner.find(marker=f"change-{place.members['Ben'].id}").click()
    await owner.should_see(marker="role", retries=30)
    owner.find(marker="role").elements.pop().value = "curator"  # type: ignore[attr-defined]  # it is a select
    owner.find("Give this role").click()
    await eventually(lambda: _has_role(house, "Ben", "curator"))
    await signed_in_as(owner, house, place, "Cat", "admin")
    await owner.open("/text?part=members")
    await owner.should_see("Ben")
    await owner.should_not_see(marker=f"change-{place.members['Ben'].id}")


async def _has_role(house: House, name: str, role: str) -> bool:
    return (await member(house, name)).role == role


@pytest.fixture
async def said(house: House, place: Community) -> list[int]:
    """The rows of 60 more messages, newest first."""
    async with transaction(house.sessions) as session:
        later = NOW.replace(hour=12)
        lines = [("Ann", f"number {n}") for n in range(58)]
        await place.says(session, later, *lines, ("Ben", "write to ben@example.org"), ("Ben", "<b>ｶﾞｲﾄﾞ</b> & more"))
    async with reading(house.sessions) as session:
        rows = await messages.listed(session, await channels.named(session, "general"), None, 60)
    return [row.id for row in reversed(rows)]


async def states(house: House) -> dict[int, str]:
    async with reading(house.sessions) as session:
        return dict((await session.execute(select(Message.id, Message.review))).all())


async def test_messages_are_approved_and_left_out_one_by_one(owner: User, house: House, said: list[int]) -> None:
    await owner.open("/text?channel=general")
    await owner.should_see("1–50 of 62")
    owner.find(marker=f"approved-{said[0]}").click()
    owner.find(marker=f"left_out-{said[1]}").click()
    await eventually(lambda: _are(house, {said[0]: "approved", said[1]: "left_out", said[2]: "pending"}))


async def _are(house: House, wanted: dict[int, str]) -> bool:
    found = await states(house)
    return all(found[row] == state for row, state in wanted.items())


async def test_all_that_is_shown_is_approved_and_nothing_else(owner: User, house: House, said: list[int]) -> None:
    await owner.open("/text?channel=Harbour/general")
    owner.find("Approve all shown").click()
    await eventually(lambda: _are(house, dict.fromkeys(said[:50], "approved")))
    assert {(await states(house))[row] for row in said[50:]} == {"pending"}
    owner.find(kind=ui.toggle).elements.pop().value = "pending"
    await owner.should_see("number 9", retries=30)
    await owner.should_not_see("number 10")
    owner.find("Leave out all shown").click()
    await owner.should_see("No messages.", retries=30)
    assert sorted((await states(house)).values()) == ["approved"] * 50 + ["left_out"] * 12


async def test_a_search_in_japanese_narrows_what_is_shown(owner: User, house: House, said: list[int]) -> None:
    await owner.open("/text?channel=general")
    owner.find("Contains").type("antenna")
    await owner.should_see("ＡＮＴＥＮＮＡは屋根の上", retries=30)
    await owner.should_not_see("number 57")
    owner.find("Contains").clear().type("ガイド")
    await owner.should_see(
        "<b>ｶﾞｲﾄﾞ</b> & more".replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), retries=30
    )
    owner.find("Approve all shown").click()
    await eventually(lambda: _are(house, {said[0]: "approved"}))
    assert list((await states(house)).values()).count("approved") == 1


async def test_what_was_cut_out_is_seen_and_what_people_wrote_is_no_html(
    owner: User, place: Community, said: list[int]
) -> None:
    await owner.open(f"/text?row={place.channel.id}")
    await owner.should_see('write to <mark class="cut">[e-mail]</mark>')
    shown = [element.content for element in owner.find(kind=ui.html).elements]
    assert "&lt;b&gt;ｶﾞｲﾄﾞ&lt;/b&gt; &amp; more" in shown


async def test_a_curator_may_review_and_a_member_may_not_look(
    stranger: User, house: House, place: Community, said: list[int]
) -> None:
    await signed_in_as(stranger, house, place, "Cat", "curator")
    await stranger.open("/text?channel=general")
    stranger.find(marker=f"left_out-{said[0]}").click()
    await eventually(lambda: _are(house, {said[0]: "left_out"}))
    async with transaction(house.sessions) as session:
        await members.set_role(session, place.members["Cat"].id, "member", "shell:test", NOW)
    stranger.find(marker=f"left_out-{said[1]}").click()
    await stranger.should_see("You are signed out", retries=30)
    assert (await stranger.http_client.get("/text?channel=general")).status_code == 401
    assert (await states(house))[said[1]] == "pending"


async def test_a_channel_that_is_not_there_is_told(owner: User, place: Community) -> None:
    for asked in ("channel=nowhere", "row=999", "row=x"):
        await owner.open(f"/text?{asked}")
        await owner.should_see("There is no such channel; Text lists those there are.")


async def test_another_part_is_filled_when_it_is_looked_at(owner: User, place: Community) -> None:
    await owner.open("/text?part=nonsense")
    await owner.should_see("Harbour · 2 messages · from the workspace's Slack export")
    await owner.should_not_see(marker="everyone")
    owner.find(marker="tab-members").click()
    await owner.should_see(marker="everyone", retries=30)
    owner.find(marker="tab-channels").click()
    owner.find(marker="tab-members").click()
    await owner.should_see(marker=f"member-{place.members['Ann'].id}", retries=30)
    assert len(owner.find(marker=f"member-{place.members['Ann'].id}").elements) == 1


async def test_a_channel_tells_how_far_its_past_was_read_and_what_stands_in_the_way(
    owner: User, house: House, place: Community
) -> None:
    async with transaction(house.sessions) as session:
        await text_opened(session, place)
        cursor = await backfills.of(session, place.channel.id, NOW)
        cursor.messages, cursor.back_to, cursor.cursor = 1234, NOW, "1.0"
    await owner.open("/text")
    await owner.should_see("past is being read, back to 2026-03-02 so far (1,234 messages)")
    async with transaction(house.sessions) as session:
        await backfills.tell(session, place.channel.id, "not in channel", NOW)
    await owner.open("/text")
    await owner.should_see("cannot be read: not in channel")


async def text_opened(session: AsyncSession, place: Community) -> None:
    (await session.get_one(Channel, place.channel.id)).state = "context"
