"""The security review pack: made from signed results, as HTML and as a PDF that others can read."""

import json
import re
import subprocess
import time

import pytest
from pypdf import PdfReader

from conftest import DESKTOP, PHONE, browser
from installation import installation
from server import BINARY, OUTPUT


@pytest.fixture(scope="module")
def home():
    """An installation with some promises tried: one falls short, since its root key lies in clear."""
    with installation("pack") as own:
        own.start()
        own.command("prove", "ENC-1", "ENC-4", "APP-3", timeout=600)
        with own.client() as client:
            for _ in range(60):  # what is told is kept for ten seconds
                content = client.get("/trust.json").content
                if b'"standing":"falls short"' in content:
                    break
                time.sleep(0.5)
        (own.folder / "trust.json").write_bytes(content)
        yield own


def pack(home, name, *options):
    folder = home.folder / name
    done = subprocess.run([BINARY, "pack", "--out", folder, *options], capture_output=True, text=True, timeout=240, cwd="/")
    return done, folder / "security-pack.html", folder / "security-pack.pdf"


@pytest.fixture(scope="module")
def made(home):
    done, html, pdf = pack(home, "made", "--trust", home.folder / "trust.json")
    assert done.returncode == 0, done.stderr
    OUTPUT.joinpath("security-pack.pdf").write_bytes(pdf.read_bytes())
    return html, pdf


def trust(home):
    return json.loads((home.folder / "trust.json").read_text())["trust"]


def words(path, *options):
    return subprocess.run(["pdftotext", *options, path, "-"], capture_output=True, text=True, check=True).stdout


def flat(text):
    return re.sub(r"\s+", " ", text)


def test_both_forms_have_every_promise_and_what_falls_short(home, made):
    html, pdf = made
    page, print = html.read_text(), flat(words(pdf))
    rows = trust(home)["promises"]
    short = [row["id"] for row in rows if row["standing"] == "falls short"]
    assert "ENC-4" in short
    for row in rows:
        assert f'id="{row["id"]}"' in page and f"{row['id']} " in print, row["id"]
        assert flat(row["promise"])[:25] in print
    for id in short:
        assert f'<a href="#{id}">{id}</a>: falls short since' in page and f"{id}: falls short since" in print
    assert "Is everything stored encrypted?" in print and "Not today: it falls short." in print
    assert re.search(r"\d+ of 345 clauses are named by a promise, \d+ of them by one that was checked; \d+ are not addressed\.", print)
    assert "UK GDPR" in print


def test_the_pdf_can_be_found_ones_way_in(home, made):
    reader = PdfReader(made[1])
    assert reader.metadata.title == "Security review pack of localhost"
    issued = trust(home)["issued"]
    assert reader.metadata.creation_date.strftime("%Y-%m-%dT%H:%M:%SZ") == issued
    outline = reader.outline
    top = [entry.title for entry in outline if not isinstance(entry, list)]
    assert top == ["About this pack", "Where we stand", "Overview of the platform", "Questionnaire", "Maps of frameworks",
                   "Every promise"]
    below = [entry.title for part in outline if isinstance(part, list) for entry in part if not isinstance(entry, list)]
    assert "OWASP ASVS 5.0.0" in below and any(title.startswith("ENC-4 ") for title in below)
    # An entry leads to the page where its words are.
    place = next(entry for entry in outline if not isinstance(entry, list) and entry.title == "Questionnaire")
    assert "Questionnaire" in reader.pages[reader.get_destination_page_number(place)].extract_text()
    links = [annotation.get_object() for page in reader.pages for annotation in page.get("/Annots", [])]
    assert len(links) > 100 and all(link["/Subtype"] == "/Link" for link in links)
    for link in links:
        assert "/Dest" in link or "/A" in link


def test_the_pdf_has_a_structure_to_be_read_aloud(made):
    catalogue = PdfReader(made[1]).trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    kinds = {}

    def walk(node):
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds[node["/S"]] = kinds.get(node["/S"], 0) + 1
            if "/K" in node:
                walk(node["/K"])

    walk(catalogue["/StructTreeRoot"]["/K"])
    for kind in ("/Document", "/H1", "/H2", "/H3", "/P", "/L", "/LI", "/Table", "/TR", "/TH", "/TD", "/Link"):
        assert kinds.get(kind, 0) > 0, (kind, kinds)


def test_the_same_file_gives_the_same_bytes(home, made):
    done, html, pdf = pack(home, "again", "--trust", home.folder / "trust.json")
    assert done.returncode == 0
    assert html.read_bytes() == made[0].read_bytes() and pdf.read_bytes() == made[1].read_bytes()


def test_the_page_needs_nothing_and_runs_nothing(made):
    page = made[0].read_text()
    assert "<script" not in page and not re.search(r"<[^>]*\son[a-z]+=", page) and "javascript:" not in page
    assert not re.search(r'(src|href)="(?!#)', page)


def test_an_installation_makes_its_own(home):
    done, html, pdf = pack(home, "own", "--config", home.file)
    assert done.returncode == 0, done.stderr
    assert "ENC-4</a>: falls short since" in html.read_text() and pdf.read_bytes().startswith(b"%PDF-")


def test_a_file_that_is_not_to_be_believed_is_refused(home):
    good = (home.folder / "trust.json").read_bytes()
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    cases = [
        (good.replace(b'"standing":"falls short"', b'"standing":"checked"'), (), "was changed since it was signed"),
        (b"{}", (), "not a file of /trust.json"), (b"", (), "not a file of /trust.json"), (b"\xff" * 100, (), "not a file"),
        (good, ("--key", other), "another key"), (good, ("--key", "x"), "not the text of a key"),
        (b" " * (5 << 20), (), "larger than any"),
    ]
    for number, (content, options, reason) in enumerate(cases):
        file = home.folder / f"bad-{number}.json"
        file.write_bytes(content)
        done, html, pdf = pack(home, f"bad-{number}", "--trust", file, *options)
        assert done.returncode != 0 and reason in done.stderr, (number, done.stderr)
        assert not html.exists() and not pdf.exists()
    done, *_ = pack(home, "none", "--trust", home.folder / "nothing.json")
    assert done.returncode != 0 and "cannot be read" in done.stderr


def test_the_promise_is_tried(home):
    done = home.command("prove", "GOV-5", "GOV-6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"All \d+ promises are in it, [1-9]\d* of them as falling short", done.stdout)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_fits(made, size):
    with browser(size) as driver:
        driver.get(f"file://{made[0]}")
        assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        driver.save_screenshot(str(OUTPUT / f"pack-{size[0]}.png"))
