"""What `scripts/record-release` writes down, with suites that cost nothing."""

import hashlib
import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "scripts" / "record-release"


def loaded():
    loader = importlib.machinery.SourceFileLoader("record_release", str(PATH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("record_release", loader))
    # Where its dataclass looks up its own module.
    sys.modules["record_release"] = module
    loader.exec_module(module)
    return module


SCRIPT = loaded()


@pytest.fixture
def script():
    return SCRIPT


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "carekeep"
    path.write_bytes(b"a program")
    return path


def suite(code, counted=r"^tried (\d+)", **more):
    return SCRIPT.Suite([sys.executable, "-c", code], counted, "things", **more)


def rows(program):
    return {row["suite"]: row for row in json.loads((program.parent / "release-results.json").read_text())["suites"]}


def test_counts_are_written_down_for_the_very_program(script, program):
    assert script.record(program, {"fuzzing": suite("print('tried 7'); print('tried 5')")})
    found = json.loads((program.parent / "release-results.json").read_text())
    assert found["sha256"] == hashlib.sha256(b"a program").hexdigest()
    assert rows(program)["fuzzing"] | {"at": ""} == {"suite": "fuzzing", "passed": True, "count": 12, "whole": True, "of": "things", "at": ""}


@pytest.mark.parametrize("code", ["print('tried 7'); raise SystemExit(1)", "print('tried nothing')"])
def test_a_suite_that_fails_or_tries_nothing_has_not_passed(script, program, code):
    assert not script.record(program, {"fuzzing": suite(code)})
    assert rows(program)["fuzzing"]["passed"] is False


def test_other_suites_stay_if_they_are_of_this_program(script, program):
    script.record(program, {"mutants": suite("print('tried 1')")})
    script.record(program, {"fuzzing": suite("print('tried 2')")})
    assert set(rows(program)) == {"mutants", "fuzzing"}
    program.write_bytes(b"another program")
    script.record(program, {"fuzzing": suite("print('tried 3')")})
    assert set(rows(program)) == {"fuzzing"}


def test_a_program_that_changes_meanwhile_gets_nothing(script, program):
    with pytest.raises(SystemExit):
        script.record(program, {"fuzzing": suite(f"open({str(program)!r}, 'w').write('x'); print('tried 1')")})
    assert not (program.parent / "release-results.json").exists()


def test_the_real_suites_are_counted_by_what_they_print(script):
    import re
    printed = {
        "fuzzing": "target       executions  a second  peak MB  slowest ms\njson             412345      3405      412         1.2\n",
        "mutants": "killed      3.1 s  Keykeeper.swift: a -> b\nALIVE       3.1 s  Keykeeper.swift: c -> d\n",
        "kill-run": "seed 7, 200 rounds\n",
        "database-mutants": "mutants: 43/43 killed, 40 seen by the guard, in 9 seconds\nmutants: 18/19 killed, 19 seen by the guard\n",
    }
    counts = {name: sum(int(number or 1) for number in re.findall(script.SUITES[name].counted, text, re.M)) for name, text in printed.items()}
    assert counts == {"fuzzing": 412345, "mutants": 1, "kill-run": 200, "database-mutants": 61}


def test_a_shorter_run_is_told_how_short_and_a_whole_one_how_long(script, program, capsys):
    count = suite("import os; print('tried', os.environ['MUCH'])", whole={"MUCH": "200"}, shorter={"MUCH": "6"})
    assert script.record(program, {"kill-run": count}, shorter=True) and rows(program)["kill-run"]["count"] == 6
    assert rows(program)["kill-run"]["whole"] is False
    assert script.record(program, {"kill-run": count}) and rows(program)["kill-run"]["count"] == 200
    assert rows(program)["kill-run"]["whole"] is True
    # What was found by all of it is not replaced by what part of it finds.
    assert script.record(program, {"kill-run": count}, shorter=True) and rows(program)["kill-run"]["count"] == 200


def test_what_has_no_shorter_form_is_not_run_in_part():
    assert SCRIPT.SUITES["mutants"].shorter is None


def test_what_a_suite_said_when_it_failed_is_shown(script, program, capsys):
    script.record(program, {"fuzzing": suite("print('tried 1'); print('an input broke a rule'); raise SystemExit(1)")})
    assert "an input broke a rule" in capsys.readouterr().out
