"""Commands on what is a member's own: consent, my-data, language."""

from collections.abc import Mapping, Sequence

from bot.chat.cards import Answer, Button, Card, Choice, Facts, Heading, Menu, Note, Part, Row, Text
from bot.chat.commands import figures
from bot.chat.commands.asked import Asked, Command, Option, Subject
from bot.chat.text_words import provenance, purpose
from bot.chat.verbs import own, text
from db.coded import shown
from db.holdings import Answered, Holdings
from db.members import Purpose
from db.words import LANGUAGES, best, by_default, listed, mark, say, say_count, speaking

_PURPOSES: Mapping[str, tuple[Purpose, bool]] = {
    "yes": ("community", True),
    "no": ("community", False),
    "voice-yes": ("voice", True),
    "voice-no": ("voice", False),
}
_DATASETS = 12  # lines

# What choices are called where people choose from a menu.
_ANSWERS: Mapping[str, str] = {"yes": mark("Yes"), "no": mark("No")}
_VOICES: Mapping[str, str] = {
    "community": mark("The community's voice: a persona learns from everyone who agreed"),
    "voice": mark("Your own voice: a persona learns to speak as you alone"),
}
_LANGUAGES: Mapping[str, str] = {**LANGUAGES, "auto": mark("what your network says")}


async def consent(asked: Asked, given: Mapping[str, str]) -> Answer:
    if "answer" not in given:
        return await _consents(asked)
    return await press_consent(asked, ("voice-" if given.get("for") == "voice" else "") + given["answer"])


async def press_consent(asked: Asked, value: str) -> Answer:
    """Yes or no, by a button under a channel's notice, at home or here; answered in private."""
    what_for, yes = _PURPOSES[value]
    await own.answer(asked.sessions, asked.actor, yes, what_for, _ground(asked))
    return await _consents(asked, _recorded(what_for, yes))


def _ground(asked: Asked) -> str:
    """What the answer rests on, for the record."""
    network = asked.call.workspace.platform.capitalize()
    channel = asked.call.channel
    if channel is None or channel.direct or not channel.name:
        return f"said so in {network}"
    return f"said so in {network}, #{channel.name}"


def _recorded(what_for: Purpose, yes: bool) -> str:
    if what_for == "voice":
        if yes:
            return say("Recorded: a persona may be trained to speak as you alone.")
        return say("Recorded: no persona may be trained to speak as you alone.")
    if yes:
        return say("Recorded: your messages may teach the community's voice.")
    return say("Recorded: your messages teach nobody.")


async def _consents(asked: Asked, first: str = "") -> Card:
    answers = await own.answers(asked.sessions, asked.actor)
    parts: list[Part] = [Text(first)] if first else []
    parts += [
        Text(
            _stands(say("The community's voice: a persona learns from everyone who agreed"), answers.get("community"))
        ),
        Row(_yes_no("yes", "no")),
        Text(_stands(say("Your own voice: a persona learns to speak as you alone"), answers.get("voice"))),
        Row(_yes_no("voice-yes", "voice-no")),
        Note(
            say("Without an answer it is no. You can change it whenever you like; it counts for every later training.")
        ),
    ]
    return Card(parts)


def _stands(what: str, answer: Answered | None) -> str:
    if answer is None:
        return say("**{what}.** You have not answered.", what=what)
    at = figures.day(answer.at)
    if answer.yes:
        return say("**{what}.** You said yes on {day}.", what=what, day=at)
    return say("**{what}.** You said no on {day}.", what=what, day=at)


def _yes_no(yes: str, no: str) -> Sequence[Button]:
    return (Button(say("Yes"), "consent", yes, "primary"), Button(say("No"), "consent", no))


async def my_data(asked: Asked, given: Mapping[str, str]) -> Answer:
    found = await own.data_of(asked.sessions, asked.actor, f"#{asked.member_id}")
    parts: list[Part] = [Heading(say("What is kept of you")), Facts(_facts(found))]
    if found.used:
        parts.append(Text("\n".join([f"**{say('What learned from you')}**", *_used(found)])))
    parts += [
        Note(say("To have it deleted, ask an admin. `/yamabiko privacy` tells what it is kept for.")),
        Row([Button(say("What I agreed to"), "own_consent")]),
    ]
    return Card(parts)


