#include "login/certificate_check.h"

#include "base/clock.h"
#include "base/language.h"
#include "base/text.h"
#include "login/offers.h"

void spf_certificate_note(const struct spf_view *view, struct spf_result *result)
{
    if (view->facts->key->certificate[0] != '\0') {
        spf_note_text(result, "certificate_file", view->facts->key->certificate);
    }
}

const char *spf_asked_key(const struct spf_view *view, char text[SPF_ASKED_SIZE])
{
    if (!view->facts->query->of_certificate) {
        return _("this key");
    }
    if (view->facts->key->certificate[0] == '\0') {
        return _("the certificate in the ssh-agent");
    }
    spf_format(text, SPF_ASKED_SIZE, _("the certificate %s"), view->facts->key->certificate);
    return text;
}

const char *spf_asked_key_bare(const struct spf_view *view, char text[SPF_ASKED_SIZE])
{
    if (!view->facts->query->of_certificate) {
        return _("key");
    }
    if (view->facts->key->certificate[0] == '\0') {
        return _("certificate in the ssh-agent");
    }
    spf_format(text, SPF_ASKED_SIZE, _("certificate %s"), view->facts->key->certificate);
    return text;
}

struct spf_opinion spf_certificate_judge(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = view->facts->key;
    const struct spf_certificate_facts *certified = &key->certified;
    const char *user = view->target->user;
    const bool names_user =
        certified->principals[0] == '\0' || spf_names_have(certified->principals, user);
    char until[SPF_UTC_SIZE] = "";
    char from[SPF_UTC_SIZE] = "";
    char why[sizeof certified->principals + 64];

    spf_certificate_note(view, result);
    spf_note_text(result, "certificate_principals", certified->principals);
    if (certified->valid_before > 0 && certified->valid_before < SPF_FOR_EVER) {
        spf_utc_format(certified->valid_before, until);
    }
    if (until[0] != '\0') {
        spf_note_text(result, "certificate_valid_until", until);
    }
    if (certified->host) {
        spf_copy(why, sizeof why, _(" (it is a host's and logs nobody in)"));
    } else if (certified->valid_before > 0 && certified->over) {
        spf_format(why, sizeof why, _(" (it expired at %s)"), until);
    } else if (certified->valid_before > 0 && !certified->in_time) {
        spf_utc_format(certified->valid_after, from);
        spf_format(why, sizeof why, _(" (it is not valid before %s)"), from);
    } else if (!names_user) {
        spf_format(why, sizeof why, _(" (its principals, %s, do not include this user)"),
                   certified->principals);
    } else if (certified->principals[0] == '\0') { /* auth2-pubkey.c, user_cert_trusted_ca */
        spf_copy(why, sizeof why,
                 _(" (it names no principals: sshd accepts such a certificate through "
                   "cert-authority in authorized_keys, but not through TrustedUserCAKeys)"));
    } else {
        why[0] = '\0';
    }
    result->certificate_unfit =
        view->facts->query->of_certificate &&
        (certified->host || (certified->valid_before > 0 && !certified->in_time) || !names_user);
    if (view->facts->query->of_certificate) {
        spf_say(result, "the server accepts neither this key for %s nor the certificate %s%s", user,
                key->certificate, why);
        return spf_concludes(SPF_AUTH_KEY_REFUSED);
    }
    spf_say(result,
            "the server does not accept this key alone for %s; ssh would offer the certificate %s "
            "next, which was not tried%s",
            user, key->certificate, why);
    return spf_concludes(SPF_AUTH_CERTIFICATE_UNTRIED);
}
