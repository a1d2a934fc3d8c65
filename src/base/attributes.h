#pragma once

/* What compilers can check of a call. */
#define SPF_MUST_USE          __attribute__((warn_unused_result))
#define SPF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
