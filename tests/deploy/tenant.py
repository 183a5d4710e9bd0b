"""The contract's flows through a deployed API: what an operator sets up, and what users do then."""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import time
from urllib.parse import parse_qs, unquote, urlsplit

from checks import equal, expect, eventually, passed
from deployment import Deployment, Json, claims, code_in, in_path, mails, new_mail

API = "https://orders.example.com"
CONNECTION = "Username-Password-Authentication"
PASSWORD = "correct horse battery staple"
USER = "ada@example.com"
OTHER = "grace@example.com"
GRANT = "http://auth0.com/oauth/grant-type/"
GRANTS = ["password", f"{GRANT}mfa-oob", f"{GRANT}mfa-otp", f"{GRANT}mfa-recovery-code", "refresh_token"]


def operator(deployment: Deployment, *arguments: str, may_fail: bool = False) -> Json:
    """A command of the operator's `postern`, with the outputs of the stack as docs/DEPLOY.md says."""
    environment = {
        **os.environ,
        "POSTERN_TABLE": deployment.table,
        "POSTERN_KMS_KEY": deployment.outputs["KmsKeyArn"],
        "POSTERN_ISSUER": deployment.issuer,
    }
    command = [os.environ["POSTERN_COMMAND"], "--output", "json", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    expect(may_fail or done.returncode == 0, f"postern {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


class Tenant:
    """A deployment with a client, an API and users."""

    def __init__(self, deployment: Deployment) -> None:
        self.at = deployment
        self.management = ""
        self.client: Json = {}

    # ---- the operator ----

    def initialise(self) -> None:
        """`postern init`, and a token for the client that it made."""
        made = operator(self.at, "init", "--name", "Deployed")
        equal(made["key_generations_made"], 0, "the stack's own first keys (FirstKeys) were there before init")
        equal(made["audience"], f"{self.at.issuer}api/v2/", "the audience of the Management API")
        body = {"grant_type": "client_credentials", **pick(made, "client_id", "client_secret", "audience")}
        token = self.at.call("POST", "/oauth/token", body).of(200, "client_credentials")
        self.management = token["access_token"]
        equal(claims(self.management)["iss"], self.at.issuer, "the issuer of tokens")
        passed("postern init made a client, and client_credentials a token for the Management API")

    def manage(self, method: str, path: str, status: int, body: object = None) -> Json:
        """A request to the Management API, which must end with a status."""
        return self.at.call(method, f"/api/v2/{path}", body, self.management).of(status, f"{method} {path}")

    def furnish(self) -> None:
        """A client, an API, factors, the policy and two users, by the Management API."""
        api = {"identifier": API, "name": "Orders", "scopes": [{"value": "read:orders"}], "allow_offline_access": True}
        self.manage("POST", "resource-servers", 201, api)
        self.client = self.manage("POST", "clients", 201, {"name": "Shop", "grant_types": GRANTS})
        for factor in ["email", "otp"]:
            self.manage("PUT", f"guardian/factors/{factor}", 200, {"enabled": True})
        self.manage("PUT", "guardian/policies", 200, ["all-applications"])
        for email in [USER, OTHER]:
            user = {"connection": CONNECTION, "email": email, "password": PASSWORD}
            made = self.manage("POST", "users", 201, user)
            equal(self.manage("GET", f"users/{in_path(made['user_id'])}", 200), made, "the user as it was made")
        page = self.manage("GET", "users?include_totals=true", 200)
        equal(page["total"], 2, "users in the list, which is an index of the table")
        templates = {"template": "verify_email", "body": "<p>{{ url }}</p>", "subject": "Hello", "enabled": False}
        sender = {"from": "login@example.com", "syntax": "liquid"}
        self.manage("POST", "email-templates", 200, {**templates, **sender})
        passed("the Management API made an API, a client, factors, a policy, a template and users")

    def rotate(self) -> None:
        """A signing key is made by KMS and published."""
        made = self.manage("POST", "keys/signing/rotate", 201)
        published = self.at.call("GET", "/.well-known/jwks.json").of(200, "the JWKS")["keys"]
        listed = self.manage("GET", "keys/signing", 200)
        expect(made["kid"] in [key["kid"] for key in listed], "the new key is listed")
        expect(claims_header(self.management)["kid"] in [key["kid"] for key in published], "who signs is published")
        passed("a signing key was made through the Management API")

    # ---- users ----

    def token(self, body: Json) -> Json:
        return {**pick(self.client, "client_id", "client_secret"), **body}

    def signs_in(self, username: str) -> str:
        """The password is right, and a second factor is asked for."""
        body = {"grant_type": "password", "username": username, "password": PASSWORD, "audience": API}
        asked = self.at.call("POST", "/oauth/token", self.token({**body, "scope": "openid offline_access read:orders"}))
        refusal = asked.of(403, "the password grant")
        equal(refusal["error"], "mfa_required", "what the password grant asks for")
        return refusal["mfa_token"]

    def proves(self, mfa_token: str, grant: str, **proof: str) -> Json:
        """A second factor is right, and tokens come."""
        body = self.token({"grant_type": GRANT + grant, "mfa_token": mfa_token, **proof})
        tokens = self.at.call("POST", "/oauth/token", body).of(200, grant)
        access = claims(tokens["access_token"])
        expect(API in access["aud"], "the audience of the access token")
        equal(access["iss"], self.at.issuer, "the issuer of the access token")
        return tokens

    def enrols_email(self) -> None:
        """The contract's main flow: a sign-in that enrols the address, and one that is challenged."""
        seen = len(mails(USER))
        mfa_token = self.signs_in(USER)
        equal(self.at.call("GET", "/mfa/authenticators", token=mfa_token).of(200, "the list"), [], "no factor yet")
        wanted = {"authenticator_types": ["oob"], "oob_channels": ["email"]}
        begun = self.at.call("POST", "/mfa/associate", wanted, mfa_token).of(200, "associate")
        mail = new_mail(USER, seen)
        equal(mail["Source"], '"Deployed Demo" <login@example.com>', "the sender (POSTERN_TENANT_NAME, POSTERN_MAIL_FROM)")
        self.proves(mfa_token, "mfa-oob", oob_code=begun["oob_code"], binding_code=code_in(mail))
        passed("password, mfa_required, associate, the code from SES's mail, tokens")

        mfa_token = self.signs_in(USER)
        listed = self.at.call("GET", "/mfa/authenticators", token=mfa_token).of(200, "the list")
        [email] = [it for it in listed if it["authenticator_type"] == "oob" and it["active"]]
        seen = len(self.code_mails(USER))
        wanted = {"challenge_type": "oob", "authenticator_id": email["id"], "mfa_token": mfa_token}
        begun = self.at.call("POST", "/mfa/challenge", self.token(wanted)).of(200, "challenge")
        code = code_in(eventually(lambda: self.code_mails(USER)[seen:], "a second code")[0])
        tokens = self.proves(mfa_token, "mfa-oob", oob_code=begun["oob_code"], binding_code=code)
        again = self.token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        tokens = self.at.call("POST", "/oauth/token", again).of(200, "refresh_token")
        info = self.at.call("GET", "/userinfo", token=tokens["access_token"]).of(200, "userinfo")
        equal(info["sub"], claims(tokens["access_token"])["sub"], "who /userinfo says it is")
        passed("a second sign-in, challenge, verify, refresh, userinfo")

    def code_mails(self, to: str) -> list[Json]:
        """The mails to an address that hold a code; notices come whenever they come."""
        return [mail for mail in mails(to) if re.search(r"(?<!\d)\d{6}(?!\d)", mail["BodyText"])]

    def enrols_app(self) -> tuple[str, str]:
        """An authenticator app is enrolled; gives its secret and the code that was used."""
        mfa_token = self.signs_in(OTHER)
        begun = self.at.call("POST", "/mfa/associate", {"authenticator_types": ["otp"]}, mfa_token)
        begun = begun.of(200, "associate")
        uri = urlsplit(begun["barcode_uri"])
        equal(parse_qs(uri.query)["issuer"], ["Deployed Demo"], "the tenant's name (POSTERN_TENANT_NAME)")
        expect(OTHER in unquote(uri.path), "the account's name")
        code = totp(begun["secret"])
        self.proves(mfa_token, "mfa-otp", otp=code)
        passed("an authenticator app was enrolled")
        return begun["secret"], code

    def uses_app(self, secret: str, used: str) -> None:
        """Another sign-in by the app, with a code that was not used yet."""
        # A code is good once (SEC-14) and never before its half minute (SEC-13): the app must show the next one.
        def next_code() -> str | None:
            code = totp(secret)
            return code if code != used else None

        mfa_token = self.signs_in(OTHER)
        code = eventually(next_code, "the app's next code")
        self.proves(mfa_token, "mfa-otp", otp=code)
        passed("a sign-in with the app's code")


def pick(body: Json, *names: str) -> Json:
    return {name: body[name] for name in names}


def claims_header(token: str) -> Json:
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))


def totp(secret: str) -> str:
    """The code that an authenticator app shows now (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(key, counter, hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
