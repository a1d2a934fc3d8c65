#ifndef SPF_PIPELINE_SLOTS_H
#define SPF_PIPELINE_SLOTS_H

#include "base/text.h"
#include "pipeline/check.h"

/*
 * The values that the catalogue's templates name in braces.
 *
 * {name} is looked up first in the evidence of the result at hand (a text or a number), then among
 * these:
 *
 *     {key}        the key file as given              {user} {host} {port}
 *     {address}    the address tried                  {instance} {region} {source_ip}
 *     {source_cidr} the source address as /32 or /128 {known_hosts_name} "host" or "[host]:port"
 *     {started}    the instance's last start          {given_host} the host, where one was given
 *     {ssh}        the ssh command line for the target
 *     {rerun}      the sshpreflight command line for it; {rerun_without_host}, {rerun_without_user}
 *                  (write "-l NAME" behind it), {rerun_as_other_user}: as {usual_user}, the one
 *                  of root and ecs-user that was not tried; {rerun_with_matching_key_file}: with
 *                  the one that --find-key found; {rerun_with_ssh_config}: with the user's;
 *                  {rerun_with_next_key_file}: with the one that ssh would offer next;
 *                  {rerun_with_home_copy_file}: with ~/.ssh/login-key, a copy made before. An
 *                  option that the template writes behind it takes the place of the user's own
 *     {asked_region} the region that is asked first
 *     {aliyun} {as} the aliyun CLI and the options behind a call of it that make it act as the
 *                  identity that was used here; {as_profile}: --profile and --config-path alone;
 *                  {as_config}: --config-path alone (aliyun_line.h)
 *     {legacy_options} of ssh.handshake: "-o Ciphers=+aes128-cbc …", for ssh
 *     {longer_timeout} {longer_deadline}   seconds, more than those that were not enough
 *     {?jump_key} {?jump_identity} {?jump_unknown} {?jump_way}   nothing, but only where that is
 *                  what failed at a jump host: our key, its host key (changed, not known), the way
 *     {guest}      where keys, configuration and log of this server are on its machine; none of
 *                  sshd's: its advice stands in the catalogue
 *     {?sshd} {?no_sshd}   nothing, but only where the server is sshd (or did not say), or is not
 *     {windows_key} the key's path on Windows, for double quotes
 *     {?windows} {?no_windows}   nothing, but only where the transcript is of a client there, or
 *                  is not
 *     {?account_expired} nothing, but only where the server said that of the account
 *     {session_always} "always", where --session says so; {fix_tried} "yes", where --fix had its
 *                  try
 *     {?repairable} {?not_repairable}   nothing, but only where --fix would write a good copy of
 *                  the key file, or not
 *     {?format_NAME} nothing, but only where the key file is of that format (spf_container_name)
 *     {?no_NAME}   nothing, but only where the value NAME is not known (a host alone has no
 *                  {instance}); elsewhere it is missing, and so is its remedy
 *
 * In a sentence any clean text will do. In a command a value must fit its slot's grammar, or the
 * command is not given at all: {key} and slots that end in "_file" are paths (quoted as needed),
 * {user} is [A-Za-z_][A-Za-z0-9._-]*, the rest [A-Za-z0-9_][A-Za-z0-9_.:/@-]*. So a value from the
 * API can never become a second word, an option or a substitution.
 */
enum spf_slot_use {
    SPF_SLOT_TEXT,
    SPF_SLOT_COMMAND,
};

/* Appends the template with its values. False if a value is missing or does not fit; buf is then as
 * before. */
bool spf_slots_expand(struct spf_buf *buf, const char *template, enum spf_slot_use use,
                      const struct spf_view *view, const struct spf_result *result);

/* {slots} as placeholders in capitals, as manual pages write them: "ssh -i KEY USER@HOST". */
void spf_plain_template(struct spf_buf *buf, const char *template);

#endif
