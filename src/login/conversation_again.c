#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "login/conversation.h"
#include "login/conversation_parts.h"

/*
 * One more connection, as far as the host key, while the first is still open: a load balancer leads
 * it to another server, if there is one. It is a conversation of its own, with facts of its own.
 */
struct spf_second_look {
    struct spf_inquiry inquiry;       /* first: the conversation hands it back */
    struct spf_conversation *first;   /* whose owner waits for the answer */
    struct spf_conversation *another; /* ours */
    struct spf_facts facts;           /* tcp to handshake are ours, the rest is borrowed */
};

static void arrive(struct spf_conversation *talk, const struct spf_failure *failure)
{
    talk->inquiry->arrived(talk->inquiry, SPF_GROUP_HOST_KEY_AGAIN, failure);
}

/* Whatever the connection came to: no key of it is an answer as well. */
static void finish(struct spf_second_look *look)
{
    struct spf_host_key_again_facts *again = &look->first->inquiry->facts->host_key_again;
    struct spf_handshake_facts *shown = &look->facts.handshake;

    if (shown->outcome == SPF_SHAKE_DONE && shown->host_key_blob != NULL) {
        spf_copy(again->sha256, sizeof again->sha256, shown->host_key_sha256);
        again->blob = shown->host_key_blob;
        shown->host_key_blob = NULL;
    }
    arrive(look->first, NULL);
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct spf_second_look *look = (struct spf_second_look *)inquiry;

    if (failure == NULL && group == SPF_GROUP_TCP && look->facts.tcp.outcome == SPF_TCP_OPEN) {
        spf_conversation_serve(look->another, SPF_GROUP_IDENTIFICATION);
    } else if (failure == NULL && group == SPF_GROUP_IDENTIFICATION &&
               look->facts.identification.outcome == SPF_IDENTIFIED) {
        spf_conversation_serve(look->another, SPF_GROUP_HANDSHAKE);
    } else {
        finish(look);
    }
}

void spf_conversation_look_again(struct spf_conversation *talk)
{
    struct spf_second_look *look = calloc(1, sizeof *look);
    const struct spf_failure no_memory = spf_failure(SPF_SYSTEM_ERROR, "no memory to connect");

    if (look == NULL) {
        arrive(talk, &no_memory);
        return;
    }
    look->facts = *talk->inquiry->facts;
    look->facts.tcp = (struct spf_tcp_facts){0};
    look->facts.identification = (struct spf_identification_facts){0};
    look->facts.handshake = (struct spf_handshake_facts){.outcome = SPF_SHAKE_FAILED};
    look->inquiry = (struct spf_inquiry){.target = talk->inquiry->target,
                                         .facts = &look->facts,
                                         .loop = talk->inquiry->loop,
                                         .login = talk->inquiry->login,
                                         .arrived = arrived};
    look->first = talk;
    look->another = spf_conversation_new(&look->inquiry, true);
    talk->second_look = look;
    if (look->another == NULL) {
        arrive(talk, &no_memory);
    } else {
        spf_conversation_serve(look->another, SPF_GROUP_TCP);
    }
}

void spf_conversation_abandon_look(struct spf_conversation *talk)
{
    struct spf_second_look *look = talk->second_look;

    if (look == NULL) {
        return;
    }
    spf_conversation_free(look->another);
    spf_shape_clear(&spf_tcp_shape, &look->facts.tcp);
    spf_shape_clear(&spf_identification_shape, &look->facts.identification);
    spf_shape_clear(&spf_handshake_shape, &look->facts.handshake);
    free(look);
    talk->second_look = NULL;
}
