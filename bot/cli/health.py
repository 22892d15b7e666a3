"""`yamabiko doctor`."""

import asyncio

import typer

from bot.cli.common import BEGIN, Json, out, print_json
from bot.doctor import Finding, examine
from db.words import speaking

cli = typer.Typer()


@cli.command(rich_help_panel=BEGIN)
def doctor(as_json: Json = False) -> None:
    """Look at what Yamabiko stands on; each failure says what to do."""
    with speaking("en" if as_json else None):  # programs know the findings by their English names
        findings = asyncio.run(examine())
    if as_json:
        print_json({"ok": all(finding.ok for finding in findings), "findings": findings})
    else:
        for finding in findings:
            _show(finding)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    mark, colour = ("✓", "green") if finding.ok else ("✗", "red")
    if finding.ok and finding.advice:
        mark, colour = "–", "yellow"
    out.print(f"[{colour}]{mark}[/{colour}] {finding.what}: ", end="")
    out.print(finding.detail, markup=False)
    if finding.advice:
        out.print(f"  {finding.advice}", markup=False, style="dim")
