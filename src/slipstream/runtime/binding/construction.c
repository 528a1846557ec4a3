/* From Python's tuples and buffers to what a network is built from. Nothing is copied here: buffers
 * are held until the network has its own copy. */
#include "model.h"

#include <string.h>

#define TENSORS_A_LAYER 3 /* weight, bias, multiplier */

typedef struct {
    ColumnSpec *columns;
    LayerSpec *layers;
    Py_buffer *tensors;
    Py_ssize_t held; /* of the tensors */
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
    field->codes = PyDict_Copy(source);
    if (field->codes == NULL)
        return false;
    PyObject *key, *value;
    Py_ssize_t place = 0;
    while (PyDict_Next(field->codes, &place, &key, &value)) {
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
static bool read_column(Field *field, ColumnSpec *column, Parts *parts, PyObject *source)
{
    PyObject *name, *edges, *codes;
    int allows_missing;
    Py_ssize_t rows;
    if (!PyTuple_CheckExact(source))
        return refuse("columns as tuples");
    if (!PyArg_ParseTuple(source, "UpOOn", &name, &allows_missing, &edges, &codes, &rows))
        return false;
    column->allows_missing = allows_missing != 0;
    field->name = Py_NewRef(name);
    PyUnicode_InternInPlace(&field->name);
    if (codes != Py_None) {
        column->rows = rows;
        return read_codes(field, codes, rows);
    }
    const Py_buffer *view = hold(parts, edges, 'd', 1);
    if (view == NULL)
        return false;
    column->edges = view->buf;
    column->edge_count = view->shape[0];
    return true;
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
    else
        return refuse("the link identity, sigmoid or softmax");
    return true;
}

static bool read_parts(Model *self, PyObject *columns, PyObject *layers, Parts *parts, bool integer)
{
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(columns); index++)
        if (!read_column(&self->fields[index], &parts->columns[index], parts,
                         PyTuple_GET_ITEM(columns, index)))
            return false;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(layers); index++)
        if (!read_layer(&parts->layers[index], parts, PyTuple_GET_ITEM(layers, index), index == 0,
                        integer))
            return false;
    return true;
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
    NetworkSpec spec = {.features = PyTuple_GET_SIZE(columns), .depth = PyTuple_GET_SIZE(layers)};
    if (!read_link(link, &spec.link) || !read_precision(layers, &spec.integer))
        return false;
    Parts parts = {0};
    bool done = allocate_parts(&parts, PyTuple_GET_SIZE(columns), PyTuple_GET_SIZE(layers)) &&
                read_parts(self, columns, layers, &parts, spec.integer);
    spec.columns = parts.columns;
    spec.layers = parts.layers;
    done = done && build(self, &spec, kernels);
    free_parts(&parts);
    return done;
}
