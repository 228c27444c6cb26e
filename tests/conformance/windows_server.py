"""A server whose Windows authentication others wrote: pyspnego judges what the product signs in with.

    NTLM_USER_FILE=accounts run python windows_server.py WORD BINDINGS CERTIFICATE KEY

WORD is NTLM or Negotiate. BINDINGS says what a sign-in must be bound to: `none`, `own` (the certificate that is shown), or a file with
another certificate. Without CERTIFICATE and KEY it speaks plain HTTP. It prints its port, and then a line for each judgement.
"""

import base64
import http.server
import ssl
import sys

import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

WORD, BINDINGS, *FILES = sys.argv[1:]


def bindings():
    if BINDINGS == "none":
        return None
    with open(FILES[0] if BINDINGS == "own" else BINDINGS, "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    algorithm = certificate.signature_hash_algorithm
    if isinstance(algorithm, (hashes.MD5, hashes.SHA1)):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate.public_bytes(serialization.Encoding.DER))
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())


class Handler(http.server.BaseHTTPRequestHandler):
    """One for each connection: what is proved holds for it."""

    protocol_version = "HTTP/1.1"
    context = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        word, _, message = self.headers.get("Authorization", "").partition(" ")
        if not message:
            if self.context and self.context.complete:
                return self.answer(200, body)
            return self.answer(401)
        assert word == WORD and message, word
        if not self.context or self.context.complete:
            self.context = spnego.server(protocol="ntlm", channel_bindings=bindings())
        try:
            challenge = self.context.step(base64.b64decode(message))
        except SpnegoError as error:
            self.context = None
            print(f"refused {type(error).__name__}", flush=True)
            return self.answer(401)
        if challenge:
            assert not body, "the first message comes without the request"
            return self.answer(401, challenge=" " + base64.b64encode(challenge).decode())
        print(f"accepted {self.context.client_principal}", flush=True)
        return self.answer(200, body)

    def answer(self, status, body=b"", challenge=""):
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", WORD + challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if FILES:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*FILES)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
