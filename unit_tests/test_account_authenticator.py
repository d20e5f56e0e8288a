"""AccountAuthenticator sends each request with its account's access token, in the header that TikTok reads."""

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.streams import ALL_STREAMS
from source_tiktok_organic.components.accounts import Account, RenewableAccount
from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.components.sync import sync_of
from unit_tests.parts import authenticator_of, budget
from unit_tests.syncs import (
    Clock,
    oauth_config,
    oauth_entry,
    signed_in_config,
    signed_in_entry,
    static_token_config,
    static_token_entry,
    static_token_with_app_config,
)
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BUSINESS_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    HOST,
    REFRESH_PATH,
    REFRESH_TOKEN,
    RENEWED_ACCESS_TOKEN,
    SECRETS,
    TOKEN_INFO_PATH,
    TikTok,
    TikTokAccount,
    refusal,
)

URL = f"{HOST}/open_api/v1.3/business/get/?business_id={BUSINESS_ID}"


def sent_by(authenticator: AccountAuthenticator, url: str = URL) -> requests.PreparedRequest:
    """A request about the account in the URL that went through the authenticator."""
    (business_id,) = parse_qs(urlsplit(url).query).get("business_id", [None])
    with authenticator.acting_for(authenticator.account_of(business_id)):
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


def test_two_authenticators_of_one_sync_renew_once_for_eight_threads(tiktok: TikTok, clock: Clock) -> None:
    config, api_budget = oauth_config(), budget()
    authenticators = [authenticator_of(config, api_budget), authenticator_of(config, api_budget)]
    barrier = threading.Barrier(8)
    headers: list[dict[str, str]] = []

    def work(number: int) -> None:
        barrier.wait(timeout=10)
        headers.append(headers_with(authenticators[number % 2]))
        sync_of(api_budget).turns.end()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with tiktok.serving(), clock.replacing_waits():
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


def test_a_refresh_token_that_was_left_in_the_config_of_a_static_token_is_not_used(tiktok: TikTok) -> None:
    config = static_token_config()
    config["credentials"]["refresh_token"] = REFRESH_TOKEN

    with tiktok.serving():
        assert headers_with(authenticator_of(config)) == {"Access-Token": ACCESS_TOKEN}

    assert tiktok.calls == []


def test_a_static_token_is_used_without_any_call(tiktok: TikTok) -> None:
    with tiktok.serving():
        authenticator = authenticator_of(static_token_config())
        authenticator.accounts[0].learn_scopes()
        headers_with(authenticator)

    assert [account.known.business_id for account in authenticator.accounts] == [BUSINESS_ID]
    assert [account.known.scopes for account in authenticator.accounts] == [None]
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


def test_what_a_static_token_allows_is_learnt_once_with_the_id_of_its_app(tiktok: TikTok) -> None:
    tiktok.scopes = ["user.info.basic", "video.list"]
    with tiktok.serving():
        (account,) = authenticator_of(static_token_with_app_config()).accounts
        account.learn_scopes()
        account.learn_scopes()

    assert account.known.scopes == frozenset({"user.info.basic", "video.list"})
    (call,) = tiktok.calls
    assert (call.path, call.sent) == (TOKEN_INFO_PATH, {"app_id": CLIENT_ID, "access_token": ACCESS_TOKEN})


def test_an_empty_client_id_beside_a_static_token_is_none(tiktok: TikTok) -> None:
    with tiktok.serving():
        (account,) = authenticator_of(static_token_with_app_config(client_id="")).accounts
        account.learn_scopes()

    assert account.known.scopes is None
    assert tiktok.calls == []


def test_a_static_token_that_tiktok_refuses_when_asked_what_it_allows_is_asked_about_once(tiktok: TikTok) -> None:
    tiktok.valid_tokens = set()
    (account,) = authenticator_of(static_token_with_app_config()).accounts
    for _ in range(2):
        with tiktok.serving(), pytest.raises(AirbyteTracedException) as caught:
            account.learn_scopes()

        assert caught.value.failure_type == FailureType.config_error
        assert caught.value.message == (
            "TikTok refused the access token. It ends after 24 hours: put a new one into the source's settings, or "
            "authenticate with OAuth, which renews it by itself."
        )
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]


