#include "cloud_fixture.h"
#include "evidence.h"

START_TEST(access)
{
    struct fixture fixture;

    set(&fixture);
    judge(&fixture, spf_judge_cloud_access);
    FOUND(fixture, SPF_NO_FINDING);

    spf_group_settle(
        &fixture.facts.group[SPF_GROUP_INSTANCE],
        &(struct spf_failure){.cause = SPF_PERMISSION_DENIED, .code = "Forbidden.RAM"});
    judge(&fixture, spf_judge_cloud_access);
    FOUND(fixture, SPF_NO_FINDING);

    spf_group_settle(&fixture.facts.group[SPF_GROUP_INSTANCE],
                     &(struct spf_failure){.cause = SPF_ACCESS_KEY_UNKNOWN});
    judge(&fixture, spf_judge_cloud_access);
    ck_assert_int_eq(fixture.opinion.kind, SPF_OPINION_CANNOT_TELL);

    fixture.target.selected = SPF_CHECK_BIT(CLOUD_ACCESS);
    fixture.facts.group[SPF_GROUP_IDENTITY].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_access);
    ck_assert_int_eq(fixture.opinion.kind, SPF_OPINION_WANTS);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(IDENTITY));
    clean(&fixture);
}
END_TEST

START_TEST(states_of_the_instance)
{
    static const struct {
        enum spf_instance_state state;
        enum spf_finding cause;
    } cases[] = {
        {SPF_STATE_RUNNING, SPF_NO_FINDING},         {SPF_STATE_STOPPED, SPF_INSTANCE_STOPPED},
        {SPF_STATE_STARTING, SPF_INSTANCE_STARTING}, {SPF_STATE_PENDING, SPF_INSTANCE_STARTING},
        {SPF_STATE_STOPPING, SPF_INSTANCE_STOPPING}, {SPF_STATE_OTHER, SPF_INSTANCE_STATE_UNKNOWN},
    };
    struct fixture fixture;

    set(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture.facts.instance->state = cases[i].state;
        judge(&fixture, spf_judge_cloud_instance);
        FOUND(fixture, cases[i].cause);
        ck_assert(fixture.opinion.holds);
    }
    fixture.facts.instance->state = SPF_STATE_RUNNING;
    fixture.facts.instance->windows = true;
    judge(&fixture, spf_judge_cloud_instance);
    FOUND(fixture, SPF_INSTANCE_IS_WINDOWS);

    fixture.facts.instance->prepaid = true;
    fixture.facts.instance->expires = 1000;
    fixture.facts.instance->seen = 2000;
    judge(&fixture, spf_judge_cloud_instance);
    FOUND(fixture, SPF_INSTANCE_EXPIRED);
    ck_assert_int_eq(fixture.opinion.status, SPF_WARN);
    fixture.facts.instance->state = SPF_STATE_STOPPED;
    judge(&fixture, spf_judge_cloud_instance);
    ck_assert_int_eq(fixture.opinion.status, SPF_FAIL);

    strcpy(SPF_APPEND(&fixture.facts.instance->locks)->reason, "security");
    judge(&fixture, spf_judge_cloud_instance);
    FOUND(fixture, SPF_INSTANCE_LOCKED);
    ck_assert_str_eq(command(&fixture), "");
    clean(&fixture);
}
END_TEST

START_TEST(where_it_was_not_found)
{
    struct fixture fixture;

    set(&fixture);
    fixture.facts.instance->search = SPF_INSTANCE_NOWHERE;
    fixture.facts.instance->every_region_asked = true;
    judge(&fixture, spf_judge_cloud_instance);
    FOUND(fixture, SPF_INSTANCE_NOT_FOUND);
    ck_assert_int_eq(fixture.opinion.status, SPF_FAIL);
    ck_assert(!fixture.opinion.holds);

    fixture.facts.instance->every_region_asked = false;
    fixture.facts.instance->region_was_given = true;
    strcpy(fixture.facts.instance->region_hint, "cn-beijing");
    judge(&fixture, spf_judge_cloud_instance);
    FOUND(fixture, SPF_INSTANCE_NOT_FOUND);
    ck_assert_int_eq(fixture.opinion.status, SPF_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(fixture.result.summary, "cn-beijing"));
    clean(&fixture);
}
END_TEST

