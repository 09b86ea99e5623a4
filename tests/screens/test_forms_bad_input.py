"""Hostile forms and addresses, drawn for every door of every entity: a clear refusal, and nothing written.

Each viewer is one whom the door is open to. What is refused is a 4xx in French; what is accepted leaves the
page by a redirection; nothing is ever a 5xx (an exception comes out of the test client as it is).
"""

import io
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from app.access import permissions
from app.access.viewer import Side
from app.declare import Attribute, Entity, Kind, entities
from app.models import HealthReading, Rule
from app.screens.builder import inline
from app.screens.builder.staff import StaffScreen
from app.services import records
from tests.people import Ground, Town, _keep
from tests.support.forms import form_of
from tests.support.rows import Rows, every_row

WRITTEN_ELSEWHERE: set[type[Entity]] = {Rule}
"""By the form of its kind alone: besieged in test_rules."""
STAFF = ("configurator", "desk", "accountant", "admin", "head", "hugo")
FORMS, LISTS = 1200, 260
DRAWN = settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HOSTILE: list[bytes] = [
    b"", b" ", b"\x00", b"a\x00b", "\u202eabc".encode(), b"\xe9t\xe9", b"\xed\xa0\x80", b"\xff\xfe\x00",
    b"\xc3", b"-1", b"0", b"1", b"2", b"999999", b"2147483647", b"2147483648", b"-2147483649",
    b"99999999999999999999", b"1e400", b"1e9999999", b"1e-9999999", b"NaN", b"Infinity", b"-0", b"0x10",
    "²".encode(), "١٢".encode(), b"1_000", b"4,32", b"4,3212345", b"0000-00-00", b"0001-01-01",
    b"9999-12-31", b"2026-02-30", b"31/12/2026", b"2026-09-01T25:00", b"2026-03-29T02:30", b"24:00",
    b"8h30", b"on", b"oui", b"peut-etre", b"None", b"null", b"[]", b'{"a": 1}',
    b"<script>alert(1)</script>", b"'; drop table family --", b"%00", b"{{ 7*7 }}", b"../../etc/passwd",
    b"a@b", b"x" * 300, b"x" * 5000, "é".encode() * 2000, b"\r\n\r\n", b"\n".join([b"lundi"] * 300),
    "👩‍👩‍👧".encode() * 50, b"\x1b[2J", "\u0000\ud7ff".encode(),
]  # fmt: skip
PLAUSIBLE: dict[Kind | None, str] = {
    Kind.INTEGER: "3", Kind.CENTS: "4,32", Kind.DECIMAL: "4,32", Kind.BOOLEAN: "1", Kind.DATE: "2026-09-01",
    Kind.TIME: "08:30", Kind.MOMENT: "2026-09-01T08:30", Kind.EMAIL: "essai@example.org",
    Kind.PHONE: "04 65 71 01 12", Kind.IBAN: "FR7630006000011234567890189", Kind.JSON: "lundi",
}  # fmt: skip
ENGLISH = re.compile(
    r"Bad Request|Not Found|Forbidden|Internal|Traceback|must be|is not a|Invalid", re.IGNORECASE
)
Pairs = list[tuple[str, bytes]]


