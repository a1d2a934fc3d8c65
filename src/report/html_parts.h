#pragma once

#include "report/report.h"

extern const char spf_html_style[]; /* the style sheet (html_style.c) */

/* The way from this machine to a shell, as a list of stations that a style sheet draws (way.c). */
void spf_html_way(struct spf_buf *buf, const struct spf_run *run, const struct spf_diagnosis *d);

/* Of several targets: how many, their groups and a filter (html_fleet.c). */
void spf_html_fleet(struct spf_buf *buf, const struct spf_report *report);
/* What of the style sheet is for that; it wants a target's verdict and cause among its classes. */
void spf_html_fleet_style(struct spf_buf *buf, const struct spf_report *report);
