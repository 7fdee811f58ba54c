"""Letters that remind: stewards, of what they vouched for and of weaknesses that were reported; a family, of a record that is handed over.
Each once. (GOV-4, INC-6, ROL-2)"""

import pytest

from conftest import csrf_of
from installation import Person, create, eventually, installation, patient
from mailbox import Mailbox, certificate

ADA, MEERA, SITA = Person("ada@tester.example"), Person("meera@clinic.example"), Person("sita@club.example")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    box = Mailbox(certificate(tmp_path_factory.mktemp("mail")))
    yield box
    box.close()


@pytest.fixture(scope="module")
def home(box):
    with installation("reminders") as home:
        home.settings = {"mail": {"host": "127.0.0.1", "port": box.port, "from": "carekeep@tester.example",
                                  "authority_file": str(box.certificate / "certificate.pem")}}
        home.configure()
        ways = [home.found(name=f"House of {one.email}", email=one.email, owner="Somebody") for one in (ADA, MEERA, SITA)]
        for one in (ADA, MEERA):
            assert "a steward now" in home.command("stewards", "add", one.email).stdout
        home.start()
        assert home.set_password(ways[0]).status_code == 303
        yield home


@pytest.fixture
def mail(box, home):
    home.sql("records", "delete from care.job where kind = 'mail.send'; delete from care.letter")
    box.forget()
    yield box.open()
    box.close()


def remind(home, kind="stewards.remind"):
    """The job runs now, and ends."""
    done = f"select coalesce(done_at::text, '-') from care.job where kind = '{kind}'"
    before = home.sql("records", done)
    home.sql("records", f"update care.job set run_at = now() where kind = '{kind}'")
    assert eventually(lambda: home.sql("records", done) != before, 60)


def subjects(mail, person):
    return sorted(one["Subject"] for one in mail.to(person.email))


def tell(home, mail, subject):
    """What stewards get; nobody else does, and nothing twice."""
    remind(home)
    assert eventually(lambda: subjects(mail, ADA) == subjects(mail, MEERA) == [subject], 60), (mail.letters, subjects(mail, ADA))
    remind(home)
    remind(home)
    assert subjects(mail, ADA) == subjects(mail, MEERA) == [subject] and mail.to(SITA.email) == []
    return mail.to(ADA.email)[0].get_content()


def vouch(home, promise, until, reviewed):
    home.sql("records", f"""
        with people as (select array_agg(account_id order by account_id) as ids from care.office),
             made as (insert into care.attestation (id, promise, account_id, words, signed_as, link, since, until, at)
                      select gen_random_uuid(), '{promise}', ids[1], 'The plumpish doors', 'Ada', 'https://evidence.example', now(),
                             now() + interval '{until}', now() from people returning id, account_id)
        insert into care.attestation_review (attestation_id, author_id, account_id, accepted, at)
        select id, account_id, ids[2], true, now() from made, people where {reviewed}""")


def test_what_ends_within_thirty_days_is_told_once(home, mail):
    remind(home)
    assert mail.letters == [], "there is nothing to tell"
    vouch(home, "GOV-4", "200 days", "true")
    vouch(home, "GOV-1", "20 days", "true")
    text = tell(home, mail, "What somebody vouched for ends soon")
    assert f"https://localhost:{home.https}/trust/vouch" in text
    assert "plumpish" not in text and "GOV-1" not in text, "what it is stands behind signing in"


def test_what_waits_for_a_second_person_is_told_once(home, mail):
    vouch(home, "GOV-2", "200 days", "false")
    tell(home, mail, "Something waits for a second person")


def test_a_weakness_is_told_of_when_it_comes_and_when_its_time_runs_out(home, mail):
    with home.client() as client:
        form = {"csrf": csrf_of(client.get("/security/report")), "what": "A quagmirish door", "where": "/x", "how": "1. push"}
        assert client.post("/security/report", data=form).status_code == 201
    text = tell(home, mail, "Somebody reported a weakness")
    assert "quagmirish" not in text and "carekeep vulnerabilities" in text
    mail.forget()
    home.sql("records", "update care.vulnerability set at = at - interval '10 days', "
                        "acknowledge_by = now() + interval '1 hour', answer_by = now() + interval '100 days'")
    tell(home, mail, "A report of a weakness is still unread")
    mail.forget()
    assert home.command("vulnerabilities", "show", "1").returncode == 0
    home.sql("records", "update care.vulnerability set answer_by = now() + interval '2 hours'")
    tell(home, mail, "A report of a weakness waits for an answer")


def test_a_family_is_told_once_that_a_record_is_handed_over(home, mail):
    child = create(home.api(ADA), patient(birthDate="2011-03-04"))
    told = lambda: [one for one in mail.letters if one["Subject"] == "Who sees a record changes soon"]
    remind(home, "families.remind")
    assert told() == [], "nobody grows up"
    home.sql("records", """
        insert into care.growing_up (organization_id, patient_id, planned_by, grown_up_at, hands_over_at)
        select organization_id, patient_id, account_id, now(), now() + interval '80 days' from care.reach where kind = 'guardian';
        update care.reach r set until = g.hands_over_at from care.growing_up g where g.patient_id = r.patient_id""")
    for _ in range(3):
        remind(home, "families.remind")
        assert eventually(lambda: len(told()) == 1, 60), mail.letters
    assert told()[0].recipients == [ADA.email], "and nobody else"
    text = told()[0].get_content()
    assert f"https://localhost:{home.https}" in text and f"House of {ADA.email}" in text and "yours, or one that you look after" in text
    assert child not in text and "2011" not in text and "March" not in text, "no day, which would be a birth date"
