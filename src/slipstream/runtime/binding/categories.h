/* A column's texts by their hash, without two in one place: one look at most. */
#ifndef SLIPSTREAM_BINDING_CATEGORIES_H
#define SLIPSTREAM_BINDING_CATEGORIES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    PyObject *text; /* borrowed from the column's dict of codes */
    Py_hash_t hash;
    double row;
} Category;

typedef struct {
    Category *items; /* NULL where there are no texts or too many: the dict of codes has them all */
    uint8_t *places; /* (mask + 1,): an item each; where a text would be that is none, any */
    size_t mask;
    int shift;
} Categories;

/* Builds from {text: row}; false where an exception is set. */
bool build_categories(Categories *categories, PyObject *codes);

void free_categories(Categories *categories);

/* The category that a text is, or NULL: the dict of codes decides then. Runs no Python code. */
static inline const Category *find_category(const Categories *categories, PyObject *text)
{
    if (categories->items == NULL)
        return NULL;
    Py_hash_t hash = ((PyASCIIObject *)text)->hash;
    if (hash == -1) /* never computed so far, as of a text that was just parsed */
        hash = PyObject_Hash(text);
    const size_t place = ((size_t)hash >> categories->shift) & categories->mask;
    const Category *item = &categories->items[categories->places[place]];
    if (item->text == text)
        return item;
    if (item->hash != hash || PyUnicode_GET_LENGTH(item->text) != PyUnicode_GET_LENGTH(text) ||
        PyUnicode_KIND(item->text) != PyUnicode_KIND(text))
        return NULL;
    const size_t bytes = (size_t)PyUnicode_GET_LENGTH(text) * PyUnicode_KIND(text);
    return memcmp(PyUnicode_DATA(item->text), PyUnicode_DATA(text), bytes) == 0 ? item : NULL;
}

#endif