START_TEST(the_address_to_dial)
{
    struct spf_address dialled;
    struct fixture fixture;

    set(&fixture);
    address(&fixture, SPF_CLASS_IPV6, "2001:db8::1");
    ck_assert(spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled));
    ck_assert_int_eq(dialled.class, SPF_CLASS_ELASTIC);
    fixture.target.address = SPF_ADDRESS_IPV6;
    ck_assert(spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled));
    ck_assert_int_eq(dialled.class, SPF_CLASS_IPV6);
    fixture.target.address = SPF_ADDRESS_AUTO;
    fixture.target.family = 6;
    ck_assert(spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled));
    ck_assert_int_eq(dialled.class, SPF_CLASS_IPV6);
    fixture.target.family = 0;
    fixture.target.address = SPF_ADDRESS_PRIVATE;
    ck_assert(spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled));
    ck_assert_int_eq(dialled.class, SPF_CLASS_PRIVATE);
    fixture.target.host = "203.0.113.10";
    ck_assert(spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled));
    ck_assert_int_eq(dialled.class, SPF_CLASS_ELASTIC);
    fixture.target.host = "203.0.113.99";
    ck_assert(!spf_cloud_dial_address(&fixture.target, &fixture.facts, &dialled));
    clean(&fixture);
}
END_TEST

START_TEST(judging_the_address)
{
    struct fixture fixture;

    set(&fixture);
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "address"), "203.0.113.10");

    fixture.target.host = "203.0.113.99";
    fixture.facts.group[SPF_GROUP_GATEWAY].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_address);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(GATEWAY));
    fixture.facts.group[SPF_GROUP_GATEWAY].phase = SPF_PRESENT;
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NOT_OF_INSTANCE);
    fixture.target.host = "10.0.1.11";
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    fixture.target.host = "name.example";
    fixture.facts.group[SPF_GROUP_TCP].phase = SPF_PRESENT;
    strcpy(fixture.facts.tcp->address, "203.0.113.10");
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    strcpy(fixture.facts.tcp->address, "203.0.113.11");
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NOT_OF_INSTANCE);

    fixture.target.host = NULL;
    fixture.facts.instance->addresses.items[0].class = SPF_CLASS_PUBLIC;
    fixture.facts.instance->addresses.items[0].bandwidth = 0;
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NO_BANDWIDTH);

    /* Story 9: only a private address, outside and inside its network. */
    fixture.facts.instance->addresses.items[0] = fixture.facts.instance->addresses.items[1];
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_PRIVATE_ONLY);
    fixture.target.address = SPF_ADDRESS_PUBLIC;
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NONE);
    fixture.target.address = SPF_ADDRESS_AUTO;
    own(&fixture, "10.0.1.5", 24);
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "class"), "private");
    clean(&fixture);
}
END_TEST

START_TEST(security_groups)
{
    struct fixture fixture;

    set(&fixture);
    fixture.facts.group[SPF_GROUP_MEMBERSHIP].phase = SPF_ABSENT;
    judge(&fixture, spf_judge_cloud_security_group);
    ck_assert_uint_eq(fixture.opinion.wants, SPF_GROUP_BIT(MEMBERSHIP));
    fixture.facts.group[SPF_GROUP_MEMBERSHIP].phase = SPF_PRESENT;
    strcpy(SPF_APPEND(&fixture.facts.membership->groups)->id, "sg-1");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_NO_RULE);
    ck_assert_str_eq(command(&fixture),
                     "aliyun ecs AuthorizeSecurityGroup --RegionId cn-hangzhou --SecurityGroupId "
                     "sg-1 --IpProtocol tcp --PortRange 22/22 --SourceCidrIp 203.0.113.7/32 "
                     "--Policy accept --Priority 1");
    fixture.facts.membership->groups.items[0].managed = true;
    judge(&fixture, spf_judge_cloud_security_group);
    ck_assert_str_eq(command(&fixture), "");
    fixture.facts.membership->groups.items[0].managed = false;

    rule(&fixture, SPF_POLICY_ACCEPT, 10, "198.51.100.0/24");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_SOURCE_EXCLUDED);
    ck_assert_str_eq(evidence_text(&fixture.result, "allowed_source"), "198.51.100.0/24");
    ck_assert_uint_eq(evidence_count(&fixture.result, "near_misses"), 1);

    rule(&fixture, SPF_POLICY_ACCEPT, 20, "203.0.113.0/24");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "rule"), "sgr-2");

    rule(&fixture, SPF_POLICY_DROP, 5, "203.0.113.7");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_RULE_DENIES);
    ck_assert_str_eq(evidence_text(&fixture.result, "rule"), "sgr-3");
    ck_assert_uint_eq(evidence_count(&fixture.result, "trace"), 2);
    ck_assert_ptr_nonnull(strstr(command(&fixture), "--Policy accept --Priority 4"));

    /* A new Accept never beats a priority-1 Drop: the remedy is about the Drop. */
    fixture.facts.rules->rules.items[2].priority = 1;
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_RULE_DENIES);
    ck_assert_ptr_nonnull(strstr(command(&fixture),
                                 "ModifySecurityGroupRule --RegionId cn-hangzhou "
                                 "--SecurityGroupId sg-1 --SecurityGroupRuleId "
                                 "sgr-3 --Priority 2"));
    /* Two of them: no single command helps. */
    rule(&fixture, SPF_POLICY_DROP, 1, "203.0.0.0/16");
    judge(&fixture, spf_judge_cloud_security_group);
    FOUND(fixture, SPF_SG_RULE_DENIES);
    ck_assert_str_eq(command(&fixture), "");
    clean(&fixture);
}
END_TEST

