"""What the CapabilityStatement says is served is, for every type; and what it does not say is refused."""

import re
from pathlib import Path

import pytest

from test_fhir import UNKNOWN, outcome

FHIR = {"Content-Type": "application/fhir+json"}
# What has no place: nothing in them says whose they are.
UNKEPT = {"Binary", "Bundle", "EnrollmentResponse", "Linkage", "MessageHeader", "OperationOutcome", "Parameters", "PaymentNotice",
          "PaymentReconciliation", "Subscription", "TestReport"}
INTERACTIONS = {"read", "vread", "update", "delete", "create", "history-instance", "history-type", "search-type"}


@pytest.fixture(scope="module")
def clinic(api, people):
    return api(people.one(profile="clinic", patients=True))


@pytest.fixture(scope="module")
def statement(clinic):
    return clinic.get("metadata").json()


@pytest.fixture(scope="module")
def resources(statement):
    return {one["type"]: one for one in statement["rest"][0]["resource"]}


def stated(resource):
    return {one["code"] for one in resource.get("interaction", [])}


def ask(clinic, kind, interaction, patient):
    """An attempt at an interaction that changes nothing, whatever is served."""
    body = {"resourceType": kind, "id": UNKNOWN}
    return {
        "read": lambda: clinic.get(f"{kind}/{UNKNOWN}"),
        "vread": lambda: clinic.get(f"{kind}/{UNKNOWN}/_history/1"),
        "update": lambda: clinic.put(f"{kind}/{UNKNOWN}", json=body | {"colour": "no element"}, headers=FHIR),
        "delete": lambda: clinic.delete(f"{kind}/{UNKNOWN}"),
        "create": lambda: clinic.post(kind, json={"resourceType": kind, "colour": "no element"}, headers=FHIR),
        "history-instance": lambda: clinic.get(f"{kind}/{UNKNOWN}/_history"),
        "history-type": lambda: clinic.get(f"{kind}/_history?patient={patient}&_count=1"),
        "search-type": lambda: clinic.get(f"{kind}?_id={patient}" if kind == "Patient" else f"{kind}?patient={patient}&_count=0"),
    }[interaction]()


# What each answers where it is served, and there is nothing of the kind.
SERVED = {"read": 404, "vread": 404, "update": 400, "delete": 404, "create": 400, "history-instance": 404, "history-type": 200,
          "search-type": 200}
IN_THE_DIRECTORY = "directory, and in nobody"


def test_types_that_are_kept_nowhere_are_not_claimed(resources):
    assert {kind for kind, one in resources.items() if not stated(one)} == UNKEPT
    assert len(resources) > 140


def test_the_documentation_names_the_types_that_are_kept_nowhere(resources):
    text = (Path(__file__).resolve().parents[2] / "docs/fhir.md").read_text()
    named = re.search(r"eleven are not kept, only checked: ([A-Za-z, ]+) [|]", text).group(1)
    assert named.split(", ") == sorted(kind for kind, one in resources.items() if not stated(one))


def test_every_stated_interaction_is_served_and_no_other(clinic, people, resources):
    patient = people.one(profile="clinic", patients=True).patients[0]
    wrong = []
    for kind, resource in resources.items():
        for interaction in sorted(INTERACTIONS):
            if IN_THE_DIRECTORY in resource.get("documentation", "") and interaction in ("search-type", "history-type"):
                answer = clinic.get(f"{kind}?_count=0" if interaction == "search-type" else f"{kind}/_history?_count=1")
            else:
                answer = ask(clinic, kind, interaction, patient)
            is_served = answer.status_code == SERVED[interaction] and "not-supported" not in answer.text
            is_refused = answer.status_code in (400, 422) and not is_served
            if not (is_served if interaction in stated(resource) else is_refused):
                wrong.append((kind, interaction, answer.status_code, answer.text[:300]))
    assert not wrong, (len(wrong), wrong[:10])


def test_every_stated_operation_is_served_and_no_other(clinic, resources, statement):
    assert {one["name"] for one in statement["rest"][0]["operation"]} == {"validate"}
    wrong = []
    nothing = {"resourceType": "Parameters", "parameter": [{"name": "unknown", "valueString": "x"}]}
    for kind, resource in resources.items():
        names = {one["name"] for one in resource["operation"]}
        answers = {
            "validate": clinic.post(f"{kind}/$validate", json={"resourceType": kind}, headers=FHIR).status_code == 200,
            "everything": clinic.get(f"{kind}/{UNKNOWN}/$everything").status_code == 404,
            "merge": "$merge is an operation" not in clinic.post(f"{kind}/$merge", json=nothing, headers=FHIR).text,
        }
        for name, served in answers.items():
            if served != (name in names):
                wrong.append((kind, name, served))
        assert ("move" in names) == (kind not in UNKEPT | {"Patient"} and IN_THE_DIRECTORY not in resource["documentation"])
    assert not wrong, wrong


def test_parameters_and_includes_are_served_as_stated(clinic, people, resources):
    """Each is asked for in the form in which it is stated; what is not understood would be an error."""
    patient = people.one(profile="clinic", patients=True).patients[0]
    observation = resources["Observation"]
    assert "Provenance:target" in observation["searchRevInclude"] and "Observation:encounter" in observation["searchInclude"]
    for include in observation["searchInclude"]:
        assert clinic.get(f"Observation?patient={patient}&_count=1&_include={include}").status_code == 200, include
    for include in observation["searchRevInclude"]:
        assert clinic.get(f"Observation?patient={patient}&_count=1&_revinclude={include}").status_code == 200, include
    for parameter in observation["searchParam"]:
        query = f"Observation?patient={patient}&_count=0&{parameter['name']}:missing=true"
        assert clinic.get(query).status_code == 200 or parameter["name"] in ("_id", "_lastUpdated"), query
    group = clinic.create({"resourceType": "Group", "type": "person", "actual": True,
                           "member": [{"entity": {"reference": f"Patient/{patient}"}}]}).json()
    assert {"patient"} <= {one["name"] for one in resources["Group"]["searchParam"]}
    found = clinic.get(f"Group?patient={patient}&type=person&_count=500").json()
    assert group["id"] in [one["resource"]["id"] for one in found["entry"]]
    assert clinic.get(f"Location?patient={patient}").status_code == 400, "a place is nobody's"
    narrowing = {one["name"] for one in resources["Patient"]["searchParam"]
                 if "across patients" in one["documentation"] and "nothing" not in one["documentation"]}
    assert narrowing == {"name", "family", "given", "identifier", "birthdate"}


def test_the_statement_says_what_a_search_must_name_and_which_release_serves(statement, resources):
    assert "by patient" in resources["Observation"]["documentation"]
    assert "directory" in resources["Location"]["documentation"]
    assert statement["software"]["releaseDate"] == statement["date"] and statement["software"]["version"]


@pytest.mark.parametrize("kind", sorted(UNKEPT))
def test_what_has_no_place_is_refused_by_type(clinic, kind):
    answer = clinic.post(kind, json={"resourceType": kind}, headers=FHIR)
    assert answer.status_code == 400 and outcome(answer)[0]["code"] == "not-supported"
