/* A table: from a buffer of floats to the answers. */
#include "model.h"

#include "../csrc/table.h"

/* True for native float32 or float64; `single` tells which. */
INLINE bool is_float(const Py_buffer *view, bool *single)
{
    const char *format = view->format;
    if (format == NULL || format[0] == 0 || format[1] != 0)
        return false;
    *single = format[0] == 'f';
    return (format[0] == 'f' && view->itemsize == 4) || (format[0] == 'd' && view->itemsize == 8);
}

static PyObject *answer_table(const Network *network, const Py_buffer *table,
                              const Py_buffer *answers)
{
    Table numbers = {.data = table->buf};
    bool single;
    if (!is_float(table, &numbers.single) || table->ndim != 2 ||
        table->shape[1] != network->features)
        Py_RETURN_FALSE;
    if (!is_float(answers, &single) || single || answers->ndim != 2 ||
        answers->shape[0] != table->shape[0] || answers->shape[1] != network->outputs) {
        PyErr_SetString(PyExc_TypeError, "answers must be float64 of shape (rows, outputs)");
        return NULL;
    }
    numbers.row_stride = table->strides[0];
    numbers.column_stride = table->strides[1];
    int64_t rows = table->shape[0];
    Answering done;
    Py_BEGIN_ALLOW_THREADS
    done = slipstream_answer_table(network, &numbers, rows, answers->buf);
    Py_END_ALLOW_THREADS
    return done == OUT_OF_MEMORY ? PyErr_NoMemory() : PyBool_FromLong(done == ANSWERED);
}

/* (column, values, numbers, start): numbers is a float64 array (lookups, rows). */
PyObject *model_read_dates(Model *self, PyObject *arguments)
{
    Py_ssize_t index, start;
    PyObject *values, *numbers;
    Py_buffer view;
    if (!PyArg_ParseTuple(arguments, "nOOn", &index, &values, &numbers, &start))
        return NULL;
    if (self->dates == NULL || index < 0 || index >= Py_SIZE(self) || !self->dates[index].is_date ||
        !is_date_column(values) || start < 0)
        return PyLong_FromSsize_t(start);
    if (PyObject_GetBuffer(numbers, &view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | PyBUF_WRITABLE) != 0)
        return NULL;
    bool single;
    Py_ssize_t row = -1;
    if (is_float(&view, &single) && !single && view.ndim == 2 &&
        view.shape[0] == self->network.features && view.shape[1] == date_column_length(values))
        row = read_date_column(&self->dates[index], self->network.columns[index].allows_missing,
                               values, index, start, view.shape[1], view.buf);
    else
        PyErr_SetString(PyExc_TypeError, "numbers must be float64 of shape (lookups, rows)");
    PyBuffer_Release(&view);
    return row < 0 ? NULL : PyLong_FromSsize_t(row);
}

PyObject *model_predict(Model *self, PyObject *const *arguments, Py_ssize_t count)
{
    Py_buffer table, answers;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "predict takes a table and the array for its answers");
        return NULL;
    }
    if (PyObject_GetBuffer(arguments[0], &table, PyBUF_STRIDES | PyBUF_FORMAT) != 0) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_BufferError))
            return NULL;
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    PyObject *done = NULL;
    if (PyObject_GetBuffer(arguments[1], &answers,
                           PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | PyBUF_WRITABLE) == 0) {
        done = answer_table(&self->network, &table, &answers);
        PyBuffer_Release(&answers);
    }
    PyBuffer_Release(&table);
    return done;
}
