"""What people ask of the app: commands, context menus, buttons, menus and dialogs.

Owns the person's side of an interaction. What may be chosen stands in choosing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.pretended_discord.answered import Answered
from tests.fakes.pretended_discord.choosing import called, chosen, chosen_options, filled, pressed, target
from tests.fakes.pretended_discord.commands import ON_MESSAGE, ON_USER
from tests.fakes.pretended_discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    SUBMIT,
    Interaction,
    Modal,
    asked,
)
from tests.fakes.pretended_discord.modals import refused_by_window, sent
from tests.fakes.pretended_discord.permissions import Permission, may
from tests.fakes.pretended_discord.world import LOADING, Channel, Json, Message, User

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord
    from tests.fakes.pretended_discord.person import Person


@dataclass(frozen=True)
class Choice:
    """What is offered while somebody types."""

    name: str
    value: str | int | float


class Asking:
    discord: "FakeDiscord"
    user: User

    async def slash(self, command: str, where: Channel | None = None, /, **options: Any) -> Answered:
        """`command` with its sub-command: slash("yamabiko ask", general, question="…"). Options that the registered
        command does not have, or that lack, fail the test. Without `where` in the first channel that they see."""
        place = where or self._somewhere()
        registered, words = called(self._me, command, place)
        data, resolved = chosen_options(self.discord.world, registered, words, options)
        if resolved:
            data["resolved"] = resolved
        return await self._ask(COMMAND, place, data, command=registered)

    async def typing(self, command: str, where: Channel | None = None, /, **options: Any) -> list[Choice]:
        """What is offered for the last of these options while it is being typed."""
        place = where or self._somewhere()
        registered, words = called(self._me, command, place)
        data, resolved = chosen_options(self.discord.world, registered, words, options, typing=list(options)[-1])
        if resolved:
            data["resolved"] = resolved
        answered = await self._ask(AUTOCOMPLETE, place, data, command=registered)
        assert not answered.error, "Loading options failed"
        return [Choice(one["name"], one["value"]) for one in answered.choices]

    async def menu(self, name: str, on: "Message | Person", where: Channel | None = None, /) -> Answered:
        """A context menu, on a message or on a person."""
        is_message = isinstance(on, Message)
        place = self.discord.world.channels[on.channel] if isinstance(on, Message) else where or self._somewhere()
        registered, _ = called(self._me, name, place, ON_MESSAGE if is_message else ON_USER)
        if isinstance(on, Message):
            self._must_see(on)
        found, resolved = target(self.discord.world, on)
        data: Json = {"id": registered["id"], "name": name, "type": registered["type"], "target_id": found}
        if "guild_id" in registered:
            data["guild_id"] = registered["guild_id"]
        return await self._ask(COMMAND, place, data | {"resolved": resolved}, command=registered)

    async def press(self, message: Message, named: str) -> Answered:
        """A button, by its custom_id, its label or its emoji."""
        place = self._must_see(message)
        return await self._ask(COMPONENT, place, pressed(message, named), message=message)

    async def choose(self, message: Message, named: str, values: Any) -> Answered:
        """In a menu, by its custom_id or its placeholder; one value or several."""
        place = self._must_see(message)
        return await self._ask(COMPONENT, place, chosen(self.discord.world, message, named, values), message=message)

    async def submit(self, modal: Modal, values: dict[str, Any] | Iterable[tuple[str, Any]] = ()) -> Answered:
        """Fill in a dialog, by custom_id or by what stands above a field, and send it.

        Where the window itself refuses, `errors` says why, and the dialog stays. It stays too where nobody answers.
        """
        assert self.discord.world.modals.get(self.user.id) is modal, f"{self.user.name} has no such dialog in front"
        resolved = filled(self.discord.world, modal.components, modal.held, dict(values))
        if errors := refused_by_window(modal.components, modal.held):
            return Answered(self.discord, None, errors)
        data: Json = {"custom_id": modal.custom_id, "components": sent(modal.components, modal.held)}
        if resolved:
            data["resolved"] = resolved
        opened = modal.opened_by
        return await self._ask(SUBMIT, opened.channel, data, message=opened.message, modal=modal)

    async def cancel(self, modal: Modal) -> None:
        """Close a dialog without sending it; the app hears nothing."""
        modal.open = False
        self.discord.world.modals.pop(self.user.id, None)

    async def dismiss(self, message: Message) -> None:
        """Put away what only they see."""
        assert message.only_for == self.user.id, "only what one sees alone can be dismissed"
        message.deleted = True
        self.discord.world.ephemerals.pop(message.id, None)

    @property
    def _me(self) -> Any:
        return self

    def _somewhere(self) -> Channel:
        world = self.discord.world
        for one in world.channels_of(self.discord.guild):
            if may(world, one, self.user.id, Permission.VIEW_CHANNEL):
                return one
        return world.dm_with(self.user.id)

    def _must_see(self, message: Message) -> Channel:
        world = self.discord.world
        assert not message.deleted, "the message is gone"
        assert not message.flags & LOADING, "there is nothing to press yet"
        place = world.channels[message.channel]
        sees = message.only_for in (None, self.user.id) and may(world, place, self.user.id, Permission.VIEW_CHANNEL)
        assert sees, f"{self.user.name} does not see this"
        return place

    async def _ask(self, kind: int, place: Channel, data: Json, **more: Any) -> Answered:
        world = self.discord.world
        now = world.clock.now()
        made = Interaction(world.snowflake(), world.secret(), kind, self.user.id, place, data, now, **more)
        return Answered(self.discord, await asked(self.discord, made))
