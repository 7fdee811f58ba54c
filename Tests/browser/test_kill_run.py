"""Server and databases are killed at random while people write. What was acknowledged is there, whole; nothing is there by halves.

A few rounds here; `make soak` takes two hundred. The seed is printed, and chooses what is killed and when.
"""

import collections
import os
import random
import signal
import threading
import time
import uuid

import httpx
import pytest

from installation import Person, create, eventually, installation, kill, observation, patient
from unsealing import unopened

ADA = Person("ada@tester.example")
ROUNDS = int(os.environ.get("CAREKEEP_KILL_ROUNDS", "6"))
SEED = int(os.environ.get("CAREKEEP_KILL_SEED", time.time()))
VICTIMS = (("server",), ("records",), ("keys",), ("records", "keys"), ("server", "records", "keys"))
# A server that ends five times without having run for ten seconds is not started again.
UPTIME = 11 if ROUNDS > 8 else 0
# Seconds between what one writer does: an hour at full speed makes more records than one child has.
REST = 0.3 if ROUNDS > 8 else 0
FHIR = {"Content-Type": "application/fhir+json"}


def group(*patients):
    return {"resourceType": "Group", "type": "person", "actual": True,
            "member": [{"entity": {"reference": f"Patient/{one}"}} for one in patients]}


def parameters(**references):
    return {"resourceType": "Parameters", "parameter": [
        {"name": name.replace("_", "-"), "valueReference": {"reference": f"Patient/{id}"}} for name, id in references.items()]}


class Writer(threading.Thread):
    """Creates, changes, deletes, moves, merges, and sends several in transactions; keeps what was acknowledged, and what nobody knows."""

    def __init__(self, home, number, child):
        super().__init__(name=f"writer {number}")
        self.home, self.child, self.over, self.chance = home, child, False, random.Random(SEED + number)
        self.api = home.api(ADA)
        # id: the versions that it may be at, and whether it is deleted then
        self.states, self.pairs, self.acknowledged, self.wrong = {}, {}, 0, []
        # Patients by id, with the name of the one record that each began with; merges, as whether they were acknowledged.
        self.patients, self.merges, self.others, self.kinds = [], {}, {}, collections.Counter()

    def run(self):
        while not self.over:
            act = self.chance.choices(
                (self.create, self.change, self.delete, self.pair, self.enter, self.together, self.place, self.move, self.merge),
                (8, 8, 4, 4, 2, 2, 2, 3, 1))[0]
            time.sleep(REST)
            try:
                before = self.acknowledged
                act()
                self.kinds[act.__name__] += self.acknowledged - before
            except httpx.HTTPError:
                time.sleep(0.02)

    def ask(self, method, path, body=None, **headers):
        """The answer, or None where it is not known whether it was done."""
        answer = self.api.request(method, path, json=body, headers=FHIR | headers)
        if answer.status_code < 300:
            self.acknowledged += 1
            return answer
        if answer.status_code not in (503, 409, 412):
            self.wrong.append((method, path, answer.status_code, answer.text[:300]))
        time.sleep(0.01)
        return None

    def create(self):
        answer = self.ask("POST", "Observation", observation(self.child))
        if answer:
            self.states[answer.json()["id"]] = {(1, False)}

    def settled(self):
        return [(id, *next(iter(states))) for id, states in self.states.items() if len(states) == 1]

    def change(self):
        known = [one for one in self.settled() if not one[2]]
        if not known:
            return
        id, version, _ = self.chance.choice(known)
        self.states[id] = {(version, False), (version + 1, False)}
        answer = self.ask("PUT", f"Observation/{id}", observation(self.child, f"changed {version}") | {"id": id},
                          **{"If-Match": f'W/"{version}"'})
        if answer:
            self.states[id] = {(version + 1, False)}

    def delete(self):
        known = [one for one in self.settled() if not one[2]]
        if len(known) < 20:
            return
        id, version, _ = self.chance.choice(known)
        self.states[id] = {(version, False), (version + 1, True)}
        if self.ask("DELETE", f"Observation/{id}"):
            self.states[id] = {(version + 1, True)}

    def enter(self):
        """A mother and her baby, and what is about both, in one transaction: new keys, sealed for each."""
        urls = [f"urn:uuid:{uuid.uuid4()}" for _ in range(3)]
        code = f"birth-{uuid.uuid4()}"
        resources = [patient("Mother"), patient("Baby"), observation("x", code={"coding": [{"system": "urn:test", "code": code}]}) | {
            "subject": {"reference": urls[1]}, "performer": [{"reference": urls[0]}]}]
        entries = [{"fullUrl": url, "request": {"method": "POST", "url": one["resourceType"]}, "resource": one}
                   for url, one in zip(urls, resources)]
        answer = self.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        if answer:
            made = [one["response"]["location"].split("/")[1] for one in answer.json()["entry"]]
            self.patients += made[:2]
            self.others[f"Patient/{made[0]}"] = self.others[f"Patient/{made[1]}"] = 200
            self.others[f"Observation/{made[2]}"] = 200

    def together(self):
        if len(self.patients) > 1:
            self.keep(self.ask("POST", "Group", group(*self.chance.sample(self.patients, 2))))

    def place(self):
        self.keep(self.ask("POST", "Location", {"resourceType": "Location", "name": "The swings"}))

    def keep(self, answer):
        if answer:
            self.others[f"{answer.json()['resourceType']}/{answer.json()['id']}"] = 200

    def move(self):
        """A record that was entered about the child goes to somebody else, with its versions."""
        if not self.patients:
            return
        answer = self.ask("POST", "Observation", observation(self.child, "to be moved"))
        if answer:
            path = f"Observation/{answer.json()['id']}"
            self.others[path] = 200
            self.ask("POST", f"{path}/$move", parameters(to=self.chance.choice(self.patients)))

    def merge(self):
        """Two who are one. What was not acknowledged is asked again at the end, so whom others are merged into is never merged."""
        if len(self.patients) < 6:
            return
        source, target = self.patients.pop(self.chance.randrange(1, len(self.patients))), self.patients[0]
        self.merges[source, target] = False
        self.merges[source, target] = self.ask("POST", "Patient/$merge", parameters(source_patient=source, target_patient=target)) is not None

    def pair(self):
        code = f"pair-{uuid.uuid4()}"
        self.pairs[code] = {0, 2}
        one = {"request": {"method": "POST", "url": "Observation"},
               "resource": observation(self.child, code={"coding": [{"system": "urn:test", "code": code}]})}
        if self.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [one, one]}):
            self.pairs[code] = {2}


