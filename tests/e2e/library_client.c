/*
 * A program that uses libsshpreflight as its header says, and nothing else of the project:
 *
 *     library_client OPTION[=VALUE]...
 *
 * Two threads run the same checks at once. Prints one report; exits with the verdict's number, or
 * with 64 and the error, or with 70 where the library has not kept its word.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sshpreflight.h"

struct run {
    char *const *options; /* ends with NULL */
    struct spf_preflight *preflight;
    int status;
    sigset_t signals; /* pending after it */
};

static int set(struct spf_preflight *preflight, const char *word)
{
    char *option = strdup(word);
    char *equals = option != NULL ? strchr(option, '=') : NULL;
    int error;

    if (option == NULL) {
        return -1;
    }
    if (equals != NULL) {
        *equals++ = '\0';
    }
    error = spf_preflight_set(preflight, option, equals);
    free(option);
    return error;
}

static void *check(void *argument)
{
    struct run *run = argument;

    run->preflight = spf_preflight_new();
    run->status = run->preflight != NULL ? 0 : -1;
    for (char *const *word = run->options; *word != NULL && run->status == 0; word++) {
        run->status = set(run->preflight, *word);
    }
    if (run->status == 0) {
        run->status = spf_preflight_run(run->preflight);
    }
    (void)sigpending(&run->signals);
    return NULL;
}

int main(int argc, char *argv[])
{
    struct run runs[2] = {{.options = argv + 1}, {.options = argv + 1}};
    pthread_t threads[2];
    int status;

    (void)argc;
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, check, &runs[i]) != 0) {
            return 70;
        }
    }
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    status = runs[0].status;
    if (runs[0].preflight == NULL || runs[1].preflight == NULL || runs[1].status != status ||
        (status < 0) != (spf_preflight_json(runs[0].preflight) == NULL) ||
        sigismember(&runs[0].signals, SIGPIPE) != 0) {
        (void)fprintf(stderr, "%d and %d\n", runs[0].status, runs[1].status);
        return 70;
    }
    if (status < 0) {
        (void)fprintf(stderr, "%s\n", spf_preflight_error(runs[0].preflight));
        status = 64;
    } else {
        (void)puts(spf_preflight_json(runs[0].preflight));
    }
    for (int i = 0; i < 2; i++) {
        spf_preflight_free(runs[i].preflight);
    }
    return status;
}
