"""The pretended Slack at a terminal, to look at a bot with one's own eyes.

Started with `python -m tests.fakes.pretended_slack.console`.
Owns a few words for what people do; whoever is named for the first time joins. Knows no bot: it says where to connect.
"""

import asyncio
import re
from collections.abc import Iterable

from tests.fakes.pretended_slack.world import Ephemeral, Message, View
from tests.fakes.slack import FakeSlack, Person
from tests.fakes.terminal import obey_lines, pairs, port_of

HELP = """\
  ann: good morning          says it in #general (a @ stands for the bot: "ann: @ good morning")
  ann > good morning         says it to the bot in private
  ann /yamabiko status       a command
  ann presses Label          the newest button, menu or feedback of that name; "ann presses Persona = echo" chooses
  ann sends note = because; persona = echo      fills in the dialog in front and sends it
  ann opens home             the app's Home tab
  花子: おはよう             who has a Japanese name has Slack in Japanese
  show                       everything; help; quit"""


class Console:
    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.people: dict[str, Person] = {}
        self.general = slack.channel("general")

    async def obey(self, line: str) -> str:
        """Do what a line says; what there is to see afterwards."""
        line = line.strip()
        if not line or line in ("show", "help"):
            return HELP if line == "help" else self.shown()
        name, _, rest = re.sub(r"^(\w+):", r"\1 :", line).partition(" ")
        person, rest = self._person(name), rest.strip()
        try:
            return await self._do(person, rest)
        except AssertionError as wrong:
            return f"  {wrong}"

    async def _do(self, person: Person, what: str) -> str:
        if what.startswith(":"):
            await person.post(self.general, what[1:].strip().replace("@ ", f"<@{self.slack.bot_user}> ", 1))
        elif what.startswith(">"):
            await person.dm(what[1:].strip())
        elif what.startswith("/"):
            answered = await person.slash(what, self.general)
            return f"  {answered.error}" if answered.error else self.shown()
        elif what.startswith("presses "):
            label, _, value = what.removeprefix("presses ").partition("=")
            await person.press(self._holding(person, label.strip()), label.strip(), value.strip() or None)
        elif what.startswith("sends"):
            assert person.modal, "no dialog is open"
            errors = await person.submit(person.modal, pairs(what.removeprefix("sends")))
            return f"  {errors}" if errors else self.shown()
        elif what == "opens home":
            await person.open_home()
        else:
            return HELP
        return self.shown()

    def shown(self) -> str:
        rooms = [self.slack.transcript(one) for one in self.slack.world.channels.values() if one.messages]
        for person in self.people.values():
            views = [one for one in (person.modal, person.home) if one]
            rooms += [f"{person.user.name} sees\n{self.slack.rendered(one)}" for one in views]
        return "\n\n".join(rooms) or self.slack.transcript(self.general)

    def _person(self, name: str) -> Person:
        if name not in self.people:
            locale = "en-US" if name.isascii() else "ja-JP"
            self.people[name] = self.slack.person(name.title(), is_admin=not self.people, locale=locale)
            self.general.members.add(self.people[name].id)
        return self.people[name]

    def _holding(self, person: Person, label: str) -> Message | Ephemeral | View:
        """The newest thing this person sees that has such a button."""
        open_to = [*self.general.messages.values(), *person.im.messages.values(), *person.ephemerals]
        seen: list[Message | Ephemeral | View] = sorted(open_to, key=lambda one: one.ts, reverse=True)
        seen = [*(one for one in (person.modal, person.home) if one), *seen]
        for one in seen:
            if label in f"{one.blocks}" and not (isinstance(one, Message) and not one.by_bot):
                return one
        raise AssertionError(f"nothing to press that is called {label}")


async def main(arguments: Iterable[str] | None = None) -> None:
    async with FakeSlack.running(port=port_of(arguments, __doc__)) as slack:
        print(f"Connect to {slack.api} with {slack.bot_token} and {slack.app_token}.\n{HELP}")
        await obey_lines(Console(slack).obey)


if __name__ == "__main__":
    asyncio.run(main())
