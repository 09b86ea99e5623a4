"""Booking the Wednesday centre: what is refused, why, until when, and what is written."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, Presence, RegistrationStatus
from app.models import Booking, Opening, Registration, Rule, Unit
from app.rules.facts import Slot
from app.rules.periods import monday_of
from app.services import bookings, planning, records
from app.services.desk import Draft, load_desk
from tests.people import Town
from tests.wednesday import MEAL, MORNING, NOW, PARIS, WEDNESDAY, at_the_canteen


def send(
    town: Town, draft: Draft, child: str = "lila", family: str = "A", now: datetime = NOW
) -> bookings.Sent:
    sent = bookings.send(town.people[child], town.families[family], draft, now)
    assert sent is not None
    return sent


def statuses(town: Town) -> dict[str, BookingStatus]:
    with unscoped("vérification"):
        return {row.unit.code: row.status for row in db.session.scalars(select(Booking))}


def test_the_morning_alone_is_refused_with_its_article_and_its_remedy(open_town: Town) -> None:
    with open_town.acting("claire"):
        sent = send(open_town, Draft(frozenset({MORNING})))
    (refusal,) = sent.verdict.refusals
    assert not sent.accepted
    assert refusal.article == "article 7"
    assert refusal.remedy is not None
    assert refusal.remedy.add == {MEAL}
    assert statuses(open_town) == {}


def test_the_morning_with_the_meal_is_confirmed(open_town: Town) -> None:
    with open_town.acting("claire"):
        sent = send(open_town, Draft(frozenset({MORNING, MEAL})))
    assert sent.confirmed == 2
    assert statuses(open_town) == {"matin": BookingStatus.CONFIRMED, "repas": BookingStatus.CONFIRMED}


def test_sending_twice_changes_nothing_the_second_time(open_town: Town) -> None:
    draft = Draft(frozenset({MORNING, MEAL}))
    with open_town.acting("claire"):
        send(open_town, draft)
        again = send(open_town, draft)
    assert again.accepted
    assert again.confirmed == 0
    assert statuses(open_town) == {"matin": BookingStatus.CONFIRMED, "repas": BookingStatus.CONFIRMED}


def test_dropping_the_meal_under_a_morning_is_refused(open_town: Town) -> None:
    with open_town.acting("claire"):
        send(open_town, Draft(frozenset({MORNING, MEAL})))
        sent = send(open_town, Draft(unwanted=frozenset({MEAL})))
    assert not sent.accepted
    assert statuses(open_town)["repas"] is BookingStatus.CONFIRMED


def test_a_cancelled_square_can_be_asked_for_again(open_town: Town) -> None:
    with open_town.acting("claire"):
        send(open_town, Draft(frozenset({MEAL})))
        assert send(open_town, Draft(unwanted=frozenset({MEAL}))).cancelled == 1
        assert send(open_town, Draft(frozenset({MEAL}))).confirmed == 1
    assert statuses(open_town) == {"repas": BookingStatus.CONFIRMED}


@pytest.mark.parametrize(
    ("now", "accepted"),
    [
        (datetime(2026, 12, 6, 23, 59, 59, tzinfo=PARIS), True),
        (datetime(2026, 12, 7, 0, 0, 0, tzinfo=PARIS), False),
    ],
)
def test_a_wednesday_closes_on_the_sunday_before_at_midnight(
    open_town: Town, now: datetime, accepted: bool
) -> None:
    with open_town.acting("claire"):
        sent = send(open_town, Draft(frozenset({MEAL})), now=now)
    assert sent.accepted is accepted
    if not accepted:
        assert (
            "jusqu’au dimanche\u00a06\u00a0décembre\u00a02026 à 24\u00a0h"
            in sent.verdict.refusals[0].sentence
        )


def test_the_last_place_goes_to_one_and_the_next_waits_with_a_rank(open_town: Town) -> None:
    for name, child, family in (("claire", "lila", "A"), ("denis", "tom", "B")):
        with open_town.acting(name):
            assert send(open_town, Draft(frozenset({MEAL})), child, family).confirmed == 1
    with open_town.acting("claire"):
        assert send(open_town, Draft(frozenset({MEAL})), "zoe", "A").waiting == 1
        desk = load_desk(open_town.people["zoe"], open_town.families["A"], WEDNESDAY, WEDNESDAY, NOW)
        assert desk is not None
        shown = planning.week(desk, monday_of(WEDNESDAY), Draft())
        meal = shown.blocks[0].rows[1].squares[0]
        assert meal is not None
        assert (meal.state, meal.rank) == ("waiting", 1)


def test_a_strangers_child_is_nobody(open_town: Town) -> None:
    with open_town.acting("claire"):
        tom, mine = open_town.people["tom"], open_town.families["A"]
        assert bookings.send(tom, mine, Draft(frozenset({MEAL})), NOW) is None


def test_a_household_cannot_book_for_the_other_home_of_a_child(open_town: Town) -> None:
    with open_town.acting("claire"):
        sent = send(open_town, Draft(frozenset({MEAL})), "zoe", "B")
    assert not sent.confirmed
    assert statuses(open_town) == {}


def test_a_closed_day_keeps_its_square_and_says_why(open_town: Town) -> None:
    closed = WEDNESDAY + timedelta(weeks=2)
    with open_town.acting("claire"):
        desk = load_desk(open_town.people["lila"], open_town.families["A"], closed, closed, NOW)
        assert desk is not None
        slot = Slot("mercredi.repas", closed)
        draft, moved = planning.flip(desk, Draft(), slot)
        shown = planning.week(desk, monday_of(closed), draft, slot)
    assert not moved
    meal = shown.blocks[0].rows[1].squares[0]
    assert meal is not None
    assert (meal.state, meal.reason) == ("closed", "réunion de l’équipe")
    assert "réunion de l’équipe" in shown.blocks[0].says[0].sentence


def test_touching_the_morning_shows_the_error_and_the_repair_brings_the_meal(open_town: Town) -> None:
    with open_town.acting("claire"):
        desk = load_desk(open_town.people["lila"], open_town.families["A"], WEDNESDAY, WEDNESDAY, NOW)
        assert desk is not None
        draft, moved = planning.flip(desk, Draft(), MORNING)
        shown = planning.week(desk, monday_of(WEDNESDAY), draft)
        say = shown.blocks[0].says[0]
        repaired = planning.week(desk, monday_of(WEDNESDAY), say.repaired)
    assert moved
    assert shown.errors == 1
    assert not shown.can_send
    assert say.remedy_cents == 420
    assert say.repaired == Draft(frozenset({MORNING, MEAL}))
    assert repaired.can_send
    assert repaired.delta_cents == 840


# --- One child, one square -----------------------------------------------------------------------


def test_the_other_home_s_square_is_closed_and_tells_nothing_of_that_home(open_town: Town) -> None:
    with open_town.acting("denis"):
        assert send(open_town, Draft(frozenset({MEAL})), "zoe", "B").confirmed == 1
    with open_town.acting("claire"):
        sent = send(open_town, Draft(frozenset({MEAL})), "zoe", "A")
        desk = load_desk(open_town.people["zoe"], open_town.families["A"], WEDNESDAY, WEDNESDAY, NOW)
        assert desk is not None
        shown = planning.week(desk, monday_of(WEDNESDAY), Draft())
    assert not sent.accepted
    (refusal,) = sent.verdict.refusals
    assert "autre foyer" in refusal.sentence and "Durand" not in refusal.sentence
    meal = shown.blocks[0].rows[1].squares[0]
    assert meal is not None and meal.state == "closed"


def test_no_remedy_asks_for_the_other_home_s_square(open_town: Town) -> None:
    with open_town.acting("denis"):
        send(open_town, Draft(frozenset({MEAL})), "zoe", "B")
    with open_town.acting("claire"):
        sent = send(open_town, Draft(frozenset({MORNING})), "zoe", "A")
    (refusal,) = sent.verdict.refusals
    assert refusal.remedy is not None
    assert (refusal.remedy.add, refusal.remedy.drop) == (frozenset(), frozenset({MORNING}))


def test_staff_cannot_make_one_square_stand_in_both_homes(open_town: Town) -> None:
    with open_town.acting("denis"):
        send(open_town, Draft(frozenset({MEAL})), "zoe", "B")
    with unscoped("l’autre inscription"):
        registration = db.session.scalars(
            select(Registration).where(
                Registration.child_id == open_town.people["zoe"],
                Registration.family_id == open_town.families["A"],
            )
        ).one()
    with open_town.acting("desk") as viewer:
        values = {
            "registration": registration.id,
            "family": open_town.families["A"],
            "child": open_town.people["zoe"],
            "unit": open_town.units["mercredi.repas"],
            "booked_on": WEDNESDAY,
            "status": BookingStatus.CONFIRMED,
        }
        outcome = records.create(Booking, values, viewer)
    assert not outcome
    assert "Il existe déjà une réservation" in " ".join(outcome.problems.values())


def test_once_the_other_home_cancels_the_square_is_free_again(open_town: Town) -> None:
    with open_town.acting("denis"):
        send(open_town, Draft(frozenset({MEAL})), "zoe", "B")
        send(open_town, Draft(unwanted=frozenset({MEAL})), "zoe", "B")
    with open_town.acting("claire"):
        assert send(open_town, Draft(frozenset({MEAL})), "zoe", "A").confirmed == 1


# --- What staff said, what happened --------------------------------------------------------------


def test_asked_again_after_a_refusal_waits_for_staff(open_town: Town) -> None:
    with open_town.acting("claire"):
        send(open_town, Draft(frozenset({MEAL})))
    with unscoped("le service refuse"):
        db.session.scalars(select(Booking)).one().status = BookingStatus.REFUSED
        db.session.commit()
    with open_town.acting("claire"):
        again = send(open_town, Draft(frozenset({MEAL})))
    assert (again.asked, again.confirmed) == (1, 0)


def refuse() -> None:
    with unscoped("le service refuse"):
        db.session.scalars(select(Booking)).one().status = BookingStatus.REFUSED
        db.session.commit()


def test_a_refusal_is_remembered_through_a_cancellation_until_staff_confirm(open_town: Town) -> None:
    with open_town.acting("claire"):
        send(open_town, Draft(frozenset({MEAL})))
    refuse()
    with open_town.acting("claire"):
        assert send(open_town, Draft(frozenset({MEAL}))).asked == 1
        assert send(open_town, Draft(unwanted=frozenset({MEAL}))).cancelled == 1
        assert send(open_town, Draft(frozenset({MEAL}))).asked == 1
    with unscoped("le service accepte"):
        db.session.scalars(select(Booking)).one().status = BookingStatus.CONFIRMED
        db.session.commit()
    with open_town.acting("claire"):
        send(open_town, Draft(unwanted=frozenset({MEAL})))
        assert send(open_town, Draft(frozenset({MEAL}))).confirmed == 1


def test_what_was_ticked_is_not_cancelled_and_the_whole_change_is_refused(open_town: Town) -> None:
    afternoon = Slot("mercredi.apres-midi", WEDNESDAY)
    with open_town.acting("claire"):
        send(open_town, Draft(frozenset({MEAL, afternoon})))
    with unscoped("pointé"):
        row = db.session.scalars(select(Booking).join(Booking.unit).where(Unit.code == "repas")).one()
        row.presence = Presence.PRESENT
        db.session.commit()
    with open_town.acting("claire"):
        sent = send(open_town, Draft(unwanted=frozenset({MEAL, afternoon})))
    assert not sent.accepted
    (refusal,) = sent.verdict.refusals
    assert "déjà pointé" in refusal.sentence
    assert set(statuses(open_town).values()) == {BookingStatus.CONFIRMED}


def test_what_a_rule_tolerates_is_counted_over_its_period_and_not_over_the_page(open_town: Town) -> None:
    """One late booking a period: the next week's counts the one of the week before."""
    with unscoped("une tolérance"):
        rule = db.session.scalars(select(Rule).where(Rule.code == "delai")).one()
        rule.parameters = {"weekday": "dimanche", "times": 1, "per": "period"}
        db.session.commit()
    late, later = datetime(2026, 12, 8, 9, tzinfo=PARIS), datetime(2026, 12, 15, 9, tzinfo=PARIS)
    following = Slot(MEAL.unit, WEDNESDAY + timedelta(weeks=1))
    with open_town.acting("claire"):
        first = send(open_town, Draft(frozenset({MEAL})), now=late)
        assert first.accepted and "Retard toléré, 1 sur 1" in first.verdict.refusals[0].sentence
        second = send(open_town, Draft(frozenset({following})), now=later)
        assert not second.accepted and "sont passés" in second.verdict.refusals[0].sentence
        other = send(open_town, Draft(frozenset({following})), child="zoe", now=later)
        assert other.accepted


