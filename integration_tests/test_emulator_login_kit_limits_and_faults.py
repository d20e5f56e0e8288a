"""Rate limits, faults and the call log of Login Kit and the Display API (docs/tiktok-api.md B2, failure injection)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from integration_tests.emulator.testing import LoginKitApi

pytest_plugins = ("integration_tests.emulator.testing",)
TOKEN, USER, LIST = "v2/oauth/token/", "v2/user/info/", "v2/video/list/"
OK, LIMITED = (200, "ok"), (429, "rate_limit_exceeded")
FIELDS = {USER: "open_id", LIST: "id"}


def outcomes(login_kit: LoginKitApi, path: str, times: int) -> list[tuple[int, str]]:
    return [login_kit.outcome(path, fields=FIELDS[path]) for _ in range(times)]


def refresh(login_kit: LoginKitApi) -> requests.Response:
    token = login_kit.emulator.grant(family="login_kit")["refresh_token"]
    return login_kit.post_form(TOKEN, {"grant_type": "refresh_token", "refresh_token": token})


def test_six_hundred_calls_a_minute_for_an_endpoint_without_a_penalty(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_qpm=600)
    assert set(outcomes(login_kit, USER, 599)) == {OK}
    login_kit.emulator.clock.advance(30)
    assert outcomes(login_kit, USER, 3) == [OK, LIMITED, LIMITED]
    assert outcomes(login_kit, LIST, 1) == [OK]
    login_kit.emulator.clock.advance(30)
    assert outcomes(login_kit, USER, 1) == [OK]


def test_the_minute_slides(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_qpm=2)
    assert outcomes(login_kit, USER, 1) == [OK]
    login_kit.emulator.clock.advance(59)
    assert outcomes(login_kit, USER, 2) == [OK, LIMITED]
    login_kit.emulator.clock.advance(1)
    assert outcomes(login_kit, USER, 2) == [OK, LIMITED]


def test_accounts_share_the_minute_or_not(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_qpm=1)
    assert outcomes(login_kit, USER, 2) == [OK, LIMITED]
    login_kit.new_account()
    assert outcomes(login_kit, USER, 1) == [LIMITED]
    login_kit.emulator.set_knobs(display_qpm_per="user")
    assert outcomes(login_kit, USER, 2) == [OK, LIMITED]


def test_the_limits_of_the_other_family_do_not_count_here(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(account_endpoint_qpm=1, app_qpm=1, app_qps=1)
    assert outcomes(login_kit, USER, 3) == [OK, OK, OK]


def test_refused_calls_are_in_the_log(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(display_qpm=1)
    outcomes(login_kit, USER, 3)
    tally = login_kit.emulator.calls.summary()[USER]
    assert (tally.total, tally.refused) == (3, 2)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, 500),
        ("internal_error", 500),
        ("rate_limit_exceeded", 429),
        ("access_token_invalid", 401),
        ("scope_not_authorized", 401),
        ("scope_permission_missed", 400),
        ("something_new", 400),
    ],
)
def test_a_fault_has_a_code_and_the_status_that_belongs_to_it(
    login_kit: LoginKitApi, error: str | None, status: int
) -> None:
    login_kit.emulator.add_fault(USER, "code", error=error, after=1)
    assert outcomes(login_kit, USER, 3) == [OK, (status, error or "internal_error"), OK]


def test_a_fault_can_have_any_status_and_message(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(LIST, "code", error="internal_error", status=200, message="Try again.")
    response = login_kit.send(LIST, fields="id")
    assert (response.status_code, response.json()["error"]["message"]) == (200, "Try again.")


def test_a_fault_of_a_token_call_is_flat(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(TOKEN, "code")
    login_kit.emulator.add_fault(TOKEN, "code", error="temporarily_unavailable", status=503, message="Later.")
    response = refresh(login_kit)
    assert (response.status_code, response.json()["error"]) == (200, "server_error")
    response = refresh(login_kit)
    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert response.json()["error_description"] == "Later."
    assert "access_token" in refresh(login_kit).json()


def test_a_fault_for_one_account(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(USER, "code", business_id=login_kit.account.open_id, times=None)
    assert outcomes(login_kit, USER, 1) == [(500, "internal_error")]
    login_kit.new_account()
    assert outcomes(login_kit, USER, 1) == [OK]


def test_html_instead_of_json(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(USER, "http", status=502)
    login_kit.emulator.add_fault(USER, "html_200")
    for status in (502, 200):
        response = login_kit.send(USER, fields="open_id")
        assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


def test_truncated_json(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(LIST, "truncated_json")
    response = login_kit.send(LIST, fields="id")
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.text)
    assert outcomes(login_kit, LIST, 1) == [OK]


def test_a_cut_connection(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(LIST, "cut_connection")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        login_kit.send(LIST, fields="id")
    assert outcomes(login_kit, LIST, 1) == [OK]
    assert [call.http_status for call in login_kit.emulator.calls.entries] == [None, 200]


def test_a_slow_answer(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(USER, "slow", seconds=0.3)
    headers = {"Authorization": f"Bearer {login_kit.token}"}
    with pytest.raises(requests.ReadTimeout):
        login_kit.session.get(f"{login_kit.url}/{USER}", params={"fields": "open_id"}, headers=headers, timeout=0.05)


def test_a_cursor_that_repeats(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault(LIST, "repeat_cursor")
    first = login_kit.data(LIST, fields="id")
    body = {"cursor": first["cursor"]}
    second = login_kit.data(LIST, fields="id", body=body)
    assert (second["cursor"], second["has_more"]) == (first["cursor"], True)
    assert login_kit.data(LIST, fields="id", body=body)["cursor"] < first["cursor"]


def test_a_token_that_is_revoked_in_between(login_kit: LoginKitApi) -> None:
    tokens = login_kit.emulator.grant(family="login_kit")
    login_kit.token = tokens["access_token"]
    login_kit.emulator.add_fault(LIST, "revoke_token", after=1)
    invalid = (401, "access_token_invalid")
    assert outcomes(login_kit, LIST, 3) == [OK, invalid, invalid]
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    login_kit.token = login_kit.post_form(TOKEN, form).json()["access_token"]
    assert outcomes(login_kit, LIST, 1) == [OK]


def test_a_fault_for_every_path_reaches_both_families(login_kit: LoginKitApi) -> None:
    login_kit.emulator.add_fault("*", "code", code=51065, error="rate_limit_exceeded", times=2)
    assert outcomes(login_kit, USER, 1) == [LIMITED]
    response = login_kit.session.get(f"{login_kit.url}/open_api/v1.3/business/get/", timeout=10)
    assert (response.status_code, response.json()["code"]) == (200, 51065)


def test_the_log_has_every_call_and_no_secret(login_kit: LoginKitApi) -> None:
    login_kit.data(LIST, fields="id", body={"cursor": 1790000000000, "max_count": 5, "token": login_kit.token})
    login_kit.outcome(USER, fields="x", access_token="act.x")
    refresh(login_kit)
    login_kit.post_form(TOKEN, {"grant_type": "act.x", "code": "act.x"})
    login_kit.send("v2/nothing/")
    calls = login_kit.session.get(f"{login_kit.url}/_emulator/calls", timeout=10).json()
    assert calls[0] == {
        "at": "2026-11-20T12:00:00+00:00",
        "method": "POST",
        "path": LIST,
        "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
        "params": {"fields": "id", "cursor": "1790000000000", "max_count": "5"},
        "code": "ok",
        "http_status": 200,
    }
    assert [(call["path"], call["params"], call["code"], call["http_status"]) for call in calls[1:]] == [
        (USER, {"fields": "x"}, "invalid_params", 400),
        (TOKEN, {"grant_type": "refresh_token"}, "ok", 200),
        (TOKEN, {}, "unsupported_grant_type", 200),
        ("v2/nothing/", {}, None, 404),
    ]
    assert "act." not in str(calls)
    assert "rft." not in str(calls)
    assert login_kit.emulator.app.client_secret not in str(calls)


def test_reset_ends_the_tokens_of_both_families(login_kit: LoginKitApi) -> None:
    login_kit.emulator.reset()
    assert outcomes(login_kit, USER, 1) == [(401, "access_token_invalid")]


def test_the_documentation_page_knows_every_endpoint(login_kit: LoginKitApi) -> None:
    paths = login_kit.session.get(f"{login_kit.url}/openapi.json", timeout=10).json()["paths"]
    assert {path: list(methods) for path, methods in paths.items() if path.startswith("/v2/")} == {
        "/v2/oauth/token/": ["post"],
        "/v2/oauth/revoke/": ["post"],
        "/v2/user/info/": ["get"],
        "/v2/video/list/": ["post"],
        "/v2/video/query/": ["post"],
    }
