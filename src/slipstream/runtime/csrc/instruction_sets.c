#include "instruction_sets.h"

#if defined(HAS_I8MM)
#include <sys/auxv.h>
#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13) /* an older C library's header lacks it */
#endif
#endif

int slipstream_instruction_sets(const Kernels *available[MOST_SETS])
{
    int count = 0;
    available[count++] = &slipstream_baseline;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        available[count++] = &slipstream_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        available[count++] = &slipstream_avx512;
        if (__builtin_cpu_supports("avx512vnni"))
            available[count++] = &slipstream_avx512vnni;
    }
#elif defined(HAS_I8MM)
    if (getauxval(AT_HWCAP2) & HWCAP2_I8MM)
        available[count++] = &slipstream_i8mm;
#endif
    return count;
}