def test_a_business_id_that_is_not_the_static_tokens_is_refused_by_name(tiktok: TikTok) -> None:
    (account,) = authenticator_of(static_token_with_app_config(business_id="-000SomebodyElse")).accounts
    with tiktok.serving(), pytest.raises(AirbyteTracedException) as caught:
        account.learn_scopes()

    assert caught.value.failure_type == FailureType.config_error
    assert caught.value.message == (
        "The setting `credentials.business_id` is '-000SomebodyElse', but the account that was authenticated is "
        "'-000EmuOpenId_0001abcDEFghiJKL'. Change the setting to that, or authenticate with the account that it names."
    )
    assert [call.path for call in tiktok.calls] == [TOKEN_INFO_PATH]


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


# --- Several accounts -----------------------------------------------------------------------------------------------


@pytest.fixture
def baker(tiktok: TikTok) -> TikTokAccount:
    """A second account at TikTok, of which the config may have an entry."""
    return tiktok.add_account("night_baker")


@pytest.fixture
def tea(tiktok: TikTok, baker: TikTokAccount) -> TikTokAccount:
    """A third one."""
    return tiktok.add_account("tea_house")


def url_about(business_id: str) -> str:
    """The address of a call about this account."""
    return f"{HOST}/open_api/v1.3/business/get/?business_id={business_id}"


def tokens_sent(authenticator: AccountAuthenticator, *business_ids: str) -> list[str | None]:
    """The tokens of requests about these accounts."""
    return [sent_by(authenticator, url_about(business_id)).headers.get("Access-Token") for business_id in business_ids]


def test_accounts_are_in_the_order_of_the_config_each_in_its_place(baker: TikTokAccount, tea: TikTokAccount) -> None:
    more = [static_token_entry(tea), oauth_entry(baker)]

    accounts = authenticator_of(signed_in_config({"additional_accounts": more})).accounts

    assert [(type(account), account.known.config_path, account.known.business_id) for account in accounts] == [
        (RenewableAccount, "credentials", BUSINESS_ID),
        (Account, "additional_accounts[0]", "-000EmuOpenId_tea_house"),
        (RenewableAccount, "additional_accounts[1]", None),
    ]


def test_each_request_goes_with_the_token_of_the_account_that_it_is_about(
    baker: TikTokAccount, tea: TikTokAccount, tiktok: TikTok
) -> None:
    more = [signed_in_entry(baker), static_token_entry(tea)]
    authenticator = authenticator_of(signed_in_config({"additional_accounts": more}))
    with tiktok.serving():
        found = tokens_sent(authenticator, tea.business_id, BUSINESS_ID, baker.business_id, tea.business_id)

    assert found == [tea.tokens.access, ACCESS_TOKEN, baker.tokens.access, tea.tokens.access]
    assert tiktok.calls == []


def test_each_account_is_renewed_by_itself_with_the_app_of_the_credentials(
    baker: TikTokAccount, tea: TikTokAccount, tiktok: TikTok
) -> None:
    more = [signed_in_entry(baker, token_expiry_date=""), signed_in_entry(tea)]
    authenticator = authenticator_of(signed_in_config({"additional_accounts": more}))
    with tiktok.serving():
        found = tokens_sent(authenticator, BUSINESS_ID, baker.business_id, tea.business_id)

    assert found == [ACCESS_TOKEN, baker.tokens.renewed_access, tea.tokens.access]
    (renewal,) = tiktok.calls
    assert renewal.sent == {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": baker.tokens.refresh,
    }


