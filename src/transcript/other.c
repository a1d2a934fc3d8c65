#include "transcript/messages.h"

/*
 * Clients that are libraries, mostly: their exceptions and logs. golang.org/x/crypto/ssh
 * (Terraform, Packer, drone), Paramiko (Ansible, Fabric), JSch, sshj and Apache MINA, ssh2 of npm,
 * SSH.NET, net-ssh, Dropbear's dbclient, libssh, SecureCRT, Xshell.
 */
static const struct spf_message rows[] = {
    /* golang.org/x/crypto/ssh: client_auth.go, keys.go, handshake.go, knownhosts.go; net's errors
     */
    {"knownhosts: key mismatch", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"knownhosts: key is unknown", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"ssh: unable to authenticate, attempted methods [none],", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-is-not-a-key,key-missing,key-encrypted"},
    {"ssh: unable to authenticate, attempted methods [none password]", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth auth-publickey-disabled,key-missing"},
    {"ssh: unable to authenticate", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-ignored,key-pair-"
     "not-installed"},
    {"ssh: no key found", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-is-not-a-key,key-is-public,key-empty,key-on-one-line"},
    {"ssh private key: no key found", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-is-not-a-key,key-is-public,key-empty,key-on-one-line"},
    {"ssh.ParsePrivateKey: ", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-is-not-a-key,key-corrupt,key-on-one-line"},
    {"this private key is passphrase protected", NULL, SPF_EVENT_KEY_TROUBLE, "key-encrypted"},
    {"ssh: no common algorithm for key exchange", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"ssh: no common algorithm for host key", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"ssh: no common algorithm for client to server cipher", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"ssh: no common algorithm for client to server MAC", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"dial tcp ", "connection refused", SPF_EVENT_TCP, "refused"},
    {"dial tcp ", "i/o timeout", SPF_EVENT_TCP, "silent"},
    {"dial tcp ", "connection timed out", SPF_EVENT_TCP, "silent"},
    {"dial tcp ", "no such host", SPF_EVENT_TCP, "unresolved"},
    {"dial tcp ", "no route to host", SPF_EVENT_TCP, "unreachable"},
    {"dial tcp ", "network is unreachable", SPF_EVENT_TCP, "unreachable"},
    {"ssh: overflow reading version string", NULL, SPF_EVENT_BANNER, "other"},

    /* Paramiko: transport.py, auth_handler.py, ssh_exception.py */
    {"paramiko.transport: Remote version/idstring: SSH-2.0-", NULL, SPF_EVENT_IDENTIFIED, NULL},
    {"Server did not send a server-sig-algs list; defaulting to our first preferred algo "
     "('rsa-sha2-512')",
     NULL, SPF_EVENT_NO_ALGORITHM, NULL},
    {"paramiko.transport: Trying key ", NULL, SPF_EVENT_OFFERED, NULL},
    {"paramiko.ssh_exception.BadHostKeyException", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"paramiko.ssh_exception.PasswordRequiredException", NULL, SPF_EVENT_KEY_TROUBLE,
     "key-encrypted"},
    {"Private key file is encrypted", NULL, SPF_EVENT_KEY_TROUBLE, "key-encrypted"},
    {"not found in known_hosts", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"Error reading SSH protocol banner", NULL, SPF_EVENT_SUSPECTED,
     "ssh.banner ssh-closed-early,ssh-silent,ssh-busy,not-ssh"},
    {"paramiko.ssh_exception.NoValidConnectionsError", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-refused,port-unreachable,port-silent"},
    {"Authentication (publickey) successful!", NULL, SPF_EVENT_AUTHENTICATED, ""},
    {"Authentication (publickey) failed", NULL, SPF_EVENT_DENIED, "paramiko"},
    {"AuthenticationException: Authentication failed", NULL, SPF_EVENT_DENIED, "paramiko"},
    {"not a valid RSA private key file", NULL, SPF_EVENT_SUSPECTED,
     "key.format client-too-old,key-is-ppk,key-corrupt,key-is-public"},

    /* JSch, sshj, Apache MINA SSHD */
    {"JSchException: invalid privatekey", NULL, SPF_EVENT_SUSPECTED,
     "key.format client-too-old,key-corrupt,key-is-ppk"},
    {"JSchException: Auth fail", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-ignored"},
    {"JSchException: USERAUTH fail", NULL, SPF_EVENT_KEY_TROUBLE, "key-passphrase-wrong"},
    {"JSchException: HostKey has been changed", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"JSchException: UnknownHostKey", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"JSchException: reject HostKey", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"JSchException: Algorithm negotiation fail", NULL, SPF_EVENT_SUSPECTED,
     "ssh.handshake "
     "handshake-no-common-kex,handshake-no-common-host-key,handshake-no-common-cipher"},
    {"JSchException: timeout", NULL, SPF_EVENT_TCP, "silent"},
    {"UserAuthException: Exhausted available authentication methods", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-ignored"},
    {"Could not verify `", NULL, SPF_EVENT_SUSPECTED,
     "ssh.host-key host-key-unknown,host-key-changed"},
    {"SshException: No more authentication methods available", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-ignored"},
    {"ConnectException: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"ConnectException: Connection timed out", NULL, SPF_EVENT_TCP, "silent"},
    {"SocketTimeoutException: ", "onnect", SPF_EVENT_TCP, "silent"},
    {"UnknownHostException", NULL, SPF_EVENT_TCP, "unresolved"},
    {"NoRouteToHostException", NULL, SPF_EVENT_TCP, "unreachable"},

    /* ssh2 of npm: client.js, keyParser.js */
    {"All configured authentication methods failed", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-ignored"},
    {"Cannot parse privateKey: Encrypted", NULL, SPF_EVENT_KEY_TROUBLE, "key-encrypted"},
    {"Cannot parse privateKey: ", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-is-not-a-key,key-is-public,client-too-old,key-corrupt"},
    {"Timed out while waiting for handshake", NULL, SPF_EVENT_KEX_TIMEOUT, NULL},
    {"Handshake failed: no matching key exchange algorithm", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"Handshake failed: no matching host key format", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"connect ECONNREFUSED", NULL, SPF_EVENT_TCP, "refused"},
    {"connect ETIMEDOUT", NULL, SPF_EVENT_TCP, "silent"},
    {"connect EHOSTUNREACH", NULL, SPF_EVENT_TCP, "unreachable"},
    {"connect ENETUNREACH", NULL, SPF_EVENT_TCP, "unreachable"},
    {"getaddrinfo ENOTFOUND", NULL, SPF_EVENT_TCP, "unresolved"},
    {"getaddrinfo EAI_AGAIN", NULL, SPF_EVENT_TCP, "unresolved"},

    /* SSH.NET */
    {"SshAuthenticationException: Permission denied (publickey", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-ignored"},
    {"SshException: Invalid private key file", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-is-ppk,client-too-old,key-corrupt,key-is-public"},
    {"SshPassPhraseNullOrEmptyException", NULL, SPF_EVENT_KEY_TROUBLE, "key-encrypted"},
    {"SshConnectionException: ", "identification", SPF_EVENT_SUSPECTED,
     "ssh.banner ssh-closed-early,not-ssh,ssh-silent"},
    {"SocketException: ", "actively refused", SPF_EVENT_TCP, "refused"},

    /* net-ssh */
    {"ignoring unimplemented key:", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image"},
    {"unsupported key type `", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image"},
    {"Net::SSH::AuthenticationFailed", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image,auth-algorithm-refused"},
    {"Net::SSH::HostKeyMismatch", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"Net::SSH::HostKeyUnknown", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"Errno::ECONNREFUSED", NULL, SPF_EVENT_TCP, "refused"},
    {"Errno::ETIMEDOUT", NULL, SPF_EVENT_TCP, "silent"},

    /* Dropbear's dbclient: cli-main.c, cli-kex.c, cli-auth.c */
    {"exited: No auth methods could be used", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth "
     "key-pair-different,user-not-of-image,authorized-keys-ignored,auth-publickey-disabled,key-"
     "missing"},
    {"is not in the trusted hosts file", NULL, SPF_EVENT_HOST_UNKNOWN, NULL},
    {"host key mismatch for ", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"exited: Connect failed: Connection refused", NULL, SPF_EVENT_TCP, "refused"},
    {"exited: Connect failed: ", "timed out", SPF_EVENT_TCP, "silent"},
    {"exited: Connect failed: ", NULL, SPF_EVENT_TCP, "unreachable"},
    {"exited: No matching algo kex", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"exited: No matching algo hostkey", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"exited: No matching algo enc", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"exited: Remote closed the connection", NULL, SPF_EVENT_CLOSED, NULL},

    /* libssh's client and what is built on it */
    {"Invalid private key file or incorrect passphrase", NULL, SPF_EVENT_SUSPECTED,
     "key.format key-passphrase-wrong,key-is-not-a-key,key-is-ppk,key-is-public,key-missing"},
    {"Access denied. Authentication that can continue: ", NULL, SPF_EVENT_DENIED, NULL},
    {"Access denied for '", NULL, SPF_EVENT_DENIED, NULL},

    /* SecureCRT, Xshell, MobaXterm, FinalShell */
    {"Public-key authentication with the server for user ", "failed", SPF_EVENT_REFUSED, "user"},
    {"Unable to authenticate using any of the configured authentication methods", NULL,
     SPF_EVENT_DENIED, NULL},
    {"The public key ", "not registered", SPF_EVENT_REFUSED, NULL},
    {"\xe6\x89\x80\xe9\x80\x89\xe7\x9a\x84\xe7\x94\xa8\xe6\x88\xb7\xe5\xaf\x86\xe9\x92\xa5\xe6\x9c"
     "\xaa\xe5\x9c\xa8\xe8\xbf\x9c\xe7\xa8\x8b\xe4\xb8\xbb\xe6\x9c\xba\xe4\xb8\x8a\xe6\xb3\xa8\xe5"
     "\x86\x8c",
     NULL, SPF_EVENT_REFUSED, NULL},
    {"Could not connect to '", "Connection failed", SPF_EVENT_SUSPECTED,
     "net.port port-silent,port-refused,port-unreachable"},
};

const struct spf_family spf_family_other = SPF_FAMILY("library", rows);
