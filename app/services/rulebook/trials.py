"""The worked examples of a règlement, tried: which fail, and how."""

from collections.abc import Iterator

from app.models import Example
from app.rules import examples, trying
from app.services.rulebook.compiled import book_of
from app.services.rulebook.draft import Draft
from app.services.rulebook.source import Problem


def failures(draft: Draft) -> Iterator[Problem]:
    """What the examples of a file find, each at the key that is not as expected. No query."""
    entries = draft.of(Example)
    if not entries:
        return
    book = book_of(draft)
    for entry in entries:
        tried: examples.Written = entry.extras["example"]
        if tried.example is None or tried.expected is None:
            continue
        for key, message in trying.differences(tried.expected, trying.run(tried.example, book)):
            yield entry.problem(f"« {tried.example.says} » : {message}", examples.EXPECT, key)
