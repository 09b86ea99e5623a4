"""Money converges: what is owed comes from usages and prices, what is billed from the lines so far; a run
bills the difference. Run twice, it bills nothing the second time.

Lines are a ledger keyed by (family, month, child, unit, unit price): for each key, the quantities and the
cents of all lines ever billed add up to what is owed. An amount carried is no state either: its lines were
not billed, so the next difference brings them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from app.rules.calendar import add_months
from app.rules.facts import activity_of
from app.rules.money import Price, round_half_up
from app.rules.words import (
    NBSP,
    cents_words,
    day_words,
    money_words,
    month_words,
    number_words,
    of,
)


class UsageKind(StrEnum):
    """What happened in a square."""

    BOOKED = "booked"  # nobody ticked the attendance yet
    ATTENDED = "attended"
    ABSENT = "booked_absent"  # booked, did not come, no excuse
    EXCUSED = "booked_excused"  # booked, did not come, excused: certificate, closure
    UNBOOKED = "unbooked"  # came without a booking


@dataclass(frozen=True, slots=True)
class Usage:
    """A child's square as it turned out. One per child, unit and day; `quantity` counts the unit's price
    (half-hours, say).
    """

    family_id: int
    child_id: int
    child_name: str
    unit: str
    unit_label: str
    on: date
    kind: UsageKind
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Policy:
    """Which usages an activity bills. First cut: a set; notice given, waiting days and surcharges come as
    more of it.
    """

    billed: frozenset[UsageKind] = frozenset(UsageKind) - {UsageKind.EXCUSED}


Prices = Callable[[Usage], Price | None]
"""The unit price of a usage, explained; None where the tariff has none."""

Key = tuple[int, date, int, str, Decimal]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invoice. `month` is the first day of the month of the usages, not of the invoice."""

    family_id: int
    month: date
    child_id: int
    child_name: str
    unit: str
    unit_label: str
    unit_price: Decimal
    quantity: Decimal
    amount_cents: int
    explanation: str
    adjusts: bool = False

    @property
    def key(self) -> Key:
        return self.family_id, self.month, self.child_id, self.unit, self.unit_price


class NoPrice(LookupError):
    """Some usages have no price: complete the tariff, then run again. `usages` are all of them."""

    def __init__(self, usages: tuple[Usage, ...]) -> None:
        self.usages = usages
        named = sorted({f"{one.unit_label}, {day_words(one.on)}" for one in usages})
        super().__init__(f"Il n’y a pas de prix pour{NBSP}: {f'{NBSP}; '.join(named)}. Complétez le tarif.")


def owed(
    usages: Iterable[Usage], prices: Prices, policies: Mapping[str, Policy] = MappingProxyType({})
) -> tuple[Line, ...]:
    """What the usages cost, one line a (family, month, child, unit, unit price), whatever their order.

    `policies` are by activity code. Raises `NoPrice` naming every usage without a price.
    """
    grouped: dict[Key, list[Usage]] = defaultdict(list)
    explained: dict[Key, set[str]] = defaultdict(set)
    unpriced: list[Usage] = []
    default = Policy()
    for one in usages:
        if one.kind not in policies.get(activity_of(one.unit), default).billed:
            continue
        price = prices(one)
        if price is None:
            unpriced.append(one)
            continue
        key = (one.family_id, one.on.replace(day=1), one.child_id, one.unit, price.euros)
        grouped[key].append(one)
        explained[key].add(price.explanation)
    if unpriced:
        raise NoPrice(tuple(unpriced))
    return tuple(_line(key, grouped[key], explained[key]) for key in sorted(grouped))


def _line(key: Key, usages: list[Usage], explained: set[str]) -> Line:
    family_id, month, child_id, unit, unit_price = key
    quantity = sum((one.quantity for one in usages), Decimal(0))
    return Line(
        family_id, month, child_id, min(one.child_name for one in usages), unit,
        min(one.unit_label for one in usages), unit_price, quantity, round_half_up(quantity * unit_price),
        f"{NBSP}; ".join(sorted(explained)),
    )  # fmt: skip


def difference(
    owed: Iterable[Line],
    billed: Iterable[Line],
    reasons: Mapping[tuple[int, str, date], str] = MappingProxyType({}),
) -> tuple[Line, ...]:
    """The lines to bill now: what is owed less all that was billed, nothing where they agree.

    A line on a month that the family was billed for already is a regularisation, and says so; `reasons` may
    tell why, by (child, unit, month): "certificat médical reçu le 3 juillet". A price that changed gives
    two lines, the old quantity taken back and the new one counted: `regularisations` joins them for the
    reader.
    """
    due = _summed(owed)
    paid = _summed(billed)
    seen = {(line.family_id, line.month) for line in paid.values()}
    lines: list[Line] = []
    for key in sorted(due.keys() | paid.keys()):
        model = due.get(key) or paid[key]
        before = paid.get(key)
        quantity = (due[key].quantity if key in due else Decimal(0)) - (
            before.quantity if before else Decimal(0)
        )
        amount = (due[key].amount_cents if key in due else 0) - (before.amount_cents if before else 0)
        if quantity == 0 and amount == 0:
            continue
        line = replace(model, quantity=quantity, amount_cents=amount, adjusts=False)
        if (line.family_id, line.month) in seen:
            reason = reasons.get((line.child_id, line.unit, line.month), "")
            line = replace(line, adjusts=True, explanation=_regularised(line, reason))
        lines.append(line)
    return tuple(lines)


