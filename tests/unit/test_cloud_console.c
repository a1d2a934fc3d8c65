#include "cloud/console.h"

#include "unit.h"

#include "base/text.h"

static const char text[] =
    "[    0.000000] Linux version 5.10 (old boot)\n"
    "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
    "256 SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 root@old (ED25519)\n"
    "-----END SSH HOST KEY FINGERPRINTS-----\n"
    "Kernel panic - not syncing: old\n"
    "[    0.000000] Linux version 5.10.134\r\n"
    "[  OK  ] Started something.\n"
    "ci-info: ++++++Authorized keys from /root/.ssh/authorized_keys for user root+++++++\n"
    "ci-info: +---------+-------+---------+---------+\n"
    "ci-info: | Keytype |                Fingerprint (sha256)               | Options | Comment |\n"
    "ci-info: | ssh-rsa | 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:"
    "18:19:1a:1b:1c:1d:1e:1f |    -    |  ops  |\n"
    "ci-info: no authorized SSH keys fingerprints found for user ecs-user.\n"
    "ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
    "ec2: 256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root@web-1 (ED25519)\n"
    "ec2: -----END SSH HOST KEY FINGERPRINTS-----\n"
    "-----BEGIN SSH HOST KEY KEYS-----\n"
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f root@web-1\n"
    "-----END SSH HOST KEY KEYS-----\n"
    "[FAILED] Failed to start OpenSSH server daemon.\033[31m\n"
    "cp: write error: No space left on device\n";

