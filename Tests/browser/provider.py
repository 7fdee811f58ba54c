"""An OpenID Connect provider that does as it is told: right by default, and wrong in any one way."""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EVENT = "http://schemas.openid.net/event/backchannel-logout"


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return text(json.dumps(value).encode())


class Key:
    """An RSA key with a name."""

    def __init__(self, name):
        self.name = name
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def published(self):
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name,
                "n": text(numbers.n.to_bytes(256, "big")), "e": "AQAB"}

    @property
    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data):
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def token(self, claims, **header):
        signed = f"{part({'alg': 'RS256', 'kid': self.name} | header)}.{part(claims)}"
        return f"{signed}.{text(self.sign(signed.encode()))}"


def unsigned(claims, **header):
    return f"{part({'alg': 'none'} | header)}.{part(claims)}."


def by_secret(claims, secret, **header):
    """HS256, with whatever somebody may take for a secret."""
    signed = f"{part({'alg': 'HS256'} | header)}.{part(claims)}"
    return f"{signed}.{text(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


class Provider:
    """Listens on a free port of this machine while in use as a context."""

    client_id = "carekeep"
    secret = "a secret: of the provider's / own"  # not a secret

    def __init__(self):
        self.key = Key("first")
        self.keys = [self.key]
        self.subject, self.claims = "ada-at-the-provider", {}
        self.asked = []
        self.wrong_questions = []
        self.codes = {}
        self.reset()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True

    def reset(self):
        """Right in every way."""
        self.make = lambda claims: self.key.token(claims)
        self.answers = {}
        self.document = {}
        self.answer_fields = {}

    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    # What it says

    def id_claims(self, nonce):
        now = int(time.time())
        return {"iss": self.issuer, "aud": self.client_id, "sub": self.subject, "nonce": nonce, "iat": now,
                "exp": now + 300, "sid": "session-one"} | self.claims

    def logout_claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "sub": self.subject, "iat": now, "exp": now + 120,
                  "jti": secrets.token_hex(8), "events": {EVENT: {}}} | changes
        return {name: value for name, value in claims.items() if value is not None}

    def discovery(self):
        return {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/go?from=discovery",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/end"} | self.document

    def redirect(self, question):
        """Where it sends somebody back to who signed in."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = question
        fields = {"code": code, "state": question["state"]} | self.answer_fields
        return question["redirect_uri"] + "?" + urlencode({k: v for k, v in fields.items() if v is not None})

    def tokens(self, form, authorization):
        """Holds our server to what it must send: whoever has only the code has nothing."""
        question = self.codes.pop(form.get("code"), None)
        if question is None:
            return 400, {"error": "invalid_grant"}
        quote = lambda one: urlencode({"": one})[1:].replace("+", "%20")
        expected = base64.b64encode(f"{quote(self.client_id)}:{quote(self.secret)}".encode()).decode()
        challenge = text(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        for is_right, what in [
            (authorization == f"Basic {expected}", "authorization"),
            (form.get("grant_type") == "authorization_code", "grant_type"),
            (form.get("redirect_uri") == question["redirect_uri"], "redirect_uri"),
            (question["code_challenge_method"] == "S256", "code_challenge_method"),
            (challenge == question["code_challenge"], "code_verifier"),
            (len(form.get("code_verifier", "")) >= 43, "code_verifier's length"),
        ]:
            if not is_right:
                self.wrong_questions.append(what)
                return 400, {"error": "invalid_request"}
        access = secrets.token_urlsafe(16)
        claims = self.id_claims(question["nonce"])
        claims.setdefault("at_hash", text(hashlib.sha256(access.encode()).digest()[:16]))
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self.make(claims)}

    def handler(provider):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                place = urlsplit(self.path)
                provider.asked.append(place.path)
                if place.path in provider.answers:
                    return provider.answers[place.path](self)
                if place.path == "/.well-known/openid-configuration":
                    return self.say(200, provider.discovery())
                if place.path == "/keys":
                    return self.say(200, {"keys": [key.published for key in provider.keys]})
                if place.path == "/go":
                    question = dict(parse_qsl(place.query))
                    self.send_response(303)
                    self.send_header("Location", provider.redirect(question))
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                return self.say(404, {})

            def do_POST(self):
                place = urlsplit(self.path).path
                provider.asked.append(place)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                if place in provider.answers:
                    return provider.answers[place](self)
                form = {name: values[0] for name, values in parse_qs(body).items()}
                scheme_and_pair = self.headers.get("Authorization")
                return self.say(*provider.tokens(form, scheme_and_pair))

            def say(self, status, answer):
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
