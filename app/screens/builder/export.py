"""A list as a file: CSV for whatever reads it, XLSX for spreadsheets; nothing in either ever runs.

Rows come from the database ``BATCH`` at a time and leave in pieces: memory does not grow with the list.
"""

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import StringIO
from typing import IO, Any

from sqlalchemy import Select
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.access import readings
from app.access.asking import put_answers
from app.access.database import db
from app.access.viewer import Viewer, acting
from app.declare import Attribute, Entity, Kind
from app.screens.builder.cells import csv_text, harmless, text_of
from app.screens.words import paris
from app.services import clock

BATCH = 500
PIECE = 64 * 1024
MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
MOST_ROWS = 1_048_575
"""What a sheet holds under its heading."""
LONGEST = 32_767
"""What a cell holds; a longer text is cut there."""
BARRED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""Signs that XML, and so a cell, can't hold."""
FIRST_YEAR = 1900
"""Before it a spreadsheet has no days: they are written as words."""
WIDTHS = {
    Kind.DATE: 12,
    Kind.MOMENT: 17,
    Kind.TIME: 8,
    Kind.INTEGER: 10,
    Kind.DECIMAL: 12,
    Kind.CENTS: 12,
    Kind.BOOLEAN: 8,
    Kind.CHOICE: 18,
    Kind.PHONE: 16,
    Kind.EMAIL: 28,
    Kind.RELATION: 28,
    Kind.LONG_TEXT: 48,
}
LOOKS = {
    "head": {"bold": True, "bg_color": "#f3ebdc", "bottom": 1, "valign": "vcenter"},
    "day": {"num_format": "dd/mm/yyyy", "align": "left"},
    "moment": {"num_format": "dd/mm/yyyy hh:mm", "align": "left"},
    "hour": {"num_format": "hh:mm", "align": "left"},
    "euros": {"num_format": '#,##0.00\\ "€"'},
    "number": {"num_format": "#,##0.####"},
    "whole": {"num_format": "0"},
}


def exported(seen: Sequence[Attribute]) -> list[Attribute]:
    """The columns of a file when none was chosen: all that the viewer sees, but structured values."""
    return [one for one in seen if one.kind is not Kind.JSON and not one.secret]


def lines(statement: Select[tuple[Entity]], columns: Sequence[Attribute], viewer: Viewer) -> Iterator[str]:
    """The lines of the CSV file as they come; one statement."""
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(_head(one)) for one in columns])
    yield MARK + _taken(buffer)
    for count, row in enumerate(_rows(statement, columns, viewer), 1):
        writer.writerow([csv_text(row, one, viewer) for one in columns])
        if count % BATCH == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def sheet(
    statement: Select[tuple[Entity]], columns: Sequence[Attribute], viewer: Viewer, title: str
) -> IO[bytes]:
    """The XLSX file, open at its start, gone from the disk when it is closed; one statement.

    Days, hours, numbers and amounts are typed cells; a text is a text whatever it begins with. The
    heading stays in sight and filters.
    """
    made = tempfile.TemporaryFile()  # noqa: SIM115  (whoever sends it closes it)
    book = Workbook(made, OPTIONS)
    looks = {name: book.add_format(look) for name, look in LOOKS.items()}
    page = book.add_worksheet(_sheet_name(title))
    page.freeze_panes(1, 1)
    page.set_row(0, 22)
    for rank, one in enumerate(columns):
        page.set_column(rank, rank, _width(one))
    for rank, one in enumerate(columns):
        page.write_string(0, rank, _head(one), looks["head"])
    line = 0
    for line, row in enumerate(_rows(statement.limit(MOST_ROWS), columns, viewer), 1):
        for rank, one in enumerate(columns):
            value, look = _typed(row, one, viewer)
            _write(page, (line, rank), value, looks.get(look))
    if columns:
        page.autofilter(0, 0, max(line, 1), len(columns) - 1)
    book.close()
    made.seek(0)
    return made


def pieces(made: IO[bytes]) -> Iterator[bytes]:
    """The file in pieces, closed at the end."""
    with made:
        while piece := made.read(PIECE):
            yield piece


def _rows(statement: Select[tuple[Entity]], columns: Sequence[Attribute], viewer: Viewer) -> Iterator[Entity]:
    with acting(viewer):
        try:
            for rows in db.session.scalars(statement.execution_options(yield_per=BATCH)).partitions(BATCH):
                put_answers(rows, columns)
                yield from rows
        finally:  # the answer has left, whole or cut: nothing else will note it
            readings.write(clock.now())


def _typed(row: Entity, one: Attribute, viewer: Viewer) -> tuple[Any, str]:
    """The value as a cell of that type holds it, and its look; a text, without look, for all the rest."""
    value = getattr(row, one.name)
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return "Oui" if value else "Non", ""
    if one.kind is Kind.CENTS:
        return Decimal(value) / 100, "euros"
    if isinstance(value, datetime):
        value = paris(value).replace(tzinfo=None)
    if isinstance(value, date) and value.year < FIRST_YEAR:
        return f"{value:%d/%m/%Y}", ""
    for kind, look in TYPES:
        if isinstance(value, kind):
            return value, look
    return text_of(row, one, viewer), ""


TYPES: tuple[tuple[type, str], ...] = (
    (datetime, "moment"),
    (date, "day"),
    (time, "hour"),
    (int, "whole"),
    (Decimal, "number"),
)
"""The first that fits: a datetime is a date."""


def _write(page: Worksheet, place: tuple[int, int], value: Any, look: Format | None) -> None:
    if isinstance(value, date | time):
        page.write_datetime(*place, value, look)
    elif isinstance(value, int | Decimal):
        page.write_number(*place, value, look)
    elif value:
        page.write_string(*place, BARRED.sub("", value)[:LONGEST])


def _width(one: Attribute) -> int:
    assert one.kind is not None
    return max(WIDTHS.get(one.kind, 22), len(_head(one)) + 4)


def _sheet_name(title: str) -> str:
    return "".join(one for one in title if one not in "[]:*?/\\'")[:31] or "Liste"


def _head(one: Attribute) -> str:
    unit = "€" if one.kind is Kind.CENTS else one.unit
    return f"{one.label} ({unit})" if unit else one.label


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
