"""No network beyond loopback: a test that reaches for it fails, and says where to."""

import ipaddress
import socket
from typing import Any

_OPEN_NAMES = {"localhost", "localhost.localdomain", "ip6-localhost", ""}


class NetworkRefused(RuntimeError):
    """A test reached beyond this machine. Not an ``OSError``: no retry may swallow it."""


def is_near(host: object) -> bool:
    """Is that this machine? Names other than its own are not looked up."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode(errors="replace")
    if host is None or host in _OPEN_NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def close_the_doors() -> None:
    """Refuse, from now on and in this process, connections and name look-ups beyond this machine.

    libpq and the browser have sockets of their own: the first is given local addresses only, the
    second is started with no name to resolve.
    """

    class Guarded(socket.socket):
        def _check(self, address: Any) -> None:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not is_near(address[0]):
                raise NetworkRefused(f"a test tried to reach {address[0]}:{address[1]}")

        def connect(self, address: Any) -> None:
            self._check(address)
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            self._check(address)
            return super().connect_ex(address)

        def sendto(self, *arguments: Any) -> int:
            self._check(arguments[-1])
            return super().sendto(*arguments)

    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        if not is_near(host):
            raise NetworkRefused(f"a test tried to look up {host}")
        return look_up(host, *rest, **named)

    socket.socket = Guarded  # type: ignore[misc]
    socket.getaddrinfo = guarded_look_up
