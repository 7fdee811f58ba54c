"""What an organisation asks its members to agree to: nothing else opens before they have answered the version that counts. (GOV-9)"""

import re
import secrets

import pytest

from code_app import csrf_of
from installation import Person, create, installation, observation, patient

ADA = Person("ada@tester.example")
TEXT = "Whoever looks at a record is noted.\n\nNobody uses another person’s password."


@pytest.fixture(scope="module")
def home():
    with installation("agreements") as home:
        way = home.found()
        home.start()
        assert home.set_password(way).status_code == 303
        yield home


@pytest.fixture(scope="module")
def owner(home):
    return home.api(ADA)


@pytest.fixture(scope="module")
def record(owner):
    return create(owner, observation(create(owner, patient())))


@pytest.fixture
def member(home, owner):
    """Somebody new, by the API."""
    email = f"{secrets.token_hex(6)}@tester.example"
    body = {"name": "Ben Tester", "email": email, "roles": ["caregiver"]}
    answer = owner.post(f"{home.url}/api/members", json=body)
    assert answer.status_code == 201, answer.text
    assert home.set_password(answer.json()["link"]).status_code == 303
    return home.api(Person(email))


def agreements(api):
    answer = api.get(f"{api.server.url}/api/agreements")
    assert answer.status_code == 200, answer.text
    return answer.json()


def answer(api, agreement, version, said="accepted", language="en"):
    return api.post(f"{api.server.url}/api/agreements/{agreement}/answers",
                    json={"version": version, "language": language, "answer": said}).status_code


def publish(owner, agreement=None, **more):
    body = {"kind": "terms", "language": "en", "title": "House rules", "text": TEXT} | more
    path = f"/api/agreements/{agreement}/versions" if agreement else "/api/agreements"
    return owner.post(owner.server.url + path, json=body)


def agree_to_everything(api):
    for one in agreements(api):
        if one["is_due"]:
            assert answer(api, one["id"], one["asked_version"]) == 204


@pytest.fixture
def terms(owner):
    """Terms that count, and that the owner has accepted."""
    agree_to_everything(owner)
    made = publish(owner)
    assert made.status_code == 201, made.text
    assert answer(owner, made.json()["id"], 1) == 204
    return made.json()["id"]


def test_nothing_published_stops_nobody(home, owner, record):
    assert agreements(owner) == []
    assert owner.get(f"Observation/{record}").status_code == 200
    with home.client() as client:
        home.sign_in(client, ADA)
        assert "Nothing is asked of you" in client.get("/agreements").text


def test_nobody_passes_before_agreeing_and_everybody_afterwards(terms, member):
    stopped = member.get("Patient")
    assert stopped.status_code == 403
    issue = stopped.json()["issue"][0]
    assert issue["code"] == "forbidden"
    assert "agreement_needed" in issue["diagnostics"] and "/api/agreements" in issue["diagnostics"]
    assert member.get(f"{member.server.url}/api/members").status_code == 403
    agree_to_everything(member)
    assert member.get("Patient").status_code == 200


def test_the_next_version_is_asked_for_and_the_old_one_does_not_do(terms, owner, member):
    agree_to_everything(member)
    second = publish(owner, terms, changes="You are asked before we write to you.", text=TEXT + "\n\nAnd more.")
    assert second.json()["version"] == 2, second.text
    assert member.get("Patient").status_code == 403
    assert answer(member, terms, 1) == 409, "the old one"
    assert member.get("Patient").status_code == 403
    asked = next(one for one in agreements(member) if one["id"] == terms)
    assert asked["asked_version"] == 2 and asked["answered"]["version"] == 1
    assert asked["versions"][-1]["texts"][0]["changes"] == "You are asked before we write to you."
    assert answer(member, terms, 2) == 204
    assert member.get("Patient").status_code == 200


def test_there_is_grace_until_the_day_on_which_it_counts(terms, owner, member):
    agree_to_everything(member)
    assert publish(owner, terms, changes="More.", effective="2027-03-01T00:00:00Z").status_code == 201
    assert member.get("Patient").status_code == 200
    asked = next(one for one in agreements(member) if one["id"] == terms)
    assert not asked["is_due"] and asked["asked_version"] == 2
    assert answer(member, terms, 2) == 204


def test_a_choice_is_answered_by_no_and_taken_back_at_any_time(owner, member):
    agree_to_everything(owner)
    agree_to_everything(member)
    made = publish(owner, kind="consent", title="Write to me").json()["id"]
    assert member.get("Patient").status_code == 403, "yes or no"
    assert answer(member, made, 1, "refused") == 204
    assert member.get("Patient").status_code == 200
    assert answer(member, made, 1, "accepted") == 204
    assert answer(member, made, 1, "withdrawn") == 204
    assert member.get("Patient").status_code == 200
    agree_to_everything(owner)


def test_only_who_may_publishes(terms, home, member):
    agree_to_everything(member)
    assert publish(member).status_code == 404
    assert publish(member, terms, changes="Mine.").status_code == 404
    with home.client() as client:
        home.sign_in(client, member.person)
        assert client.get("/settings/agreements").status_code == 404
        assert client.get(f"/settings/agreements/{terms}").status_code == 404


