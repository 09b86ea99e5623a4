"""Documents asked, held, put off; what blocks a registration."""

from dataclasses import replace
from datetime import date

import pytest

from app.rules.paperwork import (
    Deferred,
    DocumentRule,
    Held,
    HeldStatus,
    Missing,
    Subject,
    Validity,
    blocking,
    missing,
)
from app.rules.words import NBSP

LILA = Subject("child", 1, "Lila", frozenset({"cantine", "restaurant"}))
INES = Subject("guardian", 2, "Inès", LILA.concerned)
FAMILY = Subject("family", 1, "la famille Oualid", LILA.concerned)
INSURANCE = DocumentRule("assurance", "Attestation d’assurance", "child")
AUTUMN = date(2024, 10, 1)


def insurance(status: HeldStatus, from_on: date = date(2024, 9, 1), until_on: date | None = None) -> Held:
    return Held("assurance", LILA.id, status, from_on, until_on)


def found(
    *held: Held,
    rule: DocumentRule = INSURANCE,
    on: date = AUTUMN,
    deferred: tuple[Deferred, ...] = (),
    today: date | None = None,
) -> tuple[Missing, ...]:
    return missing([rule], [LILA], held, deferred, on, today=today)


def plain(one: Missing) -> str:
    return one.why.replace(NBSP, " ")


def test_a_document_never_given_says_what_and_of_whom() -> None:
    (one,) = found()
    assert plain(one) == "Il manque l’attestation d’assurance de Lila."
    assert (one.state, one.blocks) == ("never_given", True)


SHEET = DocumentRule("f", "Fiche sanitaire", "child")


@pytest.mark.parametrize(
    ("rule", "subject", "sentence"),
    [
        (SHEET, LILA, "Il manque le document « Fiche sanitaire » de Lila."),
        (replace(SHEET, phrase="la fiche sanitaire"), LILA, "Il manque la fiche sanitaire de Lila."),
        (
            DocumentRule("c", "Attestation CAF", "family"),
            FAMILY,
            "Il manque l’attestation CAF de la famille Oualid.",
        ),
        (DocumentRule("p", "Pièce", "guardian", phrase="la pièce"), INES, "Il manque la pièce d’Inès."),
    ],
)
def test_sentences_name_the_document_whatever_its_gender(
    rule: DocumentRule, subject: Subject, sentence: str
) -> None:
    (one,) = missing([rule], [LILA, INES, FAMILY], [], [], AUTUMN)
    assert plain(one) == sentence
    assert one.subject is subject


def test_a_valid_document_is_not_missing() -> None:
    assert found(insurance("valid")) == ()
    assert found(insurance("refused"), insurance("valid")) == ()


IT = "l’attestation d’assurance de Lila"


@pytest.mark.parametrize(
    ("held", "state", "sentence"),
    [
        (insurance("received"), "received", f"Le service doit encore vérifier {IT}."),
        (insurance("refused"), "refused", f"Il faut renvoyer {IT} : le dernier envoi est refusé."),
        (
            insurance("valid", date(2023, 9, 1)),
            "expired",
            f"Il faut renouveler {IT}, valable jusqu’au samedi 31 août 2024.",
        ),
        (
            insurance("valid", until_on=AUTUMN),
            "expired",
            f"Il faut renouveler {IT}, valable jusqu’au lundi 30 septembre 2024.",
        ),
        (insurance("expired"), "expired", f"Il faut renouveler {IT}."),
    ],
)
def test_each_state_says_what_to_do(held: Held, state: str, sentence: str) -> None:
    (one,) = found(held)
    assert (one.state, plain(one), one.blocks) == (state, sentence, True)


def test_a_new_version_waiting_is_said_before_an_old_refusal() -> None:
    assert found(insurance("refused"), insurance("received"))[0].state == "received"


def test_received_counts_only_where_the_rule_says_so() -> None:
    lenient = DocumentRule("assurance", "Attestation d’assurance", "child", accepts_received=True)
    assert found(insurance("received"), rule=lenient) == ()
    assert found(insurance("refused"), rule=lenient)[0].blocks


