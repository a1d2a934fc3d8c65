#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/guard.h"
#include "cli/output.h"
#include "cli/parse.h"
#include "platform/files.h"

/* Reports and records where the user wants them, also through links. */

static char folder[40];

static void enter(void)
{
    (void)strcpy(folder, "/tmp/output-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void expect(const char *path, const char *text, unsigned mode)
{
    FILE *file = fopen(path, "r");
    char got[40] = "";
    struct stat status;

    ck_assert_msg(file != NULL, "%s", path);
    (void)!fread(got, 1, sizeof got - 1, file);
    ck_assert_str_eq(got, text);
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, mode);
    (void)fclose(file);
}

static bool is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

START_TEST(a_file_is_replaced)
{
    enter();
    ck_assert_int_eq(spf_output_write("new", "one", 3, 0600).code, SPF_OK);
    expect("new", "one", 0600);
    ck_assert_int_eq(spf_output_write("new", "2", 1, 0600).code, SPF_OK);
    expect("new", "2", 0600);
    ck_assert_int_eq(unlink("new"), 0);
    leave();
}
END_TEST

START_TEST(a_link_stays_one)
{
    enter();
    ck_assert_int_eq(mkdir("there", 0700), 0);
    ck_assert_int_eq(symlink("there/file", "link"), 0);
    ck_assert_int_eq(symlink("link", "further"), 0);
    /* first to where nothing is yet, then to what is there, shorter */
    ck_assert_int_eq(spf_output_write("further", "first", 5, 0600).code, SPF_OK);
    expect("there/file", "first", 0600);
    ck_assert_int_eq(spf_output_write("further", "2nd", 3, 0600).code, SPF_OK);
    expect("there/file", "2nd", 0600);
    ck_assert(is_link("link") && is_link("further"));

    ck_assert_int_eq(symlink("round", "round"), 0);
    ck_assert_int_ne(spf_output_write("round", "x", 1, 0600).code, SPF_OK);
    ck_assert_int_ne(spf_output_write("there", "x", 1, 0600).code, SPF_OK);
    ck_assert_int_eq(unlink("round") | unlink("link") | unlink("further") | unlink("there/file") |
                         rmdir("there"),
                     0);
    leave();
}
END_TEST

START_TEST(a_file_keeps_its_mode_and_a_new_one_obeys_the_umask)
{
    mode_t before = umask(027);

    enter();
    ck_assert_int_eq(spf_output_write("new", "1", 1, 0666).code, SPF_OK);
    expect("new", "1", 0640);
    ck_assert_int_eq(chmod("new", 0604), 0);
    ck_assert_int_eq(spf_output_write("new", "2", 1, 0666).code, SPF_OK);
    expect("new", "2", 0604);
    ck_assert_int_eq(chmod("new", 0600), 0);
    ck_assert_int_eq(spf_output_write("new", "3", 1, 0666).code, SPF_OK);
    expect("new", "3", 0600);
    ck_assert_int_eq(symlink("later", "link"), 0);
    ck_assert_int_eq(spf_output_write("link", "4", 1, 0666).code, SPF_OK);
    expect("later", "4", 0640);
    ck_assert_int_eq(unlink("new") | unlink("link") | unlink("later"), 0);
    leave();
    (void)umask(before);
}
END_TEST

static struct spf_error guard(const char *option, const char *value, const char *output)
{
    char *words[] = {"sshpreflight",
                     "h",
                     "-i",
                     "key",
                     "--output",
                     (char *)(uintptr_t)output,
                     (char *)(uintptr_t)option,
                     (char *)(uintptr_t)value,
                     NULL};
    struct spf_options options;
    struct spf_error error = spf_options_parse(option == NULL  ? 6
                                               : value == NULL ? 7
                                                               : 8,
                                               words, &options);

    spf_options_clear(&options);
    return error;
}

static void put(const char *path)
{
    FILE *file = fopen(path, "w");

    ck_assert_msg(file != NULL, "%s", path);
    (void)fclose(file);
}

/* By any name: the path, a symbolic link, a hard link; named in an option or read without. */
START_TEST(what_is_read_is_not_replaced)
{
    static const char *const files[] = {"key", "key.pub", "key-cert.pub", "kh",
                                        "h/.aliyun/config.json"};
    char real[60];

    enter();
    ck_assert_int_eq(mkdir("h", 0700) | mkdir("h/.aliyun", 0700) | mkdir("h/.ssh", 0700), 0);
    (void)snprintf(real, sizeof real, "%s/h", folder);
    ck_assert_int_eq(setenv("HOME", real, 1), 0);
    put("free");
    put("h/.ssh/included");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        put(files[i]);
        ck_assert_int_eq(symlink(files[i], "soft") | link(files[i], "hard"), 0);
        ck_assert_int_eq(guard("--known-hosts", "kh", files[i]).code, SPF_ERR_USAGE);
        ck_assert_int_eq(guard("--known-hosts", "kh", "soft").code, SPF_ERR_USAGE);
        ck_assert_int_eq(guard("--known-hosts", "kh", "hard").code, SPF_ERR_USAGE);
        ck_assert_int_eq(unlink("soft") | unlink("hard"), 0);
    }
    /* what an Include leads to, or a tool keeps there */
    ck_assert_int_eq(guard(NULL, NULL, "h/.ssh/included").code, SPF_ERR_USAGE);
    ck_assert_int_eq(guard(NULL, NULL, "h/.ssh/new").code, SPF_OK);
    ck_assert_int_eq(guard("--find-key=h", NULL, "h/.ssh/included").code, SPF_ERR_USAGE);
    ck_assert_int_eq(guard(NULL, NULL, "free").code, SPF_OK);
    /* what turns out to be read only later */
    (void)close(spf_open_to_read("free"));
    ck_assert_int_eq(link("free", "hard"), 0);
    ck_assert_int_eq(spf_output_write("hard", "x", 1, 0666).code, SPF_ERR_INVALID);
    ck_assert_int_eq(spf_output_write("free", "x", 1, 0666).code, SPF_ERR_INVALID);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ck_assert_int_eq(unlink(files[i]), 0);
    }
    ck_assert_int_eq(unlink("free") | unlink("hard") | unlink("h/.ssh/included") | rmdir("h/.ssh") |
                         rmdir("h/.aliyun") | rmdir("h"),
                     0);
    leave();
}
END_TEST

int main(void)
{
    return unit_main("output",
                     (const TTest *const[]){a_file_is_replaced, a_link_stays_one,
                                            a_file_keeps_its_mode_and_a_new_one_obeys_the_umask,
                                            what_is_read_is_not_replaced, NULL});
}
