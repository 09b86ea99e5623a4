"""Each kind of notice at its limit: the minute before is in time, the minute itself is not.

Across the change to summer time, a public holiday on a Monday, Christmas holidays, 29 February and the turn
of the school year. Days are those of Paris.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import DatedRule, bookable_from, bookable_until, judge
from app.rules.calendar import Calendar, Hour, Span, Weekday, days_open
from app.rules.facts import Booked, ChildPlan, Slot
from app.rules.kinds.limits import IF_CLOSED, Notice
from app.rules.kinds.notice import COUNTED, NoticeDays, NoticeHours, NoticeMonthly, NoticePeriod, NoticeWeekly
from app.rules.kinds.windows import OpensBefore, Window, WindowMonthly
from app.rules.periods import span_of
from app.rules.registry import kinds
from app.rules.verdict import Severity

from .invented import CANTINE, EVER, LILA, MATIN, SCHOOL_WEEK, of_child, paris, plan

NOON, NINE = Hour(720), Hour(540)
MINUTE = timedelta(minutes=1)
ALWAYS = date(2020, 1, 1)
YEAR = Span(date(2023, 9, 4), date(2024, 7, 6))
HOLIDAYS = (
    Span(date(2023, 10, 21), date(2023, 11, 6), "Toussaint"),
    Span(date(2023, 12, 23), date(2024, 1, 8), "Noël"),
    Span(date(2024, 2, 17), date(2024, 3, 4), "hiver"),
    Span(date(2024, 4, 13), date(2024, 4, 29), "printemps"),
    Span(date(2024, 7, 6), date(2024, 9, 2), "été"),
)
PUBLIC = frozenset(
    {
        date(2023, 11, 1), date(2023, 12, 25), date(2024, 1, 1), date(2024, 4, 1), date(2024, 5, 1),
        date(2024, 5, 8), date(2024, 5, 9), date(2024, 5, 20), date(2024, 7, 14), date(2024, 8, 15),
    }
)  # fmt: skip
OPEN = Span(date(2023, 9, 1), date(2024, 12, 31)).days()
CALENDAR = Calendar(
    openings=frozenset(Slot(CANTINE, on) for on in OPEN),
    school_days=days_open(YEAR, SCHOOL_WEEK, PUBLIC | {on for one in HOLIDAYS for on in one.days()})
    | days_open(Span(date(2024, 9, 2), date(2024, 10, 19)), SCHOOL_WEEK),
    public_holidays=PUBLIC,
    holidays=HOLIDAYS,
    closures={"cantine": {date(2024, 6, 21): "fête de la musique"}},
)

TABLE: list[tuple[str, Notice, date, datetime]] = [
    # --- N days before, at an hour
    ("the eve at noon", NoticeDays(1, NOON), date(2024, 3, 12), paris(2024, 3, 11, 12)),
    ("the eve of the day after summer time", NoticeDays(1), date(2024, 4, 2), paris(2024, 4, 2)),
    (
        "the eve in the night of summer time",
        NoticeDays(1, Hour(150)), date(2024, 4, 1), paris(2024, 3, 31, 3, 30),
    ),
    ("the same day at nine", NoticeDays(0, NINE), date(2024, 3, 12), paris(2024, 3, 12, 9)),
    ("29 February, the eve of 1 March", NoticeDays(1, NOON), date(2024, 3, 1), paris(2024, 2, 29, 12)),
    ("a week before 7 March, in a leap year", NoticeDays(7, NOON), date(2024, 3, 7), paris(2024, 2, 29, 12)),
    (
        "two working days over Easter Monday",
        NoticeDays(2, NOON, "working"), date(2024, 4, 3), paris(2024, 3, 29, 12),
    ),
    (
        "two school days over Easter Monday",
        NoticeDays(2, NOON, "school"), date(2024, 4, 4), paris(2024, 3, 29, 12),
    ),
    ("a school day over Christmas", NoticeDays(1, NOON, "school"), date(2024, 1, 8), paris(2023, 12, 22, 12)),
    ("a working day over Christmas", NoticeDays(1, NOON, "working"), date(2024, 1, 8), paris(2024, 1, 5, 12)),
    ("a school day over the summer", NoticeDays(1, NOON, "school"), date(2024, 9, 2), paris(2024, 7, 5, 12)),
    ("two clear days", NoticeDays(2, counted="clear"), date(2024, 3, 14), paris(2024, 3, 12)),
    # --- hours
    ("72 hours before midnight", NoticeHours(72), date(2024, 3, 14), paris(2024, 3, 11)),
    (
        "48 hours before half past eight",
        NoticeHours(48, Hour(510)), date(2024, 3, 14), paris(2024, 3, 12, 8, 30),
    ),
    ("72 hours over summer time", NoticeHours(72, Hour(510)), date(2024, 4, 2), paris(2024, 3, 30, 8, 30)),
    (
        "72 hours without the weekend",
        NoticeHours(72, NINE, "working"), date(2024, 3, 12), paris(2024, 3, 7, 9),
    ),
    (
        "48 hours over Easter Monday",
        NoticeHours(48, NINE, "working"), date(2024, 4, 2), paris(2024, 3, 28, 9),
    ),
    (
        "24 hours of work before a Saturday at nine",
        NoticeHours(24, NINE, "working"), date(2024, 3, 16), paris(2024, 3, 15),
    ),
    (
        "two hours of work before Easter Monday at nine",
        NoticeHours(2, NINE, "working"), date(2024, 4, 1), paris(2024, 3, 29, 22),
    ),
    ("two hours before nine", NoticeHours(2, NINE), date(2024, 3, 14), paris(2024, 3, 14, 7)),
    ("30 hours before nine", NoticeHours(30, NINE), date(2024, 3, 14), paris(2024, 3, 13, 3)),
    (
        "two workable days go over Easter, Sunday and Monday",
        NoticeDays(2, NOON, "workable"), date(2024, 4, 3), paris(2024, 3, 30, 12),
    ),
    ("a month, from day to day", NoticeDays(1, NOON, "months"), date(2024, 3, 31), paris(2024, 2, 29, 12)),
    ("two months", NoticeDays(2, counted="months"), date(2024, 9, 10), paris(2024, 7, 11)),
    (
        "a month before Easter's",
        NoticePeriod(1, NOON, "months"), date(2024, 4, 24), paris(2024, 3, 13, 12),
    ),
    (
        "24 hours of workable days before a Monday at nine",
        NoticeHours(24, NINE, "workable"), date(2024, 3, 18), paris(2024, 3, 16, 9),
    ),
    # --- a weekday of an earlier week
    (
        "Thursday noon for the next week",
        NoticeWeekly(Weekday.THURSDAY, NOON), date(2024, 3, 13), paris(2024, 3, 7, 12),
    ),
    ("Wednesday midnight", NoticeWeekly(Weekday.WEDNESDAY), date(2024, 3, 11), paris(2024, 3, 7)),
    (
        "Sunday 24 h, a week between",
        NoticeWeekly(Weekday.SUNDAY, weeks_before=2), date(2024, 4, 8), paris(2024, 4, 1),
    ),
    (
        "Monday noon is Easter: kept",
        NoticeWeekly(Weekday.MONDAY, NOON), date(2024, 4, 8), paris(2024, 4, 1, 12),
    ),
    (
        "Monday noon is Easter: earlier",
        NoticeWeekly(Weekday.MONDAY, NOON, if_closed="earlier"), date(2024, 4, 8), paris(2024, 3, 29, 12),
    ),
    (
        "Monday noon is Easter: later",
        NoticeWeekly(Weekday.MONDAY, NOON, if_closed="later"), date(2024, 4, 8), paris(2024, 4, 2, 12),
    ),
    (
        "Friday noon is in the holidays: the last school day",
        NoticeWeekly(Weekday.FRIDAY, NOON, if_closed="school"), date(2024, 1, 8), paris(2023, 12, 22, 12),
    ),
    (
        "the canteen is closed that Friday: earlier",
        NoticeWeekly(Weekday.FRIDAY, NOON, if_closed="earlier"), date(2024, 6, 24), paris(2024, 6, 20, 12),
    ),
    (
        "two days off in a row: earlier goes over both",
        NoticeDays(1, NOON, if_closed="earlier"), date(2024, 5, 10), paris(2024, 5, 7, 12),
    ),
    # --- a day of the month before
    ("the 20th of the month before", NoticeMonthly(20, NOON), date(2024, 3, 14), paris(2024, 2, 20, 12)),
    ("the last day of February", NoticeMonthly(31), date(2024, 3, 14), paris(2024, 3, 1)),
    ("the 31st of a month that has 30", NoticeMonthly(31, NOON), date(2024, 5, 14), paris(2024, 4, 30, 12)),
    ("the 15th of August for September", NoticeMonthly(15, NOON), date(2024, 9, 2), paris(2024, 8, 15, 12)),
    (
        "the 15th of August is a holiday: earlier",
        NoticeMonthly(15, NOON, if_closed="earlier"), date(2024, 9, 2), paris(2024, 8, 14, 12),
    ),
    (
        "the 20th of October is a Sunday: earlier looks at holidays alone",
        NoticeMonthly(20, NOON, if_closed="earlier"), date(2024, 11, 14), paris(2024, 10, 20, 12),
    ),
    (
        "the 20th of October is a Sunday: the workday before",
        NoticeMonthly(20, NOON, if_closed="workday_before"), date(2024, 11, 14), paris(2024, 10, 18, 12),
    ),
    (
        "the 20th of October is a Sunday: the workday after",
        NoticeMonthly(20, NOON, if_closed="workday_after"), date(2024, 11, 14), paris(2024, 10, 21, 12),
    ),
    (
        "the 20th of November is a Wednesday: a workday stays",
        NoticeMonthly(20, NOON, if_closed="workday_before"), date(2024, 12, 12), paris(2024, 11, 20, 12),
    ),
    (
        "Easter Monday: the workday before goes over the weekend",
        NoticeWeekly(Weekday.MONDAY, NOON, if_closed="workday_before"),
        date(2024, 4, 8), paris(2024, 3, 29, 12),
    ),
    ("December for January", NoticeMonthly(10, NOON), date(2024, 1, 8), paris(2023, 12, 10, 12)),
    (
        "the same month, never after the day",
        NoticeMonthly(31, months_before=0), date(2024, 3, 14), paris(2024, 3, 15),
    ),
    # --- before the period begins
    ("15 days before the winter holidays", NoticePeriod(15), date(2024, 2, 21), paris(2024, 2, 3)),
    (
        "15 clear days before Easter's",
        NoticePeriod(15, counted="clear"), date(2024, 4, 24), paris(2024, 3, 29),
    ),
    (
        "8 working days before Christmas",
        NoticePeriod(8, NOON, "working"), date(2023, 12, 27), paris(2023, 12, 13, 12),
    ),
    (
        "the eve of the school time after Christmas",
        NoticePeriod(1, NOON), date(2024, 1, 30), paris(2024, 1, 7, 12),
    ),
    (
        "a fixed date",
        Window(closes_on=date(2024, 3, 8), closes_at=NOON), date(2024, 3, 14), paris(2024, 3, 8, 12),
    ),
    (
        "a fixed date, never after the day",
        Window(closes_on=date(2024, 3, 20)), date(2024, 3, 14), paris(2024, 3, 15),
    ),
    (
        "the last full week of February, that ends on a Thursday",
        WindowMonthly("last"), date(2024, 3, 14), paris(2024, 2, 24),
    ),
    (
        "the last week that is full up to its Thursday",
        WindowMonthly("last", closes=Weekday.THURSDAY), date(2024, 3, 14), paris(2024, 3, 1),
    ),
    (
        "the first full week of January, that begins on a Monday",
        WindowMonthly("first", 2, closes_at=NOON), date(2024, 3, 1), paris(2024, 1, 5, 12),
    ),
    ("the turn of the school year", NoticePeriod(7, NOON), date(2024, 9, 10), paris(2024, 8, 26, 12)),
    ("15 days before the summer", NoticePeriod(15, NOON), date(2024, 8, 21), paris(2024, 6, 21, 12)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "on", "limit"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE])
def test_the_minute_before_is_in_time_and_the_minute_itself_is_not(
    rule: Notice, on: date, limit: datetime
) -> None:
    rules = [DatedRule(rule, ALWAYS)]
    asked = of_child(add=[Slot(CANTINE, on)])
    assert bookable_until(Slot(CANTINE, on), rules, CALENDAR) == limit
    before = judge(plan(asked, now=limit - MINUTE, calendar=CALENDAR), rules)
    after = judge(plan(asked, now=limit, calendar=CALENDAR), rules)
    assert before.accepted and not after.accepted
    dropped = of_child(drop=[Slot(CANTINE, on)], before=[Slot(CANTINE, on)])
    assert judge(plan(dropped, now=limit - MINUTE, calendar=CALENDAR), rules).accepted
    assert not judge(plan(dropped, now=limit, calendar=CALENDAR), rules).accepted


def test_every_kind_has_its_boundaries() -> None:
    tried = {type(one[1]) for one in TABLE}
    assert tried == {one.made for one in kinds().values() if issubclass(one.made, Notice)}


# --- What lateness does --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "severity", "effect", "accepted"),
    [
        ("refused", Severity.REFUSED, "", False),
        ("ask_staff", Severity.ASK_STAFF, "", True),
        ("surcharge", Severity.WARNING, "surcharge", True),
        ("full_price", Severity.WARNING, "full_price", True),
    ],
)
def test_what_is_late_is_refused_asked_or_dearer(
    late: str, severity: Severity, effect: str, accepted: bool
) -> None:
    asked = of_child(add=[Slot(CANTINE, date(2024, 3, 12))])
    rules = [DatedRule(NoticeDays(2, NOON, late=late), ALWAYS)]  # type: ignore[arg-type]
    verdict = judge(plan(asked, now=paris(2024, 3, 11), calendar=CALENDAR), rules)
    (said,) = verdict.refusals
    assert (said.severity, said.effect, verdict.accepted) == (severity, effect, accepted)


def late_before(*days: date) -> ChildPlan:
    """Lila, who booked these days an hour too late, and asks for one more."""
    before = [Slot(CANTINE, on) for on in days]
    made = ChildPlan.change(
        LILA, [Booked(slot, "confirmed") for slot in before], [Slot(CANTINE, date(2024, 3, 14))], [], EVER
    )
    moments = {slot: paris(slot.on.year, slot.on.month, slot.on.day, 0) for slot in before}
    return ChildPlan(
        made.child, made.slots, made.added, made.dropped, made.registrations, made.waiting, asked_at=moments
    )


@pytest.mark.parametrize(
    ("days", "accepted"),
    [
        ([], True),
        ([date(2024, 3, 5)], True),
        ([date(2024, 3, 5), date(2024, 3, 12)], False),
        ([date(2024, 2, 15), date(2024, 3, 12)], True),  # the first was before the holidays
    ],
)
def test_two_late_bookings_a_period_are_allowed_and_the_third_is_not(
    days: list[date], accepted: bool
) -> None:
    rules = [DatedRule(NoticeDays(1, NOON, times=2, per="period"), ALWAYS)]
    verdict = judge(plan(late_before(*days), now=paris(2024, 3, 14, 8), calendar=CALENDAR), rules)
    assert verdict.accepted is accepted
    words = verdict.refusals[0].sentence
    assert ("Retard toléré" in words) is accepted and ("sont passés" in words) is not accepted


def test_several_late_at_once_use_the_tolerance_up() -> None:
    days = [date(2024, 3, 11), date(2024, 3, 12), date(2024, 3, 14)]
    asked = of_child(add=[Slot(CANTINE, on) for on in days])
    rules = [DatedRule(NoticeDays(30, times=2, per="month"), ALWAYS)]
    verdict = judge(plan(asked, now=paris(2024, 3, 8), calendar=CALENDAR), rules)
    assert [one.severity for one in verdict.refusals] == [
        Severity.WARNING,
        Severity.WARNING,
        Severity.REFUSED,
    ]


def test_two_units_of_a_late_day_are_one_late_day() -> None:
    days = [date(2024, 3, 11), date(2024, 3, 12)]
    both = [Slot(unit, on) for on in days for unit in (CANTINE, MATIN)]
    rules = [DatedRule(NoticeDays(30, times=2, per="month"), ALWAYS)]
    calendar = replace(CALENDAR, openings=frozenset(both))
    asked = judge(plan(of_child(add=both), now=paris(2024, 3, 8), calendar=calendar), rules)
    assert [one.severity for one in asked.refusals] == [Severity.WARNING] * 4


# --- Periods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "per", "first", "after"),
    [
        (date(2024, 3, 31), "week", date(2024, 3, 25), date(2024, 4, 1)),
        (date(2024, 2, 29), "month", date(2024, 2, 1), date(2024, 3, 1)),
        (date(2024, 8, 31), "school_year", date(2023, 9, 1), date(2024, 9, 1)),
        (date(2024, 9, 1), "school_year", date(2024, 9, 1), date(2025, 9, 1)),
        (date(2023, 12, 23), "period", date(2023, 12, 23), date(2024, 1, 8)),
        (date(2023, 12, 22), "period", date(2023, 11, 6), date(2023, 12, 23)),
        (date(2024, 1, 8), "period", date(2024, 1, 8), date(2024, 2, 17)),
        (date(2024, 9, 2), "period", date(2024, 9, 2), date(2025, 9, 1)),
        (date(2023, 9, 5), "period", date(2023, 9, 1), date(2023, 10, 21)),
    ],
)
def test_the_period_that_holds_a_day(on: date, per: str, first: date, after: date) -> None:
    found = span_of(on, per, CALENDAR)  # type: ignore[arg-type]
    assert (found.from_on, found.until_on) == (first, after)


# --- Laws ----------------------------------------------------------------------------------------

hours = st.builds(Hour, st.integers(0, 1440))
shared = {
    "if_closed": st.sampled_from(list(IF_CLOSED)),
    "gate": st.sampled_from(["booking", "cancelling", "both"]),
    "times": st.none() | st.integers(1, 3),
    "per": st.sampled_from(["week", "month", "period", "school_year"]),
}
counted = st.sampled_from(list(COUNTED))
notices: st.SearchStrategy[Notice] = st.one_of(
    st.builds(NoticeDays, st.integers(0, 30), hours, counted, **shared),
    st.builds(NoticeHours, st.integers(1, 400), hours, st.sampled_from(["calendar", "working"]), **shared),
    st.builds(NoticeWeekly, st.sampled_from(Weekday), hours, st.integers(0, 4), **shared),
    st.builds(NoticeMonthly, st.integers(1, 31), hours, st.integers(0, 3), **shared),
    st.builds(NoticePeriod, st.integers(0, 30), hours, counted, **shared),
)
moments = st.integers(0, 400 * 24 * 3600).map(
    lambda seconds: datetime(2023, 9, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
days = st.sampled_from(OPEN)


def both_ways(on: date) -> Iterator[ChildPlan]:
    yield of_child(add=[Slot(CANTINE, on)])
    yield of_child(drop=[Slot(CANTINE, on)], before=[Slot(CANTINE, on)])


@given(st.lists(notices, max_size=3), days, moments, st.integers(0, 10**7))
def test_a_later_now_never_reopens_what_was_closed(
    rules: list[Notice], on: date, now: datetime, seconds: int
) -> None:
    dated = [DatedRule(rule, ALWAYS) for rule in rules]
    for asked in both_ways(on):
        if not judge(plan(asked, now=now, calendar=CALENDAR), dated).accepted:
            later = plan(asked, now=now + timedelta(seconds=seconds), calendar=CALENDAR)
            assert not judge(later, dated).accepted


@given(st.lists(notices, min_size=1, max_size=4), days, moments, st.randoms())
def test_the_order_of_rules_does_not_matter_and_one_more_never_allows(
    rules: list[Notice], on: date, now: datetime, random: object
) -> None:
    dated = [DatedRule(rule, ALWAYS) for rule in rules]
    shuffled = list(dated)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for asked in both_ways(on):
        whole = judge(plan(asked, now=now, calendar=CALENDAR), dated)
        assert judge(plan(asked, now=now, calendar=CALENDAR), shuffled) == whole
        assert whole.accepted <= judge(plan(asked, now=now, calendar=CALENDAR), dated[:-1]).accepted


@given(notices, days)
def test_a_limit_is_never_after_the_squares_own_day(rule: Notice, on: date) -> None:
    limit = rule.limit(Slot(CANTINE, on), "booking", CALENDAR)
    assert limit is None or limit <= paris(*(on + timedelta(days=1)).timetuple()[:3])


@pytest.mark.parametrize(
    ("rule", "on", "opens"),
    [
        (OpensBefore(42, Hour(420), "period"), date(2024, 2, 21), paris(2024, 1, 6, 7)),  # from 17 February
        (OpensBefore(42, Hour(420), "period"), date(2024, 3, 1), paris(2024, 1, 6, 7)),
        (OpensBefore(7, before="period"), date(2024, 3, 4), paris(2024, 2, 26)),  # school again
        (OpensBefore(7, before="week"), date(2024, 3, 28), paris(2024, 3, 18)),
        (OpensBefore(7, Hour(420), "week"), date(2024, 4, 3), paris(2024, 3, 25, 7)),  # over the summer time
        (OpensBefore(15, before="month"), date(2024, 3, 31), paris(2024, 2, 15)),
        (OpensBefore(61, before="school_year"), date(2024, 8, 30), paris(2023, 7, 2)),
        (OpensBefore(61, before="school_year"), date(2024, 9, 2), paris(2024, 7, 2)),
        (OpensBefore(0, Hour(420)), date(2024, 3, 28), paris(2024, 3, 28, 7)),
    ],
)
def test_so_many_days_before_what_holds_the_day_begins(rule: OpensBefore, on: date, opens: datetime) -> None:
    rules, square = [DatedRule(rule, ALWAYS)], Slot(CANTINE, on)
    assert bookable_from(square, rules, CALENDAR) == opens
    asked = of_child(add=[square])
    moments = (opens - MINUTE, opens)
    assert [judge(plan(asked, now=now, calendar=CALENDAR), rules).accepted for now in moments] == [
        False,
        True,
    ]
