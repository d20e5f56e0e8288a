"""TikTokErrorHandler with the manifest's table: what each code leads to, in which words, after how long."""

import json
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution, ResponseAction
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.sync import sync_of
from unit_tests.parts import budget, error_handler_of, token_error_handler_of
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    RENEWED_ACCESS_TOKEN,
    Page,
    display_refusal,
    display_response,
    display_success,
    fixture,
    login_kit_refusal,
    login_kit_renewal,
    refusal,
    response,
    success,
)

REQUEST_ID = "20261120120000AAAA0000000000000000EE"  # of every `refusal`


def resolution(answer: requests.Response | Exception | None, stream: str = "videos") -> ErrorResolution:
    """What becomes of an answer to a call of the stream."""
    return error_handler_of(stream).interpret_response(answer)


def of_a_token_call(answer: requests.Response | Exception | None) -> ErrorResolution:
    """What becomes of an answer to a call about tokens."""
    return token_error_handler_of().interpret_response(answer)


# --- The table ------------------------------------------------------------------------------------------------------

RATE_LIMITS = [40016, 40100, 40132, 61000]
TROUBLE_OF_THE_SERVERS = [50000, 50002, 51000, 51010, 51021, 51039, 51065, 51099, 52000, 52999, 53000, 53999, 60001]
REFUSED_ACCESS_TOKENS = [40102, 40104, 40105]
REFUSED_SIGN_INS = [40101, 40103, 40107, 40110, 40120]
MISSING_PERMISSIONS = [40001, 40117, 40118, 40130, 40131]
BLOCKED_APPS = [40113, 40124, 40125]
RETIRED = [41000, 41001, 41002]
# Codes that docs/tiktok-api.md names for other products, that it does not name, and the neighbours of the ranges.
OTHERS = [
    40000,
    40002,
    40003,
    40006,
    40007,
    40008,
    40064,
    40106,
    40108,
    40200,
    40400,
    40999,
    41003,
    49999,
    60000,
    60002,
]
UNHEARD_OF = [1, -1, 10**12, 20001, 70001]


def test_a_rate_limit_is_waited_for() -> None:
    for code in RATE_LIMITS:
        found = resolution(response(refusal(code, "App reaches the QPS limit 10")))

        assert (found.response_action, found.failure_type) == (
            ResponseAction.RATE_LIMITED,
            FailureType.transient_error,
        ), code
        sentence = found.error_message or ""
        assert f"(code {code}: App reaches the QPS limit 10)" in sentence
        assert "limiting the number of calls" in sentence
        assert "`requests_per_minute`" in sentence


def test_trouble_of_tiktoks_servers_is_tried_again() -> None:
    for code in TROUBLE_OF_THE_SERVERS:
        found = resolution(response(refusal(code, "System error.")))

        assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error), code
        sentence = found.error_message or ""
        assert f"(code {code}: System error., request_id {REQUEST_ID})" in sentence
        assert "The next sync will try again" in sentence


def test_a_refused_access_token_is_renewed() -> None:
    for code in REFUSED_ACCESS_TOKENS:
        found = resolution(response(refusal(code, "Access token is incorrect.")))

        assert found.response_action == ResponseAction.REFRESH_TOKEN_THEN_RETRY, code
        assert found.failure_type == FailureType.config_error
        sentence = found.error_message or ""
        assert f"(code {code}: Access token is incorrect.)" in sentence
        assert "authenticate the account again in the source's settings" in sentence


def test_a_refused_sign_in_says_how_to_authenticate_again() -> None:
    for code in REFUSED_SIGN_INS:
        found = resolution(response(refusal(code, "Refresh token is invalid.")))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error), code
        sentence = found.error_message or ""
        assert f"(code {code}: Refresh token is invalid.)" in sentence
        assert "Authenticate the account again in the source's settings" in sentence
        assert "client_id, client_secret and refresh_token" in sentence


def test_a_missing_permission_has_placeholders_for_the_stream_and_the_scopes_that_it_needs() -> None:
    for code in MISSING_PERMISSIONS:
        found = resolution(response(refusal(code, "No permission.")))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error), code
        sentence = found.error_message or ""
        # FieldsRequester fills them in.
        assert "the stream `{stream}`, which reads what {scopes} open" in sentence
        assert f"(code {code}: No permission.)" in sentence
        assert "authenticate the account again" in sentence
        assert '"TikTok Accounts"' in sentence


