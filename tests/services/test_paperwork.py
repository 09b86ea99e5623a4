"""A household's papers: who is asked what, where each stands, what blocks whom."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject, Validity
from app.models import (
    Activity,
    Deferral,
    Document,
    HistoryEntry,
    Membership,
    OutgoingMail,
    Person,
    SchoolYear,
)
from app.rules.words import NBSP
from app.services import documents, paperwork
from app.services.paperwork import Demand, DemandState
from tests.people import Town
from tests.support.papers import FILE, NOW, TODAY, ask_for, give, put_off, register
from tests.support.sql import count_statements


def demands(town: Town, family: str = "A", on: date = TODAY, **values: Any) -> list[Demand]:
    with unscoped("lecture des tests"):
        return paperwork.demands(town.families[family], on, **values)


def states(town: Town, family: str = "A", on: date = TODAY) -> dict[tuple[str, str], DemandState]:
    return {(one.type.code, one.subject.name): one.state for one in demands(town, family, on)}


# --- Of whom -------------------------------------------------------------------------------------


def test_papers_are_asked_of_the_household_its_guardians_and_the_children_who_take_part(town: Town) -> None:
    ask_for("domicile", Subject.FAMILY)
    ask_for("assurance")
    ask_for("identite", Subject.GUARDIAN)
    register(town, "A", "lila", "cantine")
    assert list(states(town)) == [
        ("domicile", "la famille Martin"),
        ("assurance", "Lila"),
        ("identite", "Claire"),
    ]


def test_an_activity_only_asked_for_is_taking_part(town: Town) -> None:
    ask_for("assurance")
    assert states(town) == {}
    register(town, "A", "zoe", "cantine", status=RegistrationStatus.ASKED)
    assert list(states(town)) == [("assurance", "Zoé")]
    assert states(town, "B") == {}


@pytest.mark.parametrize("status", [RegistrationStatus.REFUSED, RegistrationStatus.ENDED])
def test_a_registration_that_is_over_asks_nothing(town: Town, status: RegistrationStatus) -> None:
    ask_for("assurance")
    register(town, "A", "lila", "cantine", status=status)
    assert states(town) == {}


def test_a_paper_of_one_activity_or_one_facility_is_asked_there_only(town: Town) -> None:
    ask_for("natation", activity_id=town.activities["mercredi"])
    ask_for("pai", facility_id=town.facilities["restaurant"])
    ask_for("domicile", Subject.FAMILY, facility_id=town.facilities["grappaloups"])
    register(town, "A", "lila", "cantine")
    assert list(states(town)) == [("pai", "Lila")]
    register(town, "A", "zoe", "mercredi")
    assert list(states(town)) == [("domicile", "la famille Martin"), ("pai", "Lila"), ("natation", "Zoé")]


# --- Where each stands ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "values", "state", "counted"),
    [
        (None, {}, DemandState.MISSING, True),
        (DocumentStatus.RECEIVED, {}, DemandState.RECEIVED, False),
        (DocumentStatus.REFUSED, {"reason": "Floue."}, DemandState.REFUSED, True),
        (DocumentStatus.VALID, {}, DemandState.VALID, False),
        (DocumentStatus.VALID, {"valid_until": TODAY + timedelta(days=60)}, DemandState.TO_RENEW, False),
        (DocumentStatus.VALID, {"valid_until": TODAY + timedelta(days=61)}, DemandState.VALID, False),
        (DocumentStatus.VALID, {"valid_until": TODAY}, DemandState.TO_RENEW, False),
        (DocumentStatus.VALID, {"valid_until": TODAY - timedelta(days=1)}, DemandState.EXPIRED, True),
    ],
)
def test_each_document_has_one_state(
    town: Town, status: DocumentStatus | None, values: dict[str, Any], state: DemandState, counted: bool
) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    if status:
        give(town, kind, "A", "lila", status, **values)
    (one,) = demands(town)
    assert (one.state, one.is_to_do) == (state, counted)


def test_an_optional_paper_is_never_expected_but_when_it_was_refused(town: Town) -> None:
    kind = ask_for("natation", is_mandatory=False)
    register(town, "A", "lila", "cantine")
    (one,) = demands(town)
    assert (one.state, one.is_to_do) == (DemandState.OPTIONAL, False)
    give(town, kind, "A", "lila", DocumentStatus.REFUSED)
    assert demands(town)[0].is_to_do


@pytest.mark.parametrize(
    ("until_on", "state"), [(TODAY, DemandState.DEFERRED), (TODAY - timedelta(days=1), DemandState.MISSING)]
)
def test_a_delay_runs_through_its_last_day(town: Town, until_on: date, state: DemandState) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    put_off(town, kind, "A", "lila", until_on)
    (one,) = demands(town)
    assert one.state is state
    assert one.until_on == (until_on if state is DemandState.DEFERRED else None)


def test_a_new_file_waits_even_while_the_older_one_holds(town: Town) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    give(town, kind, "A", "lila", DocumentStatus.VALID, received_at=NOW - timedelta(days=9))
    newer = give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    (one,) = demands(town)
    assert one.state is DemandState.RECEIVED
    assert one.document is not None and one.document.id == newer
    assert one.missing is None


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (date(2027, 4, 30), DemandState.VALID),
        (date(2027, 5, 1), DemandState.TO_RENEW),
        (date(2027, 8, 31), DemandState.TO_RENEW),
        (date(2027, 9, 1), DemandState.EXPIRED),
    ],
)
def test_a_yearly_document_is_asked_again_each_school_year(town: Town, on: date, state: DemandState) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine", ends_on=date(2028, 1, 1))
    give(town, kind, "A", "lila", DocumentStatus.VALID, school_year_id=town.school_year)
    assert demands(town, on=on)[0].state is state


def test_a_permanent_document_is_not_asked_again(town: Town) -> None:
    kind = ask_for("livret", validity=Validity.PERMANENT)
    register(town, "A", "lila", "cantine", ends_on=date(2036, 1, 1))
    give(town, kind, "A", "lila", DocumentStatus.VALID)
    assert demands(town, on=date(2035, 1, 1))[0].state is DemandState.VALID


def test_once_registered_for_the_coming_year_papers_are_judged_on_its_first_day(town: Town) -> None:
    kind = ask_for("assurance")
    with unscoped("l'année suivante"):
        coming = SchoolYear(code="2027-2028", starts_on=date(2027, 8, 30), ends_on=date(2028, 7, 4))
        db.session.add(coming)
        db.session.commit()
        coming_id = coming.id
    register(
        town,
        "A",
        "lila",
        "cantine",
        school_year_id=coming_id,
        starts_on=date(2027, 8, 30),
        ends_on=date(2028, 7, 4),
    )
    give(town, kind, "A", "lila", DocumentStatus.VALID, school_year_id=town.school_year)
    assert demands(town, on=date(2027, 4, 30))[0].state is DemandState.VALID
    (one,) = demands(town, on=date(2027, 6, 10))
    assert (one.state, one.label) == (DemandState.EXPIRED, "Assurance 2027-2028")
    with town.acting("claire"):
        row = documents.hand_in(one, FILE, datetime(2027, 6, 10, 8, tzinfo=UTC))
        assert row.school_year_id == coming_id


# --- What blocks ---------------------------------------------------------------------------------


def blocking(town: Town, child: str = "lila", activity: str = "cantine", on: date = TODAY) -> list[str]:
    with unscoped("lecture des tests"):
        row = db.session.scalars(select(Activity).where(Activity.id == town.activities[activity])).one()
        found = paperwork.missing_for(town.people[child], town.families["A"], row, on)
        return [one.why.replace(NBSP, " ") for one in found]


def test_what_blocks_is_named_with_whom_it_is_about(town: Town) -> None:
    ask_for("assurance", phrase="l’attestation d’assurance")
    ask_for("caf", Subject.FAMILY, phrase="l’attestation CAF")
    ask_for("identite", Subject.GUARDIAN, phrase="la pièce d’identité")
    ask_for("natation", is_mandatory=False)
    ask_for("creche", activity_id=town.activities["mercredi"])
    assert blocking(town) == [
        "Il manque l’attestation d’assurance de Lila.",
        "Il manque l’attestation CAF de la famille Martin.",
        "Il manque la pièce d’identité de Claire.",
    ]


def test_the_paper_of_another_child_blocks_nothing(town: Town) -> None:
    kind = ask_for("assurance")
    register(town, "A", "zoe", "cantine")
    give(town, kind, "A", "lila", DocumentStatus.VALID)
    assert blocking(town, "lila") == []
    assert len(blocking(town, "zoe")) == 1


def test_the_same_childs_paper_in_the_other_household_lifts_nothing_here(town: Town) -> None:
    kind = ask_for("assurance")
    give(town, kind, "B", "zoe", DocumentStatus.VALID)
    assert len(blocking(town, "zoe")) == 1


# --- Handing in and deciding ---------------------------------------------------------------------


def count(entity: type) -> int:
    with unscoped("compte des tests"):
        return len(db.session.scalars(select(entity)).all())


def test_a_second_file_takes_the_place_of_one_that_waits_and_not_of_one_decided(town: Town) -> None:
    ask_for("assurance")
    register(town, "A", "lila", "cantine")
    with town.acting("claire"):
        first = documents.hand_in(paperwork.demands(town.families["A"], TODAY)[0], FILE, NOW).id
        again = documents.hand_in(
            paperwork.demands(town.families["A"], TODAY)[0], FILE, NOW + timedelta(hours=1)
        )
        assert again.id == first and again.revision == 2
    with town.acting("desk"):
        assert documents.refuse(again, "Floue.", "Maëlle", NOW).is_done
    with town.acting("claire"):
        third = documents.hand_in(
            paperwork.demands(town.families["A"], TODAY)[0], FILE, NOW + timedelta(hours=2)
        )
        assert third.id != first
        assert third.school_year_id == town.school_year
    assert count(Document) == 2


def test_a_refusal_writes_to_every_parent_of_the_household_and_to_nobody_else(town: Town) -> None:
    kind = ask_for("assurance", name="Attestation d’assurance")
    row = give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        assert documents.refuse(document, "On ne lit pas les dates.", "Maëlle", NOW).is_done
    with unscoped("lecture des tests"):
        mails = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.recipient)).all()
        assert [one.recipient for one in mails] == ["claire@example.org", "paul@example.org"]
        assert "On ne lit pas les dates." in mails[0].body
        assert f"/documents/?qui={town.people['lila']}" in mails[0].body


def test_a_refusal_without_a_reason_is_no_refusal(town: Town) -> None:
    kind = ask_for("assurance")
    row = give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        assert "pourquoi" in documents.refuse(document, "  ", "Maëlle", NOW).problem
        assert document.status is DocumentStatus.RECEIVED


def test_the_second_of_two_colleagues_is_told_who_decided(town: Town) -> None:
    kind = ask_for("assurance")
    row = give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        assert documents.validate(document, "Maëlle Tresserre", NOW).is_done
        outcome = documents.refuse(document, "Floue.", "Hugo", NOW)
        said = outcome.problem.replace(NBSP, " ")
        assert said == "Ce document est déjà validé par Maëlle Tresserre, lundi 23 novembre 2026 à 13 h."
    assert count(OutgoingMail) == 0


def test_a_file_sent_again_in_between_is_not_decided_unseen(town: Town) -> None:
    kind = ask_for("assurance")
    register(town, "A", "lila", "cantine")
    row = give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        seen = document.revision
    with town.acting("claire"):
        documents.hand_in(paperwork.demands(town.families["A"], TODAY)[0], FILE, NOW)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        assert "un autre fichier" in documents.validate(document, "Maëlle", NOW, seen=seen).problem
        assert documents.validate(document, "Maëlle", NOW, seen=document.revision).is_done


@pytest.mark.parametrize(
    ("values", "until_on"),
    [
        ({"validity": Validity.SCHOOL_YEAR}, date(2027, 8, 31)),
        ({"validity": Validity.MONTHS, "validity_months": 6}, date(2027, 5, 22)),
        ({"validity": Validity.PERMANENT}, None),
    ],
)
def test_validity_is_proposed_from_the_type(
    town: Town, values: dict[str, Any], until_on: date | None
) -> None:
    row = give(town, ask_for("assurance", **values), "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        assert documents.proposed_end(document) == until_on
        assert documents.validate(document, "Maëlle", NOW).is_done
        again = documents.find(row)
        assert again is not None and (again.status, again.valid_until) == (DocumentStatus.VALID, until_on)


@pytest.mark.parametrize(("until_on", "done"), [(TODAY, True), (TODAY - timedelta(days=1), False)])
def test_a_document_is_not_validated_until_a_day_that_is_past(town: Town, until_on: date, done: bool) -> None:
    row = give(town, ask_for("assurance"), "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        assert documents.validate(document, "Maëlle", NOW, until_on).is_done is done


@pytest.mark.parametrize(
    ("until_on", "done"),
    [
        (TODAY, True),
        (TODAY - timedelta(days=1), False),
        (TODAY + timedelta(days=366), True),
        (TODAY + timedelta(days=367), False),
    ],
)
def test_a_delay_is_granted_for_a_year_at_most_and_moved_rather_than_doubled(
    town: Town, until_on: date, done: bool
) -> None:
    kind = ask_for("assurance")
    with town.acting("desk"):
        for _ in range(2):
            outcome = documents.defer(
                kind, town.families["A"], town.people["lila"], until_on, "Assureur en retard", NOW
            )
            assert outcome.is_done is done
    assert count(Deferral) == int(done)


def test_every_decision_is_in_the_history(town: Town) -> None:
    row = give(town, ask_for("assurance"), "A", "lila", DocumentStatus.RECEIVED)
    with town.acting("desk"):
        document = documents.find(row)
        assert document is not None
        documents.validate(document, "Maëlle", NOW)
    with unscoped("lecture des tests"):
        last = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
        assert last is not None and last.after is not None
        assert (last.entity, last.after["status"]) == ("Document", "valid")


# --- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("children", [1, 8])
def test_a_household_is_read_in_five_statements_whatever_its_size(town: Town, children: int) -> None:
    kinds = [ask_for(f"piece-{n}", Subject.CHILD) for n in range(6)]
    with unscoped("une grande famille"):
        for n in range(children):
            child = Person(first_name=f"Enfant{n}", last_name="Martin", born_on=date(2018, 1, 1))
            db.session.add(child)
            db.session.add(
                Membership(family_id=town.families["A"], person=child, member_kind=MemberKind.CHILD)
            )
            db.session.flush()
            town.people[f"enfant{n}"] = child.id
        db.session.commit()
    for n in range(children):
        register(town, "A", f"enfant{n}", "cantine")
        for kind in kinds:
            give(town, kind, "A", f"enfant{n}", DocumentStatus.RECEIVED)
    db.session.expunge_all()
    with town.acting("claire"), count_statements() as seen:
        found = paperwork.demands(town.families["A"], TODAY)
        assert len(found) == 6 * children
        assert all(one.label and one.type.name for one in found)
    assert len(seen) == 5
