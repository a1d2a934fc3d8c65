#include "login/implementations.h"

#include <string.h>

#include "base/text.h"
#include "openssh/version.h"

#define PARAMIKO_KEYS \
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,ssh-rsa"

static const struct spf_implementation implementations[] = {
    {.software = "OpenSSH_", .name = "OpenSSH", .query_proves = true},
    {.software = "dropbear_",
     .name = "Dropbear",
     .query_proves = true,
     .guest =
         "Dropbear reads the keys from .ssh/authorized_keys of the user's home (OpenWrt's, for "
         "root: "
         "/etc/dropbear/authorized_keys); home, .ssh and the file must belong to the user and be "
         "writable by nobody else. Its options are in /etc/default/dropbear (OpenWrt: "
         "/etc/config/dropbear), its log is syslog's (`journalctl -t dropbear`, `logread`); "
         "`dropbear -F -E -p 2222` logs to the terminal"},
    {.software = "tinyssh",
     .name = "TinySSH",
     .key_types = "ssh-ed25519",
     .guest =
         "TinySSH reads Ed25519 keys from .ssh/authorized_keys of the user's home; neither the "
         "file nor any directory above it may be writable by others. It takes no options in front "
         "of a key and has no configuration file; with -v it logs to standard error (`journalctl "
         "-u "
         "'tinyssh*'`)"},
    {.software = "mod_sftp",
     .name = "ProFTPD",
     .runs_no_forced_command = true,
     .guest =
         "SFTPAuthorizedUserKeys in /etc/proftpd (Debian: sftp.conf) names the file with the keys, "
         "which must be in RFC 4716's format (`ssh-keygen -e -f KEY.pub`), not authorized_keys'; "
         "SFTPLog names its log; `proftpd -t` checks the configuration"},
    {.software = "rclone/", .name = "rclone", .runs_no_forced_command = true},
    {.software = "Twisted", .name = "Twisted Conch"},
    {.software = "AsyncSSH_", .name = "AsyncSSH"},
    {.software = "paramiko_", .name = "Paramiko", .key_types = PARAMIKO_KEYS},
    {.software = "APACHE-SSHD-", .name = "Apache MINA SSHD"},
    {.software = "Erlang/", .name = "Erlang's ssh"},
    {.software = "Go", .name = "Go's x/crypto/ssh"},
    {.software = "ssh2js", .name = "the ssh2 package of npm"},
    {.software = "libssh_", .name = "libssh"},
    {.software = "lshd-", .name = "lsh"},
    {.software = "dev-tunnels-ssh_", .name = "dev-tunnels-ssh"},
};

const struct spf_implementation *spf_implementation_of(const char *software)
{
    static const struct spf_implementation unknown = {.software = "", .name = ""};

    for (size_t i = 0; i < sizeof implementations / sizeof *implementations; i++) {
        if (spf_starts_with(software, implementations[i].software)) {
            return &implementations[i];
        }
    }
    return &unknown;
}

bool spf_is_sshd(const char *software)
{
    return software[0] == '\0' || spf_starts_with(software, "OpenSSH_");
}

bool spf_shows_openssh(const struct spf_seen *seen)
{
    const char *macs = seen->server[SPF_OFFER_MACS_OUT];

    return seen->hostbound || (macs != NULL && strstr(macs, "umac-") != NULL);
}

bool spf_query_proves(const char *software, const struct spf_query_facts *query)
{
    if (query->stranger != SPF_STRANGER_NOT_ASKED) {
        return query->stranger == SPF_STRANGER_REFUSED;
    }
    return spf_implementation_of(software)->query_proves &&
           !(spf_starts_with(software, "OpenSSH_") && query->unlike_openssh);
}

bool spf_announces_forced_commands(const char *software, const struct spf_seen *seen)
{
    const int64_t version = spf_openssh_version_of(software);

    return seen->key_options || (seen->host_keys_shown && version >= 608 && version < 707);
}
