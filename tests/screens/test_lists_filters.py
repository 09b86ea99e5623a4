"""Filters typed in a list: numbers between two, words inside a text, and the sentences that say them."""

import re
from decimal import Decimal
from typing import Any

import pytest

from app.access.database import db
from app.access.viewer import Side, unscoped
from app.declare import Entity, Kind, entities
from app.models import Family, Invoice, Person
from app.screens import numbers
from app.screens.builder import filters
from tests.people import Town
from tests.screens.test_builder import crowd, names
from tests.screens.test_lists_columns import page_of
from tests.support.rows import every_row

NB = "\u00a0"
INVOICES = "/service/factures/"


def chips(page: str) -> list[str]:
    """What the filters that are on say."""
    found = re.findall(r'<span class="filter-on">(.*?)<a ', page)
    return [re.sub(r"<[^>]*>", "", one).replace(NB, " ") for one in found]


@pytest.fixture
def bills(town: Town) -> Town:
    """Invoices of 4.32, 10, 10.01 and 1,080.50 euros."""
    crowd(4, town)
    with unscoped("des montants"):
        for invoice, cents in zip(
            db.session.query(Invoice).order_by(Invoice.id), (432, 1000, 1001, 108050), strict=True
        ):
            invoice.total_cents = cents
        db.session.commit()
    return town


@pytest.mark.parametrize(
    ("query", "count", "says"),
    [
        ("total_cents-min=10", 3, "Total à partir de 10 €"),
        ("total_cents-min=10,01", 2, "Total à partir de 10,01 €"),
        ("total_cents-max=10", 2, "Total jusqu’à 10 €"),
        ("total_cents-max=9.99", 1, "Total jusqu’à 9,99 €"),
        ("total_cents-min=10&total_cents-max=1 080,5", 3, "Total de 10 à 1080,5 €"),
        ("total_cents-min=1080,5 €", 1, "Total à partir de 1080,5 €"),
        ("total_cents-min=20&total_cents-max=10", 0, "Total de 20 à 10 €"),
        ("total_cents-min=-5", 4, "Total à partir de -5 €"),
        ("total_cents-max=9999999999", 4, "Total jusqu’à 9999999999 €"),
    ],
)
def test_an_amount_lies_between_two_both_included(bills: Town, query: str, count: int, says: str) -> None:
    answer = bills.client("accountant").get(f"{INVOICES}?{query}")
    assert len(names(answer)) == count
    assert chips(page_of(answer)) == [says]


@pytest.mark.parametrize(
    "text",
    ["", " ", "dix", "1,2,3", "10,001", "NaN", "Infinity", "1e3", "١٢", "²", "--1", "-", ",", "1_0", "%00",
     "9" * 25, "99999999999", "0x10"],
)  # fmt: skip
def test_what_is_no_amount_is_as_if_unwritten(bills: Town, text: str) -> None:
    client = bills.client("accountant")
    assert page_of(client.get(f"{INVOICES}?total_cents-min={text}")) == page_of(client.get(INVOICES))


@pytest.mark.parametrize(
    ("text", "decimals", "value"),
    [("1 080,50", 2, "1080.5"), (f"1{NB}080", 0, "1080"), ("12,5", 0, None), ("−3", 0, "-3"),
     ("4,3219", 4, "4.3219"), ("4,32191", 4, None), ("50 %", 0, "50"), (".", 2, None), ("5,", 2, "5")],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, decimals: int, value: str | None) -> None:
    assert numbers.typed(text, decimals) == (None if value is None else Decimal(value))


def test_a_text_holds_the_words_whatever_the_case_and_accents(town: Town) -> None:
    desk = town.client("desk")
    for words in ("zoe", "ZOÉ", "oé"):
        answer = desk.get("/service/personnes/", query_string={"first_name": words})
        assert names(answer) == ["Martin-Durand"], words
        assert chips(page_of(answer)) == [f"Prénom contient « {words} »"]
    for nothing in ("%", "_", "zoé tom", "\\"):
        assert names(desk.get("/service/personnes/", query_string={"first_name": nothing})) == []
    both = desk.get("/service/personnes/?first_name=o&last_name=martin")
    assert names(both) == ["Martin-Durand"] and len(chips(page_of(both))) == 2


def test_a_phone_is_found_whatever_its_spaces(town: Town) -> None:
    with unscoped("un numéro"):
        db.session.query(Family).filter_by(id=town.families["A"]).one().phone = "04 65 71 01 12"
        db.session.commit()
    desk = town.client("desk")
    for words in ("0465710112", "04 65 71", "65.71", "04-65"):
        assert names(desk.get("/service/familles/", query_string={"phone": words})) == ["Martin"], words


def test_what_is_not_given_is_found_by_a_box_to_tick(town: Town) -> None:
    with unscoped("un numéro, et un autre effacé"):
        for letter, phone in (("A", "04 65 71 01 12"), ("B", "")):
            db.session.query(Family).filter_by(id=town.families[letter]).one().phone = phone
        db.session.commit()
    desk = town.client("desk")
    answer = desk.get("/service/familles/?phone-vide=oui&phone=04")
    assert "Martin" not in names(answer) and len(names(answer)) == db_count(Family) - 1
    assert chips(page_of(answer)) == [f"{Family.__attributes__['phone'].label} : non renseigné"]
    assert re.search('name="phone-vide" value="oui" checked', page_of(answer))
    for unread in ("phone-vide=non", "name-vide=oui", "phone-vide"):  # a name is never missing
        assert len(names(desk.get(f"/service/familles/?{unread}"))) == db_count(Family), unread
    assert "Durand" in names(desk.get("/service/familles/?phone-vide=oui"))
    born = names(desk.get("/service/personnes/?born_on-vide=oui&taille=85"))
    with unscoped("des dates de naissance"):
        assert len(born) == db.session.query(Person).filter(Person.born_on.is_(None)).count() > 0


