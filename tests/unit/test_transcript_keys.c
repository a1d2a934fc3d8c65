#include "transcript/key_words.h"
#include "unit.h"

/* How OpenSSH's client names a key, in its versions. */

static void expect(const char *text, const char *file, bool known, bool from_agent)
{
    struct spf_key_words key = spf_key_words(text);

    ck_assert_str_eq(key.file, file);
    ck_assert_int_eq(key.known, known);
    ck_assert_int_eq(key.from_agent, from_agent);
}

START_TEST(a_key_as_since_7_8)
{
    expect("/home/me/.ssh/id_ed25519 ED25519 SHA256:P8PH3oQ8dM2/x", "/home/me/.ssh/id_ed25519",
           true, false);
    expect("web.pem RSA SHA256:P8PH explicit\r", "web.pem", true, false);
    expect("my keys/web.pem RSA SHA256:P8PH explicit", "my keys/web.pem", true, false);
    expect("web.pem  explicit", "web.pem", false, false);
    expect("/home/me/.ssh/id_rsa ", "/home/me/.ssh/id_rsa", false, false);
    /* a comment, and a slash in the fingerprint */
    expect("me@laptop ED25519 SHA256:Smg++mMox1pDBu/mm agent", "", true, true);
    expect("web.pem ED25519 SHA256:P8PH explicit agent", "web.pem", true, false);
    expect("key ED25519-SK SHA256:P8PH explicit authenticator", "key", true, false);
}
END_TEST

START_TEST(a_key_as_before)
{
    expect("RSA SHA256:P8PH3oQ8dM2/x /home/me/.ssh/id_rsa", "/home/me/.ssh/id_rsa", true, false);
    expect("RSA SHA256:P8PH3oQ8dM2/x me@laptop", "", true, false);
    expect("/home/me/.ssh/id_rsa", "/home/me/.ssh/id_rsa", false, false);
    expect("me@laptop", "", false, false);
    expect("pkalg ssh-rsa blen 279", "", false, false);
    expect("", "", false, false);
    expect(" agent", "", false, true);
}
END_TEST

int main(void)
{
    return unit_main("transcript_keys",
                     (const TTest *const[]){a_key_as_since_7_8, a_key_as_before, NULL});
}
