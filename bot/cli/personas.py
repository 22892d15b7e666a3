"""`yamabiko persona …`."""

from typing import Annotated

import typer

from bot.app import Rows
from bot.chat.verbs import personas
from bot.chat.verbs.personas import PersonaRefused, PersonaSummary, Wishes
from bot.cli.common import Json, call, err, out, pairs, print_json, table, with_rows
from db.coded import shown
from db.words import say

cli = typer.Typer(no_args_is_help=True, help="Named personalities, each on one base.")

Base = Annotated[str | None, typer.Option(help="A base: a name from \\[bases], a hub id, a folder or a .gguf file.")]
Preset = Annotated[str | None, typer.Option(help="chat (answers people) or novel (continues text).")]
System = Annotated[str | None, typer.Option(help="The system prompt: who the persona is.")]
Source = Annotated[list[str] | None, typer.Option(help="A channel to learn from; may be repeated.")]
Voice = Annotated[list[str] | None, typer.Option(help="A member to speak as (default: the community).")]
Prompt = Annotated[list[str] | None, typer.Option(help="A fixed prompt, asked before and after training.")]
Recipe = Annotated[list[str] | None, typer.Option(help="key=value of the training recipe, e.g. epochs=2.")]
Sampling = Annotated[list[str] | None, typer.Option(help="key=value of the sampling, e.g. temperature=0.7.")]


@cli.command()
def create(
    name: str,
    base: Base = None,
    preset: Preset = None,
    system: System = None,
    source: Source = None,
    voice: Voice = None,
    prompt: Prompt = None,
    recipe: Recipe = None,
    sampling: Sampling = None,
    as_json: Json = False,
) -> None:
    """Make a persona; it speaks by its system prompt until it is trained."""
    chosen = with_rows(lambda rows: _checked(rows, base))
    wishes = _wishes(chosen, preset, system, source, voice, prompt, recipe, sampling)
    made = call(personas.create, name, wishes)
    _warn(made)
    _print(made, as_json)


async def _checked(rows: Rows, base: str | None) -> str:
    """The base, or the default where none is given. Raises PersonaRefused for what can be no base."""
    bases = rows.settings.bases
    name = bases.default if base is None else base
    trouble = None if rows.settings.is_prepared(name) or bases.may_be_on_hub(name) else bases.trouble(name)
    if trouble is not None:
        raise PersonaRefused(
            say(
                "There is no base called {name}: {trouble}; mend that, or choose another by --base.",
                name=name,
                trouble=trouble,
            )
        )
    return name


def _warn(persona: PersonaSummary) -> None:
    """A word may be one of the hub's old ids, or a slip of the pen; only the hub could tell."""
    trouble = with_rows(lambda rows: _trouble(rows, persona.base))
    if trouble is not None:
        told = say(
            "{trouble}; so a hub will be asked for it. If you meant your own, name it there, or choose another with "
            "`yamabiko persona edit {persona} --base …`.",
            trouble=trouble,
            persona=persona.name,
        )
        err.print(told, markup=False, soft_wrap=True)


async def _trouble(rows: Rows, base: str) -> str | None:
    return None if rows.settings.is_prepared(base) else rows.settings.bases.trouble(base)


@cli.command()
def edit(
    name: str,
    base: Base = None,
    preset: Preset = None,
    system: System = None,
    source: Source = None,
    voice: Voice = None,
    prompt: Prompt = None,
    recipe: Recipe = None,
    sampling: Sampling = None,
    as_json: Json = False,
) -> None:
    """Change what is named; all else stays."""
    chosen = None if base is None else with_rows(lambda rows: _checked(rows, base))
    wishes = _wishes(chosen, preset, system, source, voice, prompt, recipe, sampling)
    changed = call(personas.edit, name, wishes)
    if chosen is not None:
        _warn(changed)
    _print(changed, as_json)


def _wishes(
    base: str | None,
    preset: str | None,
    system: str | None,
    source: list[str] | None,
    voice: list[str] | None,
    prompt: list[str] | None,
    recipe: list[str] | None,
    sampling: list[str] | None,
) -> Wishes:
    return Wishes(
        base=base,
        preset=preset,
        system_prompt=system,
        sources=source or None,
        voices=[] if voice == ["community"] else voice or None,
        prompts=prompt or None,
        recipe=pairs(recipe) if recipe else None,
        sampling=pairs(sampling) if sampling else None,
    )


@cli.command("list")
def every(as_json: Json = False) -> None:
    """All personas, and which adapter of each is live."""
    found = call(personas.every)
    if as_json:
        print_json(found)
        return
    rows = [(p.name, p.base, p.preset, _voice(p), p.sources, p.live or say("base")) for p in found]
    headings = (say("name"), say("base"), say("preset"), say("voice"), say("learns from"), say("live"))
    table(headings, rows, say("There is no persona yet; `yamabiko persona create NAME` makes one."))


@cli.command()
def show(name: str, as_json: Json = False) -> None:
    """Everything about one persona."""
    _print(call(personas.show, name), as_json)


@cli.command()
def delete(name: str, as_json: Json = False) -> None:
    """The persona stops answering; what it learned stays on record."""
    call(personas.delete, name)
    if as_json:
        print_json({"deleted": name})
    else:
        out.print(say("{name} is gone.", name=name), markup=False)


def _print(persona: PersonaSummary, as_json: bool) -> None:
    if as_json:
        print_json(persona)
        return
    facts = [
        (say("name"), persona.name),
        (say("base"), persona.base),
        (say("live"), say("adapter {number}", number=persona.live) if persona.live else say("the bare base")),
        (say("preset"), persona.preset),
        (say("voice"), _voice(persona)),
        (say("learns from"), persona.sources),
        (say("system prompt"), persona.system_prompt),
        (say("prompts"), "\n".join(persona.prompts) or None),
        (say("recipe"), ", ".join(f"{k}={v}" for k, v in persona.recipe.items()) or say("as the preset")),
        (say("sampling"), ", ".join(f"{k}={v}" for k, v in persona.sampling.items()) or say("as the preset")),
    ]
    table(("", ""), facts, "")


def _voice(persona: PersonaSummary) -> list[str]:
    return [shown("voice", "community")] if persona.voice == ["community"] else persona.voice