def test_a_blocked_app_says_where_to_look() -> None:
    for code in BLOCKED_APPS:
        found = resolution(response(refusal(code, "Forbidden.")))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error), code
        sentence = found.error_message or ""
        assert f"(code {code}: Forbidden.)" in sentence
        assert "My Apps" in sentence


def test_a_retired_field_asks_for_a_newer_connector() -> None:
    for code in RETIRED:
        found = resolution(response(refusal(code, "FIELDS_OFFLINE")))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.system_error), code
        sentence = found.error_message or ""
        assert f"(code {code}: FIELDS_OFFLINE, request_id {REQUEST_ID})" in sentence
        assert "Update the connector" in sentence


def test_any_other_code_is_a_failure_that_asks_for_a_report() -> None:
    for code in [*OTHERS, *UNHEARD_OF]:
        found = resolution(response(refusal(code, "fields: unknown value")))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.system_error), code
        sentence = found.error_message or ""
        assert "`{stream}`" in sentence
        assert f"(code {code}: fields: unknown value, request_id {REQUEST_ID})" in sentence
        assert "report" in sentence


@pytest.mark.parametrize("code", ["0", "40100", "50000", "50000-53999", "", None, [], {}, 0.5, 40100.5])
def test_a_code_that_is_no_whole_number_is_a_failure(code: Any) -> None:
    found = resolution(response({"code": code, "message": "OK", "data": {"videos": []}}))

    assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.system_error)


def test_success_is_success() -> None:
    assert resolution(response(success({"videos": []}))).response_action == ResponseAction.SUCCESS


# --- The HTTP status, and answers that are not TikTok's -------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "<html>Too many requests</html>", "{}", '{"code": 0}', '{"code": 40002}'])
def test_http_429_is_a_rate_limit_whatever_its_body(body: str) -> None:
    found = resolution(response(body, status=429))

    assert found.response_action == ResponseAction.RATE_LIMITED
    assert "HTTP 429" in (found.error_message or "")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<html><body>Bad gateway</body></html>", id="HTML"),
        pytest.param('{"code": 0, "message": "OK", "da', id="broken JSON"),
        pytest.param("", id="nothing"),
        pytest.param("[]", id="a JSON array"),
        pytest.param("null", id="JSON null"),
        pytest.param("{}", id="no code"),
    ],
)
def test_what_is_not_tiktoks_json_is_tried_again(body: str) -> None:
    for status in (200, 404, 502):
        found = resolution(response(body, status))

        assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error), (
            status
        )
        sentence = found.error_message or ""
        assert f"something other than JSON (HTTP {status})" in sentence
        assert "The next sync" in sentence or "the next sync" in sentence


@pytest.mark.parametrize(
    ("trouble", "name"),
    [
        (requests.ConnectionError("cut"), "ConnectionError"),
        (requests.ReadTimeout("too slow"), "ReadTimeout"),
        (requests.ConnectTimeout("too slow"), "ConnectTimeout"),
        (requests.exceptions.SSLError("certificate"), "SSLError"),
        (requests.exceptions.ChunkedEncodingError("cut in the body"), "ChunkedEncodingError"),
    ],
)
def test_a_connection_that_failed_is_tried_again(trouble: requests.RequestException, name: str) -> None:
    found = resolution(trouble)

    assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error)
    assert f"could not be reached ({name})" in (found.error_message or "")


@pytest.mark.parametrize(
    ("status", "code", "action"),
    [
        (503, 50000, ResponseAction.RETRY),
        (500, 40100, ResponseAction.RATE_LIMITED),
        (401, 40105, ResponseAction.REFRESH_TOKEN_THEN_RETRY),
        (403, 40001, ResponseAction.FAIL),
        (400, 40002, ResponseAction.FAIL),
    ],
)
def test_tiktoks_code_counts_whatever_the_http_status(status: int, code: int, action: ResponseAction) -> None:
    assert resolution(response(refusal(code), status)).response_action == action


@pytest.mark.parametrize("status", [400, 403, 404])
def test_success_with_the_http_status_of_a_failure_is_a_failure(status: int) -> None:
    assert resolution(response(success({"videos": []}), status)).response_action == ResponseAction.FAIL


@pytest.mark.parametrize(
    "body",
    [pytest.param(success({}), id="code 0"), pytest.param({"code": 502, "message": "Bad Gateway"}, id="its own")],
)
def test_http_5xx_is_tried_again_unless_the_body_has_one_of_tiktoks_codes(body: dict[str, Any]) -> None:
    assert resolution(response(body, status=502)).response_action == ResponseAction.RETRY


