"""Every verb is authorised on the server and audited without anybody's text."""

import inspect
import json
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.chat import compare
from bot.chat.events import ChannelSeen
from bot.chat.replying.allowance import Allowance
from bot.chat.replying.router import take
from bot.chat.verbs import moderation, own, personas, replies, standing, text, training, watching
from bot.chat.verbs.authority import Actor, NotAllowed
from bot.chat.verbs.personas import Wishes
from db import audit, candidates, members, pauses
from db.candidates import Said
from db.members import ROLES, RoleName
from db.models import Row
from db.session import Sessions, reading, transaction
from tests.fakes import community
from tests.fakes.platform import mention

MESSAGE = f"{datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp():.6f}"  # Ann's, by its network's id
SECRET = "the words of a member, which no audit row may hold"

# Who may do it, at least, and arguments with which it can be done in `a_community`.
NEEDS: dict[str, tuple[RoleName, tuple[Any, ...]]] = {
    "text.list_channels": ("member", ()),
    "text.tally": ("curator", ()),
    "text.look": ("admin", ("general",)),
    "text.pending": ("curator", ("general",)),
    "text.review_message": ("curator", (1, MESSAGE, "approved")),
    "text.workspace": ("owner", ("Harbour",)),
    "own.answer": ("member", (True, "community", "said so")),
    "own.answers": ("member", ()),
    "own.data_of": ("member", ("Ann",)),
    "standing.standing": ("member", (1,)),
    "personas.use": ("member", ("echo", "general", True)),
    "text.look_through": ("curator", ("general", None, "words")),
    "text.list_workspaces": ("curator", ()),
    "text.approve": ("admin", ("general", True, True)),
    "text.close": ("admin", ("general",)),
    "text.to_review": ("curator", ("general", None, 5)),
    "text.review": ("curator", ([1], "approved")),
    "text.list_members": ("curator", ()),
    "text.set_role": ("owner", ("Ben", "curator")),
    "text.choose_language": ("member", ("Ann", "ja")),
    "text.consent": ("owner", ("Ann", True, "community", "a signed form")),
    "text.permit_training": ("owner", ("Harbour", "an agreement")),
    "moderation.block": ("admin", ("Ben", "spam")),
    "moderation.unblock": ("admin", ("Cat",)),
    "moderation.pause": ("admin", ("general",)),
    "moderation.resume": ("admin", ("general",)),
    "moderation.list_replies": ("curator", ()),
    "moderation.delete_reply": ("member", (1,)),
    "replies.answers": ("member", (2,)),
    "replies.keep_answers": ("member", (2, [Said(SECRET, None)], [], [])),
    "replies.choose_answer": ("member", (2, 1, None)),
    "replies.thumb": ("member", (2, 1)),
    "personas.create": ("admin", ("second", Wishes(base="tiny", system_prompt=SECRET))),
    "personas.edit": ("admin", ("echo", Wishes(prompts=[SECRET]))),
    "personas.show": ("member", ("echo",)),
    "personas.every": ("member", ()),
    "personas.delete": ("admin", ("echo",)),
    "training.retrain": ("admin", ("echo", "", {"recipe": {"epochs": 1}})),
    "training.cancel": ("admin", (1,)),
    "training.promote": ("admin", ("echo", 1)),
    "training.reject": ("admin", ("echo", 1)),
    "training.rollback": ("admin", ("echo", 1)),
    "training.list_runs": ("member", ()),
    "training.run_report": ("member", (1,)),
    "training.list_adapters": ("member", ("echo",)),
    "watching.list_activations": ("member", ("echo",)),
    "watching.run_points": ("member", (1,)),
    "watching.who": ("member", (["member:1"],)),
    "watching.is_trainer_alive": ("member", ()),
    "watching.list_networks": ("member", ()),
    "watching.myself": ("member", (1,)),
    "watching.glance": ("curator", (1,)),
    "compare.speakers": ("curator", ("echo", [])),
}
AUDITED = {name for name, (role, _) in NEEDS.items() if role != "member"} - {
    "text.tally",
    "text.look",
    "text.look_through",
    "text.pending",
    "text.workspace",
    "text.list_workspaces",
    "text.to_review",
    "text.list_members",
    "moderation.list_replies",
    "watching.glance",
    "compare.speakers",
}
MODULES: dict[str, ModuleType] = {
    "text": text,
    "moderation": moderation,
    "replies": replies,
    "personas": personas,
    "training": training,
    "watching": watching,
    "own": own,
    "standing": standing,
    "compare": compare,
}


def found_verbs() -> set[str]:
    return {
        f"{short}.{name}"
        for short, module in MODULES.items()
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if hasattr(function, "__wrapped__")
        and function.__module__ == module.__name__
        and next(iter(inspect.signature(function).parameters), "") == "session"
    }


def verb_called(name: str) -> Any:
    short, _, verb = name.partition(".")
    return getattr(MODULES[short], verb)


@pytest.fixture
async def a_community(sqlite_sessions: Sessions, now) -> Sessions:
    """A message and a question of Ann's in a paused channel, one answered elsewhere, Cat blocked, a persona and a
    candidate of an ended run.
    """
    async with transaction(sqlite_sessions) as session:
        place = await community.found(session, now, "Ann", "Ben", "Cat")
        await place.says(session, now, ("Ann", SECRET))
        persona = await community.persona(session, now, place.channel)
        await community.candidate(session, persona, now)
        await take(session, mention(SECRET), Allowance())
        answered = await take(session, mention(SECRET, channel=ChannelSeen("C2", "random")), Allowance())
        assert answered is not None
        answered.status, answered.text = "done", SECRET
        await candidates.keep(session, answered, [], 1, now)
        await members.block(session, place.members["Cat"].id, "test", "", now)
        await pauses.begin(session, place.channel.id, "test", now)
    return sqlite_sessions


def test_the_table_above_knows_every_verb() -> None:
    assert found_verbs() == set(NEEDS)


@pytest.mark.parametrize("name", sorted(NEEDS))
async def test_a_verb_is_refused_to_every_lesser_role(a_community: Sessions, name: str) -> None:
    needed, arguments = NEEDS[name]
    before = await state_of(a_community)
    for role in ROLES[: ROLES.index(needed)]:
        with pytest.raises(NotAllowed, match=rf"^Only an? {needed} may do this \(.*\); you are an? {role}\.$"):
            await verb_called(name)(a_community, Actor("member:1", role), *arguments)
    assert await state_of(a_community) == before


@pytest.mark.parametrize("name", sorted(NEEDS))
async def test_a_verb_is_open_to_its_role_and_audited_where_it_changes_things(a_community: Sessions, name: str) -> None:
    needed, arguments = NEEDS[name]
    await verb_called(name)(a_community, Actor("member:1", needed), *arguments)
    async with reading(a_community) as session:
        rows = await audit.latest(session)
    assert [(row.verb, row.actor) for row in rows] == (
        [(name.partition(".")[2], "member:1")] if name in AUDITED else []
    )
    assert SECRET not in json.dumps([row.subject for row in rows])
    if rows:
        assert rows[0].subject


async def test_a_verb_that_fails_leaves_no_audit_row_and_no_change(a_community: Sessions) -> None:
    await training.promote(a_community, Actor("a", "admin"), "echo")
    before = await state_of(a_community)
    with pytest.raises(training.CannotBeRejected):
        await training.reject(a_community, Actor("a", "admin"), "echo", 1)
    assert await state_of(a_community) == before


async def state_of(sessions: Sessions) -> dict[str, int]:
    """How many rows each table holds."""
    async with reading(sessions) as session:
        return {
            name: await session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Row.metadata.tables.items()
        }
