"""What the pretended Discord takes for components of messages and of dialogs."""

from typing import Any

import discord
import pytest
from discord import ui

from tests.fakes.discord import Channel, FakeDiscord, Person
from tests.fakes.pretended_discord.app import Hearing, complaints
from tests.fakes.pretended_discord.modals import check_modal
from tests.fakes.pretended_discord.refusals import Refused

V2 = 1 << 15


def button(custom: str = "b", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "Go", "custom_id": custom, **more}


def menu(custom: str = "m", count: int = 1, **more: Any) -> dict[str, Any]:
    options = [{"label": f"{number}", "value": f"{number}"} for number in range(count)]
    return {"type": 3, "custom_id": custom, "options": options, **more}


def row(*inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(inner)}


def text(content: str = "hello") -> dict[str, Any]:
    return {"type": 10, "content": content}


async def post(bot: Hearing, square: Channel, *components: dict[str, Any], **more: Any) -> Any:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=square.id)
    return await bot.http.request(route, json={"components": list(components), **more})


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ([row(button(f"{number}")) for number in range(6)], "Must be between 0 and 5"),
        ([row(*(button(f"{number}") for number in range(6)))], "Must be between 1 and 5"),
        ([row()], "Must be between 1 and 5"),
        ([button()], "Value must be one of {1}"),
        ([row(menu(), button())], "exceeds the width"),
        ([row(button("same"), button("same"))], "custom id cannot be duplicated"),
        ([row(button("c" * 101))], "Must be between 1 and 100"),
        ([row(button(label="l" * 81))], "Must be 80 or fewer"),
        ([row(button(label=""))], "needs a label or an emoji"),
        ([row(button(style=5, url="https://example.com"))], "cannot both be set"),
        ([row({"type": 2, "style": 5, "label": "Go"})], "This field is required"),
        ([row(menu(count=26))], "Must be between 1 and 25"),
        ([row(menu(placeholder="p" * 151))], "Must be 150 or fewer"),
        ([row(menu() | {"options": [{"label": "l" * 101, "value": "v"}]})], "Must be between 1 and 100"),
        ([row(menu() | {"options": [{"label": "a", "value": "v"}] * 2})], "value is already used"),
        ([text()], "Value must be one of {1}"),
    ],
)
async def test_a_message_is_refused_for_its_components(
    bot: Hearing, square: Channel, components: list[dict[str, Any]], said: str
) -> None:
    assert said in await complaints(post(bot, square, *components, content="look"))


async def test_what_is_wrong_is_told_where_it_is(bot: Hearing, square: Channel) -> None:
    with pytest.raises(discord.HTTPException) as raised:
        await post(bot, square, row(button(), button("c", label="l" * 81)), content="look")
    assert "In components.0.components.1.label: Must be 80 or fewer in length." in str(raised.value)


async def test_five_rows_of_five_buttons_and_a_menu_of_twenty_five_are_taken(bot: Hearing, square: Channel) -> None:
    rows = [row(*(button(f"{line}.{number}") for number in range(5))) for line in range(4)]
    sent = await post(bot, square, *rows, row(menu(count=25, max_values=25)), content="look")
    ids = [one["id"] for line in sent["components"] for one in [line, *line["components"]]]
    assert ids == list(range(1, 27)), "Discord numbers those that have no number"


@pytest.mark.parametrize(
    ("components", "more", "said"),
    [
        ([text()], {"content": "a"}, "cannot be used when using MessageFlags.IS_COMPONENTS_V2"),
        ([text()], {"embeds": [{"title": "t"}]}, "cannot be used when using MessageFlags.IS_COMPONENTS_V2"),
        ([text("t" * 2000), text("t" * 2001)], {}, "exceeds 4000"),
        ([{"type": 17, "components": [text() for _ in range(40)]}], {}, "Cannot exceed 40 total components"),
        ([{"type": 9, "components": [text()] * 4, "accessory": button()}], {}, "Must be between 1 and 3"),
        ([{"type": 9, "components": [text()]}], {}, "This field is required"),
        ([{"type": 17, "components": [{"type": 17, "components": [text()]}]}], {}, "Value must be one of"),
    ],
)
async def test_components_of_the_second_kind_have_rules_of_their_own(
    bot: Hearing, square: Channel, components: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    assert said in await complaints(post(bot, square, *components, flags=V2, **more))


async def test_a_layout_of_the_library_is_taken_and_pressed(town: FakeDiscord, bot: Hearing, bea: Person) -> None:
    class Card(ui.LayoutView):
        box = ui.Container(
            ui.TextDisplay("## News"),
            ui.Separator(),
            ui.Section("All is well", accessory=ui.Button(label="More", custom_id="more")),
            ui.ActionRow(ui.Button(label="Less", custom_id="less")),
        )

    corner = town.channel("corner")
    channel = await town.until(lambda: bot.get_channel(int(corner.id)))
    sent = await channel.send(view=Card(timeout=None))
    assert sent.flags.components_v2
    message = corner.messages[str(sent.id)]
    assert town.rendered(message).splitlines() == [
        "┃ ## News",
        f"┃ {'─' * 20}",
        "┃ All is well  [More]",
        "┃ [Less]",
    ]

    @bot.event
    async def on_interaction(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pressed", ephemeral=True)

    assert (await bea.press(message, "More")).text == "pressed"


def dialog(*components: dict[str, Any], title: str = "Title") -> dict[str, Any]:
    return {"title": title, "custom_id": "dialog", "components": list(components)}


def label(component: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Label", "component": component, **more}


def field(custom: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": 4, "custom_id": custom, "style": 1, **more}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (dialog(label(field()), title="t" * 46), "Must be between 1 and 45"),
        (dialog(*(label(field(f"{number}")) for number in range(6))), "Must be between 1 and 5"),
        (dialog(), "Must be between 1 and 5"),
        (dialog(label(field(), label="l" * 46)), "Must be between 1 and 45"),
        (dialog(label(field(), description="d" * 101)), "Must be 100 or fewer"),
        (dialog(label(field(placeholder="p" * 101))), "Must be 100 or fewer"),
        (dialog(label(field(max_length=4001))), "Must be between 1 and 4000"),
        (dialog(label(field(value="v" * 11, max_length=10))), "Must be 10 or fewer"),
        (dialog(label(field("c" * 101))), "Must be between 1 and 100"),
        (dialog(label(field()), label(field())), "cannot be duplicated"),
        (dialog(label(menu(count=26))), "Must be between 1 and 25"),
        (dialog(label(button())), "Value must be one of"),
        (dialog(row(field())), "This field is required"),
        (dialog(field()), "Value must be one of {1, 10, 18}"),
    ],
)
def test_a_dialog_is_refused_for_what_is_wrong_with_it(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as raised:
        check_modal(wanted)
    assert said in f"{raised.value.errors}"


def test_a_dialog_of_five_is_taken() -> None:
    whole = dialog(
        label(field()), label(menu()), text(), label({"type": 23, "custom_id": "c"}), row(field("g", label="G"))
    )
    assert len(check_modal(whole)["components"]) == 5
