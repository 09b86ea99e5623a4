"""Files handed in: what is kept of them, what is refused, and how they come back out."""

import os
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask import Flask
from pikepdf import Array, Dictionary, Name, String
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FileRef
from app.entities.paperwork import Subject
from app.entities.question import QuestionKind, QuestionSection
from app.models import Answer, Document, DocumentType, Question
from app.services import files
from app.services.files import RefusedFile
from tests.people import Town

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def upload(content: bytes, name: str = "attestation.pdf") -> FileStorage:
    return FileStorage(BytesIO(content), filename=name, content_type="application/x-lied-about")


def pdf(change: Callable[[pikepdf.Pdf], None] | None = None, pages: int = 1, **saved: Any) -> bytes:
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page()
        if change:
            change(made)
        out = BytesIO()
        made.save(out, **saved)
        return out.getvalue()


def picture(kind: str = "JPEG", size: tuple[int, int] = (600, 400), mode: str = "RGB", **saved: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, (200, 30, 30, 128)[: len(mode)]).save(out, kind, **saved)
    return out.getvalue()


def refusal(content: bytes, name: str = "attestation.pdf") -> str:
    with pytest.raises(RefusedFile) as refused:
        files.store(upload(content, name))
    return refused.value.sentence


def stored(app: Flask) -> list[Path]:
    return [path for path in Path(app.config["FILES_DIR"]).rglob("*") if path.is_file()]


# --- What is kept --------------------------------------------------------------------------------


def test_a_pdf_is_kept_under_a_key_that_says_nothing(app: Flask) -> None:
    ref = files.store(upload(pdf(), "Assurance de Lila.PDF"))
    path = files.open_path(ref)
    assert (ref.name, ref.media_type) == ("Assurance de Lila.pdf", "application/pdf")
    assert path.read_bytes().startswith(b"%PDF-") and path.stat().st_size == ref.size_bytes
    assert path.parent.parts[-2:] == (ref.key[:2], ref.key[2:4]) and "Lila" not in str(path)
    assert path.stat().st_mode & 0o077 == 0


def test_the_bytes_decide_and_not_the_name(app: Flask) -> None:
    ref = files.store(upload(picture("PNG"), "attestation.pdf"))
    assert (ref.media_type, ref.name) == ("image/jpeg", "attestation.jpg")


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("WEBP", "RGB"), ("JPEG", "CMYK")]
)
def test_every_accepted_image_becomes_a_jpeg(app: Flask, kind: str, mode: str) -> None:
    ref = files.store(upload(picture(kind, mode=mode)))
    with Image.open(files.open_path(ref)) as kept:
        assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (600, 400))


def test_a_photograph_loses_where_it_was_taken_and_stands_upright(app: Flask) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to turn a quarter
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    ref = files.store(upload(picture("JPEG", (400, 300), exif=exif)))
    with Image.open(files.open_path(ref)) as kept:
        assert kept.size == (300, 400)
        assert not kept.getexif()


def test_a_large_photograph_is_made_lighter(app: Flask) -> None:
    ref = files.store(upload(picture("JPEG", (6000, 4000))))
    with Image.open(files.open_path(ref)) as kept:
        assert kept.size == (2400, 1600)


def test_what_was_transparent_is_white(app: Flask) -> None:
    out = BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    with Image.open(files.open_path(files.store(upload(out.getvalue())))) as kept:
        assert kept.getpixel((10, 10)) == (255, 255, 255)


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "vide.pdf", "vide"),
        (b"MZ\x90\x00" + bytes(500), "attestation.pdf", "ce type de fichier"),
        (b"<html><script>alert(1)</script>%PDF-1.7</html>", "page.pdf", "ce type de fichier"),
        (b"GIF89a%PDF-1.4" + bytes(50), "image.gif", "ce type de fichier"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "IMG_0001.HEIC", "HEIC"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(50), "attestation.docx", "format PDF"),
        (b"%PDF-1.7\n" + os.urandom(400), "attestation.pdf", "abîmé"),
        (b"%PDF-1.7\n<html><script>alert(1)</script></html>", "attestation.pdf.html", "abîmé"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(300), "photo.jpg", "abîmée"),
        (picture("PNG")[:200], "photo.png", "abîmée"),
    ],
)
def test_what_is_not_a_document_is_refused_with_its_reason(
    app: Flask, content: bytes, name: str, said: str
) -> None:
    assert said in refusal(content, name)
    assert stored(app) == []


