#include "login/conversation.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/shortage.h"
#include "base/text.h"
#include "login/agent_signing.h"
#include "login/conversation_parts.h"
#include "login/echo.h"
#include "login/ending.h"
#include "login/jump.h"
#include "login/link.h"
#include "login/offers.h"
#include "net/dial.h"
#include "net/flow.h"
#include "net/listen.h"
#include "openssh/known_hosts_judge.h"

#define OUTPUT_AGAIN_MS 50

static void ready(struct spf_watch *watch, short revents);
static void give_up(struct spf_conversation *talk, bool without_end);

struct spf_conversation *spf_conversation_new(struct spf_inquiry *inquiry, bool handshake_expected)
{
    struct spf_conversation *talk = calloc(1, sizeof *talk);

    if (talk == NULL) {
        return NULL;
    }
    talk->inquiry = inquiry;
    talk->handshake_expected = handshake_expected;
    talk->step = SPF_GROUP_COUNT;
    talk->fd = -1;
    talk->watch = (struct spf_watch){.fd = -1, .ready = ready, .owner = talk};
    return talk;
}

void spf_conversation_free(struct spf_conversation *talk)
{
    if (talk == NULL) {
        return;
    }
    spf_dial_free(talk->dial);
    spf_conversation_abandon_known_hosts(talk);
    spf_path_probe_free(talk->probe);
    spf_loop_remove(talk->inquiry->loop, &talk->watch);
    spf_agent_signing_free(talk->signing);
    free(talk->echo);
    spf_link_free(talk->link);
    if (talk->fd >= 0) {
        (void)close(talk->fd);
    }
    spf_jump_free(talk->jump);
    free(talk);
}

static void dialled(void *owner, int fd, const struct spf_failure *failure)
{
    struct spf_conversation *talk = owner;

    spf_dial_free(talk->dial);
    talk->dial = NULL;
    talk->fd = talk->watch.fd = fd;
    spf_conversation_arrive(talk, failure);
}

/* Through jump hosts, or by a ProxyCommand. */
static void go_through(struct spf_conversation *talk, const char *host)
{
    struct spf_inquiry *inquiry = talk->inquiry;
    const struct spf_target *target = inquiry->target;
    const struct spf_ssh_config_facts *config =
        target->ssh_config != NULL ? inquiry->facts->ssh_config : NULL;

    if (target->jump != NULL && spf_jump_refuses(target, config, host, inquiry->facts->tcp)) {
        spf_conversation_arrive(talk, NULL);
        return;
    }
    if (target->jump == NULL && target->ssh_config != NULL &&
        inquiry->facts->ssh_config->proxy_passes_descriptor) {
        const struct spf_failure failure =
            spf_failure(SPF_SSH_CONFIG_UNUSABLE,
                        "the ssh configuration has ProxyUseFdpass, which is not supported here");

        spf_conversation_arrive(talk, &failure);
        return;
    }
    talk->jump = spf_jump_new(inquiry, host, dialled, talk);
    if (talk->jump == NULL) {
        const struct spf_failure failure =
            spf_failure(SPF_SYSTEM_ERROR, "%s: %s",
                        target->jump != NULL ? "ssh cannot be run, which a jump host needs"
                                             : "the ProxyCommand cannot be run",
                        strerror(errno));

        spf_conversation_arrive(talk, &failure);
    }
}

static void dial(struct spf_conversation *talk)
{
    struct spf_inquiry *inquiry = talk->inquiry;
    const struct spf_target *target = inquiry->target;
    struct spf_destination destination = {.port = target->port, .timeout_ms = target->timeout_ms};
    char host[300];

    if (!spf_conversation_host(talk, host, sizeof host)) {
        spf_conversation_arrive_failed(talk, "no address to dial");
        return;
    }
    if (target->ssh_config != NULL && inquiry->facts->ssh_config->unhonoured[0] != '\0') {
        const struct spf_failure failure = spf_failure(
            SPF_SSH_CONFIG_UNUSABLE, "the ssh configuration has %s, which is not supported here",
            inquiry->facts->ssh_config->unhonoured);

        spf_conversation_arrive(talk, &failure);
        return;
    }
    if (target->ssh_config != NULL && inquiry->facts->ssh_config->refusal[0] != '\0') {
        const struct spf_failure failure =
            spf_failure(SPF_SSH_CONFIG_UNUSABLE, "ssh itself ends with the configuration's %s",
                        inquiry->facts->ssh_config->refusal);

        spf_conversation_arrive(talk, &failure);
        return;
    }
    if (spf_target_is_proxied(target)) {
        go_through(talk, host);
        return;
    }
    destination.host = host;
    destination.pace = inquiry->login != NULL ? inquiry->login->pace : NULL;
    destination.family = target->host != NULL ? target->family : 0;
    talk->dial = spf_dial_new(inquiry->loop, &destination, inquiry->facts->tcp, dialled, talk);
    if (talk->dial == NULL) {
        spf_conversation_arrive_failed(talk, "no memory to connect");
    } else if (talk->silence_expected) {
        spf_dial_expect_silence(talk->dial);
    }
    if (talk->handshake_expected) {
        talk->link = spf_link_new(target->user, inquiry->login); /* while the SYN is away */
    }
}

