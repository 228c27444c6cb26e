"""A client whose Windows authentication others wrote signs in at the simulator: exchangelib with pyspnego, and requests_ntlm.

    run python windows.py EWS-URL LOGIN CA-FILE < PASSWORD

The simulator is started with HTTPS and Extended Protection, so a sign-in has to be bound to its certificate.
"""

import sys

import requests
from requests_ntlm import HttpNtlmAuth

EWS, LOGIN, CA_FILE = sys.argv[1:]
PASSWORD = sys.stdin.readline().rstrip("\n")
CONTROL = EWS[: EWS.index("/EWS/")] + "/control/extended-protection"
REQUEST = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
  xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:GetFolder>
  <m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>
  <m:FolderIds><t:DistinguishedFolderId Id="contacts"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>"""


def session():
    http = requests.Session()
    http.verify = CA_FILE
    http.trust_env = False
    http.headers["Content-Type"] = "text/xml; charset=utf-8"
    return http


def ask(http):
    return http.post(EWS, data=REQUEST.encode(), timeout=30)


def signs_in(password, bound=True):
    http = session()
    http.auth = HttpNtlmAuth(LOGIN, password, send_cbt=bound)
    answer = ask(http)
    if answer.status_code == 200:
        assert b"NoError" in answer.content, answer.text
        # The connection is signed in: the next request needs no proof of its own, and a stranger's has none.
        http.auth = None
        assert ask(http).status_code == 200, "the connection is not signed in"
        assert ask(session()).status_code == 401, "a stranger is let in"
    return answer.status_code


assert signs_in(PASSWORD) == 200, "a bound sign-in is refused"
assert signs_in(PASSWORD, bound=False) == 401, "a sign-in that is bound to nothing is taken"
assert signs_in("wrong") == 401, "a wrong password is taken"
for mode, status in (("allow", 200), ("off", 200), ("require", 401)):
    assert session().post(CONTROL, json={"mode": mode}, headers={"Content-Type": "application/json"}).status_code == 204
    assert signs_in(PASSWORD, bound=False) == status, mode
print("requests_ntlm and pyspnego: signed in, bound and not, as Extended Protection wants it")
