"""The pretended Discord at a terminal, to look at a bot with one's own eyes.

Started with `python -m tests.fakes.pretended_discord.console`.
Owns a few words for what people do; whoever is named for the first time joins. Knows no bot: it says where to connect.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.fakes.discord import FakeDiscord, Message, Person
from tests.fakes.pretended_discord.answered import Answered
from tests.fakes.pretended_discord.choosing import called, names
from tests.fakes.pretended_discord.commands import BOOLEAN, CHANNEL, INTEGER, NUMBER, USER
from tests.fakes.pretended_discord.components import BUTTON, MENUS, walked
from tests.fakes.pretended_discord.world import Json
from tests.fakes.terminal import obey_lines, pairs, port_of

HELP = """\
  ann: good morning          says it in #general (a @ stands for the bot: "ann: @ good morning")
  ann > good morning         says it to the bot in private
  ann replies why?           to the newest message of the bot
  ann reacts 👍              with the newest message of the bot; "ann takes back 👍"
  ann /yamabiko ask question = why?; persona = cap        a command with its options
  ann types /yamabiko ask persona = ca                    what is offered for the last option
  ann opens Approve for training                          a context menu, on the newest message of a person
  ann presses Label          the newest button or menu of that name; "ann presses Persona = echo" chooses
  ann sends Note = because; Persona = echo                fills in the dialog in front and sends it
  花子: おはよう             who has a Japanese name has Discord in Japanese
  content off                switches the message content intent off in the portal; "content on"
  show                       everything; help; quit"""


class Console:
    def __init__(self, discord: FakeDiscord) -> None:
        self.discord = discord
        self.people: dict[str, Person] = {}
        self.general = discord.channel("general")

    async def obey(self, line: str) -> str:
        """Do what a line says; what there is to see afterwards."""
        line = line.strip()
        if not line or line in ("show", "help"):
            return HELP if line == "help" else self.shown()
        if line in ("content on", "content off"):
            self.discord.switch(message_content=line == "content on")
            return f"  message {line}, as in the portal"
        name, _, rest = re.sub(r"^(\w+):", r"\1 :", line).partition(" ")
        try:
            return await self._do(self._person(name), rest.strip())
        except AssertionError as wrong:
            return f"  {wrong}"

    async def _do(self, person: Person, what: str) -> str:
        said = what[1:].strip().replace("@ ", f"<@{self.discord.bot_id}> ", 1)
        verb, _, rest = what.partition(" ")
        match verb[:1] if verb[:1] in (":", ">", "/") else verb:
            case ":":
                await person.post(self.general, said)
            case ">":
                await person.dm(said)
            case "/":
                command, options = self._called(person, what)
                return self._seen(await person.slash(command, self.general, **options))
            case "types":
                command, options = self._called(person, rest)
                offered = await person.typing(command, self.general, **options)
                return "\n".join(f"  {one.name}" for one in offered) or "  nothing is offered"
            case "replies":
                await person.post(self.general, rest, self._newest(lambda one: one.by_bot))
            case "reacts":
                await person.react(self._newest(lambda one: one.by_bot), rest)
            case "takes":
                emoji = rest.removeprefix("back ")
                await person.unreact(self._newest(lambda one: person.id in one.reactions.get(emoji, [])), emoji)
            case "opens":
                return self._seen(await person.menu(rest, self._newest(lambda one: not one.by_bot)))
            case "presses":
                return self._seen(await self._press(person, rest))
            case "sends":
                assert person.modal, "no dialog is open"
                return self._seen(await person.submit(person.modal, pairs(rest)))
            case _:
                return HELP
        return self.shown()

    def _seen(self, answered: Answered) -> str:
        if answered.errors:
            return f"  {answered.errors}"
        return f"  {answered.error}" if answered.error else self.shown()

    async def _press(self, person: Person, what: str) -> Answered:
        label, _, value = (part.strip() for part in what.partition("="))
        on = self._holding(person, label)
        return await (person.choose(on, label, value) if value else person.press(on, label))

    def shown(self) -> str:
        discord = self.discord
        rooms = [discord.transcript(one) for one in discord.world.channels.values() if one.messages]
        if not self.general.messages:
            rooms.insert(0, discord.transcript(self.general))
        open_dialogs = [one for one in self.people.values() if one.modal]
        rooms += [f"{one.user.shown_name} sees\n{discord.rendered(one.modal)}" for one in open_dialogs if one.modal]
        return "\n\n".join(rooms)

    def _person(self, name: str) -> Person:
        key = name.lower()
        if key not in self.people:
            locale = "en-US" if name.isascii() else "ja"
            self.people[key] = self.discord.person(name.title(), is_admin=not self.people, locale=locale)
        return self.people[key]

    def _called(self, person: Person, text: str) -> tuple[str, Json]:
        """The command that a line names, and its options as the registered command wants them."""
        words, given = [], ""
        for word, sign in re.findall(r"(\S+)(\s*=)?", text):
            if sign:
                given = text[text.index(f"{word}{sign}") :]
                break
            words.append(word)
        command, below = called(person, " ".join(words), self.general)
        options: list[Json] = command["options"]
        for word in below:
            options = next((one.get("options") or [] for one in options if one["name"] == word), [])
        kinds = {one["name"]: one["type"] for one in options}
        return " ".join(words), {key: self._as(kinds.get(key, 3), value) for key, value in pairs(given).items()}

    def _as(self, kind: int, value: str) -> Any:
        match kind:
            case _ if kind == INTEGER:
                return int(value)
            case _ if kind == NUMBER:
                return float(value)
            case _ if kind == BOOLEAN:
                return value.lower() in ("yes", "true", "on")
            case _ if kind == USER:
                return self._person(value.removeprefix("@"))
            case _ if kind == CHANNEL:
                return self.general
            case _:
                return value

    def _newest(self, wanted: Callable[[Message], bool]) -> Message:
        every = [one for channel in self.discord.world.channels.values() for one in channel.messages.values()]
        found = [one for one in every if wanted(one)]
        assert found, "there is no such message"
        return max(found, key=lambda one: int(one.id))

    def _holding(self, person: Person, label: str) -> Message:
        """The newest thing this person sees that has such a button or menu."""
        seen = [*self.general.messages.values(), *person.dm_channel.messages.values(), *person.ephemerals]
        for one in sorted(seen, key=lambda one: -int(one.id)):
            if any(label in names(part) for part in walked(one.components) if part["type"] in (BUTTON, *MENUS)):
                return one
        raise AssertionError(f"nothing to press that is called {label}")


async def main(arguments: Iterable[str] | None = None) -> None:
    async with FakeDiscord.running(port=port_of(arguments, __doc__)) as discord:
        discord.app.message_content = True
        print(f"Connect to {discord.api} with {discord.token}; the gateway is {discord.link}.\n{HELP}")
        await obey_lines(Console(discord).obey)


if __name__ == "__main__":
    asyncio.run(main())
