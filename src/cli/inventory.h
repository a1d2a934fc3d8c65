#pragma once

#include "cli/targets.h"

/*
 * Inventories of Ansible, which ansible-inventory(1) reads: it knows their formats, variables of
 * groups, and plugins. Of a host's variables those count that its ssh connection plugin takes to
 * reach it (ansible.builtin.ssh, DOCUMENTATION).
 */

/* Does a list look like an inventory, in INI or in YAML? text is one that ends with NUL. */
bool spf_inventory_is_one(const char *text);

bool spf_inventory_is_directory(const char *path);

/*
 * Adds the hosts of an inventory that is a file or a directory, as ansible-inventory lists them
 * within --deadline, and no longer than until stop_fd (-1: none) can be read. shown: its name, for
 * people. What does not count is said on standard error. Errors as below.
 */
SPF_MUST_USE
struct spf_error spf_inventory_take(struct spf_targets *targets, const struct spf_options *options,
                                    const char *path, const char *shown, int stop_fd);

/*
 * Adds the hosts of what it printed. name: the inventory's, for people. A host that cannot be asked
 * for goes to left_out; remarks receives a line for each kind of thing that does not count.
 * SPF_ERR_INVALID: it is not such JSON; else as spf_targets_read.
 */
SPF_MUST_USE
struct spf_error spf_inventory_read(struct spf_targets *targets, const struct spf_options *options,
                                    const char *name, const struct spf_buf *json,
                                    struct spf_buf *remarks);
