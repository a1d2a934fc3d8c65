#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#include "base/text.h"
#include "key/file.h"
#include "key/find.h"
#include "key/fix.h"

/* A key made for these tests and used nowhere else. */
#define BODY                                                                   \
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" \
    "QyNTUxOQAAACDU2ltuEjpZHWhAIOBZ6xZa1BUIqyHJGVdaDiaj7HSOUwAAAIitioUFrYqF\n" \
    "BQAAAAtzc2gtZWQyNTUxOQAAACDU2ltuEjpZHWhAIOBZ6xZa1BUIqyHJGVdaDiaj7HSOUw\n" \
    "AAAEA3U8CYrglfRKQrX5kmnb6imXwnoDlmn3KXvgvslEEROtTaW24SOlkdaEAg4FnrFlrU\n" \
    "FQirIckZV1oOJqPsdI5TAAAAAAECAwQF\n"
#define KEY  "-----BEGIN OPENSSH PRIVATE KEY-----\n" BODY "-----END OPENSSH PRIVATE KEY-----"
#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAINTaW24SOlkdaEAg4FnrFlrUFQirIckZV1oOJqPsdI5T"

/* The same as PuTTY has it, all lines indented. */
#define PPK                                                                                        \
    "  PuTTY-User-Key-File-2: ssh-ed25519\n\tEncryption: none\n  Comment: me\n  Public-Lines: 2\n" \
    "  AAAAC3NzaC1lZDI1NTE5AAAAINTaW24SOlkdaEAg4FnrFlrUFQirIckZV1oOJqPs\n  dI5T\n"                 \
    "  Private-Lines: 1\n  AAAAIDdTwJiuCV9EpCtfmSadvqKZfCegOWafcpe+C+yUQRE6\n"                     \
    "  Private-MAC: 5d334bbe64146ea99819736e182517427f813c0f\n"

static char dir[] = "/tmp/spf-key-XXXXXX";

