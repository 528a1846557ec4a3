/* All that one instruction set answers with: its kernels, compiled once for it. avx2.c and its like
 * include this after they have defined
 *
 *   SET           the set's name
 *   VECTOR_BYTES  how large its vectors are
 *   BYTE_DOTS     1 where it multiplies u8 x s8, 0 where s16 x s16
 *   TARGET        what it asks of the compiler; nothing for the baseline
 *   NARROW_INT8_TARGET  the same for one int8 row of narrow layers
 *
 * What is inlined takes its width, precision and unit as constants from the functions below.
 */
#include "many_rows.h"
#include "one_row.h"

#define JOIN(name, set) name##_##set
#define EXPANDED(name, set) JOIN(name, set)
#define OF_SET(name) EXPANDED(name, SET) /* as a debugger and a profile show it */
#define QUOTED(set) #set
#define NAME_OF(set) QUOTED(set)

TARGET static void OF_SET(one_float32)(const Network *network, const Scratch *scratch)
{
    answer_one(network, scratch, 0, false);
}

TARGET static void OF_SET(one_narrow_float32)(const Network *network, const Scratch *scratch)
{
    answer_one(network, scratch, LANES, false);
}

TARGET static void OF_SET(one_int8)(const Network *network, const Scratch *scratch)
{
    answer_one(network, scratch, 0, true);
}

NARROW_INT8_TARGET static void OF_SET(one_narrow_int8)(const Network *network,
                                                       const Scratch *scratch)
{
    answer_one(network, scratch, LANES, true);
}

TARGET static bool OF_SET(many_float32)(const Network *network, const Block *block,
                                        const Table *table, int64_t from, int64_t count,
                                        double *answers)
{
    return answer_block(network, block, table, from, count, answers, 0, false, FLOATS);
}

TARGET static bool OF_SET(many_narrow_float32)(const Network *network, const Block *block,
                                               const Table *table, int64_t from, int64_t count,
                                               double *answers)
{
    return answer_block(network, block, table, from, count, answers, LANES, false, FLOATS);
}

TARGET static bool OF_SET(many_int8)(const Network *network, const Block *block,
                                     const Table *table, int64_t from, int64_t count,
                                     double *answers)
{
    return answer_block(network, block, table, from, count, answers, 0, true, FLOATS);
}

TARGET static bool OF_SET(many_narrow_int8)(const Network *network, const Block *block,
                                            const Table *table, int64_t from, int64_t count,
                                            double *answers)
{
    return answer_block(network, block, table, from, count, answers, LANES, true, FLOATS);
}

TARGET static bool OF_SET(many_dots)(const Network *network, const Block *block,
                                     const Table *table, int64_t from, int64_t count,
                                     double *answers)
{
    return answer_block(network, block, table, from, count, answers, 0, true, DOT_UNIT);
}

const Kernels OF_SET(slipstream) = {
    .name = NAME_OF(SET),
    .one = {{OF_SET(one_float32), OF_SET(one_narrow_float32)},
            {OF_SET(one_int8), OF_SET(one_narrow_int8)}},
    .many = {{OF_SET(many_float32), OF_SET(many_narrow_float32)},
             {OF_SET(many_int8), OF_SET(many_narrow_int8)}},
    .dots = OF_SET(many_dots),
    .byte_dots = BYTE_DOTS,
};
