"""Training, comparing and promoting by commands, forms and buttons."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.cards import Card, Form, Growing
from bot.chat.commands.asked import FormRefused
from db import channels, heartbeats, personas, runs
from db.models import Activation, Adapter, Audit, Run
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes import counter as counters
from tests.fakes.cards import buttons, rendered
from tests.fakes.counter import Counter


async def run_of(counter: Counter) -> Run:
    async with reading(counter.sessions) as session:
        found = await session.scalar(select(Run).order_by(Run.id.desc()))
    assert found is not None
    return found


async def test_retrain_opens_a_form_and_queues_what_is_written_into_it(counter: Counter) -> None:
    form = await counter.types("Ada", "retrain")
    assert isinstance(form, Form)
    assert [field.name for field in form.fields] == [
        "persona", "sources", "minutes", "messages", "epochs", "learning_rate", "rank", "note",
    ]  # fmt: skip
    assert "How often it reads everything. Empty: 3." in rendered(form)
    given = {"persona": "echo", "minutes": "２.5", "epochs": "2", "learning_rate": "1e-4", "note": "more salt"}
    told = await counter.fills("Ada", form.submit, form.value, **given, rank="", messages="500")
    assert told.splitlines() == [
        "Run 1 is queued: it trains echo.",
        "(It waits for a trainer, and none is alive; whoever runs me can start one.)",
        "[How it goes → runs echo] [Cancel → cancel 1]",
    ]
    run = await run_of(counter)
    assert run.settings == {"max_minutes": 2.5, "messages": 500, "recipe": {"epochs": 2, "learning_rate": 1e-4}}
    assert (run.note, run.requested_by) == ("more salt", f"member:{counter.here.members['Ada'].id}")


async def test_a_persona_without_channels_is_offered_those_open_for_training(counter: Counter) -> None:
    async with transaction(counter.sessions) as session:
        await personas.set_sources(session, await personas.named(session, "echo"), [])
    assert (await counter.reads("Ada", "retrain now")).startswith("echo has no channel to learn from yet:")
    form = await counter.types("Ada", "retrain")
    assert isinstance(form, Form)
    offered = next(field for field in form.fields if field.name == "sources")
    assert offered.value == "Harbour/general"
    await counter.fills("Ada", form.submit, form.value, persona="echo", sources=offered.value)
    async with reading(counter.sessions) as session:
        echo = await personas.named(session, "echo")
        assert [one.name for one in await personas.sources(session, echo.id)] == ["general"]


async def test_where_nothing_is_open_to_learn_from_no_dialog_opens(counter: Counter) -> None:
    async with transaction(counter.sessions) as session:
        await personas.set_sources(session, await personas.named(session, "echo"), [])
        (await channels.named(session, "general")).state = "closed"
    assert (await counter.reads("Ada", "retrain")).startswith("echo has no channel to learn from yet:")


async def test_a_living_trainer_means_that_the_end_is_told(counter: Counter) -> None:
    async with transaction(counter.sessions) as session:
        await heartbeats.beat(session, "trainer", "one", {}, datetime.now().astimezone())
    assert "(I tell you when it has ended.)" in await counter.reads("Ada", "retrain now")


@pytest.mark.parametrize(
    ("field", "written", "why"),
    [
        ("epochs", "many", "Write a whole number, such as 3."),
        ("epochs", "0", "The recipe's epochs must lie between 1 and 1000, not at 0."),
        ("learning_rate", "fast", "Write a number, such as 0.5."),
        ("learning_rate", "nan", "The recipe's learning_rate must lie between 1e-08 and 1e\\+08, not at nan."),
        ("minutes", "-1", "This must be more than nothing; leave it empty for no limit."),
        ("minutes", "inf", "This must be more than nothing; leave it empty for no limit."),
        ("messages", "2.5", "Write a whole number, such as 3."),
    ],
)
async def test_a_number_that_is_none_is_told_at_its_field_and_queues_nothing(
    sqlite_counter: Counter, field: str, written: str, why: str
) -> None:
    with pytest.raises(FormRefused, match=f"^{why}$") as refused:
        await sqlite_counter.fills("Ada", "retrain", persona="echo", **{field: written})
    assert refused.value.field == field
    typed = await sqlite_counter.reads("Ada", f"retrain {field}={written}")
    assert typed.startswith(f"{field}: ")
    assert await sqlite_counter.reads("Ada", "runs") == "Nothing has been trained yet; `/yamabiko retrain` does."


async def test_retrain_is_typed_whole_and_refused_while_a_run_is_open(counter: Counter) -> None:
    assert "Run 1 is queued" in await counter.reads("Ada", "retrain echo epochs=1 minutes=5 better jokes")
    run = await run_of(counter)
    assert (run.settings, run.note) == ({"max_minutes": 5.0, "recipe": {"epochs": 1}}, "better jokes")
    assert await counter.reads("Ada", "retrain now") == (
        "Run 1 of echo has not ended; wait for it, or `/yamabiko cancel 1`."
    )
    assert (await counter.presses("Ben", "retrain")).startswith("Only an admin may do this (retrain)")
    assert (await counter.fills("Ben", "retrain", persona="echo")).startswith("Only an admin may do this (retrain)")


async def test_a_persona_on_a_server_cannot_be_trained_and_is_not_offered(
    sqlite_sessions: Sessions, tmp_path: Path, now: datetime
) -> None:
    async with counters.standing(sqlite_sessions, tmp_path, now, servers=("tiny",)) as counter:
        assert "echo stands on tiny, a model on a server" in await counter.reads("Ada", "retrain now")
        assert "There is no persona that could be trained" in await counter.reads("Ada", "retrain")
        assert "but for echo: a server that the owner chose" in await counter.reads("Ben", "privacy")
        async with transaction(sqlite_sessions) as session:
            await community.persona(session, now, name="harbour", base="own")
        form = await counter.types("Ada", "retrain")
        assert isinstance(form, Form)
        assert [choice.value for choice in form.fields[0].choices] == ["harbour"]


async def test_runs_show_how_each_goes_and_can_be_cancelled_twice(counter: Counter, now: datetime) -> None:
    await counter.learned(now)
    await counter.types("Ada", "retrain note=salt")
    async with transaction(counter.sessions) as session:
        run = await runs.claim(session, "trainer", now)
        assert run is not None
        event = {"step": 30, "steps": 100, "loss": 3.456, "tokens_per_second": 9.0, "seconds_left": 150.0}
        runs.add_point(session, run, event, now)
    shown = await counter.reads("Cleo", "runs")
    assert "**Run 2** · echo · running · Ada" in shown
    assert "“salt”\n▓▓▓░░░░░░░ 30/100 · loss 3.46 · 2 min left" in shown
    assert "**Run 1** · echo · succeeded · test · 2026-03-02\nadapter 1: held-out loss 4.70 → 3.25" in shown
    assert (await counter.presses("Cleo", "cancel", "2")).startswith("Only an admin")
    for _ in range(2):
        assert await counter.presses("Ada", "cancel", "2") == "Run 2 is asked to stop."
    assert "asked to stop" in await counter.presses("Cleo", "runs")
    assert await counter.reads("Ada", "cancel 1") == "Run 1 has ended already: succeeded."
    assert await counter.reads("Ada", "cancel 9") == "There is no run 9; `/yamabiko runs` shows them."


async def test_why_a_run_failed_is_told_with_the_commands_of_chat(counter: Counter, now: datetime) -> None:
    await counter.types("Ada", "retrain now")
    async with transaction(counter.sessions) as session:
        run = await runs.claim(session, "trainer", now)
        assert run is not None
        await runs.end(session, run, "failed", "Too little text; `yamabiko channel list` shows it.", now)
    assert "Too little text; `/yamabiko channels` shows it." in await counter.reads("Cleo", "runs")


async def live(counter: Counter) -> list[tuple[int | None, str]]:
    """What went live, oldest first, as numbers, with who did it."""
    async with reading(counter.sessions) as session:
        numbers = dict((await session.execute(select(Adapter.id, Adapter.number))).all())
        rows = await session.scalars(select(Activation).order_by(Activation.id))
        return [(numbers.get(row.adapter_id or 0), row.by) for row in rows]


async def test_adapters_show_figures_and_what_ones_role_may_do(counter: Counter, now: datetime) -> None:
    assert await counter.reads("Ada", "adapters") == ("echo has no adapter yet; `/yamabiko retrain echo` makes one.")
    await counter.learned(now)
    shown = await counter.reads("Ada", "adapters")
    assert shown.splitlines() == [
        "# Adapters of echo",
        "**Adapter 1** · candidate · run 1 · 2026-03-02",
        "held-out loss 4.70 → 3.25 · learned from 40 messages",
        "[Promote → promote echo 1] [Compare → compare echo 1] [Reject → reject echo 1]",
        "(echo speaks with its bare base.)",
    ]
    assert await counter.labels("Cleo", "adapters") == ["Compare"]
    await counter.types("Ada", "promote")
    assert await counter.labels("Ada", "adapters") == ["Compare", "Roll back"]


async def test_promote_says_from_what_to_what_and_can_be_undone_until_something_else_is_live(
    counter: Counter, now: datetime
) -> None:
    for _ in range(2):
        await counter.learned(now)
    first = await counter.types("Ada", "promote echo 1 better jokes")
    assert rendered(first).splitlines()[0] == "**echo**: the bare base → adapter 1"
    second = await counter.presses("Ada", "promote", "echo 2")
    assert second.splitlines()[0] == "**echo**: adapter 1 → adapter 2"
    undo = buttons(first)[0]
    late = await counter.presses("Ada", undo.press, undo.value)
    assert late == "What is live for echo changed in the meantime; look again and repeat."
    assert (await counter.presses("Ada", "undo", "echo 2 1")).startswith("**echo**: adapter 2 → adapter 1")
    assert await counter.presses("Ada", "undo", "echo 2 1") == late
    ada = f"member:{counter.here.members['Ada'].id}"
    assert await live(counter) == [(1, ada), (2, ada), (1, ada)]


async def test_a_candidate_is_promoted_once_however_often_it_is_pressed(counter: Counter, now: datetime) -> None:
    await counter.learned(now)
    assert (await counter.presses("Cleo", "promote", "echo 1")).startswith("Only an admin may do this (promote)")
    await counter.presses("Ada", "promote", "echo 1")
    again = await counter.presses("Ada", "promote", "echo 1")
    assert again == "echo speaks with adapter 1 already; there is nothing to change."
    assert len(await live(counter)) == 1


async def test_reject_and_rollback_are_typed_and_pressed(counter: Counter, now: datetime) -> None:
    for _ in range(2):
        await counter.learned(now)
    await counter.types("Ada", "promote 2")
    assert await counter.reads("Ada", "reject 2") == "Adapter 2 is live; roll echo back before rejecting it."
    assert "is rejected" in await counter.presses("Ada", "reject", "echo 1")
    assert (await counter.reads("Ada", "rollback base")).startswith("**echo**: adapter 2 → the bare base")
    assert "there is nothing to go back to" in await counter.reads("Ada", "rollback")
    assert "changed in the meantime" in await counter.presses("Ada", "rollback", "echo 2")
    async with reading(counter.sessions) as session:
        assert list(await session.scalars(select(Audit.verb).order_by(Audit.id))) == ["promote", "reject", "rollback"]


async def test_a_personas_name_may_hold_spaces(sqlite_counter: Counter, now: datetime) -> None:
    async with transaction(sqlite_counter.sessions) as session:
        sqlite_counter.persona = await community.persona(session, now, name="old harbour 2")
    await sqlite_counter.learned(now)
    pressed = {
        button.press: button.value for button in buttons(await sqlite_counter.types("Ada", 'adapters "old harbour 2"'))
    }
    assert pressed["promote"] == "old harbour 2 1"
    shown = await sqlite_counter.presses("Ada", "promote", pressed["promote"])
    assert shown.startswith("**old harbour 2**: the bare base → adapter 1")
    undone = await sqlite_counter.presses("Ada", "undo", "old harbour 2 1 0")
    assert undone.startswith("**old harbour 2**: adapter 1 → the bare base")


async def test_compare_grows_answer_by_answer_and_ends_with_what_may_be_done(counter: Counter, now: datetime) -> None:
    for _ in range(2):
        await counter.learned(now)
    await counter.types("Ada", "promote 1")
    answer = await counter.types("Ada", "compare")
    assert isinstance(answer, Growing)
    cards = [card async for card in answer.cards]
    assert len(cards) == 5
    assert rendered(cards[0]) == "# echo, compared\n(This takes a while: each of them answers each prompt.)"
    last = rendered(cards[-1])
    for said in ("*base*\n> None: Hello?", "*adapter 1 (live)*\n> a000001: Hello?", "*adapter 2*\n> a000002: Hello?"):
        assert said in last
    assert last.endswith("[Promote 2 → promote echo 2] [Reject 2 → reject echo 2]")


async def test_compare_takes_a_prompt_of_ones_own_and_masks_what_must_not_be_said(
    sqlite_counter: Counter, now: datetime
) -> None:
    await sqlite_counter.learned(now)
    shown = await sqlite_counter.reads("Cleo", "compare echo 1 where is the grog?")
    assert "**Asked**\n> where is the grog?\n*base*\n> None: where is the ••••?" in shown
    assert "Promote" not in shown
    assert (await sqlite_counter.presses("Ben", "compare", "echo 1")).startswith("Only a curator may do this (compare)")


async def test_what_goes_wrong_while_comparing_is_the_last_card_in_the_askers_language(
    sqlite_counter: Counter, now: datetime
) -> None:
    await sqlite_counter.types("Cleo", "language ja")
    answer = await sqlite_counter.types("Cleo", "compare echo 7")
    assert isinstance(answer, Growing)
    cards = [card async for card in answer.cards]
    assert isinstance(cards[-1], Card)
    assert "`/yamabiko adapters echo`" in rendered(cards[-1])
    assert "アダプタ" in rendered(cards[-1])


async def test_a_comparison_that_is_left_gives_back_what_it_borrowed(sqlite_counter: Counter, now: datetime) -> None:
    await sqlite_counter.learned(now)
    answer = await sqlite_counter.types("Cleo", "compare")
    assert isinstance(answer, Growing)
    await anext(answer.cards)
    await anext(answer.cards)
    await answer.cards.aclose()
    assert len(sqlite_counter.engine.requests) == 1
