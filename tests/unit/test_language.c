#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "unit.h"

/* The texts of a .mo file: found, and refused where the file is not whole. */
struct file {
    uint32_t magic, revision, count, originals, translations;
    struct {
        uint32_t len, offset;
    } original[3], translation[3];
    char texts[40];
};

static struct file small(void)
{
    static const char texts[] = "\0key\0login\0HEADER\0schluessel\0anmeldung";
    struct file file = {
        0x950412de, 0,     3, offsetof(struct file, original), offsetof(struct file, translation),
        {{0}},      {{0}}, ""};
    const uint32_t at = offsetof(struct file, texts);

    memcpy(file.texts, texts, sizeof texts);
    file.original[0].offset = at;
    file.original[1].len = 3;
    file.original[1].offset = at + 1;
    file.original[2].len = 5;
    file.original[2].offset = at + 5;
    file.translation[0].len = 6;
    file.translation[0].offset = at + 11;
    file.translation[1].len = 10;
    file.translation[1].offset = at + 18;
    file.translation[2].len = 9;
    file.translation[2].offset = at + 29;
    return file;
}

START_TEST(texts_are_found)
{
    static struct file file;

    file = small();
    ck_assert(spf_language_take(&file, sizeof file));
    ck_assert(spf_language_is_foreign());
    ck_assert_str_eq(spf_tr("key"), "schluessel");
    ck_assert_str_eq(spf_tr("login"), "anmeldung");
    ck_assert_str_eq(spf_tr("a"), "a");
    ck_assert_str_eq(spf_tr("l"), "l");
    ck_assert_str_eq(spf_tr("zzz"), "zzz");
    ck_assert_str_eq(spf_tr(""), "");
}
END_TEST

START_TEST(files_that_are_not_whole)
{
    struct file file = small();
    char copy[sizeof file];

    for (size_t size = 0; size < offsetof(struct file, texts) + 39; size++) {
        memcpy(copy, &file, sizeof copy);
        ck_assert_msg(!spf_language_take(copy, size), "%zu bytes", size);
    }
    for (size_t at = 0; at + 4 <= offsetof(struct file, texts); at += 4) {
        if (at == offsetof(struct file, revision)) {
            continue; /* its low half may be any */
        }
        memcpy(copy, &file, sizeof copy);
        memset(copy + at, 0xff, 4);
        ck_assert_msg(!spf_language_take(copy, sizeof copy), "at %zu", at);
    }
    file.count = 0;
    ck_assert(!spf_language_take(&file, sizeof file));
    file = small();
    file.original[1].len = 4; /* ends within the next text */
    ck_assert(!spf_language_take(&file, sizeof file));
}
END_TEST

/* What a system shows its user counts where the environment has no locale. */
START_TEST(whose_locale_counts)
{
    static struct file file;

    file = small();
    ck_assert_int_eq(unsetenv("LC_ALL") | unsetenv("LC_MESSAGES") | unsetenv("LANG"), 0);
    ck_assert(spf_language_take(&file, sizeof file));
    ck_assert(spf_language_set(NULL, "zh_Hans_CN.UTF-8"));
    ck_assert(spf_language_is_foreign());
    ck_assert(spf_language_set(NULL, NULL));
    ck_assert(!spf_language_is_foreign());
    ck_assert(spf_language_take(&file, sizeof file));
    ck_assert(spf_language_set("en", "zh_CN.UTF-8"));
    ck_assert(!spf_language_is_foreign());
    ck_assert(spf_language_take(&file, sizeof file));
    ck_assert_int_eq(setenv("LANG", "C.UTF-8", 1), 0);
    ck_assert(spf_language_set(NULL, "zh_CN.UTF-8"));
    ck_assert(!spf_language_is_foreign());
    ck_assert(spf_language_take(&file, sizeof file));
    ck_assert_int_eq(setenv("LANG", "zh_CN.UTF-8", 1), 0);
    ck_assert(spf_language_set(NULL, "en_US"));
    ck_assert(spf_language_is_foreign());
}
END_TEST

int main(void)
{
    return unit_main("language", (const TTest *const[]){files_that_are_not_whole, texts_are_found,
                                                        whose_locale_counts, NULL});
}
