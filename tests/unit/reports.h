#ifndef SPF_TESTS_REPORTS_H
#define SPF_TESTS_REPORTS_H

#include "fixture.h"
#include "report/report.h"

/* The runs whose reports are kept as golden files and validated: a healthy one, and what goes
 * wrong. */
static inline void excluded(struct fixture *f)
{
    set(f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN,
        "key.pem has mode 0644: other users can read it, and ssh refuses to use it");
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_SOURCE_EXCLUDED,
        "The security groups let 192.0.2.0/24 in on port 22, but not your address 198.51.100.7");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "source_ip", "198.51.100.7");
    note(f, SPF_CHECK_CLOUD_SECURITY_GROUP, "group", "sg-bp1x");
    silent(f, "No answer from 203.0.113.9 port 22 within 3 s");
}

static inline void refused_though_bound(struct fixture *f)
{
    f->run.facts.instance.login_as_non_root = true;
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN,
        "203.0.113.9 is not in known_hosts yet; ssh in a script would stop here");
    refused(f, "The server refuses key.pem for root");
}

static inline void silent_and_unknown_source(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_UNKNOWN, SPF_SG_SOURCE_UNKNOWN,
        "The rules let only some addresses in, and yours is not known behind this NAT");
    silent(f, "No answer from 203.0.113.9 port 22 within 10 s");
}

static inline void host_key_changed(struct fixture *f)
{
    host_only(f, "203.0.113.9");
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED,
        "The host key of 203.0.113.9 is not the one in ~/.ssh/known_hosts line 12");
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_SSH_HOST_KEY);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static inline void forced_command(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_WARN, SPF_SG_OPEN_TO_WORLD,
        "sg-bp1x/sgr-bp1y lets the whole internet in on port 22");
    set(f, SPF_CHECK_SSH_SESSION, SPF_UNKNOWN, SPF_SESSION_FORCED_COMMAND,
        "this key only runs a fixed command; it was not run");
}

static inline void hostile(struct fixture *f)
{
    static const char evil[] = "web\x1b[31m\xff" "\u202e<\"&\\|\r\n名前";
    struct spf_instance_facts *instance = &f->run.facts.instance;

    spf_copy(instance->name, sizeof instance->name, evil);
    f->target.key_path = "-k\xff" "ey's\x1b.pem";
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
    if (which->spoil)
        which->spoil(f);
    judge(f);
}

static inline struct spf_report_target reported(const struct fixture *f)
{
    return (struct spf_report_target){&f->run, &f->d, 811};
}

static inline struct spf_report report_of(const struct spf_report_target *targets, size_t count)
{
    struct spf_report report = {FIXTURE_NOW, 812, 0, targets, count};

    report.exit_status = spf_report_exit_status(&report, false);
    return report;
}

#endif
