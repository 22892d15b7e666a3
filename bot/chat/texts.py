"""The bot's own words in chat. Constants are said when they are used: `say(texts.BUSY)`."""

from db.words import mark, say, say_count

BUSY = mark("Many people are asking at once; please try again in a moment.")
TOO_LATE = mark("Sorry, I could not answer this in time; please ask me again.")
NEVER_SHOWN = mark("The network could not be reached, however often this was tried.")
WAKING = mark("I am waking up, which takes a minute or two; your answer comes then.")
NOTHING_TO_SAY = mark("I have nothing to say to that.")
HELP = mark("Ask me anything and I answer; `/yamabiko help` shows what else I can do.")
NO_PERSONA = mark("No persona speaks here yet; an admin can make one with `yamabiko persona create`.")
STRANGER = mark("I answer only members of my own server or workspace; what you write is not kept.")
BLOCKED = mark("An admin has asked me not to answer you here.")
PAUSED = mark("An admin has asked me to pause here; please ask me again later.")
EMPTY = "…"


def asks(name: str, question: str) -> str:
    """A question asked by command, as it is posted for everyone to see."""
    return say("{name} asks: {question}", name=name, question=question)


def by_a_machine(persona: str | None) -> str:
    """What stands under every answer."""
    return say("AI · {persona}", persona=persona) if persona else say("AI")


def waiting(place: int) -> str:
    return say("Many people are asking at once; you are number {place} in line.", place=place)


def choose_persona(names: str) -> str:
    return say("Several personas live here: {names}. Say which one, with --persona NAME.", names=names)


def choose_persona_in_chat(names: str) -> str:
    return say(
        "Several personas live here: {names}. `/yamabiko ask persona=NAME …` asks one, `/yamabiko use NAME` lets one "
        "answer here.",
        names=names,
    )


def member_too_fast(seconds: int) -> str:
    return say_count(
        "You have asked me a lot within a minute; please ask again in {count} second.",
        "You have asked me a lot within a minute; please ask again in {count} seconds.",
        seconds,
    )


def channel_too_fast(seconds: int) -> str:
    return say_count(
        "I was asked a lot in this channel within a minute; please ask again in {count} second.",
        "I was asked a lot in this channel within a minute; please ask again in {count} seconds.",
        seconds,
    )


def member_waiting(questions: int) -> str:
    return say_count(
        "You have {count} question waiting for an answer already; please ask again when I have given one.",
        "You have {count} questions waiting for an answer already; please ask again when I have given one.",
        questions,
    )
