#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The words of a process_command, split in place as the aliyun CLI does it on Unix (aliyun-cli
 * v3.4.11, config/command_split.go): quotes of both kinds; outside of them a backslash takes the
 * next character; inside double quotes it does so before " \ $ and ` alone; before a newline both
 * go. words has room for max of them and a NULL. False: an open quote, a backslash at the end, no
 * program, or too many words.
 */
bool spf_command_words(char *line, char **words, size_t max);
