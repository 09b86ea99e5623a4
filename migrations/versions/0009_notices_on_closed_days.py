"""what a notice does on a closed day: « if_holiday » becomes « if_closed »

Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RULE = sa.table(
    "rule", sa.column("id", sa.Integer), sa.column("rule_kind", sa.String), sa.column("parameters", sa.JSON())
)
# What the older code can't read: these rows go, their article says what they said.
NEWER = (
    "notice_hours", "notice_monthly", "notice_period", "window", "opens_before", "count", "full_week",
    "consecutive", "cancellations", "combinations", "papers", "no_debt",
)  # fmt: skip
OLDER_LATE = ("refused", "ask_staff")


def upgrade() -> None:
    for number, _, parameters in _rules("notice", "notice_weekly"):
        if "if_holiday" in parameters:
            _keep(number, {**_but(parameters, "if_holiday"), "if_closed": parameters["if_holiday"]})


def downgrade() -> None:
    op.execute(sa.delete(RULE).where(RULE.c.rule_kind.in_(NEWER)))
    for number, _, parameters in _rules("notice", "notice_weekly"):
        kept = _but(parameters, "if_closed", "times", "per")
        kept["if_holiday"] = "keep" if parameters.get("if_closed", "keep") == "keep" else "earlier"
        if kept.get("late", "refused") not in OLDER_LATE:
            kept["late"] = "ask_staff"
        if kept.get("counted") == "clear":  # whole days between: one calendar day more
            kept |= {"counted": "calendar", "days": kept["days"] + 1}
        _keep(number, kept)
    for number, _, parameters in _rules("requires"):
        if parameters.get("how_many", "all") == "one":
            op.execute(sa.delete(RULE).where(RULE.c.id == number))
        else:
            _keep(number, _but(parameters, "how_many"))


def _rules(*kinds: str) -> Any:
    return op.get_bind().execute(sa.select(RULE).where(RULE.c.rule_kind.in_(kinds))).all()


def _but(parameters: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in names}


def _keep(number: int, parameters: dict[str, Any]) -> None:
    op.execute(sa.update(RULE).where(RULE.c.id == number).values(parameters=parameters))
