"""An organisation in numbers: for those who are permitted to see them, with nothing in them that is one person's. (ROL-4)"""

import re
import secrets

import pytest

from code_app import csrf_of
from installation import Person, create, installation, observation, patient

ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def home():
    with installation("overview") as home:
        way = home.found()
        home.start()
        assert home.set_password(way).status_code == 303
        yield home


@pytest.fixture(scope="module")
def owner(home):
    return home.api(ADA)


@pytest.fixture(autouse=True)
def uncounted(home):
    yield
    home.sql("records", "delete from care.overview_cell; delete from care.overview")


def somebody(home, owner, role):
    person = Person(f"{secrets.token_hex(6)}@tester.example")
    answer = owner.post(f"{home.url}/api/members", json={"name": "Ben Tester", "email": person.email, "roles": [role]})
    assert answer.status_code == 201, answer.text
    assert home.set_password(answer.json()["link"]).status_code == 303
    return person


def shown(answer, subject, line=""):
    return [cell["shown"] for cell in answer.json()["cells"] if (cell["subject"], cell["line"]) == (subject, line)]


def test_few_people_are_no_number_and_many_are_one_in_fives(home, owner):
    address = f"{home.url}/api/overview"
    assert owner.get(address).status_code == 404, "nothing was counted yet"
    create(owner, observation(create(owner, patient())))
    assert owner.post(address).status_code == 201
    few = owner.get(address)
    assert few.status_code == 200 and few.json()["smallest"] == 10
    assert all(cell["shown"] is None for cell in few.json()["cells"]), "of one person nothing is told"

    again = owner.post(address)
    assert again.status_code == 429 and "overview_is_too_soon" in again.text
    home.sql("records", "update care.overview set taken_at = taken_at - interval '8 days'")
    alike = owner.post(address)
    assert alike.status_code == 409 and "overview_is_too_alike" in alike.text, "one person more is no new number"

    for number in range(22):
        about = create(owner, patient(given=f"Ida{number}"))
        if number < 12:
            create(owner, observation(about))
    assert owner.post(address).status_code == 201
    many = owner.get(address)
    assert shown(many, "people") == [25]
    assert shown(many, "kind", "Observation") == [15]
    assert shown(many, "kind", "Immunization") == [None]
    assert all(one is None or one >= 10 and one % 5 == 0 for one in (cell["shown"] for cell in many.json()["cells"]))
    assert "Testperson" not in many.text and "Ida" not in many.text


def test_the_page_is_linked_and_says_why_a_number_is_not_shown(home, owner):
    with home.client(headers={"Origin": home.url}) as client:
        home.sign_in(client, ADA)
        page = client.get("/overview")
        assert page.status_code == 200 and "Nothing was counted yet" in page.text
        assert '<a href="/overview"' in client.get("/settings").text
        sent = client.post("/overview", data={"csrf": csrf_of(page)})
        assert sent.status_code == 303 and sent.headers["location"] == "/overview"
        page = client.get("/overview")
        text = re.sub(r"\s+", " ", page.text)
        assert "Why is a number not shown?" in text and "Too few people for any number" in text
        again = client.post("/overview", data={"csrf": csrf_of(page)})
        assert again.status_code == 429 and "only a few days ago" in again.text
        assert client.post("/overview", data={"csrf": "wrong"}).status_code == 403
        assert "Took an overview in numbers" in client.get("/account/activity").text


@pytest.mark.parametrize("role, reads, takes", [
    ("caregiver", 404, 404), ("member", 404, 404), ("admin", 200, 429), ("data-governance-officer", 200, 429),
    ("privacy-officer", 404, 404), ("researcher", 404, 404)])
def test_only_those_who_are_permitted_see_numbers(home, owner, role, reads, takes):
    address = f"{home.url}/api/overview"
    person = somebody(home, owner, role)
    assert owner.post(address).status_code == 201
    theirs = home.api(person)
    assert theirs.get(address).status_code == reads
    assert theirs.post(address).status_code == takes
    with home.client() as client:
        home.sign_in(client, person)
        assert client.get("/overview").status_code == reads
        assert ('<a href="/overview"' in client.get("/settings").text) == (reads == 200)
