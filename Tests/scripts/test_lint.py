"""Each check of scripts/lint is broken on purpose, and must say so. A check that cannot fail checks nothing."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path):
    """A small project of the same layout, in which every check is silent."""
    for name in ("scripts", ".swift-format"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    modules = ("Care FHIR Postgres Seals Trail People Records Assurance Portal Synthetic CarekeepTesting carekeep "
               "CPostgres CBcrypt CCurl CPango CQRencode Paper").split()
    for module in modules:
        write(tmp_path, f"Sources/{module}/File.swift", f"/// {module}.\npublic enum {module.title()}File {{}}\n")
    write(tmp_path, "Tests/CareTests/CareTests.swift", "/// Tests.\nenum CareTests {}\n")
    write(tmp_path, "database/Database.swift", "/// Resources.\npublic enum Database {}\n")
    write(tmp_path, "Package.swift", "// swift-tools-version: 6.2\nimport PackageDescription\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def write(tree, path, text):
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def lint(tree, check):
    """What one check says; empty if it is content."""
    run = subprocess.run(["scripts/lint", check], cwd=tree, capture_output=True, text=True, timeout=120)
    assert (run.returncode == 0) == (run.stderr == ""), run
    return run.stderr


CHECKS = "imports format templates tries statements promises canaries secrets places".split()


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_tree_is_passed_in_silence(tree, check):
    assert lint(tree, check) == ""


# What must be found: the check, where the fault is written, the fault. Faults that are themselves faults of this file
# are put together from parts.
FAULTS = [
    ("imports", "Sources/Care/A.swift", "import Postgres\n"),
    ("imports", "Sources/FHIR/A.swift", "public import Care\n"),
    ("imports", "Sources/Postgres/A.swift", "import FHIR\n"),
    ("imports", "Sources/Records/A.swift", "@testable import Portal\n"),
    ("imports", "Sources/Records/A.swift", "public import struct Assurance.Probe\n"),
    ("imports", "Sources/Trail/A.swift", "    import People\n"),
    ("imports", "Sources/Synthetic/A.swift", "import Records\n"),
    ("imports", "Sources/Portal/A.swift", "import Synthetic\n"),
    ("imports", "Sources/Portal/A.swift", "import CPostgres\n"),
    ("imports", "Sources/carekeep/A.swift", "import CarekeepTesting\n"),
    ("imports", "Sources/Seals/A.swift", "import CBcrypt\n"),
    ("imports", "Sources/Portal/A.swift", "import Crypto\n"),
    ("imports", "Sources/People/A.swift", "import Hummingbird\n"),
    ("imports", "Sources/Records/A.swift", "import HummingbirdTLS\n"),
    ("imports", "Sources/Postgres/A.swift", "import NIOCore\n"),
    ("imports", "Sources/Portal/A.swift", "import Yams\n"),
    ("imports", "Sources/carekeep/A.swift", "import CCurl\n"),
    ("imports", "Sources/Assurance/A.swift", "import CPango\n"),
    ("imports", "Sources/Paper/A.swift", "import FHIR\n"),
    ("imports", "Sources/Portal/Server/A.swift", "public import Logging\n"),
    ("imports", "Sources/carekeep/A.swift", "import struct Logging.Logger\n"),
    ("imports", "database/Database.swift", "import Care\n"),
    ("format", "Sources/Care/A.swift", "/// A.\npublic enum A {\n  case b\n}\n"),
    ("format", "Tests/CareTests/A.swift", "import Foundation\nimport Dispatch\n"),
    ("templates", "Sources/Portal/A.swift", 'let page = "{{{name}}}"\n'),
    ("tries", "Sources/Care/A.swift", "let a = try! read(path)\n"),
    ("statements", "Sources/Portal/A.swift", 'let a = "select name from patient"\n'),
    ("statements", "Sources/carekeep/A.swift", 'let a = """\n    INSERT INTO patient values (1)\n    """\n'),
    ("statements", "Sources/FHIR/A.swift", 'let a = "delete from patient"\n'),
    ("statements", "Sources/Care/A.swift", 'let a = "update patient set name = 1"\n'),
    ("statements", "Sources/Synthetic/A.swift", 'let a = "grant select on patient to server"\n'),
    ("promises", "Sources/Care/A.swift", "// keeps RO" + "L-99\n"),
    ("promises", "database/records/current/a.sql", "-- (XY" + "Z-1)\n"),
    ("promises", "docs/a.md", "The promise ISO" + "-9 is kept.\n"),
    ("canaries", "Sources/Portal/A.swift", "if organization.isCanary { return }\n"),
    ("canaries", "database/records/current/50-record.sql", "-- not for a canary\n"),
    ("secrets", "docs/key.pem", "-----BEGIN " + "PRIVATE KEY-----\n"),
    ("secrets", "Sources/Seals/A.swift", 'let password = "' + "correcthorsebatterystaple" + '"\n'),
    ("secrets", "a.yaml", "url: postgres://care:" + "hunter2@db/care\n"),
    ("secrets", "Sources/Care/A.swift", 'let key = "AKIA' + 'ABCDEFGHIJKLMNOP"\n'),
    ("places", "docs/a.md", "Look in /wo" + "rk/main.\n"),
    ("places", "Makefile", "data := /ho" + "me/ada/data\n"),
]


@pytest.mark.parametrize("check, path, fault", FAULTS, ids=lambda value: str(value)[:30].strip())
def test_a_fault_is_found(tree, check, path, fault):
    before = (tree / path).read_text() if (tree / path).exists() else ""
    write(tree, path, before + fault)
    found = lint(tree, check)
    assert found.startswith(f"lint: {check}\n") and path.split("/")[-1] in found


# What looks like a fault and is none.
SOUND = [
    ("imports", "Sources/Portal/A.swift", "import Hummingbird\nimport NIOCore\nimport Records\n"),
    ("imports", "Sources/carekeep/A.swift", "import Portal\nimport Crypto\nimport Yams\n"),
    ("imports", "Sources/Portal/Log/LibraryLog.swift", "import Logging\n"),
    ("imports", "Sources/Portal/A.swift", "import CCurl\n"),
    ("imports", "Sources/Portal/A.swift", "/// To use it, import Crypto elsewhere.\nimport CareClient\n"),
    ("tries", "Sources/Care/A.swift", 'let a = try! Regex("[a-z]+")\nlet b = try! /[a-z]+/.firstMatch(in: "")\n'),
    ("tries", "Sources/Care/A.swift", "let a = try! Nonce(data: [0, 0, 0])\n"),
    ("statements", "Sources/Records/A.swift", 'let a: SQL = "select name from patient"\n'),
    ("statements", "Sources/CarekeepTesting/A.swift", 'let a: SQL = "select name from patient"\n'),
    ("statements", "Sources/Portal/A.swift", 'let a = "<select name=\\"year\\">"\n'),
    ("statements", "Sources/Portal/A.swift", '// "select a from b" is not for us\nlet a = "Please select a year"\n'),
    ("promises", "Sources/Care/A.swift", "// ISO-2, AES-256, SHA-256, UTF-8, ISO-8601, ICD-10\n"),
    ("canaries", "Sources/Assurance/A.swift", "// a canary\n"),
    ("secrets", "Sources/Care/A.swift", 'let token = "abcdefghijklmnopqrst"  // not a secret\n'),
    ("secrets", "a.yaml", "url: postgres://care@db/care\n"),
]


@pytest.mark.parametrize("check, path, text", SOUND, ids=lambda value: str(value)[:30].strip())
def test_what_only_looks_like_a_fault_is_left_alone(tree, check, path, text):
    write(tree, path, text)
    assert lint(tree, check) == ""


def test_a_generated_key_file_that_git_ignores_is_not_ours(tree):
    write(tree, ".gitignore", "*.pem\n")
    write(tree, "demo.pem", "-----BEGIN " + "PRIVATE KEY-----\n")
    assert lint(tree, "secrets") == ""
