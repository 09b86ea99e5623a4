"""What a browser would send of a form, read from its page."""

import re
from html.parser import HTMLParser
from typing import Any


def form_of(page: str) -> dict[str, Any]:
    """What a browser would send of the form of that page: every field as it is drawn, no button."""
    found: dict[str, Any] = {}
    start = re.search(r'<form [^>]*method="post" (?:enc|data-once data-warn-unsaved)', page)
    assert start, page
    body = page[start.start() : page.index("</form>", start.start())]
    for tag in re.findall(r"<input[^>]*>", body):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        boxed = given.get("type") in ("checkbox", "radio")
        if given.get("name") and (not boxed or " checked" in tag) and given["name"] != "q":
            found[given["name"]] = given.get("value", "")
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', body, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', inner)
        found[name] = chosen[1] if chosen else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', body, re.DOTALL):
        found[name] = text.strip()
    return found


class _Served(HTMLParser):
    """The fields of the form that warns of what is unsaved: names with every value sent."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.is_inside = False
        self.select: tuple[str, bool] | None = None
        self.options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.is_inside = "data-warn-unsaved" in given
        if not self.is_inside:
            return
        name = given.get("name")
        if tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.found.setdefault(name, []).append(given.get("value") or "")
        elif tag == "select" and name:
            self.select, self.options = (name, "multiple" in given), []
        elif tag == "option" and self.select:
            self.options.append((given.get("value") or "", "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        if tag == "select" and self.select:
            (name, is_multiple), self.select = self.select, None
            chosen = [value for value, is_selected in self.options if is_selected]
            if not chosen and not is_multiple:
                chosen = [value for value, _ in self.options[:1]]
            if chosen:
                self.found.setdefault(name, []).extend(chosen)


def served(page: str) -> dict[str, list[str]]:
    """What a browser sends back of a served form that nobody touched: a select without a choice sends its
    first option.
    """
    reader = _Served()
    reader.feed(page)
    return reader.found
