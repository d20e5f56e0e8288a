"""PerAccountPartitionRouter hands out one slice per account, without its row, and remembers which it handed out.

FirstAccountPartitionRouter does so for one account alone; PerOwnerPartitionRouter reads the row to know whose it is.
"""

from collections.abc import Iterable
from typing import Any
from unittest.mock import Mock

import pytest
from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import ParentStreamConfig
from airbyte_cdk.sources.types import Record, StreamSlice

from source_tiktok_organic.components.partitions import (
    FirstAccountPartitionRouter,
    ParentRow,
    PerAccountPartitionRouter,
    PerOwnerPartitionRouter,
)
from unit_tests.syncs import ACCOUNT_STREAMS, POST_STREAMS


def partition_of(business_id: str) -> Mock:
    """This account's partition of the stream `account`, whose row nobody may read."""
    partition = Mock()
    partition.to_slice.return_value = StreamSlice(partition={"business_id": business_id}, cursor_slice={})
    partition.read.side_effect = AssertionError("The row is read with the slice and not before.")
    return partition


def parent(partitions: Iterable[Mock], key: str = "business_id") -> ParentStreamConfig:
    """The stream of these partitions as a parent."""
    stream = Mock()
    stream.name = "account"
    stream.generate_partitions.side_effect = lambda: iter(partitions)
    return ParentStreamConfig(
        stream=stream,
        parent_key=key,
        partition_field="business_id",
        extra_fields=[["metric_date"], ["video_creator_username"]],
        config={},
        parameters={},
    )


def router_over(*business_ids: str, stream: str = "videos") -> PerAccountPartitionRouter:
    """The router of this stream, over these accounts."""
    return PerAccountPartitionRouter(
        parent_stream_configs=[parent([partition_of(business_id) for business_id in business_ids])],
        config={},
        parameters={"name": stream},
    )


def accounts_of(router: PerAccountPartitionRouter) -> list[str]:
    """The accounts that the router hands out, in their order."""
    return [stream_slice.partition["business_id"] for stream_slice in router.stream_slices()]


def test_each_account_is_a_slice() -> None:
    slices = list(router_over("-000abc", "-000xyz").stream_slices())

    assert [(stream_slice.partition, stream_slice.cursor_slice) for stream_slice in slices] == [
        ({"business_id": "-000abc", "parent_slice": {"business_id": "-000abc"}}, {}),
        ({"business_id": "-000xyz", "parent_slice": {"business_id": "-000xyz"}}, {}),
    ]


def test_the_row_of_the_account_is_left_to_the_slice() -> None:
    abc, xyz = partition_of("-000abc"), partition_of("-000xyz")
    router = PerAccountPartitionRouter(
        parent_stream_configs=[parent([abc, xyz])], config={}, parameters={"name": "videos"}
    )

    assert [stream_slice.extra_fields for stream_slice in router.stream_slices()] == [
        {"parent_row": ParentRow(abc, ["metric_date", "video_creator_username"])},
        {"parent_row": ParentRow(xyz, ["metric_date", "video_creator_username"])},
    ]


def test_no_accounts_are_no_slices() -> None:
    assert list(router_over().stream_slices()) == []


@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_a_stream_begins_with_some_account_and_goes_round(number: int) -> None:
    everyone = [f"-000{position}" for position in range(number)]

    for stream in (*ACCOUNT_STREAMS, *POST_STREAMS, ""):
        found = accounts_of(router_over(*everyone, stream=stream))
        first = everyone.index(found[0])
        assert found == everyone[first:] + everyone[:first], stream


@pytest.mark.parametrize(("number", "different"), [(2, 2), (10, 5)])
def test_not_all_streams_begin_with_the_same_account(number: int, different: int) -> None:
    everyone = [f"-000{position}" for position in range(number)]

    firsts = {accounts_of(router_over(*everyone, stream=stream))[0] for stream in (*ACCOUNT_STREAMS, *POST_STREAMS)}

    assert len(firsts) >= different


def test_a_stream_begins_with_the_same_account_in_every_sync() -> None:
    found = {tuple(accounts_of(router_over("-000abc", "-000pqr", "-000xyz", stream="videos"))) for _ in range(3)}

    assert found == {("-000pqr", "-000xyz", "-000abc")}


def test_nothing_is_remembered_before_a_slice_is_handed_out() -> None:
    assert router_over("-000abc", "-000xyz").get_stream_state() == {"account": {"read": []}}


def test_the_accounts_handed_out_are_remembered_one_by_one() -> None:
    router = router_over("-000abc", "-000xyz")
    slices = iter(router.stream_slices())

    next(slices)
    assert router.get_stream_state() == {"account": {"read": ["-000abc"]}}
    next(slices)
    assert router.get_stream_state() == {"account": {"read": ["-000abc", "-000xyz"]}}


def test_a_state_that_was_taken_does_not_change_afterwards() -> None:
    router = router_over("-000abc", "-000xyz")
    before = router.get_stream_state()
    list(router.stream_slices())

    assert before == {"account": {"read": []}}


def test_slices_add_nothing_to_requests() -> None:
    router = router_over("-000abc", "-000xyz")
    stream_slice = next(iter(router.stream_slices()))

    assert router.get_request_params(stream_slice=stream_slice) == {}


# --- FirstAccountPartitionRouter ------------------------------------------------------------------------------------


def first_of(*business_ids: str) -> FirstAccountPartitionRouter:
    """The router for the first of these accounts."""
    return FirstAccountPartitionRouter(
        parent_stream_configs=[parent(partition_of(business_id) for business_id in business_ids)],
        config={},
        parameters={"name": "business_benchmarks"},
    )


@pytest.mark.parametrize("business_ids", [["-000abc"], ["-000abc", "-000xyz"], ["-000abc", "-000pqr", "-000xyz"]])
def test_the_first_account_of_the_config_is_the_one_slice(business_ids: list[str]) -> None:
    router = first_of(*business_ids)

    assert accounts_of(router) == ["-000abc"]
    assert router.get_stream_state() == {"account": {"read": ["-000abc"]}}


def test_without_accounts_there_is_no_first() -> None:
    assert accounts_of(first_of()) == []


# --- PerOwnerPartitionRouter ----------------------------------------------------------------------------------------


def test_the_row_says_whose_account_it_is_and_is_read_for_that() -> None:
    row: dict[str, Any] = {
        "open_id": "723f24d7",
        "metric_date": "2026-11-20",
        "video_creator_username": "harbour_coffee",
    }
    nobody = StreamSlice(partition={}, cursor_slice={})
    partition = Mock()
    partition.to_slice.return_value = nobody
    partition.read.side_effect = lambda: iter([Record(data=row, stream_name="user_info", associated_slice=nobody)])
    router = PerOwnerPartitionRouter(
        parent_stream_configs=[parent([partition], key="open_id")], config={}, parameters={"name": "user_videos"}
    )

    (stream_slice,) = router.stream_slices()

    assert stream_slice.partition == {"business_id": "723f24d7", "parent_slice": {}}
    assert stream_slice.extra_fields == {"metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"}
    assert router.get_stream_state() == {"account": {"read": ["723f24d7"]}}