START_TEST(behind_a_nat_gateway)
{
    static const struct {
        const char *ports, *inside_ports, *protocol, *inside;
        int port; /* where it comes out; 0: nowhere */
    } cases[] = {
        {"22", "2222", "tcp", "10.0.1.11", 2222},
        {"22", "22", "TCP", "10.0.1.11", 22},
        {"20/30", "120/130", "tcp", "10.0.1.11", 122},
        {"any", "any", "any", "10.0.1.11", 22},
        {"23", "22", "tcp", "10.0.1.11", 0},
        {"22", "22", "udp", "10.0.1.11", 0},
        {"22", "22", "tcp", "10.0.1.99", 0},
        {"22", "x", "tcp", "10.0.1.11", 0},
        {"", "", "", "", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_forward *forward;
        struct fixture fixture;
        uint16_t port = 0;

        set(&fixture);
        fixture.target.host = "203.0.113.99";
        fixture.facts.group[SPF_GROUP_GATEWAY].phase = SPF_PRESENT;
        forward = SPF_APPEND(&fixture.facts.gateway->forwards);
        strcpy(forward->ports, cases[i].ports);
        strcpy(forward->inside_ports, cases[i].inside_ports);
        strcpy(forward->protocol, cases[i].protocol);
        (void)spf_ip_parse(cases[i].inside, &forward->inside);
        ck_assert_msg((spf_cloud_forward(&fixture.target, &fixture.facts, &port) != NULL) ==
                          (cases[i].port != 0),
                      "case %zu", i);
        if (cases[i].port != 0) {
            ck_assert_int_eq(port, cases[i].port);
        }
        judge(&fixture, spf_judge_cloud_address);
        FOUND(fixture, cases[i].port != 0 ? SPF_NO_FINDING : SPF_ADDRESS_NOT_OF_INSTANCE);
        clean(&fixture);
    }
}
END_TEST

START_TEST(the_way_from_the_internet)
{
    struct spf_gateway_facts *gateway;
    struct fixture fixture;

    set(&fixture);
    gateway = fixture.facts.gateway;
    fixture.facts.group[SPF_GROUP_GATEWAY].phase = SPF_PRESENT;
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    gateway->gateway_mode = true;
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NO_ROUTE);
    strcpy(gateway->gateway, "ipv4gw-1"); /* and no word about routes: nothing is guessed */
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    gateway->routes_known = true;
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NO_ROUTE);
    strcpy(gateway->default_hop, "NatGateway");
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_NO_ROUTE);
    strcpy(gateway->default_hop, "Ipv4Gateway");
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_NO_FINDING);
    strcpy(gateway->lock, "financial");
    judge(&fixture, spf_judge_cloud_address);
    FOUND(fixture, SPF_ADDRESS_LOCKED);
    clean(&fixture);
}
END_TEST

