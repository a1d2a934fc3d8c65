/*
 * The way from this machine to a shell, in the order in which a login takes it, and where it ends:
 * at the check that the root cause is about. What comes after is shown as not reached.
 */
#include <string.h>

#include "base/language.h"
#include "report/html_parts.h"
#include "report/markup.h"

static const struct station {
    const char *name;
    spf_checks checks;
} stations[] = {
    {N_("This machine"), 0},
    {N_("Cloud"), SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE) |
                      SPF_CHECK_BIT(CLOUD_ADDRESS) | SPF_CHECK_BIT(CLOUD_SECURITY_GROUP) |
                      SPF_CHECK_BIT(CLOUD_NETWORK_ACL)},
    {N_("Port"), SPF_CHECK_BIT(NET_PORT)},
    {N_("SSH server"), SPF_CHECK_BIT(SSH_BANNER) | SPF_CHECK_BIT(SSH_HANDSHAKE)},
    {N_("Host key"), SPF_CHECK_BIT(SSH_HOST_KEY)},
    {N_("Your key"), SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT) |
                         SPF_CHECK_BIT(CLOUD_KEY_PAIR) | SPF_CHECK_BIT(SSH_AUTH)},
    {N_("Shell"), SPF_CHECK_BIT(SSH_SESSION)},
};
#define STATIONS (sizeof stations / sizeof *stations)

/* The worst of a station's checks; an advisory warn is no trouble on the way. */
static enum spf_status status_of(const struct spf_run *run, spf_checks checks)
{
    static const int badness[] = {
        [SPF_SKIP] = 0, [SPF_PASS] = 1, [SPF_WARN] = 2, [SPF_UNKNOWN] = 3, [SPF_FAIL] = 4};
    enum spf_status worst = SPF_SKIP;

    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        const struct spf_result *result = &run->results[i];
        enum spf_status status = result->status;

        if (!(checks >> i & 1)) {
            continue;
        }
        if (status == SPF_WARN && spf_findings[result->finding].advisory) {
            status = SPF_PASS;
        }
        if (badness[status] > badness[worst]) {
            worst = status;
        }
    }
    return worst;
}

/* What is known of the place itself, in a few words. */
static void add_place(struct spf_buf *buf, size_t station, const struct spf_run *run)
{
    const struct spf_target *target = run->target;
    const char *text = NULL;

    switch (stations[station].checks) {
    case 0:
        text = run->results[SPF_CHECK_CLOUD_SECURITY_GROUP].source_ip;
        break;
    case SPF_CHECK_BIT(NET_PORT):
        spf_buf_addf(buf, "%u", (unsigned)target->port);
        return;
    case SPF_CHECK_BIT(SSH_HOST_KEY):
    case SPF_CHECK_BIT(SSH_SESSION):
        break;
    default:
        if (stations[station].checks & SPF_CHECK_BIT(CLOUD_INSTANCE)) {
            text = target->instance_id;
        } else if (stations[station].checks & SPF_CHECK_BIT(SSH_BANNER)) {
            text = run->facts.identification->software;
        } else {
            text = target->user;
        }
        break;
    }
    if (text != NULL && text[0] != '\0') {
        struct spf_buf clean;

        spf_buf_init(&clean, 400);
        spf_buf_add_clean(&clean, text, strlen(text), 60);
        spf_add_markup(buf, clean.data);
        spf_buf_clear(&clean);
    }
}

/* A disc with a tick, a cross, a question mark or a dash in it. */
static void add_sign(struct spf_buf *buf, enum spf_status status)
{
    static const char *const signs[] = {
        [SPF_PASS] = "M10 16.5l4 4 8-9",
        [SPF_WARN] = "M16 9v9M16 22.5v.5",
        [SPF_FAIL] = "M11 11l10 10M21 11l-10 10",
        [SPF_SKIP] = "M11 16h10",
        [SPF_UNKNOWN] = "M12.5 13a3.5 3.5 0 1 1 5 3.2c-1 .6-1.5 1.1-1.5 2.3M16 22.5v.5",
    };

    spf_buf_addf(buf,
                 "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\"><circle class=\"disc\" cx=\"16\" "
                 "cy=\"16\" r=\"14\"/><path class=\"sign\" d=\"%s\"/></svg>",
                 signs[status]);
}

void spf_html_way(struct spf_buf *buf, const struct spf_run *run, const struct spf_diagnosis *d)
{
    bool ended = false;

    spf_buf_addf(buf, "<ol class=\"path\" aria-label=\"%s\">\n",
                 _("The way from this machine to a shell"));
    for (size_t i = 0; i < STATIONS; i++) {
        spf_checks checks = stations[i].checks;
        enum spf_status status = checks == 0 ? SPF_PASS : status_of(run, checks);
        bool here = d->cause != SPF_NO_FINDING && checks >> d->check & 1;
        const char *says = here                                ? _("ends here")
                           : status == SPF_SKIP && ended       ? _("not reached")
                           : status == SPF_SKIP                ? _("not checked")
                           : checks == 0 || status == SPF_PASS ? ""
                                                               : spf_status_name(status);

        spf_buf_addf(buf, "<li class=\"%s%s%s\">", spf_status_name(status), here ? " ends" : "",
                     ended ? " beyond" : "");
        add_sign(buf, status);
        spf_buf_addf(buf, "<b>%s%s%s</b><small>", spf_tr(stations[i].name),
                     says[0] != '\0' ? _(": ") : "", says);
        add_place(buf, i, run);
        spf_buf_addstr(buf, "</small></li>\n");
        ended = ended || here;
    }
    spf_buf_addstr(buf, "</ol>\n");
}