@pytest.mark.parametrize(("size", "kept"), [(10_000_000, True), (10_000_001, False)])
def test_ten_megabytes_are_the_limit(app: Flask, size: int, kept: bool) -> None:
    content = picture("JPEG")
    content += bytes(size - len(content))
    if kept:
        assert files.store(upload(content)).size_bytes < 100_000
    else:
        assert "10 Mo" in refusal(content).replace(files.NB, " ")


def announcing(width: int, height: int) -> bytes:
    """A PNG that says it is that large: nobody should have to unpack it to refuse it."""
    header = struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(5000, 5001), (9000, 11_000), (60_000, 60_000)])
def test_an_image_that_unpacks_into_a_bomb_is_not_opened(app: Flask, size: tuple[int, int]) -> None:
    assert "trop grande" in refusal(announcing(*size), "photo.png")


def test_an_image_just_under_the_limit_is_opened(app: Flask) -> None:
    assert "abîmée" in refusal(announcing(5000, 5000), "photo.png")


def test_a_stream_that_unpacks_into_a_bomb_is_carried_without_being_unpacked(app: Flask) -> None:
    def bomb(made: pikepdf.Pdf) -> None:
        made.Root.Bulk = made.make_stream(bytes(200_000_000))

    content = pdf(bomb, compress_streams=True)
    assert len(content) < 1_000_000
    ref = files.store(upload(content))
    assert ref.size_bytes < 1_000_000
    with pikepdf.open(files.open_path(ref)) as kept, pytest.raises(pikepdf.exceptions.DataDecodingError):
        kept.Root.Bulk.read_bytes()


def test_a_pdf_with_a_password_is_refused_and_one_that_only_forbids_printing_is_not(app: Flask) -> None:
    locked = pdf(encryption=pikepdf.Encryption(owner="maire", user="secret"))
    assert "mot de passe" in refusal(locked)
    open_one = pdf(encryption=pikepdf.Encryption(owner="maire", user=""))
    with pikepdf.open(files.open_path(files.store(upload(open_one)))) as kept:
        assert not kept.is_encrypted


def test_a_pdf_of_too_many_pages_is_refused(app: Flask) -> None:
    files.store(upload(pdf(pages=files.MAX_PAGES)))
    assert "trop long" in refusal(pdf(pages=files.MAX_PAGES + 1))


def scripted(made: pikepdf.Pdf) -> None:
    script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    made.Root.OpenAction = made.make_indirect(script)
    made.Root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([String("a"), script])),
        EmbeddedFiles=Dictionary(Names=Array([String("virus.exe"), Dictionary(F=String("virus.exe"))])),
    )
    page = made.pages[0]
    page.AA = Dictionary(O=script)
    link = Dictionary(
        Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(S=Name.GoTo, Next=Array([script]))
    )
    page.Annots = Array([made.make_indirect(link)])
    made.Root.AcroForm = Dictionary(
        Fields=Array([Dictionary(T=String("x"), AA=Dictionary(K=script))]), XFA=String("x")
    )


def test_a_pdf_comes_out_without_its_scripts_and_attached_files(app: Flask) -> None:
    path = files.open_path(files.store(upload(pdf(scripted))))
    with pikepdf.open(path) as kept:
        seen = "".join(repr(one) for one in kept.objects) + repr(kept.Root)
        assert len(kept.pages) == 1
    for word in ("JavaScript", "alert", "OpenAction", "/AA", "EmbeddedFiles", "virus", "XFA"):
        assert word not in seen