@pytest.mark.parametrize("changed", [
    {"kind": "law"}, {"language": "English"}, {"title": ""}, {"title": "x" * 201}, {"text": " "}, {"text": "\u0000"},
    {"effective": "soon"}, {"effective": "2001-01-01T00:00:00Z"}, {"effective": "2099-01-01T00:00:00Z"},
])
def test_what_cannot_be_published_is_told(owner, changed):
    agree_to_everything(owner)
    assert publish(owner, **changed).status_code in (400, 422)


@pytest.mark.parametrize("body", [
    {}, {"version": 1, "language": "en", "answer": "maybe"}, {"answer": "accepted"},
])
def test_what_is_no_answer_is_told(owner, terms, body):
    answered = owner.post(f"{owner.server.url}/api/agreements/{terms}/answers", json=body)
    assert answered.status_code == 422


def test_the_pages_lead_to_reading_and_back(terms, home, member):
    with home.client() as client:
        home.sign_in(client, member.person)
        asked = client.get("/patients")
        assert asked.status_code == 303 and asked.headers["location"] == "/agreements?next=/patients"
        for _ in range(30):  # one after the other, if others were published before
            page = client.get(asked.headers["location"])
            assert page.status_code == 200 and "House rules" in page.text and "nothing else" in page.text
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text.partition("<main")[2].partition("</form>")[0]))
            assert set(fields) == {"csrf", "agreement", "version", "language", "next"}
            said = client.post("/agreements", data=fields | {"answer": "accepted"})
            assert said.status_code == 303
            if said.headers["location"] == "/patients":
                break
        else:
            raise AssertionError("it is asked again and again")
        assert client.get("/patients").status_code == 200
        assert "You agreed" in client.get("/agreements").text


def test_whoever_does_not_agree_is_told_what_then(terms, home, owner, member):
    with home.client() as client:
        home.sign_in(client, member.person)
        fields = {"csrf": csrf_of(client.get("/agreements")), "agreement": terms, "version": "1", "language": "en"}
        said = client.post("/agreements", data=fields | {"answer": "refused"})
        page = client.get(said.headers["location"])
        assert "You said no" in page.text and "/leave" in page.text and "a copy of your record" in page.text
        assert client.get("/patients").status_code == 303, "refusing is no passage"
        assert client.get("/account/sessions").status_code == 200, "one's own sign-in stays"
        assert client.get("/leave").status_code == 200
        left = client.post("/leave", data={"csrf": fields["csrf"], "sure": "yes"})
        assert left.status_code == 303 and left.headers["location"] == "/sign-in?bye=1"


def test_an_old_version_is_not_taken_from_a_page_that_lay_open(terms, home, owner, member):
    with home.client() as client:
        home.sign_in(client, member.person)
        csrf = csrf_of(client.get("/agreements"))
        publish(owner, terms, changes="Meanwhile.")
        fields = {"csrf": csrf, "agreement": terms, "version": "1", "language": "en", "answer": "accepted"}
        said = client.post("/agreements", data=fields)
        assert said.status_code == 409 and "Another version was published meanwhile" in said.text
    agree_to_everything(owner)


def test_publishing_by_the_pages_counts_and_asks_again(home, owner, member):
    agree_to_everything(owner)
    with home.client() as client:
        home.sign_in(client, ADA)
        csrf = csrf_of(client.get("/settings/agreements"))
        wrong = client.post("/settings/agreements", data={"csrf": csrf, "kind": "", "language": "en", "title": "", "text": ""})
        assert wrong.status_code == 422 and "Please choose what it is" in wrong.text and "Please enter a title" in wrong.text
        fields = {"csrf": csrf, "kind": "notice", "language": "en", "title": "Your data <here>", "text": TEXT}
        done = client.post("/settings/agreements", data=fields)
        assert done.status_code == 303, done.text
        # The owner is asked, too, and published under what they had agreed to.
        asked = client.get("/settings/agreements")
        assert asked.status_code == 303 and asked.headers["location"].startswith("/agreements")
        agree_to_everything(owner)
        page = client.get("/settings/agreements?done=1")
        assert "Your data &lt;here&gt;" in page.text and "Published" in page.text
        assert re.search(r"1 of \d+ read it, 0 said no", page.text)
        notice = next(one["id"] for one in agreements(owner) if one["versions"][0]["texts"][0]["title"].startswith("Your"))
        address = f"/settings/agreements/{notice}"
        body = {"csrf": csrf, "as": "next", "language": "en", "title": "Your data", "text": TEXT, "changes": ""}
        assert "what changed" in client.post(address, data=body).text, "what changed has to be said"
        hindi = client.post(address, data=body | {"as": "language", "language": "hi", "title": "आपका डेटा"})
        assert hindi.status_code == 303, hindi.text
        assert client.get("/patients").status_code == 200, "another language asks nobody again"
        assert client.post(address, data=body | {"as": "language", "language": "hi"}).status_code == 422, "once"
        assert client.post(address, data=body | {"changes": "Shorter."}).status_code == 303
        assert client.get("/patients").status_code == 303, "the next version does"
    agree_to_everything(owner)
