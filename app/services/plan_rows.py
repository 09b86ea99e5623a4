"""Rows as a plan takes them: the windows of registrations, the moments of bookings, what a household owes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.billing import InvoiceStatus
from app.entities.booking import RegistrationStatus
from app.models import Booking, Invoice, Payment, Registration
from app.rules.booking import DatedRule
from app.rules.calendar import local_day
from app.rules.facts import Slot, Window
from app.rules.kinds.household import NoDebt


def windows(registrations: Iterable[Registration]) -> dict[str, tuple[Window, ...]]:
    """Activity code -> half-open windows in which the child may book, one an accepted registration."""
    found: dict[str, list[Window]] = defaultdict(list)
    for row in registrations:
        if row.status is RegistrationStatus.ACCEPTED:
            until_on = date.fromordinal(row.ends_on.toordinal() + 1)
            found[row.activity.code].append((row.starts_on, until_on))
    return {code: tuple(several) for code, several in found.items()}


def moments(rows: Mapping[Slot, Booking], statuses: Collection[str]) -> dict[Slot, datetime]:
    """When the squares of these states came to it."""
    return {slot: row.asked_at for slot, row in rows.items() if row.asked_at and row.status.value in statuses}


def overdue(family_ids: Collection[int], rules: Iterable[DatedRule], now: datetime) -> dict[int, int]:
    """Household -> the cents it still owes of bills whose day has passed, what was paid of them deducted.

    One statement; none where no rule looks at bills: nobody is told to owe anything.
    """
    if not any(isinstance(one.rule, NoDebt) for one in rules):
        return {}
    paid = select(func.coalesce(func.sum(Payment.amount_cents), 0)).where(Payment.invoice_id == Invoice.id)
    due = (
        select(Invoice.family_id, func.sum(Invoice.total_cents - paid.scalar_subquery()))
        .where(
            Invoice.family_id.in_(sorted(family_ids)),
            Invoice.status == InvoiceStatus.TO_PAY,
            Invoice.due_on < local_day(now),
        )
        .group_by(Invoice.family_id)
    )
    with unscoped("une règle vaut quel que soit celui qui regarde"):
        return {family_id: max(0, cents) for family_id, cents in db.session.execute(due)}
