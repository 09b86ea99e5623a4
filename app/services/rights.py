"""The rights of attributes, as declared and as the town tightens them: read by line, written by form (G5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.access import asking
from app.access.database import db
from app.declare import FAMILY, AskedAttribute, Attribute, Entity, entities
from app.entities.rulebook import Audience, Level
from app.models import FieldRight
from app.rules.words import joined
from app.services import records

LEVELS = {level.value: level for level in Level}
DECLARED = ""
"""The choice that takes nothing back."""
KEPT_AS_DECLARED = frozenset(
    {
        "FieldRight",
        "Message",
        "Thread",
        "ChangeRequest",
        "Invoice",
        "InvoiceLine",
        "CreditNote",
        "RefusalReason",
        "RefusedRequest",
    }
)
"""These rights themselves, and what is written to be read whole: a conversation, a request, a bill;
the reasons offered to who refuses, and those that a parent was given."""
WORDING = frozenset({("DocumentType", "phrase")})
"""Words that sentences are made of."""
Wanted = Mapping[tuple[str, Audience], str]
"""By attribute's name and audience: the value of a Level, or DECLARED."""


@dataclass(frozen=True)
class Right:
    """What one role may do with one attribute: the choices left by the declaration, and the one in force."""

    attribute: Attribute
    audience: Audience
    options: tuple[tuple[str, str], ...]
    current: str = DECLARED

    @property
    def name(self) -> str:
        """The name of its field in the form."""
        return f"{self.attribute.name}.{self.audience.value}"


@dataclass(frozen=True)
class Board:
    """Every right of an entity, as it was read. ``seen`` changes whenever one of them does."""

    entity: type[Entity]
    audiences: tuple[Audience, ...]
    lines: tuple[tuple[Attribute, tuple[Right, ...]], ...]
    seen: str

    @property
    def sections(self) -> dict[str, list[tuple[Attribute, tuple[Right, ...]]]]:
        """The lines under the titles that forms give them."""
        found: dict[str, list[tuple[Attribute, tuple[Right, ...]]]] = {}
        for line in self.lines:
            found.setdefault(line[0].section, []).append(line)
        return found

    @property
    def tightened(self) -> int:
        """How many rights are less than declared."""
        return sum(right.current != DECLARED for _, rights in self.lines for right in rights)


@dataclass(frozen=True)
class Outcome:
    """What became of a change: done, with what it entails; or why not."""

    problem: str = ""
    conflict: bool = False
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.problem


def attributes_of(entity: type[Entity]) -> list[Attribute]:
    """The attributes of an entity, then the town's questions put to it."""
    return [*entity.__attributes__.values(), *asking.in_force().get(entity.__name__, ())]


def tightenable() -> list[type[Entity]]:
    """The entities with at least one attribute that a role sees."""
    return [
        entity
        for entity in entities()
        if entity.__name__ not in KEPT_AS_DECLARED
        and any(_audiences(entity, entity.__attributes__.values()).values())
    ]


def has_approvals(entity: type[Entity]) -> bool:
    """Whether the families' pages of an entity know how to make a change wait: one of its attributes does."""
    return any(one.approval for one in entity.__attributes__.values())


def options(entity: type[Entity], one: Attribute, audience: Audience) -> tuple[tuple[str, str], ...]:
    """The choices for a role, from what is declared down; nothing when it does not see the attribute."""
    role = audience.role
    if (one.entity, one.name) in WORDING:
        return ()
    if one.edited_by(role):
        is_asked = one.approval and role is FAMILY
        found = [(DECLARED, str(Level.APPROVAL) if is_asked else "Modifie")]
        waits = has_approvals(entity) and not isinstance(one, AskedAttribute)
        if role is FAMILY and waits and not is_asked:
            found.append((Level.APPROVAL.value, Level.APPROVAL.label))
        return (*found, (Level.READ.value, Level.READ.label), (Level.HIDDEN.value, Level.HIDDEN.label))
    if one.seen_by(role):
        return ((DECLARED, "Voit"), (Level.HIDDEN.value, Level.HIDDEN.label))
    return ()


def _audiences(entity: type[Entity], attributes: Iterable[Attribute]) -> dict[str, list[Audience]]:
    """The roles that see each attribute, by its name."""
    return {one.name: [who for who in Audience if options(entity, one, who)] for one in attributes}


