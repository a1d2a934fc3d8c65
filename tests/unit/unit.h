#ifndef SPF_TESTS_UNIT_H
#define SPF_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

/*
 * After this a test has hung. No figure in a test is near to what it bounds: on a busy machine
 * everything takes ten times as long. What must end early is given a much longer time to miss.
 */
#define UNIT_HANGS_MS 200000

/*
 * How every unit test program runs its tests. No test has a time limit of its own, which a busy
 * machine would exceed (Check's default is 4 s): ctest ends a program that hangs. CK_FORK says
 * whether each test runs in a process of its own.
 */
static inline TCase *unit_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 0);
    suite_add_tcase(suite, tcase);
    return tcase;
}

/* Returns main's exit status. */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The main of a program whose tests are a NULL-terminated list. */
static inline int unit_main(const char *module, const TTest *const *tests)
{
    Suite *suite = suite_create(module);
    TCase *tcase = unit_case(suite, module);

    for (; *tests != NULL; tests++) {
        tcase_add_test(tcase, *tests);
    }
    return unit_run(suite);
}

#endif
