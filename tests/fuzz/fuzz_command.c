#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "openssh/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A command that somebody pasted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spf_words words = {0};
    struct spf_ssh_command command;
    const char *why = NULL;
    char *line = malloc(size + 1);

    if (line == NULL) {
        return 0;
    }
    memcpy(line, data, size);
    line[size] = '\0';
    if (spf_shell_words(line, getenv, &words, &why) != (why == NULL)) {
        abort();
    }
    free(line);
    (void)spf_command_is_one((const char *const *)words.list.items, words.list.count);
    spf_command_read((const char *const *)words.list.items, words.list.count, NULL, &command);
    /* Either an error, or a host to check. */
    if ((command.error[0] == '\0') == (command.words.list.count == 0)) {
        abort();
    }
    spf_command_clear(&command);
    spf_words_clear(&words);
    return 0;
}
