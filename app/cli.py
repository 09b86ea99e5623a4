"""Commands: ``flask rulebook``, ``flask demo``, ``flask worker``, ``flask account``."""

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app.access.viewer import unscoped
from app.cli_rulebook import rulebook_group
from app.entities.account import RoleName
from app.services import clock, demo, jobs, team

demo_group = AppGroup("demo", help="La ville de démonstration : des foyers inventés.")
worker_group = AppGroup("worker", help="Le travail de fond : l’envoi des e-mails.")
account_group = AppGroup("account", help="Les comptes du service.")


def init_app(app: Flask) -> None:
    """Add the commands to ``flask``."""
    app.cli.add_command(rulebook_group)
    app.cli.add_command(demo_group)
    app.cli.add_command(worker_group)
    app.cli.add_command(account_group)


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
