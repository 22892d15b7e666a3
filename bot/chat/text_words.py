"""The short words of rows about text, as sentences and labels: the panel's pages and chat's cards say them alike.

Owns how each is said. Knows no page and no card.
"""

from db.channels import ChannelSummary
from db.coded import shown
from db.members import Purpose, RoleName
from db.models.text import Provenance, Review
from db.words import say, say_count


def terms() -> str:
    """What an admin should know before text that came through an API is learned from."""
    return say(
        "Slack's and Discord's developer terms restrict training on text that came through their APIs; files you own, "
        "your workspace's own export and members' own data packages are the safe ground."
    )


def role(name: RoleName) -> str:
    return shown("role", name)


def purpose(name: Purpose) -> str:
    return say("the community's voice") if name == "community" else say("a voice of their own")


def review(state: Review) -> str:
    return shown("review", state)


def open_for(channel: ChannelSummary) -> str:
    if channel.state == "closed":
        return say("closed")
    if channel.state == "context":
        return say("open for context")
    return say("open for training, after review") if channel.review_each else say("open for training")


def provenance(name: str) -> str:
    """Where a text came from."""
    told: dict[Provenance | str, str] = {
        "owner_file": say("a file of your own"),
        "slack_export": say("the workspace's Slack export"),
        "discord_package": say("members' own Discord data packages"),
        "slack_api": say("Slack, through its API"),
        "discord_api": say("Discord, through its API"),
        "discord_export": say("a Discord export, made through the API"),
    }
    return told.get(name, name)


def left_out(reason: str, count: int) -> str:
    """How many messages are not learned, and why."""
    match reason:
        case "no consent":
            return say_count("{count:,} whose author has not agreed", "{count:,} whose authors have not agreed", count)
        case "not reviewed yet":
            return say_count("{count:,} not reviewed yet", "{count:,} not reviewed yet", count)
        case "left out in review":
            return say_count("{count:,} left out in review", "{count:,} left out in review", count)
        case "no permission for API text":
            return say_count(
                "{count:,} from an API, without permission to train on it",
                "{count:,} from an API, without permission to train on them",
                count,
            )
        case "author blocked":
            return say_count("{count:,} whose author is blocked", "{count:,} whose authors are blocked", count)
        case "author unknown":
            return say_count("{count:,} whose author is unknown", "{count:,} whose authors are unknown", count)
        case _:
            return f"{count:,} {reason}"


def why_not(reason: str) -> str:
    """Why one message is not learned."""
    told = {
        "channel not approved for training": say("its channel is not open for training"),
        "no permission for API text": say("it came through an API, and no ground to train on such text is recorded"),
        "author blocked": say("its author is blocked"),
        "author unknown": say("its author is unknown"),
        "no consent": say("its author has not agreed"),
    }
    return told.get(reason, reason)
