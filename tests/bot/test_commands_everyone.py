"""What everyone may ask of the bot by commands, and what they are shown."""

from datetime import datetime

import pytest
from sqlalchemy import select

from bot.chat.cards import Card, Form, Question
from bot.chat.commands import COMMANDS
from bot.chat.events import ChannelSeen, Posted
from bot.chat.verbs import own
from bot.chat.verbs.authority import Actor, NotAllowed
from db import pauses, replies
from db.datasets import Used, record
from db.members import ROLES, RoleName
from db.models import Audit, Channel, Consent, DatasetMessage, Feedback, Member, MessageRevision, Reply
from db.session import reading, transaction
from tests.fakes import community
from tests.fakes.cards import buttons, rendered
from tests.fakes.counter import DIRECT, Counter

WHO: dict[RoleName, str] = {"member": "Ben", "curator": "Cleo", "admin": "Ada", "owner": "Ann"}


@pytest.mark.parametrize("role", ROLES)
async def test_help_lists_what_ones_role_may_do_and_nothing_else(sqlite_counter: Counter, role: RoleName) -> None:
    shown = await sqlite_counter.reads(WHO[role], "")
    for command in COMMANDS.values():
        offered = ROLES.index(command.role) <= ROLES.index(role)
        assert (f"• `/yamabiko {command.name}` {command.summary}" in shown) is offered, command.name


async def test_help_shows_how_a_command_is_written(sqlite_counter: Counter) -> None:
    shown = await sqlite_counter.reads("Ben", "help promote")
    assert shown.splitlines() == [
        "`/yamabiko promote [PERSONA] [ADAPTER] [WHY]`",
        "Let a persona speak with an adapter",
        "• `persona`: Whose; not needed where there is but one",
        "• `adapter`: Which; without it, the newest candidate",
        "• `why`: Why, for the record",
        "(For an admin and above.)",
    ]
    assert "I do not know `promt`" in await sqlite_counter.reads("Ben", "help promt")


async def test_what_is_no_command_is_met_with_what_may_have_been_meant(sqlite_counter: Counter) -> None:
    assert await sqlite_counter.reads("Ben", "statsu") == "I do not know `statsu`; did you mean `/yamabiko status`?"
    assert await sqlite_counter.reads("Ben", "Tea, now") == "I do not know `tea,`; `/yamabiko help` shows what I do."
    assert "Speaks here" in await sqlite_counter.reads("Ben", " STATUS ")


async def test_a_question_is_handed_to_the_network_with_the_one_who_shall_answer(sqlite_counter: Counter) -> None:
    assert await sqlite_counter.types("Ben", "ask how are you?") == Question("how are you?")
    assert await sqlite_counter.types("Ben", "ask persona=ｅｃｈｏ how?") == Question("how?", "echo")
    refused = await sqlite_counter.reads("Ben", "ask persona=nobody how?")
    assert refused == "There is no persona 'nobody'; `/yamabiko personas` shows them."


async def test_asking_about_a_message_opens_a_form_and_asks_in_its_thread(
    sqlite_counter: Counter, now: datetime
) -> None:
    message = Posted("C1", "1.5", "Ema", now, "the boat is late", thread="1.0")
    form = await sqlite_counter.desk.press(sqlite_counter.call("Ben", message=message), "ask_about", "1.5")
    assert isinstance(form, Form)
    assert (form.submit, form.value) == ("ask_about", "1.0")
    given = {"question": "why?", "persona": "echo"}
    asked = await sqlite_counter.desk.submit(sqlite_counter.call("Ben"), form.submit, form.value, given)
    assert asked == Question("why?", "echo", "1.0")


def question(counter: Counter, now: datetime) -> Reply:
    return Reply(
        channel_id=counter.here.channel.id,
        persona_id=counter.persona.id,
        asker_id=counter.here.members["Ben"].id,
        platform_message_id="m1",
        asked="how are you?",
        created_at=now,
    )


