#include "transcript/messages.h"

/*
 * Closed clients, by what their users report: SecureCRT 6 to 9.7, Xshell 5 to 8, MobaXterm (PuTTY's
 * words else), FinalShell (JSch's and MINA's words else), Termius. Texts in Chinese are UTF-8.
 */
static const struct spf_message rows[] = {
    {"Public-key authentication with the server for user ", "failed", SPF_EVENT_REFUSED, "user"},
    {"Unable to authenticate using any of the configured authentication methods", NULL,
     SPF_EVENT_DENIED, NULL},
    {"No compatible key-exchange method", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"No compatible key exchange method", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"No compatible hostkey", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"No compatible host key", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"No compatible cipher", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"No compatible MAC", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"The server's host key failed to verify", NULL, SPF_EVENT_SUSPECTED,
     "ssh.handshake handshake-failed,client-too-old"},
    /* Bitvise */
    {"Remaining authentication methods: '", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_REFUSED},
    {"The remote system refused the connection", NULL, SPF_EVENT_TCP, "refused"},
    {"Hostname lookup failed", NULL, SPF_EVENT_TCP, "unresolved"},
    {"semaphore timeout period has expired", NULL, SPF_EVENT_TCP, "silent"},

    {"The public key ", "not registered", SPF_EVENT_REFUSED, NULL},
    {"selected user key is not registered", NULL, SPF_EVENT_REFUSED, NULL},
    {"user key has not been registered", NULL, SPF_EVENT_REFUSED, NULL},
    {"所选的用户密钥未在远程主机上注册", NULL, SPF_EVENT_REFUSED, NULL},
    {"所选的用户秘钥未在远程主机上注册", NULL, SPF_EVENT_REFUSED, NULL},
    {"用户密钥未在远程主机上注册", NULL, SPF_EVENT_REFUSED, NULL},
    {"服务器拒绝了密码", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_PASSWORD_TRIED},
    {"服务器拒绝密码", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_PASSWORD_TRIED},
    {"The SSH server rejected the password", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_PASSWORD_TRIED},
    {"找不到匹配的host key算法", NULL, SPF_EVENT_NO_COMMON, "host-key"},
    {"找不到匹配的key exchange算法", NULL, SPF_EVENT_NO_COMMON, "kex"},
    {"找不到匹配的outgoing encryption算法", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"找不到匹配的incoming encryption算法", NULL, SPF_EVENT_NO_COMMON, "cipher"},
    {"找不到匹配的outgoing MAC算法", NULL, SPF_EVENT_NO_COMMON, "mac"},
    {"Could not connect to '", "Connection failed", SPF_EVENT_SUSPECTED,
     "net.port port-silent,port-refused,port-unreachable"},
    {"无法连接到", "连接失败", SPF_EVENT_SUSPECTED,
     "net.port port-silent,port-refused,port-unreachable"},
    {"Could not connect to '", "Host not found", SPF_EVENT_TCP, "unresolved"},
    {"Could not resolve host", "Xshell", SPF_EVENT_TCP, "unresolved"},
    {"To escape to local shell, press ", NULL, SPF_EVENT_CONNECTED, NULL},
    {"Connection closed by foreign host", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_ENDED},
    {"The remote SSH server rejected X11 forwarding request", NULL, SPF_EVENT_SESSION, "harmless"},
    {"没有更多的认证方式可用", NULL, SPF_EVENT_SUSPECTED, SPF_SAID_REFUSED},
    {"连接被拒绝", NULL, SPF_EVENT_TCP, "refused"},
    {"拒绝连接", NULL, SPF_EVENT_TCP, "refused"},
    {"连接超时", NULL, SPF_EVENT_TCP, "silent"},
    {"没有到主机的路由", NULL, SPF_EVENT_TCP, "unreachable"},
    {"网络不可达", NULL, SPF_EVENT_TCP, "unreachable"},
    {"未知的名称或服务", NULL, SPF_EVENT_TCP, "unresolved"},
    {"不知道这样的主机", NULL, SPF_EVENT_TCP, "unresolved"},
    {"由于目标计算机积极拒绝", NULL, SPF_EVENT_TCP, "refused"},
    {"过程试图写入的管道不存在", NULL, SPF_EVENT_SUSPECTED,
     "net.port ssh-config-refused,proxy-command-failed,port-refused,port-silent"},
    {"权限不够 (", NULL, SPF_EVENT_DENIED, NULL},
};

const struct spf_family spf_family_commercial = SPF_FAMILY("commercial", rows);
