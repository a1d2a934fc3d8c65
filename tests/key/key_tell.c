/*
 * Says what the key reader makes of files, one JSON object a line: {"path": …, facts …}. For the
 * tests that hold it against ssh-keygen and puttygen.
 *
 *     key_tell [-p PASSPHRASE] [-l DIR] [-s VERSION] FILE...
 *
 * openssh_accepts is about the ssh of this machine; -s says of which version ("OpenSSH_9.2p1,
 * OpenSSL 3.0.19") it is to be instead. -l writes the login key of each file (its canonical text)
 * to DIR/N.login, the repaired copy to DIR/N.repaired, N counting from 0. Where memory runs out for
 * the telling itself, the exit status is 75 (EX_TEMPFAIL); for the reading, "good" is false.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_build.h"
#include "base/shortage.h"
#include "base/text.h"
#include "key/describe.h"
#include "key/file.h"
#include "openssh/ask.h"
#include "openssh/key_support.h"

static void keep(const char *dir, int number, const char *suffix, const struct spf_secret *secret)
{
    char path[4096];
    int fd;

    if (dir == NULL || secret == NULL ||
        !spf_format_whole(path, sizeof path, "%s/%d.%s", dir, number, suffix)) {
        return;
    }
    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (fd < 0) {
        return;
    }
    if (write(fd, spf_secret_text(secret), spf_secret_len(secret)) < 0) {
        perror(path);
    }
    (void)close(fd);
}

/* The most memory that this process has had so far. */
static int64_t peak_kib(void)
{
    struct rusage usage = {0};

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* One line of JSON about the file; the exit status. */
static int tell(const char *path, int number, const char *dir, const struct spf_secret *passphrase,
                const struct spf_openssh_facts *ssh)
{
    struct spf_key_facts facts = {0};
    struct spf_secret *repaired = NULL;
    struct json_object *json;
    clock_t started = clock(); /* of the processor: this machine may do other things */
    const char *line = NULL;
    char words[80];
    bool good = spf_key_file_read(path, passphrase, &facts, &repaired);

    (void)spf_was_short(); /* what this shows must have made the reading no good */
    keep(dir, number, "login", facts.login);
    keep(dir, number, "repaired", repaired);
    spf_key_describe(&facts, words, sizeof words);
    json = spf_shape_write(&spf_key_shape, &facts, NULL);
    spf_json_add(json, "openssh_accepts", spf_json_boolean(spf_openssh_loads(ssh, &facts)));
    spf_json_add(json, "path", spf_json_string(path));
    spf_json_add(json, "good", spf_json_boolean(good));
    spf_json_add(json, "words", spf_json_string(words));
    spf_json_add(json, "certified", spf_json_boolean(facts.certificate_line != NULL));
    spf_json_add(json, "repaired", spf_json_boolean(repaired != NULL));
    spf_json_add(json, "ms", spf_json_integer((clock() - started) * 1000 / CLOCKS_PER_SEC));
    spf_json_add(json, "peak_kib", spf_json_integer(peak_kib()));
    if (!spf_was_short()) {
        line = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
    }
    if (line != NULL) {
        puts(line);
    }
    json_object_put(json);
    spf_secret_free(repaired);
    spf_shape_clear(&spf_key_shape, &facts);
    return line != NULL ? 0 : EX_TEMPFAIL;
}

int main(int argc, char **argv)
{
    struct spf_openssh_facts ssh = {0};
    struct spf_secret *passphrase = NULL;
    const char *dir = NULL;
    int status = 0;
    int option;

    while ((option = getopt(argc, argv, "p:l:s:")) != -1) {
        if (option == 'p') {
            passphrase = spf_secret_new(optarg, strlen(optarg));
            if (passphrase == NULL) {
                return EX_TEMPFAIL;
            }
        } else if (option == 'l') {
            dir = optarg;
        } else if (option == 's') {
            spf_openssh_read_version(optarg, strlen(optarg), &ssh);
        } else {
            return EX_USAGE;
        }
    }
    if (ssh.line[0] == '\0') {
        spf_openssh_ask_version(&ssh);
    }
    for (int i = optind; i < argc && status == 0; i++) {
        status = tell(argv[i], i - optind, dir, passphrase, &ssh);
    }
    spf_secret_free(passphrase);
    return status;
}
