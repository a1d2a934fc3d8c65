#ifndef SPF_TESTS_FIXTURE_H
#define SPF_TESTS_FIXTURE_H

#include "all_facts.h"
#include "diagnosis/diagnosis.h"
#include "unit.h"

/*
 * A finished run built by hand: a healthy one to begin with, of which a test then spoils what its
 * story is about. Results are set directly, so that these tests stand on the diagnosis and the
 * reports alone.
 */
struct fixture {
    struct spf_target target;
    struct spf_run run;
    struct spf_diagnosis d;
};

#define FIXTURE_NOW 1795341600 /* 2026-11-22T10:00:00Z */

static inline void present(struct fixture *f, enum spf_group group)
{
    f->run.facts.group[group].phase = SPF_PRESENT;
}

/* Sets the outcome of a check; the words may be NULL. A fail or unknown does not hold. */
static inline void set(struct fixture *f, enum spf_check_id check, enum spf_status status,
                       enum spf_finding finding, const char *words)
{
    struct spf_result *result = &f->run.results[check];

    spf_result_forget(result);
    result->status = status;
    result->finding = finding;
    result->holds = status == SPF_PASS || status == SPF_WARN;
    if (words) {
        spf_say(result, "%s", words);
    }
}

static inline void skip(struct fixture *f, enum spf_check_id check, enum spf_check_id because)
{
    set(f, check, SPF_SKIP, SPF_NO_FINDING, NULL);
    f->run.results[check].skip_reason = SPF_SKIP_NEED;
    f->run.results[check].because = because;
    f->run.results[check].concluded_ms = f->run.results[check].started_ms;
}

/* Everything behind the port falls away with it. */
static inline void skip_ssh(struct fixture *f)
{
    skip(f, SPF_CHECK_SSH_BANNER, SPF_CHECK_NET_PORT);
    skip(f, SPF_CHECK_SSH_HANDSHAKE, SPF_CHECK_SSH_BANNER);
    skip(f, SPF_CHECK_SSH_HOST_KEY, SPF_CHECK_SSH_HANDSHAKE);
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_SSH_HOST_KEY);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static inline void note(struct fixture *f, enum spf_check_id check, const char *name,
                        const char *value)
{
    spf_note_text(&f->run.results[check], name, value);
}

