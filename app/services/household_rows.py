"""Which rows are a household's alone, read from the declarations: what goes when it is erased, what stays.

A row goes when it points at the household, or at something that goes; a person or an account only when no
other household has them. What accounting law keeps (``__outlives__``) stays.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, exists, func, or_, select, union
from sqlalchemy.orm import aliased

from app.access.database import db
from app.declare import Entity, Kind, entities, entity_named, pointing_at
from app.models import Account, AccountFamily, Family, OutgoingMail, Person, RoleGrant
from app.services.records import ondelete

Conditions = dict[type[Entity], ColumnElement[bool]]
"""What tells the rows of each entity."""


def people(family_id: int) -> tuple[set[int], set[int]]:
    """Whoever a row of this household points at: those whom no other household has, and the others."""
    pointed = [
        (getattr(entity, one.column), getattr(entity, family.column))
        for entity, family in pointing_at(Family)
        for one in entity.__attributes__.values()
        if one.kind is Kind.RELATION and one.target == Person.__name__
    ]
    mine = set(db.session.scalars(union(*(select(one).where(of == family_id) for one, of in pointed)))) - {
        None
    }
    others = union(*(select(one).where(of != family_id, one.in_(mine)) for one, of in pointed))
    shared = set(db.session.scalars(others))
    return mine - shared, shared


def accounts(family_id: int, people: set[int]) -> set[int]:
    """The log-ins that open nothing else; one closed earlier goes with the person of its address."""
    other = aliased(AccountFamily)
    here = exists().where(AccountFamily.account_id == Account.id, AccountFamily.family_id == family_id)
    away = exists().where(other.account_id == Account.id, other.family_id != family_id)
    granted = exists().where(RoleGrant.account_id == Account.id)
    emails = select(func.lower(Person.email)).where(Person.id.in_(people), Person.email.is_not(None))
    asked = select(Account.id).where(or_(here, func.lower(Account.email).in_(emails)), ~away, ~granted)
    return set(db.session.scalars(asked))


def conditions(family_id: int, people: set[int], accounts: set[int]) -> Conditions:
    """What tells the rows that go, by entity: they point at the household, or at something that goes."""
    found: Conditions = {Person: Person.id.in_(people), Account: Account.id.in_(accounts)}
    for entity in parents_first():
        if entity.__outlives__ or entity in (Family, Person, Account):
            continue
        parts = []
        for one in entity.__attributes__.values():
            target = entity_named(one.target) if one.kind is Kind.RELATION else None
            column = getattr(entity, one.column)
            if target is Family:
                parts.append(column == family_id)
            elif target is Account and entity is OutgoingMail:  # it has the address in it
                parts.append(column.in_(accounts))
            elif target in found and ondelete(entity, one) != "SET NULL":
                parts.append(column.in_(select(target.id).where(found[target])))
        if parts:
            found[entity] = or_(*parts)
    return found


def kept(family_id: int) -> Iterator[tuple[type[Entity], ColumnElement[bool]]]:
    """What tells the rows of the household that the law of accounts keeps, by entity."""
    for entity, one in pointing_at(Family):
        if entity.__outlives__:
            yield entity, getattr(entity, one.column) == family_id


def parents_first() -> list[type[Entity]]:
    """The entities, each after those that it points at."""
    order = {table.name: rank for rank, table in enumerate(Entity.metadata.sorted_tables)}
    return sorted(entities(), key=lambda entity: order[entity.__tablename__])


def counts(conditions: Conditions) -> dict[type[Entity], int]:
    """How many rows each condition tells; one statement."""
    asked = [
        select(func.count()).select_from(entity).where(condition).scalar_subquery()
        for entity, condition in conditions.items()
    ]
    return dict(zip(conditions, db.session.execute(select(*asked)).one(), strict=True))
