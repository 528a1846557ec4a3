#include <stdlib.h>
#include <string.h>

#include "table.h"

/* Lays out a block's memory from an address; returns where it ends. */
static uintptr_t lay_out_block(const Network *network, Block *block, uintptr_t address)
{
    address = lay_out_row(network, &block->row, address);
    block->values = take(&address, BLOCK_ROWS, sizeof(double));
    block->shares = take(&address, BLOCK_ROWS, sizeof(double));
    block->bins = take(&address, BLOCK_ROWS, sizeof(int64_t));
    block->low = take(&address, BLOCK_ROWS * network->features, sizeof(int32_t));
    block->near = take(&address, BLOCK_ROWS * network->features, sizeof(float));
    block->steps = take(&address, BLOCK_ROWS * network->features, sizeof(int32_t));
    block->first = take(&address, BLOCK_ROWS * network->width, sizeof(float));
    block->second = take(&address, BLOCK_ROWS * network->width, sizeof(float));
    block->dense = take(&address, network->depth, sizeof(Dense));
    return address;
}

/* Lays out the widened weights of int8 layers, and fills them in where there is memory. */
static uintptr_t lay_out_dense(const Network *network, Block *block, uintptr_t address, bool fill)
{
    if (network->dots) /* their integers serve as they are */
        return address;
    for (int64_t index = 1; index < network->depth; index++) {
        const Layer *layer = &network->layers[index];
        bool dot = index + 1 == network->depth && layer->outputs < FEW_OUTPUTS;
        Dense dense = {layer->panels, layer->rows};
        int64_t count = layer->padded_outputs * layer->padded_inputs;
        if (network->integer && dot)
            dense.rows = take(&address, count, sizeof(float));
        else if (network->integer)
            dense.panels = take(&address, count, sizeof(float));
        if (!fill)
            continue;
        block->dense[index] = dense;
        if (network->integer && dot)
            for (int64_t place = 0; place < count; place++)
                dense.rows[place] = (float)layer->integers[place];
        else if (network->integer)
            slipstream_fill_panels(dense.panels, layer, NULL, layer->integers,
                                   layer->padded_inputs);
    }
    return address;
}

static Answering answer_blocks(const Network *network, const Table *table, int64_t rows,
                               double *answers)
{
    Block block;
    size_t bytes = (size_t)lay_out_dense(network, &block, lay_out_block(network, &block, 0), false);
    char *memory = slipstream_allocate(bytes);
    if (memory == NULL)
        return OUT_OF_MEMORY;
    lay_out_dense(network, &block, lay_out_block(network, &block, (uintptr_t)memory), true);
    bool plain = true;
    for (int64_t from = 0; plain && from < rows; from += BLOCK_ROWS) {
        int64_t count = rows - from < BLOCK_ROWS ? rows - from : BLOCK_ROWS;
        plain = network->many(network, &block, table, from, count,
                              answers + from * network->outputs);
    }
    free(memory);
    return plain ? ANSWERED : NOT_PLAIN;
}

/* Reads one row of a table; false where it is not plain. */
static bool read_row(const Network *network, const Table *table, int64_t row, double *values)
{
    bool plain = true;
    for (int64_t index = 0; index < network->features; index++) {
        const Column *column = &network->columns[index];
        const double value = values[index] = cell(table, row, index);
        if (column->edges == NULL)
            plain &= value >= 0 && value < (double)column->rows;
        else
            plain &= value == value || column->allows_missing;
    }
    return plain;
}

/* Answers a few rows, one by one. */
static Answering answer_rows(const Network *network, const Table *table, int64_t rows,
                             double *answers)
{
    char *memory = slipstream_allocate(network->scratch_bytes);
    if (memory == NULL)
        return OUT_OF_MEMORY;
    Scratch scratch;
    lay_out_row(network, &scratch, (uintptr_t)memory);
    bool plain = true;
    for (int64_t row = 0; plain && row < rows; row++) {
        plain = read_row(network, table, row, scratch.values);
        if (!plain)
            break;
        network->one(network, &scratch);
        memcpy(answers + row * network->outputs, scratch.logits,
               (size_t)network->outputs * sizeof(double));
    }
    free(memory);
    return plain ? ANSWERED : NOT_PLAIN;
}

Answering slipstream_answer_table(const Network *network, const Table *table, int64_t rows,
                                  double *answers)
{
    return rows >= FEW_ROWS ? answer_blocks(network, table, rows, answers)
                            : answer_rows(network, table, rows, answers);
}
