"""*Documentation*: what is published today, and nothing of yesterday or tomorrow."""

from datetime import UTC, date, datetime

import pytest

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FileRef
from app.models import Publication
from app.rules.words import NBSP
from app.services import clock, files
from tests.people import Town
from tests.support.sql import count_statements

TODAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 1, 8, tzinfo=UTC))


def publish(
    title: str,
    from_on: date = TODAY,
    until_on: date | None = None,
    facility: int | None = None,
    ref: FileRef | None = None,
    to_return: bool = False,
) -> int:
    with unscoped("une publication"):
        one = Publication(
            title=title,
            from_on=from_on,
            until_on=until_on,
            facility_id=facility,
            file=ref,
            to_return=to_return,
        )
        db.session.add(one)
        db.session.commit()
        return one.id


def page(town: Town) -> str:
    return town.client("claire").get("/documentation/").text.replace(NBSP, " ")


def test_an_empty_page_says_so(town: Town) -> None:
    assert "Rien à lire pour le moment" in page(town)


@pytest.mark.parametrize(
    ("from_on", "until_on", "shown"),
    [
        (date(2026, 12, 1), None, True),
        (date(2026, 12, 2), None, False),
        (date(2026, 11, 1), date(2026, 12, 1), True),
        (date(2026, 11, 1), date(2026, 11, 30), False),
    ],
)
def test_a_publication_shows_and_downloads_from_its_first_day_to_its_last(
    town: Town, from_on: date, until_on: date | None, shown: bool
) -> None:
    ref = files.keep(b"%PDF-1.7 menu", "menu.pdf", "application/pdf")
    number = publish("Menu de décembre", from_on, until_on, ref=ref)
    assert ("Menu de décembre" in page(town)) is shown
    answer = town.client("claire").get(f"/documentation/{number}/fichier")
    assert answer.status_code == (200 if shown else 404)


def test_a_file_is_downloaded_and_never_shown_in_place(town: Town) -> None:
    number = publish("Menu", ref=files.keep(b"%PDF-1.7 menu", "menu.pdf", "application/pdf"))
    assert "(PDF, 13 octets)" in page(town)
    answer = town.client("claire").get(f"/documentation/{number}/fichier")
    assert answer.data == b"%PDF-1.7 menu"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_what_is_for_everyone_comes_before_each_facility(town: Town) -> None:
    publish("Programme", facility=town.facilities["grappaloups"])
    publish("Menu", facility=town.facilities["restaurant"])
    publish("Règlement")
    shown = page(town)
    headings = [
        "Pour toutes les familles",
        "Règlement<",
        "Les Grappaloups",
        "Programme<",
        "Restaurant",
        "Menu<",
    ]
    places = [shown.index(words, shown.index("<main")) for words in headings]
    assert places == sorted(places)


def test_only_what_comes_back_is_marked(town: Town) -> None:
    publish("Menu")
    assert "À nous retourner" not in page(town)
    publish("Fiche à remplir", to_return=True)
    assert "À nous retourner" in page(town)


def test_a_publication_without_a_file_has_no_download(town: Town) -> None:
    number = publish("Fermeture du centre")
    assert "Télécharger" not in page(town)
    assert town.client("claire").get(f"/documentation/{number}/fichier").status_code == 404


@pytest.mark.parametrize(("who", "code"), [("desk", 404), (None, 302)])
def test_the_page_is_the_families(town: Town, who: str | None, code: int) -> None:
    number = publish("Menu", ref=files.keep(b"menu", "menu.pdf", "application/pdf"))
    answer = town.client(who).get(f"/documentation/{number}/fichier")
    assert answer.status_code in (code, 403) if who else answer.status_code == code


def test_forty_publications_cost_at_most_eight_statements(town: Town) -> None:
    for rank in range(40):
        publish(f"Menu {rank}", facility=list(town.facilities.values())[rank % 2])
    browser = town.client("claire")
    browser.get("/documentation/")
    with count_statements() as seen:
        browser.get("/documentation/")
    assert len(seen) <= 8, "\n".join(seen)
