"""Changing one's password and address, and the way back in by mail. (ACC-2)"""

import re
import secrets

import pytest

from conftest import csrf_of
from installation import PASSWORD, Person, eventually, installation
from mailbox import Mailbox, certificate, link_in

ADA = Person("ada@tester.example")
NEW = "nine herons by the weir"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Mailbox(certificate(tmp_path_factory.mktemp("mail")))
    yield box
    box.close()


@pytest.fixture(scope="module")
def home(box):
    with installation("account") as home:
        home.settings = {"mail": {"host": "127.0.0.1", "port": box.port, "from": "carekeep@tester.example",
                                  "authority_file": str(box.certificate / "certificate.pem")}}
        home.configure()
        link = home.found()
        home.start()
        home.set_password(link)
        with home.api(ADA) as api:
            home.owner = api
            yield home


@pytest.fixture
def mail(box, home):
    home.sql("records", "delete from care.job where kind = 'mail.send'; delete from care.letter")
    box.forget()
    yield box.open()
    box.close()


@pytest.fixture
def somebody(home, mail):
    """Somebody new with a password, about whom no letter is on its way."""
    person = Person(f"{secrets.token_hex(6)}@tester.example")
    body = {"name": "Nomvula Dube", "email": person.email, "roles": ["caregiver"]}
    assert home.owner.post(f"{home.url}/api/members", json=body).status_code == 201
    letter = letter_to(mail, person.email, "Your way into Carekeep")
    assert home.set_password(link_in(letter)).status_code == 303
    letter_to(mail, person.email, "Your Carekeep password was changed")
    return person


def letter_to(mail, email, subject):
    """The last letter to somebody about something, once there is one."""
    def find():
        return [one for one in mail.to(email) if one["Subject"] == subject]

    assert eventually(find), [one["Subject"] for one in mail.to(email)]
    return find()[-1]


def post(home, client, way, form=None, **fields):
    """Fills in the form at an address, as a browser does."""
    page = client.get(form or way)
    assert page.status_code == 200, page.status_code
    return client.post(way, data={"csrf": csrf_of(page)} | fields, headers={"Origin": home.url})


def may_sign_in(home, email, password):
    with home.client() as client:
        status = client.post("/api/session", json={"email": email, "password": password}).status_code
    assert status in (201, 401)
    return status == 201


def error_of(page, field):
    found = re.search(rf'<p class="error" id="{field}-error">([^<]+)</p>', page.text)
    assert found and f'aria-describedby="{field}-error' in page.text, "the error is told with its field"
    return found.group(1)


# One's own password

def test_a_password_is_changed_by_whoever_knows_the_old_one(home, mail, somebody):
    with home.client() as here, home.client() as there, home.api(somebody) as api:
        for client in (here, there):
            assert home.sign_in(client, somebody).status_code == 303
        assert api.get("Patient").status_code == 200
        answer = post(home, here, "/account/password", old=PASSWORD, password=NEW, again=NEW)
        assert answer.status_code == 303 and answer.headers["location"] == "/account?done=password"
        assert "Your password is changed" in here.get(answer.headers["location"]).text, "this session goes on"
        assert there.get("/patients").status_code == 303, "every other one ends"
        assert api.get("Patient").status_code == 401
    assert may_sign_in(home, somebody.email, NEW) and not may_sign_in(home, somebody.email, PASSWORD)
    text = letter_to(mail, somebody.email, "Your Carekeep password was changed").get_content()
    assert NEW not in text and "link=" not in text


