"""Billing a month for the whole town, and the day list of the canteen."""

from collections.abc import Iterator
from datetime import date

from bench.registry import Work, bench
from bench.town import Town

# The last of a school year: every month before it is computed again.
MONTHS: Iterator[date] = iter([date(2027, 3, 1), date(2027, 4, 1), date(2027, 5, 1), date(2027, 5, 1)])


@bench("month billing", cpu_ms=4000, repeats=1, each_time=True)
def month_billing(town: Town) -> Work:
    """Preview and run of one month: invoices, lines, mails, numbers. CPU promise for 1,000 families."""
    from app.access.viewer import unscoped
    from app.services import billing, billing_run, clock

    month = next(MONTHS)

    def work() -> object:
        with town.app.app_context(), unscoped("mesure"):
            billing.preview(month)
            done = billing_run.run(month, "mesure", clock.now())
            assert isinstance(done, billing_run.Done), done
            return done

    return work


@bench("canteen day list", cpu_ms=200, statements=12)
def canteen_day_list(town: Town) -> Work:
    """The roll of every child of the canteen on one day, with allergies and who may collect."""
    from sqlalchemy import select

    from app.access.database import db
    from app.access.viewer import unscoped
    from app.models import Activity

    with unscoped("mesure"):
        activity_id = db.session.scalars(select(Activity.id).where(Activity.code == "cantine")).one()
        db.session.rollback()
    client = town.staff()
    return lambda: client.get(f"/service/pointage/{activity_id}/2027-06-11")
