"""Short codes made of words, for what a configurator names without one."""

from collections.abc import Collection
from itertools import chain, count

from app.declare.term import slugify

CODE_LENGTH = 60


def free_code(title: str, taken: Collection[str]) -> str:
    """A short code made of words, that none of these is."""
    words = slugify(title.replace("’", " ").replace("'", " ")).lstrip("-0123456789")
    return free(words[: CODE_LENGTH - 4].strip("-") or "sans-nom", taken)


def free(code: str, taken: Collection[str]) -> str:
    """The code, with a number after it where it is taken."""
    ranked = (f"{code}-{rank}" for rank in count(2))
    return next(one for one in chain([code], ranked) if one not in taken)
