"""Cover pictures of posts, at addresses that end (docs/tiktok-api.md D15)."""

from __future__ import annotations

from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from .emulator import Emulator
from .urls import signature_of

FOLDERS = ("obj", "tos-useast5-p-0068-tx")
# A picture of one pixel in each format.
PICTURES = {
    "image/jpeg": b64decode(
        "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwS"
        "ExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k="
    ),
    "image/webp": b64decode("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAUAmJaQAA3AA/v89WAAAAA=="),
}


def cover_router(emulator: Emulator) -> APIRouter:
    """Return the addresses of pictures. A wrong or old one is refused with a page, as a CDN does."""
    router = APIRouter(include_in_schema=False)

    async def picture(request: Request) -> Response:
        path = request.url.path[1:]
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        emulator.calls.add(emulator.clock.now().isoformat(), "GET", path, {}, business_id=None)
        expires = query.get("x-expires", "")
        is_signed = query.get("x-signature", "").endswith(signature_of(path, expires))
        if not is_signed or not expires.isdecimal() or int(expires) <= emulator.clock.seconds():
            return Response("<html><body>Access Denied</body></html>", 403, media_type="text/html")
        if emulator.knobs.gone_covers:
            return Response("<html><body>Not Found</body></html>", 404, media_type="text/html")
        kinds = list(PICTURES)
        kind = kinds[sum(path.encode()) % len(kinds)]
        return Response(PICTURES[kind], media_type=kind)

    for folder in FOLDERS:
        router.add_api_route(f"/{folder}/{{name:path}}", picture)
    return router
