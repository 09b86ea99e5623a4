"""Several people at once: the same requests alone, then together, and what differs."""

import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.access import permissions
from app.access.database import db
from app.access.viewer import Viewer
from app.declare import Kind
from app.models import HealthReading
from app.screens.builder import filters, listing
from app.screens.builder.screen import Screen
from tests.people import Browser, Town, make_town, settings_for
from tests.support.costs import screens
from tests.support.many import many_rows

PEOPLE = ("claire", "denis", "paul", "desk", "accountant", "hugo", "admin", "configurator")
"""A parent of each home, one of both; the desk, one who counts, the head of the canteen, two who set up."""
CONNECTIONS = 5
"""Fewer than people: a connection serves one, then another."""
TOKEN = re.compile(r'(csrf[-_]token" (?:value|content)=")[^"]*')


@dataclass(frozen=True)
class Person:
    """Somebody at a browser, and what they ask."""

    name: str
    client: FlaskClient
    doors: tuple[str, ...]

    def ask(self, door: str) -> tuple[int, str]:
        """The answer, but for what changes each time."""
        try:
            answer = self.client.get(door)
        except Exception as error:  # noqa: BLE001  (whatever breaks is an answer like no other)
            return 0, repr(error)
        return answer.status_code, TOKEN.sub(r"\1", answer.get_data(as_text=True))


@contextmanager
def populated(folder: Path, address: str | None = None, count: int = 120) -> Iterator[Town]:
    """A town with that many rows of everything, over a few connections; what breaks answers 500."""
    bounds = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": 60}
    settings = settings_for(folder) | {"PROPAGATE_EXCEPTIONS": False, "SQLALCHEMY_ENGINE_OPTIONS": bounds}
    app: Flask = create_app(settings | ({"SQLALCHEMY_DATABASE_URI": address} if address else {}))
    app.test_client_class = Browser
    with app.app_context():
        try:
            db.create_all()
            town = make_town(app)
            many_rows(town, count)
            yield town
        finally:
            db.session.remove()
            db.engine.dispose()


def people(town: Town, each: int) -> list[Person]:
    """All of them, each with so many requests that nobody else makes."""
    found = []
    for rank, name in enumerate(PEOPLE, 1):
        viewer = town.viewer(name)
        # The others' reading adds to the list of readings.
        pages = [one for one in screens(town, viewer) if one.entity is not HealthReading]
        doors = tuple(
            _door(pages[number % len(pages)], viewer, rank, number, 9 + rank + 8 * (number // len(pages)))
            for number in range(each)
        )
        found.append(Person(name, town.client(name), doors))
    return found


def _door(page: Screen, viewer: Viewer, rank: int, number: int, size: int) -> str:
    """A list with words, a filter, an order, a page and a size that nobody else asks of it."""
    pairs: list[tuple[str, Any]] = [("taille", size)]
    if number % 3:
        pairs.append(("q", f"{rank} {number % 10}" if number % 3 == 1 else rank))
    able = [one for one in filters.filterable(permissions.visible(page.entity, viewer)) if not number % 2]
    if able:
        one = able[(number + rank) % len(able)]
        if one.kind in filters.DAYS:
            pairs.append((f"{one.name}-du", f"1990-0{rank}-{number % 28 + 1:02}"))
        elif one.kind is Kind.CHOICE:
            members = list(one.python_type)
            pairs.append((one.name, members[(rank + number) % len(members)].value))
        elif one.kind is Kind.BOOLEAN:
            pairs.append((one.name, ("oui", "non")[(rank + number) % 2]))
        else:
            pairs.append((one.name, 1 if number % 4 else 1000 + rank + number))
    sortable = listing.sortable(listing.columns(page.entity, viewer))
    if sortable:
        sign = "-" if (rank + number) % 2 else ""
        pairs.append(("tri", sign + sortable[(rank * 3 + number) % len(sortable)].name))
    return filters.address(f"{page.route_base}/", [*pairs, ("page", 2 if number % 5 == 0 else "")])


Answers = dict[tuple[str, str], tuple[int, str]]


def alone(everyone: Sequence[Person]) -> Answers:
    """What each gets when nobody else is there."""
    return {(one.name, door): one.ask(door) for one in everyone for door in one.doors}


def together(everyone: Sequence[Person], expected: Answers) -> list[str]:
    """All at once, a thread each: the requests whose answer is not the one expected."""
    faults: list[str] = []
    start = threading.Barrier(len(everyone))

    def knock(one: Person) -> None:
        start.wait()
        for door in one.doors:
            answer = one.ask(door)
            if answer != expected[one.name, door]:
                change = _first_change(expected[one.name, door][1], answer[1])
                faults.append(f"{one.name}, {door}: {answer[0]}, {change}")

    threads = [threading.Thread(target=knock, args=(one,), name=one.name) for one in everyone]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    return faults


def _first_change(wanted: str, given: str) -> str:
    pairs = zip(wanted.splitlines(), given.splitlines(), strict=False)
    return next((f"{was[:80]!r} became {now[:80]!r}" for was, now in pairs if was != now), "another length")
