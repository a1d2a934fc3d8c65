#include <string.h>

#include "base/language.h"
#include "base/text.h"
#include "login/ending.h"
#include "login/implementations.h"
#include "openssh/version.h"
#include "pipeline/check.h"

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/*
 * No command runs, but the subsystem sftp was accepted: enough for a failed command that needs no
 * more. Of which scp that is so, its version says.
 */
static struct spf_opinion judge_sftp_only(const struct spf_view *view, struct spf_result *result)
{
    const enum spf_file_transfer transfer = view->target->transfer;
    int64_t version = SPF_OPENSSH_USUAL;
    struct spf_opinion opinion;

    if (transfer == SPF_TRANSFER_NONE) {
        return spf_concludes(SPF_SESSION_SFTP_ONLY);
    }
    if (transfer == SPF_TRANSFER_SCP) {
        if (spf_lacks(view, SPF_GROUP_OPENSSH, &opinion) && opinion.kind == SPF_OPINION_WANTS) {
            return opinion;
        }
        if (spf_facts_have(view->facts, SPF_GROUP_OPENSSH) && view->facts->openssh->version > 0) {
            version = view->facts->openssh->version;
        }
    }
    if (version < 900) {
        spf_say(result, "no command runs, and sftp is accepted: scp -s, which OpenSSH has since "
                        "8.7, would use it");
        return version < 807 ? spf_concludes(SPF_SESSION_SFTP_ONLY)
                             : spf_lowered(SPF_SESSION_SFTP_ONLY, SPF_UNKNOWN);
    }
    spf_say(result, "sftp is accepted, which is what this command uses; no other command runs");
    return spf_passes();
}

/*
 * sshd itself ends a session with this status before any shell starts (session.c): where it does
 * without PAM and there is an /etc/nologin, which it shows to all but root on standard error
 * (do_nologin); and where PAM did not open the session (do_child), of which it shows on standard
 * output what PAM said, after the message of the day.
 */
static struct spf_opinion judge_254(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_session_facts *facts = view->facts->session;
    const char *line = facts->output;
    const char *next;

    if (facts->only_errors && strcmp(view->target->user, "root") != 0) {
        spf_say(result,
                "the key is accepted, but sshd lets only root in while there is a file "
                "/etc/nologin; it says: %s",
                facts->output);
        return spf_concludes(SPF_AUTH_NOT_YET);
    }
    while ((next = strstr(line, SPF_LINE_MARK)) != NULL) {
        line = next + strlen(SPF_LINE_MARK);
    }
    if (line[0] == '\0' && strcmp(view->target->user, "root") != 0) {
        spf_say(result,
                "the key is accepted, but PAM opens no session for %s, or there is an empty file "
                "/etc/nologin (sshd ends with status 254)",
                view->target->user);
    } else {
        spf_say(result,
                "the key is accepted, but PAM opens no session for %s (sshd ends with status "
                "254)%s%s",
                view->target->user, line[0] != '\0' ? "; its last line: " : "", line);
    }
    return spf_concludes(SPF_SESSION_PAM_DENIED);
}

static struct spf_opinion judge_other(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_session_facts *facts = view->facts->session;

    if (facts->other_user[0] != '\0') {
        spf_note_text(result, "other_user", facts->other_user);
        return spf_concludes(SPF_SESSION_OTHER_USER);
    }
    if (facts->forced_command) {
        spf_say(result, "this key runs a fixed command instead of a shell; it was run%s%s",
                facts->output[0] != '\0' ? _(" and said: ") : "", facts->output);
        return spf_concludes(SPF_SESSION_FORCED_COMMAND);
    }
    if (facts->sftp) {
        return judge_sftp_only(view, result);
    }
    /* PAM's account phase; sshd asks for the new password on a terminal only (session.c) */
    if (strstr(facts->output, "Password change required but no TTY available") != NULL) {
        spf_say(result,
                "the key is accepted, but the password of %s has expired, and nothing runs before "
                "it is changed; the server says: %s",
                view->target->user, facts->output);
        return spf_concludes(SPF_ACCOUNT_PASSWORD_EXPIRED);
    }
    if (facts->exit_status == 254 && spf_is_sshd(view->facts->identification->software)) {
        return judge_254(view, result);
    }
    if (facts->output[0] != '\0') {
        spf_say(result, "the login works, but no command runs; the server says: %s", facts->output);
    } else if (facts->exit_status >= 0) {
        spf_say(result, "the login works, but a command ends at once with status %lld",
                (long long)facts->exit_status);
    }
    return spf_concludes(SPF_SESSION_NO_SHELL);
}

