"""Applying a rulebook: once writes, twice changes nothing, what left the file is told."""

import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import entities
from app.models import (
    Booking,
    ClosingDay,
    Facility,
    HistoryEntry,
    Opening,
    Period,
    Question,
    QuestionFacility,
    Rule,
    SchoolYear,
    Setting,
    Tariff,
    Unit,
)
from app.rules.calendar import ONE_DAY, Weekday
from app.rules.registry import build
from app.rules.words import NBSP
from app.services.rulebook import Report, apply, check_text
from tests.people import make_town

TODAY = date(2026, 11, 23)
REAL = Path("communes/le-touvet.yaml").read_text(encoding="utf-8")


def applied(text: str = REAL, today: date = TODAY) -> Report:
    checked = check_text(text, today)
    assert checked.is_sound, [str(one) for one in checked.problems]
    return apply(checked.draft, today)


def rows() -> dict[str, int]:
    """How many rows of each entity."""
    with unscoped("test"):
        return {
            one.__name__: db.session.scalar(select(func.count()).select_from(one)) or 0 for one in entities()
        }


def changed(before: str, after: str) -> str:
    assert before in REAL
    return REAL.replace(before, after, 1)


def test_applied_twice_it_changes_nothing_and_writes_no_history(app: Flask) -> None:
    first = applied()
    assert not first.is_quiet
    before = rows()
    second = applied()
    assert second.is_quiet
    assert second.total("unchanged") == first.total("created")
    assert second.left == []
    assert rows() == before


def test_every_row_of_the_first_application_but_openings_has_its_history(app: Flask) -> None:
    report = applied()
    made = report.total("created") - report.counts["Opening"].created
    assert rows()["HistoryEntry"] == made


def test_a_changed_price_changes_one_row_and_says_so_in_the_history(app: Flask) -> None:
    applied()
    report = applied(changed("{from: 1600, price: 4.32}", "{from: 1600, price: 4.40}"))
    assert (report.counts["Bracket"].changed, report.total("changed"), report.total("created")) == (1, 1, 0)
    with unscoped("test"):
        last = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc()).limit(1)).one()
    assert (last.entity, last.before, last.after) == ("Bracket", {"price": "4.32"}, {"price": "4.4"})


def test_a_key_taken_out_of_the_file_takes_its_default(app: Flask) -> None:
    applied()
    applied(changed("    offers_direct_debit: oui\n  restaurant", "  restaurant"))
    with unscoped("test"):
        row = db.session.scalars(select(Facility).where(Facility.code == "periscolaire")).one()
    assert row.offers_direct_debit is False


def test_a_row_that_left_the_file_stays_and_is_told(app: Flask) -> None:
    applied()
    report = applied(changed("  papillomavirus: {name: Papillomavirus (HPV), mandatory: non}\n", ""))
    assert report.left == ["Vaccin « Papillomavirus (HPV) »"]
    assert report.is_quiet
    assert rows()["Vaccine"] == 12


def test_rows_that_a_town_made_by_hand_are_left_alone(app: Flask) -> None:
    make_town(app)
    report = applied()
    with unscoped("test"):
        assert db.session.scalar(select(func.count()).select_from(Facility)) == 5
    assert report.counts["Facility"].changed == 2  # restaurant and grappaloups were there already


def test_coming_openings_that_left_the_file_go_and_past_ones_stay(app: Flask) -> None:
    applied()
    report = applied(changed("      - {periods: term, days: [vendredi], units: [soiree]}\n", ""))
    assert report.counts["Opening"].removed > 0
    with unscoped("test"):
        days = list(
            db.session.scalars(select(Opening.open_on).join(Opening.unit).where(Unit.code == "soiree"))
        )
    assert days
    assert max(days) <= TODAY


def test_an_opening_that_somebody_has_booked_stays(app: Flask) -> None:
    applied()
    booked_on = date(2026, 12, 4)
    with unscoped("test"):
        unit_id = db.session.scalars(select(Unit.id).where(Unit.code == "soiree")).one()
        make_registered(unit_id, booked_on)
    applied(changed("      - {periods: term, days: [vendredi], units: [soiree]}\n", ""))
    with unscoped("test"):
        left = list(
            db.session.scalars(
                select(Opening.open_on).where(Opening.unit_id == unit_id, Opening.open_on > TODAY)
            )
        )
    assert left == [booked_on]


def test_coming_openings_go_though_the_file_gives_no_later_day(app: Flask) -> None:
    applied()
    before = coming(date(2027, 2, 1))
    report = applied(opened_until("2027-02-01"))
    assert before > 500
    assert (report.counts["Opening"].removed, coming(date(2027, 2, 1))) == (before, 0)
    assert coming(date(2027, 1, 4), until=date(2027, 2, 1)) > 0


