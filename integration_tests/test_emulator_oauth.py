"""Codes and tokens (docs/tiktok-api.md A2, D16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from integration_tests.emulator.accounts import AccountSpec

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)
TOKEN, REFRESH = "tt_user/oauth2/token/", "tt_user/oauth2/refresh_token/"
REVOKE, INFO = "tt_user/oauth2/revoke/", "tt_user/token_info/get/"
APP = {"client_id": "7400000000000000001", "client_secret": "emulator-client-secret"}
OPEN_ID = "-000EmuOpenId_0001abcDEFghiJKL"


def exchange(api: Api, **changes: Any) -> dict[str, Any]:
    body = APP | {"grant_type": "authorization_code", "redirect_uri": "https://example.com/callback/"}
    return api.post(TOKEN, body | {"auth_code": api.emulator.authorize()} | changes)


def refresh(api: Api, token: str, **changes: Any) -> dict[str, Any]:
    return api.post(REFRESH, APP | {"grant_type": "refresh_token", "refresh_token": token} | changes)


def test_a_code_is_exchanged_for_tokens(api: Api) -> None:
    data = exchange(api)["data"]
    assert data["access_token"].startswith("act.")
    assert data["access_token"].endswith("!5001.em")
    assert data["refresh_token"].startswith("rft.")
    assert data["refresh_token"].endswith("!5001.em")
    assert (data["expires_in"], data["refresh_token_expires_in"]) == (86400, 31536000)
    assert (data["open_id"], data["token_type"]) == (OPEN_ID, "Bearer")
    assert sorted(data["scope"].split(",")) == [
        "comment.list", "user.account.type", "user.info.basic", "user.info.profile", "user.info.stats",
        "user.info.username", "user.insights", "video.insights", "video.list",
    ]  # fmt: skip


def test_a_code_works_once(api: Api) -> None:
    code = api.emulator.authorize()
    assert exchange(api, auth_code=code)["code"] == 0
    assert exchange(api, auth_code=code)["code"] == 40110


def test_a_code_lives_for_ten_minutes(api: Api) -> None:
    early, late = api.emulator.authorize(), api.emulator.authorize()
    api.emulator.clock.advance(599)
    assert exchange(api, auth_code=early)["code"] == 0
    api.emulator.clock.advance(1)
    assert exchange(api, auth_code=late)["code"] == 40110


def test_the_redirect_uri_must_match(api: Api) -> None:
    assert exchange(api, redirect_uri="https://example.com/other/")["code"] == 40002


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "wrong"}, 40101),
        ({"client_id": "1"}, 40101),
        ({"grant_type": "client_credentials"}, 40108),
        ({"auth_code": "unknown"}, 40110),
        ({"auth_code": None}, 40002),
        ({"client_id": 7400000000000000001}, 40002),
    ],
)
def test_a_wrong_exchange_is_refused(api: Api, changes: dict[str, Any], code: int) -> None:
    assert exchange(api, **changes)["code"] == code


def test_a_form_body_is_refused(api: Api) -> None:
    body = APP | {"grant_type": "refresh_token", "refresh_token": api.emulator.grant()["refresh_token"]}
    response = api.session.post(f"{api.url}/open_api/v1.3/{REFRESH}", data=body, timeout=10)
    assert (response.status_code, response.json()["code"]) == (200, 40002)


def test_a_refresh_counts_the_year_down(api: Api) -> None:
    first = exchange(api)["data"]
    api.emulator.clock.advance(8686)
    second = refresh(api, first["refresh_token"])["data"]
    assert second["refresh_token_expires_in"] == 31527314
    assert second["expires_in"] == 86400
    assert second["access_token"] != first["access_token"]


def test_the_refresh_token_dies_after_a_year_however_often_it_is_used(api: Api) -> None:
    token = exchange(api)["data"]["refresh_token"]
    api.emulator.clock.advance(31536000 - 10)
    token = refresh(api, token)["data"]["refresh_token"]
    api.emulator.clock.advance(10)
    assert refresh(api, token)["code"] == 40103


def test_the_refresh_token_rotates_and_the_old_one_is_40107(api: Api) -> None:
    old = api.emulator.grant()["refresh_token"]
    new = refresh(api, old)["data"]["refresh_token"]
    assert new != old
    assert refresh(api, old)["code"] == 40107
    assert refresh(api, new)["code"] == 0


def test_knobs_of_the_rotation(api: Api) -> None:
    api.emulator.set_knobs(old_refresh_token_dies=False)
    old = api.emulator.grant()["refresh_token"]
    assert refresh(api, old)["data"]["refresh_token"] != old
    api.emulator.set_knobs(rotate_refresh_token=False)
    assert refresh(api, old)["data"]["refresh_token"] == old


@pytest.mark.parametrize(("kills", "code"), [(False, 0), (True, 40105)])
def test_whether_a_refresh_ends_the_old_access_token(api: Api, kills: bool, code: int) -> None:
    api.emulator.set_knobs(refresh_kills_old_access_token=kills)
    tokens = api.emulator.grant()
    api.token = tokens["access_token"]
    refresh(api, tokens["refresh_token"])
    assert api.code("business/get/") == code


@pytest.mark.parametrize(("kills", "code"), [(False, 0), (True, 40105)])
def test_whether_a_new_consent_ends_the_old_tokens(api: Api, kills: bool, code: int) -> None:
    api.emulator.set_knobs(reauthorisation_kills_old_tokens=kills)
    new = exchange(api)["data"]
    assert api.code("business/get/") == code
    api.token = new["access_token"]
    assert api.code("business/get/") == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_secret": "wrong"}, 40101),
        ({"grant_type": "authorization_code"}, 40108),
        ({"refresh_token": "x"}, 40107),
    ],
)
def test_a_wrong_refresh_is_refused(api: Api, changes: dict[str, Any], code: int) -> None:
    assert refresh(api, api.emulator.grant()["refresh_token"], **changes)["code"] == code


def test_token_info_names_the_account(api: Api) -> None:
    body = {"app_id": "7400000000000000001", "access_token": api.token}
    data = api.post(INFO, body)["data"]
    assert (data["app_id"], data["creator_id"]) == ("7400000000000000001", OPEN_ID)
    assert "open_id" not in data
    assert api.post(INFO, {"client_id": "7400000000000000001", "access_token": api.token})["code"] == 40002
    assert api.post(INFO, body | {"access_token": "x"})["code"] == 40105


def test_the_scopes_come_in_another_order_each_time(api: Api) -> None:
    body = {"app_id": "7400000000000000001", "access_token": api.token}
    orders = {api.post(INFO, body)["data"]["scope"] for _ in range(5)}
    assert len(orders) > 1
    assert len({frozenset(order.split(",")) for order in orders}) == 1


def test_a_revoked_authorisation_is_over(api: Api) -> None:
    tokens = api.emulator.grant()
    api.token = tokens["access_token"]
    body = api.post(REVOKE, APP | {"access_token": api.token})
    assert (body["code"], body["data"]) == (0, {})
    assert api.code("business/get/") == 40105
    assert refresh(api, tokens["refresh_token"])["code"] == 40107


def test_what_one_owner_revokes_leaves_the_other_accounts_of_the_app_alone(api: Api) -> None:
    tokens = api.emulator.grant()
    other = api.emulator.add_account()
    api.post(REVOKE, APP | {"access_token": tokens["access_token"]})
    api.as_account(other)
    assert api.code("business/get/") == 0
    assert refresh(api, api.emulator.grant(other.open_id)["refresh_token"])["data"]["open_id"] == other.open_id


def test_each_owner_grants_scopes_of_their_own(api: Api) -> None:
    other = api.emulator.add_account(AccountSpec(scopes=["user.info.basic"]))
    assert refresh(api, api.emulator.grant(other.open_id)["refresh_token"])["data"]["scope"] == "user.info.basic"
    assert "comment.list" in refresh(api, api.emulator.grant()["refresh_token"])["data"]["scope"]
    assert api.data("business/get/", fields=["username"]) == {"username": "harbour_coffee"}
    api.as_account(other)
    assert api.code("business/get/", fields=["username"]) == 40130


def test_unticked_scopes_are_not_granted(api: Api) -> None:
    code = api.emulator.authorize(scopes=["user.info.basic"])
    assert exchange(api, auth_code=code)["data"]["scope"] == "user.info.basic"