def _facts(found: Holdings) -> list[tuple[str, str]]:
    written = [
        say_count(
            "{channel}: {count:,} message ({provenance})",
            "{channel}: {count:,} messages ({provenance})",
            one.messages,
            channel=one.channel,
            provenance=provenance(one.provenance),
        )
        for one in found.written
    ]
    latest: dict[str, str] = {}
    for one in found.answers:
        told = say("yes") if one.yes else say("no")
        latest.setdefault(one.purpose, listed((f"{purpose(one.purpose)}: {told}", figures.day(one.at))))
    return [
        (say("Messages"), "\n".join(written) or say("none")),
        (say("Answers about training"), "\n".join(latest.values()) or say("none, which means no")),
        (say("Questions to me, with my answers"), f"{found.asked:,}"),
        (say("Thumbs"), f"👍 {found.up} 👎 {found.down}"),
        (say("Language"), LANGUAGES[found.language] if found.language else say("what your network says")),
    ]


def _used(found: Holdings) -> list[str]:
    lines: list[str] = []
    for one in found.used[:_DATASETS]:
        state = say("live") if one.live else shown("adapter state", one.state) if one.state else ""
        adapter = (
            say("{adapter} ({state})", adapter=figures.adapter(one.adapter), state=state)
            if one.adapter
            else say("no adapter came of it")
        )
        lines.append(
            say_count(
                "• {persona}, dataset {number}: {count:,} message; {adapter}",
                "• {persona}, dataset {number}: {count:,} messages; {adapter}",
                one.messages,
                persona=one.persona,
                number=one.dataset,
                adapter=adapter,
            )
        )
    return lines


async def language(asked: Asked, given: Mapping[str, str]) -> Answer:
    if "language" not in given:
        return Card([Text(say("Which language shall I speak with you?")), Row([_languages()])])
    return await choose_language(asked, given["language"])


async def choose_language(asked: Asked, value: str) -> Answer:
    chosen = None if value == "auto" else value
    await text.choose_language(asked.sessions, asked.actor, f"#{asked.member_id}", chosen)
    if chosen is None:
        with speaking(best(asked.call.member.locale or "") or by_default()):
            return Card([Text(say("I speak what your network says with you."))])
    with speaking(chosen):
        return Card([Text(say("I speak {language} with you now.", language=LANGUAGES[chosen]))])


def _languages() -> Menu:
    choices = [Choice(name, code) for code, name in LANGUAGES.items()]
    return Menu(say("Language"), "language", [*choices, Choice(say("what your network says"), "auto")])


async def _show_data(asked: Asked, value: str) -> Answer:
    return await my_data(asked, {})


async def _show_consent(asked: Asked, value: str) -> Answer:
    return await consent(asked, {})


SUBJECT = Subject(
    mark("What is yours"),
    (
        Command(
            "consent",
            mark("Whether your messages may be learned from"),
            consent,
            (
                Option(
                    "answer", mark("Your answer"), "one", choices=("yes", "no"), label=lambda one: say(_ANSWERS[one])
                ),
                Option(
                    "for",
                    mark("The community's voice, or one that speaks as you alone"),
                    "one",
                    choices=("community", "voice"),
                    label=lambda one: say(_VOICES[one]),
                ),
            ),
        ),
        Command("my-data", mark("What is kept of you"), my_data),
        Command(
            "language",
            mark("The language I speak with you"),
            language,
            (
                Option(
                    "language",
                    mark("Which; auto: what your network says"),
                    "one",
                    choices=(*LANGUAGES, "auto"),
                    label=lambda one: say(_LANGUAGES[one]),
                ),
            ),
        ),
    ),
    presses={
        "consent": press_consent,
        "own_consent": _show_consent,
        "my_data": _show_data,
        "language": choose_language,
    },
)
