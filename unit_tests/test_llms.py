"""llms.txt lists the pages for readers that are programs, in the form of llmstxt.org."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
INDEX = (ROOT / "llms.txt").read_text(encoding="utf-8")
LINE = re.compile(r"^- \[.+\]\((\S+)\): \S.+$", re.MULTILINE)


def test_every_page_of_the_docs_is_listed_once_beside_readme_and_changelog() -> None:
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert sorted(LINE.findall(INDEX)) == sorted({"README.md", "CHANGELOG.md"} | pages)


def test_the_title_and_one_paragraph_come_before_lists_of_links() -> None:
    title, summary, *sections = INDEX.strip().split("\n\n")
    assert re.fullmatch(r"# \S+", title)
    assert all(line.startswith("> ") for line in summary.splitlines())
    for heading, links in zip(sections[::2], sections[1::2], strict=True):
        assert re.fullmatch(r"## \w+", heading)
        assert all(LINE.match(line) for line in links.splitlines())
