"""The catalogues: whole, current, and saying the same as the code."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from db.coded import CODED
from tools import texts

JAPANESE = texts.ROOT / "db" / "locale" / "ja" / "LC_MESSAGES" / "yamabiko.po"
SAME = {  # no Japanese in them
    *("torch", "Python", "Top-p", "%m/%d %H:%M"),
    *("{network}: {what}", "{adapter}({state})", "  {permission}: {purpose}", "{permission}（{purpose}）"),
}


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    return texts.read(JAPANESE)


def sentences(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def test_every_sentence_in_the_code_stands_in_the_catalogue_and_no_other(japanese: Catalog) -> None:
    def keys(catalogue: Catalog) -> set[tuple[object, object]]:
        return {(message.context, message.id) for message in sentences(catalogue)}

    assert keys(japanese) ^ keys(texts.template()) == set(), "run `make texts`"
    assert not japanese.obsolete


def test_the_catalogue_is_as_make_texts_writes_it(japanese: Catalog) -> None:
    assert JAPANESE.read_bytes() == texts.written(texts.updated(japanese))


def test_the_compiled_catalogue_is_that_of_its_sentences(japanese: Catalog) -> None:
    assert JAPANESE.with_suffix(".mo").read_bytes() == texts.compiled(japanese)


def test_every_sentence_is_translated_into_japanese_and_none_is_a_guess(japanese: Catalog) -> None:
    for message in sentences(japanese):
        told = "".join(strings(message))
        assert told, message.id
        assert not message.fuzzy, message.id
        assert re.search("[\u3000-\u30ff\u4e00-\u9fff]", told) or told in SAME, message.id


def test_a_translation_fills_in_what_its_sentence_fills_in(japanese: Catalog) -> None:
    for message in sentences(japanese):
        for told in strings(message):
            assert places(told) == places(originals(message)[-1]), message.id


def test_a_translation_keeps_commands_options_and_settings(japanese: Catalog) -> None:
    for message in sentences(japanese):
        for original, told in zip(originals(message), strings(message), strict=False):
            for kept in re.findall(r"`[^`]+`|--[a-z][a-z-]+", original):
                assert kept in told, message.id


def test_a_sentence_that_is_put_together_where_it_is_said_is_refused() -> None:
    for code in ('say(f"There is no {name}.")', 'say("There " + "is none.")', 'words.say(f"{a}")'):
        with pytest.raises(texts.Unreadable):
            list(texts.sentences(code, "room.py"))


def test_sentences_are_found_however_they_are_said() -> None:
    code = 'say("a", x=1); words.say("b"); mark("c"); later("d"); say_count("e", "es", 2); say_as("kind", "f"); say(g)'
    found = [(sentence.context, sentence.id) for sentence in texts.sentences(code, "room.py")]
    assert found == [(None, "a"), (None, "b"), (None, "c"), (None, "d"), (None, ("e", "es")), ("kind", "f")]
    assert list(texts.sentences('self.say("failed"); _say("x")', "room.py")) == []


def test_the_package_carries_the_compiled_catalogue() -> None:
    settings = Path(texts.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '"db" = ["locale/*/LC_MESSAGES/*.mo"]' in settings


def test_every_short_word_of_trainer_and_importers_is_known_by_its_kind() -> None:
    """What is written into rows or reported by a program as a plain word, so that `shown` finds it."""

    def found(pattern: str, *files: str) -> set[str]:
        paths = [path for file in files for path in sorted(texts.ROOT.glob(file))]
        return {word for path in paths for word in re.findall(pattern, path.read_text(encoding="utf-8"))}

    phases = found(r'(?:_phase|progress)\(f?"([a-z_ ]+)[":]', "trainer/**/*.py")
    assert len(phases) >= 12
    assert phases <= set(CODED["phase"])
    returned = r'(?m)^ +return "([a-zA-Z ]+)"'
    reasons = found(returned, "trainer/curate.py", "bot/importers/slack_export.py", "bot/importers/discord_export.py")
    reasons |= found(r'(?m)(?:, |else_=)"([a-zA-Z ]+)"(?:\),|,)$', "db/datasets.py")  # of one SQL expression
    reasons |= found(r'left_out\["([a-z ]+)"\]', "trainer/curate.py") | found(r'LeftOut\("([a-z]+)"', "bot/**/*.py")
    assert len(reasons) >= 15
    assert reasons <= set(CODED["left out"])


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def originals(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
