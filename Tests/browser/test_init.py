"""`carekeep init`: an organisation is founded on the host, and its owner sets a password by a link that works once."""

import re
import uuid

import pytest

from code_app import second_step
from conftest import csrf_of
from installation import PASSWORD, Person, create, installation, patient


@pytest.fixture(scope="module")
def home():
    with installation("init") as home:
        home.first_link = home.found("The Ferrymen", "ada@ferry.example", "Ada Ferryman")
        home.start()
        yield home


@pytest.fixture
def visitor(home):
    with home.client() as client:
        yield client


@pytest.fixture(scope="module")
def spare_link(home):
    """A link that is not used up, for what must be refused."""
    return home.found("The Spares", "sam@spare.example", "Sam Spare")


def organizations(home):
    return int(home.sql("records", "select count(*) from care.organization"))


def test_init_needs_no_running_server_and_prints_one_link(home):
    said = home.said[0]
    assert re.match(r"Organisation [0-9a-f-]{36} is founded\.\n", said)
    assert said.count("https://") == 1 and "once, within 7 days" in said
    assert len(home.first_link.partition("link=")[2]) >= 43, "at least 256 bits"


def test_the_database_holds_a_hash_of_the_link_alone(home):
    secret = home.first_link.partition("link=")[2]
    held = home.sql("records", "select * from care.link")
    assert secret not in held and len(held) > 0


def test_a_forged_form_changes_nothing(home, spare_link, visitor):
    form = visitor.get(spare_link)
    token = re.search(r'name="token" value="([^"]+)"', form.text).group(1)
    fields = {"token": token, "password": PASSWORD, "again": PASSWORD}
    right = csrf_of(form)
    # Without the form's secret, with another's, without the cookie it belongs to, and from another site.
    assert visitor.post("/password", data=fields).status_code == 403
    assert visitor.post("/password", data=fields | {"csrf": right[::-1]}).status_code == 403
    assert visitor.post("/password", data=fields | {"csrf": right}, headers={"Sec-Fetch-Site": "cross-site"}
                        ).status_code == 403
    with home.client() as stranger:
        assert stranger.post("/password", data=fields | {"csrf": right}).status_code == 403
    with pytest.raises(AssertionError):
        home.api(Person("sam@spare.example"))


@pytest.mark.parametrize("password, words", [
    ("", "too short"), ("ab3!xyz", "too short"), ("1234567", "too short"), ("password123", "Many people use"),
    ("PassWord123", "Many people use"), ("12345678", "Many people use"), ("aaaaaaa1", "Many people use"),
    ("correcthorsebatterystaple", "Many people use"), ("aaaaaaaaaaaaaaaaaaaaaaaa", "easy to guess"),
])
def test_a_weak_password_is_refused_in_words_and_the_link_stays_good(home, spare_link, password, words):
    answer = home.set_password(spare_link, password)
    assert answer.status_code == 422 and words in answer.text
    assert not password or password not in answer.text
    # The form is there again: the link was not used up.
    assert csrf_of(answer) and 'name="token"' in answer.text


def test_two_different_passwords_are_refused(home, spare_link):
    answer = home.set_password(spare_link, PASSWORD, again=PASSWORD + "x")
    assert answer.status_code == 422 and "two are different" in answer.text


@pytest.mark.parametrize("password", ["ä" * 600, "a1!b" * 300])
def test_a_password_too_long_to_be_kept_is_refused(home, spare_link, password):
    answer = home.set_password(spare_link, password)
    assert answer.status_code == 422 and "too long" in answer.text


@pytest.mark.parametrize("link", ["", "?link=", "?link=nonsense", "?link=" + "A" * 64, "?link=" + "A" * 10_000])
def test_what_is_no_link_is_gone(home, visitor, link):
    answer = visitor.get("/password" + link)
    if answer.status_code == 200:  # it has the form of a link; whether it is one is said when it is used
        answer = home.set_password("/password" + link, client=visitor)
    assert answer.status_code == 410 and "This link no longer works" in answer.text


def test_a_link_of_another_organisation_s_id_is_gone(home, spare_link):
    first, spare = home.first_link.partition("link=")[2], spare_link.partition("link=")[2]
    assert home.set_password("/password?link=" + first[:21] + spare[21:]).status_code == 410


