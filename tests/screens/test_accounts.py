"""The staff's screens of accesses, of the team and of the outbox: who may, and what they say."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.entities.exchange import MailStatus
from app.entities.family import MemberKind
from app.models import Account, AccountFamily, MailText, Membership, OutgoingMail, Person, RoleGrant
from app.services import clock, mailer, outbox
from tests.people import Town
from tests.support.sql import count_statements

STAFF = ("desk", "head", "accountant", "configurator", "admin")


def guardian(town: Town, email: str | None = "nora@example.org", family: str = "A") -> int:
    with unscoped("essai"):
        nora = Person(first_name="Nora", last_name="Martin", email=email)
        db.session.add(
            Membership(
                family_id=town.families[family], person=nora, member_kind=MemberKind.GUARDIAN, kinship="mère"
            )
        )
        db.session.commit()
        return nora.id


def posted() -> list[str]:
    with unscoped("essai"):
        return list(db.session.scalars(select(OutgoingMail.recipient).order_by(OutgoingMail.id)))


def write_mails(number: int, status: MailStatus = MailStatus.WAITING) -> list[int]:
    with unscoped("essai"):
        rows = [
            outbox.post(
                "message", to=f"parent{n}@example.org", now=clock.now() - timedelta(minutes=n),
                prenom=f"Parent {n}", structure="Cantine",
                lien="http://localhost/bienvenue/secret",
            )
            for n in range(number)
        ]  # fmt: skip
        for row in rows:
            row.status = status
        db.session.commit()
        return [row.id for row in rows]


def statements(client: FlaskClient, path: str) -> int:
    """What the page asks once what the process keeps in memory (the menu's piles, the catalogue) is read."""
    client.get(path)
    with count_statements() as found:
        assert client.get(path).status_code == 200
    assert len(found) <= 12, found
    return len(found)


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/service/acces/{A}", {"desk", "admin"}),
        ("/service/equipe", {"admin"}),
        ("/service/courrier", {"desk", "admin"}),
    ],
)
def test_each_screen_opens_to_its_roles_alone(town: Town, path: str, allowed: set[str]) -> None:
    path = path.format(**town.families)
    for name in STAFF:
        assert town.client(name).get(path).status_code == (200 if name in allowed else 403), name
    assert town.client("claire").get(path).status_code == 404
    assert town.client(None).get(path).location.startswith("/connexion?next=")


@pytest.mark.parametrize(
    "path",
    [
        "/service/acces/{A}/inviter/{claire}",
        "/service/acces/{A}/adresse/{claire}",
        "/service/acces/{A}/fermer/{account}",
        "/service/equipe/{account}/relancer",
        "/service/equipe/{account}/fermer",
        "/service/courrier/1/renvoyer",
        "/service/courrier/renvoyer",
    ],
)
def test_nothing_changes_by_a_link_nor_by_a_parent(town: Town, path: str) -> None:
    path = path.format(**town.families, **town.people, account=town.accounts["claire"])
    assert town.client("admin").get(path).status_code == 405
    assert town.client("claire").post(path).status_code == 404
    assert town.client("head").post(path).status_code == 403
    assert posted() == []


# --- A household's accesses ----------------------------------------------------------------------


def test_one_click_invites_and_one_more_sends_again(town: Town) -> None:
    nora, client = guardian(town), town.client("desk")
    page = f"/service/acces/{town.families['A']}"
    assert "Envoyer l’invitation" in client.get(page).text
    answer = client.post(f"{page}/inviter/{nora}", follow_redirects=True)
    assert "L’invitation part vers nora@example.org." in answer.text
    assert "Renvoyer l’invitation" in answer.text
    client.post(f"{page}/inviter/{nora}")
    assert posted() == ["nora@example.org"] * 2


def test_a_missing_address_is_asked_in_place_and_a_wrong_one_is_kept_to_be_mended(town: Town) -> None:
    nora, client = guardian(town, email=None), town.client("desk")
    page = f"/service/acces/{town.families['A']}"
    assert f'id="email-{nora}"' in client.get(page).text
    answer = client.post(f"{page}/inviter/{nora}", data={"email": "nora.chez-elle"})
    assert answer.status_code == 422
    assert 'value="nora.chez-elle"' in answer.text
    assert "n’est pas une adresse e-mail complète" in answer.text
    assert client.post(f"{page}/inviter/{nora}", data={"email": "nora@example.org"}).status_code == 302
    assert posted() == ["nora@example.org"]


