"""`carekeep import`: what others wrote comes in as it was written, less what the profile forbids, and what came of it is said."""

import collections
import json
import os
import pty
import re
import subprocess
import uuid
from pathlib import Path

import pytest

from installation import PASSWORD, Person, installation, observation, patient
from server import BINARY, ROOT

SAMPLES = Path(os.environ.get("CAREKEEP_SAMPLES") or ROOT.parent / "shared" / "data" / "fhir")
ADA = Person("ada@tester.example")


def samples(folder, pattern="*.json"):
    found = sorted((SAMPLES / folder).glob(pattern))
    if not found:
        pytest.skip(f"there are no samples in {SAMPLES / folder}")
    return found


@pytest.fixture(scope="module")
def home():
    with installation("import") as home:
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


@pytest.fixture
def file(home, tmp_path):
    """`file(name, content)` writes a file and answers with its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def bring(home, *files, member=ADA, password="password", **options):
    member = Person(member) if isinstance(member, str) else member
    return home.command(
        "import", "--as", member.email, "--password-file", home.folder / password, *code(home, member), *files, **options)


def code(home, member=ADA):
    """What the command takes beside the password: whoever works in a clinic has a code app."""
    return ["--code", home.code(member) or "123456"]


def bundle(*resources, kind="collection"):
    return {"resourceType": "Bundle", "type": kind,
            "entry": [{"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": one} for one in resources]}


def family(first, *others, kind="collection"):
    """A bundle of a patient and records that refer to them."""
    made = bundle(first, *others, kind=kind)
    for entry in made["entry"][1:]:
        entry["resource"]["subject"] = {"reference": made["entry"][0]["fullUrl"]}
    return made


def records(home):
    return int(home.sql("records", "select count(*) from care.record"))


def found(api, family):
    return [one["resource"] for one in api.get(f"Patient?family={family}").json().get("entry", [])]


# What a record says, whatever it is called here and there

EXACTLY = json.JSONDecoder(parse_float=lambda digits: ("number", digits), parse_int=lambda digits: ("number", digits))


def told(json_text):
    return EXACTLY.decode(json_text)


def essence(value, key=None):
    """A value without ids, and with references by type alone."""
    if isinstance(value, dict):
        return {name: essence(one, name) for name, one in value.items() if name not in ("id", "meta", "fullUrl")}
    if isinstance(value, list):
        return [essence(one, key) for one in value]
    if key == "reference" and isinstance(value, str):
        return "…" if value.startswith("urn:uuid:") or re.fullmatch(r"[A-Z][A-Za-z]+/[0-9a-f-]{36}", value) else value
    return value


def canonical(resource):
    return json.dumps(essence(resource), sort_keys=True)


DIRECTORY = {"Organization", "Practitioner", "Location", "Medication"}


def without_what_is_forbidden(resource):
    """What a clinic keeps of Synthea's patient."""
    if resource["resourceType"] != "Patient":
        return resource
    kept = dict(resource)
    forbidden = {"SS", "DL", "PPN"}
    kept["identifier"] = [one for one in resource["identifier"] if not any(
        coding["code"] in forbidden for coding in one.get("type", {}).get("coding", []))]
    kept["address"] = [{key: one[key] for key in one if key != "extension"} for one in resource["address"]]
    return kept


@pytest.fixture(scope="module")
def synthea(home):
    """Two patients of Synthea's, after the hospitals and practitioners they refer to; and what was said."""
    everyone = samples("synthea")
    directory = [one for one in everyone if "Information" in one.name]
    people = [one for one in everyone if "Information" not in one.name][:2]
    done = bring(home, *directory, *people)
    assert done.returncode == 0, done.stderr
    return people, done


def test_what_was_brought_is_counted(synthea):
    people, done = synthea
    for path in people:
        resources = [one["resource"] for one in json.loads(path.read_text())["entry"]]
        line = re.search(rf"^{re.escape(path.name)}: (\d+) records of (\d+) types\n((?:  .*\n)*)", done.stdout, re.MULTILINE)
        reused = int((re.search(r"(\d+) of the directory were there already", line.group(3)) or [0, 0])[1])
        assert int(line.group(1)) + reused == len(resources)
    assert done.stderr == "", "no progress bar where there is no terminal"


