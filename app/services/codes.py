"""Short codes made of words, for what a configurator names without one."""

import re
import unicodedata
from collections.abc import Collection
from itertools import chain, count

CODE_LENGTH = 60


def free_code(title: str, taken: Collection[str]) -> str:
    """A short code made of words, that none of these is."""
    spaced = title.lower().replace("’", " ")
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return free(re.sub(r"[^a-z0-9]+", "-", plain)[: CODE_LENGTH - 4].strip("-") or "sans-nom", taken)


def free(code: str, taken: Collection[str]) -> str:
    """The code, with a number after it where it is taken."""
    ranked = (f"{code}-{rank}" for rank in count(2))
    return next(one for one in chain([code], ranked) if one not in taken)