def test_what_the_page_shows_holds_no_link(town: Town) -> None:
    nora, client = guardian(town), town.client("desk")
    page = f"/service/acces/{town.families['A']}"
    assert "bienvenue" not in client.post(f"{page}/inviter/{nora}", follow_redirects=True).text


def test_a_parent_is_put_out_in_one_click(town: Town) -> None:
    claire, desk = town.client("claire"), town.client("desk")
    assert claire.get("/mon-mot-de-passe").status_code == 200
    desk.post(f"/service/acces/{town.families['A']}/fermer/{town.accounts['claire']}")
    assert claire.get("/mon-mot-de-passe").status_code == 302


def test_a_household_that_does_not_exist_and_one_out_of_reach_are_both_not_found(town: Town) -> None:
    with unscoped("essai"):
        db.session.add(
            RoleGrant(
                account_id=town.accounts["hugo"],
                role_name=RoleName.DESK,
                facility_id=town.facilities["restaurant"],
            )
        )
        db.session.commit()
    client = town.client("hugo")
    assert client.get("/service/acces/999999").status_code == 404
    assert client.get(f"/service/acces/{town.families['A']}").status_code == 404
    path = f"/service/acces/{town.families['A']}/inviter/{town.people['claire']}"
    assert client.post(path).status_code == 404
    assert (
        town.client("desk")
        .post(f"/service/acces/{town.families['B']}/inviter/{town.people['claire']}")
        .status_code
        == 404
    )


def test_the_page_of_accesses_asks_the_same_for_one_parent_and_for_ten(town: Town) -> None:
    client, page = town.client("desk"), f"/service/acces/{town.families['A']}"
    few = statements(client, page)
    with unscoped("essai"):
        for n in range(9):
            person = Person(first_name=f"Parent {n}", last_name="Martin", email=f"p{n}@example.org")
            account = Account(email=f"p{n}@example.org", first_name="P", last_name="M", stamp=f"p{n}")
            db.session.add(
                Membership(family_id=town.families["A"], person=person, member_kind=MemberKind.GUARDIAN)
            )
            db.session.add(AccountFamily(account=account, family_id=town.families["A"], person=person))
        db.session.commit()
    assert client.get(page).text.count("Fermer l’accès") >= 10
    assert statements(client, page) == few


# --- The team ------------------------------------------------------------------------------------


def test_a_colleague_is_invited_by_the_form_and_what_was_typed_is_kept_when_it_is_wrong(town: Town) -> None:
    client = town.client("admin")
    typed = {"first_name": "Ada", "last_name": "Bureau", "email": "ada@", "role": "head", "facility": "0"}
    answer = client.post("/service/equipe", data=typed)
    assert answer.status_code == 422
    assert 'value="Bureau"' in answer.text
    answer = client.post("/service/equipe", data={**typed, "email": "ada@example.org"}, follow_redirects=True)
    assert "Ada Bureau" in answer.text
    assert posted() == ["ada@example.org"]


def test_the_team_asks_the_same_for_seven_and_for_twenty(town: Town) -> None:
    client = town.client("admin")
    few = statements(client, "/service/equipe")
    with unscoped("essai"):
        for n in range(13):
            account = Account(email=f"c{n}@example.org", first_name="C", last_name=f"C{n}", stamp=f"c{n}")
            db.session.add(
                RoleGrant(account=account, role_name=RoleName.HEAD, facility_id=town.facilities["restaurant"])
            )
        db.session.commit()
    assert "c12@example.org" in client.get("/service/equipe").text
    assert statements(client, "/service/equipe") == few


# --- The outbox ----------------------------------------------------------------------------------


def test_in_a_demonstration_the_text_of_mails_reads_on_screen_and_with_a_server_it_never_does(
    town: Town,
) -> None:
    write_mails(1)
    client = town.client("desk")
    shown = client.get("/service/courrier").text
    assert "n’ont pas quitté la machine" in shown
    assert "bienvenue/secret" in shown
    town.app.config["MAIL_SERVER"] = "127.0.0.1"
    hidden = client.get("/service/courrier").text
    assert "parent0@example.org" in hidden
    assert "secret" not in hidden
    assert "n’ont pas quitté" not in hidden


def test_a_mail_that_failed_leaves_again_in_one_click_and_a_sent_one_does_not(town: Town) -> None:
    failed, sent = write_mails(1, MailStatus.FAILED) + write_mails(1, MailStatus.SENT)
    client = town.client("desk")
    assert client.post(f"/service/courrier/{sent}/renvoyer").status_code == 404
    assert client.post(f"/service/courrier/{failed}/renvoyer", data={"etat": "failed"}).location.endswith(
        "?etat=failed"
    )
    assert mailer.send_due(clock.now()) == 1


