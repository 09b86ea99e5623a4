"""Commands: ``flask rulebook``, ``flask demo``, ``flask worker``, ``flask account``."""

import json
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.services import clock, demo, jobs, rulebook, team

rulebook_group = AppGroup("rulebook", help="Le règlement de la ville : un fichier, vérifié puis appliqué.")
demo_group = AppGroup("demo", help="La ville de démonstration : des foyers inventés.")
worker_group = AppGroup("worker", help="Le travail de fond : l’envoi des e-mails.")
account_group = AppGroup("account", help="Les comptes du service.")


def init_app(app: Flask) -> None:
    """Add the commands to ``flask``."""
    app.cli.add_command(rulebook_group)
    app.cli.add_command(demo_group)
    app.cli.add_command(worker_group)
    app.cli.add_command(account_group)


# The rulebook --------------------------------------------------------------------------------


@rulebook_group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Répondre en JSON.")
def rulebook_check(file: Path, as_json: bool) -> None:
    """Relire FILE en entier et dire chaque erreur ; 0 : rien à corriger, 1 : des erreurs, 2 : illisible."""
    checked = _read_rulebook(file, as_json)
    if as_json:
        problems = [
            {"line": one.place.line, "column": one.place.column, "path": one.path, "message": one.message}
            for one in checked.problems
        ]
        found = {"file": str(file), "ok": checked.is_sound, "counts": checked.counts(), "problems": problems}
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif checked.is_sound:
        click.echo(f"{file} : rien à corriger ({sum(checked.counts().values())} lignes de réglages).")
    else:
        _say_problems(file, checked)
    if not checked.is_sound:
        raise SystemExit(1)


@rulebook_group.command("apply")
@click.argument("file", type=click.Path(path_type=Path))
def rulebook_apply(file: Path) -> None:
    """Appliquer FILE à la base, en une fois ; rien n’est écrit s’il a une erreur."""
    checked = _read_rulebook(file)
    if not checked.is_sound:
        _say_problems(file, checked)
        raise SystemExit(1)
    report = rulebook.apply(checked.draft, clock.today())
    click.echo(report.sentence)
    for one in report.left:
        click.echo(f"  Hors du fichier, laissé en base : {one}")


@rulebook_group.command("reference")
def rulebook_reference() -> None:
    """Écrire la liste de toutes les clés d’un règlement : la fin de docs/rulebook.md."""
    click.echo(rulebook.reference(), nl=False)


@rulebook_group.command("schema")
def rulebook_schema() -> None:
    """Écrire le schéma JSON d’un règlement, pour les éditeurs : docs/rulebook.schema.json."""
    click.echo(json.dumps(rulebook.json_schema(), ensure_ascii=False, indent=1))


def _read_rulebook(file: Path, as_json: bool = False) -> rulebook.Checked:
    try:
        return rulebook.check(file, clock.today())
    except rulebook.Unreadable as error:
        if as_json:
            click.echo(
                json.dumps({"file": str(file), "ok": False, "unreadable": str(error)}, ensure_ascii=False)
            )
        else:
            click.echo(f"{file} : {error}", err=True)
        raise SystemExit(2) from error


def _say_problems(file: Path, checked: rulebook.Checked) -> None:
    for one in checked.problems:
        click.echo(f"{file}:{one.place.line}:{one.place.column}: {one.where}{one.message}", err=True)
    count = len(checked.problems)
    click.echo(f"{count} erreur{'s' if count > 1 else ''} : rien n’est appliqué.", err=True)


# The demonstration ---------------------------------------------------------------------------


@demo_group.command("load")
@click.option("--families", default=demo.FAMILIES, show_default=True, type=click.IntRange(1, 20_000))
@click.option("--seed", default=1, show_default=True, help="La même graine donne les mêmes foyers.")
def demo_load(families: int, seed: int) -> None:
    """Remplir une base sans foyer de foyers inventés ; ne touche pas à une base qui en a."""
    try:
        done = demo.load_if_empty(families, seed, today=clock.today())
    except demo.NoTownError as error:
        raise click.ClickException(str(error)) from error
    click.echo(done.sentence)


# The worker and the accounts -----------------------------------------------------------------


@worker_group.command("run")
def worker_run() -> None:
    """Envoyer les e-mails et faire les travaux de fond, jusqu’à SIGTERM."""
    jobs.run_worker(current_app._get_current_object())  # type: ignore[attr-defined]


@account_group.command("create")
@click.option("--role", required=True, type=click.Choice([role.value for role in RoleName]))
@click.option("--email", required=True, help="L’identifiant de connexion.")
@click.option("--first-name", default="", help="Le prénom ; sinon le début de l’e-mail.")
@click.option("--last-name", default="", help="Le nom.")
def account_create(role: str, email: str, first_name: str, last_name: str) -> None:
    """Donner un rôle à quelqu’un, sur toutes les structures, et imprimer son lien de première connexion."""
    with unscoped("ligne de commande : qui tient le serveur crée les premiers comptes"):
        outcome = team.invite_colleague(
            email=email,
            first_name=first_name or email.partition("@")[0],
            last_name=last_name,
            role=RoleName[role.upper()],
            facility_id=None,
            now=clock.now(),
        )
    if outcome.problem:
        raise click.ClickException(outcome.problem)
    click.echo(outcome.link)