async def test_status_tells_who_speaks_who_waits_what_is_trained_and_what_is_paused(
    counter: Counter, now: datetime
) -> None:
    assert (await counter.reads("Ben", "status")).splitlines() == [
        "Speaks here: echo", "Queue: nobody waits", "Trainer: not running", "(I am here.)",
    ]  # fmt: skip
    async with transaction(counter.sessions) as session:
        await pauses.begin(session, counter.here.channel.id, "test", now)
        await replies.enqueue(session, question(counter, now))
    await counter.types("Ada", "retrain now")
    shown = await counter.reads("Ben", "status")
    assert "Queue: 1 question waits, 0 are being answered" in shown
    assert "Run 1: echo, queued" in shown
    assert "Paused: #general" in shown
    assert shown.endswith("(I am paused here.)")


async def test_in_ones_direct_messages_one_chooses_who_answers_elsewhere_an_admin_does(
    counter: Counter, now: datetime
) -> None:
    async with transaction(counter.sessions) as session:
        await community.persona(session, now, name="harbour")
    assert await counter.reads("Ben", "use harbour", DIRECT) == "From now on harbour answers you here."
    refused = await counter.reads("Ben", "use harbour")
    assert refused == "Only an admin may do this (use); you are a member. You can ask Ada, Ann."
    assert "Only an admin" in await counter.reads("Ben", "use harbour #general", DIRECT)
    assert await counter.reads("Ada", "use echo") == "From now on echo answers in #general."
    assert await counter.reads("Ada", "use") == "Say which persona: echo, harbour."
    async with reading(counter.sessions) as session:
        chosen = {c.platform_id: c.persona_id for c in await session.scalars(select(Channel))}
        audited = [(row.verb, row.subject) for row in await session.scalars(select(Audit))]
    assert chosen == {"C1": counter.persona.id, "D1": counter.persona.id + 1}
    assert audited == [("use", {"persona": "echo", "channel": "general"})]
    shown = await counter.reads("Ben", "personas")
    assert "• **echo**: speaks as its base does, by its system prompt (speaks here)" in shown
    assert shown.endswith("(`/yamabiko ask persona=NAME …` asks one of them.)")
    for name, where in (("Ada", None), ("Ben", DIRECT)):
        chooses = await counter.reads(name, "personas", *filter(None, [where]))
        assert chooses.endswith("(`/yamabiko use PERSONA` chooses who answers here.)")


async def test_consent_shows_ones_own_answers_and_records_new_ones_with_their_ground(counter: Counter) -> None:
    answer = await counter.types("Ben", "consent")
    assert rendered(answer).count("You have not answered.") == 2
    assert [button.value for button in buttons(answer)] == ["yes", "no", "voice-yes", "voice-no"]
    told = [
        await counter.presses("Ben", "consent", "yes"),
        await counter.reads("Ben", "consent voice yes", DIRECT),
        await counter.reads("Ben", "consent no"),
    ]
    assert [one.splitlines()[0] for one in told] == [
        "Recorded: your messages may teach the community's voice.",
        "Recorded: a persona may be trained to speak as you alone.",
        "Recorded: your messages teach nobody.",
    ]
    async with reading(counter.sessions) as session:
        rows = (await session.scalars(select(Consent).order_by(Consent.id))).all()
    ben = counter.here.members["Ben"].id
    assert [(row.member_id, row.purpose, row.answer, row.ground, row.by) for row in rows] == [
        (ben, "community", True, "said so in Slack, #general", f"member:{ben}"),
        (ben, "voice", True, "said so in Slack", f"member:{ben}"),
        (ben, "community", False, "said so in Slack, #general", f"member:{ben}"),
    ]


async def test_a_member_unknown_so_far_may_answer_by_the_button_under_a_channels_notice(counter: Counter) -> None:
    assert (await counter.presses("Zoe", "consent", "no")).startswith("Recorded: your messages teach nobody.")
    async with reading(counter.sessions) as session:
        name = await session.scalar(select(Member.name).join(Consent, Consent.member_id == Member.id))
    assert name == "Zoe"


