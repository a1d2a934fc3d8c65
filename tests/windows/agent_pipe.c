/*
 * agent_pipe.exe PORT [PIPE]: for tests under wine, an agent of Windows: at the pipe, without one
 * at Pageant's, speaks the one at PORT of loopback. Says "ready" once it can be asked, and ends
 * with its standard input. What is real is the agent's answers and how we find, ask and close a
 * pipe; Pageant's name follows PuTTY 0.78 (windows/utils/cryptoapi.c, agent_named_pipe_name.c).
 */
#include <winsock2.h>

#include <wincrypt.h>

#include <bcrypt.h>
#include <process.h>
#include <sddl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (256 * 1024)

static unsigned short port;

static void name_pageant(char *out, size_t size)
{
    unsigned char string[20] = {0, 0, 0, 16, 'P', 'a', 'g', 'e', 'a', 'n', 't'};
    unsigned char digest[32];
    char user[256];
    DWORD len = sizeof user;
    BCRYPT_ALG_HANDLE sha256;
    int used;

    CryptProtectMemory(string + 4, 16, CRYPTPROTECTMEMORY_CROSS_PROCESS);
    if (!GetUserNameA(user, &len) ||
        BCryptOpenAlgorithmProvider(&sha256, BCRYPT_SHA256_ALGORITHM, NULL, 0) != 0 ||
        BCryptHash(sha256, NULL, 0, string, sizeof string, digest, sizeof digest) != 0) {
        exit(1);
    }
    used = snprintf(out, size, "\\\\.\\pipe\\pageant.%s.", user);
    for (int i = 0; i < 32; i++) {
        used += snprintf(out + used, size - (size_t)used, "%02x", digest[i]);
    }
}

/* This user's, as Pageant makes it: else it is that of Administrators where the user is one. */
static SECURITY_ATTRIBUTES of_this_user(void)
{
    SECURITY_ATTRIBUTES made = {.nLength = sizeof made};
    union {
        TOKEN_USER user;
        char room[512];
    } found;
    char *sid, text[600];
    HANDLE token;
    DWORD len;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
        !GetTokenInformation(token, TokenUser, &found, sizeof found, &len) ||
        !ConvertSidToStringSidA(found.user.User.Sid, &sid)) {
        exit(1);
    }
    snprintf(text, sizeof text, "O:%sD:P(A;;GA;;;%s)", sid, sid);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(text, SDDL_REVISION_1,
                                                              &made.lpSecurityDescriptor, NULL)) {
        exit(1);
    }
    return made;
}

static bool read_pipe(HANDLE pipe, char *bytes, DWORD len)
{
    for (DWORD got; len > 0; bytes += got, len -= got) {
        if (!ReadFile(pipe, bytes, len, &got, NULL) || got == 0) {
            return false;
        }
    }
    return true;
}

static bool write_pipe(HANDLE pipe, const char *bytes, DWORD len)
{
    for (DWORD done; len > 0; bytes += done, len -= done) {
        if (!WriteFile(pipe, bytes, len, &done, NULL)) {
            return false;
        }
    }
    return true;
}

static bool receive(SOCKET agent, char *bytes, int len)
{
    for (int got; len > 0; bytes += got, len -= got) {
        got = recv(agent, bytes, len, 0);
        if (got <= 0) {
            return false;
        }
    }
    return true;
}

/* With its length before it. */
static DWORD size_of(const char *message)
{
    u_long len;

    memcpy(&len, message, sizeof len);
    len = ntohl(len) + sizeof len;
    return len <= MESSAGE_MAX ? len : sizeof len;
}

/* A request, and its answer. */
static bool carry(HANDLE pipe, SOCKET agent, char *message)
{
    return read_pipe(pipe, message, 4) && read_pipe(pipe, message + 4, size_of(message) - 4) &&
           send(agent, message, (int)size_of(message), 0) == (int)size_of(message) &&
           receive(agent, message, 4) && receive(agent, message + 4, (int)size_of(message) - 4) &&
           write_pipe(pipe, message, size_of(message));
}

static void __cdecl serve(void *visitor)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char *message = malloc(MESSAGE_MAX);
    SOCKET agent = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_port = htons(port);
    if (message != NULL && connect(agent, (struct sockaddr *)&to, sizeof to) == 0) {
        while (carry(visitor, agent, message)) {
            continue;
        }
    }
    free(message);
    closesocket(agent);
    DisconnectNamedPipe(visitor);
    CloseHandle(visitor);
}

static void __cdecl end_with_input(void *unused)
{
    char byte;
    DWORD got;

    (void)unused;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0) {
        continue;
    }
    ExitProcess(0);
}

int main(int argc, char **argv)
{
    char name[512];
    SECURITY_ATTRIBUTES own = of_this_user();
    bool ready = false;
    WSADATA data;

    WSAStartup(MAKEWORD(2, 2), &data);
    port = (unsigned short)atoi(argv[1]);
    snprintf(name, sizeof name, "%s", argc > 2 ? argv[2] : "");
    if (argc < 3) {
        name_pageant(name, sizeof name);
    }
    _beginthread(end_with_input, 0, NULL);
    for (;;) {
        HANDLE pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_WAIT,
                                       PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, &own);

        if (pipe == INVALID_HANDLE_VALUE) {
            return 1;
        }
        if (!ready) {
            ready = true;
            puts("ready");
            fflush(stdout);
        }
        if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED) {
            return 1;
        }
        _beginthread(serve, 0, pipe);
    }
}
