#include "cloud/instance_word.h"

#include <string.h>

#include "base/language.h"
#include "base/text.h"

static const char form[] =
    N_("an instance's id is i- and lower-case letters and digits, as in i-bp1a2b3c4d5e6f7g8h9i");

/* Ids of other things, by what precedes the hyphen (the API's references). */
static const struct {
    const char *prefix, *what;
} others[] = {
    {"eip-", N_("an elastic IP address")},
    {"eni-", N_("a network interface")},
    {"sg-", N_("a security group")},
    {"sgr-", N_("a security group rule")},
    {"vpc-", N_("a VPC")},
    {"vsw-", N_("a vSwitch")},
    {"d-", N_("a disk")},
    {"m-", N_("an image")},
    {"lt-", N_("a launch template")},
    {"ngw-", N_("a NAT gateway")},
    {"nacl-", N_("a network ACL")},
};

static bool is_id(const char *word)
{
    return spf_starts_with(word, "i-") && strlen(word) > 2 && strlen(word) < 80 &&
           strspn(word + 2, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(word + 2);
}

/* What the cloud makes up; "sg-gateway" may well be an instance's name. */
static bool is_generated(const char *rest)
{
    return strlen(rest) >= 12 && strpbrk(rest, "0123456789") != NULL &&
           strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(rest);
}

static bool is_id_in_upper_case(const char *word)
{
    return (word[0] == 'I' || word[0] == 'i') && word[1] == '-' && strlen(word) >= 12 &&
           strspn(word + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
               strlen(word + 2);
}

/* A letter first, of any script; then letters, digits and ":_.-,"; the API's filter knows "*". */
static bool is_name(const char *word)
{
    size_t len = strlen(word);
    size_t characters = 0;

    for (size_t at = 0; at < len; characters++) {
        uint32_t code;
        size_t used = spf_utf8_decode(word + at, len - at, &code);
        bool letter = (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') || code >= 0xaa;

        if (used == 0 || (at == 0 && !letter) ||
            (!letter && (code < '0' || code > '9') && strchr(":_.-,", (int)code) == NULL)) {
            return false;
        }
        at += used;
    }
    return characters >= 2 && characters <= 128 && len < 140;
}

struct spf_error spf_instance_word(const char *word, enum spf_instance_word *kind,
                                   struct spf_ip *ip)
{
    const char *tail = strrchr(word, '/'); /* of acs:ecs:REGION:ACCOUNT:instance/ID */
    struct spf_ip ignored;

    if (is_id(word)) {
        *kind = SPF_WORD_ID;
        return spf_ok();
    }
    if (spf_ip_parse(word, ip != NULL ? ip : &ignored)) {
        *kind = SPF_WORD_ADDRESS;
        return spf_ok();
    }
    if (spf_starts_with(word, "acs:") || spf_starts_with(word, "arn:")) {
        bool ends_in_id = tail != NULL && is_id(tail + 1);

        return spf_usage("--instance takes the id at the ARN's end%s%s", ends_in_id ? ": " : "",
                         ends_in_id ? tail + 1 : "");
    }
    if (is_id_in_upper_case(word)) {
        return spf_usage("--instance %s: %s", word, spf_tr(form));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (spf_starts_with(word, others[i].prefix) &&
            is_generated(word + strlen(others[i].prefix))) {
            return spf_usage("--instance %.80s is the id of %s; %s", word, spf_tr(others[i].what),
                             spf_tr(form));
        }
    }
    if (is_name(word)) {
        *kind = SPF_WORD_NAME;
        return spf_ok();
    }
    return spf_usage("--instance takes an id, a name or an address of the instance; %s",
                     spf_tr(form));
}
