"""One value for many rows, many rows deleted: done, refused with the reason, and what it costs."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Entity
from app.models import (
    Account,
    ClosingDay,
    Facility,
    Family,
    HistoryEntry,
    Invoice,
    Membership,
    Person,
    Quotient,
    Registration,
)
from app.services import batches, records
from tests.people import Town
from tests.screens.test_builder import crowd, read
from tests.support.sql import count_statements


def rows(entity: type[Entity], *criteria: Any) -> list[Any]:
    """The rows in reach, in their order."""
    return list(db.session.scalars(select(entity).where(*criteria).order_by(entity.id)))


def attribute(entity: type[Entity], name: str) -> Attribute:
    return entity.__attributes__[name]


def quotients(count: int, town: Town) -> None:
    """That many quotients, of the same household, one a year."""
    with unscoped("des quotients"):
        for n in range(count):
            year = date(2000 + n % 60, 1, 1)
            db.session.add(Quotient(family_id=town.families["A"], amount=500 + n, from_on=year))
        db.session.commit()


def test_a_value_is_given_to_each_row_and_written_in_the_history(town: Town) -> None:
    with town.acting("desk") as viewer:
        batch = batches.update_many(rows(Family), attribute(Family, "city"), "Crolles", viewer)
    assert (len(batch.done), len(batch.same), batch.refused, batch.problem) == (1, 1, {}, "")
    assert {city for (city,) in read(select(Family.city))} == {"Crolles"}
    entries = select(HistoryEntry.row_id, HistoryEntry.before, HistoryEntry.after).where(
        HistoryEntry.action == "edit", HistoryEntry.entity == "Family"
    )
    assert read(entries) == [(town.families["A"], {"city": "Le Touvet"}, {"city": "Crolles"})]


def test_a_second_sending_changes_nothing_and_notes_nothing(town: Town) -> None:
    for expected in (1, 0):
        with town.acting("desk") as viewer:
            batch = batches.update_many(rows(Family), attribute(Family, "city"), "Crolles", viewer)
        assert len(batch.done) == expected
    ((edits,),) = read(select(func.count(HistoryEntry.id)).where(HistoryEntry.action == "edit"))
    assert edits == 1


def test_a_trial_announces_what_would_happen_and_does_nothing(town: Town) -> None:
    with town.acting("desk") as viewer:
        batch = batches.update_many(rows(Family), attribute(Family, "city"), "Lumbin", viewer, trial=True)
        assert len(batch.done) == 2
        held = batches.delete_many(rows(Membership), viewer, trial=True)
        assert held.done or held.refused
    assert "Lumbin" not in {city for (city,) in read(select(Family.city))}
    ((edits,),) = read(select(func.count(HistoryEntry.id)).where(HistoryEntry.action == "edit"))
    ((ties,),) = read(select(func.count(Membership.id)))
    assert edits == 0 and ties == 6


def test_a_row_that_would_not_hold_together_is_refused_and_the_others_are_done(town: Town) -> None:
    with unscoped("deux quotients"):
        for start in (date(2025, 1, 1), date(2026, 9, 1)):
            db.session.add(Quotient(family_id=town.families["A"], amount=600, from_on=start))
        db.session.commit()
    with town.acting("desk") as viewer:
        found = rows(Quotient)
        late = found[1].id
        batch = batches.update_many(found, attribute(Quotient, "until_on"), date(2026, 1, 1), viewer)
    assert list(batch.refused) == [late] and "avant le début" in batch.refused[late]
    assert len(batch.done) == 1
    assert read(select(Quotient.until_on).order_by(Quotient.id)) == [(date(2026, 1, 1),), (None,)]


def test_what_the_database_refuses_for_one_row_is_done_for_the_others(town: Town) -> None:
    # Lila is already in her household: she can't be twice in it, the others may move there.
    with town.acting("desk") as viewer:
        found = rows(Membership, Membership.person_id.in_([town.people["zoe"], town.people["tom"]]))
        zoe = [one.id for one in found if one.person_id == town.people["zoe"]]
        batch = batches.update_many(found, attribute(Membership, "family"), town.families["A"], viewer)
    assert len(batch.refused) == 1 and set(batch.refused) <= set(zoe)
    assert "Il existe déjà" in next(iter(batch.refused.values()))
    assert len(batch.done) == 1 and len(batch.same) == 1
    mine = select(Membership.person_id).where(Membership.family_id == town.families["A"])
    assert (town.people["tom"],) in read(mine)


def test_only_what_the_viewer_edits_and_no_unique_value(town: Town) -> None:
    desk, accountant = town.viewer("desk"), town.viewer("accountant")
    assert attribute(Family, "notes") in batches.changeable(Family, desk)
    assert attribute(Family, "notes") not in batches.changeable(Family, accountant)
    assert attribute(Facility, "code") not in batches.changeable(Facility, town.viewer("configurator"))
    assert attribute(Account, "email") not in batches.changeable(Account, town.viewer("admin"))
    assert batches.changeable(Invoice, desk) == []
    with town.acting("accountant"):
        batch = batches.update_many(rows(Family), attribute(Family, "notes"), "x", accountant)
    assert batch.problem and not batch.done
    assert {notes for (notes,) in read(select(Family.notes))} == {None}


def test_who_may_not_delete_deletes_nothing(town: Town) -> None:
    with town.acting("accountant") as viewer:
        batch = batches.delete_many(rows(Membership), viewer)
    assert batch.problem and len(read(select(Membership.id))) == 6


def test_a_row_out_of_reach_can_not_be_pointed_at(town: Town) -> None:
    with town.acting("hugo") as viewer:
        form = {"facility": town.facilities["restaurant"], "closed_on": date(2026, 12, 24), "reason": "Pont"}
        assert records.create(ClosingDay, form, viewer)
        there = town.facilities["grappaloups"]
        batch = batches.update_many(rows(ClosingDay), attribute(ClosingDay, "facility"), there, viewer)
    assert len(batch.refused) == 1 and not batch.done
    assert read(select(ClosingDay.facility_id)) == [(town.facilities["restaurant"],)]


def test_what_holds_a_row_keeps_it_and_the_others_leave_with_their_parts(town: Town) -> None:
    crowd(2, town)
    with unscoped("deux foyers sans facture"):
        db.session.add_all([Family(name="Libre"), Family(name="Libre aussi")])
        db.session.commit()
    with town.acting("desk") as viewer:
        found = rows(Family, Family.name.in_(["Foule 000", "Libre", "Libre aussi"]))
        batch = batches.delete_many(found, viewer)
    assert len(batch.done) == 2 and len(batch.refused) == 1
    assert "facture" in next(iter(batch.refused.values()))
    assert {n for (n,) in read(select(Family.name))} == {"Martin", "Durand", "Foule 000", "Foule 001"}
    with town.acting("desk") as viewer:
        again = batches.delete_many(rows(Family, Family.name == "Libre"), viewer)
    assert again == batches.Batch()


def test_what_leaves_with_the_rows_is_added_up(town: Town) -> None:
    crowd(3, town)
    with town.acting("desk") as viewer:
        found = rows(Person, Person.last_name.startswith("Foule"))
        alone = {one.id: records.dependents(one) for one in found}
        assert {key: sorted(d.says for d in one) for key, one in alone.items()} == {
            key: sorted(d.says for d in one)
            for key, one in batches.dependents(Person, [one.id for one in found]).items()
        }
        batch = batches.delete_many(rows(Registration), viewer, trial=True)
    assert len(batch.done) == 3


@pytest.mark.parametrize(("count", "is_refused"), [(1000, False), (1001, True)])
def test_a_thousand_rows_is_the_most(town: Town, count: int, is_refused: bool) -> None:
    quotients(count, town)
    with town.acting("desk") as viewer:
        found = rows(Quotient)
        batch = batches.update_many(found, attribute(Quotient, "source"), "CAF", viewer, trial=True)
        gone = batches.delete_many(rows(Quotient), viewer, trial=True)
    assert bool(batch.problem) is bool(gone.problem) is is_refused


def test_the_statements_do_not_grow_with_the_rows(town: Town) -> None:
    quotients(300, town)
    costs: dict[str, list[int]] = {"update": [], "delete": []}
    for most in (10, 250):
        with town.acting("desk") as viewer:
            found = rows(Quotient)[:most]
            with count_statements() as statements:
                assert batches.update_many(found, attribute(Quotient, "source"), f"CAF {most}", viewer).done
            costs["update"].append(len(statements))
            found = rows(Quotient)[:most]
            with count_statements() as statements:
                assert batches.delete_many(found, viewer).done
            costs["delete"].append(len(statements))
    few, many = costs["delete"]
    assert few == many <= 3
    few, many = costs["update"]  # each row's version is checked by a statement of its own
    assert few - 10 == many - 250 <= 2
