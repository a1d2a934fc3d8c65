#include "pipeline/transcribed.h"

#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "pipeline/slots.h"

/* The lines of a transcript that the check rests on, with their numbers. */
void spf_text_note_lines(const struct spf_facts *facts, int check, struct spf_result *result)
{
    const struct spf_transcript_facts *text = facts->transcript;
    struct json_object *list = NULL;

    for (size_t i = 0; i < text->shown.count; i++) {
        const struct spf_transcript_line *line = &text->shown.items[i];
        struct json_object *item;

        if (strcmp(line->check, spf_check_table[check].id) != 0) {
            continue;
        }
        if (list == NULL) {
            list = spf_json_array();
        }
        item = spf_json_object();
        spf_json_add(item, "line", spf_json_integer(line->number));
        spf_json_add(item, "text", spf_clean_json(line->text));
        spf_json_append(list, item);
    }
    if (list != NULL) {
        spf_note_json(result, "transcript", list);
    }
    if (text->private_key && check == SPF_CHECK_KEY_FILE) {
        spf_note_bool(result, "private_key_in_text", true);
    }
}

/* The catalogue's sentence, where all that it needs is known; and the words that it rests on. */
static void say_named(const struct spf_view *view, enum spf_finding named, const char *words,
                      struct spf_result *result)
{
    struct spf_buf said;

    spf_buf_init(&said, SPF_SUMMARY_SIZE - 1);
    if (named == SPF_KEY_MODE_TOO_OPEN && view->facts->transcript->windows &&
        view->target->key_path != NULL) {
        spf_say(result, "the permissions of %s are too open, so ssh refuses it",
                view->target->key_path);
    } else if (spf_slots_fill(&said, spf_findings[named].sentence, view, result)) {
        spf_say(result, "%s%s%s", said.data, words[0] != '\0' ? _("; the text says: ") : "", words);
    } else {
        spf_say(result, "%s", words);
    }
    spf_buf_clear(&said);
}

/* cloud-init's 'Please login as the user "X" rather than the user "root".' */
static void note_other_user(const char *words, struct spf_result *result)
{
    static const char before[] = "lease login as the user ";
    const char *at = strstr(words, before);
    char name[64];
    size_t len;

    if (at == NULL) {
        return;
    }
    at += strlen(before);
    at += *at == '"';
    len = strcspn(at, "\" .");
    if (len > 0 && len < sizeof name) {
        spf_clean(name, sizeof name, at, len);
        spf_note_text(result, "other_user", name);
    }
}

/* A transcript can name a cause that no other group of facts holds: sshd's log does, for one. */
bool spf_text_names(const struct spf_view *view, int check, struct spf_result *result,
                    struct spf_opinion *opinion)
{
    const struct spf_facts *facts = view->facts;
    const struct spf_transcript_facts *text = facts->transcript;
    enum spf_finding named;

    if (!spf_facts_have(facts, SPF_GROUP_TRANSCRIPT) || text->named[0] == '\0' ||
        strcmp(text->stopped_at, spf_check_table[check].id) != 0) {
        return false;
    }
    named = spf_finding_by_id(text->named);
    if (named == SPF_NO_FINDING) {
        return false;
    }
    if (text->key_mode[0] != '\0') {
        spf_note_text(result, "mode", text->key_mode);
    }
    if (named == SPF_KEY_WEAK) {
        spf_note_text(result, "detail", _("shorter than this ssh requires (RequiredRSASize)"));
    }
    if (named == SPF_SESSION_OTHER_USER) {
        note_other_user(text->words, result);
    }
    say_named(view, named, text->words, result);
    *opinion = spf_concludes(named);
    return true;
}
