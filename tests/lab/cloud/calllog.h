/*
 * One JSON line per call, so that tests can count them: time_ms, connection, method, product,
 * action, params, status, code, signature ("ok" or the error's code), account, fault.
 */
#ifndef LAB_CALLLOG_H
#define LAB_CALLLOG_H

#include "faults.h"

/* Appends to the file; NULL: no log. Ends the program if it cannot be opened. */
void lab_calllog_open(const char *file);

/* access_key: whose signature was verified; NULL: nobody's. */
void lab_calllog_add(const struct lab_request *request, struct json_object *access_key,
                     const struct lab_reply *reply, const struct lab_struck *struck);

#endif
