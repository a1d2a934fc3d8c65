#include <fnmatch.h>

#include "credentials_fixture.h"
#include "replies_run.h"

/*
 * Whatever a member of a reply becomes, the verdict is the same or unknown. Each reply that a run
 * of a world gets is spoilt at each of its members in turn: the member is absent, null, of another
 * type, empty, out of range, or holds control bytes. No check then passes that did not pass, and
 * none gives a certain cause that it did not give, but where the API's own meaning of the member
 * says so: those are listed, with the reason.
 */

/* ---- what a member becomes ----------------------------------------------------------------- */

static const char *const spoils[] = {
    NULL, /* absent */
    "null",
    "{}",
    "[]",
    "\"\"",
    "\"x\"",
    "5",
    "-1",
    "99999999999999999999",
    "0.5",
    "true",
    "[null]",
    "{\"x\":1}",
    "\"\\u001b[31mx\\r\\n\\u0007\"",
    "\"\\u0000\"",
};
#define SPOILS (sizeof spoils / sizeof *spoils)

static const char *spoil_name(size_t i)
{
    return spoils[i] != NULL ? spoils[i] : "absent";
}

#define BIT(spoil) (1u << (spoil))
#define NONE       (BIT(0) | BIT(1))         /* absent, null */
#define NO_TEXT    (NONE | BIT(4))           /* or "" */
#define NO_OBJECT  (NONE | BIT(2) | BIT(12)) /* or an object without the member that matters */
#define NO_ITEMS   BIT(3)
#define OTHER_WORD (BIT(5) | BIT(13))
#define FIVE       BIT(6)

/* Where the API's own meaning of a member makes another verdict the right one. */
static const struct meaning {
    const char *path; /* fnmatch(3) */
    unsigned spoils;
} meanings[] = {
    {"*.[0-9]", BIT(0)}, /* one fewer of them */
    /* lists that may be empty */
    {"Instances.Instance", NO_ITEMS},
    {"*.NetworkInterfaces.NetworkInterface", NO_ITEMS},
    {"EipAddresses.EipAddress", NO_ITEMS},
    {"RouteEntrys.RouteEntry", NO_ITEMS},
    {"Permissions.Permission", NO_ITEMS},
    {"*.IngressAclEntry", NO_ITEMS},
    {"*.EgressAclEntry", NO_ITEMS},
    {"*.OperationLocks.LockReason", NONE | NO_ITEMS},
    {"*.PublicIpAddress.IpAddress", NONE | NO_ITEMS},
    {"*.Ipv6Sets.Ipv6Set", NONE | NO_ITEMS},
    /* what an instance, an address, a VPC or a vSwitch may be without */
    {"*.OperationLocks", NO_OBJECT},
    {"*.PublicIpAddress", NO_OBJECT},
    {"*.EipAddress", NO_OBJECT},
    {"*.EipAddress.IpAddress", NO_TEXT},
    {"*.Ipv6Sets", NO_OBJECT},
    {"*.Ipv6InternetBandwidth", NO_OBJECT},
    {"*.Ipv6InternetBandwidth.Bandwidth", NONE},
    {"*.KeyPairName", NO_TEXT},
    {"*.InstanceChargeType", NO_TEXT}, /* of an instance that is not subscribed */
    {"*.OSType", NO_TEXT},
    {"*.NicType", NO_TEXT}, /* then it is about both networks */
    {"NetworkAclId", NO_TEXT},
    {"Ipv4GatewayId", NO_TEXT},
    {"SupportIpv4Gateway", NONE},
    /* another one of its kind, as good as the one that was there */
    {"*.InstanceName", NO_TEXT | OTHER_WORD},
    {"*.InternetMaxBandwidthOut", FIVE},
    {"*.Priority", FIVE},
    {"*.IpProtocol", FIVE}, /* a protocol's number */
    {"*.Protocol", FIVE},
    {"*.NextHopType", OTHER_WORD},
    {"*.SecurityGroupId.0", OTHER_WORD},
    {"*.Ipv6AddressId", OTHER_WORD},
    {"Ipv6EgressOnlyRules.*.InstanceId", OTHER_WORD},
};

static bool is_meant(const char *path, size_t spoil)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (fnmatch(meanings[i].path, path, 0) == 0 && meanings[i].spoils & BIT(spoil)) {
            return true;
        }
    }
    return false;
}

static unsigned cases, faults;

