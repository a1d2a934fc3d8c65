#pragma once

#include "pipeline/finding.h"
#include "pipeline/target.h"
#include "transcript/facts.h"
#include "transcript/match.h"

/* How far an attempt came; the steps before are implied. */
enum spf_stage {
    SPF_STAGE_NONE,
    SPF_STAGE_CONNECTING,
    SPF_STAGE_CONNECTED,
    SPF_STAGE_IDENTIFIED,
    SPF_STAGE_KEY_EXCHANGE,
    SPF_STAGE_HOST_KEY,  /* it was shown, and what became of it is known or not */
    SPF_STAGE_USER_AUTH, /* the handshake is done, and the host key accepted */
    SPF_STAGE_IN,
};

/* A jump host, and where ssh goes from it; of a command that ssh runs for ProxyJump. */
struct spf_hop {
    char name[128]; /* as the configuration or -J has it */
    char host[128];
    int64_t port;
};
enum { SPF_HOPS_MAX = 8 };

/*
 * One attempt to log in, as far as the lines show it: a state machine that takes one message after
 * the other. The last attempt of a text counts; what an earlier one proved is not carried over.
 */
struct spf_attempt {
    enum spf_stage stage;
    int64_t first_line;

    /* who went where; "" where the text does not say */
    char looked_up[256]; /* of a client whose next line names the address alone */
    char host[256], address[64], user[80], key_file[1024], jump[300], proxy[256];
    /* what makes key_file the key of this login; a later one says more */
    enum spf_key_named {
        SPF_KEY_UNNAMED,
        SPF_KEY_TRIED, /* and nothing came of it */
        SPF_KEY_OFFERED,
        SPF_KEY_TYPED,
        SPF_KEY_ACCEPTED,
    } key_named;
    int64_t port; /* 0: not said */
    char client[100];
    bool windows;

    /* what ended it; check is SPF_CHECK_COUNT while nothing did */
    struct spf_ended {
        enum spf_check_id check;
        enum spf_finding cause; /* the text itself names it; SPF_NO_FINDING: an open question */
        char words[300];        /* the line */
        char candidates[300];   /* ids between commas, the likeliest first */
        int weight;             /* a line that says more replaces one that says less */
    } ended;

    const char *tcp;    /* an outcome's word, NULL none */
    const char *banner; /* likewise */
    const char *no_common;
    char tcp_error[128], before[600], software[256], offer[1024];
    char kex[64], host_key_algorithm[64], host_key_sha256[64];
    char cipher_in[64], cipher_out[64], mac_in[64], mac_out[64]; /* "" also where it has none */
    bool kex_waits, kex_timeout, kex_broken;
    char kex_error[256];
    enum {
        SPF_HOST_NOT_SAID,
        SPF_HOST_TAKEN,
        SPF_HOST_ASKED,
        SPF_HOST_UNKNOWN_REFUSED,
        SPF_HOST_OTHER,
        SPF_HOST_IS_REVOKED,
    } host_key;
    char known_file[256];
    int64_t known_line;

    char next_methods[200];    /* after a partial success */
    char methods[200];         /* before the first offer, or of the denial */
    unsigned offered, refused; /* keys of ours, and the answers that were no */
    bool from_agent;
    bool certificate_last;   /* the last offer was of one */
    bool certificate;        /* one of a key was offered */
    char asked_file[1024];   /* whose key was offered or tried last; "" none is known */
    unsigned planned;        /* keys that ssh means to try */
    unsigned planned_known;  /* the place, from 1, of the last whose public key it has; 0: none */
    unsigned planned_files;  /* those of them that are no agent's */
    char planned_file[1024]; /* the last of these */
    unsigned files_asked;    /* that were offered, or tried */
    bool cut_off;            /* before all keys were tried, or perhaps before */
    bool accepted;           /* the query of the last key offered was answered with yes */
    bool signature_refused, partial, no_algorithm, unsigned_key, too_many, denied, asks_password;
    unsigned passphrases; /* asked for */
    char disconnect[256];
    const char *key_trouble; /* a cause's id */
    char key_trouble_file[1024];
    char key_mode[8];
    bool key_unclear;
    unsigned keys_absent, keys_found; /* of the default files */
    unsigned keys_listed;             /* files that the client would use, there or not */
    char listed_file[1024];           /* the last of them */
    unsigned keys_tried;              /* files whose public key is not known */
    bool in_by_none;
    bool in;
    bool in_somehow;     /* by a key or another way: the text does not show it */
    int64_t exit_status; /* -1 not said */
    bool session_closed;
    bool session_used; /* lines that are no client's came after its beginning */
    const char
        *channel_refused; /* an outcome's word; of a session, or of a way through this host */
    struct spf_hop hops[SPF_HOPS_MAX]; /* the last one first, as ssh says so */
    unsigned hop_count, hops_in;       /* hops_in: those that let us in, from the first on */
    unsigned waiting;                  /* ends of ssh's that waited for a way through a jump host */
    bool forwarding;                   /* a jump host was to open a channel, and did not */
    bool no_way_on; /* what failed was a jump host's login: nothing came through it */
    char typed_host[256], typed_user[80], jump_cause[64];
    bool closed; /* the connection ended without a word of why */
    bool forced_command;
};

/* Has something ended it? Then another command begins the next one. */
bool spf_attempt_is_over(const struct spf_attempt *attempt);
/* The next one of the same text: it is still the same client, key and way. */
void spf_attempt_begin_next(struct spf_attempt *attempt, int64_t line,
                            struct spf_transcript_facts *facts);
void spf_attempt_begin(struct spf_attempt *attempt, int64_t line);

/* What says more than what: a suspicion is replaced by anything that names its cause. */
enum { SPF_WEIGHT_SUSPICION = 1, SPF_WEIGHT_NAMED = 2 };

void spf_attempt_reach(struct spf_attempt *attempt, enum spf_stage stage);
/* What was the host is a jump host: the host is the one that was typed. */
void spf_attempt_behind_jump(struct spf_attempt *attempt);
/* The way to a jump host, name or "", was not opened by the one before it. word: an outcome's. */
void spf_attempt_lacks_jump(struct spf_attempt *attempt, const char *name, const char *word);
/* The target is reached through all of the hops. */
void spf_attempt_passes_hops(struct spf_attempt *attempt);
/* The message ends the attempt; its row's argument: "check cause[,cause…]". */
void spf_attempt_end(struct spf_attempt *attempt, const struct spf_match *match, int weight);
/* Can none of these methods be publickey? Of a denial alone they begin with "?". */
bool spf_lacks_publickey(const char *methods);
/*
 * The query's yes and the signature's no: of OpenSSH's server that proves the key, while others say
 * yes to any. The end of a text may not show which it was.
 */
bool spf_attempt_yes_is_unproven(const struct spf_attempt *attempt);