def test_all_of_it_is_read_back_to_the_digit(api, synthea):
    for path in synthea[0]:
        resources = [one["resource"] for one in told(path.read_text())["entry"]]
        person = next(one for one in resources if one["resourceType"] == "Patient")
        [here] = found(api, person["name"][0]["family"])
        everything = told(api.get(f"Patient/{here['id']}/$everything").text)
        back = [one["resource"] for one in everything["entry"]]
        wanted = collections.Counter(
            canonical(without_what_is_forbidden(one)) for one in resources if one["resourceType"] not in DIRECTORY)
        got = collections.Counter(canonical(one) for one in back if one["resourceType"] not in DIRECTORY)
        assert not wanted - got and not got - wanted, (list((wanted - got))[:1], list((got - wanted))[:1])


def test_what_the_profile_forbids_is_dropped_with_a_warning_and_is_nowhere(home, api, synthea):
    people, done = synthea
    for path in people:
        person = next(one["resource"] for one in told(path.read_text())["entry"] if one["resource"]["resourceType"] == "Patient")
        report = done.stdout.partition(path.name)[2]
        assert "left out 1 ×: Patient.identifier: a social security number is not kept" in report
        assert "left out 1 ×: Patient.address.extension: the coordinates of a person's address are not kept" in report
        assert "left out 2 ×: Patient.identifier: the number of a driving licence or passport is not kept" in report
        [here] = found(api, person["name"][0]["family"])
        text = api.get(f"Patient/{here['id']}/$everything").text
        forbidden = [one["value"] for one in person["identifier"] if "type" in one and
                     one["type"]["coding"][0]["code"] in ("SS", "DL", "PPN")]
        forbidden += [part["valueDecimal"][1] for one in person["address"][0]["extension"] for part in one["extension"]]
        assert len(forbidden) == 5
        for value in forbidden:
            assert value not in text and value not in done.stdout
            # Nor is it found by: it left no token.
        assert "entry" not in api.get("Patient", params={"identifier": forbidden[0]}).json()
        assert person["identifier"][0]["value"] in text, "what is allowed is there"


def test_digits_stay_as_written(home, api, file):
    numbers = ["1.50", "0.0010", "1E+2", "-0", "3.141592653589793238462643383279", "100", "1e-7", "0.10"]
    made = family(patient("Digits"), *[observation("x", f"number {index}") for index in range(len(numbers))])
    text = json.dumps(made)
    for index, number in enumerate(numbers):
        place = text.index(f'"number {index}"')
        value = text.index('"valueInteger": 3', place)
        text = text[:value] + '"valueQuantity": {"value": %s}' % number + text[value + len('"valueInteger": 3'):]
    assert bring(home, file("digits.json", text.encode())).returncode == 0
    [here] = found(api, "Digits")
    back = told(api.get(f"Observation?patient={here['id']}").text)["entry"]
    got = {one["resource"]["code"]["text"]: one["resource"]["valueQuantity"]["value"][1] for one in back}
    assert got == {f"number {index}": number for index, number in enumerate(numbers)}


def test_a_missing_patient_becomes_a_stub_and_that_is_said(home, api, file):
    record = observation("nobody-brought-them", f"stub {uuid.uuid4()}")
    done = bring(home, file("orphan.json", record))
    assert done.returncode == 0
    assert "orphan.json: 2 records of 2 types" in done.stdout
    assert "1 patients were named and missing: a stub was made for each" in done.stdout
    stubs = api.get("Patient?name=Name").json()["entry"]
    texts = []
    for stub in stubs:
        assert stub["resource"]["name"] == [{"text": "Name not brought along"}]
        entries = api.get(f"Observation?patient={stub['resource']['id']}").json().get("entry", [])
        texts += [one["resource"]["code"]["text"] for one in entries]
    assert record["code"]["text"] in texts


