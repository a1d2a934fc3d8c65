"""A router that answers each TCP SYN on path1 by an ICMP message of the type and code given (RFC 792): nft's
reject has only some of them. Runs until it is ended."""

import socket
import struct
import sys

ETH_P_IP = 0x0800


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def main():
    kind, code = map(int, sys.argv[1:])
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    sniffer.bind(("path1", ETH_P_IP))
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    print("ready", flush=True)
    while True:
        packet = sniffer.recv(65536)
        header = (packet[0] & 15) * 4
        if packet[9] != socket.IPPROTO_TCP or packet[header + 13] & 0x12 != 0x02:
            continue
        quoted = packet[:header + 8]
        message = struct.pack(">BBHI", kind, code, 0, 0) + quoted
        message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
        sender.sendto(message, (socket.inet_ntoa(packet[12:16]), 0))


if __name__ == "__main__":
    main()
