"""Commands that keep order: members, block, unblock, pause, resume, control; and those that let in: panel, claim."""

from collections.abc import Mapping, Sequence
from functools import partial

from bot.chat.cards import Answer, Button, Card, Choice, Heading, Menu, Note, Part, Row, Text, told
from bot.chat.commands.asked import Asked, Command, Option, Subject
from bot.chat.commands.meant import NotSaid, channel
from bot.chat.text_words import purpose
from bot.chat.verbs import controlling, moderation, signing_in, text
from bot.chat.verbs.authority import a_role
from db.coded import shown
from db.members import ROLES, MemberSummary, RoleName
from db.words import listed, mark, say, say_count

_ON_A_CARD = 20  # members
_PURPOSES = ("community", "voice")


async def list_members(asked: Asked, given: Mapping[str, str]) -> Answer:
    if "member" not in given:
        return await _members(asked, 0)
    if "role" in given:
        return await _role_given(asked, given["member"], given["role"])
    return await _member(asked, given["member"])


async def more_members(asked: Asked, value: str) -> Answer:
    return await _members(asked, int(value or 0))


async def _members(asked: Asked, first: int) -> Card:
    """Those with a role first, then the busiest."""
    found = await text.list_members(asked.sessions, asked.actor)
    found.sort(key=lambda one: -ROLES.index(one.role))
    lines = [f"• {_told(one, found)}" for one in found[first : first + _ON_A_CARD]]
    parts: list[Part] = [Heading(say("Members")), Text("\n".join(lines) or say("Nobody is known yet."))]
    parts.append(Note(say("`/yamabiko members NAME` shows one of them, `/yamabiko members NAME ROLE` gives a role.")))
    if first + _ON_A_CARD < len(found):
        parts.append(Row([Button(say("More"), "members", str(first + _ON_A_CARD))]))
    return Card(parts)


def _told(one: MemberSummary, every: Sequence[MemberSummary]) -> str:
    """With their number where somebody else there is called the same."""
    role = shown("role", one.role)
    facts = [
        say("{role}, blocked", role=role) if one.blocked else role,
        say_count("{count:,} message", "{count:,} messages", one.messages),
    ]
    for of in _PURPOSES:
        if of in one.consents:
            facts.append(f"{purpose(of)}: {say('yes') if one.consents[of] else say('no')}")
    alike = sum((other.name, other.workspace) == (one.name, one.workspace) for other in every)
    where = f"#{one.id}, {one.workspace}" if alike > 1 else one.workspace
    return f"**{one.name}** ({where}): {listed(facts)}"


async def _member(asked: Asked, member: str) -> Card:
    found = await text.list_members(asked.sessions, asked.actor)
    one = next(one for one in found if f"#{one.id}" == member)
    parts: list[Part] = [Text(_told(one, found))]
    if asked.actor.role == "owner":
        choices = [Choice(shown("role", role), f"{one.id} {role}") for role in ROLES]
        parts.append(Row([Menu(say("Role"), "role", choices, f"{one.id} {one.role}")]))
    if ROLES.index(asked.actor.role) >= ROLES.index("admin") and one.role in ("member", "curator"):
        if one.blocked:
            parts.append(Row([Button(say("Unblock"), "unblock", str(one.id))]))
        else:
            sure = say("I answer {name} no more and keep nothing they ask. Block them?", name=one.name)
            parts.append(Row([Button(say("Block"), "block", str(one.id), "danger", sure)]))
    return Card(parts)


async def press_role(asked: Asked, value: str) -> Answer:
    member, role = value.split()
    return await _role_given(asked, f"#{member}", role)


async def _role_given(asked: Asked, member: str, role: str) -> Card:
    known: dict[str, RoleName] = {one: one for one in ROLES}
    name = await text.set_role(asked.sessions, asked.actor, member, known[role])
    return told(say("{name} is now {role}.", name=name, role=a_role(known[role])))


async def block(asked: Asked, given: Mapping[str, str]) -> Answer:
    name = await moderation.block(asked.sessions, asked.actor, given["member"], given.get("why", ""))
    return told(say("{name} is blocked: I answer them no more and keep nothing they ask.", name=name))


async def press_block(asked: Asked, value: str) -> Answer:
    return await block(asked, {"member": f"#{value}"})


async def unblock(asked: Asked, given: Mapping[str, str]) -> Answer:
    name = await moderation.unblock(asked.sessions, asked.actor, given["member"])
    return told(say("{name} is not blocked any more.", name=name))


