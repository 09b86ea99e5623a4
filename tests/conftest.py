"""What every test may ask for. The real parts are in ``tests/support``, the people in ``tests/people.py``.

| fixture | gives | lives |
|---|---|---|
| ``postgres_url`` | the address of an empty PostgreSQL database | a module |
| ``postgres_cluster`` | the cluster, to make databases oneself | the run |
| ``smtp`` | a listener that keeps the mail (``tests.support.smtp.Listener``) | a test |
| ``server`` | ``server(demo=True, database="sqlite", **environ)``: a real one, started | a test |
| ``module_server`` | the same | a module |
| ``browser_page`` | ``browser_page(screen="phone", base_url=...)``: a Playwright page | a test |
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import config
from tests.support import network, shared_folder
from tests.support.browser import Watch, chromium, open_window
from tests.support.postgres import Cluster, cluster
from tests.support.server import LIVE, Homes, Server
from tests.support.smtp import Listener, listening

# ---- The application's own fixtures (app, town, ...): tests/people.py ----
pytest_plugins = ["tests.people", "tests.wednesday", "tests.money"]
# --------------------------------------------------------------------------

RESULTS = config.ROOT / "test-results"
_WINDOWS: list[Watch] = []


LONGEST = ("test_statements.py", "test_frozen.py", "test_staff_doors.py", "test_doors.py")


def pytest_configure(config: pytest.Config) -> None:
    """Nothing of this machine's set-up leaks into tests, and no test leaves this machine."""
    _forget_settings()
    network.close_the_doors()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first: dealt file by file, none of them ends the run alone."""

    def rank(item: pytest.Item) -> int:
        if item.path.name in LONGEST:
            return LONGEST.index(item.path.name)
        return len(LONGEST) + (item.path not in slow)

    marked = (item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("journey"))
    slow = {item.path for item in marked}
    items.sort(key=rank)


def _forget_settings() -> None:
    for one in config.VARIABLES:
        os.environ.pop(one.name, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Beside a failure: the logs of the servers, and what the browser showed."""
    report = yield
    if report.failed and call.when in {"setup", "call"}:
        for server in LIVE:
            report.sections.append((f"logs of {server.url}", server.logs()))
        for number, window in enumerate(_WINDOWS):
            RESULTS.mkdir(exist_ok=True)
            picture = RESULTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', item.nodeid)}-{number}.png"
            window.screenshot(picture)
            report.sections.append(("browser", f"{picture}\n" + "\n".join(window.problems)))
    return report


# PostgreSQL ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_cluster(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The cluster that this run shares."""
    return cluster(shared_folder(tmp_path_factory))


@pytest.fixture(scope="module")
def postgres_url(postgres_cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database for this module, dropped at its end."""
    with postgres_cluster.database(_unique(request.node.name)) as url:
        yield url


def _unique(name: str) -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    return re.sub(r"\W+", "_", f"{name}_{worker}_{os.urandom(3).hex()}").lower()[-60:]


# Mail ----------------------------------------------------------------------------------------


@pytest.fixture
def smtp() -> Iterator[Listener]:
    """A real SMTP listener; ``smtp.environ()`` tells a server to send there."""
    with listening() as listener:
        yield listener


# The server ----------------------------------------------------------------------------------

ServerFactory = Callable[..., Server]


@pytest.fixture
def server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[ServerFactory]:
    """Start real servers; they stop with the test."""
    with ExitStack() as stack:
        yield _servers(tmp_path_factory, request, stack)


@pytest.fixture(scope="module")
def module_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[ServerFactory]:
    """Start real servers; they stop with the module."""
    with ExitStack() as stack:
        yield _servers(tmp_path_factory, request, stack)


def _servers(
    factory: pytest.TempPathFactory, request: pytest.FixtureRequest, stack: ExitStack
) -> ServerFactory:
    shared = shared_folder(factory)

    def start(demo: bool = True, database: str = "sqlite", rulebook: str = "", **environ: str) -> Server:
        home = factory.mktemp("home")
        url = None
        if database == "postgres":
            running: Cluster = request.getfixturevalue("postgres_cluster")
            name = _unique("server")
            url = Homes(shared).postgres(home, demo, running, name)
            stack.callback(running.drop, name)
        else:
            Homes(shared).sqlite(home, demo, rulebook)
        started = Server(home, url, environ)
        stack.callback(started.stop)
        started.start()
        return started

    return start


# The browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with chromium() as started:
        yield started


@pytest.fixture
def browser_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open windows; at the end, anything that went wrong in one fails the test."""
    opened: list[Watch] = []

    def open_page(screen: str = "phone", base_url: str | None = None, expected: tuple[str, ...] = ()) -> Page:
        window = open_window(browser, screen, base_url, expected)
        opened.append(window)
        _WINDOWS.append(window)
        return window.context.new_page()

    with ExitStack() as stack:
        stack.callback(_WINDOWS.clear)
        yield open_page
        for window in opened:
            stack.callback(window.close)


@pytest.fixture(scope="session")
def results_folder() -> Path:
    """Where a test may leave pictures for a person to look at; not kept in git."""
    RESULTS.mkdir(exist_ok=True)
    return RESULTS
