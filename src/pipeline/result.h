#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline/finding.h"
#include "pipeline/notes.h"
#include "pipeline/target.h"

enum spf_skip_reason {
    SPF_SKIP_NEED,           /* because names a check */
    SPF_SKIP_NOT_SELECTED,   /* --only, --skip */
    SPF_SKIP_NOT_APPLICABLE, /* cloud checks without an instance */
};

/* Is the bound key pair the local key? */
enum spf_key_match {
    SPF_MATCH_NONE, /* not compared */
    SPF_MATCH_NAME_ONLY,
    SPF_MATCH_DIFFERENT,
    SPF_MATCH_FINGERPRINT,
    SPF_MATCH_PROVED,
};

/*
 * What a finding comes of, and other targets may share, so that one repair may serve them all. The
 * order is precedence: of two the first counts.
 */
enum spf_thing {
    SPF_THING_NONE,
    SPF_THING_GROUP,      /* a security group, whose rule decides */
    SPF_THING_OPEN_GROUP, /* one that could take a rule */
    SPF_THING_ACL,
    SPF_THING_VSWITCH,
    SPF_THING_GATEWAY,
    SPF_THING_ROUTE_TABLE,
    SPF_THING_NAT_GATEWAY,
    SPF_THING_PRINCIPAL,
    SPF_THING_CREDENTIALS,
    SPF_THING_KEY_PAIR,
    SPF_THING_KEY_FILE,
    SPF_THING_JUMP,
    SPF_THING_COUNT,
};

/* As evidence names it; NULL for none. */
const char *spf_thing_name(enum spf_thing thing);
enum spf_thing spf_thing_by_name(const char *name);

#define SPF_SUMMARY_SIZE 400 /* of the longest summary, with its NUL */

/*
 * What one check found. The judge writes the evidence and the words, the pipeline the rest.
 *
 * Evidence is for readers: reports print it, and templates quote it (slots.c); no code decides by
 * it. What code needs of a result is a typed member.
 */
struct spf_result {
    enum spf_status status;
    enum spf_finding finding; /* SPF_NO_FINDING for pass and skip */
    bool holds;
    bool from_facts; /* summary is what a probe found, in English in every language */
    enum spf_skip_reason skip_reason;
    enum spf_check_id because; /* for SPF_SKIP_NEED */
    char *summary; /* "" until said: then the catalogue's sentence serves; the result's own */
    struct spf_notes *evidence;       /* NULL: none was noted. Written only */
    bool incomplete;                  /* memory ran out for the evidence, or the summary */
    int64_t started_ms, concluded_ms; /* monotonic */

    /* What other checks, remedies and reports need of this one, each set by one check. */
    char address[SPF_IP_TEXT_SIZE];   /* cloud.address: the one to try; "" none */
    char source_ip[SPF_IP_TEXT_SIZE]; /* of rules and ACL: whom they were evaluated for; "" none */
    enum spf_key_match key_match;     /* cloud.key-pair */
    const char *about;                /* key.*: the file, where another key logs in; borrowed */
    bool verified;                    /* ssh.host-key: by known_hosts, the console or a record */
    bool certificate_unfit;           /* ssh.auth: refused, and by what it says no wonder */
    const char *next_key;             /* ssh.auth: which file ssh would offer next; borrowed */
    enum spf_finding disproved;       /* any: what a login disproved */
    enum spf_thing thing;             /* any: what it comes of, */
    const char *thing_id;             /* and its name or id; borrowed from the facts */
    const char *rule; /* cloud.security-group: the id of the rule that decides; NULL; borrowed */
};

void spf_result_init(struct spf_result *result);
void spf_result_clear(struct spf_result *result);
/* Forgets words and evidence, before the judge is called again. */
void spf_result_forget(struct spf_result *result);

/*
 * For judges. Evidence that cannot be stored for want of memory is left out. Texts from outside are
 * cleaned here, once. A NULL text becomes null.
 */
void spf_say(struct spf_result *result, const char *fmt, ...) SPF_PRINTF(2, 3);
void spf_note_text(struct spf_result *result, const char *name, const char *value);
/* The same of what the finding comes of; NULL and "" are none. Borrows value, a fact. */
void spf_note_thing(struct spf_result *result, enum spf_thing thing, const char *name,
                    const char *value);
void spf_note_number(struct spf_result *result, const char *name, int64_t value);
void spf_note_bool(struct spf_result *result, const char *name, bool value);
void spf_note_null(struct spf_result *result, const char *name);
/* Takes over value (a list or an object built by the judge; its texts through spf_clean_json). */
void spf_note_json(struct spf_result *result, const char *name, struct json_object *value);
/* What was noted, as an object that is the caller's; NULL: nothing, or no memory. */
SPF_MUST_USE struct json_object *spf_result_evidence(const struct spf_result *result);
/* A JSON string of cleaned text; NULL text gives NULL, which is JSON's null. */
struct json_object *spf_clean_json(const char *text);
