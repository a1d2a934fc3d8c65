"""An SSH server that does one wrong thing at one point of an otherwise good login.

It speaks the real protocol (curve25519-sha256, ssh-ed25519, chacha20-poly1305@openssh.com) in plain
Python, takes any key, and carries out any echo; slow, and for tests alone. STAGES are the messages
at which it can go wrong, DEEDS what it then does instead of sending that message; the deed
"bad-signature" belongs to no stage. Nor do the LATE ones: as on a long way to sshd, the key's
options are announced, and the channel's confirmation comes only behind the command.
"""

import base64
import hashlib
import os
import socket
import struct
import subprocess
import threading

STAGES = ["kexinit", "kex-reply", "newkeys", "service-accept", "query-answer", "signature-answer",
          "channel-confirmation", "exec-answer", "output"]
DEEDS = ["close", "reset", "silence", "disconnect", "no-packet", "bad-padding", "bad-mac",
         "wrong-message", "cut-message", "unknown-message", "ignores", "debugs"]

LATE = ["late-shell", "late-no-shell", "late-refusal"]

IGNORE, DEBUG, DISCONNECT, UNIMPLEMENTED = 2, 4, 1, 3
PRIME = 2 ** 255 - 19
MASK = 0xffffffff

# ChaCha20 takes no MAC; that umac is among them bears out what the identification says
SHOWS_OPENSSH = b"umac-64@openssh.com,hmac-sha2-256"


def u32(value):
    return struct.pack(">I", value)


def string(data):
    return u32(len(data)) + data


def mpint(value):
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def failure(methods, partial=0):
    """SSH_MSG_USERAUTH_FAILURE"""
    return lambda usual: b"\x33" + string(methods) + bytes([partial])


def no_channel(code, text):
    """SSH_MSG_CHANNEL_OPEN_FAILURE"""
    return lambda usual: b"\x5c" + usual[1:5] + u32(code) + string(text) + string(b"")


def to_channel(kind, rest=b""):
    return lambda usual: bytes([kind]) + usual[1:5] + rest


def disconnect(code, text):
    return lambda usual: bytes([1]) + u32(code) + string(text) + string(b"")


def usual_one(usual):
    return usual


# Good messages that are not the usual one: name -> (at which stage, what is sent there).
REPLIES = {
    "unimplemented": ("query-answer", [lambda usual: b"\x03" + u32(4), usual_one]),
    "banner": ("query-answer", [lambda usual: b"\x35" + string(b"Hello\r\n\x1b[1mall") + string(b""),
                                usual_one]),
    "late-extensions": ("query-answer", [lambda usual: b"\x07" + u32(1) + string(b"server-sig-algs") +
                                         string(b"ssh-ed25519,rsa-sha2-256,rsa-sha2-512"), usual_one]),
    "refuses": ("query-answer", [failure(b"publickey,,password")]),
    "refuses-all": ("query-answer", [failure(b"")]),
    "refuses-keys": ("query-answer", [failure(b"password,keyboard-interactive")]),
    "partial-query": ("query-answer", [failure(b"publickey", 1)]),
    "lets-in": ("query-answer", [lambda usual: b"\x34"]),
    "too-many": ("query-answer", [disconnect(2, b"Too many authentication failures")]),
    "refuses-login": ("signature-answer", [failure(b"publickey")]),
    "second-factor": ("signature-answer", [failure(b"keyboard-interactive", 1)]),
    "asks-globally": ("signature-answer", [usual_one, lambda usual: b"\x50" + string(b"keepalive@openssh.com") +
                                           b"\1"]),
    "prohibits": ("channel-confirmation", [no_channel(1, b"not here")]),
    "cannot-connect": ("channel-confirmation", [no_channel(2, b"")]),
    "unknown-type": ("channel-confirmation", [no_channel(3, b"what?")]),
    "shortage": ("channel-confirmation", [no_channel(4, b"\x1b[2Jno more")]),
    "no-window": ("channel-confirmation", [to_channel(91, u32(7) + u32(0) + u32(1 << 15)),
                                           to_channel(93, u32(1 << 20))]),
    "no-command": ("exec-answer", [to_channel(100)]),
    "no-command-but-sftp": ("exec-answer", [to_channel(100)]),
    "killed": ("output", [to_channel(98, string(b"exit-signal") + b"\0" + string(b"KILL") + b"\0" +
                                     string(b"") + string(b"")), to_channel(96), to_channel(97)]),
    "no-status": ("output", [to_channel(96), to_channel(97)]),
    "complains": ("output", [to_channel(95, u32(1) + string(b"no such thing\n")),
                             to_channel(98, string(b"exit-status") + b"\0" + u32(3)), to_channel(96),
                             to_channel(97)]),
    "closes-at-once": ("output", [to_channel(97)]),
}