def test_all_that_failed_leaves_again_at_once(town: Town) -> None:
    write_mails(3, MailStatus.FAILED)
    client = town.client("desk")
    assert "Renvoyer les 3 e-mails en échec" in client.get("/service/courrier").text
    assert "3 e-mails repartent" in client.post("/service/courrier/renvoyer", follow_redirects=True).text


def test_the_outbox_is_filtered_and_paged(town: Town) -> None:
    write_mails(51)
    write_mails(1, MailStatus.SENT)
    client = town.client("desk")
    first, second = (
        client.get("/service/courrier?etat=waiting").text,
        client.get("/service/courrier?etat=waiting&page=2").text,
    )
    assert "parent49@example.org" in first and "parent50@example.org" not in first
    assert "parent50@example.org" in second
    assert "Lignes 51 à 51 sur 51" in second
    assert client.get("/service/courrier?etat=waiting&page=99").status_code == 200
    assert "Aucun e-mail ici" in client.get("/service/courrier?etat=failed").text


def test_a_full_page_of_mails_asks_no_more_than_an_empty_one(town: Town) -> None:
    client = town.client("desk")
    few = statements(client, "/service/courrier")
    write_mails(50)
    assert statements(client, "/service/courrier") == few


# --- The words of mails --------------------------------------------------------------------------


def test_words_that_could_not_be_filled_are_refused_when_they_are_saved(town: Town) -> None:
    client = town.client("configurator")
    typed = {
        "code": "message",
        "name": "Réponse",
        "subject": "À {structuree}",
        "body": "Bonjour {prenom",
    }
    answer = client.post(f"/service/{MailText.__term__.slug}/creer", data=typed)
    assert answer.status_code in (200, 422)
    assert "«\u00a0{structuree}\u00a0» n’existe pas" in answer.text
    assert "Une accolade est seule" in answer.text
    assert "À {structuree}" in answer.text
    with unscoped("essai"):
        assert db.session.scalars(select(MailText)).all() == []
    sound = {**typed, "subject": "Réponse à {structure}", "body": "Bonjour {prenom}\n\nLire\u00a0: {lien}"}
    saved = client.post(f"/service/{MailText.__term__.slug}/creer", data=sound, follow_redirects=True)
    assert "qui a répondu" in saved.text  # what may be written between braces
    with unscoped("essai"):
        assert db.session.scalars(select(MailText.subject)).one() == "Réponse à {structure}"


def test_a_code_of_no_mail_is_refused(town: Town) -> None:
    typed = {"code": "bonjour", "name": "x", "subject": "x", "body": "x"}
    answer = town.client("configurator").post(f"/service/{MailText.__term__.slug}/creer", data=typed)
    assert "Les codes sont" in answer.text


# --- Who changes an identifier -------------------------------------------------------------------


def test_a_secretary_does_not_change_the_address_of_an_administrator(town: Town) -> None:
    """Whoever holds the address has the password mailed."""
    path = f"/service/comptes/{town.accounts['admin']}/modifier"
    answer = town.client("desk").post(path, data={"email": "mallory@example.org", "revision": "1"})
    assert answer.status_code in (403, 404)
    with unscoped("essai"):
        assert db.session.scalars(select(Account).where(Account.email == "mallory@example.org")).all() == []


def test_the_record_of_a_household_leads_to_its_accesses_for_who_may_open_them(town: Town) -> None:
    path, door = f"/service/familles/{town.families['A']}", f"/service/acces/{town.families['A']}"
    assert f'href="{door}"' in town.client("desk").get(path).text
    assert f'href="{door}"' not in town.client("head").get(path).text


# --- The command line ----------------------------------------------------------------------------


def test_the_first_administrator_enters_by_the_link_that_the_command_prints(town: Town) -> None:
    runner = town.app.test_cli_runner()
    words = ["account", "create", "--role", "admin", "--email", "Premiere@Example.org"]
    done = runner.invoke(args=words)
    assert done.exit_code == 0, done.output
    path = done.output.strip().removeprefix("http://localhost")
    client = town.client(None)
    assert client.post(path, data={"password": "sept pigeons sur le toit"}).location == "/service/"
    assert client.get("/service/equipe").status_code == 200
    wrong = runner.invoke(args=[*words[:-1], "premiere"])
    assert wrong.exit_code == 1
    assert "adresse e-mail" in wrong.output
