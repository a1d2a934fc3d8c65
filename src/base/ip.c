#include "base/ip.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

static unsigned width(const struct spf_ip *ip)
{
    return ip->family == 4 ? 32 : 128;
}

bool spf_ip_parse(const char *text, struct spf_ip *ip)
{
    struct spf_ip parsed = {0};

    if (inet_pton(AF_INET, text, parsed.octets) == 1) {
        parsed.family = 4;
    } else if (inet_pton(AF_INET6, text, parsed.octets) == 1) {
        parsed.family = 6;
    } else {
        return false;
    }
    *ip = parsed;
    return true;
}

bool spf_cidr_parse(const char *text, struct spf_cidr *cidr)
{
    char address[SPF_IP_TEXT_SIZE];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    struct spf_cidr parsed;

    if (len >= sizeof address) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (!spf_ip_parse(address, &parsed.ip)) {
        return false;
    }
    parsed.bits = (uint8_t)width(&parsed.ip);
    if (slash != NULL) {
        unsigned bits = 0;
        const char *p = slash + 1;

        if (*p == '\0') {
            return false;
        }
        for (; *p != '\0'; p++) {
            if (*p < '0' || *p > '9') {
                return false;
            }
            bits = bits * 10 + (unsigned)(*p - '0');
            if (bits > width(&parsed.ip)) {
                return false;
            }
        }
        parsed.bits = (uint8_t)bits;
    }
    *cidr = parsed;
    return true;
}

void spf_ip_format(const struct spf_ip *ip, char out[SPF_IP_TEXT_SIZE])
{
    out[0] = '\0';
    if (ip->family != 0) {
        (void)inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->octets, out, SPF_IP_TEXT_SIZE);
    }
}

bool spf_ip_equal(const struct spf_ip *a, const struct spf_ip *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, width(a) / 8) == 0;
}

bool spf_cidr_holds(const struct spf_cidr *cidr, const struct spf_ip *ip)
{
    unsigned whole = cidr->bits / 8u;
    unsigned rest = cidr->bits % 8u;

    if (cidr->ip.family != ip->family || ip->family == 0) {
        return false;
    }
    if (memcmp(cidr->ip.octets, ip->octets, whole) != 0) {
        return false;
    }
    return rest == 0 || (cidr->ip.octets[whole] ^ ip->octets[whole]) >> (8 - rest) == 0;
}

bool spf_ip_is_public(const struct spf_ip *ip)
{
    /* IANA special-purpose registries (RFC 6890 and its updates): what is not globally reachable.
     */
    static const char *const special[] = {
        "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
        "::/128",        "::1/128",         "::ffff:0:0/96",  "64:ff9b:1::/48", "100::/64",
        "2001:2::/48",   "2001:db8::/32",   "fc00::/7",       "fe80::/10",      "ff00::/8",
    };

    if (ip->family == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        struct spf_cidr cidr;

        if (spf_cidr_parse(special[i], &cidr) && spf_cidr_holds(&cidr, ip)) {
            return false;
        }
    }
    return true;
}

void spf_ip_unmap(struct spf_ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (ip->family != 6 || memcmp(ip->octets, mapped, sizeof mapped) != 0) {
        return;
    }
    ip->family = 4;
    memmove(ip->octets, ip->octets + 12, 4);
    memset(ip->octets + 4, 0, 12);
}

bool spf_ip_from_sockaddr(const struct sockaddr *address, struct spf_ip *ip)
{
    *ip = (struct spf_ip){0};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof in);
        ip->family = 4;
        memcpy(ip->octets, &in.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof in6);
        ip->family = 6;
        memcpy(ip->octets, &in6.sin6_addr, 16);
        spf_ip_unmap(ip);
        return true;
    }
    return false;
}

bool spf_same_host(const char *a, const char *b)
{
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *one = NULL;
    struct addrinfo *other = NULL;
    bool same;

    if (spf_same_word(a, b)) {
        return true;
    }
    same = getaddrinfo(a, NULL, &numeric, &one) == 0 &&
           getaddrinfo(b, NULL, &numeric, &other) == 0 && one->ai_addrlen == other->ai_addrlen &&
           memcmp(one->ai_addr, other->ai_addr, one->ai_addrlen) == 0;
    if (one != NULL) {
        freeaddrinfo(one);
    }
    if (other != NULL) {
        freeaddrinfo(other);
    }
    return same;
}