static void note_session(const struct spf_session_facts *facts, struct spf_result *result)
{
    if (facts->options_seen) {
        spf_note_bool(result, "forced_command", facts->forced_command);
    }
    spf_note_text(result, "output", text_or_null(facts->output));
    if (facts->exit_status >= 0) {
        spf_note_number(result, "exit_status", facts->exit_status);
    }
    if (facts->peer[0] != '\0') {
        spf_note_text(result, "source_seen", facts->peer);
    }
    spf_flow_note(result, &facts->ending.flow);
}

static struct spf_opinion judge_timeout(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_session_facts *facts = view->facts->session;
    struct spf_opinion opinion;

    if (spf_path_judge(view, result, &facts->ending, &opinion)) {
        return opinion;
    }
    if (facts->ending.kind == SPF_ENDING_FLOOD) { /* which ssh might come to the end of */
        spf_say(result, "the login works, but so much output came before that of our command "
                        "that it was not read to its end");
        return spf_lowered(SPF_SESSION_TIMEOUT, SPF_UNKNOWN);
    }
    spf_ending_say_late(view, result, N_("the login works, but our command is not answered"),
                        &facts->ending, facts->error);
    return spf_concludes(SPF_SESSION_TIMEOUT);
}

/* The word came back: a command runs. */
static struct spf_opinion judge_echo(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_session_facts *facts = view->facts->session;

    if (facts->no_pty) {
        spf_say(result, "a command ran; but this key gets no terminal (restrict or no-pty before "
                        "it in authorized_keys), so a shell has no prompt");
        return spf_concludes(SPF_SESSION_NO_PTY);
    }
    if (facts->noise) {
        spf_say(result, "a command ran, but the shell's start-up files print to its output: that "
                        "breaks scp, sftp and rsync");
        return spf_concludes(SPF_SESSION_STARTUP_PRINTS);
    }
    spf_say(result, view->target->transfer != SPF_TRANSFER_NONE
                        ? N_("a command ran; the sftp subsystem was not tried")
                    : facts->shell
                        ? N_("a command ran; a terminal was not tried")
                        : N_("an echo was answered, but nothing shows that a shell ran it"));
    return spf_passes();
}

/*
 * Does a session start? One echo of a random word, where the server is known to announce forced
 * commands and has announced none; else a channel is opened and nothing is requested on it, unless
 * --session=always wants it.
 */
struct spf_opinion spf_judge_ssh_session(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_session_facts *facts = view->facts->session;
    struct spf_opinion opinion;

    spf_note_null(result, "output");
    spf_note_null(result, "forced_command");
    if (spf_lacks(view, SPF_GROUP_SIGNATURE, &opinion)) {
        return opinion;
    }
    if (view->target->session == SPF_SESSION_NEVER) {
        return (struct spf_opinion){.kind = SPF_OPINION_SKIPS,
                                    .skip_reason = SPF_SKIP_NOT_SELECTED};
    }
    if (spf_lacks(view, SPF_GROUP_SESSION, &opinion)) {
        return opinion;
    }

    note_session(facts, result);
    switch (facts->outcome) {
    case SPF_ECHO_WITHHELD:
        return spf_concludes(SPF_SESSION_FORCED_COMMAND);
    case SPF_ECHO_OPENED:
        spf_say(result,
                "a session opens; no command was run, because this server (%s) does not announce "
                "whether the key runs a fixed command%s",
                view->facts->identification->software, spf_flow_untried(&facts->ending.flow));
        return spf_passes();
    case SPF_ECHO_OTHER:
        return judge_other(view, result);
    case SPF_ECHO_REFUSED:
    case SPF_ECHO_CLOSED:
        if (facts->sftp) {
            return judge_sftp_only(view, result);
        }
        spf_ending_say(result, N_("the login works, but no session starts"), &facts->ending,
                       facts->error);
        return spf_concludes(SPF_SESSION_REFUSED);
    case SPF_ECHO_TIMEOUT:
        return judge_timeout(view, result);
    case SPF_ECHO_BACK:
        break;
    }
    return judge_echo(view, result);
}
