/* Scripts that complete the command line, written from the tables that parsing reads. */
#include "cli/completion.h"

#include <string.h>

#include "cli/option_table.h"
#include "cloud/cloud.h"

/* What an option's value is, by its row. */
enum kind {
    NOTHING_KNOWN,
    A_WORD,
    A_FILE,
    A_DIRECTORY,
    CHECKS,
    OUTPUT, /* [FORMAT:]FILE */
    A_HOST,
    A_PROFILE,
    A_REGION,
};

static enum kind kind_of(const struct spf_option_row *row)
{
    static const struct {
        const char *argument;
        enum kind kind;
    } kinds[] = {{"FILE", A_FILE}, {"[=FILE]", A_FILE},       {"[=DIR]", A_DIRECTORY},
                 {"IDS", CHECKS},  {"[FORMAT:]FILE", OUTPUT}, {"HOST[,HOST]", A_HOST}};

    if (row->words != NULL) {
        return A_WORD;
    }
    if (row->name != NULL && strcmp(row->name, "profile") == 0) {
        return A_PROFILE;
    }
    if (row->name != NULL && strcmp(row->name, "region") == 0) {
        return A_REGION;
    }
    if (row->name != NULL && strcmp(row->name, "host") == 0) {
        return A_HOST;
    }
    for (size_t i = 0; row->argument != NULL && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(row->argument, kinds[i].argument) == 0) {
            return kinds[i].kind;
        }
    }
    return NOTHING_KNOWN;
}

static void add_list(struct spf_buf *buf, const char *const *words, const char *after)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        spf_buf_addf(buf, "%s%s%s", i > 0 ? " " : "", words[i], after);
    }
}

static void add_checks(struct spf_buf *buf)
{
    spf_buf_addstr(buf, "key cloud net ssh");
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_buf_addf(buf, " %s", spf_check_table[i].id);
    }
}

static void add_causes(struct spf_buf *buf)
{
    spf_buf_addch(buf, '-');
    for (size_t i = 0; i < SPF_FINDING_COUNT; i++) {
        if (spf_findings[i].id != NULL) {
            spf_buf_addf(buf, " %s", spf_findings[i].id);
        }
    }
}

/* ---- bash: COMP_WORDS has "=" and ":" as words of their own ------------------------------- */

static const char bash_functions[] =
    "_sshpreflight_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_sshpreflight_files()\n"
    "{\n"
    "    compopt -o filenames\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "# [FORMAT:]FILE\n"
    "_sshpreflight_output()\n"
    "{\n"
    "    local formats=\n"
    "    [[ $format ]] || mapfile -t formats < <(compgen -W \"$1\" -- \"$cur\")\n"
    "    if [[ ${formats[0]} ]]; then # as words: a file's name would get its colon quoted\n"
    "        compopt -o nospace\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$1\" -f -- \"$cur\")\n"
    "    else\n"
    "        _sshpreflight_files -f\n"
    "    fi\n"
    "}\n"
    "\n"
    "# A list with commas: only its last word is completed.\n"
    "_sshpreflight_list()\n"
    "{\n"
    "    local head=${cur%\"${cur##*,}\"}\n"
    "    compopt -o nospace\n"
    "    mapfile -t COMPREPLY < <(compgen -P \"$head\" -W \"$1\" -- \"${cur##*,}\")\n"
    "}\n"
    "\n"
    "_sshpreflight()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1)) format=\n"
    "    COMPREPLY=()\n"
    "    [[ $cur == [=:] ]] && at=$COMP_CWORD && cur=\n"
    "    # --output FORMAT:FILE\n"
    "    if [[ ${COMP_WORDS[at]} == : ]] && ((at > 2)); then\n"
    "        format=${COMP_WORDS[at - 1]}\n"
    "        ((at -= 2))\n"
    "    fi\n"
    "    local option=${COMP_WORDS[at]}\n"
    "    [[ $option == = ]] && ((at > 1)) && option=${COMP_WORDS[at - 1]}=\n"
    "    case $option in\n";

