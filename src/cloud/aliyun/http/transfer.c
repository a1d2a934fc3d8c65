#include "cloud/aliyun/http/transfer.h"

#include <ctype.h>
#include <dirent.h>
#include <malloc.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "platform/sockets.h"

struct spf_transfers {
    struct spf_loop *loop;
    CURLM *multi;
    struct spf_watch timer;
    struct spf_watch deaf; /* due where a socket of curl's could not be put into the loop */
    struct spf_transfer *under_way;
};

/* One of curl's sockets in our loop. */
struct socket_watch {
    struct spf_watch watch;
    struct spf_transfers *transfers;
};

static void take_out(struct spf_transfers *transfers, struct spf_transfer *transfer)
{
    struct spf_transfer **at = &transfers->under_way;

    while (*at != NULL && *at != transfer) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = transfer->next;
    }
    (void)curl_multi_remove_handle(transfers->multi, transfer->easy);
}

static void collect(struct spf_transfers *transfers)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        struct spf_transfer *transfer = NULL;

        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        take_out(transfers, transfer);
        transfer->finished(transfer, result);
    }
}

/* Nothing comes from that socket any more, and others may share its connection: all end. Those that
 * are begun meanwhile are not concerned. */
static void end_all(struct spf_watch *watch, short revents)
{
    struct spf_transfers *transfers = watch->owner;

    (void)revents;
    watch->due_ms = 0;
    for (struct spf_transfer *each = transfers->under_way; each != NULL; each = each->next) {
        each->lost = true;
    }
    for (struct spf_transfer *each = transfers->under_way; each != NULL;) {
        if (!each->lost) {
            each = each->next;
            continue;
        }
        take_out(transfers, each);
        each->finished(each, CURLE_OUT_OF_MEMORY);
        each = transfers->under_way; /* it may have dropped others */
    }
}

static void socket_ready(struct spf_watch *watch, short revents)
{
    struct spf_transfers *transfers = ((struct socket_watch *)watch->owner)->transfers;
    int running;
    int actions = 0;

    if (revents & (POLLIN | POLLHUP)) {
        actions |= CURL_CSELECT_IN;
    }
    if (revents & POLLOUT) {
        actions |= CURL_CSELECT_OUT;
    }
    if (revents & (POLLERR | POLLNVAL)) {
        actions |= CURL_CSELECT_ERR;
    }
    (void)curl_multi_socket_action(transfers->multi, (curl_socket_t)spf_socket_handle(watch->fd),
                                   actions, &running);
    collect(transfers);
}

static struct socket_watch *watch_socket(struct spf_transfers *transfers, curl_socket_t fd)
{
    struct socket_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL) {
        return NULL;
    }
    watch->transfers = transfers;
    watch->watch = (struct spf_watch){
        .fd = spf_socket_descriptor((intptr_t)fd), .ready = socket_ready, .owner = watch};
    if (spf_loop_add(transfers->loop, &watch->watch)) {
        (void)curl_multi_assign(transfers->multi, fd, watch);
        return watch;
    }
    free(watch);
    return NULL;
}

/*
 * Never says -1: libcurl would end all transfers by itself, but (7.88) through a NULL where one has
 * no connection yet, as one that waits for another's (CURLOPT_PIPEWAIT). They end when it has
 * returned.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
    struct spf_transfers *transfers = owner;
    struct socket_watch *watch = socket_owner;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            spf_loop_remove(transfers->loop, &watch->watch);
        }
        free(watch);
        (void)curl_multi_assign(transfers->multi, fd, NULL);
        return 0;
    }
    if (watch == NULL && (watch = watch_socket(transfers, fd)) == NULL) {
        transfers->deaf.due_ms = spf_now_ms();
        spf_loop_update(transfers->loop, &transfers->deaf);
        return 0;
    }
    watch->watch.events =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    spf_loop_update(transfers->loop, &watch->watch);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *owner)
{
    struct spf_transfers *transfers = owner;

    (void)multi;
    transfers->timer.due_ms = timeout_ms < 0 ? 0 : spf_now_ms() + timeout_ms;
    spf_loop_update(transfers->loop, &transfers->timer);
    return 0;
}

static void timer_due(struct spf_watch *watch, short revents)
{
    struct spf_transfers *transfers = watch->owner;
    int running;

    (void)revents;
    watch->due_ms = 0;
    (void)curl_multi_socket_action(transfers->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(transfers);
}

/*
 * libcurl copies headers, bodies and replies into memory of its own, and so tokens and keys: what
 * it frees is wiped. (Where an application has initialised libcurl before us it keeps its own way.)
 */
static void wipe_and_free(void *memory)
{
    if (memory != NULL) {
        explicit_bzero(memory, malloc_usable_size(memory));
    }
    free(memory);
}

static void *wiping_realloc(void *memory, size_t size)
{
    size_t had = memory != NULL ? malloc_usable_size(memory) : 0;
    void *moved = malloc(size > 0 ? size : 1);

    if (moved == NULL) {
        return NULL;
    }
    if (memory != NULL) {
        memcpy(moved, memory, had < size ? had : size);
    }
    wipe_and_free(memory);
    return moved;
}

