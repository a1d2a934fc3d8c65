/* The public library (include/sshpreflight.h): options by name, one run, one JSON report. */
#include "sshpreflight.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/parse.h"
#include "cli/prepare.h"
#include "cli/wait.h"

#define REPORT_MAX (16u * 1024 * 1024)

struct spf_preflight {
    struct spf_options options;
    SPF_LIST(char *) values; /* copies that the options borrow */
    char *json;
    struct spf_error error;
};

struct spf_preflight *spf_preflight_new(void)
{
    struct spf_preflight *preflight = calloc(1, sizeof *preflight);

    if (preflight != NULL) {
        spf_options_init(&preflight->options);
    }
    return preflight;
}

void spf_preflight_free(struct spf_preflight *preflight)
{
    if (preflight == NULL) {
        return;
    }
    for (size_t i = 0; i < preflight->values.count; i++) {
        free(preflight->values.items[i]);
    }
    free(preflight->values.items);
    free(preflight->json);
    spf_options_clear(&preflight->options);
    free(preflight);
}

int spf_preflight_set(struct spf_preflight *preflight, const char *option, const char *value)
{
    char **copy = NULL;

    if (value != NULL &&
        ((copy = SPF_APPEND(&preflight->values)) == NULL || (*copy = strdup(value)) == NULL)) {
        preflight->error = spf_no_memory();
    } else {
        preflight->error =
            spf_options_set(&preflight->options, option, copy != NULL ? *copy : NULL);
    }
    return preflight->error.code == SPF_OK ? 0 : -1;
}

/*
 * OpenSSL writes to connections that may be gone, and libcurl leaves the signal to us where there
 * are threads (CURLOPT_NOSIGNAL): it must not end a program that knows nothing of it. Says whether
 * one was pending before, which then is the program's own.
 */
static bool hold_sigpipe(sigset_t *before)
{
    sigset_t pipe;
    sigset_t pending;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, before);
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void release_sigpipe(const sigset_t *before, bool was_pending)
{
    const struct timespec now = {0};
    sigset_t pipe;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    if (!was_pending) {
        (void)sigtimedwait(&pipe, NULL, &now);
    }
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* A derivation of a key takes a few seconds at most, on a machine that has time for it. */
#define LONGEST_S 30

static pid_t registered_by;

static void wait_at_exit(void)
{
    if (getpid() == registered_by) { /* a child that was forked has none of the threads */
        spf_jobs_wait_for_computing(LONGEST_S);
    }
}

/*
 * Handlers run in reverse: ours before OpenSSL's, which is registered at the latest now. Asked for
 * nothing, OPENSSL_init_crypto(3) does nothing, so it is asked for what is loaded by default.
 */
static void register_wait(void)
{
    registered_by = getpid();
    (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    (void)atexit(wait_at_exit);
}

/* Nothing that exit(3) cleans up is taken from a thread that was left behind. */
static void leave_in_order(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (spf_jobs_abandoned()) {
        (void)pthread_once(&once, register_wait);
    }
}

int spf_preflight_run(struct spf_preflight *preflight)
{
    struct spf_round round = {0};
    struct spf_buf buf;
    sigset_t before;
    bool was_pending = hold_sigpipe(&before);
    int status = -1;

    free(preflight->json);
    preflight->json = NULL;
    preflight->options.format = SPF_FORMAT_JSON;
    preflight->error = spf_options_finish(&preflight->options);
    if (preflight->error.code == SPF_OK) {
        preflight->error = spf_round_prepare(&round, &preflight->options, -1);
    }
    if (preflight->error.code == SPF_OK) {
        preflight->error = spf_wait_run(&round, &preflight->options, -1, NULL, NULL, NULL);
    }
    if (preflight->error.code == SPF_OK) {
        spf_buf_init(&buf, REPORT_MAX);
        spf_report_json(&buf, &round.report);
        preflight->json = spf_buf_take(&buf);
        status = round.report.exit_status;
    }
    spf_round_clear(&round);
    leave_in_order();
    release_sigpipe(&before, was_pending);
    return preflight->json != NULL ? status : -1;
}

const char *spf_preflight_json(const struct spf_preflight *preflight)
{
    return preflight->json;
}

const char *spf_preflight_error(const struct spf_preflight *preflight)
{
    return preflight->error.text;
}
