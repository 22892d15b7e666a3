"""The dialog in which a persona is made or changed.

Owns the boxes and what is wished by them. Knows no rows: it calls the verbs.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from bot.chat.replying.reply import sampling_of
from bot.chat.verbs import personas, text
from bot.chat.verbs.personas import DEFAULT_SYSTEM_PROMPT, PersonaRefused, PersonaSummary, Wishes
from bot.panel.dialogs import asking, decide
from bot.panel.fields import OFTEN, SAMPLING, SELDOM, Numbers, lines
from bot.panel.house import Bases
from bot.panel.visitor import Visitor
from db.recipe import recipe_from, sampling_from
from db.words import say


def preset_words() -> dict[str, str]:
    return {"chat": say("chat: answers people"), "novel": say("novel: continues a text")}


async def persona_form(visitor: Visitor, persona: PersonaSummary | None, done: Callable[[], Awaitable[object]]) -> None:
    """Ask for a new persona, or for what is to change in `persona`; `done` when it is so."""
    channels, members = await _places(visitor, persona), await _members(visitor, persona)
    title = say("Edit {name}", name=persona.name) if persona else say("New persona")
    with asking(title, wide=True) as dialog:
        form = _Form(visitor, persona, channels, members)

        async def save() -> None:
            await form.save()
            await done()

        decide(visitor, dialog, say("Save") if persona else say("Create"), save)


async def _places(visitor: Visitor, persona: PersonaSummary | None) -> dict[str, str]:
    """Channels by WORKSPACE/CHANNEL, with those that the persona has."""
    found = await visitor.call(text.list_channels)
    named = {f"{one.workspace}/{one.name}": f"{one.name} ({one.workspace}), {_opened(one.state)}" for one in found}
    return {**{place: place for place in (persona.places if persona else [])}, **named}


def _opened(state: str) -> str:
    return {"closed": say("closed"), "context": say("for context"), "training": say("for training")}[state]


async def _members(visitor: Visitor, persona: PersonaSummary | None) -> dict[str, str]:
    """Members by "#ROW", with those that the persona speaks as."""
    found = await visitor.call(text.list_members)
    named = {
        f"#{one.id}": one.name if one.consents.get("voice") else say("{name} (has not agreed yet)", name=one.name)
        for one in found
    }
    return {**{one: one for one in (persona.speakers if persona else [])}, **named}


class _Form:
    def __init__(
        self, visitor: Visitor, persona: PersonaSummary | None, channels: dict[str, str], members: dict[str, str]
    ) -> None:
        self._visitor, self._persona, self._bases = visitor, persona, visitor.house.bases
        if persona is None:
            self._name = ui.input(say("Name"), on_change=visitor.handling(self._suggest)).classes("w-full").mark("name")
        with ui.row().classes("w-full gap-4 no-wrap max-sm:flex-wrap"):
            self._build_base()
            preset = persona.preset if persona else "chat"
            self._preset = ui.select(preset_words(), value=preset, label=say("Preset")).classes(
                "w-full sm:w-64 shrink-0"
            )
            self._preset.mark("preset").on_value_change(visitor.handling(self._show_numbers))
        self._prompt = ui.textarea(say("System prompt: who the persona is")).props("autogrow").classes("w-full")
        self._prompt.mark("system").props("stack-label")
        self._suggest()
        sources = persona.places if persona else []
        speakers = persona.speakers if persona else []
        self._sources = _several(say("Learns from the channels"), channels, sources).mark("sources")
        self._voices = _several(say("Speaks as"), members, speakers).mark("voices")
        self._voices.props["hint"] = say("nobody chosen: the whole community")
        self._prompts = ui.textarea(say("Fixed prompts")).props("autogrow").classes("w-full").mark("prompts")
        self._prompts.props["hint"] = say("one a line; asked before and after training")
        if persona is not None:
            self._prompt.value, self._prompts.value = persona.system_prompt, "\n".join(persona.prompts)
        self._asked_before = lines(self._prompts.value)
        self._build_numbers()

    def _build_base(self) -> None:
        self._typed = ""
        names = list(self._bases.names)
        base = self._persona.base if self._persona else names[0]
        with ui.column().classes("grow gap-0 min-w-0 w-full"):
            options = list(dict.fromkeys([base, *names]))
            self._base = ui.select(
                options, value=base, label=say("Base"), with_input=True, new_value_mode="add-unique"
            ).classes("w-full")
            self._base.mark("base").props["hint"] = say("a name, a hub id, a folder or a .gguf file")
            self._doubt = ui.label().classes("text-sm text-negative said")
            self._doubt.set_visibility(False)
            self._base.on_value_change(self._visitor.handling(self._look_at_base))
            # A select forgets what was typed and not confirmed by the enter key; we take it.
            self._base.on("input-value", self._visitor.handling(self._remember_typed))
            self._base.on("blur", self._visitor.handling(self._take_typed))

    def _remember_typed(self, event: GenericEventArguments) -> None:
        self._typed = str(event.args or "").strip()

    def _take_typed(self) -> None:
        typed, self._typed = self._typed, ""
        if typed and typed != self._base.value:
            self._base.set_options(list(dict.fromkeys([*self._base.options, typed])), value=typed)

    def _look_at_base(self) -> None:
        self._typed = ""
        trouble = self._bases.trouble(self._base.value or "")
        self._doubt.text = doubt(self._bases, self._base.value, trouble) if trouble else ""
        self._doubt.set_visibility(bool(trouble))

    def _build_numbers(self) -> None:
        sampling, recipe = self._numbers()
        with ui.expansion(say("How it draws its words"), icon="tune").classes("w-full").props("dense"):
            self._sampling = Numbers(SAMPLING, sampling)
        with ui.expansion(say("How it is trained"), icon="school").classes("w-full").props("dense"):
            self._often = Numbers(OFTEN, recipe)
            self._seldom = Numbers(SELDOM, recipe)
            self._modules = ui.input(say("Adapted layers: all-linear, or names with commas between"))
            self._modules.classes("w-full").mark("target_modules")
        self._show_modules(recipe)

    def _suggest(self) -> None:
        """Show the system prompt that a new persona of this name has when none is written."""
        if self._persona is None:
            self._prompt.props["placeholder"] = DEFAULT_SYSTEM_PROMPT.format(name=self._name.value or "…")

    def _numbers(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Sampling and recipe as they are with the chosen preset; a changed preset brings its own sampling."""
        preset = self._preset.value
        kept = self._persona.sampling if self._persona and preset == self._persona.preset else {}
        sampling = asdict(sampling_of(sampling_from(preset, kept)))
        return sampling, asdict(recipe_from(preset, self._persona.recipe if self._persona else {}))

    def _show_numbers(self) -> None:
        sampling, recipe = self._numbers()
        self._sampling.show(sampling)
        self._often.show(recipe)
        self._seldom.show(recipe)
        self._show_modules(recipe)

    def _show_modules(self, recipe: dict[str, Any]) -> None:
        modules = recipe["target_modules"]
        self._modules_before = modules if isinstance(modules, str) else ", ".join(modules)
        self._modules.value = self._modules_before

    async def save(self) -> None:
        base = self._chosen_base()
        wishes = Wishes(
            base=base,
            preset=self._preset.value,
            system_prompt=self._prompt.value or (None if self._persona is None else ""),
            sources=self._sources.value,
            voices=self._voices.value,
            prompts=None if lines(self._prompts.value) == self._asked_before else lines(self._prompts.value),
            recipe=self._recipe(),
            sampling=self._sampling.changed(),
        )
        if self._persona is None:
            await self._visitor.call(personas.create, (self._name.value or "").strip(), wishes)
        else:
            await self._visitor.call(personas.edit, self._persona.name, wishes)

    def _recipe(self) -> dict[str, Any]:
        found = {**self._often.changed(), **self._seldom.changed()}
        written = (self._modules.value or "").strip()
        if written and written != self._modules_before:
            names = [name.strip() for name in written.split(",") if name.strip()]
            found["target_modules"] = written if written == "all-linear" else names
        return found

    def _chosen_base(self) -> str | None:
        """None where it stays. Raises PersonaRefused for what can be no base."""
        base = (self._base.value or "").strip()
        if self._persona is not None and base == self._persona.base:
            return None
        if not base:
            raise PersonaRefused(say("A persona stands on a base; choose one."))
        trouble = self._bases.trouble(base)
        if trouble is not None and not self._bases.on_hub(base):
            raise PersonaRefused(doubt(self._bases, base, trouble))
        return base


def doubt(bases: Bases, base: str, trouble: str) -> str:
    """What is wrong with a base, or what will be tried where only a hub can tell."""
    if bases.on_hub(base):
        return say("{trouble}; so a hub will be asked for it.", trouble=trouble)
    return say("There is no base called {base}: {trouble}; mend that, or choose another.", base=base, trouble=trouble)


def _several(label: str, options: dict[str, str], chosen: list[str]) -> ui.select:
    select = ui.select(options, value=list(chosen), label=label, multiple=True, with_input=True, clearable=True)
    return select.props("use-chips").classes("w-full")
