#include "pipeline/slot_word.h"

#include <string.h>

#include "base/ip.h"
#include "platform/shell.h"

/* Does the value consist of letters, digits and `more`, and begin with none of `not_first`? */
static bool made_of(const char *value, const char *more, const char *not_first)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    if (*value == '\0' || strchr(not_first, *value) != NULL) {
        return false;
    }
    for (; *value != '\0'; value++) {
        if (strchr(letters, *value) == NULL && strchr(more, *value) == NULL) {
            return false;
        }
    }
    return true;
}

static bool fits(enum spf_grammar grammar, const char *value)
{
    struct spf_ip ip;

    if (grammar == SPF_GRAMMAR_HOST && spf_ip_parse(value, &ip)) {
        return true;
    }
    if (grammar == SPF_GRAMMAR_USER) {
        return made_of(value, "._-", "-.0123456789");
    }
    if (grammar == SPF_GRAMMAR_KNOWN_HOST) {
        return made_of(value, "._:[]-", "-");
    }
    return made_of(value, "_.:/@+-", "-.:/@+");
}

bool spf_slot_add_word(struct spf_buf *buf, enum spf_grammar grammar, const char *value)
{
    if (value == NULL) {
        return false;
    }
    if (grammar == SPF_GRAMMAR_LINE || grammar == SPF_GRAMMAR_OPTIONS) {
        spf_buf_addstr(buf, value);
        return true;
    }
    if (grammar == SPF_GRAMMAR_PATH) {
        spf_buf_add_path(buf, value);
        return true;
    }
    if (!fits(grammar, value)) {
        return false;
    }
    spf_buf_add_shell(buf, value);
    return true;
}
