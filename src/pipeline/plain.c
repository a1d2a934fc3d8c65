#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/slots.h"

void spf_plain_template(struct spf_buf *buf, const char *template)
{
    static const struct {
        const char *slot, *text;
    } lines[] = {
        {"aliyun", "aliyun"},
        {"asked_region", "REGION"},
        {"as", ""},
        {"as_profile", ""},
        {"as_config", ""},
        {"ssh", "ssh -i KEY USER@HOST"},
        {"rerun", "sshpreflight --instance ID --key KEY"},
        {"rerun_with_file", "sshpreflight --instance ID --key KEY"},
        {"rerun_with_home_copy_file", "sshpreflight --instance ID --key ~/.ssh/login-key"},
        {"rerun_without_host", "sshpreflight --instance ID --key KEY"},
        {"rerun_without_user", "sshpreflight --instance ID --key KEY"},
        {"rerun_as_other_user", "sshpreflight --instance ID --key KEY -l USER"},
        {"rerun_as_console_user", "sshpreflight --instance ID --key KEY -l CONSOLE_USER"},
        {"rerun_with_ssh_config", "sshpreflight HOST --key KEY --ssh-config"},
        {"rerun_with_next_key_file", "sshpreflight HOST --key NEXT_KEY"},
        {"rerun_with_matching_key_file", "sshpreflight --instance ID --key FILE"},
        {"usual_user", "ecs-user"},
        {"legacy", "ALGORITHM"},
        {"legacy_options", "-o KexAlgorithms=+ALGORITHM -o Ciphers=+ALGORITHM …"},
        {"longer_timeout", "60"},
        {"longer_deadline", "120"},
        {"source_option", "SourceCidrIp"},
        {"open_in", "GROUP"},
        {"ungranted_action", "ACTION"},
        {"forbidden_action", "ACTION"},
        {"session_action", "ACTION"},
        {"known_hosts_name", "HOST"},
        {"given_host", "HOST"},
        {"mode_fixed", "it is mounted read-only, or keeps no modes"},
    };

    while (*template) {
        size_t plain = strcspn(template, "{"), len;
        bool line = false;

        spf_buf_add(buf, template, plain);
        template += plain;
        if (!*template)
            break;
        len = strcspn(++template, "}");
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
            if (strlen(lines[i].slot) == len && strncmp(template, lines[i].slot, len) == 0) {
                spf_buf_addstr(buf, lines[i].text);
                line = true;
            }
        for (size_t i = 0; i < len && !line && *template != '?'; i++) {
            char c = template[i];

            spf_buf_addch(buf, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
        }
        template += len + (template[len] == '}');
    }
}
