#include <string.h>

#include "base/language.h"
#include "pipeline/check.h"

#define NEEDS(check) SPF_CHECK_BIT(check)

/*
 * Top down, in the order of the report. Where a judge knows better than "a need that is fail,
 * unknown or skip skips me", its comment says so: a judge may let its own fail hold
 * (spf_but_holds), and net.port and ssh.auth ask for the address themselves, because a given host
 * needs none.
 */
/* clang-format off */
const struct spf_check spf_check_table[SPF_CHECK_COUNT] = {
    [SPF_CHECK_KEY_FILE] = {"key.file",
        N_("is there a regular file I can read?"), N_("key file"), spf_judge_key_file},
    [SPF_CHECK_KEY_MODE] = {"key.mode",
        N_("is it 0400, and would ssh accept its mode and owner?"), N_("mode"), spf_judge_key_mode,
        NEEDS(KEY_FILE)},
    [SPF_CHECK_KEY_FORMAT] = {"key.format",
        N_("is it a private key that ssh can load, in good shape and strong enough?"), N_("format"),
        spf_judge_key_format, NEEDS(KEY_FILE)},
    [SPF_CHECK_CLOUD_ACCESS] = {"cloud.access",
        N_("are there credentials, and does the API accept them?"), N_("access"), spf_judge_cloud_access},
    [SPF_CHECK_CLOUD_INSTANCE] = {"cloud.instance",
        N_("does the instance exist, run, and is it not locked or expired?"), N_("instance"),
        spf_judge_cloud_instance, NEEDS(CLOUD_ACCESS)},
    [SPF_CHECK_CLOUD_ADDRESS] = {"cloud.address",
        N_("does it have an address I can reach, and is it the one being tried?"), N_("address"),
        spf_judge_cloud_address, NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_CLOUD_SECURITY_GROUP] = {"cloud.security-group",
        N_("do its groups, taken together, accept TCP on the port from my address? by which rule?"),
        N_("security groups"), spf_judge_cloud_security_group, NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_CLOUD_NETWORK_ACL] = {"cloud.network-acl",
        N_("does the vSwitch's network ACL (stateless) pass the SYN in and the reply out?"),
        N_("network ACL"), spf_judge_cloud_network_acl, NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_CLOUD_KEY_PAIR] = {"cloud.key-pair",
        N_("is a key pair bound, and is it this key?"), N_("key pair"), spf_judge_cloud_key_pair,
        NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_NET_PORT] = {"net.port",
        N_("does TCP connect to the port?"), N_("port"), spf_judge_net_port},
    [SPF_CHECK_SSH_BANNER] = {"ssh.banner",
        N_("does an SSH 2 server identify itself, and what did it say before?"), N_("server"),
        spf_judge_ssh_banner, NEEDS(NET_PORT)},
    [SPF_CHECK_SSH_HANDSHAKE] = {"ssh.handshake",
        N_("is there a common key exchange, host key, cipher, MAC?"), N_("handshake"),
        spf_judge_ssh_handshake, NEEDS(SSH_BANNER)},
    [SPF_CHECK_SSH_HOST_KEY] = {"ssh.host-key",
        N_("is the host key the known one (known_hosts, console output)?"), N_("host key"),
        spf_judge_ssh_host_key, NEEDS(SSH_HANDSHAKE)},
    [SPF_CHECK_SSH_AUTH] = {"ssh.auth",
        N_("does the server accept this key for this user?"), N_("login"), spf_judge_ssh_auth,
        NEEDS(SSH_HOST_KEY) | NEEDS(KEY_FORMAT)},
    [SPF_CHECK_SSH_SESSION] = {"ssh.session",
        N_("does a session start?"), N_("session"), spf_judge_ssh_session, NEEDS(SSH_AUTH)},
};
/* clang-format on */

int spf_check_by_id(const char *id)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (strcmp(spf_check_table[i].id, id) == 0) {
            return i;
        }
    }
    return -1;
}
