#include "cli/style.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/language.h"
#include "platform/terminal.h"

#define PAGE_WIDTH 100 /* columns, where no terminal says its own */

/* NO_COLOR non-empty wins, then TERM=dumb; CLICOLOR_FORCE forces (no-color.org,
 * bixense.com/clicolors). */
static bool wants_colour(const struct spf_options *options)
{
    const char *no_color = getenv("NO_COLOR");
    const char *force = getenv("CLICOLOR_FORCE");

    if (options->colour != SPF_COLOUR_AUTO) {
        return options->colour == SPF_COLOUR_ALWAYS;
    }
    if (no_color != NULL && no_color[0] != '\0') {
        return false;
    }
    if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0) {
        return true;
    }
    return spf_terminal_obeys(STDOUT_FILENO);
}

struct spf_style spf_style_of(const struct spf_options *options)
{
    const int width = spf_terminal_width(STDOUT_FILENO);
    struct spf_style style = {
        .colour = wants_colour(options),
        .utf8 = spf_terminal_is_utf8() || spf_language_is_foreign(),
        .detail = options->quiet     ? -1
                  : options->verbose ? (options->verbose > 1 ? 2 : 1)
                                     : 0,
    };

    /* Into a pipe or a file: as wide as a log is comfortably read. */
    style.width = width > 0 ? (unsigned)width : PAGE_WIDTH;
    return style;
}
