"""Comparing words whatever their case and accents, in Python and in SQL alike."""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# PostgreSQL has no accent-free comparison without an extension: its translate() does as well for French.
ACCENTED = "àâäáãçéèêëíìîïñóòôöõúùûüýÿ"
PLAIN = "aaaaaceeeeiiiinooooouuuuyy"


def fold(text: str | None) -> str | None:
    """« Élise BŒUF » gives « elise boeuf »."""
    if text is None:
        return None
    if type(text) is str and text.isascii():
        return text.lower()  # SQLite asks this of every row of a list that it puts in order
    lower = str(text).lower().replace("œ", "oe").replace("æ", "ae")
    return "".join(one for one in unicodedata.normalize("NFD", lower) if not unicodedata.combining(one))


class folded(FunctionElement[str]):  # noqa: N801  (SQL functions are written like functions)
    """``fold`` in SQL: on SQLite the Python function itself (``access/database.py`` lends it)."""

    name = "fold"
    inherit_cache = True
    type = String()


@compiles(folded)
def _portable(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    ligatures = f"replace(replace(lower({inner}), 'œ', 'oe'), 'æ', 'ae')"
    return f"translate({ligatures}, '{ACCENTED}', '{PLAIN}')"


@compiles(folded, "sqlite")
def _sqlite(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"fold({compiler.process(element.clauses, **options)})"


def contains(column: Any, words: str) -> ColumnElement[bool]:
    """Whether the column holds these words, whatever their case and accents; ``%`` and ``_`` are letters.

    A NUL is left out: no text holds one, and PostgreSQL fails on it.
    """
    plain = (fold(words) or "").replace("\x00", "")
    wanted = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return folded(column).like(f"%{wanted}%", escape="\\")
