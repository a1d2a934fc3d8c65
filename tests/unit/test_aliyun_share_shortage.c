#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Memory runs out while one target asks for what another asks for later, at each place where the
 * program asks for some: the one has an answer or a failure that is ours, the other an answer.
 *
 * Only calls from the program's own code fail, and none of what stands in for the API.
 */

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool armed;
static unsigned asked_for, fails_at;
static uintptr_t text_start, text_end; /* of the program itself */

static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            text_start = info->dlpi_addr + part->p_vaddr;
            text_end = text_start + part->p_memsz;
        }
    }
    return 1;
}

static bool fails(const void *from)
{
    return armed && (uintptr_t)from >= text_start && (uintptr_t)from < text_end &&
           ++asked_for == fails_at;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

char *(strdup)(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

#define calloc(count, size) __libc_calloc(count, size)
#include "cloud/aliyun/client.h"
#include "shared_client.h"

#define INSTANCE(id)                                                                          \
    "{\"Instances\":{\"Instance\":[{\"InstanceId\":\"" id "\",\"Status\":\"Running\"}]},"     \
    "\"KeyPairs\":{\"KeyPair\":[{\"KeyPairName\":\"lab\",\"PublicKey\":\"ssh-ed25519 A\"}]}," \
    "\"Images\":{\"Image\":[]}}"

static const char *answers(const struct spf_api_request *request, long *status)
{
    (void)request;
    (void)status;
    armed = false; /* what comes now is in place of the API */
    return INSTANCE("i-bp1000");
}

static void prepare(struct scene *scene)
{
    set_up(scene, 2, true);
    answer = answers;
    ask(scene, 0, 2, SPF_GROUP_CREDENTIALS);
    ck_assert_ptr_nonnull(spf_aliyun_api(scene->aliyun)); /* which is not what is tried here */
    for (int i = 0; i < 2; i++) {
        struct one *one = &scene->ones[i];

        one->target.instance_id = scene->ids[0];
        spf_copy(one->facts.instance->region, sizeof one->facts.instance->region, "cn-hangzhou");
        spf_copy(one->facts.instance->key_pair, sizeof one->facts.instance->key_pair, "lab");
        spf_copy(one->facts.instance->image, sizeof one->facts.instance->image, "m-lab");
        one->arrived = 0;
    }
}

static void ask_without_memory(struct scene *scene, enum spf_group group)
{
    const int64_t until = spf_now_ms() + UNIT_HANGS_MS;
    struct one *one = &scene->ones[0];

    asked_for = 0;
    armed = true;
    spf_aliyun_serve(scene->aliyun, &one->inquiry, group);
    armed = false;
    while (one->arrived == 0 && spf_now_ms() < until) {
        ck_assert_int_eq(spf_loop_turn(scene->loop, until).code, SPF_OK);
    }
    ck_assert_int_eq(one->arrived, 1);
    ck_assert_msg(one->good || one->failure.cause == SPF_SYSTEM_ERROR, "%u: %s", fails_at,
                  one->failure.text);
}

START_TEST(who_asks_next_is_answered)
{
    static const enum spf_group groups[] = {SPF_GROUP_KEY_PAIR, SPF_GROUP_IMAGE,
                                            SPF_GROUP_INSTANCE};

    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        unsigned failed = 0;

        for (fails_at = 1; asked_for >= fails_at || fails_at == 1; fails_at++) {
            struct scene *scene = calloc(1, sizeof *scene);

            prepare(scene);
            ask_without_memory(scene, groups[g]);
            failed += !scene->ones[0].good;
            ask(scene, 1, 2, groups[g]);
            ck_assert_msg(scene->ones[1].good, "%d, %u: %s", (int)groups[g], fails_at,
                          scene->ones[1].failure.text);
            tear_down(scene);
            free(scene);
        }
        ck_assert_uint_gt(failed, 2);
    }
}
END_TEST

int main(void)
{
    (void)dl_iterate_phdr(find_text, NULL);
    forget_environment();
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tLabCanaryId0001", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "LabCanarySecretAk000000000001x", 1);
    return unit_main("aliyun_share_shortage",
                     (const TTest *const[]){who_asks_next_is_answered, NULL});
}

#else
int main(void)
{
    return 77;
}
#endif
