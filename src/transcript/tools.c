#include "transcript/messages.h"

/*
 * What runs ssh, or runs for it: git, rsync, scp and sftp, Ansible (plugins/connection/ssh.py),
 * VS Code's Remote-SSH, ProxyCommands (nc, ncat, corkscrew, connect, cloudflared, the cloud CLIs),
 * and the shell that a login starts.
 */
static const struct spf_message rows[] = {
    /* after a login, whatever follows */
    {"does not appear to be a git repository", NULL, SPF_EVENT_SESSION, NULL},
    {"You've successfully authenticated, but ", NULL, SPF_EVENT_AUTHENTICATED, ""},
    {"Welcome to GitLab, ", NULL, SPF_EVENT_AUTHENTICATED, ""},
    {"is your shell clean?", NULL, SPF_EVENT_SESSION, NULL},
    {"Ensure the remote shell produces no output", NULL, SPF_EVENT_SESSION, NULL},
    {"Received message too long ", NULL, SPF_EVENT_SESSION, NULL},
    {"bash: line 1: ", "command not found", SPF_EVENT_SESSION, NULL},
    {"bash: mosh-server: command not found", NULL, SPF_EVENT_SESSION, NULL},
    {"mosh: Nothing received from server on UDP port ", NULL, SPF_EVENT_SESSION, NULL},
    {"bash: fork: ", NULL, SPF_EVENT_SESSION, NULL},
    {"scp: ", ": Permission denied", SPF_EVENT_SESSION, NULL}, /* of the file there */
    {"ERROR: Repository not found", NULL, SPF_EVENT_SESSION, NULL},
    {"Consider changing the remote tmp path in ansible.cfg", NULL, SPF_EVENT_SESSION, NULL},
    {"waiting for privilege escalation prompt", NULL, SPF_EVENT_SESSION, NULL},
    {"Missing sudo password", NULL, SPF_EVENT_SESSION, NULL},
    {"Incorrect sudo password", NULL, SPF_EVENT_SESSION, NULL},
    {"bash: rsync: command not found", NULL, SPF_EVENT_SESSION, NULL},
    {"bash: scp: command not found", NULL, SPF_EVENT_SESSION, NULL},
    {"rsync: command not found", NULL, SPF_EVENT_SESSION, NULL},
    {"-bash: warning: setlocale: ", NULL, SPF_EVENT_SESSION, "harmless"},
    {"bash: warning: setlocale: ", NULL, SPF_EVENT_SESSION, "harmless"},
    {"Could not chdir to home directory ", NULL, SPF_EVENT_SESSION, "harmless"},
    {"stdin: is not a tty", NULL, SPF_EVENT_SESSION, "harmless"},
    {"/usr/bin/xauth: ", NULL, SPF_EVENT_SESSION, "harmless"},
    {"X11 forwarding request failed on", NULL, SPF_EVENT_SESSION, "harmless"},
    {"Sudo password: ", NULL, SPF_EVENT_SESSION, NULL},
    {"sent ", "bytes  received ", SPF_EVENT_SESSION, NULL},
    {"sftp> ", NULL, SPF_EVENT_SESSION, NULL},

    {"Using a SSH password instead of a key is not possible because Host Key checking is enabled",
     NULL, SPF_EVENT_HOST_REFUSED, NULL},
    {"you must install the sshpass program", NULL, SPF_EVENT_SUSPECTED, "ssh.auth key-missing"},
    {"Invalid/incorrect password: ", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_PASSWORD_TRIED},

    /* on Windows, Remote-SSH says so whatever ended its ssh */
    {"tried to write to a nonexistent pipe", NULL, SPF_EVENT_SUSPECTED,
     "net.port ssh-config-refused,proxy-command-failed,port-refused,port-silent"},

    /* strerror(3)'s, of a program that no table has */
    {"Connection refused", NULL, SPF_EVENT_SUSPECTED, "net.port port-refused"},
    {"Connection timed out", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-silent,ssh-silent,handshake-timeout"},
    {"Operation timed out", NULL, SPF_EVENT_SUSPECTED,
     "net.port port-silent,ssh-silent,handshake-timeout"},
    {"No route to host", NULL, SPF_EVENT_SUSPECTED, "net.port port-unreachable"},
    {"Network is unreachable", NULL, SPF_EVENT_SUSPECTED, "net.port port-unreachable"},

    {"SessionManagerPlugin is not found", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"when calling the StartSession operation", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"websocket: bad handshake", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"(gcloud.compute.start-iap-tunnel)", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Proxy could not open connnection to ", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Proxy could not open connection to ", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Ncat: Connection ", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Ncat: TIMEOUT", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Ncat: No route to host", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Ncat: Could not resolve", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"Ncat: Proxy returned status code ", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"nc: connect to ", "failed", SPF_EVENT_PROXY_FAILED, NULL},
    {"nc: connection failed, ", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"nc: Proxy error: ", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"nc: unix connect failed", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"nc: getaddrinfo", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"socat[", " E ", SPF_EVENT_PROXY_FAILED, NULL},
    {"FATAL: Unable to connect to relay host", NULL, SPF_EVENT_PROXY_FAILED, NULL},
    {"FATAL: failed to begin relaying", NULL, SPF_EVENT_PROXY_FAILED, NULL},
};

const struct spf_family spf_family_tools = SPF_FAMILY("tools", rows);
