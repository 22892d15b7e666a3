"""Commands on adapters: adapters, compare, promote, reject, rollback."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from bot.chat.cards import Answer, Button, Card, Growing, Heading, Note, Part, Row, Text, told
from bot.chat.commands import figures
from bot.chat.commands.asked import Asked, Command, Option, Subject
from bot.chat.commands.meant import apart, number, persona
from bot.chat.compare import Compared, compare
from bot.chat.verbs import personas, training, watching
from bot.chat.verbs.authority import authorise
from bot.chat.verbs.personas import PersonaSummary
from bot.chat.verbs.training import GONE, AdapterReport
from db.coded import shown
from db.members import ROLES
from db.words import mark, say

_ON_A_CARD = 7  # adapters; with their buttons, as many as every network shows
_PROMPTS = 5
_ANSWER = 600  # characters of an answer that a comparison shows
SEED = 1  # the same for all who are compared


async def adapters(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await _adapters(asked, await persona(asked, given))


async def press_adapters(asked: Asked, value: str) -> Answer:
    return await _adapters(asked, await personas.show(asked.sessions, asked.actor, value))


async def _adapters(asked: Asked, of: PersonaSummary) -> Card:
    found = await training.list_adapters(asked.sessions, asked.actor, of.name)
    if not found:
        return told(say("{persona} has no adapter yet; `/yamabiko retrain {persona}` makes one.", persona=of.name))
    parts: list[Part] = [Heading(say("Adapters of {persona}", persona=of.name))]
    for one in found[:_ON_A_CARD]:
        parts.append(Text(_adapter(one)))
        if buttons := _buttons(asked, of.name, one):
            parts.append(Row(buttons))
    if of.live is None:
        parts.append(Note(say("{persona} speaks with its bare base.", persona=of.name)))
    return Card(parts)


def _adapter(one: AdapterReport) -> str:
    state = say("● live") if one.live else shown("adapter state", one.state)
    loss = figures.change(one.loss("base"), one.loss("candidate"))
    head = say("**Adapter {number}** · {state} · run {run}", number=one.number, state=state, run=one.run)
    text = say("learned from {messages:,} messages", messages=one.messages)
    return f"{head} · {figures.day(one.created_at)}\n{loss} · {text}"


def _buttons(asked: Asked, name: str, one: AdapterReport) -> list[Button]:
    """What may be done with it; of the live one, that it go back to what was before."""
    value, role = f"{name} {one.number}", ROLES.index(asked.actor.role)
    if one.state in GONE or role < ROLES.index("curator"):
        return []
    compared = Button(say("Compare"), "compare", value)
    if role < ROLES.index("admin"):
        return [compared]
    if one.live:
        sure = say("{persona} goes back to what spoke before. Roll back?", persona=name)
        return [compared, Button(say("Roll back"), "rollback", f"{name} {one.number}", "danger", sure)]
    promoted = Button(say("Promote"), "promote", value, "primary")
    return [promoted, compared] if one.state == "rejected" else [
        promoted, compared, Button(say("Reject"), "reject", value, "danger"),
    ]  # fmt: skip


async def compare_them(asked: Asked, given: Mapping[str, str]) -> Answer:
    of = await persona(asked, given)
    chosen = number(given, "adapter")
    return _compared(asked, of, [chosen] if chosen else [], [given["prompt"]] if "prompt" in given else [])


async def press_compare(asked: Asked, value: str) -> Answer:
    authorise(asked.actor, "curator", "compare")
    name, chosen = apart(value)
    return _compared(asked, await personas.show(asked.sessions, asked.actor, name), [chosen], [])


def _compared(asked: Asked, of: PersonaSummary, numbers: list[int], own: list[str]) -> Growing:
    prompts = own or of.prompts[:_PROMPTS] or [say("How was your week?"), say("What shall we do today?")]
    return Growing(_growing(asked, of, numbers, prompts))


async def _growing(asked: Asked, of: PersonaSummary, numbers: list[int], prompts: list[str]) -> AsyncGenerator[Card]:
    """The answers so far, and at the end what may be done with who was compared."""
    parts: list[Part] = [Heading(say("{persona}, compared", persona=of.name))]
    waiting = Note(say("This takes a while: each of them answers each prompt."))
    yield Card([*parts, waiting])
    last, answers = "", dict[int, None]()
    comparing = compare(
        asked.sessions, asked.actor, asked.around.live, of.name, prompts, numbers=numbers, candidates=1, seed=SEED
    )
    async with aclosing(comparing):
        async for one in comparing:
            if one.prompt != last:
                parts.append(Text(f"**{say('Asked')}**\n{figures.quoted(one.prompt)}"))
            last = one.prompt
            parts.append(Text(_said(asked, one)))
            if one.number is not None and not one.live:
                answers[one.number] = None
            yield Card([*parts, waiting])
    yield Card([*parts, *_choices(asked, of.name, list(answers))])


def _said(asked: Asked, one: Compared) -> str:
    who = shown("speaker", "base") if one.number is None else figures.adapter(one.number)
    if one.live:
        who = say("{adapter} (live)", adapter=who)
    masked = asked.around.blocked.mask(one.answers[0])
    return f"*{who}*\n{figures.quoted(masked.strip() or '…', _ANSWER)}"


def _choices(asked: Asked, name: str, numbers: list[int]) -> list[Part]:
    if ROLES.index(asked.actor.role) < ROLES.index("admin"):
        return []
    return [
        Row(
            [
                Button(say("Promote {number}", number=one), "promote", f"{name} {one}", "primary"),
                Button(say("Reject {number}", number=one), "reject", f"{name} {one}", "danger"),
            ]
        )
        for one in numbers
    ]


async def promote(asked: Asked, given: Mapping[str, str]) -> Answer:
    authorise(asked.actor, "admin", "promote")
    of = await persona(asked, given)
    return await _promoted(asked, of.name, number(given, "adapter"), given.get("why", ""))


async def press_promote(asked: Asked, value: str) -> Answer:
    name, chosen = apart(value)
    return await _promoted(asked, name, chosen, "")


async def _promoted(asked: Asked, name: str, chosen: int | None, why: str) -> Card:
    await training.promote(asked.sessions, asked.actor, name, chosen, why)
    return await _went_live(asked, name)


async def _went_live(asked: Asked, name: str) -> Card:
    """From what to what, and the way back. The way back is closed once something else went live."""
    latest = (await watching.list_activations(asked.sessions, asked.actor, name))[0]
    before, after = figures.adapter(latest.previous), figures.adapter(latest.adapter)
    undo = Button(say("Undo"), "undo", f"{name} {latest.adapter or 0} {latest.previous or 0}")
    return Card([Text(f"**{name}**: {before} → {after}"), Note(say("The next answer speaks with it.")), Row([undo])])


async def press_undo(asked: Asked, value: str) -> Answer:
    """ "PERSONA LIVE BEFORE": back to what was before, while nothing else went live meanwhile."""
    name, live, before = value.rsplit(" ", 2)
    await training.rollback(asked.sessions, asked.actor, name, int(before), say("undone"), only_from=int(live))
    return await _went_live(asked, name)


async def reject(asked: Asked, given: Mapping[str, str]) -> Answer:
    authorise(asked.actor, "admin", "reject")
    of = await persona(asked, given)
    return await press_reject(asked, f"{of.name} {given['adapter']}")


async def press_reject(asked: Asked, value: str) -> Answer:
    name, chosen = apart(value)
    await training.reject(asked.sessions, asked.actor, name, chosen)
    return told(
        say("Adapter {number} of {persona} is rejected; promoting it takes that back.", number=chosen, persona=name)
    )


async def rollback(asked: Asked, given: Mapping[str, str]) -> Answer:
    authorise(asked.actor, "admin", "rollback")
    of = await persona(asked, given)
    await training.rollback(asked.sessions, asked.actor, of.name, number(given, "to"), given.get("why", ""))
    return await _went_live(asked, of.name)


async def press_rollback(asked: Asked, value: str) -> Answer:
    """ "PERSONA LIVE": back to what was before the one that was live when the button was made."""
    name, live = apart(value)
    await training.rollback(asked.sessions, asked.actor, name, only_from=live)
    return await _went_live(asked, name)


_PERSONA = Option("persona", mark("Whose; not needed where there is but one"), "persona")
_WHY = Option("why", mark("Why, for the record"))

SUBJECT = Subject(
    mark("Versions"),
    (
        Command("adapters", mark("What a persona has learned so far, and how well"), adapters, (_PERSONA,), "curator"),
        Command(
            "compare",
            mark("The same prompts, answered by the base, by what is live and by a candidate"),
            compare_them,
            (
                _PERSONA,
                Option("adapter", mark("Which; without it, the newest candidate"), "adapter"),
                Option("prompt", mark("What to ask; without it, the persona's own prompts")),
            ),
            "curator",
        ),
        Command(
            "promote",
            mark("Let a persona speak with an adapter"),
            promote,
            (_PERSONA, Option("adapter", mark("Which; without it, the newest candidate"), "adapter"), _WHY),
            "admin",
        ),
        Command(
            "reject",
            mark("Mark a candidate as not wanted"),
            reject,
            (_PERSONA, Option("adapter", mark("Which"), "adapter", required=True)),
            "admin",
        ),
        Command(
            "rollback",
            mark("Go back to what spoke before"),
            rollback,
            (
                _PERSONA,
                Option("to", mark("To which, or base; without it, what spoke before"), "adapter", choices=("base",)),
                _WHY,
            ),
            "admin",
        ),
    ),
    presses={
        "adapters": press_adapters,
        "compare": press_compare,
        "promote": press_promote,
        "undo": press_undo,
        "reject": press_reject,
        "rollback": press_rollback,
    },
)
