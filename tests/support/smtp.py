"""A real SMTP listener that keeps what it is sent."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Listener(Controller):
    """Listens on a free port of this machine; ``messages`` are in the order they came."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._refusals: list[str] = []
        self.before_answering: Callable[[], None] = lambda: None
        """Called once a message is kept, before the sender is told so."""
        self._arrived = threading.Condition()
        super().__init__(self, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        # The port is the kernel's choice: known once the server listens, that is, by now.
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, unless a refusal was asked for."""
        with self._arrived:
            if self._refusals:
                return self._refusals.pop(0)
            content = envelope.content
            raw = content.encode() if isinstance(content, str) else content or b""
            message = message_from_bytes(raw, policy=policy.default)
            message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
            self.messages.append(message)
            self._arrived.notify_all()
        self.before_answering()
        return "250 kept"

    def refuse_next(self, times: int = 1, answer: str = "451 try again later") -> None:
        """Answer that to the next messages instead of keeping them; 4xx is temporary, 5xx final."""
        with self._arrived:
            self._refusals += [answer] * times

    def to(self, address: str) -> list[EmailMessage]:
        """The messages that address has received."""
        with self._arrived:
            return [one for one in self.messages if address in _recipients(one)]

    def wait_for(
        self, to: str | None = None, subject: str | None = None, timeout: float = 10
    ) -> EmailMessage:
        """The first message to that address whose subject holds that text, within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                for message in self.messages:
                    if to is not None and to not in _recipients(message):
                        continue
                    if subject is None or subject in str(message["Subject"]):
                        return message
                left = deadline - time.monotonic()
                if left <= 0:
                    kept = [f"{one['X-Envelope-To']}: {one['Subject']}" for one in self.messages]
                    raise AssertionError(
                        f"no mail to {to} about {subject!r} within {timeout} s; kept: {kept}"
                    )
                self._arrived.wait(left)

    def clear(self) -> None:
        """Forget everything."""
        with self._arrived:
            self.messages.clear()
            self._refusals.clear()

    def environ(self) -> dict[str, str]:
        """What tells a server to send its mail here."""
        return {
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(self.port),
            "MAIL_DEFAULT_SENDER": "Service Enfance <service@example.org>",
        }


def _recipients(message: EmailMessage) -> list[str]:
    return str(message["X-Envelope-To"]).split(", ")


def text_of(message: EmailMessage) -> str:
    """The words of a message: its plain part, else its HTML."""
    part: Any = message.get_body(("plain", "html"))
    return str(part.get_content())


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener, for as long as the block lasts."""
    listener = Listener()
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()
