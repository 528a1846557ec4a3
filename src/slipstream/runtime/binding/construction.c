/* From Python's tuples and buffers to what a network is built from. Nothing is copied here: buffers
 * are held until the network has its own copy. */
#include "model.h"

#include <string.h>

#define TENSORS_A_LAYER 3 /* weight, bias, multiplier */
#define COLUMN_ITEMS 6    /* of which the last says how a date is written */

typedef struct {
    ColumnSpec *columns;
    LayerSpec *layers;
    Py_buffer *tensors;
    Py_ssize_t held;     /* of the tensors */
    Py_ssize_t features; /* of the columns: the fields, and what is derived from dates so far */
} Parts;

static bool refuse(const char *rule)
{
    PyErr_Format(PyExc_ValueError, "a compiled model must have %s, however: it has not", rule);
    return false;
}

/* Holds a C-contiguous array of one type; raises TypeError for any other. */
static const Py_buffer *hold(Parts *parts, PyObject *source, char format, int dimensions)
{
    Py_buffer *view = &parts->tensors[parts->held];
    if (PyObject_GetBuffer(source, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0)
        return NULL;
    parts->held++;
    Py_ssize_t size = format == 'b' ? 1 : format == 'd' ? 8 : 4;
    if (view->format != NULL && view->format[0] == format && view->format[1] == 0 &&
        view->itemsize == size && view->ndim == dimensions)
        return view;
    PyErr_Format(PyExc_TypeError, "a tensor must have %d dimensions of format '%c', however: %d, '%s'",
                 dimensions, format, view->ndim, view->format ? view->format : "");
    return NULL;
}

/* ------------------------------------------------------------------------ columns */

static bool read_codes(Field *field, PyObject *source, Py_ssize_t rows)
{
    if (!PyDict_CheckExact(source))
        return refuse("a dict of codes for a categorical column");
    field->codes = PyDict_New();
    field->numbers = PyDict_New();
    if (field->codes == NULL || field->numbers == NULL)
        return false;
    PyObject *key, *value;
    Py_ssize_t place = 0;
    while (PyDict_Next(source, &place, &key, &value)) {
        const bool is_text = PyUnicode_CheckExact(key);
        if ((!is_text && !PyLong_CheckExact(key) && !PyFloat_CheckExact(key)) ||
            !PyLong_CheckExact(value))
            return refuse("codes from str, int or float to int");
        long long code = PyLong_AsLongLong(value);
        if (code == -1 && PyErr_Occurred())
            return false;
        if (code < 0 || code >= rows)
            return refuse("codes within their column's rows");
        if (PyDict_SetItem(is_text ? field->codes : field->numbers, key, value) != 0)
            return false;
    }
    return build_categories(&field->texts, field->codes);
}

static bool read_edges(ColumnSpec *column, Parts *parts, PyObject *edges)
{
    const Py_buffer *view = hold(parts, edges, 'd', 1);
    if (view == NULL)
        return false;
    column->edges = view->buf;
    column->edge_count = view->shape[0];
    return true;
}

static bool read_order(const char *name, DateOrder *order)
{
    *order = strcmp(name, "dmy") == 0 ? DAY_FIRST : strcmp(name, "mdy") == 0 ? MONTH_FIRST : NO_ORDER;
    return *order != NO_ORDER || name[0] == 0 || refuse("a known order of day, month and year");
}

static bool read_unit(const char *name, DateForm *form)
{
    static const char *const names[] = {"s", "ms", "us", "ns"};
    static const double units_us[] = {1e6, 1e3, 1, 0};
    for (int unit = 0; unit < 4; unit++)
        if (strcmp(name, names[unit]) == 0) {
            form->plain_number = true;
            form->unit_us = units_us[unit];
        }
    return form->plain_number || name[0] == 0 || refuse("a known unit of time");
}

/* How a date is written: (order, unit, plain_text, ((part, edges), ...)). */
static bool read_form(DateForm *form, Parts *parts, const ColumnSpec *column, PyObject *source)
{
    const char *order, *unit;
    int plain_text;
    PyObject *derived;
    if (!PyTuple_CheckExact(source))
        return refuse("dates as tuples");
    if (!PyArg_ParseTuple(source, "sspO!", &order, &unit, &plain_text, &PyTuple_Type, &derived) ||
        !read_order(order, &form->order) || !read_unit(unit, form))
        return false;
    form->is_date = true;
    form->plain_text = plain_text != 0;
    form->first = parts->features;
    form->count = PyTuple_GET_SIZE(derived);
    if (form->count > PART_KINDS)
        return refuse("each part of a date once");
    for (Py_ssize_t index = 0; index < form->count; index++) {
        int part;
        PyObject *edges;
        PyObject *item = PyTuple_GET_ITEM(derived, index);
        ColumnSpec *made = &parts->columns[parts->features++];
        if (!PyTuple_CheckExact(item))
            return refuse("parts of dates as tuples");
        if (!PyArg_ParseTuple(item, "iO", &part, &edges) ||
            !read_edges(made, parts, edges))
            return false;
        if (part < 0 || part >= PART_KINDS)
            return refuse("known parts of dates");
        form->parts[index] = (uint8_t)part;
        made->allows_missing = column->allows_missing;
    }
    return true;
}

/* One column: (name, allows_missing, edges or None, codes or None, rows, how a date is written or
 * None). */
static bool read_column(Model *self, Py_ssize_t index, Parts *parts, PyObject *source)
{
    Field *field = &self->fields[index];
    ColumnSpec *column = &parts->columns[index];
    PyObject *name, *edges, *codes, *form;
    int allows_missing;
    Py_ssize_t rows;
    if (!PyArg_ParseTuple(source, "UpOOnO", &name, &allows_missing, &edges, &codes, &rows, &form))
        return false;
    column->allows_missing = allows_missing != 0;
    field->name = Py_NewRef(name);
    PyUnicode_InternInPlace(&field->name);
    if (codes != Py_None) {
        column->rows = rows;
        return read_codes(field, codes, rows);
    }
    return read_edges(column, parts, edges) &&
           (form == Py_None || read_form(&self->dates[index], parts, column, form));
}

/* ------------------------------------------------------------------------ layers */

/* One layer: (weight, bias, multiplier or None); the first layer's weight is the table. */
static bool read_layer(LayerSpec *layer, Parts *parts, PyObject *source, bool first, bool integer)
{
    PyObject *weight, *bias, *multiplier;
    if (!PyArg_ParseTuple(source, "OOO", &weight, &bias, &multiplier))
        return false;
    const Py_buffer *view = hold(parts, weight, integer ? 'b' : 'f', 2);
    if (view == NULL)
        return false;
    layer->weight = view->buf;
    layer->inputs = view->shape[first ? 0 : 1];
    layer->outputs = view->shape[first ? 1 : 0];
    view = hold(parts, bias, integer ? 'i' : 'f', 1);
    if (view == NULL)
        return false;
    if (view->shape[0] != layer->outputs)
        return refuse("a bias for each output");
    layer->bias = view->buf;
    if (!integer)
        return true;
    view = hold(parts, multiplier, 'f', 1);
    if (view == NULL)
        return false;
    if (view->shape[0] != layer->outputs)
        return refuse("a multiplier for each output");
    layer->multiplier = view->buf;
    return true;
}

/* Whether the layers are tuples; the first one's multiplier says whether they are int8. */
static bool read_precision(PyObject *layers, bool *integer)
{
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(layers); index++) {
        PyObject *layer = PyTuple_GET_ITEM(layers, index);
        if (!PyTuple_CheckExact(layer) || PyTuple_GET_SIZE(layer) != TENSORS_A_LAYER)
            return refuse("layers as tuples of three");
        if (index == 0)
            *integer = PyTuple_GET_ITEM(layer, 2) != Py_None;
    }
    return true;
}

