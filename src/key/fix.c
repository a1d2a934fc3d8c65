#include "key/fix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/language.h"
#include "base/text.h"
#include "key/file.h"
#include "openssh/ask.h"
#include "openssh/key_support.h"
#include "platform/files.h"
#include "platform/rights.h"

enum { NAMES_TRIED = 20 };

/* What is printed of a path. */
struct shown {
    char path[200];
};

static struct shown show(const char *path)
{
    struct shown shown;

    spf_clean(shown.path, sizeof shown.path, path, strlen(path));
    return shown;
}

/* fmt in the language that is set; what it takes from outside is clean. */
SPF_PRINTF(3, 4)
static void say(struct spf_key_fixed *fixed, enum spf_fix fix, const char *fmt, ...)
{
    va_list args;

    fixed->fix = fix;
    va_start(args, fmt);
    spf_vformat(fixed->text, sizeof fixed->text, fmt, args);
    va_end(args);
}

/* A new file of mode 0400 beside the original: "key.pem.fixed", "key.pem.fixed2", … */
static int create_beside(const char *path, char *name, size_t size)
{
    for (int i = 1; i <= NAMES_TRIED; i++) {
        char number[8] = "";
        int fd;

        if ((i > 1 && !spf_format_whole(number, sizeof number, "%d", i)) ||
            !spf_format_whole(name, size, "%s.fixed%s", path, number)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

/* In a form that this machine's ssh reads, though others do not (an Ed25519 key in PKCS#8). */
static bool is_good_here(const struct spf_key_facts *facts)
{
    struct spf_openssh_facts ssh;

    if (strcmp(facts->damage, "key-pkcs8-ed25519") != 0 &&
        strcmp(facts->damage, "key-pkcs8-v2") != 0) {
        return false;
    }
    spf_openssh_ask_version(&ssh);
    return spf_openssh_loads(&ssh, facts);
}

/* Is the copy in order, and the same key as far as that one is known? */
static bool prove(const char *copy, const struct spf_secret *passphrase,
                  const struct spf_key_facts *of)
{
    struct spf_key_facts facts = {0};
    bool proved = spf_key_file_read(copy, passphrase, &facts, NULL) &&
                  (facts.openssh_accepts || facts.putty_accepts) && !facts.repairable &&
                  strcmp(facts.sha256, of->sha256) == 0 && facts.usable == of->usable;

    spf_shape_clear(&spf_key_shape, &facts);
    return proved;
}

/* Others may read it, as this system's ssh looks at that. */
static bool is_open(const struct spf_key_facts *facts)
{
    return facts->by_list ? facts->strangers[0] != '\0' : facts->mine && (facts->mode & 077) != 0;
}

/* chmod through a descriptor of the very file that was read: the name may lead elsewhere by now.
 * *left: who may read it then. */
static struct spf_error close_mode(const char *path, const struct spf_key_facts *facts,
                                   struct spf_rights *left)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct spf_error error = spf_ok();
    struct stat st;

    if (fd < 0) {
        return spf_error_sys(errno, _("the mode can't be changed"));
    }
    if (fstat(fd, &st) != 0) {
        error = spf_error_sys(errno, _("the mode can't be changed"));
    } else if (!S_ISREG(st.st_mode) || st.st_dev != facts->device || st.st_ino != facts->inode) {
        error =
            spf_error(SPF_ERR_INVALID, _("another file took the key's place; nothing was changed"));
    } else if (fchmod(fd, 0400) != 0) {
        error = spf_error_sys(errno, _("the mode can't be changed"));
    } else {
        spf_rights_read(path, fd, left);
    }
    (void)close(fd);
    return error;
}

static struct spf_error fix_mode(const char *path, const struct spf_key_facts *facts,
                                 struct spf_key_fixed *fixed)
{
    struct spf_rights left = {0};
    struct spf_error error = close_mode(path, facts, &left);

    if (error.code != SPF_OK) {
        return error;
    }
    if (left.by_list ? left.strangers[0] != '\0' : left.mode != 0400) {
        say(fixed, SPF_FIX_IMPOSSIBLE,
            _("the file system of %s keeps no modes; copy the key to your home directory"),
            show(path).path);
        return error;
    }
    if (left.by_list) {
        say(fixed, SPF_FIX_MODE, _("left access to %s with you alone"), show(path).path);
        return error;
    }
    say(fixed, SPF_FIX_MODE, _("changed the mode of %s from %04o to 0400"), show(path).path,
        (unsigned)facts->mode);
    return error;
}

/* The damaged original holds the key as well: others must not read it on. In words. */
static const char *close_original(const char *path, const struct spf_key_facts *facts)
{
    struct spf_rights left = {0};

    if (!is_open(facts)) {
        return _("the file given is as it was");
    }
    if (close_mode(path, facts, &left).code != SPF_OK) {
        return _(
            "the file given is as it was, and others may read it still: that can't be changed");
    }
    if (left.by_list && left.strangers[0] == '\0') {
        return _("the text of the file given is as it was, and access to it is yours alone now");
    }
    if (!left.by_list && (left.mode & 077) == 0) {
        return _("the text of the file given is as it was, and its mode is 0400 now");
    }
    return _("the file given is as it was, and others may read it still: that can't be changed");
}

static struct spf_error write_copy(const char *path, const struct spf_secret *passphrase,
                                   const struct spf_key_facts *facts,
                                   const struct spf_secret *repaired, struct spf_key_fixed *fixed)
{
    char name[sizeof fixed->path];
    struct spf_error error = spf_ok();
    int fd = create_beside(path, name, sizeof name);

    if (fd < 0) {
        return spf_error_sys(errno, _("the repaired copy can't be made"));
    }
    spf_copy(fixed->path, sizeof fixed->path, name);
    atomic_store(&fixed->unproved, true);
    if (!spf_write_all(fd, spf_secret_text(repaired), spf_secret_len(repaired)) || fsync(fd) != 0) {
        error = spf_error_sys(errno, _("the repaired copy can't be written"));
    }
    if (close(fd) != 0 && error.code == SPF_OK) {
        error = spf_error_sys(errno, _("the repaired copy can't be written"));
    }
    if (error.code == SPF_OK && !prove(name, passphrase, facts)) {
        error =
            spf_error(SPF_ERR_INVALID, _("the repaired copy could not be proved to be the key"));
    }
    atomic_store(&fixed->unproved, false);
    if (error.code != SPF_OK) {
        (void)unlink(name);
        return error;
    }
    say(fixed, SPF_FIX_COPY, _("wrote %s (%s), a copy that is in order; %s. Repaired: %s%s%s"),
        show(name).path, facts->by_list ? _("for you alone") : _("mode 0400"),
        close_original(path, facts), facts->detail[0] ? facts->detail : _("the container"),
        facts->sha256[0] ? _(". Key: ") : "", facts->sha256);
    return error;
}

/* Not every file that somebody names holds a secret, and none of the others is ours to close. */
static bool holds_private_key(const struct spf_key_facts *facts)
{
    return facts->container != SPF_CONTAINER_NONE && facts->container != SPF_CONTAINER_PUBLIC &&
           facts->container != SPF_CONTAINER_CERTIFICATE;
}

struct spf_error spf_key_fix(const char *path, const struct spf_secret *passphrase,
                             struct spf_key_fixed *fixed)
{
    struct spf_key_facts facts = {0};
    struct spf_secret *repaired = NULL;
    struct spf_error error = spf_ok();

    fixed->fix = SPF_FIX_NOT_NEEDED;
    fixed->text[0] = '\0';
    atomic_store(&fixed->unproved, false);
    if (!spf_copy_whole(fixed->path, sizeof fixed->path, path)) {
        return spf_error(SPF_ERR_TOO_BIG, _("the key's path is too long"));
    }
    if (!spf_key_file_read(path, passphrase, &facts, &repaired)) {
        error = spf_error(SPF_ERR_NOMEM, _("out of memory for the key file"));
    } else if (facts.outcome == SPF_KEY_ZERO_BYTES) {
        say(fixed, SPF_FIX_IMPOSSIBLE, _("%s is empty, so nothing was changed"), show(path).path);
    } else if (facts.outcome != SPF_KEY_READ) {
        say(fixed, SPF_FIX_IMPOSSIBLE, _("%s can't be read as a file, so nothing was changed"),
            show(path).path);
    } else if (repaired != NULL && !is_good_here(&facts)) {
        error = write_copy(path, passphrase, &facts, repaired, fixed);
    } else if (!holds_private_key(&facts)) {
        say(fixed, SPF_FIX_IMPOSSIBLE, _("%s is not a private key, so nothing was changed"),
            show(path).path);
    } else if (facts.by_list ? is_open(&facts) : facts.mine && facts.mode != 0400) {
        error = fix_mode(path, &facts, fixed);
    } else if (facts.openssh_accepts || facts.putty_accepts) {
        say(fixed, SPF_FIX_NOT_NEEDED, _("%s needs no repair"), show(path).path);
    } else {
        say(fixed, SPF_FIX_IMPOSSIBLE, _("%s can't be repaired, so nothing was changed"),
            show(path).path);
    }
    spf_secret_free(repaired);
    spf_shape_clear(&spf_key_shape, &facts);
    return error;
}
