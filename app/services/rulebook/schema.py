"""What a section of the rulebook may hold, derived from the entity it fills.

A section names an entity; its keys are the entity's declared attributes. Only what is no attribute
(an opening pattern, the zone of the holidays, ``invented``) is declared besides, as a ``Field``.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from app.declare import Attribute, Entity, Kind
from app.rules.values import read_yes_no, shape_of
from app.services.rulebook.source import Listing, Node, Table
from app.services.rulebook.values import Read, reader_for, text_of


@dataclass(frozen=True)
class Field:
    """One key of the file: how it is read, and where its value goes.

    ``attribute`` is the declaration it fills; without one, the value is kept among the extras.
    """

    key: str
    label: str
    read: Read
    required: bool = False
    default: Any = None
    attribute: Attribute | None = None
    help: str = ""
    several: Any = None  # a list of small tables of this dataclass
    written: str = ""  # how its values are written, where no attribute says it


@dataclass(frozen=True)
class Section:
    """A part of the file that fills one entity.

    ``by``: the attribute given by the key of each entry; "" when the entries are a list.
    ``identity``: the columns that say which row an entry is. ``reads``: readers that replace those of
    the attributes' kinds. ``parent``: the relation to the entry above.
    """

    key: str
    label: str
    entity: type[Entity]
    by: str = "code"
    identity: tuple[str, ...] = ("code",)
    parent: str = ""
    leaves_out: frozenset[str] = frozenset()
    reads: Mapping[str, Read] = field(default_factory=dict)
    requires: frozenset[str] = frozenset()
    extras: tuple[Field, ...] = ()
    whole: str = ""  # the attribute that takes the entry as it is: a check of its own reads it
    owned: bool = False  # the file holds all of them: those that it no longer has are deleted
    children: "tuple[Section, ...]" = ()

    def fields(self) -> dict[str, Field]:
        """Every key an entry may hold, children apart."""
        return _fields(self)

    def known(self) -> frozenset[str]:
        """Every key an entry may hold, children included."""
        return frozenset(self.fields()) | {child.key for child in self.children}

    def __hash__(self) -> int:
        return hash((self.key, self.entity.__name__))


INVENTED = Field(
    "invented",
    "Montant ou règle d’exemple",
    lambda node: read_yes_no(text_of(node)),
    default=False,
    written="oui ou non",
    help="La commune ne l’a pas publié : à remplacer par le vrai avant l’ouverture.",
)


def key_of(name: str) -> str:
    """The key of an attribute in the file: short, and the same rule for all.

    ``is_meal`` is « meal », ``facility_kind`` is « kind », ``from_on`` is « from », ``help_text`` is
    « help », ``billing_threshold_cents`` is « billing_threshold », ``min_age_months`` is « min_age ».
    """
    if name.endswith("_kind"):
        return "kind"
    if name in ("from_on", "until_on", "help_text"):
        return name.partition("_")[0]
    for suffix in ("_cents", "_quotient"):
        name = name.removesuffix(suffix)
    if name.endswith("_age_months"):
        name = name.removesuffix("_months")
    return name.removeprefix("is_")


@cache
def _fields(section: Section) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for one in section.entity.__attributes__.values():
        if one.name in (section.by, section.parent) or one.name in section.leaves_out:
            continue
        if one.kind is Kind.FILE or one.secret:
            continue
        column = section.entity.__table__.c[one.column]
        default = column.default.arg if column.default is not None else None
        found[key_of(one.name)] = Field(
            key=key_of(one.name),
            label=one.label,
            read=section.reads.get(one.name) or reader_for(one),
            required=(one.required and not one.has_default) or one.name in section.requires,
            default=False if one.kind is Kind.BOOLEAN and default is None else default,
            attribute=one,
            help=one.help,
        )
    for extra in (INVENTED, *section.extras):
        found.setdefault(extra.key, extra)
    return found


def told(label: str, *, labels: Mapping[str, str] | None = None, default: Any = MISSING) -> Any:
    """A field of a small table that is no entity, with its French label."""
    metadata = {"label": label, "labels": labels or {}}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@cache
def struct_fields(made: type[Any]) -> dict[str, Field]:
    """The keys of a small table declared as a dataclass of ``told`` fields."""
    hints = get_type_hints(made)
    found: dict[str, Field] = {}
    for one in fields(made):
        if "label" not in one.metadata:
            continue
        required = one.default is MISSING
        key = key_of(one.name)
        found[key] = Field(
            key=key,
            label=one.metadata["label"],
            read=_read_as(hints[one.name], one.metadata["labels"]),
            required=required,
            default=None if required else one.default,
            written=_written(hints[one.name], one.metadata["labels"]),
        )
    return found


def _written(annotation: Any, labels: Mapping[str, str]) -> str:
    """How the values of a small table's key are written."""
    shape = shape_of(annotation, labels)
    if shape.choices:
        return ", ".join(
            f"`{word}` ({labels[word]})" if word in labels else f"`{word}`" for word in shape.choices
        )
    return {"date": "date (2026-09-01)", "integer": "nombre entier"}.get(shape.form, "")


def struct_name(made: type[Any], key: str) -> str:
    """The name of the dataclass's field that a key fills."""
    return next(one.name for one in fields(made) if "label" in one.metadata and key_of(one.name) == key)


def _read_as(annotation: Any, labels: Mapping[str, str]) -> Read:
    plain = [one for one in get_args(annotation) if one is not NoneType] if _optional(annotation) else []
    if get_origin(plain[0] if plain else annotation) is frozenset:
        shape = shape_of(annotation, labels)
        return lambda node: shape.read(node.plain if isinstance(node, Listing) else [text_of(node)])
    shape = shape_of(annotation, labels)
    return lambda node: shape.read(text_of(node))


def _optional(annotation: Any) -> bool:
    return NoneType in get_args(annotation)


def children_of(node: Node) -> list[tuple[Node, Node]]:
    """The entries of a section as (where it is named, what it holds): a table's or a list's."""
    if isinstance(node, Table):
        return [(node.keys[key], value) for key, value in node.values.items()]
    if isinstance(node, Listing):
        return [(item, item) for item in node.items]
    return []
