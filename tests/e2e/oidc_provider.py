# SPDX-License-Identifier: Apache-2.0
"""An OpenID provider for tests: issues tokens (RS256, ES256), rotates its
keys, goes down. OpenSSL's command line signs, so what the program verifies was
made by other code.
"""
import base64
import http.server
import json
import os
import subprocess
import threading
import time


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True,
                          capture_output=True).stdout


class Key:
    """One key pair of the provider."""

    def __init__(self, folder, kid, ec=False):
        self.kid, self.ec = kid, ec
        self.path = os.path.join(folder, kid + ".key")
        if ec:
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                    "-out", self.path)
        else:
            openssl("genrsa", "-out", self.path, "2048")

    def jwk(self):
        if self.ec:
            point = openssl("ec", "-in", self.path, "-pubout", "-outform",
                            "DER")[-64:]
            return {"kty": "EC", "crv": "P-256", "kid": self.kid,
                    "use": "sig", "x": b64(point[:32]), "y": b64(point[32:])}
        modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus")
        number = bytes.fromhex(modulus.decode().strip().split("=")[1])
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256",
                "n": b64(number), "e": "AQAB"}

    def sign(self, data):
        der = openssl("dgst", "-sha256", "-sign", self.path, data=data)
        if not self.ec:
            return der
        # ECDSA-Sig-Value (RFC 3279) to two numbers of 32 bytes (RFC 7518).
        first = der[3]
        r, s = der[4:4 + first], der[6 + first:]
        return r[-32:].rjust(32, b"\0") + s[-32:].rjust(32, b"\0")


class Provider:
    """The provider on a port of loopback."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = [Key(folder, "first"), Key(folder, "curve", ec=True)]
        self.down = False
        self.asked = []
        self.server = None
        self.port = None
        self.start()
        self.issuer = f"http://localhost:{self.port}/realm"

    def start(self):
        """Listens, on the port it had before."""
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Discovery and keys."""

            def do_GET(self):  # pylint: disable=invalid-name
                provider.asked.append(self.path)
                body = json.dumps({
                    "/realm/.well-known/openid-configuration": {
                        "issuer": provider.issuer,
                        "jwks_uri": provider.issuer + "/keys"},
                    "/realm/keys": {
                        "keys": [k.jwk() for k in provider.keys]},
                }.get(self.path)).encode()
                self.send_response(200 if body != b"null" else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format, *args):  # pylint: disable=W0622
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", self.port or 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def rotate(self, kid):
        """New keys; the old ones are gone."""
        self.keys = [Key(self.folder, kid)]

    def token(self, kid=None, header=None, **claims):
        """A token good for ten minutes, but for what is said otherwise."""
        key = next((k for k in self.keys if k.kid == kid), self.keys[0])
        body = {"iss": self.issuer, "sub": "ann", "aud": "cw",
                "iat": int(time.time()), "exp": int(time.time()) + 600}
        body.update(claims)
        body = {k: v for k, v in body.items() if v is not None}
        head = {"alg": "ES256" if key.ec else "RS256", "kid": key.kid}
        head.update(header or {})
        signed = ".".join(b64(json.dumps(part).encode())
                          for part in (head, body))
        return signed + "." + b64(key.sign(signed.encode()))