@pytest.mark.parametrize("where", ["opening", "link", "indirect"])
def test_a_pdf_that_launches_a_program_is_refused(app: Flask, where: str) -> None:
    def launch(made: pikepdf.Pdf) -> None:
        action = Dictionary(S=Name.Launch, F=String("cmd.exe"))
        if where == "opening":
            made.Root.OpenAction = action
        else:
            link = Dictionary(
                Subtype=Name.Link, A=made.make_indirect(action) if where == "indirect" else action
            )
            made.pages[0].Annots = Array([link])

    assert "lance un programme" in refusal(pdf(launch))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Lila\\scan.pdf", "scan.pdf"),
        ("facture\u202efdp.exe", "facturefdp.pdf"),
        ("a\x00b\r\nc.pdf", "ab c.pdf"),
        ("assurance.pdf.exe", "assurance.pdf.pdf"),
        ("M. Martin, né le 3 mars", "M. Martin, né le 3 mars.pdf"),
        ("…", "….pdf"),
        ("", "document.pdf"),
        (".pdf", "document.pdf"),
        ('a"b<c>.pdf', "a-b-c-.pdf"),
        ("é" * 300 + ".pdf", "é" * 100 + ".pdf"),
    ],
)
def test_a_name_is_shown_without_what_could_mislead(name: str, shown: str) -> None:
    assert files.shown_name(name, "application/pdf") == shown


# --- Going out -----------------------------------------------------------------------------------


def test_a_file_comes_back_framed_and_never_guessed(app: Flask) -> None:
    ref = files.store(upload(pdf(), "Assurance de Zoé.pdf"))
    with app.test_request_context("/documents/1/fichier"):
        shown = files.send(ref, inline=True)
        shown.direct_passthrough = False
        assert shown.headers["Content-Type"] == "application/pdf"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert shown.headers["Cache-Control"] == "private, no-store"
        assert shown.headers["Content-Disposition"] == (
            "inline; filename=\"Assurance de Zoe.pdf\"; filename*=UTF-8''Assurance%20de%20Zo%C3%A9.pdf"
        )
        assert shown.get_data() == files.open_path(ref).read_bytes()
        shown.close()
        kept = files.send(ref, inline=False)
        assert kept.headers["Content-Disposition"].startswith("attachment;")
        kept.close()


def test_what_is_neither_pdf_nor_jpeg_is_only_downloaded(app: Flask) -> None:
    ref = files.keep(b"<script>alert(1)</script>", "menu.html", "text/html")
    with app.test_request_context("/"):
        answer = files.send(ref, inline=True)
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        answer.close()


@pytest.mark.parametrize("key", ["../../../etc/passwd", "", "0" * 31, "0" * 32])
def test_a_key_that_is_none_of_ours_finds_nothing(app: Flask, key: str) -> None:
    with pytest.raises(NotFound):
        files.open_path(FileRef(key, "x.pdf", "application/pdf", 1, ""))


# --- Kill-safety ---------------------------------------------------------------------------------


def test_files_without_a_row_are_removed_a_day_later_and_the_others_never(town: Town) -> None:
    kept, answered, lost, fresh = (files.store(upload(pdf())) for _ in range(4))
    for ref in (kept, answered, lost):
        old = (NOW - timedelta(days=2)).timestamp()
        os.utime(files.open_path(ref), (old, old))
    os.utime(files.open_path(fresh), ((NOW - timedelta(hours=23)).timestamp(),) * 2)
    with unscoped("une pièce et une réponse qui portent un fichier"):
        asked = DocumentType(code="caf", name="CAF", subject=Subject.FAMILY)
        question = Question(
            code="q", label="Q", section=QuestionSection.HEALTH, question_kind=QuestionKind.FILE
        )
        db.session.add_all([asked, question])
        db.session.add(
            Document(document_type=asked, family_id=town.families["A"], file=kept, received_at=NOW)
        )
        db.session.add(
            Answer(question=question, family_id=town.families["A"], value={"value": {"key": answered.key}})
        )
        db.session.commit()
    assert files.remove_orphans(NOW) == 1
    for ref in (kept, answered, fresh):
        assert files.open_path(ref).is_file()
    with pytest.raises(NotFound):
        files.open_path(lost)


def test_a_write_cut_short_leaves_no_file_under_its_key(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(handle: int) -> None:
        raise OSError("disque plein")

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(OSError, match="plein"):
        files.store(upload(pdf()))
    assert all(path.name.startswith(".") for path in stored(app))
