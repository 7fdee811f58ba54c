"""Metrics: counts and durations for whoever runs the server, on an address of their own, and nothing of anybody's."""

import json
import re
import socket
import ssl

import httpx
import pytest

from installation import Person, create, eventually, measured, observation, patient

ADA = Person("ada@tester.example")


@pytest.fixture(scope="module")
def home():
    with measured("metrics") as home:
        link = home.found()
        home.start()
        home.set_password(link)
        yield home


def told(home):
    answer = httpx.get(f"{home.metrics}/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def value(text, name, **labels):
    """The value of one line; 0 where there is none."""
    for line in text.splitlines():
        if line.startswith(name) and all(f'{key}="{one}"' in line for key, one in labels.items()):
            return float(line.rpartition(" ")[2])
    return 0


def test_requests_are_counted_by_method_route_and_status(home):
    api = home.api(ADA)
    before = told(home)
    child = create(api, patient("Countess"))
    for _ in range(3):
        create(api, observation(child))
    assert api.get("Patient/none").status_code == 404
    after = told(home)

    def more(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)

    count = "carekeep_request_seconds_count"
    assert more(count, method="POST", route="/fhir/{type}", status="201") == 4
    assert more(count, method="GET", route="/fhir/{type}/{id}", status="404") == 1
    assert more("carekeep_request_seconds_bucket", method="POST", route="/fhir/{type}", status="201", le="+Inf") == 4
    assert more("carekeep_request_seconds_sum", method="POST", route="/fhir/{type}", status="201") > 0
    assert value(after, "carekeep_ready") == 1
    assert value(after, "carekeep_connections") >= 1 and value(after, "carekeep_keys_held") >= 1


def test_nothing_of_anybody_is_told(home):
    api = home.api(ADA)
    child = create(api, patient("Zanzibarbara"))
    api.get(f"Patient?name=Zanzibarbara&secretive={child}")
    api.request("ZANZIBARBARA", f"Patient/{child}")
    with home.client() as client:
        client.get(f"/zanzibarbara/{child}")
    text = told(home)
    assert child not in text and "anzibarbara" not in text.lower() and ADA.email not in text
    assert set(re.findall(r'method="([^"]*)"', text)) <= {"GET", "HEAD", "POST", "PUT", "DELETE", "OTHER"}
    for route in re.findall(r'route="([^"]*)"', text):
        assert route == "none" or re.fullmatch(r"(/[a-z._$-]*|/\{[a-z]+\}|/[a-z]+-[0-9a-f]+\.[a-z]+)+", route), route


def test_each_line_is_what_prometheus_reads(home):
    for line in told(home).splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\})? [0-9.e+-]+", line), line


def test_a_histogram_adds_up(home):
    text = told(home)
    for labels in set(re.findall(r"carekeep_request_seconds_count\{(.*)\}", text)):
        buckets = [int(one) for one in re.findall(
            r"carekeep_request_seconds_bucket\{" + re.escape(labels) + r',le="[^"]+"\} (\d+)', text)]
        assert len(buckets) == 12 and buckets == sorted(buckets)
        assert buckets[-1] == int(re.search(r"_count\{" + re.escape(labels) + r"\} (\d+)", text).group(1))


def test_they_are_told_there_and_nowhere_else(home, server):
    with home.client() as client:
        assert client.get("/metrics").status_code == 404
    for path in ("/", "/fhir/Patient", "/metrics/", "/health"):
        assert httpx.get(home.metrics + path).status_code == 404
    assert httpx.post(f"{home.metrics}/metrics").status_code == 404
    with server.client() as client:
        assert client.get("/metrics").status_code == 404
    said = home.command("config").stdout
    assert re.search(r"listen\.metrics\.port\D+\d+", said)


def test_a_client_that_goes_away_in_the_middle_is_no_fault_of_the_servers(home):
    """In the middle of a body, and before the answer is there."""
    api = home.api(ADA)
    child = create(api, patient("Leaver"))
    address = home.configuration()["listen"]["https"]
    context = ssl.create_default_context(cafile=home.authority)
    earlier = len(answers(home))
    for length in (1000, 10):
        for _ in range(20):
            with context.wrap_socket(socket.create_connection((address["host"], address["port"])),
                                     server_hostname="localhost") as connection:
                connection.sendall(
                    f"POST /fhir/Observation HTTP/1.1\r\nHost: {api.base_url.netloc.decode()}\r\n"
                    f"Authorization: {api.headers['authorization']}\r\nContent-Type: application/fhir+json\r\n"
                    f"Content-Length: {length}\r\n\r\n{{\"a\":1234}}".encode())
    # Whoever is gone was not answered, and is not counted; what was made of the request is in the log.
    assert eventually(lambda: len(answers(home)) >= earlier + 20)
    assert {status for status in answers(home)[earlier:]} <= {400, 422}
    assert "request failed" not in home.log.read_text()
    assert api.get(f"Patient/{child}").status_code == 200


def answers(home):
    """The status of each record that was sent in."""
    lines = [json.loads(line) for line in home.log.read_text().splitlines() if line.startswith("{")]
    return [line["status"] for line in lines if line.get("event") == "request" and line["method"] == "POST"
            and line["route"] == "/fhir/{type}"]