def test_a_link_that_was_made_too_long_ago_is_gone(home):
    link = home.found("The Latecomers", "lea@late.example", "Lea Late")
    home.sql("records", "update care.link set until = clock_timestamp() - interval '1 second' where used_at is null "
             "and account_id = (select account_id from care.membership order by since desc limit 1)")
    answer = home.set_password(link)
    assert answer.status_code == 410 and "This link no longer works" in answer.text


def test_the_link_works_once_and_then_the_password_does(home, visitor):
    answer = home.set_password(home.first_link)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    again = home.set_password(home.first_link, "another " + PASSWORD)
    assert again.status_code == 410
    assert home.sign_in(visitor, Person("ada@ferry.example", "another " + PASSWORD)).status_code == 401
    assert home.sign_in(visitor, Person("ada@ferry.example")).status_code == 303
    page = visitor.get("/patients")
    assert page.status_code == 200 and "Ada Ferryman" in page.text and "The Ferrymen" in page.text


def test_what_is_kept_of_a_password_is_bcrypt_with_a_salt_of_its_own(home):
    hashes = home.sql("records", "select password_hash from care.account where password_hash is not null").splitlines()
    assert hashes and all(re.fullmatch(r"\$2b\$1[2-9]\$[./A-Za-z0-9]{53}", one) for one in hashes)
    assert len({one[:29] for one in hashes}) == len(hashes)


def passworded(home, name, password):
    email = f"{name}@words.example"
    answer = home.set_password(home.found(f"The {name}s", email, name.title()), password)
    assert answer.status_code == 303, answer.text
    return email


def lets_in(home, email, password):
    with home.client() as client:
        return client.post("/api/session", json={"email": email, "password": password}).status_code == 201


def test_every_byte_of_a_long_password_counts(home):
    """bcrypt itself stops at 72."""
    password = "long words " * 9  # 99 bytes, with a space at the end
    email = passworded(home, "long", password)
    assert lets_in(home, email, password)
    assert not lets_in(home, email, password[:72])
    assert not lets_in(home, email, password[:72] + "!" + password[73:])
    assert not lets_in(home, email, password[:-1])


def test_a_password_is_the_same_on_every_keyboard_and_otherwise_to_the_letter(home):
    composed, decomposed = " Caf\u00e9 \u00e0 la cr\u00e8me \u1e69", " Cafe\u0301 a\u0300 la cre\u0300me s\u0323\u0307"
    email = passworded(home, "uma", composed)
    assert lets_in(home, email, composed) and lets_in(home, email, decomposed)
    assert not lets_in(home, email, composed.strip())
    assert not lets_in(home, email, composed.lower())
    assert not lets_in(home, email, composed.replace("\u00e9", "e"))


def test_an_address_is_the_same_in_capitals(home):
    assert lets_in(home, "Ada@Ferry.EXAMPLE", PASSWORD)


def test_a_second_organisation_sees_nothing_of_the_first(home):
    first = home.api(Person("ada@ferry.example"))
    child = create(first, patient("Ferryman"))
    email = passworded(home, "second", PASSWORD)
    second = home.api(Person(email))
    assert "entry" not in second.get("Patient?name=Ferryman").json()
    assert second.get(f"Patient/{child}").status_code == 404
    assert len(first.get("Patient?name=Ferryman").json()["entry"]) == 1


def join(home, way, email, password, visitor):
    """Fills in the form behind the link of somebody who has an account."""
    form = visitor.get(way)
    assert form.status_code == 200, form.status_code
    fields = {"csrf": csrf_of(form), "token": re.search(r'name="token" value="([^"]+)"', form.text).group(1),
              "email": email, "password": password}
    return visitor.post("/join", data=fields, headers={"Origin": home.url})


def test_whoever_has_an_account_joins_another_organisation_with_its_password(home, visitor):
    way = home.found("The Ferry Clinic", "ada@ferry.example", "Dr Ada Ferryman", profile="clinic")
    assert "has an account already" in home.said[-1]
    organization = re.search(r"Organisation (\S+) is founded", home.said[-1]).group(1)
    there = {"email": "ada@ferry.example", "password": PASSWORD, "organization": organization}
    assert visitor.post("/api/session", json=there).status_code == 401, "not before she has said so"
    assert "Join The Ferry Clinic?" in visitor.get(way).text
    for email, password in (("ada@ferry.example", "wrong " + PASSWORD), ("second@ferry.example", PASSWORD)):
        answer = join(home, way, email, password, visitor)
        assert answer.status_code == 401 and "link is not for that email address" in answer.text
        assert password not in answer.text
    answer = join(home, way, "ada@ferry.example", PASSWORD, visitor)
    assert answer.status_code == 303 and answer.headers["location"] == "/patients"
    second_step(home, visitor, Person("ada@ferry.example"))
    assert "The Ferry Clinic" in visitor.get("/patients").text
    assert visitor.get(way).status_code == 410, "once"
    assert visitor.post("/api/session", json=there).status_code == 401, "an owner of a clinic needs a code"
    token = visitor.post("/api/session", json=there | {"code": home.code(Person("ada@ferry.example"))}).json()["token"]
    found = visitor.get("/fhir/Patient?name=Ferryman", headers={"Authorization": f"Bearer {token}"})
    assert found.status_code == 200 and "entry" not in found.json()


