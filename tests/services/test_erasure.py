"""A household that left is erased: nothing of it remains but what accounting keeps, nothing else moves."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.access.database import db, reading
from app.access.viewer import unscoped
from app.declare import Entity, FileRef, entities
from app.declare.scope import Root
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.models import (
    Account,
    Answer,
    Booking,
    Document,
    Family,
    HistoryEntry,
    Invoice,
    InvoiceLine,
    Membership,
    Person,
    Registration,
    Setting,
)
from app.services import erasure, files, household_rows
from app.services.billing import preview
from tests.people import Town
from tests.support.rows import Rows, every_row

LEFT = date(2026, 9, 15)
DUE = datetime(2028, 9, 14, 22, 0, tzinfo=UTC)
"""Midnight in Paris: 15 September 2028 begins, 24 months after the departure."""
Dump = dict[str, Counter[tuple[str, ...]]]


@pytest.fixture
def rows(town: Town) -> dict[str, Rows]:
    found = every_row(town)
    leave(town, "A")
    return found


def leave(town: Town, whose: str, on: date | None = LEFT) -> None:
    with unscoped("le départ"):
        db.session.execute(update(Family).where(Family.id == town.families[whose]).values(left_on=on))
        db.session.commit()


def erase(town: Town, whose: str = "A", typed: str = "Martin", now: datetime = DUE) -> erasure.Outcome | None:
    with town.acting("desk"):
        return erasure.erase(town.families[whose], typed, now)


def dump() -> Dump:
    """Every cell of every table, as text, the number of the row first."""
    found: Dump = {}
    db.session.close()
    with reading(), db.engine.connect() as connection:
        for table in Entity.metadata.sorted_tables:
            told = connection.execute(select(table).order_by(table.c.id)).all()
            found[table.name] = Counter(tuple(map(str, row)) for row in told)
    return found


def difference(before: Dump, after: Dump) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The rows that went or changed, and what came in their place, as (table, text)."""
    gone = [(name, " | ".join(row)) for name in before for row in before[name] - after[name]]
    come = [(name, " | ".join(row)) for name in before for row in after[name] - before[name]]
    return gone, come


def test_nothing_of_it_remains_but_what_accounting_keeps(town: Town, rows: dict[str, Rows]) -> None:
    before = dump()
    assert erase(town)
    gone, come = difference(before, dump())
    outliving = {entity.__tablename__ for entity in entities() if entity.__outlives__}
    # What came: the household as a number, the line without its child, the word of the history.
    assert Counter(name for name, _ in come) == {"family": 1, "invoice_line": 1, "history_entry": 1}
    left = "\n".join(text for name, text in come if name not in outliving)
    for word in ("Martin", "Claire", "Lila", "Ligne A", "ligne@example.org"):
        assert word not in left
    # What went is A's alone.
    assert not [one for one in gone if "Ligne B" in one[1] or "Durand" in one[1] or "Zoé" in one[1]]
    households = {"family", "invoice_line"}
    touched = {name for name, _ in gone} - households
    assert touched >= {
        "person", "membership", "contact", "account", "account_family", "registration", "booking", "document",
        "health_record", "vaccination", "condition", "answer", "change_request", "thread", "message",
        "outgoing_mail", "history_entry", "quotient", "login_link", "connection",
    }  # fmt: skip


def test_no_word_of_it_is_left_in_any_table(town: Town, rows: dict[str, Rows]) -> None:
    settings = {entity for entity in entities() if isinstance(entity.__scope__, Root)} - {Family, Account}
    names = {entity.__tablename__ for entity in settings}
    said = {entity.__name__ for entity in settings} | {one.__name__ for one in entities() if one.__outlives__}
    with unscoped("ce qui s’efface"):
        people = [
            one.full_name
            for one in db.session.scalars(
                select(Person)
                .join(Membership, Membership.person_id == Person.id)
                .where(Membership.family_id == town.families["A"])
            )
        ]
    assert erase(town)
    gone = [name for name in people if not name.startswith("Zoé")]
    outliving = {entity.__tablename__ for entity in entities() if entity.__outlives__}
    found = [
        (name, row)
        for name, told in dump().items()
        for row in told
        if name not in outliving
        for word in (*gone, "Ligne A")
        if word in " ".join(row)
        if not (word == "Ligne A" and (name in names or (name == "history_entry" and said & set(row))))
    ]
    assert gone and not found


