#include "login/facts.h"

#include <string.h>

#include "base/names.h"
#include "base/text.h"

static const char *marker_name(unsigned value)
{
    switch ((enum spf_host_key_marker)value) {
        SPF_NAME(SPF_MARKER_NONE, "none");
        SPF_NAME(SPF_MARKER_REVOKED, "revoked");
        SPF_NAME(SPF_MARKER_CERT_AUTHORITY, "cert-authority");
    }
    return NULL;
}

static const char *handshake_outcome(unsigned value)
{
    switch ((enum spf_handshake_outcome)value) {
        SPF_NAME(SPF_SHAKE_DONE, "done");
        SPF_NAME(SPF_SHAKE_NO_KEX, "no-common-kex");
        SPF_NAME(SPF_SHAKE_NO_HOST_KEY, "no-common-host-key");
        SPF_NAME(SPF_SHAKE_NO_CIPHER, "no-common-cipher");
        SPF_NAME(SPF_SHAKE_NO_MAC, "no-common-mac");
        SPF_NAME(SPF_SHAKE_FAILED, "failed");
        SPF_NAME(SPF_SHAKE_TIMEOUT, "timeout");
    }
    return NULL;
}

static const char *ending_kind(unsigned value)
{
    switch ((enum spf_ending_kind)value) {
        SPF_NAME(SPF_ENDING_NONE, "none");
        SPF_NAME(SPF_ENDING_DISCONNECT, "disconnect");
        SPF_NAME(SPF_ENDING_CLOSED, "closed");
        SPF_NAME(SPF_ENDING_RESET, "reset");
        SPF_NAME(SPF_ENDING_BROKEN, "broken");
        SPF_NAME(SPF_ENDING_NO_PACKET, "no-packet");
        SPF_NAME(SPF_ENDING_BAD_MAC, "bad-mac");
        SPF_NAME(SPF_ENDING_OUT_OF_TURN, "out-of-turn");
        SPF_NAME(SPF_ENDING_DAMAGED, "damaged");
        SPF_NAME(SPF_ENDING_UNPROVED_HOST_KEY, "unproved-host-key");
        SPF_NAME(SPF_ENDING_NO_CHANNEL, "no-channel");
        SPF_NAME(SPF_ENDING_NO_COMMAND, "no-command");
        SPF_NAME(SPF_ENDING_FLOOD, "flood");
        SPF_NAME(SPF_ENDING_FILLERS, "fillers");
        SPF_NAME(SPF_ENDING_SILENCE, "silence");
        SPF_NAME(SPF_ENDING_UNCLEAR, "unclear");
    }
    return NULL;
}

static const char *auth_outcome(unsigned value)
{
    switch ((enum spf_auth_outcome)value) {
        SPF_NAME(SPF_AUTH_ACCEPTED, "accepted");
        SPF_NAME(SPF_AUTH_REFUSED, "refused");
        SPF_NAME(SPF_AUTH_PARTIAL, "partial");
        SPF_NAME(SPF_AUTH_ENDED, "disconnected");
        SPF_NAME(SPF_AUTH_LOCAL_REFUSAL, "local-refusal");
        SPF_NAME(SPF_AUTH_SILENT, "timeout");
    }
    return NULL;
}

static const char *session_outcome(unsigned value)
{
    switch ((enum spf_session_outcome)value) {
        SPF_NAME(SPF_ECHO_BACK, "echoed");
        SPF_NAME(SPF_ECHO_OTHER, "other");
        SPF_NAME(SPF_ECHO_REFUSED, "refused");
        SPF_NAME(SPF_ECHO_CLOSED, "closed");
        SPF_NAME(SPF_ECHO_TIMEOUT, "timeout");
        SPF_NAME(SPF_ECHO_WITHHELD, "withheld");
        SPF_NAME(SPF_ECHO_OPENED, "opened");
    }
    return NULL;
}

static const char *stranger(unsigned value)
{
    switch ((enum spf_stranger)value) {
        SPF_NAME(SPF_STRANGER_NOT_ASKED, "not-asked");
        SPF_NAME(SPF_STRANGER_REFUSED, "refused");
        SPF_NAME(SPF_STRANGER_ACCEPTED, "accepted");
    }
    return NULL;
}

