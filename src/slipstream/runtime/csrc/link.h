/* From logits to answers. */
#ifndef SLIPSTREAM_LINK_H
#define SLIPSTREAM_LINK_H

#include <string.h>

#include "network.h"

/* exp(x) for x <= 709, to about 1 ulp: 2^n p(r) with a Taylor polynomial of degree 12. */
INLINE double exponential(double x)
{
    x = x > -708.0 ? x : -708.0;
    double shifted = x * 0x1.71547652b82fep0 + 0x1.8p52; /* 1 / ln 2; rounds to an integer */
    double n = shifted - 0x1.8p52;
    double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33; /* ln 2 in two parts */
    double r2 = r * r, r4 = r2 * r2;
    double low = (1.0 + r) + r2 * (1.0 / 2 + r * (1.0 / 6));
    double middle = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040));
    double high = (1.0 / 40320 + r * (1.0 / 362880)) + r2 * (1.0 / 3628800 + r * (1.0 / 39916800));
    double top = r4 * (1.0 / 479001600);
    double p = low + r4 * (middle + r4 * (high + top));
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52; /* the integer n sits in the low bits */
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

INLINE double sigmoid(double logit)
{
    double small = exponential(logit < 0 ? logit : -logit);
    return (logit >= 0 ? 1.0 : small) / (1.0 + small);
}

/* A number whose log1p the model gives; at most exp(88), which float32 holds. runtime/links.py takes
 * the same steps, so that numpy answers with the same bits. */
INLINE double from_log1p(double logarithm)
{
    return exponential(logarithm < 88.0 ? logarithm : 88.0) - 1.0;
}

INLINE void softmax(double *logits, int64_t count)
{
    double largest = logits[0], total = 0;
    for (int64_t each = 1; each < count; each++)
        largest = logits[each] > largest ? logits[each] : largest;
    for (int64_t each = 0; each < count; each++) {
        logits[each] = exponential(logits[each] - largest);
        total += logits[each];
    }
    for (int64_t each = 0; each < count; each++)
        logits[each] /= total;
}

/* Into ascending order, so that quantiles never cross; most rows are in it already. Equal numbers
 * keep their order. */
INLINE void sort(double *answers, int64_t count)
{
    for (int64_t next = 1; next < count; next++) {
        const double answer = answers[next];
        int64_t place = next;
        for (; place > 0 && answers[place - 1] > answer; place--)
            answers[place] = answers[place - 1];
        answers[place] = answer;
    }
}

INLINE void apply_link(Link link, double *logits, int64_t rows, int64_t outputs)
{
    if (link == SIGMOID) {
#pragma omp simd
        for (int64_t each = 0; each < rows * outputs; each++)
            logits[each] = sigmoid(logits[each]);
    } else if (link == SOFTMAX) {
        for (int64_t row = 0; row < rows; row++)
            softmax(logits + row * outputs, outputs);
    } else if (link == EXPM1) {
#pragma omp simd
        for (int64_t each = 0; each < rows * outputs; each++)
            logits[each] = from_log1p(logits[each]);
    } else if (link == SORTED) {
        for (int64_t row = 0; row < rows; row++)
            sort(logits + row * outputs, outputs);
    }
}

#endif
