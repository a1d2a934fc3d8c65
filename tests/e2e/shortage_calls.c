/*
 * Preloaded into the program: one call that it makes to a library fails, as if something had run
 * out. Built with calls.S, which has a trampoline for each function and is written by shortage.py.
 *
 * SPF_SHORTAGE: a file that is mapped. It has two words: which function is to fail (its number, or
 * -1) and at which of its calls (from 1); then a count of the calls of each function. Calls that
 * libraries make among themselves are neither counted nor failed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct function {
    const char *name;
    int64_t value; /* what it returns where it fails */
    int error;     /* and errno */
    void *real;
};
extern struct function shortage_functions[];
extern const int shortage_count;

struct order {
    int32_t function, call;
    uint32_t calls[];
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
int shortage_decides(int number, uintptr_t from, int64_t *value);
void *shortage_real(int number);

static struct order *order;
static uintptr_t text_start, text_end; /* of the program itself */
static int malloc_number = -1, calloc_number = -1, realloc_number = -1;

/* The program comes first (dl_iterate_phdr(3)). */
static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            text_start = info->dlpi_addr + part->p_vaddr;
            text_end = text_start + part->p_memsz;
        }
    }
    return 1;
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("SPF_SHORTAGE");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    size_t size = sizeof *order + (size_t)shortage_count * sizeof order->calls[0];
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd >= 0) {
        (void)close(fd);
    }
    (void)unsetenv("LD_PRELOAD"); /* not for its children */
    (void)dl_iterate_phdr(find_text, NULL);
    for (int i = 0; i < shortage_count; i++) {
        const char *name = shortage_functions[i].name;

        if (strcmp(name, "malloc") == 0) {
            malloc_number = i;
        } else if (strcmp(name, "calloc") == 0) {
            calloc_number = i;
        } else if (strcmp(name, "realloc") == 0) {
            realloc_number = i;
        }
    }
    if (map != MAP_FAILED) {
        order = map;
    }
}

/* What ran out of memory says so in its queue of errors. */
static void raise_in_libcrypto(void)
{
    void (*new)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "ERR_new");
    void (*set)(int, int, const char *, ...) =
        (void (*)(int, int, const char *, ...))dlsym(RTLD_DEFAULT, "ERR_set_error");

    if (new == NULL || set == NULL) {
        return;
    }
    new ();
    set(ERR_LIB_CRYPTO, ERR_R_MALLOC_FAILURE, NULL);
}

/* After main() nothing fails: what a coverage build writes then is not the program's work. */
static void end(void)
{
    order = NULL;
}

int shortage_decides(int number, uintptr_t from, int64_t *value)
{
    static int ends;

    if (order == NULL || number < 0 || from < text_start || from >= text_end) {
        return 0;
    }
    if (!__atomic_exchange_n(&ends, 1, __ATOMIC_RELAXED)) {
        (void)atexit(end); /* after those of the program's start, so it runs before them */
    }
    uint32_t call = __atomic_add_fetch(&order->calls[number], 1, __ATOMIC_RELAXED);
    if (number != order->function || call != (uint32_t)order->call) {
        return 0;
    }
    if (shortage_functions[number].error == 0) {
        raise_in_libcrypto();
    }
    errno = shortage_functions[number].error;
    *value = shortage_functions[number].value;
    return 1;
}

void *shortage_real(int number)
{
    if (shortage_functions[number].real == NULL) {
        shortage_functions[number].real = dlsym(RTLD_NEXT, shortage_functions[number].name);
    }
    return shortage_functions[number].real;
}

typedef int main_function(int argc, char **argv, char **environment);
typedef int start_function(main_function *main, int argc, char **argv, void (*init)(void),
                           void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

static main_function *main_of_program;

static int main_until_it_returns(int argc, char **argv, char **environment)
{
    int status = main_of_program(argc, argv, environment);

    order = NULL;
    return status;
}

/* What is called when main has returned is no longer the program's: in a build for coverage that
 * is libgcov, which is part of its text and does not survive a failure. */
int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    start_function *real = (start_function *)dlsym(RTLD_NEXT, "__libc_start_main");

    main_of_program = main;
    return real(main_until_it_returns, argc, argv, init, fini, rtld_fini, stack_end);
}

static int fails(int number, void *from)
{
    int64_t value;

    return shortage_decides(number, (uintptr_t)from, &value);
}

/* Without trampolines: dlsym(3) itself allocates. */
void *malloc(size_t size)
{
    return fails(malloc_number, __builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(calloc_number, __builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(realloc_number, __builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
