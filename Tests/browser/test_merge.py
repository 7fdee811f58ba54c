"""Moving records to another patient, and making one patient of two: `$move` and `Patient/$merge`."""

import uuid

import pytest

from test_fhir import UNKNOWN, observation, outcome

FHIR = {"Content-Type": "application/fhir+json"}


@pytest.fixture(scope="module")
def clinic(api, people):
    return api(people.one(profile="clinic", patients=True))


@pytest.fixture(scope="module")
def theirs(people):
    """A patient of another organisation."""
    return next(one for one in people if one.profile != "clinic" and one.patients).patients[0]


@pytest.fixture
def patient(clinic):
    def make(name="Test"):
        made = clinic.create({"resourceType": "Patient", "name": [{"family": name}]})
        assert made.status_code == 201, made.text
        return made.json()["id"]
    return make


def record(clinic, patient, **more):
    made = clinic.create(observation(patient, **more))
    assert made.status_code == 201, made.text
    return made.json()["id"]


def reference(name, text):
    return {"name": name, "valueReference": {"reference": text}}


def call(clinic, path, *parameters, **headers):
    body = {"resourceType": "Parameters", "parameter": list(parameters)}
    return clinic.post(path, json=body, headers=FHIR | headers)


def move(clinic, record, target, *others, **headers):
    along = [reference("record", f"Observation/{one}") for one in others]
    return call(clinic, f"Observation/{record}/$move", reference("to", f"Patient/{target}"), *along, **headers)


def merge(clinic, source, target, preview=None):
    more = [] if preview is None else [{"name": "preview", "valueBoolean": preview}]
    return call(clinic, "Patient/$merge", reference("source-patient", f"Patient/{source}"),
                reference("target-patient", f"Patient/{target}"), *more)


def told(answer, name):
    assert answer.status_code == 200, answer.text
    found = [one for one in answer.json()["parameter"] if one["name"] == name]
    assert len(found) == 1
    return next(value for key, value in found[0].items() if key != "name")


def total(clinic, patient):
    return clinic.get(f"Observation?patient={patient}").json()["total"]


# Moving

def test_a_record_moves_with_its_versions_to_the_letter(clinic, patient):
    wrong, right = patient(), patient()
    weight = record(clinic, wrong, valueQuantity={"value": 20, "unit": "kg"})
    assert clinic.put(f"Observation/{weight}", json=observation(wrong, id=weight, status="amended"), headers=FHIR).is_success
    before = [clinic.get(f"Observation/{weight}/_history/{n}").text for n in (1, 2)]
    moved = move(clinic, weight, right)
    assert moved.status_code == 200, moved.text
    assert moved.headers["etag"] == 'W/"3"' and moved.json()["subject"]["reference"] == f"Patient/{right}"
    assert [clinic.get(f"Observation/{weight}/_history/{n}").text for n in (1, 2)] == before
    assert clinic.get(f"Observation/{weight}").text == moved.text
    assert (total(clinic, wrong), total(clinic, right)) == (0, 1)
    # It is an ordinary record of theirs.
    changed = clinic.put(f"Observation/{weight}", json=observation(right, id=weight, status="corrected"), headers=FHIR)
    assert changed.status_code == 200 and changed.headers["etag"] == 'W/"4"'


def test_if_match_lets_the_named_version_alone_be_moved(clinic, patient):
    wrong, right = patient(), patient()
    weight = record(clinic, wrong)
    late = move(clinic, weight, right, **{"If-Match": 'W/"2"'})
    assert late.status_code == 412 and outcome(late)[0]["code"] == "conflict"
    assert move(clinic, weight, right, **{"If-Match": 'W/"1"'}).status_code == 200


def test_what_refers_to_one_another_moves_together_or_not_at_all(clinic, patient):
    wrong, right = patient(), patient()
    part = record(clinic, wrong)
    panel = record(clinic, wrong, hasMember=[{"reference": f"Observation/{part}"}])
    out = move(clinic, panel, right)
    assert out.status_code == 422 and outcome(out)[0]["expression"] == ["Observation.hasMember[0]"]
    into = move(clinic, part, right)
    assert into.status_code == 422 and outcome(into)[0]["expression"] == ["Observation"]
    assert "1 of this type" in outcome(into)[0]["diagnostics"]
    assert total(clinic, wrong) == 2
    assert move(clinic, panel, right, part).status_code == 200
    assert (total(clinic, wrong), total(clinic, right)) == (0, 2)
    assert clinic.get(f"Observation/{panel}").json()["hasMember"] == [{"reference": f"Observation/{part}"}]


def test_what_cannot_move_is_named(clinic, patient, theirs):
    wrong, right = patient(), patient()
    weight, other = record(clinic, wrong), record(clinic, patient())
    for target in (UNKNOWN, theirs):
        assert move(clinic, weight, target).status_code == 404
    assert move(clinic, UNKNOWN, right).status_code == 404
    assert move(clinic, weight, right, UNKNOWN).status_code == 404
    assert "already" in outcome(move(clinic, weight, wrong))[0]["diagnostics"]
    assert "one patient" in outcome(move(clinic, weight, right, other))[0]["diagnostics"]
    assert outcome(move(clinic, weight, right, weight))[0]["code"] == "duplicate"
    assert "99" in outcome(move(clinic, weight, right, *(str(uuid.uuid4()) for _ in range(99))))[0]["diagnostics"]
    person = call(clinic, f"Patient/{wrong}/$move", reference("to", f"Patient/{right}"))
    assert person.status_code == 422 and "merge" in outcome(person)[0]["diagnostics"]
    place = clinic.create({"resourceType": "Location", "name": "Ward"}).json()["id"]
    nobodys = call(clinic, f"Location/{place}/$move", reference("to", f"Patient/{right}"))
    assert nobodys.status_code == 422 and "directory" in outcome(nobodys)[0]["diagnostics"]
    assert clinic.delete(f"Observation/{weight}").status_code == 204
    assert move(clinic, weight, right).status_code == 410


