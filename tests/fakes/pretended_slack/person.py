"""What people do in Slack, and what they see of the app's answers.

Owns the person's side: they write, react, press, fill in and wait three seconds like anybody. Knows nothing of how the
app hears of it.
"""

import re
from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_slack import events
from tests.fakes.pretended_slack.answered import Answered
from tests.fakes.pretended_slack.blocks import MODAL, check_view
from tests.fakes.pretended_slack.choices import found, held, pressed, refused_by_window
from tests.fakes.pretended_slack.deliveries import COMMAND, INTERACTIVE
from tests.fakes.pretended_slack.methods import Refused
from tests.fakes.pretended_slack.responses import answer
from tests.fakes.pretended_slack.typing import as_rich_text, typed
from tests.fakes.pretended_slack.views import push, replace
from tests.fakes.pretended_slack.world import (
    BOT_USER,
    Channel,
    Ephemeral,
    Json,
    Message,
    ResponseUrl,
    Trigger,
    User,
    View,
)

if TYPE_CHECKING:
    from tests.fakes.slack import FakeSlack

TROUBLE = {"": "We had some trouble connecting. Try again?"}


class Person:
    def __init__(self, slack: "FakeSlack", user: User) -> None:
        self.slack, self.user = slack, user

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def im(self) -> Channel:
        """The conversation with the bot, which is also the app's Messages tab."""
        return self.slack.world.im_with(self.id)

    @property
    def home(self) -> View | None:
        return self.slack.world.homes.get(self.id)

    @property
    def modal(self) -> View | None:
        """The dialog in front, if one is open."""
        stack = self.slack.world.modals.get(self.id)
        return stack[-1] if stack else None

    @property
    def ephemerals(self) -> list[Ephemeral]:
        return [one for one in self.slack.world.ephemerals if one.user == self.id and not one.deleted]

    # Messages.

    async def post(
        self, channel: Channel, text: str, thread: Message | str | None = None, subtype: str | None = None
    ) -> Message:
        """As typed: &, < and > arrive escaped unless they mark a person, a channel or a link. `subtype`: file_share,
        me_message and the like."""
        assert not channel.archived, f"nobody can post in #{channel.name}: it is archived"
        assert channel.kind != "im" or self.slack.messages_tab, "the app's Messages tab is not enabled"
        assert self.id in channel.members or channel.kind == "channel", f"{self.user.name} is not in #{channel.name}"
        channel.members.add(self.id)
        parent = channel.messages[thread] if isinstance(thread, str) else thread
        root = (parent.thread_ts or parent.ts) if parent else None
        message = Message(self.slack.world.ts(), channel.id, self.id, typed(text), root, team=self.user.team)
        message.blocks, message.subtype = as_rich_text(message.text), subtype
        message.robot = f"B{self.id[1:]}" if self.user.is_bot else ""
        channel.messages[message.ts] = message
        self.slack.tell_message(channel, message)
        return message

    async def mention(self, channel: Channel, text: str, thread: Message | str | None = None) -> Message:
        return await self.post(channel, f"<@{BOT_USER}> {text}", thread)

    async def dm(self, text: str, thread: Message | str | None = None) -> Message:
        return await self.post(self.im, text, thread)

    async def edit(self, message: Message, text: str) -> None:
        assert message.user == self.id, "people edit only what they wrote"
        channel = self.slack.world.channels[message.channel]
        before = channel.shown_message(message)
        message.text = typed(text)
        message.blocks = as_rich_text(message.text)
        message.versions.append(message.text)
        message.edited = {"user": self.id, "ts": self.slack.world.ts()}
        self.slack.tell_change(channel, message, before)

    async def delete(self, message: Message) -> None:
        """Their own; an admin anybody's."""
        assert message.user == self.id or self.user.is_admin or self.user.is_owner, "not theirs to delete"
        self.slack.remove(self.slack.world.channels[message.channel], message)

    async def react(self, message: Message, name: str) -> None:
        assert self.id not in message.reactions.get(name, []), "one reaction of a kind"
        self.slack.react(self.slack.world.channels[message.channel], message, self.id, name)

    async def unreact(self, message: Message, name: str) -> None:
        self.slack.unreact(self.slack.world.channels[message.channel], message, self.id, name)

    async def stop_stream(self, message: Message) -> None:
        assert self.slack.streaming(message), "it is not being written any more"
        assert message.stream is not None
        message.stream.by_user = True

    # Conversations and the app's pages.

    async def join(self, channel: Channel) -> None:
        self.slack.join(channel, self.id)

    async def leave(self, channel: Channel) -> None:
        self.slack.leave(channel, self.id)

    async def invite_bot(self, channel: Channel) -> None:
        self.slack.join(channel, BOT_USER)

    async def remove_bot(self, channel: Channel) -> None:
        self.slack.leave(channel, BOT_USER)

    async def archive(self, channel: Channel, archived: bool = True) -> None:
        self.slack.archive(channel, self.id, archived)

    async def open_home(self) -> None:
        self._must_be_of_this_team()
        assert self.slack.home_tab, "the app's Home tab is not enabled"
        self.slack.open_home(self.id, "home")

    async def open_messages(self) -> None:
        self.slack.open_home(self.id, "messages")

    # Commands, presses and dialogs.

    async def slash(self, text: str, channel: Channel | None = None) -> Answered:
        """`text` as typed, e.g. "/yamabiko status"; without a channel in the conversation with the bot."""
        slack, channel = self.slack, channel or self.im
        self._must_be_of_this_team()
        verb = text.split()[0]
        if slack.commands is not None:
            assert verb in slack.commands, f"{verb} is not a command of this app; there is {sorted(slack.commands)}"
            if slack.commands[verb].get("should_escape"):
                text = self._escaped(text)
        trigger, url = slack.world.trigger(self.id), slack.world.response_url(self.id, channel.id)
        payload = events.command(slack.world, self.user, channel, text, trigger, self._address(url))
        answered = await self._interact(COMMAND, payload, trigger, url)
        ack = answered.delivery.ack
        if ack and ack.answer and (ack.answer.get("text") or ack.answer.get("blocks")):
            answer(slack, url, ack.answer, "ack")
        return answered

    async def press(self, on: Message | Ephemeral | View, action: str, value: Any = None) -> Answered:
        """Press a button or choose in a menu, by action_id, block_id or label; `value` of the choice, or to tell
        buttons of one action_id apart."""
        block, element = found(on.blocks, action, value)
        if element["type"] == "feedback_buttons" and value is None:
            value = action
        if element["type"] not in ("button", "icon_button", "feedback_buttons", "overflow"):
            on.state.setdefault(block["block_id"], {})[element["action_id"]] = held(element, value)
        done = pressed(block, element, value, self.slack.world.ts())
        world = self.slack.world
        if isinstance(on, View):
            self._must_see(on)
            trigger = world.trigger(self.id, on)
            payload = events.pressed_on_view(world, self.user, on, done, trigger)
            return await self._interact(INTERACTIVE, payload, trigger, None)
        self._must_see(on)
        trigger, url = world.trigger(self.id), world.response_url(self.id, on.channel, on)
        channel, address = world.channels[on.channel], self._address(url)
        payload = events.pressed_on_message(world, self.user, channel, on, done, trigger, address)
        return await self._interact(INTERACTIVE, payload, trigger, url)

    choose = press

    async def shortcut(self, callback_id: str, message: Message | None = None) -> Answered:
        slack = self.slack
        self._must_be_of_this_team()
        if slack.shortcuts is not None:
            assert callback_id in slack.shortcuts, f"no shortcut {callback_id}; there is {sorted(slack.shortcuts)}"
        trigger, url, on = slack.world.trigger(self.id), None, None
        if message is not None:
            channel = slack.world.channels[message.channel]
            url = slack.world.response_url(self.id, channel.id)
            on = (channel, message, self._address(url))
        payload = events.shortcut(slack.world, self.user, callback_id, trigger, on)
        return await self._interact(INTERACTIVE, payload, trigger, url)

    async def submit(self, view: View, values: dict[str, Any] | None = None) -> dict[str, str] | None:
        """Fill in (by action_id, block_id or label) and send. None: it was taken. Otherwise what is wrong, by block;
        under "" what Slack says when the app does not answer."""
        self._must_see(view)
        for name, value in (values or {}).items():
            block, element = found(view.blocks, name)
            view.state[block["block_id"]][element["action_id"]] = held(element, value)
        if errors := refused_by_window(view.blocks, view.state):
            return errors
        trigger = self.slack.world.trigger(self.id, view)
        payload = events.submitted(self.slack.world, self.user, view, trigger)
        answered = await self._interact(INTERACTIVE, payload, trigger, None)
        ack = answered.delivery.ack
        return TROUBLE if ack is None else self._obey(view, ack.answer or {})

    async def close(self, view: View) -> None:
        """Dismiss a dialog; the app hears of it only if it asked to."""
        self._pop(view)
        if view.body.get("notify_on_close"):
            trigger = self.slack.world.trigger(self.id, view)
            payload = events.closed(self.slack.world, self.user, view, trigger, cleared=False)
            await self._interact(INTERACTIVE, payload, trigger, None)

    def _obey(self, view: View, wanted: Json) -> dict[str, str] | None:
        """What the app answered to a submission: nothing (it closes), errors, another view, or none at all."""
        match wanted:
            case {"response_action": "errors", "errors": dict(errors)}:
                unknown = errors.keys() - {one["block_id"] for one in view.blocks if one["type"] == "input"}
                assert not unknown, f"errors for no input block of this view: {sorted(unknown)}"
                return errors
            case {"response_action": "update", "view": body}:
                replace(view, check_view(body, (MODAL,)))
            case {"response_action": "push", "view": body}:
                push(self.slack, self.id, check_view(body, (MODAL,)))
            case {"response_action": "clear"}:
                for one in self.slack.world.modals.pop(self.id, []):
                    one.open = False
            case {"response_action": other}:
                raise Refused("invalid_arguments", f"[ERROR] no such response_action: {other}")
            case _:
                self._pop(view)
        return None

    def _pop(self, view: View) -> None:
        view.open = False
        stack = self.slack.world.modals.get(self.id, [])
        if view in stack:
            stack.remove(view)
        if not stack:
            self.slack.world.modals.pop(self.id, None)

    def _must_see(self, on: Message | Ephemeral | View) -> None:
        match on:
            case View():
                sees = on.open and on.user == self.id
            case Ephemeral():
                sees = on.user == self.id and not on.deleted
            case _:
                channel = self.slack.world.channels[on.channel]
                sees = on.ts in channel.messages and (self.id in channel.members or channel.kind == "channel")
        assert sees, f"{self.user.name} does not see this"

    def _must_be_of_this_team(self) -> None:
        """A guest of another team may press what is posted, but the app's own doors are not theirs."""
        assert not self.user.stranger, f"{self.user.name} is of another team, and has no commands of this app"

    async def _interact(self, kind: str, payload: Json, trigger: Trigger, url: ResponseUrl | None) -> Answered:
        assert kind == COMMAND or self.slack.interactive, "interactivity is not enabled for this app"
        assert "commands" in self.slack.scopes or kind != COMMAND, "the scope commands was not granted"
        since = self.slack.world.ts()
        delivery = await self.slack.deliveries.interact(kind, payload)
        return Answered(self.slack, delivery, trigger, url, self.id, since)

    def _address(self, url: ResponseUrl) -> str:
        return f"{self.slack.url}/response/{url.id}"

    def _escaped(self, text: str) -> str:
        """Names of people and channels as Slack marks them in a command."""
        for user in self.slack.world.users.values():
            text = re.sub(rf"@{re.escape(user.name)}\b", f"<@{user.id}|{user.name.lower()}>", text)
        for channel in self.slack.world.channels.values():
            if channel.name:
                text = re.sub(rf"#{re.escape(channel.name)}\b", f"<#{channel.id}|{channel.name}>", text)
        return text
