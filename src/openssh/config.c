#include "openssh/config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cloud/address.h"
#include "openssh/config_answers.h"
#include "openssh/config_expand.h"
#include "openssh/config_keys.h"
#include "openssh/config_question.h"
#include "openssh/config_shared.h"
#include "openssh/control_path.h"
#include "platform/home.h"

#define SAYS_MAX   (256u * 1024) /* of ssh -G; it prints 5 KiB */
#define COMPLAINTS (16u * 1024)
#define COMPARE_MS 2000
#define EXIT_MS    1000 /* for an ssh that has closed its output: it is exiting */
#define GRACE_MS   200  /* for one that was asked to end */
#define HOPS_MAX   8

struct spf_ssh_config {
    struct spf_inquiry *inquiry;
    struct spf_ssh_asker shared;         /* the question, where others have the same */
    struct spf_watch output, complaints; /* of ssh's standard output and error */
    struct spf_buf says, complains;
    pid_t ssh;
    int64_t until_ms;
    size_t hop;                    /* the one asked about; NONE: the target itself */
    struct spf_ssh_keys_job *keys; /* being read; NULL: not */
    struct spf_ssh_self self;
    bool says_of_all; /* what ssh says is about another host or user, and holds for this one */
};
#define NONE ((size_t)-1)