START_TEST(only_the_last_boot_counts)
{
    struct spf_console_facts facts = {0};

    ck_assert_int_eq(spf_console_read(text, sizeof text - 1, &facts).code, SPF_OK);
    ck_assert(facts.boot_seen);
    ck_assert_uint_eq(facts.host_keys.count, 2);
    ck_assert_str_eq(facts.host_keys.items[0].algorithm, "ED25519");
    ck_assert_str_eq(facts.host_keys.items[0].sha256,
                     "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
    ck_assert_str_eq(facts.host_keys.items[1].algorithm, "ssh-ed25519");
    ck_assert_uint_eq(strlen(facts.host_keys.items[1].sha256), 50);

    ck_assert_uint_eq(facts.authorized.count, 2);
    ck_assert_str_eq(facts.authorized.items[0].user, "root");
    ck_assert_str_eq(facts.authorized.items[0].algorithm, "ssh-rsa");
    ck_assert_str_eq(facts.authorized.items[0].fingerprint,
                     "SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    ck_assert_str_eq(facts.authorized.items[1].user, "ecs-user");
    ck_assert_str_eq(facts.authorized.items[1].fingerprint, "");

    ck_assert_uint_eq(facts.trouble.count, 2);
    ck_assert_str_eq(facts.trouble.items[0].kind, "sshd failed");
    ck_assert_ptr_null(strchr(facts.trouble.items[0].line, '\033'));
    ck_assert_str_eq(facts.trouble.items[1].kind, "disk full");
    spf_shape_clear(&spf_console_shape, &facts);
}
END_TEST

#define KEYS  "-----END SSH HOST KEY FINGERPRINTS-----\n-----BEGIN SSH HOST KEY KEYS-----\n"
#define TABLE "Authorized keys from /root/.ssh/authorized_keys for user root++\n"

/* Damaged, a line is no evidence: neither for a key nor against one. */
START_TEST(damaged_lines_are_passed_over)
{
    static const char *const lines[] = {
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF root@h (ED25519)",
        "256 SHA256:47DEQpj8HBSa+/TIm root@h (ED25519)",
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUU root@h (ED25519)",
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF[ root@h (ED25519)",
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV root@h (ED25519)",
        "-----END SSH HOST KEY FINGERPRINTS-----\n-----BEGIN SSH HOST KEY KEYS-----\n"
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4 root@h",
        "-----END SSH HOST KEY FINGERPRINTS-----\n-----BEGIN SSH HOST KEY KEYS-----\n"
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhsc root@h",
        "-----END SSH HOST KEY FINGERPRINTS-----\n-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 "
        "AAAAC3NzaC1lZDI1NTE5 root@h",
        "-----END SSH HOST KEY FINGERPRINTS-----\n-----BEGIN SSH HOST KEY KEYS-----\n"
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f root@h",
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root@h",
        "256 MD5:00:01:02 root@h (ED25519)",
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root@h (\xff)",
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root@h (\033[",
        KEYS "no key at all",
        KEYS "ssh-rsa ",
        KEYS "ssh-rsa %%%% root@h",
        KEYS "ecdsa-sha2-nistp256 AAAA root@h",
        KEYS "\033[31m",
        TABLE "no bar",
        TABLE "| ssh-rsa",
        TABLE "| ssh-rsa | 0g:01 | - |",
        TABLE "| ssh-rsa | 0 | - |",
        TABLE "| ssh-rsa | 00-01 | - |",
        TABLE "| ssh-rsa | 00: | - |",
        TABLE "| ssh-rsa | 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f | - |",
        TABLE
        "| Keytype | Fingerprint (md5) |\n| ssh-rsa | 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:"
        "0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f | - |",
        "Authorized keys from /root/.ssh/authorized_keys\n| ssh-rsa | "
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU | - |",
        "Authorized keys from /root/.ssh/authorized_keys for user \xff\n| ssh-rsa | "
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU | - |",
        "Authorized keys from /root/.ssh/authorized_keys for user root++\n"
        "| Keytype | Fingerprint (md5) |\n| ssh-rsa | 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d | "
        "-",
        "Authorized keys from /root/.ssh/authorized_keys for user root++\n"
        "| ssh-rsa | SHA256:47DEQpj8HBSa+/TImW | - |",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct spf_console_facts facts = {0};
        char whole[600];

        ck_assert(spf_format_whole(whole, sizeof whole,
                                   "[ 0.0] Linux version 5\n-----BEGIN SSH HOST KEY "
                                   "FINGERPRINTS-----\n%s\n",
                                   lines[i]));
        ck_assert_int_eq(spf_console_read(whole, strlen(whole), &facts).code, SPF_OK);
        ck_assert_msg(facts.host_keys.count == 0 && facts.authorized.count == 0, "%s", lines[i]);
        spf_shape_clear(&spf_console_shape, &facts);
    }
}
END_TEST

/* Older and newer words of the same trouble, as systemd and cloud-init have printed them. */
START_TEST(trouble_in_older_and_newer_words)
{
    static const struct {
        const char *line, *kind;
    } cases[] = {
        {"[FAILED] Failed to start OpenBSD Secure Shell server.", "sshd failed"},
        {"[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.", "sshd failed"},
        {"[FAILED] Failed to start sshd.service - OpenSSH server daemon.", "sshd failed"},
        {"[\033[0;1;31mFAILED\033[0m] Failed to start \033[0;1;39mssh.service\033[0m - OpenBSD "
         "Secure Shell server.",
         "sshd failed"},
        {"[\033[0;1;31mFAILED\033[0m] Failed to start \033[0;1;39mOpenSSH server "
         "daemon\033[0m.",
         "sshd failed"},
        {"[FAILED] Failed to start Initial cloud-init job (metadata service crawler).",
         "cloud-init failed"},
        {"[FAILED] Failed to start cloud-init.service - Cloud-init: Network Stage.",
         "cloud-init failed"},
        {"[FAILED] Failed to start cloud-final.service - Cloud-init: Final Stage.",
         "cloud-init failed"},
        {"systemd[1]: failed to start cloud-init.service", "cloud-init failed"},
        {"kernel panic - not syncing: VFS", "kernel panic"},
        {"[  OK  ] Started ssh.service - OpenBSD Secure Shell server.", NULL},
        {"[  OK  ] Finished cloud-final.service - Cloud-init: Final Stage.", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_console_facts facts = {0};

        ck_assert_int_eq(spf_console_read(cases[i].line, strlen(cases[i].line), &facts).code,
                         SPF_OK);
        ck_assert_msg(facts.trouble.count == (cases[i].kind != NULL), "%s", cases[i].line);
        if (cases[i].kind != NULL) {
            ck_assert_str_eq(facts.trouble.items[0].kind, cases[i].kind);
        }
        spf_shape_clear(&spf_console_shape, &facts);
    }
}
END_TEST

START_TEST(no_key_in_either_case)
{
    static const char *const lines[] = {
        "ci-info: no authorized SSH keys fingerprints found for user root.",
        "ci-info: no authorized ssh keys fingerprints found for user root.",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct spf_console_facts facts = {0};

        ck_assert_int_eq(spf_console_read(lines[i], strlen(lines[i]), &facts).code, SPF_OK);
        ck_assert_uint_eq(facts.authorized.count, 1);
        ck_assert_str_eq(facts.authorized.items[0].user, "root");
        spf_shape_clear(&spf_console_shape, &facts);
    }
}
END_TEST

/* The table's kinds of fingerprint, and names of users up to the end of a sentence. */
START_TEST(tables_of_keys)
{
    static const struct {
        const char *lines, *user, *print;
    } cases[] = {
        {TABLE "| Keytype | Fingerprint (md5) |\n| ssh-rsa | "
               "00:01:02:03:04:05:06:07:08:09:0A:0b:0c:0d:0e:0f | - |",
         "root", "MD5:00:01:02:03:04:05:06:07:08:09:0A:0b:0c:0d:0e:0f"},
        {TABLE "| ssh-rsa | SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU | - |", "root",
         "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"},
        {"no authorized SSH keys fingerprints found for user a.b-c_1.", "a.b-c_1", ""},
        {"no authorized SSH keys fingerprints found for user root", "root", ""},
        {"no authorized SSH keys fingerprints found for user .", "", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_console_facts facts = {0};

        ck_assert_int_eq(spf_console_read(cases[i].lines, strlen(cases[i].lines), &facts).code,
                         SPF_OK);
        ck_assert_uint_eq(facts.authorized.count, 1);
        ck_assert_str_eq(facts.authorized.items[0].user, cases[i].user);
        ck_assert_str_eq(facts.authorized.items[0].fingerprint, cases[i].print);
        spf_shape_clear(&spf_console_shape, &facts);
    }
}
END_TEST

START_TEST(no_list_of_keys_grows_without_end)
{
    static const char *const lines[] = {
        "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root@h (ED25519)\n",
        "no authorized SSH keys fingerprints found for user root.\n"};

    for (size_t i = 0; i < 2; i++) {
        struct spf_console_facts facts = {0};
        struct spf_buf buf;

        spf_buf_init(&buf, 1 << 20);
        spf_buf_addstr(&buf, "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n");
        for (size_t k = 0; k < 1000; k++) {
            spf_buf_addstr(&buf, lines[i]);
        }
        ck_assert(!spf_buf_failed(&buf));
        ck_assert_int_eq(spf_console_read(buf.data, buf.len, &facts).code, SPF_OK);
        ck_assert_uint_gt(facts.host_keys.count + facts.authorized.count, 0);
        ck_assert_uint_lt(facts.host_keys.count + facts.authorized.count, 1000);
        spf_shape_clear(&spf_console_shape, &facts);
        spf_buf_clear(&buf);
    }
}
END_TEST

START_TEST(nothing_grows_without_end)
{
    static char many[200000];
    struct spf_console_facts facts = {0};

    for (size_t i = 0; i + 20 < sizeof many; i += 20) {
        memcpy(many + i, "oom-kill and so on.\n", 20);
    }
    ck_assert_int_eq(spf_console_read(many, sizeof many, &facts).code, SPF_OK);
    ck_assert(!facts.boot_seen);
    ck_assert_uint_eq(facts.trouble.count, 20);
    spf_shape_clear(&spf_console_shape, &facts);
    ck_assert_int_eq(spf_console_read("", 0, &facts).code, SPF_OK);
}
END_TEST

int main(void)
{
    return unit_main("cloud_console",
                     (const TTest *const[]){
                         only_the_last_boot_counts, damaged_lines_are_passed_over,
                         trouble_in_older_and_newer_words, no_key_in_either_case, tables_of_keys,
                         no_list_of_keys_grows_without_end, nothing_grows_without_end, NULL});
}
