"""Everyone's own page in a network: who speaks, what they agreed to; for who runs the bot, what it is at.

Owns what stands there and in which order. Knows no network; the presses of its buttons are those of the commands.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.chat.cards import Button, Card, Facts, Heading, Line, Note, Part, Row, Text
from bot.chat.commands.asked import Asked
from bot.chat.commands.figures import change, progress
from bot.chat.hints import in_chat
from bot.chat.verbs import own, personas, training, watching
from bot.chat.verbs.personas import PersonaSummary
from bot.chat.verbs.training import RunReport
from bot.chat.verbs.watching import Glance, Myself
from db.coded import shown
from db.members import ROLES
from db.overview import Candidate, Here
from db.words import listed, say, say_count

MOST_PERSONAS = 8
LATEST_RUNS = 4
LONGEST_REASON = 300
# A message of Discord's has five rows of buttons and shows 4,000 characters of a card.
ROWS_OF_RUNS = ROWS_OF_CANDIDATES = 2
LONGEST_CONTROL = 3400


async def home(asked: Asked) -> Card:
    """For the one who asks, by their role of this moment."""
    every = await personas.every(asked.sessions, asked.actor)
    mine = await watching.myself(asked.sessions, asked.actor, asked.workspace_id)
    agreed = (await own.answers(asked.sessions, asked.actor)).get("community")
    parts = [*_who_speaks(every), *_where(every, mine.here), *_consent(agreed.yes if agreed else None), *_own(mine)]
    if _reaches(asked, "curator"):
        parts += await _at_work(asked, every)
    return Card(parts)


async def _at_work(asked: Asked, every: Sequence[PersonaSummary]) -> list[Part]:
    seen = await watching.glance(asked.sessions, asked.actor, asked.workspace_id)
    latest = await training.list_runs(asked.sessions, asked.actor, None, LATEST_RUNS)
    admin = _reaches(asked, "admin")
    return [
        Line(),
        *_runs(latest, seen, retrain=admin and bool(every), cancel=admin),
        *_candidates(seen.candidates, admin=admin),
        *_queue(seen, resume=admin),
        *_errors(asked, seen),
        *_opened(seen.opened, every),
    ]


async def control(asked: Asked) -> Card:
    """What admins see at a glance, for a channel: nothing that is one member's own, and as long as a message may be."""
    every = await personas.every(asked.sessions, asked.actor)
    seen = await watching.glance(asked.sessions, asked.actor, asked.workspace_id)
    latest = sorted(
        await training.list_runs(asked.sessions, asked.actor, None, 2 * LATEST_RUNS),
        key=lambda run: ("running", "queued").index(run.status) if run.status in ("running", "queued") else 2,
    )
    sections = (
        _who_speaks(every),
        _runs(latest[:ROWS_OF_RUNS], seen, retrain=False, cancel=True),
        _candidates(seen.candidates[:ROWS_OF_CANDIDATES], admin=True),
        _queue(seen, resume=False),
        _opened(seen.opened, every),
        _errors(asked, seen),
    )
    note = Note(say("Everyone here sees this. A button does what the role of whoever presses it allows."))
    return Card([*_fitting(sections), note, Row(_general(seen, bool(every)))], private=False)


def _general(seen: Glance, trains: bool) -> list[Button]:
    buttons = [Button(say("Train"), "retrain", style="primary")] if trains else []
    buttons += [Button(say("All runs"), "runs"), Button(say("Channels"), "channels")]
    return [*buttons, Button(say("Resume everything"), "resume", "0")] if None in seen.paused else buttons


def _fitting(sections: Sequence[Sequence[Part]]) -> list[Part]:
    """As many of them, in order, as a message holds."""
    parts: list[Part] = []
    left = LONGEST_CONTROL
    for section in sections:
        left -= sum(_length(part) for part in section)
        if left < 0:
            return [
                *parts,
                Note(say("There is more than fits here; `/yamabiko help` names the commands that show it.")),
            ]
        parts += section
    return parts


def _length(part: Part) -> int:
    match part:
        case Heading(text) | Text(text) | Note(text):
            return len(text)
        case Facts(facts):
            return sum(len(name) + len(value) for name, value in facts)
        case _:
            return 0