def test_files_of_one_run_refer_to_one_another(home, api, file):
    first, second = patient("Runner"), observation("runner-1", "of the runner")
    first["id"] = "runner-1"
    done = bring(home, file("1.json", first), file("2.json", second))
    assert done.returncode == 0 and "stub" not in done.stdout
    [here] = found(api, "Runner")
    assert len(api.get(f"Observation?patient={here['id']}").json()["entry"]) == 1


BAD = {
    "cut off": (b'{"resourceType": "Patient", "name": [{"family": "Bad"', "name"),
    "a member twice": (b'{"resourceType": "Patient", "gender": "male", "gender": "female"}', "Patient.gender"),
    "a wrong code": (b'{"resourceType": "Patient", "gender": "secretive"}', "Patient.gender"),
    "an unknown element": (b'{"resourceType": "Patient", "colour": "secretive"}', "Patient.colour"),
    "a wrong type": (b'{"resourceType": "Patient", "birthDate": 1987}', "Patient.birthDate"),
    "no resource": (b'{"secretive": 1}', "resourceType"),
    "not UTF-8": (b'{"resourceType": "Patient", "gender": "\xff"}', "Patient.gender"),
    "deep nesting": (b'{"resourceType": "Patient", "name": ' + b"[" * 100_000, ""),
    "nothing": (b"", ""),
    "an empty bundle's entry": (b'{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {}}]}',
                                "Bundle.entry[0]"),
}


def test_what_is_malformed_is_refused_by_element_and_rule_and_the_rest_comes_in(home, api, file):
    before = records(home)
    files = [file(f"{name}.json", content) for name, (content, _) in BAD.items()]
    good = [file("a.json", patient("Goodfellow")), file("z.json", patient("Goodenough"))]
    done = bring(home, good[0], *files, home.folder / "not there.json", good[1])
    assert done.returncode == 1
    for name, (_, place) in BAD.items():
        said = re.search(rf"^{re.escape(name)}\.json: refused, nothing of it was kept: (.+)$", done.stderr, re.MULTILINE)
        assert said and place in said.group(1), (name, done.stderr)
        assert len(said.group(1)) > len(place) + 5, "a rule beside the element"
    assert "not there.json: refused" in done.stderr and "cannot be read" in done.stderr
    assert "secretive" not in done.stdout + done.stderr, "values are nobody's business"
    assert records(home) == before + 2
    assert len(found(api, "Goodfellow")) == len(found(api, "Goodenough")) == 1


@pytest.mark.parametrize("kind", ["collection", "transaction", "batch", "searchset"])
def test_a_bundle_with_one_wrong_entry_leaves_nothing(home, api, file, kind):
    made = family(patient("Halfway"), *[observation("x") for _ in range(600)], kind=kind)
    del made["entry"][-1]["resource"]["status"]
    before = records(home)
    done = bring(home, file("half.json", made))
    assert done.returncode == 1 and "entry[600]" in done.stderr and "status" in done.stderr
    assert records(home) == before and not found(api, "Halfway")


def test_a_bundle_that_breaks_off_while_it_is_written_leaves_nothing_or_says_what(home, api, file):
    """Half way through, the member loses the patient."""
    made = family(patient("Brokenoff"), *[observation("x") for _ in range(2500)])
    before = records(home)
    path = file("broken.json", made)
    arguments = [BINARY, "import", "--as", ADA.email, "--password-file", home.folder / "password", *code(home), path, "--config", home.file]
    importing = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    home.sql("records", f"""do $$ begin
        for i in 1 .. 6000 loop
            exit when (select count(*) from care.record) > {before};
            perform pg_sleep(0.005);
        end loop;
        update care.reach set withdrawn_at = clock_timestamp() where since > clock_timestamp() - interval '5 seconds';
        end $$""")
    said = "".join(importing.communicate(timeout=120))
    kept = records(home) - before
    assert importing.returncode == 1, (said, kept)
    assert kept == 0 or re.search(rf"\b{kept}\b", said), (kept, said)


