"""`make texts`: gathers every sentence that people are told and brings the catalogues up to it.

Sentences are found in the code (`say`, `say_count`, `say_as`, `mark`, `later`), in the command line's help, and among
the short words of rows. What is translated stays; what is new waits in the .po for its translation; what is gone goes.
"""

import ast
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "db", "trainer")
# How many of the first arguments are the sentence.
SAID = {"say": 1, "mark": 1, "later": 1, "say_count": 2, "say_as": 2}

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@dataclass(frozen=True, slots=True)
class Sentence:
    id: str | tuple[str, str]
    place: str
    context: str | None = None


class Unreadable(Exception):
    """A sentence is put together where it is said; write it whole, with {names} for what changes."""


def template() -> Catalog:
    """All there is to translate, in the order of the code."""
    found = Catalog(domain="yamabiko", charset="utf-8")
    for sentence in (*_in_code(), *_in_help(), *_coded()):
        found.add(sentence.id, context=sentence.context, locations=[(sentence.place, 0)])
    return found


def _in_code() -> Iterator[Sentence]:
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield from sentences(file.read_text(encoding="utf-8"), file.relative_to(ROOT).as_posix())


def sentences(code: str, place: str) -> Iterator[Sentence]:
    """What one module says. Raises Unreadable."""
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = _said_by(call.func)
        if name is None:
            continue
        parts = call.args[: SAID[name]]
        if any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in parts):
            raise Unreadable(f"{place}:{call.lineno}: {Unreadable.__doc__}")
        words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if len(words) < SAID[name]:
            continue  # it stands elsewhere, marked
        if name == "say_count":
            yield Sentence((words[0], words[1]), place)
        elif name == "say_as":
            yield Sentence(words[1], place, words[0])
        else:
            yield Sentence(words[0], place)


def _said_by(function: ast.expr) -> str | None:
    if isinstance(function, ast.Name):
        return function.id if function.id in SAID else None
    of_words = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    if of_words and function.value.id == "words" and function.attr in SAID:
        return function.attr
    return None


def _in_help() -> Iterator[Sentence]:
    import typer

    from bot.cli import cli, language

    for command in language.commands(typer.main.get_command(cli)):
        for owner, attribute in language.texts(command):
            yield Sentence(getattr(owner, attribute), "yamabiko --help")


def _coded() -> Iterator[Sentence]:
    from db.coded import CODED

    for kind, known in CODED.items():
        for word in known:
            yield Sentence(word, "db/coded.py", kind)


def updated(old: Catalog) -> Catalog:
    """`old` with exactly the sentences there are now."""
    new = template()
    new.locale, new.header_comment = old.locale, old.header_comment
    new.creation_date, new.revision_date = old.creation_date, old.revision_date
    new.fuzzy, new.msgid_bugs_address = False, ""
    new.project, new.version = "Yamabiko", "0.1"
    new.last_translator = new.language_team = "Yamabiko"
    for message in new:
        known = old.get(message.id, message.context) if message.id else None
        if known is not None:
            message.string = known.string
            message.user_comments = known.user_comments
    return new


def written(catalogue: Catalog) -> bytes:
    """The .po file."""
    out = io.BytesIO()
    pofile.write_po(out, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    return out.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The .mo file."""
    out = io.BytesIO()
    mofile.write_mo(out, catalogue)
    return out.getvalue()


def read(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return pofile.read_po(stream, locale=file.parent.parent.name)


def catalogues() -> list[Path]:
    return sorted((ROOT / "db" / "locale").glob("*/LC_MESSAGES/yamabiko.po"))


def main() -> None:
    for file in catalogues():
        catalogue = updated(read(file))
        file.write_bytes(written(catalogue))
        file.with_suffix(".mo").write_bytes(compiled(catalogue))
        missing = sum(not _translated(message.string) for message in catalogue if message.id)
        print(f"{file.relative_to(ROOT)}: {len(catalogue)} sentences, {missing} to translate")


def _translated(string: str | tuple[str, ...] | list[str]) -> bool:
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


if __name__ == "__main__":
    main()
