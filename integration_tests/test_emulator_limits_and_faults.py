"""Rate limits and faults (docs/tiktok-api.md A5, D17, failure injection)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from integration_tests.emulator.knobs import Knobs

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)
GET, LIST, REFRESH = "business/get/", "business/video/list/", "tt_user/oauth2/refresh_token/"


def codes(api: Api, path: str, times: int) -> list[int]:
    return [api.code(path) for _ in range(times)]


def renewal(api: Api, tokens: dict[str, Any]) -> dict[str, Any]:
    app = api.emulator.app
    body = {"client_id": app.client_id, "client_secret": app.client_secret, "grant_type": "refresh_token"}
    return api.post(REFRESH, body | {"refresh_token": tokens["refresh_token"]})


def test_forty_calls_a_minute_for_an_account_and_endpoint_then_five_minutes_of_nothing(api: Api) -> None:
    api.emulator.set_knobs(account_endpoint_qpm=40)
    assert codes(api, GET, 41) == [0] * 40 + [40100]
    assert api.code(LIST) == 40100
    api.emulator.clock.advance(299)
    body = api.get(GET)
    assert body["code"] == 40100
    assert body["message"] == "Due to too many requests, requests from App are temporarily restricted."
    api.emulator.clock.advance(1)
    assert api.code(GET) == 0


def test_the_minute_rolls(api: Api) -> None:
    api.emulator.set_knobs(account_endpoint_qpm=4)
    assert codes(api, GET, 3) == [0] * 3
    api.emulator.clock.advance(59)
    assert api.code(GET) == 0
    api.emulator.clock.advance(1)
    assert codes(api, GET, 4) == [0, 0, 0, 40100]


def test_accounts_have_their_own_minute(api: Api) -> None:
    api.emulator.set_knobs(account_endpoint_qpm=1)
    assert codes(api, GET, 1) + codes(api, LIST, 1) == [0, 0]
    api.new_account()
    assert codes(api, GET, 2) == [0, 40100]


def test_calls_a_second_of_the_app_without_a_penalty(api: Api) -> None:
    api.emulator.set_knobs(app_qps=10)
    assert codes(api, GET, 5) + codes(api, LIST, 5) == [0] * 10
    body = api.get(LIST)
    assert (body["code"], body["message"]) == (40100, "App reaches the QPS limit 10")
    api.emulator.clock.advance(1)
    assert api.code(LIST) == 0


def test_calls_a_minute_of_the_app_shut_out_every_account(api: Api) -> None:
    api.emulator.set_knobs(app_qpm=3, penalty_seconds=10)
    assert codes(api, GET, 4) == [0, 0, 0, 40100]
    api.new_account()
    assert api.code(LIST) == 40100
    api.emulator.clock.advance(61)
    assert api.code(LIST) == 0


def test_calls_of_all_accounts_and_renewals_count_for_the_app_together(api: Api) -> None:
    api.emulator.set_knobs(app_qpm=6, account_endpoint_qpm=3)
    tokens = api.emulator.grant()
    assert codes(api, GET, 3) == [0] * 3
    api.new_account()
    assert codes(api, GET, 2) == [0] * 2
    assert renewal(api, tokens)["code"] == 0
    # This account has a call left, but the app has none.
    assert api.code(GET) == 40100
    assert renewal(api, tokens)["code"] == 40100


def test_a_new_app_has_ten_calls_a_second_and_an_account_forty_a_minute_for_an_endpoint() -> None:
    knobs = Knobs()
    assert (knobs.app_qps, knobs.app_qpm) == (10, 600)
    assert (knobs.account_endpoint_qpm, knobs.penalty_seconds) == (40, 300)


def test_refused_calls_are_in_the_log(api: Api) -> None:
    api.emulator.set_knobs(account_endpoint_qpm=1)
    codes(api, GET, 3)
    tally = api.emulator.calls.summary()[GET]
    assert (tally.total, tally.refused) == (3, 2)


def test_a_fault_with_a_code_happens_once_after_some_calls(api: Api) -> None:
    api.emulator.add_fault(GET, "code", code=51065, message="TTOP service error", after=1)
    assert codes(api, LIST, 2) == [0, 0]
    assert codes(api, GET, 3) == [0, 51065, 0]


def test_faults_strike_one_after_the_other(api: Api) -> None:
    api.emulator.add_fault("*", "code", code=50000, times=2)
    api.emulator.add_fault(GET, "code", code=40016)
    assert codes(api, GET, 4) == [50000, 50000, 40016, 0]
    api.emulator.add_fault(GET, "code", code=60001, times=None)
    assert codes(api, GET, 3) == [60001, 60001, 60001]
    api.emulator.faults.clear()
    assert api.code(GET) == 0


def test_a_fault_for_one_account(api: Api) -> None:
    api.emulator.add_fault(GET, "code", code=40001, business_id=api.open_id, times=None)
    assert api.code(GET) == 40001
    api.new_account()
    assert api.code(GET) == 0


def test_a_fault_for_the_renewals_of_one_account(api: Api) -> None:
    first = api.emulator.grant()
    api.new_account()
    second = api.emulator.grant(api.open_id)
    api.emulator.add_fault(REFRESH, "code", code=51039, business_id=api.open_id, times=None)
    assert renewal(api, first)["code"] == 0
    assert renewal(api, second)["code"] == 51039
    # Whoever has lost the right to it is still that account.
    api.emulator.faults.clear()
    assert renewal(api, second)["code"] == 0
    api.emulator.add_fault(REFRESH, "code", code=51039, business_id=api.open_id)
    assert [renewal(api, second)["code"] for _ in range(2)] == [51039, 40107]


def test_html_instead_of_json(api: Api) -> None:
    api.emulator.add_fault(GET, "http", status=502)
    api.emulator.add_fault(GET, "html_200")
    for status in (502, 200):
        response = api.raw_get(GET)
        assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
        assert response.text.startswith("<html>")


def test_truncated_json(api: Api) -> None:
    api.emulator.add_fault(GET, "truncated_json")
    response = api.raw_get(GET)
    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.text)
    assert api.code(GET) == 0


def test_a_cut_connection(api: Api) -> None:
    api.emulator.add_fault(GET, "cut_connection")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.raw_get(GET)
    assert api.code(GET) == 0
    assert [call.http_status for call in api.emulator.calls.entries] == [None, 200]


def test_a_slow_answer(api: Api) -> None:
    api.emulator.add_fault(GET, "slow", seconds=0.3)
    with pytest.raises(requests.ReadTimeout):
        api.session.get(f"{api.url}/open_api/v1.3/{GET}", headers={"Access-Token": api.token}, timeout=0.05)


def test_a_cursor_that_repeats(api: Api) -> None:
    api.emulator.add_fault(LIST, "repeat_cursor")
    first = api.data(LIST)
    second = api.data(LIST, cursor=first["cursor"])
    assert (second["cursor"], second["has_more"]) == (first["cursor"], True)
    assert api.data(LIST, cursor=first["cursor"])["cursor"] < first["cursor"]


def test_a_token_that_is_revoked_in_between(api: Api) -> None:
    tokens: dict[str, Any] = api.emulator.grant()
    api.token = tokens["access_token"]
    api.emulator.add_fault(LIST, "revoke_token", after=1)
    assert codes(api, LIST, 3) == [0, 40105, 40105]
    api.token = renewal(api, tokens)["data"]["access_token"]
    assert api.code(LIST) == 0
