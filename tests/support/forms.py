"""What a browser would send of a form, read from its page."""

import re
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
