"""What was done as oneself, and reports of what looks wrong: they reach those who look after them, and nobody else. (FAM-3)"""

import re
import secrets
from urllib.parse import unquote

import pytest

from code_app import csrf_of
from installation import Person, create, installation, observation, patient

ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def home():
    with installation("activity") as home:
        way = home.found()
        home.start()
        assert home.set_password(way).status_code == 303
        yield home


@pytest.fixture(scope="module")
def owner(home):
    return home.api(ADA)


@pytest.fixture
def member(home, owner):
    """Somebody new."""
    email = f"{secrets.token_hex(6)}@tester.example"
    body = {"name": "Ben Tester", "email": email, "roles": ["caregiver"]}
    answer = owner.post(f"{home.url}/api/members", json=body)
    assert answer.status_code == 201, answer.text
    assert home.set_password(answer.json()["link"]).status_code == 303
    return Person(email)


def main(page):
    return re.sub(r"\s+", " ", page.text.partition("<main")[2].partition("</main>")[0])


def places(page):
    return [unquote(one) for one in re.findall(r'/account/activity/report\?entry=([\d%.a-f0-9E-]+)"', page.text)]


def report(client, words, entry=""):
    form = client.get("/account/activity/report")
    return client.post("/account/activity/report", data={"csrf": csrf_of(form), "entry": entry, "words": words})


def test_one_sees_what_one_did_and_nobody_else_does(home, owner, member):
    create(owner, observation(create(owner, patient())))
    with home.client() as mine, home.client() as theirs:
        home.sign_in(mine, ADA)
        home.sign_in(theirs, member)
        own, others = main(mine.get("/account/activity")), main(theirs.get("/account/activity"))
        assert "Wrote an entry" in own and "Began a record" in own and "Signed in" in own
        assert "Added a member" in own and "Added a member" not in others and "Wrote an entry" not in others
        assert "Signed in" in others and "(this device)" in others


def test_a_try_to_sign_in_as_somebody_is_shown(home, member):
    with home.client() as stranger, home.client() as client:
        form = stranger.get("/sign-in")
        fields = {"csrf": csrf_of(form), "email": member.email, "password": "not this one 7"}
        assert stranger.post("/sign-in", data=fields).status_code != 303
        home.sign_in(client, member)
        assert "Somebody tried to sign in as you" in main(client.get("/account/activity"))


def test_nothing_of_a_record_stands_in_an_address(home, owner):
    with home.client() as client:
        home.sign_in(client, ADA)
        page = client.get("/account/activity")
        found = places(page)
        assert found and all(re.fullmatch(r"\d+(\.|%2E)[0-9a-f-]{36}", one) for one in found)
        assert "Testperson" not in page.text


def test_a_report_reaches_the_owner_whose_answer_comes_back(home, member):
    with home.client() as client, home.client() as officer:
        home.sign_in(client, member)
        page = client.get("/account/activity")
        sent = report(client, "I was <asleep> then.", places(page)[0])
        assert sent.status_code == 303 and sent.headers["location"] == "/account/activity?done=1"
        told = main(client.get(sent.headers["location"]))
        assert "Reported." in told and "/account/sessions" in told and "/account/password" in told
        assert "Waits for an answer" in told and "I was &lt;asleep&gt; then." in told and "About:" in told
        assert client.get("/reports").status_code == 404, "nobody else sees them"

        home.sign_in(officer, ADA)
        queue = officer.get("/reports")
        assert queue.status_code == 200 and "I was &lt;asleep&gt; then." in queue.text and "Ben Tester" in queue.text
        address = re.findall(r'action="(/reports/[0-9a-f-]{36})"', queue.text)[0]
        fields = {"csrf": csrf_of(queue), "words": "It was your phone.", "closing": "no"}
        empty = officer.post(address, data=fields | {"words": " "})
        assert empty.status_code == 422 and "Please write something" in empty.text
        assert officer.post(address, data=fields).status_code == 303
        assert "It was your phone." in main(client.get("/account/activity"))
        assert officer.post(address, data=fields | {"words": "Closed, then.", "closing": "yes"}).status_code == 303
        told = main(client.get("/account/activity"))
        assert "Closed" in told and "Closed, then." in told
        assert officer.post(address, data=fields).status_code == 422, "what is closed stays closed"
        assert client.post(address, data={"csrf": csrf_of(client.get("/account/activity")), "words": "x"}).status_code == 404


def test_another_members_entry_cannot_be_reported(home, member):
    with home.client() as mine, home.client() as theirs:
        home.sign_in(mine, ADA)
        home.sign_in(theirs, member)
        entry = places(mine.get("/account/activity"))[0]
        assert report(theirs, "Whose is this?", entry.replace("%2E", ".")).status_code == 404


def test_a_report_has_words_and_ten_a_day_are_taken(home, member):
    with home.client() as client:
        home.sign_in(client, member)
        assert report(client, "  ").status_code == 422
        assert report(client, "x" * 2001).status_code == 422
        for _ in range(10):
            assert report(client, "Something is odd.").status_code == 303
        assert report(client, "And again.").status_code == 429


def test_the_words_of_a_report_are_sealed(home, member):
    with home.client() as client:
        home.sign_in(client, member)
        assert report(client, "quicksilver marmalade").status_code == 303
    assert "quicksilver" not in home.sql("records", "select encode(sealed, 'escape') from care.concern")
