"""The page at `/`, on which the emulator explains itself."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from .emulator import Emulator
from .knobs import Knobs
from .page import page


def front_router(emulator: Emulator) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def front(request: Request) -> Response:
        return HTMLResponse(page("TikTok emulator", _content(emulator, request)))

    return router


def _content(emulator: Emulator, request: Request) -> str:
    url = str(request.base_url).rstrip("/")
    first = next(iter(emulator.accounts), "")
    return "".join(
        [
            "<p>It stands for TikTok's API for Business and Login Kit. Point the connector at it with the setting "
            f"<code>api_url</code>: <code>{url}</code>.</p>",
            "<h2>The app</h2>",
            _table(
                ("client_id, client_key", _code(emulator.app.client_id)),
                ("client_secret", _code(emulator.app.client_secret)),
                ("redirect URL", _code(emulator.app.redirect_uri)),
            ),
            "<h2>Accounts</h2>",
            _table(
                *(
                    (
                        _code(open_id),
                        f"{escape(account.spec.display_name or '')}: {account.spec.kind.replace('_', ', ')}",
                    )
                    for open_id, account in emulator.accounts.items()
                )
            ),
            "<h2>Tokens</h2><p>Sign in as a user does, or have tokens at once:</p>",
            f"<pre>python -m source_tiktok_organic.sign_in config.json\n\ncurl -s -X POST {url}/_emulator/grant "
            "-H 'Content-Type: application/json' \\\n     "
            f"-d '{{&quot;open_id&quot;: &quot;{escape(first)}&quot;}}'</pre>",
            "<h2>Endpoints</h2>",
            "<p>Those of TikTok have their section of docs/tiktok-api.md in brackets.</p>"
            f'<p>All as OpenAPI: <a href="/openapi.json">{url}/openapi.json</a>. The calls so far: '
            f'<a href="/_emulator/calls/summary">{url}/_emulator/calls/summary</a>, '
            f'and one by one: <a href="/_emulator/calls">{url}/_emulator/calls</a>.</p>',
            _table(*_endpoints(request.app.openapi())),
            "<h2>Knobs</h2><p>What nobody could establish about TikTok can be chosen, in brackets with the section of "
            f"docs/tiktok-api.md: <code>PATCH {url}/_emulator/knobs</code>.</p>",
            _table(*_knobs(emulator.knobs)),
        ]
    )


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _table(*rows: tuple[str, str]) -> str:
    return f"<table>{''.join(f'<tr><td>{left}<td>{right}' for left, right in rows)}</table>"


def _endpoints(schema: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (_code(f"{method.upper()} {path}"), escape(operation.get("summary", "")))
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


def _knobs(knobs: Knobs) -> list[tuple[str, str]]:
    return [
        (_code(f"{name} = {value}"), escape(Knobs.model_fields[name].description or ""))
        for name, value in knobs.model_dump().items()
    ]
