"""French spaces in templates: the space that must not break before « : ; ! ? » and inside guillemets.

Set once, when a template is read: whoever writes one types an ordinary space.
"""

import re
from collections.abc import Iterable, Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

NB = "\u00a0"
# Before a sign that ends a word, and after an opening guillemet; never inside an address or a selector.
BREAKING = re.compile(
    r"""(?<=\S) (?=[:;!?»€%](?:[\s<"'.,)\u00a0]|$))|^ (?=[:;!?»€%](?:[\s<"'.,)]|$))|(?<=«) """
)


def unbroken(text: str) -> str:
    """The text with its French spaces: « Une question ? » never leaves its sign alone on a line."""
    return BREAKING.sub(NB, text)


class FrenchSpaces(Extension):
    """Sets them in the words of every template, and in the strings that its expressions hold."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Called once a template."""
        return self._set(stream)

    def _set(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type in ("data", "string"):
                yield Token(token.lineno, token.type, unbroken(token.value))
            else:
                yield token
