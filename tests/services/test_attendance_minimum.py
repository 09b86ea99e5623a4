"""Days with too few children: which they are, how many are missing, until when the service decides."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, CareGroup, Opening, Registration, Rule
from app.rules.facts import Slot
from app.services.attendance_minimum import ThinDay, below_minimum
from tests.people import Town
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW, WEDNESDAY

WEEK = timedelta(weeks=1)
UNTIL = WEDNESDAY + 4 * WEEK
NEXT = Slot(MEAL.unit, WEDNESDAY + WEEK)


def rule(town: Town, parameters: dict[str, Any], **more: Any) -> None:
    with unscoped("un minimum"):
        db.session.add(
            Rule(
                rule_kind="minimum",
                parameters=parameters,
                activity_id=town.activities["mercredi"],
                **{"code": "minimum", "units": [MEAL.unit], **more},
            )
        )
        db.session.commit()


def stands(town: Town, child: str, status: BookingStatus, on: date = WEDNESDAY) -> None:
    with unscoped("une réservation"):
        registration = db.session.scalars(
            select(Registration).where(Registration.child_id == town.people[child])
        ).first()
        assert registration is not None
        db.session.add(
            Booking(
                registration=registration,
                family_id=registration.family_id,
                child_id=registration.child_id,
                unit_id=town.units[MEAL.unit],
                booked_on=on,
                status=status,
            )
        )
        db.session.commit()


def thin(town: Town, who: str = "head", now: datetime = NOW, until: date = UNTIL) -> list[ThinDay]:
    with town.acting(who):
        return below_minimum(now, until, town.viewer(who))


def told(town: Town, who: str = "head") -> list[tuple[Slot, int]]:
    return [(one.slot, one.children) for one in thin(town, who)]


def test_without_such_a_rule_nothing_is_told(open_town: Town) -> None:
    assert thin(open_town) == []


def test_the_open_days_under_the_minimum_with_those_who_stand(open_town: Town) -> None:
    """The third Wednesday is closed; who cancelled or was refused does not count, who waits does."""
    rule(open_town, {"least": 3})
    stands(open_town, "lila", BookingStatus.CONFIRMED)
    stands(open_town, "tom", BookingStatus.ASKED)
    stands(open_town, "zoe", BookingStatus.CANCELLED)
    assert told(open_town) == [(MEAL, 2), (NEXT, 0)]
    stands(open_town, "zoe", BookingStatus.REFUSED, NEXT.on)
    stands(open_town, "tom", BookingStatus.WAITING, NEXT.on)
    assert told(open_town) == [(MEAL, 2), (NEXT, 1)]


@pytest.mark.parametrize(("least", "days"), [(2, [NEXT]), (3, [MEAL, NEXT])])
def test_as_many_as_the_minimum_is_enough(open_town: Town, least: int, days: list[Slot]) -> None:
    rule(open_town, {"least": least})
    stands(open_town, "lila", BookingStatus.CONFIRMED)
    stands(open_town, "tom", BookingStatus.CONFIRMED)
    assert [slot for slot, _ in told(open_town)] == days


def test_the_service_decides_so_many_days_before_at_an_hour(open_town: Town) -> None:
    rule(open_town, {"least": 3, "days": 2, "hour": "12:00"})
    (first, second) = thin(open_town)
    assert first.decided_at == datetime(2026, 12, 7, 11, tzinfo=UTC)
    assert (first.least, first.unit.name, first.rule.code) == (3, "Repas", "minimum")
    assert second.decided_at == first.decided_at + WEEK


def test_what_is_decided_first_comes_first(open_town: Town) -> None:
    rule(open_town, {"least": 2, "days": 0})
    rule(open_town, {"least": 9, "days": 10}, code="sortie", from_on=NEXT.on)
    assert [(one.slot, one.least) for one in thin(open_town)] == [(NEXT, 9), (MEAL, 2), (NEXT, 2)]


def test_days_are_told_from_today_to_the_last_one_wanted(open_town: Town) -> None:
    rule(open_town, {"least": 2})
    assert [one.slot for one in thin(open_town, until=WEDNESDAY)] == [MEAL]
    the_day = datetime(2026, 12, 9, 20, tzinfo=UTC)
    assert [one.slot for one in thin(open_town, now=the_day)] == [MEAL, NEXT]
    assert [one.slot for one in thin(open_town, now=the_day + timedelta(hours=4))] == [NEXT]


def test_a_rule_for_some_counts_them_alone(open_town: Town) -> None:
    rule(open_town, {"least": 2}, who={"groups": ["Les Loups"]})
    with unscoped("le groupe de Lila"):
        group = CareGroup(name="Les Loups", activity_id=open_town.activities["mercredi"])
        for row in db.session.scalars(
            select(Registration).where(Registration.child_id == open_town.people["lila"])
        ):
            row.group = group
        db.session.commit()
    stands(open_town, "lila", BookingStatus.CONFIRMED)
    stands(open_town, "tom", BookingStatus.CONFIRMED)
    assert told(open_town) == [(MEAL, 1), (NEXT, 0)]


def test_only_the_facilities_of_the_viewer_are_told(open_town: Town) -> None:
    rule(open_town, {"least": 2})
    assert told(open_town) == [(MEAL, 0), (NEXT, 0)]
    assert told(open_town, "hugo") == []


@pytest.mark.parametrize(("whom", "statements"), [({}, 3), ({"who": {"traits": ["pai"]}}, 5)])
def test_many_days_cost_no_more(open_town: Town, whom: dict[str, Any], statements: int) -> None:
    """The version of the catalogue, the openings, the bookings; who the children are, and their papers."""
    rule(open_town, {"least": 2}, **whom)
    first = date(2027, 1, 4)
    with unscoped("cinquante jours de plus"):
        db.session.add_all(
            Opening(unit_id=open_town.units[MEAL.unit], open_on=first + timedelta(days=rank))
            for rank in range(50)
        )
        db.session.commit()

    def cost(until: date, days: int) -> int:
        with open_town.acting("head"):
            viewer = open_town.viewer("head")
            below_minimum(NOW, until, viewer)
            db.session.rollback()
            with count_statements() as counted:
                assert len(below_minimum(NOW, until, viewer)) == days
        return len(counted)

    assert cost(UNTIL, 2 + 3) == cost(date(2027, 6, 1), 52) == statements
