"""The control API under /_emulator/, and the command line."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from integration_tests.emulator.__main__ import main
from integration_tests.emulator.server import running_emulator

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)
COMMAND = [sys.executable, "-m", "integration_tests.emulator"]


def control(api: Api, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    response = api.session.request(method, f"{api.url}/_emulator/{path}", json=body, timeout=10)
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def test_knobs(api: Api) -> None:
    assert control(api, "GET", "knobs")["latent_days"] == 2
    assert control(api, "PATCH", "knobs", {"latent_days": 1, "app_qpm": 5})["latent_days"] == 1
    assert (api.emulator.knobs.latent_days, api.emulator.knobs.app_qpm) == (1, 5)
    control(api, "PATCH", "knobs", {"app_qpm": 9, "latent_days": 7}, status=422)
    control(api, "PATCH", "knobs", {"no_such_knob": 1}, status=422)
    assert api.emulator.knobs.app_qpm == 5


def test_clock(api: Api) -> None:
    assert control(api, "GET", "clock") == {"now": "2026-11-20T12:00:00Z", "frozen": True}
    assert control(api, "POST", "clock/advance", {"seconds": 3600})["now"] == "2026-11-20T13:00:00Z"
    assert control(api, "PUT", "clock", {"now": "2027-01-01T00:00:00"})["now"] == "2027-01-01T00:00:00Z"
    ticking = control(api, "PUT", "clock", {"now": "2027-01-01T00:00:00Z", "frozen": False})
    assert ticking["now"].startswith("2027-01-01T00:00:0")
    assert control(api, "GET", "clock")["now"] > ticking["now"]


def test_accounts(api: Api) -> None:
    new = control(api, "POST", "accounts", {"username": "tiny", "kind": "personal", "posts": 3}, status=201)
    assert (new["username"], new["kind"], new["posts_now"], new["followers"]) == ("tiny", "personal", 3, 15342)
    open_id = new["open_id"]
    assert [account["open_id"] for account in control(api, "GET", "accounts")][1:] == [open_id]
    assert control(api, "PATCH", f"accounts/{open_id}", {"username": "renamed"})["username"] == "renamed"
    api.as_account(api.emulator.account(open_id))
    assert api.data("business/get/", fields=["username"]) == {"username": "renamed"}
    control(api, "POST", "accounts", {"open_id": open_id}, status=409)
    control(api, "PATCH", "accounts/unknown", {}, status=404)
    control(api, "PATCH", f"accounts/{open_id}", {"followers": -1}, status=422)


def test_authorize_stands_for_the_consent_page(api: Api) -> None:
    answer = control(api, "POST", "authorize", {"open_id": api.open_id, "scopes": ["video.list"]})
    assert (answer["redirect_uri"], answer["warnings"]) == ("https://example.com/callback/", [])
    assert "%2A" in answer["location"]
    assert "%21" in answer["location"]
    query = parse_qs(urlsplit(answer["location"]).query)
    assert query == {"code": [answer["auth_code"]], "scopes": ["video.list"]}
    local = control(api, "POST", "authorize", {"redirect_uri": "http://localhost:8000/callback"})
    assert local["warnings"] == ["must begin with https://", "must end with /", "must have no port"]
    control(api, "POST", "authorize", {"open_id": "unknown"}, status=404)


def test_grant_makes_tokens_even_expired_ones(api: Api) -> None:
    tokens = control(api, "POST", "grant", {"open_id": api.open_id, "scopes": ["user.info.basic"]})
    assert (tokens["scope"], tokens["expires_in"], tokens["open_id"]) == ("user.info.basic", 86400, api.open_id)
    api.token = tokens["access_token"]
    assert api.code("business/get/") == 0
    api.token = control(api, "POST", "grant", {"access_token_expires_in": -1})["access_token"]
    assert api.code("business/get/") == 40102


def test_faults(api: Api) -> None:
    fault = {"path": "business/get/", "kind": "code", "code": 50002}
    assert control(api, "POST", "faults", fault, status=201)["times"] == 1
    assert [entry["code"] for entry in control(api, "GET", "faults")] == [50002]
    assert api.code("business/get/") == 50002
    assert control(api, "GET", "faults") == []
    control(api, "POST", "faults", fault, status=201)
    control(api, "DELETE", "faults", status=204)
    assert api.code("business/get/") == 0
    control(api, "POST", "faults", {"path": "x", "kind": "earthquake"}, status=422)


def test_the_log_has_every_call_and_no_secret(api: Api) -> None:
    api.code("business/get/", fields=["username"], access_token="act.x")
    api.code("business/nothing/")
    api.post("tt_user/token_info/get/", {"app_id": api.emulator.app.client_id, "access_token": api.token})
    calls = control(api, "GET", "calls")
    assert calls[0] == {
        "at": "2026-11-20T12:00:00+00:00",
        "method": "GET",
        "path": "business/get/",
        "business_id": api.open_id,
        "params": {"business_id": api.open_id, "fields": '["username"]'},
        "code": 0,
        "http_status": 200,
    }
    assert [(call["path"], call["code"]) for call in calls[1:]] == [
        ("business/nothing/", 40006),
        ("tt_user/token_info/get/", 0),
    ]
    assert calls[2]["business_id"] == api.open_id
    assert control(api, "GET", "calls/summary")["business/get/"] == {"total": 1, "refused": 0}
    assert "act." not in str(calls)
    control(api, "DELETE", "calls", status=204)
    assert control(api, "GET", "calls") == []


def test_an_attribute_can_change_without_the_posts_becoming_others(api: Api) -> None:
    before = [post["item_id"] for post in api.all_posts()]
    api.emulator.change_account(api.open_id, comments_per_post=3, photo_share=0.9, followers=50, ad_share=1)
    assert [post["item_id"] for post in api.all_posts()] == before


def test_reset_goes_back_to_the_start(api: Api) -> None:
    control(api, "PATCH", "knobs", {"latent_days": 1})
    control(api, "POST", "clock/advance", {"seconds": 86400})
    control(api, "POST", "accounts", {}, status=201)
    control(api, "POST", "reset", status=204)
    assert control(api, "GET", "knobs")["latent_days"] == 2
    assert control(api, "GET", "clock")["now"] == "2026-11-20T12:00:00Z"
    assert len(control(api, "GET", "accounts")) == 1
    assert api.code("business/get/") == 40105


def test_the_documentation_page_knows_every_endpoint(api: Api) -> None:
    schema = api.session.get(f"{api.url}/openapi.json", timeout=10).json()
    paths = [path for path in schema["paths"] if path.startswith("/open_api/v1.3/")]
    assert len(paths) == 9
    parameters = schema["paths"]["/open_api/v1.3/business/video/list/"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == [
        "Access-Token", "business_id", "fields", "filters", "cursor", "max_count",
    ]  # fmt: skip


def test_the_page_at_the_root_has_what_one_needs_and_asks_nobody_else(api: Api) -> None:
    page = api.session.get(api.url, timeout=10).text

    for needed in (api.open_id, "7400000000000000001", "emulator-client-secret", "GET /open_api/v1.3/business/get/"):
        assert needed in page
    assert "latent_days = 2" in page
    assert "Profile, follower demographics and daily series (A6)" in page
    assert f'href="/_emulator/calls">{api.url}/_emulator/calls<' in page
    assert re.findall('(?:src|href)="(?!/)', page) == []
    assert "url(" not in page


def test_a_port_that_is_taken_is_said_with_another(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    port = urlsplit(api.url).port

    assert main(["--port", str(port)]) == 2

    said = capsys.readouterr().err
    assert f"Port {port} of 127.0.0.1 can't be used: Address already in use." in said
    assert 'make emulator OPTIONS="--port 0"' in said


def test_it_starts_and_stops_fast_and_leaves_the_port() -> None:
    with running_emulator() as running:
        assert requests.get(f"{running.url}/_emulator/clock", timeout=5).json()["frozen"] is False
        started = time.perf_counter()
    assert time.perf_counter() - started < 0.5
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{running.url}/_emulator/clock", timeout=5)


def test_the_command_says_where_it_listens_and_stops_on_ctrl_c() -> None:
    options = ["--port", "0", "--accounts", "3", "--posts", "5", "--now", "2026-11-20T12:00:00Z", "--frozen"]
    options += ["--knob", "latent_days=1", "--knob", "pending_days=zeros"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        assert first.startswith("TikTok emulator on http://127.0.0.1:")
        url = first.split()[-1]
        accounts = requests.get(f"{url}/_emulator/accounts", timeout=5).json()
        knobs = requests.get(f"{url}/_emulator/knobs", timeout=5).json()
        process.send_signal(signal.SIGINT)
        rest, errors = process.stdout.read(), process.stderr.read()
    assert [account["kind"] for account in accounts] == ["business_registered", "business", "personal"]
    assert (knobs["latent_days"], knobs["pending_days"]) == (1, "zeros")
    assert f"open {url} in a browser" in rest
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--host", "0.0.0.0"], "serves loopback only"),
        (["--host", "example.com"], "serves loopback only"),
        (["--knob", "no_such_knob=1"], "There is no knob no_such_knob."),
        (["--knob", "latent_days=7"], "The knob latent_days can't be 7: Input should be less than or equal to 3."),
    ],
)
def test_the_command_refuses_what_it_cannot_do(
    capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
) -> None:
    assert main([*options, "--port", "0"]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--posts=-1"], "argument --posts: '-1' is not a whole number of 0 or more."),
        (["--accounts", "two"], "argument --accounts: 'two' is not a whole number of 0 or more."),
        (["--port", "99999"], "argument --port: '99999' is not a port, which is a number from 0 to 65535."),
        (["--now", "tomorrow"], "argument --now: 'tomorrow' is not a time such as 2026-11-20T12:00:00Z."),
        (["--knob", "latent_days"], "argument --knob: 'latent_days' is not name=value, such as latent_days=1."),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_an_option_that_is_wrong_is_named(
    capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 2