static void add_bash_action(struct spf_buf *buf, const struct spf_option_row *row)
{
    switch (kind_of(row)) {
    case NOTHING_KNOWN:
        spf_buf_addch(buf, ':');
        break;
    case A_WORD:
        spf_buf_addstr(buf, "_sshpreflight_words '");
        add_list(buf, row->words, "");
        spf_buf_addch(buf, '\'');
        break;
    case A_FILE:
        spf_buf_addstr(buf, "_sshpreflight_files -f");
        break;
    case A_DIRECTORY:
        spf_buf_addstr(buf, "_sshpreflight_files -d");
        break;
    case CHECKS:
        spf_buf_addstr(buf, "_sshpreflight_list '");
        add_checks(buf);
        spf_buf_addch(buf, '\'');
        break;
    case OUTPUT:
        spf_buf_addstr(buf, "_sshpreflight_output '");
        add_list(buf, spf_format_names, ":");
        spf_buf_addch(buf, '\'');
        break;
    case A_HOST:
        spf_buf_addstr(buf, "mapfile -t COMPREPLY < <(compgen -A hostname -- \"$cur\")");
        break;
    case A_PROFILE:
        spf_buf_addstr(buf, "_sshpreflight_words \"$(sshpreflight --completion profiles)\"");
        break;
    case A_REGION:
        spf_buf_addstr(buf, "_sshpreflight_words \"$(sshpreflight --completion regions)\"");
        break;
    }
}

/* The cases of what precedes the word: "--key=" is followed by =, "-i" and "--key" are not. */
static void add_bash_case(struct spf_buf *buf, const struct spf_option_row *row)
{
    spf_buf_addstr(buf, "    ");
    if (row->letter != 0) {
        spf_buf_addf(buf, "-%c%s", row->letter, row->name != NULL ? " | " : "");
    }
    if (row->name != NULL && !spf_option_may_lack_value(row)) {
        spf_buf_addf(buf, "--%s | ", row->name);
    }
    if (row->name != NULL) {
        spf_buf_addf(buf, "--%s=", row->name);
    }
    spf_buf_addstr(buf, ")\n        ");
    add_bash_action(buf, row);
    spf_buf_addstr(buf, "\n        return\n        ;;\n");
}

static void add_bash(struct spf_buf *buf)
{
    spf_buf_addstr(buf, "# Written by sshpreflight --completion bash\n\n");
    spf_buf_addstr(buf, bash_functions);
    for (size_t i = 0; i < spf_option_count; i++) {
        if (spf_option_rows[i].argument != NULL) {
            add_bash_case(buf, &spf_option_rows[i]);
        }
    }
    spf_buf_addstr(
        buf, "    esac\n    if ((COMP_CWORD == 2)) && [[ ${COMP_WORDS[1]} == explain ]]; then\n"
             "        _sshpreflight_words '");
    add_causes(buf);
    spf_buf_addstr(buf, "'\n    elif [[ ${COMP_WORDS[1]} == merge && $cur != -* ]] && "
                        "((COMP_CWORD > 1)); then\n        _sshpreflight_files -f"
                        "\n    elif [[ $cur == -* ]]; then\n        _sshpreflight_words '");
    for (size_t i = 0; i < spf_option_count; i++) {
        char name[40];

        spf_option_name(&spf_option_rows[i], name);
        spf_buf_addf(buf, "%s%s", i > 0 ? " " : "", name);
    }
    spf_buf_addstr(
        buf,
        "'\n    else\n"
        "        mapfile -t COMPREPLY < <(compgen -A hostname -- \"$cur\")\n"
        "        ((COMP_CWORD == 1)) &&\n"
        "            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W 'explain merge' -- "
        "\"$cur\")\n"
        "    fi\n}\n\ncomplete -F _sshpreflight sshpreflight\n");
}

/* ---- zsh: the specifications of _arguments ------------------------------------------------ */