async def test_my_data_counts_what_is_kept(counter: Counter, now: datetime) -> None:
    await counter.types("Ben", "consent yes")
    await counter.types("Ben", "language en")
    async with transaction(counter.sessions) as session:
        await counter.here.says(session, now, ("Ben", "ahoy"), ("Ema", "hello"), ("Ben", "again"))
        await counter.here.says(session, now.replace(hour=9), ("Ben", "live"), provenance="slack_api")
        reply = await replies.enqueue(session, question(counter, now))
        assert reply is not None
        session.add(Feedback(reply_id=reply.id, member_id=counter.here.members["Ben"].id, value=1, at=now))
    shown = await counter.reads("Ben", "my-data")
    assert shown.splitlines() == [
        "# What is kept of you",
        "Messages: general: 2 messages (the workspace's Slack export) / general: 1 message (Slack, through its API)",
        f"Answers about training: the community's voice: yes, {datetime.now().astimezone():%Y-%m-%d}",
        "Questions to me, with my answers: 1",
        "Thumbs: 👍 1 👎 0",
        "Language: English",
        "(To have it deleted, ask an admin. `/yamabiko privacy` tells what it is kept for.)",
        "[What I agreed to → own_consent]",
    ]
    assert "Messages: none" in await counter.presses("Cleo", "my_data")


async def test_my_data_tells_what_learned_from_it(counter: Counter, now: datetime) -> None:
    async with transaction(counter.sessions) as session:
        await counter.here.says(session, now, ("Ben", "ahoy"), ("Ema", "hello"))
        revisions = (await session.scalars(select(MessageRevision.id).order_by(MessageRevision.id))).all()
        used = [Used(one, "train", True) for one in revisions]
        await record(session, counter.persona.id, "chat", used, {"by_provenance": {}}, now)
    adapter = await counter.learned(now)
    async with transaction(counter.sessions) as session:
        lineage = {"dataset_id": adapter.dataset_id, "part": "train", "as_target": True}
        session.add(DatasetMessage(revision_id=revisions[0], **lineage))
    shown = await counter.reads("Ben", "my-data")
    assert "• echo, dataset 2: 1 message; adapter 1 (candidate)" in shown
    assert "• echo, dataset 1: 1 message; no adapter came of it" in shown
    async with transaction(counter.sessions) as session:
        (await session.get_one(type(counter.persona), counter.persona.id)).live_adapter_id = adapter.id
    assert "• echo, dataset 2: 1 message; adapter 1 (live)" in await counter.reads("Ben", "my-data")


async def test_what_is_kept_of_someone_is_shown_to_them_and_to_admins_alone(counter: Counter) -> None:
    ben = counter.here.members["Ben"].id
    for actor in (Actor(f"member:{ben}", "member"), Actor("shell:root", "owner"), Actor("member:2", "admin")):
        assert (await own.data_of(counter.sessions, actor, "Ben")).name == "Ben"
    for role in ROLES[:2]:
        with pytest.raises(NotAllowed, match="Only the member, or an admin"):
            await own.data_of(counter.sessions, Actor("member:99", role), "Ben")


async def test_privacy_says_where_models_run(sqlite_counter: Counter) -> None:
    shown = await sqlite_counter.reads("Ben", "privacy")
    assert "**Models** run on the machine of this bot; nothing is sent anywhere." in shown


async def test_a_member_chooses_their_language_and_is_answered_in_it(counter: Counter) -> None:
    assert "en|ja|auto" in await counter.reads("Ben", "language")
    await counter.presses("Ben", "language", "ja")
    assert "ペルソナ「nobody」はありません。" in await counter.reads("Ben", "use nobody", DIRECT)
    assert await counter.reads("Ben", "language auto") == "I speak what your network says with you."
    assert "There is no persona" in await counter.reads("Ben", "use nobody", DIRECT)


async def test_a_member_is_answered_in_the_language_of_their_network(sqlite_counter: Counter) -> None:
    shown = await sqlite_counter.reads("Yuki", "use nobody", DIRECT, locale="ja-JP")
    assert "ペルソナ「nobody」はありません。" in shown
    assert "`/yamabiko personas`" in shown


async def test_what_a_member_is_told_is_private(sqlite_counter: Counter) -> None:
    for line in ("", "status", "personas", "consent", "my-data", "privacy", "language"):
        answer = await sqlite_counter.types("Ben", line)
        assert isinstance(answer, Card), line
        assert answer.private, line


async def test_a_channel_that_a_call_comes_from_is_known_and_stays_closed(counter: Counter) -> None:
    await counter.types("Ben", "status", ChannelSeen("C9", "random"))
    async with reading(counter.sessions) as session:
        states = {c.name: c.state for c in await session.scalars(select(Channel))}
    assert states == {"general": "training", "random": "closed"}