def test_what_is_wrong_with_it_is_told_by_field(home, mail, somebody):
    with home.client() as client:
        home.sign_in(client, somebody)
        for field, fields, words in [
            ("old", {"old": "another one entirely", "password": NEW, "again": NEW}, "not your password"),
            ("old", {"old": "", "password": NEW, "again": NEW}, "not your password"),
            ("again", {"old": PASSWORD, "password": NEW, "again": NEW + "x"}, "different"),
            ("password", {"old": PASSWORD, "password": "short", "again": "short"}, "too short"),
            ("password", {"old": PASSWORD, "password": "Dragon2026!", "again": "Dragon2026!"}, "Many people"),
            ("password", {"old": PASSWORD, "password": "Nomvula-1", "again": "Nomvula-1"}, "your name"),
            ("password", {"old": PASSWORD, "password": "The Testers!", "again": "The Testers!"}, "name of this place"),
        ]:
            answer = post(home, client, "/account/password", **fields)
            assert answer.status_code == 422 and words in error_of(answer, field)
        assert client.get("/patients").status_code == 200
    assert may_sign_in(home, somebody.email, PASSWORD)


def test_changing_needs_the_forms_secret_and_a_session(home, somebody):
    with home.client() as client:
        fields = {"old": PASSWORD, "password": NEW, "again": NEW}
        assert client.post("/account/password", data=fields).status_code == 303
        home.sign_in(client, somebody)
        assert client.post("/account/password", data=fields).status_code == 403
        assert client.post("/account/address", data={"email": "x@y.example", "password": PASSWORD}).status_code == 403
    assert may_sign_in(home, somebody.email, PASSWORD)


# Forgotten

def test_a_forgotten_password_is_set_anew_by_a_letter(home, mail, somebody):
    with home.client() as there, home.client() as client:
        home.sign_in(there, somebody)
        assert "an email with a link" in post(home, client, "/forgot", email=somebody.email).text
        way = link_in(letter_to(mail, somebody.email, "A new password for your Carekeep account"))
        page = client.get(way)
        assert f'value="{somebody.email}"' in page.text, "a password store knows whose it is"
        assert home.set_password(way, NEW).status_code == 303
        assert there.get("/patients").status_code == 303
    assert may_sign_in(home, somebody.email, NEW) and not may_sign_in(home, somebody.email, PASSWORD)
    assert home.set_password(way, PASSWORD).status_code == 410
    letter_to(mail, somebody.email, "Your Carekeep password was changed")


def test_the_link_works_for_half_an_hour(home, mail, somebody):
    with home.client() as client:
        post(home, client, "/forgot", email=somebody.email)
        way = link_in(letter_to(mail, somebody.email, "A new password for your Carekeep account"))
        home.sql("records", "update care.guard set clock_offset = '31 minutes'")
        try:
            assert client.get(way).status_code == 410
        finally:
            home.sql("records", "update care.guard set clock_offset = '0'")
        assert client.get(way).status_code == 200


def test_whether_there_is_an_account_is_told_to_nobody(home, mail, somebody):
    def ask(email):
        with home.client() as client:
            page = client.get("/forgot")
            answer = client.post("/forgot", data={"csrf": csrf_of(page), "email": email}, headers={"Origin": home.url})
            return answer.status_code, answer.text, sorted(answer.headers.keys())

    def rows(table):
        return int(home.sql("records", f"select count(*) from care.{table}"))

    home.sql("records", "update care.job set run_at = now() + interval '5 minutes' where kind = 'mail.send'")
    asked = []
    for email in (somebody.email, "nobody@elsewhere.example"):
        before = [rows("letter"), rows("job"), rows("link")]
        answer = ask(email)
        asked.append((answer, [after - one for after, one in zip([rows("letter"), rows("job")], before)]))
    assert asked[0][0] == asked[1][0]
    assert asked[0][1] == asked[1][1] == [1, 1], "the same rows are written"
    assert eventually(lambda: "expired" in home.sql("records", "select state from care.letter"))
    letter_to(mail, somebody.email, "A new password for your Carekeep account")
    assert mail.to("nobody@elsewhere.example") == []
    entries = home.sql("records", "select count(*), count(account_id) from care.entry where act = 'link.ask'")
    assert entries.split("|")[1] == "0", "the trail does not say for whom"


