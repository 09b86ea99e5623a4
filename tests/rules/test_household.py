"""What a household owes before it books: documents in force, bills paid."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.rules.booking import DatedRule, judge
from app.rules.facts import DocumentCode, Slot
from app.rules.kinds.household import NoDebt, Papers
from app.rules.registry import Rule, build, describe
from app.rules.verdict import Severity, Verdict
from app.rules.words import NBSP

from .invented import LILA, MATIN, NAMES, SACHA, WEDNESDAY, of_child, plan

ALWAYS = date(2020, 1, 1)
SQUARE = Slot(MATIN, WEDNESDAY)
INSURANCE, SHEET = DocumentCode("assurance"), DocumentCode("fiche")
CALLED = {**NAMES, INSURANCE: "l’attestation d’assurance", SHEET: "la fiche sanitaire"}
BOTH = Papers(frozenset({INSURANCE, SHEET}))


def verdict(rule: Rule, traits: frozenset[str] = frozenset(), owed: int = 0, drop: bool = False) -> Verdict:
    child = replace(LILA, traits=traits)
    mine = of_child(child, drop=[SQUARE], before=[SQUARE]) if drop else of_child(child, add=[SQUARE])
    return judge(replace(plan(mine), names=CALLED, overdue_cents=owed), [DatedRule(rule, ALWAYS)])


def test_a_booking_waits_for_the_documents_that_are_named() -> None:
    (refusal,) = verdict(BOTH, frozenset({SHEET})).refusals
    assert refusal.sentence.replace(NBSP, " ") == (
        "Pour réserver pour Lila, il manque : l’attestation d’assurance. À envoyer dans « Mes documents »."
    )
    assert refusal.remedy is not None and refusal.remedy.drop == {SQUARE}
    assert verdict(BOTH, frozenset({SHEET, INSURANCE})).accepted
    assert verdict(BOTH, drop=True).accepted


def test_each_child_has_its_own_documents() -> None:
    both = plan(
        of_child(replace(LILA, traits=frozenset({SHEET})), add=[SQUARE]), of_child(SACHA, add=[SQUARE])
    )
    found = judge(both, [DatedRule(Papers(frozenset({SHEET})), ALWAYS)])
    assert {one.child_id for one in found.refusals} == {SACHA.id}


@pytest.mark.parametrize(("owed", "accepted"), [(0, True), (2000, True), (2001, False)])
def test_what_is_tolerated_is_tolerated_to_the_cent(owed: int, accepted: bool) -> None:
    assert verdict(NoDebt(Decimal(20)), owed=owed).accepted is accepted


def test_a_debt_says_how_much_and_stops_no_cancellation() -> None:
    (refusal,) = verdict(NoDebt(), owed=4567).refusals
    assert "Il reste 45,67 € à payer" in refusal.sentence.replace(NBSP, " ")
    assert verdict(NoDebt(), owed=4567, drop=True).accepted
    asked = verdict(NoDebt(late="ask_staff"), owed=1)
    assert asked.accepted and asked.refusals[0].severity is Severity.ASK_STAFF


def test_sentences() -> None:
    assert describe(BOTH, CALLED).replace(NBSP, " ") == (
        "Il faut avoir en règle : l’attestation d’assurance et la fiche sanitaire."
    )
    assert describe(NoDebt(Decimal(20))).replace(NBSP, " ") == (
        "Les factures dont l’échéance est passée doivent être payées, au-delà de 20,00 €."
    )
    for rule in (replace(BOTH, late="ask_staff"), NoDebt(late="ask_staff")):
        assert describe(rule, CALLED).replace(NBSP, " ").endswith(" ; sinon, le service décide.")


@pytest.mark.parametrize("written", ["15", "15,00", "15 €", "15\u00a0€", "15€"])
def test_an_amount_is_written_as_anywhere_in_the_file(written: str) -> None:
    assert build("no_debt", {"tolerated": written}).rule == NoDebt(Decimal(15))


def test_a_negative_tolerance_is_told() -> None:
    built = build("no_debt", {"tolerated": -1})
    assert built.rule is None and "négative" in built.errors[0].message
