"""AccountAuthenticator sends each request with its account's access token, in the header that TikTok reads."""

import threading
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components import AccountAuthenticator
from unit_tests.parts import authenticator_of, budget
from unit_tests.syncs import ALL_STREAMS, oauth_config, signed_in_config, static_token_config
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BUSINESS_ID,
    HOST,
    REFRESH_PATH,
    RENEWED_ACCESS_TOKEN,
    SECRETS,
    TOKEN_INFO_PATH,
    TikTok,
)

URL = f"{HOST}/open_api/v1.3/business/get/?business_id={BUSINESS_ID}"


def sent_by(authenticator: AccountAuthenticator, url: str = URL) -> requests.PreparedRequest:
    """A request that went through the authenticator."""
    return authenticator(requests.Request("GET", url).prepare())


def headers_with(authenticator: AccountAuthenticator) -> dict[str, str]:
    """The headers of a request that went through the authenticator."""
    return dict(sent_by(authenticator).headers)


def test_the_token_goes_into_the_header_access_token_alone() -> None:
    assert headers_with(authenticator_of(static_token_config())) == {"Access-Token": ACCESS_TOKEN}


def test_a_renewed_token_goes_into_the_header(tiktok: TikTok) -> None:
    with tiktok.serving():
        headers = headers_with(authenticator_of(oauth_config()))

    assert headers == {"Access-Token": RENEWED_ACCESS_TOKEN}


def test_the_token_does_not_go_into_the_url() -> None:
    assert sent_by(authenticator_of(static_token_config())).url == URL


@pytest.mark.parametrize(
    "query",
    ["", "?business_id=", f"?business_id={BUSINESS_ID}", "?business_id=-000SomebodyElse", "?fields=%5B%22likes%22%5D"],
)
def test_the_one_account_of_the_config_signs_every_request(query: str) -> None:
    request = sent_by(authenticator_of(static_token_config()), f"{HOST}/open_api/v1.3/business/get/{query}")

    assert request.headers["Access-Token"] == ACCESS_TOKEN


def test_no_header_is_given_without_a_request(tiktok: TikTok) -> None:
    with tiktok.serving():
        assert authenticator_of(oauth_config()).get_auth_header() == {}

    assert tiktok.calls == []


def test_building_an_authenticator_calls_nothing_and_changes_nothing(tiktok: TikTok) -> None:
    config = oauth_config()
    with tiktok.serving():
        authenticator_of(config)

    assert config == oauth_config()
    assert tiktok.calls == []


@pytest.mark.parametrize("stream", ALL_STREAMS)
def test_every_stream_asks_for_its_tokens_in_the_same_place(stream: str, tiktok: TikTok) -> None:
    authenticator = authenticator_of(signed_in_config(), stream=stream)
    with tiktok.serving():
        authenticator.accounts[0].learn_scopes()
        headers_with(authenticator)
        authenticator.refresh_and_set_access_token()

    assert [(call.method, call.url) for call in tiktok.calls] == [
        ("POST", f"{HOST}/open_api/v1.3/tt_user/token_info/get/"),
        ("POST", f"{HOST}/open_api/v1.3/tt_user/oauth2/refresh_token/"),
    ]


def test_each_request_asks_for_the_token_of_that_moment(tiktok: TikTok) -> None:
    authenticator = authenticator_of(signed_in_config())
    with tiktok.serving():
        before = headers_with(authenticator)
        authenticator.refresh_and_set_access_token()
        after = headers_with(authenticator)

    assert (before["Access-Token"], after["Access-Token"]) == (ACCESS_TOKEN, RENEWED_ACCESS_TOKEN)
    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


def test_a_token_that_another_stream_has_renewed_meanwhile_is_not_renewed_again(tiktok: TikTok) -> None:
    config, api_budget = signed_in_config(), budget()
    first, second = (authenticator_of(config, api_budget) for _ in range(2))
    with tiktok.serving():
        headers_with(first), headers_with(second)
        first.refresh_and_set_access_token()
        second.refresh_and_set_access_token()

    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


def test_each_thread_renews_the_token_that_it_sent_itself(tiktok: TikTok) -> None:
    """The second thread sends the new token meanwhile; the first still means the old one."""
    authenticator = authenticator_of(signed_in_config())
    with tiktok.serving():
        headers_with(authenticator)
        authenticator.accounts[0].replace(ACCESS_TOKEN)
        other = threading.Thread(target=headers_with, args=(authenticator,))
        other.start()
        other.join(timeout=10)
        authenticator.refresh_and_set_access_token()

    assert [call.path for call in tiktok.calls] == [REFRESH_PATH]


