"""An admin's first hour with the panel, in a real browser, with the real starter base."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.chat.events import Posted
from bot.demo import HARBOUR_RADIO
from tests.fakes import slack_export

pytestmark = [pytest.mark.long, pytest.mark.every_core, pytest.mark.timeout(1800)]

QUESTION = "What should I cook tonight?"
MINUTES = 60_000
# How many points stand in the chart, as the browser's own ECharts has them.
LOSSES = """() => {
    const chart = document.querySelector('.nicegui-echart');
    return getElement(parseInt(chart.id.slice(1))).chart.getOption().series[0].data.length;
}"""


def harbour(path: Path) -> Path:
    """Harbour Radio as Slack would export it."""
    club = HARBOUR_RADIO.community
    said = [item for part in club.parts() for item in club.read(part) if isinstance(item, Posted)]
    users = [{"id": member.id, "team_id": "T1", "name": member.name} for member in club.members]
    channels = [{"id": channel.id, "name": channel.name} for channel in club.channels]
    days: dict[str, list[dict[str, object]]] = {}
    for number, one in enumerate(sorted(said, key=lambda one: one.at)):
        stamp = f"{int(one.at.timestamp())}.{number:06d}"
        text = one.text.replace("<@member:", "<@")
        days.setdefault(f"{one.channel}/{one.at.date()}.json", []).append(slack_export.said(text, stamp, one.author))
    return slack_export.export(path, dict(days), users=users, channels=channels)


class Admin:
    """Clicks through the panel as someone would, and keeps a picture of each page where they are wanted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._pictures = os.environ.get("SCREENSHOTS")

    async def at(self, name: str) -> None:
        await self.page.get_by_role("banner").get_by_role("link", name=name, exact=True).click()

    async def picture(self, name: str) -> None:
        if self._pictures:
            await self.page.wait_for_timeout(500)
            await self.page.screenshot(path=Path(self._pictures) / f"{name}.png")

    async def imports(self, file: Path) -> None:
        await self.at("Text")
        await self.page.get_by_role("tab", name="Import").click()
        await self.page.get_by_label("The authors agreed to training").fill("our own invention")
        await self.page.locator("input[type=file]").set_input_files(file)
        await expect(self.page.get_by_text("Consent recorded for 6 members.")).to_be_visible(timeout=MINUTES)
        await self.picture("import")

    async def approves(self) -> None:
        await self.page.get_by_role("tab", name="Channels").click()
        for _ in HARBOUR_RADIO.community.channels:
            await self.page.get_by_role("button", name="Open for training …").first.click()
            await self.page.get_by_role("button", name="Open for training", exact=True).click()
            await expect(self.page.get_by_role("dialog")).to_have_count(0)
        await expect(self.page.get_by_role("button", name="Open for training …")).to_have_count(0)
        await self.picture("text")

    async def makes_a_persona(self) -> None:
        await self.at("Personas")
        await self.page.get_by_role("button", name="New persona").click()
        await self.page.get_by_label("Name", exact=True).fill("harbour")
        await self.page.get_by_label("Learns from the channels").click()
        for channel in HARBOUR_RADIO.community.channels:
            await self.page.get_by_role("option", name=re.compile(f"^{channel.name} ")).click()
        await self.page.keyboard.press("Escape")
        await self.page.get_by_label("Fixed prompts").fill(QUESTION)
        await self.page.get_by_role("button", name="Create").click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)
        await self.picture("personas")

    async def trains(self) -> None:
        """The chart grows while it goes."""
        await self.at("Personas")
        await self.page.get_by_role("button", name="Train").first.click()
        await self.page.get_by_label("At most so many minutes").fill("4")
        await self.page.get_by_label("epochs").fill("2")
        await self.page.get_by_role("button", name="Train", exact=True).last.click()
        await self.page.wait_for_url("**/runs?run=1")
        await expect(self.page.get_by_text("tokens a second")).to_be_visible(timeout=8 * MINUTES)
        first = await self.page.evaluate(LOSSES)
        await self.page.wait_for_function(f"() => ({LOSSES})() > {first + 2}", timeout=5 * MINUTES)
        await expect(self.page.get_by_text("succeeded")).to_be_visible(timeout=12 * MINUTES)
        await self.picture("run")

    async def compares(self) -> list[str]:
        """What base and candidate answer to the persona's prompt."""
        await self.page.get_by_role("button", name="Compare").click()
        await self.page.wait_for_url("**/adapters?**")
        await self.page.get_by_role("button", name="Ask them").click()
        answers = self.page.locator("div.grid .said")
        await expect(answers).to_have_count(2, timeout=5 * MINUTES)
        return [(await answers.nth(place).inner_text()).strip() for place in range(2)]

    async def promotes(self) -> None:
        await self.page.get_by_role("button", name="Promote").first.click()
        await self.page.get_by_label("Why, for the record").fill("it sounds like us")
        await self.page.get_by_role("button", name="Promote it").click()
        await expect(self.page.get_by_text("harbour speaks with adapter 1.")).to_be_visible()
        await self.picture("adapters")

    async def rolls_back(self) -> None:
        await self.at("Adapters")
        await self.page.get_by_role("button", name="Roll back").click()
        await self.page.get_by_role("button", name="Roll it back").click()
        await expect(self.page.get_by_text("harbour speaks with the bare base.")).to_be_visible()

    async def hears(self, picture: str = "") -> list[str]:
        """What the Talk page answers to the question: live, and beside it the base where that is another."""
        await self.at("Talk")
        await self.page.get_by_text("Sampling").click()
        await self.page.get_by_label("seed").fill("1")
        await self.page.get_by_placeholder("Say something").fill(QUESTION)
        await self.page.get_by_role("button", name="Send").click()
        await expect(self.page.get_by_role("button", name="Stop")).to_be_visible()
        await expect(self.page.get_by_role("button", name="Stop")).to_be_hidden(timeout=5 * MINUTES)
        if picture:
            await self.picture(picture)
        answers = self.page.locator(".said.grow")
        return [(await answers.nth(place).inner_text()).strip() for place in range(await answers.count())]


async def test_import_approve_train_compare_promote_talk_and_roll_back(page: Page, tmp_path: Path) -> None:
    admin = Admin(page)
    await admin.imports(harbour(tmp_path / "Harbour Radio.zip"))
    await admin.approves()
    await admin.makes_a_persona()
    before = await admin.hears()
    assert len(before) == 1
    await admin.trains()
    compared = await admin.compares()
    assert len(compared) == 2, compared
    assert compared[0] != compared[1]
    await admin.promotes()
    live, base = await admin.hears("talk")
    assert "over" in f"{live} {compared[1]}".lower(), (live, compared)  # as everybody at Harbour Radio ends
    assert live not in (base, *before)
    await admin.rolls_back()
    assert await admin.hears() == before
