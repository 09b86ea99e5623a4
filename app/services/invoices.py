"""Invoices and credit notes as they are read: a household’s list, one explained, its PDF made once."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import current_app
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.entities.billing import InvoiceStatus
from app.models import CreditNote, Invoice, InvoiceLine
from app.rules.calendar import school_year
from app.services import press
from app.services.settings import read_town

ByChild = Sequence[tuple[str, tuple[InvoiceLine, ...]]]


@dataclass(frozen=True)
class Explained:
    """An invoice with its lines, by child."""

    invoice: Invoice
    by_child: ByChild


@dataclass(frozen=True)
class ExplainedCredit:
    """A credit note with its lines, by child."""

    note: CreditNote
    by_child: ByChild


def of_family(family_id: int) -> list[Invoice]:
    """A household's invoices, latest first. One statement."""
    return list(
        db.session.scalars(
            select(Invoice)
            .where(Invoice.family_id == family_id)
            .order_by(Invoice.month_on.desc(), Invoice.id.desc())
        )
    )


def by_school_year(invoices: Sequence[Invoice]) -> dict[str, list[Invoice]]:
    """The invoices under the school year of their month, latest year first."""
    found: dict[str, list[Invoice]] = {}
    for one in invoices:
        found.setdefault(school_year(one.month_on).label, []).append(one)
    return found


def explained(invoice_id: int) -> Explained | None:
    """An invoice in reach and its lines. Two statements. None: out of reach."""
    invoice = db.session.scalars(
        select(Invoice).where(Invoice.id == invoice_id).options(joinedload(Invoice.family))
    ).one_or_none()
    if invoice is None:
        return None
    return Explained(invoice, _by_child(InvoiceLine.invoice_id == invoice_id, invoice.family.name))


def credit_notes(family_id: int) -> list[CreditNote]:
    """What the town owed a household, latest first. One statement."""
    return list(
        db.session.scalars(
            select(CreditNote)
            .where(CreditNote.family_id == family_id)
            .order_by(CreditNote.issued_on.desc(), CreditNote.id.desc())
        )
    )


def explained_credit(note_id: int) -> ExplainedCredit | None:
    """A credit note in reach and its lines. Two statements. None: out of reach."""
    note = db.session.scalars(
        select(CreditNote).where(CreditNote.id == note_id).options(joinedload(CreditNote.family))
    ).one_or_none()
    if note is None:
        return None
    return ExplainedCredit(note, _by_child(InvoiceLine.credit_note_id == note_id, note.family.name))


def _by_child(which: ColumnElement[bool], household: str) -> ByChild:
    lines = db.session.scalars(
        select(InvoiceLine)
        .where(which)
        .order_by(InvoiceLine.month_on, InvoiceLine.child_id, InvoiceLine.unit_id, InvoiceLine.id)
    )
    grouped: dict[str, list[InvoiceLine]] = {}
    for line in lines:
        name = line.child_name or household
        grouped.setdefault(name, []).append(line)
    return tuple((name, tuple(found)) for name, found in grouped.items())


def pdf_path(one: Explained) -> Path:
    """The PDF of an invoice, made at the first call and kept: an invoice never changes.

    Its name says what it shows: over a database put back to an earlier day, another invoice that takes
    the same number finds no old file. Written beside and renamed, so that a process killed half-way
    leaves no half file.
    """
    folder = Path(current_app.config["FILES_DIR"]) / "invoices" / one.invoice.number.partition("-")[0]
    path = folder / f"{one.invoice.number}-{_digest(one)}.pdf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        content = press.pdf("pdf/invoice.html", one=one, invoice=one.invoice, town=read_town())
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    return path


def _digest(one: Explained) -> str:
    invoice = one.invoice
    shown = [
        (
            name,
            line.id,
            line.label,
            line.month_on,
            line.quantity,
            line.unit_price,
            line.amount_cents,
            line.reason,
        )
        for name, lines in one.by_child
        for line in lines
    ]
    whole = (
        invoice.id,
        invoice.family_id,
        invoice.total_cents,
        invoice.payer_names,
        invoice.payer_address,
        invoice.issued_on,
        invoice.due_on,
        shown,
    )
    return hashlib.sha256(repr(whole).encode()).hexdigest()[:16]


def latest_to_pay(family_id: int, on: date) -> Invoice | None:
    """The invoice to pay next. One statement."""
    return db.session.scalars(
        select(Invoice)
        .where(
            Invoice.family_id == family_id,
            Invoice.due_on >= on,
            Invoice.status == InvoiceStatus.TO_PAY,
        )
        .order_by(Invoice.due_on, Invoice.id)
    ).first()
