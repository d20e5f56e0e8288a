"""Codes and tokens of Login Kit (docs/tiktok-api.md B1, D16, D22, E19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

if TYPE_CHECKING:
    from integration_tests.emulator.testing import LoginKitApi

pytest_plugins = ("integration_tests.emulator.testing",)
TOKEN, REVOKE, USER = "v2/oauth/token/", "v2/oauth/revoke/", "v2/user/info/"
BUSINESS = "/open_api/v1.3/"
OPEN_ID = "96e7f99c-dd8e-4c8b-8dd5-8488b072c22d"
BUSINESS_ID = "-000EmuOpenId_0001abcDEFghiJKL"


def exchange(login_kit: LoginKitApi, **changes: Any) -> requests.Response:
    form = {"grant_type": "authorization_code", "redirect_uri": "https://example.com/callback/"}
    return login_kit.post_form(TOKEN, form | {"code": login_kit.emulator.authorize(family="login_kit")} | changes)


def refresh(login_kit: LoginKitApi, token: str, **changes: Any) -> requests.Response:
    return login_kit.post_form(TOKEN, {"grant_type": "refresh_token", "refresh_token": token} | changes)


def grant(login_kit: LoginKitApi, **options: Any) -> dict[str, Any]:
    return login_kit.emulator.grant(family="login_kit", **options)


def user(login_kit: LoginKitApi) -> tuple[int, str]:
    return login_kit.outcome(USER, fields="open_id")


def test_a_code_is_exchanged_for_tokens_in_a_flat_body(login_kit: LoginKitApi) -> None:
    body = exchange(login_kit).json()
    assert body.pop("access_token").startswith("act.")
    assert body.pop("refresh_token").startswith("rft.")
    assert set(body.pop("scope").split(",")) == {
        "user.info.basic", "user.info.profile", "user.info.stats", "video.list",
    }  # fmt: skip
    assert body == {
        "expires_in": 86400,
        "open_id": OPEN_ID,
        "refresh_expires_in": 31536000,
        "token_type": "Bearer",
    }


def test_a_code_works_once(login_kit: LoginKitApi) -> None:
    code = login_kit.emulator.authorize(family="login_kit")
    assert "access_token" in exchange(login_kit, code=code).json()
    assert exchange(login_kit, code=code).json()["error"] == "invalid_grant"


def test_a_code_lives_for_ten_minutes(login_kit: LoginKitApi) -> None:
    early, late = (login_kit.emulator.authorize(family="login_kit") for _ in range(2))
    login_kit.emulator.clock.advance(599)
    assert "access_token" in exchange(login_kit, code=early).json()
    login_kit.emulator.clock.advance(1)
    assert exchange(login_kit, code=late).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_key": "1"}, "invalid_client"),
        ({"client_key": ""}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "https://example.com/other/"}, "invalid_request"),
    ],
)
def test_a_wrong_exchange_is_refused_with_http_200(login_kit: LoginKitApi, changes: dict[str, Any], error: str) -> None:
    response = exchange(login_kit, **changes)
    body = response.json()
    assert (response.status_code, body["error"]) == (200, error)
    assert set(body) == {"error", "error_description", "log_id"}
    assert body["log_id"] == response.headers["X-Tt-Logid"]


@pytest.mark.parametrize("status", [400, 401])
def test_the_http_status_of_a_refusal_is_a_knob(login_kit: LoginKitApi, status: int) -> None:
    login_kit.emulator.set_knobs(oauth_error_status=status)
    response = refresh(login_kit, "rft.unknown")
    assert (response.status_code, response.json()["error"]) == (status, "invalid_grant")
    assert exchange(login_kit).status_code == 200


def test_a_code_that_is_still_percent_encoded_is_not_the_code(login_kit: LoginKitApi) -> None:
    code = login_kit.emulator.authorize(family="login_kit")
    assert "*" in code
    assert exchange(login_kit, code=code.replace("*", "%2A")).json()["error"] == "invalid_grant"
    assert "access_token" in exchange(login_kit, code=code).json()


def test_a_json_body_is_refused(login_kit: LoginKitApi) -> None:
    app = login_kit.emulator.app
    body = {
        "client_key": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "refresh_token",
        "refresh_token": grant(login_kit)["refresh_token"],
    }
    response = login_kit.session.post(f"{login_kit.url}/{TOKEN}", json=body, timeout=10)
    assert response.json()["error"] == "invalid_request"
    assert "access_token" in login_kit.post_form(TOKEN, body).json()


def test_parameters_in_the_query_do_not_count(login_kit: LoginKitApi) -> None:
    query = {"grant_type": "refresh_token", "refresh_token": grant(login_kit)["refresh_token"]}
    response = login_kit.session.post(f"{login_kit.url}/{TOKEN}", params=query, data={"client_key": "1"}, timeout=10)
    assert response.json()["error"] == "invalid_request"


def test_a_refresh_counts_the_year_down(login_kit: LoginKitApi) -> None:
    first = exchange(login_kit).json()
    login_kit.emulator.clock.advance(8686)
    second = refresh(login_kit, first["refresh_token"]).json()
    assert (second["refresh_expires_in"], second["expires_in"]) == (31527314, 86400)
    assert (second["open_id"], second["access_token"] != first["access_token"]) == (OPEN_ID, True)


def test_the_refresh_token_dies_after_a_year_however_often_it_is_used(login_kit: LoginKitApi) -> None:
    token = exchange(login_kit).json()["refresh_token"]
    login_kit.emulator.clock.advance(31536000 - 10)
    token = refresh(login_kit, token).json()["refresh_token"]
    login_kit.emulator.clock.advance(10)
    assert refresh(login_kit, token).json()["error"] == "invalid_grant"


def test_the_refresh_token_rotates_and_the_old_one_is_dead(login_kit: LoginKitApi) -> None:
    old = grant(login_kit)["refresh_token"]
    new = refresh(login_kit, old).json()["refresh_token"]
    assert new != old
    assert refresh(login_kit, old).json()["error"] == "invalid_grant"
    assert refresh(login_kit, new).json()["token_type"] == "Bearer"


def test_knobs_of_the_rotation(login_kit: LoginKitApi) -> None:
    login_kit.emulator.set_knobs(old_refresh_token_dies=False)
    old = grant(login_kit)["refresh_token"]
    assert refresh(login_kit, old).json()["refresh_token"] != old
    login_kit.emulator.set_knobs(rotate_refresh_token=False)
    assert refresh(login_kit, old).json()["refresh_token"] == old


@pytest.mark.parametrize(("kills", "outcome"), [(False, (200, "ok")), (True, (401, "access_token_invalid"))])
def test_whether_a_refresh_ends_the_old_access_token(
    login_kit: LoginKitApi, kills: bool, outcome: tuple[int, str]
) -> None:
    login_kit.emulator.set_knobs(refresh_kills_old_access_token=kills)
    tokens = grant(login_kit)
    login_kit.token = tokens["access_token"]
    refresh(login_kit, tokens["refresh_token"])
    assert user(login_kit) == outcome


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"refresh_token": "x"}, "invalid_grant"),
        ({"refresh_token": ""}, "invalid_request"),
    ],
)
def test_a_wrong_refresh_is_refused(login_kit: LoginKitApi, changes: dict[str, Any], error: str) -> None:
    assert refresh(login_kit, grant(login_kit)["refresh_token"], **changes).json()["error"] == error


def test_a_revoked_authorisation_is_over_and_the_answer_is_empty(login_kit: LoginKitApi) -> None:
    tokens = grant(login_kit)
    login_kit.token = tokens["access_token"]
    response = login_kit.post_form(REVOKE, {"token": login_kit.token})
    assert (response.status_code, response.content) == (200, b"")
    assert user(login_kit) == (401, "access_token_invalid")
    assert refresh(login_kit, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_an_unknown_token_is_an_error_or_not(login_kit: LoginKitApi) -> None:
    assert login_kit.post_form(REVOKE, {"token": "act.x"}).json()["error"] == "invalid_grant"
    assert login_kit.post_form(REVOKE, {"access_token": login_kit.token}).json()["error"] == "invalid_request"
    login_kit.emulator.set_knobs(oauth_revoke_of_unknown_token="success")
    assert login_kit.post_form(REVOKE, {"token": "act.x"}).content == b""


def test_tokens_of_one_family_mean_nothing_in_the_other(login_kit: LoginKitApi) -> None:
    query, headers = {"business_id": BUSINESS_ID}, {"Access-Token": login_kit.token}
    response = login_kit.session.get(
        f"{login_kit.url}{BUSINESS}business/get/", params=query, headers=headers, timeout=10
    )
    assert response.json()["code"] == 40105
    business = login_kit.emulator.grant()
    login_kit.token = business["access_token"]
    assert user(login_kit) == (401, "access_token_invalid")
    assert refresh(login_kit, business["refresh_token"]).json()["error"] == "invalid_grant"
    assert exchange(login_kit, code=login_kit.emulator.authorize()).json()["error"] == "invalid_grant"


def test_the_open_id_is_one_of_its_own_or_the_same(login_kit: LoginKitApi) -> None:
    assert (grant(login_kit)["open_id"], login_kit.emulator.grant()["open_id"]) == (OPEN_ID, BUSINESS_ID)
    login_kit.new_account()
    assert grant(login_kit, open_id=login_kit.account.open_id)["open_id"] not in (OPEN_ID, login_kit.account.open_id)
    login_kit.emulator.set_knobs(login_kit_open_id="same")
    assert grant(login_kit)["open_id"] == BUSINESS_ID


def test_the_scopes_come_in_another_order_each_time(login_kit: LoginKitApi) -> None:
    orders = {grant(login_kit)["scope"] for _ in range(6)}
    assert len(orders) > 1
    assert len({frozenset(order.split(",")) for order in orders}) == 1


def test_unticked_scopes_are_not_granted(login_kit: LoginKitApi) -> None:
    code = login_kit.emulator.authorize(scopes=["video.list"], family="login_kit")
    assert exchange(login_kit, code=code).json()["scope"] == "video.list"
    login_kit.new_account(scopes=["user.insights", "user.info.basic"])
    assert grant(login_kit, open_id=login_kit.account.open_id)["scope"] == "user.info.basic"


def test_the_control_api_hands_out_codes_and_tokens_of_this_family(login_kit: LoginKitApi) -> None:
    def control(path: str, **body: Any) -> requests.Response:
        return login_kit.session.post(f"{login_kit.url}/_emulator/{path}", json=body, timeout=10)

    tokens = control("grant", family="login_kit", scopes=["user.info.basic"]).json()
    assert (tokens["open_id"], tokens["scope"], tokens["refresh_expires_in"]) == (OPEN_ID, "user.info.basic", 31536000)
    login_kit.token = tokens["access_token"]
    assert user(login_kit) == (200, "ok")
    login_kit.token = control("grant", family="login_kit", access_token_expires_in=-1).json()["access_token"]
    assert user(login_kit) == (401, "access_token_invalid")
    location = control("authorize", family="login_kit", scopes=["video.list"]).json()["location"]
    query = parse_qs(urlsplit(location).query)
    assert exchange(login_kit, code=query["code"][0]).json()["scope"] == query["scopes"][0] == "video.list"
    for path in ("grant", "authorize"):
        assert control(path, family="login_kit", scopes=["user.insights"]).status_code == 422
        assert control(path, family="marketing").status_code == 422
    assert "refresh_token_expires_in" in control("grant").json()


def test_a_code_of_the_consent_page_works_once_in_whichever_family(login_kit: LoginKitApi) -> None:
    query = {
        "client_key": "7400000000000000001", "response_type": "code", "scope": "user.info.basic,video.list",
        "redirect_uri": "https://example.com/callback/",
    }  # fmt: skip
    form = {"account": BUSINESS_ID, "scope": ["video.list"], "decision": "allow"}
    sent = login_kit.session.post(
        f"{login_kit.url}/v2/auth/authorize", params=query, data=form, allow_redirects=False, timeout=10
    )
    code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
    assert "access_token" in exchange(login_kit, code=code).json()
    body = {
        "client_id": "7400000000000000001", "client_secret": "emulator-client-secret", "auth_code": code,
        "grant_type": "authorization_code", "redirect_uri": "https://example.com/callback/",
    }  # fmt: skip
    url = f"{login_kit.url}{BUSINESS}tt_user/oauth2/token/"
    assert login_kit.session.post(url, json=body, timeout=10).json()["code"] == 40110
