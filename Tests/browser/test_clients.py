"""Clients of others: two FHIR libraries drive the server as their users would, and a third judges what it answers."""

import json
import uuid
from pathlib import Path

import fhirkit
import pytest
import requests
from fhirclient import client as fhirclient_client
from fhirclient.models.bundle import Bundle, BundleEntry, BundleEntryRequest
from fhirclient.models.codeableconcept import CodeableConcept
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.models.quantity import Quantity
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from test_fhir import observation


@pytest.fixture(scope="module")
def doctor(people):
    return people.one(profile="clinic", patients=True)


@pytest.fixture
def token(api, doctor):
    """The doctor's token of now: others share the session, and refreshing or stepping up makes another."""
    return api(doctor).token


def problems(answer):
    """The errors that another reader of R4 finds in an answer."""
    return [str(issue) for issue in fhirkit.validate(answer) if str(issue).startswith("error")]


# fhirpy

@pytest.fixture
def fhirpy(server, token):
    return SyncFHIRClient(f"{server.url}/fhir", authorization=f"Bearer {token}",
                          requests_config={"verify": str(server.authority)})


def test_fhirpy_keeps_a_record_from_its_first_version_to_its_end(fhirpy):
    number = str(uuid.uuid4())
    patient = fhirpy.resource("Patient", name=[{"family": "Fhirpyson", "given": ["Pia"]}], birthDate="2001-02-03",
                              identifier=[{"system": "urn:test", "value": number}])
    patient.save()
    assert patient.id and patient["meta"]["versionId"] == "1"
    patient["gender"] = "female"
    patient.save()
    assert patient["meta"]["versionId"] == "2"
    found = fhirpy.resources("Patient").search(identifier=f"urn:test|{number}").get()
    assert found.id == patient.id and found["gender"] == "female"
    assert fhirpy.reference("Patient", patient.id).to_resource()["birthDate"] == "2001-02-03"

    weights = [fhirpy.resource("Observation", **{key: value for key, value in observation(patient.id).items()
                                                 if key != "resourceType"},
                               valueQuantity={"value": 20 + count, "unit": "kg"}) for count in range(5)]
    for weight in weights:
        weight.save()
    within = fhirpy.resources("Observation").search(patient=patient.id)
    assert within.fetch_raw().total == 5
    assert {one.id for one in within.limit(2).fetch_all()} == {one.id for one in weights}, "page by page"
    assert within.sort("-_lastUpdated").first().id == weights[-1].id
    weights[0].delete()
    with pytest.raises(ResourceNotFound):
        fhirpy.reference("Observation", weights[0].id).to_resource()
    assert within.fetch_raw().total == 4


def test_fhirpy_is_told_what_is_wrong(fhirpy, doctor):
    with pytest.raises(OperationOutcome) as told:
        fhirpy.resource("Observation", **{key: value for key, value in observation(doctor.patients[0]).items()
                                          if key not in ("resourceType", "status")}).save()
    assert "Observation.status" in json.dumps(told.value.resource)
    with pytest.raises(ResourceNotFound):
        fhirpy.reference("Patient", str(uuid.uuid4())).to_resource()


def test_fhirpy_finds_one_or_is_told_of_several(fhirpy):
    number = str(uuid.uuid4())
    doctors = fhirpy.resources("Practitioner").search(identifier=f"urn:test|{number}")
    make = lambda: fhirpy.resource("Practitioner", identifier=[{"system": "urn:test", "value": number}])
    # Its get_or_create puts the condition into the address, which R4 does not know: never a second one unasked.
    with pytest.raises(OperationOutcome, match="If-None-Exist"):
        doctors.get_or_create(make())
    with pytest.raises(ResourceNotFound):
        doctors.get()
    first = make()
    first.save()
    assert doctors.get().id == first.id
    make().save()
    with pytest.raises(MultipleResourcesFound):
        doctors.get()


def test_fhirpy_sends_a_transaction(fhirpy, doctor):
    url = f"urn:uuid:{uuid.uuid4()}"
    bundle = fhirpy.resource("Bundle", type="transaction", entry=[
        {"fullUrl": url, "resource": {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
                                      "subject": {"reference": f"Patient/{doctor.patients[0]}"}},
         "request": {"method": "POST", "url": "Encounter"}},
        {"resource": observation(doctor.patients[0], encounter={"reference": url}),
         "request": {"method": "POST", "url": "Observation"}}])
    answer = fhirpy.execute("", method="post", data=bundle.serialize())
    assert [one["response"]["status"][:3] for one in answer["entry"]] == ["201", "201"]


# fhirclient

@pytest.fixture
def smart(server, token):
    smart = fhirclient_client.FHIRClient(settings={"app_id": "test", "api_base": f"{server.url}/fhir/"})
    session = requests.Session()
    session.trust_env = False  # what the machine trusts is no matter here
    session.verify = str(server.authority)
    session.headers["Authorization"] = f"Bearer {token}"
    smart.server.session = session
    return smart


