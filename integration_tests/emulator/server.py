"""Serving an emulator over HTTP, on loopback only."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import uvicorn

from .app import create_app
from .emulator import Emulator
from .faults import ConnectionCutError


class NotLoopbackError(ValueError):
    """The emulator hands out tokens to anybody, so nobody else may reach it."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on a loopback address; port 0 takes any free one."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise NotLoopbackError(f"The emulator serves loopback only (127.0.0.1, ::1 or localhost), not {host!r}.")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for sockets that name their protocol; with it an answer takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((str(address), port))
        listening.listen(256)
    except OSError:
        listening.close()
        raise
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the address under which a socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class EmulatorServer(uvicorn.Server):
    """A quiet server that says when it accepts connections."""

    def __init__(self, emulator: Emulator, ready: Callable[[], None]) -> None:
        """Serve `emulator`; call `ready` once, when the first connection would be accepted."""
        super().__init__(
            uvicorn.Config(
                create_app(emulator),
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        logging.getLogger("uvicorn.error").addFilter(_is_worth_reporting)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then report."""
        await super().startup(sockets)
        self._ready()


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """An emulator that is being served."""

    url: str
    emulator: Emulator


@contextmanager
def running_emulator(emulator: Emulator | None = None, **options: Any) -> Iterator[RunningEmulator]:
    """Serve an emulator on a free port in a background thread; the options are those of `Emulator`."""
    emulator = emulator or Emulator(**options)
    ready = Event()
    server = EmulatorServer(emulator, ready.set)
    with listen("127.0.0.1", 0) as listening:
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="emulator", daemon=True)
        thread.start()
        try:
            if not ready.wait(timeout=10):
                raise TimeoutError("the emulator did not start")
            yield RunningEmulator(url_of(listening), emulator)
        finally:
            server.should_exit = True
            thread.join(timeout=5)


def _is_worth_reporting(record: logging.LogRecord) -> bool:
    """Keep the expected exception of a cut connection out of the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCutError))
