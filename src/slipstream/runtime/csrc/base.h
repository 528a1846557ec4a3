/* What every part of the predictor counts in: how wide, how many at a time. */
#ifndef SLIPSTREAM_BASE_H
#define SLIPSTREAM_BASE_H

#include <stddef.h>
#include <stdint.h>

#define LANES 32         /* widths are padded to a multiple of this */
#define FEW_EDGES 8      /* edges that a search compares at a time */
#define BLOCK_ROWS 64    /* rows of a table that go through the network together */
#define TILE_ROWS 4      /* rows that share one pass over a layer's weights */
#define LONG_SEARCH 64   /* FEW_EDGES^2; more inner edges than this are bisected, not counted */
#define EXACT_INPUTS 512 /* 512 * 127 * 255 < 2^24: float32 holds such sums exactly */
#define DOT_ROWS 8       /* rows that share one pass over a unit's int8 weights */
#define DOT_WIDTH 128    /* layers this wide answer tables, too, by u8 x s8 products */
#define FEW_OUTPUTS 8    /* fewer outputs than this are dot products, not a panel */
#define FEW_ROWS 8       /* fewer rows than this are answered one by one */
#define CACHE_LINE 64    /* bytes; every array begins on one */

#ifndef TARGET /* of an instruction set's file: what is inlined there may use all of the set */
#define TARGET
#endif
#define INLINE TARGET static inline __attribute__((always_inline))
#define ALIGNED(type, pointer) ((type *)__builtin_assume_aligned((pointer), CACHE_LINE))

INLINE int64_t pad(int64_t count, int64_t to) { return (count + to - 1) / to * to; }

#endif
