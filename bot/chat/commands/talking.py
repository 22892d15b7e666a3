"""Commands of talking: ask, personas, use, status, and asking about a message."""

from collections.abc import Mapping

from bot.chat.cards import Answer, Card, Choice, Facts, Field, Form, Note, Question, Text, told
from bot.chat.commands import figures
from bot.chat.commands.asked import Asked, Command, FormRefused, Option, Subject
from bot.chat.commands.meant import NotSaid, channel, persona
from bot.chat.verbs import personas, standing, training
from db.coded import shown
from db.members import ROLES
from db.words import listed, mark, say, say_count


async def ask(asked: Asked, given: Mapping[str, str]) -> Answer:
    named = await persona(asked, given) if "persona" in given else None
    return Question(given["question"], named.name if named else None)


async def ask_about(asked: Asked, value: str) -> Answer:
    """The shortcut on a message."""
    choices = [Choice(one.name, one.name) for one in await personas.every(asked.sessions, asked.actor)]
    if not choices:
        raise NotSaid(say("There is no persona yet; `yamabiko persona create` makes one."))
    here = (await standing.standing(asked.sessions, asked.actor, asked.channel_id)).speaks
    message = asked.call.message
    thread = (message.thread or message.id) if message else value
    fields = [
        Field("question", say("What do you ask about this message?"), "text", required=True),
        Field("persona", say("Whom?"), "one", value=here or choices[0].value, choices=choices, required=True),
    ]
    return Form(say("Ask about this"), "ask_about", say("Ask"), fields, thread)


async def asked_about(asked: Asked, value: str, given: Mapping[str, str]) -> Answer:
    if not given.get("question", "").strip():
        raise FormRefused("question", say("Write what you ask."))
    named = await personas.show(asked.sessions, asked.actor, given["persona"])
    return Question(given["question"].strip(), named.name, value or None)


async def list_personas(asked: Asked, given: Mapping[str, str]) -> Answer:
    found = await personas.every(asked.sessions, asked.actor)
    if not found:
        return told(say("There is no persona yet; an admin can make one."))
    here = (await standing.standing(asked.sessions, asked.actor, asked.channel_id)).speaks
    lines = [f"• **{one.name}**: {_voice(one)}" + (say(" (speaks here)") if one.name == here else "") for one in found]
    note = say("`/yamabiko ask persona=NAME …` asks one of them.")
    if _chooses(asked):
        note = say("`/yamabiko use PERSONA` chooses who answers here.")
    return Card([Text("\n".join(lines)), Note(note)])


def _chooses(asked: Asked) -> bool:
    """Whether who answers here is theirs to say."""
    here = asked.call.channel
    return (here is not None and here.direct) or ROLES.index(asked.actor.role) >= ROLES.index("admin")


def _voice(one: personas.PersonaSummary) -> str:
    if one.live is None:
        return say("speaks as its base does, by its system prompt")
    if one.voice == ["community"]:
        return say("adapter {number}, in the community's voice", number=one.live)
    return say("adapter {number}, in the voice of {voice}", number=one.live, voice=listed(one.voice))


async def use(asked: Asked, given: Mapping[str, str]) -> Answer:
    here = asked.call.channel
    direct = "channel" not in given and here is not None and here.direct and asked.channel_id is not None
    where = asked.channel_id if direct and asked.channel_id is not None else channel(asked, given)
    chosen = (await persona(asked, given)).name
    name = await personas.use(asked.sessions, asked.actor, chosen, where, direct)
    if direct:
        return told(say("From now on {persona} answers you here.", persona=chosen))
    return told(say("From now on {persona} answers in {channel}.", persona=chosen, channel=f"#{name}"))


async def status(asked: Asked, given: Mapping[str, str]) -> Answer:
    found = await standing.standing(asked.sessions, asked.actor, asked.channel_id)
    facts = [
        (say("Speaks here"), found.speaks or say("nobody yet; name one when you ask")),
        (say("Queue"), _queue(found.waiting, found.answering)),
        (say("Trainer"), say("alive") if found.trainer else say("not running")),
    ]
    for run in await training.list_runs(asked.sessions, asked.actor):
        if run.status in ("queued", "running"):
            name = say("Run {run}", run=run.id)
            told_of = [run.persona, shown("run status", run.status), figures.progress(run)]
            facts.append((name, listed(one for one in told_of if one)))
    if found.paused:
        facts.append((say("Paused"), listed(f"#{place}" if place else say("everything") for place in found.paused)))
    told_here = say("I am paused here.") if found.paused_here else say("I am here.")
    return Card([Facts(facts), Note(told_here)])


def _queue(waiting: int, answering: int) -> str:
    if not waiting and not answering:
        return say("nobody waits")
    waits = say_count("{count} question waits", "{count} questions wait", waiting)
    return listed([waits, say_count("{count} is being answered", "{count} are being answered", answering)])


SUBJECT = Subject(
    mark("Talk"),
    (
        Command(
            "ask",
            mark("Ask a persona, for everyone to see"),
            ask,
            (
                Option("persona", mark("Who shall answer"), "persona", by_name=True),
                Option("question", mark("What you ask"), required=True),
            ),
        ),
        Command("personas", mark("Who speaks here"), list_personas),
        Command(
            "use",
            mark("Choose who answers: you in direct messages, everyone in a channel (admins)"),
            use,
            (
                Option("persona", mark("Who shall answer"), "persona"),
                Option("channel", mark("Where; without it, here"), "channel"),
            ),
        ),
        Command("status", mark("How I am: who speaks here, who waits, what is being trained"), status),
    ),
    presses={"ask_about": ask_about},
    forms={"ask_about": asked_about},
)
