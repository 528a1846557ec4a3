/* Kernels in vectors of VECTOR_BYTES: where the vectoriser alone does not keep sums in registers,
 * GCC's and Clang's vector types are written out, in the size that the instruction set has.
 */
#ifndef SLIPSTREAM_VECTORS_H
#define SLIPSTREAM_VECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define DOT_LANES 16 /* partial sums of a float32 dot product, whatever the vectors' size */
#define LARGEST_ACTIVATION_BITS 0x437f0000 /* 255 as float32 */

/* x86-64 has no fused multiplication and addition in its baseline. */
#if defined(__aarch64__)
#define FUSES true
#else
#define FUSES (VECTOR_BYTES > 16)
#endif

enum { DOUBLES = VECTOR_BYTES / 8, WORDS = VECTOR_BYTES / 4 }; /* that one vector holds */

typedef float Floats __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef double Doubles __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t Counts __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int32_t Integers __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint32_t Bits __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int16_t Shorts __attribute__((vector_size(VECTOR_BYTES / 2), may_alias));
typedef uint8_t Bytes __attribute__((vector_size(VECTOR_BYTES / 4), may_alias));
typedef float FourFloats __attribute__((vector_size(16), may_alias));
typedef int32_t Word __attribute__((may_alias)); /* of an int8 model's activations */

/* What holds an int8 model's activation, 0 to 255. */
typedef enum { BYTES, SHORTS, FLOATS } Unit;

/* ------------------------------------------------------------------------ look-up */

/* How many of FEW_EDGES edges, in order, are not above a value; NaN is above every value. */
INLINE int64_t count_few(const double *edges, double value)
{
#if defined(__x86_64__) /* a bit each; the first that is not set is the count */
#if VECTOR_BYTES == 64
    const unsigned below =
        _mm512_cmp_pd_mask(_mm512_set1_pd(value), _mm512_load_pd(edges), _CMP_GE_OQ);
#else
    unsigned below = 0;
    for (int lane = 0; lane < FEW_EDGES; lane += DOUBLES) {
#if VECTOR_BYTES == 32
        const int bits = _mm256_movemask_pd(
            _mm256_cmp_pd(_mm256_set1_pd(value), _mm256_load_pd(edges + lane), _CMP_GE_OQ));
#else
        const int bits =
            _mm_movemask_pd(_mm_cmpge_pd(_mm_set1_pd(value), _mm_load_pd(edges + lane)));
#endif
        below |= (unsigned)bits << lane;
    }
#endif
    return __builtin_ctz(~below);
#else
    Counts counts = {0};
    for (int lane = 0; lane < FEW_EDGES; lane += DOUBLES)
        counts -= value - (Doubles){0} >= *(const Doubles *)(edges + lane);
    int64_t count = counts[0];
    for (int lane = 1; lane < DOUBLES; lane++)
        count += counts[lane];
    return count;
#endif
}

/* How many of a column's inner edges are not above its value. `search` has every FEW_EDGES-th of
 * them, then all, padded with NaN. */
INLINE int64_t count_edges(const double *search, double value)
{
    const int64_t from = FEW_EDGES * count_few(search, value);
    return from + count_few(search + FEW_EDGES + from, value);
}

/* The same for BLOCK_ROWS values, and edges (count,) as they are. */
INLINE void count_rows(const double *edges, int64_t count, const double *values, int64_t *bins)
{
    for (int row = 0; row < BLOCK_ROWS; row += 2 * DOUBLES) {
        const Doubles *at = (const Doubles *)(values + row);
        const Doubles first = at[0], second = at[1];
        Counts firsts = {0}, seconds = {0};
        for (int64_t edge = 0; edge < count; edge++) {
            const Doubles bound = edges[edge] - (Doubles){0};
            firsts -= first >= bound;
            seconds -= second >= bound;
        }
        *(Counts *)(bins + row) = firsts;
        *(Counts *)(bins + row + DOUBLES) = seconds;
    }
}

/* The first layer's sums, float32: bias, and each column's two neighbouring rows by their shares. Each
 * rounding is monotone in the share: where a table's rows rise, so does the sum. */
INLINE void sum_floats(const float *table, const int32_t *low, const float *near, int64_t stride,
                       int64_t features, const float *bias, int64_t width, float *sums)
{
    for (int64_t lane = 0; lane < width; lane += 2 * WORDS) {
        Floats a = *(const Floats *)(bias + lane);
        Floats b = *(const Floats *)(bias + lane + WORDS);
        for (int64_t column = 0; column < features; column++) {
            const float *row = table + low[column * stride] * width + lane;
            const Floats *lower = (const Floats *)row;
            const Floats *upper = (const Floats *)(row + width);
            const float share = near[column * stride];
            a += lower[0] + share * (upper[0] - lower[0]);
            b += lower[1] + share * (upper[1] - lower[1]);
        }
        *(Floats *)(sums + lane) = a;
        *(Floats *)(sums + lane + WORDS) = b;
    }
}

/* ------------------------------------------------------------------------ layers */

