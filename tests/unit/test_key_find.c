#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/text.h"
#include "key/file.h"
#include "key/find.h"

/* Looking for the private key of a public one, in a directory that ssh-keygen filled. */
static char dir[] = "/tmp/spf-find-XXXXXX";

static void shell(const char *line)
{
    char command[2000];

    ck_assert(spf_format_whole(command, sizeof command, "cd %s && %s", dir, line));
    ck_assert_msg(system(command) == 0, "%s", command);
}

static void make_dir(void)
{
    strcpy(dir, "/tmp/spf-find-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
    char command[100];

    snprintf(command, sizeof command, "rm -rf %s", dir);
    (void)!system(command);
}

static const char *in_dir(const char *name)
{
    static char path[200];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

/* The blob in base64 of a key's .pub file, the caller's. */
static char *blob_of(const char *name)
{
    char line[2000] = "";
    FILE *file = fopen(in_dir(name), "r");
    char *word;

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    (void)fclose(file);
    word = strchr(line, ' ') + 1;
    return strndup(word, strcspn(word, " \n"));
}

/* One arrangement of files, and where the key k is found in it. */
static const struct row {
    const char *name, *make; /* k and k.pub are there; the .pub is moved away after that */
    const char *at;          /* NULL: nowhere */
    const char *public_only; /* NULL: none */
    bool encrypted;
    int unclear;
} rows[] = {
    {"alone", "true", "k", NULL, false, 0},
    {"its .pub beside it", "cp was.pub k.pub", "k", NULL, false, 0},
    {"in a directory", "mkdir d && mv k d/", "d/k", NULL, false, 0},
    {"deeper than is looked", "mkdir -p d/e && mv k d/e/", NULL, NULL, false, 0},
    {"another key's .pub beside it", "cp o.pub k.pub", "k", NULL, false, 0},
    {"the .pub alone", "rm k && cp was.pub k.pub", NULL, "k.pub", false, 0},
    {"the .pub, and another key beside it", "mv o k && cp was.pub k.pub", NULL, "k.pub", false, 0},
    {"a .pub of another name", "cp was.pub x.pub", "k", NULL, false, 0},
    {"nothing but the ending", "mv k .pub", ".pub", NULL, false, 0},
    {"encrypted, OpenSSH's own", "ssh-keygen -q -p -N secret -a 1 -f k", "k", NULL, true, 0},
    {"encrypted, PKCS#8", "ssh-keygen -q -p -N secret -m PKCS8 -f k", NULL, NULL, false, 1},
    {"encrypted, PKCS#8, its .pub beside it",
     "ssh-keygen -q -p -N secret -m PKCS8 -f k && cp was.pub k.pub", "k", NULL, true, 0},
    {"damaged, still good for a login", "truncate -s -1 k", "k", NULL, false, 0},
    {"damaged beyond use", "truncate -s 300 k", NULL, NULL, false, 0},
    {"a certificate of it",
     "rm k && ssh-keygen -q -s o -I me -n root was.pub && mv was-cert.pub c.pub", NULL, NULL, false,
     0},
    {"a FIFO and a socket's name", "mkfifo f && ln -s nowhere s", "k", NULL, false, 0},
};

START_TEST(the_key_is_found_wherever_it_is)
{
    const struct row *row = &rows[_i];
    struct spf_key_found found;
    char *blob;

    shell("ssh-keygen -q -t ecdsa -N '' -C '' -f k && ssh-keygen -q -t ecdsa -N '' -C '' -f o && "
          "mkdir away && mv k.pub was.pub");
    blob = blob_of("was.pub");
    shell(row->make);
    shell("if [ -e was.pub ]; then mv was.pub away/was; fi; rm -f away/was o.pub");
    ck_assert_int_eq(spf_key_find(dir, blob, NULL, NULL, &found).code, SPF_OK);
    ck_assert_msg(strcmp(found.path, row->at != NULL ? in_dir(row->at) : "") == 0, "%s: at '%s'",
                  row->name, found.path);
    ck_assert_msg(
        strcmp(found.public_only, row->public_only != NULL ? in_dir(row->public_only) : "") == 0,
        "%s: public key at '%s'", row->name, found.public_only);
    ck_assert_msg(found.encrypted == row->encrypted, "%s: encrypted", row->name);
    ck_assert_msg(found.unclear == row->unclear, "%s: %d unclear", row->name, found.unclear);
    ck_assert(found.all && !found.by_name);
    free(blob);
}
END_TEST

/* Of a directory with too many files not all are read, and that is said. */
START_TEST(a_directory_without_end_is_left)
{
    struct spf_key_found found;

    shell("i=0; while [ $i -lt 1005 ]; do echo x > f$i; i=$((i + 1)); done");
    ck_assert_int_eq(spf_key_find(dir, "AAAA", NULL, NULL, &found).code, SPF_OK);
    ck_assert(!found.all && found.looked_at == 1000);
    ck_assert_str_eq(found.path, "");
}
END_TEST

/* What the pair is called: the file of that name is proved, or taken for want of a better one. */
START_TEST(a_file_of_the_pairs_name)
{
    static const char *const bad[] = {"", "a/b", "../k"};
    struct spf_key_found found;
    char longer[5000];
    char *blob;

    shell("ssh-keygen -q -t ecdsa -N '' -C '' -f k && ssh-keygen -q -t ecdsa -N '' -C '' -f o && "
          "mv k pair.ppk && mv o pair.pem && mv o.pub o.other");
    blob = blob_of("k.pub");
    shell("rm k.pub");
    ck_assert_int_eq(spf_key_find(dir, blob, "pair", NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, in_dir("pair.ppk")); /* proved, though .pem comes first */
    ck_assert(!found.by_name);
    ck_assert_int_eq(spf_key_find(dir, "", "pair", NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, in_dir("pair.pem"));
    ck_assert(found.by_name);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(spf_key_find(dir, "", bad[i], NULL, &found).code, SPF_OK);
        ck_assert_str_eq(found.path, "");
    }
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    ck_assert_int_eq(spf_key_find(dir, "", longer, NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, "");
    free(blob);
}
END_TEST

/* No directory named: that of the user's ssh, which may not be there. */
START_TEST(the_users_own_directory_is_the_usual_one)
{
    struct spf_key_found found;
    const struct spf_error error = spf_key_find(NULL, "AAAA", NULL, NULL, &found);

    ck_assert_msg(error.code == SPF_OK, "%s", error.text);
    ck_assert_str_eq(found.path, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_find");
    TCase *tcase = unit_case(suite, "key_find");

    tcase_add_checked_fixture(tcase, make_dir, remove_dir);
    tcase_add_loop_test(tcase, the_key_is_found_wherever_it_is, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tcase, a_directory_without_end_is_left);
    tcase_add_test(tcase, a_file_of_the_pairs_name);
    tcase_add_test(tcase, the_users_own_directory_is_the_usual_one);
    return unit_run(suite);
}