def test_fhirclient_reads_what_is_served(smart):
    statement = smart.server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    kinds = {one.type for one in statement.rest[0].resource}
    assert {"Patient", "Observation"} <= kinds


def test_fhirclient_reads_searches_and_changes(smart, doctor):
    patient = Patient.read(doctor.patients[0], smart.server)
    assert patient.id == doctor.patients[0] and patient.name
    made = Observation({"status": "final", "code": {"text": "Weight of fhirclient"},
                        "subject": {"reference": f"Patient/{patient.id}"}})
    made.valueQuantity = Quantity({"value": 31.5, "unit": "kg"})
    answer = made.create(smart.server)
    kept = Observation.read(answer["id"], smart.server)
    assert kept.valueQuantity.value == 31.5
    kept.code = CodeableConcept({"text": "Weight, once more"})
    kept.update(smart.server)
    assert Observation.read(kept.id, smart.server).code.text == "Weight, once more"
    found = list(Observation.where({"patient": patient.id, "_id": kept.id}).perform_resources_iter(smart.server))
    assert [one.id for one in found] == [kept.id]
    kept.delete()
    assert not list(Observation.where({"patient": patient.id, "_id": kept.id}).perform_resources_iter(smart.server))


def test_fhirclient_reads_everything_of_a_patient(api, smart, doctor):
    # It takes having shown who one is, five minutes ago at most; how that is done is no matter of FHIR.
    api(doctor).step_up()
    smart.server.session.headers["Authorization"] = f"Bearer {api(doctor).token}"
    told = Bundle(smart.server.request_json(f"Patient/{doctor.patients[0]}/$everything"))
    assert sum(one.resource.resource_type == "Patient" for one in told.entry) == 1
    assert len(told.entry) > 10


def test_fhirclient_sends_a_batch(smart, doctor):
    batch = Bundle({"type": "batch"})
    one = BundleEntry({"request": {"method": "POST", "url": "Observation"}})
    one.resource = Observation({"status": "final", "code": {"text": "x"}})
    one.resource.subject = FHIRReference({"reference": f"Patient/{doctor.patients[0]}"})
    two = BundleEntry()
    two.request = BundleEntryRequest({"method": "GET", "url": f"Patient/{doctor.patients[0]}"})
    batch.entry = [one, two]
    answer = Bundle(smart.server.post_json("", batch.as_json()).json())
    assert [entry.response.status[:3] for entry in answer.entry] == ["201", "200"]


# fhirkit judges

def test_another_reader_of_r4_finds_nothing_wrong_with_what_is_answered(api, doctor, server):
    clinic, patient = api(doctor), doctor.patients[0]
    made = clinic.create(observation(patient)).json()
    clinic.put(f"Observation/{made['id']}", json=made | {"status": "amended"},
               headers={"Content-Type": "application/fhir+json"})
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": f"Patient/{patient}"}}, {"request": {"method": "GET", "url": "Cake/1"}}]}
    answers = {
        "statement": clinic.get("metadata"), "read": clinic.get(f"Patient/{patient}"),
        "search": clinic.get(f"Observation?patient={patient}&_count=500"),
        "everything": clinic.get(f"Patient/{patient}/$everything"),
        "history": clinic.get(f"Observation/{made['id']}/_history"), "outcome": clinic.get("Patient/none"),
        "people": clinic.get("Patient?birthdate=gt1900"),
        "wrong": clinic.create({"resourceType": "Observation", "colour": "blue"}),
        "validated": clinic.post("Observation/$validate", json=made, headers={"Content-Type": "application/fhir+json"}),
        "batch": clinic.post("", json=batch, headers={"Content-Type": "application/fhir+json"}),
    }
    found = {name: problems(answer.text) for name, answer in answers.items()}
    assert not any(found.values()), found
    assert problems('{"resourceType": "Observation"}'), "it would tell"


SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "fhir"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
def test_two_readers_of_r4_agree_about_the_examples(api, doctor):
    """Whatever this server's validator calls wrong, the other one does, and the other way round, but for what is listed."""
    clinic = api(doctor)
    files = sorted(SAMPLES.rglob("*.json"))
    chosen = [one for one in files if one.stat().st_size < 200_000][:: max(1, len(files) // 150)]
    differ = []
    for file in chosen:
        text = file.read_bytes()
        kind = json.loads(text).get("resourceType")
        if not kind or kind == "Bundle":
            continue
        answer = clinic.post(f"{kind}/$validate", content=text, headers={"Content-Type": "application/fhir+json"})
        own = [issue for issue in answer.json()["issue"] if issue["severity"] in ("error", "fatal")]
        if bool(own) != bool(problems(text.decode())):
            differ.append((file.name, own[:1], problems(text.decode())[:1]))
    assert len(chosen) > 50 and not differ, differ
