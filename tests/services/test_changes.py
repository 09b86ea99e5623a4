"""What a family edits: at once, after approval, or not at all; and what staff decide of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access import trail
from app.access.database import db
from app.access.scope import OutOfScope
from app.access.viewer import unscoped
from app.declare import entities, entity_named
from app.entities.exchange import RequestStatus
from app.models import ChangeRequest, Family, FreezeDate, HealthRecord, HistoryEntry, OutgoingMail, Person
from app.services import changes, decisions
from app.services.changes import Outcome
from tests.people import Town

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
STREET = {"street": "3, impasse du Palet"}


def family_of(town: Town, code: str = "A") -> Family:
    return db.session.scalars(select(Family).where(Family.id == town.families[code])).one()


def person_of(town: Town, name: str) -> Person:
    return db.session.scalars(select(Person).where(Person.id == town.people[name])).one()


def edit(town: Town, row: Any, values: dict[str, Any], who: str = "claire") -> Outcome:
    return changes.apply(row, values, town.viewer(who), NOW)


def requests() -> list[ChangeRequest]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(ChangeRequest).order_by(ChangeRequest.id)))


def mails() -> list[OutgoingMail]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(OutgoingMail)))


def ask(town: Town, values: dict[str, Any] | None = None) -> int:
    with town.acting("claire"):
        edit(town, family_of(town), values or STREET)
    return requests()[-1].id


def decide(town: Town, request_id: int, how: str, reason: str = "", **options: Any) -> decisions.Decision:
    with town.acting("desk"):
        request = decisions.request_with_id(request_id)
        assert request is not None
        if how == "accept":
            return decisions.accept(request, town.viewer("desk"), NOW, **options)
        return decisions.refuse(request, reason, town.viewer("desk"), NOW, **options)


def test_an_attribute_without_approval_is_saved_at_once_and_asks_nothing(town: Town) -> None:
    with town.acting("claire"):
        outcome = edit(town, person_of(town, "claire"), {"mobile_phone": "06 39 98 14 20"})
    assert outcome == Outcome(saved=("Téléphone portable",))
    assert requests() == []


def test_an_attribute_with_approval_waits_with_before_and_after_and_the_row_stays(town: Town) -> None:
    with town.acting("claire"):
        outcome = edit(town, family_of(town), {**STREET, "city": "Sourcemont", "phone": "04 65 71 00 00"})
        assert outcome == Outcome(saved=("Téléphone du foyer",), waiting=("Numéro et voie", "Commune"))
        family = family_of(town)
        assert (family.street, family.city, family.phone) == (None, "Le Touvet", "04 65 71 00 00")
    (request,) = requests()
    assert request.before == {"street": None, "city": "Le Touvet"}
    assert request.after == {"street": "3, impasse du Palet", "city": "Sourcemont"}
    assert (request.title, request.asked_by, request.status) == (
        "Adresse du foyer",
        "Claire Martin",
        RequestStatus.WAITING,
    )


def test_values_sent_as_they_stand_change_nothing(town: Town) -> None:
    with town.acting("claire"):
        assert not edit(town, family_of(town), {"city": "Le Touvet", "billing_email": "martin@example.org"})
    assert requests() == []


def test_a_second_edit_keeps_one_request_and_the_first_before(town: Town) -> None:
    ask(town, {"city": "Sourcemont"})
    with unscoped("le service corrige entre-temps"):
        family_of(town).city = "Crolles"
        db.session.commit()
    with town.acting("claire"):
        edit(town, family_of(town), {"city": "Froges", **STREET})
    (request,) = requests()
    assert request.before == {"city": "Le Touvet", "street": None}
    assert request.after == {"city": "Froges", "street": "3, impasse du Palet"}


def test_sending_the_asked_value_again_keeps_the_request_as_it_is(town: Town) -> None:
    ask(town)
    revision = requests()[0].revision
    with town.acting("claire"):
        assert not edit(town, family_of(town), STREET)
    assert requests()[0].revision == revision


def test_setting_the_value_back_withdraws_the_request(town: Town) -> None:
    ask(town)
    with town.acting("claire"):
        assert edit(town, family_of(town), {"street": None}).withdrawn == ("Numéro et voie",)
    (request,) = requests()
    assert request.status is RequestStatus.WITHDRAWN


def test_setting_one_value_back_leaves_the_others_asked(town: Town) -> None:
    ask(town, {**STREET, "city": "Sourcemont"})
    with town.acting("claire"):
        edit(town, family_of(town), {"city": "Le Touvet"})
    assert requests()[0].after == STREET
    assert requests()[0].status is RequestStatus.WAITING


def test_two_homes_of_a_child_ask_apart_and_neither_reads_the_other(town: Town) -> None:
    for who in ("claire", "denis"):
        with town.acting(who):
            edit(town, person_of(town, "zoe"), {"last_name": "Martin"}, who)
    assert [one.family_id for one in requests()] == [town.families["A"], town.families["B"]]
    with town.acting("claire"):
        assert len(db.session.scalars(select(ChangeRequest)).all()) == 1


def test_what_a_family_does_not_edit_is_refused_with_a_sentence(town: Town) -> None:
    with town.acting("claire"):
        outcome = edit(town, family_of(town), {"name": "Gratuit"})
        assert outcome.refused[0].label == "Nom du foyer"
        assert family_of(town).name == "Martin"


def test_staff_edit_an_attribute_with_approval_directly(town: Town) -> None:
    with town.acting("desk"):
        outcome = edit(town, family_of(town), {"city": "Sourcemont"}, "desk")
        assert outcome.saved == ("Commune",)
    assert requests() == []


def test_a_frozen_attribute_is_refused_and_says_whom_to_tell(town: Town) -> None:
    with unscoped("dates de gel"):
        db.session.add(FreezeDate(section="health", day=1, month=8))
        db.session.add(HealthRecord(child_id=town.people["lila"], confirmed_on=date(2026, 5, 2)))
        db.session.commit()
    with town.acting("claire"):
        record = db.session.scalars(select(HealthRecord)).one()
        outcome = edit(town, record, {"doctor_name": "Dr Gravouille"})
        assert not outcome
        assert "Prévenez la structure" in outcome.refused[0].sentence
    with unscoped("vérification"):
        assert db.session.scalars(select(HealthRecord)).one().doctor_name is None


def test_the_request_and_its_history_are_written_together(town: Town) -> None:
    ask(town)
    with unscoped("vérification"):
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.entity == "ChangeRequest")).all()
    assert [(one.actor, one.action) for one in entries] == [("Claire Martin", "create")]


# --- Deciding ------------------------------------------------------------------------------------


def test_accepting_writes_the_row_closes_the_request_and_posts_one_mail(town: Town) -> None:
    request_id = ask(town, {**STREET, "city": "Sourcemont"})
    assert decide(town, request_id, "accept").done
    with unscoped("vérification"):
        family = family_of(town)
        assert (family.street, family.city) == ("3, impasse du Palet", "Sourcemont")
    (request,) = requests()
    assert (request.status, request.decided_by) == (RequestStatus.ACCEPTED, "Secrétariat Service")
    (mail,) = mails()
    assert mail.recipient == "claire@example.org"
    assert "adresse du foyer" in mail.body


def test_refusing_leaves_the_row_and_tells_the_reason(town: Town) -> None:
    request_id = ask(town)
    assert decide(town, request_id, "refuse", "Il manque le numéro.").done
    with unscoped("vérification"):
        assert family_of(town).street is None
    assert requests()[0].reason == "Il manque le numéro."
    assert "Il manque le numéro." in mails()[0].body


def test_refusing_without_a_reason_does_nothing(town: Town) -> None:
    request_id = ask(town)
    assert not decide(town, request_id, "refuse", "  ").done
    assert requests()[0].status is RequestStatus.WAITING
    assert mails() == []


@pytest.mark.parametrize("second", ["accept", "refuse"])
def test_a_decided_request_is_not_decided_again(town: Town, second: str) -> None:
    request_id = ask(town)
    decide(town, request_id, "accept")
    again = decide(town, request_id, second, "trop tard")
    assert not again.done
    assert len(mails()) == 1


def test_a_value_changed_meanwhile_is_written_over_only_on_purpose(town: Town) -> None:
    request_id = ask(town)
    with town.acting("desk"):
        family_of(town).street = "7, rue du Service"
        db.session.commit()
    refused = decide(town, request_id, "accept")
    assert not refused.done
    assert "Numéro et voie" in refused.sentence
    assert mails() == []
    assert decide(town, request_id, "accept", overwrite=True).done
    with unscoped("vérification"):
        assert family_of(town).street == "3, impasse du Palet"


def test_a_value_that_staff_already_set_as_asked_is_no_conflict(town: Town) -> None:
    request_id = ask(town)
    with town.acting("desk"):
        family_of(town).street = STREET["street"]
        db.session.commit()
    assert decide(town, request_id, "accept").done


def test_a_request_changed_while_staff_read_it_is_not_decided(town: Town) -> None:
    request_id = ask(town)
    seen = requests()[0].revision
    ask(town, {"street": "5, impasse du Palet"})
    assert not decide(town, request_id, "accept", revision=seen).done
    assert decide(town, request_id, "accept", revision=requests()[0].revision).done


def test_a_request_about_a_row_that_is_gone_can_only_be_refused(town: Town) -> None:
    request_id = ask(town)
    with unscoped("une fiche effacée"):
        requests()[0].row_id = 9999
        db.session.commit()
    assert not decide(town, request_id, "accept").done
    assert decide(town, request_id, "refuse", "La fiche n’existe plus.").done


def test_a_parent_of_another_household_decides_and_withdraws_nothing(town: Town) -> None:
    request_id = ask(town)
    with town.acting("denis"):
        assert decisions.request_with_id(request_id) is None
        assert not changes.withdraw(request_id, town.viewer("denis"), NOW)
    with town.acting("claire"):
        assert changes.withdraw(request_id, town.viewer("claire"), NOW)


def test_a_request_can_not_be_made_for_another_household(town: Town) -> None:
    with town.acting("claire"):
        db.session.add(
            ChangeRequest(
                family_id=town.families["B"],
                title="x",
                entity="Family",
                row_id=town.families["B"],
                before={},
                after={},
                asked_by="x",
                asked_at=NOW,
            )
        )
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()


def test_the_queue_starts_with_the_oldest(town: Town) -> None:
    with town.acting("denis"):
        row = family_of(town, "B")
        changes.apply(row, {"city": "Froges"}, town.viewer("denis"), NOW - timedelta(days=2))
    ask(town)
    with town.acting("desk"):
        assert [one.family.name for one in decisions.queue()] == ["Durand", "Martin"]


def test_every_value_that_may_wait_comes_back_from_json_as_it_was() -> None:
    from app.access.trail import plain

    samples: dict[str, Any] = {"born_on": date(2018, 5, 12), "postcode": "38660"}
    waiting = [one for entity in entities() for one in entity.__attributes__.values() if one.approval]
    assert {"street", "born_on"} <= {one.name for one in waiting}
    for one in waiting:
        value = samples.get(one.name, "mot")
        assert trail.value_of(one, plain(one, value)) == value
    sex = entity_named("Person").__attributes__["sex"]
    assert trail.value_of(sex, plain(sex, sex.python_type.GIRL)) is sex.python_type.GIRL


# --- Taken back ----------------------------------------------------------------------------------


def undo(town: Town, request_id: int, at: datetime = NOW, **options: Any) -> decisions.Decision:
    with town.acting("desk"):
        request = decisions.request_with_id(request_id)
        assert request is not None
        return decisions.undo(request, at, **options)


def street(town: Town) -> str | None:
    with unscoped("vérification"):
        return family_of(town).street


@pytest.mark.parametrize("how", ["accept", "refuse"])
def test_a_decision_is_taken_back_the_same_day_and_the_family_is_told(town: Town, how: str) -> None:
    before = street(town)
    number = ask(town)
    decide(town, number, how, "Justificatif illisible.")
    assert undo(town, number) == decisions.Decision(True)
    (request,) = requests()
    assert (request.status, request.reason, request.decided_by) == (RequestStatus.WAITING, None, None)
    assert street(town) == before
    assert [mail.subject for mail in mails()][-1] == "Votre modification est de nouveau à l’étude"
    assert decide(town, number, "accept").done
    assert street(town) == STREET["street"]


@pytest.mark.parametrize(
    ("at", "done"),
    [
        (datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 23, 0, 0, tzinfo=UTC), False),
    ],
)
def test_until_midnight_in_paris(town: Town, at: datetime, done: bool) -> None:
    number = ask(town)
    decide(town, number, "accept")
    assert undo(town, number, at).done is done
    assert (requests()[0].status is RequestStatus.WAITING) is done


def test_a_value_written_over_a_conflict_comes_back_as_it_was_not_as_first_asked(town: Town) -> None:
    number = ask(town)
    with unscoped("le service corrige"):
        family_of(town).street = "9, chemin du Bas"
        db.session.commit()
    assert decide(town, number, "accept", overwrite=True).done
    assert undo(town, number).done
    assert street(town) == "9, chemin du Bas"


def test_what_moved_since_or_was_asked_again_is_not_written_over(town: Town) -> None:
    number = ask(town)
    decide(town, number, "accept")
    with unscoped("le service corrige"):
        family_of(town).street = "9, chemin du Bas"
        db.session.commit()
    assert "a changé depuis" in undo(town, number).sentence
    assert street(town) == "9, chemin du Bas"
    again = ask(town, {"street": "5, rue Neuve"})
    assert again != number
    assert "refait une demande" in undo(town, number).sentence
    assert [one.status for one in requests()] == [RequestStatus.ACCEPTED, RequestStatus.WAITING]


def test_a_second_click_takes_nothing_back(town: Town) -> None:
    number = ask(town)
    decide(town, number, "refuse", "Non.")
    revision = requests()[0].revision
    assert undo(town, number, revision=revision).done
    assert not undo(town, number, revision=revision).done
    assert [mail.subject for mail in mails()].count("Votre modification est de nouveau à l’étude") == 1
