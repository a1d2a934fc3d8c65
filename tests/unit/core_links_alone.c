/*
 * That this program links is the test: it holds the whole core and no library that talks to a
 * network. A check that reaches for libcurl or libssh leaves an undefined symbol behind.
 */
#include "pipeline/check.h"

int main(void)
{
    return spf_check_table[SPF_CHECK_KEY_FILE].judge == spf_judge_key_file ? 0 : 1;
}