static const struct spf_field known_host_fields[] = {
    SPF_SHAPE_TEXT(struct spf_known_host, file),
    SPF_SHAPE_NUMBER(struct spf_known_host, line),
    SPF_SHAPE_ENUM(struct spf_known_host, marker, marker_name),
    SPF_SHAPE_BOOL(struct spf_known_host, without_port),
    SPF_SHAPE_TEXT(struct spf_known_host, algorithm),
    SPF_SHAPE_TEXT(struct spf_known_host, sha256),
    SPF_SHAPE_STRING(struct spf_known_host, blob),
};
const struct spf_shape spf_known_host_shape = SPF_SHAPE(struct spf_known_host, known_host_fields);

static const struct spf_field unread_file_fields[] = {
    SPF_SHAPE_TEXT(struct spf_unread_file, file),
    SPF_SHAPE_TEXT(struct spf_unread_file, why),
    SPF_SHAPE_BOOL(struct spf_unread_file, ssh_reads),
};
const struct spf_shape spf_unread_file_shape =
    SPF_SHAPE(struct spf_unread_file, unread_file_fields);

static const struct spf_field known_hosts_fields[] = {
    SPF_SHAPE_TEXT(struct spf_known_hosts_facts, name),
    SPF_SHAPE_TEXT(struct spf_known_hosts_facts, client_verdict),
    SPF_SHAPE_LIST(struct spf_known_hosts_facts, lines, &spf_known_host_shape),
    SPF_SHAPE_LIST(struct spf_known_hosts_facts, unread, &spf_unread_file_shape),
    SPF_SHAPE_LIST(struct spf_known_hosts_facts, putty, &spf_known_host_shape),
};
const struct spf_shape spf_known_hosts_shape =
    SPF_SHAPE(struct spf_known_hosts_facts, known_hosts_fields);

static const struct spf_field ending_fields[] = {
    SPF_SHAPE_ENUM(struct spf_ending, kind, ending_kind),
    SPF_SHAPE_TEXT(struct spf_ending, last_message),
    SPF_SHAPE_TEXT(struct spf_ending, filler),
    SPF_SHAPE_NUMBER(struct spf_ending, fillers),
    SPF_SHAPE_STRUCT(struct spf_ending, flow, &spf_flow_shape),
    SPF_SHAPE_STRUCT(struct spf_ending, path, &spf_path_mtu_shape),
};
static const struct spf_shape ending_shape = SPF_SHAPE(struct spf_ending, ending_fields);

static const struct spf_field handshake_fields[] = {
    SPF_SHAPE_ENUM(struct spf_handshake_facts, outcome, handshake_outcome),
    SPF_SHAPE_STRUCT(struct spf_handshake_facts, ending, &ending_shape),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, error),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, kex),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, host_key_algorithm),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, cipher_in),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, cipher_out),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, mac_in),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, mac_out),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_kex),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_host_keys),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_ciphers_out),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_ciphers_in),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_macs_out),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_macs_in),
    SPF_SHAPE_STRING(struct spf_handshake_facts, server_sig_algs),
    SPF_SHAPE_TEXT(struct spf_handshake_facts, host_key_sha256),
    SPF_SHAPE_STRING(struct spf_handshake_facts, host_key_blob),
};
const struct spf_shape spf_handshake_shape =
    SPF_SHAPE(struct spf_handshake_facts, handshake_fields);

static const struct spf_field host_key_again_fields[] = {
    SPF_SHAPE_TEXT(struct spf_host_key_again_facts, sha256),
    SPF_SHAPE_STRING(struct spf_host_key_again_facts, blob),
};
const struct spf_shape spf_host_key_again_shape =
    SPF_SHAPE(struct spf_host_key_again_facts, host_key_again_fields);

static const struct spf_field asked_fields[] = {
    SPF_SHAPE_NUMBER(struct spf_asked_key, offer),
    SPF_SHAPE_ENUM(struct spf_asked_key, outcome, auth_outcome),
};
static const struct spf_shape asked_shape = SPF_SHAPE(struct spf_asked_key, asked_fields);

