#pragma once

#include <stddef.h>

/* Where the texts of a translation are, and which a person reads, where files and environment do
 * not say: see base/language.h. */

/* A .mo file that is in the program itself, static, and its size in bytes; NULL: there is none. */
const void *spf_texts_inside(size_t *size);

/* The locale ("zh_CN") of what the system shows this user; static. NULL: the environment alone
 * tells. */
const char *spf_texts_locale(void);