def test_a_refused_token_is_that_of_the_account_of_the_last_request(baker: TikTokAccount, tiktok: TikTok) -> None:
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [signed_in_entry(baker)]}))
    with tiktok.serving():
        tokens_sent(authenticator, BUSINESS_ID, baker.business_id)
        authenticator.refresh_and_set_access_token()

        assert tokens_sent(authenticator, BUSINESS_ID, baker.business_id) == [
            ACCESS_TOKEN,
            baker.tokens.renewed_access,
        ]
    assert [call.sent["refresh_token"] for call in tiktok.calls] == [baker.tokens.refresh]


def test_each_thread_renews_for_the_account_that_it_asked_about(baker: TikTokAccount, tiktok: TikTok) -> None:
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [signed_in_entry(baker)]}))
    with tiktok.serving():
        tokens_sent(authenticator, BUSINESS_ID)
        other = threading.Thread(target=tokens_sent, args=(authenticator, baker.business_id))
        other.start()
        other.join(timeout=10)
        authenticator.refresh_and_set_access_token()

    assert [call.sent["refresh_token"] for call in tiktok.calls] == [REFRESH_TOKEN]


@pytest.mark.parametrize("business_id", ["-000SomebodyElse", "-000emuopenid_night_baker", "-000"])
def test_a_request_about_an_account_that_is_none_of_them_is_not_sent(business_id: str, baker: TikTokAccount) -> None:
    """Better no call than one with the token of another account."""
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [signed_in_entry(baker)]}))

    with pytest.raises(StopIteration):
        sent_by(authenticator, url_about(business_id))


@pytest.mark.parametrize("query", ["", "?business_id=", "?fields=%5B%22likes%22%5D"])
def test_a_request_about_no_account_goes_with_the_token_of_the_first(query: str, baker: TikTokAccount) -> None:
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [signed_in_entry(baker)]}))

    request = sent_by(authenticator, f"{HOST}/open_api/v1.3/business/get/{query}")

    assert request.headers["Access-Token"] == ACCESS_TOKEN


def test_an_account_is_found_by_its_business_id_and_by_its_place(baker: TikTokAccount, tea: TikTokAccount) -> None:
    more = [oauth_entry(baker), static_token_entry(tea)]
    authenticator = authenticator_of(signed_in_config({"additional_accounts": more}))
    first, second, third = authenticator.accounts

    assert authenticator.account_of(None) is first
    assert authenticator.account_of(BUSINESS_ID) is authenticator.account_of("credentials") is first
    assert authenticator.account_of("additional_accounts[0]") is second
    assert authenticator.account_of(tea.business_id) is authenticator.account_of("additional_accounts[1]") is third
    for nobody in ("additional_accounts[2]", baker.business_id, "additional_accounts"):
        with pytest.raises(StopIteration):
            authenticator.account_of(nobody)


def test_an_account_that_was_named_by_its_place_is_found_so_when_its_business_id_is_known(
    baker: TikTokAccount, tiktok: TikTok
) -> None:
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [oauth_entry(baker)]}))
    _, second = authenticator.accounts
    with tiktok.serving():
        second.learn_business_id()

    assert authenticator.account_of("additional_accounts[0]") is second
    assert authenticator.account_of(baker.business_id) is second


@pytest.mark.parametrize("config", [static_token_config, signed_in_config])
def test_an_account_that_is_alone_is_meant_by_every_request(config: Any) -> None:
    authenticator = authenticator_of(config({"additional_accounts": []}) if config is signed_in_config else config())
    (account,) = authenticator.accounts

    for key in (None, "", BUSINESS_ID, "-000SomebodyElse", "credentials"):
        assert authenticator.account_of(key) is account


