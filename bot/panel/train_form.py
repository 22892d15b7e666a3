"""The dialog in which a fine-tune is asked for.

Owns what is asked. Knows no rows: it calls the verb.
"""

from dataclasses import asdict
from typing import Any

from nicegui import ui

from bot.chat.verbs import training
from bot.chat.verbs.personas import PersonaSummary
from bot.panel.dialogs import asking, decide
from bot.panel.fields import OFTEN, Numbers
from bot.panel.shown import address
from bot.panel.visitor import Visitor
from db.recipe import recipe_from
from db.words import say


def train_form(visitor: Visitor, persona: PersonaSummary) -> None:
    """Ask how `persona` is to be trained, queue it and go to its run."""
    with asking(say("Train {name}", name=persona.name)) as dialog:
        ui.label(say("On what its channels may teach; what it speaks with now stays until you promote.")).classes(
            "text-gray-700"
        )
        note = ui.input(say("Why, for the record")).classes("w-full").mark("note")
        minutes = ui.number(say("At most so many minutes"), min=0.1).classes("w-full").mark("minutes")
        newest = ui.number(say("Only the newest so many messages"), min=1, precision=0).classes("w-full")
        minutes.props["hint"], newest.props["hint"] = say("empty: as long as it takes"), say("empty: all")
        newest.mark("messages")
        recipe = Numbers(OFTEN, asdict(recipe_from(persona.preset, persona.recipe)))

        async def train() -> None:
            wanted: dict[str, Any] = {
                "messages": int(newest.value) if newest.value else None,
                "max_minutes": minutes.value,
                "recipe": recipe.changed(),
            }
            settings = {key: value for key, value in wanted.items() if value}
            servers = visitor.house.bases.servers
            run = await visitor.call(training.retrain, persona.name, note.value or "", settings, servers)
            ui.navigate.to(address("/runs", run=run))

        decide(visitor, dialog, say("Train"), train)
