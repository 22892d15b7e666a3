"""How something is to be said on the Talk page: by whom, in turns or plainly, drawn how.

Owns the widgets' values. Knows no engine.
"""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from bot.chat.trying import Speaker
from bot.chat.verbs.personas import PersonaSummary
from bot.generation.engine import Sampling
from bot.panel.visitor import Visitor
from db.words import say

_DEFAULTS = Sampling()


class Controls:
    """A card of settings; `changed` is called when another persona or way of speaking is chosen."""

    def __init__(
        self,
        visitor: Visitor,
        every: Mapping[str, PersonaSummary],
        first: PersonaSummary,
        changed: Callable[[], None],
    ) -> None:
        self.persona = first
        self._every, self._changed = every, changed
        with ui.card().classes("w-full lg:w-80 shrink-0 gap-3"):
            choose = visitor.handling(self._choose)
            self._who = ui.select(list(every), value=first.name, label=say("persona"), on_change=choose)
            self._who.classes("w-full").mark("persona")
            self._facts = ui.label().classes("text-gray-600 text-sm said")
            self._beside = ui.switch(say("the bare base beside it"), value=True)
            ways = {False: say("conversation"), True: say("plain completion")}
            self._plain = ui.toggle(ways, value=False, on_change=visitor.handling(changed)).classes("w-full")
            self._candidates = ui.number(say("candidates"), value=1, min=1, max=8, precision=0).classes("w-full")
            with ui.expansion(say("Sampling"), icon="tune").classes("w-full"):
                self._numbers = _numbers()
        self._take_over()

    @property
    def plain(self) -> bool:
        return bool(self._plain.value) or self.persona.shape == "text"

    @property
    def candidates(self) -> int:
        return int(self._candidates.value or 1)

    @property
    def speakers(self) -> list[tuple[Speaker, str]]:
        live = self.persona.live
        name = say("{persona}, adapter {number}", persona=self.persona.name, number=live) if live else self.persona.name
        beside = bool(self._beside.value) and live is not None
        return [("live", name), ("base", say("the bare base"))] if beside else [("live", name)]

    def sampling(self) -> dict[str, Any]:
        """What the widgets say; an empty one leaves the persona's own value."""
        found = {key: widget.value for key, widget in self._numbers.items() if widget.value is not None}
        whole = ("top_k", "max_new_tokens", "seed")
        return {key: int(value) if key in whole else float(value) for key, value in found.items()}

    def _choose(self) -> None:
        self.persona = self._every[str(self._who.value)]
        self._take_over()
        self._changed()

    def _take_over(self) -> None:
        """The persona's own values, from which one may depart."""
        persona = self.persona
        live = say("adapter {number}", number=persona.live) if persona.live else say("the bare base")
        self._facts.set_text(f"{persona.base} · {live}")
        self._beside.set_visibility(persona.live is not None)
        self._plain.set_visibility(persona.shape == "chat")
        own = {"max_new_tokens": _DEFAULTS.max_new_tokens, "repetition_penalty": 1.0, **persona.sampling}
        for key, widget in self._numbers.items():
            widget.set_value(own.get(key))


def _numbers() -> dict[str, ui.number]:
    wanted: list[tuple[str, str, float, float, float]] = [
        ("temperature", say("temperature"), 0, 2, 0.05),
        ("top_p", "top-p", 0.01, 1, 0.01),
        ("top_k", "top-k", 0, 1000, 1),
        ("repetition_penalty", say("repetition penalty"), 0.5, 2, 0.05),
        ("max_new_tokens", say("longest answer, in tokens"), 1, 2048, 1),
        ("seed", say("seed (empty: another answer each time)"), 0, 2**31 - 1, 1),
    ]
    return {
        key: ui.number(label, min=low, max=high, step=step).props("clearable dense").classes("w-full").mark(key)
        for key, label, low, high, step in wanted
    }