static const struct spf_field query_fields[] = {
    SPF_SHAPE_ENUM(struct spf_query_facts, outcome, auth_outcome),
    SPF_SHAPE_TEXT(struct spf_query_facts, methods),
    SPF_SHAPE_TEXT(struct spf_query_facts, algorithm),
    SPF_SHAPE_TEXT(struct spf_query_facts, banner),
    SPF_SHAPE_STRUCT(struct spf_query_facts, ending, &ending_shape),
    SPF_SHAPE_TEXT(struct spf_query_facts, error),
    SPF_SHAPE_NUMBER(struct spf_query_facts, elapsed_ms),
    SPF_SHAPE_BOOL(struct spf_query_facts, of_certificate),
    SPF_SHAPE_BOOL(struct spf_query_facts, none_accepted),
    SPF_SHAPE_ENUM(struct spf_query_facts, stranger, stranger),
    SPF_SHAPE_LIST(struct spf_query_facts, asked, &asked_shape),
    SPF_SHAPE_BOOL(struct spf_query_facts, unlike_openssh),
};
const struct spf_shape spf_query_shape = SPF_SHAPE(struct spf_query_facts, query_fields);

static const struct spf_field signature_fields[] = {
    SPF_SHAPE_ENUM(struct spf_signature_facts, outcome, auth_outcome),
    SPF_SHAPE_TEXT(struct spf_signature_facts, methods),
    SPF_SHAPE_TEXT(struct spf_signature_facts, algorithm),
    SPF_SHAPE_TEXT(struct spf_signature_facts, banner),
    SPF_SHAPE_STRUCT(struct spf_signature_facts, ending, &ending_shape),
    SPF_SHAPE_TEXT(struct spf_signature_facts, error),
    SPF_SHAPE_NUMBER(struct spf_signature_facts, elapsed_ms),
};
const struct spf_shape spf_signature_shape =
    SPF_SHAPE(struct spf_signature_facts, signature_fields);

static const struct spf_field session_fields[] = {
    SPF_SHAPE_ENUM(struct spf_session_facts, outcome, session_outcome),
    SPF_SHAPE_NUMBER(struct spf_session_facts, exit_status),
    SPF_SHAPE_TEXT(struct spf_session_facts, output),
    SPF_SHAPE_TEXT(struct spf_session_facts, other_user),
    SPF_SHAPE_STRUCT(struct spf_session_facts, ending, &ending_shape),
    SPF_SHAPE_TEXT(struct spf_session_facts, peer),
    SPF_SHAPE_TEXT(struct spf_session_facts, error),
    SPF_SHAPE_BOOL(struct spf_session_facts, forced_command),
    SPF_SHAPE_BOOL(struct spf_session_facts, no_pty),
    SPF_SHAPE_BOOL(struct spf_session_facts, options_seen),
    SPF_SHAPE_BOOL(struct spf_session_facts, sftp),
    SPF_SHAPE_BOOL(struct spf_session_facts, too_many_logins),
    SPF_SHAPE_BOOL(struct spf_session_facts, only_errors),
    SPF_SHAPE_BOOL(struct spf_session_facts, noise),
    SPF_SHAPE_BOOL(struct spf_session_facts, shell),
};
const struct spf_shape spf_session_shape = SPF_SHAPE(struct spf_session_facts, session_fields);

static const struct spf_field hop_fields[] = {
    SPF_SHAPE_TEXT(struct spf_ssh_hop, name),
    SPF_SHAPE_TEXT(struct spf_ssh_hop, host),
};
static const struct spf_shape hop_shape = SPF_SHAPE(struct spf_ssh_hop, hop_fields);

static const struct spf_field file_fields[] = {
    SPF_SHAPE_STRING(struct spf_ssh_file, path),
    SPF_SHAPE_BOOL(struct spf_ssh_file, exists),
    SPF_SHAPE_BOOL(struct spf_ssh_file, passed_over),
};
static const struct spf_shape file_shape = SPF_SHAPE(struct spf_ssh_file, file_fields);

static const struct spf_field offer_fields[] = {
    SPF_SHAPE_TEXT(struct spf_ssh_offer, path),
    SPF_SHAPE_TEXT(struct spf_ssh_offer, certificate),
    SPF_SHAPE_SECRET(struct spf_ssh_offer, certificate_line),
    SPF_SHAPE_TEXT(struct spf_ssh_offer, algorithm),
    SPF_SHAPE_TEXT(struct spf_ssh_offer, sha256),
    SPF_SHAPE_STRING(struct spf_ssh_offer, blob),
    SPF_SHAPE_BOOL(struct spf_ssh_offer, in_agent),
    SPF_SHAPE_BOOL(struct spf_ssh_offer, usable),
    SPF_SHAPE_BOOL(struct spf_ssh_offer, beyond_us),
    SPF_SHAPE_BOOL(struct spf_ssh_offer, private_only),
    SPF_SHAPE_BOOL(struct spf_ssh_offer, skipped),
};
static const struct spf_shape offer_shape = SPF_SHAPE(struct spf_ssh_offer, offer_fields);