static const char *in_dir(const char *name)
{
    static char path[2][200];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static void put(const char *name, const char *text, mode_t mode)
{
    int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_EXCL, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void make_dir(void)
{
    strcpy(dir, "/tmp/spf-key-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, NULL, NULL);

    for (int i = 0; i < count; i++) {
        (void)unlink(in_dir(entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    (void)rmdir(dir);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_mode & 07777;
}

START_TEST(the_mode_is_closed)
{
    struct spf_key_fixed fixed;

    put("k", KEY "\n", 0644);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_MODE);
    ck_assert_ptr_nonnull(strstr(fixed.text, "from 0644 to 0400"));
    ck_assert_int_eq(mode_of(in_dir("k")), 0400);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_NOT_NEEDED);
}
END_TEST

START_TEST(a_copy_is_written_beside_and_replaces_nothing)
{
    struct spf_key_fixed fixed;
    struct spf_key_facts facts = {0};
    struct spf_secret *repaired = NULL;
    struct spf_secret *original;

    put("k", KEY, 0400);
    put("k.fixed", "mine", 0600);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_COPY);
    ck_assert_str_eq(fixed.path, in_dir("k.fixed2"));
    ck_assert_int_eq(mode_of(fixed.path), 0400);
    ck_assert_ptr_nonnull(strstr(fixed.text, "newline"));
    ck_assert_ptr_nonnull(strstr(fixed.text, "SHA256:"));
    ck_assert(spf_key_file_read(fixed.path, NULL, &facts, &repaired));
    ck_assert(facts.openssh_accepts && facts.damage[0] == '\0');
    spf_secret_free(repaired);
    spf_shape_clear(&spf_key_shape, &facts);
    original = spf_key_file_bytes(in_dir("k"), 10000);
    ck_assert(spf_bytes_are(spf_secret_view(original), KEY));
    spf_secret_free(original);
    original = spf_key_file_bytes(in_dir("k.fixed"), 10000);
    ck_assert(spf_bytes_are(spf_secret_view(original), "mine"));
    spf_secret_free(original);
}
END_TEST

START_TEST(what_can_not_be_repaired_is_left)
{
    struct spf_key_fixed fixed;

    put("k", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n", 0400);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_IMPOSSIBLE);
    ck_assert_int_ne(access(in_dir("k.fixed"), F_OK), 0);
    ck_assert_int_eq(spf_key_fix(in_dir("none"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_IMPOSSIBLE);
    ck_assert_int_eq(spf_key_fix(dir, NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_IMPOSSIBLE);
}
END_TEST

/* What is repaired, and how it is said. */
static const struct repair {
    const char *name, *make; /* the file k */
    enum spf_fix fix;
    const char *says;
} repairs[] = {
    {"encrypted, its public key unknown",
     "ssh-keygen -q -t ecdsa -m PKCS8 -N secret -f k && sed -i 's/^/  /' k && rm k.pub",
     SPF_FIX_COPY, "indented"},
    {"a certificate",
     "ssh-keygen -q -t ecdsa -N '' -f c && ssh-keygen -q -s c -I me c.pub && mv c-cert.pub k",
     SPF_FIX_IMPOSSIBLE, "is not a private key"},
    {"a public key", "ssh-keygen -q -t ecdsa -N '' -f c && mv c.pub k", SPF_FIX_IMPOSSIBLE,
     "is not a private key"},
    {"beyond repair", "ssh-keygen -q -t ecdsa -N '' -f k && truncate -s 300 k", SPF_FIX_IMPOSSIBLE,
     "can't be repaired"},
    {"in order", "ssh-keygen -q -t ecdsa -N '' -f k", SPF_FIX_NOT_NEEDED, "needs no repair"},
    {"nothing in it", "rm -f k && touch k", SPF_FIX_IMPOSSIBLE, "k is empty"},
    {"indented alone", "ssh-keygen -q -t ed25519 -N '' -f k && sed -i 's/^/    /' k && rm k.pub",
     SPF_FIX_COPY, "Repaired: its lines are indented, or quoted as in a mail. Key:"},
    {"indented alone, PEM",
     "ssh-keygen -q -t ecdsa -m PEM -N '' -f k && sed -i 's/^/\\t/' k && rm k.pub", SPF_FIX_COPY,
     "Repaired: its lines are indented, or quoted as in a mail. Key:"},
    {"quoted alone", "ssh-keygen -q -t ed25519 -N '' -f k && sed -i 's/^/> /' k && rm k.pub",
     SPF_FIX_COPY, "Repaired: its lines are indented, or quoted as in a mail. Key:"},
    {"a word before", "ssh-keygen -q -t ed25519 -N '' -f k && sed -i '1s/^/key: /' k && rm k.pub",
     SPF_FIX_COPY, "something precedes it. Key:"},
};

START_TEST(what_was_done_is_said)
{
    const struct repair *repair = &repairs[_i];
    struct spf_key_fixed fixed;
    char command[1000];

    ck_assert(spf_format_whole(command, sizeof command, "cd %s && %s 2>&1 && chmod 0400 k", dir,
                               repair->make));
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_msg(fixed.fix == repair->fix, "%s: %s", repair->name, fixed.text);
    ck_assert_msg(strstr(fixed.text, repair->says) != NULL, "%s: %s", repair->name, fixed.text);
}
END_TEST

START_TEST(a_key_of_putty_is_repaired_and_left_then)
{
    struct spf_key_fixed fixed;

    put("k", PPK, 0400);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_COPY);
    ck_assert_int_eq(spf_key_fix(in_dir("k.fixed"), NULL, &fixed).code, SPF_OK);
    ck_assert_msg(fixed.fix == SPF_FIX_NOT_NEEDED, "%s", fixed.text);
}
END_TEST

/* No name is left for a copy, or none that fits: that is said, and nothing is written. */
START_TEST(a_copy_needs_a_name)
{
    static struct spf_key_fixed fixed;
    char name[40];
    static char path[4200];
    size_t len;

    put("k", KEY, 0400);
    put("k.fixed", "mine", 0400);
    for (int i = 2; i <= 20; i++) {
        snprintf(name, sizeof name, "k.fixed%d", i);
        put(name, "mine", 0400);
    }
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_ERR_SYS);
    len = (size_t)snprintf(path, sizeof path, "%s", dir);
    while (len < 4088) {
        path[len++] = '/';
    }
    strcpy(path + len, "/k");
    ck_assert_int_eq(spf_key_fix(path, NULL, &fixed).code, SPF_ERR_SYS);
    memset(path, 'a', sizeof path - 1);
    ck_assert_int_eq(spf_key_fix(path, NULL, &fixed).code, SPF_ERR_TOO_BIG);
}
END_TEST

/* Another user's key is not ours to close, nor is its mode a danger to ssh. */
START_TEST(another_users_key_keeps_its_mode)
{
    struct spf_key_fixed fixed;

    put("k", KEY "\n", 0644);
    if (chown(in_dir("k"), 12345, (gid_t)-1) != 0) {
        return; /* not for us to do */
    }
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_NOT_NEEDED);
    ck_assert_int_eq(mode_of(in_dir("k")), 0644);
    put("damaged", KEY, 0644);
    ck_assert_int_eq(chown(in_dir("damaged"), 12345, (gid_t)-1), 0);
    ck_assert_int_eq(spf_key_fix(in_dir("damaged"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_COPY);
    ck_assert_ptr_nonnull(strstr(fixed.text, "the file given is as it was"));
    ck_assert_int_eq(mode_of(in_dir("damaged")), 0644);
}
END_TEST

/* The original holds the key as well. */
START_TEST(the_original_of_a_copy_is_closed)
{
    struct spf_key_fixed fixed;

    put("k", KEY, 0644);
    ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_COPY);
    ck_assert_int_eq(mode_of(in_dir("k")), 0400);
    ck_assert_ptr_nonnull(strstr(fixed.text, "its mode is 0400 now"));
    put("private", KEY, 0600);
    ck_assert_int_eq(spf_key_fix(in_dir("private"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(mode_of(in_dir("private")), 0600);
}
END_TEST

/* Where the report names a damage of the text and advises --fix, --fix has something to do. */
START_TEST(a_pem_that_ssh_takes_is_tidied_as_well)
{
    static const char *const shapes[] = {"head -c -1 p > k", "sed 's/$/\\r/' p > k",
                                         "(printf '\\357\\273\\277'; cat p) > k"};
    char command[1000];

    ck_assert(spf_format_whole(command, sizeof command,
                               "cd %s && ssh-keygen -q -t ecdsa -m PEM -N '' -f p && rm p.pub",
                               dir));
    ck_assert_int_eq(system(command), 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct spf_key_fixed fixed;
        struct spf_key_facts facts = {0};
        struct spf_secret *repaired = NULL;

        ck_assert(spf_format_whole(command, sizeof command,
                                   "cd %s && rm -f k k.fixed && %s && chmod 400 k", dir,
                                   shapes[i]));
        ck_assert_int_eq(system(command), 0);
        ck_assert_int_eq(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
        ck_assert_msg(fixed.fix == SPF_FIX_COPY, "%s: %s", shapes[i], fixed.text);
        ck_assert(spf_key_file_read(fixed.path, NULL, &facts, &repaired));
        ck_assert_msg(facts.damage[0] == '\0' && facts.openssh_accepts, "%s", facts.damage);
        spf_secret_free(repaired);
        spf_shape_clear(&spf_key_shape, &facts);
    }
}
END_TEST

START_TEST(what_is_no_private_key_keeps_its_mode)
{
    struct spf_key_fixed fixed;

    put("text", "root:x:0:0::/root:/bin/sh\n", 0644);
    put("k.pub", "ssh-ed25519 " BLOB "\n", 0644);
    ck_assert_int_eq(spf_key_fix(in_dir("text"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(fixed.fix, SPF_FIX_IMPOSSIBLE);
    ck_assert_int_eq(mode_of(in_dir("text")), 0644);
    ck_assert_int_eq(spf_key_fix(in_dir("k.pub"), NULL, &fixed).code, SPF_OK);
    ck_assert_int_eq(mode_of(in_dir("k.pub")), 0644);
}
END_TEST

static void *exchange(void *stop)
{
    char one[200];
    char other[200];

    spf_copy(one, sizeof one, in_dir("k"));
    spf_copy(other, sizeof other, in_dir("victim"));
    while (!atomic_load((atomic_bool *)stop)) {
        (void)renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
    }
    return NULL;
}

/* Another file that takes the key's place between reading and changing keeps its mode. */
START_TEST(only_the_file_that_was_read_is_changed)
{
    atomic_bool stop = false;
    struct stat victim;
    pthread_t thread;
    int fd;

    put("k", KEY "\n", 0644);
    put("victim", "no key at all", 0644);
    fd = open(in_dir("victim"), O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, exchange, &stop), 0);
    for (int i = 0; i < 500; i++) {
        static struct spf_key_fixed fixed;

        ck_assert_int_ge(spf_key_fix(in_dir("k"), NULL, &fixed).code, SPF_OK);
        if (fixed.fix == SPF_FIX_MODE) {
            (void)chmod(in_dir("k"), 0644);
            (void)chmod(in_dir("victim"), 0644);
        }
        ck_assert_int_eq(fstat(fd, &victim), 0);
        ck_assert_uint_eq(victim.st_mode & 0777, 0644);
    }
    atomic_store(&stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    (void)close(fd);
}
END_TEST

static bool has_certificate(const char *name)
{
    struct spf_key_facts facts = {0};
    struct spf_secret *repaired = NULL;
    bool has;

    ck_assert(spf_key_file_read(in_dir(name), NULL, &facts, &repaired));
    has = facts.certificate[0] != '\0';
    spf_secret_free(repaired);
    spf_shape_clear(&spf_key_shape, &facts);
    return has;
}

START_TEST(a_certificate_beside_is_noticed_if_it_is_of_this_key)
{
    static const char make[] =
        "cd %s && for k in ca k o; do ssh-keygen -q -t ed25519 -N '' -f $k; done && "
        "ssh-keygen -q -s ca -I lab -n root k.pub && cp k-cert.pub o-cert.pub && "
        "ssh-keygen -q -t rsa -b 2048 -N '' -f r && ssh-keygen -q -s ca -I lab r.pub";
    char command[1000];

    ck_assert(spf_format_whole(command, sizeof command, make, dir));
    ck_assert_int_eq(system(command), 0);
    ck_assert(has_certificate("k"));
    ck_assert(has_certificate("r"));
    ck_assert(!has_certificate("o"));
    ck_assert(!has_certificate("ca"));
    put("ca-cert.pub", "ssh-ed25519-cert-v01@openssh.com AAAA\n", 0600);
    ck_assert(!has_certificate("ca"));
    ck_assert_int_eq(unlink(in_dir("k-cert.pub")), 0);
    ck_assert_int_eq(mkfifo(in_dir("k-cert.pub"), 0600), 0);
    ck_assert(!has_certificate("k"));
}
END_TEST

START_TEST(escapes_in_names_are_not_shown)
{
    struct spf_key_fixed fixed;

    put("\x1b[2Jk", KEY "\n", 0644);
    ck_assert_int_eq(spf_key_fix(in_dir("\x1b[2Jk"), NULL, &fixed).code, SPF_OK);
    ck_assert_ptr_null(strchr(fixed.text, '\x1b'));
}
END_TEST

START_TEST(the_matching_key_is_found)
{
    struct spf_key_found found;

    put("a.txt", "nothing", 0600);
    put("b.pub", "ssh-ed25519 " BLOB " me\n", 0600);
    ck_assert_int_eq(spf_key_find(dir, BLOB, NULL, NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, "");
    ck_assert_str_eq(found.public_only, in_dir("b.pub"));
    put("c", KEY "\n", 0400);
    ck_assert_int_eq(spf_key_find(dir, BLOB, NULL, NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, in_dir("c"));
    ck_assert(!found.encrypted);
    ck_assert_int_eq(spf_key_find(dir, "AAAA", NULL, NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, "");
    ck_assert_int_eq(spf_key_find("/nowhere", BLOB, NULL, NULL, &found).code, SPF_ERR_SYS);
}
END_TEST

/* What is proved comes before what has only the pair's name. */
START_TEST(a_key_has_the_name_of_its_pair)
{
    struct spf_key_found found;

    put("pair.ppk", "another", 0600);
    ck_assert_int_eq(spf_key_find(dir, BLOB, "pair", NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, in_dir("pair.ppk"));
    ck_assert(found.by_name);
    put("pair.pem", "another", 0600);
    ck_assert_int_eq(spf_key_find(dir, "", "pair", NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, in_dir("pair.pem"));
    ck_assert(found.by_name);
    put("c", KEY "\n", 0400);
    ck_assert_int_eq(spf_key_find(dir, BLOB, "pair", NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, in_dir("c"));
    ck_assert(!found.by_name);
    ck_assert_int_eq(spf_key_find(dir, "", "../pair", NULL, &found).code, SPF_OK);
    ck_assert_str_eq(found.path, "");
}
END_TEST

/* None of these may be waited for, and none read. */
START_TEST(special_files_are_told_by_name)
{
    struct spf_key_facts facts = {0};

    ck_assert_int_eq(mkfifo(in_dir("fifo"), 0600), 0);
    ck_assert_ptr_null(spf_key_file_load(in_dir("fifo"), &facts));
    ck_assert_int_eq(facts.outcome, SPF_KEY_NOT_A_FILE);
    ck_assert_str_eq(facts.kind, "FIFO");
    {
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        spf_copy(at.sun_path, sizeof at.sun_path, in_dir("socket"));
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
        ck_assert_ptr_null(spf_key_file_load(in_dir("socket"), &facts));
        ck_assert_str_eq(facts.kind, "socket");
        (void)close(fd);
    }
    ck_assert_ptr_null(spf_key_file_load(in_dir("fifo/k"), &facts));
    ck_assert_int_eq(facts.outcome, SPF_KEY_ABSENT);
    ck_assert_ptr_null(spf_key_file_load("/dev/zero", &facts));
    ck_assert_str_eq(facts.kind, "character device");
    ck_assert_ptr_null(spf_key_file_load(dir, &facts));
    ck_assert_str_eq(facts.kind, "directory");
    put("sparse", "", 0600);
    ck_assert_int_eq(truncate(in_dir("sparse"), (off_t)5 << 30), 0);
    ck_assert_ptr_null(spf_key_file_load(in_dir("sparse"), &facts));
    ck_assert_int_eq(facts.outcome, SPF_KEY_HUGE);
    ck_assert_int_eq(symlink("loop", in_dir("loop")), 0);
    ck_assert_ptr_null(spf_key_file_load(in_dir("loop"), &facts));
    ck_assert_int_eq(facts.outcome, SPF_KEY_UNREADABLE);
    ck_assert_ptr_null(spf_key_file_load(in_dir("none"), &facts));
    ck_assert_int_eq(facts.outcome, SPF_KEY_ABSENT);
}
END_TEST

START_TEST(open_folders_are_noticed)
{
    struct spf_key_facts facts = {0};

    put("k", KEY "\n", 0400);
    ck_assert_int_eq(chmod(dir, 0777), 0);
    spf_secret_free(spf_key_file_load(in_dir("k"), &facts));
    ck_assert(facts.dir_writable && facts.mine);
    ck_assert_int_eq(chmod(dir, 01777), 0);
    spf_secret_free(spf_key_file_load(in_dir("k"), &facts));
    ck_assert(!facts.dir_writable);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_mode_is_closed,
                                  a_copy_is_written_beside_and_replaces_nothing,
                                  what_can_not_be_repaired_is_left,
                                  the_original_of_a_copy_is_closed,
                                  a_pem_that_ssh_takes_is_tidied_as_well,
                                  what_is_no_private_key_keeps_its_mode,
                                  only_the_file_that_was_read_is_changed,
                                  escapes_in_names_are_not_shown,
                                  the_matching_key_is_found,
                                  a_key_has_the_name_of_its_pair,
                                  special_files_are_told_by_name,
                                  open_folders_are_noticed,
                                  a_certificate_beside_is_noticed_if_it_is_of_this_key,
                                  a_key_of_putty_is_repaired_and_left_then,
                                  a_copy_needs_a_name,
                                  another_users_key_keeps_its_mode};
    Suite *suite = suite_create("key_fix");
    TCase *tcase = unit_case(suite, "key_fix");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_dir, remove_dir);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    tcase_add_loop_test(tcase, what_was_done_is_said, 0, sizeof repairs / sizeof *repairs);
    return unit_run(suite);
}