def counts() -> dict[str, int]:
    """How many rights of each entity are tightened, by its class name. One statement."""
    found: dict[str, int] = {}
    for name in db.session.scalars(select(FieldRight.entity_name)):
        found[name] = found.get(name, 0) + 1
    return found


def board(entity: type[Entity]) -> Board:
    """Its rights, in the order of declaration. One statement."""
    rows = _rows(entity)
    kept = {(row.attribute_name, row.audience): row.level.value for row in rows}
    attributes = attributes_of(entity)
    whose = _audiences(entity, attributes)
    audiences = tuple(who for who in Audience if any(who in those for those in whose.values()))
    lines = tuple(
        (
            one,
            tuple(
                Right(one, who, options(entity, one, who), kept.get((one.name, who), DECLARED))
                for who in audiences
            ),
        )
        for one in attributes
        if whose[one.name]
    )
    return Board(entity, audiences, lines, _seen(rows))


def _rows(entity: type[Entity]) -> list[FieldRight]:
    asked = select(FieldRight).where(FieldRight.entity_name == entity.__name__).order_by(FieldRight.id)
    return list(db.session.scalars(asked))


def _seen(rows: list[FieldRight]) -> str:
    return ".".join(f"{row.id}-{row.revision}" for row in rows)


def tighten(entity: type[Entity], wanted: Wanted, seen: str) -> Outcome:
    """Keep those choices for an entity, all or none. Commits. ``seen``: of the board that was looked at."""
    rows = _rows(entity)
    if _seen(rows) != seen:
        return Outcome(
            "Ces droits ont été modifiés entre-temps : relisez-les, puis recommencez.", conflict=True
        )
    declared = {one.name: one for one in attributes_of(entity)}
    for (name, who), value in wanted.items():
        one = declared.get(name)
        if one is None or value not in dict(options(entity, one, who)):
            return Outcome("Un de ces choix n’existe pas : un droit peut être resserré, jamais élargi.")
    barred = _nobody_creates(entity, wanted)
    if barred:
        return Outcome(barred)
    known = {(row.attribute_name, row.audience): row for row in rows}
    for key, value in wanted.items():
        row = known.get(key)
        if value == DECLARED:
            if row is not None:
                db.session.delete(row)
        elif row is not None:
            row.level = LEVELS[value]
        else:
            name, who = key
            row = FieldRight(entity_name=entity.__name__, attribute_name=name, audience=who)
            row.level = LEVELS[value]
            db.session.add(row)
    db.session.commit()
    return Outcome(warnings=_warnings(entity, wanted))


def _creators(entity: type[Entity]) -> list[Audience]:
    """The roles that the declaration lets create rows, with all that a row must have."""
    needed = _needed(entity)
    return [
        who
        for who in Audience
        if entity.may_create() & who.role and all(one.edited_by(who.role) for one in needed)
    ]


def _needed(entity: type[Entity]) -> list[Attribute]:
    return [
        one
        for one in entity.__attributes__.values()
        if records.must_be_given(entity, one) and not records.is_filled_here(one)
    ]


def _losing(entity: type[Entity], wanted: Wanted) -> dict[Audience, list[Attribute]]:
    """The roles that could no longer create a row, and the attributes it takes."""
    lost = (Level.READ.value, Level.HIDDEN.value)
    found = {
        who: [one for one in _needed(entity) if wanted.get((one.name, who)) in lost]
        for who in _creators(entity)
    }
    return {who: needed for who, needed in found.items() if needed}


def _nobody_creates(entity: type[Entity], wanted: Wanted) -> str:
    creators, losing = _creators(entity), _losing(entity, wanted)
    if not creators or len(losing) < len(creators):
        return ""
    labels = dict.fromkeys(one.label for needed in losing.values() for one in needed)
    return (
        f"Plus personne ne pourrait créer {entity.__term__.a} : laissez à un rôle au moins "
        f"de quoi remplir {joined([f'« {label} »' for label in labels])}."
    )


def _warnings(entity: type[Entity], wanted: Wanted) -> tuple[str, ...]:
    return tuple(
        f"{who} ne peut plus créer {entity.__term__.a} : "
        f"il y faut {joined([f'« {one.label} »' for one in needed])}."
        for who, needed in _losing(entity, wanted).items()
    )
