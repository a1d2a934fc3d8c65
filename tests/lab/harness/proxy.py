"""A proxy before a real sshd that knows where SSH packets end, and stops at one of them.

The server has to be kept to PROXIED: with AES-GCM the length of a packet stays in clear (RFC 5647),
so that encrypted packets can be counted, too. What is in them stays between the two.
"""

import socket
import struct
import threading

PROXIED = ["Ciphers aes128-gcm@openssh.com"]
NEWKEYS = 21
TAG = 16  # bytes of GCM's tag behind an encrypted packet
MANNERS = ("through", "stall", "half", "close", "reset", "drip")


class Units:
    """Cuts one direction's bytes into its identification line and packets."""

    def __init__(self):
        self._held = b""
        self._identified = self._encrypted = False

    def feed(self, data):
        """Whole units, as (bytes, type of the message or None where that is not to be seen)."""
        self._held += data
        units = []
        while (size := self._size()) and len(self._held) >= size:
            unit, self._held = self._held[:size], self._held[size:]
            kind = None
            if not self._identified:
                self._identified = unit.startswith(b"SSH-")
            elif not self._encrypted:
                kind = unit[5]
                self._encrypted = kind == NEWKEYS
            units.append((unit, kind))
        return units

    def _size(self):
        if not self._identified:
            return self._held.find(b"\n") + 1
        if len(self._held) < 5:
            return 0
        return 4 + struct.unpack(">I", self._held[:4])[0] + (TAG if self._encrypted else 0)


class Proxy:
    """manner: what happens instead of the server's unit number `at` (from 0) and all behind it.

    through: nothing; stall: silence; half: a half of it, then silence; close: the end; reset: a
    reset; drip: it comes, and what follows, a byte a second.
    """

    def __init__(self, port, manner="through", at=0):
        self._behind, self._manner, self._at = port, manner, at
        self.connections = 0
        self.said = {"client": [], "server": []}  # types of the messages, in order
        self._done = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._behind))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target, who in ((client, server, "client"), (server, client, "server")):
                threading.Thread(target=self._copy, args=(source, target, who), daemon=True).start()

    def _copy(self, source, target, who):
        units, cut = Units(), False
        try:
            while data := source.recv(65536):
                for unit, kind in units.feed(data):
                    number = len(self.said[who])
                    self.said[who].append(kind)
                    if cut or who == "client" or number < self._at or self._manner == "through":
                        if not cut:
                            target.sendall(unit)
                        continue
                    cut = self._cut(target, unit)
            if not cut:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _cut(self, target, unit):
        """True once nothing more is to be sent."""
        if self._manner == "half":
            target.sendall(unit[:len(unit) // 2])
        elif self._manner == "close":
            target.shutdown(socket.SHUT_RDWR)
        elif self._manner == "reset":
            target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            target.shutdown(socket.SHUT_RD)  # wakes the thread that reads here and holds it open
            target.close()
        elif self._manner == "drip":
            for byte in unit:
                target.sendall(bytes([byte]))
                if self._done.wait(1):
                    return True
            return False
        return True

    def stop(self):
        self._done.set()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
