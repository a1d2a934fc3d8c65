#pragma once

#include "base/text.h"
#include "pipeline/check.h"

/* What ssh said of its configuration, taken apart for the remedies. */
enum spf_config_said {
    SPF_SAID_CONTROL_DIR, /* the directory of a ControlPath, which does not exist */
    SPF_SAID_OPEN_FILE, /* others may write to it, or it is somebody else's: ssh reads none of it */
    SPF_SAID_FILE,      /* it has a line that ssh refuses */
    SPF_SAID_LINE,      /* the line's number */
    SPF_SAID_WORD,      /* of an option of the command line: why */
};

/* In out, which is empty; NULL: it said no such thing. */
const char *spf_config_said(const struct spf_view *view, enum spf_config_said what,
                            struct spf_buf *out);
