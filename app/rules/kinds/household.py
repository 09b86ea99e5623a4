"""What the household owes to the service before its children come: documents in force, bills paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from app.rules.facts import Covers, DocumentCode, Plan, Slot
from app.rules.kinds.limits import FIRM, OTHERWISE, Firm
from app.rules.registry import BadParameter, kind, param
from app.rules.verdict import Refusal, Severity, withdraw
from app.rules.words import NBSP, cents_words, joined, money_words


def asked(plan: Plan, covers: Covers) -> Iterator[tuple[int, str, frozenset[Slot]]]:
    """Each child who asks for a covered square: their number, their name, the squares."""
    for mine in plan.children:
        squares = frozenset(slot for slot in mine.added if covers(slot))
        if squares:
            yield mine.child.id, mine.child.name, squares


@kind(
    "papers",
    title="Pièces en règle",
    says="Il faut avoir en règle : {documents}{otherwise}.",
    example={"documents": ["assurance"]},
)
@dataclass(frozen=True, slots=True)
class Papers:
    """Refuse a booking while one of these documents is not valid. They are told by their codes."""

    documents: frozenset[DocumentCode] = param("Pièces", help="Les codes des pièces demandées.")
    late: Firm = param("Tant qu’elles manquent", labels=FIRM, default="refused")

    @property
    def otherwise(self) -> str:
        return OTHERWISE[self.late]

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        children = {mine.child.id: mine.child for mine in plan.children}
        for child_id, name, asked_for in asked(plan, covers):
            lacks = {slot: self.documents - children[child_id].on(slot.on).traits for slot in asked_for}
            missing = sorted({code for codes in lacks.values() for code in codes})
            squares = frozenset(slot for slot, codes in lacks.items() if codes)
            if missing:
                named = joined(plan.named(code) for code in missing)
                text = (
                    f"Pour réserver pour {name}, il manque{NBSP}: {named}. "
                    f"À envoyer dans «{NBSP}Mes documents{NBSP}»."
                )
                yield Refusal(child_id, squares, text, Severity(self.late), remedy=withdraw(squares))


@kind(
    "no_debt",
    title="Factures à jour",
    says="Les factures dont l’échéance est passée doivent être payées{tolerance}{otherwise}.",
    example={"tolerated": "15"},
)
@dataclass(frozen=True, slots=True)
class NoDebt:
    """Refuse a booking while bills whose day has passed are unpaid. For towns that collect by themselves:
    under the Treasury nobody here knows what is paid.
    """

    tolerated: Decimal = param("Somme tolérée", unit="€", default=Decimal(0))
    late: Firm = param("Tant qu’elles ne le sont pas", labels=FIRM, default="refused")

    def problems(self) -> Iterator[BadParameter]:
        if self.tolerated < 0:
            yield BadParameter("tolerated", "Une somme ne peut pas être négative.")

    @property
    def tolerance(self) -> str:
        return f", au-delà de {money_words(self.tolerated)}" if self.tolerated else ""

    @property
    def otherwise(self) -> str:
        return OTHERWISE[self.late]

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        if plan.overdue_cents <= self.tolerated * 100:
            return
        for child_id, _, squares in asked(plan, covers):
            owed = cents_words(plan.overdue_cents)
            text = f"Il reste {owed} à payer sur des factures échues. Réglez-les, puis réservez."
            yield Refusal(
                child_id,
                squares,
                text,
                Severity(self.late),
                remedy=withdraw(squares),
                discreet="Des factures échues restent à payer. Réglez-les, puis réservez.",
            )
