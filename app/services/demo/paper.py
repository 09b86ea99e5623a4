"""Small real PDFs for the demonstration: a title and lines of text, written by hand in a kilobyte."""

A4 = (595, 842)
MARGIN, TITLE_SIZE, TEXT_SIZE, LEADING = 60, 18, 11, 17
PER_LINE = 88
PER_PAGE = 40


def pdf(title: str, lines: list[str]) -> bytes:
    """A PDF of A4 pages with a title; long lines are folded. About 1 KB, same bytes for the same words."""
    folded = [piece for line in lines for piece in fold(line)]
    pages = [folded[first : first + PER_PAGE] for first in range(0, len(folded), PER_PAGE)] or [[]]
    objects: list[bytes] = [b"", b""]
    kids = []
    for rank, page in enumerate(pages):
        stream = _content(title if rank == 0 else "", page)
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</Font<<"
            b"/F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
            b"/F2<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>>>>>>>"
            % (*A4, len(objects))
        )
        kids.append(len(objects))
    objects[0] = b"<</Type/Catalog/Pages 2 0 R/Lang(fr)>>"
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (
        len(kids),
        b" ".join(b"%d 0 R" % number for number in kids),
    )
    return _file(objects)


def fold(line: str) -> list[str]:
    """The line cut between words."""
    pieces, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > PER_LINE:
            pieces.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*pieces, current]


def _content(title: str, lines: list[str]) -> bytes:
    parts = [b"BT"]
    top = A4[1] - MARGIN
    if title:
        parts.append(b"/F2 %d Tf %d %d Td (%s) Tj" % (TITLE_SIZE, MARGIN, top, _text(title)))
        parts.append(b"/F1 %d Tf 0 %d Td" % (TEXT_SIZE, -2 * LEADING))
    else:
        parts.append(b"/F1 %d Tf %d %d Td" % (TEXT_SIZE, MARGIN, top))
    parts += [b"(%s) Tj 0 %d Td" % (_text(line), -LEADING) for line in lines]
    return b"\n".join([*parts, b"ET"])


def _text(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + one + b"endobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
