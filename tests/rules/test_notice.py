"""NoticeDays periods: the limit of a square, the minute before it and the minute after."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import (
    DatedRule,
    bookable_until,
    cancellable_until,
    judge,
    until_words,
)
from app.rules.calendar import END_OF_DAY, Hour, Weekday, instant
from app.rules.facts import Slot
from app.rules.kinds.notice import COUNTED, NoticeDays, NoticeWeekly
from app.rules.registry import Rule, describe
from app.rules.verdict import Severity
from app.rules.words import NBSP

from .invented import CALENDAR, CANTINE, EVERY_DAY, LILA, of_child, paris, plan

NOON, NINE = Hour(720), Hour(540)
ALWAYS = date(2020, 1, 1)
MONDAY_2_SEPTEMBER = Slot(CANTINE, date(2024, 9, 2))


def limit(rule: NoticeDays | NoticeWeekly, on: date) -> datetime | None:
    return rule.limit(Slot(CANTINE, on), "booking", CALENDAR)


@pytest.mark.parametrize(
    ("on", "until"),
    [
        (date(2024, 9, 2), paris(2024, 8, 26)),
        (date(2024, 9, 6), paris(2024, 8, 26)),
        (date(2024, 11, 4), paris(2024, 10, 28)),  # that Sunday has 25 hours
        (date(2025, 4, 17), paris(2025, 4, 7)),
    ],
)
def test_sunday_24_h_with_a_full_week_between_is_the_reference_limit(on: date, until: datetime) -> None:
    assert limit(NoticeWeekly(Weekday.SUNDAY, weeks_before=2), on) == until


@pytest.mark.parametrize(
    ("on", "until"),
    [
        (date(2024, 9, 9), date(2024, 9, 5)),  # Cruas: Monday <- Thursday
        (date(2024, 9, 10), date(2024, 9, 6)),  # Tuesday <- Friday
        (date(2024, 9, 12), date(2024, 9, 10)),  # Thursday <- Tuesday
        (date(2024, 9, 13), date(2024, 9, 11)),  # Friday <- Wednesday
        (date(2024, 11, 12), date(2024, 11, 7)),  # over the 11 November
    ],
)
def test_two_working_days_at_noon_is_the_table_of_cruas(on: date, until: date) -> None:
    assert limit(NoticeDays(2, NOON, "working"), on) == instant(until, NOON)


def test_a_weekday_of_the_same_week_makes_the_table_of_vailhauques() -> None:
    thursday, monday = Slot(CANTINE, date(2024, 9, 12)), Slot(CANTINE, date(2024, 9, 9))
    table = [
        DatedRule(NoticeWeekly(limit, NINE, weeks_before), ALWAYS, weekdays=frozenset(weekdays))
        for limit, weeks_before, weekdays in (
            (Weekday.FRIDAY, 1, {Weekday.MONDAY, Weekday.TUESDAY}),
            (Weekday.TUESDAY, 0, {Weekday.THURSDAY, Weekday.FRIDAY}),
        )
    ]
    assert bookable_until(monday, table, CALENDAR) == paris(2024, 9, 6, 9)
    assert bookable_until(thursday, table, CALENDAR) == paris(2024, 9, 10, 9)
    assert bookable_until(Slot(CANTINE, date(2024, 9, 11)), table, CALENDAR) is None


def test_the_minute_before_the_limit_is_in_time_and_the_limit_is_not() -> None:
    rules = [DatedRule(NoticeWeekly(Weekday.SUNDAY, weeks_before=2), ALWAYS, article="article 5")]
    asked = of_child(add=[MONDAY_2_SEPTEMBER])
    assert judge(plan(asked, now=paris(2024, 8, 25, 23, 59, second=59)), rules).accepted
    verdict = judge(plan(asked, now=paris(2024, 8, 26)), rules)
    (refusal,) = verdict.refusals
    assert not verdict.accepted
    assert refusal.sentence.replace(NBSP, " ") == (
        "Le repas du lundi 2 septembre 2024 : trop tard, "
        "c’était réservable jusqu’au dimanche 25 août 2024 à 24 h."
    )
    assert (refusal.rule, refusal.article, refusal.until) == (
        "notice_weekly",
        "article 5",
        paris(2024, 8, 26),
    )
    assert refusal.remedy is not None
    assert refusal.remedy.drop == {MONDAY_2_SEPTEMBER}


def test_a_noon_limit_ends_at_noon() -> None:
    rules = [DatedRule(NoticeDays(1, NOON), ALWAYS)]
    asked = of_child(add=[MONDAY_2_SEPTEMBER])
    assert judge(plan(asked, now=paris(2024, 9, 1, 11, 59, second=59)), rules).accepted
    assert not judge(plan(asked, now=paris(2024, 9, 1, 12)), rules).accepted


@pytest.mark.parametrize(
    ("on", "before"),
    [(date(2024, 10, 28), paris(2024, 10, 27, 23, 59)), (date(2025, 3, 31), paris(2025, 3, 30, 23, 59))],
)
def test_the_eve_at_24_h_holds_on_the_weekends_when_clocks_change(on: date, before: datetime) -> None:
    rules = [DatedRule(NoticeDays(1), ALWAYS)]
    asked = of_child(add=[Slot(CANTINE, on)])
    assert judge(plan(asked, now=before), rules).accepted
    assert not judge(plan(asked, now=before + timedelta(minutes=1)), rules).accepted


def test_booking_and_cancelling_have_their_own_limits() -> None:
    rules = [
        DatedRule(NoticeWeekly(Weekday.FRIDAY, NOON, gate="booking"), ALWAYS),
        DatedRule(NoticeDays(1, NOON, gate="cancelling"), ALWAYS),
    ]
    assert bookable_until(MONDAY_2_SEPTEMBER, rules, CALENDAR) == paris(2024, 8, 30, 12)
    assert cancellable_until(MONDAY_2_SEPTEMBER, rules, CALENDAR) == paris(2024, 9, 1, 12)
    saturday = paris(2024, 8, 31, 12)
    assert not judge(plan(of_child(add=[MONDAY_2_SEPTEMBER]), now=saturday), rules).accepted
    assert judge(
        plan(of_child(drop=[MONDAY_2_SEPTEMBER], before=[MONDAY_2_SEPTEMBER]), now=saturday), rules
    ).accepted


def test_a_late_cancellation_says_until_when_it_was_possible_and_keeps_the_booking() -> None:
    asked = of_child(drop=[MONDAY_2_SEPTEMBER], before=[MONDAY_2_SEPTEMBER])
    (refusal,) = judge(
        plan(asked, now=paris(2024, 9, 1, 12)), [DatedRule(NoticeDays(1, NOON), ALWAYS)]
    ).refusals
    assert "annulable jusqu’au" in refusal.sentence
    assert refusal.remedy is not None
    assert refusal.remedy.add == {MONDAY_2_SEPTEMBER}


def test_the_strictest_of_several_limits_holds() -> None:
    rules = [DatedRule(NoticeDays(days), ALWAYS) for days in (1, 3, 2)]
    assert bookable_until(MONDAY_2_SEPTEMBER, rules, CALENDAR) == paris(2024, 8, 31)
    assert bookable_until(MONDAY_2_SEPTEMBER, [], CALENDAR) is None


def test_a_limit_on_a_public_holiday_moves_to_the_working_day_before_only_when_told() -> None:
    tuesday = date(2024, 11, 12)
    assert limit(NoticeDays(1, NOON), tuesday) == paris(2024, 11, 11, 12)
    assert limit(NoticeDays(1, NOON, if_closed="earlier"), tuesday) == paris(2024, 11, 8, 12)
    assert limit(NoticeWeekly(Weekday.FRIDAY, NOON, if_closed="earlier"), date(2024, 11, 5)) == paris(
        2024, 10, 31, 12
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            NoticeWeekly(Weekday.THURSDAY, NOON, if_closed="earlier"),
            (
                "jusqu’au jeudi de la semaine d’avant, 12 h ; si ce jour est férié ou fermé, le jour ouvré "
                "d’avant."
            ),
        ),
        (
            NoticeDays(2, NOON, if_closed="school", late="ask_staff"),
            (
                "jusqu’à 2 jours avant, 12 h ; s’il n’y a pas école ce jour-là, le dernier jour d’école "
                "d’avant ; ensuite, le service décide."
            ),
        ),
    ],
)
def test_where_a_limit_moves_is_said(rule: Rule, words: str) -> None:
    assert describe(rule).replace(NBSP, " ") == f"Réservable et annulable {words}"


def test_school_days_before_count_over_the_holidays() -> None:
    assert limit(NoticeDays(1, NOON, "school"), date(2024, 11, 4)) == paris(2024, 10, 18, 12)


def test_a_limit_is_never_after_the_squares_own_day() -> None:
    assert limit(NoticeWeekly(Weekday.FRIDAY, weeks_before=0), date(2024, 9, 9)) == paris(2024, 9, 10)


def test_late_may_ask_staff_instead_of_refusing() -> None:
    verdict = judge(
        plan(of_child(add=[MONDAY_2_SEPTEMBER]), now=paris(2024, 9, 1, 12)),
        [DatedRule(NoticeDays(1, NOON, late="ask_staff"), ALWAYS)],
    )
    assert verdict.accepted
    assert verdict.severity(LILA.id, MONDAY_2_SEPTEMBER) is Severity.ASK_STAFF
    assert verdict.refusals[0].sentence.replace(NBSP, " ") == (
        "Le repas du lundi 2 septembre 2024 : encore réservable ; "
        "après le dimanche 1er septembre 2024 à 12 h, le service décide."
    )


def test_what_is_late_and_passes_is_told_as_still_possible() -> None:
    for late, outcome in (("surcharge", "c’est majoré"), ("full_price", "le tarif réduit est perdu")):
        verdict = judge(
            plan(of_child(add=[MONDAY_2_SEPTEMBER]), now=paris(2024, 9, 1, 12)),
            [DatedRule(NoticeDays(1, NOON, late=late), ALWAYS)],  # type: ignore[arg-type]
        )
        assert verdict.refusals[0].sentence.replace(NBSP, " ") == (
            f"Le repas du lundi 2 septembre 2024 : encore réservable ; "
            f"après le dimanche 1er septembre 2024 à 12 h, {outcome}."
        )


def test_what_stood_before_is_not_judged_by_notice() -> None:
    asked = of_child(before=[MONDAY_2_SEPTEMBER])
    assert (
        judge(plan(asked, now=paris(2024, 9, 1, 12)), [DatedRule(NoticeDays(1, NOON), ALWAYS)]).refusals == ()
    )


def test_a_square_says_until_when_it_still_can() -> None:
    words = until_words(paris(2024, 8, 26)).replace(NBSP, " ")
    assert words == "réservable jusqu’au dimanche 25 août 2024 à 24 h"


hours = st.builds(Hour, st.integers(0, 1440))
counted = st.sampled_from(list(COUNTED))
notices: st.SearchStrategy[Rule] = st.one_of(
    st.builds(NoticeDays, st.integers(0, 30), hours, counted),
    st.builds(NoticeWeekly, st.sampled_from(Weekday), hours, st.integers(0, 4)),
)
moments = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: paris(2024, 1, 1) + timedelta(seconds=seconds)
)


@given(st.lists(notices, max_size=4), st.sampled_from(EVERY_DAY), moments, st.integers(0, 10**7))
def test_a_later_now_never_reopens_what_an_earlier_one_refused(
    rules: list[Rule], on: date, now: datetime, seconds: int
) -> None:
    dated = [DatedRule(rule, ALWAYS) for rule in rules]
    for asked in (
        of_child(add=[Slot(CANTINE, on)]),
        of_child(drop=[Slot(CANTINE, on)], before=[Slot(CANTINE, on)]),
    ):
        later = plan(asked, now=now + timedelta(seconds=seconds))
        if not judge(plan(asked, now=now), dated).accepted:
            assert not judge(later, dated).accepted


@given(notices, st.sampled_from(EVERY_DAY))
def test_the_square_closes_exactly_at_its_limit(rule: Rule, on: date) -> None:
    slot, dated = Slot(CANTINE, on), [DatedRule(rule, ALWAYS)]
    until = bookable_until(slot, dated, CALENDAR)
    assert until is not None
    assert until <= instant(on, END_OF_DAY)
    before = judge(plan(of_child(add=[slot]), now=until - timedelta(seconds=1)), dated)
    after = judge(plan(of_child(add=[slot]), now=until), dated)
    assert not any(one.until for one in before.refusals)
    assert any(one.until for one in after.refusals)
