"""A mail server for tests, aiosmtpd, which keeps what it takes and answers as it is told."""

import asyncio
import email
import email.policy
import re
import socket
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from server import free_ports


def certificate(folder, name="127.0.0.1"):
    """A certificate for this machine that vouches for itself, and its key; in one file, too."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=mail", "-addext", f"subjectAltName=IP:{name}", "-keyout", folder / "key.pem", "-out",
         folder / "certificate.pem"], check=True, capture_output=True)
    return folder


class Mailbox:
    """Listens on one port of this machine, again and again. `letters` are what was taken, `commands` what was asked."""

    def __init__(self, certificate):
        self.port, = free_ports(1)
        self.certificate = certificate
        self.controller = None
        self.forget()

    def forget(self):
        """As new, but for its port."""
        self.letters, self.commands, self.logins = [], [], []
        self.replies = {}  # a command: what to answer to it, in place of 250
        self.drops = 0  # how many letters it takes without a word
        self.asked, self.may_answer = threading.Semaphore(0), threading.Event()
        self.may_answer.set()

    def open(self, tls="starttls", certificate=None, password=None):
        self.close()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        folder = certificate or self.certificate
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        options = {"hostname": "127.0.0.1", "port": self.port}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if tls == "implicit":
            options |= {"ssl_context": context}
        if password:
            options |= {"authenticator": self.authenticator(password), "auth_required": True,
                        "auth_require_tls": tls == "starttls"}
        self.controller = Door(Handler(self), **options)
        self.controller.start()
        return self

    def authenticator(self, password):
        def check(server, session, envelope, mechanism, data):
            self.logins.append((data.login.decode(), data.password.decode(), session.ssl is not None))
            return AuthResult(success=data.password.decode() == password)

        return check

    def close(self):
        self.may_answer.set()
        if self.controller:
            self.controller.stop()
        self.controller = None

    @property
    def ids(self):
        return [one["Message-ID"] for one in self.letters]

    def to(self, address):
        """Letters to somebody."""
        return [one for one in self.letters if one.recipients == [address]]


class Door(Controller):
    def _trigger_server(self):
        # aiosmtpd knocks at its own door with the server's TLS settings, which Python takes for no client's.
        socket.create_connection((self.hostname, self.port), 5).close()


class Handler:
    def __init__(self, box):
        self.box = box

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.box.commands.append("MAIL")
        envelope.mail_from = address
        return self.box.replies.get("MAIL", "250 fine")

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.box.commands.append("RCPT")
        if "RCPT" not in self.box.replies:
            envelope.rcpt_tos.append(address)
        return self.box.replies.get("RCPT", "250 fine")

    async def handle_DATA(self, server, session, envelope):
        box = self.box
        box.commands.append("DATA")
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        letter.sender, letter.recipients = envelope.mail_from, envelope.rcpt_tos
        letter.tls = session.ssl is not None
        box.letters.append(letter)
        box.asked.release()
        await asyncio.get_running_loop().run_in_executor(None, box.may_answer.wait)
        if box.drops:
            box.drops -= 1
            server.transport.abort()
        return box.replies.get("DATA", "250 fine")


def link_in(letter):
    """The path and query of the link in a letter."""
    return re.search(r"^https://\S+?(/\S+link=\S+)\r?$", letter.get_content(), re.MULTILINE).group(1)