def test_a_refused_file_is_not_in_the_way_of_the_next(home, file):
    """The first names a patient, and has an entry that cannot be kept; the second names the same patient."""
    refused = bundle(observation("mentioned-twice"), {"resourceType": "Binary", "contentType": "text/plain"})
    done = bring(home, file("1.json", refused), file("2.json", observation("mentioned-twice")))
    assert "1.json: refused" in done.stderr
    assert "2.json: 2 records" in done.stdout, done.stderr


def test_a_member_without_rights_is_refused_in_words(home, api, file):
    added = api.post(f"{home.url}/api/members", json={"name": "Olaf Looker", "email": "olaf@look.example", "roles": ["member"]})
    home.set_password(added.json()["link"])
    olaf = Person("olaf@look.example")
    with home.client() as client:
        home.sign_in(client, olaf)
    before = records(home)
    done = bring(home, file("new.json", patient("Unwanted")), member=olaf)
    assert done.returncode == 1 and records(home) == before
    assert "takes rights that you do not have" in done.stderr


def test_whoever_is_not_who_they_say_brings_nothing(home, file):
    before = records(home)
    (home.folder / "wrong").write_text("not the password\n")
    for arguments in ({"password": "wrong"}, {"member": "nobody@tester.example"}):
        done = bring(home, file("new.json", patient("Unwanted")), **arguments)
        assert done.returncode == 64 and "do not belong together" in done.stderr
    assert "cannot be read" in bring(home, file("new.json", patient("Unwanted")), password="missing").stderr
    assert records(home) == before


def test_who_brought_a_record_is_in_its_trail(home, api, synthea):
    with home.client() as client:
        home.sign_in(client, ADA)
        [here] = found(api, json.loads(synthea[0][0].read_text())["entry"][0]["resource"]["name"][0]["family"])
        page = client.get(f"/patients/{here['id']}")
        assert page.status_code == 200 and here["name"][0]["family"] in page.text


def test_a_terminal_shows_how_far_it_is(home, file):
    made = family(patient("Progress"), *[observation("x") for _ in range(600)])
    path = file("bar.json", made)
    mine, theirs = pty.openpty()
    running = subprocess.Popen(
        [BINARY, "import", "--as", ADA.email, "--password-file", home.folder / "password", *code(home), path, "--config", home.file],
        stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(mine, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(mine)
    said = running.communicate(timeout=60)[0].decode()
    assert running.returncode == 0
    shown = shown.decode()
    steps = [int(one) for one in re.findall(r"\r1/1 [█░]{40} (\d+)/601", shown)]
    assert steps and steps == sorted(steps) and steps[-1] == 601
    assert shown.endswith("\r\x1b[K"), "and it goes away"
    assert "bar.json: 601 records of 2 types" in said and "█" not in said


@pytest.mark.parametrize("folder", ["official-examples", "ukcore-json-converted"])
def test_whatever_others_publish_is_taken_or_refused_by_element(home, api, folder):
    """Each file a run of its own would be slow; so one run, and each file has its line."""
    files = samples(folder)
    before = records(home)
    done = bring(home, *files)
    taken = re.findall(r"^(\S+\.json): (\d+) records of \d+ types$", done.stdout, re.MULTILINE)
    refused = re.findall(r"^(\S+\.json): refused, nothing of it was kept: (.+)$", done.stderr, re.MULTILINE)
    assert {name for name, _ in taken} | {name for name, _ in refused} == {one.name for one in files}
    assert len(taken) + len(refused) == len(files) and done.returncode == (1 if refused else 0)
    assert records(home) - before == sum(int(count) for _, count in taken)
    assert not any("fault of ours" in words for _, words in refused), refused
    print(f"\n{folder}: {len(taken)} taken, {len(refused)} refused")
    # Every other refusal names an element; see the test about refused files for the rest.
    assert all(re.match(r"[A-Z][A-Za-z]+[.:]", words) or "takes rights" in words for _, words in refused), refused
