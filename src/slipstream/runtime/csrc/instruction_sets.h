/* What the machine can answer with. One kernel table an instruction set, chosen by the caller. */
#ifndef SLIPSTREAM_INSTRUCTION_SETS_H
#define SLIPSTREAM_INSTRUCTION_SETS_H

#include <stdbool.h>
#include <stdint.h>

/* aarch64's u8 x s8 dot product. Clang does not find it, and says that it is GCC 4. */
#if defined(__aarch64__) && defined(__linux__) && __GNUC__ >= 10
#define HAS_I8MM
#endif

typedef struct Network Network;
typedef struct Scratch Scratch;
typedef struct Block Block;
typedef struct Table Table;

/* Answers the row in scratch->values; the answer is in scratch->logits. */
typedef void (*AnswerOne)(const Network *, const Scratch *);

/* Answers up to BLOCK_ROWS rows of a table from one row on; false where one is not plain. */
typedef bool (*AnswerMany)(const Network *, const Block *, const Table *, int64_t from,
                           int64_t count, double *answers);

typedef struct {
    const char *name;
    AnswerOne one[2][2];   /* [int8][narrow] */
    AnswerMany many[2][2]; /* [int8][narrow] */
    AnswerMany dots;       /* int8, by integer dot products */
    bool byte_dots;        /* of u8 x s8 */
} Kernels;

extern const Kernels slipstream_baseline;
#if defined(__x86_64__)
extern const Kernels slipstream_avx2, slipstream_avx512, slipstream_avx512vnni;
#elif defined(HAS_I8MM)
extern const Kernels slipstream_i8mm;
#endif

#define MOST_SETS 4

/* Fills in what this machine has, the best last; returns how many. */
int slipstream_instruction_sets(const Kernels *available[MOST_SETS]);

#endif