def test_a_child_of_two_homes_and_a_parent_of_both_stay(town: Town, rows: dict[str, Rows]) -> None:
    assert erase(town)
    with unscoped("ceux qui restent"):
        zoe = db.session.scalars(select(Person).where(Person.id == town.people["zoe"])).one()
        homes = set(db.session.scalars(select(Membership.family_id).where(Membership.person_id == zoe.id)))
        logins = set(db.session.scalars(select(Account.id)))
    assert homes == {town.families["B"]}
    assert town.accounts["claire"] not in logins
    assert {town.accounts["paul"], town.accounts["denis"], town.accounts["desk"]} <= logins
    assert town.client("denis").get("/ma-famille/").status_code == 200


def test_the_other_home_reads_the_same_pages(town: Town, rows: dict[str, Rows]) -> None:
    zoe = f"/ma-famille/enfant/{town.people['zoe']}"
    paths = ("/ma-famille/", "/documents/", "/factures/", zoe, f"{zoe}/sante", "/espace/historique/")

    def pages() -> list[str]:
        told = [town.client("denis").get(path).get_data(as_text=True) for path in paths]
        return [re.sub(r'(csrf[^>]*(?:content|value)=")[^"]+', r"\1", one) for one in told]

    before = pages()
    assert erase(town)
    assert pages() == before


def test_an_invoice_keeps_its_words_and_leads_to_nobody(town: Town, rows: dict[str, Rows]) -> None:
    assert erase(town)
    with unscoped("la comptabilité"):
        invoice = db.session.scalars(select(Invoice).where(Invoice.id == rows["A"]["Invoice"])).one()
        line = db.session.scalars(select(InvoiceLine).where(InvoiceLine.id == rows["A"]["InvoiceLine"])).one()
        assert invoice.payer_names.startswith("Ligne A") and invoice.payer_address.startswith("Ligne A")
        assert line.child_id is None and (line.child_name or "").startswith("Ligne A")
        assert invoice.family.name == f"Dossier effacé n° {town.families['A']}"
        assert invoice.family.erased_on == date(2028, 9, 15) and invoice.family.phone is None
    assert town.client("accountant").get(f"/service/factures/{invoice.id}").status_code == 200


def test_a_household_without_a_bill_leaves_nothing(town: Town) -> None:
    leave(town, "A")
    assert erase(town)
    with unscoped("plus rien"):
        assert not db.session.scalars(select(Family).where(Family.id == town.families["A"])).all()
        entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert entry is not None and entry.family_id is None and "Martin" not in entry.summary
    assert entry.summary.startswith("Dossier effacé") and "personnes" in entry.summary


def test_the_files_go_and_those_of_others_stay(town: Town, rows: dict[str, Rows]) -> None:
    def kept() -> FileRef:
        return files.keep(b"%PDF-1.4", "piece.pdf", "application/pdf")

    refs = {"A": kept(), "B": kept()}
    photo = kept()
    with unscoped("leurs fichiers"):
        for whose, ref in refs.items():
            key = rows[whose]["Document"]
            db.session.execute(update(Document).where(Document.id == key).values(file=ref))
        db.session.execute(update(Answer).where(Answer.id == rows["A"]["Answer"]).values(file=photo))
        db.session.commit()
    assert erase(town)
    there = {one.name for one in files_of(town)}
    assert there == {refs["B"].key}


def files_of(town: Town) -> list[Path]:
    return [path for path in Path(town.app.config["FILES_DIR"]).rglob("*") if path.is_file()]


def test_billing_asks_nothing_back_from_an_erased_household(town: Town, rows: dict[str, Rows]) -> None:
    with unscoped("un mois de facturation"):
        month = db.session.scalars(select(InvoiceLine.month_on)).first()
    assert month is not None
    assert erase(town)
    assert town.families["A"] not in {one.family.id for one in preview(month).bills}


