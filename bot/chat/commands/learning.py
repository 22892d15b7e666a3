"""Commands on runs: retrain, runs, cancel."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.chat.cards import Answer, Button, Card, Choice, Field, Form, Heading, Note, Part, Row, Text, told
from bot.chat.commands import figures
from bot.chat.commands.asked import Asked, Command, FormRefused, Option, Subject
from bot.chat.commands.meant import NotSaid, persona
from bot.chat.hints import in_chat
from bot.chat.verbs import personas, text, training, watching
from bot.chat.verbs.authority import authorise
from bot.chat.verbs.personas import PersonaSummary, Wishes
from bot.chat.verbs.training import RunReport
from db.coded import shown
from db.names import plain
from db.recipe import RecipeRefused, is_whole, recipe_from
from db.words import mark, say

_ON_A_CARD = 10  # runs
_OPEN = ("queued", "running")
_RECIPE = ("epochs", "learning_rate", "rank")  # what is changed often; the rest is the persona's own


async def retrain(asked: Asked, given: Mapping[str, str]) -> Answer:
    chosen = given.get("persona")
    if not given.keys() - {"persona"}:
        return await _form(asked, chosen)
    return await _queued(asked, (await persona(asked, given)).name, given)


async def press_retrain(asked: Asked, value: str) -> Answer:
    authorise(asked.actor, "admin", "retrain")
    return await _form(asked, value or None)


async def _form(asked: Asked, chosen: str | None) -> Form:
    every = await personas.every(asked.sessions, asked.actor)
    trainable = [one for one in every if one.base not in asked.around.servers]
    if not trainable:
        raise NotSaid(say("There is no persona that could be trained; `yamabiko persona create` makes one."))
    named = await personas.show(asked.sessions, asked.actor, chosen) if chosen else trainable[0]
    choices = [Choice(one.name, one.name) for one in trainable if one.name != named.name]
    alone = named if len(trainable) == 1 else None
    sources = await _sources(asked, alone)
    if not sources:
        raise _nothing_open(named)
    fields = [
        Field(
            "persona", say("Persona"), "one", value=named.name, choices=[Choice(named.name, named.name), *choices],
            required=True,
        ),
        *sources,
        *_numbers(alone),
        Field("note", say("Why, for the record"), longest=200),
    ]  # fmt: skip
    intro = [Text(say("On what its channels may teach; what it speaks with now stays until you promote."))]
    return Form(say("Train a persona"), "retrain", say("Train"), fields, intro=intro)


async def _sources(asked: Asked, alone: PersonaSummary | None) -> list[Field]:
    """Where there is but one persona, what it learns from stands there; at first all that is open for training."""
    found = await text.list_channels(asked.sessions, asked.actor)
    opened = [f"{one.workspace}/{one.name}" for one in found if one.state == "training"]
    has = alone.places if alone else []
    choices = [Choice(place, place) for place in dict.fromkeys([*has, *opened])]
    if not choices:
        return []
    hint = say("Nothing chosen: the channels it learned from before.")
    value = "\n".join(has or opened) if alone else ""
    return [Field("sources", say("Channels it learns from"), "many", value=value, choices=choices, hint=hint)]


def _numbers(alone: PersonaSummary | None) -> list[Field]:
    """Empty ones leave what the persona has; what that is can be told where there is but one."""
    recipe = asdict(recipe_from(alone.preset, alone.recipe)) if alone else {}

    def now(key: str) -> str:
        return say("Empty: {value}.", value=recipe[key]) if key in recipe else say("Empty: the persona's own.")

    def seldom(name: str, label: str, hint: str, longest: int = 10) -> Field:
        return Field(name, label, hint=hint, longest=longest, seldom=True)

    steps = say("How large its steps are; too large spoils it. {now}", now=now("learning_rate"))
    return [
        Field("minutes", say("At most so many minutes"), hint=say("Empty: as long as it takes."), longest=10),
        seldom("messages", say("Only the newest so many messages"), say("Empty: all.")),
        seldom("epochs", say("Epochs"), say("How often it reads everything. {now}", now=now("epochs"))),
        seldom("learning_rate", say("Learning rate"), steps, longest=20),
        seldom("rank", say("Rank"), say("How much an adapter can hold. {now}", now=now("rank"))),
    ]


async def submit_retrain(asked: Asked, value: str, given: Mapping[str, str]) -> Answer:
    return await _queued(asked, given.get("persona", ""), given)


async def _queued(asked: Asked, name: str, given: Mapping[str, str]) -> Card:
    authorise(asked.actor, "admin", "retrain")  # before anything typed is looked at
    found = await personas.show(asked.sessions, asked.actor, name)
    settings, note = _settings(found, given), given.get("note", "").strip()
    await _learn_from(asked, found, given.get("sources", "").splitlines())
    servers = asked.around.servers
    run = await training.retrain(asked.sessions, asked.actor, found.name, note, settings, servers)
    parts: list[Part] = [Text(say("Run {run} is queued: it trains {persona}.", run=run, persona=found.name))]
    if await watching.is_trainer_alive(asked.sessions, asked.actor):
        parts.append(Note(say("I tell you when it has ended.")))
    else:
        parts.append(Note(say("It waits for a trainer, and none is alive; whoever runs me can start one.")))
    parts.append(Row([Button(say("How it goes"), "runs", found.name), _cancel(run)]))
    return Card(parts)


async def _learn_from(asked: Asked, found: PersonaSummary, wanted: list[str]) -> None:
    """Raises NotSaid where there is nothing to learn from, which the trainer would say only later."""
    if not wanted and not found.places:
        raise _nothing_open(found)
    if wanted and set(wanted) != set(found.places):
        await personas.edit(asked.sessions, asked.actor, found.name, Wishes(sources=wanted))


def _nothing_open(found: PersonaSummary) -> NotSaid:
    return NotSaid(
        say(
            "{persona} has no channel to learn from yet: `/yamabiko approve` opens one for training, and "
            "`/yamabiko retrain` asks which it learns from.",
            persona=found.name,
        )
    )


def _settings(found: PersonaSummary, given: Mapping[str, str]) -> dict[str, Any]:
    recipe = {key: number for key in _RECIPE if (number := _number(given, key, is_whole(key))) is not None}
    for key, number in recipe.items():
        try:
            recipe_from(found.preset, {**found.recipe, key: number})
        except RecipeRefused as refusal:
            raise FormRefused(key, str(refusal)) from refusal
    wanted = {
        "max_minutes": _positive(given, "minutes", whole=False),
        "messages": _positive(given, "messages", whole=True),
        "recipe": recipe,
    }
    return {key: value for key, value in wanted.items() if value}


def _positive(given: Mapping[str, str], key: str, *, whole: bool) -> float | None:
    number = _number(given, key, whole)
    if number is not None and not 0 < number < 1e9:
        raise FormRefused(key, say("This must be more than nothing; leave it empty for no limit."))
    return number


def _number(given: Mapping[str, str], key: str, whole: bool) -> float | None:
    """What was written, None where nothing was. Raises FormRefused."""
    written = plain(given.get(key, ""))
    if not written:
        return None
    try:
        return int(written) if whole else float(written)
    except ValueError as error:
        sentence = say("Write a whole number, such as 3.") if whole else say("Write a number, such as 0.5.")
        raise FormRefused(key, sentence) from error


async def runs(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await press_runs(asked, given.get("persona", ""))


async def press_runs(asked: Asked, value: str) -> Answer:
    found = await training.list_runs(asked.sessions, asked.actor, value or None, _ON_A_CARD)
    if not found:
        return told(say("Nothing has been trained yet; `/yamabiko retrain` does."))
    names = await watching.who(asked.sessions, asked.actor, {run.requested_by for run in found})
    parts: list[Part] = [Heading(say("Runs"))]
    for run in found:
        parts.append(Text(_run(run, names[run.requested_by])))
        if run.status in _OPEN and not run.stopping:
            parts.append(Row([_cancel(run.id)]))
    if any(run.status in _OPEN for run in found):
        parts.append(Row([Button(say("Look again"), "runs", value)]))
    return Card(parts)


def _run(run: RunReport, by: str) -> str:
    status = shown("run status", run.status)
    head = say("**Run {run}** · {persona} · {status}", run=run.id, persona=run.persona, status=status)
    lines = [f"{head} · {by} · {figures.day(run.created_at)}"]
    if run.note:
        lines.append(f"“{run.note}”")
    if run.status in _OPEN:
        lines += [line for line in [figures.progress(run)] if line]
    elif run.adapter is not None:
        lines.append(f"{figures.adapter(run.adapter)}: {figures.change(run.base_loss, run.candidate_loss)}")
    elif run.reason:
        lines.append(in_chat(run.reason))
    return "\n".join(lines)


def _cancel(run: int) -> Button:
    return Button(
        say("Cancel"), "cancel", str(run), "danger", say("Run {run} ends without an adapter. Cancel it?", run=run)
    )


async def cancel(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await press_cancel(asked, given["run"])


async def press_cancel(asked: Asked, value: str) -> Answer:
    status = await training.cancel(asked.sessions, asked.actor, int(value))
    if status == "running":
        return told(say("Run {run} is asked to stop.", run=value))
    if status == "cancelled":
        return told(say("Run {run} is cancelled.", run=value))
    return told(say("Run {run} has ended already: {status}.", run=value, status=shown("run status", status)))


SUBJECT = Subject(
    mark("Learn"),
    (
        Command(
            "retrain",
            mark("Train a persona on what its channels may teach"),
            retrain,
            (
                Option("persona", mark("Which"), "persona"),
                Option("minutes", mark("At most so many minutes"), by_name=True),
                Option("messages", mark("Only the newest so many messages"), by_name=True),
                Option("epochs", mark("How often it reads everything"), by_name=True),
                Option("learning_rate", mark("How large its steps are"), by_name=True),
                Option("rank", mark("How much an adapter can hold"), by_name=True),
                Option("now", mark("Without the dialog"), "yes"),
                Option("note", mark("Why, for the record")),
            ),
            "admin",
            opens=True,
        ),
        Command(
            "runs",
            mark("What is being trained, and what came of it"),
            runs,
            (Option("persona", mark("Whose"), "persona"),),
            "curator",
        ),
        Command(
            "cancel",
            mark("Take a run from the queue, or stop it"),
            cancel,
            (Option("run", mark("Its number"), "run", required=True),),
            "admin",
        ),
    ),
    presses={"retrain": press_retrain, "runs": press_runs, "cancel": press_cancel},
    forms={"retrain": submit_retrain},
)
