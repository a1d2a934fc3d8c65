#include <json-c/json.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>

#include "unit.h"

/*
 * Memory runs out once, at each place where the program asks for some while it asks the cloud and
 * judges: in every world of test_cloud_replies.c. No check then passes that did not pass, and none
 * gives a cause that it did not give, but that of the shortage; nor is an instance then said to be
 * nowhere.
 *
 * Only calls from the program's own code fail: not those of libraries, of this file, or of Check.
 */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool armed;
static unsigned long asked_for, fails_at; /* 0: none */

/* Of the program itself; the objects of its libraries lie in it between these two. */
static uintptr_t text_start, text_end, loaded_at;
static uintptr_t failed_at; /* for addr2line(1) */

static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            loaded_at = info->dlpi_addr;
            text_start = info->dlpi_addr + part->p_vaddr;
            text_end = text_start + part->p_memsz;
        }
    }
    return 1;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL true

static bool fails(void *from)
{
    if (!armed || (uintptr_t)from < text_start || (uintptr_t)from >= text_end ||
        ++asked_for != fails_at) {
        return false;
    }
    failed_at = (uintptr_t)from - loaded_at;
    return true;
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

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);

    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

/* json-c's own memory, where it is asked to grow for the program. */
int json_object_array_add(struct json_object *array, struct json_object *value)
{
    return fails(__builtin_return_address(0))
               ? -1
               : json_object_array_put_idx(array, json_object_array_length(array), value);
}

int json_object_object_add(struct json_object *object, const char *name, struct json_object *value)
{
    return fails(__builtin_return_address(0)) ? -1
                                              : json_object_object_add_ex(object, name, value, 0);
}
#else
#define CAN_FAIL false
#endif

/* Here, and in what stands in for the API, nothing fails. */
static void *own_calloc(size_t count, size_t size)
{
    bool was = armed;
    void *memory;

    armed = false;
    memory = calloc(count, size);
    armed = was;
    return memory;
}

static char *own_strdup(const char *text)
{
    return strcpy(own_calloc(1, strlen(text) + 1), text);
}

/* Check notes each assertion, which takes memory of its own. */
#define own_assert(holds)   ((holds) ? (void)0 : abort())
#define calloc(count, size) own_calloc(count, size) /* (calloc)() is the program's */
#define strdup              own_strdup
#undef ck_assert
#define ck_assert own_assert
#include "credentials_fixture.h"
#include "replies_run.h"
#undef ck_assert
#define ck_assert(expr) ck_assert_msg(expr, NULL)

static void arm(void)
{
    asked_for = 0;
    armed = true;
}

static void disarm(void)
{
    armed = false;
}

static unsigned faults;

static void compare(const struct world *world, const struct verdict *before,
                    const struct verdict *now)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        if ((now->status[i] == before->status[i] && now->finding[i] == before->finding[i]) ||
            (now->status[i] == SPF_UNKNOWN && now->finding[i] != SPF_INSTANCE_NOT_FOUND) ||
            now->status[i] == SPF_SKIP || now->finding[i] == SPF_SYSTEM_ERROR) {
            continue;
        }
        faults++;
        fprintf(stderr, "%s: without memory at 0x%lx: %s was %s %s, is %s %s\n", world->name,
                (unsigned long)failed_at, spf_check_table[i].id, spf_status_name(before->status[i]),
                spf_findings[before->finding[i]].id, spf_status_name(now->status[i]),
                spf_findings[now->finding[i]].id);
    }
}

START_TEST(a_verdict_without_memory_is_the_same_or_none)
{
    const struct world *world = &worlds[_i];
    struct verdict before;
    unsigned long places;

    begin(world);
    asked = json_object_new_object();
    begin_asking = arm;
    end_asking = disarm;
    fails_at = 0;
    before = judged(world);
    places = asked_for;
    ck_assert_uint_gt(places, 0);
    for (fails_at = 1; fails_at <= places; fails_at++) {
        const struct verdict now = judged(world);

        compare(world, &before, &now);
    }
    json_object_put(asked);
    json_object_put(replies);
    ck_assert_uint_eq(faults, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cloud_shortage");
    TCase *tcase = unit_case(suite, "cloud_shortage");

    if (!CAN_FAIL) {
        return 77;
    }
    (void)dl_iterate_phdr(find_text, NULL);
    forget_environment();
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tLabCanaryId0001", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "LabCanarySecretAk000000000001x", 1);
    tcase_add_loop_test(tcase, a_verdict_without_memory_is_the_same_or_none, 0, (int)WORLDS);
    return unit_run(suite);
}
