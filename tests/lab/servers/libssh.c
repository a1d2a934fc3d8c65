/*
 * lab-libssh: an SSH server on libssh's own server side, for one connection on standard input.
 *
 *     lab-libssh --host-key FILE --authorized FILE [--cipher NAME] [--refuse WHAT]
 *
 * authorized holds one public key, as ssh-keygen writes it. WHAT: "signature" (the query is
 * accepted), "half" (a password is wanted, too), "session" (no channel), "exec" (no command).
 * Each request for authentication becomes a line on standard error.
 */
#include <err.h>
#include <getopt.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct server {
    ssh_key authorized;
    const char *refuse;
    ssh_channel channel;
    struct ssh_channel_callbacks_struct channel_callbacks;
    FILE *output; /* of the command that runs */
};

static bool refuses(const struct server *server, const char *what)
{
    return strcmp(server->refuse, what) == 0;
}

static int judge_key(ssh_session session, const char *user, struct ssh_key_struct *key,
                     char signature, void *userdata)
{
    struct server *server = userdata;
    bool is_signed = signature == SSH_PUBLICKEY_STATE_VALID;

    (void)fprintf(stderr, "%s for %s: %s\n", is_signed ? "signature" : "query", user,
                  ssh_key_type_to_char(ssh_key_type(key)));
    if (signature == SSH_PUBLICKEY_STATE_WRONG ||
        ssh_key_cmp(key, server->authorized, SSH_KEY_CMP_PUBLIC) != 0) {
        return SSH_AUTH_DENIED;
    }
    if (is_signed && refuses(server, "signature")) {
        return SSH_AUTH_DENIED;
    }
    if (is_signed && refuses(server, "half")) {
        ssh_set_auth_methods(session, SSH_AUTH_METHOD_PASSWORD);
        return SSH_AUTH_PARTIAL;
    }
    return SSH_AUTH_SUCCESS;
}

static int start(ssh_session session, ssh_channel channel, const char *command, void *userdata)
{
    struct server *server = userdata;

    (void)session;
    (void)channel;
    if (refuses(server, "exec") || server->output != NULL) {
        return SSH_ERROR;
    }
    server->output = popen(command, "r");
    return server->output != NULL ? SSH_OK : SSH_ERROR;
}

/* Once libssh has confirmed the request. */
static void hand_over_output(struct server *server)
{
    char text[4096];
    int status;

    for (size_t len; (len = fread(text, 1, sizeof text, server->output)) > 0;) {
        (void)ssh_channel_write(server->channel, text, (uint32_t)len);
    }
    status = pclose(server->output);
    server->output = NULL;
    (void)ssh_channel_send_eof(server->channel);
    (void)ssh_channel_request_send_exit_status(server->channel,
                                               WIFEXITED(status) ? WEXITSTATUS(status) : 255);
    (void)ssh_channel_close(server->channel);
}

static ssh_channel open_session(ssh_session session, void *userdata)
{
    struct server *server = userdata;

    if (refuses(server, "session") || server->channel != NULL) {
        return NULL;
    }
    server->channel = ssh_channel_new(session);
    if (server->channel == NULL) {
        return NULL;
    }
    server->channel_callbacks = (struct ssh_channel_callbacks_struct){
        .userdata = server, .channel_exec_request_function = start};
    ssh_callbacks_init(&server->channel_callbacks);
    (void)ssh_set_channel_callbacks(server->channel, &server->channel_callbacks);
    return server->channel;
}

static void serve(ssh_session session, struct server *server)
{
    struct ssh_server_callbacks_struct callbacks = {
        .userdata = server,
        .auth_pubkey_function = judge_key,
        .channel_open_request_session_function = open_session,
    };
    ssh_event event = ssh_event_new();

    ssh_callbacks_init(&callbacks);
    (void)ssh_set_server_callbacks(session, &callbacks);
    ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
    if (ssh_handle_key_exchange(session) != SSH_OK) {
        errx(1, "key exchange: %s", ssh_get_error(session));
    }
    if (event == NULL || ssh_event_add_session(event, session) != SSH_OK) {
        errx(1, "no event");
    }
    while (ssh_event_dopoll(event, -1) != SSH_ERROR && ssh_is_connected(session)) {
        if (server->output != NULL) {
            hand_over_output(server);
        }
    }
    ssh_event_free(event);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"host-key", required_argument, NULL, 'h'},
        {"authorized", required_argument, NULL, 'a'},
        {"cipher", required_argument, NULL, 'c'},
        {"refuse", required_argument, NULL, 'r'},
        {0},
    };
    struct server server = {.refuse = ""};
    ssh_bind listener = ssh_bind_new();
    ssh_session session = ssh_new();
    const int no = 0;

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (listener == NULL || session == NULL) {
        errx(1, "no memory");
    }
    (void)ssh_bind_options_set(listener, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h' &&
            ssh_bind_options_set(listener, SSH_BIND_OPTIONS_HOSTKEY, optarg) != SSH_OK) {
            errx(1, "%s: %s", optarg, ssh_get_error(listener));
        }
        if (option == 'a' && ssh_pki_import_pubkey_file(optarg, &server.authorized) != SSH_OK) {
            errx(1, "%s is no public key", optarg);
        }
        if (option == 'c' &&
            (ssh_bind_options_set(listener, SSH_BIND_OPTIONS_CIPHERS_S_C, optarg) != SSH_OK ||
             ssh_bind_options_set(listener, SSH_BIND_OPTIONS_CIPHERS_C_S, optarg) != SSH_OK)) {
            errx(1, "no cipher %s", optarg);
        }
        if (option == 'r') {
            server.refuse = optarg;
        }
    }
    if (server.authorized == NULL || optind != argc) {
        errx(64,
             "usage: lab-libssh --host-key FILE --authorized FILE [--cipher NAME] [--refuse WHAT]");
    }
    if (ssh_bind_accept_fd(listener, session, STDIN_FILENO) != SSH_OK) {
        errx(1, "%s", ssh_get_error(listener));
    }
    serve(session, &server);
    ssh_disconnect(session);
    ssh_free(session);
    ssh_bind_free(listener);
    ssh_key_free(server.authorized);
    return 0;
}
