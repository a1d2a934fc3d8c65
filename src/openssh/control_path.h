#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Does ssh end because of its ControlPath, before the login or after it (mux.c, muxclient and
 * muxserver_listen; tried with 9.2)? path: as ssh -G prints it. is_master: ControlMaster is not
 * "no", so that ssh makes the socket: under another name, 17 bytes longer, which it links. why
 * receives it, "" where ssh goes on. Looks at the file system.
 */
bool spf_control_path_fails(const char *path, bool is_master, char *why, size_t size);

/* Does a connection answer there that ssh would use, so that it would not log in? */
bool spf_control_path_is_open(const char *path);