def test_a_file_that_opens_no_coming_day_leaves_those_booked_alone_and_names_them(app: Flask) -> None:
    applied()
    with unscoped("test"):
        unit_id = db.session.scalars(select(Unit.id).where(Unit.code == "soiree")).one()
        make_registered(unit_id, date(2026, 12, 4))
    report = applied(opened_until("2026-09-01"))
    assert coming(TODAY + ONE_DAY) == 1
    (left,) = report.left
    assert left.replace(NBSP, " ") == "Ouverture « jeunes.soiree », réservée : le vendredi 4 décembre 2026"
    again = applied(opened_until("2026-09-01"))
    assert (again.is_quiet, again.left) == (True, [left])


def test_the_openings_of_a_unit_that_the_file_does_not_name_are_left_alone(app: Flask) -> None:
    applied()
    with unscoped("test"):
        activity_id = db.session.scalars(select(Unit.activity_id).where(Unit.code == "soiree")).one()
        unit = Unit(activity_id=activity_id, code="nuit", name="Nuit")
        db.session.add(unit)
        db.session.flush()
        db.session.add(Opening(unit_id=unit.id, open_on=date(2026, 12, 4)))
        db.session.commit()
    assert applied().counts["Opening"].removed == 0


def test_the_openings_of_a_year_that_the_file_does_not_name_stay_with_it(app: Flask) -> None:
    applied()
    with unscoped("test"):
        unit_id = db.session.scalars(select(Unit.id).where(Unit.code == "soiree")).one()
        year = SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 8, 31))
        db.session.add_all([year, Opening(unit_id=unit_id, open_on=date(2027, 9, 1))])
        db.session.add(Opening(unit_id=unit_id, open_on=date(2028, 9, 1)))  # in no year
        db.session.commit()
    report = applied()
    assert (report.counts["Opening"].removed, report.left) == (1, ["Année scolaire « 2027-2028 »"])
    assert coming(date(2027, 9, 1)) == 1


def coming(from_on: date, until: date = date.max) -> int:
    """How many openings from that day on."""
    with unscoped("test"):
        counted = select(func.count()).select_from(Opening)
        return db.session.scalar(counted.where(Opening.open_on >= from_on, Opening.open_on < until)) or 0


def opened_until(day: str) -> str:
    """The real file, every activity open before that day alone; without its examples."""
    begin, end = REAL.index("\nexamples:"), REAL.index("\nfreeze_dates:")
    return re.sub(
        r"\{periods: [^}]*days: [^}]*\}",
        lambda found: re.sub(r",? ?until: [0-9-]+", "", found[0])[:-1] + f", until: {day}}}",
        REAL[:begin] + "\n" + REAL[end:],
    )


def test_the_same_holidays_twice_in_a_year_are_two_rows(app: Flask) -> None:
    """A year that begins on 1 September before the schools do begins in the summer holidays."""
    text = changed(
        "starts_on: 2025-09-01\n    ends_on: 2026-08-31", "starts_on: 2023-09-01\n    ends_on: 2024-08-31"
    )
    applied(text)
    assert summers() == [date(2023, 9, 1), date(2024, 7, 6)]
    assert applied(text).is_quiet


def test_what_a_form_wrote_twice_is_one_row_again_and_a_period_is_never_twice(app: Flask) -> None:
    applied()
    before = rows()
    with unscoped("test"):
        closed = db.session.scalars(select(ClosingDay).where(ClosingDay.facility_id.is_(None)).limit(1)).one()
        db.session.add(ClosingDay(closed_on=closed.closed_on, reason=closed.reason))
        db.session.commit()
        period = db.session.scalars(select(Period).limit(1)).one()
        again = {name: getattr(period, name) for name in ("school_year_id", "period_kind", "starts_on")}
        db.session.add(Period(**again, name="Autre", ends_on=period.ends_on))
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()
    assert applied().counts["ClosingDay"].removed == 1
    after = rows()
    assert {name for name in after if after[name] != before[name]} == {"HistoryEntry"}
    assert applied().is_quiet


def summers() -> list[date]:
    """The first days of the summer holidays of the first year."""
    with unscoped("test"):
        asked = select(Period.starts_on).join(SchoolYear).order_by(Period.starts_on)
        return list(
            db.session.scalars(asked.where(Period.name == "Vacances d’été", SchoolYear.code == "2025-2026"))
        )


