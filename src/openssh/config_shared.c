#include "openssh/config_shared.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/encoding.h"
#include "openssh/config_tokens.h"
#include "openssh/config_words.h"

/* %C without a jump host (readconf.c, ssh_connection_hash); with one, it differs between releases.
 */
static bool hash_connection(const struct spf_ssh_config_facts *facts,
                            const struct spf_ssh_self *self, struct spf_buf *hash)
{
    char text[1024];
    unsigned char octets[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!spf_format_whole(text, sizeof text, "%s%s%lld%s", self->host, facts->host,
                          (long long)facts->port, facts->user) ||
        EVP_Digest(text, strlen(text), octets, &len, EVP_sha1(), NULL) != 1) {
        return false;
    }
    spf_buf_add_hex(hash, octets, len, '\0');
    return true;
}

/* The ControlPath of these facts, as ssh makes it of what the configuration says. */
static bool expand_control_path(const char *template, const struct spf_ssh_config_facts *facts,
                                const struct spf_ssh_self *self, struct spf_buf *path)
{
    struct spf_ssh_tokens tokens = spf_ssh_tokens_of(facts, self);
    struct spf_buf hash;
    bool good;

    spf_buf_init(&hash, 2 * EVP_MAX_MD_SIZE);
    good = hash_connection(facts, self, &hash);
    tokens.connection = hash.data;
    good = good && !spf_buf_failed(&hash) && spf_ssh_config_expand(path, template, &tokens, true);
    spf_buf_clear(&hash);
    return good;
}

/* The line of a keyword, to its end; NULL: there is none. */
static const char *line_of(struct spf_bytes says, const char *keyword, size_t *len)
{
    const char *at = (const char *)says.at;
    const char *end = at + says.len;

    while (at < end) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        const char *stop = feed != NULL ? feed : end;

        if ((size_t)(stop - at) > strlen(keyword) && memcmp(at, keyword, strlen(keyword)) == 0) {
            *len = (size_t)(stop - at);
            return at;
        }
        at = feed != NULL ? feed + 1 : end;
    }
    return NULL;
}

/* Copies what ssh says, with the tokens that its ControlPath was made of. */
static bool put_tokens_back(struct spf_bytes says, const char *template,
                            const struct spf_ssh_config_facts *facts,
                            const struct spf_ssh_self *self, struct spf_buf *common)
{
    static const char keyword[] = "controlpath ";
    struct spf_buf path;
    size_t len = 0;
    const char *line = line_of(says, keyword, &len);
    size_t before = line != NULL ? (size_t)(line - (const char *)says.at) : 0;
    bool good = true;

    if (line != NULL && template[0] != '\0') {
        spf_buf_init(&path, SPF_SSH_PATH_SIZE);
        good = expand_control_path(template, facts, self, &path) &&
               path.len == len - strlen(keyword) &&
               memcmp(path.data, line + strlen(keyword), path.len) == 0;
        spf_buf_clear(&path);
        spf_buf_add(common, (const char *)says.at, before);
        spf_buf_addf(common, "%s%s", keyword, template);
        spf_buf_add(common, line + len, says.len - before - len);
    } else {
        good = line == NULL || memchr(line, '%', len) == NULL;
        spf_buf_add(common, (const char *)says.at, says.len);
    }
    return good && !spf_buf_failed(common);
}

enum spf_ssh_alike spf_ssh_config_make_common(struct spf_bytes says, const char *log,
                                              const char *asked, const struct spf_ssh_self *self,
                                              struct spf_buf *sections, struct spf_buf *common)
{
    struct spf_ssh_config_facts facts = {0};
    char template[SPF_SSH_PATH_SIZE];
    enum spf_ssh_alike alike = spf_ssh_config_alike(log, asked, sections, template);

    if (alike != SPF_SSH_OF_SECTION) {
        return alike;
    }
    spf_copy(facts.asked, sizeof facts.asked, asked);
    if (!spf_ssh_config_read((const char *)says.at, says.len, &facts) ||
        !spf_same_host(facts.host, asked) ||
        !put_tokens_back(says, template, &facts, self, common)) {
        alike = SPF_SSH_OWN;
    }
    spf_shape_clear(&spf_ssh_config_shape, &facts);
    return alike;
}

bool spf_ssh_config_make_own(struct spf_ssh_config_facts *facts, const char *user,
                             const struct spf_ssh_self *self)
{
    struct spf_buf path;
    bool good = true;

    spf_copy(facts->host, sizeof facts->host, facts->asked);
    for (char *c = facts->host; *c != '\0'; c++) { /* ssh writes it in lower case */
        *c = (char)tolower((unsigned char)*c);
    }
    if (user != NULL) {
        spf_copy(facts->user, sizeof facts->user, user);
    }
    if (strchr(facts->manners.control_path, '%') != NULL) {
        spf_buf_init(&path, sizeof facts->manners.control_path - 1);
        good = expand_control_path(facts->manners.control_path, facts, self, &path) &&
               spf_copy_whole(facts->manners.control_path, sizeof facts->manners.control_path,
                              path.data);
        spf_buf_clear(&path);
    }
    return good;
}
