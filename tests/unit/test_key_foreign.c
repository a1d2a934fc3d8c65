#include <stdio.h>

#include "unit.h"

#include "key/foreign.h"

/* Files that are no SSH or PuTTY key, recognised by their first bytes where those suffice. */
static const struct row {
    const char *name, *bytes;
    size_t len;
    enum spf_key_container container;
    const char *cause;
} rows[] = {
#define BYTES(text) text, sizeof text - 1
#define OTHER       "key-other-format"
#define NONE        SPF_CONTAINER_NONE, "key-is-not-a-key"
    {"PKCS#12", BYTES("\x30\x0a\2\1\3\x30\5\6\3\x55\4\3"), SPF_CONTAINER_PFX, "key-is-pfx"},
    {"version 3 of something else", BYTES("\x30\x0a\2\1\3\4\5\6\3\x55\4\3"), NONE},
    {"PKCS#12, another version", BYTES("\x30\x0a\2\1\2\x30\5\6\3\x55\4\3"), NONE},
    {"a number alone", BYTES("\x30\3\2\1\3\0\0\0"), NONE},
    {"Dropbear", BYTES("\0\0\0\7ssh-rsa\0\0\0\3"), SPF_CONTAINER_DROPBEAR, OTHER},
    {"a type's name and nothing else", BYTES("\0\0\0\7ssh-rsa"), NONE},
    {"another string", BYTES("\0\0\0\7ssh-new\0\0\0\3"), NONE},
    {"OpenPGP, old packet", BYTES("\x94\x3a\4\0\0\0\0\0"), SPF_CONTAINER_PGP, OTHER},
    {"OpenPGP, old packet of two octets of length", BYTES("\x95\1\x3a\4\0\0\0\0"),
     SPF_CONTAINER_PGP, OTHER},
    {"OpenPGP, old packet of four", BYTES("\x96\0\0\1\x3a\6\0\0"), SPF_CONTAINER_PGP, OTHER},
    {"OpenPGP, new packet", BYTES("\xc5\x3a\5\0\0\0\0\0"), SPF_CONTAINER_PGP, OTHER},
    {"OpenPGP, new packet, two octets", BYTES("\xc5\xc0\x3a\3\0\0\0\0"), SPF_CONTAINER_PGP, OTHER},
    {"OpenPGP, new packet, five octets", BYTES("\xc5\xff\0\0\1\x3a\4\0"), SPF_CONTAINER_PGP, OTHER},
    {"OpenPGP, version 2", BYTES("\x94\x3a\2\0\0\0\0\0"), NONE},
    {"OpenPGP, version 7", BYTES("\x94\x3a\7\0\0\0\0\0"), NONE},
    {"OpenPGP, cut", BYTES("\x94\x3a\4"), NONE},
    {"an S-expression", BYTES("(11:private-key(3:rsa"), SPF_CONTAINER_GPG_AGENT, OTHER},
    {"an S-expression, encrypted", BYTES("(21:protected-private-key(3:rsa"),
     SPF_CONTAINER_GPG_AGENT, OTHER},
    {"an S-expression, of a card", BYTES("(20:shadowed-private-key(3:rsa"), SPF_CONTAINER_GPG_AGENT,
     OTHER},
    {"an S-expression in words", BYTES("(private-key (rsa"), SPF_CONTAINER_GPG_AGENT, OTHER},
    {"gpg-agent's lines", BYTES("Created: 20261130T090000\nKey: (private-key (rsa"),
     SPF_CONTAINER_GPG_AGENT, OTHER},
    {"gpg-agent's lines, encrypted", BYTES("Key: (protected-private-key (rsa"),
     SPF_CONTAINER_GPG_AGENT, OTHER},
    {"gpg-agent's lines, of a token", BYTES("Token: D276 - OPENPGP.1\nKey: (private-key (ecc"),
     SPF_CONTAINER_GPG_AGENT, OTHER},
    {"lines like gpg-agent's", BYTES("Key: value\n"), NONE},
    {"JWK", BYTES("{\"kty\":\"OKP\",\"d\":\"x\"}"), SPF_CONTAINER_JWK, OTHER},
    {"a public JWK", BYTES("{\"kty\":\"OKP\",\"x\":\"x\"}"), NONE},
    {"JSON with a d", BYTES("{\"d\":1}"), NONE},
    {"PRIVATEKEYBLOB", BYTES("\7\2\0\0\0\xa4\0\0RSA2\0\x10\0\0"), SPF_CONTAINER_MSBLOB, OTHER},
    {"PUBLICKEYBLOB", BYTES("\7\2\0\0\0\xa4\0\0RSA1\0\x10\0\0"), NONE},
    {"PRIVATEKEYBLOB, cut", BYTES("\7\2\0\0\0\xa4\0\0RSA2"), NONE},
    {".NET's XML", BYTES("<RSAKeyValue><D>x</D></RSAKeyValue>"), SPF_CONTAINER_XML, OTHER},
    {".NET's XML, public", BYTES("<RSAKeyValue><Modulus>x</Modulus></RSAKeyValue>"), NONE},
    {"other XML", BYTES("<Keys/>"), NONE},
    {"after a BOM", BYTES("\xef\xbb\xbf<RSAKeyValue><D>x</D></RSAKeyValue>"), SPF_CONTAINER_XML,
     OTHER},
    {"after blanks", BYTES("\n\t <RSAKeyValue><D>x</D></RSAKeyValue>"), SPF_CONTAINER_XML, OTHER},
    {"SSH-1", BYTES("SSH PRIVATE KEY FILE FORMAT 1.1\n\0"), SPF_CONTAINER_SSH1,
     "key-algorithm-unsupported"},
    {"ssh.com", BYTES("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"), SPF_CONTAINER_SSHCOM,
     "key-is-sshcom"},
    {"letters of either case", BYTES("<!DOCTYPE html>"), NONE},
    {"blanks alone", BYTES(" \n\t"), NONE},
    {"nothing", BYTES(""), NONE},
};

