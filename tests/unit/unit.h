#ifndef SPF_TESTS_UNIT_H
#define SPF_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

/*
 * The main of every unit test program: runs the tests of a NULL-terminated list and returns the
 * exit status for ctest. CK_FORK says whether each runs in a process of its own.
 */
static inline int unit_main(const char *module, const TTest *const *tests)
{
    Suite *suite = suite_create(module);
    TCase *tcase = tcase_create(module);
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