# --- Sentences ------------------------------------------------------------------------------------------------------

ALL_CODES = [
    *RATE_LIMITS,
    *TROUBLE_OF_THE_SERVERS,
    *REFUSED_ACCESS_TOKENS,
    *REFUSED_SIGN_INS,
    *MISSING_PERMISSIONS,
    *BLOCKED_APPS,
    *RETIRED,
    40002,
]


@pytest.mark.parametrize("message", ["{x}", "{stream}", "{0}", "{", "}", "{code!r}", "{{}}", "%s %(x)s", "50 % of 5"])
def test_what_tiktok_says_is_repeated_as_it_is(message: str) -> None:
    assert f"(code 40002: {message}" in (resolution(response(refusal(40002, message))).error_message or "")


@pytest.mark.parametrize("code", [40100, 50000, 40105, 40107, 40001, 40113, 41002])
def test_every_row_of_the_table_repeats_what_tiktok_says(code: int) -> None:
    assert f"(code {code}: {{x}}" in (resolution(response(refusal(code, "{x}"))).error_message or "")


@pytest.mark.parametrize("message", [None, 5, ["No."], {"en": "No."}])
def test_a_message_that_is_no_text_is_harmless(message: Any) -> None:
    answer = refusal(40002) | {"message": message}

    assert f"(code 40002: {message}, request_id {REQUEST_ID})" in (resolution(response(answer)).error_message or "")


def test_a_refusal_of_nothing_but_a_code_has_a_sentence() -> None:
    for code in ALL_CODES:
        sentence = resolution(response({"code": code})).error_message or ""

        assert f"(code {code}: None" in sentence
        assert "{" not in sentence.replace("{scopes}", "").replace("{stream}", "")


def test_a_sentence_is_whole_and_short() -> None:
    for code in ALL_CODES:
        sentence = resolution(response(refusal(code, "No")), "videos_impression_sources").error_message or ""

        assert sentence.startswith("TikTok")
        assert sentence.endswith(".")
        assert len(sentence) < 500
        assert "{" not in sentence.replace("{scopes}", "").replace("{stream}", "")


# --- A token that was renewed because TikTok had refused the one before ---------------------------------------------


def note_replacement(api_budget: APIBudget) -> None:
    """Note that the last request had a token that replaced a refused one."""
    account = sync_of(api_budget).account("credentials")
    account.sent_token = account.replacement = RENEWED_ACCESS_TOKEN


def test_a_refused_token_that_replaced_a_refused_one_is_a_failure() -> None:
    for code in REFUSED_ACCESS_TOKENS:
        api_budget = budget()
        note_replacement(api_budget)
        handler = error_handler_of("videos", api_budget)

        found = handler.interpret_response(response(refusal(code), access_token=RENEWED_ACCESS_TOKEN))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error), code
        assert "although the connector has renewed it" in (found.error_message or "")


def test_a_refused_token_that_another_has_replaced_meanwhile_is_tried_again() -> None:
    api_budget = budget()
    note_replacement(api_budget)
    handler = error_handler_of("videos", api_budget)

    found = handler.interpret_response(response(refusal(40105), access_token=ACCESS_TOKEN))

    assert found.response_action == ResponseAction.REFRESH_TOKEN_THEN_RETRY


def test_a_replacement_of_another_sync_does_not_matter() -> None:
    note_replacement(budget())

    found = error_handler_of().interpret_response(response(refusal(40105), access_token=RENEWED_ACCESS_TOKEN))

    assert found.response_action == ResponseAction.REFRESH_TOKEN_THEN_RETRY


# --- Waits ----------------------------------------------------------------------------------------------------------


def wait(after: requests.Response | requests.RequestException | None, attempt: int = 1) -> float:
    """The seconds to wait after this failed attempt."""
    return error_handler_of().backoff_time(after, attempt)


def test_the_handler_is_its_own_backoff_strategy() -> None:
    handler = error_handler_of()

    assert list(handler.backoff_strategies) == [handler]


@pytest.mark.parametrize("code", RATE_LIMITS)
def test_a_rate_limit_waits_for_the_five_minutes_of_the_penalty_each_time(code: int) -> None:
    assert [wait(response(refusal(code)), attempt) for attempt in (1, 2, 5)] == [300, 300, 300]


