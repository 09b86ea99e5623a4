"""The demonstration town of a module of journeys, on a real server, with its mail."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.journey.people import Town
from tests.journey.window import PICTURES, Album
from tests.support.server import Server
from tests.support.smtp import Listener, listening


@pytest.fixture(scope="module")
def demo_post() -> Iterator[Listener]:
    """Where the mail of the demonstration arrives."""
    with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
def demo(module_server: Callable[..., Server], demo_post: Listener) -> Server:
    """The demonstration on a real server, one for each module."""
    return module_server(demo=True, **demo_post.environ())


@pytest.fixture
def demo_town(
    demo: Server, demo_post: Listener, browser_page: Callable[..., Page], request: pytest.FixtureRequest
) -> Town:
    """The town, nobody in yet, and an empty letter box."""
    demo_post.clear()
    return Town(demo, demo_post, browser_page, album_of(request.node))


def album_of(test: Any) -> Album:
    """Where the pictures of a test go."""
    return Album(PICTURES / test.name.removeprefix("test_").replace("/", "-"))