/* Without the permission the way is not looked at; what could not be asked is no pass. */
START_TEST(the_way_that_could_not_be_asked)
{
    static const struct {
        enum spf_finding cause;
        bool passes;
    } cases[] = {
        {SPF_PERMISSION_DENIED, true}, {SPF_NOT_RECORDED, true},       {SPF_SYSTEM_ERROR, false},
        {SPF_API_THROTTLED, false},    {SPF_API_UNREACHABLE, false},   {SPF_API_ERROR, false},
        {SPF_TOKEN_EXPIRED, false},    {SPF_API_REPLY_INVALID, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture fixture;

        set(&fixture);
        spf_group_settle(&fixture.facts.group[SPF_GROUP_GATEWAY],
                         &(struct spf_failure){.cause = cases[i].cause});
        judge(&fixture, spf_judge_cloud_address);
        if (cases[i].passes) {
            FOUND(fixture, SPF_NO_FINDING);
        } else {
            ck_assert_int_eq(fixture.opinion.kind, SPF_OPINION_CANNOT_TELL);
            ck_assert_int_eq(fixture.opinion.finding, cases[i].cause);
            ck_assert(fixture.opinion.holds);
        }
        clean(&fixture);
    }
}
END_TEST

/* The rules see the jump host; what this machine's own address is does not matter. */
START_TEST(network_acl)
{
    struct spf_acl_entry *entry;
    struct fixture fixture;

    set(&fixture);
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_NO_FINDING);
    fixture.facts.network_acl->bound = true;
    strcpy(fixture.facts.network_acl->id, "nacl-1");
    spf_block_set(&fixture.facts.network_acl->vswitch_cidr, "10.0.1.0/24");
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_ACL_DENIES_INBOUND);
    entry = SPF_APPEND(&fixture.facts.network_acl->ingress);
    *entry = acl_entry("22/22", "203.0.113.0/24");
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_ACL_DENIES_RETURN);
    ck_assert_int_eq(fixture.opinion.status, SPF_FAIL);
    entry = SPF_APPEND(&fixture.facts.network_acl->egress);
    *entry = acl_entry("1024/40000", "0.0.0.0/0");
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_ACL_DENIES_RETURN);
    ck_assert_int_eq(fixture.opinion.status, SPF_WARN);
    /* the ports of this kernel count only where it is this machine's address that is seen */
    spf_ports_set(&entry->ports, "32768/60999");
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_ACL_DENIES_RETURN);
    ck_assert_int_eq(fixture.opinion.status, SPF_WARN);
    own(&fixture, "203.0.113.7", 24);
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_NO_FINDING);
    fixture.target.jump = "bastion";
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_ACL_DENIES_RETURN);
    fixture.target.jump = NULL;
    fixture.facts.local_environment->own.count--;
    spf_ports_set(&entry->ports, "1024/65535");
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_NO_FINDING);
    fixture.target.source_ip = (struct spf_ip){0};
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_ACL_SOURCE_UNKNOWN);
    spf_block_set(&fixture.facts.network_acl->ingress.items[0].cidr, "0.0.0.0/0");
    judge(&fixture, spf_judge_cloud_network_acl);
    FOUND(fixture, SPF_NO_FINDING);
    clean(&fixture);
}
END_TEST

START_TEST(key_pair)
{
    struct spf_key_pair_facts *pair;
    struct spf_key_facts *key;
    struct fixture fixture;

    set(&fixture);
    pair = fixture.facts.key_pair;
    key = fixture.facts.key;
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_NONE);
    pair->bound = true;
    strcpy(pair->name, "lab-key");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_DELETED);
    pair->found = true;
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_UNPROVEN);
    ck_assert_str_eq(evidence_text(&fixture.result, "match"), "name-only");

    strcpy(key->md5, "MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff");
    strcpy(pair->fingerprint, "00112233445566778899AABBCCDDEEFF");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "match"), "fingerprint");
    /* Twenty octets are no MD5: not "different". */
    strcat(pair->fingerprint, "00112233");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_UNPROVEN);

    key->public_blob = strdup("AAAAB3NzaC1yc2E=");
    /* sha1sum of that blob */
    strcpy(pair->fingerprint, "d6:66:7c:d8:89:b4:81:5d:d5:89:ca:2a:cd:d8:a8:dc:88:87:9b:7d");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "match"), "fingerprint");
    /* The same key, and what `openssl pkey -pubout -outform DER | sha1sum` says of it. */
    free(key->public_blob);
    key->public_blob = strdup(
        "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDX62V0lq2JUwyxRBrGVDG8eZ3JkClWlY+OjtYQ4gq0kvITrrjshu3Qk9l8mJ"
        "hn1XsFX60XJUEWaXxbLZs9ds1PP5S2T5u1SlU0mmRHubTf6xl65D4ZPACG9L8D4XgrsARhdj+oiMF/mp0jRWRK+13C"
        "CXDFbWfCoTgFz949SI3qUw==");
    strcpy(pair->fingerprint, "ae:df:75:50:ec:cf:90:a9:d4:e4:bc:28:6c:f6:d4:9e:a7:de:1b:43");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "match"), "fingerprint");
    strcpy(pair->fingerprint, "1f445a9696b871f82a9da8a0ec044cbc65dfd3f9");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_NO_FINDING);
    strcpy(pair->fingerprint, "1f445a9696b871f82a9da8a0ec044cbc65dfd3f8");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_UNPROVEN);

    free(key->public_blob);
    key->public_blob = strdup("AAAAB3NzaC1yc2E=");
    pair->public_key = strdup("ssh-rsa AAAAB3NzaC1yc2E comment");
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_NO_FINDING);
    ck_assert_str_eq(evidence_text(&fixture.result, "match"), "proved");
    pair->public_key[10] = 'C';
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_KEY_PAIR_DIFFERENT);

    fixture.target.key_path = NULL;
    judge(&fixture, spf_judge_cloud_key_pair);
    FOUND(fixture, SPF_NO_FINDING);
    clean(&fixture);
}
END_TEST

int main(void)
{
    return unit_main(
        "cloud_judges",
        (const TTest *const[]){access, states_of_the_instance, where_it_was_not_found,
                               the_address_to_dial, judging_the_address, security_groups,
                               behind_a_nat_gateway, the_way_from_the_internet,
                               the_way_that_could_not_be_asked, network_acl, key_pair, NULL});
}
