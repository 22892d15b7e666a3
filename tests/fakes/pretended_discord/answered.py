"""What came of what a person did, as they see it.

Owns nothing: it looks at the interaction.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.pretended_discord.interactions import DEFERRED, DEFERRED_UPDATE, UPDATE, Interaction, Modal
from tests.fakes.pretended_discord.rendering import rendered
from tests.fakes.pretended_discord.world import LOADING, Json, Message

if TYPE_CHECKING:
    from tests.fakes.discord import FakeDiscord


@dataclass
class Answered:
    """What came of a command, a press, a choice or a dialog; it grows as the app goes on answering.

    `errors` are what the dialog's own window did not let through, by custom_id: nothing was sent then.
    """

    discord: "FakeDiscord"
    interaction: Interaction | None
    errors: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def _one(self) -> Interaction:
        assert self.interaction, f"nothing was sent: {self.errors}"
        return self.interaction

    @property
    def took(self) -> float | None:
        return self._one.took

    @property
    def error(self) -> str | None:
        """What Discord tells the person where nobody answered in time."""
        return "The application did not respond" if self._one.late else None

    @property
    def deferred(self) -> bool:
        return self._one.response in (DEFERRED, DEFERRED_UPDATE)

    @property
    def thinking(self) -> bool:
        """Whether "yamabiko is thinking…" still stands there."""
        original = self._one.original
        return bool(original and original.flags & LOADING and not original.deleted)

    @property
    def updated(self) -> bool:
        """Whether the message that was pressed on was changed in answer."""
        return self._one.response == UPDATE

    @property
    def said(self) -> list[Message]:
        """Everything said because of it that is still there, "thinking" left out."""
        return [one for one in self._one.messages if not one.deleted and not one.flags & LOADING]

    @property
    def ephemerals(self) -> list[Message]:
        return [one for one in self.said if one.only_for]

    @property
    def messages(self) -> list[Message]:
        """What everybody sees."""
        return [one for one in self.said if not one.only_for]

    @property
    def modal(self) -> Modal | None:
        return self._one.opened

    @property
    def choices(self) -> list[Json]:
        return self._one.choices or []

    @property
    def text(self) -> str:
        """All that was said, as one would read it."""
        return "\n".join(rendered(self.discord.world, one) for one in self.said)

    async def until_answered(self, seconds: float = 5.0) -> "Answered":
        """Returns once something was said, a dialog opened, or the message changed."""
        await self.discord.until(lambda: self.said or self.modal or self.updated, seconds)
        return self