def test_two_authenticators_of_one_sync_renew_once_for_eight_threads(tiktok: TikTok) -> None:
    config, api_budget = oauth_config(), budget()
    authenticators = [authenticator_of(config, api_budget), authenticator_of(config, api_budget)]
    barrier = threading.Barrier(8)
    headers: list[dict[str, str]] = []

    def work(number: int) -> None:
        barrier.wait(timeout=10)
        headers.append(headers_with(authenticators[number % 2]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with tiktok.serving():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)

    assert headers == [{"Access-Token": RENEWED_ACCESS_TOKEN}] * 8
    assert len(tiktok.calls) == 1


def learn_in(config: dict[str, Any], api_budget: APIBudget) -> None:
    """Learn the scopes of this config's account in this sync."""
    authenticator_of(config, api_budget).accounts[0].learn_scopes()


def test_what_a_token_allows_is_learnt_once_in_a_sync_and_again_in_the_next(tiktok: TikTok) -> None:
    config, this_sync, next_sync = signed_in_config(), budget(), budget()
    with tiktok.serving():
        learn_in(config, this_sync)
        learn_in(config, this_sync)
        assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]

        learn_in(config, next_sync)
        assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH] * 2


@pytest.mark.parametrize("config", [oauth_config, signed_in_config], ids=["renewal", "token info"])
@pytest.mark.parametrize("api_url", ["http://127.0.0.1:9000", "http://127.0.0.1:9000/"])
def test_calls_about_tokens_go_to_the_api_url(config: Any, api_url: str, tiktok: TikTok) -> None:
    with tiktok.serving():
        learn_in(config({"api_url": api_url}), budget())

    (call,) = tiktok.calls
    assert call.url.startswith("http://127.0.0.1:9000/open_api/v1.3/tt_user/")


def test_an_unsafe_api_url_is_refused_before_any_call(tiktok: TikTok) -> None:
    with tiktok.serving(), pytest.raises(AirbyteTracedException, match="api_url") as caught:
        authenticator_of(oauth_config({"api_url": "http://tiktok.example.com"}))

    assert caught.value.failure_type == FailureType.config_error
    assert tiktok.calls == []


def test_a_static_token_is_used_without_any_call(tiktok: TikTok) -> None:
    with tiktok.serving():
        authenticator = authenticator_of(static_token_config())
        authenticator.accounts[0].learn_scopes()
        headers_with(authenticator)

    assert [account.business_id for account in authenticator.accounts] == [BUSINESS_ID]
    assert [account.grant.scopes for account in authenticator.accounts] == [None]
    assert tiktok.calls == []


def test_a_refused_static_token_is_the_users_to_replace(tiktok: TikTok) -> None:
    authenticator = authenticator_of(static_token_config())
    headers_with(authenticator)
    with tiktok.serving(), pytest.raises(AirbyteTracedException) as caught:
        authenticator.refresh_and_set_access_token()

    assert caught.value.failure_type == FailureType.config_error
    assert caught.value.message == (
        "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
        "authenticate with OAuth, which renews it by itself."
    )
    assert tiktok.calls == []


@pytest.mark.parametrize("missing", ["access_token", "business_id"])
@pytest.mark.parametrize("how", ["missing", "empty", "null"])
def test_an_incomplete_static_token_is_a_config_error(how: str, missing: str) -> None:
    config = static_token_config()
    config["credentials"][missing] = "" if how == "empty" else None
    if how == "missing":
        del config["credentials"][missing]

    with pytest.raises(AirbyteTracedException, match=missing) as caught:
        authenticator_of(config)

    assert caught.value.failure_type == FailureType.config_error


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "refresh_token"])
def test_incomplete_credentials_of_oauth_are_a_config_error(missing: str) -> None:
    config = signed_in_config()
    del config["credentials"][missing]

    with pytest.raises(AirbyteTracedException, match=missing) as caught:
        authenticator_of(config)

    assert caught.value.failure_type == FailureType.config_error


@pytest.mark.parametrize("config", [static_token_config, signed_in_config])
def test_printing_the_accounts_prints_no_secret(config: Any) -> None:
    text = repr(authenticator_of(config()).accounts)

    assert [secret for secret in SECRETS if secret in text] == []
