#include "openssh/algorithms.h"
#include "unit.h"

START_TEST(what_ssh_offers)
{
    struct spf_openssh_algorithms_facts facts = {0};

    spf_openssh_read_offer("user root\nciphers a,b\nkexalgorithms c\nkexalgorithms d\n"
                           "macs \nhostkeyalgorithms e f\n",
                           &facts);
    ck_assert_str_eq(facts.ciphers, "a,b");
    ck_assert_str_eq(facts.kex, "c"); /* the first counts */
    ck_assert_ptr_null(facts.macs);
    ck_assert_ptr_null(facts.host_keys); /* no list */
    spf_shape_clear(&spf_openssh_algorithms_shape, &facts);
}
END_TEST

START_TEST(what_ssh_has)
{
    char *names = spf_openssh_read_names("ssh-ed25519\n\nbad name\nssh-rsa");

    ck_assert_str_eq(names, "ssh-ed25519,ssh-rsa");
    free(names);
    ck_assert_ptr_null(spf_openssh_read_names(""));
    ck_assert_ptr_null(spf_openssh_read_names("\x1b[31m\n"));
}
END_TEST

int main(void)
{
    return unit_main("openssh algorithms",
                     (const TTest *const[]){what_ssh_offers, what_ssh_has, NULL});
}
