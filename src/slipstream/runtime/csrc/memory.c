#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

#ifndef CHUNK_BYTES       /* 0 lets a sanitizer see where each array ends */
#define CHUNK_BYTES 16384 /* a network's arrays lie together in chunks of this, or larger ones */
#endif

struct Chunk {
    Chunk *next;
    size_t used, size; /* in bytes, from `memory` on */
    _Alignas(CACHE_LINE) char memory[];
};

static size_t to_lines(size_t bytes) { return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE; }

void *slipstream_allocate(size_t bytes)
{
    void *memory = aligned_alloc(CACHE_LINE, to_lines(bytes));
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

void *slipstream_allocate_in(Chunk **chunks, size_t count, size_t size)
{
    if (count > (SIZE_MAX - sizeof(Chunk) - 2 * CACHE_LINE) / size)
        return NULL;
    const size_t bytes = to_lines(count * size);
    Chunk *chunk = *chunks;
    if (chunk == NULL || chunk->size - chunk->used < bytes) {
        const size_t fresh = bytes < CHUNK_BYTES ? CHUNK_BYTES : bytes;
        chunk = slipstream_allocate(sizeof(Chunk) + fresh);
        if (chunk == NULL)
            return NULL;
        *chunk = (Chunk){.next = *chunks, .size = fresh};
        *chunks = chunk;
    }
    void *memory = chunk->memory + chunk->used;
    chunk->used += bytes;
    return memory;
}

void slipstream_free_chunks(Chunk **chunks)
{
    while (*chunks != NULL) {
        Chunk *next = (*chunks)->next;
        free(*chunks);
        *chunks = next;
    }
}
