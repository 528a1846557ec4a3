/* One row through the network. `fixed` is every hidden layer's padded width where they are alike,
 * a constant wherever this is inlined; 0 where they differ. */
#ifndef SLIPSTREAM_ONE_ROW_H
#define SLIPSTREAM_ONE_ROW_H

#include "dots.h"
#include "link.h"
#include "lookup.h"

INLINE void one_int8(const Network *network, const Scratch *scratch, int64_t fixed)
{
    int64_t width = fixed ? fixed : network->layers[0].padded_outputs;
    look_up(network, scratch, 1, width, true);
    void *inputs = scratch->first;
    activate(scratch->sums, network->layers[0].multiplier, inputs, width, DOT_UNIT);
    for (int64_t index = 1; index + 1 < network->depth; index++) {
        const Layer *layer = &network->layers[index];
        int64_t outputs = fixed ? fixed : layer->padded_outputs;
        for (int64_t from = 0; from < outputs; from += LANES)
            words_one((const int32_t *)layer->words + from * (width / A_WORD), inputs, width / A_WORD,
                      layer->integer_bias + from, scratch->sums + from);
        activate(scratch->sums, layer->multiplier, inputs, outputs, DOT_UNIT);
        width = outputs;
    }
    last_dots(&network->layers[network->depth - 1], inputs, scratch->logits, 1, width);
}

INLINE void rectify(float *restrict outputs, const float *restrict sums,
                    const float *restrict bias, int64_t count)
{
#pragma omp simd
    for (int64_t unit = 0; unit < count; unit++) {
        float sum = sums[unit] + bias[unit];
        outputs[unit] = sum > 0 ? sum : 0;
    }
}

INLINE void last_float32(const Layer *layer, const float *inputs, int64_t width, double *logits)
{
    if (layer->rows != NULL) {
        for (int64_t unit = 0; unit < layer->outputs; unit++) {
            float sum = dot(inputs, layer->rows + unit * width, width);
            logits[unit] = (double)(sum + layer->bias[unit]);
        }
        return;
    }
    for (int64_t from = 0; from < layer->outputs; from += LANES) {
        _Alignas(64) float sums[LANES];
        panel_one(layer->panels + from * width, inputs, width, sums);
        int64_t count = layer->outputs - from < LANES ? layer->outputs - from : LANES;
        for (int64_t unit = 0; unit < count; unit++)
            logits[from + unit] = (double)(sums[unit] + layer->bias[from + unit]);
    }
}

INLINE void one_float32(const Network *network, const Scratch *scratch, int64_t fixed)
{
    int64_t width = fixed ? fixed : network->layers[0].padded_outputs;
    look_up(network, scratch, 1, width, false);
    float *inputs = ALIGNED(float, scratch->first), *outputs = ALIGNED(float, scratch->second);
    float *restrict first = ALIGNED(float, scratch->sums);
#pragma omp simd
    for (int64_t unit = 0; unit < width; unit++)
        inputs[unit] = first[unit] > 0 ? first[unit] : 0;
    for (int64_t index = 1; index + 1 < network->depth; index++) {
        const Layer *layer = &network->layers[index];
        int64_t units = fixed ? fixed : layer->padded_outputs;
        for (int64_t from = 0; from < units; from += LANES) {
            _Alignas(64) float sums[LANES];
            panel_one(layer->panels + from * width, inputs, width, sums);
            rectify(outputs + from, sums, layer->bias + from, LANES);
        }
        float *exchanged = inputs;
        inputs = outputs;
        outputs = exchanged;
        width = units;
    }
    last_float32(&network->layers[network->depth - 1], inputs, width, scratch->logits);
}

/* Answers the row that is in scratch->values; the answer is in scratch->logits. */
INLINE void answer_one(const Network *network, const Scratch *scratch, int64_t fixed, bool integer)
{
    locate_row(network, scratch, integer);
    if (integer)
        one_int8(network, scratch, fixed);
    else
        one_float32(network, scratch, fixed);
    if (network->link == SIGMOID && network->outputs == 1)
        scratch->logits[0] = sigmoid(scratch->logits[0]);
    else
        apply_link(network->link, scratch->logits, 1, network->outputs);
}

#endif
