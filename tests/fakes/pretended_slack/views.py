"""views.*: dialogs that somebody opened, and home tabs.

Owns triggers (once, within three seconds), the stack of a person's dialogs, and hashes. Knows no element's limits.
"""

import uuid
from typing import TYPE_CHECKING

from tests.fakes.pretended_slack.blocks import HOME, MODAL, check_view
from tests.fakes.pretended_slack.choices import initial_state
from tests.fakes.pretended_slack.methods import Refused, method
from tests.fakes.pretended_slack.world import BOT_USER, Json, Trigger, View

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

TRIGGER_S = 3.0
DEEPEST = 3


@method("views.open", "view", "trigger_id interactivity_pointer", tier=4)
def views_open(slack: "FakeSlack", args: Json) -> Json:
    body = check_view(args["view"], (MODAL,))
    trigger = exchange(slack, args)
    view = make(slack, trigger.user, body, trigger=trigger.id)
    for old in slack.world.modals.get(trigger.user, []):
        old.open = False
    slack.world.modals[trigger.user] = [view]
    return {"view": view.shown()}


@method("views.push", "view", "trigger_id interactivity_pointer", tier=4)
def views_push(slack: "FakeSlack", args: Json) -> Json:
    body = check_view(args["view"], (MODAL,))
    trigger = exchange(slack, args)
    view = push(slack, trigger.user, body)
    view.trigger = trigger.id
    return {"view": view.shown()}


def push(slack: "FakeSlack", user: str, body: Json) -> View:
    """One more dialog on top of those that are open."""
    stack = slack.world.modals.get(user, [])
    if not stack:
        raise Refused("not_found")
    if len(stack) >= DEEPEST:
        raise Refused("push_limit_reached")
    view = make(slack, user, body)
    view.root, view.previous = stack[0].id, stack[-1].id
    stack.append(view)
    return view


@method("views.update", "view", "view_id external_id hash", tier=4)
def views_update(slack: "FakeSlack", args: Json) -> Json:
    view = _found(slack, args)
    body = check_view(args["view"], (view.body["type"],))
    if args.get("hash") and args["hash"] != view.hash:
        raise Refused("hash_conflict")
    replace(view, body)
    return {"view": view.shown()}


@method("views.publish", "user_id view", "hash", tier=4)
def views_publish(slack: "FakeSlack", args: Json) -> Json:
    body = check_view(args["view"], (HOME,))
    user, home = args["user_id"], slack.world.homes.get(args["user_id"])
    if user not in slack.world.users or user == BOT_USER:
        raise Refused("user_not_found")
    if slack.world.users[user].stranger or not slack.home_tab:
        raise Refused("not_enabled")
    if args.get("hash") and home and args["hash"] != home.hash:
        raise Refused("hash_conflict")
    if home:
        replace(home, body)
    else:
        home = slack.world.homes[user] = make(slack, user, body)
    slack.homes_published.append(home)
    return {"view": home.shown()}


def make(slack: "FakeSlack", user: str, body: Json, trigger: str = "") -> View:
    external = body.get("external_id")
    if external and any(one.open and one.body.get("external_id") == external for one in slack.world.views.values()):
        raise Refused("duplicate_external_id")
    view = View(slack.world.number("V"), user, body, _hash(), state=initial_state(body["blocks"]), trigger=trigger)
    slack.world.views[view.id] = view
    return view


def replace(view: View, body: Json) -> None:
    """New content; what was filled in stays where block and action are still there."""
    state = initial_state(body["blocks"])
    for block, actions in state.items():
        for action, value in actions.items():
            kept = view.state.get(block, {}).get(action)
            if kept and kept["type"] == value["type"]:
                actions[action] = kept
    view.body, view.state, view.hash = body, state, _hash()


def exchange(slack: "FakeSlack", args: Json) -> Trigger:
    trigger = slack.world.triggers.get(args.get("trigger_id") or "")
    if trigger is None:
        raise Refused("invalid_trigger_id" if args.get("trigger_id") else "invalid_arguments")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if slack.clock.now() - trigger.issued > TRIGGER_S:
        raise Refused("expired_trigger_id")
    trigger.used = True
    return trigger


def _found(slack: "FakeSlack", args: Json) -> View:
    for view in slack.world.views.values():
        wanted = view.id == args.get("view_id") or (args.get("external_id") or "-") == view.body.get("external_id")
        if wanted and view.open:
            return view
    raise Refused("not_found")


def _hash() -> str:
    return uuid.uuid4().hex[:16]
