#include "instruction_sets.h"

#if defined(__x86_64__)
#define SET avx2
#define VECTOR_BYTES 32
#define BYTE_DOTS 0
#define TARGET __attribute__((target("avx2,fma")))
#define NARROW_INT8_TARGET TARGET
#include "instruction_set.h"
#endif
