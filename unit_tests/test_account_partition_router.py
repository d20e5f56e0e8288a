"""AccountPartitionRouter makes one slice for each account of the config, and remembers which it handed out.

CategoryPartitionRouter does so for one account and each category; OwnerPartitionRouter reads the owner's record to know
whose it is.
"""

from typing import Any
from unittest.mock import Mock

import pytest
import requests
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import ParentStreamConfig
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import Record, StreamSlice

from integration_tests.streams import ACCOUNT_STREAMS, POST_STREAMS
from source_tiktok_organic.components.partitions import (
    AccountPartitionRouter,
    CategoryPartitionRouter,
    OwnerPartitionRouter,
)
from source_tiktok_organic.components.sync import sync_of
from unit_tests.parts import authenticator_of, budget, built, declared
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


def router_of(
    config: dict[str, Any], stream: str = "account", api_budget: APIBudget | None = None
) -> AccountPartitionRouter:
    """The router of a stream, for this config."""
    router = built(declared(stream, "retriever", "partition_router"), config, api_budget)
    assert isinstance(router, AccountPartitionRouter)
    return router


@pytest.mark.parametrize("stream", ["account", "account_metrics", "videos", "videos_audience_types"])
def test_the_account_of_the_config_is_the_one_slice(stream: str) -> None:
    (stream_slice,) = router_of(static_token_config(), stream).stream_slices()

    assert stream_slice.partition == {"business_id": "-000EmuOpenId_0001abcDEFghiJKL"}
    assert stream_slice.cursor_slice == {}
    assert stream_slice.extra_fields == {"metric_date": "2026-11-20"}