async def press_unblock(asked: Asked, value: str) -> Answer:
    return await unblock(asked, {"member": f"#{value}"})


async def pause(asked: Asked, given: Mapping[str, str]) -> Answer:
    where = None if "everything" in given else channel(asked, given)
    name = await moderation.pause(asked.sessions, asked.actor, where)
    if name is None:
        return _paused(
            say("I answer nobody anywhere until I am resumed; what was asked before is still answered."), "0"
        )
    told = say(
        "I answer nobody in {channel} until I am resumed; what was asked before is still answered.",
        channel=f"#{name}",
    )
    return _paused(told, str(where))


def _paused(told: str, value: str) -> Card:
    return Card([Text(told), Row([Button(say("Resume"), "resume", value)])])


async def resume(asked: Asked, given: Mapping[str, str]) -> Answer:
    return await _resumed(asked, None if "everything" in given else channel(asked, given))


async def press_resume(asked: Asked, value: str) -> Answer:
    return await _resumed(asked, int(value) or None)


async def _resumed(asked: Asked, where: int | None) -> Card:
    still = await moderation.resume(asked.sessions, asked.actor, where)
    if not still:
        return told(say("I answer everywhere again."))
    places = listed(f"#{place}" if place else say("everything") for place in still)
    return told(say("Resumed; still paused: {places}.", places=places))


async def control(asked: Asked, given: Mapping[str, str]) -> Answer:
    if "remove" in given:
        await controlling.remove_control(asked.sessions, asked.actor, asked.workspace_id)
        return told(say("The control message goes."))
    name = f"#{await controlling.place_control(asked.sessions, asked.actor, channel(asked, given))}"
    told_of = say("The control message comes to {channel}. There is one at a time: an earlier one goes.", channel=name)
    note = say(
        "Whoever reads {channel} sees what you see: runs, candidates, what failed. A button does what the role of "
        "whoever presses it allows.",
        channel=name,
    )
    return Card([Text(told_of), Note(note)])


async def panel(asked: Asked, given: Mapping[str, str]) -> Answer:
    if asked.around.panel_link is None:
        raise NotSaid(say("There is no panel here; `enabled` in the config's [panel] opens it."))
    link = await asked.around.panel_link(asked.actor)
    note = say("It lets one browser in, once, within an hour, as you: pass it to nobody.")
    return Card([Text(link), Note(note)])


async def claim(asked: Asked, given: Mapping[str, str]) -> Answer:
    role = await signing_in.claim(asked.sessions, asked.actor, given["code"])
    return told(say("Welcome: you are {role} now. `/yamabiko help` shows what you may do.", role=a_role(role)))


_CHANNEL = Option("channel", mark("Which; without it, this one"), "channel")
_EVERYTHING = Option("everything", mark("Everywhere"), "yes")
_MEMBER = Option("member", mark("Who"), "member", required=True)

SUBJECT = Subject(
    mark("Keep order"),
    (
        Command(
            "members",
            mark("Who is here, with roles and answers; an owner gives roles"),
            list_members,
            (
                Option("member", mark("Who"), "member"),
                Option("role", mark("Their role"), "one", choices=ROLES, label=partial(shown, "role")),
            ),
            "curator",
        ),
        Command(
            "block",
            mark("Answer a member no more"),
            block,
            (_MEMBER, Option("why", mark("Why, for the record"))),
            "admin",
        ),
        Command("unblock", mark("Answer a member again"), unblock, (_MEMBER,), "admin"),
        Command("pause", mark("Answer nobody in a channel, or anywhere"), pause, (_CHANNEL, _EVERYTHING), "admin"),
        Command("resume", mark("End a pause"), resume, (_CHANNEL, _EVERYTHING), "admin"),
        Command(
            "control",
            mark("Keep a message in a channel that shows how I do, with buttons"),
            control,
            (_CHANNEL, Option("remove", mark("Take it away"), "yes")),
            "admin",
        ),
    ),
    presses={
        "members": more_members,
        "role": press_role,
        "block": press_block,
        "unblock": press_unblock,
        "resume": press_resume,
    },
)

SIGNING_IN = Subject(
    mark("Sign in"),
    (
        Command("panel", mark("A link to the web panel, for you alone"), panel, role="curator"),
        Command(
            "claim",
            mark("Become the owner, with the code that the shell gave"),
            claim,
            (Option("code", mark("The code"), required=True),),
        ),
    ),
)
