"""`yamabiko claim`, `members`, `role`, `language`, `consent`, `permit-training`, `member-data`."""

from typing import Annotated

import typer

from bot.chat.text_words import provenance
from bot.chat.verbs import own, signing_in, text
from bot.cli.common import BEGIN, TEXT, Json, call, out, print_json, table
from db.coded import shown
from db.members import MemberSummary, Purpose
from db.words import LANGUAGES, listed, say, say_count

cli = typer.Typer()


@cli.command(rich_help_panel=BEGIN)
def claim(as_json: Json = False) -> None:
    """A code that makes whoever types it in chat an owner, once.

    For the first owner; owners give others their roles in chat.
    """
    code = call(signing_in.claim_code)
    line = signing_in.claim_line(code)
    if as_json:
        print_json({"code": code, "type": line})
        return
    out.print(say("Type this in chat, within an hour, where the bot is:"), markup=False)
    out.print(f"  {line}", markup=False, style="bold")


@cli.command(rich_help_panel=TEXT)
def members(as_json: Json = False) -> None:
    """Everyone who wrote, with role and consent."""
    found = call(text.list_members)
    if as_json:
        print_json(found)
        return
    rows = [(f"#{m.id}", m.name, m.workspace, _role(m), _consent(m.consents), m.messages) for m in found]
    headings = ("", say("name"), say("workspace"), say("role"), say("consent"), say("messages"))
    table(headings, rows, say("Nobody has written yet."))


def _role(member: MemberSummary) -> str:
    role = shown("role", member.role)
    return say("{role}, blocked", role=role) if member.blocked else role


def _consent(answers: dict[str, bool]) -> str:
    told = (f"{shown('purpose', purpose)}: {say('yes') if yes else say('no')}" for purpose, yes in answers.items())
    return listed(told) or "–"


@cli.command(rich_help_panel=TEXT)
def role(member: str, role: str, as_json: Json = False) -> None:
    """Make a member owner, admin, curator or member."""
    call(text.set_role, member, role)
    if as_json:
        print_json({"member": member, "role": role})
    else:
        out.print(say("{member} is now {role}.", member=member, role=shown("role", role)), markup=False)


@cli.command(rich_help_panel=TEXT)
def language(
    member: str,
    language: Annotated[str, typer.Argument(help="ja, en, or auto: what their network says.")],
    as_json: Json = False,
) -> None:
    """Choose the language in which the bot speaks with a member."""
    chosen = None if language == "auto" else language
    name = call(text.choose_language, member, chosen)
    if as_json:
        print_json({"member": name, "language": chosen})
    elif chosen is None:
        out.print(say("{member} hears the language of their network.", member=name), markup=False)
    else:
        out.print(say("{member} hears {language}.", member=name, language=LANGUAGES[chosen]), markup=False)


@cli.command(rich_help_panel=TEXT)
def consent(
    member: Annotated[str | None, typer.Argument(help="A member's name or #number; none with --everyone.")] = None,
    ground: Annotated[str, typer.Option(help="What the answer rests on; kept with it.")] = "",
    everyone: Annotated[bool, typer.Option(help="All who never answered.")] = False,
    no: Annotated[bool, typer.Option("--no", help="Record a no.")] = False,
    purpose: Annotated[str, typer.Option(help="community, or voice: to be spoken as.")] = "community",
    as_json: Json = False,
) -> None:
    """Record a member's answer about training on their text."""
    if (member is None) == (not everyone):
        raise typer.BadParameter(say("Name one member, or write --everyone."))
    if purpose not in ("community", "voice"):
        raise typer.BadParameter(say("The purpose is community or voice."))
    wanted: Purpose = "voice" if purpose == "voice" else "community"
    count = call(text.consent, member, not no, wanted, ground)
    if as_json:
        print_json({"recorded": count, "answer": not no, "purpose": purpose})
    else:
        out.print(_recorded(not no, shown("purpose", purpose), count))


def _recorded(yes: bool, purpose: str, count: int) -> str:
    if yes:
        return say_count(
            "Recorded yes ({purpose}) for {count:,} member.",
            "Recorded yes ({purpose}) for {count:,} members.",
            count,
            purpose=purpose,
        )
    return say_count(
        "Recorded no ({purpose}) for {count:,} member.",
        "Recorded no ({purpose}) for {count:,} members.",
        count,
        purpose=purpose,
    )


@cli.command("permit-training", rich_help_panel=TEXT)
def permit_training(
    workspace: str,
    ground: Annotated[str, typer.Option(help='Why you may train on its API text; "" withdraws.')],
    as_json: Json = False,
) -> None:
    """Record the owner's ground for training on API text.

    Slack's and Discord's developer terms, as written, forbid it without their own leave. Imported files
    do not need this.
    """
    ground = ground.strip()
    name = call(text.permit_training, workspace, ground)
    if as_json:
        print_json({"workspace": name, "ground": ground})
    else:
        told = (
            say("{workspace}: recorded.", workspace=name) if ground else say("{workspace}: withdrawn.", workspace=name)
        )
        out.print(told, markup=False)


@cli.command("member-data", rich_help_panel=TEXT)
def member_data(member: str, as_json: Json = False) -> None:
    """What is kept of a member, counted."""
    found = call(own.data_of, member)
    if as_json:
        print_json(found)
        return
    written = [
        f"{one.workspace}/{one.channel}: {one.messages:,} ({provenance(one.provenance)})" for one in found.written
    ]
    answers = [f"{shown('purpose', one.purpose)}: {say('yes') if one.yes else say('no')}" for one in found.answers]
    used = [f"{one.persona}, {say('dataset {number}', number=one.dataset)}: {one.messages:,}" for one in found.used]
    facts = [
        (say("name"), found.name),
        (say("workspace"), found.workspace),
        (say("messages"), "\n".join(written) or None),
        (say("answers, the newest first"), "\n".join(answers) or None),
        (say("questions kept"), found.asked),
        (say("thumbs"), f"+{found.up} -{found.down}"),
        (say("language"), found.language),
        (say("learned by"), "\n".join(used) or None),
    ]
    table(("", ""), facts, "")