void spf_conversation_expect_silence(struct spf_conversation *talk)
{
    talk->silence_expected = true;
    if (talk->dial != NULL) {
        spf_dial_expect_silence(talk->dial);
    }
}

static void greeting_decided(struct spf_conversation *talk)
{
    struct spf_identification_facts *said = talk->inquiry->facts->identification;

    said->elapsed_ms = spf_now_ms() - talk->step_ms;
    if (talk->jump != NULL && said->outcome != SPF_IDENTIFIED &&
        said->outcome != SPF_IDENTIFICATION_SILENT) {
        spf_jump_last_words(talk->jump, said->proxy_says, sizeof said->proxy_says);
    }
    spf_conversation_arrive(talk, NULL);
}

/* The step looks again after this time, whatever comes. */
static void look_again_after(struct spf_conversation *talk, int64_t ms)
{
    const int64_t due_ms = spf_now_ms() + ms;

    if (talk->watch.due_ms <= due_ms) {
        return;
    }
    talk->watch.due_ms = due_ms;
    spf_loop_update(talk->inquiry->loop, &talk->watch);
}

static void listen_to_greeting(struct spf_conversation *talk, bool woken)
{
    bool again;
    short events;

    if (spf_listen(&talk->listener, woken)) {
        greeting_decided(talk);
        return;
    }
    events = spf_listen_events(&talk->listener, &again);
    spf_conversation_wait(talk, events);
    if (again) {
        look_again_after(talk, SPF_LISTEN_AGAIN_MS);
    }
}

/*
 * Our identification goes out at once, as ssh's does, without waiting for the server's: the round
 * trip is saved, and a server of another kind gives itself away by its answer.
 */