static void compare(const struct world *world, const char *path, size_t spoil,
                    const struct verdict *before)
{
    struct json_object *names = read_names;
    struct verdict now;

    read_names = NULL;
    now = judged(world);
    read_names = names;
    cases++;
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if ((now.status[i] == before->status[i] && now.finding[i] == before->finding[i]) ||
            now.status[i] == SPF_UNKNOWN || now.status[i] == SPF_SKIP || is_meant(path, spoil)) {
            continue;
        }
        faults++;
        fprintf(stderr, "%s: %s %s %s: %s was %s %s, is %s %s\n", world->name, spoilt_reply, path,
                spoil_name(spoil), spf_check_table[i].id, spf_status_name(before->status[i]),
                spf_findings[before->finding[i]].id, spf_status_name(now.status[i]),
                spf_findings[now.finding[i]].id);
    }
    if (!is_meant(path, spoil) && ((now.without_cloud_init && !before->without_cloud_init) ||
                                   (now.as_non_root && !before->as_non_root) ||
                                   (now.session_manager && !before->session_manager))) {
        faults++;
        fprintf(stderr, "%s: %s %s %s: invents what the image or the agent can\n", world->name,
                spoilt_reply, path, spoil_name(spoil));
    }
}

static void spoil_at(const struct world *world, const char *path, const struct verdict *before)
{
    for (size_t i = 0; i < SPOILS; i++) {
        struct json_object *copy = NULL;
        const char *text;

        ck_assert_int_eq(json_object_deep_copy(spf_json_get(replies, spoilt_reply), &copy, NULL),
                         0);
        put_at(copy, path, spoils[i] != NULL ? json_tokener_parse(spoils[i]) : NULL,
               spoils[i] == NULL);
        text = json_object_to_json_string_ext(copy, JSON_C_TO_STRING_PLAIN);
        spoilt_body = spf_json_parse(text, strlen(text));
        compare(world, path, i, before);
        json_object_put(spoilt_body);
        json_object_put(copy);
    }
}

static void spoil_below(const struct world *world, struct json_object *json, const char *path,
                        const struct verdict *before)
{
    char below[400];

    if (json_object_is_type(json, json_type_object)) {
        json_object_object_foreach(json, name, member)
        {
            (void)snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", name);
            if (is_read(name)) {
                spoil_at(world, below, before);
                spoil_below(world, member, below, before);
            }
        }
    }
    for (size_t i = 0; i < spf_json_count(json); i++) {
        (void)snprintf(below, sizeof below, "%s.%zu", path, i);
        spoil_at(world, below, before);
        spoil_below(world, spf_json_item(json, i), below, before);
    }
}

/* One of several patterns with | between them. */
static bool is_spoiled(const struct world *world, const char *name)
{
    char patterns[100];
    char *rest = patterns;
    const char *pattern;

    (void)snprintf(patterns, sizeof patterns, "%s", world->spoiled != NULL ? world->spoiled : "*");
    while ((pattern = strsep(&rest, "|")) != NULL) {
        if (fnmatch(pattern, name, 0) == 0) {
            return true;
        }
    }
    return false;
}

static bool says(const struct verdict *verdict, enum spf_finding finding)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if (verdict->finding[i] == finding) {
            return true;
        }
    }
    return false;
}

START_TEST(a_spoilt_member_makes_the_same_verdict_or_none)
{
    const struct world *world = &worlds[_i];
    struct json_object *given;
    struct json_object *names;
    struct verdict before;

    begin(world);
    given = asked = json_object_new_object();
    names = read_names = json_object_new_object();
    before = judged(world);
    ck_assert_msg(world->is == SPF_NO_FINDING || says(&before, world->is),
                  "%s is not what it is called", world->name);
    asked = json_object_new_object();
    json_object_object_foreach(given, name, nothing)
    {
        (void)nothing;
        if (!is_spoiled(world, name)) {
            continue;
        }
        spoilt_reply = name;
        spoil_below(world, spf_json_get(replies, name), "", &before);
    }
    read_names = NULL;
    json_object_put(names);
    json_object_put(given);
    spoilt_reply = NULL; /* it was a name in given */
    json_object_put(asked);
    json_object_put(replies);
    ck_assert_uint_gt(cases, 0);
    ck_assert_uint_eq(faults, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cloud_replies");
    TCase *tcase = unit_case(suite, "cloud_replies");

    forget_environment();
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tLabCanaryId0001", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "LabCanarySecretAk000000000001x", 1);
    tcase_add_loop_test(tcase, a_spoilt_member_makes_the_same_verdict_or_none, 0, (int)WORLDS);
    return unit_run(suite);
}
