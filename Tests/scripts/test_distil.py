"""The facts about R4 in the source are what the script makes of HL7's definitions, byte for byte."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = Path(os.environ.get("CAREKEEP_DEFINITIONS") or ROOT.parent / "shared" / "data" / "fhir-r4-definitions")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    if not DEFINITIONS.exists():
        pytest.skip(f"the definitions are not in {DEFINITIONS}")
    output = tmp_path_factory.mktemp("distilled") / "Definitions.generated.swift"
    subprocess.run([ROOT / "scripts/distil-fhir", DEFINITIONS, output], check=True, timeout=300, capture_output=True)
    return output.parent


def test_what_is_committed_is_what_the_definitions_say(made):
    written = {file.name for file in made.iterdir()}
    assert {"Definitions.generated.swift", "Invariants.generated.swift"} <= written
    for name in written:
        assert (made / name).read_bytes() == (ROOT / "Sources/FHIR" / name).read_bytes(), name


def test_every_rule_is_checked_or_listed_as_unchecked(made):
    """No invariant is lost on the way: each is in the file, in the validator's own code, or in the documentation."""
    import gzip
    import json

    keys = set()
    for name in ("profiles-types", "profiles-resources"):
        for entry in json.loads(gzip.open(DEFINITIONS / f"{name}.json.gz").read())["entry"]:
            for element in entry["resource"].get("snapshot", {}).get("element", []):
                keys |= {one["key"] for one in element.get("constraint", []) if one["severity"] == "error"}
    text = (made / "Invariants.generated.swift").read_text()
    evaluated = {line.split("\t")[1] for line in text.splitlines() if line.count("\t") == 3}
    documented = (ROOT / "docs/fhir.md").read_text()
    assert len(keys) > 200 and len(evaluated) > 190
    assert all(f"`{key}`" in documented for key in keys - evaluated), keys - evaluated


@pytest.mark.parametrize("expression", [
    "(Observation.value as CodeableConcept).text.lower()", "value.text", "(value as string)",
    "(Observation.value as Quantity) | iif(Observation.value, 1)"])
def test_an_expression_of_a_form_that_is_not_known_stops_it(tmp_path, expression):
    """What is passed over in silence would be a search that finds too little."""
    import gzip
    import json

    if not DEFINITIONS.exists():
        pytest.skip(f"the definitions are not in {DEFINITIONS}")
    for file in DEFINITIONS.glob("*.json.gz"):
        (tmp_path / file.name).symlink_to(file)
    name = "search-parameters.json.gz"
    bundle = json.loads(gzip.open(DEFINITIONS / name).read())
    parameter = next(one["resource"] for one in bundle["entry"] if one["resource"].get("code") == "value-string")
    assert parameter["expression"].endswith("(Observation.value as CodeableConcept).text")
    parameter["expression"] = expression
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(gzip.compress(json.dumps(bundle).encode()))
    run = subprocess.run([ROOT / "scripts/distil-fhir", tmp_path, tmp_path / "Definitions.generated.swift"],
                         capture_output=True, text=True, timeout=300)
    assert run.returncode != 0 and "expression" in run.stderr and "Traceback" not in run.stderr, run.stderr
