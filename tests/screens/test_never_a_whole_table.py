"""With thousands of rows behind every relation, no page loads more of a table than it shows."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Table, UniqueConstraint, event, insert, select

from app.access.database import db
from app.access.viewer import Side, unscoped
from app.declare import Entity, Kind, entities
from app.models import RoleGrant
from app.screens.builder import choices, listing, offering
from tests.people import Town
from tests.support.rows import every_row
from tests.support.sql import count_statements

MANY = 2000
MOST = offering.LISTS * (choices.FEW + 1) + listing.SIZE
"""Of one entity in one page: its list, and the choices of the relations that lead to it (and one more)."""
STAFF = ("configurator", "desk", "accountant", "admin")


def multiply(entity: type[Entity], number: int) -> bool:
    """Two thousand copies of a row, where its unique values can be told apart; whether it could be done."""
    table = entity.__table__
    assert isinstance(table, Table)
    keys = [
        {column.name for column in one.columns}
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    ]
    keys += [{column.name for column in one.columns} for one in table.indexes if one.unique]
    keys += [{column.name} for column in table.columns if column.unique]
    texts = {one.column for one in entity.__attributes__.values() if one.kind in (Kind.TEXT, Kind.EMAIL)}
    if any(not key & texts for key in keys):
        return False
    changed = {min(key & texts) for key in keys} | ({min(texts)} if texts else set())
    row = dict(db.session.execute(select(*table.columns).where(table.c.id == number)).mappings().one())
    row.pop("id")
    db.session.execute(
        insert(table), [{**row, **{name: f"{n} {name}"[:20] for name in changed}} for n in range(MANY)]
    )
    return True


@pytest.mark.slow
def test_no_page_loads_a_whole_table(town: Town) -> None:
    rows = every_row(town)["A"]
    with unscoped("des milliers de lignes"):
        others = [
            entity for entity in entities() if entity is not RoleGrant
        ]  # those of who looks are read whole
        grown = {entity for entity in others if multiply(entity, rows[entity.__name__])}
        db.session.commit()
    targets = {one.target for entity in entities() for one in entity.__attributes__.values() if one.target}
    assert len({entity.__name__ for entity in grown} & targets) > 8
    loaded: Counter[str] = Counter()

    def note(row: Any, context: Any) -> None:
        loaded[type(row).__name__] += 1

    tried = 0
    event.listen(Entity, "load", note, propagate=True)
    try:
        for entity in entities():
            page = town.app.extensions["marelle.screens"][entity.__name__, Side.STAFF]
            who = next((one for one in STAFF if page.allows("edit", town.viewer(one))), "desk")
            if not page.allows("index", town.viewer(who)):
                continue
            client, number = town.client(who), rows[entity.__name__]
            relations = [one.name for one in entity.__attributes__.values() if one.kind is Kind.RELATION]
            filtered = [f"/?{name}=1&{name}=2" for name in relations]
            doors = ["/", "/?q=a", "/creer", f"/{number}", f"/{number}/modifier", *filtered]
            client.get(f"{page.route_base}/")  # the catalogue is read once
            for door in doors:
                loaded.clear()
                with count_statements() as statements:
                    answer = client.get(page.route_base + door)
                if answer.status_code != 200:
                    continue
                tried += 1
                most = loaded.most_common(1)
                # A settings table that the catalogue keeps in memory is read by nobody else.
                assert not most or most[0][1] <= MOST, (page.route_base + door, most)
                assert len(answer.data) < 100_000, (page.route_base + door, len(answer.data))
                assert len(statements) <= 12, (page.route_base + door, len(statements))
            for name in relations:
                found = client.get(f"{page.route_base}/choix/{name}?q=1")
                assert found.status_code != 200 or len(found.get_json()) <= 20
    finally:
        event.remove(Entity, "load", note)
    assert tried > 150
