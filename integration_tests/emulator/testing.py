"""Pytest fixtures `api` and `login_kit`. A test file names this module in `pytest_plugins`."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from .accounts import Account, AccountSpec
from .emulator import Emulator
from .envelope import JsonObject
from .knobs import Knobs
from .server import RunningEmulator, running_emulator

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""A Friday. The newest day with figures is Wednesday, 2026-11-18."""


class _Client(ABC):
    """Sends requests to an emulator with a token of one account."""

    def __init__(self, running: RunningEmulator, session: requests.Session) -> None:
        """Begin with the first account."""
        self.emulator: Emulator = running.emulator
        self.url = running.url
        self.session = session
        self.as_account()

    @abstractmethod
    def as_account(self, account: Account | None = None, scopes: list[str] | None = None) -> None:
        """Change to an account, by default the first one, and to a token with these scopes, by default all."""

    def new_account(self, **attributes: Any) -> None:
        """Make an account and change to it."""
        self.as_account(self.emulator.add_account(AccountSpec(**attributes)))


class Api(_Client):
    """A client of the TikTok API for Business."""

    def as_account(self, account: Account | None = None, scopes: list[str] | None = None) -> None:
        """Change account and token."""
        self.open_id = (account or self.emulator.account()).open_id
        self.token: str = self.emulator.grant(self.open_id, scopes)["access_token"]

    def raw_get(self, path: str, *, headers: dict[str, str] | None = None, **params: Any) -> requests.Response:
        """Send a GET request. Lists and dicts become JSON. The account's business_id is the default."""
        query = {"business_id": self.open_id, **params}
        query = {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in query.items()}
        sent = {"Access-Token": self.token} if headers is None else headers
        return self.session.get(f"{self.url}/open_api/v1.3/{path}", params=query, headers=sent, timeout=10)

    def get(self, path: str, **params: Any) -> JsonObject:
        """Send a GET request and return the body."""
        response = self.raw_get(path, **params)
        assert response.status_code == 200
        return dict(response.json())

    def data(self, path: str, **params: Any) -> JsonObject:
        """Send a GET request, which must succeed, and return `data`."""
        body = self.get(path, **params)
        assert body["code"] == 0, body["message"]
        return dict(body["data"])

    def code(self, path: str, **params: Any) -> int:
        """Send a GET request and return the code."""
        return int(self.get(path, **params)["code"])

    def post(self, path: str, body: JsonObject) -> JsonObject:
        """Send a JSON body to an OAuth endpoint and return the body of the response."""
        response = self.session.post(f"{self.url}/open_api/v1.3/{path}", json=body, timeout=10)
        assert response.status_code == 200
        return dict(response.json())

    def all_posts(self, *fields: str, size: int = 20) -> list[JsonObject]:
        """Return the posts of all pages."""
        posts: list[JsonObject] = []
        params: JsonObject = {"fields": ["item_id", *fields], "max_count": size}
        while True:
            page = self.data("business/video/list/", **params)
            posts += page["videos"]
            if not page["has_more"]:
                return posts
            params["cursor"] = page["cursor"]


class LoginKitApi(_Client):
    """A client of Login Kit and the Display API."""

    def as_account(self, account: Account | None = None, scopes: list[str] | None = None) -> None:
        """Change account and token."""
        self.account = account or self.emulator.account()
        self.token: str = self.emulator.grant(self.account.open_id, scopes, family="login_kit")["access_token"]

    def send(self, path: str, *, headers: dict[str, str] | None = None, body: Any = None, **params: str) -> Any:
        """Send a data request with the endpoint's method. Videos get a JSON body, by default `{}`."""
        sent = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        method = "POST" if path.startswith("v2/video/") else "GET"
        if method == "POST" and not isinstance(body, bytes):
            body, sent = json.dumps({} if body is None else body), {"Content-Type": "application/json", **sent}
        return self.session.request(method, f"{self.url}/{path}", params=params, headers=sent, data=body, timeout=10)

    def data(self, path: str, **options: Any) -> JsonObject:
        """Send a data request, which must succeed, and return `data`."""
        response = self.send(path, **options)
        assert (response.status_code, response.json()["error"]["code"]) == (200, "ok"), response.text
        return dict(response.json()["data"])

    def outcome(self, path: str, **options: Any) -> tuple[int, str]:
        """Send a data request and return HTTP status and code."""
        response = self.send(path, **options)
        return response.status_code, str(response.json()["error"]["code"])

    def post_form(self, path: str, form: dict[str, Any]) -> requests.Response:
        """Send a form to an OAuth endpoint. The app's key and secret are the default."""
        app = {"client_key": self.emulator.app.client_id, "client_secret": self.emulator.app.client_secret}
        return self.session.post(f"{self.url}/{path}", data=app | form, timeout=10)

    def all_videos(self, *fields: str, size: int = 20) -> list[JsonObject]:
        """Return the videos of all pages."""
        videos: list[JsonObject] = []
        body: JsonObject = {"max_count": size}
        while True:
            page = self.data("v2/video/list/", fields=",".join(["id", *fields]), body=body)
            videos += page["videos"]
            if not page["has_more"]:
                return videos
            body["cursor"] = page["cursor"]


@pytest.fixture(scope="session")
def api_server() -> Iterator[RunningEmulator]:
    """Serve one emulator for all tests. Its clock stands still at NOON, and it has no rate limits."""
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, display_qpm=0)
    with running_emulator(now=NOON, frozen=True, knobs=knobs) as running:
        yield running


@pytest.fixture(scope="session")
def api_session() -> Iterator[requests.Session]:
    """Keep one connection open for all tests."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def api(api_server: RunningEmulator, api_session: requests.Session) -> Api:
    """Reset the emulator and return a client."""
    api_server.emulator.reset()
    return Api(api_server, api_session)


@pytest.fixture
def login_kit(api_server: RunningEmulator, api_session: requests.Session) -> LoginKitApi:
    """Reset the emulator and return a client. A test must not use `api` too."""
    api_server.emulator.reset()
    return LoginKitApi(api_server, api_session)