def db_count(entity: type[Entity]) -> int:
    with unscoped("combien"):
        return db.session.query(entity).count()


def test_chips_are_sentences(town: Town) -> None:
    desk = town.client("desk")

    def said(query: str) -> list[str]:
        return chips(page_of(desk.get(f"/service/inscriptions/?{query}")))

    assert said("status=asked&status=refused") == ["État : demandée ou refusée"]
    assert said("asked_at-du=2026-09-02&asked_at-au=2026-09-05") == ["Demandée du 02/09/2026 au 05/09/2026"]
    assert said("asked_at-du=2026-09-02&asked_at-au=2026-09-02") == ["Demandée le 02/09/2026"]
    assert said("asked_at-du=2026-09-02") == ["Demandée à partir du 02/09/2026"]
    lila, zoe = town.people["lila"], town.people["zoe"]
    assert said(f"child={lila}&child={zoe}") == ["Enfant : Martin Lila ou Martin-Durand Zoé"]


def test_words_inside_a_sentence_lose_their_capital_but_not_their_initials() -> None:
    for words, inside in (("Demandée", "demandée"), ("Élève", "élève"), ("PAI", "PAI"), ("", "")):
        assert filters.lowered(words) == inside
    assert filters.any_of(["a", "b", "c"]) == "a, b ou c" and filters.any_of([]) == ""


def test_the_panel_holds_the_columns_first_and_all_the_rest_under_one_button(town: Town) -> None:
    page = page_of(town.client("desk").get("/service/personnes/"))
    panel = page.split('class="more-filters"')[1].split("</form>", maxsplit=1)[0]
    first, rest = panel.split("autres filtres", maxsplit=1)
    assert 'name="born_on-du"' in first and 'name="city"' in first and 'name="last_name"' not in first
    assert 'name="last_name"' in rest and "Ajouter un filtre" in panel
    filtered = page_of(town.client("desk").get("/service/personnes/?last_name=mar&city=touvet"))
    panel = filtered.split('class="more-filters"')[1].split("autres filtres", maxsplit=1)[0]
    assert 'value="touvet"' in panel and 'value="mar"' in panel and "en place" in panel


@pytest.mark.slow
def test_a_filter_on_what_is_hidden_gives_the_same_page_as_not_asking(town: Town) -> None:
    every_row(town)
    ends: dict[Any, tuple[str, ...]] = {
        Kind.CENTS: ("-min=1", "-max=1"), Kind.INTEGER: ("-min=1", "-max=0"), Kind.DECIMAL: ("-min=1",),
        Kind.TEXT: ("=ligne",), Kind.EMAIL: ("=ligne",), Kind.PHONE: ("=04",), Kind.IBAN: ("=FR",),
        Kind.LONG_TEXT: ("=ligne",),
    }  # fmt: skip
    tried = 0
    for name, side in (("claire", Side.FAMILY), ("accountant", Side.STAFF), ("hugo", Side.STAFF)):
        client, viewer = town.client(name), town.viewer(name)
        for entity in entities():
            page = town.app.extensions["marelle.screens"].get((entity.__name__, side))
            if page is None or not page.allows("index", viewer):
                continue
            hidden = [x for x in entity.__attributes__.values() if not x.seen_by(viewer.acting_roles)]
            plain = page_of(client.get(page.route_base + "/")) if hidden else ""
            for one in hidden:
                for end in ("-vide=oui", *ends.get(one.kind, ())):
                    tried += 1
                    assert page_of(client.get(f"{page.route_base}/?{one.name}{end}")) == plain, (
                        entity,
                        one.name,
                    )
    assert tried > 20


def test_nothing_typed_breaks_a_list(town: Town) -> None:
    desk = town.client("desk")
    for text in (
        "%00",
        "a%00b",
        "é" * 5000,
        "-1",
        "99999999999999999999",
        "'",
        '"; drop table family',
        "vide",
    ):
        for door in ("/service/familles/", "/service/familles/export.csv", "/espace/familles/"):
            client = town.client("claire") if door.startswith("/espace") else desk
            assert client.get(f"{door}?city={text}&phone={text}&name={text}").status_code == 200, (door, text)


def test_filters_stay_with_the_order_and_the_pages_and_reach_the_files(bills: Town) -> None:
    client = bills.client("accountant")
    page = page_of(client.get(f"{INVOICES}?total_cents-min=10&taille=1"))
    assert "?total_cents-min=10&amp;" in page and "page=2" in page
    lines = client.get(f"{INVOICES}export.csv?total_cents-min=10").data.decode().splitlines()
    assert len(lines) == 4


def test_a_family_filters_a_long_list_and_takes_each_filter_off(town: Town) -> None:
    every_row(town)
    claire = town.client("claire")
    page = page_of(claire.get("/espace/reservations/"))
    assert "Filtrer la liste" not in page  # one row needs no filter
    page = page_of(claire.get("/espace/reservations/?taille=1&booked_on-du=2020-01-01"))
    assert len(chips(page)) == 1 and "Retirer le filtre" in page
    for words in ("Colonnes", "Exporter", "data-select", "Vues", "/lot"):
        assert words not in page, words
    assert claire.get("/espace/reservations/?vue=1&colonnes=status").status_code == 200
