"""A small https service: it tells clients their address (--source-ip=lookup:URL), or signs them in."""

import http.server
import json
import socket
import socketserver
import ssl
import threading


class Teller:
    """An https service that tells its clients' address, or something else.

    recipe: status, body, location, ipv6 (listen on ::1), silent (take the request, say nothing);
    sign_in: CloudSSO's exchange, with the access token that is taken and what must be asked for.
    """

    def __init__(self, recipe, authority):
        teller = self
        self.requests = []
        self._done = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                teller.requests.append(self.path)
                if recipe.get("silent"):
                    teller._done.wait(60)
                    return
                body = recipe.get("body", "198.51.100.7\n").encode()
                self.send_response(recipe.get("status", 200))
                if "location" in recipe:
                    self.send_header("Location", recipe["location"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                teller.requests.append(self.path)
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                takes = recipe["sign_in"]
                good = (self.path == "/cloud-credentials" and asked == takes["asked"] and
                        self.headers["Authorization"] == "Bearer " + takes["token"])
                body = json.dumps(takes["reply"] if good else {"ErrorCode": "no"}).encode()
                self.send_response(recipe.get("status", 200 if good else 401))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if recipe.get("ipv6") else socket.AF_INET

            def server_bind(self):
                """Without HTTPServer's look-up of its own name, which would ask a name server."""
                socketserver.TCPServer.server_bind(self)

        self._server = Server(("::1" if recipe.get("ipv6") else "127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.cert, authority.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = "https://%s:%d/ip" % ("[::1]" if recipe.get("ipv6") else "localhost",
                                         self.port)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._done.set()
        self._server.shutdown()
        self._server.server_close()