static void greet(struct spf_conversation *talk)
{
    struct spf_inquiry *inquiry = talk->inquiry;
    const char *text;
    size_t len;

    if (talk->link == NULL) {
        talk->link = spf_link_new(inquiry->target->user, inquiry->login);
    }
    if (talk->link == NULL) {
        spf_conversation_arrive_failed(
            talk, spf_link_captures() ? "the SSH library could not be started"
                                      : "this libssh was built without packet captures "
                                        "(WITH_PCAP), and what a server says would be missed");
        return;
    }
    text = spf_link_identification(talk->link, &len);
    if (send(talk->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
        spf_errno_is_shortage(errno)) {
        spf_conversation_arrive_failed(talk, "no memory to identify ourselves");
        return;
    } /* any other failure shows when we listen */
    spf_listener_init(&talk->listener, talk->fd, inquiry->facts->identification);
    listen_to_greeting(talk, false);
}

/* ssh gives up when the server's identification is not there by then (sshconnect.c). */
static bool is_too_late_for_ssh(struct spf_conversation *talk)
{
    const struct spf_facts *facts = talk->inquiry->facts;
    const int64_t limit_s = facts->ssh_config->manners.connect_timeout;
    const int64_t took_ms = facts->tcp->elapsed_ms + facts->identification->elapsed_ms;
    struct spf_failure failure;

    if (talk->inquiry->target->ssh_config == NULL || limit_s <= 0 || took_ms <= limit_s * 1000) {
        return false;
    }
    failure = spf_failure(SPF_SSH_CONFIG_UNUSABLE,
                          "the ssh configuration has ConnectTimeout %lld; it took %.1f s until the "
                          "server identified itself, and ssh would have given up",
                          (long long)limit_s, (double)took_ms / 1000);
    spf_conversation_arrive(talk, &failure);
    return true;
}

static void begin_handshake(struct spf_conversation *talk)
{
    const struct spf_known_hosts_facts *known = talk->inquiry->facts->known_hosts;
    const struct spf_ssh_config_facts *config =
        talk->inquiry->target->ssh_config != NULL ? talk->inquiry->facts->ssh_config : NULL;
    struct spf_handshake_facts *facts = talk->inquiry->facts->handshake;
    const char *offers[SPF_OFFER_LISTS];
    char *order;
    bool set;

    if (is_too_late_for_ssh(talk)) {
        return;
    }
    if (spf_conversation_meets_no_packet(talk)) {
        facts->outcome = SPF_SHAKE_FAILED;
        facts->ending = (struct spf_ending){.kind = SPF_ENDING_NO_PACKET};
        spf_conversation_keep_flow(talk, &facts->ending);
        spf_conversation_arrive(talk, NULL);
        return;
    }
    talk->watch.fd = spf_link_attach(talk->link, talk->fd);
    if (talk->watch.fd < 0) {
        spf_conversation_arrive_failed(talk, "the SSH library could not be started");
        return;
    }
    spf_offers_of(config, NULL, offers);
    if (config != NULL && !spf_link_offer(talk->link, offers, config->accepted_algorithms)) {
        const struct spf_failure failure = spf_failure(
            SPF_SSH_CONFIG_UNUSABLE, "of some kind of algorithm the ssh configuration allows none "
                                     "that the library has that this program uses");

        spf_conversation_arrive(talk, &failure);
        return;
    }
    order = spf_known_hosts_order(known, offers[SPF_OFFER_HOST_KEYS]);
    set = order != NULL && spf_link_prefer(talk->link, order);
    free(order);
    if (!set) {
        spf_conversation_arrive_failed(talk, "no memory for the handshake");
    }
}

static void shake_hands(struct spf_conversation *talk)
{
    struct spf_handshake_facts *facts = talk->inquiry->facts->handshake;
    enum spf_link_state state = spf_link_handshake(talk->link);

    if (state == SPF_LINK_AGAIN) {
        spf_conversation_wait(talk, spf_link_events(talk->link));
        return;
    }
    spf_offers_keep(facts, spf_link_seen(talk->link));
    if (state == SPF_LINK_DONE) {
        spf_offers_keep_host_key(facts, spf_link_seen(talk->link));
        if (!spf_link_describe(talk->link, facts)) {
            spf_conversation_arrive_failed(talk, "the host key could not be read");
            return;
        }
    }
    facts->outcome =
        state == SPF_LINK_DONE ? SPF_SHAKE_DONE : spf_offers_judge(spf_link_seen(talk->link));
    if (state != SPF_LINK_DONE) {
        spf_conversation_keep_ending(talk, &facts->ending, facts->error, sizeof facts->error);
    }
    spf_link_forget_offers(talk->link);
    spf_conversation_keep_flow(talk, &facts->ending);
    spf_conversation_arrive(talk, NULL);
}

static void run_echo(struct spf_conversation *talk)
{
    struct spf_session_facts *facts = talk->inquiry->facts->session;
    enum spf_link_state state = spf_echo_step(talk->echo, talk->link);

    if (state == SPF_LINK_AGAIN && talk->echo->flooded) {
        give_up(talk, true);
        return;
    }
    if (state == SPF_LINK_AGAIN) {
        /* sshd may wait for an acknowledgement that our kernel would put off by 40 ms */
        (void)setsockopt(talk->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
        spf_conversation_wait(talk, spf_link_events(talk->link));
        if (talk->echo->started) {
            look_again_after(talk, OUTPUT_AGAIN_MS);
        }
        return;
    }
    spf_echo_finish(talk->echo, state, facts);
    if (facts->outcome == SPF_ECHO_REFUSED || facts->outcome == SPF_ECHO_CLOSED) {
        spf_conversation_keep_ending(talk, &facts->ending, facts->error, sizeof facts->error);
    }
    spf_conversation_keep_flow(talk, &facts->ending);
    spf_conversation_arrive(talk, NULL);
}

static void proceed(struct spf_conversation *talk, bool woken)
{
    switch (talk->step) {
    case SPF_GROUP_IDENTIFICATION:
        listen_to_greeting(talk, woken);
        break;
    case SPF_GROUP_HANDSHAKE:
        shake_hands(talk);
        break;
    case SPF_GROUP_QUERY:
        spf_conversation_query(talk);
        break;
    case SPF_GROUP_SIGNATURE:
        spf_conversation_sign(talk);
        break;
    case SPF_GROUP_SESSION:
        run_echo(talk);
        break;
    default:
        break;
    }
}

/* The step's time is over, or the server talks without end: what is known by now are the facts. */
static void give_up(struct spf_conversation *talk, bool without_end)
{
    struct spf_facts *facts = talk->inquiry->facts;
    struct spf_ending *ending;

    if (talk->step == SPF_GROUP_IDENTIFICATION) {
        spf_listen_no_more(&talk->listener);
        if (talk->inquiry->facts->identification->outcome == SPF_IDENTIFICATION_SILENT) {
            spf_flow_read_stalled(talk->fd, &talk->inquiry->facts->identification->flow);
        }
        greeting_decided(talk);
        return;
    }
    switch (talk->step) {
    case SPF_GROUP_HANDSHAKE:
        facts->handshake->outcome = without_end ? SPF_SHAKE_FAILED : SPF_SHAKE_TIMEOUT;
        ending = &facts->handshake->ending;
        spf_offers_keep(facts->handshake, spf_link_seen(talk->link));
        break;
    case SPF_GROUP_QUERY:
        facts->query->outcome = SPF_AUTH_SILENT;
        ending = &facts->query->ending;
        break;
    case SPF_GROUP_SIGNATURE:
        facts->signature->outcome = SPF_AUTH_SILENT;
        ending = &facts->signature->ending;
        break;
    default:
        spf_echo_give_up(talk->echo, facts->session);
        ending = &facts->session->ending;
        break;
    }
    *ending = spf_standstill_of(spf_link_seen(talk->link), without_end);
    if (without_end || !spf_conversation_measure(talk, ending)) {
        spf_conversation_arrive(talk, NULL);
    }
}

static void ready(struct spf_watch *watch, short revents)
{
    struct spf_conversation *talk = watch->owner;

    if (spf_now_ms() >= spf_conversation_end_of_step(talk)) {
        give_up(talk, false);
    } else if (!spf_link_is_bounded(talk->link)) {
        give_up(talk, true);
    } else {
        proceed(talk, revents != 0);
    }
}

/* Only rules ask for it, where they depend on it; of OpenSSH it is certain that it tells. */
static bool wants_peer(const struct spf_conversation *talk)
{
    const struct spf_target *target = talk->inquiry->target;

    return target->instance_id != NULL && target->source_ip.family == 0 &&
           target->source_lookup == NULL &&
           spf_starts_with(talk->inquiry->facts->identification->software, "OpenSSH");
}

static void begin_echo(struct spf_conversation *talk)
{
    const struct spf_inquiry *inquiry = talk->inquiry;

    if (talk->echo == NULL) {
        talk->echo = calloc(1, sizeof *talk->echo);
    }
    if (talk->echo == NULL || !spf_echo_init(talk->echo, inquiry->facts->identification->software,
                                             inquiry->target->session != SPF_SESSION_ALWAYS,
                                             wants_peer(talk), spf_conversation_full_size(talk))) {
        spf_conversation_arrive_failed(talk, "no memory or random bytes");
    }
}

void spf_conversation_serve(struct spf_conversation *talk, enum spf_group group)
{
    if (group == SPF_GROUP_KNOWN_HOSTS) {
        spf_conversation_gather_known_hosts(talk);
        return;
    }
    talk->step = group;
    talk->step_ms = spf_now_ms();
    if (group == SPF_GROUP_TCP) {
        dial(talk);
        return;
    }
    if (group == SPF_GROUP_IDENTIFICATION && talk->inquiry->facts->tcp->reset) {
        struct spf_identification_facts *said = talk->inquiry->facts->identification;

        said->outcome = SPF_IDENTIFICATION_RESET;
        spf_copy(said->error, sizeof said->error, talk->inquiry->facts->tcp->error);
        spf_conversation_arrive(talk, NULL);
        return;
    }
    if (talk->fd < 0 || (group != SPF_GROUP_IDENTIFICATION && talk->link == NULL)) {
        spf_conversation_arrive_failed(talk, "there is no connection");
        return;
    }
    if (group == SPF_GROUP_IDENTIFICATION) {
        greet(talk);
        return;
    }
    if (group == SPF_GROUP_SESSION && talk->inquiry->facts->query->none_accepted &&
        !spf_link_is_alive(talk->link)) {
        spf_conversation_arrive_failed(talk, "the server let us in before we signed, and the SSH "
                                             "library that this program uses ends there");
        return;
    }
    if (group == SPF_GROUP_HANDSHAKE) {
        begin_handshake(talk);
    }
    if (group == SPF_GROUP_SESSION) {
        begin_echo(talk);
    }
    if (talk->step == group) {
        proceed(talk, false);
    }
}
