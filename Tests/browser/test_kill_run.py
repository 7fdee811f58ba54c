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

ADA = Person("ada@tester.example")
ROUNDS = int(os.environ.get("CAREKEEP_KILL_ROUNDS", "6"))
SEED = int(os.environ.get("CAREKEEP_KILL_SEED", time.time()))
VICTIMS = (("server",), ("records",), ("keys",), ("records", "keys"), ("server", "records", "keys"))
# A server that ends five times without having run for ten seconds is not started again.
UPTIME = 11 if ROUNDS > 8 else 0
# Seconds between what one writer does: an hour at full speed makes more records than one child has.
REST = 0.3 if ROUNDS > 8 else 0
FHIR = {"Content-Type": "application/fhir+json"}


class Writer(threading.Thread):
    """Creates, changes, deletes, and sends pairs in transactions; keeps what was acknowledged, and what nobody knows."""

    def __init__(self, home, number, child):
        super().__init__(name=f"writer {number}")
        self.home, self.child, self.over, self.chance = home, child, False, random.Random(SEED + number)
        self.api = home.api(ADA)
        # id: the versions that it may be at, and whether it is deleted then
        self.states, self.pairs, self.acknowledged, self.wrong = {}, {}, 0, []

    def run(self):
        while not self.over:
            act = self.chance.choice((self.create, self.create, self.change, self.change, self.delete, self.pair))
            time.sleep(REST)
            try:
                act()
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


def test_each_version_has_its_change_and_each_change_its_entry(run):
    home, _ = run
    assert home.sql("records", "select count(*) > 20 from care.record") == "t"
    for what, question in {
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
    }.items():
        assert home.sql("records", question) == "0", what


def test_every_sealed_row_has_its_key(run):
    home, _ = run
    sealed = set(home.sql("records", "select distinct patient_id from care.record where patient_id is not null").split())
    keys = set(home.sql("keys", "select subject_id from keys.subject_key where class = 'patient' and state = 'active'").split())
    assert sealed and sealed <= keys
