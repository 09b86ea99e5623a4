"""A file among the fields of a form made by hand."""

from werkzeug.datastructures import FileStorage
from wtforms import Field

from app.declare import FileRef
from app.services import files


def taken(field: Field) -> FileRef | None:
    """The file chosen, looked at, cleaned and stored; None when none was.

    RefusedFile when it can't be kept: why is then said on its field.
    """
    if not isinstance(field.data, FileStorage) or not field.data.filename:
        return None
    try:
        return files.store(field.data)
    except files.RefusedFile as refusal:
        field.errors = [*field.errors, refusal.sentence]
        raise
