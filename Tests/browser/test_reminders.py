"""Letters to stewards: what they vouched for ends soon or waits, a weakness was reported or waits for an answer. Each once. (GOV-4, INC-6)"""

import pytest

from conftest import csrf_of
from installation import Person, eventually, installation
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
        for one in (ADA, MEERA, SITA):
            home.found(name=f"House of {one.email}", email=one.email, owner="Somebody")
        for one in (ADA, MEERA):
            assert "a steward now" in home.command("stewards", "add", one.email).stdout
        home.start()
        yield home


@pytest.fixture
def mail(box, home):
    home.sql("records", "delete from care.job where kind = 'mail.send'; delete from care.letter")
    box.forget()
    yield box.open()
    box.close()


def remind(home):
    """The job runs now, and ends."""
    before = home.sql("records", "select coalesce(done_at::text, '-') from care.job where kind = 'stewards.remind'")
    home.sql("records", "update care.job set run_at = now() where kind = 'stewards.remind'")
    assert eventually(lambda: home.sql(
        "records", "select coalesce(done_at::text, '-') from care.job where kind = 'stewards.remind'") != before, 60)


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
