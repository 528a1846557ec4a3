#include "network.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "scratch.h"

static void *allocate(Network *network, int64_t count, size_t size)
{
    return slipstream_allocate_in(&network->chunks, (size_t)count, size);
}

/* ------------------------------------------------------------------------ columns */

/* Every FEW_EDGES-th inner edge, then all of them and NaN. */
static Status copy_search(Network *network, Column *column)
{
    const int64_t inner = column->edge_count - 2;
    if (inner == 0 || inner > LONG_SEARCH)
        return BUILT;
    const int64_t places = inner / FEW_EDGES * FEW_EDGES + FEW_EDGES;
    column->search = allocate(network, FEW_EDGES + places, sizeof(double));
    if (column->search == NULL)
        return NO_MEMORY;
    double *all = column->search + FEW_EDGES;
    for (int64_t place = 0; place < places; place++)
        all[place] = place < inner ? column->edges[place + 1] : (double)NAN;
    for (int64_t each = 0; each < FEW_EDGES; each++) {
        const int64_t last = (each + 1) * FEW_EDGES - 1;
        column->search[each] = last < inner ? all[last] : (double)NAN;
    }
    return BUILT;
}

static Status copy_edges(Network *network, Column *column, const ColumnSpec *spec)
{
    column->edge_count = spec->edge_count;
    column->rows = spec->edge_count + 1;
    if (spec->edge_count < 2)
        return WRONG_EDGES;
    column->edges = allocate(network, spec->edge_count + 1, sizeof(double));
    if (column->edges == NULL)
        return NO_MEMORY;
    memcpy(column->edges, spec->edges, (size_t)spec->edge_count * sizeof(double));
    for (int64_t edge = 1; edge < spec->edge_count; edge++) {
        const double step = column->edges[edge] - column->edges[edge - 1];
        if (!(step > 0 && step <= DBL_MAX))
            return WRONG_EDGES;
    }
    column->highest = column->edges[spec->edge_count - 1];
    return copy_search(network, column);
}

static Status copy_column(Network *network, Column *column, const ColumnSpec *spec)
{
    column->allows_missing = spec->allows_missing;
    if (spec->edges != NULL)
        return copy_edges(network, column, spec);
    column->rows = spec->rows;
    return spec->rows < 2 || spec->rows > INT32_MAX ? WRONG_ROWS : BUILT;
}

static Status copy_columns(Network *network, const ColumnSpec *specs)
{
    if (network->features < 1 || network->features > MAX_FEATURES)
        return WRONG_FEATURES;
    network->columns = allocate(network, network->features, sizeof(Column));
    if (network->columns == NULL)
        return NO_MEMORY;
    network->numeric = true;
    int64_t rows = 0;
    for (int64_t index = 0; index < network->features; index++) {
        Column *column = &network->columns[index];
        const Status status = copy_column(network, column, &specs[index]);
        if (status != BUILT)
            return status;
        column->first_row = rows;
        rows += column->rows;
        network->numeric &= column->edges != NULL;
    }
    return BUILT;
}

/* ------------------------------------------------------------------------ layers */

/* The bias, and for int8 the multiplier, of a layer whose outputs are known. */
static Status copy_bias(Network *network, Layer *layer, const LayerSpec *spec)
{
    const size_t bytes = (size_t)layer->outputs * sizeof(float); /* int32_t is as large */
    void *bias = allocate(network, layer->padded_outputs, sizeof(float));
    if (bias == NULL)
        return NO_MEMORY;
    memcpy(bias, spec->bias, bytes);
    if (!network->integer) {
        layer->bias = bias;
        return BUILT;
    }
    layer->integer_bias = bias;
    for (int64_t unit = 0; unit < layer->outputs; unit++)
        if (layer->integer_bias[unit] > MAX_BIAS || layer->integer_bias[unit] < -MAX_BIAS)
            return WRONG_BIASES;
    layer->multiplier = allocate(network, layer->padded_outputs, sizeof(float));
    if (layer->multiplier == NULL)
        return NO_MEMORY;
    memcpy(layer->multiplier, spec->multiplier, bytes);
    return BUILT;
}

