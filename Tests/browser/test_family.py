"""Families: what of a child's record somebody is let in to."""

import base64
import re
from datetime import date, timedelta

import pytest

from code_app import csrf_of
from installation import Person, create, installation, observation, patient

ADA, IMANI = Person("ada@tester.example"), Person("imani@clinic.example")


def condition(subject, text):
    return {"resourceType": "Condition", "code": {"text": text}, "subject": {"reference": f"Patient/{subject}"}}


@pytest.fixture(scope="module")
def home():
    with installation("family") as home:
        link = home.found()
        home.start()
        assert home.set_password(link).status_code == 303
        doctor = {"name": "Imani Bello", "email": IMANI.email, "roles": ["clinician"]}
        answer = home.api(ADA).post(f"{home.url}/api/members", json=doctor)
        assert home.set_password(answer.json()["link"]).status_code == 303
        yield home


@pytest.fixture
def child(home):
    """A child with a measurement and a diagnosis."""
    api = home.api(ADA)
    id = create(api, patient())
    return id, create(api, observation(id, "Hops on one leg")), create(api, condition(id, "Sore shin"))


def share(home, child, **seen):
    """Ada shares by the form, with these boxes ticked."""
    page = f"/patients/{child}/sharing"
    with home.client() as client:
        home.sign_in(client, ADA)
        form = client.get(page)
        clinician = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>Imani', form.text).group(1)
        fields = {"csrf": csrf_of(form), "clinician": clinician, "purpose": "treatment",
                  "until": (date.today() + timedelta(days=9)).isoformat()}
        answer = client.post(page, data=fields | {f"see-{one}": "yes" for one in seen})
        return answer, client.get(page).text


def test_a_share_of_some_kinds_opens_those_and_no_others(home, child):
    id, measured, diagnosed = child
    answer, page = share(home, id, results=True)
    assert answer.status_code == 303 and "sees results" in page
    doctor = home.api(IMANI)
    assert doctor.get(f"Observation/{measured}").status_code == 200
    assert doctor.get(f"Patient/{id}").status_code == 200, "who it is about is always seen"
    hidden = doctor.get(f"Condition/{diagnosed}")
    nothing = doctor.get("Condition/nobody-has-this")
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.text.replace(diagnosed, "") == nothing.text.replace("nobody-has-this", "")
    found = doctor.get(f"Condition?patient={id}").json()
    assert found.get("total", 0) == 0 and "Sore shin" not in str(found)
    everything = doctor.get(f"Patient/{id}/$everything").text
    assert "Hops on one leg" in everything and "Sore shin" not in everything
    history = doctor.get(f"Patient/{id}/_history").text
    assert "Sore shin" not in history
    with home.client() as client:
        home.sign_in(client, IMANI)
        timeline = client.get(f"/patients/{id}").text
        assert "Hops on one leg" in timeline and "Sore shin" not in timeline
        assert "You see a part of this record: results" in timeline
        assert client.get(f"/patients/{id}/records/Condition.{diagnosed}").status_code == 404
        assert client.get(f"/patients/{id}/records/Observation.{measured}").status_code == 200


def test_a_share_of_everything_opens_everything(home, child):
    id, measured, diagnosed = child
    boxes = ["visits", "medicines", "vaccines", "results", "health", "documents", "bills", "rest"]
    answer, page = share(home, id, **dict.fromkeys(boxes))
    assert answer.status_code == 303 and "sees" not in page.split('class="readers"')[1].split("</ul>")[0]
    doctor = home.api(IMANI)
    for record in (f"Observation/{measured}", f"Condition/{diagnosed}"):
        assert doctor.get(record).status_code == 200


def test_a_share_of_nothing_is_no_share(home, child):
    answer, page = share(home, child[0])
    assert answer.status_code == 422 and "tick at least one kind" in answer.text
    assert "Stop sharing" not in page
    assert home.api(IMANI).get(f"Patient/{child[0]}").status_code == 404


# Carers

KIM, NAN = Person("kim@tester.example"), Person("nan@elsewhere.example")
BOXES = ["visits", "medicines", "vaccines", "results", "health", "documents", "bills", "rest"]


def ask(home, child, name="Kim", email=KIM.email, basis="agreement", may="carer", until="", seen=BOXES, person=ADA):
    """Somebody is asked to be a carer, by the form."""
    page = f"/patients/{child}/carers"
    with home.client() as client:
        home.sign_in(client, person)
        fields = {"csrf": csrf_of(client.get(page)), "name": name, "email": email, "basis": basis, "may": may, "until": until}
        return client.post(page, data=fields | {f"see-{one}": "yes" for one in seen})


