"""Who waits, who gets a place, and what is asked of staff then: for who waits as for who comes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.entities.family import Residence
from app.models import Booking, CareGroup, Family, Opening, Registration, Rule, Unit
from app.rules.facts import Slot
from app.services import bookings, places, planning
from app.services.bookings import Sent
from app.services.candidates import Turn
from app.services.desk import Desk, Draft, load_desk
from tests.people import Town
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW, WEDNESDAY, one_more_child

ASKED, CONFIRMED, WAITING = BookingStatus.ASKED, BookingStatus.CONFIRMED, BookingStatus.WAITING
FAMILIES = {"lila": ("A", "claire"), "zoe": ("A", "claire"), "tom": ("B", "denis"), "noe": ("B", "denis")}
EARLY = datetime(2026, 11, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def four(open_town: Town) -> Town:
    """Two places, no notice; Noé is registered too."""
    with unscoped("sans délai"):
        for row in db.session.scalars(select(Rule)):
            db.session.delete(row)
        db.session.commit()
    one_more_child(open_town, "Noé", "B")
    return open_town


def rule(town: Town, kind: str, parameters: dict[str, Any], **more: Any) -> None:
    activity_id = town.activities["mercredi"]
    code = more.pop("code", kind)
    with unscoped("une règle"):
        db.session.add(
            Rule(code=code, rule_kind=kind, parameters=parameters, activity_id=activity_id, **more)
        )
        db.session.commit()


def open_places(number: int | None) -> None:
    """So many places each day; None: those that rules give."""
    with unscoped("des places"):
        for opening in db.session.scalars(select(Opening)):
            opening.places = number
        for unit in db.session.scalars(select(Unit)):
            unit.places = None
        db.session.commit()


def send(town: Town, child: str, draft: Draft, now: datetime = NOW) -> Sent:
    family, who = FAMILIES[child]
    with town.acting(who):
        sent = bookings.send(town.people[child], town.families[family], draft, now)
    assert sent is not None
    return sent


def ask(town: Town, child: str, now: datetime = NOW, slot: Slot = MEAL) -> Sent:
    return send(town, child, Draft(frozenset({slot})), now)


def leave(town: Town, child: str, now: datetime = NOW) -> None:
    assert send(town, child, Draft(unwanted=frozenset({MEAL})), now).cancelled == 1


def desk(town: Town, child: str, now: datetime = NOW) -> Desk:
    family, who = FAMILIES[child]
    with town.acting(who):
        found = load_desk(town.people[child], town.families[family], WEDNESDAY, WEDNESDAY, now)
    assert found is not None
    return found


def shown(town: Town, child: str, draft: Draft = Draft()) -> planning.Square:  # noqa: B008  (it is frozen)
    """The meal as the child's planning shows it."""
    found = desk(town, child)
    with town.acting(FAMILIES[child][1]):
        week = planning.week(found, WEDNESDAY - 2 * DAY, draft)
    (square,) = (
        one for block in week.blocks for row in block.rows for one in row.squares if one and one.slot == MEAL
    )
    return square


def status(town: Town, child: str, **become: BookingStatus) -> BookingStatus:
    """What the child's only booking is; ``become`` changes it first."""
    with unscoped("vérification"):
        row = db.session.scalars(select(Booking).where(Booking.child_id == town.people[child])).one()
        if become:
            row.status = become["become"]
            db.session.commit()
        return row.status


def in_a_group(town: Town) -> None:
    """All of them are in Les Loups."""
    with unscoped("un groupe"):
        group = CareGroup(name="Les Loups", activity_id=town.activities["mercredi"])
        for row in db.session.scalars(select(Registration)):
            row.group = group
        db.session.commit()


def give(now: datetime = NOW) -> int:
    with unscoped("le travail de fond"):
        number = places.give_places(now)
        db.session.commit()
        return number


# --- Full, and to be asked of staff too ----------------------------------------------------------


@pytest.fixture
def full_and_late(four: Town) -> Town:
    """One place, taken; Noé waits; asking so late is asked of staff."""
    open_places(1)
    rule(four, "notice", {"days": 14, "late": "ask_staff"})
    assert ask(four, "tom", EARLY).confirmed == 1
    assert ask(four, "noe", EARLY).waiting == 1
    return four


def test_a_full_square_that_is_also_late_waits_as_the_planning_says(full_and_late: Town) -> None:
    square = shown(full_and_late, "lila", Draft(frozenset({MEAL})))
    assert (square.state, square.rank) == ("waiting", 2)
    sent = ask(full_and_late, "lila")
    assert (sent.asked, sent.waiting) == (0, 1)
    assert status(full_and_late, "lila") is WAITING


