#include "cli/help.h"

#include "base/language.h"
#include "cli/option_table.h"

void spf_options_help(FILE *out)
{
    (void)fputs(
        _("Usage: sshpreflight [options] ssh|scp|sftp|rsync|git|plink|... ARGUMENTS\n"
          "       sshpreflight --instance ID --key FILE [options]\n"
          "       sshpreflight [user@]host [--key FILE] [options]\n"
          "       sshpreflight explain CAUSE [--json]\n"
          "       ssh -v ... 2>&1 | sshpreflight explain -\n"
          "       sshpreflight --replay FILE\n"
          "       sshpreflight merge FILE... [--format FORMAT]\n"
          "\n"
          "Says why a login to a cloud instance with an SSH key fails, and how to repair it.\n"
          "It changes nothing: not the cloud, not the instance, and no file of yours without "
          "--fix.\n"
          "A command that failed is read, not run: after it, type `sshpreflight !!`.\n"
          "\n"),
        out);
    for (size_t i = 0; i < spf_option_count; i++) {
        const struct spf_option_row *row = &spf_option_rows[i];
        char left[64];

        spf_format(left, sizeof left, "%s%c%s%s%s%s%s", row->letter != 0 ? "-" : "   ",
                   row->letter != 0 ? row->letter : ' ',
                   row->letter != 0 && row->name != NULL ? ", " : "", row->name != NULL ? "--" : "",
                   row->name != NULL ? row->name : "",
                   row->argument != NULL && !spf_option_may_lack_value(row) ? " " : "",
                   row->argument != NULL ? row->argument : "");
        (void)fprintf(out, "  %-31s %s\n", left, spf_tr(row->help));
    }
    (void)fputs(_("\n"
                  "ssh's other options of one letter are accepted, too.\n"
                  "Exit status: 0 you can log in, 1 you can't, 2 not known, 64 wrong usage, 75 "
                  "--wait ran out.\n"
                  "More: sshpreflight(1), sshpreflight-causes(7), sshpreflight-json(5).\n"),
                out);
}
