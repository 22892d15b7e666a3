"""Whether Slack lets us in: tokens, scopes, clocks; each refusal in a sentence that says what to mend.

Owns what Slack's refusals mean. Says no token. The list of what is needed stands in `manifest`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.findings import Finding
from bot.chat.platform import NotAdmitted, NotReached
from bot.platforms.slack.manifest import EVENTS, SCOPES, Transport
from db.words import listed, say

PATIENCE_S = 10  # for one answer
SKEW_S = 300  # Slack's signatures are good for this long
_TELL_SKEW_S = 60
_LOOKS_BETWEEN = 20  # of a connection that stands
_OVER = (aiohttp.ClientError, OSError, TimeoutError, SlackClientError, ValueError)  # no answer, or none of Slack's


@dataclass(frozen=True, slots=True)
class Keys:
    """What the config says of Slack, as plain values."""

    bot_token: str
    app_token: str
    transport: Transport
    signing_secret: str
    api_url: str


async def admitted(keys: Keys) -> str | None:
    """Return when Slack lets us in: with the address of a socket, None over HTTP. Raises NotAdmitted, NotReached."""
    _well_formed(keys)
    await _asked(keys, lambda slack: slack.auth_test(), _bot_refusal)
    if keys.transport == "http":
        return None
    opened = await _asked(keys, lambda slack: slack.apps_connections_open(app_token=keys.app_token), _app_refusal)
    return str(opened["url"])


async def still_admitted(keys: Keys, connected: Callable[[], bool], every_s: float = 30) -> None:
    """Watch for ever. Raises NotAdmitted once we are let in no more, which the library would only try again."""
    away, looks = 0, 0
    while True:
        await asyncio.sleep(every_s)
        away, looks = (0, looks + 1) if connected() else (away + 1, 0)
        with suppress(NotReached):  # it comes back by itself
            if away >= 2:
                await admitted(keys)
            elif looks >= _LOOKS_BETWEEN:
                looks = 0
                await _asked(keys, lambda slack: slack.auth_test(), _bot_refusal)


async def examine(keys: Keys) -> list[Finding]:
    """What the doctor tells of Slack. Each looks for itself, as far as one can without the other."""
    found: list[Finding] = []
    try:
        _bot_token_formed(keys)
        answer = await _asked(keys, lambda slack: slack.auth_test(), _bot_refusal)
        found += [_team(answer), _scopes(answer), *_clock(answer, keys.transport)]
    except NotAdmitted as refused:
        found.append(Finding(say("Slack's bot token"), False, str(refused)))
    except NotReached as away:
        return [Finding(say("Slack"), False, str(away), say("Look at this machine's network and [slack] api_url."))]
    return [*found, await _way_in(keys), *_events()]


def refusal(error: SlackApiError) -> NotAdmitted | None:
    """What a refusal of the bot's token means while the bot runs; None when it is about something else."""
    code = _code(error)
    return NotAdmitted(_bot_refusal(code, {})) if code in _TOKEN_REFUSALS else None


# ── tokens as they are written ──


def _well_formed(keys: Keys) -> None:
    _bot_token_formed(keys)
    if keys.transport == "socket":
        _app_token_formed(keys)
    elif not keys.signing_secret:
        raise NotAdmitted(_no_secret())


def _bot_token_formed(keys: Keys) -> None:
    if keys.bot_token.startswith("xapp-"):
        raise NotAdmitted(say("[slack] bot_token holds the app-level token (xapp-…); the bot's begins with xoxb-."))
    if not keys.bot_token.startswith("xoxb-"):
        raise NotAdmitted(
            say(
                "[slack] bot_token is not the bot's token, which begins with xoxb-: it stands under "
                "“OAuth & Permissions” of the app."
            )
        )


def _app_token_formed(keys: Keys) -> None:
    if not keys.app_token:
        raise NotAdmitted(
            say(
                "[slack] app_token is missing: make an app-level token with the scope connections:write under "
                "“Basic Information” of the app, and set YAMABIKO_SLACK__APP_TOKEN."
            )
        )
    if not keys.app_token.startswith("xapp-"):
        raise NotAdmitted(
            say(
                "[slack] app_token is not an app-level token, which begins with xapp-: it stands under “Basic "
                "Information” of the app."
            )
        )


def _no_secret() -> str:
    return say(
        "[slack] signing_secret is missing, without which nothing can be told from a forgery over HTTP: it stands "
        "under “Basic Information” of the app; set YAMABIKO_SLACK__SIGNING_SECRET."
    )


# ── what Slack answers ──