/* Each weight and what the next row has more, as the halves of one word. */
static void fill_pairs(int32_t *pairs, const Layer *layer, const int8_t *weights)
{
    const int64_t rows = layer->inputs, width = layer->outputs;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t unit = 0; unit < width; unit++) {
            const int32_t weight = weights[row * width + unit];
            const int32_t next = row + 1 < rows ? weights[(row + 1) * width + unit] : 0;
            pairs[row * layer->padded_outputs + unit] = (next - weight) * 65536 + (weight & 0xffff);
        }
}

/* The first layer's table, with a row of zeros after the last; for int8, pairs in one word each. */
static Status copy_table(Network *network, const Layer *layer, const void *weights)
{
    if ((size_t)layer->inputs + 1 > SIZE_MAX / 8 / (size_t)layer->padded_outputs)
        return NO_MEMORY; /* where a size has 32 bits */
    void *table =
        allocate(network, (layer->inputs + 1) * layer->padded_outputs, sizeof(float));
    if (table == NULL)
        return NO_MEMORY;
    if (network->integer) {
        network->integer_table = table;
        fill_pairs(table, layer, weights);
        return BUILT;
    }
    network->table = table;
    for (int64_t row = 0; row < layer->inputs; row++)
        memcpy(network->table + row * layer->padded_outputs,
               (const float *)weights + row * layer->outputs,
               (size_t)layer->outputs * sizeof(float));
    return BUILT;
}

void slipstream_fill_panels(float *panels, const Layer *layer, const float *floats,
                            const int8_t *integers, int64_t stride)
{
    for (int64_t unit = 0; unit < layer->outputs; unit++) {
        float *panel = panels + unit / LANES * layer->padded_inputs * LANES + unit % LANES;
        for (int64_t input = 0; input < layer->inputs; input++)
            panel[input * LANES] = floats != NULL ? floats[unit * stride + input]
                                                  : (float)integers[unit * stride + input];
    }
}

static Status copy_weights(Network *network, Layer *layer, const void *from, bool last)
{
    const int64_t count = layer->padded_outputs * layer->padded_inputs;
    if (!network->integer && !(last && layer->outputs < FEW_OUTPUTS)) {
        layer->panels = allocate(network, count, sizeof(float));
        if (layer->panels == NULL)
            return NO_MEMORY;
        slipstream_fill_panels(layer->panels, layer, from, NULL, layer->inputs);
        return BUILT;
    }
    /* Padded outputs have weights as well, so that their sums are zero. */
    const size_t size = network->integer ? sizeof(int8_t) : sizeof(float);
    char *weights = allocate(network, count, size);
    if (weights == NULL)
        return NO_MEMORY;
    if (network->integer)
        layer->integers = (int8_t *)weights;
    else
        layer->rows = (float *)weights;
    const size_t inputs = (size_t)layer->inputs * size;
    for (int64_t unit = 0; unit < layer->outputs; unit++)
        memcpy(weights + (size_t)(unit * layer->padded_inputs) * size,
               (const char *)from + (size_t)unit * inputs, inputs);
    return BUILT;
}

/* LANES units side by side: (padded_outputs / LANES, padded_inputs / a word's, LANES, a word's), in
 * words of four s8 or two s16. */
static void fill_words(const Layer *layer, bool bytes)
{
    const int64_t a_word = bytes ? 4 : 2;
    for (int64_t unit = 0; unit < layer->padded_outputs; unit++)
        for (int64_t input = 0; input < layer->padded_inputs; input++) {
            const int64_t panel = unit / LANES * (layer->padded_inputs / a_word);
            const int64_t word = (panel + input / a_word) * LANES + unit % LANES;
            const int64_t place = word * a_word + input % a_word;
            const int8_t weight = layer->integers[unit * layer->padded_inputs + input];
            if (bytes)
                ((int8_t *)layer->words)[place] = weight;
            else
                ((int16_t *)layer->words)[place] = weight;
        }
}

static Status copy_words(Network *network, bool bytes)
{
    for (int64_t index = 1; network->integer && index + 1 < network->depth; index++) {
        Layer *layer = &network->layers[index];
        layer->words = allocate(network, layer->padded_outputs * layer->padded_inputs,
                                bytes ? sizeof(int8_t) : sizeof(int16_t));
        if (layer->words == NULL)
            return NO_MEMORY;
        fill_words(layer, bytes);
    }
    return BUILT;
}