static inline void healthy(struct fixture *f)
{
    static const char *const words[SPF_CHECK_COUNT] = {
        [SPF_CHECK_KEY_FILE] = "file readable",
        [SPF_CHECK_KEY_MODE] = "mode 0400",
        [SPF_CHECK_KEY_FORMAT] = "RSA 2048, PEM (PKCS#1)",
        [SPF_CHECK_CLOUD_ACCESS] = "access key LTAI5tFi… accepted",
        [SPF_CHECK_CLOUD_INSTANCE] = "web-1 (i-bp1a2b3c) runs in cn-hangzhou",
        [SPF_CHECK_CLOUD_ADDRESS] = "203.0.113.9 is its public address",
        [SPF_CHECK_CLOUD_SECURITY_GROUP] = "allowed by sg-bp1x/sgr-bp1y, priority 1",
        [SPF_CHECK_CLOUD_NETWORK_ACL] = "no network ACL",
        [SPF_CHECK_CLOUD_KEY_PAIR] = "key pair prod is this key (public keys equal)",
        [SPF_CHECK_NET_PORT] = "203.0.113.9 port 22 in 41 ms",
        [SPF_CHECK_SSH_BANNER] = "OpenSSH_8.0",
        [SPF_CHECK_SSH_HANDSHAKE] = "curve25519-sha256, ssh-ed25519, aes128-gcm@openssh.com",
        [SPF_CHECK_SSH_HOST_KEY] = "host key known, ~/.ssh/known_hosts line 12",
        [SPF_CHECK_SSH_AUTH] = "key accepted for root",
        [SPF_CHECK_SSH_SESSION] = "a shell runs commands",
    };
    struct spf_facts *facts;

    memset(f, 0, sizeof *f);
    f->target = (struct spf_target){.instance_id = "i-bp1a2b3c",
                                    .user = "root",
                                    .key_path = "key.pem",
                                    .port = 22,
                                    .selected = SPF_ALL_CHECKS,
                                    .timeout_ms = 10000};
    spf_run_init(&f->run, &f->target);
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        set(f, (enum spf_check_id)i, SPF_PASS, SPF_NO_FINDING, words[i]);
        f->run.results[i].started_ms = 1000;
        f->run.results[i].concluded_ms = 1000 + 10 * i;
    }
    note(f, SPF_CHECK_CLOUD_ADDRESS, "address", "203.0.113.9");
    spf_copy(f->run.results[SPF_CHECK_CLOUD_ADDRESS].address, SPF_IP_TEXT_SIZE, "203.0.113.9");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "source_ip", "198.51.100.7");
    spf_copy(f->run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip, SPF_IP_TEXT_SIZE,
             "198.51.100.7");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "rule", "sgr-bp1y");
    note(f, SPF_CHECK_CLOUD_KEY_PAIR, "name", "prod");
    note(f, SPF_CHECK_CLOUD_KEY_PAIR, "match", "proved");
    f->run.results[SPF_CHECK_CLOUD_KEY_PAIR].key_match = SPF_MATCH_PROVED;
    note(f, SPF_CHECK_SSH_HOST_KEY, "fingerprint_sha256",
         "SHA256:uHk7rYfV0lqk2Yx3bJm5ZcTt8oWq1nS4dPp6aEe9gGi");
    note(f, SPF_CHECK_SSH_AUTH, "stage", "signature");

    facts = &f->run.facts;
    open_all(facts);
    present(f, SPF_GROUP_KEY);
    facts->key->container = SPF_CONTAINER_PKCS1;
    spf_copy(facts->key->algorithm, sizeof facts->key->algorithm, "ssh-rsa");
    present(f, SPF_GROUP_INSTANCE);
    spf_copy(facts->instance->name, sizeof facts->instance->name, "web-1");
    spf_copy(facts->instance->region, sizeof facts->instance->region, "cn-hangzhou");
    facts->instance->started = FIXTURE_NOW - 86400;
    present(f, SPF_GROUP_KEY_PAIR);
    facts->key_pair->created = FIXTURE_NOW - 200 * 86400;
    present(f, SPF_GROUP_TCP);
    spf_copy(facts->tcp->address, sizeof facts->tcp->address, "203.0.113.9");
    present(f, SPF_GROUP_HANDSHAKE);
    facts->handshake->server_sig_algs = strdup("rsa-sha2-256,rsa-sha2-512,ssh-ed25519");
    present(f, SPF_GROUP_QUERY);
    facts->query->outcome = SPF_AUTH_ACCEPTED;
}

/* No instance was named: every cloud check is not applicable. */
static inline void host_only(struct fixture *f, const char *host)
{
    f->target.instance_id = NULL;
    f->target.host = host;
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (!(SPF_CLOUD_CHECKS >> i & 1)) {
            continue;
        }
        set(f, (enum spf_check_id)i, SPF_SKIP, SPF_NO_FINDING, NULL);
        f->run.results[i].skip_reason = SPF_SKIP_NOT_APPLICABLE;
    }
    spf_facts_forget(&f->run.facts, SPF_GROUP_INSTANCE);
    f->run.facts.group[SPF_GROUP_KEY_PAIR].phase = SPF_ABSENT;
}

static inline void silent(struct fixture *f, const char *words)
{
    set(f, SPF_CHECK_NET_PORT, SPF_FAIL, SPF_PORT_SILENT, words);
    skip_ssh(f);
    f->run.facts.group[SPF_GROUP_QUERY].phase = SPF_ABSENT;
    f->run.facts.group[SPF_GROUP_HANDSHAKE].phase = SPF_ABSENT;
}

static inline void refused(struct fixture *f, const char *words)
{
    set(f, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_KEY_REFUSED, words);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    f->run.facts.query->outcome = SPF_AUTH_REFUSED;
}

static inline void judge(struct fixture *f)
{
    spf_diagnosis_reconcile(&f->run);
    spf_diagnose(&f->run, FIXTURE_NOW, &f->d);
}

static inline void fixture_clear(struct fixture *f)
{
    spf_diagnosis_clear(&f->d);
    free(f->run.facts.handshake->server_sig_algs);
    f->run.facts.handshake->server_sig_algs = NULL;
    spf_run_clear(&f->run);
}

#endif
