"""Commands of everyone: ask, personas, status."""

from collections.abc import Mapping

from bot.chat.cards import Answer, Card, Facts, Note, Question, Text, told
from bot.chat.commands.asked import Asked, Command, Option, Subject
from bot.chat.verbs import personas, watching
from db.words import listed, mark, say


async def ask(asked: Asked, given: Mapping[str, str]) -> Answer:
    return Question(given["question"], given.get("persona"))


async def list_personas(asked: Asked, given: Mapping[str, str]) -> Answer:
    found = await personas.every(asked.sessions, asked.actor)
    if not found:
        return told(say("There is no persona yet."))
    return Card([Text("\n".join(f"• **{one.name}** ({_voice(one)})" for one in found))])


def _voice(persona: personas.PersonaSummary) -> str:
    if persona.live is None:
        return say("as its base speaks")
    return say("adapter {number}, the voice of {voice}", number=persona.live, voice=listed(persona.voice))


async def status(asked: Asked, given: Mapping[str, str]) -> Answer:
    alive = await watching.is_trainer_alive(asked.sessions, asked.actor)
    facts = [(say("trainer"), say("alive") if alive else say("not running"))]
    return Card([Facts(facts), Note(say("The bot is here."))])


SUBJECT = Subject(
    mark("Talk"),
    (
        Command(
            "ask",
            mark("Ask a persona, for everyone to see"),
            ask,
            (Option("question", mark("What you ask"), required=True),),
        ),
        Command("personas", mark("Who speaks here"), list_personas),
        Command("status", mark("How the bot is"), status),
    ),
)