@pytest.fixture(scope="module")
def run():
    print(f"seed {SEED}, {ROUNDS} rounds")
    chance = random.Random(SEED)
    with installation("kills") as home:
        link = home.found()
        home.start()
        home.set_password(link)
        with home.api(ADA) as api:
            child = create(api, patient())
        writers = [Writer(home, number, child) for number in range(4)]
        for one in writers:
            one.start()
        home.killed = []
        try:
            for number in range(ROUNDS):
                time.sleep(chance.uniform(0.3, 1.5) + UPTIME)
                # Each kind once, then by chance.
                victims = VICTIMS[number] if number < len(VICTIMS) else chance.choice(VICTIMS)
                for victim in victims:
                    process = home.server_process() if victim == "server" else home.postmaster(victim)
                    if process:
                        kill(process, signal.SIGKILL)
                        home.killed.append(victim)
                before = sum(one.acknowledged for one in writers)
                assert eventually(home.is_ready, 60), victims
                assert eventually(lambda: sum(one.acknowledged for one in writers) > before + 8, 60), victims
        finally:
            for one in writers:
                one.over = True
            for one in writers:
                one.join(90)
        home.child = child
        yield home, writers


def test_whoever_was_not_served_was_told_to_try_again(run):
    home, writers = run
    assert len(home.killed) >= ROUNDS and not [one.wrong for one in writers if one.wrong]
    assert sum(one.acknowledged for one in writers) >= 8 * ROUNDS


@pytest.fixture(scope="module")
def versions(run):
    """Every version of every record, as the history tells them: of each id, its entries by number."""
    home, _ = run
    told, url = {}, f"Observation/_history?patient={home.child}&_count=500"
    with home.api(ADA) as api:
        while url:
            page = api.get(url).json()
            for entry in page["entry"]:
                id = entry["fullUrl"].split("/")[-1]
                version = int(entry["response"]["etag"].removeprefix('W/"').removesuffix('"'))
                assert version not in told.setdefault(id, {}), "told twice"
                told[id][version] = entry
            url = next((link["url"] for link in page.get("link", []) if link["relation"] == "next"), None)
    return told


def some(things, most=150):
    things = sorted(things)
    return random.Random(SEED).sample(things, min(most, len(things)))


def test_what_was_acknowledged_is_there(run, versions):
    home, writers = run
    lost, now = [], {}
    for writer in writers:
        for id, states in writer.states.items():
            told = versions.get(id, {})
            newest = max(told, default=0)
            now[id] = (len(told), newest > 0 and told[newest]["request"]["method"] == "DELETE")
            if now[id] not in states or newest != len(told):
                lost.append((id, now[id], states))
    with home.api(ADA) as api:
        for id in some(now):
            if api.get(f"Observation/{id}").status_code != (410 if now[id][1] else 200):
                lost.append((id, "read"))
    assert now and not lost


def test_a_transaction_is_there_whole_or_not_at_all(run, versions):
    home, writers = run
    there = collections.Counter(
        coding["code"] for told in versions.values() for coding in told[1]["resource"]["code"].get("coding", []))
    pairs = {code: counts for writer in writers for code, counts in writer.pairs.items()}
    assert {2} in pairs.values() and not [code for code in pairs if there[code] not in pairs[code]]
    with home.api(ADA) as api:
        for code in some(pairs, 20):
            found = api.get(f"Observation?patient={home.child}&code=urn:test|{code}&_count=0").json()["total"]
            assert found == there[code], code


