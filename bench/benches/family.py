"""What a parent opens: the dashboard, the file, a child, the history; flat as the town grows."""

from collections.abc import Callable

from bench.registry import Work, bench
from bench.town import Town


def _opens(town: Town, path: Callable[[int], str]) -> Work:
    """The page of the child with the most bookings, as a guardian of theirs opens it."""
    child_id, family_id = town.busy_child()
    client, address = town.client(town.parent_of(family_id)), path(child_id)
    assert client.get(address).status_code == 200, address
    return lambda: client.get(address)


@bench("dashboard", cpu_ms=25, statements=12)
def dashboard(town: Town) -> Work:
    """What is expected of the parents, and the tiles."""
    return _opens(town, lambda child_id: "/accueil/")


@bench("my family", cpu_ms=25, statements=12)
def my_family(town: Town) -> Work:
    """The household's people, each with what is missing."""
    return _opens(town, lambda child_id: "/ma-famille")


@bench("child's file", cpu_ms=25, statements=12)
def child_file(town: Town) -> Work:
    """The parts of a child's file."""
    return _opens(town, lambda child_id: f"/ma-famille/enfant/{child_id}")


@bench("child's health", cpu_ms=25, statements=12)
def child_health(town: Town) -> Work:
    """The form of the child's health, with every vaccine and word."""
    return _opens(town, lambda child_id: f"/ma-famille/enfant/{child_id}/sante")


@bench("history", cpu_ms=25, statements=12)
def history(town: Town) -> Work:
    """A month of connections and actions."""
    return _opens(town, lambda child_id: "/historique/")
