"""One declaration an attribute: type, words, rights, approval, freeze, checks."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from app.declare.checks import Check, email_address, french_phone, iban
from app.declare.choice import Choice
from app.declare.fileref import FileRef
from app.declare.roles import Role


class Kind(enum.Enum):
    """What sort of value it is: decides the form field, the cell, the filter and the API type."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CENTS = "cents"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    TIME = "time"
    CHOICE = "choice"
    FILE = "file"
    JSON = "json"
    RELATION = "relation"


KIND_OF_TYPE = {
    str: Kind.TEXT,
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    Decimal: Kind.DECIMAL,
    datetime: Kind.MOMENT,
    date: Kind.DATE,
    time: Kind.TIME,
    dict: Kind.JSON,
    list: Kind.JSON,
    FileRef: Kind.FILE,
}
CHECKS_OF_KIND: dict[Kind, Check] = {
    Kind.EMAIL: email_address,
    Kind.PHONE: french_phone,
    Kind.IBAN: iban,
}
MADE = "Le nom court qu’emploie le règlement. Vide : il se fait des mots."
LENGTH_OF_KIND = {Kind.TEXT: 200, Kind.LONG_TEXT: 20_000, Kind.EMAIL: 200, Kind.PHONE: 40, Kind.IBAN: 34}


@dataclass(frozen=True)
class Attribute:
    """All that is known of one attribute of one entity.

    ``see`` and ``edit`` are None until the entity gives its own defaults; ``kind``,
    ``required``, ``python_type`` and ``target`` are read from the annotation.
    """

    label: str
    help: str = ""
    section: str = ""
    see: Role | None = None
    edit: Role | None = None
    approval: bool = False
    freeze: str = ""
    checks: tuple[Check, ...] = ()
    unit: str = ""
    kind: Kind | None = None
    length: int | None = None
    secret: bool = False
    entity: str = ""
    name: str = ""
    required: bool = True
    has_default: bool = False
    python_type: Any = None
    target: str = ""
    parent: bool = False
    inline: bool = False
    made_from: str = ""

    def bound(self, entity: str, name: str, annotation: Any, see: Role, edit: Role) -> "Attribute":
        """The declaration completed by the annotation and by the entity's own rights."""
        python_type, optional = inner_type(annotation)
        target = ""
        if self.kind is Kind.RELATION:
            kind = Kind.RELATION
            target = name_of(python_type)
        elif self.kind is not None:
            kind = self.kind
        elif isinstance(python_type, type) and issubclass(python_type, Choice):
            kind = Kind.CHOICE
        else:
            kind = KIND_OF_TYPE[get_origin(python_type) or python_type]
        own_check = CHECKS_OF_KIND.get(kind)
        return replace(
            self,
            entity=entity,
            name=name,
            kind=kind,
            python_type=python_type,
            required=not optional and kind is not Kind.BOOLEAN and not self.made_from,
            target=target,
            see=see if self.see is None else self.see,
            edit=(edit if self.see is None else edit & self.see) if self.edit is None else self.edit,
            checks=((own_check,) if own_check else ()) + self.checks,
            length=self.length or LENGTH_OF_KIND.get(kind),
        )

    @property
    def column(self) -> str:
        """The name of the mapped column: a relation's is its foreign key."""
        return f"{self.name}_id" if self.kind is Kind.RELATION else self.name

    def seen_by(self, roles: Role) -> bool:
        """Whether any of these roles sees it."""
        return bool(self.see and self.see & roles)

    def edited_by(self, roles: Role) -> bool:
        """Whether any of these roles edits it."""
        return bool(self.edit and self.edit & roles)


@dataclass(frozen=True)
class AskedAttribute(Attribute):
    """A question that a configurator put to the people of an entity, as an attribute of it.

    No column holds it: its values are rows of ``Answer``, put on the row under its name by whoever
    loads it (``access/asking.py``). Screens edit the answers through their own form.
    """

    question_id: int = 0


def inner_type(annotation: Any) -> tuple[Any, bool]:
    """``Mapped[date | None]`` gives ``(date, True)``."""
    if get_origin(annotation) is Mapped:
        (annotation,) = get_args(annotation)
    if isinstance(annotation, str):
        text = annotation.replace(" ", "")
        return text.removesuffix("|None"), text.endswith("|None")
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        return members[0], len(members) < len(get_args(annotation))
    return annotation, False


def name_of(python_type: Any) -> str:
    """The class name in a relation's annotation: a class, a forward reference or a string."""
    if isinstance(python_type, str):
        return python_type
    return str(getattr(python_type, "__forward_arg__", None) or python_type.__name__)


@dataclass
class RelationMarker:
    """What ``relation`` leaves in the class body; the entity replaces it by a key and a relationship."""

    attribute: Attribute
    unique: bool = False
    ondelete: str = "RESTRICT"
    options: dict[str, Any] = field(default_factory=dict)


def attribute(
    label: str,
    *,
    help: str = "",
    section: str = "",
    see: Role | None = None,
    edit: Role | None = None,
    approval: bool = False,
    freeze: str = "",
    check: Check | Sequence[Check] = (),
    unit: str = "",
    kind: Kind | None = None,
    length: int | None = None,
    secret: bool = False,
    made_from: str = "",
    **column: Any,
) -> MappedColumn[Any]:
    """Declare a column once; ``column`` goes to ``mapped_column`` (default, unique, index, ...).

    approval: a family's change waits for staff. freeze: the section of declarations it belongs
    to, closed to families from its freeze date. secret: never shown, exported nor kept in history.
    made_from: the attribute of whose words a code is made when none is given.
    """
    checks = (check,) if callable(check) else tuple(check)
    has_default = any(key in column for key in ("default", "default_factory", "insert_default"))
    declared = Attribute(
        label=label,
        help=help or (MADE if made_from else ""),
        section=section,
        see=see,
        edit=edit,
        approval=approval,
        freeze=freeze,
        checks=checks,
        unit=unit,
        kind=kind,
        length=length,
        secret=secret,
        has_default=has_default,
        made_from=made_from,
    )
    return mapped_column(info={"declared": declared}, **column)


def relation(
    label: str,
    *,
    help: str = "",
    section: str = "",
    see: Role | None = None,
    edit: Role | None = None,
    approval: bool = False,
    freeze: str = "",
    unique: bool = False,
    parent: bool = False,
    inline: bool = False,
    ondelete: str = "",
    **relationship_options: Any,
) -> Any:
    """Declare a many-to-one: the key ``<name>_id``, its index and the relationship come with it.

    parent: this row is a part of that one: shown among its tabs, deleted with it unless ``ondelete``
    says otherwise. inline: and it is written in the form of that one, a line each.
    """
    declared = Attribute(
        label=label,
        help=help,
        section=section,
        see=see,
        edit=edit,
        approval=approval,
        freeze=freeze,
        kind=Kind.RELATION,
        parent=parent,
        inline=inline,
    )
    return RelationMarker(
        declared,
        unique=unique,
        ondelete=ondelete or ("CASCADE" if parent else "RESTRICT"),
        options=relationship_options,
    )