def take_string(data, at):
    size, = struct.unpack_from(">I", data, at)
    return data[at + 4:at + 4 + size], at + 4 + size


def x25519(scalar, u):
    """RFC 7748 section 5."""
    k = int.from_bytes(scalar, "little") & ~7 & ~(1 << 255) | (1 << 254)
    x1 = int.from_bytes(u, "little") & ~(1 << 255)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % PRIME, x1 * (da - cb) ** 2 % PRIME
        x2, z2 = aa * bb % PRIME, e * (aa + 121665 * e) % PRIME
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


def chacha_block(key, counter, nonce):
    """The original one: 64 bits of counter and of nonce."""
    start = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) +
                 (counter & MASK, counter >> 32) + struct.unpack("<2I", nonce))
    x = start[:]
    for turn in range(20):
        for i in range(4):
            shift = turn % 2
            a, b, c, d = i, 4 + (i + shift) % 4, 8 + (i + 2 * shift) % 4, 12 + (i + 3 * shift) % 4
            for left, right, goal, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[left] = (x[left] + x[right]) & MASK
                mixed = x[goal] ^ x[left]
                x[goal] = (mixed << bits | mixed >> (32 - bits)) & MASK
    return struct.pack("<16I", *((p + q) & MASK for p, q in zip(x, start)))


def chacha(key, nonce, counter, data):
    out = b""
    for at in range(0, len(data), 64):
        block = chacha_block(key, counter + at // 64, nonce)
        out += bytes(p ^ q for p, q in zip(data[at:at + 64], block))
    return out


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at:at + 16] + b"\1", "little")) * r % (2 ** 130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2 ** 128).to_bytes(16, "little")


