"""The list of mutants must not go stale: damage to a text that is gone is no damage, and every test would pass for it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def check(root):
    return subprocess.run(["scripts/mutate", "--check"], cwd=root, capture_output=True, text=True, timeout=60)


def copy_of(tmp_path):
    for name in ("scripts", "Sources", "Tests/mutants"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_text_stands_where_the_list_says_exactly_once():
    assert check(ROOT).returncode == 0, check(ROOT).stderr


def test_a_text_that_is_gone_is_found(tmp_path):
    root = copy_of(tmp_path)
    path = root / "Sources/Seals/WrappingKey.swift"
    path.write_text(path.read_text().replace("wrapped[0] == version", "wrapped.first == version"))
    found = check(root)
    assert found.returncode != 0 and "wrapped[0] == version" in found.stderr


def test_a_text_that_stands_twice_is_found(tmp_path):
    root = copy_of(tmp_path)
    path = root / "Sources/Seals/WrappingKey.swift"
    path.write_text(path.read_text() + "// wrapped[0] == version\n")
    assert "stands 2 times" in check(root).stderr
