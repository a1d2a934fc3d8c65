/*
 * lab-cloud: the ecs, vpc and sts endpoints of the cloud, emulated on loopback from a world file.
 *
 *   request.[ch]  one call, decoded           verify.[ch]  its signature
 *   world.[ch]    what there is to tell       action.[ch]  finds the action, checks parameters
 *   list.[ch]     filters and pages           ecs.c vpc.c sts.c  the actions
 *   reply.[ch]    success and error shapes    faults.[ch]  trouble on demand
 *   calllog.[ch]  what was called             serve.[ch]   HTTP and TLS
 *
 * Prints "ready PORT" once it listens, and ends on SIGTERM or when its parent dies.
 */
#include "calllog.h"
#include "request.h"
#include "serve.h"

#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char usage[] =
    "usage: lab-cloud --world FILE [--cert PEM --key PEM] [--port N] [--log FILE]\n"
    "Without --cert it speaks plain HTTP. Port 0 (the default) means any; it is printed.\n";

static char *read_file(const char *file)
{
    char *text = NULL;
    size_t size = 0;
    FILE *in = fopen(file, "re");

    if (in == NULL || getdelim(&text, &size, '\0', in) < 0) {
        err(66, "%s", file);
    }
    fclose(in);
    return text;
}

static uint16_t parse_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    if (*end != '\0' || port < 0 || port > 65535) {
        errx(64, "not a port: %s", text);
    }
    return (uint16_t)port;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"world", required_argument, NULL, 'w'}, {"cert", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},   {"port", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},   {0},
    };
    struct lab_serve_options options = {0};
    struct lab_world world;
    const char *world_file = NULL, *cert_file = NULL, *key_file = NULL, *log_file = NULL;
    pid_t parent = getppid();
    sigset_t end_signals;
    int option, signal_number;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 'w') {
            world_file = optarg;
        } else if (option == 'c') {
            cert_file = optarg;
        } else if (option == 'k') {
            key_file = optarg;
        } else if (option == 'p') {
            options.port = parse_port(optarg);
        } else if (option == 'l') {
            log_file = optarg;
        } else {
            errx(64, "%s", usage);
        }
    }
    if (world_file == NULL || optind != argc || (cert_file == NULL) != (key_file == NULL)) {
        errx(64, "%s", usage);
    }

    /* Blocked here, so in every thread: only sigwait below takes them. */
    sigemptyset(&end_signals);
    sigaddset(&end_signals, SIGTERM);
    sigaddset(&end_signals, SIGINT);
    sigaddset(&end_signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &end_signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        return 0;
    }

    lab_world_load(&world, world_file);
    lab_calllog_open(log_file);
    options.world = &world;
    options.certificate = cert_file != NULL ? read_file(cert_file) : NULL;
    options.private_key = key_file != NULL ? read_file(key_file) : NULL;
    uint16_t port = lab_serve_start(&options);
    printf("ready %u\n", (unsigned)port);
    fflush(stdout);

    sigwait(&end_signals, &signal_number);
    /* Threads may block on purpose, so nothing is waited for. */
    _exit(0);
}