/* ------------------------------------------------------------------------ the whole */

static bool read_link(const char *name, Link *link)
{
    if (strcmp(name, "identity") == 0)
        *link = IDENTITY;
    else if (strcmp(name, "sigmoid") == 0)
        *link = SIGMOID;
    else if (strcmp(name, "softmax") == 0)
        *link = SOFTMAX;
    else if (strcmp(name, "expm1") == 0)
        *link = EXPM1;
    else if (strcmp(name, "sorted") == 0)
        *link = SORTED;
    else
        return refuse("the link identity, sigmoid, expm1, softmax or sorted");
    return true;
}

static bool read_parts(Model *self, PyObject *columns, PyObject *layers, Parts *parts, bool integer)
{
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(columns); index++)
        if (!read_column(self, index, parts, PyTuple_GET_ITEM(columns, index)))
            return false;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(layers); index++)
        if (!read_layer(&parts->layers[index], parts, PyTuple_GET_ITEM(layers, index), index == 0,
                        integer))
            return false;
    return true;
}

/* How many columns there are with what is derived from dates, and whether there are dates; -1 where
 * an exception is set. */
static Py_ssize_t count_features(PyObject *columns, bool *dated)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(columns); index++) {
        PyObject *column = PyTuple_GET_ITEM(columns, index);
        if (!PyTuple_CheckExact(column) || PyTuple_GET_SIZE(column) != COLUMN_ITEMS) {
            refuse("columns as tuples of six");
            return -1;
        }
        PyObject *form = PyTuple_GET_ITEM(column, COLUMN_ITEMS - 1);
        count++;
        if (form == Py_None)
            continue;
        *dated = true;
        if (PyTuple_CheckExact(form) && PyTuple_GET_SIZE(form) == 4 &&
            PyTuple_CheckExact(PyTuple_GET_ITEM(form, 3)))
            count += PyTuple_GET_SIZE(PyTuple_GET_ITEM(form, 3));
    }
    return count;
}

