/* One row: from a dict, list, tuple or array to the answer. Plain values are read here; every other row
 * goes to Python (`rows.py`), which turns it into numbers or raises. */
#include "model.h"

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#include <stdlib.h>

#include "../csrc/scratch.h"
#include "../csrc/table.h"

#define STACK_BYTES 4096 /* scratch memory up to this is on the stack */

int import_numpy(void) { return PyArray_ImportNumPyAPI(); }

/* Whether an int is of one digit as Python stores it, as nearly all are; `to` gets its value. */
INLINE bool read_digit(PyObject *value, double *to)
{
    const PyLongObject *number = (const PyLongObject *)value;
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact(number))
        return false;
    *to = (double)PyUnstable_Long_CompactValue(number);
#else
    const Py_ssize_t size = Py_SIZE(value);
    if (size < -1 || size > 1)
        return false;
    *to = (double)(size * (Py_ssize_t)number->ob_digit[0]);
#endif
    return true;
}

INLINE Reading read_number(const Column *column, PyObject *value, double *to)
{
    if (PyFloat_CheckExact(value)) {
        *to = PyFloat_AS_DOUBLE(value);
    } else if (PyLong_CheckExact(value)) {
        if (read_digit(value, to))
            return PLAIN;
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

INLINE Reading read_category(const Column *column, const Field *field, PyObject *value, double *to)
{
    int64_t row = column->rows - 1; /* missing */
    if (PyUnicode_CheckExact(value)) {
        const Category *category = find_category(&field->texts, value);
        if (category != NULL) {
            *to = category->row;
            return *to != (double)row || column->allows_missing ? PLAIN : UNUSUAL;
        }
        PyObject *code = PyDict_GetItemWithError(field->codes, value);
        if (code != NULL)
            row = PyLong_AsLongLong(code);
        else if (PyErr_Occurred())
            return FAILED;
        else if (has_blanks_around(value))
            return UNUSUAL;
        else
            row = column->rows - 2; /* unknown */
    } else if (PyLong_CheckExact(value) || PyFloat_CheckExact(value)) {
        PyObject *code = PyDict_GetItemWithError(field->numbers, value);
        if (code == NULL)
            return PyErr_Occurred() ? FAILED : UNUSUAL;
        row = PyLong_AsLongLong(code);
    } else if (value != Py_None) {
        return UNUSUAL;
    }
    *to = (double)row;
    return row != column->rows - 1 || column->allows_missing ? PLAIN : UNUSUAL;
}

INLINE Reading read_value(const Model *self, int64_t index, PyObject *value, double *values,
                          bool dated)
{
    const Column *column = &self->network.columns[index];
    if (dated && self->dates[index].is_date)
        return read_date(&self->dates[index], column->allows_missing, value, index, values);
    return column->edges != NULL
               ? read_number(column, value, values + index)
               : read_category(column, &self->fields[index], value, values + index);
}

/* Whether a dict's key is a column's name, by what the dict itself compares. Runs no Python code. */
INLINE bool is_name(PyObject *key, PyObject *name)
{
    if (key == name)
        return true;
    if (!PyUnicode_CheckExact(key) ||
        ((PyASCIIObject *)key)->hash != ((PyASCIIObject *)name)->hash ||
        PyUnicode_GET_LENGTH(key) != PyUnicode_GET_LENGTH(name) ||
        PyUnicode_KIND(key) != PyUnicode_KIND(name))
        return false;
    return memcmp(PyUnicode_DATA(key), PyUnicode_DATA(name), bytes_of(name)) == 0;
}

/* Reads columns for as long as a dict has them in the model's order, others in between; `read` says how
 * many. One that has all columns passes over no more others than it has. Nothing here runs Python code,
 * so the dict stays as it is. */
INLINE Reading walk_dict(const Model *self, PyObject *row, double *values, bool dated,
                         Py_ssize_t *read)
{
    const Py_ssize_t count = Py_SIZE(self);
    Py_ssize_t others = PyDict_GET_SIZE(row) - count, index = 0, place = 0;
    PyObject *key, *value;
    Reading reading = PLAIN;
    if (others > count) /* a look-up each takes less time */
        return PLAIN;
    while (reading == PLAIN && others >= 0 && index < count &&
           PyDict_Next(row, &place, &key, &value)) {
        if (!is_name(key, self->fields[index].name)) {
            others--;
            continue;
        }
        reading = read_value(self, index, value, values, dated);
        index++;
    }
    *read = index;
    return reading;
}

/* A value is read before the next is looked up: a key's __eq__ may change the dict. */
INLINE Reading read_dict(const Model *self, PyObject *row, double *values, bool dated)
{
    Py_ssize_t index = 0;
    const Reading walked = walk_dict(self, row, values, dated, &index);
    if (walked != PLAIN)
        return walked;
    for (; index < Py_SIZE(self); index++) {
        PyObject *value = PyDict_GetItemWithError(row, self->fields[index].name);
        if (value == NULL) {
            if (PyErr_Occurred())
                return FAILED;
            value = Py_None;
        }
        Reading reading = read_value(self, index, value, values, dated);
        if (reading != PLAIN)
            return reading;
    }
    return PLAIN;
}

/* Nothing here runs Python code, so a list keeps its length. */
INLINE Reading read_sequence(const Model *self, PyObject **items, Py_ssize_t count, double *values,
                             bool dated)
{
    if (count != Py_SIZE(self))
        return UNUSUAL;
    for (Py_ssize_t index = 0; index < count; index++) {
        Reading reading = read_value(self, index, items[index], values, dated);
        if (reading != PLAIN)
            return reading;
    }
    return PLAIN;
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

INLINE Reading read_row(const Model *self, PyObject *row, double *values, bool dated)
{
    if (PyDict_CheckExact(row))
        return read_dict(self, row, values, dated);
    if (PyList_CheckExact(row))
        return read_sequence(self, ((PyListObject *)row)->ob_item, PyList_GET_SIZE(row), values,
                             dated);
    if (PyTuple_CheckExact(row))
        return read_sequence(self, ((PyTupleObject *)row)->ob_item, PyTuple_GET_SIZE(row), values,
                             dated);
    if (PyArray_CheckExact(row) && self->network.numeric && !dated)
        return read_array(&self->network, (const PyArrayObject *)row, values);
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
    if (network->link < SOFTMAX && network->outputs == 1)
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
    Reading reading = self->dates == NULL ? read_row(self, row, scratch.values, false)
                                          : read_row(self, row, scratch.values, true);
    if (reading == UNUSUAL)
        reading = read_encoded(self, row, scratch.values);
    if (reading != PLAIN)
        return NULL;
    network->one(network, &scratch);
    return answer_object(network, scratch.logits);
}

PyObject *model_predict_one(Model *self, PyObject *row)
{
    if (self->network.scratch_bytes <= STACK_BYTES) {
        _Alignas(64) char memory[STACK_BYTES];
        return answer_row(self, row, memory);
    }
    char *memory = slipstream_allocate(self->network.scratch_bytes);
    PyObject *answer = memory == NULL ? PyErr_NoMemory() : answer_row(self, row, memory);
    free(memory);
    return answer;
}