def link_in(answer):
    """The way that the link on a page leads."""
    assert answer.status_code == 200, answer.text
    return re.search(r"(/password\?link=[^<\s]+)", answer.text).group(1)


def accept(home, way, person):
    """Somebody new accepts, by choosing a password; how that was answered."""
    return home.set_password(way, person.password)


def let_out(home, child, person=ADA):
    """Everybody who was asked in is let out again."""
    page = f"/patients/{child}/carers"
    with home.client() as client:
        home.sign_in(client, person)
        for reach in re.findall(r'name="reach" value="([^"]+)"', client.get(page).text):
            assert client.post(f"{page}/end", data={"csrf": csrf_of(client.get(page)), "reach": reach}).status_code == 303
        return client.get(page).text


def test_whoever_is_asked_reads_what_before_accepting(home, child):
    id, measured, diagnosed = child
    way = link_in(ask(home, id, basis="helping-out", may="carer-reading", until=date.today().isoformat(), seen=["results"]))
    with home.client() as client:
        page = client.get(way)
    for said in ("Ada Tester", "Helping out for a while", "Some kinds of entry: results", "Read</dd>", "No, thank you",
                 "Accept by choosing a password"):
        assert said in page.text, said
    assert "Sore shin" not in page.text and "Testperson" not in page.text, "a first name, and nothing of the record"
    assert accept(home, way, KIM).status_code == 303
    kim = home.api(KIM)
    assert kim.get(f"Observation/{measured}").status_code == 200
    assert kim.get(f"Condition/{diagnosed}").status_code == 404
    assert kim.create(observation(id, "A word of Kim's")).status_code == 404, "whoever reads enters nothing"
    assert accept(home, way, KIM).status_code != 303, "the link works once"
    page = let_out(home, id)
    assert "helping out for a while" not in page.split("<form")[0]
    assert kim.get(f"Observation/{measured}").status_code == 404
    with home.client() as client:
        home.sign_in(client, ADA)
        looks = client.get(f"/patients/{id}/looks").text
        assert "accepted the invitation to this record" in looks
        assert "asked somebody to look after this record, too" in looks


def test_a_carer_enters_and_cannot_ask_others_or_share(home, child):
    id, measured, _ = child
    way = link_in(ask(home, id))
    with home.client() as client:
        token = re.search(r'name="token" value="([^"]+)"', client.get(way).text).group(1)
        join = client.get(way)
        fields = {"csrf": csrf_of(join), "token": token, "email": KIM.email, "password": KIM.password}
        assert "Accept" in join.text and client.post("/join", data=fields | {"password": "another"}).status_code == 401
        assert client.post("/join", data=fields).status_code == 303
        assert client.post("/join", data=fields).status_code != 303, "the link works once"
        for page in ("carers", "sharing", "looks"):
            assert client.get(f"/patients/{id}/{page}").status_code == 404
        assert client.get(f"/patients/{id}").status_code == 200
    assert home.api(KIM).create(observation(id, "Kim noticed a limp")).status_code == 201
    assert ask(home, id, person=KIM).status_code == 404
    assert ask(home, id).status_code == 422, "who looks after the record already"
    let_out(home, id)


def test_an_invitation_is_taken_back_and_declined(home, child):
    id = child[0]
    page = f"/patients/{id}/carers"
    way = link_in(ask(home, id, "Nan", "nan@tester.example"))
    with home.client() as client:
        home.sign_in(client, ADA)
        waits = client.get(page)
        assert "Asked, and not answered yet" in waits.text
        invitation = re.search(r'name="invitation" value="([^"]+)"', waits.text).group(1)
        fields = {"csrf": csrf_of(waits), "invitation": invitation}
        assert client.post(f"{page}/withdraw", data=fields).status_code == 303
        assert client.post(f"{page}/withdraw", data=fields).status_code == 404
        assert "Asked, and not answered yet" not in client.get(page).text
    with home.client() as client:
        assert client.get(way).status_code == 410 and "Accept" not in client.get(way).text
    way = link_in(ask(home, id, "Nan", "nan@tester.example"))
    with home.client() as client:
        form = client.get(way)
        fields = {"csrf": csrf_of(form), "token": re.search(r'name="token" value="([^"]+)"', form.text).group(1)}
        assert "You said no" in client.post("/invitation/decline", data=fields).text
        assert client.post("/invitation/decline", data=fields).status_code == 410
    assert home.set_password(way).status_code == 410
    assert "carer.decline" in home.sql("records", "select distinct act from care.entry where patient_id is not null")