# --- When ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "done"),
    [(DUE - timedelta(seconds=1), False), (DUE, True)],
    ids=["the last second of the day before", "the first second of the day"],
)
def test_not_a_second_before_its_time(
    town: Town, rows: dict[str, Rows], moment: datetime, done: bool
) -> None:
    before = dump()
    outcome = erase(town, now=moment)
    assert outcome is not None and bool(outcome) is done
    if not done:
        assert "à partir du vendredi\u00a015\u00a0septembre\u00a02028" in outcome.problem
        assert dump() == before


def test_a_child_who_came_after_the_departure_puts_it_off(town: Town, rows: dict[str, Rows]) -> None:
    with unscoped("une case après le départ"):
        db.session.execute(
            update(Booking).where(Booking.id == rows["A"]["Booking"]).values(booked_on=date(2026, 10, 2))
        )
        db.session.commit()
    outcome = erase(town)
    assert outcome is not None and "lundi\u00a02\u00a0octobre\u00a02028" in outcome.problem


def test_a_registration_that_runs_holds_it(town: Town, rows: dict[str, Rows]) -> None:
    with unscoped("une inscription"):
        asked = update(Registration).where(Registration.id == rows["A"]["Registration"])
        db.session.execute(asked.values(status=RegistrationStatus.ACCEPTED, ends_on=date(2029, 7, 1)))
        db.session.commit()
    outcome = erase(town)
    assert outcome is not None and outcome.problem.startswith("Une inscription court jusqu’au")


def test_a_file_in_use_is_not_erased(town: Town, rows: dict[str, Rows]) -> None:
    leave(town, "A", None)
    outcome = erase(town)
    assert outcome is not None and "Notez d’abord le jour du départ" in outcome.problem


def test_the_time_is_the_towns(town: Town, rows: dict[str, Rows]) -> None:
    with unscoped("un réglage"):
        db.session.add(Setting(key="retention_months", label="Conservation", value="36"))
        db.session.commit()
    outcome = erase(town)
    assert outcome is not None and "36\u00a0mois" in outcome.problem


@pytest.mark.parametrize("typed", ["", "Martins", "Durand", "effacer"])
def test_another_name_erases_nothing(town: Town, rows: dict[str, Rows], typed: str) -> None:
    before = dump()
    outcome = erase(town, typed=typed)
    assert outcome is not None and "Martin" in outcome.problem and dump() == before


def test_case_and_accents_are_not_asked(town: Town, rows: dict[str, Rows]) -> None:
    assert erase(town, typed="  mArtïn ")


def test_twice_is_once(town: Town, rows: dict[str, Rows]) -> None:
    assert erase(town)
    after = dump()
    assert erase(town) is None and dump() == after


def test_broken_off_in_the_middle_nothing_is_lost(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump()

    def dies(*args: Any, **options: Any) -> None:
        raise RuntimeError("coupure")

    monkeypatch.setattr(erasure, "_empty", dies)
    with pytest.raises(RuntimeError):
        erase(town)
    db.session.rollback()
    assert dump() == before


def test_somebody_tied_to_another_home_meanwhile_stays(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague adds Lila to the other household between the first reading and the lock on her row."""
    read = household_rows.people
    calls: list[int] = []

    def then_tied(family_id: int) -> tuple[set[int], set[int]]:
        found = read(family_id)
        if not calls:
            tie = {"family_id": town.families["B"], "person_id": town.people["lila"], "position": 0}
            values = {**tie, "member_kind": MemberKind.CHILD, "on_invoice": False, "revision": 1}
            db.session.execute(insert(Membership), [values])
        calls.append(family_id)
        return found

    monkeypatch.setattr(household_rows, "people", then_tied)
    assert erase(town)
    with unscoped("Lila est de l’autre foyer"):
        homes = select(Membership.family_id).where(Membership.person_id == town.people["lila"])
        assert list(db.session.scalars(homes)) == [town.families["B"]]
        assert db.session.scalars(select(Person.id).where(Person.id == town.people["lila"])).all()


def test_what_is_written_in_it_meanwhile_stops_it_whole(
    town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump()

    def refuses(*args: Any) -> None:
        raise IntegrityError("DELETE", {}, Exception("clé étrangère"))

    monkeypatch.setattr(erasure, "_delete", refuses)
    outcome = erase(town)
    assert outcome is not None and "vient de changer" in outcome.problem
    assert dump() == before