@pytest.mark.parametrize(("per", "accepted"), [("week", True), ("month", False), ("school_year", False)])
def test_a_bound_by_month_counts_the_weeks_that_the_page_does_not_show(
    open_town: Town, per: str, accepted: bool
) -> None:
    with unscoped("un jour au plus"):
        article = db.session.scalars(select(Rule).where(Rule.code == "delai")).one().article
        values = {"maximum": 1, "per": per}
        activity_id = open_town.activities["mercredi"]
        db.session.add(
            Rule(code="max", rule_kind="count", parameters=values, activity_id=activity_id, article=article)
        )
        db.session.commit()
    following = Slot(MEAL.unit, WEDNESDAY + timedelta(weeks=1))
    with open_town.acting("claire"):
        assert send(open_town, Draft(frozenset({MEAL}))).accepted
        second = send(open_town, Draft(frozenset({following})))
        assert second.accepted is accepted
        if not accepted:
            (refusal,) = second.verdict.refusals
            assert refusal.slots == {following} and "2\u00a0jours, il en faut 1 au plus" in refusal.sentence


def test_what_is_wrong_over_two_activities_is_told_in_the_week_shown(open_town: Town) -> None:
    """The canteen does not open in that week: what is said of both is said of Wednesdays."""
    at_the_canteen(open_town)
    canteen, monday = Slot("cantine.repas", WEDNESDAY + timedelta(days=1)), WEDNESDAY + timedelta(days=5)
    week = [Slot("mercredi.repas", monday + timedelta(days=day)) for day in range(5)]
    with unscoped("une semaine entière"):
        unit_id = open_town.units["mercredi.repas"]
        db.session.add_all(
            Opening(unit_id=unit_id, open_on=slot.on) for slot in week if slot.on.weekday() != 2
        )
        db.session.add(Rule(code="un", rule_kind="count", parameters={"maximum": 1, "per": "month"}))
        db.session.commit()
    with open_town.acting("claire"):
        lila, family = open_town.people["lila"], open_town.families["A"]
        desk = load_desk(lila, family, WEDNESDAY - timedelta(days=2), monday + timedelta(days=6), NOW)
        assert desk is not None
        for slot in week:
            shown = planning.week(desk, monday, Draft(frozenset({canteen, slot})))
            told = [say.sentence for block in shown.blocks for say in block.says]
            assert any("il en faut 1 au plus" in one.replace("\u00a0", " ") for one in told), slot


