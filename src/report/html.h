#ifndef SPF_REPORT_HTML_H
#define SPF_REPORT_HTML_H

#include "report/report.h"

extern const char spf_html_style[]; /* the style sheet (html_style.c) */

/* The way from this machine to a shell, as a list of stations that a style sheet draws (way.c). */
void spf_html_way(struct spf_buf *buf, const struct spf_run *run, const struct spf_diagnosis *d);

/* <span class="mark fail">✗ fail</span> */
void spf_html_mark(struct spf_buf *buf, const char *status);

#endif
