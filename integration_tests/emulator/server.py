"""The HTTP server of the emulator, on a loopback address."""

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
from fastapi import FastAPI

from .business_api import business_router
from .consent import consent_router
from .control import control_router
from .covers import cover_router
from .emulator import Emulator
from .faults import ConnectionCutError
from .front import front_router
from .login_kit.router import login_kit_router


def create_app(emulator: Emulator) -> FastAPI:
    """Return the application that serves `emulator`."""
    app = FastAPI(
        title="TikTok emulator",
        description="Emulates TikTok's APIs for organic accounts. All accounts, posts and figures are invented.",
        version="1.3",
        docs_url=None,  # its page would be fetched from the network
        redoc_url=None,
        redirect_slashes=False,  # a path without its slash does not exist (docs/tiktok-api.md D2)
    )
    # Login Kit's router answers every other path below /v2/.
    for router in (front_router, consent_router, cover_router, business_router, login_kit_router, control_router):
        app.include_router(router(emulator))
    return app


class NotLoopbackError(ValueError):
    """The address is not a loopback address. Other machines must not reach the emulator: it gives tokens to anybody."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on a loopback address. Port 0 is any free port.

    Raises NotLoopbackError for another address, and OSError if the port is not free.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise NotLoopbackError(f"The emulator serves loopback only (127.0.0.1, ::1 or localhost), not {host!r}.")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    # Without the protocol asyncio does not switch off Nagle's algorithm, and a response takes 40 ms.
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
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class EmulatorServer(uvicorn.Server):
    """A server without an access log. It calls a function when it is ready."""

    def __init__(self, emulator: Emulator, ready: Callable[[], None]) -> None:
        """Take the emulator, and the function to call when the server accepts connections."""
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
        logging.getLogger("uvicorn.error").addFilter(_is_unexpected)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `ready`."""
        await super().startup(sockets)
        self._ready()


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """An emulator and the URL at which it is served."""

    url: str
    emulator: Emulator


@contextmanager
def running_emulator(emulator: Emulator | None = None, **options: Any) -> Iterator[RunningEmulator]:
    """Serve an emulator in a thread, on a free port. Without an emulator, the options are those of a new one."""
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


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Return False for the exception of the fault `cut_connection`, to keep it out of the log."""
    return not (record.exc_info and isinstance(record.exc_info[1], ConnectionCutError))
