"""AccountPartitionRouter makes one slice for each account of the config."""

from typing import Any

import pytest
import requests
from airbyte_cdk.sources.types import StreamSlice

from source_tiktok_organic.components.partitions import AccountPartitionRouter
from unit_tests.parts import built, declared
from unit_tests.syncs import (
    Clock,
    oauth_config,
    oauth_entry,
    signed_in_config,
    signed_in_entry,
    static_token_config,
    static_token_entry,
)
from unit_tests.tiktok import BUSINESS_ID, REFRESH_PATH, TOKEN_INFO_PATH, Answer, TikTok, fixture, refusal


def router_of(config: dict[str, Any]) -> AccountPartitionRouter:
    """The router of the stream `account`, for this config."""
    router = built(declared("account", "retriever", "partition_router"), config)
    assert isinstance(router, AccountPartitionRouter)
    return router


def test_the_account_of_the_config_is_the_one_slice() -> None:
    slices = list(router_of(static_token_config()).stream_slices())

    assert slices == [StreamSlice(partition={"business_id": "-000EmuOpenId_0001abcDEFghiJKL"}, cursor_slice={})]


def test_an_account_whose_open_id_is_not_known_yet_is_named_by_the_renewal(tiktok: TikTok) -> None:
    with tiktok.serving():
        slices = list(router_of(oauth_config()).stream_slices())

    assert [stream_slice.partition for stream_slice in slices] == [{"business_id": BUSINESS_ID}]
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


def test_an_account_whose_open_id_is_not_known_yet_is_named_by_what_tiktok_knows_of_its_token(tiktok: TikTok) -> None:
    with tiktok.serving():
        slices = list(router_of(signed_in_config(business_id="")).stream_slices())

    assert [stream_slice.partition for stream_slice in slices] == [{"business_id": BUSINESS_ID}]
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]


def test_an_account_whose_open_id_is_known_costs_no_call(tiktok: TikTok) -> None:
    with tiktok.serving():
        slices = list(router_of(oauth_config(business_id="-000abc")).stream_slices())

    assert [stream_slice.partition for stream_slice in slices] == [{"business_id": "-000abc"}]
    assert tiktok.calls == []


def test_slices_add_nothing_to_requests() -> None:
    router = router_of(static_token_config())
    options = {
        "stream_state": {},
        "stream_slice": StreamSlice(partition={"business_id": "-000abc"}, cursor_slice={}),
        "next_page_token": {},
    }

    assert router.get_request_params(**options) == {}
    assert router.get_request_headers(**options) == {}
    assert router.get_request_body_data(**options) == {}
    assert router.get_request_body_json(**options) == {}


def test_there_is_nothing_to_remember() -> None:
    router = router_of(static_token_config())
    list(router.stream_slices())

    assert router.get_stream_state() == {}


# --- Several accounts -----------------------------------------------------------------------------------------------


def business_ids(config: dict[str, Any], tiktok: TikTok) -> list[str]:
    """What the slices call the accounts of this config."""
    with tiktok.serving():
        return [stream_slice.partition["business_id"] for stream_slice in router_of(config).stream_slices()]


def test_the_accounts_come_in_the_order_of_the_config_and_those_that_are_known_cost_no_call(tiktok: TikTok) -> None:
    second, third, fourth = (tiktok.add_account(name) for name in ("night_baker", "tea_house", "oak_inn"))
    more = [static_token_entry(fourth), oauth_entry(second), signed_in_entry(third)]

    found = business_ids(signed_in_config({"additional_accounts": more}), tiktok)

    assert found == [BUSINESS_ID, fourth.business_id, second.business_id, third.business_id]
    (call,) = tiktok.calls
    assert (call.path, call.sent["refresh_token"]) == (REFRESH_PATH, second.tokens.refresh)


@pytest.mark.parametrize(
    "trouble", [fixture("refused_refresh"), refusal(51065), refusal(40002), requests.ConnectionError("cut")]
)
@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (0, ["credentials", "-000EmuOpenId_night_baker", "-000EmuOpenId_tea_house"]),
        (1, [BUSINESS_ID, "additional_accounts[0]", "-000EmuOpenId_tea_house"]),
        (2, [BUSINESS_ID, "-000EmuOpenId_night_baker", "additional_accounts[1]"]),
    ],
)
def test_an_account_that_is_not_reached_is_a_slice_by_its_place(
    position: int, expected: list[str], trouble: Answer, tiktok: TikTok, clock: Clock
) -> None:
    more = [oauth_entry(tiktok.add_account("night_baker")), oauth_entry(tiktok.add_account("tea_house"))]
    failing = tiktok.accounts[position]
    tiktok.before_answering = lambda call: trouble if tiktok.account_about_which(call) is failing else None

    with clock.replacing_waits():
        assert business_ids(oauth_config({"additional_accounts": more}), tiktok) == expected


def test_an_account_that_is_not_reached_is_asked_about_once_in_a_sync(tiktok: TikTok) -> None:
    tiktok.answer_always(REFRESH_PATH, fixture("refused_refresh"))
    router = router_of(oauth_config())

    with tiktok.serving():
        for _ in range(3):
            assert [found.partition for found in router.stream_slices()] == [{"business_id": "credentials"}]

    assert len(tiktok.calls) == 1


def test_two_accounts_that_turn_out_to_be_the_same_are_the_account_and_a_place(tiktok: TikTok) -> None:
    tiktok.add_account("night_baker").business_id = BUSINESS_ID
    config = oauth_config({"additional_accounts": [oauth_entry(tiktok.accounts[1])]})

    assert business_ids(config, tiktok) == [BUSINESS_ID, "additional_accounts[0]"]
