"""The last place on a real PostgreSQL: parents ask at once, one gets it, then who waits first does."""

import threading
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, Opening
from app.services import bookings, places
from app.services.bookings import Sent
from app.services.desk import Draft
from tests.people import Town, make_town, settings_for
from tests.wednesday import MEAL, NOW, open_wednesdays

ASKERS = (("claire", "lila", "A"), ("denis", "tom", "B"), ("claire", "zoe", "A"), ("denis", "zoe", "B"))


def send(app: Flask, town: Town, asker: tuple[str, str, str], draft: Draft) -> Sent:
    name, child, family = asker
    with app.app_context():
        with town.acting(name):
            sent = bookings.send(town.people[child], town.families[family], draft, NOW)
        db.session.remove()
    assert sent is not None
    return sent


@pytest.mark.slow
def test_parents_who_ask_at_the_same_time_share_one_place_and_one_square_a_child(
    postgres_url: str, tmp_path: Path
) -> None:
    address = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    app = create_app({**settings_for(tmp_path), "SQLALCHEMY_DATABASE_URI": address})
    with app.app_context():
        db.create_all()
        town = open_wednesdays(make_town(app))
        with unscoped("une place"):
            for opening in db.session.scalars(select(Opening)):
                opening.places = 1
            db.session.commit()
        db.session.remove()
    found: dict[tuple[str, str, str], Sent] = {}
    draft = Draft(frozenset({MEAL}))
    threads = [
        threading.Thread(target=lambda one=one: found.__setitem__(one, send(app, town, one, draft)))
        for one in ASKERS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 4
    assert sum(one.confirmed for one in found.values()) == 1
    assert [one.accepted for one in found.values()].count(False) == 1  # Zoé, by her second home
    winner = next(one for one in ASKERS if found[one].confirmed)
    send(app, town, winner, Draft(unwanted=frozenset({MEAL})))
    with app.app_context(), unscoped("vérification"):
        standing = list(
            db.session.scalars(select(Booking.status).where(Booking.status != BookingStatus.CANCELLED))
        )
        assert standing.count(BookingStatus.CONFIRMED) == 1
        assert places.give_all(NOW) == 0
        db.session.remove()
        db.engine.dispose()
