"""The base of every record: a class of declared attributes, a table, a term, a scope."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Enum, ForeignKey, MetaData, Numeric, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from app.declare import registry
from app.declare.attribute import Attribute, Kind, RelationMarker, inner_type
from app.declare.choice import Choice
from app.declare.fileref import FileRef, FileRefType
from app.declare.roles import EVERYONE, Role
from app.declare.scope import Scope
from app.declare.term import Term

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcMoment(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC without offset in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("un instant sans fuseau ne peut pas être enregistré")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def table_name(class_name: str) -> str:
    """``SchoolYear`` gives ``school_year``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


def choice_type(choice: type[Choice]) -> Enum:
    """Stores the value of a Choice as text; the closed list is held by Python, not by the table."""
    return Enum(
        choice,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=False,
        length=40,
    )


class Entity(DeclarativeBase):
    """A declared record. Subclasses say their term, their scope and their attributes.

    ``__see__`` and ``__edit__`` are the rights of the attributes that don't give their own.
    ``__named__`` lists the attributes that name a row (they order and search it as well),
    ``__listed__`` the columns of its lists, ``__menu__`` the heading it stands under, ``__repeated__``
    what the history says again at each change, ``__health__`` the relation to the child whose health
    it tells (``access/readings.py``), ``__answers__`` the relation to the town's question that it answers:
    who does not see the question has no such row. ``__outlives__``: the law of accounts keeps these rows when
    the household is erased (``services/erasure.py``). ``__inner__``: the attribute and the value that keep a
    row of the town to the service.
    """

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcMoment,
        Decimal: Numeric(14, 4),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        FileRef: FileRefType,
    }

    __term__: ClassVar[Term]
    __scope__: ClassVar[Scope]
    __facility__: ClassVar[Scope | None] = None
    __see__: ClassVar[Role] = EVERYONE
    __edit__: ClassVar[Role] = Role.DESK
    __create__: ClassVar[Role | None] = None
    __delete__: ClassVar[Role | None] = None
    __named__: ClassVar[tuple[str, ...]] = ()
    __listed__: ClassVar[tuple[str, ...]] = ()
    __searched__: ClassVar[tuple[str, ...]] = ()
    __descending__: ClassVar[bool] = False
    __menu__: ClassVar[str] = "Autres"
    __history__: ClassVar[bool] = True
    __repeated__: ClassVar[tuple[str, ...]] = ()
    __health__: ClassVar[str] = ""
    __answers__: ClassVar[str] = ""
    __outlives__: ClassVar[bool] = False
    __inner__: ClassVar[tuple[str, str] | None] = None
    __attributes__: ClassVar[dict[str, Attribute]] = {}

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)
    # Each update checks and raises it: two people who edit one row can't overwrite each other.
    revision: Mapped[int] = mapped_column(default=1, server_default="1", sort_order=999)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.revision}

    def __init_subclass__(cls, **options: Any) -> None:
        if "__tablename__" not in cls.__dict__:
            cls.__tablename__ = table_name(cls.__name__)
        declared = _expand(cls)
        super().__init_subclass__(**options)
        cls.__attributes__ = declared
        if not cls.__named__:
            cls.__named__ = tuple(name for name, one in declared.items() if one.kind is Kind.TEXT)[:1]
        if not cls.__searched__:
            textual = (Kind.TEXT, Kind.EMAIL, Kind.PHONE)
            cls.__searched__ = tuple(name for name in cls.__named__ if declared[name].kind in textual)
        if not cls.__listed__:
            short = [
                name
                for name, one in declared.items()
                if one.kind not in (Kind.LONG_TEXT, Kind.JSON, Kind.FILE) and not one.secret
            ]
            cls.__listed__ = tuple(dict.fromkeys((*cls.__named__, *short)))[:6]
        registry.register(cls)

    @classmethod
    def may_create(cls) -> Role:
        """The roles that add rows: by default those who edit an attribute, families left out."""
        if cls.__create__ is not None:
            return cls.__create__
        return _union(one.edit for one in cls.__attributes__.values()) & ~Role.FAMILY

    @classmethod
    def may_delete(cls) -> Role:
        """The roles that delete rows: by default those who add them."""
        return cls.may_create() if cls.__delete__ is None else cls.__delete__

    @classmethod
    def may_see(cls) -> Role:
        """The roles that see at least one attribute."""
        return _union(one.see for one in cls.__attributes__.values())

    @classmethod
    def may_edit(cls) -> Role:
        """The roles that edit at least one attribute."""
        return _union(one.edit for one in cls.__attributes__.values())

    def __str__(self) -> str:
        values = [getattr(self, name) for name in self.__named__]
        text = " ".join(
            f"{v:%d/%m/%Y}" if isinstance(v, date) else str(v) for v in values if v not in (None, "")
        )
        return text or f"{self.__term__.title_one} n° {self.id}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


def _union(roles: Any) -> Role:
    whole = Role(0)
    for role in roles:
        whole |= role or Role(0)
    return whole


def _expand(cls: type[Entity]) -> dict[str, Attribute]:
    """Bind the declarations of a class body; turn each relation into a key and a relationship."""
    declared: dict[str, Attribute] = {}
    annotations = cls.__dict__.get("__annotations__", {})  # noqa: RUF063 (changed below: the live dict)
    for name, value in list(cls.__dict__.items()):
        if isinstance(value, RelationMarker):
            one = value.attribute.bound(cls.__name__, name, annotations[name], cls.__see__, cls.__edit__)
            declared[name] = one
            _relate(cls, name, one, value, annotations)
        elif isinstance(value, MappedColumn) and "declared" in value.column.info:
            declaration: Attribute = value.column.info["declared"]
            one = declaration.bound(cls.__name__, name, annotations[name], cls.__see__, cls.__edit__)
            value.column.info["declared"] = one
            declared[name] = one
            _set_type(value, one)
    return declared


def _relate(
    cls: type[Entity], name: str, one: Attribute, marker: RelationMarker, annotations: dict[str, Any]
) -> None:
    key = f"{name}_id"
    _, optional = inner_type(annotations[name])
    annotations[key] = Mapped[int | None] if optional else Mapped[int]
    column: MappedColumn[Any] = mapped_column(
        ForeignKey(f"{table_name(one.target)}.id", ondelete=marker.ondelete),
        index=not marker.unique,
        unique=marker.unique or None,
        nullable=optional,
        info={"relation": name},
    )
    setattr(cls, key, column)
    setattr(
        cls,
        name,
        relationship(one.target, foreign_keys=[column], **marker.options),
    )


def _set_type(column: MappedColumn[Any], one: Attribute) -> None:
    if one.kind is Kind.CHOICE:
        column.column.type = choice_type(one.python_type)
    elif one.kind is Kind.LONG_TEXT:
        column.column.type = Text()
    elif one.python_type is str:
        column.column.type = String(one.length or 200)


__all__ = ["Entity", "UtcMoment", "choice_type", "table_name"]
