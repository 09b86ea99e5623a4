"""Tariffs, invoices and their lines, credit notes, payments, mandates."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.declare import (
    FAMILY,
    NOBODY,
    SETTINGS,
    STAFF,
    TOWN,
    Choice,
    Entity,
    Kind,
    Role,
    attribute,
    feminine,
    masculine,
    positive,
    relation,
)
from app.entities.catalogue import Activity, Facility, Unit
from app.entities.family import MONEY_SEEN, Family, Person

BILLING = Role.ACCOUNTANT


class Tariff(Entity):
    """Tariff: dated price of a unit, by brackets of the quotient."""

    __term__ = masculine("tarif", "tarifs")
    __scope__ = TOWN
    __edit__ = SETTINGS | Role.ACCOUNTANT
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("name", "activity", "unit", "from_on", "until_on", "is_invented")

    name: Mapped[str] = attribute("Nom")
    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS, made_from="name")
    activity: Mapped[Activity] = relation("Activité")
    activity_id: Mapped[int]
    unit: Mapped[Unit | None] = relation("Unité", help="Vide : toutes celles de l’activité.")
    unit_id: Mapped[int | None]
    from_on: Mapped[date] = attribute("Du")
    until_on: Mapped[date | None] = attribute("Jusqu’au (exclu)")
    is_invented: Mapped[bool] = attribute("Montants d’exemple", default=False, see=STAFF)

    brackets: Mapped[list["Bracket"]] = relationship(
        back_populates="tariff", order_by="Bracket.from_quotient", passive_deletes=True
    )


class Bracket(Entity):
    """Bracket: a half-open interval of quotients, from included, until excluded, and its price."""

    __term__ = feminine("tranche", "tranches")
    __scope__ = "tariff"
    __edit__ = SETTINGS | Role.ACCOUNTANT
    __menu__ = "Réglages"
    __named__ = ("from_quotient",)
    __listed__ = ("tariff", "from_quotient", "until_quotient", "price")

    tariff: Mapped[Tariff] = relation("Tarif", parent=True, inline=True, back_populates="brackets")
    tariff_id: Mapped[int]
    from_quotient: Mapped[Decimal | None] = attribute("Quotient à partir de", unit="€", check=positive)
    until_quotient: Mapped[Decimal | None] = attribute("Jusqu’à (exclu)", unit="€", check=positive)
    price: Mapped[Decimal] = attribute("Prix", unit="€", check=positive)


class BillingRun(Entity):
    """Billing run: the month's billing, done once or more; a second run bills what has changed."""

    __term__ = feminine("facturation", "facturations")
    __scope__ = TOWN
    __see__ = Role.ACCOUNTANT | Role.DESK
    __edit__ = NOBODY
    __menu__ = "Factures"
    __named__ = ("month_on",)
    __listed__ = ("month_on", "ran_at", "ran_by", "invoice_count", "total_cents", "credit_count")
    __descending__ = True

    month_on: Mapped[date] = attribute("Mois", help="Le premier jour du mois facturé.", index=True)
    ran_at: Mapped[datetime] = attribute("Faite le")
    ran_by: Mapped[str] = attribute("Par")
    invoice_count: Mapped[int] = attribute("Factures", default=0)
    total_cents: Mapped[int] = attribute("Total", kind=Kind.CENTS, default=0)
    carried_count: Mapped[int] = attribute("Reports", default=0)
    credit_count: Mapped[int] = attribute("Avoirs", default=0)
    credit_cents: Mapped[int] = attribute("Total des avoirs", kind=Kind.CENTS, default=0)


class InvoiceStatus(Choice):
    """Where an invoice stands; under the Treasury it stays to pay (B2)."""

    TO_PAY = "to_pay", "À payer", "yellow", "currency-euro"
    PAID = "paid", "Payée", "green", "check-lg"
    CANCELLED = "cancelled", "Annulée par avoir", "grey", "x-lg"


