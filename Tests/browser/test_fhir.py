"""The FHIR API: what goes in comes out, what is wrong is named, and what is not yours is not there. (ISO-1, ISO-2)"""

import json
import re
import uuid

import pytest

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def parent(api, people):
    return api(people.parent)


@pytest.fixture(scope="module")
def stranger(api, people):
    return api(people.stranger)


@pytest.fixture(scope="module")
def child(people):
    return people.parent.patients[0]


def observation(patient, **more):
    return {
        "resourceType": "Observation", "status": "final", "code": {"text": "Test of the API"},
        "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": "2020-02-03T04:05:06+01:00", **more}


def outcome(answer):
    """The issues of an answer that is an OperationOutcome, which quotes nothing of what was sent."""
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome" and body["issue"]
    assert all(issue["severity"] in ("fatal", "error", "warning", "information") for issue in body["issue"])
    return body["issue"]


# What goes in comes out

def test_a_record_comes_out_as_it_went_in_digits_and_all(parent, child):
    text = json.dumps(observation(child))[:-1] + (
        ',"valueQuantity":{"value":1.50,"unit":"mg/L"},"note":[{"text":"schläft — नींद 😴"}]}')
    created = parent.create(text.encode())
    assert created.status_code == 201, created.text
    location = created.headers["location"]
    assert re.search(r"/fhir/Observation/[A-Za-z0-9.-]{1,64}/_history/1$", location)
    assert created.headers["etag"] == 'W/"1"'
    read = parent.get(location.split("/fhir/")[1].split("/_history")[0])
    assert read.status_code == 200 and read.headers["etag"] == 'W/"1"'
    assert '"value":1.50' in read.text.replace(" ", "")
    body = read.json()
    assert body["note"][0]["text"] == "schläft — नींद 😴"
    assert body["meta"]["versionId"] == "1" and body["meta"]["lastUpdated"]
    assert body["id"] == location.split("/Observation/")[1].split("/")[0]


@pytest.mark.parametrize("number", ["1.50", "0.10", "-0", "1E+3", "1e-7", "100000000000000000000.0", "0.30000000000000004"])
def test_a_number_keeps_every_character(parent, child, number):
    text = json.dumps(observation(child))[:-1] + f',"valueQuantity":{{"value":{number},"unit":"mg"}}}}'
    created = parent.create(text.encode())
    assert created.status_code == 201, created.text
    read = parent.get(created.headers["location"].split("/fhir/")[1].split("/_history")[0])
    assert re.search(r'"value": ?' + re.escape(number) + r"[,}]", read.text)


def test_the_parent_reads_the_child(parent, child):
    answer = parent.get(f"Patient/{child}")
    assert answer.status_code == 200 and answer.json()["resourceType"] == "Patient"


def test_a_search_within_a_patient_finds_by_type_code_and_date(parent, child):
    code = f"test-{uuid.uuid4()}"
    coded = {"coding": [{"system": "urn:test", "code": code}]}
    for year in ("2019", "2021"):
        assert parent.create(observation(child, code=coded) | {"effectiveDateTime": year}).status_code == 201
    found = lambda query: parent.get(f"Observation?patient={child}&code=urn:test|{code}{query}").json()
    assert found("")["resourceType"] == "Bundle" and found("")["type"] == "searchset"
    assert len(found("")["entry"]) == 2
    assert [one["resource"]["effectiveDateTime"] for one in found("&date=ge2020")["entry"]] == ["2021"]
    assert "entry" not in found("&date=ge2030")


def test_a_patient_is_found_by_name_and_birth_date(api, people):
    person = people.one(profile="clinic", patients=True)
    patient = api(person).get(f"Patient/{person.patients[0]}").json()
    family = next(name["family"] for name in patient["name"] if "family" in name)
    for query in (f"name={family}", f"family={family[:4]}", f"birthdate={patient['birthDate']}",
                  f"name={family}&birthdate={patient['birthDate']}"):
        bundle = api(person).get(f"Patient?{query}").json()
        assert patient["id"] in [one["resource"]["id"] for one in bundle.get("entry", [])], query


