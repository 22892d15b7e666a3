"""Cards as Discord's components."""

from typing import Any

import discord

from bot.chat.cards import Button, Card, Row


def drawn(card: Card, workspace: str | None = None) -> dict[str, Any]:
    """A card as what sending and editing messages take."""
    view = discord.ui.LayoutView(timeout=None)
    items: list[discord.ui.Item[Any]] = []
    for part in card.parts:
        if isinstance(part, Row):
            found = [one for one in part.actions if isinstance(one, Button)]
            where = f"@{workspace}" if workspace else ""
            buttons = [discord.ui.Button(label=one.label, custom_id=f"{one.press}{where}|{one.value}") for one in found]
            items.append(discord.ui.ActionRow(*buttons))
        elif text := getattr(part, "text", ""):
            items.append(discord.ui.TextDisplay(text))
    view.add_item(discord.ui.Container(*items))
    view.stop()
    return {"view": view}
