"""Loading the demonstration: the same seed gives the same people, once, and finishes what was begun."""

import json
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Kind, entities
from app.models import Booking, Family, HistoryEntry, Invoice, Opening, Person, SchoolYear
from app.services import demo
from app.services.demo import accounts, paper
from app.services.demo.household import Maker
from tests.services.demo.conftest import TODAY, touvet

FEW = 12
# What is drawn anew each time: keys of files and of cookies, salted hashes.
DRAWN = {"stamp", "password_hash", "message_id"}


def contents() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the database, but for what is secret or random, and the history of the rulebook."""
    found = {}
    with unscoped("test"):
        for entity in entities():
            if entity is HistoryEntry:
                continue
            columns = [
                getattr(entity, one.column)
                for one in entity.__attributes__.values()
                if one.kind is not Kind.FILE and one.name not in DRAWN and one.kind is not Kind.LONG_TEXT
            ]
            found[entity.__name__] = [
                tuple(row) for row in db.session.execute(select(*columns).order_by(entity.id))
            ]
    return found


def count(entity: Any) -> int:
    with unscoped("test"):
        return db.session.scalar(select(func.count()).select_from(entity)) or 0


def loaded(folder: Path, seed: int) -> dict[str, list[tuple[Any, ...]]]:
    folder.mkdir()
    app = touvet(folder)
    with app.app_context():
        demo.load(FEW, seed, today=TODAY, bills=False)
        found = contents()
        db.session.remove()
        db.engine.dispose()
    return found


def test_the_same_seed_gives_the_same_town_and_another_does_not(tmp_path: Path) -> None:
    first, again, other = (loaded(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    for name, rows in first.items():
        assert again[name] == rows, name
    assert other["Person"] != first["Person"]


def test_a_bigger_town_begins_with_the_same_households() -> None:
    few, many = Maker(1, date(2026, 9, 1)), Maker(1, date(2026, 9, 1))
    assert [few.make(rank) for rank in range(20)] == [many.make(rank) for rank in range(50)][:20]


def test_siblings_are_twins_or_a_year_apart() -> None:
    made = Maker(1, date(2026, 9, 1))
    for home in (made.make(rank) for rank in range(300)):
        born = sorted(kid.born_on for kid in home.kids)
        gaps = [(later - earlier).days for earlier, later in pairwise(born)]
        assert all(gap == 0 or gap > 280 for gap in gaps), home


def test_a_second_load_adds_nothing(empty_town: Flask) -> None:
    demo.load_if_empty(FEW, today=TODAY)
    before = {entity.__name__: count(entity) for entity in entities()}
    done = demo.load_if_empty(FEW, today=TODAY)
    assert done.counts == {}
    assert {entity.__name__: count(entity) for entity in entities()} == before


def test_a_load_stopped_before_its_bills_is_finished_by_the_next(empty_town: Flask) -> None:
    demo.load(FEW, 1, today=TODAY, bills=False)
    assert count(Invoice) == 0
    demo.load_if_empty(FEW, today=TODAY)
    assert count(Invoice) > 0


def test_a_load_that_fails_leaves_nothing(empty_town: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDiskError(Exception):
        pass

    def full(told: list[dict[str, Any]]) -> Path:
        raise FullDiskError

    monkeypatch.setattr(accounts, "write_file", full)
    with pytest.raises(FullDiskError):
        demo.load(FEW, 1, today=TODAY)
    assert (count(Family), count(Person), count(Booking)) == (0, 0, 0)
    with unscoped("test"):
        assert (
            db.session.scalar(select(func.count()).select_from(Opening).where(Opening.places.is_not(None)))
            == 0
        )


def test_households_that_are_not_invented_are_never_billed_by_a_load(empty_town: Flask) -> None:
    with unscoped("test"):
        db.session.add(Family(name="Vraie"))
        db.session.commit()
    done = demo.load_if_empty(FEW, today=TODAY)
    assert (done.counts, done.bills, count(Family)) == ({}, 0, 1)


def test_a_town_without_a_school_year_is_refused_with_the_remedy(app: Flask) -> None:
    with pytest.raises(demo.NoTownError, match="appliquez d’abord un règlement"):
        demo.load(FEW, 1, today=TODAY)


@pytest.mark.parametrize("today", [date(2026, 9, 1), date(2027, 3, 10), date(2027, 8, 20), date(2029, 1, 5)])
def test_any_day_of_the_year_gives_a_town_inside_its_school_year(empty_town: Flask, today: date) -> None:
    demo.load(FEW, 1, today=today, bills=False)
    with unscoped("test"):
        (year,) = db.session.scalars(select(SchoolYear).where(SchoolYear.code == "2026-2027"))
        first, last = db.session.execute(
            select(func.min(Booking.booked_on), func.max(Booking.booked_on))
        ).one()
    assert year.starts_on <= first <= last <= year.ends_on


def test_the_accounts_file_is_for_its_owner_alone(empty_town: Flask) -> None:
    done = demo.load(2, 1, today=TODAY)
    assert done.accounts_file is not None
    assert done.accounts_file.stat().st_mode & 0o077 == 0
    assert all(
        {"role", "email", "password", "family"} == set(one)
        for one in json.loads(done.accounts_file.read_text())
    )


def test_a_written_paper_folds_long_lines_and_turns_pages() -> None:
    import io

    import pikepdf

    content = paper.pdf("Été (1)", ["mot " * 60] * 40)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert len(document.pages) == 3
    assert all(len(piece) <= paper.PER_LINE for piece in paper.fold("mot " * 60))
