"""What the dashboard expects of the parents: of this household, in order, at a fixed cost."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.entities.billing import InvoiceStatus
from app.entities.booking import RegistrationStatus
from app.entities.exchange import RequestStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject
from app.models import (
    ChangeRequest,
    Document,
    DocumentType,
    FreezeDate,
    HealthRecord,
    Invoice,
    Membership,
    Person,
    Registration,
)
from app.services import todo
from tests.people import Town
from tests.support.sql import count_statements

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


def add(*rows: Entity) -> None:
    with unscoped("lignes du test"):
        db.session.add_all(rows)
        db.session.commit()


def desk(town: Town, who: str = "claire", code: str = "A", now: datetime = NOW) -> todo.Desk:
    with town.acting(who):
        return todo.desk(town.families[code], now)


def sentences(found: todo.Desk) -> list[str]:
    return [one.sentence.replace("\u00a0", " ") for one in found.todos]


def healthy(town: Town, confirmed_on: date = date(2026, 9, 1)) -> None:
    add(
        *(
            HealthRecord(child_id=town.people[name], doctor_name="Dr G", confirmed_on=confirmed_on)
            for name in ("lila", "zoe", "tom")
        )
    )


def invoice(town: Town, code: str, due_on: date, status: InvoiceStatus = InvoiceStatus.TO_PAY) -> Invoice:
    return Invoice(
        number=f"{code}-{due_on}-{status.value}",
        family_id=town.families[code],
        month_on=date(2026, 10, 1),
        issued_on=date(2026, 11, 15),
        due_on=due_on,
        payer_names="x",
        payer_address="x",
        total_cents=6509,
        status=status,
    )


def registered(town: Town, child: str) -> Registration:
    return Registration(
        family_id=town.families["A"],
        child_id=town.people[child],
        activity_id=town.activities["cantine"],
        school_year_id=town.school_year,
        starts_on=date(2026, 9, 1),
        ends_on=date(2027, 7, 3),
        status=RegistrationStatus.ACCEPTED,
    )


def asked(town: Town, status: RequestStatus, days_ago: int = 1, reason: str | None = None) -> ChangeRequest:
    when = NOW - timedelta(days=days_ago)
    return ChangeRequest(
        family_id=town.families["A"],
        title="Adresse du foyer",
        entity="Family",
        row_id=town.families["A"],
        before={},
        after={"city": "x"},
        status=status,
        asked_by="Claire Martin",
        asked_at=when,
        decided_at=None if status is RequestStatus.WAITING else when,
        reason=reason,
    )


def test_nothing_is_expected_of_a_household_whose_file_is_complete(town: Town) -> None:
    healthy(town)
    assert desk(town).todos == ()


def test_a_missing_doctor_is_expected(town: Town) -> None:
    assert sentences(desk(town)) == ["Il manque le médecin de Lila.", "Il manque le médecin de Zoé."]


def test_everything_comes_in_order_of_urgency(town: Town) -> None:
    insurance = DocumentType(
        code="a", name="Assurance scolaire", phrase="l’assurance scolaire", subject=Subject.CHILD
    )
    add(insurance, registered(town, "lila"), registered(town, "zoe"))
    with unscoped("le document"):
        add(
            Document(
                document_type_id=insurance.id,
                family_id=town.families["A"],
                person_id=town.people["lila"],
                school_year_id=town.school_year,
                status=DocumentStatus.REFUSED,
                reason="Photo floue.",
                received_at=NOW,
            ),
            invoice(town, "A", date(2026, 12, 10)),
            asked(town, RequestStatus.REFUSED, reason="Il manque le numéro."),
        )
    healthy(town)
    found = desk(town)
    assert sentences(found) == [
        "Assurance scolaire de Lila : document refusé, photo floue.",
        "Il manque l’assurance scolaire de Zoé.",
        "Adresse du foyer : modification refusée, il manque le numéro.",
        "Facture d’octobre 2026, 65,09 €, jusqu’au jeudi 10 décembre.",
    ]
    assert (found.documents_hint, found.invoices_hint) == ("1 refusé, 1 manque", "1 à payer")


def test_an_invoice_is_expected_until_its_day_included_and_only_while_to_pay(town: Town) -> None:
    healthy(town)
    add(
        invoice(town, "A", date(2026, 11, 22)),
        invoice(town, "A", date(2026, 11, 23)),
        invoice(town, "A", date(2026, 12, 10), InvoiceStatus.PAID),
    )
    assert desk(town).to_pay == 1


def test_nothing_of_the_other_household_is_expected_even_for_an_account_of_two(town: Town) -> None:
    healthy(town)
    add(invoice(town, "B", date(2026, 12, 10)), asked(town, RequestStatus.WAITING))
    assert desk(town, "paul", "A").to_pay == 0
    assert desk(town, "paul", "A").waiting_changes == 1
    assert desk(town, "paul", "B").to_pay == 1
    assert desk(town, "paul", "B").waiting_changes == 0


def test_a_refused_change_is_told_until_asked_again_or_two_weeks_old(town: Town) -> None:
    healthy(town)
    add(asked(town, RequestStatus.REFUSED, days_ago=16))
    assert desk(town).todos == ()
    add(asked(town, RequestStatus.REFUSED, days_ago=3))
    assert len(desk(town).todos) == 1
    add(asked(town, RequestStatus.WAITING, days_ago=1))
    assert desk(town).todos == ()


def test_a_refused_change_is_over_once_asked_again_and_accepted(town: Town) -> None:
    healthy(town)
    add(
        asked(town, RequestStatus.REFUSED, days_ago=3),
        asked(town, RequestStatus.ACCEPTED, days_ago=1),
        asked(town, RequestStatus.WITHDRAWN, days_ago=2),
    )
    found = desk(town)
    assert (found.todos, found.waiting_changes) == ((), 0)


def test_a_document_to_send_leads_to_the_tab_of_whom_it_is_asked(town: Town) -> None:
    healthy(town)
    insurance = DocumentType(
        code="a", name="Assurance scolaire", phrase="l’assurance scolaire", subject=Subject.CHILD
    )
    add(insurance, registered(town, "lila"), registered(town, "zoe"))
    assert {one.url for one in desk(town).todos} == {
        f"/documents/?qui={town.people[name]}" for name in ("lila", "zoe")
    }


def test_a_freeze_that_comes_near_is_told_with_its_last_day_and_before_the_invoice(town: Town) -> None:
    healthy(town, date(2026, 4, 1))
    add(FreezeDate(section="health", day=1, month=8), invoice(town, "A", date(2026, 8, 10)))
    july = datetime(2026, 7, 20, tzinfo=UTC)
    assert sentences(desk(town, now=july)) == [
        "Santé de Lila, à relire, jusqu’au vendredi 31 juillet.",
        "Santé de Zoé, à relire, jusqu’au vendredi 31 juillet.",
        "Facture d’octobre 2026, 65,09 €, jusqu’au lundi 10 août.",
    ]
    assert desk(town, now=datetime(2026, 8, 1, tzinfo=UTC)).todos[0].verb == "Payer"


def test_what_is_missing_in_a_part_that_is_closed_leads_to_the_service(town: Town) -> None:
    healthy(town)
    add(FreezeDate(section="health", month=8, day=1, reopens_month=5, reopens_day=1))
    with unscoped("test"):
        for record in db.session.scalars(select(HealthRecord)):
            record.doctor_name, record.confirmed_on = None, date(2026, 6, 1)
        db.session.commit()
    (found,) = (one for one in desk(town).todos if "médecin" in one.sentence and "Lila" in one.sentence)
    assert (found.sentence, found.verb, found.url) == (
        "Il manque le médecin de Lila, prévenez la structure.", "Écrire", "/contact/"
    )  # fmt: skip


def test_the_dashboard_costs_the_same_whatever_the_household(town: Town) -> None:
    with town.acting("claire"), count_statements() as few:
        todo.desk(town.families["A"], NOW)
    for rank in range(5):
        child = Person(first_name=f"Enfant {rank}", last_name="Martin")
        add(Membership(family_id=town.families["A"], person=child, member_kind=MemberKind.CHILD))
        add(invoice(town, "A", date(2026, 12, 1 + rank)))
    add(registered(town, "lila"), registered(town, "zoe"))
    with town.acting("claire"), count_statements() as many:
        todo.desk(town.families["A"], NOW)
    # papers (5), requests, invoices, health, questions with answers, freeze dates
    assert len(few) == len(many) == 10
