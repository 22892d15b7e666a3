"""Forms in Discord: dialogs, what was filled in, what is to be mended, and what does not fit into one dialog."""

from collections.abc import AsyncIterator

import pytest

from bot.chat.cards import Card, Choice, Field, Form, Text, told
from bot.chat.commands.asked import FormRefused
from bot.platforms.discord import forms, interactions
from bot.platforms.discord.forms import Opened, pages
from bot.platforms.discord.kept import Remembered
from tests.fakes.commanded_discord import Bot, connected
from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.script import ASK

MANY = Form(
    "Train a persona",
    "retrain",
    "Train",
    [
        Field("persona", "Persona", "one", "Cap", [Choice("Cap", "Cap"), Choice("Gull", "Gull")], required=True),
        Field("sources", "Channels", "many", "b", [Choice("#a", "a"), Choice("#b", "b")], hint="Nothing: all."),
        Field("epochs", "Epochs", seldom=True),
        Field("rank", "Rank", seldom=True, longest=10),
        Field("minutes", "Minutes"),
        Field("note", "Why", longest=200),
    ],
    intro=[Text("On what its channels may teach.")],
)


@pytest.fixture
async def bot(discord: FakeDiscord) -> AsyncIterator[Bot]:
    discord.limits.on = False
    async with connected(discord) as bot:
        yield bot


async def opened(bot: Bot, who: Person, channel: Channel, form: Form, command: str = "retrain") -> None:
    bot.desk.answers[command] = form
    answered = await who.slash(f"yamabiko {command}", channel)
    assert answered.modal is not None


async def test_a_form_opens_at_once_and_what_was_filled_in_is_handed_on(
    bot: Bot, ann: Person, general: Channel
) -> None:
    await opened(bot, ann, general, ASK)
    assert ann.modal is not None
    await ann.submit(ann.modal, {"What?": "Is the tide late?"})
    assert [asked for asked, _ in bot.desk.heard] == ["retrain", "ask_about v1"]
    assert bot.desk.given[-1] == {"question": "Is the tide late?"}
    assert bot.shown(ann) == "you asked ask_about v1"


async def test_what_does_not_fit_into_one_dialog_is_asked_for_in_another(
    bot: Bot, ann: Person, general: Channel
) -> None:
    await opened(bot, ann, general, MANY)
    assert ann.modal is not None
    assert "More settings" in bot.discord.rendered(ann.modal)
    await ann.submit(ann.modal, {"Persona": "Gull", "Minutes": "5", "More settings": True})
    assert bot.desk.given == [{}]
    await ann.press(ann.ephemerals[-1], "Go on")
    assert ann.modal is not None
    await ann.submit(ann.modal, {"Rank": "4"})
    wanted = {"persona": "Gull", "sources": "b", "minutes": "5", "note": "", "epochs": "", "rank": "4"}
    assert bot.desk.given[-1] == wanted
    assert [bot.discord.rendered(one) for one in ann.ephemerals] == ["you asked retrain"]


async def test_whoever_needs_no_more_is_done_with_one_dialog(bot: Bot, ann: Person, general: Channel) -> None:
    await opened(bot, ann, general, MANY)
    assert ann.modal is not None
    await ann.submit(ann.modal)
    assert bot.desk.given[-1] == {"persona": "Cap", "sources": "b", "minutes": "", "note": ""}


async def test_a_refused_form_opens_again_with_what_was_filled_in(bot: Bot, ann: Person, general: Channel) -> None:
    await opened(bot, ann, general, MANY)
    bot.desk.answers["retrain"] = FormRefused("minutes", "Write a number.")
    assert ann.modal is not None
    await ann.submit(ann.modal, {"Minutes": "ten", "Why": "a note"})
    assert bot.shown(ann).splitlines() == ["┃ ⚠️ **Minutes**: Write a number. [Try again]"]
    await ann.press(ann.ephemerals[-1], "Try again")
    assert ann.modal is not None
    assert ann.modal.held["note"] == ["a note"]
    bot.desk.answers["retrain"] = told("Run 7 is queued.")
    await ann.submit(ann.modal, {"Minutes": "10"})
    assert bot.desk.given[-1] == {"persona": "Cap", "sources": "b", "minutes": "10", "note": "a note"}
    assert [bot.discord.rendered(one) for one in ann.ephemerals] == ["Run 7 is queued."]


