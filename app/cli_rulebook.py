"""``flask rulebook``: check, plan, apply, export, print, reference, schema.

A command answers 0, 1 for a file with errors (or an example that is not respected), 2 for an unreadable one.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from app.rules.words import counted
from app.services import clock, press, rulebook

rulebook_group = AppGroup("rulebook", help="Le règlement de la ville : un fichier, vérifié puis appliqué.")
A_FILE = click.argument("file", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")
TEMPLATE, STYLE = "pdf/reglement.html", "css/reglement.css"


@rulebook_group.command("check")
@A_FILE
@AS_JSON
def rulebook_check(file: Path, as_json: bool) -> None:
    """Relire FILE, essayer ses exemples, dire chaque erreur ; 0 : rien à corriger, 1, 2 : illisible."""
    checked = _sound(file, as_json)
    lines, examples = sum(checked.counts().values()), checked.counts().get("Example", 0)
    if as_json:
        _say_json({"file": str(file), "ok": True, "counts": checked.counts(), "problems": []})
    else:
        tried = f", {counted(examples, 'exemple respecté', 'exemples respectés')}" if examples else ""
        read = counted(lines, "ligne de réglages", "lignes de réglages")
        click.echo(f"{file} : rien à corriger ({read}{tried}).")


@rulebook_group.command("plan")
@A_FILE
@AS_JSON
def rulebook_plan(file: Path, as_json: bool) -> None:
    """Dire ce qu’appliquer FILE changerait, et les réservations à venir concernées ; rien n’est écrit."""
    planned = rulebook.plan(_sound(file, as_json).draft, clock.today())
    if as_json:
        _say_json(
            {
                "file": str(file),
                "ok": True,
                "changes": [
                    {
                        "what": one.what,
                        "sort": one.sort,
                        "title": one.title,
                        "details": [
                            {"label": label, "before": before, "after": after}
                            for label, before, after in one.details
                        ],
                    }
                    for one in planned.differences
                ],
                "openings": vars(planned.report.counts["Opening"]),
                "left": planned.report.left,
                "touched": [vars(one) for one in planned.touched],
            }
        )
        return
    for one in planned.differences:
        for line in one.lines:
            click.echo(line)
    opened = planned.report.counts["Opening"]
    if opened.created or opened.changed or opened.removed:
        told = (
            counted(opened.created, "ajouté", "ajoutés"),
            counted(opened.changed, "modifié", "modifiés"),
            counted(opened.removed, "retiré", "retirés"),
        )
        click.echo(f"~ Jours d’ouverture : {', '.join(told)}.")
    for left in planned.report.left:
        click.echo(f"  Hors du fichier, laissé en base : {left}")
    for touched in planned.touched:
        click.echo(f"! {touched.sentence}.")
    if planned.report.is_quiet:
        click.echo("Rien à changer.")


@rulebook_group.command("apply")
@A_FILE
@AS_JSON
def rulebook_apply(file: Path, as_json: bool) -> None:
    """Appliquer FILE à la base, en une fois ; rien n’est écrit s’il a une erreur."""
    report = rulebook.apply(_sound(file, as_json).draft, clock.today())
    if as_json:
        counts = {name: vars(one) for name, one in report.counts.items()}
        _say_json({"file": str(file), "ok": True, "counts": counts, "left": report.left})
        return
    click.echo(report.sentence)
    for one in report.left:
        click.echo(f"  Hors du fichier, laissé en base : {one}")


@rulebook_group.command("export")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def rulebook_export(file: Path | None) -> None:
    """Écrire dans FILE, ou à l’écran, le règlement de la base : relu et appliqué, il ne change rien."""
    text = rulebook.export()
    if file is None:
        click.echo(text, nl=False)
        return
    _write(file, text.encode())


@rulebook_group.command("print")
@A_FILE
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Tel qu’il s’applique ce jour-là (2026-09-01).")
def rulebook_print(file: Path, out: Path, on: datetime | None) -> None:
    """Écrire FILE tel qu’un parent le lit, dans OUT : une page (.html) ou un PDF (.pdf)."""
    if out.suffix.lower() not in (".html", ".pdf"):
        raise click.ClickException("Le nom de la sortie finit par .html ou .pdf.")
    undone = f"rien n’est écrit, {out} reste l’ancien" if out.exists() else "rien n’est écrit"
    today = on.date() if on is not None else clock.today()
    book = rulebook.printed(_sound(file, undone=undone).draft, today)
    # Not as a page of the portal: that would need a database.
    page = current_app.jinja_env.get_template(TEMPLATE).render(book=book, today=today)
    if out.suffix.lower() == ".pdf":
        _write(out, press.pdf_of(page, STYLE))
        return
    # One file, read anywhere: its style is in it.
    style = (Path(str(current_app.static_folder)) / STYLE).read_text(encoding="utf-8")
    _write(out, page.replace("</head>", f"<style>{style}</style></head>", 1).encode())


@rulebook_group.command("reference")
def rulebook_reference() -> None:
    """Écrire la liste de toutes les clés d’un règlement : la fin de docs/rulebook.md."""
    click.echo(rulebook.reference(), nl=False)


@rulebook_group.command("schema")
def rulebook_schema() -> None:
    """Écrire le schéma JSON d’un règlement, pour les éditeurs : docs/rulebook.schema.json."""
    click.echo(json.dumps(rulebook.json_schema(), ensure_ascii=False, indent=1))


def _sound(file: Path, as_json: bool = False, undone: str = "rien n’est appliqué") -> rulebook.Checked:
    """The file, read and without a problem; else everything is said and the command ends."""
    try:
        checked = rulebook.check(file, clock.today())
    except rulebook.Unreadable as error:
        if as_json:
            _say_json({"file": str(file), "ok": False, "unreadable": str(error)})
        else:
            click.echo(f"{file} : {error}\nFichier illisible : {undone}.", err=True)
        raise SystemExit(2) from error
    if checked.is_sound:
        return checked
    if as_json:
        problems = [
            {"line": one.place.line, "column": one.place.column, "path": one.path, "message": one.message}
            for one in checked.problems
        ]
        _say_json({"file": str(file), "ok": False, "counts": checked.counts(), "problems": problems})
    else:
        for one in checked.problems:
            click.echo(f"{file}:{one.place.line}:{one.place.column}: {one.where}{one.message}", err=True)
        found = counted(len(checked.problems), "erreur", "erreurs")
        click.echo(f"{found} : {undone}.", err=True)
    raise SystemExit(1)


def _say_json(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{file} ne peut pas être écrit ({error.strerror}).") from error
    click.echo(f"{file} : écrit.")
