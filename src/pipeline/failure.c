#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/check.h"

struct spf_failure spf_failure(enum spf_finding cause, const char *fmt, ...)
{
    struct spf_failure failure = {.cause = cause};
    char text[sizeof failure.text];
    va_list args;

    va_start(args, fmt);
    spf_vformat(text, sizeof text, fmt, args);
    va_end(args);
    spf_clean(failure.text, sizeof failure.text, text, strlen(text));
    return failure;
}

struct spf_failure spf_failure_ours(const char *text)
{
    return spf_failure(SPF_SYSTEM_ERROR, "%s", text);
}

/* Who must allow what decides the remedy (findings/cloud.def). */
static void note_denial(struct spf_result *result, const struct spf_failure *failure)
{
    if (failure->action[0] != '\0') {
        spf_note_text(result,
                      failure->explicit_deny                             ? "forbidden_action"
                      : strcmp(failure->denied_by, "SessionPolicy") == 0 ? "session_action"
                                                                         : "ungranted_action",
                      failure->action);
    }
    if (failure->denied_by[0] != '\0') {
        spf_note_text(result, "denied_by", failure->denied_by);
    }
    if (failure->denial[0] != '\0') {
        spf_note_text(result, "denial", failure->denial);
    }
}

void spf_failure_note(const struct spf_failure *failure, struct spf_result *result)
{
    if (failure->text[0] != '\0') {
        spf_say(result, "%s", failure->text);
    }
    result->from_facts = failure->text[0] != '\0';
    if (failure->action[0] != '\0') {
        spf_note_text(result, "action", failure->action);
    }
    if (failure->cause == SPF_PERMISSION_DENIED) {
        note_denial(result, failure);
    }
    if (failure->code[0] != '\0') {
        spf_note_text(result, "code", failure->code);
    }
    if (failure->request_id[0] != '\0') {
        spf_note_text(result, "request_id", failure->request_id);
    }
}
