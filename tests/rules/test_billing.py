"""Money converges: what is owed less what is billed, settled above a threshold."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.billing import (
    DueRule,
    Line,
    NoPrice,
    Outcome,
    Policy,
    Usage,
    UsageKind,
    difference,
    due_on,
    issued_on,
    owed,
    regularisations,
    settle,
    total_cents,
)
from app.rules.money import Price
from app.rules.words import NBSP

from .invented import CANTINE, MATIN

MARCH = date(2024, 3, 1)
MEAL = Price(Decimal("4.32"), "quotient 1 080")


def usage(day: int, kind: UsageKind = UsageKind.ATTENDED, unit: str = CANTINE, month: int = 3) -> Usage:
    return Usage(7, 1, "Lila", unit, "Repas", date(2024, month, day), kind)


def at(euros: str) -> Price:
    return Price(Decimal(euros), f"prix {euros}")


def owed_at(price: Price | None, *usages: Usage) -> tuple[Line, ...]:
    return owed(usages, lambda _: price)


def texts(lines: Iterable[Line]) -> list[str]:
    return [line.explanation.replace(NBSP, " ") for line in lines]


def quantities(lines: Iterable[Line]) -> list[tuple[int, int]]:
    return [(int(line.quantity), line.amount_cents) for line in lines]


def test_one_line_a_month_a_child_a_unit_and_a_price() -> None:
    lines = owed_at(MEAL, usage(4), usage(5), usage(6, unit=MATIN), usage(2, month=4))
    assert [(line.month.month, line.unit, int(line.quantity), line.amount_cents) for line in lines] == [
        (3, CANTINE, 2, 864),
        (3, MATIN, 1, 432),
        (4, CANTINE, 1, 432),
    ]
    assert lines[0].explanation == "quotient 1 080"


def test_a_line_rounds_its_total_once() -> None:
    (line,) = owed_at(at("0.2875"), *(usage(day) for day in (4, 5, 6)))
    assert line.amount_cents == 86  # 0.8625, not three times 0.29


@pytest.mark.parametrize(
    ("kind", "billed"),
    [
        (UsageKind.ATTENDED, True),
        (UsageKind.BOOKED, True),
        (UsageKind.ABSENT, True),
        (UsageKind.UNBOOKED, True),
        (UsageKind.EXCUSED, False),
    ],
)
def test_an_absence_is_billed_unless_excused(kind: UsageKind, billed: bool) -> None:
    assert bool(owed_at(MEAL, usage(4, kind))) is billed


def test_an_activity_may_bill_attendance_alone() -> None:
    policies = {"cantine": Policy(frozenset({UsageKind.ATTENDED}))}
    absent = [usage(4, UsageKind.ABSENT), usage(4, UsageKind.ABSENT, MATIN)]
    assert [line.unit for line in owed(absent, lambda _: MEAL, policies)] == [MATIN]


def test_usages_without_a_price_are_all_named() -> None:
    with pytest.raises(NoPrice, match="Repas") as raised:
        owed_at(None, usage(4), usage(5), usage(6, UsageKind.EXCUSED))
    assert len(raised.value.usages) == 2


def test_a_first_bill_is_what_is_owed() -> None:
    due = owed_at(MEAL, usage(4), usage(5))
    assert difference(due, []) == due


def test_a_late_certificate_gives_one_line_that_says_why() -> None:
    billed = owed_at(MEAL, usage(4), usage(5, UsageKind.ABSENT))
    due = owed_at(MEAL, usage(4), usage(5, UsageKind.EXCUSED))
    (line,) = difference(due, billed, {(1, CANTINE, MARCH): "certificat médical reçu le 3 juillet"})
    assert line.adjusts
    assert quantities([line]) == [(-1, -432)]
    assert texts([line]) == [
        "Régularisation de mars 2024 : 1 de moins à 4,32 €, certificat médical reçu le 3 juillet"
    ]


def test_a_new_quotient_is_told_in_one_sentence() -> None:
    days = [usage(day) for day in (4, 5, 7, 8)]
    lines = difference(owed_at(at("2.01"), *days), owed_at(at("2.86"), *days))
    assert quantities(lines) == [(4, 804), (-4, -1144)]
    (told,) = regularisations(lines)
    assert told.amount_cents == -340
    assert told.explanation.replace(NBSP, " ") == "Régularisation de mars 2024 : 4 passent de 2,86 € à 2,01 €"


def test_a_difference_is_of_amounts_so_that_rounding_never_drifts() -> None:
    billed = owed_at(at("0.2875"), usage(4))
    lines = difference(owed_at(at("0.2875"), usage(4), usage(5), usage(6)), billed)
    assert quantities(billed) == [(1, 29)]
    assert quantities(lines) == [(2, 57)]  # 86 less 29, where 2 x 0.2875 would round to 58


def test_usages_that_all_vanish_are_taken_back() -> None:
    assert quantities(difference([], owed_at(MEAL, usage(4)))) == [(-1, -432)]


def test_a_month_carried_comes_back_as_it_was_and_is_no_regularisation() -> None:
    march, april = usage(4), usage(2, month=4)
    first = settle(difference(owed_at(MEAL, march), []))
    assert first.outcome is Outcome.CARRY
    lines = difference(owed_at(MEAL, march, april), [])
    assert [(line.month.month, line.adjusts) for line in lines] == [(3, False), (4, False)]


def test_another_family_or_child_is_never_mixed_in() -> None:
    mine, theirs = usage(4), replace(usage(4), family_id=8)
    sibling = replace(usage(4), child_id=2, child_name="Sacha")
    assert len(owed_at(MEAL, mine, theirs, sibling)) == 3
    lines = difference(owed_at(MEAL, mine, theirs), owed_at(MEAL, mine))
    assert [(line.family_id, line.adjusts) for line in lines] == [(8, False)]


def line_of(cents: int) -> Line:
    return Line(7, MARCH, 1, "Lila", CANTINE, "Repas", Decimal(cents) / 100, Decimal(1), cents, "")


@pytest.mark.parametrize(
    ("cents", "last_of_year", "outcome"),
    [
        (1500, False, Outcome.BILL),
        (1499, False, Outcome.CARRY),
        (0, False, Outcome.NOTHING),
        (-400, False, Outcome.CARRY),
        (1500, True, Outcome.BILL),
        (1, True, Outcome.BILL),
        (0, True, Outcome.NOTHING),
        (-1, True, Outcome.CREDIT),
    ],
)
def test_below_the_threshold_is_carried_until_the_school_year_ends(
    cents: int, last_of_year: bool, outcome: Outcome
) -> None:
    settled = settle([line_of(cents)], 1500, last_of_year)
    assert (settled.outcome, settled.total_cents) == (outcome, cents)


def test_no_line_is_nothing_and_no_threshold_bills_one_cent_but_never_zero() -> None:
    assert settle([], 1500, last_of_year=True).outcome is Outcome.NOTHING
    assert settle([], 1500).outcome is Outcome.NOTHING
    assert settle([line_of(1)], 0).outcome is Outcome.BILL
    assert settle([line_of(0)], 0).outcome is Outcome.NOTHING
    assert settle([line_of(432), line_of(-432)]).outcome is Outcome.CARRY  # both stand on the next invoice


def test_what_is_carried_says_so() -> None:
    carried, credit = settle([line_of(1499)]), settle([line_of(-432)])
    assert (
        carried.sentence.replace(NBSP, " ") == "Moins de 15,00 € : pas de facture, reporté sur la suivante."
    )
    assert credit.sentence.replace(NBSP, " ") == "4,32 € en votre faveur, déduits de la prochaine facture."


@pytest.mark.parametrize(
    ("month", "issued", "due"),
    [
        (date(2024, 5, 1), date(2024, 6, 15), date(2024, 7, 10)),
        (date(2024, 5, 31), date(2024, 6, 15), date(2024, 7, 10)),
        (date(2024, 11, 1), date(2024, 12, 15), date(2025, 1, 10)),
        (date(2024, 12, 1), date(2025, 1, 15), date(2025, 2, 10)),
    ],
)
def test_may_is_billed_on_15_june_and_due_on_10_july(month: date, issued: date, due: date) -> None:
    assert (issued_on(month), due_on(month)) == (issued, due)


def test_a_due_day_that_the_month_lacks_is_its_last() -> None:
    rule = DueRule(due_day=31, due_months_after=1)
    assert [due_on(date(year, 1, 1), rule) for year in (2024, 2025)] == [date(2024, 2, 29), date(2025, 2, 28)]


# What must always hold.

PRICES = [Price(Decimal(text), f"prix {text}") for text in ("0", "0.2875", "1.525", "2.86", "4.32")]


Town = tuple[list[Usage], dict[tuple[str, int], Price]]
places = st.tuples(
    st.integers(1, 2),
    st.integers(1, 3),
    st.sampled_from([CANTINE, MATIN]),
    st.dates(date(2024, 3, 1), date(2024, 5, 31)),
)


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """A few families' usages, at most one a child, unit and day, and a price for each unit and family."""
    usages = [
        Usage(family, child, f"Enfant {child}", unit, unit, on, draw(st.sampled_from(UsageKind)))
        for family, child, unit, on in sorted(draw(st.sets(places, max_size=20)))
    ]
    prices: dict[tuple[str, int], Price] = {
        (unit, family): draw(st.sampled_from(PRICES)) for unit in (CANTINE, MATIN) for family in (1, 2)
    }
    return usages, prices