@pytest.mark.parametrize(
    ("values", "name"),
    [
        pytest.param({}, "`additional_accounts[0]`", id="nothing is known"),
        pytest.param({"name": ""}, "`additional_accounts[0]`", id="an empty name"),
        pytest.param({"name": "Night Baker"}, "Night Baker (`additional_accounts[0]`)", id="a name"),
        pytest.param({"business_id": "-000xyz"}, "-000xyz", id="a business_id"),
        pytest.param({"business_id": "-000xyz", "name": "Night Baker"}, "Night Baker (-000xyz)", id="both"),
    ],
)
def test_failures_say_which_account_they_are_about(values: dict[str, str], name: str, baker: TikTokAccount) -> None:
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [oauth_entry(baker, **values)]}))

    with pytest.raises(AirbyteTracedException) as caught, authenticator.acting_for(authenticator.accounts[1]):
        raise config_error("TikTok does not accept it.", "In detail.")

    assert caught.value.message == f"TikTok account {name}: TikTok does not accept it."
    assert (caught.value.internal_message or "").endswith("In detail.")
    assert caught.value.failure_type == FailureType.config_error


def test_an_account_that_is_alone_is_not_named() -> None:
    authenticator = authenticator_of(static_token_config())
    failure = config_error("TikTok does not accept it.")

    with pytest.raises(AirbyteTracedException) as caught, authenticator.acting_for(authenticator.accounts[0]):
        raise failure

    assert caught.value is failure


def test_an_error_that_is_none_of_ours_is_not_named(baker: TikTokAccount) -> None:
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [oauth_entry(baker)]}))

    with pytest.raises(RuntimeError) as caught, authenticator.acting_for(authenticator.accounts[0]):
        raise RuntimeError("a mistake")

    assert str(caught.value) == "a mistake"


def test_a_sync_has_one_grant_for_each_account_and_all_its_streams(baker: TikTokAccount, tiktok: TikTok) -> None:
    config, api_budget = oauth_config({"additional_accounts": [oauth_entry(baker)]}), budget()
    authenticators = [authenticator_of(config, api_budget, stream=stream) for stream in ("account", "videos_comments")]
    with tiktok.serving():
        for authenticator in authenticators:
            for account in authenticator.accounts:
                account.learn_scopes()

    assert len(tiktok.calls_of(REFRESH_PATH)) == 2
    one, other = authenticators
    assert [account.known.business_id for account in one.accounts] == [BUSINESS_ID, baker.business_id]
    assert [account.known is same.known for account, same in zip(one.accounts, other.accounts, strict=True)] == [
        True
    ] * 2


def test_the_trouble_of_one_account_leaves_the_tokens_of_the_others(baker: TikTokAccount, tiktok: TikTok) -> None:
    tiktok.before_answering = lambda call: refusal(40107) if call.path == REFRESH_PATH else None
    authenticator = authenticator_of(signed_in_config({"additional_accounts": [oauth_entry(baker)]}))
    with tiktok.serving():
        for _ in range(3):
            with pytest.raises(AirbyteTracedException):
                authenticator.accounts[1].learn_scopes()
        authenticator.accounts[0].learn_scopes()

    assert [call.path for call in tiktok.calls] == [REFRESH_PATH, TOKEN_INFO_PATH]
    assert authenticator.accounts[0].known.failure is None


def test_a_token_of_the_first_account_is_refused_for_the_second_by_the_stand_in(
    baker: TikTokAccount, tiktok: TikTok
) -> None:
    """So a mix-up would not go unnoticed in any test."""
    with tiktok.serving():
        answer = requests.get(url_about(baker.business_id), headers={"Access-Token": ACCESS_TOKEN}, timeout=10)

    assert answer.json() == refusal(40001, "No permission to operate tiktok creator id: -000EmuOpenId_night_baker")


def test_printing_several_accounts_prints_no_secret(baker: TikTokAccount, tea: TikTokAccount) -> None:
    more = [signed_in_entry(baker), static_token_entry(tea)]
    text = repr(authenticator_of(signed_in_config({"additional_accounts": more})).accounts)

    secrets = [*SECRETS, *baker.tokens.all, *tea.tokens.all]
    assert [secret for secret in secrets if secret in text] == []
