"""Signs calls with ACS3-HMAC-SHA256: the lab's own client, for testing the lab itself."""

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import secrets
import ssl
import urllib.parse


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def query_string(params):
    return "&".join("%s=%s" % (name, encode(value)) for name, value in sorted(params.items()))


def authorization(key_id, secret, method, path, params, headers, body=b""):
    """Signs those of the headers that must be signed."""
    headers = {name.lower(): value for name, value in headers.items()}
    path = path.replace("+", "%20").replace("*", "%2A").replace("%7E", "~")
    signed = sorted(n for n in headers
                    if n in ("host", "content-type") or n.startswith("x-acs-"))
    canonical = "\n".join([
        method, path, query_string(params),
        "".join("%s:%s\n" % (n, headers[n].strip()) for n in signed),
        ";".join(signed), hashlib.sha256(body).hexdigest()])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return "ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s" % (
        key_id, ";".join(signed), signature)


def signature_v1(secret, method, params):
    """The older scheme's: HMAC-SHA1 over the parameters, which say all."""
    text = "%s&%%2F&%s" % (method, encode("&".join(
        "%s=%s" % (encode(name), encode(value)) for name, value in sorted(params.items()))))
    mac = hmac.new((secret + "&").encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(mac).decode()


VERSIONS = {"ecs": "2014-05-26", "vpc": "2016-04-28", "sts": "2015-04-01"}


class Client:
    """Calls one lab-cloud. Each call may bend any part of what it sends."""

    def __init__(self, cloud, ca, key_id, secret, token=None):
        self.cloud, self.key_id, self.secret, self.token = cloud, key_id, secret, token
        self.context = ssl.create_default_context(cafile=ca)

    def headers(self, action, product="ecs", body=b""):
        now = datetime.datetime.now(datetime.timezone.utc)
        headers = {
            "host": "127.0.0.1:%d" % self.cloud.port,
            "x-acs-action": action,
            "x-acs-version": VERSIONS[product],
            "x-acs-date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            "accept": "application/json",
        }
        if self.token:
            headers["x-acs-accesskey-id"] = self.key_id
            headers["x-acs-security-token"] = self.token
        return headers

    def send(self, method, params, headers, body=b"", timeout=100):
        """Sends exactly this. Returns (status, headers, body bytes)."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.cloud.port,
                                                 context=self.context, timeout=timeout)
        try:
            query = query_string(params)
            connection.putrequest(method, "/?" + query if query else "/", skip_host=True,
                                  skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode())
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def call(self, action, params=None, product="ecs", change=None, drop=(), after=None,
             secret=None, timeout=100):
        """A signed call. change: header values before signing; after: those after signing."""
        params = params or {}
        headers = self.headers(action, product)
        headers.update(change or {})
        for name in drop:
            headers.pop(name, None)
        headers["authorization"] = authorization(self.key_id, secret or self.secret, "POST", "/",
                                                 params, headers)
        headers.update(after or {})
        status, reply_headers, body = self.send("POST", params, headers, timeout=timeout)
        return Reply(status, reply_headers, body)

    def call_v1(self, action, params, product="ecs", secret=None, **more):
        """The same in the older scheme, as the aliyun CLI sends it."""
        now = datetime.datetime.now(datetime.timezone.utc)
        params = {**params, "Action": action, "Version": VERSIONS[product], "Format": "JSON",
                  "AccessKeyId": self.key_id, "SignatureMethod": "HMAC-SHA1",
                  "SignatureType": "", "SignatureVersion": "1.0",
                  "SignatureNonce": secrets.token_hex(16),
                  "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
        if self.token:
            params["SecurityToken"] = self.token
        params.update(more)
        params["Signature"] = signature_v1(secret or self.secret, "POST", params)
        host = {"host": "127.0.0.1:%d" % self.cloud.port}
        return Reply(*self.send("POST", params, host))


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return "" if self.status == 200 else self.json["Code"]
