"""What Slack says no with, in our words.

Owns which refusals are for ever and which pass. Everything that is not named here passes, and is tried again.
"""

from collections.abc import Mapping

from slack_sdk.errors import SlackApiError

from bot.chat.platform import NotShown, Unasked
from bot.chat.replying.posting import Gone
from bot.platforms.slack.pace import asked_to_wait
from db.words import mark, say

NEVER: Mapping[str, str] = {
    "channel_not_found": mark("Slack has no such channel, or I am not in it."),
    "is_archived": mark("The channel is archived."),
    "is_inactive": mark("The channel is archived."),
    "not_in_channel": mark("I am not in this channel; invite me with /invite."),
    "restricted_action": mark("Slack's settings keep me from posting here."),
    "restricted_action_read_only_channel": mark("Slack's settings keep me from posting here."),
    "restricted_action_thread_only_channel": mark("Slack's settings keep me from posting here."),
    "restricted_action_non_threadable_channel": mark("Slack's settings keep me from posting here."),
    "restricted_action_thread_locked": mark("The thread is locked."),
    "messages_tab_disabled": mark("My Messages tab is switched off in Slack's settings."),
    "thread_not_found": mark("The question was deleted."),
    "msg_too_long": mark("Slack finds the answer too long."),
    "msg_blocks_too_long": mark("Slack finds the answer too long."),
    "account_inactive": mark("The app is not installed in this workspace any more."),
    "user_not_found": mark("Slack knows this member no more."),
    "cannot_dm_bot": mark("Slack lets nobody write to this member."),
    "user_disabled": mark("This member's account is switched off."),
}
# What was asked may have been done all the same: "" is an answer that was none of Slack's.
UNCERTAIN = frozenset({"", "internal_error", "fatal_error", "request_timeout", "service_unavailable"})
UNASKED = "thread_not_found"  # the question was deleted
TOO_LONG = frozenset({"msg_too_long", "msg_blocks_too_long"})
_GONE = frozenset({"message_not_found", "cant_update_message", "cant_delete_message", "edit_window_closed"})


def code_of(error: SlackApiError) -> str:
    """Slack's word for what is wrong; empty where a proxy or a broken server answered in its place."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def wait_of(error: SlackApiError) -> float | None:
    """How long Slack asks to wait, None where it is something else."""
    limited = code_of(error) in ("ratelimited", "rate_limited") or getattr(error.response, "status_code", 0) == 429
    return asked_to_wait(getattr(error.response, "headers", {})) if limited else None


def told(error: SlackApiError) -> Exception:
    """As the chat rooms know it: NotShown, Gone, or the error itself, which is worth another try."""
    code = code_of(error)
    if code in _GONE:
        return Gone(code)
    if code == UNASKED:
        return Unasked(say(NEVER[code]))
    return NotShown(say(NEVER[code])) if code in NEVER else error
