"""What a page says, as one reads it."""

import re
from html import unescape
from typing import Any


def words(answer: Any) -> str:
    """The words of an answer: no tag, plain spaces."""
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return re.sub(r"\s+", " ", unescape(text).replace("\u00a0", " "))
