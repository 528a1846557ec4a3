/* The compiled predictor: the arithmetic of `kernels.py`, one row or many at a time.
 *
 * Plain C11 for the compiler's vectoriser: no intrinsics, so the same lines serve x86-64 and
 * aarch64. What follows is in four parts:
 *
 *   network    a model's numbers, copied into padded, aligned memory
 *   kernels    look-up, layers and link; `always_inline`, compiled once per instruction set
 *   model      building a network from Python's buffers; nothing that is indexed goes unchecked
 *   rows       plain rows and tables in, answers out; anything unusual goes to Python (`rows.py`)
 *
 * int8 is integer arithmetic, so any order of summation gives the same bits. float32 adds in one
 * order whether a row comes alone or in a table, so these agree to the bit as well.
 *
 * Widths are padded with zeros to a multiple of LANES; a padded unit is always 0 and adds nothing.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* aarch64's u8 x s8 dot product. Clang does not find it, and says that it is GCC 4. */
#if defined(__aarch64__) && defined(__linux__) && __GNUC__ >= 10
#include <sys/auxv.h>
#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13) /* an older C library's header lacks it */
#endif
#endif

#define LANES 32          /* widths are padded to a multiple of this */
#define GROUP 8           /* columns whose edges are searched side by side */
#define BLOCK_ROWS 64     /* rows of a table that go through the network together */
#define TILE_ROWS 4       /* rows that share one pass over a layer's weights */
#define LONG_SEARCH 64    /* more inner edges than this are bisected, not counted */
#define EXACT_INPUTS 512  /* 512 * 127 * 255 < 2^24: float32 holds such sums exactly */
#define DOT_ROWS 8        /* rows that share one pass over a unit's int8 weights */
#define DOT_WIDTH 128     /* layers this wide answer tables, too, by u8 x s8 products */
#define FEW_OUTPUTS 8     /* fewer outputs than this are dot products, not a panel */
#define DOT_LANES 16      /* partial sums of a float32 dot product, whatever the vectors' size */
#define FEW_ROWS 8        /* fewer rows than this are answered one by one */
#define STACK_BYTES 4096  /* scratch memory up to this lies on the stack */
#ifndef CHUNK_BYTES       /* 0 lets a sanitizer see where each array ends */
#define CHUNK_BYTES 16384 /* a network's arrays lie together in chunks of this, or larger ones */
#endif

#define POSITION_ONE 16384 /* 2^14: one whole bin, for int8 */
#define LARGEST_ACTIVATION_BITS 0x437f0000 /* 255 as float32 */
#define MAX_FEATURES 1000 /* this and the next two keep every s32 sum below 2^31 */
#define MAX_WIDTH 16384
#define MAX_BIAS (1 << 25)

#define INLINE static inline __attribute__((always_inline))
#define ALIGNED(type, pointer) ((type *)__builtin_assume_aligned((pointer), 64))

/* ---------------------------------------------------------------------------- network */

typedef enum { IDENTITY, SIGMOID, SOFTMAX } Link;

typedef struct {
    PyObject *name;    /* an interned string */
    PyObject *codes;   /* {category: row}, or NULL where the column is numeric */
    double *edges;     /* (edge_count,), or NULL where the column is categorical */
    int64_t edge_count;
    double highest;    /* the last edge */
    int64_t first_row; /* where the column's rows begin in the table */
    int64_t rows;
    bool allows_missing;
} Column;

typedef struct {
    int64_t inputs, outputs;               /* as in the bundle; the first layer's inputs: rows */
    int64_t padded_inputs, padded_outputs; /* as they lie here */
    float *panels;     /* float32: (padded_outputs / LANES, padded_inputs, LANES) */
    float *rows;       /* float32 with few outputs: (outputs, padded_inputs) */
    int8_t *integers;  /* int8: (outputs, padded_inputs) */
    float *bias;
    int32_t *integer_bias;
    float *multiplier; /* int8: (padded_outputs,) */
} Layer;

/* Memory of a network. Cold calls wait for pages more than for anything: arrays share them. */
typedef struct Chunk {
    struct Chunk *next;
    size_t used, size;         /* in bytes, from `memory` on */
    _Alignas(64) char memory[];
} Chunk;

typedef struct {
    int64_t features, outputs, depth;
    int64_t width;     /* the widest layer, padded */
    int64_t groups;    /* of GROUP columns each */
    bool integer;      /* int8 */
    bool narrow;       /* every hidden layer is padded to exactly LANES */
    bool dots;         /* int8 tables are answered by integer dot products, not in float32 */
    bool numeric;      /* no column is categorical */
    Link link;
    Column *columns;
    double **inner_edges;      /* of each group: (inner_counts, GROUP), padded with NaN */
    int64_t *inner_counts;     /* of each group: the most inner edges of its columns */
    float *table;              /* float32: (rows + 1, padded_outputs of the first layer) */
    int32_t *integer_table;    /* int8: (rows + 1, the same): pairs, see TIMES_POSITION_ONE */
    Layer *layers;             /* layers[0] has the table's bias and multiplier */
    size_t scratch_bytes;
    Chunk *chunks;             /* holds all of the above, the newest first */
} Network;

/* The memory that one call works in; every array begins on a cache line. */
typedef struct {
    double *values;    /* (groups * GROUP,): numbers, NaN for missing; a category's row */
    int64_t *bins;     /* (groups * GROUP,) */
    int32_t *low;      /* (features,): the lower of two neighbouring table rows */
    float *near;       /* (features,): the upper one's share, float32 */
    int32_t *steps;    /* (features,): the upper one's share in 2^-14, int8 */
    int32_t *sums;     /* (width,) */
    void *first, *second; /* (width,): activations, float32 or int16 or uint8 */
    double *logits;    /* (padded outputs,) */
} Scratch;

/* A two-dimensional table of numbers in somebody else's memory. */
typedef struct {
    const char *data;
    int64_t row_stride, column_stride; /* bytes */
    bool single;                       /* float32, else float64 */
} Table;

INLINE int64_t pad(int64_t count, int64_t to) { return (count + to - 1) / to * to; }

/* Takes an array that begins on a cache line, and moves on; from address 0, it only counts. */
INLINE void *take(uintptr_t *address, int64_t count, size_t size)
{
    void *taken = (void *)*address;
    *address += ((size_t)count * size + 63) / 64 * 64;
    return taken;
}

/* Lays out a row's memory from an address; returns where it ends. */
INLINE uintptr_t lay_out_row(const Network *network, Scratch *scratch, uintptr_t address)
{
    int64_t columns = network->groups * GROUP;
    scratch->values = take(&address, columns, sizeof(double));
    scratch->bins = take(&address, columns, sizeof(int64_t));
    scratch->low = take(&address, network->features, sizeof(int32_t));
    scratch->near = take(&address, network->features, sizeof(float));
    scratch->steps = take(&address, network->features, sizeof(int32_t));
    scratch->sums = take(&address, network->width, sizeof(int32_t));
    scratch->first = take(&address, network->width, sizeof(float));
    scratch->second = take(&address, network->width, sizeof(float));
    scratch->logits = take(&address, pad(network->outputs, LANES), sizeof(double));
    return address;
}

/* ---------------------------------------------------------------------------- kernels: look-up */

/* Where the vectoriser alone does not keep sums in registers, vectors are written as such: GCC's and
 * Clang's vector types, in the size that the instruction set has.
 *
 *   count_edges  how many of a column's inner edges do not lie above its value: GROUP columns side
 *                by side, edges (count, GROUP), padded with NaN, which no value reaches
 *   count_rows   the same for one column and BLOCK_ROWS values
 *   sum_integers, sum_floats
 *                the first layer's sums: bias, and each column's two neighbouring rows by shares
 *   panel_one, panel_four
 *                one panel of LANES units for one row or TILE_ROWS of them, `stride` apart: ->
 *                (rows, LANES). As many vectors of units at a time as there are registers for; even
 *                and odd inputs are summed apart
 *   multiply_add fused wherever the instruction set can: for int8 the sums are exact either way
 *   dot          a dot product in DOT_LANES partial sums, added up as a tree
 *   activate     ReLU, one float32 multiplication, at most 255, rint half to even. Floats that are
 *                not negative order like their bits; adding 2^23 leaves the integer in the low bits
 */
typedef enum { BYTES, SHORTS, FLOATS } Unit; /* what holds an int8 model's activation, 0 to 255 */

/* A pair is one word of the int8 table: a row's weight in the lower 16 bits, what the next row has
 * more in the upper ones. This is the weight times 2^14. */
#define TIMES_POSITION_ONE(SIZE, pairs) ((integers_##SIZE)((bits_##SIZE)(pairs) << 16) >> 2)

/* x86-64 has no fused multiplication and addition in its baseline. */
#if defined(__aarch64__)
#define FUSES(SIZE) true
#else
#define FUSES(SIZE) ((SIZE) > 16)
#endif

