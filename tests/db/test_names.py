"""Personas, channels, members and workspaces are found however their names are typed."""

import unicodedata
from datetime import datetime

import pytest

from db import channels, members, personas, workspaces
from db.channels import AmbiguousChannel
from db.names import called, plain
from db.personas import PersonaExists
from db.session import Sessions, reading, transaction
from tests.fakes import community

FORMS = ["ペルソナガ", "ﾍﾟﾙｿﾅｶﾞ", unicodedata.normalize("NFD", "ペルソナガ"), " ペルソナガ "]


def test_a_name_is_compared_without_its_width_and_its_composition() -> None:
    assert {plain(form) for form in FORMS} == {"ペルソナガ"}
    assert plain("ｅｃｈｏ　１") == "echo 1"
    assert plain("Echo") != plain("echo")


def test_of_two_that_are_alike_the_one_written_exactly_so_is_meant() -> None:
    assert called("ｅｃｈｏ", ["echo", "ｅｃｈｏ"], str) == ["ｅｃｈｏ"]
    assert called("ec\uff48o", ["echo", "ｅｃｈｏ"], str) == ["echo", "ｅｃｈｏ"]


def test_another_case_will_do_where_nothing_is_written_in_this_one() -> None:
    assert called("bea", ["Bea", "Ben"], str) == ["Bea"]
    assert called("bea", ["Bea", "bea"], str) == ["bea"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kept", FORMS[:3])
async def test_a_persona_is_found_and_taken_in_every_form(
    sessions: Sessions, now: datetime, kept: str, form: str
) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now)
        made = await community.persona(session, now, place.channel, name=kept)
        with pytest.raises(PersonaExists):
            await community.persona(session, now, place.channel, name=form.strip())
    async with reading(sessions) as session:
        assert (await personas.named(session, form)).id == made.id


@pytest.mark.parametrize("form", ["ペルソナガ", "＃ﾍﾟﾙｿﾅｶﾞ", "#ペルソナガ", "港／ペルソナガ", "港/ﾍﾟﾙｿﾅｶﾞ"])
async def test_a_channel_is_found_in_every_form(sessions: Sessions, now: datetime, form: str) -> None:
    async with transaction(sessions) as session:
        port = await workspaces.ensure(session, "slack", "T9", "港", now)
        kept = await channels.ensure(session, port, "C9", unicodedata.normalize("NFD", "ペルソナガ"), now)
    async with reading(sessions) as session:
        assert (await channels.named(session, form)).id == kept.id


async def test_channels_of_one_name_in_two_workspaces_are_told_apart_in_every_form(
    sessions: Sessions, now: datetime
) -> None:
    async with transaction(sessions) as session:
        for number, (place, name) in enumerate([("港", "ガ"), ("山", "ガ")]):
            workspace = await workspaces.ensure(session, "slack", f"T{number}", place, now)
            await channels.ensure(session, workspace, "C1", name, now)
    async with reading(sessions) as session:
        with pytest.raises(AmbiguousChannel):
            await channels.named(session, "ｶﾞ")
        assert (await channels.named(session, "山/ｶﾞ")).name == "ガ"


@pytest.mark.parametrize("form", FORMS)
async def test_a_member_is_found_in_every_form(sessions: Sessions, now: datetime, form: str) -> None:
    async with transaction(sessions) as session:
        place = await community.found(session, now, "Ann", "ペルソナガ")
    async with reading(sessions) as session:
        kept = place.members["ペルソナガ"].id
        assert (await members.named(session, form)).id == kept
        assert (await members.named(session, f"＃{kept}")).id == kept


async def test_several_members_alike_are_told_apart_by_number(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        await community.found(session, now, "ガ", "ｶﾞ")
    async with reading(sessions) as session:
        assert (await members.named(session, "ｶﾞ")).name == "ｶﾞ"  # written exactly so
        with pytest.raises(members.NoSuchMember, match="Several members"):
            await members.named(session, unicodedata.normalize("NFD", "ガ"))


async def test_a_workspace_is_found_in_every_form(sessions: Sessions, now: datetime) -> None:
    async with transaction(sessions) as session:
        await workspaces.ensure(session, "slack", "T9", "山彦ガーデン", now)
    async with reading(sessions) as session:
        assert (await workspaces.named(session, "山彦ｶﾞｰﾃﾞﾝ")).platform_id == "T9"


async def test_a_channel_called_as_another_place_is_never_taken_for_it(sessions: Sessions, now: datetime) -> None:
    """As a Discord data package has it beside the server's own export."""
    async with transaction(sessions) as session:
        server = await workspaces.ensure(session, "discord", "42", "山の会", now)
        shelf = await workspaces.ensure(session, "discord", "packages", "Discord data packages", now)
        given = await channels.ensure(session, shelf, "7", "山の会/general", now)
    async with transaction(sessions) as session:
        assert (await channels.named(session, "山の会/general")).id == given.id
        own = await channels.ensure(session, server, "7", "general", now)
        assert (await channels.named(session, "山の会/general")).id == own.id
        assert (await channels.named(session, "山の会/#general")).id == own.id
        assert (await channels.named(session, "Discord data packages/山の会/general")).id == given.id