def test_an_invitation_opens_nothing_in_another_organisation(home, child):
    way = link_in(ask(home, child[0], "Olu", "olu@tester.example"))
    other = home.found("The others", "oona@other.example", "Oona Other")
    assert home.set_password(other).status_code == 303
    bytes = base64.urlsafe_b64decode(way.split("link=")[1])
    theirs = base64.urlsafe_b64decode(other.split("link=")[1])
    assert bytes[:16] != theirs[:16]
    swapped = base64.urlsafe_b64encode(theirs[:16] + bytes[16:]).decode()
    with home.client() as client:
        assert client.get(f"/password?link={swapped}").status_code == 410
        assert "Accept" in client.get(way).text


def test_what_makes_no_sense_is_said_at_its_field(home, child):
    answer = ask(home, child[0], name="", email="nowhere", basis="", may="guardian", until="2020-01-01", seen=["results"])
    assert answer.status_code == 422
    for said in ("Please enter their name", "Please enter an email address", "Please choose on what basis",
                 "Please choose a day from today on"):
        assert said in answer.text, said
    assert "sees the whole record" in ask(home, child[0], may="guardian", seen=["results"]).text
    assert "or it would be to yourself" in ask(home, child[0], email=ADA.email).text


# Pausing

def pause(home, child, name, person=ADA, **fields):
    """Somebody is paused by the page; how that was answered."""
    page = f"/patients/{child}/carers"
    with home.client() as client:
        home.sign_in(client, person)
        listed = client.get(page).text
        account = re.search(rf'/carers/([0-9a-f-]{{36}})/pause">Pause<span class="hidden"> {name}', listed).group(1)
        form = client.get(f"{page}/{account}/pause")
        ask = re.search(r'<option value="([0-9a-f-]{36})"[^>]*>Ada Tester', form.text).group(1)
        sent = {"csrf": csrf_of(form), "reason": "Something that Kim must not read", "ask": ask} | fields
        return client.post(f"{page}/{account}/pause", data=sent)


def test_who_is_paused_is_out_at_once_and_told_so_without_the_reason(home, child):
    id, measured, _ = child
    way = link_in(ask(home, id))
    kim = home.api(KIM)
    with home.client() as client:
        token = re.search(r'name="token" value="([^"]+)"', client.get(way).text).group(1)
        fields = {"csrf": csrf_of(client.get(way)), "token": token, "email": KIM.email, "password": KIM.password}
        assert client.post("/join", data=fields).status_code == 303
        assert client.get(f"/patients/{id}").status_code == 200 and kim.get(f"Observation/{measured}").status_code == 200
        assert pause(home, id, "Kim", reason="").status_code == 422
        assert pause(home, id, "Kim").status_code == 303
        assert kim.get(f"Observation/{measured}").status_code == 404
        assert client.get(f"/patients/{id}").status_code == 404
        told = client.get("/patients").text
        assert "record is paused since" in told and "please ask" in told and "Ada Tester" in told
        assert "must not read" not in told
        with home.client() as ada:
            home.sign_in(ada, ADA)
            page = ada.get(f"/patients/{id}/carers")
            assert "Something that Kim must not read" in page.text and "Kim</bdi></strong>, paused" in page.text
            fields = {"csrf": csrf_of(page), "pause": re.search(r'name="pause" value="([^"]+)"', page.text).group(1)}
            assert ada.post(f"/patients/{id}/carers/resume", data=fields).status_code == 303
            assert ada.post(f"/patients/{id}/carers/resume", data=fields).status_code == 404
            looks = ada.get(f"/patients/{id}/looks").text
            assert "paused somebody’s access to this record" in looks and "let somebody in to this record again" in looks
        assert client.get(f"/patients/{id}").status_code == 200 and kim.get(f"Observation/{measured}").status_code == 200
        assert "paused" not in client.get("/patients").text
    dump = home.sql("records", "select encode(sealed_reason, 'escape') from care.pause")
    assert dump and "must not read" not in dump, "the reason is sealed"
    let_out(home, id)


# Growing up