@pytest.mark.parametrize("parameters", [
    [], [reference("to", "Observation/1")], [{"name": "to", "valueString": "Patient/1"}],
    [reference("to", "https://elsewhere.example/Patient/1")], [reference("to", "Patient/1")] * 2,
    [reference("to", "Patient/1"), reference("whom", "Patient/2")], [reference("from", "Patient/2")],
])
def test_a_move_must_say_whereto(clinic, patient, parameters):
    weight = record(clinic, patient())
    answer = call(clinic, f"Observation/{weight}/$move", *parameters)
    assert answer.status_code in (400, 422) and outcome(answer)
    assert clinic.get(f"Observation/{weight}").headers["etag"] == 'W/"1"'


# Merging

def test_two_patients_become_one(clinic, patient):
    name = f"Zz{uuid.uuid4().hex[:12]}"
    double, kept = patient(name), patient()
    records = [record(clinic, double) for _ in range(3)]
    assert clinic.delete(f"Observation/{records[2]}").status_code == 204
    first = clinic.get(f"Observation/{records[0]}").text

    preview = merge(clinic, double, kept, preview=True)
    assert told(preview, "moved") == 3
    assert told(preview, "result")["link"] == [{"other": {"reference": f"Patient/{double}"}, "type": "replaces"}]
    assert total(clinic, double) == 2 and clinic.get(f"Patient/{double}").headers["etag"] == 'W/"1"'

    done = merge(clinic, double, kept)
    assert told(done, "moved") == 3 and told(done, "reach-not-carried-over") == 0
    assert told(done, "input")["parameter"][0]["name"] == "source-patient"
    assert "3 of" in told(done, "outcome")["issue"][0]["diagnostics"]
    assert told(done, "result") == clinic.get(f"Patient/{kept}").json()
    old = clinic.get(f"Patient/{double}").json()
    assert old["active"] is False
    assert old["link"] == [{"other": {"reference": f"Patient/{kept}"}, "type": "replaced-by"}]
    assert (total(clinic, double), total(clinic, kept)) == (0, 2)
    assert clinic.get(f"Observation/{records[0]}/_history/1").text == first
    assert clinic.get(f"Observation/{records[0]}").json()["subject"]["reference"] == f"Patient/{kept}"
    assert clinic.get(f"Observation/{records[2]}").status_code == 410
    assert not clinic.get(f"Patient?name={name}").json().get("entry")

    again = merge(clinic, double, kept)
    assert told(again, "moved") == 0 and "begun before" in told(again, "outcome")["issue"][0]["diagnostics"]


def test_about_who_was_merged_nothing_is_written_any_more(clinic, patient):
    double, kept = patient(), patient()
    stays = record(clinic, kept)
    told(merge(clinic, double, kept), "moved")
    for answer in (
        clinic.create(observation(double)),
        clinic.put(f"Patient/{double}", json={"resourceType": "Patient", "id": double}, headers=FHIR),
        move(clinic, stays, double),
        clinic.post("", headers=FHIR, json={"resourceType": "Bundle", "type": "transaction", "entry": [
            {"request": {"method": "POST", "url": "Observation"}, "resource": observation(double)}]}),
    ):
        assert answer.status_code == 422 and "merged" in outcome(answer)[0]["diagnostics"], answer.text
    assert clinic.create(observation(kept)).status_code == 201


def test_what_cannot_be_merged_is_named(clinic, patient, theirs):
    one, two, three = patient(), patient(), patient()
    for source, target in ((one, theirs), (theirs, one), (one, UNKNOWN), (UNKNOWN, one)):
        assert merge(clinic, source, target).status_code == 404
    assert "two patients" in outcome(merge(clinic, one, one))[0]["diagnostics"]
    empty = merge(clinic, one, two)
    assert told(empty, "moved") == 0 and "no records" in told(empty, "outcome")["issue"][0]["diagnostics"]
    assert "one way" in outcome(merge(clinic, two, one))[0]["diagnostics"]
    for source, target in ((one, three), (three, one)):
        assert "merged" in outcome(merge(clinic, source, target))[0]["diagnostics"]
    for path, parameters in (
        ("Observation/$merge", []), ("Patient/$merge", []),
        ("Patient/$merge", [reference("source-patient", f"Patient/{two}"), reference("result-patient", f"Patient/{three}")]),
        ("Patient/$merge", [reference("source-patient", f"Observation/{two}"), reference("target-patient", f"Patient/{three}")]),
    ):
        answer = call(clinic, path, *parameters)
        assert answer.status_code in (400, 422) and outcome(answer)


def test_the_capability_statement_lists_them(clinic):
    resources = {one["type"]: one for one in clinic.get("metadata").json()["rest"][0]["resource"]}
    names = lambda kind: {one["name"] for one in resources[kind].get("operation", [])}
    assert names("Patient") == {"everything", "merge", "validate"}
    assert names("Observation") == {"move", "validate"}
    assert names("Location") == {"validate"}
