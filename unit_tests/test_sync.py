"""Sync: what the streams of one sync have in common. It says things once and strikes secrets out of everything."""

import threading

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.sync import KnownAccount, Sync, sync_of
from unit_tests.parts import budget


def test_all_who_have_one_budget_have_one_sync() -> None:
    this_sync, other_sync = budget(), budget()

    assert sync_of(this_sync) is sync_of(this_sync)
    assert sync_of(this_sync) is not sync_of(other_sync)


def test_something_is_new_once() -> None:
    sync = Sync()

    assert [sync.log.is_new("a", "b"), sync.log.is_new("a", "b"), sync.log.is_new("a"), sync.log.is_new("b", "a")] == [
        True,
        False,
        True,
        True,
    ]


def test_something_is_new_for_one_of_eight_threads() -> None:
    sync = Sync()
    barrier = threading.Barrier(8)
    new: list[bool] = []

    def ask() -> None:
        barrier.wait(timeout=10)
        new.append(sync.log.is_new("a"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert sorted(new) == [False] * 7 + [True]


def test_an_account_is_the_same_for_all_who_ask() -> None:
    sync = Sync()
    sync.account("credentials").business_id = "-000abc"
    sync.account("additional_accounts[0]").business_id = "-000xyz"

    assert sync.account("credentials") is sync.account("credentials")
    assert sync.account_of("-000xyz") is sync.account("additional_accounts[0]")


def test_an_account_is_called_by_its_business_id_or_else_by_its_config_path() -> None:
    account = KnownAccount("additional_accounts[0]")
    assert account.key == "additional_accounts[0]"

    account.business_id = "-000xyz"
    assert account.key == "-000xyz"


def test_where_nobody_has_the_business_id_the_first_account_is_meant() -> None:
    sync = Sync()
    sync.account("credentials")
    sync.account("additional_accounts[0]").business_id = "-000xyz"

    assert sync.account_of("-000abc") is sync.account("credentials")
    assert sync.account_of(None) is sync.account("credentials")
    assert sync.account_of("-000xyz") is sync.account("additional_accounts[0]")


def test_an_account_that_turns_out_to_be_one_is_that_one() -> None:
    sync = Sync()
    first, second = sync.account("credentials"), sync.account("additional_accounts[0]")

    sync.claim("-000abc", first)
    sync.claim("-000xyz", second)
    sync.claim("-000abc", first)

    assert (first.business_id, second.business_id) == ("-000abc", "-000xyz")


def test_an_account_that_turns_out_to_be_one_that_there_is_already_is_a_config_error() -> None:
    sync = Sync()
    first, second = sync.account("additional_accounts[0]"), sync.account("additional_accounts[2]")
    sync.claim("-000abc", first)

    with pytest.raises(AirbyteTracedException) as caught:
        sync.claim("-000abc", second)

    assert caught.value.failure_type == FailureType.config_error
    assert caught.value.message == (
        "`additional_accounts[0]` and `additional_accounts[2]` are the same TikTok account, -000abc. Remove one of "
        "them, or authenticate it with the account that you meant."
    )
    assert second.business_id is None


def test_one_of_eight_threads_that_claim_an_account_has_it() -> None:
    sync = Sync()
    accounts = [sync.account(f"additional_accounts[{number}]") for number in range(8)]
    barrier = threading.Barrier(8)
    refused: list[str | None] = []

    def claim(account: KnownAccount) -> None:
        barrier.wait(timeout=10)
        try:
            sync.claim("-000abc", account)
        except AirbyteTracedException as failure:
            refused.append(failure.message)

    threads = [threading.Thread(target=claim, args=(account,)) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert sorted(str(account.business_id) for account in accounts) == ["-000abc", *["None"] * 7]
    assert len(refused) == 7


def test_the_account_that_sent_a_token_is_known_by_it() -> None:
    sync = Sync()
    sync.account("credentials")
    assert sync.account_that_sent(None) is None
    first, second = sync.account("credentials"), sync.account("additional_accounts[0]")
    first.sent_token, second.sent_token = "act.1", "act.2"

    assert [sync.account_that_sent(token) for token in ("act.1", "act.2", "act.3", "", None)] == [
        first,
        second,
        None,
        None,
        None,
    ]


def test_where_tiktok_does_not_tell_the_scopes_all_are_allowed() -> None:
    assert KnownAccount("credentials").allows("user.insights")


def test_where_the_scopes_are_known_they_alone_are_allowed() -> None:
    account = KnownAccount("credentials", scopes=frozenset({"video.list"}))

    assert [account.allows(scope) for scope in ("video.list", "video.insights")] == [True, False]


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("act.Abc!5001.em", "act.Abc!5001.em"),
        ("act.Abc!5001.em", "act.Abc%215001.em"),
        ("act.Abc*x", "act.Abc%2Ax"),
        ("act.Abc+x/y", "act.Abc%2Bx%2Fy"),
        ("act.Abc+x/y", "act.Abc%2Bx/y"),
        ("act.Abc x", "act.Abc+x"),
        ('act.Abc"x', 'act.Abc\\"x'),
        ('act.Abc"x', 'act.Abc\\\\\\"x'),
        ('act.Abc"x', "act.Abc%22x"),
        ("act.Abc\\x", "act.Abc\\\\x"),
        ("act.Abc\\x", "act.Abc\\\\\\\\x"),
        ("act.Abc%x", "act.Abc%25x"),
        ("act.Abc\u00e9x", "act.Abc\\u00e9x"),
    ],
)
def test_a_secret_is_struck_out_as_it_is_and_as_urls_and_json_write_it(secret: str, text: str) -> None:
    Sync().keep_secret(secret)

    assert filter_secrets(f"<{text}> and <{secret}>") == "<****> and <****>"


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_secret_strikes_nothing_out(nothing: str | None) -> None:
    Sync().keep_secret(nothing)

    assert filter_secrets("None of this is a secret.") == "None of this is a secret."


def test_printing_a_sync_prints_no_page() -> None:
    sync = Sync()
    sync.pages.put("page 1", b"of nobody's business")

    assert "nobody" not in repr(sync)
