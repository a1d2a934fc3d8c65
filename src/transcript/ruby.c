#include "transcript/messages.h"

/*
 * net-ssh 2.x to 7.x (transport/algorithms.rb, authentication/, key_factory.rb, errors.rb) and what
 * runs on it: Capistrano (SSHKit), Vagrant, Test Kitchen; Ruby's names for errno.
 */
static const struct spf_message rows[] = {
    {"ignoring unimplemented key:", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image"},
    {"unsupported key type `", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image"},
    {"Net::SSH::AuthenticationFailed", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image,auth-algorithm-refused,"
     "authorized-keys-ignored"},
    {"Authentication failed for user ", "@", SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image,auth-algorithm-refused,"
     "authorized-keys-ignored"},
    {"OpenSSH keys only supported if ED25519 is available", NULL, SPF_EVENT_NAMED,
     "key.format client-too-old"},
    {"net-ssh requires the following gems for ed25519 support", NULL, SPF_EVENT_NAMED,
     "key.format client-too-old"},
    {"bcrypt_pbkdf is required to decrypt bcrypt-encrypted", NULL, SPF_EVENT_NAMED,
     "key.format client-too-old"},
    {"all authorization methods failed (tried ", NULL, SPF_EVENT_SUSPECTED,
     "ssh.auth client-too-old,key-pair-different,user-not-of-image,auth-algorithm-refused,"
     "authorized-keys-ignored"},
    {"connection closed by remote host (Net::SSH::Disconnect)", NULL, SPF_EVENT_SUSPECTED,
     SPF_SAID_ENDED},
    {"Net::SSH::HostKeyMismatch", NULL, SPF_EVENT_HOST_CHANGED, NULL},
    {"does not match for ", "fingerprint ", SPF_EVENT_HOST_CHANGED, NULL},
    {"Net::SSH::HostKeyUnknown", NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"could not settle on kex algorithm", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"could not settle on host_key algorithm", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"could not settle on encryption_", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"could not settle on hmac_", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"Net::SSH::ConnectionTimeout", NULL, SPF_EVENT_TCP, "silent"},
    {"timeout during server version negotiating", NULL, SPF_EVENT_BANNER, "silent"},
    {"Net::SSH::Disconnect: connection closed by remote host", NULL, SPF_EVENT_SUSPECTED,
     SPF_SAID_ENDED},
    {"Net::SSH::Disconnect: disconnected: Too many authentication failures", NULL,
     SPF_EVENT_TOO_MANY, NULL},
    {"Net::SSH::Exception: incompatible SSH version", NULL, SPF_EVENT_BANNER, "other"},
    {"agent could not sign data with requested identity", NULL, SPF_EVENT_NAMED,
     "ssh.auth agent-refused-to-sign"},
    {"Neither PUB key nor PRIV key", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_KEY_FORMAT},
    {"Could not parse PKey", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_KEY_FORMAT},
    /* Vagrant, of an attempt; the last that it says is only that all of them failed */
    {"Warning: Connection refused. Retrying", NULL, SPF_EVENT_SUSPECTED, "net.port port-refused"},
    {"Warning: Connection timeout. Retrying", NULL, SPF_EVENT_SUSPECTED, "net.port port-silent"},
    {"Warning: Host appears down. Retrying", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-unreachable,port-silent"},
    {"Warning: Connection reset. Retrying", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"Warning: Remote connection disconnect. Retrying", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"Errno::ECONNREFUSED", NULL, SPF_EVENT_TCP, "refused"},
    {"Errno::ETIMEDOUT", NULL, SPF_EVENT_TCP, "silent"},
    {"Errno::EHOSTUNREACH", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Errno::ENETUNREACH", NULL, SPF_EVENT_TCP, "unreachable"},
    {"Errno::ECONNRESET", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"SocketError: getaddrinfo", NULL, SPF_EVENT_TCP, "unresolved"},
};

const struct spf_family spf_family_ruby = SPF_FAMILY("net-ssh", rows);
