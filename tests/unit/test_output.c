#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output.h"

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

int main(void)
{
    return unit_main("output", (const TTest *const[]){a_file_is_replaced, a_link_stays_one, NULL});
}
