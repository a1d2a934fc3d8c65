/* Agents of Windows, which answer at named pipes. */
#include "platform/sockets.h"

#include "posix.h"

#include <aclapi.h>
#include <openssl/evp.h>
#include <wincrypt.h>

#define SECURITY_WIN32
#include <security.h>

#include "base/text.h"
#include "base/wire.h"
#include "pump.h"
#include "rights_of.h"

#define SSH_PIPE     "\\\\.\\pipe\\openssh-ssh-agent" /* of a service (ssh-agent's agent.h) */
#define PAGEANT_PIPE "\\\\.\\pipe\\pageant."
#define PIPE_MAX     512  /* bytes */
#define BUSY_MS      1000 /* until the next one may come in */

/* As PuTTY calls this user (its windows/utils/get_username.c): in a domain without the domain. To
 * be freed; NULL: unknown. */
static char *user_of_putty(void)
{
    wchar_t wide[256];
    ULONG size = 256;
    DWORD len = 256;

    if (GetUserNameExW(NameUserPrincipal, wide, &size)) {
        wide[wcscspn(wide, L"@")] = L'\0';
        return spf_narrow(wide);
    }
    return GetUserNameW(wide, &len) ? spf_narrow(wide) : NULL;
}

/*
 * What nobody but this user's programs can know (windows/utils/cryptoapi.c): in hex the SHA-256 of
 * "Pageant", as Windows encrypts it for all of them, in SSH's form of a string.
 */
static bool add_secret_of_putty(struct spf_buf *name)
{
    struct {
        uint8_t len[4];
        char text[CRYPTPROTECTMEMORY_BLOCK_SIZE];
    } hashed = {{0, 0, 0, CRYPTPROTECTMEMORY_BLOCK_SIZE}, "Pageant"};
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    (void)CryptProtectMemory(hashed.text, sizeof hashed.text, CRYPTPROTECTMEMORY_CROSS_PROCESS);
    if (EVP_Digest(&hashed, sizeof hashed, digest, &len, EVP_sha256(), NULL) != 1) {
        return false;
    }
    for (unsigned i = 0; i < len; i++) {
        spf_buf_addf(name, "%02x", digest[i]);
    }
    return true;
}

/* Pageant's pipe, since PuTTY 0.77 (windows/utils/agent_named_pipe_name.c). */
static BOOL CALLBACK find_pageant(INIT_ONCE *once, void *unused, void **found)
{
    char *user = user_of_putty();
    bool good = user != NULL;
    struct spf_buf name;

    (void)once;
    (void)unused;
    spf_buf_init(&name, PIPE_MAX);
    spf_buf_addf(&name, PAGEANT_PIPE "%s.", good ? user : "");
    good = good && add_secret_of_putty(&name);
    free(user);
    *found = good ? spf_buf_take(&name) : NULL;
    spf_buf_clear(&name);
    return *found != NULL;
}

const char *spf_agent_default(bool of_putty)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    void *pageant = NULL;
    const char *path = getenv("SSH_AUTH_SOCK");

    if (of_putty) {
        return InitOnceExecuteOnce(&once, find_pageant, NULL, &pageant) ? pageant : NULL;
    }
    return path != NULL ? path : SSH_PIPE;
}

/* Who owns the pipe may learn who we are, and not act as us. */
static HANDLE open_pipe(const wchar_t *name)
{
    HANDLE pipe;

    do {
        pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                           FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                           NULL);
    } while (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
             WaitNamedPipeW(name, BUSY_MS));
    return pipe;
}

/* Anybody can make a pipe of any name; PuTTY takes Pageant's from its own user alone
 * (windows/named-pipe-client.c). */
static bool is_of(HANDLE pipe, const char *path)
{
    if (GetFileType(pipe) != FILE_TYPE_PIPE) {
        return false;
    }
    return strncmp(path, PAGEANT_PIPE, strlen(PAGEANT_PIPE)) != 0 || spf_rights_own(pipe);
}

int spf_connect_local(const char *path)
{
    struct spf_pump_ends ends = {.reads = INVALID_HANDLE_VALUE};
    wchar_t *wide = spf_wide(path);
    int pair[2];

    if (wide != NULL) {
        ends.reads = open_pipe(wide);
    }
    free(wide);
    if (ends.reads == INVALID_HANDLE_VALUE) {
        return -1;
    }
    ends.writes = ends.reads;
    if (!is_of(ends.reads, path) || !spf_loopback_pair(pair)) {
        (void)CloseHandle(ends.reads);
        return -1;
    }
    if (!spf_pump_start(&ends, pair[1])) {
        (void)close(pair[0]);
        pair[0] = -1;
    }
    (void)close(pair[1]);
    return pair[0];
}
