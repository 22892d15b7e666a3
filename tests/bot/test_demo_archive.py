"""Harbour Radio reads as an archive: every line a message, in order, by the club's own members."""

import re
from importlib.resources import files

from bot.chat.events import Posted
from bot.demo import HarbourRadio


def everything() -> list[Posted]:
    club = HarbourRadio()
    return [item for part in club.parts() for item in club.read(part) if isinstance(item, Posted)]


def test_every_line_of_the_file_is_a_message() -> None:
    lines = files("bot.demo").joinpath("harbour_radio.txt").read_text("utf-8").splitlines()
    spoken = [line for line in lines if line.strip() and not line.startswith("#")]
    assert len(everything()) == len(spoken) > 200
    for message, line in zip(everything(), spoken, strict=True):
        as_written = re.sub(r"<@member:(\w+)>", r"@\1", message.text)
        assert line.strip().endswith(f"{message.author}: {as_written}")


def test_only_the_clubs_members_speak_and_all_of_them_do() -> None:
    assert {message.author for message in everything()} == {member.id for member in HarbourRadio().members}


def test_ids_are_unique_within_a_channel_and_times_never_go_back() -> None:
    for channel in HarbourRadio().channels:
        said = [message for message in everything() if message.channel == channel.id]
        assert len({message.id for message in said}) == len(said) > 0
        assert [message.at for message in said] == sorted(message.at for message in said)


def test_a_thread_answers_a_message_of_the_same_channel() -> None:
    by_place = {(message.channel, message.id) for message in everything()}
    threads = [message for message in everything() if message.thread]
    assert threads
    for message in threads:
        assert message.thread != message.id
        assert (message.channel, message.thread) in by_place
        assert message.reply_to == message.thread


def test_members_are_mentioned_by_reference_and_no_plain_name_is_left() -> None:
    mentioned = {name for message in everything() for name in re.findall(r"<@member:(\w+)>", message.text)}
    assert mentioned
    assert mentioned <= {member.id for member in HarbourRadio().members}
    assert not any(re.search(r"(?<!<)@(Marn|Odile|Juno)\b", message.text) for message in everything())


def test_the_same_text_has_the_same_fingerprint_and_parts() -> None:
    one, two = HarbourRadio(), HarbourRadio()
    assert one.fingerprint == two.fingerprint
    keys = [part.key for part in one.parts()]
    assert keys == [part.key for part in two.parts()]
    assert len(set(keys)) == len(keys)
