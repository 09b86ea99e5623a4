"""Files that people hand in: looked at, cleaned, stored out of the database, served by who owns the row.

What a file is comes from its first bytes, never from its name. A photograph is drawn again
(upright, lighter, without the place where it was taken); a PDF loses what could act by itself.
The bytes are on the disk before the row that points at them is committed: killed in between, a
file without a row is left, which ``remove_orphans`` takes away a day later.
"""

import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Lock

import pikepdf
import puremagic
from flask import Response, current_app, g, send_file
from pikepdf import Array, Dictionary, Name, Object, Stream
from pikepdf.settings import set_qpdf_limits
from PIL import Image, ImageOps
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FileRef, Kind, entities
from app.models import Answer

NB = "\u00a0"
PDF, JPEG = "application/pdf", "image/jpeg"
PILLOW_FORMATS = {JPEG: ("JPEG", "MPO"), "image/png": ("PNG",), "image/webp": ("WEBP",)}
ENDINGS = {PDF: ".pdf", JPEG: ".jpg"}
ACCEPT = "application/pdf,image/jpeg,image/png,image/webp"
"""For ``<input accept>``: naming JPEG makes an iPhone convert its HEIC photographs by itself."""

MAX_BYTES = 10_000_000
MAX_PAGES = 100
MAX_OBJECTS = 30_000
DEEPEST = 100
# A JPEG is read at a fraction of its size; the others are decoded whole, at 4 bytes a pixel.
MAX_JPEG_PIXELS = 60_000_000
MAX_PIXELS = 25_000_000
MAX_PROGRESSIVE_PIXELS = 25_000_000  # a progressive JPEG keeps every coefficient, whatever its size asked
DRAWING = Lock()
"""One image at a time in a process: a few at once would take its memory."""
LONG_SIDE = 2400  # an A4 page at 200 dots an inch: small print stays readable
JPEG_QUALITY = 82
ORPHAN_AGE = timedelta(days=1)
LONGEST_NAME = 100
KEY = re.compile(r"[0-9a-f]{32}")

HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"})
OFFICE_ENDINGS = frozenset({".doc", ".docx", ".odt", ".rtf", ".pages", ".xls", ".xlsx", ".ods"})

