#include "instruction_sets.h"

#if defined(__x86_64__)
#include "avx512_targets.h"

#define SET avx512
#define VECTOR_BYTES 64
#define BYTE_DOTS 0
#define TARGET __attribute__((target(AVX512)))
#define NARROW_INT8_TARGET __attribute__((target(AVX512 SHORT_DOTS)))
#include "instruction_set.h"
#endif
