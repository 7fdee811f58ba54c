"""Opens what an installation sealed, with the reader that docs/seals.md prints: a second implementation, so that the server's mistakes
are not made twice. For tests, which hold the root key.
"""

import hmac
import re
import uuid
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

NOBODY = uuid.UUID(int=0)
PAGE = (Path(__file__).resolve().parents[2] / "docs/seals.md").read_text()
reader = {}
exec(re.search(r"```python\n(.*?)```", PAGE, re.S).group(1), reader)  # the reader itself is what is tried
fields = reader["fields"]


def unwrap(wrapped, key, organization, use, subject, generation):
    """A wrapped key, version 1, opened with the key that wraps it."""
    if len(wrapped) != 81 or wrapped[0] != 1:
        raise ValueError("not a wrapped key of version 1")
    prk = hmac.new(b"carekeep/wrap/v1/extract", key, "sha256").digest()
    opener = HKDFExpand(hashes.SHA256(), 32, b"carekeep/wrap/v1/key\0" + wrapped[5:21]).derive(prk)
    place = fields(b"carekeep/keys", organization.bytes, use.encode(), subject.bytes, generation.to_bytes(4, "big"))
    return AESGCM(opener).decrypt(wrapped[21:33], wrapped[33:], wrapped[:33] + place)


class Keys:
    """The keys of an installation, by organisation, use and subject."""

    def __init__(self, home):
        root = re.search(r"^protection none\nkey ([0-9a-f]{64})\n", (home.data / "server/root.key").read_text(), re.M).group(1)
        rings, self.keys = {}, {}
        for organization, epoch, wrapped in rows(home, "keys", """
                select organization_id, epoch, wrapped from keys.organization_key where purpose = 'wrap' and wrapped is not null"""):
            organization = uuid.UUID(organization)
            rings[organization, int(epoch)] = unwrap(
                hexadecimal(wrapped), bytes.fromhex(root), organization, "organization-wrap", organization, int(epoch))
        for organization, subject, use, epoch, wrapped in rows(home, "keys", """
                select organization_id, subject_id, class, epoch, wrapped from keys.subject_key where wrapped is not null"""):
            organization, subject = uuid.UUID(organization), uuid.UUID(subject)
            ring = rings[organization, int(epoch)]
            self.keys[organization, use, subject] = unwrap(hexadecimal(wrapped), ring, organization, use, subject, 1)

    def open(self, message, organization, use, subject, kind, row, version):
        key = self.keys.get((organization, use, subject))
        if key is None:
            raise LookupError("no key")
        return reader["open_message"](message, key, organization, use, subject, kind, row, version)


def rows(home, store, question):
    """The rows that the superuser sees, as texts; an empty one for null."""
    return [line.split("|") for line in home.sql(store, question).splitlines() if line]


def hexadecimal(text):
    return bytes.fromhex(text.removeprefix("\\x"))


# What is sealed for whom: organisation, row, version, kind, patients (none for the directory), and the message.
SUBJECTS = """array_to_string(array_remove(r.patient_id || array(
    select s.patient_id from care.record_subject s where s.organization_id = r.organization_id and s.record_id = r.id), null), ' ')"""
SEALED = {
    "record": f"select r.organization_id, r.id, r.version, r.kind, {SUBJECTS}, r.sealed from care.record r",
    "card": f"select r.organization_id, r.id, r.version, 'Card', {SUBJECTS}, r.card from care.record r where not r.is_deleted",
    "version": f"""select v.organization_id, v.record_id, v.version, v.kind, {SUBJECTS}, v.sealed
                     from care.version v join care.record r on (r.organization_id, r.id) = (v.organization_id, v.record_id)""",
    "diff": f"""select c.organization_id, c.record_id, c.version, 'Diff', {SUBJECTS}, c.sealed_diff
                  from care.change c join care.record r on (r.organization_id, r.id) = (c.organization_id, c.record_id)""",
}


def unopened(home):
    """What does not open with the keys that are there, each as its table, row and reason; and how many did, by table.

    What is about several must open with the key of each of them.
    """
    keys, wrong, opened = Keys(home), [], {}

    def attempt(what, row, open):
        try:
            open()
            opened[what] = opened.get(what, 0) + 1
        except (LookupError, ValueError, InvalidTag) as error:
            wrong.append((what, row, type(error).__name__))

    for what, question in SEALED.items():
        for organization, row, version, kind, patients, message in rows(home, "records", question):
            organization, row = uuid.UUID(organization), uuid.UUID(row)
            holders = [("patient", uuid.UUID(one)) for one in patients.split()] or [("directory", organization)]
            for use, subject in holders:
                attempt(what, str(row), lambda: keys.open(
                    hexadecimal(message), organization, use, subject, kind, row, int(version)))
    for organization, row, epoch, salt, message in rows(home, "records", """
            select organization_id, id, key_epoch, salt, sealed from care.entry"""):
        attempt("note", row, lambda: note(keys, organization, epoch, salt, message))
    for row, message in rows(home, "records", "select id, sealed from care.letter where sealed is not null"):
        attempt("letter", row, lambda: keys.open(
            hexadecimal(message), NOBODY, "installation", NOBODY, "Letter", uuid.UUID(row), 1))
    return wrong, opened


def note(keys, organization, epoch, salt, message):
    """The texts of an entry's note: address, device, request, query, reason."""
    place, message = uuid.UUID(bytes=hexadecimal(salt)[:16]), hexadecimal(message)
    opened = lambda holder: keys.open(message, holder, f"audit-{epoch}", holder, "Meta", place, 1)
    try:
        text = opened(uuid.UUID(organization))
    except (LookupError, ValueError):
        # Whoever signs in is of no organisation yet: the installation's key sealed it.
        text = opened(NOBODY)
    texts, at = [], 1
    while at < len(text):
        length = int.from_bytes(text[at:at + 2], "big")
        texts.append(text[at + 2:at + 2 + length].decode())
        at += 2 + length
    return dict(zip(("address", "device", "request", "query", "reason"), texts, strict=True))