# What makes a PDF act: scripts, forms that send, attached files, embedded media.
ACTIVE_KEYS = (
    "/AA", "/JS", "/JavaScript", "/OpenAction", "/XFA", "/EmbeddedFiles", "/EF", "/RichMediaContent",
)  # fmt: skip
ACTIVE_ACTIONS = frozenset(
    {"/JavaScript", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/RichMediaExecute"}
)
# What pikepdf raises over a file that lies about itself.
LYING = (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, MemoryError)
FRAMED = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'self'; sandbox"

EMPTY = "Ce fichier est vide. Choisissez-en un autre, ou photographiez le document."
UNKNOWN = "Nous ne pouvons pas lire ce type de fichier. Envoyez un PDF, ou une photo (JPEG, PNG ou WebP)."
OFFICE = "C’est un fichier de bureautique. Enregistrez-le au format PDF, puis envoyez ce PDF."
HEIF = (
    "Cette photo est au format HEIC, que nous ne pouvons pas lire. "
    "Touchez «\u00a0Photographier\u00a0» sur cette page, "
    "ou réglez l’appareil photo de votre téléphone sur «\u00a0Le plus compatible\u00a0»."
)
BROKEN_IMAGE = (
    "Cette image est abîmée\u00a0: nous ne pouvons pas l’ouvrir. Photographiez le document à nouveau."
)
HUGE_IMAGE = (
    "Cette image est trop grande pour être ouverte. Photographiez le document avec une qualité normale."
)
LOCKED_PDF = (
    "Ce PDF est protégé par un mot de passe\u00a0: nous ne pourrions pas le lire. "
    "Enregistrez-le sans mot de passe, ou photographiez le document."
)
BROKEN_PDF = (
    "Ce PDF est abîmé\u00a0: nous ne pouvons pas l’ouvrir. "
    "Téléchargez-le à nouveau, ou photographiez le document."
)
LAUNCHING_PDF = (
    "Ce PDF lance un programme quand on l’ouvre\u00a0: nous ne le gardons pas. "
    "Imprimez-le dans un nouveau PDF, ou photographiez le document."
)
LONG_PDF = (
    f"Ce PDF est trop long\u00a0: {MAX_PAGES}{NB}pages au plus. N’envoyez que les pages du document demandé."
)

# qpdf would otherwise unpack ten megabytes into as many gigabytes.
set_qpdf_limits(
    flate_max_memory=64_000_000,
    png_max_memory=64_000_000,
    tiff_max_memory=64_000_000,
    run_length_max_memory=64_000_000,
    dct_max_memory=256_000_000,
    doc_max_warnings=200,
)


class RefusedFile(Exception):
    """A file that can't be kept; ``sentence`` tells its sender why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


# --- Coming in -----------------------------------------------------------------------------------


def store(upload: FileStorage) -> FileRef:
    """Keep what was uploaded, cleaned; to call before the row is committed. Raises RefusedFile."""
    with upload.stream:
        content = _read(upload)
    media_type = _media_type(content)
    if media_type == PDF:
        content = clean_pdf(content)
    else:
        with DRAWING:
            content, media_type = redraw(content, media_type), JPEG
    return keep(content, upload.filename or "", media_type)


def keep(content: bytes, name: str, media_type: str) -> FileRef:
    """Keep bytes that we trust (made here, or cleaned), on the disk when this returns."""
    key = secrets.token_hex(16)
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{key}")
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    for folder in (path.parent, path.parent.parent):
        _sync(folder)
    return FileRef(key, shown_name(name, media_type), media_type, len(content), sha256(content).hexdigest())


def shown_name(name: str, media_type: str) -> str:
    """The name as it can be shown: no folder, no invisible nor reversing sign, the ending of its type."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(" " if one.isspace() else one for one in name)
    name = "".join(one for one in name if unicodedata.category(one)[0] != "C")
    stem, dot, ending = re.sub(r'[<>:"|?*]', "-", name).rpartition(".")
    if not (dot and ending.isalnum() and len(ending) <= 5):
        stem = f"{stem}{dot}{ending}"
    stem = " ".join(stem.split()).strip(". ")[:LONGEST_NAME].rstrip()
    return (stem or "document") + ENDINGS.get(media_type, "")


def limit_bytes() -> int:
    """The largest file that is accepted (``FILES_MAX_BYTES``)."""
    return int(current_app.config.get("FILES_MAX_BYTES", MAX_BYTES))


def _read(upload: FileStorage) -> bytes:
    limit = limit_bytes()
    size = upload.stream.seek(0, os.SEEK_END)
    upload.stream.seek(0)
    if size > limit:
        raise RefusedFile(
            f"Ce fichier pèse {_megabytes(size)}, et la limite est de {_megabytes(limit)}. "
            "Photographiez le document, ou enregistrez-le dans un PDF plus léger."
        )
    content = upload.stream.read(limit)
    if not content:
        raise RefusedFile(EMPTY)
    return content


def _megabytes(size: int) -> str:
    text = f"{size / 1e6:.1f}".replace(".", ",").removesuffix(",0")
    return f"{text}{NB}Mo"


def _media_type(content: bytes) -> str:
    """One of the accepted types, from the first bytes."""
    head = content[:2048]
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS:
        raise RefusedFile(HEIF)
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        found = []
    if found and found[0].mime_type == PDF and head.startswith(b"%PDF-"):
        return PDF
    for one in found:
        if one.mime_type in PILLOW_FORMATS:
            return str(one.mime_type)
    office = b"[Content_Types].xml" in head or b"vnd.oasis.opendocument" in head
    if office or any(one.extension in OFFICE_ENDINGS for one in found):
        raise RefusedFile(OFFICE)
    raise RefusedFile(UNKNOWN)


def _path(key: str) -> Path:
    if not KEY.fullmatch(key):
        raise NotFound
    return Path(current_app.config["FILES_DIR"], key[:2], key[2:4], key)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- Images --------------------------------------------------------------------------------------


def redraw(content: bytes, media_type: str) -> bytes:
    """The image as a JPEG of at most 2400 pixels a side, upright, on white, with nothing but its pixels."""
    try:
        with Image.open(BytesIO(content), formats=PILLOW_FORMATS[media_type]) as image:
            limit = MAX_JPEG_PIXELS if media_type == JPEG else MAX_PIXELS
            if image.info.get("progressive"):
                limit = MAX_PROGRESSIVE_PIXELS
            if image.width * image.height > limit:
                raise RefusedFile(HUGE_IMAGE)
            if media_type == JPEG:
                image.draft("RGB", (LONG_SIDE, LONG_SIDE))
            image.load()
            upright = ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise RefusedFile(HUGE_IMAGE) from None
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError):  # what Pillow's decoders raise
        raise RefusedFile(BROKEN_IMAGE) from None
    upright.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    out = BytesIO()
    _on_white(upright).save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


