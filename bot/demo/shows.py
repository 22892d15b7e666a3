"""What the demo shows: a community, the persona that learns from it, and the questions before and after.

Owns the choices and nothing else: recipes short enough for a few minutes on two cores, and the words that are given
to a model, which are therefore in the community's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.chat.events import WorkspaceSeen
from bot.demo.archive import Community


@dataclass(frozen=True)
class Show:
    """`base` is None for the one that the settings choose, `language` for the one that is spoken anyway.

    `minutes` is what training may take at most.
    """

    community: Community
    language: str | None
    persona: str
    system: str
    questions: tuple[str, ...]
    recipe: Mapping[str, Any]
    sampling: Mapping[str, Any]
    base: str | None = None
    minutes: float = 4  # a slower machine trains less, not longer


HARBOUR_RADIO = Show(
    community=Community("harbour_radio.txt", WorkspaceSeen("file", "harbour-radio", "Harbour Radio")),
    language=None,
    persona="harbour",
    system="You are the voice of Harbour Radio, a friendly amateur radio club. Answer briefly.",
    questions=(
        "Good morning! How are you today?",
        "What should I cook tonight?",
        "It is raining again. What shall I do?",
        "Can you recommend a book?",
        "Who are you?",
    ),
    recipe={"epochs": 2, "block": 96},
    sampling={"temperature": 0.6, "max_new_tokens": 60, "repetition_penalty": 1.1},
)

KODAMA_YU = Show(
    community=Community("kodama_yu.txt", WorkspaceSeen("file", "kodama-yu", "こだま湯")),
    language="ja",
    persona="kodama",
    system="小鳩町の銭湯「こだま湯」に集まる常連たちの会話です。",
    questions=(
        "おはようございます。今日の調子はどうですか。",
        "今夜は何を作ろうかな。",
        "また雨だ。どうしよう。",
        "おすすめの本はありますか。",
        "あなたは誰ですか。",
    ),
    # Such a block holds the line that is answered and the answer, and the manner needs no more context.
    recipe={"epochs": 1, "batch": 4, "block": 64, "learning_rate": 5e-4},
    # A base model goes on to the next speaker's line by itself: the answer is what stands before that.
    sampling={"temperature": 0.6, "max_new_tokens": 40, "repetition_penalty": 1.1, "stop": ["\n"]},
    base="gemma3-270m",
    minutes=5,  # twice the English base's size
)
