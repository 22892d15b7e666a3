"""Verbs on personas: what is wished is checked, kept, shown and changed."""

import pytest

from bot.chat.verbs import personas, training, watching
from bot.chat.verbs.authority import Actor
from bot.chat.verbs.personas import PersonaRefused, Wishes
from db import channels, members, recipe
from db import personas as rows_of
from db.session import Sessions, reading, transaction
from tests.fakes import community

ADMIN = Actor("member:1", "admin")


@pytest.fixture
async def rows(sessions: Sessions, now) -> Sessions:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        await channels.ensure(session, place.workspace, "C2", "random", now)
    return sessions


async def test_a_persona_is_made_with_defaults_that_say_who_it_is(rows: Sessions) -> None:
    made = await personas.create(rows, ADMIN, "echo", Wishes(base="tiny"))
    assert (made.shape, made.preset, made.live, made.voice) == ("chat", "chat", None, ["community"])
    assert "echo" in made.system_prompt
    assert made.sampling["temperature"] == pytest.approx(0.8)
    assert await personas.show(rows, ADMIN, "echo") == made
    assert await personas.every(rows, ADMIN) == [made]


async def test_what_is_wished_is_kept(rows: Sessions) -> None:
    wishes = Wishes(
        base="tiny",
        preset="novel",
        system_prompt="Be brief.",
        sources=["general", "Harbour/random", "general"],
        voices=["Ann"],
        prompts=["Hello?"],
        recipe={"epochs": 2},
        sampling={"temperature": 0.5},
    )
    made = await personas.create(rows, ADMIN, "echo", wishes)
    assert (made.shape, made.preset, made.sources, made.voice) == (
        "text",
        "novel",
        ["general", "random"],
        ["Ann"],
    )
    assert (made.recipe, made.prompts, made.system_prompt) == ({"epochs": 2}, ["Hello?"], "Be brief.")
    assert made.sampling == {"temperature": 0.5, "top_p": 0.95, "top_k": 50}


async def test_editing_changes_only_what_is_named(rows: Sessions) -> None:
    before = await personas.create(rows, ADMIN, "echo", Wishes(base="tiny", sources=["general"], prompts=["Hi"]))
    after = await personas.edit(rows, ADMIN, "echo", Wishes(recipe={"epochs": 5}))
    assert after.recipe == {"epochs": 5}
    assert (after.sources, after.prompts, after.base) == (before.sources, before.prompts, before.base)
    more = await personas.edit(rows, ADMIN, "echo", Wishes(recipe={"rank": 4}, voices=["Ben"]))
    assert (more.recipe, more.voice) == ({"epochs": 5, "rank": 4}, ["Ben"])
    assert (await personas.edit(rows, ADMIN, "echo", Wishes(voices=[]))).voice == ["community"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"epoch": 2}, "has no 'epoch': it takes .*epochs"),
        ({"epochs": "two"}, "epochs must be a whole number, not 'two'"),
        ({"epochs": 0}, "epochs must lie between 1 and"),
        ({"rank": 1.5}, "rank must be a whole number, not 1.5"),
        ({"learning_rate": True}, "learning_rate must be a number"),
        ({"target_modules": []}, "target_modules must be"),
    ],
)
async def test_a_wrong_recipe_is_refused_with_one_sentence_and_changes_nothing(
    rows: Sessions, wrong: dict, told: str
) -> None:
    before = await personas.create(rows, ADMIN, "echo", Wishes(base="tiny"))
    for attempt in (
        personas.edit(rows, ADMIN, "echo", Wishes(recipe=wrong, system_prompt="changed")),
        personas.create(rows, ADMIN, "second", Wishes(base="tiny", recipe=wrong)),
        training.retrain(rows, ADMIN, "echo", "", {"recipe": wrong}),
    ):
        with pytest.raises(recipe.RecipeRefused, match=told) as refused:
            await attempt
        assert "\n" not in str(refused.value)
    assert await personas.every(rows, ADMIN) == [before]
    assert await training.list_runs(rows, ADMIN) == []


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a\nb", "x" * 61])
async def test_a_name_nobody_could_write_is_refused(rows: Sessions, name: str) -> None:
    with pytest.raises(PersonaRefused, match="1 to 60 characters and no slash"):
        await personas.create(rows, ADMIN, name, Wishes(base="tiny"))


async def test_unknown_presets_channels_and_members_are_told_and_leave_no_persona(rows: Sessions) -> None:
    with pytest.raises(PersonaRefused, match="There is no preset 'poem'; the presets are chat, novel"):
        await personas.create(rows, ADMIN, "echo", Wishes(base="tiny", preset="poem"))
    with pytest.raises(channels.NoSuchChannel, match="'nowhere'"):
        await personas.create(rows, ADMIN, "echo", Wishes(base="tiny", sources=["nowhere"]))
    with pytest.raises(members.NoSuchMember, match="'Zoe'"):
        await personas.create(rows, ADMIN, "echo", Wishes(base="tiny", voices=["Zoe"]))
    assert await personas.every(rows, ADMIN) == []


async def test_two_living_personas_never_share_a_name_but_a_deleted_ones_is_free(rows: Sessions) -> None:
    await personas.create(rows, ADMIN, "echo", Wishes(base="tiny"))
    with pytest.raises(rows_of.PersonaExists, match="There is a persona 'echo' already"):
        await personas.create(rows, ADMIN, "echo", Wishes(base="tiny"))
    await personas.delete(rows, ADMIN, "echo")
    with pytest.raises(rows_of.NoSuchPersona, match="There is no persona 'echo'"):
        await personas.show(rows, ADMIN, "echo")
    await personas.create(rows, ADMIN, "echo", Wishes(base="other"))
    assert [persona.base for persona in await personas.every(rows, ADMIN)] == ["other"]


async def test_another_base_puts_the_persona_on_that_bare_base(rows: Sessions, now) -> None:
    await personas.create(rows, ADMIN, "echo", Wishes(base="tiny"))
    async with transaction(rows) as session:
        await community.candidate(session, await rows_of.named(session, "echo"), now)
    await training.promote(rows, ADMIN, "echo", 1)
    assert (await personas.edit(rows, ADMIN, "echo", Wishes(base="tiny"))).live == 1
    assert (await personas.edit(rows, ADMIN, "echo", Wishes(base="larger"))).live is None
    newest = (await watching.list_activations(rows, ADMIN, "echo"))[0]
    assert (newest.previous, newest.adapter, newest.why) == (1, None, "the base changed to larger")
    with pytest.raises(rows_of.CannotGoLive, match="trained on tiny, but echo stands on larger; train it again"):
        await training.promote(rows, ADMIN, "echo", 1)


async def test_the_summary_shows_which_adapter_is_live(rows: Sessions, now) -> None:
    await personas.create(rows, ADMIN, "echo", Wishes(base="tiny"))
    async with transaction(rows) as session:
        for _ in range(2):
            await community.candidate(session, await rows_of.named(session, "echo"), now)
    await training.promote(rows, ADMIN, "echo")
    async with reading(rows) as session:
        assert (await rows_of.named(session, "echo")).live_adapter_id is not None
    assert (await personas.show(rows, ADMIN, "echo")).live == 2


async def test_the_persona_that_is_there_from_the_beginning_is_told_no_name(sessions: Sessions) -> None:
    await personas.begin(sessions, "tiny")
    first = await personas.show(sessions, ADMIN, personas.FIRST)
    assert first.system_prompt
    assert first.name not in first.system_prompt
