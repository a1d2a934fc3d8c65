#pragma once

#include "base/text.h"
#include "base/wire.h"
#include "openssh/config_alike.h"
#include "openssh/config_expand.h"

/*
 * What ssh -G says of one target, made into what it says of all that differ in host and user alone,
 * and back. A ControlPath's tokens are expanded here, as ssh would; that they are expanded right is
 * compared with what ssh made of them for the first.
 */

/*
 * says: what ssh printed for the host asked. log: its standard error, as config_alike.h reads it.
 * Of OF_SECTION common receives what holds for all that the same sections are about; else it does
 * not count, and of UNLIKE the sections do not either, or there is no memory. Blocks as
 * spf_ssh_config_alike does.
 */
enum spf_ssh_alike spf_ssh_config_make_common(struct spf_bytes says, const char *log,
                                              const char *asked, const struct spf_ssh_self *self,
                                              struct spf_buf *sections, struct spf_buf *common);

/*
 * facts: as read from such a text, and `asked` of the target that they are to be about. user: the
 * one given to ssh; NULL: none was. False: the ControlPath is too long to be anyone's.
 */
bool spf_ssh_config_make_own(struct spf_ssh_config_facts *facts, const char *user,
                             const struct spf_ssh_self *self);