def test_what_is_asked_of_staff_is_asked_when_a_place_is_free(full_and_late: Town) -> None:
    assert ask(full_and_late, "lila").waiting == 1
    leave(full_and_late, "tom", EARLY + DAY)  # it was not late yet
    assert status(full_and_late, "noe") is CONFIRMED
    leave(full_and_late, "noe", EARLY + 2 * DAY)
    assert status(full_and_late, "lila") is CONFIRMED


def test_once_it_is_late_the_place_is_offered(full_and_late: Town) -> None:
    assert ask(full_and_late, "lila").waiting == 1
    status(full_and_late, "tom", become=BookingStatus.REFUSED)
    assert give() == 1
    assert (status(full_and_late, "noe"), status(full_and_late, "lila")) == (ASKED, WAITING)
    assert give() == 0  # asked of staff, it takes the place


# --- A request under study -----------------------------------------------------------------------


@pytest.mark.parametrize("some", [None, {"groups": ["Les Loups"]}])
def test_where_a_pending_request_takes_no_place_it_takes_none_before_who_waits_either(
    four: Town, some: dict[str, Any] | None
) -> None:
    in_a_group(four)
    open_places(None if some else 2)
    rule(four, "capacity", {"pending": "free", "places": 2}, who=some)
    ask(four, "tom")
    status(four, "tom", become=ASKED)
    assert ask(four, "lila").confirmed == 1
    assert ask(four, "zoe").confirmed == 1  # Tom's takes none
    assert ask(four, "noe").waiting == 1
    leave(four, "lila")
    assert status(four, "noe") is CONFIRMED


def test_a_place_beyond_the_places_is_offered_as_it_is_to_who_comes(four: Town) -> None:
    """Two places, and one beyond them if staff agree."""
    rule(four, "capacity", {"overflow": 50})
    for child in ("tom", "lila"):
        assert ask(four, child).confirmed == 1
    assert ask(four, "zoe").asked == 1
    assert ask(four, "noe").waiting == 1
    leave(four, "zoe")
    assert status(four, "noe") is ASKED


@pytest.mark.parametrize("some", [None, {"groups": ["Les Loups"]}])
def test_over_a_week_who_waits_is_counted_once_with_the_places_they_have(
    four: Town, some: dict[str, Any] | None
) -> None:
    """Two places in the week, and a third if staff agree: Zoé has one of the two, the other is Tom's."""
    thursday = Slot(MEAL.unit, WEDNESDAY + DAY)
    in_a_group(four)
    with unscoped("un jeudi"):
        db.session.add(Opening(unit_id=four.units[MEAL.unit], open_on=thursday.on))
        db.session.commit()
    open_places(None)
    rule(four, "capacity", {"places": 1, "overflow": 50, "overflow_per": "week"}, who=some)
    assert ask(four, "zoe", slot=thursday).confirmed == 1
    assert ask(four, "tom").confirmed == 1
    assert ask(four, "lila").asked == 1
    assert ask(four, "zoe").waiting == 1
    leave(four, "lila")
    with unscoped("vérification"):
        zoe = select(Booking.status).where(
            Booking.child_id == four.people["zoe"], Booking.booked_on == WEDNESDAY
        )
        assert db.session.scalars(zoe).one() is ASKED


# --- Whose rules ---------------------------------------------------------------------------------


def living(town: Town, family: str, residence: Residence) -> None:
    with unscoped("une adresse"):
        row = db.session.scalars(select(Family).where(Family.id == town.families[family])).one()
        row.residence = residence
        db.session.commit()


@pytest.mark.parametrize(
    ("residence", "given"), [(Residence.RESIDENT, CONFIRMED), (Residence.OUTSIDE, WAITING)]
)
def test_a_notice_holds_for_whom_it_is_for(four: Town, residence: Residence, given: BookingStatus) -> None:
    for child in ("lila", "tom", "zoe"):
        ask(four, child, EARLY - 60 * DAY)
    living(four, "A", residence)
    rule(four, "notice", {"days": 60, "gate": "booking"}, who={"residence": ["outside"]})
    leave(four, "tom")
    assert status(four, "zoe") is given


def test_a_rule_made_since_keeps_the_place_for_the_next_and_for_who_comes(four: Town) -> None:
    for child in ("lila", "tom", "zoe", "noe"):
        ask(four, child)
    with unscoped("Zoé a onze ans"):
        zoe = db.session.scalars(select(Booking).where(Booking.child_id == four.people["zoe"])).one().child
        zoe.born_on = date(2015, 1, 1)
        db.session.commit()
    rule(four, "age", {"maximum": 9})
    leave(four, "lila")
    assert (status(four, "zoe"), status(four, "noe")) == (WAITING, CONFIRMED)
    leave(four, "noe")
    assert status(four, "zoe") is WAITING
    assert desk(four, "lila").others.before(MEAL, Turn(100, NOW)) == 0
    assert ask(four, "lila").confirmed == 1  # Zoé comes before nobody


