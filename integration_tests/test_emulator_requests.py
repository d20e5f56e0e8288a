"""What all endpoints have in common: paths, token header, envelope, JSON in the query.

docs/tiktok-api.md D1-D5, D18.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration_tests.emulator.testing import Api

pytest_plugins = ("integration_tests.emulator.testing",)


def test_success_has_the_envelope_and_the_log_id(api: Api) -> None:
    response = api.raw_get("business/get/")
    body = response.json()
    assert (body["code"], body["message"]) == (0, "OK")
    assert re.fullmatch(r"20261120120000[0-9A-F]{20}", body["request_id"])
    assert response.headers["X-Tt-Logid"] == body["request_id"]
    assert response.headers["Date"] == "Fri, 20 Nov 2026 12:00:00 GMT"


def test_request_id_changes_with_every_call(api: Api) -> None:
    assert api.get("business/get/")["request_id"] != api.get("business/get/")["request_id"]


@pytest.mark.parametrize("headers", [{}, {"Access-Token": ""}, {"Authorization": "Bearer TOKEN"}])
def test_a_call_without_the_access_token_header_is_40104(api: Api, headers: dict[str, str]) -> None:
    headers = {name: value.replace("TOKEN", api.token) for name, value in headers.items()}
    response = api.raw_get("business/get/", headers=headers)
    assert (response.status_code, response.json()["code"], response.json()["data"]) == (200, 40104, {})


def test_a_wrong_token_is_40105(api: Api) -> None:
    body = api.raw_get("business/get/", headers={"Access-Token": "act.wrong!5001.em"}).json()
    assert (body["code"], body["message"]) == (40105, "Access token is incorrect or has been revoked.")


@pytest.mark.parametrize("code", [40102, 40105])
def test_an_expired_token_gives_the_code_of_the_knob(api: Api, code: int) -> None:
    api.emulator.set_knobs(expired_token_code=code)
    api.token = api.emulator.grant(access_token_expires_in=60)["access_token"]
    assert api.code("business/get/") == 0
    api.emulator.clock.advance(60)
    assert api.code("business/get/") == code


def test_the_token_of_one_account_does_not_open_another(api: Api) -> None:
    api.emulator.add_account()
    other = list(api.emulator.accounts)[1]
    body = api.get("business/get/", business_id=other)
    assert (body["code"], body["message"]) == (40001, f"No permission to operate tiktok creator id: {other}")


def test_business_id_is_required(api: Api) -> None:
    assert api.code("business/get/", business_id=None) == 40002


@pytest.mark.parametrize("path", ["business/get", "business/video/list", "business/mention/list/", "tt_user/x/"])
def test_an_unknown_path_or_a_missing_slash_is_40006(api: Api, path: str) -> None:
    response = api.raw_get(path)
    assert (response.status_code, response.history) == (200, [])
    assert (response.json()["code"], response.json()["message"]) == (40006, "no schema found")


def test_an_unknown_path_may_be_a_text_in_place_of_json(api: Api) -> None:
    api.emulator.set_knobs(unknown_path_code="Not Found")
    response = api.raw_get("business/nothing/")
    assert (response.status_code, response.text) == (404, "Not Found")
    assert api.code("business/get/") == 0


def test_the_wrong_method_is_an_error_in_the_body(api: Api) -> None:
    api.emulator.set_knobs(unknown_path_code=40400)
    assert api.post("business/get/", {})["code"] == 40400
    assert api.code("tt_user/oauth2/token/") == 40400


@pytest.mark.parametrize("fields", ["item_id,likes", '"item_id"', "[1]", "{}", "[", "[]", ""])
def test_fields_that_are_no_json_list_of_names_are_40002(api: Api, fields: str) -> None:
    assert api.code("business/video/list/", fields=fields) == 40002
    assert api.code("business/get/", fields=fields) == 40002


def test_one_unknown_field_fails_the_call_and_the_message_lists_the_valid_ones(api: Api) -> None:
    body = api.get("business/get/", fields=["username", "business_id"])
    assert (body["code"], body["data"]) == (40002, {})
    assert "'business_id'" in body["message"]
    assert "audience_cities" in body["message"]
    assert api.code("business/video/list/", fields=["item_id", "video_url"]) == 40002


def test_unknown_parameters_are_ignored(api: Api) -> None:
    assert api.code("business/get/", since="2026-01-01", page_size="x") == 0


@pytest.mark.parametrize(("knob", "code"), [("40130", 40130), ("40001", 40001)])
def test_a_field_without_its_scope_fails_the_call(api: Api, knob: str, code: int) -> None:
    api.emulator.set_knobs(missing_scope=knob)
    api.as_account(scopes=["user.info.basic", "video.list"])
    assert api.code("business/get/", fields=["display_name"]) == 0
    assert api.code("business/get/", fields=["display_name", "username"]) == code
    assert api.code("business/get/", fields=["display_name", "video_views"]) == code
    assert api.code("business/video/list/", fields=["item_id", "reach"]) == 0
    assert api.code("business/video/list/", fields=["item_id", "new_followers"]) == code
    assert api.code("business/comment/list/", video_id="1") == code


def test_a_field_without_its_scope_may_be_left_out_silently(api: Api) -> None:
    api.emulator.set_knobs(missing_scope="omit")
    api.as_account(scopes=["user.info.basic", "video.list"])
    assert api.data("business/get/", fields=["display_name", "username", "likes"]) == {"display_name": "Harbour Coffee"}
    assert "new_followers" not in api.data("business/video/list/", fields=["item_id", "new_followers"])["videos"][0]
    assert api.code("business/comment/list/", video_id="1") == 40130


def test_benchmark_of_a_category(api: Api) -> None:
    data = api.data("business/benchmark/", business_category="FOOD_AND_BEVERAGE")
    assert data.pop("business_category") == "FOOD_AND_BEVERAGE"
    assert sorted(data) == [
        "average_comments", "average_engagement_rate", "average_follower_count", "average_follower_growth",
        "average_likes", "average_shares", "average_video_count", "average_video_views",
    ]  # fmt: skip
    assert all(isinstance(value, float) for value in data.values())


def test_a_benchmark_is_the_same_whoever_asks_as_long_as_it_is_the_account_of_the_token(api: Api) -> None:
    first = api.data("business/benchmark/", business_category="PETS")
    first_id = api.open_id
    api.new_account(kind="personal", scopes=["user.info.basic"])
    assert api.data("business/benchmark/", business_category="PETS") == first
    assert api.code("business/benchmark/", business_category="PETS", business_id=first_id) == 40001


def test_benchmark_of_an_unknown_category_lists_the_valid_ones(api: Api) -> None:
    body = api.get("business/benchmark/", business_category="COFFEE")
    assert body["code"] == 40002
    assert "TRAVEL_AND_TOURISM" in body["message"]
    assert api.code("business/benchmark/") == 40002
