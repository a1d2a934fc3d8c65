/* The environment of a child (child.h), the same on all systems but for the names in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/child.h"
#include "platform/child_system.h"

static bool is_one_of(const char *variable, const char *const *names)
{
    size_t len = strcspn(variable, "=");

    for (; *names != NULL; names++) {
        if (strlen(*names) == len && spf_child_names_equal(variable, *names, len)) {
            return true;
        }
    }
    return false;
}

struct spf_child_environment spf_child_environment(bool whole)
{
    static const char *const ours[] = {"SSHPREFLIGHT_PASSPHRASE", NULL};
    struct spf_child_environment environment = {0};
    size_t count = 0;

    while (environ != NULL && environ[count] != NULL) {
        count++;
    }
    environment.room = count + SPF_CHILD_VARIABLES_MAX;
    environment.variables = calloc(environment.room + 1, sizeof *environment.variables);
    for (size_t i = 0; environment.variables != NULL && i < count; i++) {
        if (whole || is_one_of(environ[i], spf_child_needed)) {
            environment.variables[environment.count++] = environ[i];
        }
    }
    spf_child_environment_drop(&environment, ours);
    if (!whole) {
        spf_child_environment_add(&environment, "LC_ALL=C");
    }
    return environment;
}

void spf_child_environment_drop(struct spf_child_environment *environment, const char *const *names)
{
    size_t kept = 0;

    if (environment->variables == NULL) {
        return;
    }
    for (size_t i = 0; i < environment->count; i++) {
        if (!is_one_of(environment->variables[i], names)) {
            environment->variables[kept++] = environment->variables[i];
        }
    }
    environment->variables[kept] = NULL;
    environment->count = kept;
}

void spf_child_environment_add(struct spf_child_environment *environment, const char *variable)
{
    size_t name = strcspn(variable, "=") + 1;
    size_t at = 0;

    if (environment->variables == NULL) {
        return;
    }
    while (at < environment->count &&
           !spf_child_names_equal(environment->variables[at], variable, name)) {
        at++;
    }
    if (at == environment->room) {
        return;
    }
    environment->variables[at] = (char *)(uintptr_t)variable; /* execve(2) does not write it */
    environment->count += at == environment->count;
}

void spf_child_environment_clear(struct spf_child_environment *environment)
{
    free(environment->variables);
    *environment = (struct spf_child_environment){0};
}
