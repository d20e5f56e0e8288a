"""FieldsRequester names the fields that TikTok shall return, as a JSON array in the query."""

import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

from source_tiktok_organic.components import FieldsRequester
from unit_tests.tiktok import response

FIELDS = {"video.list": ["item_id", "likes"], "video.insights": ["new_followers"]}


def sent_by(fields: Mapping[str, list[str]], **call: Any) -> dict[str, Any]:
    """What a FieldsRequester with these fields hands on when `call` is sent through it."""
    inside = Mock()
    inside.send_request.return_value = response({"code": 0})
    FieldsRequester(inside, fields).send_request(**call)
    sent: dict[str, Any] = inside.send_request.call_args.kwargs
    return sent


def test_the_fields_of_all_scopes_are_one_json_array() -> None:
    fields = sent_by(FIELDS)["request_params"]["fields"]

    assert fields == '["item_id","likes","new_followers"]'
    assert json.loads(fields) == ["item_id", "likes", "new_followers"]


def test_the_other_parameters_stay() -> None:
    sent = sent_by(FIELDS, request_params={"cursor": 5, "max_count": 20})

    assert sent["request_params"] == {"cursor": 5, "max_count": 20, "fields": '["item_id","likes","new_followers"]'}


def test_the_rest_of_the_call_is_handed_on() -> None:
    sent = sent_by(FIELDS, path="x", next_page_token={"next_page_token": 5})

    assert (sent["path"], sent["next_page_token"]) == ("x", {"next_page_token": 5})


def test_the_parameters_of_the_caller_are_not_changed() -> None:
    params = {"cursor": 5}

    sent_by(FIELDS, request_params=params)

    assert params == {"cursor": 5}


def test_the_answer_comes_back() -> None:
    inside = Mock()
    inside.send_request.return_value = answer = response({"code": 0})

    assert FieldsRequester(inside, FIELDS).send_request() is answer


def test_what_the_requester_inside_can_do_goes_on_working() -> None:
    inside = Mock()
    inside.get_url.return_value = "https://business-api.tiktok.com/open_api/v1.3/business/get/"

    assert FieldsRequester(inside, FIELDS).get_url() == "https://business-api.tiktok.com/open_api/v1.3/business/get/"
