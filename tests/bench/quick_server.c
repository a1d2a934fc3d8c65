/*
 * quick_server ADDRESS PORT HOST_KEY AUTHORIZED: an SSH server that takes as little CPU as one can,
 * for the machine is the client's as well: libssh's server side, a fork and no program for each
 * connection. It accepts the one public key in the file AUTHORIZED, whoever the user is, and opens
 * no channel. Says "ready" once it listens.
 */
#include <arpa/inet.h>
#include <err.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 16384

static int judge_key(ssh_session session, const char *user, struct ssh_key_struct *key,
                     char signature, void *userdata)
{
    (void)session;
    (void)user;
    return signature != SSH_PUBLICKEY_STATE_WRONG &&
                   ssh_key_cmp(key, userdata, SSH_KEY_CMP_PUBLIC) == 0
               ? SSH_AUTH_SUCCESS
               : SSH_AUTH_DENIED;
}

/* One connection, in a process of its own, which ends with it. */
static void serve(ssh_bind keys, int fd, ssh_key authorized)
{
    struct ssh_server_callbacks_struct callbacks = {.userdata = authorized,
                                                    .auth_pubkey_function = judge_key};
    ssh_session session = ssh_new();
    ssh_event event = ssh_event_new();

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* it does not outlive the bench */
    if (session == NULL || event == NULL || ssh_bind_accept_fd(keys, session, fd) != SSH_OK) {
        errx(1, "no memory");
    }
    ssh_callbacks_init(&callbacks);
    (void)ssh_set_server_callbacks(session, &callbacks);
    ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
    if (ssh_handle_key_exchange(session) == SSH_OK &&
        ssh_event_add_session(event, session) == SSH_OK) {
        while (ssh_event_dopoll(event, -1) != SSH_ERROR && ssh_is_connected(session)) {
        }
    }
    _exit(0);
}

static int listen_at(const char *address, const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (inet_pton(AF_INET, address, &at.sin_addr) != 1 || fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0) {
        err(1, "%s port %s", address, port);
    }
    return fd;
}

int main(int argc, char **argv)
{
    ssh_bind keys = ssh_bind_new();
    ssh_key authorized = NULL;
    const int no = 0;
    int listener;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)signal(SIGCHLD, SIG_IGN);
    if (argc != 5 || keys == NULL) {
        errx(64, "usage: quick_server ADDRESS PORT HOST_KEY AUTHORIZED");
    }
    (void)ssh_bind_options_set(keys, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
    if (ssh_bind_options_set(keys, SSH_BIND_OPTIONS_HOSTKEY, argv[3]) != SSH_OK ||
        ssh_pki_import_pubkey_file(argv[4], &authorized) != SSH_OK) {
        errx(1, "the keys cannot be read");
    }
    listener = listen_at(argv[1], argv[2]);
    if (write(STDOUT_FILENO, "ready\n", 6) != 6) {
        return 1;
    }
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && fork() == 0) {
            serve(keys, fd, authorized);
        }
        if (fd >= 0) {
            (void)close(fd);
        }
    }
}
