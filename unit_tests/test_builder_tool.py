"""`make builder` joins the components to one file, which the Connector Builder executes as a module."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

from source_tiktok_organic import components
from tools.builder import PACKAGE, joined, write

ROOT = Path(__file__).parent.parent
NAMED = set(
    re.findall(r"source_declarative_manifest\.components\.(\w+)", (PACKAGE / "manifest.yaml").read_text("utf-8"))
)


def test_the_joined_file_compiles_and_has_every_class_that_the_manifest_names() -> None:
    # As the CDK does: a module that nobody has registered.
    module = ModuleType("components")
    exec(compile(joined(), "components.py", "exec"), vars(module))

    assert len(NAMED) > 20
    assert [name for name in sorted(NAMED) if not isinstance(getattr(module, name, None), type)] == []


def test_the_package_exports_what_the_manifest_names_and_no_more() -> None:
    assert {name for name, exported in vars(components).items() if isinstance(exported, type)} == NAMED


def test_the_joined_file_imports_nothing_of_this_repository() -> None:
    assert "import source_tiktok_organic" not in joined()
    assert "from source_tiktok_organic" not in joined()


def test_the_joined_file_has_no_backslash() -> None:
    assert chr(92) not in joined()


def test_no_two_modules_give_the_same_name_to_different_things() -> None:
    statements: Counter[str] = Counter()
    for statement in ast.parse(joined()).body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef):
            statements[statement.name] += 1
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            statements.update(ast.unparse(target) for target in targets)

    # Each is the same logger of Airbyte's.
    del statements["LOGGER"]
    assert [name for name, count in statements.items() if count > 1] == []


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tools.builder import write; write(Path(sys.argv[1]))"
    # Python orders sets of text by this seed.
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(tmp_path / seed)], cwd=ROOT, env=environment, check=True)

    first, second = ({file.name: file.read_bytes() for file in (tmp_path / seed).iterdir()} for seed in ("1", "2"))
    assert set(first) == {"manifest.yaml", "components.py"}
    assert first == second


def test_the_manifest_is_that_of_the_package(tmp_path: Path) -> None:
    write(tmp_path / "build" / "builder")

    assert (tmp_path / "build" / "builder" / "manifest.yaml").read_bytes() == (PACKAGE / "manifest.yaml").read_bytes()