#define VECTOR_KERNELS(SIZE)                                                                       \
    typedef float floats_##SIZE __attribute__((vector_size(SIZE), may_alias));                     \
    typedef double doubles_##SIZE __attribute__((vector_size(SIZE), may_alias));                   \
    typedef int64_t counts_##SIZE __attribute__((vector_size(SIZE), may_alias));                   \
    typedef int32_t integers_##SIZE __attribute__((vector_size(SIZE), may_alias));                 \
    typedef uint32_t bits_##SIZE __attribute__((vector_size(SIZE), may_alias));                    \
    typedef int16_t shorts_##SIZE __attribute__((vector_size(SIZE / 2), may_alias));               \
    typedef uint8_t bytes_##SIZE __attribute__((vector_size(SIZE / 4), may_alias));                \
                                                                                                   \
    INLINE void count_edges_##SIZE(const double *edges, int64_t count, const double *values,       \
                                    int64_t *bins)                                                 \
    {                                                                                              \
        for (int lane = 0; lane < GROUP; lane += SIZE / 8) {                                       \
            const doubles_##SIZE value = *(const doubles_##SIZE *)(values + lane);                 \
            counts_##SIZE even = {0}, odd = {0};                                                   \
            for (int64_t edge = 0; edge < count; edge += 2) {                                      \
                const double *at = edges + edge * GROUP + lane;                                    \
                even -= value >= *(const doubles_##SIZE *)at;                                      \
                odd -= value >= *(const doubles_##SIZE *)(at + GROUP);                             \
            }                                                                                      \
            *(counts_##SIZE *)(bins + lane) = even + odd;                                          \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    INLINE void count_rows_##SIZE(const double *edges, int64_t count, const double *values,        \
                                   int64_t *bins)                                                  \
    {                                                                                              \
        for (int row = 0; row < BLOCK_ROWS; row += SIZE / 4) {                                     \
            const doubles_##SIZE *at = (const doubles_##SIZE *)(values + row);                     \
            const doubles_##SIZE first = at[0], second = at[1];                                    \
            counts_##SIZE firsts = {0}, seconds = {0};                                             \
            for (int64_t edge = 0; edge < count; edge++) {                                         \
                const doubles_##SIZE bound = edges[edge] - (doubles_##SIZE){0};                    \
                firsts -= first >= bound;                                                          \
                seconds -= second >= bound;                                                        \
            }                                                                                      \
            *(counts_##SIZE *)(bins + row) = firsts;                                               \
            *(counts_##SIZE *)(bins + row + SIZE / 8) = seconds;                                   \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    INLINE void sum_integers_##SIZE(const int32_t *table, const int32_t *low,                      \
                                    const int32_t *steps, int64_t stride, int64_t features,        \
                                    const int32_t *bias, int64_t width, int32_t *sums)             \
    {                                                                                              \
        for (int64_t lane = 0; lane < width; lane += SIZE / 2) {                                   \
            integers_##SIZE a = *(const integers_##SIZE *)(bias + lane);                           \
            integers_##SIZE b = *(const integers_##SIZE *)(bias + lane + SIZE / 4);                \
            for (int64_t column = 0; column < features; column++) {                                \
                const integers_##SIZE *pairs =                                                     \
                    (const integers_##SIZE *)(table + low[column * stride] * width + lane);        \
                const int32_t step = steps[column * stride];                                       \
                a += TIMES_POSITION_ONE(SIZE, pairs[0]) + (pairs[0] >> 16) * step;                 \
                b += TIMES_POSITION_ONE(SIZE, pairs[1]) + (pairs[1] >> 16) * step;                 \
            }                                                                                      \
            *(integers_##SIZE *)(sums + lane) = a;                                                 \
            *(integers_##SIZE *)(sums + lane + SIZE / 4) = b;                                      \
        }                                                                                          \
    }                                                                                              \
    INLINE void sum_floats_##SIZE(const float *table, const int32_t *low, const float *near,       \
                                  int64_t stride, int64_t features, const float *bias,             \
                                  int64_t width, float *sums)                                      \
    {                                                                                              \
        for (int64_t lane = 0; lane < width; lane += SIZE / 2) {                                   \
            floats_##SIZE a = *(const floats_##SIZE *)(bias + lane);                               \
            floats_##SIZE b = *(const floats_##SIZE *)(bias + lane + SIZE / 4);                    \
            for (int64_t column = 0; column < features; column++) {                                \
                const float *row = table + low[column * stride] * width + lane;                    \
                const floats_##SIZE *lower = (const floats_##SIZE *)row;                           \
                const floats_##SIZE *upper = (const floats_##SIZE *)(row + width);                 \
                const float share = near[column * stride];                                         \
                a += (1.0f - share) * lower[0] + share * upper[0];                                 \
                b += (1.0f - share) * lower[1] + share * upper[1];                                 \
            }                                                                                      \
            *(floats_##SIZE *)(sums + lane) = a;                                                   \
            *(floats_##SIZE *)(sums + lane + SIZE / 4) = b;                                        \
        }                                                                                          \
    }                                                                                              \
    typedef struct {                                                                               \
        floats_##SIZE even[2], odd[2];                                                             \
    } Sums_##SIZE;                                                                                 \
                                                                                                   \
    INLINE void multiply_add_##SIZE(floats_##SIZE *sum, const float input,                         \
                                    const floats_##SIZE *weights)                                  \
    {                                                                                              \
        const floats_##SIZE inputs = input - (floats_##SIZE){0}, given = *weights;                 \
        floats_##SIZE added = *sum;                                                                \
        if (!FUSES(SIZE)) {                                                                        \
            *sum += inputs * given;                                                                \
            return;                                                                                \
        }                                                                                          \
        _Pragma("GCC unroll 16")                                                                   \
        for (int lane = 0; lane < SIZE / 4; lane++)                                                \
            added[lane] = __builtin_fmaf(inputs[lane], given[lane], added[lane]);                  \
        *sum = added;                                                                              \
    }                                                                                              \
                                                                                                   \
    INLINE void add_two_##SIZE(Sums_##SIZE *sums, const float *inputs, const float *weights,       \
                               const int vectors)                                                  \
    {                                                                                              \
        const floats_##SIZE *evens = (const floats_##SIZE *)weights;                               \
        const floats_##SIZE *odds = (const floats_##SIZE *)(weights + LANES);                      \
        multiply_add_##SIZE(&sums->even[0], inputs[0], evens);                                     \
        multiply_add_##SIZE(&sums->odd[0], inputs[1], odds);                                       \
        if (vectors == 1)                                                                          \
            return;                                                                                \
        multiply_add_##SIZE(&sums->even[1], inputs[0], evens + 1);                                 \
        multiply_add_##SIZE(&sums->odd[1], inputs[1], odds + 1);                                   \
    }                                                                                              \
                                                                                                   \
    INLINE void put_sums_##SIZE(const Sums_##SIZE *sums, float *to, const int vectors)             \
    {                                                                                              \
        for (int vector = 0; vector < vectors; vector++)                                           \
            ((floats_##SIZE *)to)[vector] = sums->even[vector] + sums->odd[vector];                \
    }                                                                                              \
                                                                                                   \
    INLINE void panel_one_##SIZE(const float *panel, const float *inputs, int64_t count,           \
                                 float *sums)                                                      \
    {                                                                                              \
        for (int lane = 0; lane < LANES; lane += 2 * (SIZE / 4)) {                                 \
            Sums_##SIZE only = {0};                                                                \
            for (int64_t unit = 0; unit < count; unit += 2)                                        \
                add_two_##SIZE(&only, inputs + unit, panel + unit * LANES + lane, 2);              \
            put_sums_##SIZE(&only, sums + lane, 2);                                                \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    INLINE void panel_four_##SIZE(const float *panel, const float *inputs, int64_t stride,         \
                                  int64_t count, float *sums)                                      \
    {                                                                                              \
        const int vectors = SIZE == 64 ? 2 : 1;                                                    \
        for (int lane = 0; lane < LANES; lane += vectors * (SIZE / 4)) {                           \
            Sums_##SIZE first = {0}, second = {0}, third = {0}, fourth = {0};                      \
            for (int64_t unit = 0; unit < count; unit += 2) {                                      \
                const float *from = inputs + unit, *weights = panel + unit * LANES + lane;         \
                add_two_##SIZE(&first, from, weights, vectors);                                    \
                add_two_##SIZE(&second, from + stride, weights, vectors);                          \
                add_two_##SIZE(&third, from + 2 * stride, weights, vectors);                       \
                add_two_##SIZE(&fourth, from + 3 * stride, weights, vectors);                      \
            }                                                                                      \
            put_sums_##SIZE(&first, sums + lane, vectors);                                         \
            put_sums_##SIZE(&second, sums + LANES + lane, vectors);                                \
            put_sums_##SIZE(&third, sums + 2 * LANES + lane, vectors);                             \
            put_sums_##SIZE(&fourth, sums + 3 * LANES + lane, vectors);                            \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    INLINE float dot_##SIZE(const float *inputs, const float *weights, int64_t count)              \
    {                                                                                              \
        _Alignas(64) float partial[DOT_LANES];                                                     \
        for (int lane = 0; lane < DOT_LANES; lane += SIZE / 4) {                                   \
            floats_##SIZE sum = {0};                                                               \
            for (int64_t unit = lane; unit < count; unit += DOT_LANES)                             \
                sum += *(const floats_##SIZE *)(inputs + unit) *                                   \
                       *(const floats_##SIZE *)(weights + unit);                                   \
            *(floats_##SIZE *)(partial + lane) = sum;                                              \
        }                                                                                          \
        const floats_16 *quarters = (const floats_16 *)partial;                                    \
        floats_16 four = (quarters[0] + quarters[2]) + (quarters[1] + quarters[3]);                \
        return (four[0] + four[2]) + (four[1] + four[3]);                                          \
    }                                                                                              \
                                                                                                   \
    INLINE void activate_##SIZE(const int32_t *sums, const float *multiplier, void *outputs,       \
                                 int64_t width, Unit unit)                                         \
    {                                                                                              \
        for (int64_t at = 0; at < width; at += SIZE / 4) {                                         \
            const integers_##SIZE sum = *(const integers_##SIZE *)(sums + at);                     \
            const floats_##SIZE scaled =                                                           \
                __builtin_convertvector(sum & (sum > 0), floats_##SIZE) *                          \
                *(const floats_##SIZE *)(multiplier + at);                                         \
            integers_##SIZE bits = (integers_##SIZE)scaled;                                        \
            const integers_##SIZE small = bits < LARGEST_ACTIVATION_BITS;                          \
            bits = (bits & small) | (LARGEST_ACTIVATION_BITS & ~small);                            \
            bits = (integers_##SIZE)((floats_##SIZE)bits + 0x1p23f) & 0xff;                        \
            if (unit == FLOATS)                                                                    \
                *(floats_##SIZE *)((float *)outputs + at) =                                        \
                    __builtin_convertvector(bits, floats_##SIZE);                                  \
            else if (unit == SHORTS)                                                               \
                *(shorts_##SIZE *)((int16_t *)outputs + at) =                                      \
                    __builtin_convertvector(bits, shorts_##SIZE);                                  \
            else                                                                                   \
                *(bytes_##SIZE *)((uint8_t *)outputs + at) =                                       \
                    __builtin_convertvector(bits, bytes_##SIZE);                                   \
        }                                                                                          \
    }

VECTOR_KERNELS(16) /* first: the others add up in its floats */
VECTOR_KERNELS(32)
VECTOR_KERNELS(64)

/* Picks the kernel of a vector size, which is a constant wherever this is inlined. */
#define BY_SIZE(bytes, name, ...)                                                                  \
    ((bytes) == 64   ? name##_64(__VA_ARGS__)                                                      \
     : (bytes) == 32 ? name##_32(__VA_ARGS__)                                                      \
                     : name##_16(__VA_ARGS__))

/* How many of the inner edges do not lie above a value; for columns with very many. */
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

/* rint(2^14 t), half to even, for t in [0, 1]: adding 2^52 leaves the integer in the low bits. */
INLINE int32_t to_steps(double share)
{
    double shifted = share * POSITION_ONE + 0x1p52;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    return (int32_t)(bits & 0xffff);
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
INLINE void locate_row(const Network *network, const Scratch *scratch, bool integer, int bytes)
{
    for (int64_t group = 0; group < network->groups; group++)
        BY_SIZE(bytes, count_edges, network->inner_edges[group], network->inner_counts[group],
                scratch->values + group * GROUP, scratch->bins + group * GROUP);
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
        int64_t bin = scratch->bins[index];
        value = value > column->edges[0] ? value : column->edges[0];
        value = value < column->highest ? value : column->highest;
        if (column->edge_count - 2 > LONG_SEARCH)
            bin = bisect(column->edges + 1, column->edge_count - 2, value);
        double start = column->edges[bin];
        double share = (value - start) / (column->edges[bin + 1] - start);
        put_position(scratch, index, column->first_row + bin, share, integer);
    }
}

/* ---------------------------------------------------------------------------- kernels: layers */

/* Sums the first layer for one located row; a column's position lies `stride` after the last's. */
INLINE void look_up(const Network *network, const Scratch *scratch, int64_t stride, int64_t width,
                    bool integer, int bytes)
{
    const Layer *layer = &network->layers[0];
    if (integer)
        BY_SIZE(bytes, sum_integers, network->integer_table, scratch->low, scratch->steps, stride,
                network->features, layer->integer_bias, width, scratch->sums);
    else
        BY_SIZE(bytes, sum_floats, network->table, scratch->low, scratch->near, stride,
                network->features, layer->bias, width, (float *)scratch->sums);
}

/* GCC needs no word. Clang unrolls LANES steps before it would vectorise them, and does not see
 * s16 x s16 in the width that it takes by itself. */
#ifdef __clang__
#define DOT_LOOP _Pragma("clang loop unroll(disable) vectorize_width(32)")
#else
#define DOT_LOOP
#endif

/* The dot products of 1 or DOT_ROWS `rows`, `stride` apart, with one unit's weights: u8 x s8 (or
 * s16 x s8, where `wide`) into s32 sums, LANES apart. */
INLINE void integer_dots(const void *inputs, int64_t stride, const int8_t *restrict weights,
                         int64_t count, bool wide, int32_t *sums, const int rows)
{
    int32_t sum[DOT_ROWS] = {0};
    weights = (const int8_t *)__builtin_assume_aligned(weights, LANES);
    inputs = __builtin_assume_aligned(inputs, LANES);
    if (wide) {
        const int16_t *restrict from = (const int16_t *)inputs;
        DOT_LOOP
        for (int64_t unit = 0; unit < count; unit++) {
            const int16_t weight = weights[unit];
            _Pragma("GCC unroll 8")
            for (int row = 0; row < rows; row++)
                sum[row] += (int32_t)from[row * stride + unit] * (int32_t)weight;
        }
    } else {
        const uint8_t *restrict from = (const uint8_t *)inputs;
        DOT_LOOP
        for (int64_t unit = 0; unit < count; unit++) {
            const int8_t weight = weights[unit];
            _Pragma("GCC unroll 8")
            for (int row = 0; row < rows; row++)
                sum[row] += (int32_t)from[row * stride + unit] * (int32_t)weight;
        }
    }
    for (int row = 0; row < rows; row++)
        sums[row * LANES] = sum[row];
}

INLINE int32_t integer_dot(const void *inputs, const int8_t *weights, int64_t count, bool wide)
{
    int32_t sum;
    integer_dots(inputs, 0, weights, count, wide, &sum, 1);
    return sum;
}

/* ---------------------------------------------------------------------------- kernels: link */

/* exp(x) for x <= 0, to about 1 ulp: 2^n p(r) with a Taylor polynomial of degree 12. */
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

INLINE void apply_link(Link link, double *logits, int64_t rows, int64_t outputs)
{
    if (link == SIGMOID) {
#pragma omp simd
        for (int64_t each = 0; each < rows * outputs; each++)
            logits[each] = sigmoid(logits[each]);
    } else if (link == SOFTMAX) {
        for (int64_t row = 0; row < rows; row++)
            softmax(logits + row * outputs, outputs);
    }
}

/* ---------------------------------------------------------------------------- kernels: one row */

/* Where a row's activations begin. */
INLINE void *row_of(void *activations, int64_t row, int64_t width, Unit kind)
{
    return (char *)activations + row * width * (kind == FLOATS ? 4 : kind == SHORTS ? 2 : 1);
}

INLINE double integer_logit(const Layer *layer, int64_t unit, int32_t sum)
{
    return (double)((float)(sum + layer->integer_bias[unit]) * layer->multiplier[unit]);
}

/* The output layer's logits of int8 rows, by integer dot products. */
INLINE void last_dots(const Layer *layer, void *inputs, double *logits, int64_t count,
                      int64_t width, Unit kind)
{
    for (int64_t row = 0; row < count; row++)
        for (int64_t unit = 0; unit < layer->outputs; unit++)
            logits[row * layer->outputs + unit] = integer_logit(
                layer, unit,
                integer_dot(row_of(inputs, row, width, kind), layer->integers + unit * width,
                            width, kind == SHORTS));
}

INLINE void one_int8(const Network *network, const Scratch *scratch, int64_t fixed, bool wide,
                     int bytes)
{
    const Unit unit = wide ? SHORTS : BYTES;
    int64_t width = fixed ? fixed : network->layers[0].padded_outputs;
    look_up(network, scratch, 1, width, true, bytes);
    void *inputs = scratch->first;
    BY_SIZE(bytes, activate, scratch->sums, network->layers[0].multiplier, inputs, width, unit);
    for (int64_t index = 1; index + 1 < network->depth; index++) {
        const Layer *layer = &network->layers[index];
        int64_t outputs = fixed ? fixed : layer->padded_outputs;
        for (int64_t output = 0; output < outputs; output++)
            scratch->sums[output] =
                layer->integer_bias[output] +
                integer_dot(inputs, layer->integers + output * width, width, wide);
        BY_SIZE(bytes, activate, scratch->sums, layer->multiplier, inputs, outputs, unit);
        width = outputs;
    }
    last_dots(&network->layers[network->depth - 1], inputs, scratch->logits, 1, width, unit);
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

INLINE void last_float32(const Layer *layer, const float *inputs, int64_t width, double *logits,
                         int bytes)
{
    if (layer->rows != NULL) {
        for (int64_t unit = 0; unit < layer->outputs; unit++) {
            float sum = BY_SIZE(bytes, dot, inputs, layer->rows + unit * width, width);
            logits[unit] = (double)(sum + layer->bias[unit]);
        }
        return;
    }
    for (int64_t from = 0; from < layer->outputs; from += LANES) {
        _Alignas(64) float sums[LANES];
        BY_SIZE(bytes, panel_one, layer->panels + from * width, inputs, width, sums);
        int64_t count = layer->outputs - from < LANES ? layer->outputs - from : LANES;
        for (int64_t unit = 0; unit < count; unit++)
            logits[from + unit] = (double)(sums[unit] + layer->bias[from + unit]);
    }
}

INLINE void one_float32(const Network *network, const Scratch *scratch, int64_t fixed, int bytes)
{
    int64_t width = fixed ? fixed : network->layers[0].padded_outputs;
    look_up(network, scratch, 1, width, false, bytes);
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
            BY_SIZE(bytes, panel_one, layer->panels + from * width, inputs, width, sums);
            rectify(outputs + from, sums, layer->bias + from, LANES);
        }
        float *exchanged = inputs;
        inputs = outputs;
        outputs = exchanged;
        width = units;
    }
    last_float32(&network->layers[network->depth - 1], inputs, width, scratch->logits,
                 bytes);
}

/* Answers the row that lies in scratch->values; the answer is in scratch->logits. */
INLINE void answer_one(const Network *network, const Scratch *scratch, int64_t fixed, bool integer,
                       bool wide, int bytes)
{
    locate_row(network, scratch, integer, bytes);
    if (integer)
        one_int8(network, scratch, fixed, wide, bytes);
    else
        one_float32(network, scratch, fixed, bytes);
    if (network->link == SIGMOID && network->outputs == 1)
        scratch->logits[0] = sigmoid(scratch->logits[0]);
    else
        apply_link(network->link, scratch->logits, 1, network->outputs);
}

/* ---------------------------------------------------------------------------- kernels: many rows */

/* A layer's weights as float32; int8 ones are widened for each table, sums stay exact. */
typedef struct {
    float *panels, *rows;
} Dense;

/* The memory of a table's blocks: a row's scratch, and BLOCK_ROWS rows of what a row needs. */
typedef struct {
    Scratch row;
    double *values;  /* (BLOCK_ROWS,): one column */
    double *shares;  /* (BLOCK_ROWS,) */
    int64_t *bins;   /* (BLOCK_ROWS,) */
    int32_t *low;    /* (features, BLOCK_ROWS) */
    float *near;     /* (features, BLOCK_ROWS) */
    int32_t *steps;  /* (features, BLOCK_ROWS) */
    float *first, *second; /* (BLOCK_ROWS, width): activations */
    Dense *dense;    /* (depth,) */
} Block;

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
                           int64_t *restrict bins, double *restrict shares, int32_t *restrict low,
                           int bytes)
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
        BY_SIZE(bytes, count_rows, edges + 1, inner, shares, bins);
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
                          int64_t from, int64_t count, int64_t index, bool integer, int bytes)
{
    const Column *column = &network->columns[index];
    double *restrict values = ALIGNED(double, block->values);
    double *restrict shares = ALIGNED(double, block->shares);
    int32_t *restrict low = ALIGNED(int32_t, block->low + index * BLOCK_ROWS);
    for (int64_t row = 0; row < count; row++)
        values[row] = cell(table, from + row, index);
    for (int64_t row = count; row < BLOCK_ROWS; row++)
        values[row] = 0;
    if (column->edges == NULL) /* its shares were zero from the start */
        return locate_categories(column, values, low);
    if (!locate_numbers(column, values, block->bins, shares, low, bytes))
        return false;
    if (integer) {
        int32_t *restrict steps = ALIGNED(int32_t, block->steps + index * BLOCK_ROWS);
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
                        bool integer, Unit kind, int bytes)
{
    Scratch row = block->row;
    for (int64_t each = 0; each < count; each++) {
        row.low = block->low + each;
        row.near = block->near + each;
        row.steps = block->steps + each;
        look_up(network, &row, BLOCK_ROWS, width, integer, bytes);
        if (integer) {
            BY_SIZE(bytes, activate, row.sums, network->layers[0].multiplier,
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
                         float *outputs, int64_t count, int64_t width, int64_t units, bool integer,
                         int bytes)
{
    for (int64_t from = 0; from < units; from += LANES) {
        const float *bias = layer->bias + from;
        for (int64_t row = 0; row < count; row += TILE_ROWS) {
            _Alignas(64) float sums[TILE_ROWS * LANES];
            BY_SIZE(bytes, panel_four, panels + from * width, inputs + row * width, width, width,
                    sums);
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
                BY_SIZE(bytes, activate, integers, layer->multiplier + from, to, LANES, FLOATS);
            }
        }
    }
}

/* The same by integer dot products. */
INLINE void hidden_dots(const Layer *layer, void *inputs, void *outputs, int64_t count,
                        int64_t width, int64_t units, Unit kind, int bytes)
{
    for (int64_t from = 0; from < units; from += LANES)
        for (int64_t row = 0; row < count; row += DOT_ROWS) {
            _Alignas(64) int32_t sums[DOT_ROWS * LANES];
            for (int64_t unit = 0; unit < LANES; unit++)
                integer_dots(row_of(inputs, row, width, kind), width,
                             layer->integers + (from + unit) * width, width, kind == SHORTS,
                             sums + unit, DOT_ROWS);
            for (int64_t each = 0; each < DOT_ROWS; each++) {
                int32_t *restrict tile = sums + each * LANES;
                for (int unit = 0; unit < LANES; unit++)
                    tile[unit] += layer->integer_bias[from + unit];
                BY_SIZE(bytes, activate, tile, layer->multiplier + from,
                        row_of(row_of(outputs, row + each, units, kind), from, 1, kind), LANES,
                        kind);
            }
        }
}

INLINE double logit_of(const Layer *layer, int64_t unit, float sum, bool integer)
{
    return integer ? integer_logit(layer, unit, (int32_t)sum) : (double)(sum + layer->bias[unit]);
}

/* The output layer's logits of a block. */
INLINE void last_block(const Layer *layer, const Dense *dense, const float *inputs, double *logits,
                       int64_t count, int64_t width, bool integer, int bytes)
{
    int64_t outputs = layer->outputs;
    if (dense->rows != NULL) {
        for (int64_t row = 0; row < count; row++)
            for (int64_t unit = 0; unit < outputs; unit++) {
                float sum =
                    BY_SIZE(bytes, dot, inputs + row * width, dense->rows + unit * width, width);
                logits[row * outputs + unit] = logit_of(layer, unit, sum, integer);
            }
        return;
    }
    for (int64_t from = 0; from < outputs; from += LANES) {
        int64_t units = outputs - from < LANES ? outputs - from : LANES;
        for (int64_t row = 0; row < count; row += TILE_ROWS) {
            _Alignas(64) float sums[TILE_ROWS * LANES];
            BY_SIZE(bytes, panel_four, dense->panels + from * width, inputs + row * width, width,
                    width, sums);
            int64_t rows = count - row < TILE_ROWS ? count - row : TILE_ROWS;
            for (int64_t each = 0; each < rows; each++)
                for (int64_t unit = 0; unit < units; unit++)
                    logits[(row + each) * outputs + from + unit] =
                        logit_of(layer, from + unit, sums[each * LANES + unit], integer);
        }
    }
}

/* Answers up to BLOCK_ROWS rows of a table; false where one is not plain. Activations are held as
 * `kind` says: FLOATS go through panels of weights, the others through integer dot products. */
INLINE bool answer_block(const Network *network, const Block *block, const Table *table,
                         int64_t from, int64_t count, double *answers, int64_t fixed, bool integer,
                         Unit kind, int bytes)
{
    for (int64_t index = 0; index < network->features; index++)
        if (!locate_column(network, block, table, from, count, index, integer, bytes))
            return false;
    int64_t width = fixed ? fixed : network->layers[0].padded_outputs;
    first_block(network, block, count, width, integer, kind, bytes);
    float *inputs = block->first, *outputs = block->second;
    for (int64_t index = 1; index + 1 < network->depth; index++) {
        const Layer *layer = &network->layers[index];
        int64_t units = fixed ? fixed : layer->padded_outputs;
        if (kind == FLOATS)
            hidden_block(layer, block->dense[index].panels, inputs, outputs, count, width, units,
                         integer, bytes);
        else
            hidden_dots(layer, inputs, outputs, count, width, units, kind, bytes);
        float *exchanged = inputs;
        inputs = outputs;
        outputs = exchanged;
        width = units;
    }
    int64_t last = network->depth - 1;
    if (kind == FLOATS)
        last_block(&network->layers[last], &block->dense[last], inputs, answers, count, width,
                   integer, bytes);
    else
        last_dots(&network->layers[last], inputs, answers, count, width, kind);
    apply_link(network->link, answers, count, network->outputs);
    return true;
}

/* ---------------------------------------------------------------------------- instruction sets */

typedef void (*One)(const Network *, const Scratch *);
typedef bool (*Many)(const Network *, const Block *, const Table *, int64_t, int64_t, double *);

typedef struct {
    const char *name;
    One one[2][2];   /* [int8][narrow] */
    Many many[2][2]; /* [int8][narrow] */
    Many dots;       /* int8, by integer dot products */
    bool byte_dots;  /* of u8 x s8 */
} Kernels;

/* A narrow int8 row is answered faster by 128-bit dot products: fewer steps to add one vector up.
 * With VNNI, GCC finds vpdpbusd (u8 x s8), Clang only vpdpwssd (s16 x s16). */
#if defined(__GNUC__) && !defined(__clang__)
#define SHORT_DOTS ",prefer-vector-width=128"
#define VNNI_WIDE false
#else
#define SHORT_DOTS ""
#define VNNI_WIDE true
#endif

#define KERNELS(set, bytes, wide, TARGET, NARROW_INT8_TARGET)                                      \
    TARGET static void one_float32_##set(const Network *n, const Scratch *s)                       \
    {                                                                                              \
        answer_one(n, s, 0, false, wide, bytes);                                                   \
    }                                                                                              \
    TARGET static void one_int8_##set(const Network *n, const Scratch *s)                          \
    {                                                                                              \
        answer_one(n, s, 0, true, wide, bytes);                                                    \
    }                                                                                              \
    TARGET static void one_narrow_float32_##set(const Network *n, const Scratch *s)                \
    {                                                                                              \
        answer_one(n, s, LANES, false, wide, bytes);                                               \
    }                                                                                              \
    NARROW_INT8_TARGET static void one_narrow_int8_##set(const Network *n, const Scratch *s)       \
    {                                                                                              \
        answer_one(n, s, LANES, true, wide, bytes);                                                \
    }                                                                                              \
    TARGET static bool many_float32_##set(const Network *n, const Block *b, const Table *t,        \
                                          int64_t from, int64_t count, double *answers)            \
    {                                                                                              \
        return answer_block(n, b, t, from, count, answers, 0, false, FLOATS, bytes);               \
    }                                                                                              \
    TARGET static bool many_int8_##set(const Network *n, const Block *b, const Table *t,           \
                                       int64_t from, int64_t count, double *answers)               \
    {                                                                                              \
        return answer_block(n, b, t, from, count, answers, 0, true, FLOATS, bytes);                \
    }                                                                                              \
    TARGET static bool many_narrow_float32_##set(const Network *n, const Block *b, const Table *t, \
                                                 int64_t from, int64_t count, double *answers)     \
    {                                                                                              \
        return answer_block(n, b, t, from, count, answers, LANES, false, FLOATS, bytes);           \
    }                                                                                              \
    TARGET static bool many_narrow_int8_##set(const Network *n, const Block *b, const Table *t,    \
                                              int64_t from, int64_t count, double *answers)        \
    {                                                                                              \
        return answer_block(n, b, t, from, count, answers, LANES, true, FLOATS, bytes);            \
    }                                                                                              \
    TARGET static bool many_dots_##set(const Network *n, const Block *b, const Table *t,           \
                                       int64_t from, int64_t count, double *answers)               \
    {                                                                                              \
        return answer_block(n, b, t, from, count, answers, 0, true, (wide) ? SHORTS : BYTES,       \
                            bytes);                                                                \
    }                                                                                              \
    static const Kernels kernels_##set = {                                                         \
        #set,                                                                                      \
        {{one_float32_##set, one_narrow_float32_##set}, {one_int8_##set, one_narrow_int8_##set}},  \
        {{many_float32_##set, many_narrow_float32_##set},                                          \
         {many_int8_##set, many_narrow_int8_##set}},                                               \
        many_dots_##set,                                                                           \
        !(wide),                                                                                   \
    };

#define TARGETED(features) __attribute__((target(features)))
KERNELS(baseline, 16, true, , )
#if defined(__x86_64__)
#define AVX512 "avx512f,avx512bw,avx512vl,avx512dq"
KERNELS(avx2, 32, true, TARGETED("avx2,fma"), TARGETED("avx2,fma"))
KERNELS(avx512, 64, true, TARGETED(AVX512), TARGETED(AVX512 SHORT_DOTS))
KERNELS(avx512vnni, 64, VNNI_WIDE, TARGETED(AVX512 ",avx512vnni"),
        TARGETED(AVX512 ",avx512vnni" SHORT_DOTS))
#elif defined(HWCAP2_I8MM)
#define I8MM "arch=armv8.2-a+i8mm" /* below 8.2, GCC finds usdot and its assembler refuses it */
KERNELS(i8mm, 16, false, TARGETED(I8MM), TARGETED(I8MM))
#endif

static const Kernels *available[4]; /* what this machine has, the best last */
static int available_count;
static const Kernels *chosen;

static void find_instruction_sets(void)
{
    int count = 0;
    available[count++] = &kernels_baseline;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        available[count++] = &kernels_avx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
        available[count++] = &kernels_avx512;
        if (__builtin_cpu_supports("avx512vnni"))
            available[count++] = &kernels_avx512vnni;
    }
#elif defined(HWCAP2_I8MM)
    if (getauxval(AT_HWCAP2) & HWCAP2_I8MM)
        available[count++] = &kernels_i8mm;
#endif
    available_count = count;
    chosen = available[count - 1];
}

/* ---------------------------------------------------------------------------- model */

typedef struct {
    PyObject_HEAD
    One one;
    Many many;
    PyObject *encode; /* turns an unusual row into a list of plain numbers, or raises */
    Network network;
} Model;

/* Zeroed memory that begins on a cache line; what lies before it is where release() finds it.
 * Needs no GIL. */
static void *allocate_raw(size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - 128) / size)
        return NULL;
    char *raw = PyMem_RawCalloc(1, count * size + 64 + sizeof(void *));
    if (raw == NULL)
        return NULL;
    uintptr_t start = ((uintptr_t)raw + sizeof(void *) + 63) / 64 * 64;
    memcpy((char *)start - sizeof(void *), &raw, sizeof raw);
    return (void *)start;
}

static void release(void *memory)
{
    if (memory == NULL)
        return;
    void *raw;
    memcpy(&raw, (char *)memory - sizeof(void *), sizeof raw);
    PyMem_RawFree(raw);
}

/* Zeroed memory that lives as long as the network and begins on a cache line. */
static void *allocate(Network *network, size_t count, size_t size)
{
    if (count > (SIZE_MAX - sizeof(Chunk) - 256) / size)
        return PyErr_NoMemory();
    const size_t bytes = (count * size + 63) / 64 * 64;
    Chunk *chunk = network->chunks;
    if (chunk == NULL || chunk->size - chunk->used < bytes) {
        const size_t fresh = bytes < CHUNK_BYTES ? CHUNK_BYTES : bytes;
        chunk = allocate_raw(sizeof(Chunk) + fresh, 1);
        if (chunk == NULL)
            return PyErr_NoMemory();
        *chunk = (Chunk){.next = network->chunks, .size = fresh};
        network->chunks = chunk;
    }
    void *memory = chunk->memory + chunk->used;
    chunk->used += bytes;
    return memory;
}

static void free_network(Network *network)
{
    for (int64_t index = 0; network->columns != NULL && index < network->features; index++) {
        Py_XDECREF(network->columns[index].name);
        Py_XDECREF(network->columns[index].codes);
    }
    while (network->chunks != NULL) {
        Chunk *next = network->chunks->next;
        release(network->chunks);
        network->chunks = next;
    }
}

/* Reads a C-contiguous array of one type; raises TypeError for any other. */
static bool get_tensor(PyObject *source, Py_buffer *view, char format, int dimensions)
{
    if (PyObject_GetBuffer(source, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0)
        return false;
    Py_ssize_t size = format == 'b' ? 1 : format == 'd' ? 8 : 4;
    if (view->format != NULL && view->format[0] == format && view->format[1] == 0 &&
        view->itemsize == size && view->ndim == dimensions)
        return true;
    PyErr_Format(PyExc_TypeError, "a tensor must have %d dimensions of format '%c', however: %d, '%s'",
                 dimensions, format, view->ndim, view->format ? view->format : "");
    PyBuffer_Release(view);
    return false;
}

static bool refuse(const char *rule)
{
    PyErr_Format(PyExc_ValueError, "a compiled model must have %s, however: it has not", rule);
    return false;
}

static bool read_edges(Network *network, Column *column, PyObject *source)
{
    Py_buffer view;
    if (!get_tensor(source, &view, 'd', 1))
        return false;
    column->edge_count = view.shape[0];
    column->rows = column->edge_count + 1;
    bool rising = column->edge_count >= 2;
    column->edges = allocate(network, (size_t)view.shape[0] + 1, sizeof(double));
    if (column->edges != NULL) {
        memcpy(column->edges, view.buf, (size_t)view.len);
        for (int64_t edge = 1; edge < column->edge_count; edge++)
            rising &= column->edges[edge] - column->edges[edge - 1] > 0 &&
                      column->edges[edge] - column->edges[edge - 1] <= DBL_MAX;
    }
    PyBuffer_Release(&view);
    if (column->edges != NULL && rising)
        column->highest = column->edges[column->edge_count - 1];
    return column->edges != NULL && (rising || refuse("edges that increase by finite steps"));
}

static bool read_codes(Column *column, PyObject *source, Py_ssize_t rows)
{
    if (!PyDict_CheckExact(source) || rows < 2 || rows > INT32_MAX)
        return refuse("a dict of codes and at least two rows for a categorical column");
    column->rows = rows;
    column->codes = PyDict_Copy(source);
    if (column->codes == NULL)
        return false;
    PyObject *key, *value;
    Py_ssize_t place = 0;
    while (PyDict_Next(column->codes, &place, &key, &value)) {
        if (!PyUnicode_CheckExact(key) || !PyLong_CheckExact(value))
            return refuse("codes from str to int");
        long long code = PyLong_AsLongLong(value);
        if (code == -1 && PyErr_Occurred())
            return false;
        if (code < 0 || code >= rows)
            return refuse("codes within their column's rows");
    }
    return true;
}

/* One column: (name, allows_missing, edges or None, codes or None, rows). */
static bool read_column(Network *network, Column *column, PyObject *source)
{
    PyObject *name, *edges, *codes;
    int allows_missing;
    Py_ssize_t rows;
    if (!PyTuple_CheckExact(source))
        return refuse("columns as tuples");
    if (!PyArg_ParseTuple(source, "UpOOn", &name, &allows_missing, &edges, &codes, &rows))
        return false;
    column->allows_missing = allows_missing != 0;
    column->name = Py_NewRef(name);
    PyUnicode_InternInPlace(&column->name);
    return codes == Py_None ? read_edges(network, column, edges)
                            : read_codes(column, codes, rows);
}

static bool read_columns(Network *network, PyObject *source)
{
    network->features = PyTuple_GET_SIZE(source);
    if (network->features < 1 || network->features > MAX_FEATURES)
        return refuse("1 to 1000 columns");
    network->groups = pad(network->features, GROUP) / GROUP;
    network->columns = allocate(network, (size_t)network->features, sizeof(Column));
    if (network->columns == NULL)
        return false;
    network->numeric = true;
    int64_t rows = 0;
    for (int64_t index = 0; index < network->features; index++) {
        Column *column = &network->columns[index];
        if (!read_column(network, column, PyTuple_GET_ITEM(source, index)))
            return false;
        column->first_row = rows;
        rows += column->rows;
        network->numeric &= column->edges != NULL;
    }
    return true;
}

/* Lays the inner edges of GROUP columns side by side. */
static bool group_edges(Network *network)
{
    network->inner_edges = allocate(network, (size_t)network->groups, sizeof(double *));
    network->inner_counts = allocate(network, (size_t)network->groups, sizeof(int64_t));
    if (network->inner_edges == NULL || network->inner_counts == NULL)
        return false;
    for (int64_t index = 0; index < network->features; index++) {
        int64_t *most = &network->inner_counts[index / GROUP];
        int64_t inner = network->columns[index].edge_count - 2;
        if (inner <= LONG_SEARCH && inner > *most)
            *most = inner;
    }
    for (int64_t group = 0; group < network->groups; group++) {
        int64_t count = pad(network->inner_counts[group], 2);
        network->inner_counts[group] = count;
        double *edges = allocate(network, (size_t)(count * GROUP) + 1, sizeof(double));
        if (edges == NULL)
            return false;
        network->inner_edges[group] = edges;
        for (int64_t place = 0; place < count * GROUP; place++) {
            int64_t index = group * GROUP + place % GROUP, edge = place / GROUP;
            const Column *column = index < network->features ? &network->columns[index] : NULL;
            int64_t inner = column != NULL && column->edges != NULL ? column->edge_count - 2 : 0;
            edges[place] = inner <= LONG_SEARCH && edge < inner ? column->edges[edge + 1]
                                                                : Py_NAN;
        }
    }
    return true;
}

/* The bias, and for int8 the multiplier, of a layer whose outputs are known. */
static bool read_bias(Network *network, Layer *layer, PyObject *bias, PyObject *multiplier)
{
    const bool integer = network->integer;
    Py_buffer view;
    if (!get_tensor(bias, &view, integer ? 'i' : 'f', 1))
        return false;
    size_t width = (size_t)layer->padded_outputs;
    void *to = allocate(network, width, sizeof(float));
    bool fits = view.shape[0] == layer->outputs;
    if (to != NULL && fits)
        memcpy(to, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    if (integer)
        layer->integer_bias = to;
    else
        layer->bias = to;
    if (to == NULL || !fits)
        return to != NULL && refuse("a bias for each output");
    if (!integer)
        return true;
    for (size_t unit = 0; unit < width; unit++)
        if (layer->integer_bias[unit] > MAX_BIAS || layer->integer_bias[unit] < -MAX_BIAS)
            return refuse("integer biases within 2^25");
    if (!get_tensor(multiplier, &view, 'f', 1))
        return false;
    layer->multiplier = allocate(network, width, sizeof(float));
    fits = view.shape[0] == layer->outputs;
    if (layer->multiplier != NULL && fits)
        memcpy(layer->multiplier, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return layer->multiplier != NULL && (fits || refuse("a multiplier for each output"));
}

/* The first layer's table, with a row of zeros after the last; for int8, pairs in one word each. */
static bool copy_table(Network *network, const Py_buffer *view)
{
    const Layer *layer = &network->layers[0];
    const size_t rows = (size_t)layer->inputs, width = (size_t)layer->outputs;
    const size_t padded = (size_t)layer->padded_outputs;
    if (rows + 1 > (SIZE_MAX / 8) / padded)
        return refuse("a table that fits into memory");
    void *table = allocate(network, (rows + 1) * padded, sizeof(float));
    if (table == NULL)
        return false;
    if (!network->integer) {
        network->table = table;
        for (size_t row = 0; row < rows; row++)
            memcpy(network->table + row * padded, (const float *)view->buf + row * width,
                   width * sizeof(float));
        return true;
    }
    network->integer_table = table;
    const int8_t *weights = view->buf;
    for (size_t row = 0; row < rows; row++)
        for (size_t unit = 0; unit < width; unit++) {
            int32_t weight = weights[row * width + unit];
            int32_t next = row + 1 < rows ? weights[(row + 1) * width + unit] : 0;
            network->integer_table[row * padded + unit] = (next - weight) * 65536 + (weight & 0xffff);
        }
    return true;
}

/* Lays LANES outputs side by side: (padded_outputs / LANES, padded_inputs, LANES). */
static void fill_panels(float *panels, const Layer *layer, const float *floats,
                        const int8_t *integers, int64_t stride)
{
    for (int64_t unit = 0; unit < layer->outputs; unit++) {
        float *panel = panels + unit / LANES * layer->padded_inputs * LANES + unit % LANES;
        for (int64_t input = 0; input < layer->inputs; input++)
            panel[input * LANES] = floats != NULL ? floats[unit * stride + input]
                                                  : (float)integers[unit * stride + input];
    }
}

static bool copy_weights(Network *network, Layer *layer, const Py_buffer *view, bool last)
{
    size_t inputs = (size_t)layer->inputs, outputs = (size_t)layer->outputs;
    size_t padded = (size_t)layer->padded_inputs, size = (size_t)view->itemsize;
    if (!network->integer && !(last && layer->outputs < FEW_OUTPUTS)) {
        layer->panels = allocate(network, (size_t)layer->padded_outputs * padded, sizeof(float));
        if (layer->panels != NULL)
            fill_panels(layer->panels, layer, view->buf, NULL, layer->inputs);
        return layer->panels != NULL;
    }
    /* Padded outputs have weights as well, so that their sums are zero. */
    char *weights = allocate(network, (size_t)layer->padded_outputs * padded, size);
    if (network->integer)
        layer->integers = (int8_t *)weights;
    else
        layer->rows = (float *)weights;
    for (size_t unit = 0; weights != NULL && unit < outputs; unit++)
        memcpy(weights + unit * padded * size, (const char *)view->buf + unit * inputs * size,
               inputs * size);
    return weights != NULL;
}

/* One layer: (weight, bias, multiplier or None); the first layer's weight is the table. */
static bool read_layer(Network *network, int64_t index, PyObject *source)
{
    Layer *layer = &network->layers[index];
    PyObject *weight, *bias, *multiplier;
    if (!PyTuple_CheckExact(source))
        return refuse("layers as tuples");
    if (!PyArg_ParseTuple(source, "OOO", &weight, &bias, &multiplier))
        return false;
    if (index == 0)
        network->integer = multiplier != Py_None;
    Py_buffer view;
    if (!get_tensor(weight, &view, network->integer ? 'b' : 'f', 2))
        return false;
    const Column *end = &network->columns[network->features - 1];
    int64_t rows = end->first_row + end->rows;
    layer->inputs = index == 0 ? view.shape[0] : view.shape[1];
    layer->outputs = index == 0 ? view.shape[1] : view.shape[0];
    int64_t expected = index == 0 ? rows : network->layers[index - 1].outputs;
    bool fits = layer->inputs == expected && layer->outputs >= 1 && layer->outputs <= MAX_WIDTH &&
                rows < INT32_MAX;
    layer->padded_inputs = pad(layer->inputs, LANES);
    layer->padded_outputs = pad(layer->outputs, LANES);
    if (layer->padded_outputs > network->width)
        network->width = layer->padded_outputs;
    bool copied = fits && (index == 0 ? copy_table(network, &view)
                                      : copy_weights(network, layer, &view, index + 1 == network->depth));
    PyBuffer_Release(&view);
    if (!fits)
        return refuse("layers of 1 to 16384 outputs that fit together");
    return copied && read_bias(network, layer, bias, multiplier);
}

static bool read_layers(Network *network, PyObject *source)
{
    network->depth = PyTuple_GET_SIZE(source);
    if (network->depth < 2)
        return refuse("at least two layers");
    network->layers = allocate(network, (size_t)network->depth, sizeof(Layer));
    if (network->layers == NULL)
        return false;
    network->narrow = true;
    bool exact = true; /* float32 holds every sum of the later layers */
    for (int64_t index = 0; index < network->depth; index++) {
        if (!read_layer(network, index, PyTuple_GET_ITEM(source, index)))
            return false;
        if (index + 1 < network->depth)
            network->narrow &= network->layers[index].padded_outputs == LANES;
        if (index > 0 && network->integer)
            exact &= network->layers[index].inputs <= EXACT_INPUTS;
    }
    network->outputs = network->layers[network->depth - 1].outputs;
    network->dots =
        network->integer && (!exact || (chosen->byte_dots && network->width >= DOT_WIDTH));
    return true;
}

static bool read_link(Network *network, const char *name)
{
    if (strcmp(name, "identity") == 0)
        network->link = IDENTITY;
    else if (strcmp(name, "sigmoid") == 0)
        network->link = SIGMOID;
    else if (strcmp(name, "softmax") == 0)
        network->link = SOFTMAX;
    else
        return refuse("the link identity, sigmoid or softmax");
    return true;
}

static PyObject *model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"columns", "layers", "link", "encode", NULL};
    PyObject *columns, *layers, *encode;
    const char *link;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!O!sO", names, &PyTuple_Type,
                                     &columns, &PyTuple_Type, &layers, &link, &encode))
        return NULL;
    Model *self = (Model *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->encode = Py_NewRef(encode);
    Network *network = &self->network;
    if (!read_link(network, link) || !read_columns(network, columns) ||
        !group_edges(network) || !read_layers(network, layers)) {
        Py_DECREF(self);
        return NULL;
    }
    Scratch scratch;
    network->scratch_bytes = (size_t)lay_out_row(network, &scratch, 0);
    self->one = chosen->one[network->integer][network->narrow];
    self->many = network->dots ? chosen->dots : chosen->many[network->integer][network->narrow];
    return (PyObject *)self;
}

/* No tp_clear: what `encode` reaches can break a cycle, and a model stays whole to its end. */
static int model_traverse(Model *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->encode);
    const Network *network = &self->network;
    for (int64_t index = 0; network->columns != NULL && index < network->features; index++)
        Py_VISIT(network->columns[index].codes);
    return 0;
}

static void model_dealloc(Model *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(self->encode);
    free_network(&self->network);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

/* ---------------------------------------------------------------------------- rows */

/* How reading a row went. */
typedef enum { FAILED = -1, UNUSUAL = 0, PLAIN = 1 } Reading;

INLINE Reading read_number(const Column *column, PyObject *value, double *to)
{
    if (PyFloat_CheckExact(value)) {
        *to = PyFloat_AS_DOUBLE(value);
    } else if (PyLong_CheckExact(value)) {
        *to = PyLong_AsDouble(value);
        if (*to == -1.0 && PyErr_Occurred()) {
            PyErr_Clear(); /* beyond float's range */
            return UNUSUAL;
        }
        return PLAIN;
    } else if (PyBool_Check(value)) {
        *to = value == Py_True ? 1.0 : 0.0;
        return PLAIN;
    } else if (value == Py_None) {
        *to = Py_NAN;
    } else {
        return UNUSUAL;
    }
    return *to == *to || column->allows_missing ? PLAIN : UNUSUAL;
}

static bool has_blanks_around(PyObject *text)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    return length > 0 && (Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, 0)) ||
                          Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, length - 1)));
}

INLINE Reading read_category(const Column *column, PyObject *value, double *to)
{
    int64_t row = column->rows - 1; /* missing */
    if (PyUnicode_CheckExact(value)) {
        PyObject *code = PyDict_GetItemWithError(column->codes, value);
        if (code != NULL)
            row = PyLong_AsLongLong(code);
        else if (PyErr_Occurred())
            return FAILED;
        else if (has_blanks_around(value))
            return UNUSUAL;
        else
            row = column->rows - 2; /* unknown */
    } else if (value != Py_None) {
        return UNUSUAL;
    }
    *to = (double)row;
    return row != column->rows - 1 || column->allows_missing ? PLAIN : UNUSUAL;
}

INLINE Reading read_value(const Column *column, PyObject *value, double *to)
{
    return column->edges != NULL ? read_number(column, value, to)
                                 : read_category(column, value, to);
}

/* A value is read before the next is looked up: a key's __eq__ may change the dict. */
static Reading read_dict(const Network *network, PyObject *row, double *values)
{
    for (int64_t index = 0; index < network->features; index++) {
        const Column *column = &network->columns[index];
        PyObject *value = PyDict_GetItemWithError(row, column->name);
        if (value == NULL) {
            if (PyErr_Occurred())
                return FAILED;
            value = Py_None;
        }
        Reading reading = read_value(column, value, values + index);
        if (reading != PLAIN)
            return reading;
    }
    return PLAIN;
}

/* Nothing here runs Python code, so a list keeps its length. */
static Reading read_sequence(const Network *network, PyObject **items, Py_ssize_t count,
                             double *values)
{
    if (count != network->features)
        return UNUSUAL;
    for (int64_t index = 0; index < network->features; index++) {
        Reading reading = read_value(&network->columns[index], items[index], values + index);
        if (reading != PLAIN)
            return reading;
    }
    return PLAIN;
}

/* True for native float32 or float64; `single` tells which. */
INLINE bool is_float(const Py_buffer *view, bool *single)
{
    const char *format = view->format;
    if (format == NULL || format[0] == 0 || format[1] != 0)
        return false;
    *single = format[0] == 'f';
    return (format[0] == 'f' && view->itemsize == 4) || (format[0] == 'd' && view->itemsize == 8);
}

/* Reads numpy's own struct: asking for a buffer costs as much as a hidden layer. Nothing of Python's
 * runs in between, so the array cannot change. */
static Reading read_array(const Network *network, const PyArrayObject *array, double *values)
{
    int type = PyArray_TYPE(array);
    if (PyArray_NDIM(array) != 1 || PyArray_DIM(array, 0) != network->features ||
        (type != NPY_DOUBLE && type != NPY_FLOAT) || !PyArray_ISNOTSWAPPED(array))
        return UNUSUAL;
    Table table = {.data = PyArray_BYTES(array), .single = type == NPY_FLOAT};
    table.column_stride = PyArray_STRIDE(array, 0);
    for (int64_t index = 0; index < network->features; index++) {
        values[index] = cell(&table, 0, index);
        if (values[index] != values[index] && !network->columns[index].allows_missing)
            return UNUSUAL;
    }
    return PLAIN;
}

static Reading read_row(const Model *self, PyObject *row, double *values)
{
    const Network *network = &self->network;
    if (PyDict_CheckExact(row))
        return read_dict(network, row, values);
    if (PyList_CheckExact(row))
        return read_sequence(network, ((PyListObject *)row)->ob_item, PyList_GET_SIZE(row), values);
    if (PyTuple_CheckExact(row))
        return read_sequence(network, ((PyTupleObject *)row)->ob_item, PyTuple_GET_SIZE(row),
                             values);
    if (PyArray_CheckExact(row) && network->numeric)
        return read_array(network, (const PyArrayObject *)row, values);
    return UNUSUAL;
}

/* Lets Python turn a row into numbers: NaN for missing, a category's row in its column. */
static Reading read_encoded(const Model *self, PyObject *row, double *values)
{
    const Network *network = &self->network;
    PyObject *numbers = PyObject_CallOneArg(self->encode, row);
    if (numbers == NULL)
        return FAILED;
    bool plain = PyList_CheckExact(numbers) && PyList_GET_SIZE(numbers) == network->features;
    for (int64_t index = 0; plain && index < network->features; index++) {
        const Column *column = &network->columns[index];
        PyObject *number = PyList_GET_ITEM(numbers, index);
        plain = PyFloat_CheckExact(number);
        if (!plain)
            break;
        values[index] = PyFloat_AS_DOUBLE(number);
        if (column->edges == NULL)
            plain = values[index] >= 0 && values[index] < (double)column->rows;
    }
    Py_DECREF(numbers);
    if (!plain)
        PyErr_SetString(PyExc_TypeError, "encode must return a list of floats, one a column");
    return plain ? PLAIN : FAILED;
}

static PyObject *answer_object(const Network *network, const double *answers)
{
    if (network->link != SOFTMAX && network->outputs == 1)
        return PyFloat_FromDouble(answers[0]);
    PyObject *list = PyList_New((Py_ssize_t)network->outputs);
    for (int64_t each = 0; list != NULL && each < network->outputs; each++) {
        PyObject *answer = PyFloat_FromDouble(answers[each]);
        if (answer == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, each, answer);
    }
    return list;
}

static PyObject *answer_row(const Model *self, PyObject *row, char *memory)
{
    const Network *network = &self->network;
    Scratch scratch;
    lay_out_row(network, &scratch, (uintptr_t)memory);
    for (int64_t index = network->features; index < network->groups * GROUP; index++)
        scratch.values[index] = 0;
    Reading reading = read_row(self, row, scratch.values);
    if (reading == UNUSUAL)
        reading = read_encoded(self, row, scratch.values);
    if (reading != PLAIN)
        return NULL;
    self->one(network, &scratch);
    return answer_object(network, scratch.logits);
}

static PyObject *model_predict_one(Model *self, PyObject *row)
{
    if (self->network.scratch_bytes <= STACK_BYTES) {
        _Alignas(64) char memory[STACK_BYTES];
        return answer_row(self, row, memory);
    }
    char *memory = allocate_raw(self->network.scratch_bytes, 1);
    PyObject *answer = memory == NULL ? PyErr_NoMemory() : answer_row(self, row, memory);
    release(memory);
    return answer;
}

/* ---------------------------------------------------------------------------- tables */

/* Lays out a table's memory from an address; returns where it ends. */
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
            fill_panels(dense.panels, layer, NULL, layer->integers, layer->padded_inputs);
    }
    return address;
}

/* Answers rows in blocks; false where one is not plain, NULL memory aside (-1). */
static int answer_blocks(const Model *self, const Table *table, int64_t rows, double *answers)
{
    const Network *network = &self->network;
    Block block;
    size_t bytes = (size_t)lay_out_dense(network, &block, lay_out_block(network, &block, 0), false);
    char *memory = allocate_raw(bytes, 1);
    if (memory == NULL)
        return -1;
    lay_out_dense(network, &block, lay_out_block(network, &block, (uintptr_t)memory), true);
    bool plain = true;
    for (int64_t from = 0; plain && from < rows; from += BLOCK_ROWS) {
        int64_t count = rows - from < BLOCK_ROWS ? rows - from : BLOCK_ROWS;
        plain = self->many(network, &block, table, from, count, answers + from * network->outputs);
    }
    release(memory);
    return plain;
}

/* Answers a few rows, one by one. */
static int answer_rows(const Model *self, const Table *table, int64_t rows, double *answers)
{
    const Network *network = &self->network;
    char *memory = allocate_raw(network->scratch_bytes, 1);
    if (memory == NULL)
        return -1;
    Scratch scratch;
    lay_out_row(network, &scratch, (uintptr_t)memory);
    bool plain = true;
    for (int64_t row = 0; plain && row < rows; row++) {
        for (int64_t index = 0; index < network->features; index++) {
            const Column *column = &network->columns[index];
            double value = scratch.values[index] = cell(table, row, index);
            if (column->edges == NULL)
                plain &= value >= 0 && value < (double)column->rows;
            else
                plain &= value == value || column->allows_missing;
        }
        if (!plain)
            break;
        self->one(network, &scratch);
        memcpy(answers + row * network->outputs, scratch.logits,
               (size_t)network->outputs * sizeof(double));
    }
    release(memory);
    return plain;
}

static PyObject *answer_table(const Model *self, const Py_buffer *table, const Py_buffer *answers)
{
    const Network *network = &self->network;
    Table numbers = {.data = table->buf};
    bool single;
    if (!is_float(table, &numbers.single) || table->ndim != 2 ||
        table->shape[1] != network->features)
        Py_RETURN_FALSE;
    if (!is_float(answers, &single) || single || answers->ndim != 2 ||
        answers->shape[0] != table->shape[0] || answers->shape[1] != network->outputs) {
        PyErr_SetString(PyExc_TypeError, "answers must be float64 of shape (rows, outputs)");
        return NULL;
    }
    numbers.row_stride = table->strides[0];
    numbers.column_stride = table->strides[1];
    int64_t rows = table->shape[0];
    int plain;
    Py_BEGIN_ALLOW_THREADS
    plain = rows >= FEW_ROWS ? answer_blocks(self, &numbers, rows, answers->buf)
                             : answer_rows(self, &numbers, rows, answers->buf);
    Py_END_ALLOW_THREADS
    return plain < 0 ? PyErr_NoMemory() : PyBool_FromLong(plain);
}

static PyObject *model_predict(Model *self, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer table, answers;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "predict takes a table and the array for its answers");
        return NULL;
    }
    if (PyObject_GetBuffer(arguments[0], &table, PyBUF_STRIDES | PyBUF_FORMAT) != 0) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_BufferError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    PyObject *done = NULL;
    if (PyObject_GetBuffer(arguments[1], &answers,
                           PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | PyBUF_WRITABLE) == 0) {
        done = answer_table(self, &table, &answers);
        PyBuffer_Release(&answers);
    }
    PyBuffer_Release(&table);
    return done;
}

/* ---------------------------------------------------------------------------- module */

static PyMethodDef model_methods[] = {
    {"predict_one", (PyCFunction)model_predict_one, METH_O,
     "predict_one($self, row, /)\n--\n\n" /* what inspect.signature reads */
     "Answer one row: a float, or a list of floats where there are several outputs."},
    {"predict", (PyCFunction)(void (*)(void))model_predict, METH_FASTCALL,
     "Write the answers of a float32 or float64 table (N, k) into a float64 array (N, outputs).\n\n"
     "A categorical column holds its rows. False where a value is not plain, or must not be missing."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot model_slots[] = {
    {Py_tp_doc, "A network in compiled form; see slipstream.runtime.native."},
    {Py_tp_new, model_new},
    {Py_tp_dealloc, model_dealloc},
    {Py_tp_traverse, model_traverse},
    {Py_tp_methods, model_methods},
    {0, NULL},
};

static PyType_Spec model_spec = {
    .name = "slipstream.runtime._native.Model",
    .basicsize = sizeof(Model),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = model_slots,
};

/* Takes the instruction set that SLIPSTREAM_ISA names, for tests of the others. */
static bool choose(PyObject *names)
{
    const char *wanted = getenv("SLIPSTREAM_ISA");
    if (wanted == NULL)
        return true;
    for (int index = 0; index < available_count; index++)
        if (strcmp(available[index]->name, wanted) == 0) {
            chosen = available[index];
            return true;
        }
    PyErr_Format(PyExc_ValueError,
                 "SLIPSTREAM_ISA must be one of %R on this machine, however: '%.500s'; unset it", names,
                 wanted);
    return false;
}

static int fill_module(PyObject *module)
{
    if (PyArray_ImportNumPyAPI() < 0)
        return -1;
    find_instruction_sets();
    PyObject *names = PyTuple_New(available_count);
    if (names == NULL)
        return -1;
    for (int index = 0; index < available_count; index++) {
        PyObject *name = PyUnicode_FromString(available[index]->name);
        if (name == NULL) {
            Py_DECREF(names);
            return -1;
        }
        PyTuple_SET_ITEM(names, index, name);
    }
    bool set = choose(names) && PyModule_AddObjectRef(module, "instruction_sets", names) == 0 &&
               PyModule_AddStringConstant(module, "instruction_set", chosen->name) == 0 &&
               PyModule_AddIntMacro(module, MAX_FEATURES) == 0 &&
               PyModule_AddIntMacro(module, MAX_WIDTH) == 0 &&
               PyModule_AddIntMacro(module, MAX_BIAS) == 0;
    Py_DECREF(names);
    if (!set)
        return -1;
    PyObject *type = PyType_FromModuleAndSpec(module, &model_spec, NULL);
    int added = type == NULL ? -1 : PyModule_AddObjectRef(module, "Model", type);
    Py_XDECREF(type);
    return added;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, fill_module}, {0, NULL}};

static PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "slipstream.runtime._native",
    .m_doc = "The compiled predictor.",
    .m_size = 0,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__native(void); /* no header declares it */

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&module_definition); }