def test_http_429_waits_for_the_five_minutes_of_the_penalty() -> None:
    assert wait(response("<html>Too many requests</html>", status=429)) == 300


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(response(refusal(50000)), id="50000"),
        pytest.param(response(refusal(60001)), id="60001"),
        pytest.param(response("<html>Bad gateway</html>", status=502), id="HTML"),
        pytest.param(response('{"code": 40100, "mess'), id="broken JSON"),
        pytest.param(response("[40100]"), id="a JSON array"),
        pytest.param(response("null"), id="JSON null"),
        pytest.param(response(""), id="an empty body"),
        pytest.param(response("{}"), id="no code"),
        pytest.param(response(fixture("revoked_access_token")), id="a refused token"),
        pytest.param(requests.ConnectionError("cut"), id="a cut connection"),
        pytest.param(requests.ReadTimeout("too slow"), id="a timeout"),
        pytest.param(None, id="nothing at all"),
    ],
)
def test_any_other_trouble_waits_twice_as_long_each_time(
    trouble: requests.Response | requests.RequestException | None,
) -> None:
    assert [wait(trouble, attempt) for attempt in (1, 2, 3, 4, 5)] == [2, 4, 8, 16, 32]


def test_the_waits_can_be_set() -> None:
    errors = error_handler_of().errors
    (rate_limit,) = [row for row in errors if "40100" in row["codes"]]
    handler = error_handler_of(first_wait=0.5, errors=[{**rate_limit, "wait": 60}, *errors])

    assert handler.backoff_time(response(fixture("rate_limit")), 1) == 60
    assert handler.backoff_time(response(refusal(50000)), 3) == 2


# --- The last try ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        pytest.param(
            response(fixture("rate_limit")),
            ["limiting the number of calls", "40100", "the next sync will try again", "`requests_per_minute`"],
            id="a rate limit",
        ),
        pytest.param(
            response(refusal(51065, "TTOP.")),
            ["servers have a problem", "code 51065: TTOP.", f"request_id {REQUEST_ID}", "The next sync will try again"],
            id="51065",
        ),
        pytest.param(
            response("<html></html>", status=502),
            ["other than JSON", "HTTP 502", "the next sync will try again"],
            id="HTML",
        ),
        pytest.param(
            requests.ConnectionError("cut"),
            ["could not be reached (ConnectionError)", "The next sync will try again"],
            id="a cut connection",
        ),
    ],
)
def test_when_the_last_try_has_failed_the_rows_own_sentence_is_raised(
    trouble: requests.Response | requests.RequestException, words: list[str]
) -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        wait(trouble, attempt=6)

    assert caught.value.failure_type == FailureType.transient_error
    assert [word for word in words if word not in (caught.value.message or "")] == []
    assert "6 attempts" in (caught.value.internal_message or "")


def test_the_error_of_the_last_try_says_which_request_it_was() -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        wait(response(fixture("rate_limit")), attempt=6)

    assert "20261120120007AAAA000000000000000005" in (caught.value.internal_message or "")


def test_the_number_of_tries_can_be_set() -> None:
    handler = error_handler_of(max_retries=1)

    assert handler.backoff_time(response(refusal(50000)), 1) == 2
    with pytest.raises(AirbyteTracedException):
        handler.backoff_time(response(refusal(50000)), 2)


def test_there_is_time_for_five_penalties_of_five_minutes() -> None:
    handler = error_handler_of()

    assert handler.max_retries == 5
    assert (handler.max_time or 0) >= 5 * 301


# --- Calls about tokens ---------------------------------------------------------------------------------------------


def test_a_rate_limit_of_token_calls_is_waited_for() -> None:
    for code in RATE_LIMITS:
        assert of_a_token_call(response(refusal(code))).response_action == ResponseAction.RATE_LIMITED, code
        assert token_error_handler_of().backoff_time(response(refusal(code)), 1) == 300, code


@pytest.mark.parametrize(
    "trouble",
    [
        *(pytest.param(response(refusal(code)), id=str(code)) for code in TROUBLE_OF_THE_SERVERS),
        pytest.param(response("<html></html>", status=502), id="HTML"),
        pytest.param(response('{"code": 0, "da'), id="broken JSON"),
        pytest.param(requests.ConnectionError("cut"), id="a cut connection"),
    ],
)
def test_passing_trouble_of_token_calls_is_tried_again(trouble: requests.Response | requests.RequestException) -> None:
    found = of_a_token_call(trouble)

    assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error)
    assert [token_error_handler_of().backoff_time(trouble, attempt) for attempt in (1, 2, 3)] == [2, 4, 8]


