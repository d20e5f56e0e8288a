"""Sync: what the streams of one sync have in common. It says things once and strikes secrets out of everything."""

import threading

import pytest
from airbyte_cdk.utils.airbyte_secrets_utils import filter_secrets

from source_tiktok_organic.components import Grant, Sync, sync_of
from unit_tests.parts import budget


def test_all_who_have_one_budget_have_one_sync() -> None:
    this_sync, other_sync = budget(), budget()

    assert sync_of(this_sync) is sync_of(this_sync)
    assert sync_of(this_sync) is not sync_of(other_sync)


def test_something_is_new_once() -> None:
    sync = Sync()

    assert [sync.is_new("a", "b"), sync.is_new("a", "b"), sync.is_new("a"), sync.is_new("b", "a")] == [
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
        new.append(sync.is_new("a"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert sorted(new) == [False] * 7 + [True]


def test_an_account_has_one_grant() -> None:
    sync = Sync()
    sync.grant(0).business_id = "-000abc"
    sync.grant(1).business_id = "-000xyz"

    assert sync.grant(0) is sync.grant(0)
    assert sync.grant_of("-000xyz") is sync.grant(1)


def test_a_token_is_a_replacement_only_where_it_replaced_a_refused_one() -> None:
    sync = Sync()
    sync.grant(0)
    assert not sync.is_replacement(None)
    sync.grant(1).replacement = "act.2"

    assert [sync.is_replacement(token) for token in ("act.1", "act.2", None, "")] == [False, True, False, False]


def test_where_nobody_told_the_scopes_they_are_allowed_until_they_are_refused() -> None:
    grant = Grant(refused=frozenset({"user.insights"}), accepted=frozenset({"video.list"}))

    assert [grant.allows(scope) for scope in ("video.list", "video.insights", "user.insights")] == [True, True, False]
    assert grant.is_sure_of(["video.list"])
    assert not grant.is_sure_of(["video.list", "video.insights"])


def test_where_the_scopes_are_known_they_alone_are_allowed() -> None:
    grant = Grant(scopes=frozenset({"video.list"}))

    assert [grant.allows(scope) for scope in ("video.list", "video.insights")] == [True, False]
    assert grant.is_sure_of(["video.list"])


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