def owed_in(town: Town) -> tuple[Line, ...]:
    usages, prices = town
    return owed(usages, lambda one: prices[one.unit, one.family_id])


@given(towns())
def test_a_second_run_bills_nothing(town: Town) -> None:
    first = difference(owed_in(town), [])
    assert difference(owed_in(town), first) == ()


@given(st.lists(towns(), min_size=1, max_size=4))
def test_whatever_changed_in_between_the_bills_add_up_to_what_is_owed(states: list[Town]) -> None:
    billed: list[Line] = []
    for state in states:
        billed += difference(owed_in(state), billed)
        assert total_cents(billed) == total_cents(owed_in(state))
        assert difference(owed_in(state), billed) == ()


@given(st.lists(towns(), min_size=1, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
def test_carrying_or_billing_on_the_way_ends_in_the_same_total(states: list[Town], ran: list[bool]) -> None:
    billed: list[Line] = []
    for state, runs in zip(states, ran, strict=False):
        if runs:
            billed += difference(owed_in(state), billed)
    billed += difference(owed_in(states[-1]), billed)
    assert total_cents(billed) == total_cents(owed_in(states[-1]))


@given(towns(), st.randoms(use_true_random=False))
def test_the_order_of_the_usages_does_not_matter(town: Town, random: object) -> None:
    shuffled = list(town[0])
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert owed_in((shuffled, town[1])) == owed_in(town)


@given(towns())
def test_lines_sum_to_the_total_of_the_settlement(town: Town) -> None:
    lines = owed_in(town)
    assert settle(lines).total_cents == sum(line.amount_cents for line in lines)
    assert sum(line.quantity for line in lines) == sum(one.kind is not UsageKind.EXCUSED for one in town[0])


@given(towns(), towns())
def test_regularisations_keep_every_cent_of_the_adjusting_lines(before: Town, after: Town) -> None:
    lines = difference(owed_in(after), owed_in(before))
    told = regularisations(lines)
    assert sum(one.amount_cents for one in told) == total_cents(line for line in lines if line.adjusts)