def test_everything_of_a_patient_is_of_that_patient(parent, child):
    bundle = parent.get(f"Patient/{child}/$everything").json()
    resources = [one["resource"] for one in bundle["entry"]]
    assert sum(one["resourceType"] == "Patient" for one in resources) == 1
    assert len(resources) > 20
    for one in resources:
        subject = one.get("subject", one.get("patient", {})).get("reference", f"Patient/{child}")
        assert subject == f"Patient/{child}"


def transaction(child, *resources):
    return {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": one,
         "request": {"method": "POST", "url": one["resourceType"]}} for one in resources]}


def test_a_transaction_resolves_what_its_entries_say_of_one_another(parent, child):
    encounter = {"resourceType": "Encounter", "status": "finished", "subject": {"reference": f"Patient/{child}"},
                 "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}}
    bundle = transaction(child, encounter)
    url = bundle["entry"][0]["fullUrl"]
    bundle["entry"].append(transaction(child, observation(child, encounter={"reference": url}))["entry"][0])
    answer = parent.post("", json=bundle, headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code == 200, answer.text
    places = [one["response"]["location"] for one in answer.json()["entry"]]
    read = parent.get(places[1].split("/_history")[0].removeprefix("/fhir/")).json()
    assert read["encounter"]["reference"] == re.search(r"Encounter/[^/]+", places[0]).group(0)


def test_a_transaction_with_one_wrong_entry_writes_nothing(parent, child):
    code = f"test-{uuid.uuid4()}"
    good = observation(child, code={"coding": [{"system": "urn:test", "code": code}]})
    bad = {key: value for key, value in observation(child).items() if key != "status"}
    answer = parent.post("", json=transaction(child, good, bad), headers={"Content-Type": "application/fhir+json"})
    assert answer.status_code in (400, 422)
    assert any("Bundle.entry[1]" in place for issue in outcome(answer) for place in issue.get("expression", []))
    assert "entry" not in parent.get(f"Observation?patient={child}&code=urn:test|{code}").json()


# What is wrong is named

def good(child):
    return json.dumps(observation(child))


def with_member(member):
    return lambda child: (good(child)[:-1] + "," + member + "}").encode()


def changed(**more):
    return lambda child: json.dumps(observation(child, **more)).encode()


def without(member):
    return lambda child: json.dumps({key: one for key, one in observation(child).items() if key != member}).encode()


# What is sent, the statuses that will do, and what must be among the places named (None: the text as a whole).
BAD = {
    "nothing": (lambda child: b"", (400,), None),
    "white space": (lambda child: b"  \n ", (400,), None),
    "cut off": (lambda child: good(child)[:-20].encode(), (400,), None),
    "something after the end": (lambda child: (good(child) + "x").encode(), (400,), None),
    "an array": (lambda child: b"[]", (400, 422), None),
    "a string": (lambda child: b'"Observation"', (400, 422), None),
    "no type": (lambda child: b"{}", (400, 422), "resourceType"),
    "another type than the address says": (lambda child: b'{"resourceType":"Patient"}', (400, 422), "resourceType"),
    "a type that does not exist": (lambda child: b'{"resourceType":"Cake"}', (400, 422), "resourceType"),
    "a comment": (lambda child: good(child).replace("{", "{/* hello */", 1).encode(), (400,), None),
    "a comma too many": (lambda child: (good(child)[:-1] + ",}").encode(), (400,), None),
    "single quotes": (lambda child: good(child).replace('"', "'").encode(), (400,), None),
    "NaN": (with_member('"valueInteger":NaN'), (400,), None),
    "a number with a leading zero": (with_member('"valueInteger":01'), (400,), "valueInteger"),
    "100,000 brackets": (lambda child: b'{"resourceType":"Observation","note":' + b"[" * 100_000, (400, 413), None),
    "100,000 objects": (
        lambda child: b'{"resourceType":"Observation","a":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, (400, 413),
        None),
    "bytes that are not UTF-8": (
        lambda child: good(child).encode().replace(b"Test of", b"Test \xff\xfe of"), (400,), "Observation.code.text"),
    "an overlong encoding": (
        lambda child: good(child).encode().replace(b"Test of", b"Test \xc0\xaf of"), (400,), "Observation.code.text"),
    "half a character": (
        lambda child: good(child).encode().replace(b"Test of", b"Test \\ud83d of"), (400,), "Observation.code.text"),
    "NUL, escaped": (
        lambda child: good(child).encode().replace(b"Test of", b"Test \\u0000 of"), (400, 422), "Observation.code.text"),
    "NUL, as it is": (
        lambda child: good(child).encode().replace(b"Test of", b"Test \x00 of"), (400,), "Observation.code.text"),
    "UTF-16": (lambda child: good(child).encode("utf-16"), (400,), None),
    "a member twice": (with_member('"status":"final"'), (400,), "Observation.status"),
    "a member twice, deep": (with_member('"note":[{"text":"a","text":"b"}]'), (400,), "Observation.note[0].text"),
    "an element that R4 does not have": (changed(colour="blue"), (400, 422), "Observation.colour"),
    "a required element missing": (without("status"), (400, 422), "Observation.status"),
    "a code that is not one of the list": (changed(status="finished"), (400, 422), "Observation.status"),
    "a number where a word belongs": (changed(status=5), (400, 422), "Observation.status"),
    "a word where an object belongs": (changed(code="pain"), (400, 422), "Observation.code"),
    "an object where an array belongs": (changed(note={"text": "a"}), (400, 422), "Observation.note"),
    "an array where an object belongs": (changed(subject=[]), (400, 422), "Observation.subject"),
    "an empty array": (changed(note=[]), (400, 422), "Observation.note"),
    "an empty object": (changed(code={}), (400, 422), "Observation.code"),
    "an empty string": (changed(code={"text": ""}), (400, 422), "Observation.code.text"),
    "null": (changed(issued=None), (400, 422), "Observation.issued"),
    "a day that does not exist": (changed(effectiveDateTime="2023-02-30"), (400, 422), "Observation.effective"),
    "a time without a zone": (changed(effectiveDateTime="2023-02-03T10:00:00"), (400, 422), "Observation.effective"),
    "two values at once": (
        changed(valueInteger=1, valueString="one"), (400, 422), "Observation.value"),
    "an integer that is too large": (with_member('"valueInteger":99999999999'), (400, 422), "Observation.valueInteger"),
    "a number no computer holds": (
        with_member('"valueQuantity":{"value":1e999999999}'), (400, 422), "Observation.valueQuantity.value"),
    "a number of 100,000 digits": (
        with_member('"valueQuantity":{"value":' + "9" * 100_000 + "}"), (400, 413, 422),
        "Observation.valueQuantity.value"),
    "a string of 2 MiB": (changed(note=[{"text": "a" * (2 << 20)}]), (400, 413, 422), None),
    "a name of 1 MiB": (with_member('"' + "a" * (1 << 20) + '":1'), (400, 413, 422), None),
    "a reference to something of another kind": (
        changed(subject={"reference": "Medication/1"}), (400, 404, 422), "Observation.subject"),
    "a reference that is none": (changed(subject={"reference": "my daughter"}), (400, 404, 422), "Observation.subject"),
    "nobody it is about": (without("subject"), (400, 403, 422), None),
    "an id with a slash": (changed(id="../../etc/passwd"), (400, 422), "Observation.id"),
    "a script in the narrative": (
        changed(text={"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>1</script></div>"}),
        (400, 422), "Observation.text.div"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_element_and_rule(parent, child, name):
    make, statuses, place = BAD[name]
    answer = parent.create(make(child))
    assert answer.status_code in statuses, answer.text[:500]
    issues = outcome(answer)
    if place:
        places = [one for issue in issues for one in issue.get("expression", [])]
        assert any(place in one for one in places), places
    assert all(issue.get("diagnostics") or issue.get("details") for issue in issues)


SECRET = "Zanzibarbara"


@pytest.mark.parametrize("member", [
    f'"status":"{SECRET}"', f'"{SECRET}":1', f'"effectiveDateTime":"{SECRET}"', f'"note":"{SECRET}"',
    f'"subject":{{"reference":"{SECRET}/1"}}', f'"note":[{{"text":"{SECRET}","text":"b"}}]',
])
def test_an_error_quotes_no_value(parent, member):
    body = '{"resourceType":"Observation",' + member + "}"
    answer = parent.create(body.encode())
    assert 400 <= answer.status_code < 500
    # The name of an element that does not exist is needed to find it; values are not.
    if not member.startswith(f'"{SECRET}"'):
        assert SECRET not in answer.text


@pytest.mark.parametrize("path", [
    "Observation/%00", "Observation/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "Observation/" + "a" * 65, "Observation/a%20b",
    "Observation/a'%20or%20'1'='1", "Cake/1", "Cake", "observation/1", "Observation/%ff", "Patient/1/$nonsense",
])
def test_a_strange_address_is_not_found_and_nothing_breaks(parent, path):
    answer = parent.get(path)
    assert answer.status_code in (400, 404)
    if answer.headers["content-type"].startswith("application/fhir+json"):
        outcome(answer)


@pytest.mark.parametrize("query", [
    "date=yesterday", "date=xx2020", "date=2020-13-01", "code=%00", "_count=-1", "_count=many", "date=%ff",
    "code=" + "a" * 10_000, "_sort=nonsense",
])
def test_a_strange_question_is_refused(parent, child, query):
    answer = parent.get(f"Observation?patient={child}&{query}")
    assert answer.status_code in (400, 414, 422, 431), answer.text[:300]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_what_is_not_json_by_its_own_word_is_refused(parent, child, kind):
    answer = parent.post("Observation", content=good(child).encode(), headers={"Content-Type": kind})
    assert answer.status_code == 415


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "CONNECT"])
def test_methods_that_are_not_offered_are_refused(parent, child, method):
    try:
        assert parent.request(method, f"Patient/{child}").status_code in (400, 404, 405, 501)
    except Exception as failure:  # a server may also hang up on CONNECT
        assert method == "CONNECT", failure


# What is not yours is not there

def masked(answer, *ids):
    """Status, headers and body, with ids and what counts or dates answers taken out."""
    text = answer.text
    for one in ids:
        text = text.replace(one, "ID")
    headers = {key: value for key, value in answer.headers.items()
               if key not in ("date", "x-request-id") and not key.startswith("ratelimit")}
    return answer.status_code, headers, text


def of(api_client, patient, kind="Observation"):
    """The id of some record of a patient."""
    bundle = api_client.get(f"{kind}?patient={patient}&_count=1").json()
    return bundle["entry"][0]["resource"]["id"]


def test_another_organisations_patient_is_answered_like_one_that_is_not_there(parent, people):
    theirs = people.stranger.patients[0]
    assert masked(parent.get(f"Patient/{theirs}"), theirs) == masked(parent.get(f"Patient/{UNKNOWN}"), UNKNOWN)
    assert parent.get(f"Patient/{theirs}").status_code == 404


def test_another_organisations_record_is_answered_like_one_that_is_not_there(parent, stranger, people):
    theirs = of(stranger, people.stranger.patients[0])
    assert stranger.get(f"Observation/{theirs}").status_code == 200, "the owner can read it"
    assert masked(parent.get(f"Observation/{theirs}"), theirs) == masked(
        parent.get(f"Observation/{UNKNOWN}"), UNKNOWN)


@pytest.mark.parametrize("question", ["Observation?patient={}", "Patient/{}/$everything", "Patient?_id={}",
                                      "Observation?subject=Patient/{}", "Patient/{}/_history"])
def test_no_question_tells_whether_somebody_elses_patient_exists(parent, people, question):
    theirs = people.stranger.patients[0]
    assert masked(parent.get(question.format(theirs)), theirs) == masked(
        parent.get(question.format(UNKNOWN)), UNKNOWN)


def test_another_patient_of_the_same_organisation_is_not_there_either(api, people):
    for reader in people:
        for other in people:
            strange = [one for one in other.patients if one not in reader.patients]
            if reader.organization == other.organization and reader.patients and strange:
                answer = api(reader).get(f"Patient/{strange[0]}")
                assert masked(answer, strange[0]) == masked(api(reader).get(f"Patient/{UNKNOWN}"), UNKNOWN)
                return
    pytest.skip("everybody of an organisation of this demo reaches the same patients")


def test_nothing_can_be_written_into_another_organisations_record(parent, stranger, people):
    theirs = people.stranger.patients[0]
    code = f"test-{uuid.uuid4()}"
    coded = {"coding": [{"system": "urn:test", "code": code}]}
    answer = parent.create(observation(theirs, code=coded))
    unknown = parent.create(observation(UNKNOWN, code=coded))
    assert answer.status_code in (400, 403, 404, 422)
    assert masked(answer, theirs) == masked(unknown, UNKNOWN)
    assert "entry" not in stranger.get(f"Observation?patient={theirs}&code=urn:test|{code}").json()


def test_a_record_cannot_point_into_another_organisation(parent, stranger, people, child):
    theirs = of(stranger, people.stranger.patients[0], "Encounter")
    for encounter in (theirs, UNKNOWN):
        answer = parent.create(observation(child, encounter={"reference": f"Encounter/{encounter}"}))
        assert answer.status_code in (400, 404, 409, 422)


def test_the_organisation_comes_from_the_session_and_from_nowhere_else(api, people):
    reader, other = api(people.parent), people.stranger
    theirs = other.patients[0]
    for attempt in ({"X-Organization": other.organization}, {"X-Organization-Id": other.organization}):
        assert reader.get(f"Patient/{theirs}", headers=attempt).status_code == 404
    assert reader.get(f"Patient/{theirs}?organization={other.organization}").status_code in (400, 404)


def test_refused_attempts_are_seen_by_nobody_but_the_log(parent, people, server):
    """Neither the log of the server nor its answers hold a name, an address or a secret."""
    parent.get(f"Patient/{people.stranger.patients[0]}")
    parent.get(f"Patient?name={SECRET}&birthdate=1901-02-03")
    parent.create(b'{"resourceType":"Observation","note":"' + SECRET.encode() + b'"')
    log = server.log.read_text(errors="replace")
    body = log.rsplit('"event":"ready"', 1)[-1]  # the demo prints its sign-ins at the start, on purpose
    assert SECRET not in log and "1901-02-03" not in log
    for person in people:
        assert person.password not in body
        assert not any(patient in body for patient in person.patients)


# $validate

FHIR_JSON = {"Content-Type": "application/fhir+json"}


def test_validate_tells_what_is_wrong_as_it_is_and_in_parameters(parent, child):
    right, wrong = observation(child), observation(child, effectivePeriod={"start": "2020-02-02", "end": "2020-02-01"})
    del wrong["effectiveDateTime"]
    inside = lambda resource, **more: {"resourceType": "Parameters", "parameter": [
        {"name": "resource", "resource": resource}] + [{"name": name, "valueCode": code} for name, code in more.items()]}
    for body in (wrong, inside(wrong), inside(wrong, mode="create")):
        [issue] = outcome(parent.post("Observation/$validate", json=body, headers=FHIR_JSON))
        assert issue["severity"] == "error" and issue["code"] == "invariant"
        assert issue["expression"] == ["Observation.effectivePeriod"] and "per-1" in issue["diagnostics"]
    for body in (right, inside(right), inside(right, mode="create")):
        answer = parent.post("Observation/$validate", json=body, headers=FHIR_JSON)
        assert answer.status_code == 200 and [one["severity"] for one in outcome(answer)] == ["information"]
    assert "id" in outcome(parent.post("Observation/$validate", json=inside(right, mode="update"), headers=FHIR_JSON))[0]["diagnostics"]
    assert outcome(parent.post(f"Observation/{UNKNOWN}/$validate", json=right, headers=FHIR_JSON))[0]["code"] == "required"
    for body in (inside(right, mode="delete"), inside(right, profile="x"), {"resourceType": "Basic", "code": {"text": "x"}}):
        answer = parent.post("Observation/$validate", json=body, headers=FHIR_JSON)
        assert answer.status_code >= 400 and outcome(answer)[0]["code"] in ("not-supported", "invalid")
    assert parent.create(wrong).status_code in (400, 422), "what is wrong is not kept either"