def _summed(lines: Iterable[Line]) -> dict[Key, Line]:
    found: dict[Key, Line] = {}
    for line in lines:
        if (before := found.get(line.key)) is None:
            found[line.key] = line
            continue
        quantity, cents = before.quantity + line.quantity, before.amount_cents + line.amount_cents
        found[line.key] = replace(before, quantity=quantity, amount_cents=cents)
    return found


def _regularised(line: Line, reason: str) -> str:
    words = f"{number_words(abs(line.quantity))} de {'moins' if line.quantity < 0 else 'plus'}"
    if line.quantity == 0:
        words = "montant corrigé"
    text = f"Régularisation {of(month_words(line.month))}{NBSP}: {words} à {money_words(line.unit_price)}"
    return f"{text}, {reason}" if reason else text


@dataclass(frozen=True, slots=True)
class Regularisation:
    """The adjusting lines of one child, unit and month, told in one sentence."""

    lines: tuple[Line, ...]
    amount_cents: int
    explanation: str


def regularisations(lines: Iterable[Line]) -> tuple[Regularisation, ...]:
    """The adjusting lines joined for a reader: "8 passent de 2,86 € à 2,01 €" rather than 8 less and 8
    more.
    """
    grouped: dict[tuple[int, date, int, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.adjusts:
            grouped[line.family_id, line.month, line.child_id, line.unit].append(line)
    told: list[Regularisation] = []
    for _, several in sorted(grouped.items()):
        down, *rest = sorted(several, key=lambda line: line.quantity)
        text = f"{NBSP}; ".join(line.explanation for line in several)
        if len(rest) == 1 and down.quantity < 0 and down.quantity + rest[0].quantity == 0:
            number = number_words(rest[0].quantity)
            verb = "passent" if rest[0].quantity >= 2 else "passe"
            text = (
                f"Régularisation {of(month_words(down.month))}{NBSP}: {number} {verb} "
                f"de {money_words(down.unit_price)} à {money_words(rest[0].unit_price)}"
            )
        told.append(Regularisation(tuple(several), total_cents(several), text))
    return tuple(told)


def total_cents(lines: Iterable[Line]) -> int:
    return sum(line.amount_cents for line in lines)


class Outcome(StrEnum):
    """What becomes of a family's lines in a run."""

    BILL = "bill"  # an invoice
    CARRY = "carry"  # nothing is written: the next difference brings the same lines
    CREDIT = "credit"  # a credit note, to be paid back
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Settlement:
    outcome: Outcome
    total_cents: int
    lines: tuple[Line, ...] = field(default=())
    sentence: str = ""


def settle(lines: Iterable[Line], threshold_cents: int = 1500, last_of_year: bool = False) -> Settlement:
    """Bill or carry one family's lines. The threshold itself is billed: 14.99 is carried, 15.00 is not.

    A total of zero or less is carried too: a credit is taken off the next invoice. At the end of the school
    year nothing is carried: what is due is billed whatever it is, what is owed to the family is a credit
    note, and lines that cancel out to zero need no paper. What costs nothing never does.
    """
    lines = tuple(lines)
    total = total_cents(lines)
    if not any(line.amount_cents for line in lines) or (last_of_year and total == 0):
        return Settlement(Outcome.NOTHING, total, lines)
    if last_of_year and total < 0:
        told = f"Fin de l’année scolaire{NBSP}: la commune vous doit {cents_words(-total)}."
        return Settlement(Outcome.CREDIT, total, lines, told)
    if total >= threshold_cents and total > 0:
        return Settlement(Outcome.BILL, total, lines)
    if last_of_year:
        told = f"Fin de l’année scolaire{NBSP}: les montants pas encore facturés sont soldés."
        return Settlement(Outcome.BILL, total, lines, told)
    if total < 0:
        told = f"{cents_words(-total)} en votre faveur, déduits de la prochaine facture."
    else:
        told = f"Moins de {cents_words(threshold_cents)}{NBSP}: pas de facture, reporté sur la suivante."
    return Settlement(Outcome.CARRY, total, lines, told)


@dataclass(frozen=True, slots=True)
class DueRule:
    """When a month is billed and due: activities of May, billed about 15 June, due 10 July."""

    issued_day: int = 15
    issued_months_after: int = 1
    due_day: int = 10
    due_months_after: int = 2


def issued_on(month: date, rule: DueRule = DueRule()) -> date:
    """The day the month's invoices go out; a day that the month does not have is its last."""
    return add_months(month.replace(day=1), rule.issued_months_after, rule.issued_day)


def due_on(month: date, rule: DueRule = DueRule()) -> date:
    """The last day to pay the month's invoice, included, and the day of the direct debit."""
    return add_months(month.replace(day=1), rule.due_months_after, rule.due_day)