def test_every_kind_of_write_was_acknowledged(run):
    """Patients with keys of their own, records about several, of the directory, moved ones, merges: not only after the last kill."""
    _, writers = run
    kinds = sum((one.kinds for one in writers), collections.Counter())
    assert {"create", "change", "enter", "place", "together", "move", "merge"} <= {kind for kind, count in kinds.items() if count}, kinds


def test_patients_groups_and_places_are_there(run):
    home, writers = run
    others = {path: status for writer in writers for path, status in writer.others.items()}
    with home.api(ADA) as api:
        assert others and not {path: api.get(path).status_code for path in some(others) if api.get(path).status_code != others[path]}


def test_a_merge_that_broke_off_goes_on(run):
    home, writers = run
    merges = {pair: done for writer in writers for pair, done in writer.merges.items()}
    with home.api(ADA) as api:
        for (source, target), done in merges.items():
            if not done:
                again = api.post("Patient/$merge", json=parameters(source_patient=source, target_patient=target), headers=FHIR)
                assert again.status_code == 200, again.text
            assert api.get(f"Observation?patient={source}&_count=0").json()["total"] == 0, "nothing stayed with the source"
    assert home.sql("records", "select count(*) from care.patient where merged_into is not null") == str(len(merges))


HALVES = {
    "a version without its line": """
        select count(*) from care.record r where r.version <> (
            select count(*) from care.change c where c.organization_id = r.organization_id and c.record_id = r.id)""",
    "a version that is missing": """
        select count(*) from care.record r where r.version - 1 <> (
            select count(*) from care.version v where v.organization_id = r.organization_id and v.record_id = r.id)""",
    "a change without its entry": """
        select count(*) from care.change c where not exists (
            select from care.entry e where e.opening_id = c.opening_id and e.granted)""",
    "a patient whom nobody reaches": """
        select count(*) from care.patient p where not exists (
            select from care.reach x where x.organization_id = p.organization_id and x.patient_id = p.id)""",
    "a patient without their own record": """
        select count(*) from care.patient p where not exists (
            select from care.record r where (r.organization_id, r.patient_id, r.kind) = (p.organization_id, p.id, 'Patient'))""",
    "a patient who is found by no name": """
        select count(*) from care.patient p where merged_into is null and not exists (
            select from care.token t where (t.organization_id, t.patient_id) = (p.organization_id, p.id))""",
    "a record about several that says of one": """
        select count(*) from care.record r where r.is_about_several <> exists (
            select from care.record_subject s where (s.organization_id, s.record_id) = (r.organization_id, r.id))""",
    "somebody whom a record about several is about, without an entry of their own": """
        select count(*) from care.record_subject s
          join care.change c on (c.organization_id, c.record_id, c.version) = (s.organization_id, s.record_id, 1)
         where not exists (select from care.entry e where e.opening_id = c.opening_id and e.granted and e.patient_id = s.patient_id)
           and not exists (select from care.patient p where (p.organization_id, p.merged_into) = (s.organization_id, s.patient_id))""",
    "a job of nobody's asking": """
        select count(*) from care.job j where j.opening_id is not null and not exists (
            select from care.entry e where e.opening_id = j.opening_id and e.granted)""",
}


def halves(home):
    return {what: int(count) for what, question in HALVES.items() if (count := home.sql("records", question)) != "0"}


def test_each_version_has_its_change_and_each_change_its_entry(run):
    home, _ = run
    assert home.sql("records", "select count(*) > 20 from care.record") == "t"
    assert home.sql("records", "select count(*) > 0 from care.record_subject") == "t"
    assert not halves(home)


def test_everything_sealed_opens_with_the_keys_that_are_there(run):
    """Records, earlier versions, search cards, diffs, notes of entries, letters: with another implementation than the server's."""
    home, _ = run
    wrong, opened = unopened(home)
    assert not wrong, wrong[:10]
    assert {"record", "version", "card", "diff", "note"} <= set(opened), opened
    print(f"opened: {opened}")


def test_a_half_that_is_planted_is_noticed(run):
    """The checks above can fail: without one key, one line or one subject they do."""
    home, _ = run
    organization, patient, row = home.sql("records", """
        select organization_id, patient_id, id from care.record
         where not is_about_several and kind = 'Observation' and version = 1 limit 1""").split("|")
    home.sql("keys", f"""delete from keys.subject_key
        where (organization_id, subject_id, class) = ('{organization}', '{patient}', 'patient')""")
    wrong, _ = unopened(home)
    assert {"record", "card", "diff"} <= {what for what, _, _ in wrong} and ("record", row, "LookupError") in wrong
    assert home.sql("records", f"""
        set session_replication_role = replica;
        delete from care.change where record_id = '{row}';
        delete from care.record_subject where ctid = (select min(ctid) from care.record_subject)""").count("DELETE 1") == 2
    assert {"a version without its line"} <= set(halves(home)), halves(home)
