"""What the repository cites of docs/tiktok-api.md stands there."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "tiktok-api.md").read_text()

# A7 and A2.3, and B alone for a whole part.
NUMBERED = r"[A-H][1-9]\d*(?:\.[1-9]\d*)?\b"
SECTION = rf"(?:{NUMBERED}|[A-H]\b)"
# A7, D5 and B1-B5; between two of them a line may end, with the mark of a comment on the next one.
CITATION = re.compile(rf"docs/tiktok-api\.md\s+(?:#\s+)?({SECTION}(?:(?:-|,\s+(?:#\s+)?){SECTION})*)")
# In Python also without the page's name, where it was named before: (A7, D5) and (A7 rule 1, G2).
SHORT = re.compile(rf"\(({NUMBERED}(?: rule \d)?(?:(?:-|,\s+){SECTION}(?: rule \d)?)*)\)")


def sections() -> list[str]:
    """The sections of the page: those of headings, and those of list items with an anchor.

    In:  "## Part B. Login Kit", "#### A2.3 Refresh", '- <a id="d11"></a>**D11. Late figures.**'
    Out: ["B", "A2.3", "D11"]
    """
    headings = re.findall(rf"^##+ (?:Part )?({SECTION})\.? ", PAGE, re.MULTILINE)
    items = re.findall(rf'^- <a id="(\w+)"></a>\*\*({SECTION})\. ', PAGE, re.MULTILINE)
    assert all(anchor == name.lower() for anchor, name in items)
    return headings + [name for _, name in items]


def cited(path: str, text: str) -> list[str]:
    """The sections that a file cites: for "A7, B1-B3" they are A7, B1, B2 and B3."""
    citations = CITATION.findall(text) + (SHORT.findall(text) if path.endswith(".py") else [])
    found = []
    for first, last in re.findall(rf"({SECTION})(?:-({SECTION}))?", ", ".join(citations)):
        between = range(int(first[1:]), int(last[1:])) if (first + last).isalnum() and last else ()
        found += [*(f"{first[0]}{number}" for number in between), last or first]
    return found


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The tracked text files by path, without the made-up citations of this one."""
    if not (ROOT / ".git").exists():
        pytest.skip("the files are not in a git repository, so nothing says which of them are tracked")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / path for path in listed.split("\0") if path]
    return {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8", errors="replace")
        for file in files
        if file.is_file() and file != Path(__file__)
    }


def test_every_citation_leads_to_a_section_of_the_page(texts: dict[str, str]) -> None:
    known = set(sections())
    found = [(path, section) for path, text in texts.items() for section in cited(path, text)]
    assert found
    assert [(path, section) for path, section in found if section not in known] == []


def test_every_section_of_the_page_is_there_once() -> None:
    names = sections()
    assert {"A", "A7", "A2.3", "D11", "G16", "H"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""Limits (docs/tiktok-api.md A5, D17)."""', ["A5", "D17"]),
        ("# docs/tiktok-api.md A2.3: a year", ["A2.3"]),
        ("(docs/tiktok-api.md B1-B3, D22)", ["B1", "B2", "B3", "D22"]),
        ("# the scope of each field (docs/tiktok-api.md\n# B1, B3,\n# B6).", ["B1", "B3", "B6"]),
        ("of Login Kit (docs/tiktok-api.md B).", ["B"]),
        ("docs/tiktok-api.md Z9, docs/tiktok-api.md All of it, [page](docs/tiktok-api.md)", []),
        ('"""After 7 idle days (A7 rule 1, G2)."""', ["A7", "G2"]),
        ("a knob (D14), a plan (R1), a call f(A) and (see A7)", ["D14"]),
    ],
)
def test_citations_are_found(text: str, expected: list[str]) -> None:
    assert cited("a.py", text) == expected


def test_nothing_speaks_of_a_fact_sheet(texts: dict[str, str]) -> None:
    assert [path for path, text in texts.items() if re.search(r"fact[\s#]+sheet", text, re.IGNORECASE)] == []


def test_every_test_that_holds_a_behaviour_exists() -> None:
    named = re.findall(r"`(test_\w+)`", (ROOT / "BEHAVIOR.md").read_text())
    files = [*(ROOT / "unit_tests").glob("test_*.py"), *(ROOT / "integration_tests").glob("test_*.py")]
    defined = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert len(named) > 20
    assert [name for name in named if name not in defined] == []


def test_every_number_of_a_behaviour_follows_the_one_before() -> None:
    numbers = re.findall(r"^### (\d+)\. ", (ROOT / "BEHAVIOR.md").read_text(), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_every_field_that_is_asked_for_is_described() -> None:
    manifest = yaml.safe_load((ROOT / "source_tiktok_organic" / "manifest.yaml").read_text())
    scopes = [names for call in manifest["definitions"]["fields"].values() for names in call.values()]
    missing = [name for names in scopes for name in names if f"`{name}`" not in PAGE]
    assert missing == [], "Add a row for each to the table of its scope in docs/tiktok-api.md."