def test_what_changes_is_told_in_the_same_words_to_whoever_opens_the_record(home, child):
    id = child[0]
    answer, _ = share(home, id, results=True)
    assert answer.status_code == 303
    told = []
    for person in (ADA, IMANI):
        with home.client() as client:
            home.sign_in(client, person)
            page = client.get(f"/patients/{id}/growing-up")
            assert page.status_code == 200
            told.append(page.text.split('class="lead"')[1].split("<footer")[0])
    assert told[0] == told[1]
    assert "11 years: Friday 28 March 2025" in told[0] and "This day has come" in told[0]
    assert "16 years: Thursday 28 March 2030" in told[0] and "from Friday 28 December 2029" in told[0]
    with home.client() as client:
        home.sign_in(client, ADA)
        assert f"/patients/{id}/growing-up" in client.get(f"/patients/{id}/carers").text
        assert client.get("/patients/nobody/growing-up").status_code == 404


def born(years, days=0):
    """The birth date of somebody who is that many years old in so many days."""
    day = date.today() + timedelta(days=days)
    return (day.replace(year=day.year - years) if (day.month, day.day) != (2, 29) else date(day.year - years, 3, 1)).isoformat()


@pytest.fixture(scope="module")
def days_begin_in_utc(home):
    """So that today is the same day for the tests and for the server."""
    home.sql("records", "update care.organization set time_zone = 'UTC'")


def own_account(home, child, email, person=ADA):
    """Somebody is asked to have an account of their own, by the page."""
    page = f"/patients/{child}/own-account"
    with home.client() as client:
        home.sign_in(client, person)
        return client.post(page, data={"csrf": csrf_of(client.get(page)), "email": email})


def own_words(page):
    """What an account of one's own means, as a page says it."""
    return re.search(r'aria-labelledby="own">.*?</section>', page, re.DOTALL).group(0)


def test_a_child_has_an_account_of_their_own_and_both_read_the_same(home, days_begin_in_utc):
    api = home.api(ADA)
    id = create(api, patient(birthDate=born(13)))
    measured = create(api, observation(id, "Hops on one leg"))
    teen = Person("teen@tester.example")
    answer = own_account(home, id, teen.email)
    way = link_in(answer)
    with home.client() as client:
        asked = client.get(way).text
    assert "asks you to have an account of your own" in asked and own_words(asked) == own_words(answer.text)
    decides = own_words(asked)
    assert "decides who sees it" in decides
    assert accept(home, way, teen).status_code == 303
    mine = home.api(teen)
    assert mine.get(f"Observation/{measured}").status_code == 200
    assert mine.create(observation(id, "My own words")).status_code == 201
    told = []
    for person in (teen, ADA):
        with home.client() as client:
            home.sign_in(client, person)
            page = client.get(f"/patients/{id}/growing-up").text
            assert own_words(page) == decides
            told.append(page.split('class="lead"')[1].split("<footer")[0])
            assert client.get(f"/patients/{id}/looks").status_code == 200
            carers = client.get(f"/patients/{id}/carers").text
            assert "it is their own record" in carers and "until" in carers and "Let <bdi>" not in carers
    assert told[0] == told[1]
    assert own_account(home, id, "second@tester.example").status_code == 422
    assert api.get(f"Observation/{measured}").status_code == 200, "until the birthday, who keeps the record goes on"


def test_there_is_no_account_before_the_age_that_the_country_names(home, days_begin_in_utc):
    api = home.api(ADA)
    with home.client() as client:
        home.sign_in(client, ADA)
        for birth_date, said in ((born(12, days=1), "There can be an account from"), ("2014-03", "not entered to the day")):
            id = create(api, patient(birthDate=birth_date))
            page = client.get(f"/patients/{id}/own-account")
            assert said in page.text and 'name="email"' not in page.text
            refused = client.post(f"/patients/{id}/own-account", data={"csrf": csrf_of(page), "email": "kid@tester.example"})
            assert refused.status_code == 422 and "too young" in refused.text
        id = create(api, patient(birthDate=born(12)))
        page = client.get(f"/patients/{id}/own-account")
        assert 'name="email"' in page.text
        wrong = client.post(f"/patients/{id}/own-account", data={"csrf": csrf_of(page), "email": "nowhere"})
        assert wrong.status_code == 422 and "Please enter an email address" in wrong.text
        themselves = client.post(f"/patients/{id}/own-account", data={"csrf": csrf_of(page), "email": ADA.email})
        assert themselves.status_code == 422 and "nobody themselves" in themselves.text
        assert client.get("/patients/nobody/own-account").status_code == 404