class HostKey:
    """Ed25519, made and used by the openssl program."""

    def __init__(self, folder):
        self.path, self.folder = os.path.join(folder, "odd_host"), folder
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        raw = self._openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]
        self.blob = string(b"ssh-ed25519") + string(raw)
        self.line = "ssh-ed25519 " + base64.b64encode(self.blob).decode("ascii")

    def _openssl(self, *words):
        return subprocess.run(["openssl", *words], check=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def sign(self, data):
        path = os.path.join(self.folder, "signed.%d" % threading.get_ident())
        with open(path, "wb") as out:
            out.write(data)
        done = self._openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", path)
        os.unlink(path)
        return string(b"ssh-ed25519") + string(done)


class Done(Exception):
    """The deed is done."""


class Talk:
    """One connection."""

    def __init__(self, peer, host_key, stage, deed):
        self.peer, self.host_key, self.stage, self.deed = peer, host_key, stage, deed
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.keys_out = self.keys_in = None
        self.sent = self.received = 0

    def _read(self, size):
        data = b""
        while len(data) < size:
            part = self.peer.recv(size - len(data))
            if not part:
                raise Done
            data += part
        return data

    def _packed(self, payload, claim=None):
        """The packet's bytes, encrypted once keys are in force. claim: a wrong length of padding."""
        padding = 8 - ((1 if self.keys_out else 5) + len(payload)) % 8
        padding += 8 if padding < 4 else 0
        body = bytes([padding if claim is None else claim]) + payload + bytes(padding)
        number = struct.pack(">Q", self.sent)
        self.sent += 1
        if not self.keys_out:
            return u32(len(body)) + body
        main, header = self.keys_out[:32], self.keys_out[32:]
        sealed = chacha(header, number, 0, u32(len(body))) + chacha(main, number, 1, body)
        return sealed + poly1305(chacha_block(main, 0, number)[:32], sealed)

    def send(self, payload):
        self.peer.sendall(self._packed(payload))

    def receive(self):
        if not self.keys_in:
            size, = struct.unpack(">I", self._read(4))
            body = self._read(size)
        else:
            main, header = self.keys_in[:32], self.keys_in[32:]
            number = struct.pack(">Q", self.received)
            size, = struct.unpack(">I", chacha(header, number, 0, self._read(4)))
            body = chacha(main, number, 1, self._read(size))
            self._read(16)
        self.received += 1
        payload = body[1:len(body) - body[0]]
        return self.receive() if payload[0] in (IGNORE, DEBUG, UNIMPLEMENTED) else payload

    def _hold(self):
        while self.peer.recv(4096):
            pass

    def _flood(self, payload):
        while True:
            self.peer.sendall(self._packed(payload))

    def reach(self, stage, payload):
        """Sends the message of this stage, or does the deed instead. False: something else was sent."""
        if self.deed in REPLIES and REPLIES[self.deed][0] == stage:
            for make in REPLIES[self.deed][1]:
                self.send(make(payload))
            return usual_one in REPLIES[self.deed][1] or self.deed == "no-window"
        if stage != self.stage:
            self.send(payload)
            return True
        deed = self.deed
        if deed == "reset":
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif deed == "silence":
            self._hold()
        elif deed == "disconnect":
            text = b"Gone for \x1b[31mlunch"
            self.send(bytes([DISCONNECT]) + u32(11) + string(text) + string(b""))
            self._hold()
        elif deed == "no-packet":
            self.peer.sendall(b"\x7f\xff\xff\xff this is no packet" * 10)
            self._hold()
        elif deed == "bad-padding":
            self.peer.sendall(self._packed(payload[:1], claim=255))
            self._hold()
        elif deed == "bad-mac":
            packet = self._packed(payload)
            self.peer.sendall(packet[:-1] + bytes([packet[-1] ^ 1]))
            self._hold()
        elif deed == "wrong-message":  # a good one, out of its turn
            self.send(b"\x5b" + u32(0) + u32(0) + u32(1) + u32(1))
            self._hold()
        elif deed == "cut-message":
            self.send(payload[:3])
            self._hold()
        elif deed == "unknown-message":
            self.send(b"\xc8" + bytes(20))
            self._hold()
        elif deed in ("ignores", "debugs"):
            text = string(b"x" * (20 if self.keys_out else 30000))  # sealing takes its time
            self._flood(bytes([IGNORE]) + text if deed == "ignores" else
                        bytes([DEBUG, 1]) + text + string(b""))
        raise Done

    def shake_hands(self):
        ours = b"SSH-2.0-OpenSSH_9.2p1 odd"
        self.peer.sendall(ours + b"\r\n")
        theirs = b""
        while not theirs.endswith(b"\n"):
            theirs += self._read(1)
        theirs = theirs.rstrip(b"\r\n")
        lists = [b"curve25519-sha256", b"ssh-ed25519", b"chacha20-poly1305@openssh.com",
                 b"chacha20-poly1305@openssh.com", SHOWS_OPENSSH, SHOWS_OPENSSH, b"none",
                 b"none", b"", b""]
        offer = b"\x14" + bytes(16) + b"".join(map(string, lists)) + bytes(5)
        self.reach("kexinit", offer)
        their_offer = self.receive()
        their_point, _ = take_string(self.receive(), 1)
        secret = os.urandom(32)
        point = x25519(secret, b"\x09" + bytes(31))
        shared = mpint(int.from_bytes(x25519(secret, their_point), "big"))
        digest = hashlib.sha256(b"".join(map(string, (
            theirs, ours, their_offer, offer, self.host_key.blob, their_point, point))) +
            shared).digest()
        signature = self.host_key.sign(digest)
        if self.deed == "bad-signature":
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        self.reach("kex-reply", b"\x1f" + string(self.host_key.blob) + string(point) +
                   string(signature))
        self.reach("newkeys", b"\x15")

        def derive(letter):
            first = hashlib.sha256(shared + digest + letter + digest).digest()
            return first + hashlib.sha256(shared + digest + first).digest()
        self.keys_out = derive(b"D")
        self.receive()  # their NEWKEYS
        self.keys_in = derive(b"C")

    def log_in(self):
        while True:
            message = self.receive()
            if message[0] == 5:  # SERVICE_REQUEST
                self.reach("service-accept", b"\x06" + message[1:])
            elif message[0] == 50:  # USERAUTH_REQUEST
                _, at = take_string(message, 1)
                _, at = take_string(message, at)
                method, at = take_string(message, at)
                if method != b"publickey":
                    self.send(b"\x33" + string(b"publickey") + b"\0")
                elif message[at]:
                    if not self.reach("signature-answer", b"\x34"):
                        continue
                    if self.deed in LATE:
                        self.send(bytes([DEBUG, 0]) + string(b"keys:1: key options: pty") +
                                  string(b""))
                    return
                else:
                    algorithm, at = take_string(message, at + 1)
                    blob, at = take_string(message, at)
                    self.reach("query-answer", b"\x3c" + string(algorithm) + string(blob))
                    if self.deed == "lets-in":
                        return
            else:
                raise Done

    def run_commands(self):
        theirs = 0
        while True:
            message = self.receive()
            if message[0] == 90:  # CHANNEL_OPEN
                _, at = take_string(message, 1)
                theirs, = struct.unpack_from(">I", message, at)
                if self.deed in LATE:
                    self.late(theirs)
                    return
                self.reach("channel-confirmation", b"\x5b" + u32(theirs) + u32(7) + u32(1 << 20) +
                           u32(1 << 15))
            elif message[0] == 98:  # CHANNEL_REQUEST
                kind, at = take_string(message, 5)
                if kind == b"subsystem":
                    self.send(bytes([99 if self.deed == "no-command-but-sftp" else 100]) + u32(theirs))
                if kind != b"exec":
                    continue
                command, _ = take_string(message, at + 1)
                said = b"\x5e" + u32(theirs) + string(command[5:] + b"\n")
                if not self.reach("exec-answer", b"\x63" + u32(theirs)) or not self.reach("output", said):
                    continue
                self.send(b"\x62" + u32(theirs) + string(b"exit-status") + b"\0" + u32(0))
                self.send(b"\x60" + u32(theirs))
                self.send(b"\x61" + u32(theirs))
            elif message[0] == 1:
                raise Done


    def late(self, theirs):
        """Waits for the command, for channel 0, and answers all at once."""
        message = self.receive()
        if message[:5] != b"\x62" + u32(0):
            raise Done
        command, _ = take_string(message, take_string(message, 5)[1] + 1)
        if self.deed == "late-refusal":
            answers = [b"\x5c" + u32(theirs) + u32(1) + string(b"open failed") + string(b""),
                       bytes([DISCONNECT]) + u32(2) + string(b"unknown channel 0") + string(b"")]
        else:
            shell = self.deed == "late-shell"
            said = command.split()[1].replace(b"''", b"") + b"\n"
            answers = [b"\x5b" + u32(theirs) + u32(0) + u32(1 << 20) + u32(1 << 15),
                       b"\x63" + u32(theirs)]
            answers += [b"\x5e" + u32(theirs) + string(said)] if shell else []
            answers += [b"\x62" + u32(theirs) + string(b"exit-status") + b"\0" + u32(not shell),
                        b"\x60" + u32(theirs), b"\x61" + u32(theirs)]
        self.peer.sendall(b"".join(map(self._packed, answers)))
        self._hold()


class OddServer:
    """Listens on loopback; every connection meets the same oddity. stage and deed may be set."""

    def __init__(self, folder, stage=None, deed=None):
        self.host_key = HostKey(folder)
        self.stage, self.deed, self.log = stage, deed, []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        talk = Talk(peer, self.host_key, self.stage, self.deed)
        try:
            talk.shake_hands()
            talk.log_in()
            talk.run_commands()
        except (Done, OSError):
            pass
        finally:
            peer.close()

    def stop(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