def test_what_was_booked_of_an_activity_left_since_still_counts(open_town: Town) -> None:
    """Two meals at the canteen, whose registration is over: with Wednesday's they are three."""
    home = {"family_id": open_town.families["A"], "child_id": open_town.people["lila"]}
    left = Registration(
        **home,
        activity_id=open_town.activities["cantine"],
        school_year_id=open_town.school_year,
        status=RegistrationStatus.ACCEPTED,
        starts_on=date(2026, 9, 1),
        ends_on=date(2026, 12, 4),
    )
    eaten = [
        Booking(
            **home,
            registration=left,
            unit_id=open_town.units["cantine.repas"],
            booked_on=on,
            status=BookingStatus.CONFIRMED,
        )
        for on in (date(2026, 12, 1), date(2026, 12, 3))
    ]
    most = Rule(code="deux", rule_kind="count", parameters={"maximum": 2, "per": "month"})
    with unscoped("test"):
        db.session.add_all([left, *eaten, most])
        db.session.commit()
    monday, draft = monday_of(WEDNESDAY), Draft(frozenset({MEAL}))
    with open_town.acting("claire"):
        desk = load_desk(home["child_id"], home["family_id"], monday, monday + timedelta(days=6), NOW)
        assert desk is not None
        (said,) = (one for block in planning.week(desk, monday, draft).blocks for one in block.says)
        assert not send(open_town, draft).accepted
    assert "2 au plus" in said.sentence and said.remedy == "Retirer cette demande"
    assert [one.slot for one in said.squares] == [MEAL]
