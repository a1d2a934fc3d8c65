#include <string.h>

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
        "is there a regular file I can read?", "key file", spf_judge_key_file},
    [SPF_CHECK_KEY_MODE] = {"key.mode",
        "is it 0400, and would ssh accept its mode and owner?", "mode", spf_judge_key_mode,
        NEEDS(KEY_FILE)},
    [SPF_CHECK_KEY_FORMAT] = {"key.format",
        "is it a private key that ssh can load, in good shape and strong enough?", "format",
        spf_judge_key_format, NEEDS(KEY_FILE)},
    [SPF_CHECK_CLOUD_ACCESS] = {"cloud.access",
        "are there credentials, and does the API accept them?", "access", spf_judge_cloud_access},
    [SPF_CHECK_CLOUD_INSTANCE] = {"cloud.instance",
        "does the instance exist, run, and is it not locked or expired?", "instance",
        spf_judge_cloud_instance, NEEDS(CLOUD_ACCESS)},
    [SPF_CHECK_CLOUD_ADDRESS] = {"cloud.address",
        "does it have an address I can reach, and is it the one being tried?", "address",
        spf_judge_cloud_address, NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_CLOUD_SECURITY_GROUP] = {"cloud.security-group",
        "do its groups, taken together, accept TCP on the port from my address? by which rule?",
        "security groups", spf_judge_cloud_security_group, NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_CLOUD_NETWORK_ACL] = {"cloud.network-acl",
        "does the vSwitch's network ACL (stateless) pass the SYN in and the reply out?",
        "network ACL", spf_judge_cloud_network_acl, NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_CLOUD_KEY_PAIR] = {"cloud.key-pair",
        "is a key pair bound, and is it this key?", "key pair", spf_judge_cloud_key_pair,
        NEEDS(CLOUD_INSTANCE)},
    [SPF_CHECK_NET_PORT] = {"net.port",
        "does TCP connect to the port?", "port", spf_judge_net_port},
    [SPF_CHECK_SSH_BANNER] = {"ssh.banner",
        "does an SSH 2 server identify itself, and what did it say before?", "server",
        spf_judge_ssh_banner, NEEDS(NET_PORT)},
    [SPF_CHECK_SSH_HANDSHAKE] = {"ssh.handshake",
        "is there a common key exchange, host key, cipher, MAC?", "handshake",
        spf_judge_ssh_handshake, NEEDS(SSH_BANNER)},
    [SPF_CHECK_SSH_HOST_KEY] = {"ssh.host-key",
        "is the host key the known one (known_hosts, console output)?", "host key",
        spf_judge_ssh_host_key, NEEDS(SSH_HANDSHAKE)},
    [SPF_CHECK_SSH_AUTH] = {"ssh.auth",
        "does the server accept this key for this user?", "login", spf_judge_ssh_auth,
        NEEDS(SSH_HOST_KEY) | NEEDS(KEY_FORMAT)},
    [SPF_CHECK_SSH_SESSION] = {"ssh.session",
        "does a session start?", "session", spf_judge_ssh_session, NEEDS(SSH_AUTH)},
};
/* clang-format on */

int spf_check_by_id(const char *id)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (strcmp(spf_check_table[i].id, id) == 0)
            return i;
    }
    return -1;
}