@pytest.mark.parametrize("code", [40000, 40001, 40002, 40101, 40103, 40106, 40107, 40108, 40110, 40120, 40131])
def test_refused_credentials_say_how_to_authenticate_again(code: int) -> None:
    found = of_a_token_call(response(refusal(code, "Invalid.")))

    assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error)
    sentence = found.error_message or ""
    assert f"(code {code}: Invalid.)" in sentence
    assert "Authenticate the account again in the source's settings" in sentence
    assert "client_id, client_secret and refresh_token" in sentence


def test_an_access_token_that_tiktok_knows_nothing_about_is_no_failure_yet() -> None:
    for code in REFUSED_ACCESS_TOKENS:
        assert of_a_token_call(response(refusal(code))).response_action == ResponseAction.IGNORE, code


@pytest.mark.parametrize("code", [1, -1, 20001, 40006, 49999, 70001, None, "40107"])
def test_any_other_code_of_a_token_call_is_a_failure(code: Any) -> None:
    found = of_a_token_call(response(refusal(40002) | {"code": code}))

    assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.system_error)


# --- Login Kit's words ----------------------------------------------------------------------------------------------

DISPLAY_REQUEST_ID = "20261120120000BBBB0000000000000000EE"  # of every `display_refusal`
DISPLAY_STREAMS = ["user_info", "user_videos"]


def of_the_display_api(body: Any, stream: str = "user_videos") -> ErrorResolution:
    """What becomes of an answer to a call of this stream of Login Kit."""
    return error_handler_of(stream).interpret_response(display_response(body))


def of_a_login_kit_token_call(body: Any) -> ErrorResolution:
    """What becomes of an answer to a renewal of Login Kit."""
    return token_error_handler_of("user_info").interpret_response(display_response(body))


@pytest.mark.parametrize("stream", DISPLAY_STREAMS)
def test_ok_is_success(stream: str) -> None:
    answer = display_success({"videos": [], "user": {}})

    assert of_the_display_api(answer, stream).response_action == ResponseAction.SUCCESS


@pytest.mark.parametrize("stream", DISPLAY_STREAMS)
@pytest.mark.parametrize("status", [429, 200])
def test_a_rate_limit_of_the_display_api_is_waited_for_a_minute(status: int, stream: str) -> None:
    answer = display_refusal("rate_limit_exceeded", "Too many.", status)

    found = of_the_display_api(answer, stream)

    assert (found.response_action, found.failure_type) == (ResponseAction.RATE_LIMITED, FailureType.transient_error)
    assert "It counts the calls of the last minute" in (found.error_message or "")
    handler = error_handler_of(stream)
    assert [handler.backoff_time(display_response(answer), attempt) for attempt in (1, 2, 5)] == [60, 60, 60]


@pytest.mark.parametrize("body", ["", "<html></html>", "{}", '{"error": {"code": "ok"}}'])
def test_http_429_of_the_display_api_is_a_rate_limit_whatever_its_body(body: str) -> None:
    assert of_the_display_api(Page(429, body)).response_action == ResponseAction.RATE_LIMITED
    assert error_handler_of("user_info").backoff_time(display_response(Page(429, body)), 1) == 60


@pytest.mark.parametrize("code", ["internal_error", "server_error", "temporarily_unavailable"])
def test_trouble_of_the_display_api_is_tried_again(code: str) -> None:
    for status in (500, 503, 200, 400):
        answer = display_refusal(code, "Oh.", status)

        found = of_the_display_api(answer)

        assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error), (
            status
        )
        assert f"(code {code}: Oh., request_id {DISPLAY_REQUEST_ID})" in (found.error_message or "")
        handler = error_handler_of("user_videos")
        assert [handler.backoff_time(display_response(answer), attempt) for attempt in (1, 2, 3)] == [2, 4, 8], status


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(Page(502, "<html></html>"), id="HTML"),
        pytest.param(Page(200, ""), id="nothing"),
        pytest.param(Page(200, "null"), id="JSON null"),
        pytest.param(Page(200, '{"data": {"videos": ['), id="broken JSON"),
        pytest.param(Page(200, "{}"), id="no code"),
        pytest.param(Page(200, '{"data": {"videos": []}}'), id="data without a code"),
        pytest.param(Page(200, '{"data": {"videos": []}, "error": {}}'), id="an error without a code"),
        pytest.param(Page(200, '{"data": {"videos": []}, "error": null}'), id="an error that is null"),
        pytest.param(Page(502, '{"data": {}, "error": {"code": "ok"}}'), id="ok in HTTP 502"),
        pytest.param(Page(503, '{"data": {}, "error": {"code": "blue_moon"}}'), id="an unknown code in HTTP 503"),
    ],
)
def test_what_is_not_the_display_apis_answer_is_tried_again(page: Page) -> None:
    found = of_the_display_api(page)

    assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error)


