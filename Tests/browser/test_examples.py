"""The public examples through the server: what goes in comes back equal in members, order and the digits of numbers, save `id`, `meta`
and what the profile forbids. Compared by Python's own reader of JSON, with numbers as texts.
"""

import collections
import gzip
import json
import os
import re

import pytest

from test_capability import UNKEPT
from test_import import ADA, DIRECTORY, bring, found, samples, without_what_is_forbidden
from installation import PASSWORD, installation

FHIR = {"Content-Type": "application/fhir+json"}
BATCH = 40


class Digits(str):
    """A number, as it was written."""


def read(text):
    return json.loads(text, parse_float=Digits, parse_int=Digits)


def written(value):
    """JSON with every digit that was read; members in their order."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


def test_the_reader_and_the_writer_change_nothing():
    text = '{"b":1.50,"a":[1E2,-0.0,{"x":"1.50"},true,null,"ä\\u2028"],"n":12345678901234567890}'
    assert json.loads(written(read(text))) == json.loads(text)
    assert written(read('{"b":1.50,"a":1E2}')) == '{"b":1.50,"a":1E2}' != written(read('{"a":1E2,"b":1.50}'))
    assert written(read("1.5")) != written(read("1.50")) != written(read('"1.50"'))


@pytest.fixture(scope="module")
def home():
    with installation("examples") as home:
        link = home.found(profile="clinic")
        home.start()
        home.set_password(link)
        (home.folder / "password").write_text(PASSWORD + "\n")
        with home.client() as client:
            home.sign_in(client, ADA)
        yield home


@pytest.fixture(scope="module")
def api(home):
    return home.api(ADA)


# One compartment

def into_compartment(value, ward):
    """References to patients lead to the one who is here, if any; to other records, to another server."""
    if isinstance(value, list):
        return [into_compartment(one, ward) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: into_compartment(one, ward) for key, one in value.items()}
    text = value.get("reference")
    if isinstance(text, str) and not text.startswith(("#", "urn:")):
        path = re.match(r"(?:https?://.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]+)(/_history/.*)?$", text)
        if path and path.group(1) == "Patient" and ward:
            value["reference"] = f"Patient/{ward}"
        elif path and not text.startswith("http"):
            value["reference"] = f"https://elsewhere.example/fhir/{text}"
    return value


def about(resource, ward):
    """The resource, naming the patient where an example of its type names nobody."""
    patient = {"reference": f"Patient/{ward}"}
    if resource["resourceType"] == "Observation" and resource.get("subject", {}).get("reference", "").startswith("#"):
        # Who is contained stays, and the patient is named beside them.
        return resource | {"performer": resource.get("performer", []) + [patient]}
    return resource | {
        "AuditEvent": lambda: {"agent": [resource["agent"][0] | {"who": patient}] + resource["agent"][1:]},
        "Group": lambda: {"member": resource.get("member", []) + [{"entity": patient}]},
        "Person": lambda: {"link": [{"target": patient}]},
        "Provenance": lambda: {"target": [patient]},
        "Task": lambda: {"for": patient},
    }.get(resource["resourceType"], lambda: {"subject": patient})()


def without(resource, expression):
    """The resource without the element of an expression such as `Patient.identifier[2]`."""
    steps = [int(one) if one.isdigit() else one for one in re.findall(r"[A-Za-z]+|\d+", expression)][1:]
    holder = resource
    for step in steps[:-1]:
        holder = holder[step]
    del holder[steps[-1]]
    if len(steps) > 1 and holder in ([], {}):
        return without(resource, re.sub(r"(\[\d+\]|\.[A-Za-z]+)$", "", expression))
    return resource


def send(api, resources):
    """A batch; its replies in order."""
    entries = ",".join('{"request":{"method":"POST","url":"%s"},"resource":%s}' % (one["resourceType"], written(one))
                       for one in resources)
    answer = api.post("", content='{"resourceType":"Bundle","type":"batch","entry":[%s]}' % entries, headers=FHIR)
    assert answer.status_code == 200, answer.text
    return [one["response"] for one in answer.json()["entry"]]


def prepared(resource, ward):
    # Of another patient's record a Patient says nothing; the link goes elsewhere.
    within = None if resource["resourceType"] == "Patient" else ward
    return into_compartment({key: one for key, one in resource.items() if key != "id"}, within)


def essence(resource):
    return written({key: one for key, one in resource.items() if key not in ("id", "meta")})


def settled(api, resources, ward):
    """Sends all of them; what names nobody is made the ward's, and what the profile forbids is taken out, as the answer says.

    Answers with what was sent in the end and where it is, and with what was refused and why.
    """
    waiting, kept, refused, named = list(resources), [], [], set()
    for _ in range(8):
        again = []
        for start in range(0, len(waiting), BATCH):
            part = waiting[start:start + BATCH]
            for (name, resource), reply in zip(part, send(api, [one for _, one in part])):
                if reply["status"].startswith("201"):
                    kept.append((name, resource, reply["location"].split("/_history")[0]))
                    continue
                issue = next(one for one in reply["outcome"]["issue"] if one["severity"] in ("error", "fatal"))
                rule, place = issue["diagnostics"], issue.get("expression", [""])[0]
                if "must name the patient" in rule and name not in named:
                    named.add(name)
                    again.append((name, about(resource, ward)))
                elif "is not kept" in rule and place:
                    again.append((name, without(resource, re.sub(r"^Bundle\.entry\[\d+\]\.resource", "X", place))))
                else:
                    refused.append((name, rule, place))
        waiting = again
        if not waiting:
            break
    return kept, refused + [(name, "given up", "") for name, _ in waiting]


@pytest.mark.parametrize("folder", ["official-examples", "ukcore-json-converted"])
def test_examples_come_back_equal(home, api, folder):
    made = api.create({"resourceType": "Patient", "name": [{"family": "Ward"}]})
    ward = made.json()["id"]
    examples = [(one.name, read(one.read_text())) for one in samples(folder)]
    examples = [(name, prepared(one, ward)) for name, one in examples if one["resourceType"] not in UNKEPT]
    kept, refused = settled(api, examples, ward)
    differ = []
    for name, resource, place in kept:
        back = read(api.get(place).text)
        if essence(back) != essence(resource):
            differ.append((name, essence(resource)[:300], essence(back)[:300]))
    print(f"\n{folder}: {len(kept)} of {len(examples)} came back; refused: {refused}")
    assert not differ, differ[:3]
    assert not refused and len(kept) == len(examples)


# Whole records

def collected(value, key=None):
    """A value without ids; references to records of the same run are told by what kind they lead to."""
    if isinstance(value, dict):
        return {name: collected(one, name) for name, one in value.items() if name not in ("id", "meta", "fullUrl")}
    if isinstance(value, list):
        return [collected(one, key) for one in value]
    if key == "reference" and isinstance(value, str) and (value.startswith("urn:uuid:") or re.fullmatch(r"[A-Z][A-Za-z]+/[0-9a-f-]{36}", value)):
        return "…"
    return value


def test_whole_records_come_back_equal(home, api, tmp_path):
    """Synthea's patients with everything about them, by the command that brings records in: seven, or all with `CAREKEEP_ALL_EXAMPLES`."""
    everyone = samples("synthea")
    people = [one for one in everyone if "Information" not in one.name]
    directory = [one for one in everyone if "Information" in one.name]
    for packed in samples("synthea-gz", "*.json.gz"):
        people.append(tmp_path / packed.stem)
        people[-1].write_bytes(gzip.decompress(packed.read_bytes()))
    if not os.environ.get("CAREKEEP_ALL_EXAMPLES"):
        people = people[:5] + people[-2:]
    done = bring(home, *directory, *people, timeout=600)
    assert done.returncode == 0, done.stderr[-500:]
    count = 0
    for path in people:
        resources = [one["resource"] for one in read(path.read_text())["entry"]]
        person = next(one for one in resources if one["resourceType"] == "Patient")
        here = [one for one in found(api, person["name"][0]["family"]) if one["birthDate"] == person["birthDate"]]
        assert len(here) == 1
        back = [one["resource"] for one in read(api.get(f"Patient/{here[0]['id']}/$everything").text)["entry"]]
        wanted = collections.Counter(
            written(collected(without_what_is_forbidden(one))) for one in resources if one["resourceType"] not in DIRECTORY)
        got = collections.Counter(written(collected(one)) for one in back if one["resourceType"] not in DIRECTORY)
        assert wanted == got, (path.name, list(wanted - got)[:1], list(got - wanted)[:1])
        count += sum(wanted.values())
    print(f"\nsynthea: {count} records of {len(people)} patients came back")
    assert count > 500
