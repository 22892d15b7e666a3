"""The Text page's permission: recorded with its ground, withdrawn, and asked for only where an API is."""

from datetime import UTC, datetime

import pytest
from nicegui.testing.user import User

from bot.panel.house import House
from db import workspaces
from db.session import reading, transaction
from tests.fakes import community
from tests.fakes.community import Community

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
async def place(house: House) -> Community:
    async with transaction(house.sessions) as session:
        return await community.found(session, NOW, "Ann")


async def test_permission_is_recorded_with_its_ground_and_withdrawn(
    owner: User, house: House, place: Community
) -> None:
    row = place.workspace.id
    await owner.open("/text?part=permission")
    await owner.should_see("not permitted")
    owner.find(marker=f"permit-{row}").click()
    await owner.should_see("Say what this permission rests on.", retries=30)
    owner.find(marker=f"ground-{row}").type("an agreement of May")
    owner.find(marker=f"permit-{row}").click()
    await owner.should_see("training permitted", retries=30)
    await owner.should_see("an agreement of May")
    owner.find(marker=f"withdraw-{row}").click()
    await owner.should_see("not permitted", retries=30)
    async with reading(house.sessions) as session:
        assert (await workspaces.named(session, row)).permission_ground is None


async def test_members_own_packages_ask_for_no_permission(owner: User, house: House, place: Community) -> None:
    async with transaction(house.sessions) as session:
        shelf = await workspaces.ensure(session, *workspaces.PACKAGES, "Discord data packages", NOW)
    await owner.open("/text?part=permission")
    await owner.should_see(marker=f"workspace-{place.workspace.id}")
    await owner.should_not_see(marker=f"workspace-{shelf.id}")
