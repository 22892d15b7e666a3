"""What the bot asks of a server, and how Discord reckons what it was given."""

import json
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.permissions import BITS, HISTORY, PERMISSIONS, SCOPES, SEND, VIEW, granted, invitation
from tests.fakes.command_line import Run

BY_LIBRARY = {
    "View Channels": "view_channel",
    "Send Messages": "send_messages",
    "Send Messages in Threads": "send_messages_in_threads",
    "Read Message History": "read_message_history",
}
SERVER, OWNER, BOT = "1", "2", "3"
TALKING = VIEW.bit | SEND.bit | HISTORY.bit


def test_each_permission_is_discords_of_that_name() -> None:
    assert {one.name: one.bit for one in PERMISSIONS} == {
        name: getattr(discord.Permissions, flag).flag for name, flag in BY_LIBRARY.items()
    }
    assert discord.Permissions(BITS).value == BITS


def test_the_link_asks_for_the_permissions_the_scopes_and_nothing_else() -> None:
    link = urlsplit(invitation("42"))
    assert (link.netloc, link.path) == ("discord.com", "/oauth2/authorize")
    assert parse_qs(link.query) == {"client_id": ["42"], "scope": [" ".join(SCOPES)], "permissions": [str(BITS)]}
    assert parse_qs(urlsplit(invitation("42", "7")).query)["guild_id"] == ["7"]


def test_the_shell_prints_the_link_and_nothing_else_on_standard_output(yamabiko: Run) -> None:
    status, output, errors = yamabiko("invite", "discord", "--application-id", "42")
    assert (status, output.strip()) == (0, invitation("42"))
    assert "Read Message History: to answer under a question" in errors


def test_for_programs_it_names_each_permission_with_its_purpose(yamabiko: Run) -> None:
    told = json.loads(yamabiko("invite", "discord", "--application-id", "42", "--json")[1])
    assert told["link"] == invitation("42")
    assert {one["permission"] for one in told["for"]} == set(BY_LIBRARY)
    assert all(one["purpose"] for one in told["for"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("discord",), "set YAMABIKO_DISCORD__BOT_TOKEN"),
        (("discord", "--application-id", "echo"), "is a number"),
        (("slack",), "There is an invitation for discord."),
    ],
)
def test_without_what_it_needs_the_shell_says_what_that_is(yamabiko: Run, words: tuple[str, ...], told: str) -> None:
    status, output, errors = yamabiko("invite", *words)
    assert (status != 0, output) == (True, "")
    assert told in " ".join(errors.replace("│", " ").split())


# ── what is granted ──


def server(owner: str = OWNER, **roles: int) -> dict[str, Any]:
    return {"id": SERVER, "owner_id": owner, "roles": [{"id": id, "permissions": str(roles[id])} for id in roles]}


def member(*roles: str, until: str | None = None) -> dict[str, Any]:
    return {"user": {"id": BOT}, "roles": list(roles), "communication_disabled_until": until}


def channel(*overwrites: tuple[str, int, int]) -> dict[str, Any]:
    return {"permission_overwrites": [{"id": id, "allow": str(yes), "deny": str(no)} for id, yes, no in overwrites]}


def test_roles_add_up_and_the_owner_and_administrators_may_all() -> None:
    roles = {SERVER: VIEW.bit, "r": SEND.bit, "other": HISTORY.bit}
    assert granted(server(**roles), member("r")) == VIEW.bit | SEND.bit
    assert granted(server(BOT, **roles), member()) & BITS == BITS
    assert granted(server(r=1 << 3), member("r"), channel((SERVER, 0, BITS))) & BITS == BITS


def test_what_a_channel_does_not_show_gives_nothing() -> None:
    everyone = server(**{SERVER: TALKING})
    assert granted(everyone, member(), channel((SERVER, 0, VIEW.bit))) == 0
    assert granted(everyone, member(), channel((SERVER, 0, VIEW.bit), (BOT, VIEW.bit, 0))) == TALKING


def test_who_was_sent_out_for_a_while_may_look_on() -> None:
    away = member(until="2100-01-01T00:00:00+00:00")
    assert granted(server(**{SERVER: TALKING}), away) == VIEW.bit | HISTORY.bit


BIT = st.sampled_from([0, VIEW.bit, SEND.bit, HISTORY.bit, TALKING])
ROLES = ["10", "11", "12"]


@given(
    base=BIT,
    roles=st.dictionaries(st.sampled_from(ROLES), BIT),
    own=st.sets(st.sampled_from(ROLES)),
    said=st.dictionaries(st.sampled_from([SERVER, BOT, *ROLES]), st.tuples(BIT, BIT)),
)
def test_it_is_reckoned_as_the_library_does(
    base: int, roles: dict[str, int], own: set[str], said: dict[str, tuple[int, int]]
) -> None:
    held = server(**{SERVER: base, **roles})
    inside = channel(*((id, yes, no & ~yes) for id, (yes, no) in said.items()))
    expected = by_library(held, sorted(own & set(roles)), inside)
    assert granted(held, member(*(own & set(roles))), inside) & TALKING == expected & TALKING


def by_library(held: dict[str, Any], own: list[str], inside: dict[str, Any]) -> int:
    """What discord.py says of the same, from the same JSON."""
    user: Any = {"id": BOT, "username": "echo", "discriminator": "0", "avatar": None}
    state: Any = MagicMock(self_id=int(BOT), shard_count=None)
    state.store_user = lambda data: discord.User(state=state, data=data)
    looks: Any = {"color": 0, "colors": {"primary_color": 0}, "flags": 0}
    roles: Any = [{**role, **looks, "name": "", "position": place} for place, role in enumerate(held["roles"])]
    guild = discord.Guild(data={"id": SERVER, "owner_id": OWNER, "roles": roles}, state=state)
    said = [{**one, "type": int(one["id"] == BOT)} for one in inside["permission_overwrites"]]
    place: Any = {"id": "99", "name": "", "type": 0, "position": 0, "permission_overwrites": said}
    bot: Any = {"user": user, "roles": own, "flags": 0, "joined_at": None}
    text = discord.TextChannel(state=state, guild=guild, data=place)
    return text.permissions_for(discord.Member(data=bot, guild=guild, state=state)).value
