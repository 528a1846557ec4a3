#include "instruction_sets.h"

#if defined(HAS_I8MM)
#define SET i8mm
#define VECTOR_BYTES 16
#define BYTE_DOTS 1
/* Below 8.2, GCC finds usdot and its assembler refuses it. */
#define TARGET __attribute__((target("arch=armv8.2-a+i8mm")))
#define NARROW_INT8_TARGET TARGET
#include "instruction_set.h"
#endif
