"""What an option of a command could be, while somebody types it.

Owns the matching. Knows no network; the queries say who may see what.
"""

from collections.abc import Mapping, Sequence

from bot.chat.cards import Choice
from bot.chat.commands.asked import Asked, Option
from bot.chat.verbs import personas, text, training
from db.coded import shown
from db.names import called
from db.searching import folded

MOST = 25  # as many as a network shows


async def suggested(asked: Asked, option: Option, typed: str, given: Mapping[str, str]) -> Sequence[Choice]:
    """Those that begin with what is typed first, then those that hold it. `given` are the command's other options."""
    wanted = folded(typed.strip().lstrip("#@"))
    every = await _every(asked, option, given)
    fit = [one for one in every if wanted in folded(one.label) or wanted in folded(one.value)]
    fit.sort(key=lambda one: not folded(one.label).startswith(wanted))  # stable: the order they came in stays
    return fit[:MOST]


async def _every(asked: Asked, option: Option, given: Mapping[str, str]) -> list[Choice]:
    sessions, actor = asked.sessions, asked.actor
    match option.kind:
        case "persona":
            return [Choice(one.name, one.name) for one in await personas.every(sessions, actor)]
        case "run":
            runs = await training.list_runs(sessions, actor, limit=50)
            return [Choice(f"{run.id} {run.persona} ({shown('run status', run.status)})", str(run.id)) for run in runs]
        case "adapter":
            return [*(Choice(shown("speaker", one), one) for one in option.choices), *await _adapters(asked, given)]
        case "channel":
            found = await text.list_channels(sessions, actor)
            return [Choice(f"{one.workspace}/{one.name}", f"#{one.id}") for one in found]
        case "member":
            people = await text.list_members(sessions, actor)
            return [Choice(f"{one.name} ({one.workspace})", f"#{one.id}") for one in people]
        case _:
            return [Choice(one, one) for one in option.choices]


async def _adapters(asked: Asked, given: Mapping[str, str]) -> list[Choice]:
    """Of the persona that was named, else of every one, by number: whose it is stands beside it."""
    found: list[Choice] = []
    every = await personas.every(asked.sessions, asked.actor)
    named = called(given.get("persona", ""), every, lambda one: one.name)
    for persona in named or every:
        for one in await training.list_adapters(asked.sessions, asked.actor, persona.name):
            state = shown("speaker", "live") if one.live else shown("adapter state", one.state)
            found.append(Choice(f"{one.number} {persona.name} ({state})", str(one.number)))
    return found
