"""Registrations: what stops asking, what stops accepting, and what the household is told."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.paperwork import DocumentStatus, Subject
from app.models import Activity, CareGroup, Family, OutgoingMail, Person, Registration, SchoolYear
from app.rules import ages
from app.rules.words import NBSP
from app.services import documents, registrations
from app.services.catalogue import catalogue
from app.services.registrations import Asked
from tests.people import Town
from tests.support.papers import NOW, TODAY, ask_for, give, put_off, register, set_activity
from tests.support.sql import count_statements


def ask(
    town: Town, who: str = "claire", child: str = "lila", activity: str = "cantine", now: datetime = NOW
) -> Asked:
    family = "B" if who == "denis" else "A"
    with town.acting(who):
        return registrations.ask(
            db.session.scalars(select(Person).where(Person.id == town.people[child])).one(),
            db.session.scalars(select(Family).where(Family.id == town.families[family])).one(),
            db.session.scalars(select(Activity).where(Activity.id == town.activities[activity])).one(),
            db.session.scalars(select(SchoolYear).where(SchoolYear.id == town.school_year)).one(),
            town.viewer(who),
            now,
        )


def mails() -> list[tuple[str, str]]:
    with unscoped("lecture des tests"):
        found = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
        return [(one.recipient, one.subject.replace(NBSP, " ")) for one in found]


def plain(asked: Asked) -> list[str]:
    return [one.replace(NBSP, " ") for one in asked.refused]


# --- Asking --------------------------------------------------------------------------------------


def test_asking_waits_for_staff_and_both_parents_are_told(town: Town) -> None:
    asked = ask(town)
    assert asked.registration is not None and not asked.is_accepted
    with unscoped("lecture des tests"):
        assert asked.registration.status is RegistrationStatus.ASKED
        assert (asked.registration.starts_on, asked.registration.ends_on) == (TODAY, date(2027, 7, 3))
    assert mails() == [
        ("claire@example.org", "Lila : votre demande d’inscription, Cantine"),
        ("paul@example.org", "Lila : votre demande d’inscription, Cantine"),
    ]


def test_an_activity_that_accepts_by_itself_does_so_at_once(town: Town) -> None:
    set_activity(town, "cantine", accepts_alone=True)
    asked = ask(town)
    assert asked.is_accepted
    assert mails()[0] == ("claire@example.org", "Lila : inscription acceptée, Cantine")


def test_every_missing_document_is_named_with_whom_it_is_about(town: Town) -> None:
    ask_for("assurance", phrase="l’attestation d’assurance")
    ask_for("caf", Subject.FAMILY, phrase="l’attestation CAF")
    ask_for("natation", is_mandatory=False)
    asked = ask(town)
    assert asked.registration is None
    assert plain(asked) == [
        "Il manque l’attestation d’assurance de Lila.",
        "Il manque l’attestation CAF de la famille Martin.",
    ]
    assert [one.subject.kind for one in asked.missing] == ["child", "family"]
    assert mails() == []


@pytest.mark.parametrize("status", [DocumentStatus.RECEIVED, DocumentStatus.VALID, DocumentStatus.REFUSED])
def test_a_received_document_lets_ask_and_a_valid_one_lets_in(town: Town, status: DocumentStatus) -> None:
    set_activity(town, "cantine", accepts_alone=True)
    give(town, ask_for("assurance"), "A", "lila", status)
    asked = ask(town)
    assert (asked.registration is not None) is (status is not DocumentStatus.REFUSED)
    assert asked.is_accepted is (status is DocumentStatus.VALID)


@pytest.mark.parametrize(("until_on", "stopped"), [(TODAY, False), (TODAY - timedelta(days=1), True)])
def test_a_delay_lifts_the_block_through_its_last_day(town: Town, until_on: date, stopped: bool) -> None:
    put_off(town, ask_for("assurance"), "A", "lila", until_on)
    assert bool(ask(town).refused) is stopped


def test_asking_twice_is_answered_kindly_and_leaves_one_row(town: Town) -> None:
    first = ask(town)
    assert first.registration is not None
    assert plain(ask(town, "paul")) == [
        "Vous avez déjà demandé « Cantine » pour Lila le lundi 23 novembre 2026.",
        "Le service vous répond par e-mail.",
    ]
    with unscoped("lecture des tests"):
        assert len(db.session.scalars(select(Registration)).all()) == 1


def test_both_parents_asking_at_the_same_moment_leave_one_row(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(town).registration is not None
    monkeypatch.setattr(registrations, "_same", lambda *given: None)  # read before the other's commit
    assert plain(ask(town, "paul")) == ["Lila a déjà une demande pour cette activité."]
    assert len(mails()) == 2


def test_a_refused_registration_can_be_asked_again(town: Town) -> None:
    known = register(town, "A", "lila", "cantine", status=RegistrationStatus.REFUSED, reason="Complet.")
    asked = ask(town)
    assert asked.registration is not None
    with unscoped("lecture des tests"):
        assert (asked.registration.id, asked.registration.reason) == (known, None)


def test_a_child_of_two_homes_is_registered_by_each_of_them(town: Town) -> None:
    assert ask(town, "claire", "zoe").registration is not None
    assert ask(town, "denis", "zoe").registration is not None


@pytest.mark.parametrize(
    ("low", "high", "suits"),
    [
        # Lila, born 12 May 2018: 102 months on 23 November 2026, 109 on 3 July 2027
        (None, None, True),
        (109, None, True),
        (110, None, False),
        (None, 102, True),
        (None, 101, False),
        (36, 143, True),
    ],
)
def test_an_activity_suits_a_child_whose_age_fits_on_a_day_at_least(
    town: Town, low: int | None, high: int | None, suits: bool
) -> None:
    set_activity(town, "cantine", min_age_months=low, max_age_months=high)
    assert (ask(town).registration is not None) is suits


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (10, "10 mois"),
        (12, "1 an"),
        (18, "18 mois"),
        (24, "2 ans"),
        (30, "2 ans et demi"),
        (36, "3 ans"),
        (41, "3 ans et 5 mois"),
    ],
)
def test_ages_read_as_people_say_them(months: int, words: str) -> None:
    assert ages.age_words(months).replace(NBSP, " ") == words


@pytest.mark.parametrize(
    ("today", "count"), [(date(2027, 4, 30), 1), (date(2027, 5, 1), 2), (date(2027, 7, 4), 1)]
)
def test_the_coming_year_opens_on_the_first_of_may(town: Town, today: date, count: int) -> None:
    with unscoped("l'année suivante"):
        db.session.add(SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 4)))
        db.session.commit()
    with town.acting("claire"):
        assert len(registrations.open_years(today)) == count


# --- Deciding ------------------------------------------------------------------------------------


def asked_row(town: Town) -> Registration:
    asked = ask(town)
    assert asked.registration is not None
    return asked.registration


def test_staff_accept_and_the_parents_are_told(town: Town) -> None:
    one = asked_row(town)
    with town.acting("desk"):
        assert registrations.decide(one, True, "Maëlle", NOW + timedelta(days=2)).is_done
        assert (one.status, one.starts_on) == (RegistrationStatus.ACCEPTED, TODAY + timedelta(days=2))
    assert mails()[-1] == ("paul@example.org", "Lila : inscription acceptée, Cantine")


def test_a_refusal_gives_its_reason(town: Town) -> None:
    one = asked_row(town)
    with town.acting("desk"):
        assert "pourquoi" in registrations.decide(one, False, "Maëlle", NOW, " ").problem
        assert registrations.decide(one, False, "Maëlle", NOW, "Plus de place.").is_done
        assert (one.status, one.reason) == (RegistrationStatus.REFUSED, "Plus de place.")


def test_the_second_colleague_is_told_who_decided_and_nothing_is_sent_twice(town: Town) -> None:
    one = asked_row(town)
    with town.acting("head"):
        assert registrations.decide(one, True, "", NOW).is_done
    sent = len(mails())
    with town.acting("desk"):
        outcome = registrations.decide(one, False, "", NOW, "Complet.")
        assert outcome.problem == f"Cette demande est déjà acceptée par {town.viewer('head').name}."
    assert len(mails()) == sent


def test_staff_cannot_accept_before_the_papers_hold(town: Town) -> None:
    one = asked_row(town)
    kind = ask_for("assurance", phrase="l’assurance")
    with town.acting("desk"):
        assert "Il manque l’assurance de Lila." in registrations.decide(one, True, "Maëlle", NOW).problem
    put_off(town, kind, "A", "lila", TODAY)
    with town.acting("desk"):
        assert registrations.decide(one, True, "Maëlle", NOW).is_done


def test_a_group_of_another_activity_is_refused(town: Town) -> None:
    one = asked_row(town)
    with town.acting("desk"):
        with unscoped("des groupes"):
            groups = [
                CareGroup(name=code, activity_id=town.activities[code]) for code in ("cantine", "mercredi")
            ]
            db.session.add_all(groups)
            db.session.commit()
        assert "groupe" in registrations.decide(one, True, "Maëlle", NOW, group=groups[1]).problem
        assert registrations.decide(one, True, "Maëlle", NOW, group=groups[0]).is_done
        assert one.group_id == groups[0].id
        assert [taken for _, taken in registrations.groups_of(one.activity_id, one.school_year_id)] == [1]


def test_the_last_document_validated_lets_in_where_the_activity_accepts_by_itself(town: Town) -> None:
    set_activity(town, "cantine", accepts_alone=True)
    kind = ask_for("assurance")
    paper = give(town, kind, "A", "lila", DocumentStatus.RECEIVED)
    first = ask(town).registration
    second = ask(town, activity="mercredi").registration
    assert first is not None and second is not None
    with town.acting("desk"):
        assert registrations.release(town.families["A"], NOW) == 0
        document = documents.find(paper)
        assert document is not None and documents.validate(document, "Maëlle", NOW).is_done
        assert registrations.release(town.families["A"], NOW) == 1
        assert registrations.release(town.families["A"], NOW) == 0
        assert first.status is RegistrationStatus.ACCEPTED
        assert second.status is RegistrationStatus.ASKED


def test_asking_costs_the_same_whatever_the_household_holds(town: Town) -> None:
    kinds = [ask_for(f"piece-{n}", is_mandatory=False) for n in range(8)]
    for kind in kinds:
        give(town, kind, "A", "lila", DocumentStatus.VALID)
    with town.acting("claire"):
        child = db.session.scalars(select(Person).where(Person.id == town.people["lila"])).one()
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        activity = db.session.scalars(select(Activity).where(Activity.id == town.activities["cantine"])).one()
        year = db.session.scalars(select(SchoolYear).where(SchoolYear.id == town.school_year)).one()
        catalogue()
        with count_statements() as seen:
            assert registrations.ask(child, family, activity, year, town.viewer("claire"), NOW).registration
    # the same one, five of papers, the row and its keys, its history, the parents, the texts, two mails
    assert len(seen) <= 20, "\n".join(seen)


def test_a_school_year_that_is_over_takes_no_registration(town: Town) -> None:
    asked = ask(town, now=datetime(2027, 7, 4, 12, tzinfo=UTC))
    assert plain(asked) == ["L’année 2026-2027 est finie."]
