/*
 * Says what the key reader makes of files, one JSON object a line: {"path": …, facts …}. For the
 * tests that hold it against ssh-keygen and puttygen.
 *
 *     key_tell [-p PASSPHRASE] [-l DIR] [-s VERSION] FILE...
 *
 * openssh_accepts is about the ssh of this machine; -s says of which version ("OpenSSH_9.2p1,
 * OpenSSL 3.0.19") it is to be instead. -l writes the login key of each file (its canonical text)
 * to DIR/N.login, the repaired copy to DIR/N.repaired, N counting from 0.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
    struct spf_openssh_facts ssh = {0};
    struct spf_secret *passphrase = NULL;
    const char *dir = NULL;
    int option;

    while ((option = getopt(argc, argv, "p:l:s:")) != -1) {
        if (option == 'p') {
            passphrase = spf_secret_new(optarg, strlen(optarg));
        } else if (option == 'l') {
            dir = optarg;
        } else if (option == 's') {
            spf_openssh_read_version(optarg, strlen(optarg), &ssh);
        } else {
            return 64;
        }
    }
    if (ssh.line[0] == '\0') {
        spf_openssh_ask_version(&ssh);
    }
    for (int i = optind; i < argc; i++) {
        struct spf_key_facts facts = {0};
        struct spf_secret *repaired = NULL;
        struct json_object *json;
        clock_t started = clock(); /* of the processor: this machine may do other things */
        char words[80];
        bool good = spf_key_file_read(argv[i], passphrase, &facts, &repaired);

        keep(dir, i - optind, "login", facts.login);
        keep(dir, i - optind, "repaired", repaired);
        spf_key_describe(&facts, words, sizeof words);
        json = spf_shape_write(&spf_key_shape, &facts, NULL);
        json_object_object_add(json, "openssh_accepts",
                               json_object_new_boolean(spf_openssh_loads(&ssh, &facts)));
        json_object_object_add(json, "path", json_object_new_string(argv[i]));
        json_object_object_add(json, "good", json_object_new_boolean(good));
        json_object_object_add(json, "words", json_object_new_string(words));
        json_object_object_add(json, "ms",
                               json_object_new_int64((clock() - started) * 1000 / CLOCKS_PER_SEC));
        json_object_object_add(json, "peak_kib", json_object_new_int64(peak_kib()));
        puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
        json_object_put(json);
        spf_secret_free(repaired);
        spf_shape_clear(&spf_key_shape, &facts);
    }
    spf_secret_free(passphrase);
    return 0;
}