static void add_zsh_functions(struct spf_buf *buf)
{
    spf_buf_addstr(buf, "#compdef sshpreflight\n# Written by sshpreflight --completion zsh\n\n"
                        "_sshpreflight_names()\n{\n    local -a names\n"
                        "    names=(${(f)\"$(sshpreflight --completion $1 2>/dev/null)\"})\n"
                        "    compadd -a names\n}\n\n"
                        "_sshpreflight_checks()\n{\n    compset -P '*,'\n    compadd -S '' -- ");
    add_checks(buf);
    spf_buf_addstr(
        buf, "\n}\n\n_sshpreflight_output()\n{\n    compset -P '[a-z]#:' && { _files; return }\n"
             "    compadd -S : -- ");
    add_list(buf, spf_format_names, "");
    spf_buf_addstr(buf,
                   "\n    _files\n}\n\n_sshpreflight_word()\n{\n"
                   "    if [[ $CURRENT == 3 && $words[2] == explain ]]; then\n        compadd -- ");
    add_causes(buf);
    spf_buf_addstr(
        buf, "\n        return\n    fi\n"
             "    [[ $CURRENT -gt 2 && $words[2] == merge ]] && { _files; return }\n"
             "    [[ $CURRENT == 2 ]] && compadd explain merge\n    _hosts\n}\n\n_arguments -s");
}

static void add_zsh_action(struct spf_buf *buf, const struct spf_option_row *row)
{
    static const char *const actions[] = {
        [NOTHING_KNOWN] = " ",
        [A_FILE] = "_files",
        [A_DIRECTORY] = "_files -/",
        [CHECKS] = "_sshpreflight_checks",
        [OUTPUT] = "_sshpreflight_output",
        [A_HOST] = "_hosts",
        [A_PROFILE] = " _sshpreflight_names profiles",
        [A_REGION] = " _sshpreflight_names regions",
    };

    if (kind_of(row) == A_WORD) {
        spf_buf_addch(buf, '(');
        add_list(buf, row->words, "");
        spf_buf_addch(buf, ')');
        return;
    }
    spf_buf_addstr(buf, actions[kind_of(row)]);
}

/* What is written around it is in single quotes; brackets and colons mean something to _arguments.
 */
static void add_zsh_text(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            spf_buf_addstr(buf, "'\\'");
        } else if (strchr("[]:\\", *text) != NULL) {
            spf_buf_addch(buf, '\\');
        }
        spf_buf_addch(buf, *text);
    }
}

/* One spelling of an option: "-i", or "--key". */
static void add_zsh_spelling(struct spf_buf *buf, const struct spf_option_row *row, bool letter)
{
    bool optional = !letter && spf_option_may_lack_value(row);

    spf_buf_addstr(buf, " \\\n    '");
    if (row->adds) {
        spf_buf_addch(buf, '*');
    } else if (row->letter != 0 && row->name != NULL) {
        spf_buf_addf(buf, "(-%c --%s)", row->letter, row->name);
    }
    if (letter) {
        spf_buf_addf(buf, "-%c%s", row->letter, row->argument != NULL ? "+" : "");
    } else {
        spf_buf_addf(buf, "--%s%s", row->name, optional ? "=-" : row->argument != NULL ? "=" : "");
    }
    spf_buf_addch(buf, '[');
    add_zsh_text(buf, row->help);
    spf_buf_addch(buf, ']');
    if (row->argument != NULL) {
        spf_buf_addstr(buf, optional ? "::" : ":");
        add_zsh_text(buf, row->argument);
        spf_buf_addch(buf, ':');
        add_zsh_action(buf, row);
    }
    spf_buf_addch(buf, '\'');
}

static void add_zsh(struct spf_buf *buf)
{
    add_zsh_functions(buf);
    for (size_t i = 0; i < spf_option_count; i++) {
        if (spf_option_rows[i].letter != 0) {
            add_zsh_spelling(buf, &spf_option_rows[i], true);
        }
        if (spf_option_rows[i].name != NULL) {
            add_zsh_spelling(buf, &spf_option_rows[i], false);
        }
    }
    spf_buf_addstr(buf, " \\\n    '*:host:_sshpreflight_word'\n");
}

/* ---- fish ---------------------------------------------------------------------------------- */

