/* Where homes are, and that they are hidden wherever a path begins. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "platform/home.h"

static void check_hidden(const struct spf_homes *homes, const char *text, const char *want)
{
    char *hidden = spf_homes_hide(homes, text);

    ck_assert_ptr_nonnull(hidden);
    ck_assert_str_eq(hidden, want);
    free(hidden);
}

START_TEST(homes_are_hidden_at_every_boundary)
{
    static const struct spf_homes homes = {{"/home/me", "/home/me/inner", "/data/x.y"}, 3};
    static const char *const cases[][2] = {
        {"/home/me", "~"},
        {"/home/me/", "~/"},
        {"/home/me/k", "~/k"},
        {"/home//me//k", "~//k"},
        {"/home/me2/k", "/home/me2/k"},
        {"/home/me.bak/k", "/home/me.bak/k"},
        {"/home/me-2", "/home/me-2"},
        {"/mnt/home/me/k", "/mnt/home/me/k"},
        {"/home/me/inner/k", "~/k"},
        {"/data/x.y/k", "~/k"},
        {"cannot open /home/me/k: denied", "cannot open ~/k: denied"},
        {"IdentityFile=\"/home/me/k\"", "IdentityFile=\"~/k\""},
        {"'/home/me','/home/me'", "'~','~'"},
        {"It is in /home/me.", "It is in ~."},
        {"It is in /home/me. There", "It is in ~. There"},
        {"file:///home/me/k", "file:~/k"},
        {"host:/home/me/k", "host:~/k"},
        {"a/home/me", "a/home/me"},
        {"", ""},
        {"/", "/"},
        {"/home", "/home"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_hidden(&homes, cases[i][0], cases[i][1]);
    }
}
END_TEST

/* The variable with slashes at its end, the database's, and what a link leads to. */
START_TEST(every_home_is_known)
{
    char place[] = "/tmp/home-XXXXXX";
    char real[60];
    char link[60];
    char given[70];
    char key[80];
    struct passwd *me = getpwuid(getuid());
    struct spf_homes homes;
    char home[PATH_MAX];

    ck_assert_ptr_nonnull(mkdtemp(place));
    (void)snprintf(real, sizeof real, "%s/real", place);
    (void)snprintf(link, sizeof link, "%s/link", place);
    (void)snprintf(given, sizeof given, "%s///", link);
    ck_assert_int_eq(mkdir(real, 0700) | symlink("real", link), 0);
    ck_assert_int_eq(setenv("HOME", given, 1), 0);
    ck_assert(spf_home_of_shell(home));
    ck_assert_str_eq(home, link);
    spf_homes_find(&homes);
    (void)snprintf(key, sizeof key, "%s/k", real);
    check_hidden(&homes, key, "~/k");
    (void)snprintf(key, sizeof key, "%s/k", link);
    check_hidden(&homes, key, "~/k");
    ck_assert_ptr_nonnull(me);
    if (strlen(me->pw_dir) > 1) {
        ck_assert(spf_home(home));
        ck_assert_int_eq(strncmp(home, me->pw_dir, strlen(home)), 0);
        (void)snprintf(key, sizeof key, "%s/k", me->pw_dir);
        check_hidden(&homes, key, "~/k");
    }
    /* "/" is the home of some system users: it hides nothing */
    ck_assert_int_eq(setenv("HOME", "/", 1), 0);
    spf_homes_find(&homes);
    check_hidden(&homes, "/etc/x", "/etc/x");
    ck_assert_int_eq(unlink(link) | rmdir(real) | rmdir(place), 0);
}
END_TEST

/* sudo: the files are in the home of who called it. */
START_TEST(the_home_behind_sudo_is_known)
{
    struct passwd *other = getpwnam("bin");
    struct spf_homes homes;
    char uid[20];

    if (other == NULL) {
        return;
    }
    (void)snprintf(uid, sizeof uid, "%u", (unsigned)other->pw_uid);
    ck_assert_int_eq(setenv("SUDO_UID", uid, 1), 0);
    spf_homes_find(&homes);
    check_hidden(&homes, other->pw_dir, "~");
    ck_assert_int_eq(unsetenv("SUDO_UID"), 0);
}
END_TEST

int main(void)
{
    return unit_main("home",
                     (const TTest *const[]){homes_are_hidden_at_every_boundary, every_home_is_known,
                                            the_home_behind_sudo_is_known, NULL});
}
