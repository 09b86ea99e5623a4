"""Staying logged in: a rest limit and an absolute one."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.screens import stay
from app.services import clock
from tests.people import Town
from tests.support.doors import enter, give_passwords, is_in

NOW = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("as_staff", "hours"), [(True, 10), (False, 24)])
def test_a_rest_lasts_up_to_its_limit_and_no_longer(app: Flask, as_staff: bool, hours: int) -> None:
    seen = NOW.timestamp()
    limit = NOW + timedelta(hours=hours)
    assert not stay.is_over(seen, seen, as_staff, limit - timedelta(seconds=1))
    assert stay.is_over(seen, seen, as_staff, limit)


def test_thirty_days_are_the_most_whatever_one_does(app: Flask) -> None:
    limit = NOW + timedelta(days=30)
    for moment, over in ((limit - timedelta(seconds=1), False), (limit, True)):
        assert stay.is_over(NOW.timestamp(), moment.timestamp() - 5, False, moment) is over


def test_after_a_long_rest_one_logs_in_again_and_is_told_why(town: Town) -> None:
    give_passwords()
    client = town.client(None)
    enter(client, "claire@example.org")
    with client.session_transaction() as cookie:
        cookie[stay.SEEN] -= 24 * 3600
    assert not is_in(client)
    assert "sans rien faire" in client.get("/connexion").text


def test_a_page_now_and_then_keeps_one_in(town: Town) -> None:
    give_passwords()
    client = town.client(None)
    enter(client, "claire@example.org")
    with client.session_transaction() as cookie:
        cookie[stay.SEEN] -= 23 * 3600
    assert is_in(client)
    with client.session_transaction() as cookie:
        assert cookie[stay.SEEN] >= clock.now().timestamp() - 5