static void add_fish_action(struct spf_buf *buf, const struct spf_option_row *row)
{
    const char *must = spf_option_may_lack_value(row) ? "" : " -r";

    switch (kind_of(row)) {
    case NOTHING_KNOWN:
        spf_buf_addstr(buf, " -x");
        break;
    case A_WORD:
        spf_buf_addstr(buf, " -x -a '");
        add_list(buf, row->words, "");
        spf_buf_addch(buf, '\'');
        break;
    case A_FILE:
        spf_buf_addf(buf, "%s -F", must);
        break;
    case A_DIRECTORY:
        spf_buf_addstr(buf, " -f -a '(__fish_complete_directories)'");
        break;
    case CHECKS:
        spf_buf_addstr(buf, " -x -a '(__fish_append , ");
        add_checks(buf);
        spf_buf_addstr(buf, ")'");
        break;
    case OUTPUT:
        spf_buf_addstr(buf, " -r -F -a '");
        add_list(buf, spf_format_names, ":");
        spf_buf_addch(buf, '\'');
        break;
    case A_HOST:
        spf_buf_addstr(buf, " -x -a '(__fish_print_hostnames)'");
        break;
    case A_PROFILE:
        spf_buf_addstr(buf, " -x -a '(sshpreflight --completion profiles 2>/dev/null)'");
        break;
    case A_REGION:
        spf_buf_addstr(buf, " -x -a '(sshpreflight --completion regions 2>/dev/null)'");
        break;
    }
}

static void add_fish(struct spf_buf *buf)
{
    spf_buf_addstr(
        buf,
        "# Written by sshpreflight --completion fish\n\ncomplete -c sshpreflight -f\n"
        "complete -c sshpreflight -n __fish_is_first_token -a explain -d 'what a cause means'\n"
        "complete -c sshpreflight -n __fish_is_first_token -a merge -d 'parts of a fleet as one "
        "report'\n"
        "complete -c sshpreflight -n '__fish_seen_subcommand_from merge' -F\n"
        "complete -c sshpreflight -n '__fish_seen_subcommand_from explain' -a '");
    add_causes(buf);
    spf_buf_addstr(buf,
                   "'\ncomplete -c sshpreflight -n 'not __fish_seen_subcommand_from explain merge' "
                   "-a '(__fish_print_hostnames)'\n");
    for (size_t i = 0; i < spf_option_count; i++) {
        const struct spf_option_row *row = &spf_option_rows[i];

        spf_buf_addstr(buf, "complete -c sshpreflight");
        if (row->letter != 0) {
            spf_buf_addf(buf, " -s %c", row->letter);
        }
        if (row->name != NULL) {
            spf_buf_addf(buf, " -l %s", row->name);
        }
        if (row->argument != NULL) {
            add_fish_action(buf, row);
        }
        spf_buf_addstr(buf, " -d '");
        for (const char *c = row->help; *c != '\0'; c++) {
            if (*c == '\'' || *c == '\\') {
                spf_buf_addch(buf, '\\');
            }
            spf_buf_addch(buf, *c);
        }
        spf_buf_addstr(buf, "'\n");
    }
}

/* ---- what the scripts ask back ------------------------------------------------------------- */

/* bash expands the words of compgen -W, and none of the shells quotes them: letters, digits, a few
 * marks, and characters of other scripts. */
static bool is_plain(const char *name)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";

    if (name[0] == '\0' || name[0] == '-' || !spf_is_clean(name)) {
        return false;
    }
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x80 && strchr(plain, *c) == NULL) {
            return false;
        }
    }
    return true;
}

struct names {
    struct spf_buf list, *out; /* list: "\nNAME\n…" of those that are in out */
};

static void add_name(void *owner, const char *name)
{
    struct names *names = owner;
    size_t before = names->list.len;

    if (!is_plain(name)) {
        return;
    }
    spf_buf_addf(&names->list, "\n%s\n", name);
    if (!spf_buf_failed(&names->list) &&
        strstr(names->list.data, names->list.data + before) == names->list.data + before) {
        spf_buf_addf(names->out, "%s\n", name);
    }
}

static void add_names(struct spf_buf *buf, const char *member, const char *config_path)
{
    struct names names = {.out = buf};

    spf_buf_init(&names.list, 1u << 20);
    spf_cloud_profiles(config_path, member, add_name, &names);
    spf_buf_clear(&names.list);
}

void spf_completion(struct spf_buf *buf, enum spf_completion what, const char *config_path)
{
    switch (what) {
    case SPF_COMPLETION_BASH:
        add_bash(buf);
        break;
    case SPF_COMPLETION_ZSH:
        add_zsh(buf);
        break;
    case SPF_COMPLETION_FISH:
        add_fish(buf);
        break;
    case SPF_COMPLETION_PROFILES:
        add_names(buf, "name", config_path);
        break;
    case SPF_COMPLETION_REGIONS:
        add_names(buf, "region_id", config_path);
        break;
    }
}
