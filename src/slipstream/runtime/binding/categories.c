/* Finds places for a column's texts so that no two share one. */
#include "categories.h"

#define MOST_TEXTS 128   /* an item's number fits into a byte, and places stay few */
#define MOST_PLACES 8192 /* n texts are apart in n * n places as often as not */
#define TRIES 64         /* factors for each number of places */

/* Whether each text has a place of its own with this mask and factor; fills the places. */
static bool place_apart(const Categories *categories, Py_ssize_t count)
{
    uint8_t taken[MOST_PLACES / 8] = {0};
    memset(categories->places, 0, categories->mask + 1);
    for (Py_ssize_t index = 0; index < count; index++) {
        const uint64_t place = place_of(categories, &categories->items[index].brief);
        if (taken[place / 8] & (1 << place % 8))
            return false;
        taken[place / 8] |= (uint8_t)(1 << place % 8);
        categories->places[place] = (uint8_t)index;
    }
    return true;
}

/* Tries few places first. */
static bool place_all(Categories *categories, Py_ssize_t count)
{
    for (uint64_t places = 8; places <= MOST_PLACES; places *= 2) {
        if (places < (uint64_t)count)
            continue;
        categories->mask = places - 1;
        categories->factor = 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio; odd, as every next one */
        for (int attempt = 0; attempt < TRIES; attempt++) {
            categories->factor *= 0xd1342543de82ef95; /* of a known generator */
            if (place_apart(categories, count))
                return true;
        }
    }
    return false;
}

static bool fill_items(Categories *categories, PyObject *codes)
{
    PyObject *text, *code;
    Py_ssize_t place = 0;
    for (Py_ssize_t index = 0; PyDict_Next(codes, &place, &text, &code); index++) {
        if (!PyUnicode_IS_COMPACT(text))
            return false;
        categories->items[index] = (Category){
            .brief = brief_of(text), .text = text, .row = (double)PyLong_AsLongLong(code)};
    }
    return true;
}

bool build_categories(Categories *categories, PyObject *codes)
{
    const Py_ssize_t count = PyDict_GET_SIZE(codes);
    if (PY_BIG_ENDIAN || count == 0 || count > MOST_TEXTS)
        return true;
    categories->items = PyMem_Calloc((size_t)count, sizeof(Category));
    categories->places = PyMem_Calloc(MOST_PLACES, 1);
    if (categories->items == NULL || categories->places == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (!fill_items(categories, codes) || !place_all(categories, count)) {
        free_categories(categories);
        return true;
    }
    uint8_t *fewer = PyMem_Realloc(categories->places, categories->mask + 1);
    if (fewer != NULL)
        categories->places = fewer;
    return true;
}

void free_categories(Categories *categories)
{
    PyMem_Free(categories->items);
    PyMem_Free(categories->places);
    categories->items = NULL;
    categories->places = NULL;
}