def make_registered(unit_id: int, on: date) -> None:
    """A child booked on that unit and day."""
    from app.entities.booking import RegistrationStatus
    from app.models import Family, Person, Registration, SchoolYear

    unit = db.session.scalars(select(Unit).where(Unit.id == unit_id)).one()
    family, child = Family(name="Essai"), Person(first_name="Anna", last_name="Essai")
    db.session.add_all([family, child])
    db.session.flush()
    registration = Registration(
        family_id=family.id,
        child_id=child.id,
        activity_id=unit.activity_id,
        school_year_id=db.session.scalars(select(SchoolYear.id).where(SchoolYear.code == "2026-2027")).one(),
        status=RegistrationStatus.ACCEPTED,
        starts_on=date(2026, 9, 1),
        ends_on=date(2027, 8, 31),
    )
    db.session.add(registration)
    db.session.flush()
    db.session.add(
        Booking(
            registration_id=registration.id,
            family_id=family.id,
            child_id=child.id,
            unit_id=unit_id,
            booked_on=on,
        )
    )
    db.session.commit()


def test_places_that_a_head_gave_one_day_survive(app: Flask) -> None:
    applied()
    with unscoped("test"):
        row = db.session.scalars(select(Opening).where(Opening.open_on == date(2026, 12, 9)).limit(1)).one()
        row.places, number = 3, row.id
        db.session.commit()
    applied()
    with unscoped("test"):
        assert db.session.scalars(select(Opening.places).where(Opening.id == number)).one() == 3


def test_every_stored_rule_is_read_again_by_its_kind(app: Flask) -> None:
    applied()
    with unscoped("test"):
        stored = list(db.session.scalars(select(Rule)))
    assert len(stored) == 12
    assert all(build(one.rule_kind, one.parameters).rule for one in stored)


def test_invented_tariffs_are_marked_in_the_database(app: Flask) -> None:
    applied()
    with unscoped("test"):
        assert all(db.session.scalars(select(Tariff.is_invented)))


def test_a_rule_s_weekdays_are_kept_in_the_words_that_rules_read(app: Flask) -> None:
    from app.services.catalogue import catalogue

    applied(
        changed(
            "    article: mercredi-unites\n",
            "    article: mercredi-unites\n    weekdays: [mercredi, lundi]\n",
        )
    )
    with unscoped("test"):
        row = db.session.scalars(select(Rule).where(Rule.code == "mercredi-matin-avec-repas")).one()
    assert row.weekdays == ["lundi", "mercredi"]
    assert frozenset({Weekday.MONDAY, Weekday.WEDNESDAY}) in [one.weekdays for one in catalogue().rules]


def test_settings_become_those_of_the_town(app: Flask) -> None:
    from app.services.settings import read_town

    applied()
    town = read_town()
    assert (town.town_name, town.link_hours) == ("Le Touvet", 72)
    assert (town.billing_threshold_cents, town.billing_day, town.due_day) == (1500, 15, 10)
    with unscoped("test"):
        assert db.session.scalar(select(func.count()).select_from(Setting)) == 11


def test_a_day_closed_for_one_facility_is_one_row_a_day(app: Flask) -> None:
    applied()
    with unscoped("test"):
        days = list(
            db.session.scalars(
                select(ClosingDay.closed_on)
                .join(ClosingDay.facility)
                .where(Facility.code == "grappaloups")
                .order_by(ClosingDay.closed_on)
            )
        )
    assert days[0] == date(2026, 12, 28)
    assert date(2027, 5, 7) in days
    assert len(days) == len(set(days))


@pytest.mark.parametrize("kept", [True, False])
def test_periods_given_by_the_town_replace_those_of_the_zone(app: Flask, kept: bool) -> None:
    given = """    periods:
      - {name: Tout le temps, kind: term, starts_on: 2025-09-01, ends_on: 2026-08-31}
"""
    text = changed("    ends_on: 2026-08-31\n    zone: A\n", f"    ends_on: 2026-08-31\n{given}")
    draft = check_text(text if kept else REAL, TODAY).draft
    names = [one.values["name"] for one in draft.entries if one.entity.__name__ == "Period"]
    assert ("Tout le temps" in names) is kept


def test_the_facilities_that_a_question_no_longer_names_go_with_the_change(app: Flask) -> None:
    def asking() -> set[str]:
        with unscoped("qui pose la question"):
            joined = (
                select(Facility.code)
                .join(QuestionFacility, QuestionFacility.facility_id == Facility.id)
                .join(Question, Question.id == QuestionFacility.question_id)
                .where(Question.code == "allaitement")
            )
            return set(db.session.scalars(joined))

    before = "lait maternel.\n    facilities: [multi-accueil]"
    applied(changed(before, "lait maternel.\n    facilities: [multi-accueil, periscolaire]"))
    assert asking() == {"multi-accueil", "periscolaire"}
    report = applied()
    assert asking() == {"multi-accueil"} and report.left == []
    applied(changed(before, "lait maternel."))
    assert asking() == set()
    nobody = re.sub(r"\n    facilities: \[[a-z-]+\]", "", REAL)
    assert nobody.count("facilities:") == 1
    applied(nobody)
    assert rows()["QuestionFacility"] == 0
