"""What is kept of a member, and who answers in a channel, at the shell."""

import json
from pathlib import Path

from tests.fakes.command_line import Run


def test_what_is_kept_of_a_member_is_counted(yamabiko: Run, filled: Path) -> None:
    status, out, _ = yamabiko("member-data", "Ann", "--json")
    assert status == 0
    found = json.loads(out)
    assert (found["name"], found["asked"], found["up"]) == ("Ann", 2, 0)
    assert sum(one["messages"] for one in found["written"]) > 0
    status, out, _ = yamabiko("member-data", "Ann")
    assert status == 0
    assert found["workspace"] in out


def test_a_member_who_is_not_there_is_told(yamabiko: Run, filled: Path) -> None:
    assert yamabiko("member-data", "Nobody")[::2] == (
        1, "There is no member 'Nobody'; `yamabiko members` shows them.\n",
    )  # fmt: skip


def test_a_persona_is_chosen_for_a_channel_and_given_up_again(yamabiko: Run, filled: Path) -> None:
    channel = json.loads(yamabiko("channel", "list", "--json")[1])[0]
    name = f"{channel['workspace']}/{channel['name']}"
    status, out, err = yamabiko("channel", "use", name, "echo")
    assert (status, out) == (0, f"From now on echo answers in {channel['name']}.\n"), err
    assert yamabiko("channel", "use", name)[1] == f"No persona is chosen for {channel['name']} any more.\n"
    assert "There is no persona 'nobody'" in yamabiko("channel", "use", name, "nobody")[2]
