"""School years and periods by form: what a file would refuse, a form refuses too, and nothing is lost."""

import re
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.calendar import PeriodKind
from app.models import Period, SchoolYear
from tests.people import Town
from tests.screens.test_builder import page_of, read
from tests.support.forms import form_of

DAYS = select(Period.starts_on, Period.ends_on).order_by(Period.starts_on)
TERM, AUTUMN = (date(2026, 9, 1), date(2026, 10, 16)), (date(2026, 10, 17), date(2026, 11, 1))


def written(town: Town, *periods: tuple[date, date]) -> None:
    """Periods of the town's year, which goes from September to July."""
    with unscoped("test"):
        year = db.session.get_one(SchoolYear, town.school_year)
        year.starts_on, year.ends_on = date(2026, 9, 1), date(2027, 8, 31)
        db.session.query(Period).delete()
        for rank, (starts_on, ends_on) in enumerate(periods, 1):
            db.session.add(
                Period(
                    school_year=year,
                    name=f"Période {rank}",
                    period_kind=PeriodKind.TERM,
                    starts_on=starts_on,
                    ends_on=ends_on,
                )
            )
        db.session.commit()


def year_form(client: FlaskClient, town: Town) -> tuple[str, dict[str, str], str]:
    """Its address, what it sends, and what its lines are called."""
    address = f"/service/annees-scolaires/{town.school_year}/modifier"
    sent = form_of(page_of(client.get(address)))
    lines = next(found[1] for name in sent if (found := re.fullmatch(r"(\w+)-0-starts_on", name)))
    return address, sent, lines


def test_two_neighbours_move_together(town: Town) -> None:
    written(town, TERM, AUTUMN)
    client = town.client("configurator")
    address, sent, lines = year_form(client, town)
    moved = {f"{lines}-0-ends_on": "2026-10-23", f"{lines}-1-starts_on": "2026-10-24"}
    assert client.post(address, data={**sent, **moved}).status_code == 302
    assert read(DAYS) == [(TERM[0], date(2026, 10, 23)), (date(2026, 10, 24), AUTUMN[1])]


def test_periods_of_a_year_share_no_day(town: Town) -> None:
    written(town, TERM, AUTUMN)
    client = town.client("configurator")
    address, sent, lines = year_form(client, town)
    answer = client.post(address, data={**sent, f"{lines}-0-ends_on": "2026-10-20"})
    page = page_of(answer)
    assert answer.status_code == 422
    assert "se chevauchent" in page and form_of(page)[f"{lines}-0-ends_on"] == "2026-10-20"
    assert read(DAYS) == [TERM, AUTUMN]


def test_a_period_alone_is_held_to_its_year_and_to_the_others(town: Town) -> None:
    written(town, TERM, AUTUMN)
    client = town.client("configurator")
    given = {"school_year": str(town.school_year), "name": "Noël", "period_kind": "holidays"}
    for starts_on, ends_on, field, told in (
        ("2026-11-01", "2026-12-01", "starts_on", "se chevauchent"),
        ("2027-08-01", "2027-09-02", "ends_on", "sort de l’année"),
        ("2026-08-01", "2026-08-31", "starts_on", "sort de l’année"),
    ):
        answer = client.post(
            "/service/periodes/creer", data={**given, "starts_on": starts_on, "ends_on": ends_on}
        )
        page = page_of(answer)
        assert answer.status_code == 422, starts_on
        assert told in page and f'href="#{field}"' in page
    assert read(DAYS) == [TERM, AUTUMN]
    kept = {**given, "starts_on": "2026-11-02", "ends_on": "2026-12-01"}
    assert client.post("/service/periodes/creer", data=kept).status_code == 302


def test_two_school_years_share_no_day_and_a_year_keeps_its_periods(town: Town) -> None:
    written(town, TERM, AUTUMN)
    client = town.client("configurator")
    again = {"code": "2027-2028", "starts_on": "2027-08-31", "ends_on": "2028-08-30"}
    page = page_of(client.post("/service/annees-scolaires/creer", data=again))
    assert "Cette année chevauche" in page and 'href="#starts_on"' in page
    again["starts_on"] = "2027-09-01"
    assert client.post("/service/annees-scolaires/creer", data=again).status_code == 302
    address, sent, _ = year_form(client, town)
    page = page_of(client.post(address, data={**sent, "starts_on": "2026-09-07"}))
    assert "Période 1" in page and "sort de l’année" in page
