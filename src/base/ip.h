#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IP address as a value. family is 0 (none), 4 or 6; IPv4 uses the first four octets. */
struct spf_ip {
    uint8_t family;
    uint8_t octets[16];
};

#define SPF_IP_TEXT_SIZE 64

/* An address and the number of its leading bits that count. */
struct spf_cidr {
    struct spf_ip ip;
    uint8_t bits;
};

/* Reads a literal address without zone, brackets or port (inet_pton(3)). */
bool spf_ip_parse(const char *text, struct spf_ip *ip);
/* Reads "10.0.0.0/8" or a lone address (all bits). Host bits may be set; they are ignored when
 * matching. */
bool spf_cidr_parse(const char *text, struct spf_cidr *cidr);
/* RFC 5952 text; "" for family 0. */
void spf_ip_format(const struct spf_ip *ip, char out[SPF_IP_TEXT_SIZE]);
bool spf_ip_equal(const struct spf_ip *a, const struct spf_ip *b);
/* False where the families differ: 0.0.0.0/0 does not hold an IPv6 address. */
bool spf_cidr_holds(const struct spf_cidr *cidr, const struct spf_ip *ip);
/* Globally routable unicast, by the IANA special-purpose registries (RFC 6890). */
bool spf_ip_is_public(const struct spf_ip *ip);
/* An IPv4 address that is written as IPv6 (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2) becomes one.
 */
void spf_ip_unmap(struct spf_ip *ip);
/* Do two names or literals mean the same host by their letters: without case, and with a literal in
 * any form that getaddrinfo(3) takes (127.1)? No name is looked up. */
bool spf_same_host(const char *a, const char *b);
bool spf_ip_from_sockaddr(const struct sockaddr *address, struct spf_ip *ip);
