#include "base/secret.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/shortage.h"

/* Whole pages, so that neither mlock nor MADV_DONTDUMP touches a neighbour's memory. */
struct spf_secret {
    size_t len;
    size_t mapped;
    atomic_uint owners;
    unsigned char bytes[];
};

struct spf_secret *spf_secret_alloc(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t need = sizeof(struct spf_secret) + len + 1;
    size_t mapped;
    struct spf_secret *secret;

    if (need < len || need > SIZE_MAX - page) {
        return NULL;
    }
    mapped = (need + page - 1) / page * page;
    secret = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (secret == MAP_FAILED) {
        spf_ran_short();
        return NULL;
    }
    /* Best effort: a small RLIMIT_MEMLOCK must not keep anyone from a diagnosis. */
    (void)mlock(secret, mapped);
    (void)madvise(secret, mapped, MADV_DONTDUMP);
    secret->len = len;
    secret->mapped = mapped;
    atomic_init(&secret->owners, 1);
    return secret;
}

struct spf_secret *spf_secret_new(const void *bytes, size_t len)
{
    struct spf_secret *secret = spf_secret_alloc(len);

    if (secret != NULL && len > 0) {
        memcpy(secret->bytes, bytes, len);
    }
    return secret;
}

struct spf_secret *spf_secret_share(struct spf_secret *secret)
{
    if (secret != NULL) {
        atomic_fetch_add(&secret->owners, 1);
    }
    return secret;
}

void spf_secret_free(struct spf_secret *secret)
{
    if (secret == NULL || atomic_fetch_sub(&secret->owners, 1) > 1) {
        return;
    }
    explicit_bzero(secret->bytes, secret->len);
    (void)munmap(secret, secret->mapped);
}

void spf_secret_truncate(struct spf_secret *secret, size_t len)
{
    if (len >= secret->len) {
        return;
    }
    explicit_bzero(secret->bytes + len, secret->len - len);
    secret->len = len;
}

const char *spf_secret_text(const struct spf_secret *secret)
{
    return (const char *)secret->bytes;
}

unsigned char *spf_secret_bytes(struct spf_secret *secret)
{
    return secret->bytes;
}

size_t spf_secret_len(const struct spf_secret *secret)
{
    return secret->len;
}

void spf_secret_guard_process(void)
{
    struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A private key's base64 stands in lines of 64 (RFC 7468; PuTTY) or 70 characters (OpenSSH). */
#define BODY_LINE 64

bool spf_begins_private_key(const char *line, size_t len)
{
    static const char putty[] = "PuTTY-User-Key-File-";
    static const char key[] = "PRIVATE KEY";
    const char *begin = memmem(line, len, "BEGIN ", 6);

    if (begin != NULL && begin - line >= 2 && (begin[-1] == '-' || begin[-2] == '-') &&
        memmem(begin, len - (size_t)(begin - line), key, strlen(key)) != NULL) {
        return true;
    }
    return memmem(line, len, putty, strlen(putty)) != NULL;
}

/* A digest in hex, which somebody may call a host, has letters of one kind. */
static bool is_base64_line(const char *word, size_t len)
{
    bool upper = false;
    bool lower = false;
    bool digit = false;

    for (size_t i = 0; i < len; i++) {
        upper |= word[i] >= 'A' && word[i] <= 'Z';
        lower |= word[i] >= 'a' && word[i] <= 'z';
        digit |= word[i] >= '0' && word[i] <= '9';
        if (!isalnum((unsigned char)word[i]) && strchr("+/=", word[i]) == NULL) {
            return false;
        }
    }
    return len >= BODY_LINE && upper && lower && digit;
}

bool spf_is_of_private_key(const char *line, size_t len)
{
    size_t word;

    if (spf_begins_private_key(line, len)) {
        return true;
    }
    while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL) {
        len--;
    }
    for (word = len; word > 0 && line[word - 1] != ' ' && line[word - 1] != '\t'; word--) {
    }
    return is_base64_line(line + word, len - word);
}

struct spf_error spf_refuse_private_key(void)
{
    return spf_usage("it holds a private key, and nothing of it was used; were two files swapped "
                     "(--key FILE is the key)?");
}