@pytest.mark.parametrize(
    ("validity", "from_on", "expires_on"),
    [
        ("school_year", date(2024, 9, 1), date(2025, 9, 1)),
        ("school_year", date(2025, 4, 30), date(2025, 9, 1)),
        ("school_year", date(2025, 5, 1), date(2026, 9, 1)),
        ("school_year", date(2025, 8, 31), date(2026, 9, 1)),
        ("permanent", date(2024, 9, 1), None),
        (12, date(2024, 2, 29), date(2025, 2, 28)),
        (3, date(2024, 11, 30), date(2025, 2, 28)),
    ],
)
def test_validity_ends_with_the_school_year_that_the_document_is_for(
    validity: Validity, from_on: date, expires_on: date | None
) -> None:
    assert DocumentRule("x", "X", "child", validity=validity).expires_on(from_on) == expires_on


@pytest.mark.parametrize(("on", "count"), [(date(2025, 8, 31), 0), (date(2025, 9, 1), 1)])
def test_a_yearly_document_holds_through_31_august(on: date, count: int) -> None:
    assert len(found(insurance("valid"), on=on)) == count


def test_a_document_that_begins_later_does_not_hold_yet() -> None:
    assert found(insurance("valid", date(2024, 10, 2)))[0].state == "never_given"
    assert found(insurance("valid", AUTUMN)) == ()


@pytest.mark.parametrize(("today", "blocks"), [(date(2024, 10, 14), False), (date(2024, 10, 15), True)])
def test_a_delay_lifts_the_block_until_its_date(today: date, blocks: bool) -> None:
    (one,) = found(deferred=(Deferred("assurance", LILA.id, date(2024, 10, 15)),), today=today)
    assert one.blocks is blocks
    assert (one.state == "deferred") is not blocks
    assert ("jusqu’au lundi 14 octobre 2024" in plain(one)) is not blocks


def test_a_delay_for_another_document_or_person_lifts_nothing() -> None:
    later = date(2030, 1, 1)
    assert found(deferred=(Deferred("caf", LILA.id, later), Deferred("assurance", 99, later)))[0].blocks


def test_an_optional_document_is_told_and_never_blocks() -> None:
    (one,) = found(rule=DocumentRule("assurance", "Assurance", "child", mandatory=False))
    assert not one.blocks


def test_a_document_is_asked_only_of_whom_it_concerns() -> None:
    nursery = DocumentRule("x", "X", "child", concerns=frozenset({"multi-accueil"}))
    assert missing([nursery], [LILA, INES, FAMILY], [], [], AUTUMN) == ()
    canteen = DocumentRule("x", "X", "child", concerns=frozenset({"restaurant", "multi-accueil"}))
    assert [one.subject for one in missing([canteen], [LILA, INES, FAMILY], [], [], AUTUMN)] == [LILA]


def test_a_childs_document_stops_that_child_and_the_familys_stops_all() -> None:
    rules = [
        INSURANCE,
        DocumentRule("caf", "Attestation CAF", "family"),
        DocumentRule("rib", "RIB", "guardian"),
    ]
    lacking = missing(rules, [LILA, INES, FAMILY], [], [], AUTUMN)
    codes = frozenset({"cantine", "restaurant"})
    assert [one.code for one in blocking(lacking, LILA.id, codes)] == ["assurance", "caf", "rib"]
    assert [one.code for one in blocking(lacking, 42, codes)] == ["caf", "rib"]


def test_a_document_of_one_facility_does_not_stop_another() -> None:
    rule = DocumentRule("pai", "PAI", "child", concerns=frozenset({"restaurant"}))
    lacking = missing([rule], [LILA], [], [], AUTUMN)
    assert blocking(lacking, LILA.id, frozenset({"cantine", "restaurant"}))
    assert not blocking(lacking, LILA.id, frozenset({"grappaloups", "centre"}))