class Invoice(Entity):
    """Invoice: what a household owes for a month. Never edited; its number has no hole before it."""

    __term__ = feminine("facture", "factures")
    __scope__ = "family"
    __outlives__ = True
    __see__ = MONEY_SEEN
    __edit__ = NOBODY
    __create__ = NOBODY
    __delete__ = NOBODY
    __menu__ = "Factures"
    __named__ = ("number",)
    __listed__ = ("number", "family", "month_on", "total_cents", "due_on", "status")
    __descending__ = True
    __table_args__ = (Index("ix_invoice_family_month", "family_id", "month_on"),)

    number: Mapped[str] = attribute("Numéro", unique=True, length=30)
    family: Mapped[Family] = relation("Famille", parent=True, ondelete="RESTRICT")
    family_id: Mapped[int]
    run: Mapped[BillingRun | None] = relation("Facturation", see=MONEY_SEEN & ~FAMILY)
    run_id: Mapped[int | None]
    month_on: Mapped[date] = attribute("Mois")
    issued_on: Mapped[date] = attribute("Émise le")
    due_on: Mapped[date] = attribute("À payer jusqu’au")
    # Frozen on the day of issue: what the Treasury pursues must not move with the file.
    payer_names: Mapped[str] = attribute("Au nom de", length=400)
    payer_address: Mapped[str] = attribute("Adresse", kind=Kind.LONG_TEXT)
    email: Mapped[str | None] = attribute("Envoyée à", kind=Kind.EMAIL)
    total_cents: Mapped[int] = attribute("Total", kind=Kind.CENTS)
    status: Mapped[InvoiceStatus] = attribute("État", default=InvoiceStatus.TO_PAY, edit=NOBODY)


class CreditNote(Entity):
    """Credit note: cancels an invoice, or gives back at the end of the year what was billed too much."""

    __term__ = masculine("avoir", "avoirs")
    __scope__ = "family"
    __outlives__ = True
    __see__ = MONEY_SEEN
    __edit__ = NOBODY
    __menu__ = "Factures"
    __named__ = ("number",)
    __listed__ = ("number", "family", "issued_on", "total_cents", "reason")

    number: Mapped[str] = attribute("Numéro", unique=True, length=30)
    family: Mapped[Family] = relation("Famille", ondelete="RESTRICT")
    family_id: Mapped[int]
    invoice: Mapped[Invoice | None] = relation(
        "Facture", parent=True, unique=True, help="Vide : avoir de fin d’année, qui a ses propres lignes."
    )
    invoice_id: Mapped[int | None]
    run: Mapped[BillingRun | None] = relation("Facturation", see=MONEY_SEEN & ~FAMILY)
    run_id: Mapped[int | None]
    issued_on: Mapped[date] = attribute("Émis le")
    total_cents: Mapped[int] = attribute(
        "Total", kind=Kind.CENTS, help="Ce que la commune doit à la famille : un montant positif."
    )
    reason: Mapped[str] = attribute("Motif", length=400)


