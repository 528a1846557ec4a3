/* The memory that one row works in; every array begins on a cache line. */
#ifndef SLIPSTREAM_SCRATCH_H
#define SLIPSTREAM_SCRATCH_H

#include <stdint.h>

#include "network.h"

struct Scratch {
    double *values;    /* (features,): numbers, NaN for missing; a category's row */
    int32_t *low;      /* (features,): the lower of two neighbouring table rows */
    float *near;       /* (features,): the upper one's share, float32 */
    int32_t *steps;    /* (features,): 2^14, and above it the upper one's share of that, int8 */
    int32_t *sums;     /* (width,) */
    void *first, *second; /* (width,): activations, float32 or int16 or uint8 */
    double *logits;    /* (padded outputs,) */
};

/* Takes an array that begins on a cache line, and moves on; from address 0, it only counts. */
INLINE void *take(uintptr_t *address, int64_t count, size_t size)
{
    void *taken = (void *)*address;
    *address += ((size_t)count * size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    return taken;
}

/* Lays out a row's memory from an address; returns where it ends. */
INLINE uintptr_t lay_out_row(const Network *network, Scratch *scratch, uintptr_t address)
{
    scratch->values = take(&address, network->features, sizeof(double));
    scratch->low = take(&address, network->features, sizeof(int32_t));
    scratch->near = take(&address, network->features, sizeof(float));
    scratch->steps = take(&address, network->features, sizeof(int32_t));
    scratch->sums = take(&address, network->width, sizeof(int32_t));
    scratch->first = take(&address, network->width, sizeof(float));
    scratch->second = take(&address, network->width, sizeof(float));
    scratch->logits = take(&address, pad(network->outputs, LANES), sizeof(double));
    return address;
}

INLINE size_t row_bytes(const Network *network)
{
    Scratch counted;
    return (size_t)lay_out_row(network, &counted, 0);
}

#endif
