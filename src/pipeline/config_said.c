#include "pipeline/config_said.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *value(struct spf_buf *out, const char *from, size_t len)
{
    spf_buf_add(out, from, len);
    return len > 0 ? out->data : NULL;
}

/* What ssh -G ended with; NULL: it did not. */
static const char *ending(const struct spf_view *view)
{
    const struct spf_group_state *state = &view->facts->group[SPF_GROUP_SSH_CONFIG];
    const char *text = state->phase == SPF_FAILED ? state->failure->text : NULL;
    const char *said = text != NULL ? strstr(text, ": ") : NULL;

    return said != NULL ? said + 2 : NULL;
}

static const char *control_dir(const struct spf_view *view, struct spf_buf *out)
{
    static const char keyword[] = "ControlPath ";
    const struct spf_group_state *state = &view->facts->group[SPF_GROUP_TCP];
    const char *refusal = state->phase == SPF_FAILED ? state->failure->text : "";
    const char *path = strstr(refusal, keyword);
    const char *end = strstr(refusal, ", whose directory does not exist");
    const char *slash = end;

    if (path == NULL || end == NULL) {
        return NULL;
    }
    path += strlen(keyword);
    while (slash > path && *slash != '/') {
        slash--;
    }
    return path[0] == '/' || path[0] == '~' ? value(out, path, (size_t)(slash - path)) : NULL;
}

static const char *config_open(const struct spf_view *view, struct spf_buf *out)
{
    static const char words[] = "Bad owner or permissions on ";
    const char *said = ending(view);
    const char *path = said != NULL ? strstr(said, words) : NULL;

    return path != NULL ? value(out, path + strlen(words), strcspn(path + strlen(words), "\r\n;"))
                        : NULL;
}

/* "FILE: line 2: ..." or "FILE line 2: ...": where " line" begins, and the number. */
static const char *place(const char *said, long *number)
{
    const char *at = said != NULL ? strstr(said, " line ") : NULL;

    if (at == NULL) {
        return NULL;
    }
    *number = strtol(at + strlen(" line "), NULL, 10);
    return at > said && at[-1] == ':' ? at - 1 : at;
}

static const char *config_file(const struct spf_view *view, struct spf_buf *out)
{
    const char *said = ending(view);
    long number = 0;
    const char *end = place(said, &number);

    return end != NULL && number > 0 ? value(out, said, (size_t)(end - said)) : NULL;
}

static const char *config_line(const struct spf_view *view, struct spf_buf *out)
{
    const char *said = ending(view);
    long number = 0;

    if (place(said, &number) == NULL || number <= 0) {
        return NULL;
    }
    spf_buf_addf(out, "%ld", number);
    return out->data;
}

static const char *config_word(const struct spf_view *view, struct spf_buf *out)
{
    const char *said = ending(view);
    long number = 0;

    const char *why;

    if (place(said, &number) == NULL || number != 0 || !spf_starts_with(said, "command-line")) {
        return NULL;
    }
    why = strstr(strstr(said, " line "), ": ");
    return why != NULL ? value(out, why + 2, strcspn(why + 2, "\r\n")) : NULL;
}

const char *spf_config_said(const struct spf_view *view, enum spf_config_said what,
                            struct spf_buf *out)
{
    static const char *(*const of[])(const struct spf_view *view, struct spf_buf *out) = {
        [SPF_SAID_CONTROL_DIR] = control_dir, [SPF_SAID_OPEN_FILE] = config_open,
        [SPF_SAID_FILE] = config_file,        [SPF_SAID_LINE] = config_line,
        [SPF_SAID_WORD] = config_word,
    };

    return of[what](view, out);
}
