/* Zeroed memory that begins on a cache line. */
#ifndef SLIPSTREAM_MEMORY_H
#define SLIPSTREAM_MEMORY_H

#include <stddef.h>

/* Memory of a network. Cold calls wait for pages more than for anything: arrays share them. */
typedef struct Chunk Chunk;

/* NULL where there is not enough; free() releases it. */
void *slipstream_allocate(size_t bytes);

/* An array in the newest chunk, or in a new one before it; NULL where there is no memory. */
void *slipstream_allocate_in(Chunk **chunks, size_t count, size_t size);

void slipstream_free_chunks(Chunk **chunks);

#endif
