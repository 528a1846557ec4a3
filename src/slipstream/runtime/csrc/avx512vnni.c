#include "instruction_sets.h"

#if defined(__x86_64__)
#include "avx512_targets.h"

#define SET avx512vnni
#define VECTOR_BYTES 64
#if defined(__clang__)
#define BYTE_DOTS 0 /* it finds vpdpwssd (s16 x s16) only */
#else
#define BYTE_DOTS 1 /* vpdpbusd */
#endif
#define TARGET __attribute__((target(AVX512 ",avx512vnni")))
#define NARROW_INT8_TARGET __attribute__((target(AVX512 ",avx512vnni" SHORT_DOTS)))
#include "instruction_set.h"
#endif
