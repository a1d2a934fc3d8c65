/*
 * The actions of the emulated services. Adding one: a row in the table of its service's file, and
 * a function that fills the reply from the world.
 */
#ifndef LAB_ACTION_H
#define LAB_ACTION_H

#include "reply.h"
#include "world.h"

/* What an action's function gets; everything borrowed. */
struct lab_call {
    const struct lab_world *world;
    const struct lab_request *request;
    struct json_object *region; /* that of RegionId; NULL where the action does not need one */
    struct json_object *access_key;
};

struct lab_action {
    const char *name;
    bool needs_region;  /* RegionId must be there and name a region of the world */
    const char *params; /* separated by spaces; "Tag.N.Key" stands for any number N */
    void (*serve)(const struct lab_call *call, struct lab_reply *reply);
};

/* Tables, each ended by a row without a name. */
extern const struct lab_action lab_ecs_actions[];
extern const struct lab_action lab_vpc_actions[];
extern const struct lab_action lab_sts_actions[];

/* Finds the action, checks region and parameter names, serves it; or the error in reply. */
void lab_action_serve(struct lab_call *call, struct lab_reply *reply);

/* A mandatory parameter; if it is absent or empty, NULL and the error in reply. */
const char *lab_action_need(const struct lab_call *call, const char *name, struct lab_reply *reply);

#endif
