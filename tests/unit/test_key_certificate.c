#include <sys/wait.h>

#include "base/encoding.h"
#include "key/file.h"
#include "login_fixture.h"

/*
 * A certificate is one where OpenSSH takes it for one: with a signature that is its authority's,
 * and nothing amiss before it (sshkey.c, cert_parse). Beside a key any other is as good as none.
 */

static const struct {
    const char *key, *signs;
} authorities[] = {
    {"-t ed25519", ""},
    {"-t rsa -b 2048", ""},
    {"-t rsa -b 2048", "-t rsa-sha2-256"},
    {"-t rsa -b 2048", "-t ssh-rsa"},
    {"-t ecdsa -b 256", ""},
    {"-t ecdsa -b 384", ""},
    {"-t ecdsa -b 521", ""},
};

static bool openssh_takes(const struct place *place)
{
    char *command = text_of("ssh-keygen -L -f %s/key-cert.pub >/dev/null 2>&1", place->dir);
    const int status = system(command);

    free(command);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool we_take(const struct place *place)
{
    struct spf_key_facts facts = {0};
    char *path = text_of("%s/key", place->dir);
    bool taken;

    ck_assert(spf_key_file_read(path, NULL, &facts, NULL));
    ck_assert(facts.usable);
    taken = facts.certificate_line != NULL;
    ck_assert_int_eq(facts.certificate[0] != '\0', taken);
    spf_shape_clear(&spf_key_shape, &facts);
    free(path);
    return taken;
}

static void write_certificate(const struct place *place, const char *type, const uint8_t *blob,
                              size_t len)
{
    char *path = text_of("%s/key-cert.pub", place->dir);
    FILE *file = fopen(path, "w");
    struct spf_buf base64;

    spf_buf_init(&base64, 20000);
    spf_buf_add_base64(&base64, blob, len, true);
    ck_assert(file != NULL && !spf_buf_failed(&base64));
    ck_assert_int_gt(fprintf(file, "%s %s lab\n", type, base64.data), 0);
    ck_assert_int_eq(fclose(file), 0);
    spf_buf_clear(&base64);
    free(path);
}

START_TEST(a_certificate_is_one_where_openssh_takes_it)
{
    struct place place;
    char *path;
    char *line;
    char type[64];
    char base64[8192];
    uint8_t blob[6000];
    long len;
    int refused = 0;

    place_open(&place);
    run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q %s -N '' -f ca && "
        "ssh-keygen -q -s ca %s -I id -n root,lab -V +1d key.pub",
        place.dir, authorities[_i].key, authorities[_i].signs);
    ck_assert(openssh_takes(&place));
    ck_assert(we_take(&place));
    path = text_of("%s/key-cert.pub", place.dir);
    line = slurp(path);
    ck_assert_int_eq(sscanf(line, "%63s %8191s", type, base64), 2);
    len = spf_base64_decode(base64, strlen(base64), blob, sizeof blob);
    ck_assert_int_gt(len, 100);
    for (long at = 4; at < len; at += 1 + len / 40) {
        blob[at] ^= 1;
        write_certificate(&place, type, blob, (size_t)len);
        ck_assert_msg(openssh_takes(&place) == we_take(&place), "%s, byte %ld of %ld: %d",
                      authorities[_i].key, at, len, we_take(&place));
        refused += !we_take(&place);
        blob[at] ^= 1;
    }
    ck_assert_int_gt(refused, 30);
    for (long cut = 1; cut < 100; cut += 33) {
        write_certificate(&place, type, blob, (size_t)(len - cut));
        ck_assert(!openssh_takes(&place) && !we_take(&place));
    }
    blob[len] = 0;
    write_certificate(&place, type, blob, (size_t)len + 1);
    ck_assert(!openssh_takes(&place) && !we_take(&place));
    free(line);
    free(path);
    place_close(&place);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key certificate");
    TCase *tcase = unit_case(suite, "key certificate");

    tcase_add_loop_test(tcase, a_certificate_is_one_where_openssh_takes_it, 0,
                        (int)(sizeof authorities / sizeof *authorities));
    return unit_run(suite);
}
