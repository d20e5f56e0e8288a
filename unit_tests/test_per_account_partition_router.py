"""PerAccountPartitionRouter hands out one slice per row of `account` and remembers which accounts it handed out."""

from collections.abc import Iterable, Mapping
from typing import Any
from unittest.mock import Mock

from airbyte_cdk.sources.declarative.partition_routers.substream_partition_router import ParentStreamConfig
from airbyte_cdk.sources.types import Record, StreamSlice

from source_tiktok_organic.components import PerAccountPartitionRouter


def parent_partition(row: Mapping[str, Any]) -> Mock:
    """A partition of the stream `account` with this one row."""
    stream_slice = StreamSlice(partition={"business_id": row["business_id"]}, cursor_slice={})
    partition = Mock()
    partition.read.return_value = [Record(data=dict(row), stream_name="account", associated_slice=stream_slice)]
    return partition


def router_over(rows: Iterable[Mapping[str, Any]]) -> PerAccountPartitionRouter:
    """The router that the manifest declares, over an `account` stream with these rows."""
    account = Mock()
    account.name = "account"
    account.generate_partitions.return_value = [parent_partition(row) for row in rows]
    parent = ParentStreamConfig(
        stream=account,
        parent_key="business_id",
        partition_field="business_id",
        extra_fields=[["metric_date"], ["video_creator_username"]],
        config={},
        parameters={},
    )
    return PerAccountPartitionRouter(parent_stream_configs=[parent], config={}, parameters={})


TWO_ACCOUNTS = [
    {"business_id": "-000abc", "metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"},
    {"business_id": "-000xyz", "metric_date": "2026-11-20", "video_creator_username": "tiny"},
]


def test_each_account_is_a_slice_with_the_columns_of_its_row() -> None:
    slices = list(router_over(TWO_ACCOUNTS).stream_slices())

    assert [stream_slice.partition for stream_slice in slices] == [
        {"business_id": "-000abc", "parent_slice": {"business_id": "-000abc"}},
        {"business_id": "-000xyz", "parent_slice": {"business_id": "-000xyz"}},
    ]
    assert [stream_slice.extra_fields for stream_slice in slices] == [
        {"metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"},
        {"metric_date": "2026-11-20", "video_creator_username": "tiny"},
    ]


def test_no_accounts_are_no_slices() -> None:
    assert list(router_over([]).stream_slices()) == []


def test_nothing_is_remembered_before_a_slice_is_handed_out() -> None:
    assert router_over(TWO_ACCOUNTS).get_stream_state() == {"account": {"read": []}}


def test_the_accounts_handed_out_are_remembered_one_by_one() -> None:
    router = router_over(TWO_ACCOUNTS)
    slices = iter(router.stream_slices())

    next(slices)
    assert router.get_stream_state() == {"account": {"read": ["-000abc"]}}
    next(slices)
    assert router.get_stream_state() == {"account": {"read": ["-000abc", "-000xyz"]}}


def test_a_state_that_was_taken_does_not_change_afterwards() -> None:
    router = router_over(TWO_ACCOUNTS)
    before = router.get_stream_state()
    list(router.stream_slices())

    assert before == {"account": {"read": []}}


def test_slices_add_nothing_to_requests() -> None:
    router = router_over(TWO_ACCOUNTS)
    stream_slice = next(iter(router.stream_slices()))

    assert router.get_request_params(stream_slice=stream_slice) == {}
