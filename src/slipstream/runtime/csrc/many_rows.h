/* A block of a table's rows through the network. */
#ifndef SLIPSTREAM_MANY_ROWS_H
#define SLIPSTREAM_MANY_ROWS_H

#include "dots.h"
#include "link.h"
#include "lookup.h"
#include "one_row.h"
#include "table.h"

/* Locates the rows of a categorical column in the table; false where there is no such row. */
INLINE bool locate_categories(const Column *column, const double *restrict values,
                              int32_t *restrict low)
{
    bool plain = true;
    for (int row = 0; row < BLOCK_ROWS; row++) {
        bool within = values[row] >= 0 && values[row] < (double)column->rows;
        low[row] = (int32_t)(column->first_row + (within ? (int64_t)values[row] : 0));
        plain &= within;
    }
    return plain;
}

/* Locates the values of a numeric column in the table, and the upper row's `shares`; false where one
 * is missing and must not be. */
INLINE bool locate_numbers(const Column *column, const double *restrict values,
                           int64_t *restrict bins, double *restrict shares, int32_t *restrict low)
{
    const double *edges = column->edges;
    const int64_t inner = column->edge_count - 2;
    const double lowest = edges[0], highest = column->highest;
    int missing = 0;
#pragma omp simd reduction(| : missing)
    for (int row = 0; row < BLOCK_ROWS; row++) {
        double value = values[row];
        missing |= value != value;
        value = value > lowest ? value : lowest; /* NaN becomes the lowest */
        shares[row] = value < highest ? value : highest;
    }
    if (inner > LONG_SEARCH)
        for (int row = 0; row < BLOCK_ROWS; row++)
            bins[row] = bisect(edges + 1, inner, shares[row]);
    else
        count_rows(edges + 1, inner, shares, bins);
#pragma omp simd
    for (int row = 0; row < BLOCK_ROWS; row++) {
        double start = edges[bins[row]];
        shares[row] = (shares[row] - start) / (edges[bins[row] + 1] - start);
        low[row] = (int32_t)(column->first_row + bins[row]);
    }
    if (missing == 0)
        return true;
    const int32_t absent = (int32_t)(column->first_row + column->edge_count);
#pragma omp simd
    for (int row = 0; row < BLOCK_ROWS; row++) {
        shares[row] = values[row] == values[row] ? shares[row] : 0.0;
        low[row] = values[row] == values[row] ? low[row] : absent;
    }
    return column->allows_missing;
}

/* Locates one column of a block; false where a value is missing or wrong and must not be. */
INLINE bool locate_column(const Network *network, const Block *block, const Table *table,
                          int64_t from, int64_t count, int64_t index, bool integer)
{
    const Column *column = &network->columns[index];
    double *restrict values = ALIGNED(double, block->values);
    double *restrict shares = ALIGNED(double, block->shares);
    int32_t *restrict low = ALIGNED(int32_t, block->low + index * BLOCK_ROWS);
    for (int64_t row = 0; row < count; row++)
        values[row] = cell(table, from + row, index);
    for (int64_t row = count; row < BLOCK_ROWS; row++)
        values[row] = 0;
    int32_t *restrict steps = ALIGNED(int32_t, block->steps + index * BLOCK_ROWS);
    if (column->edges == NULL) { /* near was zero from the start */
        for (int row = 0; row < BLOCK_ROWS; row++)
            steps[row] = POSITION_ONE;
        return locate_categories(column, values, low);
    }
    if (!locate_numbers(column, values, block->bins, shares, low))
        return false;
    if (integer) {
#pragma omp simd
        for (int row = 0; row < BLOCK_ROWS; row++)
            steps[row] = to_steps(shares[row]);
    } else {
        float *restrict near = ALIGNED(float, block->near + index * BLOCK_ROWS);
#pragma omp simd
        for (int row = 0; row < BLOCK_ROWS; row++)
            near[row] = (float)shares[row];
    }
    return true;
}

/* The first layer's activations of a block. */
INLINE void first_block(const Network *network, const Block *block, int64_t count, int64_t width,
                        bool integer, Unit kind)
{
    Scratch row = block->row;
    for (int64_t each = 0; each < count; each++) {
        row.low = block->low + each;
        row.near = block->near + each;
        row.steps = block->steps + each;
        look_up(network, &row, BLOCK_ROWS, width, integer);
        if (integer) {
            activate(row.sums, network->layers[0].multiplier,
                     row_of(block->first, each, width, kind), width, kind);
        } else {
            float *restrict to = ALIGNED(float, block->first + each * width);
            const float *restrict sums = ALIGNED(const float, row.sums);
#pragma omp simd
            for (int64_t unit = 0; unit < width; unit++)
                to[unit] = sums[unit] > 0 ? sums[unit] : 0;
        }
    }
}

