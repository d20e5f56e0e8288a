"""PageStore keeps the answers of one sync: what was put in comes out, byte for byte, for its threads alone."""

import os
import stat
import tempfile
import threading
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_tests.streams import ALL_STREAMS
from source_tiktok_organic.components.sync import PageStore
from unit_tests.syncs import Clock, oauth_config, read
from unit_tests.tiktok import SECRETS, TikTok


def test_a_page_that_was_not_kept_is_none() -> None:
    store = PageStore()
    store.put("page 1", b"one")

    assert store.get("page 2") is None


def test_a_kept_page_comes_back_byte_for_byte() -> None:
    store = PageStore()
    store.put("page 1", b'{"caption":"caf\xc3\xa9 \xf0\x9f\x98\x80\\u0000"}\n')

    assert store.get("page 1") == b'{"caption":"caf\xc3\xa9 \xf0\x9f\x98\x80\\u0000"}\n'


def test_an_empty_body_is_kept_as_an_empty_body() -> None:
    store = PageStore()
    store.put("page 1", b"")

    assert store.get("page 1") == b""


def test_reading_a_page_does_not_disturb_the_next_one() -> None:
    store = PageStore()
    store.put("page 1", b"first")
    assert store.get("page 1") == b"first"
    store.put("page 2", b"second")

    assert store.get("page 1") == b"first"
    assert store.get("page 2") == b"second"


def test_the_later_of_two_answers_counts() -> None:
    store = PageStore()
    store.put("page 1", b"old and long")
    store.put("page 1", b"new")

    assert store.get("page 1") == b"new"


def test_two_stores_know_nothing_of_each_other() -> None:
    one, other = PageStore(), PageStore()
    one.put("page 1", b"one")

    assert other.get("page 1") is None


def test_readers_of_one_page_share_a_lock_and_readers_of_two_do_not() -> None:
    store = PageStore()

    assert store.page_lock("page 1") is store.page_lock("page 1")
    assert store.page_lock("page 1") is not store.page_lock("page 2")


def test_a_store_says_nothing_of_the_pages_when_it_is_printed() -> None:
    store = PageStore()
    store.put("page 1", b"act.secret")

    assert "act.secret" not in repr(store)


def test_twelve_threads_find_their_own_pages() -> None:
    store = PageStore()
    barrier = threading.Barrier(12)
    wrong: list[str] = []

    def work(number: int) -> None:
        barrier.wait(timeout=10)
        for turn in range(50):
            store.put(f"{number}/{turn}", b"%d:%d;" % (number, turn) * (number + 1))
            if store.get(f"{number}/{turn}") != b"%d:%d;" % (number, turn) * (number + 1):
                wrong.append(f"{number}/{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert wrong == []
    assert store.get("11/49") == b"11:49;" * 12


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.binary(max_size=64)), max_size=30))
def test_the_store_is_a_dictionary(pages: list[tuple[str, bytes]]) -> None:
    store, expected = PageStore(), dict[str, bytes]()
    for key, body in pages:
        store.put(key, body)
        expected[key] = body

    assert {key: store.get(key) for key in "abcd"} == {key: expected.get(key) for key in "abcd"}


# --- The file -------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[BinaryIO]:
    """The temporary files that are made in this test, in `tmp_path`."""
    files: list[BinaryIO] = []
    make = tempfile.TemporaryFile

    def remember(*arguments: Any, **options: Any) -> Any:
        file = make(*arguments, **options)
        files.append(file)
        return file

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "TemporaryFile", remember)
    return files


def test_the_file_is_for_its_owner_alone(files: list[BinaryIO]) -> None:
    before = os.umask(0)
    try:
        PageStore().put("page 1", b"one")
    finally:
        os.umask(before)

    (file,) = files
    assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600


def test_the_file_has_no_name(files: list[BinaryIO], tmp_path: Path) -> None:
    store = PageStore()
    store.put("page 1", b"one" * 10_000)

    (file,) = files
    assert os.fstat(file.fileno()).st_nlink == 0
    assert list(tmp_path.iterdir()) == []


def test_what_is_kept_of_a_whole_sync_has_no_secret_in_it(files: list[BinaryIO], tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, *ALL_STREAMS, config=oauth_config())

    (file,) = files
    file.seek(0)
    kept = file.read().decode()
    assert "harbour_coffee" in kept
    assert "7683102070583443467" in kept
    assert [secret for secret in SECRETS if secret in kept] == []
    assert "Access-Token" not in kept