static bool allocate_dates(Model *self)
{
    self->dates = PyMem_Calloc((size_t)Py_SIZE(self), sizeof(DateForm));
    if (self->dates == NULL)
        PyErr_NoMemory();
    return self->dates != NULL;
}

static bool allocate_parts(Parts *parts, Py_ssize_t features, Py_ssize_t depth)
{
    const size_t tensors = (size_t)features + TENSORS_A_LAYER * (size_t)depth;
    parts->columns = PyMem_Calloc((size_t)features, sizeof(ColumnSpec));
    parts->layers = PyMem_Calloc((size_t)depth, sizeof(LayerSpec));
    parts->tensors = PyMem_Calloc(tensors, sizeof(Py_buffer));
    if (parts->columns != NULL && parts->layers != NULL && parts->tensors != NULL)
        return true;
    PyErr_NoMemory();
    return false;
}

static void free_parts(Parts *parts)
{
    while (parts->held > 0)
        PyBuffer_Release(&parts->tensors[--parts->held]);
    PyMem_Free(parts->columns);
    PyMem_Free(parts->layers);
    PyMem_Free(parts->tensors);
}

static bool build(Model *self, const NetworkSpec *spec, const Kernels *kernels)
{
    const Status status = slipstream_build(&self->network, spec, kernels);
    if (status == NO_MEMORY)
        PyErr_NoMemory();
    else if (status != BUILT)
        refuse(slipstream_rule(status));
    return status == BUILT;
}

bool construct(Model *self, PyObject *columns, PyObject *layers, const char *link,
               const Kernels *kernels)
{
    bool dated = false;
    NetworkSpec spec = {.features = count_features(columns, &dated),
                        .depth = PyTuple_GET_SIZE(layers)};
    if (spec.features < 0 || !read_link(link, &spec.link) ||
        !read_precision(layers, &spec.integer) || (dated && !allocate_dates(self)))
        return false;
    Parts parts = {.features = PyTuple_GET_SIZE(columns)};
    bool done = allocate_parts(&parts, spec.features, PyTuple_GET_SIZE(layers)) &&
                read_parts(self, columns, layers, &parts, spec.integer);
    spec.columns = parts.columns;
    spec.layers = parts.layers;
    done = done && build(self, &spec, kernels);
    free_parts(&parts);
    return done;
}