def _reaches(asked: Asked, role: str) -> bool:
    return ROLES.index(asked.actor.role) >= [*ROLES].index(role)


# --- Of everyone.


def _who_speaks(every: Sequence[PersonaSummary]) -> list[Part]:
    parts: list[Part] = [Heading(say("Who speaks here"))]
    if not every:
        return [*parts, Text(say("There is no persona yet."))]
    parts.append(Text("\n".join(_persona(one) for one in every[:MOST_PERSONAS])))
    if len(every) > MOST_PERSONAS:
        parts.append(Note(say_count("and {count} more", "and {count} more", len(every) - MOST_PERSONAS)))
    return parts


def _where(every: Sequence[PersonaSummary], here: Sequence[Here]) -> list[Part]:
    if not every:
        return []
    parts: list[Part] = []
    if here:
        parts += [Text(say("Where you are:")), Text("\n".join(_place(one, every) for one in here))]
    hint = say("Mention me in a channel, or write to me in Messages; `/yamabiko help` shows what else I do.")
    return [*parts, Note(hint)]


def _persona(one: PersonaSummary) -> str:
    if one.live is None:
        return say("• **{persona}**, as its base speaks", persona=one.name)
    facts = {"persona": one.name, "number": one.live}
    if not one.speakers:
        return say("• **{persona}**: adapter {number}, the community's voice", **facts)
    return say("• **{persona}**: adapter {number}, the voice of {voice}", **facts, voice=listed(one.voice))


def _place(one: Here, every: Sequence[PersonaSummary]) -> str:
    persona = one.persona or (every[0].name if len(every) == 1 else None)
    if one.name.startswith("@"):  # one's own direct messages, which are never collected
        return say("• direct messages: **{persona}**", persona=persona or say("whom you name"))
    facts = {"channel": one.name, "persona": persona, "state": _collected(one)}
    if persona is None:
        return say("• #{channel}: whom you name ({state})", **facts)
    return say("• #{channel}: **{persona}** ({state})", **facts)


def _collected(one: Here) -> str:
    match one.state:
        case "closed":
            return say("nothing is collected")
        case "context":
            return say("collected for context")
        case "training":
            return say("collected for training")


def _consent(answer: bool | None) -> list[Part]:
    parts: list[Part] = [Heading(say("May I learn from what you write?")), Text(_answered(answer))]
    buttons: list[Button] = []
    if answer is not True:
        buttons.append(Button(say("Yes, learn from it"), "consent", "yes", style="primary"))
    if answer is not False:
        buttons.append(Button(say("No"), "consent", "no"))
    return [*parts, Row(buttons)]


def _answered(answer: bool | None) -> str:
    if answer is None:
        return say("You have not answered yet; that counts as no.")
    if answer:
        return say("Yes: in channels opened for training, it may shape how personas speak. You can change your mind.")
    return say("No: no persona is trained on it.")


def _own(mine: Myself) -> list[Part]:
    kept = listed(
        (
            say_count("{count} message of yours", "{count} messages of yours", mine.kept.messages),
            say_count("{count} question", "{count} questions", mine.kept.questions),
            say_count("{count} thumb", "{count} thumbs", mine.kept.thumbs),
        )
    )
    return [Text(say("Kept here: {kept}.", kept=kept)), Row([Button(say("My data"), "my_data")])]


# --- Of curators and admins.


def _runs(latest: Sequence[RunReport], seen: Glance, *, retrain: bool, cancel: bool) -> list[Part]:
    parts: list[Part] = [Heading(say("Training"))]
    if not seen.trainer_alive:
        parts.append(Note(say("No trainer is running; what is asked for waits until one does.")))
    for run in latest:
        parts.append(Text(_run(run)))
        if cancel and run.status in ("queued", "running") and not run.stopping:
            sure = say("Cancel run {run} of {persona}?", run=run.id, persona=run.persona)
            parts.append(Row([Button(say("Cancel"), "cancel", str(run.id), sure=sure)]))
    if not latest:
        parts.append(Text(say("Nothing was trained yet.")))
    return [*parts, Row([Button(say("Train"), "retrain", style="primary")])] if retrain else parts