def test_who_is_grown_up_says_who_goes_on(home, days_begin_in_utc):
    api = home.api(ADA)
    soon, late = create(api, patient(birthDate=born(16, days=20))), create(api, patient(birthDate=born(17)))
    for number, id in enumerate((soon, late)):
        grown = Person(f"grown{number}@tester.example")
        assert accept(home, link_in(own_account(home, id, grown.email)), grown).status_code == 303
        with home.client() as client:
            home.sign_in(client, grown)
            page = client.get(f"/patients/{id}/carers")
            assert "Let <bdi>Ada Tester</bdi> go on" in page.text
            account = re.search(r'name="account" value="([^"]+)"', page.text).group(1)
            fields = {"csrf": csrf_of(page), "account": account, "may": "carer-reading"}
            assert client.post(f"/patients/{id}/carers/keep", data=fields | {"may": "guardian"}).status_code == 422
            if id == late:
                assert api.get(f"Patient/{id}").status_code == 404, "on that day they are out"
            assert client.post(f"/patients/{id}/carers/keep", data=fields).status_code == 303
            after = client.get(f"/patients/{id}/carers").text
            assert "Let <bdi>" not in after and "agreed between us" in after
            assert "lets somebody who looked after this record go on" in client.get(f"/patients/{id}/looks").text
    assert api.get(f"Patient/{late}").status_code == 200
    assert api.create(observation(late, "A word of Ada's")).status_code == 404, "as what they may"
    assert api.create(observation(soon, "Before the birthday")).status_code == 201
    with home.client() as client:
        home.sign_in(client, ADA)
        assert client.get(f"/patients/{late}/carers").status_code == 404


# Private entries

def write_note(home, child, text, person, **fields):
    """Somebody writes a few words by the page; how that was answered."""
    page = f"/patients/{child}/note"
    with home.client() as client:
        home.sign_in(client, person)
        return client.post(page, data={"csrf": csrf_of(client.get(page)), "text": text} | fields)


def test_what_is_private_is_there_for_its_writer_alone(home, days_begin_in_utc):
    api = home.api(ADA)
    id = create(api, patient(birthDate=born(14)))
    teen = Person("private@tester.example")
    assert accept(home, link_in(own_account(home, id, teen.email)), teen).status_code == 303
    assert share(home, id, **dict.fromkeys(BOXES))[0].status_code == 303
    others = (ADA, IMANI)
    assert write_note(home, id, "", teen).status_code == 422
    assert write_note(home, id, "For everybody", teen).status_code == 303
    assert write_note(home, id, "For me alone", teen, private="yes").status_code == 303
    mine = home.api(teen)
    found = mine.get(f"Observation?patient={id}").json()
    assert found["total"] == 2
    secret = next(e["resource"]["id"] for e in found["entry"] if e["resource"]["valueString"] == "For me alone")
    assert mine.get(f"Observation/{secret}").status_code == 200
    with home.client() as client:
        home.sign_in(client, teen)
        timeline = client.get(f"/patients/{id}").text
        assert "For me alone" in timeline and timeline.count("only you") == 1 and "Write something down" in timeline
        assert "added a private entry" in client.get(f"/patients/{id}/looks").text
        assert "may keep an entry private" in client.get(f"/patients/{id}/growing-up").text
    for person in others:
        reader = home.api(person)
        hidden, nothing = reader.get(f"Observation/{secret}"), reader.get("Observation/nobody-has-this")
        assert hidden.status_code == nothing.status_code == 404
        assert hidden.text.replace(secret, "") == nothing.text.replace("nobody-has-this", "")
        assert reader.get(f"Observation?patient={id}").json()["total"] == 1
        for way in (f"Patient/{id}/$everything", f"Patient/{id}/_history", f"Observation/{secret}/_history"):
            assert "For me alone" not in reader.get(way).text
        with home.client() as client:
            home.sign_in(client, person)
            timeline = client.get(f"/patients/{id}").text
            assert "For everybody" in timeline and "For me alone" not in timeline and "only you" not in timeline
            assert client.get(f"/patients/{id}/records/Observation.{secret}").status_code == 404
    with home.client() as client:
        home.sign_in(client, ADA)
        looks = client.get(f"/patients/{id}/looks").text
        assert "private" not in looks.split("<main")[1]
    assert write_note(home, id, "Mine", ADA, private="yes").status_code == 404, "nobody in somebody else's record"
    refers = observation(id) | {"derivedFrom": [{"reference": f"Observation/{secret}"}]}
    for reader in (api, mine):
        refused = reader.create(refers)
        assert refused.status_code == 404 and "of the same patient" in refused.text, "nothing that others see refers to it"
