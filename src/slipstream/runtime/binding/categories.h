/* A column's texts by what is in them, without two in one place: one look at most. */
#ifndef SLIPSTREAM_BINDING_CATEGORIES_H
#define SLIPSTREAM_BINDING_CATEGORIES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A text in brief: its first and last eight bytes, which overlap where it has fewer than sixteen and
 * are one and the same where it has fewer than eight, and how many there are in which form. */
typedef struct {
    uint64_t first, last, form;
} Brief;

typedef struct {
    Brief brief;
    PyObject *text; /* borrowed from the column's dict of codes */
    double row;
} Category;

typedef struct {
    Category *items; /* NULL where there are no texts or too many: the dict of codes has them all */
    uint8_t *places; /* (mask + 1,): an item each; where a text would be that is none, any */
    uint64_t mask;
    uint64_t factor;
} Categories;

/* Builds from {text: row}; false where an exception is set. */
bool build_categories(Categories *categories, PyObject *codes);

void free_categories(Categories *categories);

static inline size_t bytes_of(PyObject *text)
{
    return (size_t)PyUnicode_GET_LENGTH(text) * PyUnicode_KIND(text);
}

/* Of a compact text, whose bytes follow its head: what is read before a short one is the head's, and is
 * shifted out. No branch depends on the length, which nothing predicts. */
static inline Brief brief_of(PyObject *text)
{
    const size_t bytes = bytes_of(text);
    const char *begin = PyUnicode_DATA(text), *end = begin + bytes - 8;
    const unsigned excess = bytes < 8 ? 8 * (8 - (unsigned)bytes) : 0;
    Brief brief = {.form = (uint64_t)bytes << 3 | PyUnicode_KIND(text)};
    memcpy(&brief.first, bytes < 8 ? end : begin, 8);
    memcpy(&brief.last, end, 8);
    brief.first = brief.first >> excess / 2 >> excess / 2; /* of an empty one, all 64 bits */
    brief.last = brief.last >> excess / 2 >> excess / 2;
    return brief;
}

/* Before any place is taken: the high bits of a product depend on all bits of its factors. */
static inline uint64_t place_of(const Categories *categories, const Brief *brief)
{
    const uint64_t mixed = (brief->first ^ (brief->last << 7 | brief->last >> 57)) + brief->form;
    return (mixed * categories->factor >> 40) & categories->mask;
}

/* The category that a text is, or NULL: the dict of codes decides then. Runs no Python code. */
static inline const Category *find_category(const Categories *categories, PyObject *text)
{
    if (categories->items == NULL || !PyUnicode_IS_COMPACT(text))
        return NULL;
    const Brief brief = brief_of(text);
    const Category *item = &categories->items[categories->places[place_of(categories, &brief)]];
    if (((item->brief.first ^ brief.first) | (item->brief.last ^ brief.last) |
         (item->brief.form ^ brief.form)) != 0)
        return NULL;
    const size_t bytes = bytes_of(text);
    return bytes <= 16 || item->text == text ||
                   memcmp(PyUnicode_DATA(item->text), PyUnicode_DATA(text), bytes) == 0
               ? item
               : NULL;
}

#endif
