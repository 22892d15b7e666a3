"""Commands that explain: help, privacy."""

from collections.abc import Callable, Mapping, Sequence

from bot.chat.cards import Answer, Card, Heading, Note, Part, Text, told
from bot.chat.commands.asked import Asked, Command, Do, Option, Subject
from bot.chat.commands.typed import usage
from bot.chat.verbs import personas
from bot.chat.verbs.authority import a_role
from db.members import ROLES
from db.words import listed, mark, say


def subject(others: Sequence[Subject]) -> Subject:
    """The explaining commands, which know all others and themselves."""

    def every() -> Sequence[Subject]:
        return (*others, made)

    made = Subject(
        mark("Explain"),
        (
            Command(
                "help",
                mark("What I can do for you, or how one command is written"),
                _help(every),
                (Option("command", mark("The command to explain")),),
            ),
            Command("privacy", mark("What is kept, for how long, and for what"), privacy),
        ),
    )
    return made


def _help(every: Callable[[], Sequence[Subject]]) -> Do:
    async def do(asked: Asked, given: Mapping[str, str]) -> Answer:
        if "command" not in given:
            return _overview(asked, every())
        name = given["command"].removeprefix("/yamabiko").strip().lower()
        for one in every():
            for command in one.commands:
                if command.name == name:
                    return _explained(command)
        return told(say("I do not know {name}; `/yamabiko help` shows what I do.", name=f"`{name}`"))

    return do


def _overview(asked: Asked, every: Sequence[Subject]) -> Card:
    parts: list[Part] = [Heading(say("What I can do for you"))]
    for one in every:
        lines = [
            f"`/yamabiko {command.name}` {say(command.summary)}"
            for command in one.commands
            if ROLES.index(command.role) <= ROLES.index(asked.actor.role)
        ]
        if lines:
            parts.append(Text("\n".join([f"**{say(one.title)}**", *(f"• {line}" for line in lines)])))
    parts.append(Note(say("`/yamabiko help COMMAND` shows how one is written. Mention me, and I answer.")))
    return Card(parts)


def _explained(command: Command) -> Card:
    lines = [usage(command), say(command.summary)]
    lines += [f"• `{option.name}`: {say(option.summary)}" for option in command.options]
    parts: list[Part] = [Text("\n".join(lines))]
    if command.role != "member":
        parts.append(Note(say("For {role} and above.", role=a_role(command.role))))
    return Card(parts)


async def privacy(asked: Asked, given: Mapping[str, str]) -> Answer:
    served = [
        one for one in await personas.every(asked.sessions, asked.actor) if one.base in asked.around.servers
    ]  # their words leave this machine
    parts = [
        Heading(say("What is kept, and for what")),
        Text("\n".join(f"• {line}" for line in (*_kept(), _where([one.name for one in served])))),
        Note(
            say(
                "`/yamabiko my-data` shows what is kept of you, `/yamabiko consent` what you agreed to. "
                "To have it deleted, ask an admin."
            )
        ),
    ]
    return Card(parts)


def _kept() -> Sequence[str]:
    return (
        say(
            "**Messages** are kept only from channels that an admin opened, each of which is told: as context for "
            "answers, or for training too. Mail addresses, numbers and secrets are cut out before anything is kept."
        ),
        say(
            "**Training** takes your messages only if you said yes; what came through a network's API also needs a "
            "permission that the owner answers for. A no counts for every training from then on."
        ),
        say(
            "**Questions to me and my answers** are kept so that I know what we talked about, and never trained on. "
            "The one who asked can delete each. What is asked in an opened channel is also one of its messages."
        ),
        say("**Your answers, thumbs and language** are kept so that they count."),
        say("What you edit or delete is changed or erased with me too. There is no other end to keeping it yet."),
    )


def _where(served: Sequence[str]) -> str:
    if served:
        return say(
            "**Models** run on the machine of this bot, and nothing is sent anywhere, but for {names}: a server that "
            "the owner chose answers for them, and is given what they are asked.",
            names=listed(served),
        )
    return say("**Models** run on the machine of this bot; nothing is sent anywhere.")