def _run(run: RunReport) -> str:
    facts = {"run": run.id, "persona": run.persona}
    match run.status:
        case "queued":
            return say("Run {run} of **{persona}** waits for the trainer.", **facts)
        case "running":
            return say("Run {run} of **{persona}**: {progress}", **facts, progress=progress(run))
        case "succeeded":
            return say(
                "Run {run} of **{persona}** is done: adapter {number}, {loss}.",
                **facts,
                number=run.adapter,
                loss=change(run.base_loss, run.candidate_loss),
            )
        case _:
            ended = shown("run status", run.status)
            return say(
                "Run {run} of **{persona}**: {ended}. {reason}", **facts, ended=ended, reason=_short(run.reason)
            ).strip()


def _candidates(found: Sequence[Candidate], *, admin: bool) -> list[Part]:
    if not found:
        return []
    parts: list[Part] = [Heading(say("Candidates"))]
    for one in found:
        base, candidate = (one.figures.get(who, {}).get("loss") for who in ("base", "candidate"))
        facts = {"persona": one.persona, "number": one.number, "loss": change(base, candidate)}
        parts += [Text(say("**{persona}**, adapter {number}: {loss}", **facts)), Row(_on_candidate(one, admin=admin))]
    return parts


def _on_candidate(one: Candidate, *, admin: bool) -> list[Button]:
    value = f"{one.persona} {one.number}"
    compare = Button(say("Compare"), "compare", value)
    if not admin:
        return [compare]
    sure = say("Reject adapter {number} of {persona}?", number=one.number, persona=one.persona)
    return [
        Button(say("Promote"), "promote", value, style="primary"),
        compare,
        Button(say("Reject"), "reject", value, style="danger", sure=sure),
    ]


def _queue(seen: Glance, *, resume: bool) -> list[Part]:
    queue = seen.queue
    facts = [(say("waiting"), str(queue.waiting)), (say("being answered"), str(queue.answering))]
    if queue.oldest is not None:
        facts.append((say("oldest"), _age(queue.oldest)))
    parts: list[Part] = [Heading(say("Questions")), Facts(facts)]
    if seen.paused:
        places = listed(say("everything") if name is None else f"#{name}" for name in seen.paused)
        parts.append(Text(say("Paused: {places}", places=places)))
        if resume and None in seen.paused:
            parts.append(Row([Button(say("Resume everything"), "resume", "0")]))
    return parts


def _age(since: datetime) -> str:
    """Rounded, so that a page is not another one every second."""
    minutes = int((datetime.now(UTC) - since).total_seconds() // 60)
    if minutes < 1:
        return say("less than a minute")
    return say_count("{count} minute", "{count} minutes", minutes)


def _errors(asked: Asked, seen: Glance) -> list[Part]:
    lines = [f"• {network.capitalize()}: {_short(why)}" for network, why in seen.troubles]
    lines += [f"• {persona}: {_short(why)}" for persona, why in asked.around.live.errors.items()]
    for number, persona, why in seen.failed_runs:
        reason = {"run": number, "persona": persona, "reason": _short(why)}
        lines.append("• " + say("run {run} of {persona} failed: {reason}", **reason))
    for why, count in seen.failures:
        reason = {"reason": _short(why)}
        lines.append("• " + say_count("{count} reply: {reason}", "{count} replies: {reason}", count, **reason))
    if not lines:
        return [Note(say("Nothing failed within the last day."))]
    return [Heading(say("What failed within the last day")), Text("\n".join(lines))]


def _opened(found: Sequence[Here], every: Sequence[PersonaSummary]) -> list[Part]:
    if not found:
        return [Note(say("No channel is open yet; `/yamabiko approve` opens the one it is typed in."))]
    return [Heading(say("Open channels")), Text("\n".join(_place(one, every) for one in found))]


def _short(why: str) -> str:
    why = in_chat(why)
    return why if len(why) <= LONGEST_REASON else f"{why[:LONGEST_REASON]}…"
