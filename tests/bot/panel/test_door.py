"""Who gets in: by a link, once, from this machine's own names, as long as they may."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from nicegui.testing.user import User

from bot.chat.verbs.authority import Actor, NotAllowed
from bot.chat.verbs.signing_in import actor_behind, panel_link
from bot.panel.house import House
from db import members, signins
from db.session import transaction
from tests.fakes import community

NOW = datetime.now(UTC)
OWNER = Actor("shell:test", "owner")


async def test_without_a_link_every_page_says_how_to_get_one(stranger: User) -> None:
    for path in ("/", "/doctor", "/nowhere", "/entering", "/_nicegui/client/1/upload/2"):
        answer = await stranger.http_client.get(path)
        assert (answer.status_code, "yamabiko panel-link" in answer.text) == (401, True), path


async def test_a_link_that_is_only_looked_at_is_not_spent(stranger: User, house: House) -> None:
    token = await panel_link(house.sessions, OWNER)
    for _ in range(2):
        assert "Sign in" in (await stranger.http_client.get(f"/enter?token={token}")).text
    answer = await stranger.http_client.post("/enter", data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in answer.headers["set-cookie"]
    await stranger.open("/doctor")
    await stranger.should_see("Sign out")


async def test_a_mistyped_link_leaves_its_token_in_no_log(
    stranger: User, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    token = await panel_link(house.sessions, OWNER)
    answer = await stranger.http_client.get(f"/enter/?token={token}")
    assert answer.status_code == 401
    assert token not in caplog.text


async def test_a_link_lets_one_browser_in(stranger: User, house: House) -> None:
    token = await panel_link(house.sessions, OWNER)
    assert (await stranger.http_client.post("/enter", data={"token": token})).status_code == 303
    again = await stranger.http_client.post("/enter", data={"token": token})
    assert again.status_code == 401
    assert "used already" in again.text


async def test_a_link_lapses_and_so_does_a_browser(house: House) -> None:
    async with transaction(house.sessions) as session:
        token = await signins.offer(session, None, NOW)
        with pytest.raises(signins.LinkSpent):
            await signins.enter(session, token, timedelta(days=1), NOW + signins.LINK + timedelta(seconds=1))
        browser = await signins.enter(session, token, timedelta(days=1), NOW)
        assert await signins.who(session, browser, NOW + timedelta(hours=23)) == signins.SignedIn(None)
        assert await signins.who(session, browser, NOW + timedelta(hours=25)) is None


async def test_tokens_are_not_in_the_rows(house: House) -> None:
    async with transaction(house.sessions) as session:
        token = await signins.offer(session, None, NOW)
        connection = await session.connection()
        kept = (await connection.exec_driver_sql("select token_hash from login_link")).scalars().all()
    assert all(token not in row and re.fullmatch("[0-9a-f]{64}", row) for row in kept)


async def test_a_member_comes_in_with_the_role_of_the_moment(house: House) -> None:
    async with transaction(house.sessions) as session:
        ann = (await community.found(session, NOW)).members["Ann"].id
        await members.set_role(session, ann, "admin", "shell:test", NOW)
    token = await panel_link(house.sessions, Actor(f"member:{ann}", "admin"))
    async with transaction(house.sessions) as session:
        browser = await signins.enter(session, token, timedelta(days=1), NOW)
    assert await actor_behind(house.sessions, browser) == Actor(f"member:{ann}", "admin")
    async with transaction(house.sessions) as session:
        await members.set_role(session, ann, "member", "shell:test", NOW)
    assert await actor_behind(house.sessions, browser) is None


async def test_a_plain_member_gets_no_link(house: House) -> None:
    with pytest.raises(NotAllowed):
        await panel_link(house.sessions, Actor("member:1", "member"))


async def test_who_leaves_is_out(owner: User) -> None:
    await owner.open("/doctor")
    assert (await owner.http_client.post("/leave")).status_code == 303
    assert (await owner.http_client.get("/doctor")).status_code == 401


async def test_another_name_for_this_machine_opens_nothing(owner: User) -> None:
    answer = await owner.http_client.get("/doctor", headers={"host": "evil.example"})
    assert answer.status_code == 400


async def test_another_sites_page_cannot_speak_with_the_visitors_cookie(owner: User) -> None:
    answer = await owner.http_client.post("/leave", headers={"origin": "https://evil.example"})
    assert answer.status_code == 401
    await owner.open("/doctor")


async def test_the_language_is_what_was_chosen_then_what_the_browser_prefers(owner: User) -> None:
    japanese = await owner.http_client.get("/doctor", headers={"accept-language": "fr;q=0.9, ja-JP, en;q=0.5"})
    assert 'lang="ja"' in japanese.text
    await owner.http_client.get("/language/en")
    chosen = await owner.http_client.get("/doctor", headers={"accept-language": "ja"})
    assert 'lang="en-US"' in chosen.text


@pytest.mark.parametrize("referer", ["https://evil.example//evil.example/x", "//evil.example", ""])
async def test_choosing_a_language_leads_nowhere_else(owner: User, referer: str) -> None:
    answer = await owner.http_client.get("/language/ja", headers={"referer": referer})
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not location.startswith("//")