# --- PDF -----------------------------------------------------------------------------------------


def clean_pdf(content: bytes) -> bytes:
    """The PDF without scripts, attached files nor encryption. Refuses what is locked, broken or launches.

    Scripts are taken out and not refused: insurers' certificates often hold one that only opens
    the print window, and their pages are what we keep.
    """
    try:
        with pikepdf.open(BytesIO(content)) as pdf:
            if not len(pdf.pages):
                raise RefusedFile(BROKEN_PDF)
            if len(pdf.pages) > MAX_PAGES or len(pdf.objects) > MAX_OBJECTS:
                raise RefusedFile(LONG_PDF)
            for one in pdf.objects:
                _disarm(one)
            _disarm(pdf.Root)
            out = BytesIO()
            pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
            return out.getvalue()
    except pikepdf.PasswordError:
        raise RefusedFile(LOCKED_PDF) from None
    except LYING:
        raise RefusedFile(BROKEN_PDF) from None


def _disarm(one: Object, depth: int = 0) -> None:
    """Take out of an object, and of what it holds directly, everything that acts."""
    if depth > DEEPEST:
        raise RefusedFile(BROKEN_PDF)
    if isinstance(one, Array):
        for child in one:
            _disarm_child(child, depth)
    elif isinstance(one, Dictionary | Stream):
        _disarm_action(one)
        for key in list(one.keys()):
            _disarm_child(one.get(key), depth)
            if key in ACTIVE_KEYS:
                del one[key]


def _disarm_action(one: Object) -> None:
    """What is an action of the wrong sort becomes an action that no reader knows."""
    action = one.get("/S")
    if action == "/Launch":
        raise RefusedFile(LAUNCHING_PDF)
    if isinstance(action, Name) and str(action) in ACTIVE_ACTIONS:
        one["/S"] = Name("/None")
        for key in ("/F", "/Next"):
            if key in one:
                del one[key]


def _disarm_child(child: object, depth: int) -> None:
    # What is indirect comes by its own turn in ``pdf.objects``.
    if isinstance(child, Object) and not child.is_indirect:
        _disarm(child, depth + 1)


# --- Going out -----------------------------------------------------------------------------------


def open_path(ref: FileRef) -> Path:
    """Where the bytes are. NotFound when they are not there any more."""
    path = _path(ref.key)
    if not path.is_file():
        current_app.logger.error("fichier perdu : %s", ref.key)
        raise NotFound
    return path


def send(ref: FileRef, *, inline: bool) -> Response:
    """The file, to download or to show in a frame of ours. Who reads its row has the right to it.

    Never guessed to be anything else by a browser, never run, never kept by a shared computer.
    """
    shows = inline and ref.media_type in ENDINGS
    response = send_file(
        open_path(ref),
        mimetype=ref.media_type,
        as_attachment=not shows,
        download_name=ref.name,
        etag=ref.sha256,
        conditional=True,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = g.content_policy = FRAMED
    return response


# --- Cleaning up ---------------------------------------------------------------------------------


def remove_orphans(now: datetime) -> int:
    """Delete the files that no row points at, a day after they came; returns how many. A few statements."""
    kept = keys_in_use()
    oldest = (now - ORPHAN_AGE).timestamp()
    removed = 0
    for path in Path(current_app.config["FILES_DIR"]).glob("??/??/*"):
        if path.name not in kept and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def remove(keys: Iterable[str]) -> None:
    """Delete these files, whose rows are gone."""
    for key in keys:
        _path(key).unlink(missing_ok=True)


def keys_in_use() -> set[str]:
    """The key of every file that a row points at, whatever the entity. One statement an entity with files."""
    return set(_keys())


def _keys() -> Iterator[str]:
    with unscoped("le ménage des fichiers regarde toutes les lignes"):
        for entity in entities():
            for one in entity.__attributes__.values():
                if one.kind is Kind.FILE:
                    column = getattr(entity, one.name)
                    for ref in db.session.scalars(select(column).where(column.is_not(None))):
                        yield ref.key
        for value in db.session.scalars(select(Answer.value).where(Answer.value.is_not(None))):
            yield from KEY.findall(str(value))  # an answer may be a file
