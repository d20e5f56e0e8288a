"""ParentRow: the row of a slice's parent is read with the slice, by the account's own call, and not before."""

from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.components.partitions import ParentRow
from unit_tests.parts import authenticator_of, budget, fields_requester_of
from unit_tests.syncs import signed_in_config, static_token_config
from unit_tests.tiktok import BUSINESS_ID, response

ROW = {"business_id": BUSINESS_ID, "metric_date": "2026-11-20", "video_creator_username": "harbour_coffee", "likes": 3}


def partition_with(*rows: dict[str, Any], error: Exception | None = None) -> Mock:
    """A partition of the stream `account` with these rows, or one that fails."""
    account = StreamSlice(partition={"business_id": BUSINESS_ID}, cursor_slice={})
    partition = Mock()
    partition.read.side_effect = error or (
        lambda: iter([Record(data=row, stream_name="account", associated_slice=account) for row in rows])
    )
    return partition


def test_its_columns_are_read_from_the_one_row() -> None:
    row = ParentRow(partition_with(ROW), ["metric_date", "video_creator_username"])

    assert row.read() == {"metric_date": "2026-11-20", "video_creator_username": "harbour_coffee"}


def test_a_column_that_the_row_lacks_is_null() -> None:
    assert ParentRow(partition_with(ROW), ["profile_image"]).read() == {"profile_image": None}


@pytest.mark.parametrize("rows", [[], [ROW, ROW]])
def test_any_other_number_of_rows_is_an_error(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        ParentRow(partition_with(*rows), ["metric_date"]).read()


# --- In the call of a slice -----------------------------------------------------------------------------------------


@dataclass
class Requester:
    """The requester inside, which notes what the slices have when it is called."""

    authenticator: AccountAuthenticator
    seen: list[dict[str, Any]] = field(default_factory=list)

    def get_authenticator(self) -> AccountAuthenticator:
        return self.authenticator

    def send_request(self, *, stream_slice: StreamSlice, **_: Any) -> requests.Response:
        self.seen.append(dict(stream_slice.extra_fields))
        return response({"code": 0})


def slice_over(partition: Mock, **extra_fields: Any) -> StreamSlice:
    """A slice whose parent's row is still to be read."""
    return StreamSlice(
        partition={"business_id": BUSINESS_ID},
        cursor_slice={},
        extra_fields={"parent_row": ParentRow(partition, ["metric_date", "video_creator_username"]), **extra_fields},
    )


def test_the_row_is_read_before_the_first_call_and_once() -> None:
    api_budget = budget()
    inside = Requester(authenticator_of(static_token_config(), api_budget))
    requester = fields_requester_of("videos", static_token_config(), api_budget, inside)
    partition = partition_with(ROW)
    stream_slice = slice_over(partition, other=1)

    requester.send_request(stream_slice=stream_slice)
    requester.send_request(stream_slice=stream_slice, request_params={"cursor": 5})

    expected = {"metric_date": "2026-11-20", "video_creator_username": "harbour_coffee", "other": 1}
    assert inside.seen == [expected, expected]
    assert stream_slice.extra_fields == expected
    assert partition.read.call_count == 1


def test_a_row_that_cannot_be_read_is_the_failure_of_the_slice_and_costs_no_call_of_its_own() -> None:
    failure = config_error("TikTok account Night Baker (-000xyz): TikTok does not accept the access token.")
    # Of several accounts, so that failures are named: this one has its name already.
    config = signed_in_config({"additional_accounts": [{"access_token": "act.2", "business_id": "-000xyz"}]})
    api_budget = budget()
    inside = Requester(authenticator_of(config, api_budget))
    requester = fields_requester_of("videos", config, api_budget, inside)

    with pytest.raises(AirbyteTracedException) as caught:
        requester.send_request(stream_slice=slice_over(partition_with(error=failure)))

    assert caught.value.message == "TikTok account Night Baker (-000xyz): TikTok does not accept the access token."
    assert caught.value.failure_type == FailureType.config_error
    assert inside.seen == []


def test_a_slice_without_a_parents_row_is_asked_for_as_it_is() -> None:
    api_budget = budget()
    inside = Requester(authenticator_of(static_token_config(), api_budget))
    requester = fields_requester_of("account", static_token_config(), api_budget, inside)

    requester.send_request(stream_slice=StreamSlice(partition={"business_id": BUSINESS_ID}, cursor_slice={}))

    assert inside.seen == [{}]
