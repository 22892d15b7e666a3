"""Buttons as Discord draws them."""

from collections.abc import Sequence

import discord

from bot.chat.cards import Button, Style

_STYLES: dict[Style, discord.ButtonStyle] = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "danger": discord.ButtonStyle.danger,
}


def view_of(actions: Sequence[Button]) -> discord.ui.View:
    """Buttons whose names say all that must be known when they are pressed, so that they survive a restart."""
    view = discord.ui.View(timeout=None)
    for one in actions:
        view.add_item(
            discord.ui.Button(label=one.label, style=_STYLES[one.style], custom_id=f"{one.press}|{one.value}")
        )
    view.stop()  # nobody waits for it in memory
    return view
