"""Plans and rules drawn at random for the laws: every kind has something to say of some of them.

Two weeks of September 2024, a closed Friday at the canteen, a strike on a Tuesday; two children told in every
way that rules look at, other children who take places, late requests and cancellations, unpaid bills.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from app.rules.booking import DatedRule
from app.rules.calendar import Calendar, Hour, Span, Weekday
from app.rules.facts import Booked, Child, ChildPlan, Custody, DocumentCode, Plan, Slot, Status
from app.rules.kinds.admission import Age, CustodyWeeks
from app.rules.kinds.counting import Cancellations, Count
from app.rules.kinds.household import NoDebt, Papers
from app.rules.kinds.limits import IF_CLOSED
from app.rules.kinds.notice import COUNTED, NoticeDays, NoticeHours, NoticeMonthly, NoticePeriod, NoticeWeekly
from app.rules.kinds.order import Priority, RegistrationWindow
from app.rules.kinds.places import Capacity, Minimum, StaffRatio
from app.rules.kinds.runs import Consecutive, FullWeek
from app.rules.kinds.together import Combinations, Excludes, Requires, SameEachDay
from app.rules.kinds.windows import BEFORE, OpensBefore, Window, WindowMonthly
from app.rules.registry import Rule
from app.rules.who import Who

from .invented import CANTINE, EVER, MATIN, NAMES, REPAS, SOIR, TOUSSAINT, UNITS, paris

DAYS = [on for on in Span(date(2024, 9, 9), date(2024, 9, 21)).days() if on.weekday() < 5]
TOWN = Calendar(
    openings=frozenset(Slot(unit, on) for unit in UNITS for on in DAYS),
    school_days=frozenset(on for on in Span(date(2024, 9, 2), date(2024, 9, 28)).days() if on.weekday() < 5),
    public_holidays=frozenset({DAYS[6]}),
    holidays=(TOUSSAINT,),
    closures={"cantine": {DAYS[4]: "réunion de l’équipe"}, "grappaloups": {DAYS[6]: "grève"}},
)
ASSURANCE = DocumentCode("assurance")
SQUARES = [Slot(unit, on) for on in DAYS for unit in UNITS]


def week(unit: str, monday: int) -> frozenset[Slot]:
    return frozenset(Slot(unit, on) for on in DAYS[monday : monday + 5])


squares = st.one_of(
    st.frozensets(st.sampled_from(SQUARES), max_size=6),
    st.builds(week, st.sampled_from(UNITS), st.sampled_from([0, 5])),
    st.builds(
        lambda on, units: frozenset(Slot(unit, on) for unit in units),
        st.sampled_from(DAYS),
        st.frozensets(st.sampled_from(UNITS), min_size=2),
    ),
)
one_square = st.builds(lambda slot: frozenset({slot}), st.sampled_from(SQUARES))
some_squares = st.frozensets(st.sampled_from(SQUARES), max_size=4)
moments = st.integers(0, 45 * 24).map(lambda hours: paris(2024, 8, 12) + timedelta(hours=hours))
TRAITS = st.frozensets(st.sampled_from([ASSURANCE, "derogation"]))
CUSTODY: list[Custody | None] = [None, "even", "odd"]
STATUSES: list[Status] = ["waiting", "confirmed", "asked"]


@st.composite
def children(draw: st.DrawFn, number: int, name: str) -> Child:
    """A child, told otherwise from a day on, or not."""
    child = Child(
        number,
        name,
        born_on=draw(
            st.sampled_from([date(2013, 1, 1), date(2018, 3, 4), date(2018, 9, 12), date(2021, 5, 5)])
        ),
        residence=draw(st.sampled_from([None, "resident", "outside"])),
        groups=draw(st.frozensets(st.sampled_from(["grands", "petits"]))),
        traits=draw(TRAITS),
        custody=draw(st.sampled_from(CUSTODY)),
        school=draw(st.sampled_from([None, "bourg", "lac"])),
    )
    if draw(st.booleans()):
        after = replace(child, traits=draw(TRAITS))
        child = replace(child, later=((draw(st.sampled_from(DAYS)), after),))
    return child


@st.composite
def child_plans(draw: st.DrawFn, number: int, name: str) -> ChildPlan:
    before, add, status = draw(squares), draw(st.one_of(squares, one_square)), draw(st.sampled_from(STATUSES))
    drop = draw(st.frozensets(st.sampled_from(sorted(before)))) if before else before
    return ChildPlan.change(
        draw(children(number, name)),
        [Booked(slot, status) for slot in before],
        add,
        drop,
        draw(st.sampled_from([EVER, EVER, EVER, {"cantine": EVER["cantine"]}])),
        asked_at=dict.fromkeys(before, draw(moments)),
        cancelled_at=dict.fromkeys(draw(some_squares) - before, draw(moments)),
    )


OTHERS = (
    Child(9, "", date(2021, 1, 1), groups=frozenset({"grands"}), is_pending=True),
    Child(9, "", date(2016, 1, 1), residence="resident"),
    Child(9, "", date(2020, 1, 1), groups=frozenset({"grands"}), traits=frozenset({"derogation"})),
    Child(9, "", date(2018, 9, 12), residence="resident", is_pending=True),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """What two children ask at once, among others."""
    full = draw(st.dictionaries(st.sampled_from(SQUARES), st.integers(1, 4), max_size=12))
    crowd = {slot: OTHERS[:count] for slot, count in full.items()}
    mine = (draw(child_plans(1, "Lila")), draw(child_plans(2, "Sacha")))
    return Plan(
        mine[: draw(st.integers(1, 2))],
        draw(moments),
        TOWN,
        places=draw(st.dictionaries(st.sampled_from(SQUARES), st.integers(0, 3), max_size=4)),
        taken={slot: len(others) for slot, others in crowd.items()},
        pending={slot: sum(one.is_pending for one in others) for slot, others in crowd.items()},
        crowd=crowd,
        names=NAMES,
        minutes={MATIN: 130, REPAS: 120, SOIR: 45, CANTINE: 90},
        overdue_cents=draw(st.sampled_from([0, 0, 1250])),
    )


hours = st.builds(Hour, st.integers(0, 24).map(lambda hour: hour * 60))
lates = st.sampled_from(["refused", "ask_staff", "surcharge", "full_price"])
firm = st.sampled_from(["refused", "ask_staff"])
full = st.sampled_from(["waiting", "refused", "ask_staff"])
per = st.sampled_from(["week", "month", "period", "school_year"])
counted = st.sampled_from(list(COUNTED))
august = st.dates(date(2024, 8, 14), date(2024, 9, 20))
gates = st.sampled_from(["booking", "cancelling", "both"])
shifts = st.sampled_from(list(IF_CLOSED))
lateness = st.one_of(
    st.fixed_dictionaries({"gate": gates, "if_closed": shifts, "late": lates}),
    st.fixed_dictionaries(
        {"gate": gates, "if_closed": shifts, "late": firm, "times": st.integers(1, 2), "per": per}
    ),
)


def notices(made: type[Rule], *values: st.SearchStrategy[object]) -> st.SearchStrategy[Rule]:
    return lateness.flatmap(
        lambda shared: st.builds(made, *values, **{k: st.just(v) for k, v in shared.items()})
    )


units = st.sampled_from(UNITS)
RULES: dict[str, st.SearchStrategy[Rule]] = {
    "age": st.builds(Age, st.integers(3, 6), st.integers(6, 8)),
    "cancellations": st.builds(Cancellations, st.integers(0, 2), per),
    "capacity": st.builds(
        Capacity,
        st.integers(0, 3),
        full,
        st.sampled_from([0, 50]),
        st.sampled_from(["day", "week"]),
        st.sampled_from(["held", "free"]),
    ),
    "combinations": st.builds(
        Combinations, st.frozensets(st.frozensets(units, min_size=1), min_size=1, max_size=3)
    ),
    "consecutive": st.builds(Consecutive, st.integers(2, 4)),
    "count": st.one_of(
        st.builds(Count, st.integers(1, 4), per=per, less_by_holiday=st.booleans(), late=lates),
        st.builds(
            Count, maximum=st.integers(0, 6), what=st.sampled_from(["days", "units", "hours"]), per=per
        ),
        st.builds(Count, allowed=st.frozensets(st.integers(1, 5), min_size=1), less_by_holiday=st.booleans()),
    ),
    "custody": st.builds(CustodyWeeks, firm),
    "excludes": st.builds(
        Excludes, st.just(MATIN), st.frozensets(st.sampled_from([CANTINE, SOIR]), min_size=1)
    ),
    "full_week": st.just(FullWeek()),
    "minimum": st.builds(Minimum, st.integers(2, 5)),
    "no_debt": st.builds(NoDebt, late=firm),
    "notice": notices(NoticeDays, st.integers(0, 20), hours, counted),
    "notice_hours": notices(
        NoticeHours, st.integers(1, 200), hours, st.sampled_from(["calendar", "working", "workable"])
    ),
    "notice_monthly": notices(NoticeMonthly, st.integers(1, 31), hours, st.integers(0, 1)),
    "notice_period": notices(NoticePeriod, st.integers(0, 30), hours, counted),
    "notice_weekly": notices(NoticeWeekly, st.sampled_from(Weekday), hours, st.integers(0, 2)),
    "opens_before": st.builds(OpensBefore, st.integers(0, 20), hours, st.sampled_from(list(BEFORE))),
    "papers": st.builds(Papers, st.just(frozenset({ASSURANCE})), firm),
    "priority": st.builds(Priority, st.integers(1, 9)),
    "registration": st.builds(
        lambda opens, days, late, starts: RegistrationWindow(
            opens, closes_on=opens and opens + timedelta(days=days), late=late, starts=starts
        ),
        st.none() | august,
        st.integers(1, 20),
        firm,
        st.sampled_from(["next_week", "next_month", "next_period"]),
    ),
    "requires": st.builds(
        Requires,
        st.just(MATIN),
        st.frozensets(st.sampled_from([REPAS, SOIR, CANTINE]), min_size=1),
        st.sampled_from(["all", "one"]),
    ),
    "same_each_day": st.just(SameEachDay()),
    "staff_ratio": st.builds(StaffRatio, st.integers(1, 2), st.integers(1, 2), st.integers(1, 3), full),
    "window_monthly": st.one_of(
        st.builds(
            WindowMonthly,
            st.sampled_from(["first", "last"]),
            gate=st.sampled_from(["booking", "both"]),
            late=firm,
            times=st.integers(1, 2),
            per=per,
        ),
        st.builds(
            WindowMonthly,
            st.sampled_from(["first", "last"]),
            closes=st.sampled_from(Weekday),
            again=st.sampled_from(Weekday),
            late=lates,
        ),
    ),
    "window": st.one_of(
        st.builds(Window, closes_on=august, again=st.sampled_from(Weekday), late=lates),
        notices(Window, st.none(), st.just(Hour(0)), august),
        st.builds(
            Window,
            august,
            hours,
            gate=st.just("booking"),
            sooner_for=st.sampled_from(["nobody", "full_week", "run"]),
            days_in_a_row=st.integers(2, 4),
        ),
    ),
}
"""Rules of each kind, by its code."""

SOME = [
    Who(residence=frozenset({"resident"})),
    Who(groups=frozenset({"grands"})),
    Who(traits=frozenset({"derogation"})),
    Who(schools=frozenset({"bourg"})),
]


def dated(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[DatedRule]:
    """Rules with what they govern, whom they are for and whom they spare."""
    return st.builds(
        DatedRule,
        rules,
        st.sampled_from([date(2020, 1, 1), date(2020, 1, 1), DAYS[3]]),
        st.sampled_from([None, None, DAYS[8]]),
        applies_to=st.sampled_from([None, None, frozenset({"grappaloups"}), frozenset({CANTINE, MATIN})]),
        weekdays=st.sampled_from([None, None, frozenset(Weekday(day) for day in (0, 1, 3, 4))]),
        code=st.just("essai"),  # "registration" is what always holds too
        who=st.sampled_from([None, None, *SOME]),
        unless=st.sampled_from([None, None, *SOME]),
    )


any_rule = dated(st.one_of(*RULES.values()))


def later(asked: Plan, seconds: int) -> Plan:
    moment: datetime = asked.now + timedelta(seconds=seconds)
    return replace(asked, now=moment)
