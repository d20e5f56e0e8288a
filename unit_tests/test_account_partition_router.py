"""AccountPartitionRouter makes one slice for each account of the config."""

from typing import Any

from airbyte_cdk.sources.types import StreamSlice

from source_tiktok_organic.components import AccountPartitionRouter
from unit_tests.parts import built, declared
from unit_tests.syncs import oauth_config, signed_in_config, static_token_config
from unit_tests.tiktok import BUSINESS_ID, REFRESH_PATH, TOKEN_INFO_PATH, TikTok


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