@dataclass
class Door:
    """A form, who fills it, and what they would send if they meant well."""

    entity: type[Entity]
    page: StaffScreen
    who: str
    address: str
    pairs: Pairs = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The fields that the form has, those that it does not show, and some that do not exist."""
        hidden = list(self.entity.__attributes__)
        keys = [one.column for one in self.entity.__attributes__.values() if one.kind is Kind.RELATION]
        parts = [other.__term__.slug for other, _ in inline.parts_of(self.entity)]
        lines = [
            f"{part}-{name}"
            for part in parts
            for name in ("lignes", "0-id", "0-revision", "0-retirer", "1-id", "0-x")
        ]
        extra = [
            "revision",
            "id",
            "nimporte",
            "csrf_token",
            "_ajouter",
            "_chercher",
            "family-mots",
            "__class__",
        ]
        return list(dict.fromkeys([*(name for name, _ in self.pairs), *hidden, *keys, *lines, *extra]))


@dataclass
class Siege:
    """The town with a row of everything, and the doors of every form."""

    ground: Ground
    town: Town
    rows: dict[str, Rows]
    doors: list[Door]

    def restore(self) -> None:
        """The town as it was: what was accepted is undone."""
        self.ground.restore("siege")

    def counts(self) -> list[int]:
        """How many rows each table has, and the sum of their revisions: any write changes it."""
        with closing(sqlite3.connect(self.ground.folder / "marelle.db")) as direct:
            # That a form refused shows a child's health is noted, as of any page.
            tables = [entity.__tablename__ for entity in entities() if entity is not HealthReading]
            asked = [f"(select count(*) from {one}), (select sum(revision) from {one})" for one in tables]  # noqa: S608
            found = direct.execute("select " + ", ".join(asked)).fetchone()
        return list(found)


@pytest.fixture
def siege(ground: Ground, town: Town) -> Siege:
    rows = every_row(town)
    _keep(ground.folder, "siege")
    ground.restore("siege")
    found = [door for entity in entities() for door in _doors(town, entity, rows["A"])]
    return Siege(ground, town, rows, found)


def _doors(town: Town, entity: type[Entity], rows: Rows) -> list[Door]:
    page: StaffScreen = town.app.extensions["marelle.screens"][entity.__name__, Side.STAFF]
    found = []
    for method, path in (("add", "/creer"), ("edit", f"/{rows[entity.__name__]}/modifier")):
        who = next((name for name in STAFF if page.allows(method, town.viewer(name))), None)
        if who is None:
            continue
        door = Door(entity, page, who, page.route_base + path)
        answer = town.client(who).get(door.address)
        if answer.status_code != 200:
            continue  # out of reach of that role
        door.pairs = _meant_well(entity, form_of(answer.get_data(as_text=True)), rows)
        found.append(door)
    return found


def _meant_well(entity: type[Entity], drawn: dict[str, Any], rows: Rows) -> Pairs:
    pairs = []
    for name, value in drawn.items():
        one = entity.__attributes__.get(name)
        pairs.append((name, (value or (_plausible(one, rows) if one is not None else "")).encode()))
    return pairs


def _plausible(one: Attribute, rows: Rows) -> str:
    if one.kind is Kind.RELATION:
        return str(rows[one.target])
    if one.kind is Kind.CHOICE:
        return str(next(iter(one.python_type)).value)
    return PLAUSIBLE.get(one.kind, f"Essai {one.name}"[: one.length or 60])


def body(pairs: Pairs) -> bytes:
    """As a browser writes it, whatever the bytes."""
    return "&".join(f"{quote(name)}={quote_from_bytes(value)}" for name, value in pairs).encode()


def check(siege: Siege, door: Door, answer: Any, before: list[int], sent: Any) -> bool:
    """A redirection, a form drawn again, or a refusal in French that wrote nothing; True: accepted."""
    status = answer.status_code
    assert status in (200, 302, 400, 404, 409, 413, 422), (status, door.address, sent)
    if status == 302:
        return True
    page = answer.get_data(as_text=True)
    assert 'lang="fr"' in page, (status, door.address, sent)
    assert siege.counts() == before, (status, door.address, sent)
    if status >= 400:
        told = re.sub(r"<(?:textarea|option|input)[^>]*>(?:[^<]*</textarea>)?", "", page)
        assert not ENGLISH.search(re.sub(r"<[^>]*>", "", told)), (status, door.address, sent)
    return False


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.one_of(
            st.sampled_from(HOSTILE), st.binary(max_size=20), st.integers().map(lambda n: str(n).encode())
        ),
        st.sampled_from(["put", "put", "put", "repeat", "drop"]),
    ),
    min_size=1,
    max_size=5,
)


def mangled(door: Door, changes: list[tuple[int, bytes, str]]) -> Pairs:
    """The form that means well, with these changes."""
    pairs = list(door.pairs)
    for number, value, how in changes:
        name = door.names[number % len(door.names)]
        if how != "repeat":
            pairs = [pair for pair in pairs if pair[0] != name]
        if how != "drop":
            pairs.append((name, value))
    return pairs


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hostile_form_is_refused_in_french_and_writes_nothing(siege: Siege) -> None:
    before = siege.counts()
    assert len(siege.doors) > 60
    tally = {"sent": 0, "kept": 0}

    @seed(20260902)
    @settings(DRAWN, max_examples=FORMS)
    @given(st.integers(0, len(siege.doors) - 1), CHANGES)
    def storm(number: int, changes: list[tuple[int, bytes, str]]) -> None:
        # Each door in its turn, and the drawn one: none is left out by chance.
        door = siege.doors[(number + tally["sent"]) % len(siege.doors)]
        sent = body(mangled(door, changes))
        tally["sent"] += 1
        client = siege.town.client(door.who)
        answer = client.post(door.address, data=sent, content_type="application/x-www-form-urlencoded")
        if check(siege, door, answer, before, sent):
            tally["kept"] += 1
            siege.restore()

    storm()
    assert tally["sent"] >= 1000 and tally["kept"] > 50  # many pass the first checks, and some are right


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hostile_address_of_a_list_is_answered_by_a_page(siege: Siege) -> None:
    words = ["q", "tri", "page", "taille", "onglet", "nimporte", "colonnes", "__class__"]
    tried: list[str] = []

    @seed(20260902)
    @settings(DRAWN, max_examples=LISTS)
    @given(st.integers(0, 10_000), st.sampled_from(STAFF), CHANGES)
    def storm(number: int, who: str, changes: list[tuple[int, bytes, str]]) -> None:
        entity = entities()[(number + len(tried) // 4) % len(entities())]
        page: StaffScreen = siege.town.app.extensions["marelle.screens"][entity.__name__, Side.STAFF]
        viewer = siege.town.viewer(who)
        names = [*words, *entity.__attributes__, *(f"{name}-du" for name in entity.__attributes__)]
        pairs = [(names[n % len(names)], value) for n, value, _ in changes]
        row = siege.rows["A"][entity.__name__]
        for path in ("/", "/export.csv", "/creer", f"/{row}"):
            tried.append(path)
            address = f"{page.route_base}{path}?{body(pairs).decode()}"
            answer = siege.town.client(who).get(address)
            allowed = permissions.may(viewer, entity, permissions.Action.SEE)
            assert answer.status_code in ((200, 302, 403, 404) if allowed else (403,)), address

    storm()
    assert len(tried) >= 1000


def test_a_form_without_its_token_or_with_a_forged_one_writes_nothing(siege: Siege) -> None:
    before = siege.counts()
    siege.town.app.config["WTF_CSRF_ENABLED"] = True
    for door in siege.doors:
        for forged in ([], [("csrf_token", b"x")], [("csrf_token", b"\x00\xff")]):
            pairs = [pair for pair in door.pairs if pair[0] != "csrf_token"] + forged
            answer = siege.town.client(door.who).post(
                door.address, data=body(pairs), content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 400, door.address
            assert not check(siege, door, answer, before, forged)


def test_ten_million_signs_are_refused_and_write_nothing(siege: Siege) -> None:
    before = siege.counts()
    siege.town.app.config["MAX_FORM_MEMORY_SIZE"] = 500_000  # as in ``config.py``
    texts = {Kind.TEXT, Kind.LONG_TEXT, Kind.INTEGER, Kind.DECIMAL}
    for kind in texts:
        door, name = next(
            (door, one.name)
            for door in siege.doors
            for one in door.entity.__attributes__.values()
            if one.kind is kind and one.name in dict(door.pairs)
        )
        pairs = [(key, b"9" * 10_000_000 if key == name else value) for key, value in door.pairs]
        client = siege.town.client(door.who)
        forms: list[tuple[dict[str, Any], int]] = [
            ({"data": body(pairs), "content_type": "application/x-www-form-urlencoded"}, 422),
            ({"data": dict(pairs), "content_type": "multipart/form-data"}, 413),  # as our pages send them
        ]
        for sent, expected in forms:
            answer = client.post(door.address, **sent)
            assert answer.status_code == expected, (door.address, answer.status_code)
            assert not check(siege, door, answer, before, name)


WRONG = {
    "empty": b"",
    "a program": b"MZ\x90\x00 a program",
    "a drawing": b"<svg onload=alert(1)>",
    "half a PDF": b"%PDF-1.4 cut",
    "half a picture": b"\x89PNG\r\n\x1a\n cut",
    "zeros": b"\x00" * 100,
}


def test_a_file_whose_content_is_wrong_is_refused_and_kept_nowhere(siege: Siege) -> None:
    before = siege.counts()
    tried = 0
    for door in siege.doors:
        for one in door.entity.__attributes__.values():
            if one.kind is not Kind.FILE or not permissions.edits(siege.town.viewer(door.who), one):
                continue
            for what, content in WRONG.items():
                tried += 1
                data: dict[str, Any] = {
                    name: value.decode() for name, value in door.pairs if name != one.name
                }
                data[one.name] = (io.BytesIO(content), "../../piece\x00.pdf")
                answer = siege.town.client(door.who).post(door.address, data=data)
                assert answer.status_code == 422, (door.address, what, answer.status_code)
                assert not check(siege, door, answer, before, what)
    assert tried >= 2 * len(WRONG)


def test_what_a_viewer_may_not_edit_is_never_taken_from_a_form(siege: Siege) -> None:
    """Every attribute that is not theirs, sent by name and by column: kept as it was."""
    for door in siege.doors:
        viewer = siege.town.viewer(door.who)
        barred = [one for one in door.entity.__attributes__.values() if not permissions.edits(viewer, one)]
        if not barred or door.address.endswith("/creer"):
            continue
        table = door.entity.__tablename__
        columns = ", ".join(f'"{one.column}"' for one in barred)
        row = door.address.split("/")[-2]

        def read(asked: str = f"select {columns} from {table} where id = {row}") -> Any:  # noqa: S608
            with closing(sqlite3.connect(siege.ground.folder / "marelle.db")) as direct:
                return direct.execute(asked).fetchone()

        now = read()
        forged = [(name, b"1") for one in barred for name in (one.name, one.column)]
        answer = siege.town.client(door.who).post(
            door.address, data=body([*door.pairs, *forged]), content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code in (302, 409, 422), door.address
        assert read() == now, door.address


def test_every_form_that_a_role_may_write_in_is_besieged(siege: Siege) -> None:
    reached = {door.entity for door in siege.doors} | WRITTEN_ELSEWHERE
    for entity in entities():
        if any(records.can_be_made(entity, siege.town.viewer(name)) for name in STAFF):
            assert entity in reached, entity
