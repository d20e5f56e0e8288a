"""The web application: one router per API family, and the control API."""

from __future__ import annotations

from fastapi import FastAPI

from .business_api import business_router
from .control import control_router
from .emulator import Emulator
from .login_kit.router import login_kit_router

FAMILIES = (business_router, login_kit_router)


def create_app(emulator: Emulator) -> FastAPI:
    """Return the application that serves `emulator`; a path without its trailing slash is not redirected."""
    app = FastAPI(
        title="TikTok emulator",
        description="Stands for TikTok's APIs for organic accounts. All accounts, posts and figures are invented.",
        version="1.3",
        redirect_slashes=False,
    )
    for family in FAMILIES:
        app.include_router(family(emulator))
    app.include_router(control_router(emulator))
    return app
