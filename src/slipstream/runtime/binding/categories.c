/* Finds places for a column's texts so that no two share one. */
#include "categories.h"

#define MOST_TEXTS 128   /* an item's number fits into a byte, and places stay few */
#define MOST_PLACES 8192 /* n texts are apart in n * n places as often as not */
#define HASH_BITS 64

/* Whether each text has a place of its own with this mask and shift; fills the places. */
static bool place_apart(const Categories *categories, Py_ssize_t count)
{
    uint8_t taken[MOST_PLACES / 8] = {0};
    memset(categories->places, 0, categories->mask + 1);
    for (Py_ssize_t index = 0; index < count; index++) {
        const size_t hash = (size_t)categories->items[index].hash;
        const size_t place = (hash >> categories->shift) & categories->mask;
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
    for (size_t places = 8; places <= MOST_PLACES; places *= 2) {
        if (places < (size_t)count)
            continue;
        categories->mask = places - 1;
        for (categories->shift = 0; (places << categories->shift >> categories->shift) == places;
             categories->shift++)
            if (place_apart(categories, count))
                return true;
    }
    return false;
}

bool build_categories(Categories *categories, PyObject *codes)
{
    const Py_ssize_t count = PyDict_GET_SIZE(codes);
    if (sizeof(size_t) * 8 != HASH_BITS || count == 0 || count > MOST_TEXTS)
        return true;
    categories->items = PyMem_Calloc((size_t)count, sizeof(Category));
    categories->places = PyMem_Calloc(MOST_PLACES, 1);
    if (categories->items == NULL || categories->places == NULL) {
        PyErr_NoMemory();
        return false;
    }
    PyObject *text, *code;
    Py_ssize_t place = 0;
    for (Py_ssize_t index = 0; PyDict_Next(codes, &place, &text, &code); index++)
        categories->items[index] = (Category){
            .text = text, .hash = PyObject_Hash(text), .row = (double)PyLong_AsLongLong(code)};
    if (!place_all(categories, count)) {
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
