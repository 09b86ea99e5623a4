"""The staff's outbox: what left, what waits, what failed and can be sent again; the words of mails."""

from urllib.parse import urlencode

from flask import abort, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from markupsafe import Markup

from app.access.viewer import Side, Viewer
from app.declare import Entity, Role
from app.entities.exchange import MailStatus
from app.models import MailText
from app.screens import numbers
from app.screens.builder.forms import RowForm
from app.screens.builder.staff import StaffScreen
from app.screens.page import Page
from app.services import clock, mailer, outbox, records
from app.services.mail_texts import COMMON, TEXTS

SIZE = 50


class OutboxPage(Page):
    """Every mail, latest first; in a demonstration, its text too."""

    route_base = "/service/courrier"
    side = Side.STAFF
    roles = Role.DESK | Role.ADMIN

    @expose("")
    def index(self) -> ResponseReturnValue:
        """One page of mails, all or in one state."""
        status = next((one for one in MailStatus if one.value == request.args.get("etat")), None)
        counts = outbox.counts()
        total = counts.get(status, 0) if status else sum(counts.values())
        pages = max(1, -(-total // SIZE))
        number = min(max(1, numbers.asked(request.args, "page") or 1), pages)
        mails = outbox.page_of_mails(status, (number - 1) * SIZE, SIZE)

        def url(page: int) -> str:
            asked = {"etat": status.value if status else "", "page": page if page > 1 else ""}
            kept = urlencode({key: value for key, value in asked.items() if value})
            return self.url() + (f"?{kept}" if kept else "")

        return self.show(
            "accounts/outbox.html",
            mails=mails,
            counts=counts,
            total=total,
            everything=sum(counts.values()),
            status=status,
            statuses=MailStatus,
            number=number,
            pages=pages,
            first=(number - 1) * SIZE + 1,
            last=(number - 1) * SIZE + len(mails),
            url_of=url,
            is_kept_here=mailer.keeps_mail_here(current_app),
            today=clock.today(),
        )

    @expose("/<int:mail_id>/renvoyer", methods=["POST"])
    def retry(self, mail_id: int) -> ResponseReturnValue:
        """Send one again, now."""
        if not outbox.retry(mail_id, clock.now()):
            abort(404)
        flash("L’e-mail repart dans un instant.", "done")
        return redirect(self._back())

    @expose("/renvoyer", methods=["POST"])
    def retry_failed(self) -> ResponseReturnValue:
        """Send again everything that failed."""
        number = outbox.retry_failed(clock.now())
        flash(f"{number} e-mail{'s repartent' if number > 1 else ' repart'} dans un instant.", "done")
        return redirect(self._back())

    def _back(self) -> str:
        """The same list: only its own two words are taken from the form."""
        status = request.form.get("etat", "")
        known = any(one.value == status for one in MailStatus)
        return self.url(etat=status) if known else self.url()


class MailTextRecord(StaffScreen):
    """The generated page of a mail's words, which keeps none that could not be filled."""

    def _sent(self, form: RowForm, viewer: Viewer, row: Entity | None = None) -> records.Outcome:
        code = row.code if isinstance(row, MailText) else str(form.form["code"].data or "")
        wrong = {
            name: " ".join(found)
            for name in ("subject", "body")
            if (found := outbox.problems(str(form.form[name].data or ""), code))
        }
        if code not in TEXTS:
            wrong = {"code": f"Les codes sont\u00a0: {', '.join(TEXTS)}."}
        if not wrong:
            return super()._sent(form, viewer, row)
        outcome = records.Outcome(problems=wrong)
        form.blame(outcome)
        return outcome

    def beside(self, row: Entity) -> Markup | str:
        """What may be written between braces."""
        words = TEXTS.get(row.code) if isinstance(row, MailText) else None
        if words is None:
            return ""
        known = {**words.placeholders, **COMMON}
        return Markup(render_template("accounts/placeholders.html", known=known))  # noqa: S704  (escaped there)
