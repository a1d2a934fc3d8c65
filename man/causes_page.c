/* Writes sshpreflight-causes(7) in mdoc(7) from the catalogue of causes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnosis/diagnosis.h"
#include "pipeline/check.h"
#include "pipeline/slots.h"
#include "report/page.h"

#define FOLD 60 /* some characters take several bytes */

static void add_char(char c)
{
    static const struct {
        char c;
        const char *roff;
    } special[] = {{'\\', "\\e"},  {'-', "\\-"},   {'`', "\\(ga"},
                   {'^', "\\(ha"}, {'~', "\\(ti"}, {'\'', "\\(aq"}};

    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (special[i].c == c) {
            (void)fputs(special[i].roff, stdout);
            return;
        }
    }
    (void)putchar(c);
}

/*
 * Placeholders for slots, lines that end with a sentence or are folded at width, and nothing that
 * roff takes for its own.
 */
static void add_text(const char *template, const char *end, size_t width)
{
    struct spf_buf plain;
    bool first = true;
    size_t column = 0;

    spf_buf_init(&plain, 20000);
    spf_plain_template(&plain, template);
    spf_buf_addstr(&plain, end);
    for (const char *c = plain.data; *c; c++) {
        bool sentence = c[0] == '.' && c[1] == ' ' && c[2] >= 'A' && c[2] <= 'Z';

        if (first && *c == '.') {
            (void)fputs("\\&", stdout);
        }
        first = *c == ' ' && column + strcspn(c + 1, " ") >= width;
        if (!first) {
            add_char(*c);
        }
        column++;
        if (sentence && width < SIZE_MAX) {
            first = true;
            c++;
        }
        if (first) {
            (void)putchar('\n');
            column = 0;
        }
    }
    (void)putchar('\n');
    spf_buf_clear(&plain);
}

static void add_remedy(const struct spf_remedy *remedy)
{
    (void)puts(".It");
    add_text(remedy->text, remedy->command ? ":" : ".", FOLD);
    if (remedy->impact) {
        (void)printf("(This %s.)\n", remedy->impact);
    }
    if (remedy->command) {
        (void)puts(".Bd -literal -compact");
        add_text(remedy->command, "", SIZE_MAX);
        (void)puts(".Ed");
    }
}

static void add_cause(const struct spf_finding_info *info)
{
    (void)printf(".It Sy %s Pq %s%s, %s\n", info->id, spf_status_name(info->status),
                 info->advisory ? " and advisory" : "", spf_permanence_name(info->permanence));
    add_text(info->sentence, ".", FOLD);
    (void)puts(".Pp");
    add_text(info->meaning, "", FOLD);
    if (!info->remedies[0].text) {
        return;
    }
    (void)puts(".Bl -dash -compact");
    for (const struct spf_remedy *remedy = info->remedies; remedy->text; remedy++) {
        add_remedy(remedy);
    }
    (void)puts(".El");
}

static void add_section(const char *check, const char *title, const char *about)
{
    bool begun = false;

    for (int i = SPF_NO_FINDING + 1; i < SPF_FINDING_COUNT; i++) {
        if (strcmp(spf_findings[i].check, check) != 0) {
            continue;
        }
        if (!begun) {
            (void)printf(".Ss %s\n", title);
            add_text(about, "", FOLD);
            (void)puts(".Bl -tag -width Ds");
            begun = true;
        }
        add_cause(&spf_findings[i]);
    }
    if (begun) {
        (void)puts(".El");
    }
}

/* Do all slots of a template have their row? */
static bool is_sound(const char *template, const char *where)
{
    bool sound = true;
    char name[60];

    while ((template = strchr(template, '{')) != NULL) {
        size_t len = strcspn(++template, "}");

        if (!spf_format_whole(name, sizeof name, "%.*s", (int)len, template) ||
            !spf_slot_is_known(name)) {
            (void)fprintf(stderr, "%s: no slot is named {%s}\n", where, name);
            sound = false;
        }
    }
    return sound;
}

static bool are_templates_sound(void)
{
    const char *template;
    bool sound = true;

    for (int i = SPF_NO_FINDING + 1; i < SPF_FINDING_COUNT; i++) {
        const struct spf_finding_info *info = &spf_findings[i];

        sound &= is_sound(info->sentence, info->id);
        for (const struct spf_remedy *remedy = info->remedies; remedy->text; remedy++) {
            sound &= is_sound(remedy->text, info->id);
            sound &= remedy->command == NULL || is_sound(remedy->command, info->id);
        }
    }
    for (size_t i = 0; (template = spf_candidate_template(i)) != NULL; i++) {
        sound &= is_sound(template, "a candidate");
    }
    return sound;
}

int main(void)
{
    if (!are_templates_sound()) {
        return EXIT_FAILURE;
    }
    (void)puts(".\\\" Written from the catalogue of causes; do not edit.\n"
               ".Dd November 22, 2026\n.Dt SSHPREFLIGHT-CAUSES 7\n.Os\n"
               ".Sh NAME\n.Nm sshpreflight-causes\n.Nd why a login fails, and what to do\n"
               ".Sh DESCRIPTION\n"
               "Every check of\n.Xr sshpreflight 1\n"
               "that comes out as warn, fail or unknown names exactly one cause.\n"
               "Its id never changes: it is the same in every report format, in\n"
               ".Ql sshpreflight explain\nand here.\n"
               ".Pp\n"
               "Behind each id stand the worst status that it can have, and its permanence:\n"
               "with a\n.Em permanent\ncause waiting cannot help, a\n.Em transient\n"
               "one passes by itself, and with\n.Em depends\nboth happen.\n"
               "An\n.Em advisory\nis a warning that\n.Fl Fl strict\ndoes not count.\n"
               ".Pp\n"
               "Words in capitals stand for values that the report fills in.\n"
               "Remedies come in the order in which to try them.\n"
               ".Sh CAUSES");
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        add_section(spf_check_table[i].id, spf_check_table[i].id, spf_check_table[i].asks);
    }
    add_section("cloud.*", "Any cloud check", "What kept the cloud from answering.");
    add_section("*", "Any check", "What kept the program from finding out.");
    add_section("target", "The target as a whole",
                "What several checks say together, and explanations that are only candidates.");
    (void)puts(".Sh SEE ALSO\n.Xr sshpreflight 1 ,\n.Xr sshpreflight-json 5");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