def test_three_letters_an_hour_and_no_more(home, mail, somebody):
    with home.client() as client:
        for _ in range(5):
            assert post(home, client, "/forgot", email=somebody.email).status_code == 200
    assert eventually(lambda: home.sql("records", "select count(*) from care.letter where state = 'waiting'") == "0")
    letters = [one for one in mail.to(somebody.email) if one["Subject"] == "A new password for your Carekeep account"]
    assert len(letters) == 3


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x" * 300 + "@y.example"])
def test_what_is_no_address_is_said_to_be_none(home, email):
    with home.client() as client:
        answer = post(home, client, "/forgot", email=email)
        assert answer.status_code == 422 and "name@example.org" in error_of(answer, "email")


# Another address

def test_another_address_counts_once_its_letter_is_answered(home, mail, somebody):
    new = f"{secrets.token_hex(6)}@tester.example"
    with home.client() as client:
        home.sign_in(client, somebody)
        answer = post(home, client, "/account/address", email=new, password=PASSWORD)
        assert answer.status_code == 303
        assert "on its way to the new address" in client.get(answer.headers["location"]).text
        way = link_in(letter_to(mail, new, "Confirm your address for Carekeep"))
        assert way.startswith("/address?link=")
    assert may_sign_in(home, somebody.email, PASSWORD) and not may_sign_in(home, new, PASSWORD)
    with home.client() as visitor:
        assert visitor.get(way).status_code == 200, "opening the link changes nothing: mail programs open links"
        assert may_sign_in(home, somebody.email, PASSWORD)
        token = way.split("=")[1]
        answer = post(home, visitor, "/address", form=way, token=token)
        assert answer.headers["location"] == "/sign-in?moved=1"
        assert visitor.get(way).status_code == 410
    assert may_sign_in(home, new, PASSWORD) and not may_sign_in(home, somebody.email, PASSWORD)
    assert new not in letter_to(mail, somebody.email, "You sign in to Carekeep by another address now").get_content()


def test_an_address_that_is_somebody_elses_is_not_told_and_not_given(home, mail, somebody):
    with home.client() as client:
        home.sign_in(client, somebody)
        answer = post(home, client, "/account/address", email=ADA.email, password=PASSWORD)
        assert answer.headers["location"] == "/account?done=address", "the same answer"
        way = link_in(letter_to(mail, ADA.email, "Confirm your address for Carekeep"))
        answer = post(home, client, "/address", form=way, token=way.split("=")[1])
    # The visitor's form is refused for a signed-in browser's cookies no differently.
    assert answer.status_code == 410
    assert may_sign_in(home, ADA.email, PASSWORD) and may_sign_in(home, somebody.email, PASSWORD)


@pytest.mark.parametrize("email", ["nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example", "\u00e4@b.example"])
def test_another_address_is_one_that_can_be_written_to(home, mail, somebody, email):
    with home.client() as client:
        home.sign_in(client, somebody)
        answer = post(home, client, "/account/address", email=email, password=PASSWORD)
        assert answer.status_code == 422 and "name@example.org" in error_of(answer, "email")
        answer = post(home, client, "/account/address", email="x@tester.example", password="another one entirely")
        assert answer.status_code == 422 and "not your password" in error_of(answer, "password")
    assert home.sql("records", "select count(*) from care.letter where template = 'verify-address'") == "0"


# Without mail

def test_without_mail_there_is_nothing_to_ask_for(client, sign_in, people):
    assert "ask whoever runs this Carekeep" in client.get("/forgot").text
    fields = {"csrf": csrf_of(client.get("/sign-in")), "email": people.parent.email}
    assert "ask whoever runs this Carekeep" in client.post("/forgot", data=fields).text
    sign_in(people.parent)
    assert client.get("/account").status_code == 200 and "/account/address" not in client.get("/account").text
    assert client.get("/account/address").status_code == 404
