"""A real browser: Debian's Chromium, driven by Playwright, listened to for errors, checked by axe."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.support import absent
from tests.support.network import is_near

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    # No name but this machine's leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
SCREENS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "desk": {"viewport": {"width": 1280, "height": 900}},
}
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
SECONDS_TO_ACT = 10


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, for as long as the block lasts; skips where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        absent("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """One person's browser window, and whatever went wrong in it."""

    context: BrowserContext
    expected: tuple[str, ...] = ()
    """Parts of console errors that the test is about, such as 'status of 404'."""
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self._note(f"script error: {error.error}"))
        self.context.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        # A breach of the content security policy comes this way too.
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and not is_near(parts.hostname):
            self._note(f"asked for a page elsewhere: {request.url}")

    def _note(self, problem: str) -> None:
        if not any(part in problem for part in self.expected):
            self.problems.append(problem)

    def screenshot(self, path: Path) -> None:
        """What the last page looks like."""
        if self.context.pages:
            self.context.pages[-1].screenshot(path=path, full_page=True)

    def close(self) -> None:
        """Close the window; fail if anything went wrong in it."""
        for page in self.context.pages:
            if not page.is_closed():
                page.evaluate("0")  # lets what is under way be reported
        self.context.close()
        assert not self.problems, "in the browser:\n" + "\n".join(self.problems)


def open_window(browser: Browser, screen: str, base_url: str | None, expected: tuple[str, ...]) -> Watch:
    """A window without past, on a 'phone' or a 'desk', of somebody in France."""
    context = browser.new_context(
        **SCREENS[screen],
        base_url=base_url,
        locale="fr-FR",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",  # axe would measure colours half-way through a transition
        accept_downloads=True,
    )
    context.set_default_timeout(SECONDS_TO_ACT * 1000)
    return Watch(context, expected)


def axe(page: Page, context: str | None = None, leave_out: dict[str, str] | None = None) -> None:
    """Fail if the page, or the part under that selector, breaks WCAG 2.0 to 2.2 A or AA, or best practice.

    ``leave_out``: rules not to be checked, each with its reason.
    """
    rules = {rule: {"enabled": False} for rule in leave_out or {}}
    options = {"runOnly": {"type": "tag", "values": AXE_TAGS}, "rules": rules, "resultTypes": ["violations"]}
    results = Axe().run(page, context=context, options=options)
    # What axe scrolled keeps an empty style attribute, which htmx would copy and the policy refuse.
    page.evaluate("document.querySelectorAll('[style=\"\"]').forEach((one) => one.removeAttribute('style'))")
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"