/* Sums of up to two vectors of units; even and odd inputs are summed apart. */
typedef struct {
    Floats even[2], odd[2];
} Sums;

/* Fused wherever the instruction set can: for int8 the sums are exact either way. */
INLINE void multiply_add(Floats *sum, const float input, const Floats *weights)
{
    const Floats inputs = input - (Floats){0}, given = *weights;
    Floats added = *sum;
    if (!FUSES) {
        *sum += inputs * given;
        return;
    }
    _Pragma("GCC unroll 16")
    for (int lane = 0; lane < WORDS; lane++)
        added[lane] = __builtin_fmaf(inputs[lane], given[lane], added[lane]);
    *sum = added;
}

/* Adds two inputs' products with the weights of one or two vectors of units. */
INLINE void add_two(Sums *sums, const float *inputs, const float *weights, const int vectors)
{
    const Floats *evens = (const Floats *)weights;
    const Floats *odds = (const Floats *)(weights + LANES);
    multiply_add(&sums->even[0], inputs[0], evens);
    multiply_add(&sums->odd[0], inputs[1], odds);
    if (vectors == 1)
        return;
    multiply_add(&sums->even[1], inputs[0], evens + 1);
    multiply_add(&sums->odd[1], inputs[1], odds + 1);
}

INLINE void put_sums(const Sums *sums, float *to, const int vectors)
{
    for (int vector = 0; vector < vectors; vector++)
        ((Floats *)to)[vector] = sums->even[vector] + sums->odd[vector];
}

/* One panel of LANES units for one row: panel (count, LANES), inputs (count,) -> sums (LANES,). As
 * many vectors of units at a time as there are registers for. */
INLINE void panel_one(const float *panel, const float *inputs, int64_t count, float *sums)
{
    for (int lane = 0; lane < LANES; lane += 2 * WORDS) {
        Sums only = {0};
        for (int64_t unit = 0; unit < count; unit += 2)
            add_two(&only, inputs + unit, panel + unit * LANES + lane, 2);
        put_sums(&only, sums + lane, 2);
    }
}

/* The same for TILE_ROWS rows, `stride` apart: sums (TILE_ROWS, LANES). */
INLINE void panel_four(const float *panel, const float *inputs, int64_t stride, int64_t count,
                       float *sums)
{
    const int vectors = VECTOR_BYTES == 64 ? 2 : 1;
    for (int lane = 0; lane < LANES; lane += vectors * WORDS) {
        Sums first = {0}, second = {0}, third = {0}, fourth = {0};
        for (int64_t unit = 0; unit < count; unit += 2) {
            const float *from = inputs + unit, *weights = panel + unit * LANES + lane;
            add_two(&first, from, weights, vectors);
            add_two(&second, from + stride, weights, vectors);
            add_two(&third, from + 2 * stride, weights, vectors);
            add_two(&fourth, from + 3 * stride, weights, vectors);
        }
        put_sums(&first, sums + lane, vectors);
        put_sums(&second, sums + LANES + lane, vectors);
        put_sums(&third, sums + 2 * LANES + lane, vectors);
        put_sums(&fourth, sums + 3 * LANES + lane, vectors);
    }
}

/* A dot product in DOT_LANES partial sums, added up as a tree. */
INLINE float dot(const float *inputs, const float *weights, int64_t count)
{
    _Alignas(64) float partial[DOT_LANES];
    for (int lane = 0; lane < DOT_LANES; lane += WORDS) {
        Floats sum = {0};
        for (int64_t unit = lane; unit < count; unit += DOT_LANES)
            sum += *(const Floats *)(inputs + unit) * *(const Floats *)(weights + unit);
        *(Floats *)(partial + lane) = sum;
    }
    const FourFloats *quarters = (const FourFloats *)partial;
    FourFloats four = (quarters[0] + quarters[2]) + (quarters[1] + quarters[3]);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

/* ReLU, one float32 multiplication, at most 255, rint half to even. Floats that are not negative
 * order like their bits; adding 2^23 leaves the integer in the low bits. */
INLINE void activate(const int32_t *sums, const float *multiplier, void *outputs, int64_t width,
                     Unit unit)
{
    for (int64_t at = 0; at < width; at += WORDS) {
        const Integers sum = *(const Integers *)(sums + at);
        const Floats scaled =
            __builtin_convertvector(sum & (sum > 0), Floats) * *(const Floats *)(multiplier + at);
        Integers bits = (Integers)scaled;
        const Integers small = bits < LARGEST_ACTIVATION_BITS;
        bits = (bits & small) | (LARGEST_ACTIVATION_BITS & ~small);
        bits = (Integers)((Floats)bits + 0x1p23f) & 0xff;
        if (unit == FLOATS)
            *(Floats *)((float *)outputs + at) = __builtin_convertvector(bits, Floats);
        else if (unit == SHORTS)
            *(Shorts *)((int16_t *)outputs + at) = __builtin_convertvector(bits, Shorts);
        else
            *(Bytes *)((uint8_t *)outputs + at) = __builtin_convertvector(bits, Bytes);
    }
}

#endif
