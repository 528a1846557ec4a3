/* Products of short integers, added up in the lanes of a vector: the instructions that neither GCC nor
 * Clang makes of a plain loop. They need no sum across a vector: each lane is a unit of its own.
 *
 * A word of weights holds what one unit has for PER_WORD inputs; a word of inputs, these inputs.
 */
#ifndef SLIPSTREAM_PRODUCTS_H
#define SLIPSTREAM_PRODUCTS_H

#include "dots.h"
#include "vectors.h"

enum { A_WORD = 4 / sizeof(Activation) }; /* inputs that one word holds */

/* Of each lane, two s16 x s16. */
INLINE Integers multiply_pairs(const Integers pairs, const int32_t inputs)
{
#if defined(__x86_64__) && VECTOR_BYTES == 64
    return (Integers)_mm512_madd_epi16((__m512i)pairs, _mm512_set1_epi32(inputs));
#elif defined(__x86_64__) && VECTOR_BYTES == 32
    return (Integers)_mm256_madd_epi16((__m256i)pairs, _mm256_set1_epi32(inputs));
#elif defined(__x86_64__)
    return (Integers)_mm_madd_epi16((__m128i)pairs, _mm_set1_epi32(inputs));
#elif defined(__aarch64__)
    const int16x8_t left = (int16x8_t)pairs, right = (int16x8_t)vdupq_n_s32(inputs);
    return (Integers)vpaddq_s32(vmull_s16(vget_low_s16(left), vget_low_s16(right)),
                                vmull_high_s16(left, right));
#else
    const Integers lower = (Integers)((Bits)pairs << 16) >> 16;
    return lower * (int32_t)(int16_t)inputs + (pairs >> 16) * (inputs >> 16);
#endif
}

#if BYTE_DOTS
/* Of each lane, four u8 x s8. */
INLINE Integers add_words(const Integers sum, const Integers weights, const int32_t inputs)
{
#if defined(__x86_64__)
    return (Integers)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32(inputs), (__m512i)weights);
#else
    return (Integers)vusdotq_s32((int32x4_t)sum, (uint8x16_t)vdupq_n_s32(inputs),
                                 (int8x16_t)weights);
#endif
}
#else
INLINE Integers add_words(const Integers sum, const Integers weights, const int32_t inputs)
{
    return sum + multiply_pairs(weights, inputs);
}
#endif

/* The first layer's sums, int8: bias, and each column's two neighbouring rows by their shares. A word
 * of the table is a row's weight and what the next row has more; one of `steps`, see to_steps. */
INLINE void sum_integers(const int32_t *table, const int32_t *low, const int32_t *steps,
                         int64_t stride, int64_t features, const int32_t *bias, int64_t width,
                         int32_t *sums)
{
    for (int64_t lane = 0; lane < width; lane += 2 * WORDS) {
        Integers a = *(const Integers *)(bias + lane);
        Integers b = *(const Integers *)(bias + lane + WORDS);
        for (int64_t column = 0; column < features; column++) {
            const Integers *pairs = (const Integers *)(table + low[column * stride] * width + lane);
            const int32_t by = steps[column * stride];
            a += multiply_pairs(pairs[0], by);
            b += multiply_pairs(pairs[1], by);
        }
        *(Integers *)(sums + lane) = a;
        *(Integers *)(sums + lane + WORDS) = b;
    }
}

/* LANES units of one row: words (count, LANES), inputs (count,) -> sums (LANES,). Even and odd inputs
 * are summed apart; two vectors of units at a time are what there are registers for. */
INLINE void words_one(const int32_t *words, const Word *inputs, int64_t count, const int32_t *bias,
                      int32_t *sums)
{
    for (int lane = 0; lane < LANES; lane += 2 * WORDS) {
        Integers even[2] = {*(const Integers *)(bias + lane),
                            *(const Integers *)(bias + lane + WORDS)};
        Integers odd[2] = {{0}, {0}};
        for (int64_t at = 0; at < count; at += 2) {
            const Integers *weights = (const Integers *)(words + at * LANES + lane);
            const Integers *next = (const Integers *)(words + (at + 1) * LANES + lane);
            even[0] = add_words(even[0], weights[0], inputs[at]);
            even[1] = add_words(even[1], weights[1], inputs[at]);
            odd[0] = add_words(odd[0], next[0], inputs[at + 1]);
            odd[1] = add_words(odd[1], next[1], inputs[at + 1]);
        }
        *(Integers *)(sums + lane) = even[0] + odd[0];
        *(Integers *)(sums + lane + WORDS) = even[1] + odd[1];
    }
}

#endif
