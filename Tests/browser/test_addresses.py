"""The address that people reach the server by is one, wherever it is written: answers, links, redirects."""

import re

import httpx
import pytest

from installation import Person, create, installation, observation, patient

OWNER = Person("ada@tester.example")
NAME = "2001:db8::7"


@pytest.fixture(scope="module")
def home():
    with installation("addresses") as home:
        way = home.found()
        home.settings = {"public_names": [NAME]}
        home.configure()
        home.start()
        home.set_password(way)
        home.base = f"https://[{NAME}]:{home.https}"
        yield home


def test_answers_name_records_by_it_and_searches_know_it(home):
    with home.api(OWNER) as api:
        child = create(api, patient())
        pain = create(api, observation(child))
        found = api.get("Patient").json()
        assert [entry["fullUrl"] for entry in found["entry"]] == [f"{home.base}/fhir/Patient/{child}"]
        assert all(link["url"].startswith(f"{home.base}/fhir/Patient") for link in found["link"])
        by_address = api.get("Observation", params={"patient": f"{home.base}/fhir/Patient/{child}"}).json()
        assert [entry["resource"]["id"] for entry in by_address["entry"]] == [pain]


def test_links_lead_to_it(home):
    made = home.command("link", "--email", OWNER.email, "--print")
    assert re.search(r"\S+(?=/password\?link=)", made.stdout).group() == home.base
    assert f"{home.base}/" in home.log.read_text(), "and so it greets"


def test_redirects_lead_to_it(home):
    plain = f"http://127.0.0.1:{home.http}/patients"
    for host in (f"[{NAME}]", f"[{NAME}]:80", "evil.example"):
        answer = httpx.get(plain, headers={"Host": host}, timeout=10)
        assert answer.headers["location"] == f"{home.base}/patients"
    answer = httpx.get(plain, headers={"Host": "localhost:80"}, timeout=10)
    assert answer.headers["location"] == f"https://localhost:{home.https}/patients"