def test_all_slices_of_a_sync_carry_the_date_on_which_it_began(clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    api_budget = budget()
    sync_of(api_budget)
    clock.move_to("2026-11-21T00:00:01Z")

    for stream in ("account", "videos"):
        (stream_slice,) = router_of(static_token_config(), stream, api_budget).stream_slices()
        assert stream_slice.extra_fields == {"metric_date": "2026-11-20"}


def test_the_next_sync_in_the_same_process_has_its_own_date(clock: Clock) -> None:
    first, second = budget(), budget()
    sync_of(first)
    clock.move_to("2026-11-21T00:00:01Z")

    dates = [
        stream_slice.extra_fields["metric_date"]
        for api_budget in (second, first)
        for stream_slice in router_of(static_token_config(), api_budget=api_budget).stream_slices()
    ]
    assert dates == ["2026-11-21", "2026-11-20"]


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
    stream_slice = StreamSlice(partition={"business_id": "-000abc"}, cursor_slice={})

    assert router.get_request_params(stream_slice=stream_slice) == {}
    assert router.get_request_headers(stream_slice=stream_slice) == {}
    assert router.get_request_body_data(stream_slice=stream_slice) == {}
    assert router.get_request_body_json(stream_slice=stream_slice) == {}


# --- Several accounts -----------------------------------------------------------------------------------------------


def business_ids(config: dict[str, Any], tiktok: TikTok) -> list[str]:
    """What the slices call the accounts of this config."""
    with tiktok.serving():
        return [stream_slice.partition["business_id"] for stream_slice in router_of(config).stream_slices()]


def test_each_account_is_a_slice_and_those_that_are_known_cost_no_call(tiktok: TikTok) -> None:
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


@pytest.mark.parametrize("stream", [*ACCOUNT_STREAMS, *POST_STREAMS])
def test_of_two_accounts_that_turn_out_to_be_the_same_the_second_is_a_place(stream: str, tiktok: TikTok) -> None:
    tiktok.add_account("night_baker").business_id = BUSINESS_ID
    config = oauth_config({"additional_accounts": [oauth_entry(tiktok.accounts[1])]})

    with tiktok.serving():
        found = accounts_of(router_of(config, stream))

    # Whichever the stream begins with.
    assert sorted(found) == [BUSINESS_ID, "additional_accounts[0]"]


@pytest.mark.parametrize("stream", ["account", "account_metrics", "videos", "videos_audience_types"])
def test_tokens_are_renewed_in_the_order_of_the_config(stream: str, tiktok: TikTok) -> None:
    more = [oauth_entry(tiktok.add_account(name)) for name in ("night_baker", "tea_house", "oak_inn")]

    with tiktok.serving():
        next(iter(router_of(oauth_config({"additional_accounts": more}), stream).stream_slices()))

    assert [tiktok.account_about_which(call) for call in tiktok.calls] == tiktok.accounts


# --- Which account comes first --------------------------------------------------------------------------------------


def config_of(number: int) -> dict[str, Any]:
    """A config of so many accounts, `-0000` and so on."""
    more = [{"access_token": f"act.{other}", "business_id": f"-000{other}"} for other in range(1, number)]
    config = static_token_config(additional_accounts=more)
    config["credentials"]["business_id"] = "-0000"
    return config


def accounts_of(router: AccountPartitionRouter) -> list[str]:
    """The accounts that the router hands out, in their order."""
    return [stream_slice.partition["business_id"] for stream_slice in router.stream_slices()]


@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_a_stream_begins_with_some_account_and_goes_round_in_the_order_of_the_config(number: int) -> None:
    everyone = [f"-000{position}" for position in range(number)]

    for stream in (*ACCOUNT_STREAMS, *POST_STREAMS):
        found = accounts_of(router_of(config_of(number), stream))
        first = everyone.index(found[0])
        assert found == everyone[first:] + everyone[:first], stream


@pytest.mark.parametrize(("number", "different"), [(2, 2), (10, 5)])
def test_not_all_streams_begin_with_the_same_account(number: int, different: int) -> None:
    firsts = {accounts_of(router_of(config_of(number), stream))[0] for stream in (*ACCOUNT_STREAMS, *POST_STREAMS)}

    assert len(firsts) >= different


def test_a_stream_begins_with_the_same_account_in_every_sync() -> None:
    found = {tuple(accounts_of(router_of(config_of(3), "videos"))) for _ in range(3)}

    assert found == {("-0001", "-0002", "-0000")}


# --- What is remembered ---------------------------------------------------------------------------------------------


def test_nothing_is_remembered_before_a_slice_is_handed_out() -> None:
    assert router_of(config_of(2)).get_stream_state() == {"account": {"read": []}}


def test_the_accounts_handed_out_are_remembered_one_by_one() -> None:
    router = router_of(config_of(3), "videos")
    slices = iter(router.stream_slices())

    next(slices)
    assert router.get_stream_state() == {"account": {"read": ["-0001"]}}
    next(slices)
    assert router.get_stream_state() == {"account": {"read": ["-0001", "-0002"]}}


def test_a_state_that_was_taken_does_not_change_afterwards() -> None:
    router = router_of(config_of(2))
    before = router.get_stream_state()
    list(router.stream_slices())

    assert before == {"account": {"read": []}}


# --- CategoryPartitionRouter ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_the_first_account_of_the_config_asks_for_each_category_once(number: int) -> None:
    api_budget = budget()
    router = CategoryPartitionRouter(
        config={},
        categories=["PETS", "OTHERS", "PETS"],
        parameters={"name": "business_benchmarks"},
        api_budget=api_budget,
        authenticator=authenticator_of(config_of(number), api_budget),
    )

    slices = list(router.stream_slices())

    assert [dict(stream_slice.partition) for stream_slice in slices] == [
        {"business_id": "-0000", "business_category": "PETS"},
        {"business_id": "-0000", "business_category": "OTHERS"},
    ]
    assert [stream_slice.extra_fields for stream_slice in slices] == [{"metric_date": "2026-11-20"}] * 2
    assert router.get_stream_state() == {"account": {"read": ["-0000"]}}


def test_benchmarks_are_read_for_the_first_account() -> None:
    router = router_of(static_token_config(benchmark_categories=["OTHERS"]), "business_benchmarks")

    assert isinstance(router, CategoryPartitionRouter)


# --- OwnerPartitionRouter -------------------------------------------------------------------------------------------


def test_the_record_of_the_owner_says_whose_posts_they_are() -> None:
    nobody = StreamSlice(partition={}, cursor_slice={})
    partition = Mock()
    partition.to_slice.return_value = nobody
    owner = Record(data={"open_id": "723f24d7", "username": "x"}, stream_name="user_info", associated_slice=nobody)
    partition.read.side_effect = lambda: iter([owner])
    user_info = Mock()
    user_info.name = "user_info"
    user_info.generate_partitions.side_effect = lambda: iter([partition])
    parent = ParentStreamConfig(
        stream=user_info, parent_key="open_id", partition_field="business_id", config={}, parameters={}
    )
    router = OwnerPartitionRouter(parent_stream_configs=[parent], config={}, parameters={"name": "user_videos"})
    assert router.get_stream_state() == {"account": {"read": []}}

    (stream_slice,) = router.stream_slices()

    assert stream_slice.partition == {"business_id": "723f24d7", "parent_slice": {}}
    assert router.get_stream_state() == {"account": {"read": ["723f24d7"]}}
