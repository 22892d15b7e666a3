"""Any card within the vocabulary: long, empty, many, and full of what networks take for notation.

Owns those strategies.
"""

from hypothesis import strategies as st

from bot.chat.cards import Button, Card, Choice, Facts, Heading, Line, Menu, Note, Row, Text

LETTERS = st.characters(exclude_categories=["Cs"])
WORDS = st.sampled_from(
    [
        *[
            "<@U0001>",
            "<!here>",
            "@channel",
            "**",
            "`",
            "```\n",
            "& < >",
            "# ",
            "- ",
            "\n",
            "山彦の声",
            "[a](https://b.c)",
        ],
        *["<!subteam^S1>", "_", "~~", "lorem ipsum ", "\n\n", "|", "\\", "<#C1>", "[x](<!here>)", "https://a.b/?c&d"],
    ]
)
TEXTS = st.one_of(
    st.text(LETTERS, max_size=40),
    st.lists(WORDS, max_size=12).map("".join),
    st.tuples(st.lists(WORDS, min_size=1, max_size=6).map("".join), st.integers(1, 1200)).map(
        lambda two: two[0] * two[1]
    ),
)
LABELS = st.one_of(st.text(LETTERS, max_size=100), st.lists(WORDS, max_size=60).map("".join))
VALUES = st.text(LETTERS, max_size=160)
NAMES = st.sampled_from(["promote", "reject", "thumb", "consent", "more"])
BUTTONS = st.builds(Button, LABELS, NAMES, VALUES, st.sampled_from(["plain", "primary", "danger"]), LABELS)
CHOICES = st.lists(st.builds(Choice, LABELS, VALUES), max_size=120)
MENUS = st.builds(Menu, LABELS, NAMES, CHOICES, st.none() | VALUES)
PARTS = st.one_of(
    st.builds(Heading, LABELS),
    st.builds(Text, TEXTS),
    st.builds(Note, TEXTS),
    st.builds(Facts, st.lists(st.tuples(LABELS, TEXTS), max_size=14)),
    st.builds(Row, st.lists(BUTTONS | MENUS, max_size=30)),
    st.builds(Line),
)
FEW = st.lists(PARTS, max_size=8)
CARDS = st.builds(Card, FEW | st.lists(PARTS, min_size=1, max_size=3).map(lambda some: some * 40))
