#include "key/plain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* One character as ASCII; what typography made of dashes, quotes and blanks is undone. */
static void put_plain(struct spf_writer *writer, uint32_t c, unsigned *damage)
{
    if (c < 0x80) {
        spf_writer_u8(writer, (uint8_t)c);
    } else if (c == 0xfeff) {
        *damage |= 1u << SPF_DAMAGE_BOM;
    } else if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xff0d) {
        *damage |= 1u << SPF_DAMAGE_HEADER;
        spf_writer_u8(writer, '-');
    } else if (c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x3000) {
        *damage |= 1u << SPF_DAMAGE_WRAPPED;
        spf_writer_u8(writer, ' ');
    } else if ((c >= 0x200b && c <= 0x200f) || c == 0x2060 || c == 0xad) {
        *damage |= 1u << SPF_DAMAGE_WRAPPED; /* invisible */
    } else if (c >= 0x2018 && c <= 0x201f) {
        spf_writer_u8(writer, '"');
    } else if (c == 0x2028 || c == 0x2029 || c == 0x85) {
        *damage |= 1u << SPF_DAMAGE_WRAPPED;
        spf_writer_u8(writer, '\n');
    } else {
        spf_writer_u8(writer, '?');
    }
}

/* The character at *at of UTF-8; an octet of anything else is a replacement character. */
static uint32_t next_utf8(struct spf_bytes text, size_t *at)
{
    uint32_t code = 0xfffd;
    size_t used = spf_utf8_decode((const char *)text.at + *at, text.len - *at, &code);

    *at += used > 0 ? used : 1;
    return used > 0 ? code : 0xfffd;
}

struct spf_secret *spf_key_text_plain(struct spf_bytes file, unsigned *damage)
{
    struct spf_writer writer = spf_writer(file.len);
    int order = spf_utf16_order(file.at, file.len);

    if (order != 0) {
        unsigned ignored = 0; /* the byte order mark belongs to UTF-16 */

        for (size_t i = 0; i + 1 < file.len; i += 2) {
            put_plain(&writer, (uint32_t)file.at[i + (order == 1)] << 8 | file.at[i + (order == 2)],
                      i == 0 ? &ignored : damage);
        }
        *damage |= 1u << SPF_DAMAGE_UTF16;
    } else {
        for (size_t i = 0; i < file.len;) {
            put_plain(&writer, next_utf8(file, &i), damage);
        }
    }
    return spf_writer_take(&writer);
}

static const struct escape {
    const char *text;
    char is;
    const char *kind;
} escapes[] = {
    {"\\r", '\r', "\\n for line breaks, as in JSON"},
    {"\\n", '\n', "\\n for line breaks, as in JSON"},
    {"\\t", '\t', "\\t for tabs, as in JSON"},
    {"\\/", '/', "\\/ for slashes, as in JSON"},
    {"\\\"", '"', "quotes with backslashes"},
    {"\\u002b", '+', "\\u escapes, as in JSON"},
    {"\\u002f", '/', "\\u escapes, as in JSON"},
    {"\\u003d", '=', "\\u escapes, as in JSON"},
    {"\\u000a", '\n', "\\u escapes, as in JSON"},
    {"\\u000d", '\r', "\\u escapes, as in JSON"},
    {"&#43;", '+', "HTML escapes"},
    {"&#x2b;", '+', "HTML escapes"},
    {"&plus;", '+', "HTML escapes"},
    {"&#47;", '/', "HTML escapes"},
    {"&#x2f;", '/', "HTML escapes"},
    {"&sol;", '/', "HTML escapes"},
    {"&#61;", '=', "HTML escapes"},
    {"&#x3d;", '=', "HTML escapes"},
    {"&equals;", '=', "HTML escapes"},
    {"&#45;", '-', "HTML escapes"},
    {"&#x2d;", '-', "HTML escapes"},
    {"&#10;", '\n', "HTML escapes"},
    {"&#xa;", '\n', "HTML escapes"},
    {"&#13;", '\r', "HTML escapes"},
    {"&#xd;", '\r', "HTML escapes"},
    {"&nbsp;", ' ', "HTML escapes"},
    {"&quot;", '"', "HTML escapes"},
    {"<br />", '\n', "HTML line breaks"},
    {"<br/>", '\n', "HTML line breaks"},
    {"<br>", '\n', "HTML line breaks"},
    {"</p>", '\n', "HTML tags"},
    {"<p>", '\n', "HTML tags"},
    {"<pre>", '\n', "HTML tags"},
    {"</pre>", '\n', "HTML tags"},
    {"%0a", '\n', "URL escapes"},
    {"%0d", '\r', "URL escapes"},
    {"%20", ' ', "URL escapes"},
    {"%2b", '+', "URL escapes"},
    {"%2f", '/', "URL escapes"},
    {"%3d", '=', "URL escapes"},
    {"%2d", '-', "URL escapes"},
    {"=3d", '=', "quoted-printable escapes, as in mail"},
};

struct spf_secret *spf_key_text_unescape(struct spf_bytes plain, const char **kind)
{
    struct spf_writer writer = spf_writer(plain.len);

    for (size_t i = 0; i < plain.len;) {
        const struct escape *found = NULL;
        size_t slash = 0;

        if (plain.at[i] != '\0' && strchr("\\&<%=", plain.at[i]) != NULL) {
            /* escaped twice: \\n */
            while (plain.at[i] == '\\' && i + slash + 1 < plain.len &&
                   plain.at[i + slash + 1] == '\\') {
                slash++;
            }
            for (size_t e = 0; found == NULL && e < sizeof escapes / sizeof *escapes; e++) {
                size_t len = strlen(escapes[e].text);

                if (len <= plain.len - i - slash &&
                    strncasecmp((const char *)plain.at + i + slash, escapes[e].text, len) == 0) {
                    found = &escapes[e];
                }
            }
        }
        if (found != NULL) {
            *kind = found->kind;
            spf_writer_u8(&writer, (uint8_t)found->is);
            i += slash + strlen(found->text);
        } else { /* with the whole run of backslashes: each would look at all that follow it */
            spf_writer_raw(&writer, plain.at + i, slash + 1);
            i += slash + 1;
        }
    }
    return spf_writer_take(&writer);
}