/* How many inputs a layer must have: the table's rows, or what the layer before it gives. */
static int64_t expected_inputs(const Network *network, int64_t index)
{
    const Column *last = &network->columns[network->features - 1];
    return index == 0 ? last->first_row + last->rows : network->layers[index - 1].outputs;
}

static Status copy_layer(Network *network, int64_t index, const LayerSpec *spec)
{
    Layer *layer = &network->layers[index];
    if (spec->inputs != expected_inputs(network, index) || spec->inputs >= INT32_MAX ||
        spec->outputs < 1 || spec->outputs > MAX_WIDTH)
        return WRONG_SIZES;
    layer->inputs = spec->inputs;
    layer->outputs = spec->outputs;
    layer->padded_inputs = pad(spec->inputs, LANES);
    layer->padded_outputs = pad(spec->outputs, LANES);
    if (layer->padded_outputs > network->width)
        network->width = layer->padded_outputs;
    const Status status =
        index == 0 ? copy_table(network, layer, spec->weight)
                   : copy_weights(network, layer, spec->weight, index + 1 == network->depth);
    return status == BUILT ? copy_bias(network, layer, spec) : status;
}

static Status copy_layers(Network *network, const LayerSpec *specs)
{
    if (network->depth < 2)
        return WRONG_DEPTH;
    network->layers = allocate(network, network->depth, sizeof(Layer));
    if (network->layers == NULL)
        return NO_MEMORY;
    network->narrow = true;
    for (int64_t index = 0; index < network->depth; index++) {
        const Status status = copy_layer(network, index, &specs[index]);
        if (status != BUILT)
            return status;
        if (index + 1 < network->depth)
            network->narrow &= network->layers[index].padded_outputs == LANES;
    }
    network->outputs = network->layers[network->depth - 1].outputs;
    return BUILT;
}

/* ------------------------------------------------------------------------ the whole */

/* Whether float32 holds every sum of an int8 network's later layers. */
static bool sums_are_exact(const Network *network)
{
    for (int64_t index = 1; index < network->depth; index++)
        if (network->layers[index].inputs > EXACT_INPUTS)
            return false;
    return true;
}

static void choose_kernels(Network *network, const Kernels *kernels)
{
    const bool wide_bytes = kernels->byte_dots && network->width >= DOT_WIDTH;
    network->dots = network->integer && (wide_bytes || !sums_are_exact(network));
    network->one = kernels->one[network->integer][network->narrow];
    network->many = network->dots ? kernels->dots : kernels->many[network->integer][network->narrow];
}

static Status copy_all(Network *network, const NetworkSpec *spec, bool bytes)
{
    Status status = copy_columns(network, spec->columns);
    if (status == BUILT)
        status = copy_layers(network, spec->layers);
    if (status == BUILT)
        status = copy_words(network, bytes);
    return status;
}

Status slipstream_build(Network *network, const NetworkSpec *spec, const Kernels *kernels)
{
    *network = (Network){.features = spec->features, .depth = spec->depth,
                         .integer = spec->integer, .link = spec->link};
    const Status status = copy_all(network, spec, kernels->byte_dots);
    if (status != BUILT) {
        slipstream_free(network);
        return status;
    }
    choose_kernels(network, kernels);
    network->scratch_bytes = row_bytes(network);
    return BUILT;
}

void slipstream_free(Network *network) { slipstream_free_chunks(&network->chunks); }

const char *slipstream_rule(Status status)
{
    switch (status) {
    case WRONG_FEATURES:
        return "1 to 1000 columns";
    case WRONG_EDGES:
        return "edges that increase by finite steps";
    case WRONG_ROWS:
        return "at least two rows for a categorical column";
    case WRONG_DEPTH:
        return "at least two layers";
    case WRONG_SIZES:
        return "layers of 1 to 16384 outputs that fit together";
    case WRONG_BIASES:
        return "integer biases within 2^25";
    default: /* BUILT, NO_MEMORY */
        return "enough memory";
    }
}