/* A hidden layer's activations of a block. */
INLINE void hidden_block(const Layer *layer, const float *panels, const float *inputs,
                         float *outputs, int64_t count, int64_t width, int64_t units, bool integer)
{
    for (int64_t from = 0; from < units; from += LANES) {
        const float *bias = layer->bias + from;
        for (int64_t row = 0; row < count; row += TILE_ROWS) {
            _Alignas(64) float sums[TILE_ROWS * LANES];
            panel_four(panels + from * width, inputs + row * width, width, width, sums);
            for (int64_t each = 0; each < TILE_ROWS; each++) {
                float *restrict to = ALIGNED(float, outputs + (row + each) * units + from);
                const float *restrict tile = sums + each * LANES;
                if (!integer) {
                    rectify(to, tile, bias, LANES);
                    continue;
                }
                const int32_t *restrict integer_bias = layer->integer_bias + from;
                _Alignas(64) int32_t integers[LANES];
                for (int unit = 0; unit < LANES; unit++)
                    integers[unit] = (int32_t)tile[unit] + integer_bias[unit];
                activate(integers, layer->multiplier + from, to, LANES, FLOATS);
            }
        }
    }
}

/* The same by integer dot products. */
INLINE void hidden_dots(const Layer *layer, void *inputs, void *outputs, int64_t count,
                        int64_t width, int64_t units)
{
    for (int64_t from = 0; from < units; from += LANES)
        for (int64_t row = 0; row < count; row += DOT_ROWS) {
            _Alignas(64) int32_t sums[DOT_ROWS * LANES];
            for (int64_t unit = 0; unit < LANES; unit++)
                integer_dots(row_of(inputs, row, width, DOT_UNIT), width,
                             layer->integers + (from + unit) * width, width, sums + unit,
                             DOT_ROWS);
            for (int64_t each = 0; each < DOT_ROWS; each++) {
                int32_t *restrict tile = sums + each * LANES;
                for (int unit = 0; unit < LANES; unit++)
                    tile[unit] += layer->integer_bias[from + unit];
                activate(tile, layer->multiplier + from,
                         row_of(row_of(outputs, row + each, units, DOT_UNIT), from, 1, DOT_UNIT),
                         LANES, DOT_UNIT);
            }
        }
}

INLINE double logit_of(const Layer *layer, int64_t unit, float sum, bool integer)
{
    return integer ? integer_logit(layer, unit, (int32_t)sum) : (double)(sum + layer->bias[unit]);
}

/* The output layer's logits of a block. */
INLINE void last_block(const Layer *layer, const Dense *dense, const float *inputs, double *logits,
                       int64_t count, int64_t width, bool integer)
{
    int64_t outputs = layer->outputs;
    if (dense->rows != NULL) {
        for (int64_t row = 0; row < count; row++)
            for (int64_t unit = 0; unit < outputs; unit++) {
                float sum = dot(inputs + row * width, dense->rows + unit * width, width);
                logits[row * outputs + unit] = logit_of(layer, unit, sum, integer);
            }
        return;
    }
    for (int64_t from = 0; from < outputs; from += LANES) {
        int64_t units = outputs - from < LANES ? outputs - from : LANES;
        for (int64_t row = 0; row < count; row += TILE_ROWS) {
            _Alignas(64) float sums[TILE_ROWS * LANES];
            panel_four(dense->panels + from * width, inputs + row * width, width, width, sums);
            int64_t rows = count - row < TILE_ROWS ? count - row : TILE_ROWS;
            for (int64_t each = 0; each < rows; each++)
                for (int64_t unit = 0; unit < units; unit++)
                    logits[(row + each) * outputs + from + unit] =
                        logit_of(layer, from + unit, sums[each * LANES + unit], integer);
        }
    }
}

/* Answers up to BLOCK_ROWS rows of a table; false where one is not plain. Activations are held as
 * `kind` says: FLOATS go through panels of weights, DOT_UNIT through integer dot products. */
INLINE bool answer_block(const Network *network, const Block *block, const Table *table,
                         int64_t from, int64_t count, double *answers, int64_t fixed, bool integer,
                         Unit kind)
{
    for (int64_t index = 0; index < network->features; index++)
        if (!locate_column(network, block, table, from, count, index, integer))
            return false;
    int64_t width = fixed ? fixed : network->layers[0].padded_outputs;
    first_block(network, block, count, width, integer, kind);
    float *inputs = block->first, *outputs = block->second;
    for (int64_t index = 1; index + 1 < network->depth; index++) {
        const Layer *layer = &network->layers[index];
        int64_t units = fixed ? fixed : layer->padded_outputs;
        if (kind == FLOATS)
            hidden_block(layer, block->dense[index].panels, inputs, outputs, count, width, units,
                         integer);
        else
            hidden_dots(layer, inputs, outputs, count, width, units);
        float *exchanged = inputs;
        inputs = outputs;
        outputs = exchanged;
        width = units;
    }
    int64_t last = network->depth - 1;
    if (kind == FLOATS)
        last_block(&network->layers[last], &block->dense[last], inputs, answers, count, width,
                   integer);
    else
        last_dots(&network->layers[last], inputs, answers, count, width);
    apply_link(network->link, answers, count, network->outputs);
    return true;
}

#endif