static void close_end(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/* Ends the ssh that was asked last; 0 if it ended well by itself. */
static int end(struct spf_ssh_config *config, bool by_itself)
{
    spf_loop_remove(config->inquiry->loop, &config->output);
    spf_loop_remove(config->inquiry->loop, &config->complaints);
    close_end(&config->output.fd);
    close_end(&config->complaints.fd);
    return by_itself ? spf_child_wait(&config->ssh, EXIT_MS)
                     : spf_child_end(&config->ssh, GRACE_MS);
}

static void arrive(struct spf_ssh_config *config, const struct spf_failure *failure)
{
    spf_ssh_answers_leave(&config->shared);
    spf_buf_clear(&config->says); /* while the login goes on, nobody needs them */
    spf_buf_clear(&config->complains);
    config->inquiry->arrived(config->inquiry, SPF_GROUP_SSH_CONFIG, failure);
}

static void give_up(struct spf_ssh_config *config, const char *why)
{
    const struct spf_failure failure =
        spf_failure(SPF_SSH_CONFIG_UNUSABLE, "the ssh configuration cannot be used: %s", why);

    (void)end(config, false);
    spf_shape_clear(&spf_ssh_config_shape, config->inquiry->facts->ssh_config);
    arrive(config, &failure);
}

static void no_memory(struct spf_ssh_config *config)
{
    give_up(config, "out of memory or descriptors");
}

static void ready(struct spf_watch *watch, short revents);

/* Both ends that we read from, and the two that ssh gets. */
static bool open_ends(struct spf_ssh_config *config, int given[2])
{
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    bool good;

    good = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 &&
           fcntl(out[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(err[0], F_SETFL, O_NONBLOCK) == 0;
    config->output.fd = out[0];
    config->complaints.fd = err[0];
    given[0] = out[1];
    given[1] = err[1];
    return good;
}

static struct spf_ssh_question question_of(const struct spf_ssh_config *config)
{
    const struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;

    return (struct spf_ssh_question){
        .target = config->inquiry->target,
        .name = facts->asked,
        .hop = config->hop != NONE ? facts->hops.items[config->hop].name : NULL,
        .traced = config->shared.answer != NULL,
    };
}

/* Asks ssh about the target, or about config->hop. */
static void ask(struct spf_ssh_config *config)
{
    struct spf_inquiry *inquiry = config->inquiry;
    const char *file = inquiry->target->ssh_config;
    const char *words[SPF_SSH_WORDS_MAX];
    struct spf_child_environment environment = spf_child_environment(file != NULL);
    int given[2] = {-1, -1};
    int error = 0;
    struct spf_ssh_question question = question_of(config);
    size_t count = spf_ssh_question_words(&question, words, &environment);

    words[count] = NULL;

    spf_buf_clear(&config->says);
    spf_buf_clear(&config->complains);
    if (open_ends(config, given)) {
        config->ssh = spf_child_start(&(struct spf_child_program){
            .words = words, .environment = &environment, .fds = {-1, given[0], given[1]}});
        error = config->ssh < 0 ? errno : 0;
    } else {
        error = EMFILE;
    }
    spf_child_environment_clear(&environment);
    for (int i = 0; i < 2; i++) {
        close_end(&given[i]);
    }
    config->output.due_ms = config->until_ms;
    if (error == ENOENT) {
        give_up(config, "there is no ssh in PATH to read it");
    } else if (error != 0) {
        give_up(config, strerror(error));
    } else if (!spf_loop_add(inquiry->loop, &config->output) ||
               !spf_loop_add(inquiry->loop, &config->complaints)) {
        no_memory(config);
    }
}

static void take_shared(struct spf_ssh_asker *asker, const char *says, size_t len);

/* Asks ssh, or waits for the answer that another target gets, which is not to be used either. */
static void ask_once(struct spf_ssh_config *config, struct spf_ssh_answers *answers)
{
    const struct spf_target *target = config->inquiry->target;
    struct spf_target anyone = *target;
    struct spf_child_environment environment = spf_child_environment(false);
    enum spf_ssh_turn turn = SPF_SSH_ASK;
    const char *words[SPF_SSH_WORDS_MAX];
    struct spf_ssh_question question;
    size_t count;

    if (answers != NULL && target->ssh_config == NULL && target->ssh_words == NULL &&
        spf_ssh_config_can_be_shared(config->inquiry->facts->ssh_config->asked) &&
        (!target->user_given || spf_ssh_config_can_be_shared(target->user))) {
        anyone.user = "";
        config->shared.answered = take_shared;
        config->shared.owner = config;
        config->shared.host = config->inquiry->facts->ssh_config->asked;
        question = question_of(config);
        question.target = &anyone;
        count = spf_ssh_question_words(&question, words, &environment);
        words[count - 1] = NULL; /* the host */
        turn = spf_ssh_answers_ask(answers, words, &config->shared);
    }
    spf_child_environment_clear(&environment);
    if (turn != SPF_SSH_WAIT) {
        ask(config);
        return;
    }
    config->output.due_ms = config->until_ms;
    if (config->shared.answer != NULL && !spf_loop_add(config->inquiry->loop, &config->output)) {
        no_memory(config);
    }
}

/* Puts the hosts of a list in front of the hops; false: no memory, or too many. */
static bool put_in_front(struct spf_ssh_config_facts *facts, const char *jump)
{
    const char *end = jump + strlen(jump);

    while (end > jump) {
        const char *begin = end;
        struct spf_ssh_hop *hop;

        while (begin > jump && begin[-1] != ',') {
            begin--;
        }
        hop = facts->hops.count < HOPS_MAX ? SPF_APPEND(&facts->hops) : NULL;
        if (hop == NULL) {
            return false;
        }
        memmove(facts->hops.items + 1, facts->hops.items,
                (facts->hops.count - 1) * sizeof *facts->hops.items);
        hop = facts->hops.items;
        memset(hop, 0, sizeof *hop);
        end = begin > jump ? begin - 1 : jump;
        begin += spf_starts_with(begin, "ssh://") ? 6 : 0;
        spf_format(hop->name, sizeof hop->name, "%.*s", (int)strcspn(begin, ","), begin);
    }
    return true;
}

static void finish(struct spf_ssh_config *config)
{
    struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;
    struct spf_buf jump;

    if (facts->hops.count > 0 || facts->jump[0] != '\0') {
        spf_buf_init(&jump, sizeof facts->jump - 1);
        for (size_t i = 0; i < facts->hops.count; i++) {
            spf_buf_addf(&jump, "%s%s", i > 0 ? "," : "", facts->hops.items[i].name);
        }
        spf_copy(facts->jump, sizeof facts->jump, jump.data);
        spf_buf_clear(&jump);
    }
    spf_ssh_config_tell(config->inquiry->target, config->self.user, config->self.home, facts);
    arrive(config, NULL);
}

/* A chain begins at the first host that needs no other. */
static void next_hop(struct spf_ssh_config *config)
{
    const struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;

    config->hop = config->hop == NONE ? 0 : config->hop + 1;
    if (config->inquiry->target->ssh_config != NULL && config->hop < facts->hops.count) {
        ask(config);
    } else {
        finish(config);
    }
}

static void hop_answered(struct spf_ssh_config *config)
{
    struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;
    struct spf_ssh_hop *hop = &facts->hops.items[config->hop];
    char jump[1024];
    char why[300];

    if (!spf_ssh_config_read_hop(config->says.data, config->says.len, hop, jump, sizeof jump)) {
        give_up(config, "ssh -G does not say how to reach a jump host");
        return;
    }
    if (facts->refusal[0] == '\0' &&
        spf_control_path_fails(hop->manners.control_path, hop->manners.is_master, why,
                               sizeof why)) {
        spf_format(facts->refusal, sizeof facts->refusal, "%.200s, for the jump host %.60s", why,
                   hop->name);
    }
    if (config->inquiry->target->known_hosts != NULL) { /* the command line's count for all */
        facts->hops.items[config->hop].known_hosts[0] = '\0';
    }
    if (config->hop == 0 && jump[0] != '\0') {
        if (!put_in_front(facts, jump)) {
            give_up(config, "it names more jump hosts in a row than can be followed (a loop?)");
            return;
        }
        config->hop = NONE;
    }
    next_hop(config);
}

/* A file that ssh was told to use and goes on without. */
static bool add_missing_key(const char *path, struct spf_ssh_config_facts *facts)
{
    struct spf_ssh_file *file = path != NULL ? SPF_APPEND(&facts->identities) : NULL;

    if (file == NULL) {
        return path == NULL;
    }
    file->passed_over = true;
    file->path = strdup(path);
    return file->path != NULL;
}

static void keys_read(void *owner)
{
    struct spf_ssh_config *config = owner;
    struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;
    bool whole = spf_ssh_keys_take(config->keys, facts) &&
                 add_missing_key(config->inquiry->target->missing_key, facts);

    config->keys = NULL;
    if (whole) {
        next_hop(config);
    } else {
        no_memory(config);
    }
}

/* Without a key given, or with its own -i, it is ssh that chooses among those of its configuration
 * and the agent. */
static bool chooses_keys(const struct spf_ssh_config *config)
{
    const struct spf_target *target = config->inquiry->target;

    if (spf_target_has_typed_key(target)) {
        return true;
    }
    return target->ssh_config != NULL && target->key_path == NULL &&
           spf_target_key_dir(target) == NULL;
}

/* says: what ssh prints of the target, or of all (says_of_all). */
static void target_answered(struct spf_ssh_config *config, const char *says, size_t len)
{
    const struct spf_target *target = config->inquiry->target;
    struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;
    const char *wrong;

    if (!spf_ssh_config_read(says, len, facts)) {
        give_up(config, "ssh -G printed something else than a configuration");
        return;
    }
    if (config->says_of_all &&
        !spf_ssh_config_make_own(facts, target->user_given ? target->user : NULL, &config->self)) {
        give_up(config, "its ControlPath is too long");
        return;
    }
    /* ssh's user where none is configured is ours on this machine; an instance has none of that
     * name, unless somebody says so. */
    if (target->host == NULL && !target->user_given &&
        strcmp(facts->user, config->self.user) == 0) {
        spf_copy(facts->user, sizeof facts->user, target->user);
    }
    wrong = spf_ssh_config_expand_all(facts, &config->self, target->ssh_config != NULL);
    if (wrong == NULL && !put_in_front(facts, facts->jump)) {
        wrong = "it names more jump hosts in a row than can be followed";
    }
    if (wrong == NULL && chooses_keys(config)) {
        config->keys =
            spf_ssh_keys_start(config->inquiry->loop, facts, config->inquiry->facts->openssh,
                               target, keys_read, config);
        wrong = config->keys == NULL ? "no memory to read its keys" : NULL;
        if (wrong == NULL) {
            return;
        }
    }
    if (wrong != NULL) {
        give_up(config, wrong);
    } else {
        next_hop(config);
    }
}

/* Is it the configuration that ssh refuses, whatever its words, and not what was kept from it (a
 * Match exec)? */
static bool is_broken(const char *line, size_t len)
{
    return memmem(line, len, spf_child_no_shell_says, strlen(spf_child_no_shell_says)) == NULL;
}

/* What ssh says of all it says of this one: host and user are all that differs. */
static void take_shared(struct spf_ssh_asker *asker, const char *says, size_t len)
{
    struct spf_ssh_config *config = asker->owner;

    spf_loop_remove(config->inquiry->loop, &config->output);
    if (says == NULL) {
        ask(config);
        return;
    }
    config->says_of_all = true;
    target_answered(config, says, len);
}

/* To those who wait for it, and for whom it holds. */
static void share(struct spf_ssh_config *config, bool good)
{
    const struct spf_bytes says = {(const uint8_t *)config->says.data, config->says.len};
    enum spf_ssh_alike alike = SPF_SSH_UNLIKE;
    struct spf_buf sections;
    struct spf_buf common;

    if (config->shared.answer == NULL) {
        return;
    }
    spf_buf_init(&sections, SPF_SSH_SECTIONS_MAX);
    spf_buf_init(&common, SAYS_MAX);
    if (good) {
        alike = spf_ssh_config_make_common(says, config->complains.data, config->shared.host,
                                           &config->self, &sections, &common);
    }
    spf_ssh_answers_give(&config->shared, alike == SPF_SSH_UNLIKE ? NULL : sections.data,
                         alike == SPF_SSH_OF_SECTION ? common.data : NULL, common.len);
    spf_buf_clear(&sections);
    spf_buf_clear(&common);
}

/* The first line of what ssh complains about. */
static void complain(struct spf_ssh_config *config)
{
    struct spf_ssh_config_facts *facts = config->inquiry->facts->ssh_config;
    size_t len;
    const char *line = spf_ssh_config_complaint(config->complains.data, &len);
    char first[300];

    if (config->inquiry->target->ssh_config == NULL && is_broken(line, len)) {
        spf_clean(facts->broken, sizeof facts->broken, line, len);
        arrive(config, NULL);
        return;
    }
    spf_format(first, sizeof first, "%.*s", (int)len, line);
    give_up(config, first[0] != '\0' ? first : "ssh -G failed");
}

static void answered(struct spf_ssh_config *config)
{
    char bytes[4096];
    ssize_t got;
    int status;

    while (!spf_buf_failed(&config->complains) &&
           (got = read(config->complaints.fd, bytes, sizeof bytes)) > 0) {
        spf_buf_add(&config->complains, bytes, (size_t)got);
    }
    status = end(config, true);
    share(config, status == 0 && !spf_buf_failed(&config->complains));
    if (status != 0 && status != SPF_CHILD_STATUS_LOST) {
        complain(config);
    } else if (config->hop == NONE) {
        target_answered(config, config->says.data, config->says.len);
    } else {
        hop_answered(config);
    }
}

static void ready(struct spf_watch *watch, short revents)
{
    struct spf_ssh_config *config = watch->owner;
    bool is_output = watch == &config->output;
    struct spf_buf *buf = is_output ? &config->says : &config->complains;
    char bytes[4096];
    ssize_t got = revents != 0 ? read(watch->fd, bytes, sizeof bytes) : -1;

    if (got > 0) {
        spf_buf_add(buf, bytes, (size_t)got);
    }
    if (is_output && spf_buf_failed(buf)) {
        give_up(config, "ssh -G prints without end");
    } else if (is_output && got == 0) {
        answered(config);
    } else if (got == 0) {
        spf_loop_remove(config->inquiry->loop, watch);
    } else if (is_output && spf_now_ms() >= config->until_ms) {
        give_up(config, "ssh -G does not come to an end (does a Match exec hang?)");
    }
}

/* The name that a user would give to ssh: the host, else the address that will be dialled, else,
 * for who has a way there configured, the private one. */
static void choose_name(struct spf_inquiry *inquiry)
{
    struct spf_ssh_config_facts *facts = inquiry->facts->ssh_config;
    struct spf_target jumping = *inquiry->target;
    struct spf_address address;
    char ip[SPF_IP_TEXT_SIZE];

    jumping.jump = "";
    if (jumping.host != NULL) {
        spf_copy(facts->asked, sizeof facts->asked, jumping.host);
        return;
    }
    if (!spf_cloud_dial_address(inquiry->target, inquiry->facts, &address) &&
        (inquiry->target->ssh_config == NULL ||
         !spf_cloud_dial_address(&jumping, inquiry->facts, &address))) {
        return;
    }
    spf_ip_format(&address.ip, ip);
    spf_copy(facts->asked, sizeof facts->asked, ip);
}

struct spf_ssh_config *spf_ssh_config_new(struct spf_inquiry *inquiry,
                                          struct spf_ssh_answers *answers)
{
    struct spf_ssh_config *config = calloc(1, sizeof *config);
    struct spf_self self;
    int64_t wait_ms = (int64_t)inquiry->target->timeout_ms;

    if (config == NULL) {
        return NULL;
    }
    if (inquiry->target->ssh_config == NULL && wait_ms > COMPARE_MS) {
        wait_ms = COMPARE_MS;
    }
    *config = (struct spf_ssh_config){
        .inquiry = inquiry,
        .output = {.fd = -1, .events = POLLIN, .ready = ready, .owner = config},
        .complaints = {.fd = -1, .events = POLLIN, .ready = ready, .owner = config},
        .ssh = -1,
        .until_ms = spf_now_ms() + wait_ms,
        .hop = NONE,
    };
    spf_buf_init(&config->says, SAYS_MAX);
    spf_buf_init(&config->complains, COMPLAINTS);
    (void)spf_self(&self);
    spf_copy(config->self.user, sizeof config->self.user, self.name);
    spf_copy(config->self.home, sizeof config->self.home, self.home);
    if (gethostname(config->self.host, sizeof config->self.host - 1) != 0) {
        config->self.host[0] = '\0';
    }
    choose_name(inquiry);
    if (inquiry->facts->ssh_config->asked[0] != '\0') {
        ask_once(config, answers);
    } else {
        arrive(config, NULL);
    }
    return config;
}

void spf_ssh_config_free(struct spf_ssh_config *config)
{
    if (config == NULL) {
        return;
    }
    spf_ssh_answers_leave(&config->shared);
    (void)end(config, false);
    spf_ssh_keys_cancel(config->keys);
    spf_buf_clear(&config->says);
    spf_buf_clear(&config->complains);
    free(config);
}
