#pragma once

#include "base/text.h"
#include "pipeline/check.h"
#include "pipeline/slot_word.h"

/*
 * The values that the catalogue's templates name in braces. slot_table.c has them all, a row each.
 *
 *     {name}      a text or number of the evidence of the result at hand, else the row's value
 *     {?name}     stands for nothing, but only where the condition of that name holds
 *     {?no_name}  only where it does not, or where the value of that name is not known (a host
 *                 alone has no {instance})
 *
 * A template with a value missing is left out, and with it its remedy. In a sentence any clean text
 * will do. In a command a value must fit its slot's grammar (slot_word.h), or the command is not
 * given at all.
 */
/* Appends the template with its values. False if a value is missing or does not fit; buf is then as
 * before. */
bool spf_slots_expand(struct spf_buf *buf, const char *template, enum spf_slot_use use,
                      const struct spf_view *view, const struct spf_result *result);

/* Has the table a row for it? The build asks it of every slot that a template names. */
bool spf_slot_is_known(const char *name);

/* Appends a sentence with those values that are known; a detail that is not known is left out, and
 * other values are placeholders: then false. result may be NULL. */
bool spf_slots_fill(struct spf_buf *buf, const char *template, const struct spf_view *view,
                    const struct spf_result *result);

/* {slots} as placeholders in capitals, as manual pages write them: "ssh -i KEY USER@HOST". */
void spf_plain_template(struct spf_buf *buf, const char *template);