class InvoiceLine(Entity):
    """Invoice line: a child, a unit, a month, a unit price; negative when it puts right.

    It is a line of an invoice, or of the credit note that ends a year.
    """

    __term__ = feminine("ligne de facture", "lignes de facture")
    __scope__ = "family"
    __outlives__ = True
    __see__ = MONEY_SEEN
    __edit__ = NOBODY
    __create__ = NOBODY
    __delete__ = NOBODY
    __menu__ = "Factures"
    __named__ = ("label",)
    __listed__ = ("invoice", "label", "quantity", "unit_price", "amount_cents")
    __history__ = False  # made by the thousand, never edited
    __table_args__ = (
        CheckConstraint("(invoice_id IS NULL) <> (credit_note_id IS NULL)", "one_paper"),
        Index("ix_invoice_line_month_family", "month_on", "family_id"),
    )

    invoice: Mapped[Invoice | None] = relation("Facture", parent=True)
    invoice_id: Mapped[int | None]
    credit_note: Mapped[CreditNote | None] = relation("Avoir", ondelete="CASCADE")
    credit_note_id: Mapped[int | None]
    family: Mapped[Family] = relation("Famille", ondelete="RESTRICT")
    family_id: Mapped[int]
    child: Mapped[Person | None] = relation("Enfant", ondelete="RESTRICT")
    child_id: Mapped[int | None]
    # Frozen, as the payer is: an invoice does not change with a name.
    child_name: Mapped[str | None] = attribute("Au titre de")
    unit: Mapped[Unit | None] = relation("Unité")
    unit_id: Mapped[int | None]
    month_on: Mapped[date] = attribute("Mois")
    label: Mapped[str] = attribute("Libellé", length=300)
    quantity: Mapped[Decimal] = attribute("Quantité")
    unit_price: Mapped[Decimal] = attribute("Prix unitaire", unit="€")
    amount_cents: Mapped[int] = attribute("Montant", kind=Kind.CENTS)
    reason: Mapped[str | None] = attribute("Pourquoi", length=400)


class PaymentMeans(Choice):
    """How an invoice was paid."""

    CARD = "card", "Carte bancaire"
    DEBIT = "debit", "Prélèvement"
    CHEQUE = "cheque", "Chèque"
    CASH = "cash", "Espèces"
    TRANSFER = "transfer", "Virement"


class Payment(Entity):
    """Payment received by the town's own régie."""

    __term__ = masculine("règlement", "règlements")
    __scope__ = "family"
    __outlives__ = True
    __see__ = MONEY_SEEN
    __edit__ = BILLING
    __menu__ = "Factures"
    __named__ = ("paid_on",)
    __listed__ = ("family", "invoice", "paid_on", "means", "amount_cents")
    __descending__ = True

    family: Mapped[Family] = relation("Famille", ondelete="RESTRICT")
    family_id: Mapped[int]
    invoice: Mapped[Invoice] = relation("Facture")
    invoice_id: Mapped[int]
    paid_on: Mapped[date] = attribute("Payé le")
    means: Mapped[PaymentMeans] = attribute("Moyen")
    amount_cents: Mapped[int] = attribute("Montant", kind=Kind.CENTS, check=positive)


class Mandate(Entity):
    """Mandate: a household lets the town debit its account (SEPA)."""

    __term__ = masculine("mandat de prélèvement", "mandats de prélèvement")
    __scope__ = "family"
    __outlives__ = True
    __see__ = FAMILY | BILLING
    __edit__ = BILLING
    __menu__ = "Factures"
    __named__ = ("reference",)
    __listed__ = ("reference", "family", "signed_on", "ended_on")

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    reference: Mapped[str] = attribute("Référence unique (RUM)", unique=True, length=35)
    holder: Mapped[str] = attribute("Titulaire du compte")
    iban: Mapped[str] = attribute("IBAN", kind=Kind.IBAN)
    bic: Mapped[str | None] = attribute("BIC", length=11)
    signed_on: Mapped[date | None] = attribute("Signé le")
    ended_on: Mapped[date | None] = attribute("Terminé le")


class MandateFacility(Entity):
    """The facilities whose invoices a mandate pays: direct debit is offered one by one (B4)."""

    __term__ = feminine("structure prélevée", "structures prélevées")
    __scope__ = "mandate"
    __outlives__ = True
    __see__ = FAMILY | BILLING
    __edit__ = BILLING
    __menu__ = "Factures"
    __named__ = ("facility",)
    __table_args__ = (UniqueConstraint("mandate_id", "facility_id"),)

    mandate: Mapped[Mandate] = relation("Mandat", parent=True, inline=True)
    mandate_id: Mapped[int]
    facility: Mapped[Facility] = relation("Structure")
    facility_id: Mapped[int]
