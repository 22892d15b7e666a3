"""Harbour Radio and Kodama-yu read as archives: every line a message, in order, by the club's own members."""

import re
from collections import Counter
from importlib.resources import files

import pytest

from bot.chat.events import Posted
from bot.demo import HARBOUR_RADIO, KODAMA_YU, Community, Show
from db import recipe

SHOWS = pytest.mark.parametrize("show", [HARBOUR_RADIO, KODAMA_YU], ids=lambda show: show.persona)


def everything(club: Community) -> list[Posted]:
    return [item for part in club.parts() for item in club.read(part) if isinstance(item, Posted)]


def as_written(message: Posted) -> str:
    return re.sub(r"<@member:(\w+)>", r"@\1", message.text)


@SHOWS
def test_every_line_of_the_file_is_a_message(show: Show) -> None:
    lines = files("bot.demo").joinpath(show.community.file).read_text("utf-8").splitlines()
    spoken = [line for line in lines if line.strip() and not line.startswith("#")]
    found = everything(show.community)
    assert 500 > len(found) == len(spoken) >= 350
    for message, line in zip(found, spoken, strict=True):
        assert line.strip().endswith(f"{message.author}: {as_written(message)}")


@SHOWS
def test_only_the_clubs_members_speak_and_all_of_them_do(show: Show) -> None:
    authors = {message.author for message in everything(show.community)}
    assert authors == {member.id for member in show.community.members}


@SHOWS
def test_ids_are_unique_within_a_channel_and_times_never_go_back(show: Show) -> None:
    for channel in show.community.channels:
        said = [message for message in everything(show.community) if message.channel == channel.id]
        assert len({message.id for message in said}) == len(said) > 0
        assert [message.at for message in said] == sorted(message.at for message in said)


@SHOWS
def test_a_thread_answers_a_message_of_the_same_channel(show: Show) -> None:
    by_place = {(message.channel, message.id) for message in everything(show.community)}
    threads = [message for message in everything(show.community) if message.thread]
    assert threads
    for message in threads:
        assert message.thread != message.id
        assert (message.channel, message.thread) in by_place
        assert message.reply_to == message.thread


@SHOWS
def test_members_are_mentioned_by_reference_and_no_plain_name_is_left(show: Show) -> None:
    found = everything(show.community)
    names = {member.id for member in show.community.members}
    mentioned = {name for message in found for name in re.findall(r"<@member:(\w+)>", message.text)}
    assert mentioned
    assert mentioned <= names
    assert not any(re.search(rf"(?<!<)@({'|'.join(names)})", message.text) for message in found)


@SHOWS
def test_nothing_is_said_twice(show: Show) -> None:
    said = Counter(message.text for message in everything(show.community))
    assert [text for text, count in said.items() if count > 1] == []


@SHOWS
def test_the_same_text_has_the_same_fingerprint_and_parts(show: Show) -> None:
    one, two = (Community(show.community.file, show.community.workspace) for _ in range(2))
    assert one.fingerprint == two.fingerprint
    keys = [part.key for part in one.parts()]
    assert keys == [part.key for part in two.parts()]
    assert len(set(keys)) == len(keys)


@SHOWS
def test_its_recipe_and_sampling_are_ones_a_persona_may_have(show: Show) -> None:
    recipe.recipe_from("chat", show.recipe)
    recipe.sampling_from("chat", show.sampling)
    assert len(set(show.questions)) == len(show.questions) >= 5


def test_the_two_communities_share_no_name() -> None:
    for names in (
        [show.persona for show in (HARBOUR_RADIO, KODAMA_YU)],
        [show.community.workspace.name for show in (HARBOUR_RADIO, KODAMA_YU)],
        [channel.name for show in (HARBOUR_RADIO, KODAMA_YU) for channel in show.community.channels],
    ):
        assert len(set(names)) == len(names)


def test_the_bath_house_speaks_in_a_manner_that_nobody_else_has() -> None:
    found = everything(KODAMA_YU.community)
    assert all(re.search(r"[\u3041-\u30fc]", message.text) for message in found)
    splashed = [message for message in found if message.text.endswith("ざぶん。")]
    dry = [message for message in found if message not in splashed]
    assert len(splashed) > 0.97 * len(found)
    # Only the newcomer forgets it, on the first days.
    assert {message.author for message in dry} == {"ハル"}
    answers = [message for message in found if re.match("へい|あいよ|がってん", message.text)]
    assert len(answers) > 0.7 * len(found)


def test_no_question_of_the_demo_stands_in_the_talk_it_learns_from() -> None:
    for show in (HARBOUR_RADIO, KODAMA_YU):
        talk = "\n".join(as_written(message) for message in everything(show.community))
        assert not [question for question in show.questions if question in talk]
