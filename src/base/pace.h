#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * When may the next connection to the same place begin? One at a time, SPF_PACE_MS apart.
 *
 * sshd's default MaxStartups (10:30:100) begins to refuse at random from ten connections on that
 * have not authenticated yet, anybody's; ours takes about one second to get there across the world,
 * two where the server is slow. Five a second leave half of them to others. Since 9.8
 * PerSourcePenalties also counts what a source's connections come to; those that authenticate cost
 * nothing, however many.
 */
#define SPF_PACE_MS 200

struct spf_pace;

struct spf_pace *spf_pace_new(void);       /* NULL: no memory */
void spf_pace_free(struct spf_pace *pace); /* takes NULL */

/*
 * Takes the next turn at the place of this key (any bytes), monotonic as now_ms, which it is for
 * the first one. Without memory everybody may begin at once.
 */
int64_t spf_pace_take(struct spf_pace *pace, const void *key, size_t len, int64_t now_ms);

/* Of so many places it knows when the next turn is; of those that are free it soon forgets it. */
size_t spf_pace_places(const struct spf_pace *pace);