def test_whoever_opens_an_account_with_anothers_address_does_not_get_into_where_that_one_is_invited(home, visitor):
    """An owner adds a nurse's address and keeps the link; later the clinic where she works adds her."""
    mallory = home.api(Person(passworded(home, "mallory", PASSWORD)))
    nurse = {"name": "Nell Nurse", "email": "nell@nurse.example", "roles": ["member"]}
    taken = mallory.post(f"{home.url}/api/members", json=nurse).json()
    assert taken["purpose"] == "set-password"
    assert home.set_password(taken["link"]).status_code == 303
    clinic = home.api(Person("ada@ferry.example"))
    invited = clinic.post(f"{home.url}/api/members", json=nurse).json()
    assert invited["purpose"] == "join"
    listed = {one["name"]: one["active"] for one in clinic.get(f"{home.url}/api/members").json()}
    assert listed["Nell Nurse"] is False
    organizations = home.sql("records", "select organization_id from care.membership where since = 'infinity'").split()
    assert len(organizations) == 1
    there = {"email": "nell@nurse.example", "password": PASSWORD, "organization": organizations[0]}
    assert visitor.post("/api/session", json=there).status_code == 401
    assert visitor.post("/api/session", json=there | {"organization": None}).status_code in (401, 422)
    # Who has the clinic's link besides gets in: that one is Nell.
    assert join(home, invited["link"], "nell@nurse.example", PASSWORD, visitor).status_code == 303
    assert visitor.post("/api/session", json=there).status_code == 201


def test_the_operator_makes_a_new_link_for_whoever_forgot(home, visitor):
    email = passworded(home, "forgetful", PASSWORD)
    first = home.command("link", "--email", email)
    done = home.command("link", "--email", email.upper())
    assert done.returncode == 0 and "set a password here, once" in done.stdout
    stale, fresh = (re.search(r"(/password\?link=\S+)", one.stdout).group(1) for one in (first, done))
    assert visitor.get(stale).status_code == 410, "the newer one ends it"
    assert lets_in(home, email, PASSWORD)
    signed_in = home.api(Person(email))
    assert home.set_password(fresh, "remembered this time 7").status_code == 303
    assert not lets_in(home, email, PASSWORD) and lets_in(home, email, "remembered this time 7")
    assert signed_in.get("Patient?name=someone").status_code == 401, "sessions end with the password"
    told = home.sql("records", "select act, granted from care.entry where act = 'link.renew'").splitlines()
    assert told == ["link.renew|t"] * 2
    for arguments in (("--email", "nobody@ferry.example"), ("--email", email, "--organization", str(uuid.uuid4()))):
        refused = home.command("link", *arguments)
        assert refused.returncode == 64 and "Nobody belongs here by that address" in refused.stderr
    refused = home.command("link", "--email", email, "--organization", "mine")
    assert refused.returncode == 64 and "must be the id of an organisation" in refused.stderr


GOOD = {"--name": "N", "--profile": "family", "--country": "GB", "--owner": "O", "--email": "o@n.example"}


@pytest.mark.parametrize("wrong, words", [
    ({"--profile": "hospital"}, "family, clinic or operations"), ({"--country": "gb"}, "two capital letters"),
    ({"--country": "GBR"}, "two capital letters"), ({"--time-zone": "Mars/Olympus"}, "time zone database"),
    ({"--email": "nobody"}, "e-mail address"), ({"--name": ""}, "must not be empty"), ({"--owner": ""}, "must not be empty"),
])
def test_what_is_wrong_on_the_command_line_is_said_and_nothing_is_founded(home, wrong, words):
    before = organizations(home)
    done = home.command("init", *[one for pair in (GOOD | wrong).items() for one in pair])
    assert done.returncode == 64 and words in done.stderr
    assert organizations(home) == before