async def _asked(keys: Keys, ask: Callable[[AsyncWebClient], Awaitable[Any]], told: Callable[[str, Any], str]) -> Any:
    slack = AsyncWebClient(keys.bot_token, base_url=keys.api_url, timeout=PATIENCE_S)
    try:
        async with asyncio.timeout(PATIENCE_S + 5):
            return await ask(slack)
    except SlackApiError as error:
        code = _code(error)
        if code in _PASSING or _status(error) in (429, *range(500, 600)):
            raise NotReached(say("Slack has trouble of its own ({error}).", error=code)) from None
        raise NotAdmitted(told(code, error.response)) from None  # its text could hold what was sent
    except _OVER as error:
        why = type(error).__name__
        raise NotReached(say("Slack does not answer at {url} ({reason}).", url=keys.api_url, reason=why)) from None


_PASSING = {"internal_error", "fatal_error", "service_unavailable", "ratelimited", "request_timeout"}
_TOKEN_REFUSALS = {"invalid_auth", "token_revoked", "token_expired", "account_inactive", "not_authed"}


def _code(error: SlackApiError) -> str:
    """Slack's word for it; an answer that was not Slack's (a proxy's page) has none."""
    answer: Any = getattr(error.response, "data", None)
    return str(answer.get("error", "unknown_error")) if isinstance(answer, dict) else "unknown_error"


def _status(error: SlackApiError) -> int:
    response: Any = error.response
    return getattr(response, "status_code", None) or getattr(response, "status", 0)


def _bot_refusal(code: str, answer: Any) -> str:
    match code:
        case "invalid_auth" | "not_authed":
            return say("Slack does not know the bot's token; copy it anew from “OAuth & Permissions” of the app.")
        case "token_revoked" | "token_expired":
            return say("The bot's token was revoked; install the app again and copy its new token.")
        case "account_inactive":
            return say("The app was removed from the workspace; install it again and copy its new token.")
        case "missing_scope":
            return say("The app lacks the scope {scope}; see `yamabiko manifest slack`.", scope=answer.get("needed"))
        case _:
            return say("Slack refuses the bot's token ({error}).", error=code)


def _app_refusal(code: str, answer: Any) -> str:
    match code:
        case "invalid_auth" | "not_authed" | "token_revoked" | "token_expired":
            return say("Slack does not know the app-level token; make a new one under “Basic Information” of the app.")
        case "missing_scope" | "not_allowed_token_type":
            return say("The app-level token lacks the scope connections:write; make one that has it.")
        case _:
            return say("Slack refuses the app-level token ({error}).", error=code)


# ── findings ──


def _team(answer: Any) -> Finding:
    team, user = answer.get("team", ""), answer.get("user", "")
    return Finding(say("Slack's bot token"), True, say("{bot} in {workspace}", bot=user, workspace=team))


def _scopes(answer: Any) -> Finding:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        return Finding(say("Slack's scopes"), True, say("all {count} granted", count=len(SCOPES)))
    unheard = [event for event, scope in EVENTS if scope in missing]
    detail = say("missing: {scopes}", scopes=listed(missing))
    if unheard:
        detail = say("{missing}; so these events do not come: {events}", missing=detail, events=listed(unheard))
    return Finding(
        say("Slack's scopes"),
        False,
        detail,
        say("Put what `yamabiko manifest slack` prints under “App Manifest” of the app, and install it again."),
    )


def _clock(answer: Any, transport: Transport) -> list[Finding]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        there = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return []
    skew = abs((datetime.now(UTC) - there).total_seconds())
    if skew < _TELL_SKEW_S:
        return []
    refused = transport == "http" and skew >= SKEW_S
    detail = say("{seconds:.0f} seconds away from Slack's", seconds=skew)
    return [Finding(say("clock"), not refused, detail, say("Let this machine set its clock by the network."))]


async def _way_in(keys: Keys) -> Finding:
    if keys.transport == "http":
        ok = bool(keys.signing_secret)
        detail = say("set; Slack must reach the bot at its public address") if ok else _no_secret()
        return Finding(say("Slack's signing secret"), ok, detail)
    try:
        _app_token_formed(keys)
        await _asked(keys, lambda slack: slack.apps_connections_open(app_token=keys.app_token), _app_refusal)
    except (NotAdmitted, NotReached) as why:
        return Finding(say("Slack's app-level token"), False, str(why))
    return Finding(say("Slack's app-level token"), True, say("opens a connection"))


def _events() -> list[Finding]:
    """No token of ours may read which events are subscribed; what came tells, and the manifest is the whole list."""
    return [
        Finding(
            say("Slack's events"),
            True,
            say("{count} are needed; Slack lets no bot read which are subscribed", count=len(EVENTS)),
            say(
                "Where mentions, messages or thumbs do not come, compare “App Manifest” of the app with "
                "`yamabiko manifest slack`."
            ),
        )
    ]
