#include "report/markup.h"

/* Neither takes control bytes; clean text has none. */
void spf_add_markup(struct spf_buf *buf, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            spf_buf_addstr(buf, "&amp;");
            break;
        case '<':
            spf_buf_addstr(buf, "&lt;");
            break;
        case '>':
            spf_buf_addstr(buf, "&gt;");
            break;
        case '"':
            spf_buf_addstr(buf, "&quot;");
            break;
        case '\n':
            spf_buf_addstr(buf, "&#10;");
            break;
        default:
            spf_buf_addch(buf, *text);
            break;
        }
    }
}
