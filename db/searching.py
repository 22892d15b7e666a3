"""Searching: which text contains what someone typed, whatever its width and case.

Owns the folding: in Python for SQLite, which asks for it by the name `folded`, in PostgreSQL's own words there.
Knows no table.
"""

import unicodedata
from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.functions import FunctionElement


def folded(text: str) -> str:
    """`ＡＢＣ`, `Abc` and `abc` alike, `ｶﾞ` and `ガ` alike."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


class _Contains(FunctionElement[bool]):
    """`_Contains(text, wanted)`, both folded."""

    type = Boolean()
    inherit_cache = True


@compiles(_Contains)
def _on_sqlite(element: _Contains, compiler: Any, **options: Any) -> str:
    text, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f"instr(folded({text}), folded({wanted})) > 0"


@compiles(_Contains, "postgresql")
def _on_postgresql(element: _Contains, compiler: Any, **options: Any) -> str:
    text, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    # Lowered between two normalisations, as `folded` does it: some capitals decompose when they become small.
    # Before PostgreSQL 17 the database's locale decides which letters have a small form.
    version: tuple[int, ...] = getattr(compiler.dialect, "server_version_info", None) or (0, 0)
    letters = ' COLLATE "pg_c_utf8"' if version[0] >= 17 else ""
    alike = f"normalize(lower(normalize({{}}, NFKC){letters}), NFKC)"
    return f"strpos({alike.format(text)}, {alike.format(wanted)}) > 0"


def contains(text: InstrumentedAttribute[str], wanted: str) -> ColumnElement[bool]:
    return _Contains(text, literal(wanted))