static struct spf_bytes bytes_of(const struct row *row)
{
    return (struct spf_bytes){(const uint8_t *)row->bytes, row->len};
}

START_TEST(forms_are_told_apart)
{
    const struct row *row = &rows[_i];
    const struct spf_foreign *foreign = spf_foreign(bytes_of(row));

    ck_assert_msg(foreign->container == row->container, "%s: container %d (%s)", row->name,
                  (int)foreign->container, foreign->words);
    ck_assert_msg(strcmp(foreign->cause, row->cause) == 0, "%s: %s", row->name, foreign->cause);
    ck_assert(!spf_is_rich_text(bytes_of(row)));
}
END_TEST

START_TEST(ciphers_of_old_stores_are_named)
{
    static const struct row stores[] = {
        {"RC2-40", BYTES("\6\x0a\x2a\x86\x48\x86\xf7\x0d\1\x0c\1\6"), NONE},
        {"RC2-128", BYTES("\6\x0a\x2a\x86\x48\x86\xf7\x0d\1\x0c\1\5"), NONE},
        {"RC4-40", BYTES("\6\x0a\x2a\x86\x48\x86\xf7\x0d\1\x0c\1\2"), NONE},
        {"RC4-128", BYTES("\6\x0a\x2a\x86\x48\x86\xf7\x0d\1\x0c\1\1"), NONE},
    };
    static const struct row today = {"3DES", BYTES("\6\x0a\x2a\x86\x48\x86\xf7\x0d\1\x0c\1\3"),
                                     NONE};

    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        ck_assert_str_eq(spf_pfx_legacy_cipher(bytes_of(&stores[i])), stores[i].name);
    }
    ck_assert_ptr_null(spf_pfx_legacy_cipher(bytes_of(&today)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_foreign");
    TCase *tcase = unit_case(suite, "key_foreign");

    tcase_add_loop_test(tcase, forms_are_told_apart, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tcase, ciphers_of_old_stores_are_named);
    return unit_run(suite);
}
