"""A list as a file for spreadsheets: semicolons, a comma in numbers, and nothing that runs."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from sqlalchemy import Select

from app.access.database import db
from app.access.viewer import Viewer, acting
from app.declare import Attribute, Entity, Kind
from app.screens.builder.cells import csv_text, harmless

BATCH = 500
MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


def exported(seen: Sequence[Attribute]) -> list[Attribute]:
    """The columns of the file: all that the viewer sees, but structured values."""
    return [one for one in seen if one.kind is not Kind.JSON]


def lines(statement: Select[tuple[Entity]], columns: Sequence[Attribute], viewer: Viewer) -> Iterator[str]:
    """The lines of the file as they come, one statement; memory does not grow with the list."""
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(_head(one)) for one in columns])
    yield MARK + _taken(buffer)
    with acting(viewer):
        found = db.session.scalars(statement.execution_options(yield_per=BATCH))
        for count, row in enumerate(found, 1):
            writer.writerow([csv_text(row, one, viewer) for one in columns])
            if count % BATCH == 0:
                yield _taken(buffer)
    yield _taken(buffer)


def _head(one: Attribute) -> str:
    unit = "€" if one.kind is Kind.CENTS else one.unit
    return f"{one.label} ({unit})" if unit else one.label


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
