/* A table of numbers in a caller's memory, and the memory that its blocks of rows work in. */
#ifndef SLIPSTREAM_TABLE_H
#define SLIPSTREAM_TABLE_H

#include <string.h>

#include "network.h"
#include "scratch.h"

struct Table {
    const char *data;
    int64_t row_stride, column_stride; /* bytes */
    bool single;                       /* float32, else float64 */
};

INLINE double cell(const Table *table, int64_t row, int64_t column)
{
    const char *at = table->data + row * table->row_stride + column * table->column_stride;
    if (table->single) {
        float value;
        memcpy(&value, at, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* A layer's weights as float32; int8 ones are widened for each table, sums stay exact. */
typedef struct {
    float *panels, *rows;
} Dense;

/* A row's scratch, and BLOCK_ROWS rows of what a row needs. */
struct Block {
    Scratch row;
    double *values;  /* (BLOCK_ROWS,): one column */
    double *shares;  /* (BLOCK_ROWS,) */
    int64_t *bins;   /* (BLOCK_ROWS,) */
    int32_t *low;    /* (features, BLOCK_ROWS) */
    float *near;     /* (features, BLOCK_ROWS) */
    int32_t *steps;  /* (features, BLOCK_ROWS): see Scratch */
    float *first, *second; /* (BLOCK_ROWS, width): activations */
    Dense *dense;    /* (depth,) */
};

/* How answering a table went; a row that is NOT_PLAIN has a value that is missing and must not be,
 * or a category's row that is not there. */
typedef enum { OUT_OF_MEMORY = -1, NOT_PLAIN = 0, ANSWERED = 1 } Answering;

/* Writes the answers of a table (rows, features) into `answers` (rows, outputs). */
Answering slipstream_answer_table(const Network *network, const Table *table, int64_t rows,
                                  double *answers);

#endif
