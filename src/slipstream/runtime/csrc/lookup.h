/* From a row's values to the first layer's sums: each column's two neighbouring rows of the table. */
#ifndef SLIPSTREAM_LOOKUP_H
#define SLIPSTREAM_LOOKUP_H

#include <string.h>

#include "network.h"
#include "products.h"
#include "scratch.h"
#include "vectors.h"

#define POSITION_ONE 16384 /* 2^14: one whole bin, for int8 */

/* How many of the inner edges are not above a value; for columns with very many. */
INLINE int64_t bisect(const double *inner, int64_t count, double value)
{
    int64_t below = 0;
    while (count > 0) {
        int64_t half = count / 2;
        bool right = inner[below + half] <= value;
        below = right ? below + half + 1 : below;
        count = right ? count - half - 1 : half;
    }
    return below;
}

/* By what a pair of the table counts: its lower half, the row's weight, by one; its upper half, what
 * the next row has more, by rint(2^14 t), half to even, for t in [0, 1]. Adding 2^52 leaves the integer
 * in the low bits. */
INLINE int32_t to_steps(double share)
{
    double shifted = share * POSITION_ONE + 0x1p52;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return (int32_t)(uint32_t)(bits << 16 | POSITION_ONE);
}

INLINE void put_position(const Scratch *scratch, int64_t index, int64_t low, double share,
                         bool integer)
{
    scratch->low[index] = (int32_t)low;
    if (integer)
        scratch->steps[index] = to_steps(share);
    else
        scratch->near[index] = (float)share;
}

/* Locates the values of one row in the table. */
INLINE void locate_row(const Network *network, const Scratch *scratch, bool integer)
{
    for (int64_t index = 0; index < network->features; index++) {
        const Column *column = &network->columns[index];
        double value = scratch->values[index];
        if (column->edges == NULL) {
            put_position(scratch, index, column->first_row + (int64_t)value, 0.0, integer);
            continue;
        }
        if (value != value) {
            put_position(scratch, index, column->first_row + column->edge_count, 0.0, integer);
            continue;
        }
        value = value > column->edges[0] ? value : column->edges[0];
        value = value < column->highest ? value : column->highest;
        const int64_t bin = column->search != NULL
                                ? count_edges(column->search, value)
                                : bisect(column->edges + 1, column->edge_count - 2, value);
        double start = column->edges[bin];
        double share = (value - start) / (column->edges[bin + 1] - start);
        put_position(scratch, index, column->first_row + bin, share, integer);
    }
}

/* Sums the first layer for one located row; a column's position is `stride` after the last's. */
INLINE void look_up(const Network *network, const Scratch *scratch, int64_t stride, int64_t width,
                    bool integer)
{
    const Layer *layer = &network->layers[0];
    if (integer)
        sum_integers(network->integer_table, scratch->low, scratch->steps, stride,
                     network->features, layer->integer_bias, width, scratch->sums);
    else
        sum_floats(network->table, scratch->low, scratch->near, stride, network->features,
                   layer->bias, width, (float *)scratch->sums);
}

#endif
