#include "login/second_look.h"

#include <stdlib.h>

#include "base/text.h"
#include "login/conversation.h"

struct spf_second_look {
    struct spf_inquiry inquiry; /* first: the conversation hands it back */
    struct spf_inquiry *first;  /* which waits for the answer */
    struct spf_conversation *conversation;
    struct spf_facts facts; /* the rest is borrowed */
    struct spf_tcp_facts tcp;
    struct spf_identification_facts identification;
    struct spf_handshake_facts handshake;
};

/* Whatever the connection came to: no key of it is an answer as well. */
static void finish(struct spf_second_look *look)
{
    struct spf_host_key_again_facts *again = look->first->facts->host_key_again;
    struct spf_handshake_facts *shown = look->facts.handshake;

    if (shown->outcome == SPF_SHAKE_DONE && shown->host_key_blob != NULL) {
        spf_copy(again->sha256, sizeof again->sha256, shown->host_key_sha256);
        again->blob = shown->host_key_blob;
        shown->host_key_blob = NULL;
    }
    look->first->arrived(look->first, SPF_GROUP_HOST_KEY_AGAIN, NULL);
}

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct spf_second_look *look = (struct spf_second_look *)inquiry;

    if (failure != NULL &&
        failure->cause == SPF_SYSTEM_ERROR) { /* ours: no answer of the server's */
        look->first->arrived(look->first, SPF_GROUP_HOST_KEY_AGAIN, failure);
    } else if (failure == NULL && group == SPF_GROUP_TCP &&
               look->facts.tcp->outcome == SPF_TCP_OPEN) {
        spf_conversation_serve(look->conversation, SPF_GROUP_IDENTIFICATION);
    } else if (failure == NULL && group == SPF_GROUP_IDENTIFICATION &&
               look->facts.identification->outcome == SPF_IDENTIFIED) {
        spf_conversation_serve(look->conversation, SPF_GROUP_HANDSHAKE);
    } else {
        finish(look);
    }
}

struct spf_second_look *spf_second_look_new(struct spf_inquiry *inquiry)
{
    struct spf_second_look *look = calloc(1, sizeof *look);

    if (look == NULL) {
        return NULL;
    }
    look->facts = *inquiry->facts;
    look->facts.tcp = &look->tcp;
    look->facts.identification = &look->identification;
    look->facts.handshake = &look->handshake;
    look->handshake.outcome = SPF_SHAKE_FAILED;
    look->inquiry = (struct spf_inquiry){.target = inquiry->target,
                                         .facts = &look->facts,
                                         .loop = inquiry->loop,
                                         .login = inquiry->login,
                                         .arrived = arrived};
    look->first = inquiry;
    look->conversation = spf_conversation_new(&look->inquiry, true);
    if (look->conversation == NULL) {
        free(look);
        return NULL;
    }
    return look;
}

void spf_second_look_begin(struct spf_second_look *look)
{
    spf_conversation_serve(look->conversation, SPF_GROUP_TCP);
}

void spf_second_look_free(struct spf_second_look *look)
{
    if (look == NULL) {
        return;
    }
    spf_conversation_free(look->conversation);
    spf_shape_clear(&spf_tcp_shape, &look->tcp);
    spf_shape_clear(&spf_identification_shape, &look->identification);
    spf_shape_clear(&spf_handshake_shape, &look->handshake);
    free(look);
}
