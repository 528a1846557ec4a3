/* What every machine has: SSE2 on x86-64, NEON on aarch64. */
#define SET baseline
#define VECTOR_BYTES 16
#define BYTE_DOTS 0
#define TARGET
#define NARROW_INT8_TARGET
#include "instruction_set.h"
