"""A guard that keeps tests on this machine: connecting elsewhere raises NetworkIsClosed."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any


class NetworkIsClosed(RuntimeError):
    """A test tried to reach another machine."""


_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex


def allow_this_machine_only() -> None:
    """Restrict sockets of this process to loopback addresses and Unix sockets."""
    socket.socket.connect = _guarded(_connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded(_connect_ex)  # type: ignore[method-assign]


def _guarded(connect: Any) -> Any:
    def connect_here(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
            raise NetworkIsClosed(f"Tests stay on this machine; this one wanted {address[0]!r}.")
        return connect(self, address)

    return connect_here


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
