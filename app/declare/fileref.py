"""A reference to a stored file: whoever sees the row sees the file, and nobody else."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


@dataclass(frozen=True)
class FileRef:
    """Where the bytes are and what they are; ``key`` is opaque and never shown."""

    key: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str

    def __str__(self) -> str:
        return self.name


class FileRefType(TypeDecorator[FileRef]):
    """Stores a FileRef as JSON."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: FileRef | None, dialect: Dialect) -> Any:
        return None if value is None else asdict(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> FileRef | None:
        return None if value is None else FileRef(**value)