async def test_a_form_that_came_too_late_to_open_waits_behind_a_button(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "SOON_S", 0.05)
    bot.desk.slow, bot.desk.answers["retrain"] = 0.3, ASK
    await ann.slash("yamabiko retrain", general)
    await bot.discord.until(lambda: ann.ephemerals and "This is ready now." in bot.shown(ann))
    bot.desk.slow = 0.0
    await ann.press(ann.ephemerals[0], ASK.title)
    assert ann.modal is not None
    await ann.submit(ann.modal, {"What?": "Well?"})
    assert [bot.discord.rendered(one) for one in ann.ephemerals] == ["you asked ask_about v1"]


async def test_a_dialog_that_stood_open_over_a_restart_is_still_sent(
    discord: FakeDiscord, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(discord) as before:
        await opened(before, ann, general, ASK)
    monkeypatch.setattr(interactions, "FORMS", Remembered[tuple[int, str], Form](1, 1.0))
    async with connected(discord) as after:
        assert ann.modal is not None
        await ann.submit(ann.modal, {"What?": "Well?"})
        assert after.desk.given == [{"question": "Well?"}]
        after.desk.answers["ask_about v1"] = FormRefused("question", "Write what you ask.")


async def test_what_a_restart_forgot_is_told_and_can_be_done_again(
    bot: Bot, ann: Person, general: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(bot, ann, general, MANY)
    assert ann.modal is not None
    await ann.submit(ann.modal, {"More settings": True})
    monkeypatch.setattr(interactions, "KEPT", Remembered[str, Opened](1, 1.0))
    await ann.press(ann.ephemerals[-1], "Go on")
    assert bot.shown(ann) == "Your network waited too long to open this; please do the same again."


def test_no_field_of_a_form_is_lost_between_its_dialogs() -> None:
    for count in range(1, 15):
        form = Form("t", "s", "d", [Field(str(n), "l", seldom=n % 2 == 0) for n in range(count)])
        shown = pages(form)
        assert sorted(one.name for page in shown for one in page) == sorted(one.name for one in form.fields)
        assert all(len(page) + (page is not shown[-1]) <= forms.FIELDS for page in shown)


async def test_a_dialog_has_no_more_than_discord_takes(bot: Bot, ann: Person, general: Channel) -> None:
    long = [
        Field("a", "label " * 30, "text", "x" * 5000, hint="hint " * 90, longest=9000),
        Field("b", "b", "one", "7", [Choice(f"choice {n} " * 20, str(n)) for n in range(40)]),
        Field("c", "c", "many", "1\n2", [Choice(f"choice {n} " * 20, str(n)) for n in range(40)]),
        Field("d", "d", "one", choices=[Choice("only", "only")]),
    ]
    await opened(bot, ann, general, Form("title " * 20, "retrain", "do", long, "v", [Text("word " * 2000)]))
    assert ann.modal is not None
    assert len(ann.modal.components) == 5
    assert not (await ann.submit(ann.modal)).errors


async def test_a_form_s_answer_leaves_the_card_it_was_opened_from(bot: Bot, ann: Person, general: Channel) -> None:
    from bot.chat.cards import Button, Row

    bot.desk.answers |= {"status": Card([Text("channels"), Row([Button("Open", "open", "1")])]), "open 1": ASK}
    await ann.slash("yamabiko status", general)
    await ann.press(ann.ephemerals[0], "Open")
    assert ann.modal is not None
    await ann.submit(ann.modal, {"What?": "Well?"})
    assert [bot.discord.rendered(one) for one in ann.ephemerals] == ["┃ channels [Open]", "you asked ask_about v1"]
