#include "login/ending.h"

#include <string.h>

#include "base/json_build.h"

static struct json_object *number(int64_t value)
{
    return spf_json_integer(value);
}

/* The same number of bytes ended every connection, so it is not the size of the packets. */
static struct spf_opinion judge_cut(const struct spf_view *view, struct spf_result *result,
                                    const struct spf_path_mtu *path)
{
    spf_note_number(result, "cut_after", path->cut_after);
    spf_say(result,
            "the connection to %s stands still after about %lld bytes from us, and so do new ones, "
            "whatever size the packets have: ssh hangs",
            view->facts->tcp->address, (long long)path->cut_after);
    return spf_concludes(SPF_FLOW_CUT);
}

bool spf_path_judge(const struct spf_view *view, struct spf_result *result,
                    const struct spf_ending *ending, struct spf_opinion *opinion)
{
    const struct spf_path_mtu *path = &ending->path;
    const int64_t headers =
        view->facts->tcp->address[0] != '\0' && strchr(view->facts->tcp->address, ':') != NULL ? 60
                                                                                               : 40;
    struct json_object *list;

    if (path->outcome == SPF_PATH_CUT) {
        *opinion = judge_cut(view, result, path);
        return true;
    }
    if (path->outcome != SPF_PATH_LIMITED || (list = spf_json_object()) == NULL) {
        return false;
    }
    spf_json_add(list, "passes", number(path->passes));
    spf_json_add(list, "fails", number(path->fails));
    spf_json_add(list, "direction", spf_clean_json(path->inwards ? "to us" : "from us"));
    spf_json_add(list, "connections", number(path->probes));
    spf_note_json(result, "path_mtu", list);
    spf_note_number(result, "mtu", path->passes);
    spf_note_number(result, "mss", path->passes - headers);
    spf_note_text(result, "interface", path->interface[0] != '\0' ? path->interface : NULL);
    if (path->inwards) {
        spf_say(result,
                "packets of %lld bytes from %s to us do not arrive, those of %lld bytes do, and "
                "nothing on the way says so: ssh hangs",
                (long long)path->fails, view->facts->tcp->address, (long long)path->passes);
    } else {
        spf_say(
            result,
            "packets of more than %lld bytes do not pass to %s, and nothing on the way says so: "
            "ssh hangs",
            (long long)path->passes, view->facts->tcp->address);
    }
    *opinion = spf_concludes(SPF_PATH_MTU);
    return true;
}
