/* Dot products of int8 layers, in plain loops that the compiler turns into the set's instructions.
 * An activation is a byte where BYTE_DOTS, else 16 bits wide: what the set multiplies without loss.
 */
#ifndef SLIPSTREAM_DOTS_H
#define SLIPSTREAM_DOTS_H

#include "network.h"
#include "vectors.h"

#if BYTE_DOTS
typedef uint8_t Activation;
typedef int8_t Factor;
#define DOT_UNIT BYTES
#else
typedef int16_t Activation;
typedef int16_t Factor;
#define DOT_UNIT SHORTS
#endif

/* GCC needs no word. Clang unrolls LANES steps before it would vectorise them, and does not see
 * s16 x s16 in the width that it takes by itself. */
#ifdef __clang__
#define DOT_LOOP _Pragma("clang loop unroll(disable) vectorize_width(32)")
#else
#define DOT_LOOP
#endif

/* The dot products of 1 or DOT_ROWS `rows`, `stride` apart, with one unit's weights: u8 x s8 or
 * s16 x s8, into s32 sums, LANES apart. */
INLINE void integer_dots(const void *inputs, int64_t stride, const int8_t *restrict weights,
                         int64_t count, int32_t *sums, const int rows)
{
    int32_t sum[DOT_ROWS] = {0};
    weights = (const int8_t *)__builtin_assume_aligned(weights, LANES);
    const Activation *restrict from =
        (const Activation *)__builtin_assume_aligned(inputs, LANES);
    DOT_LOOP
    for (int64_t unit = 0; unit < count; unit++) {
        const Factor weight = weights[unit];
        _Pragma("GCC unroll 8")
        for (int row = 0; row < rows; row++)
            sum[row] += (int32_t)from[row * stride + unit] * (int32_t)weight;
    }
    for (int row = 0; row < rows; row++)
        sums[row * LANES] = sum[row];
}

INLINE int32_t integer_dot(const void *inputs, const int8_t *weights, int64_t count)
{
    int32_t sum;
    integer_dots(inputs, 0, weights, count, &sum, 1);
    return sum;
}

/* Where a row's activations begin. */
INLINE void *row_of(void *activations, int64_t row, int64_t width, Unit kind)
{
    return (char *)activations + row * width * (kind == FLOATS ? 4 : kind == SHORTS ? 2 : 1);
}

INLINE double integer_logit(const Layer *layer, int64_t unit, int32_t sum)
{
    return (double)((float)(sum + layer->integer_bias[unit]) * layer->multiplier[unit]);
}

/* The output layer's logits of int8 rows. */
INLINE void last_dots(const Layer *layer, void *inputs, double *logits, int64_t count,
                      int64_t width)
{
    for (int64_t row = 0; row < count; row++)
        for (int64_t unit = 0; unit < layer->outputs; unit++)
            logits[row * layer->outputs + unit] = integer_logit(
                layer, unit,
                integer_dot(row_of(inputs, row, width, DOT_UNIT), layer->integers + unit * width,
                            width));
}

#endif
