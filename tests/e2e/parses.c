/* Are these words a command line of sshpreflight? Nothing but the option parser is run: a line that
 * a report prints must be one that the program takes. Exit status 0, or 64 with what is wrong. */
#include <stdio.h>

#include "cli/parse.h"

int main(int argc, char **argv)
{
    struct spf_options options;
    struct spf_error error = spf_options_parse(argc, argv, &options);

    spf_options_clear(&options);
    if (error.code != SPF_OK) {
        (void)puts(error.text);
    }
    return error.code == SPF_OK ? 0 : 64;
}
