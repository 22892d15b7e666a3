"""Whose language is spoken, and how a sentence is said in it."""

import asyncio

import pytest

from db import words
from db.coded import BASE_CHANGED, CODED, activation_shown, phase_shown, shown
from db.foreign import told_again
from db.words import later, listed, say, say_as, say_count, speaking

NOBODY = "Nobody has written yet."
まだ = "まだ誰も書き込んでいません。"


def test_a_sentence_is_said_in_the_language_spoken_now_and_afterwards_as_before() -> None:
    with speaking("ja"):
        assert say(NOBODY) == まだ
        with speaking("en-GB"):
            assert say(NOBODY) == NOBODY
        assert words.language() == "ja"
    assert say(NOBODY) == NOBODY


def test_speaking_an_unknown_language_or_none_leaves_the_default() -> None:
    with speaking("ja"), speaking(None):
        assert say(NOBODY) == まだ
    with speaking("fr_FR"):
        assert say(NOBODY) == NOBODY
    words.set_default("ja")
    with speaking("fr_FR"):
        assert say(NOBODY) == まだ


async def test_two_who_are_answered_at_once_are_each_spoken_to_in_their_own_language() -> None:
    async def answered(wanted: str) -> str:
        with speaking(wanted):
            await asyncio.sleep(0)
            return say(NOBODY)

    assert await asyncio.gather(answered("ja"), answered("en"), answered("ja")) == [まだ, NOBODY, まだ]


def test_a_count_chooses_its_form_and_is_written_with_its_thousands() -> None:
    one, many = "{count:,} message stored.", "{count:,} messages stored."
    assert [say_count(one, many, count) for count in (1, 0, 2000)] == [
        "1 message stored.",
        "0 messages stored.",
        "2,000 messages stored.",
    ]
    with speaking("ja"):
        assert say_count(one, many, 2000) == "2,000 件のメッセージを保存しました。"


def test_what_is_said_later_is_said_in_the_language_of_who_reads_it() -> None:
    with speaking("ja"):
        error = RuntimeError(later("{base} is ready.", base="tiny"))
    assert str(error) == "tiny is ready."
    with speaking("ja"):
        assert str(error) == "tiny の準備ができました。"


def test_things_are_listed_as_the_language_lists_them() -> None:
    assert listed(["a", 2]) == "a, 2"
    with speaking("ja"):
        assert listed(["a", 2]) == "a、2"


def test_one_word_is_translated_by_what_it_stands_for() -> None:
    with speaking("ja"):
        assert (shown("channel state", "training"), shown("phase", "training")) == ("学習", "学習しています")
        assert say_as("no such kind", "training") == "training"
    assert (shown("channel state", "training"), shown("phase", "training")) == ("training", "training")


def test_no_word_of_rows_reads_as_code_in_english() -> None:
    told = [shown(kind, word) for kind, known in CODED.items() for word in known]
    assert not any("_" in word for word in told), told


def test_each_step_of_preparing_a_base_is_told_in_the_readers_language() -> None:
    with speaking("ja"):
        assert phase_shown("preparing the base: reading weights").endswith(": 重みを読んでいます")
    assert phase_shown("preparing the base: reading weights") == "preparing the base: reading weights"


def test_why_something_went_live_is_told_in_the_readers_language_and_a_persons_words_stay() -> None:
    of_ours = ("promoted", BASE_CHANGED.format(base="gpt2"))
    assert [activation_shown(why) for why in of_ours] == ["promoted", "the base changed to gpt2"]
    with speaking("ja"):
        assert [activation_shown(why) for why in of_ours] == ["採用", "ベースモデルを gpt2 に変更"]
        assert activation_shown("it was promoted by Ann") == "it was promoted by Ann"


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, None),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "POSIX"}, None),
        ({"LANG": "fr_FR.UTF-8"}, None),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "ja_JP.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ja_JP.eucJP", "LANG": "en_US"}, "ja"),
        ({"LC_ALL": "C", "LANG": "ja_JP.UTF-8"}, None),
        ({"LANGUAGE": "fr:ja:en", "LANG": "en_US.UTF-8"}, "ja"),
        ({"LANGUAGE": "fr", "LANG": "ja_JP.UTF-8"}, "ja"),
    ],
)
def test_the_environment_names_a_language_as_gettext_reads_it(variables: dict[str, str], wanted: str | None) -> None:
    assert words.of_environment(variables) == wanted


def test_a_child_process_is_handed_the_language_spoken_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    with speaking("ja"):
        assert words.of_environment(words.handed_on()) == "ja"
    assert words.of_environment(words.handed_on()) == "en"


def test_a_library_s_english_is_told_again_and_what_nobody_knows_stays() -> None:
    english = "Invalid value for '--limit': Input should be greater than or equal to 1"
    assert told_again(english) == english
    with speaking("ja"):
        assert told_again(english) == "'--limit' の値が正しくありません: 1 以上にしてください"
        assert told_again("Input should be 'en' or 'ja'") == "'en' or 'ja' のどれかにしてください"
        assert told_again("Something quite new") == "Something quite new"
