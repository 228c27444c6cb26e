"""Twilio's own client uses the simulator's gateway of text messages: it sends, asks after messages, and understands refusals.

    run python texts.py GATEWAY
"""

import sys
import urllib.parse

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

GATEWAY = sys.argv[1]
ACCOUNT, KEY, SECRET = "AC7c1f0a94b2d84e6f9a3c5d7e8f102938", "SK2b8e4d6f1a3c5079b8d6e4f2a1c3e507", "simulator"
SENDER, SERVICE = "+4915550006000", "MG9d2c4b6a8f0e1d3c5b7a9f8e6d4c2b1a"
NUMBER, TEXT = "+491701234567", "Ein Gruß & mehr: 100 % + 1"


class Elsewhere(TwilioHttpClient):
    """Sends to the simulator what would go to Twilio."""

    def request(self, method, url, **more):
        asked = urllib.parse.urlsplit(url)
        assert asked.hostname == "api.twilio.com", url
        there = urllib.parse.urlsplit(GATEWAY)
        return super().request(method, urllib.parse.urlunsplit(asked._replace(scheme=there.scheme, netloc=there.netloc)), **more)


def client(login=ACCOUNT, secret=SECRET, account=ACCOUNT):
    return Client(login, secret, account, http_client=Elsewhere())


def refused(status, code, client, **message):
    try:
        client.messages.create(**message)
    except TwilioRestException as trouble:
        assert (trouble.status, trouble.code) == (status, code), f"{trouble.status}, {trouble.code} instead of {status}, {code}"
        assert trouble.uri.endswith("/Messages.json"), trouble.uri
        return
    raise AssertionError(f"{code} was expected")


# By the account itself and by its key, from a number and from a service.
for login, sender in [(ACCOUNT, {"from_": SENDER}), (KEY, {"messaging_service_sid": SERVICE})]:
    sends = client(login)
    message = sends.messages.create(to=NUMBER, body=TEXT, **sender)
    assert (message.status, message.to, message.body) == ("queued", NUMBER, TEXT), message
    assert (message.account_sid, message.error_code, message.direction) == (ACCOUNT, None, "outbound-api")
    assert message.sid.startswith("SM") and len(message.sid) == 34, message.sid
    assert message.date_created is not None, "the time is one that the client reads"
    if login == ACCOUNT:
        assert message.from_ == SENDER
    else:
        assert message.messaging_service_sid == SERVICE
    assert [sends.messages(message.sid).fetch().status for _ in range(3)] == ["sent", "delivered", "delivered"]

good = {"to": NUMBER, "from_": SENDER, "body": "x"}
refused(401, 20003, client(secret="wrong"), **good)
refused(401, 20003, client(login="SK00000000000000000000000000000000"), **good)
refused(404, 20404, client(account="AC00000000000000000000000000000000"), **good)
refused(400, 21604, client(), **{**good, "to": ""})
refused(400, 21602, client(), **{**good, "body": ""})
refused(400, 21603, client(), to=NUMBER, body="x")
refused(400, 21211, client(), **{**good, "to": "+0170"})
refused(400, 21211, client(), **{**good, "to": "0170 1234567"})
refused(400, 21606, client(), **{**good, "from_": "+15005550006"})
refused(400, 21617, client(), **{**good, "body": "x" * 1601})
try:
    client().messages("SM" + "0" * 32).fetch()
    raise AssertionError("there is no such message")
except TwilioRestException as trouble:
    assert (trouble.status, trouble.code) == (404, 20404), trouble
print("texts: 2 sent and delivered, 11 refusals understood")