def test_judging_who_waits_costs_the_same_whatever_their_number(four: Town) -> None:
    rule(four, "age", {"maximum": 3})  # all are refused since
    rule(four, "priority", {"rank": 1}, who={"traits": ["derogation"]})
    for child in ("lila", "tom"):
        with unscoped("ils attendent"):
            registration = db.session.scalars(
                select(Registration).where(Registration.child_id == four.people[child])
            ).first()
            assert registration is not None
            db.session.add(waits(four, registration))
            db.session.commit()
    give()
    with count_statements() as two:
        assert give() == 0
    with unscoped("un de plus"):
        registration = db.session.scalars(
            select(Registration).where(Registration.child_id == four.people["noe"])
        ).one()
        db.session.add(waits(four, registration))
        db.session.commit()
    with count_statements() as three:
        assert give() == 0
    assert len(three) == len(two) <= 10, three


def waits(town: Town, registration: Registration) -> Booking:
    return Booking(
        registration=registration,
        family_id=registration.family_id,
        child_id=registration.child_id,
        unit_id=town.units[MEAL.unit],
        booked_on=WEDNESDAY,
        status=WAITING,
        asked_at=NOW,
    )


def test_a_full_square_that_somebody_waits_for_costs_its_planning_nothing(four: Town) -> None:
    for child in ("lila", "tom"):
        ask(four, child)
    with count_statements() as before:
        desk(four, "lila")
    ask(four, "zoe")
    with count_statements() as after:
        desk(four, "lila")
    assert len(after) == len(before), after


# --- Leaving the list ----------------------------------------------------------------------------


def test_the_list_is_left_at_any_moment_and_no_rule_counts_it(four: Town) -> None:
    """One day may be cancelled in the year, and late it costs more: to leave a list is no such thing."""
    open_places(1)
    following = Slot(MEAL.unit, WEDNESDAY + 7 * DAY)
    assert ask(four, "tom", EARLY).confirmed == 1
    assert ask(four, "zoe", EARLY, following).confirmed == 1
    assert ask(four, "zoe", EARLY).waiting == 1
    rule(four, "notice", {"days": 30, "gate": "cancelling", "late": "surcharge"}, code="majore")
    rule(four, "cancellations", {"maximum": 1, "per": "school_year"})
    leave(four, "zoe")
    with unscoped("vérification"):
        zoe = select(Booking).where(Booking.child_id == four.people["zoe"], Booking.booked_on == WEDNESDAY)
        assert db.session.scalars(zoe).one().effect is None
    assert send(four, "zoe", Draft(unwanted=frozenset({following}))).cancelled == 1


# --- Several rules of places ---------------------------------------------------------------------


def test_two_rules_of_places_each_count_to_their_own(four: Town) -> None:
    open_places(None)
    rule(four, "capacity", {"places": 1}, code="attente")
    rule(four, "capacity", {"places": 2, "when_full": "refused"}, code="plein")
    assert ask(four, "lila").confirmed == 1
    assert ask(four, "tom").waiting == 1
    assert not ask(four, "zoe").accepted  # two stand: one holds, one waits
    leave(four, "lila")
    assert status(four, "tom") is CONFIRMED


def test_a_rule_of_places_replaces_the_usual_one_where_it_governs(four: Town) -> None:
    """A request under study takes a place, unless a rule of places says that it takes none."""
    for child in ("tom", "noe"):
        ask(four, child)
    status(four, "tom", become=ASKED)
    asked = Draft(frozenset({MEAL}))
    assert [one.rule for one in desk(four, "lila").judge(asked).refusals] == ["capacity"]
    rule(four, "capacity", {"pending": "free"}, code="etude", units=["mercredi.repas"])
    assert desk(four, "lila").judge(asked).refusals == ()


# --- The rank shown ------------------------------------------------------------------------------


def test_the_rank_shown_is_the_order_in_which_places_are_given(four: Town) -> None:
    living(four, "B", Residence.RESIDENT)
    living(four, "A", Residence.OUTSIDE)
    open_places(1)
    rule(four, "priority", {"rank": 1}, who={"residence": ["resident"]})
    ask(four, "tom")
    ask(four, "zoe")
    ask(four, "noe", NOW + timedelta(minutes=5))
    assert (shown(four, "zoe").rank, shown(four, "noe").rank) == (2, 1)
    assert shown(four, "lila", Draft(frozenset({MEAL}))).rank == 3
    leave(four, "tom")
    assert (status(four, "zoe"), status(four, "noe")) == (WAITING, CONFIRMED)
    assert shown(four, "zoe").rank == 1
    assert shown(four, "tom", Draft(frozenset({MEAL}))).rank == 1  # a resident comes before Zoé
