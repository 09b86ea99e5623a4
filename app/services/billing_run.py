"""The run: invoices and credit notes numbered without a hole, their lines and mails, in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.orm import InstrumentedAttribute

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.billing import InvoiceStatus
from app.entities.family import MemberKind
from app.models import BillingRun, CreditNote, Family, Invoice, InvoiceLine, Membership, Person
from app.rules.billing import DueRule, Line, Outcome, due_on
from app.rules.calendar import local_day
from app.rules.words import cents_words, day_words, month_words, of
from app.services import outbox
from app.services.billing import FamilyBill, Preview, preview
from app.services.catalogue import catalogue
from app.services.settings import read_town

RUN_LOCK = 71_001  # any number of ours, the same in every process


@dataclass(frozen=True)
class Done:
    """What a run wrote."""

    month: date
    invoice_count: int
    total_cents: int
    carried_count: int
    credit_count: int = 0


def run(month: date, by: str, now: datetime) -> Done | Preview:
    """Bill the month's difference. Returns what was written; the preview, when a price is missing.

    A second run bills only what has changed since; one that finds nothing writes an empty run.
    """
    _lock()
    town = read_town()
    found = preview(month, town)
    if found.unpriced:
        db.session.rollback()
        return found
    issued_on = local_day(now)
    done = Done(
        month=found.month,
        invoice_count=len(found.to_bill),
        total_cents=found.total_cents(),
        carried_count=len(found.carried),
        credit_count=len(found.to_credit),
    )
    with unscoped("la facturation écrit pour tous les foyers"):
        row = BillingRun(
            month_on=done.month,
            ran_at=now,
            ran_by=by,
            invoice_count=done.invoice_count,
            total_cents=done.total_cents,
            carried_count=done.carried_count,
            credit_count=done.credit_count,
            credit_cents=-found.total_cents(Outcome.CREDIT),
        )
        db.session.add(row)
        db.session.flush()
        if found.to_bill:
            due = max(due_on(found.month, DueRule(due_day=town.due_day)), issued_on)
            _write(found, row.id, issued_on, due, now)
        if found.to_credit:
            _write_credit_notes(found.to_credit, row.id, found.month, issued_on, now)
        db.session.commit()
    return done


def _lock() -> None:
    """One run at a time: two would take the same numbers (SQLite: the whole base is held)."""
    if db.engine.dialect.name == "postgresql":
        with unscoped("un verrou n'est à personne"):
            db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": RUN_LOCK})


def _write(found: Preview, run_id: int, issued_on: date, due: date, now: datetime) -> None:
    bills = found.to_bill
    payers = _payers([one.family.id for one in bills])
    prefix = f"{issued_on.year}-"
    first = _next_number(db.session.scalar(_last(Invoice.number, prefix)))
    rows = []
    for rank, one in enumerate(bills):
        names = payers.get(one.family.id) or [f"Famille {one.family.name}"]
        rows.append(
            {
                "number": f"{prefix}{first + rank:05d}",
                "family_id": one.family.id,
                "run_id": run_id,
                "month_on": found.month,
                "issued_on": issued_on,
                "due_on": due,
                "payer_names": " et ".join(names),
                "payer_address": address_of(one.family),
                "email": one.family.billing_email,
                "total_cents": one.settlement.total_cents,
                "status": InvoiceStatus.TO_PAY,
                "revision": 1,
            }
        )
    db.session.execute(insert(Invoice), rows)
    ids = dict(
        db.session.execute(select(Invoice.family_id, Invoice.id).where(Invoice.run_id == run_id))
        .tuples()
        .all()
    )
    _write_lines(bills, "invoice_id", ids, found.month)
    numbers = {row["family_id"]: str(row["number"]) for row in rows}
    letters = [
        outbox.Letter(
            to=one.family.billing_email,
            family_id=one.family.id,
            values={
                "famille": one.family.name,
                "mois": month_words(found.month),
                "numero": numbers[one.family.id],
                "montant": cents_words(one.settlement.total_cents),
                "echeance": day_words(due),
                "lien": outbox.link(f"/factures/{ids[one.family.id]}"),
            },
        )
        for one in bills
        if one.family.billing_email
    ]
    outbox.post_many("invoice", letters, now=now)


def _write_credit_notes(
    bills: list[FamilyBill], run_id: int, month: date, issued_on: date, now: datetime
) -> None:
    """What the town owes at the end of a year: a credit note a household, with the lines that explain it."""
    prefix = f"A{issued_on.year}-"
    first = _next_number(db.session.scalar(_last(CreditNote.number, prefix)))
    numbers = {one.family.id: f"{prefix}{first + rank:05d}" for rank, one in enumerate(bills)}
    rows = [
        {
            "number": numbers[one.family.id],
            "family_id": one.family.id,
            "run_id": run_id,
            "issued_on": issued_on,
            "total_cents": -one.settlement.total_cents,
            "reason": one.settlement.sentence[:400],
            "revision": 1,
        }
        for one in bills
    ]
    db.session.execute(insert(CreditNote), rows)
    written = select(CreditNote.family_id, CreditNote.id).where(CreditNote.run_id == run_id)
    ids = dict(db.session.execute(written).tuples().all())
    _write_lines(bills, "credit_note_id", ids, month)
    letters = [
        outbox.Letter(
            to=one.family.billing_email,
            family_id=one.family.id,
            values={
                "famille": one.family.name,
                "numero": numbers[one.family.id],
                "montant": cents_words(-one.settlement.total_cents),
                "lien": outbox.link(f"/factures/avoir/{ids[one.family.id]}"),
            },
        )
        for one in bills
        if one.family.billing_email
    ]
    outbox.post_many("credit_note", letters, now=now)


def _write_lines(bills: list[FamilyBill], column: str, ids: dict[int, int], month: date) -> None:
    units = {code: unit.id for code, unit in catalogue().by_code.items()}
    lines = [
        {column: ids[one.family.id], **_line(line, month, units)}
        for one in bills
        for line in one.settlement.lines
    ]
    db.session.execute(insert(InvoiceLine), lines)


def _line(line: Line, month: date, units: dict[str, int]) -> dict[str, object]:
    reason = line.explanation
    if line.month != month and not line.adjusts:
        reason = f"Report {of(month_words(line.month))}\u00a0; {line.explanation}"
    return {
        "family_id": line.family_id,
        "child_id": line.child_id,
        "child_name": line.child_name,
        "unit_id": units[line.unit],
        "month_on": line.month,
        "label": line.unit_label,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount_cents": line.amount_cents,
        "reason": reason[:400],
        "revision": 1,
    }


def _last(number: InstrumentedAttribute[str], prefix: str) -> Select[tuple[str]]:
    return select(func.max(number)).where(number.like(f"{prefix}%"))


def _next_number(last: str | None) -> int:
    """The number after the last one of the year; the run's lock makes it nobody else's."""
    return int(last.partition("-")[2]) + 1 if last else 1


def _payers(family_ids: list[int]) -> dict[int, list[str]]:
    """The guardians named on the invoice; every guardian where nobody is named. One statement."""
    rows = db.session.execute(
        select(Membership.family_id, Membership.on_invoice, Person.first_name, Person.last_name)
        .join(Membership.person)
        .where(Membership.member_kind == MemberKind.GUARDIAN, Membership.family_id.in_(family_ids))
        .order_by(Membership.family_id, Membership.position, Membership.id)
    ).all()
    named: dict[int, list[str]] = {}
    everyone: dict[int, list[str]] = {}
    for family_id, on_invoice, first_name, last_name in rows:
        everyone.setdefault(family_id, []).append(f"{first_name} {last_name}")
        if on_invoice:
            named.setdefault(family_id, []).append(f"{first_name} {last_name}")
    return everyone | named


def address_of(family: Family) -> str:
    """The postal address, a line each."""
    city = " ".join(part for part in (family.postcode, family.city) if part)
    return "\n".join(part for part in (family.street, family.street_more, city) if part)