static const struct spf_field skipped_fields[] = {
    SPF_SHAPE_STRING(struct spf_skipped_file, path),
    SPF_SHAPE_STRUCT(struct spf_skipped_file, key, &spf_key_shape),
};
static const struct spf_shape skipped_shape = SPF_SHAPE(struct spf_skipped_file, skipped_fields);

/* Without what only a live run needs: proxy_command, which may hold a secret, and a hop's files. */
static const struct spf_field ssh_config_fields[] = {
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, asked),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, host),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, user),
    SPF_SHAPE_NUMBER(struct spf_ssh_config_facts, port),
    SPF_SHAPE_NUMBER(struct spf_ssh_config_facts, family),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, jump),
    SPF_SHAPE_LIST(struct spf_ssh_config_facts, hops, &hop_shape),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, proxy_program),
    SPF_SHAPE_BOOL(struct spf_ssh_config_facts, proxy_passes_descriptor),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, host_key_alias),
    SPF_SHAPE_LIST(struct spf_ssh_config_facts, known_hosts, &file_shape),
    SPF_SHAPE_LIST(struct spf_ssh_config_facts, identities, &file_shape),
    SPF_SHAPE_LIST(struct spf_ssh_config_facts, offers, &offer_shape),
    SPF_SHAPE_LIST(struct spf_ssh_config_facts, skipped, &skipped_shape),
    SPF_SHAPE_BOOL(struct spf_ssh_config_facts, identities_only),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, identity_agent),
    SPF_SHAPE_STRING(struct spf_ssh_config_facts, kex),
    SPF_SHAPE_STRING(struct spf_ssh_config_facts, host_key_algorithms),
    SPF_SHAPE_STRING(struct spf_ssh_config_facts, ciphers),
    SPF_SHAPE_STRING(struct spf_ssh_config_facts, macs),
    SPF_SHAPE_STRING(struct spf_ssh_config_facts, accepted_algorithms),
    SPF_SHAPE_BOOL(struct spf_ssh_config_facts, publickey_off),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, strict),
    SPF_SHAPE_BOOL(struct spf_ssh_config_facts, trusts_loopback),
    SPF_SHAPE_NUMBER(struct spf_ssh_config_facts, required_rsa),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, unhonoured),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, broken),
    SPF_SHAPE_TEXT(struct spf_ssh_config_facts, says),
};
const struct spf_shape spf_ssh_config_shape =
    SPF_SHAPE(struct spf_ssh_config_facts, ssh_config_fields);

bool spf_ssh_offer_is_askable(const struct spf_ssh_offer *offer)
{
    return offer->blob != NULL && !offer->beyond_us;
}

bool spf_ssh_config_skips(const struct spf_ssh_config_facts *config, const char *path)
{
    return config->skipped.count > 0 && spf_same_text(config->skipped.items[0].path, path);
}

const char *spf_ssh_config_key(const struct spf_ssh_config_facts *config, const char *after)
{
    const char *found = NULL;
    bool any = after == NULL;

    for (size_t i = 0; i < config->identities.count; i++) {
        const struct spf_ssh_file *file = &config->identities.items[i];

        if (file->path == NULL) {
            continue;
        }
        if (after != NULL) {
            if (strcmp(file->path, after) == 0) {
                after = NULL;
            }
        } else if (file->exists && !file->passed_over) {
            return file->path;
        } else if (any && found == NULL && (file->exists || file->passed_over)) {
            found = file->path;
        }
    }
    return found;
}

const char *spf_ssh_config_agent(const struct spf_ssh_config_facts *config)
{
    if (config->identity_agent[0] == '\0') {
        return NULL;
    }
    return strcmp(config->identity_agent, "none") == 0 ? "" : config->identity_agent;
}

int64_t spf_query_accepted(const struct spf_query_facts *query)
{
    for (size_t i = query->asked.count; i > 0 && query->outcome == SPF_AUTH_ACCEPTED; i--) {
        if (query->asked.items[i - 1].outcome == SPF_AUTH_ACCEPTED) {
            return query->asked.items[i - 1].offer;
        }
    }
    return -1;
}
