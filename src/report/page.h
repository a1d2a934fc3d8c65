#pragma once

#include "pipeline/finding.h"
#include "pipeline/slots.h"
#include "report/report.h"

/*
 * A page of text for people: words wrap at the style's width under a hanging indent, colours take
 * no room, and what the terminal could not show is escaped. Everything goes through here, so that a
 * name from the cloud can neither break the layout nor reach the terminal as a control sequence.
 */
enum spf_ink {
    SPF_INK_PLAIN,
    SPF_INK_BOLD,
    SPF_INK_DIM,
    SPF_INK_GREEN,
    SPF_INK_YELLOW,
    SPF_INK_RED,
    SPF_INK_CYAN,
};

struct spf_page {
    struct spf_buf *buf; /* borrowed */
    const struct spf_style *style;
    unsigned column; /* where the next character goes, from 0 */
    unsigned indent; /* where wrapped lines begin */
};

/* Writes one text without a break inside it. */
void spf_page_put(struct spf_page *page, enum spf_ink ink, const char *text);
/* Writes a text that may wrap between its words, also before the first one if it begins with a
 * space. */
void spf_page_flow(struct spf_page *page, enum spf_ink ink, const char *text);
/* Ends the line; a line that is already empty stays. */
void spf_page_line(struct spf_page *page);
/* Fills up with spaces to the column; one space where the line is longer already. */
void spf_page_tab(struct spf_page *page, unsigned column);
/* How many bytes of a clean text fit into so many columns. */
size_t spf_page_fit(const char *text, unsigned columns);
/* Whether width columns more fit on this line. */
bool spf_page_fits(const struct spf_page *page, unsigned width);
/* Columns that the text takes. */
unsigned spf_page_width(const struct spf_page *page, const char *text);

const char *spf_symbol(enum spf_status status, const struct spf_style *style);
enum spf_ink spf_status_ink(enum spf_status status);
