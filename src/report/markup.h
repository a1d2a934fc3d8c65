#ifndef SPF_REPORT_MARKUP_H
#define SPF_REPORT_MARKUP_H

#include "base/text.h"

/* A text of XML or HTML, or an attribute's value in double quotes. */
void spf_add_markup(struct spf_buf *buf, const char *text);

#endif
