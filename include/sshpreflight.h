#ifndef SSHPREFLIGHT_H
#define SSHPREFLIGHT_H

/*
 * libsshpreflight: why can't I log in to this cloud instance with this key?
 *
 *     struct spf_preflight *preflight = spf_preflight_new();
 *
 *     if (spf_preflight_set(preflight, "instance", "i-bp1xxxx") == 0 &&
 *         spf_preflight_set(preflight, "key", "key.pem") == 0 && spf_preflight_run(preflight) >= 0)
 *         puts(spf_preflight_json(preflight));
 *     else
 *         fputs(spf_preflight_error(preflight), stderr);
 *     spf_preflight_free(preflight);
 *
 * The report is the one of sshpreflight-json(5). Nothing is printed, no signal is handled, nobody
 * is asked for a passphrase. One object belongs to one thread; several objects may run in several
 * threads. Texts are UTF-8 and live until the next call or the free. Link with -lsshpreflight.
 */
#ifdef __cplusplus
extern "C" {
#endif

struct spf_preflight;

/* NULL when memory ran out. */
struct spf_preflight *spf_preflight_new(void);
void spf_preflight_free(struct spf_preflight *preflight); /* takes NULL */

/*
 * Sets an option by its long name on the command line, without dashes ("instance", "key", "user",
 * "port", "only", "endpoint", …); value is NULL for one that takes none ("no-session"), and is
 * copied. 0, or -1 with spf_preflight_error set. Options of the command line's own (format, output,
 * color, …) are refused.
 */
int spf_preflight_set(struct spf_preflight *preflight, const char *option, const char *value);

/*
 * Runs the checks once; blocks until the verdict is there, at most for "deadline". 0 pass, 1 fail,
 * 2 unknown; -1 if it could not be run (usage, memory), with spf_preflight_error set. A run that
 * the deadline ends may leave a thread behind: while it computes, exit(3) waits for it, for 30 s at
 * most.
 */
int spf_preflight_run(struct spf_preflight *preflight);

/* The report of the last run as JSON; NULL before one. */
const char *spf_preflight_json(const struct spf_preflight *preflight);

/* One sentence about the last call that failed; "" if none did. */
const char *spf_preflight_error(const struct spf_preflight *preflight);

#ifdef __cplusplus
}
#endif

#endif
