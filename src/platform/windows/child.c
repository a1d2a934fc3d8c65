/* Programs are not started on Windows yet: jump hosts, ssh -G, ProxyCommand, credential programs.
 */
#include "platform/child.h"

#include "posix.h"

struct spf_child_environment spf_child_environment(bool whole)
{
    (void)whole;
    return (struct spf_child_environment){.variables = calloc(1, sizeof(char *))};
}

void spf_child_environment_drop(struct spf_child_environment *environment, const char *const *names)
{
    (void)environment;
    (void)names;
}

void spf_child_environment_add(struct spf_child_environment *environment, const char *variable)
{
    (void)environment;
    (void)variable;
}

void spf_child_environment_clear(struct spf_child_environment *environment)
{
    free(environment->variables);
    *environment = (struct spf_child_environment){0};
}

pid_t spf_child_start(const struct spf_child_program *program)
{
    (void)program;
    errno = ENOSYS;
    return -1;
}

int spf_child_wait(pid_t *child, unsigned grace_ms)
{
    (void)grace_ms;
    *child = -1;
    return -1;
}

int spf_child_end(pid_t *child, unsigned grace_ms)
{
    return spf_child_wait(child, grace_ms);
}
