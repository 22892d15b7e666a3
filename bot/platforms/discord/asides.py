"""What is said in Discord around the desk's answers, because of how Discord is.

Owns those cards: what is asked before a press, what follows a dialog, what is told of one that is gone.
"""

from collections.abc import Mapping

from bot.chat.cards import Answer, Button, Card, Row, Text, told
from bot.chat.commands.asked import Call, FormRefused
from bot.chat.placing import too_late
from bot.chat.replying.reply_buttons import buttons
from bot.platforms.discord import forms
from bot.platforms.discord.custom_ids import Pressed
from bot.platforms.discord.forms import OPEN, Opened
from bot.platforms.discord.kept import SURE
from db.words import language, say

NO = "=no"  # the press that takes a question back


async def unsure(custom: str, wanted: Pressed, named: str, call: Call) -> Answer:
    """Discord asks nobody whether they are sure. `named` is what stands on the button."""
    yes = Button(named or say("Yes"), wanted.press, wanted.value, "danger")
    return Card([Text(_sure(custom, wanted.press, named)), Row([yes, Button(say("No"), NO)])])


async def lost(call: Call) -> Answer:
    return told(too_late())


async def continued(opened: Opened | None, call: Call) -> Answer:
    """A dialog may not open another; a button may."""
    if opened is None:
        return told(too_late())
    token = forms.keep(Opened(opened.form, opened.given, opened.page + 1))
    return Card([Text(say("One more step: the other settings.")), Row([Button(say("Go on"), OPEN, token, "primary")])])


def refused(refusal: FormRefused, opened: Opened | None) -> Card:
    """Discord closes a dialog when it is sent; what was filled in opens again."""
    field = next((one for one in opened.form.fields if one.name == refusal.field), None) if opened else None
    why = f"**{field.label}**: {refusal}" if field else str(refusal)
    parts = [Text(f"⚠️ {why}")]
    if opened is None:
        return Card(parts)
    page = forms.page_of(opened.form, refusal.field)
    token = forms.keep(Opened(opened.form, opened.given, page))
    return Card([*parts, Row([Button(say("Try again"), OPEN, token, "primary")])])


def _sure(custom: str, press: str, named: str) -> str:
    """What is asked before: under answers always the same, elsewhere as it was said with the button."""
    always: Mapping[str, str] = {one.press: one.sure for one in buttons(0) if one.sure}
    said = always.get(press) or SURE.get((language(), custom))
    return said or (f"**{named}**: {say('Are you sure?')}" if named else say("Are you sure?"))


def failed() -> Card:
    return told(say("Something failed; the log of the bot tells what."))