@pytest.mark.parametrize("status", [401, 200])
def test_a_refused_access_token_of_login_kit_is_renewed(status: int) -> None:
    found = of_the_display_api(display_refusal("access_token_invalid", "It is invalid.", status))

    assert found.response_action == ResponseAction.REFRESH_TOKEN_THEN_RETRY
    assert found.failure_type == FailureType.config_error
    assert "(code access_token_invalid: It is invalid.)" in (found.error_message or "")


def test_a_refused_bearer_token_that_replaced_a_refused_one_is_a_failure() -> None:
    api_budget = budget()
    note_replacement(api_budget)
    handler = error_handler_of("user_videos", api_budget)
    refused = display_refusal("access_token_invalid")

    again = handler.interpret_response(display_response(refused, RENEWED_ACCESS_TOKEN))
    old = handler.interpret_response(display_response(refused, ACCESS_TOKEN))

    assert (again.response_action, again.failure_type) == (ResponseAction.FAIL, FailureType.config_error)
    assert old.response_action == ResponseAction.REFRESH_TOKEN_THEN_RETRY


@pytest.mark.parametrize("code", ["scope_not_authorized", "scope_permission_missed"])
def test_a_missing_permission_of_login_kit_has_placeholders_for_the_stream_and_its_scopes(code: str) -> None:
    found = of_the_display_api(display_refusal(code))

    assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error)
    assert (found.error_message or "") == (
        f"TikTok did not permit the stream `{{stream}}`, which reads what {{scopes}} open (code {code}: No.). "
        "Authenticate the account again and allow everything that TikTok lists; if that does not help, add these "
        "scopes to your app in TikTok for Developers. The other streams go on."
    )


SIGN_IN_ERRORS = [
    "invalid_grant",
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "access_denied",
    "unauthorized_client",
    "unsupported_grant_type",
]


@pytest.mark.parametrize("code", SIGN_IN_ERRORS)
def test_a_refused_sign_in_of_login_kit_names_the_settings_of_login_kit(code: str) -> None:
    for found in (of_the_display_api(display_refusal(code)), of_a_login_kit_token_call(login_kit_refusal(code))):
        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.config_error)
        assert f"(code {code}: No.)" in (found.error_message or "")
        assert "client_key, client_secret and refresh_token" in (found.error_message or "")


@pytest.mark.parametrize(
    "code", ["invalid_params", "invalid_file_upload", "blue_moon", "0", "", 0, None, [], {}, 40105]
)
def test_any_other_code_of_the_display_api_is_a_failure(code: Any) -> None:
    for status in (200, 400, 404):
        answer = {"data": {"videos": []}, "error": {"code": code, "message": "{x}", "log_id": "2026"}}

        found = of_the_display_api(Page(status, json.dumps(answer)))

        assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.system_error), status
        assert f"(code {code}: {{x}}, request_id 2026)" in (found.error_message or "")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_ok_with_the_http_status_of_a_failure_is_a_failure(status: int) -> None:
    page = Page(status, json.dumps(display_success({"videos": []})))

    assert of_the_display_api(page).response_action == ResponseAction.FAIL


def test_new_tokens_are_success() -> None:
    assert of_a_login_kit_token_call(login_kit_renewal()).response_action == ResponseAction.SUCCESS


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_renewal_without_a_word_and_with_the_http_status_of_a_failure_is_a_failure(status: int) -> None:
    found = of_a_login_kit_token_call(Page(status, "{}"))

    assert (found.response_action, found.failure_type) == (ResponseAction.FAIL, FailureType.system_error)


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_trouble_of_a_renewal_of_login_kit_is_tried_again(error: str) -> None:
    for status in (200, 400, 500):
        found = of_a_login_kit_token_call(login_kit_refusal(error, status=status))

        assert (found.response_action, found.failure_type) == (ResponseAction.RETRY, FailureType.transient_error), (
            status
        )


@pytest.mark.parametrize("code", ["access_token_invalid", "invalid_params", "rate_limit_exceeded", "internal_error"])
def test_a_sentence_of_login_kit_is_whole_and_short(code: str) -> None:
    sentence = of_the_display_api(display_refusal(code, "No")).error_message or ""

    assert sentence.startswith("TikTok")
    assert sentence.endswith(".")
    assert len(sentence) < 500
    assert "{" not in sentence.replace("{stream}", "")
