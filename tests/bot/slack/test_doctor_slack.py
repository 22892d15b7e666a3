"""The doctor looks at Slack: each failure says what to mend, and no token is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import format_datetime

import pytest
from aiohttp import web

from bot import doctor
from bot.chat.findings import Finding
from bot.chat.platform import NotAdmitted, NotReached
from bot.platforms.slack import checks
from bot.platforms.slack.checks import Keys, admitted, examine
from bot.platforms.slack.manifest import SCOPES, manifest
from tests.fakes.slack import FakeSlack


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as running:
        running.install(manifest("Yamabiko", "socket", None))
        yield running


def keys(slack: FakeSlack) -> Keys:
    return Keys(slack.bot_token, slack.app_token, "socket", "", slack.api)


async def found(of: Keys) -> dict[str, Finding]:
    findings = {finding.what: finding for finding in await examine(of)}
    for secret in filter(None, (of.bot_token, of.app_token, of.signing_secret)):
        assert secret not in str(findings)
    return findings


async def test_where_all_is_well_it_names_the_workspace_and_the_bot(slack: FakeSlack) -> None:
    findings = await found(keys(slack))
    assert all(finding.ok for finding in findings.values())
    assert findings["Slack's bot token"].detail == "yamabiko in Harbour"
    assert findings["Slack's app-level token"].detail == "opens a connection"
    assert "yamabiko manifest slack" in findings["Slack's events"].advice
    await admitted(keys(slack))


async def test_missing_scopes_are_named_with_the_events_they_cost(slack: FakeSlack) -> None:
    slack.scopes = set(SCOPES) - {"reactions:read", "team:read"}
    scopes = (await found(keys(slack)))["Slack's scopes"]
    assert not scopes.ok
    assert "missing: reactions:read, team:read" in scopes.detail
    assert "reaction_added, reaction_removed" in scopes.detail
    assert "`yamabiko manifest slack`" in scopes.advice


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("invalid_auth", "copy it anew"),
        ("token_revoked", "was revoked"),
        ("account_inactive", "was removed"),
        ("ekm_access_denied", "ekm_access_denied"),
    ],
)
async def test_a_refused_bot_token_says_what_became_of_it(slack: FakeSlack, error: str, told: str) -> None:
    slack.token_error = error
    findings = await found(keys(slack))
    assert not findings["Slack's bot token"].ok
    assert told in findings["Slack's bot token"].detail
    assert findings["Slack's app-level token"].ok, "one failure does not hide the next"
    with pytest.raises(NotAdmitted, match=told):
        await admitted(keys(slack))


@pytest.mark.parametrize("wrong", ["xapp-1-test", "xoxp-1-test", "of no kind"])
async def test_a_token_in_the_wrong_place_is_told_before_slack_sees_it(slack: FakeSlack, wrong: str) -> None:
    findings = await found(replace(keys(slack), bot_token=wrong))
    assert "xoxb-" in findings["Slack's bot token"].detail
    assert not slack.called("auth.test")


async def test_without_an_app_level_token_it_says_where_one_is_made(slack: FakeSlack) -> None:
    finding = (await found(replace(keys(slack), app_token="")))["Slack's app-level token"]
    assert not finding.ok
    assert "connections:write" in finding.detail
    with pytest.raises(NotAdmitted, match="YAMABIKO_SLACK__APP_TOKEN"):
        await admitted(replace(keys(slack), app_token=""))


async def test_the_bots_token_is_no_app_level_token(slack: FakeSlack) -> None:
    finding = (await found(replace(keys(slack), app_token="xoxb-2-test")))["Slack's app-level token"]
    assert "begins with xapp-" in finding.detail


@pytest.mark.parametrize(("error", "told"), [("invalid_auth", "does not know"), ("missing_scope", "connections:write")])
async def test_a_refused_app_level_token_says_why(slack: FakeSlack, error: str, told: str) -> None:
    slack.app_token_error = error
    finding = (await found(keys(slack)))["Slack's app-level token"]
    assert not finding.ok
    assert told in finding.detail


async def test_over_http_the_signing_secret_is_what_counts(slack: FakeSlack) -> None:
    http = replace(keys(slack), transport="http", app_token="")
    finding = (await found(http))["Slack's signing secret"]
    assert not finding.ok
    assert "YAMABIKO_SLACK__SIGNING_SECRET" in finding.detail
    with pytest.raises(NotAdmitted, match="signing_secret"):
        await admitted(http)
    signed = replace(http, signing_secret="0123456789abcdef")
    assert (await found(signed))["Slack's signing secret"].ok
    await admitted(signed)


async def test_a_slack_that_is_away_is_told_as_that(slack: FakeSlack) -> None:
    async with slack.outage():
        findings = await found(keys(slack))
        assert list(findings) == ["Slack"]
        assert not findings["Slack"].ok
        assert "does not answer at http://127.0.0.1" in findings["Slack"].detail
        with pytest.raises(NotReached):
            await admitted(keys(slack))


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"error": "internal_error"}])
async def test_slacks_own_troubles_are_not_ours(slack: FakeSlack, fault: dict) -> None:
    slack.fault("auth.test", **fault)
    with pytest.raises(NotReached, match=r"trouble of its own|does not answer"):
        await admitted(keys(slack))


async def test_a_clock_that_is_wrong_is_told_and_matters_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answered(asked: web.Request) -> web.Response:
        headers = {"Date": format_datetime(checks.datetime.now(checks.UTC).replace(year=2030)), "x-oauth-scopes": ""}
        return web.json_response({"ok": True, "team": "Harbour", "user": "echo"}, headers=headers)

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", answered)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    socket = Keys("xoxb-1-test", "xapp-1-test", "socket", "", url)
    try:
        assert (await found(socket))["clock"].ok
        assert "by the network" in (await found(socket))["clock"].advice
        assert not (await found(replace(socket, transport="http", signing_secret="0123456789abcdef")))["clock"].ok
    finally:
        await runner.cleanup()


async def test_the_doctor_looks_at_slack_where_the_config_has_its_token(
    slack: FakeSlack, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").write_text("raise SystemExit('a stand-in')")
    assert not any("Slack" in one.what for one in await doctor.examine())
    monkeypatch.setenv("YAMABIKO_SLACK__BOT_TOKEN", slack.bot_token)
    monkeypatch.setenv("YAMABIKO_SLACK__APP_TOKEN", slack.app_token)
    monkeypatch.setenv("YAMABIKO_SLACK__API_URL", slack.api)
    findings = {one.what: one for one in await doctor.examine()}
    assert findings["Slack's bot token"].ok
    assert findings["Slack's scopes"].detail == f"all {len(SCOPES)} granted"
