"""Clients that others wrote sign in at the simulator: oauthlib asks for tokens (code flow with PKCE, device code, refresh),
PyJWT checks them with the published keys, exchangelib uses one for EWS.

    run python sign_in.py AUTHORITY TENANT CLIENT-ID LOGIN CA-FILE
"""

import html
import re
import sys
import urllib.parse

import jwt
import requests
from oauthlib.oauth2 import DeviceClient, WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

AUTHORITY, TENANT, CLIENT_ID, LOGIN, CA_FILE = sys.argv[1:]
BASE = f"{AUTHORITY}/{TENANT}"
REDIRECT = "http://localhost:50001"
EWS = "https://outlook.office365.com"
SCOPE = ["openid", "profile", "offline_access", f"{EWS}/EWS.AccessAsUser.All"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

http = requests.Session()
http.verify = CA_FILE
# Where a machine names a file of its own, requests would take that one.
http.trust_env = False


def token(client, body):
    answer = http.post(document["token_endpoint"], data=body, headers=FORM)
    return client.parse_request_body_response(answer.text, scope=None)


def refused(client, body, error):
    try:
        token(client, body)
    except OAuth2Error as trouble:
        assert trouble.error == error, f"{trouble.error} instead of {error}"
        return
    raise AssertionError(f"taken, and should be refused with {error}")


def claims(text, audience):
    head = jwt.get_unverified_header(text)
    keys = jwt.PyJWKSet.from_dict(http.get(document["jwks_uri"]).json())
    key = next(key for key in keys.keys if key.key_id == head["kid"])
    required = ["exp", "iat", "nbf", "iss", "aud", "sub"]
    return jwt.decode(
        text, key.key, algorithms=["RS256"], audience=audience, issuer=document["issuer"], options={"require": required}
    )


def sign_in(page, *, mfa=False):
    """Fills in the page, all steps at once, and gives the address that it leads to, if any."""
    action = re.search(r'action="([^"]+)"', page.text).group(1)
    hidden = re.search(r'name="sign-in" value="([^"]+)"', page.text).group(1)
    fields = {"sign-in": html.unescape(hidden), "login": LOGIN, "password": "simulator", "consent": "accept"}
    if mfa:
        fields["code"] = "271828"
    return http.post(AUTHORITY + action, data=fields, allow_redirects=False)


document = http.get(f"{BASE}/v2.0/.well-known/openid-configuration").json()
assert document["issuer"] == f"{BASE}/v2.0", document

# The code flow.
client = WebApplicationClient(CLIENT_ID)
verifier = client.create_code_verifier(64)
challenge = client.create_code_challenge(verifier, "S256")
url = client.prepare_request_uri(
    document["authorization_endpoint"],
    redirect_uri=REDIRECT,
    scope=SCOPE,
    state="a-state",
    nonce="a-nonce",
    code_challenge=challenge,
    code_challenge_method="S256",
)
back = sign_in(http.get(url))
assert back.status_code == 302, back.text
# The library refuses a redirect without encryption; on the loopback it is as it must be.
code = client.parse_request_uri_response(back.headers["Location"].replace("http://", "https://"), state="a-state")["code"]
body = client.prepare_request_body(code=code, redirect_uri=REDIRECT, code_verifier=verifier)
tokens = token(client, body)
assert tokens["token_type"] == "Bearer" and tokens["refresh_token"], tokens
identity = claims(tokens["id_token"], CLIENT_ID)
assert identity["nonce"] == "a-nonce" and identity["tid"] == TENANT and identity["amr"] == ["pwd"], identity
assert identity["preferred_username"] == LOGIN, identity
assert claims(tokens["access_token"], EWS)["scp"] == "EWS.AccessAsUser.All"
for wrong in (CLIENT_ID, "https://graph.microsoft.com"):
    try:
        claims(tokens["access_token"], wrong)
    except jwt.InvalidAudienceError:
        continue
    raise AssertionError(f"the access token is good for {wrong}")
refused(client, body, "invalid_grant")
print("code flow with oauthlib, tokens with PyJWT: as they must be")

# A new sign-in, because the code that came twice has revoked the first.
back = sign_in(http.get(url))
code = client.parse_request_uri_response(back.headers["Location"].replace("http://", "https://"), state="a-state")["code"]
tokens = token(client, client.prepare_request_body(code=code, redirect_uri=REDIRECT, code_verifier=verifier))
renewed = token(client, client.prepare_refresh_body(refresh_token=tokens["refresh_token"], client_id=CLIENT_ID))
assert renewed["refresh_token"] != tokens["refresh_token"]
http.post(f"{AUTHORITY}/control/keys/rotate", json={})
after = token(client, client.prepare_refresh_body(refresh_token=renewed["refresh_token"], client_id=CLIENT_ID))
assert jwt.get_unverified_header(after["access_token"])["kid"] != jwt.get_unverified_header(renewed["access_token"])["kid"]
claims(after["access_token"], EWS)
claims(renewed["access_token"], EWS)
print("refresh and another key: as they must be")

# A device code.
http.post(f"{AUTHORITY}/control/accounts/{urllib.parse.quote(LOGIN)}", json={"action": "set-mfa", "mfa": "required"})
device = DeviceClient(CLIENT_ID, scope=SCOPE)


def device_code():
    fields = {"client_id": CLIENT_ID, "scope": " ".join(SCOPE)}
    asked = http.post(document["device_authorization_endpoint"], data=fields).json()
    return asked, device.prepare_request_body(device_code=asked["device_code"], include_client_id=True)


asked, body = device_code()
refused(device, body, "authorization_pending")
refused(device, body, "slow_down")
asked, body = device_code()
done = sign_in(http.post(asked["verification_uri"], data={"user-code": asked["user_code"]}), mfa=True)
assert "go back to the program" in done.text, done.text
by_device = token(device, body)
assert claims(by_device["id_token"], CLIENT_ID)["amr"] == ["pwd", "mfa"]
print("device code with oauthlib: as it must be")

# EWS with a token.
from exchangelib import DELEGATE, OAUTH2, Account, Configuration, OAuth2AuthorizationCodeCredentials  # noqa: E402
from exchangelib.protocol import BaseProtocol  # noqa: E402
from oauthlib.oauth2 import OAuth2Token  # noqa: E402


class Trusting(requests.adapters.HTTPAdapter):
    """Trusts the simulator's authority."""

    def cert_verify(self, conn, url, verify, cert):
        super().cert_verify(conn=conn, url=url, verify=CA_FILE, cert=cert)


BaseProtocol.HTTP_ADAPTER_CLS = Trusting
credentials = OAuth2AuthorizationCodeCredentials(access_token=OAuth2Token({"access_token": after["access_token"]}))
configuration = Configuration(
    service_endpoint=f"{AUTHORITY}/EWS/Exchange.asmx", credentials=credentials, auth_type=OAUTH2
)
account = Account(LOGIN, config=configuration, autodiscover=False, access_type=DELEGATE)
assert account.contacts.all().count() == 0
print("exchangelib with a token: as it must be")
