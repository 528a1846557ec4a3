/* A model's numbers, copied into padded, aligned memory, and how it is built from a caller's arrays.
 *
 * Widths are padded with zeros to a multiple of LANES; a padded unit is always 0 and adds nothing.
 */
#ifndef SLIPSTREAM_NETWORK_H
#define SLIPSTREAM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"
#include "instruction_sets.h"
#include "memory.h"

#define MAX_FEATURES 1000 /* this and the next two keep every s32 sum below 2^31 */
#define MAX_WIDTH 16384
#define MAX_BIAS (1 << 25)

/* From SOFTMAX on, an answer is a list. */
typedef enum { IDENTITY, SIGMOID, EXPM1, SOFTMAX, SORTED } Link;

/* A cache line each: a cold call waits for one a column, and finding a column is a shift. */
typedef struct {
    _Alignas(CACHE_LINE) double *edges; /* (edge_count,), or NULL where the column is categorical */
    int64_t edge_count;
    double *search;    /* the inner edges for count_edges, or NULL where there are none or many */
    double highest;    /* the last edge */
    int64_t first_row; /* where the column's rows begin in the table */
    int64_t rows;
    bool allows_missing;
} Column;

typedef struct {
    int64_t inputs, outputs;               /* as in the bundle; the first layer's inputs: rows */
    int64_t padded_inputs, padded_outputs; /* as in memory */
    float *panels;     /* float32: (padded_outputs / LANES, padded_inputs, LANES) */
    float *rows;       /* float32 with few outputs: (outputs, padded_inputs) */
    int8_t *integers;  /* int8: (outputs, padded_inputs) */
    void *words;       /* the same of a hidden layer for one row, see fill_words */
    float *bias;
    int32_t *integer_bias;
    float *multiplier; /* int8: (padded_outputs,) */
} Layer;

struct Network {
    int64_t features, outputs, depth;
    int64_t width;     /* the widest layer, padded */
    bool integer;      /* int8 */
    bool narrow;       /* every hidden layer is padded to exactly LANES */
    bool dots;         /* int8 tables are answered by integer dot products, not in float32 */
    bool numeric;      /* no column is categorical */
    Link link;
    Column *columns;
    float *table;           /* float32: (rows + 1, padded_outputs of the first layer) */
    int32_t *integer_table; /* int8: (rows + 1, the same): pairs, see sum_integers */
    Layer *layers;          /* layers[0] has the table's bias and multiplier */
    AnswerOne one;
    AnswerMany many;
    size_t scratch_bytes;   /* what one row needs */
    Chunk *chunks;          /* hold all of the above, the newest first */
};

/* ------------------------------------------------------------------------ what it is built from */

typedef struct {
    const double *edges; /* (edge_count,), or NULL where the column is categorical */
    int64_t edge_count;
    int64_t rows;        /* of a categorical column: its categories, unknown, missing */
    bool allows_missing;
} ColumnSpec;

/* The first layer's weight is the table (inputs, outputs), every other's is (outputs, inputs). */
typedef struct {
    int64_t inputs, outputs;
    const void *weight;      /* float or int8_t */
    const void *bias;        /* (outputs,): float or int32_t */
    const float *multiplier; /* int8: (outputs,) */
} LayerSpec;

typedef struct {
    const ColumnSpec *columns;
    const LayerSpec *layers;
    int64_t features, depth;
    bool integer; /* int8, else float32 */
    Link link;
} NetworkSpec;

typedef enum {
    BUILT,
    NO_MEMORY,
    WRONG_FEATURES,
    WRONG_EDGES,
    WRONG_ROWS,
    WRONG_DEPTH,
    WRONG_SIZES,
    WRONG_BIASES,
} Status;

/* Copies what the spec points to, whose sizes must be what it says; checks everything else that is
 * indexed with. Where it is not BUILT, nothing is left to free. */
Status slipstream_build(Network *network, const NetworkSpec *spec, const Kernels *kernels);

void slipstream_free(Network *network);

/* What a network must have, as in "must have at least two layers". */
const char *slipstream_rule(Status status);

/* Puts LANES outputs side by side: (padded_outputs / LANES, padded_inputs, LANES). The weights are
 * `floats` or, where that is NULL, `integers`; a unit's are `stride` apart from the next one's. */
void slipstream_fill_panels(float *panels, const Layer *layer, const float *floats,
                            const int8_t *integers, int64_t stride);

#endif
