"""The doctor's findings on a page."""

from nicegui.testing.user import User


async def test_each_finding_stands_there_with_what_to_do(owner: User) -> None:
    await owner.open("/doctor")
    await owner.should_see("0.1 GB free", retries=20)
    await owner.should_see("Free some space.")
