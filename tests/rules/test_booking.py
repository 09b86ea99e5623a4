"""Judging a plan: everything at once, what always holds, dates, remedies."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.rules.booking import (
    CLOSED,
    PAST,
    UNREGISTERED,
    DatedRule,
    describe_dated,
    judge,
)
from app.rules.calendar import Hour, Weekday
from app.rules.facts import ChildPlan, Slot, Window
from app.rules.kinds.admission import Age
from app.rules.kinds.notice import NoticeDays, NoticeWeekly
from app.rules.kinds.together import Excludes, Requires
from app.rules.kinds.windows import OpensBefore
from app.rules.verdict import Refusal, Severity, Verdict
from app.rules.who import Who
from app.rules.words import NBSP

from .invented import (
    CALENDAR,
    CANTINE,
    EVER,
    LILA,
    LONG_BEFORE,
    MATIN,
    NAMES,
    REPAS,
    SACHA,
    SOIR,
    WEDNESDAY,
    of_child,
    paris,
    plan,
    slots,
)

ALWAYS = date(2020, 1, 1)
MORNING_NEEDS_MEAL = DatedRule(
    Requires(MATIN, frozenset({REPAS})), ALWAYS, article="article 7", weekdays=frozenset({Weekday.WEDNESDAY})
)


def codes(verdict: Verdict) -> list[str]:
    return [one.rule for one in verdict.refusals]


def only(verdict: Verdict) -> Refusal:
    (refusal,) = verdict.refusals
    return refusal


def test_a_wednesday_morning_without_lunch_is_refused_and_adding_lunch_repairs_it() -> None:
    asked = of_child(add=slots(WEDNESDAY, MATIN))
    refusal = only(judge(plan(asked), [MORNING_NEEDS_MEAL]))
    assert refusal.sentence.replace(NBSP, " ") == (
        "Le matin des Grappaloups du mercredi 11 septembre 2024 se réserve avec le repas des Grappaloups."
    )
    assert (refusal.rule, refusal.article, refusal.child_id) == ("requires", "article 7", LILA.id)
    assert refusal.slots == slots(WEDNESDAY, MATIN)
    assert refusal.remedy is not None
    assert refusal.remedy.sentence == "Ajouter le repas des Grappaloups"
    repaired = of_child(add=asked.added | refusal.remedy.add)
    assert judge(plan(repaired), [MORNING_NEEDS_MEAL]).refusals == ()


def test_a_rule_of_wednesday_says_nothing_of_thursday() -> None:
    asked = of_child(add=slots(WEDNESDAY + timedelta(days=1), MATIN))
    assert judge(plan(asked), [MORNING_NEEDS_MEAL]).accepted


def test_dropping_the_lunch_under_a_morning_is_refused_and_keeping_it_repairs() -> None:
    asked = of_child(drop=slots(WEDNESDAY, REPAS), before=slots(WEDNESDAY, MATIN, REPAS))
    refusal = only(judge(plan(asked), [MORNING_NEEDS_MEAL]))
    assert refusal.severity is Severity.REFUSED
    assert refusal.remedy is not None
    assert refusal.remedy.sentence == "Garder le repas des Grappaloups"


def test_an_old_break_is_a_warning_and_blocks_no_new_request() -> None:
    asked = of_child(add=slots(WEDNESDAY, SOIR), before=slots(WEDNESDAY, MATIN))
    verdict = judge(plan(asked), [MORNING_NEEDS_MEAL])
    assert verdict.accepted
    assert verdict.severity(LILA.id, Slot(MATIN, WEDNESDAY)) is Severity.WARNING


def test_two_children_are_judged_apart() -> None:
    verdict = judge(
        plan(of_child(LILA, slots(WEDNESDAY, MATIN)), of_child(SACHA, slots(WEDNESDAY, REPAS))),
        [MORNING_NEEDS_MEAL],
    )
    assert [one.child_id for one in verdict.refusals] == [LILA.id]


@pytest.mark.parametrize(
    ("from_on", "until_on", "refused"),
    [
        (WEDNESDAY, None, True),
        (WEDNESDAY + timedelta(days=1), None, False),
        (ALWAYS, WEDNESDAY + timedelta(days=1), True),
        (ALWAYS, WEDNESDAY, False),
    ],
)
def test_a_rule_governs_the_days_of_its_half_open_window(
    from_on: date, until_on: date | None, refused: bool
) -> None:
    dated = DatedRule(Requires(MATIN, frozenset({REPAS})), from_on, until_on)
    assert judge(plan(of_child(add=slots(WEDNESDAY, MATIN))), [dated]).accepted is not refused


@pytest.mark.parametrize(
    ("applies_to", "refused"),
    [(None, True), ({"cantine"}, True), ({CANTINE}, True), ({"grappaloups", SOIR}, False), ((), False)],
)
def test_a_rule_applies_to_the_units_and_activities_it_names(
    applies_to: set[str] | None, refused: bool
) -> None:
    dated = DatedRule(
        NoticeDays(400), ALWAYS, applies_to=None if applies_to is None else frozenset(applies_to)
    )
    assert judge(plan(of_child(add=slots(WEDNESDAY, CANTINE))), [dated]).accepted is not refused


def test_a_closed_square_is_refused_with_its_reason() -> None:
    closed = date(2024, 9, 13)
    refusal = only(judge(plan(of_child(add=slots(closed, CANTINE))), []))
    assert refusal.rule == CLOSED
    assert "fermé ce jour-là (réunion de l’équipe)" in refusal.sentence
    assert judge(plan(of_child(add=slots(closed, REPAS))), []).accepted


def test_a_booking_on_a_day_that_has_closed_can_be_dropped() -> None:
    closed = slots(date(2024, 9, 13), CANTINE)
    assert judge(plan(of_child(drop=closed, before=closed)), []).accepted


def test_yesterday_is_past_and_today_is_not() -> None:
    asked = of_child(add=slots(WEDNESDAY, REPAS))
    assert judge(plan(asked, now=paris(2024, 9, 11, 23, 59, second=59)), []).accepted
    refusal = only(judge(plan(asked, now=paris(2024, 9, 12)), []))
    assert refusal.rule == PAST
    assert refusal.sentence.endswith("ce jour est passé.")


def test_a_past_square_under_notice_says_its_limit_once() -> None:
    verdict = judge(
        plan(of_child(add=slots(WEDNESDAY, REPAS)), now=paris(2024, 9, 20)),
        [DatedRule(NoticeDays(1), ALWAYS)],
    )
    assert codes(verdict) == ["notice"]
    assert "c’était réservable jusqu’au" in only(verdict).sentence


def test_a_past_square_under_an_easy_notice_is_still_refused() -> None:
    rules = [DatedRule(NoticeDays(1, late="ask_staff"), ALWAYS)]
    assert not judge(plan(of_child(add=slots(WEDNESDAY, REPAS)), now=paris(2024, 9, 20)), rules).accepted


@pytest.mark.parametrize(
    ("registrations", "accepted"),
    [
        ({}, False),
        ({"cantine": ((ALWAYS, None),)}, False),
        ({"grappaloups": ((WEDNESDAY, WEDNESDAY + timedelta(days=1)),)}, True),
        ({"grappaloups": ((WEDNESDAY + timedelta(days=1), None),)}, False),
        ({"grappaloups": ((ALWAYS, WEDNESDAY),)}, False),
        ({"grappaloups": ((ALWAYS, WEDNESDAY), (WEDNESDAY, None))}, True),  # two school years
    ],
)
def test_one_books_only_what_one_is_registered_for(
    registrations: dict[str, tuple[Window, ...]], accepted: bool
) -> None:
    mine = ChildPlan.change(LILA, [], slots(WEDNESDAY, REPAS), [], registrations)
    verdict = judge(plan(mine), [])
    assert verdict.accepted is accepted
    assert accepted or codes(verdict) == [UNREGISTERED]


def test_everything_wrong_is_told_at_once() -> None:
    closed = date(2024, 9, 13)
    asked = of_child(add=slots(WEDNESDAY, MATIN) | slots(closed, CANTINE) | slots(date(2024, 6, 5), SOIR))
    verdict = judge(plan(asked), [MORNING_NEEDS_MEAL, DatedRule(Age(minimum=8), ALWAYS)])
    assert set(codes(verdict)) == {"requires", CLOSED, PAST, "age"}
    assert len(verdict.about(LILA.id, Slot(MATIN, WEDNESDAY))) == 2
    assert verdict.about(LILA.id, Slot(REPAS, WEDNESDAY)) == ()


def test_a_remedy_that_is_closed_or_too_late_becomes_withdrawing() -> None:
    lunch_is_late = DatedRule(NoticeWeekly(Weekday.SUNDAY), ALWAYS, applies_to=frozenset({REPAS}))
    asked = of_child(add=slots(WEDNESDAY, MATIN))
    for verdict in (
        judge(plan(asked, now=paris(2024, 9, 9)), [MORNING_NEEDS_MEAL, lunch_is_late]),
        judge(
            plan(asked, calendar=replace(CALENDAR, openings=slots(WEDNESDAY, MATIN))), [MORNING_NEEDS_MEAL]
        ),
    ):
        remedy = only(verdict).remedy
        assert remedy is not None
        assert (remedy.sentence, remedy.drop, remedy.add) == (
            "Retirer cette demande", slots(WEDNESDAY, MATIN), frozenset()
        )  # fmt: skip
    on_time = only(
        judge(plan(asked, now=paris(2024, 9, 8, 23, 59)), [MORNING_NEEDS_MEAL, lunch_is_late])
    ).remedy
    assert on_time is not None
    assert on_time.add == slots(WEDNESDAY, REPAS)


def test_a_remedy_adds_nothing_before_it_opens() -> None:
    opens = DatedRule(OpensBefore(7, Hour(480)), ALWAYS, applies_to=frozenset({REPAS}))
    asked = of_child(add=slots(WEDNESDAY, MATIN))
    for now, sentence in (
        (paris(2024, 9, 4, 7, 59), "Retirer cette demande"),
        (paris(2024, 9, 4, 8), "Ajouter le repas des Grappaloups"),
    ):
        remedy = only(judge(plan(asked, now=now), [MORNING_NEEDS_MEAL, opens])).remedy
        assert remedy is not None and remedy.sentence == sentence


@pytest.mark.parametrize(
    ("oldest", "sentence"), [(4, "Retirer cette demande"), (9, "Ajouter le repas des Grappaloups")]
)
def test_a_remedy_adds_nothing_that_another_rule_refuses(oldest: int, sentence: str) -> None:
    age = DatedRule(Age(maximum=oldest), ALWAYS, applies_to=frozenset({REPAS}))
    remedy = only(judge(plan(of_child(add=slots(WEDNESDAY, MATIN))), [MORNING_NEEDS_MEAL, age])).remedy
    assert remedy is not None and remedy.sentence == sentence


def test_a_remedy_that_asks_for_one_more_square_is_a_step_further() -> None:
    """The evening needs the morning, which needs the meal: the morning is offered, then the meal."""
    evening = DatedRule(Requires(SOIR, frozenset({MATIN})), ALWAYS)
    remedy = only(judge(plan(of_child(add=slots(WEDNESDAY, SOIR))), [MORNING_NEEDS_MEAL, evening])).remedy
    assert remedy is not None and remedy.add == slots(WEDNESDAY, MATIN)


def test_a_remedy_follows_the_rules_of_the_child_as_told_that_day() -> None:
    """A notice from which a paper spares, while it is in force."""
    spares = DatedRule(
        NoticeDays(30), ALWAYS, applies_to=frozenset({REPAS}), unless=Who(traits=frozenset({"attestation"}))
    )
    with_it = replace(LILA, traits=frozenset({"attestation"}))
    for child, sentence in (
        (replace(LILA, later=((WEDNESDAY, with_it),)), "Ajouter le repas des Grappaloups"),
        (replace(with_it, later=((WEDNESDAY, LILA),)), "Retirer cette demande"),
    ):
        asked = plan(of_child(child, add=slots(WEDNESDAY, MATIN)), now=paris(2024, 9, 1))
        remedy = only(judge(asked, [MORNING_NEEDS_MEAL, spares])).remedy
        assert remedy is not None and remedy.sentence == sentence


def test_a_remedy_adds_nothing_of_an_activity_without_a_registration() -> None:
    needs_canteen = [DatedRule(Requires(MATIN, frozenset({CANTINE})), ALWAYS)]
    only_here = {"grappaloups": EVER["grappaloups"]}
    for registrations, sentence in ((EVER, "Ajouter le repas"), (only_here, "Retirer cette demande")):
        asked = ChildPlan.change(LILA, [], slots(WEDNESDAY, MATIN), [], registrations)
        remedy = only(judge(plan(asked), needs_canteen)).remedy
        assert remedy is not None and remedy.sentence == sentence


def test_a_remedy_that_can_be_done_in_part_keeps_what_was_given_up() -> None:
    """The meal was given up, the evening never stood and is closed: to keep the meal is all that can be."""
    rule = [DatedRule(Requires(MATIN, frozenset({REPAS, SOIR})), ALWAYS)]
    open_units = replace(CALENDAR, openings=slots(WEDNESDAY, MATIN, REPAS))
    asked = of_child(drop=slots(WEDNESDAY, REPAS), before=slots(WEDNESDAY, MATIN, REPAS))
    remedy = only(judge(plan(asked, calendar=open_units), rule)).remedy
    assert remedy is not None and (remedy.add, remedy.drop) == (slots(WEDNESDAY, REPAS), frozenset())


def test_units_that_exclude_each_other_never_drop_what_stood_before() -> None:
    rule = [DatedRule(Excludes(MATIN, frozenset({CANTINE, SOIR})), ALWAYS)]
    new_unit = only(
        judge(plan(of_child(add=slots(WEDNESDAY, MATIN), before=slots(WEDNESDAY, CANTINE))), rule)
    )
    new_other = only(
        judge(plan(of_child(add=slots(WEDNESDAY, CANTINE), before=slots(WEDNESDAY, MATIN))), rule)
    )
    assert new_unit.remedy is not None
    assert new_other.remedy is not None
    assert new_unit.remedy.drop == new_unit.slots == slots(WEDNESDAY, MATIN)
    assert new_other.remedy.drop == new_other.slots == slots(WEDNESDAY, CANTINE)
    old = only(judge(plan(of_child(add=slots(WEDNESDAY, REPAS), before=slots(WEDNESDAY, MATIN, SOIR))), rule))
    assert old.severity is Severity.WARNING
    assert judge(plan(of_child(add=slots(WEDNESDAY, MATIN, REPAS))), rule).accepted


def test_a_change_that_changes_nothing_is_no_change() -> None:
    same = of_child(add=slots(WEDNESDAY, REPAS), before=slots(WEDNESDAY, REPAS), drop=slots(WEDNESDAY, SOIR))
    assert (same.added, same.dropped, same.slots) == (frozenset(), frozenset(), slots(WEDNESDAY, REPAS))
    cancelled = of_child(add=slots(WEDNESDAY, REPAS), before=slots(WEDNESDAY, REPAS), status="cancelled")
    assert cancelled.added == slots(WEDNESDAY, REPAS)


def test_a_plan_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        plan(of_child(), now=LONG_BEFORE.replace(tzinfo=None))


def test_a_dated_rule_prints_as_an_article() -> None:
    dated = DatedRule(
        NoticeWeekly(Weekday.THURSDAY, Hour(720), gate="booking"), date(2024, 9, 1), date(2025, 9, 1),
        "article 5, alinéa 2", frozenset({CANTINE}), frozenset({Weekday.MONDAY, Weekday.TUESDAY}),
    )  # fmt: skip
    assert describe_dated(dated, NAMES).replace(NBSP, " ") == (
        "Le repas, le lundi et le mardi, pour les jours du dimanche 1er septembre 2024 au dimanche 31 août "
        "2025 : réservable jusqu’au jeudi de la semaine d’avant, 12 h. Article 5, alinéa 2."
    )
    assert describe_dated(DatedRule(Age(3, 11), date(2024, 9, 1))).replace(NBSP, " ") == (
        "Il faut avoir de 3 à 11 ans. Pour les jours à partir du dimanche 1er septembre 2024."
    )


def test_a_rule_of_no_activity_takes_the_subject_that_it_is_given() -> None:
    june = DatedRule(
        NoticeWeekly(Weekday.THURSDAY, Hour(720), gate="booking"), date(2024, 6, 1), date(2024, 7, 1)
    )
    days = "pour les jours du samedi 1er juin 2024 au dimanche 30 juin 2024"
    said = "réservable jusqu’au jeudi de la semaine d’avant, 12 h."
    assert describe_dated(june).replace(NBSP, " ") == f"P{days[1:]} : {said}"
    told = describe_dated(june, at_large="toutes les activités").replace(NBSP, " ")
    assert told == f"Toutes les activités, {days} : {said}"
