#ifndef SPF_TESTS_REPORTS_H
#define SPF_TESTS_REPORTS_H

#include "fixture.h"
#include "report/report.h"

/* The runs whose reports are kept as golden files and validated: a healthy one, and what goes
 * wrong. */
static inline void excluded(struct fixture *f)
{
    set(f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN,
        "other users may read key.pem (mode 0644), so ssh refuses it");
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_SOURCE_EXCLUDED,
        "sg-bp1x allows port 22 only from 192.0.2.0/24 (rule sgr-bp1z); you connect from "
        "198.51.100.7");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "source_ip", "198.51.100.7");
    spf_copy(f->run.results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip, SPF_IP_TEXT_SIZE,
             "198.51.100.7");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "open_in", "sg-bp1x");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "source_option", "SourceCidrIp");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "allowed_source", "192.0.2.0/24");
    silent(f, "no answer from 203.0.113.9 port 22 after 3.0 s (as the cloud checks above explain; "
              "not waiting longer)");
}

static inline void refused_though_bound(struct fixture *f)
{
    f->run.facts.instance->login_as_non_root = true;
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN, NULL);
    refused(f, NULL);
}

static inline void silent_and_unknown_source(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_UNKNOWN, SPF_SG_SOURCE_UNKNOWN, NULL);
    silent(f, "no answer from 203.0.113.9 port 22 in 10.0 s: the packets are dropped on the way");
}

static inline void host_key_changed(struct fixture *f)
{
    host_only(f, "203.0.113.9");
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED, NULL);
    note(f, SPF_CHECK_SSH_HOST_KEY, "fingerprint_sha256",
         "SHA256:uHk7rYfV0lqk2Yx3bJm5ZcTt8oWq1nS4dPp6aEe9gGi");
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_SSH_HOST_KEY);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static inline void forced_command(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_WARN, SPF_SG_OPEN_TO_WORLD,
        "open to the whole internet by sg-bp1x/sgr-bp1y, priority 1");
    set(f, SPF_CHECK_SSH_SESSION, SPF_UNKNOWN, SPF_SESSION_FORCED_COMMAND,
        "this key only runs a fixed command; it was not run");
}

static inline void hostile(struct fixture *f)
{
    static const char evil[] = "web\x1b[31m\xff"
                               "\u202e<\"&\\|\r\n名前";
    struct spf_instance_facts *instance = f->run.facts.instance;

    spf_copy(instance->name, sizeof instance->name, evil);
    f->target.key_path = "-k\xff"
                         "ey's\x1b.pem";
    f->target.host = "host\x1b]0;x\x07";
    spf_say(&f->run.results[SPF_CHECK_SSH_BANNER], "%s", evil);
    note(f, SPF_CHECK_SSH_BANNER, "before", evil);
    refused(f, evil);
}

struct case_of_report {
    const char *name;
    void (*spoil)(struct fixture *f);
};

static const struct case_of_report report_cases[] = {
    {"healthy", NULL},
    {"excluded", excluded},
    {"refused-though-bound", refused_though_bound},
    {"silent", silent_and_unknown_source},
    {"host-key-changed", host_key_changed},
    {"forced-command", forced_command},
    {"hostile", hostile},
};
#define REPORT_CASES (sizeof report_cases / sizeof *report_cases)

static inline void begin_case(struct fixture *f, const struct case_of_report *which)
{
    healthy(f);
    if (which->spoil) {
        which->spoil(f);
    }
    judge(f);
}

static inline struct spf_report_target reported(const struct fixture *f)
{
    return (struct spf_report_target){&f->run, &f->d, 811};
}

static inline struct spf_report report_of(const struct spf_report_target *targets, size_t count)
{
    struct spf_report report = {
        .started_utc = FIXTURE_NOW, .duration_ms = 812, .targets = targets, .count = count};

    report.exit_status = spf_report_exit_status(&report, false);
    return report;
}

#endif