static bool setup_multi(struct spf_transfers *transfers)
{
    CURLM *multi = transfers->multi;
    CURLMcode bad = CURLM_OK;

    bad |= curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    bad |= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, transfers);
    bad |= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    bad |= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, transfers);
    bad |= curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    /* since 8.20 the threads that look names up are the multi handle's */
#if LIBCURL_VERSION_NUM >= 0x081400
    bad |= curl_multi_setopt(multi, CURLMOPT_QUICK_EXIT, 1L);
#endif
    return bad == CURLM_OK;
}

struct spf_transfers *spf_transfers_new(struct spf_loop *loop)
{
    struct spf_transfers *transfers = calloc(1, sizeof *transfers);

    if (transfers == NULL) {
        return NULL;
    }
    transfers->loop = loop;
    transfers->timer = (struct spf_watch){.fd = -1, .ready = timer_due, .owner = transfers};
    transfers->deaf = (struct spf_watch){.fd = -1, .ready = end_all, .owner = transfers};
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, wiping_realloc, strdup,
                             calloc) != CURLE_OK ||
        !spf_loop_add(loop, &transfers->timer) || !spf_loop_add(loop, &transfers->deaf)) {
        spf_loop_remove(loop, &transfers->timer);
        free(transfers);
        return NULL;
    }
    transfers->multi = curl_multi_init();
    if (transfers->multi == NULL || !setup_multi(transfers)) {
        spf_transfers_free(transfers);
        return NULL;
    }
    return transfers;
}

void spf_transfers_free(struct spf_transfers *transfers)
{
    if (transfers == NULL) {
        return;
    }
    curl_multi_cleanup(transfers->multi);
    spf_loop_remove(transfers->loop, &transfers->timer);
    spf_loop_remove(transfers->loop, &transfers->deaf);
    curl_global_cleanup();
    free(transfers);
}

bool spf_transfers_add(struct spf_transfers *transfers, struct spf_transfer *transfer)
{
    if (curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer) != CURLE_OK ||
        curl_multi_add_handle(transfers->multi, transfer->easy) != CURLM_OK) {
        return false;
    }
    transfer->lost = false;
    transfer->next = transfers->under_way;
    transfers->under_way = transfer;
    return true;
}

void spf_transfers_drop(struct spf_transfers *transfers, struct spf_transfer *transfer)
{
    if (transfer->easy == NULL) {
        return;
    }
    take_out(transfers, transfer);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
}

/* Does the directory hold certificates under their hashes (openssl-rehash(1)), as Debian's does? */
static bool is_hashed(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool found = false;

    while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
        size_t digits = strspn(entry->d_name, "0123456789abcdef");

        found = digits == 8 && entry->d_name[8] == '.' && isdigit((unsigned char)entry->d_name[9]);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return found;
}

/*
 * A reply may hold a secret (AssumeRole), and OpenSSL leaves what it has decrypted in its buffer
 * until the next record comes.
 */
static CURLcode wipe_what_was_read(CURL *easy, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    (void)SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return CURLE_OK;
}

/*
 * Is the context one of the OpenSSL that we are linked with? Not where curl was built with another
 * library, nor with another version of this one: two may be in a process, while a distribution
 * changes over.
 */
static bool shares_openssl(void)
{
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
    char ours[64];

    return library != NULL &&
           spf_format_whole(ours, sizeof ours, "OpenSSL/%s",
                            OpenSSL_version(OPENSSL_VERSION_STRING)) &&
           strcmp(library, ours) == 0;
}

bool spf_transfer_setup(CURL *easy, const char *ca_file, bool plain_http)
{
    static const char certificates[] = "/etc/ssl/certs";
    CURLcode bad = CURLE_OK;

    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* a name server that is silent holds a thread in getaddrinfo(3): no end of ours waits for it */
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain_http ? "http" : "https");
    if (shares_openssl()) {
        bad |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, wipe_what_was_read);
    }
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    /* a libcurl without HTTP/2 refuses this, and speaks 1.1 */
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    bad |= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "sshpreflight/" SPF_VERSION);
    if (ca_file != NULL) {
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    } else if (is_hashed(certificates)) {
        /* Reading the whole bundle costs 40 ms of CPU; here only the one certificate is read. */
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, certificates);
    } else {
        /* Windows keeps its authorities in a store; elsewhere OpenSSL's own places hold them. */
        bad |= curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, (long)CURLSSLOPT_NATIVE_CA);
    }
    return bad == CURLE_OK;
}

void spf_transfer_words(char *out, size_t size, int code, const char *detail)
{
    const char *words = detail[0] != '\0' ? detail : curl_easy_strerror((CURLcode)code);
    const char *at = strrchr(words, '@');
    const char *from = strstr(words, "//");

    /* A password may hold any character, also "/", "@" and blanks: all goes, up to the last "@". */
    if (from != NULL) {
        from += 2;
    } else if ((from = strchr(words, '\'')) != NULL) {
        from++;
    }
    if (at == NULL) {
        spf_copy(out, size, words);
    } else if (from == NULL || from > at) {
        spf_copy(out, size, curl_easy_strerror((CURLcode)code));
    } else {
        spf_format(out, size, "%.*s...%s", (int)(from - words), words, at);
    }
}
