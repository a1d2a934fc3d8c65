"""An HTTP proxy that leads the names of endpoints to the lab's cloud, and nowhere else."""

import select
import socket
import threading


class Tunnel:
    """Takes CONNECT to the names given; any other host it cannot reach (502)."""

    def __init__(self, names):
        self.names = names
        self.target = 0  # the port of the cloud on loopback
        self.others = {}  # names that lead to another port
        self.hosts = []  # asked for, in their order
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)
        self.url = "http://127.0.0.1:%d" % self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            with peer:
                self._tunnel(peer)
        except OSError:
            pass

    def _tunnel(self, peer):
        head = b""
        while b"\r\n\r\n" not in head:
            data = peer.recv(4096)
            if not data:
                return
            head += data
        host = head.split()[1].decode("ascii", "replace").rsplit(":", 1)[0]
        self.hosts.append(host)
        if not head.startswith(b"CONNECT ") or host not in self.names:
            peer.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        port = self.others.get(host, self.target)
        with socket.create_connection(("127.0.0.1", port)) as cloud:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {peer: cloud, cloud: peer}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)

    def stop(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
