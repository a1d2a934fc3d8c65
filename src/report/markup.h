#pragma once

#include "base/text.h"

/* A text of XML or HTML, or an attribute's value in double quotes. */
void spf_add_markup(struct spf_buf *buf, const char *text);
