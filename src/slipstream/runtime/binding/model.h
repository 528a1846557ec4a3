/* The Python type `Model`: a network, and what only Python has of each column. */
#ifndef SLIPSTREAM_BINDING_MODEL_H
#define SLIPSTREAM_BINDING_MODEL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../csrc/network.h"
#include "categories.h"
#include "dates.h"

typedef struct {
    PyObject *name;    /* an interned string */
    PyObject *codes;   /* {category: row}, or NULL where the column is numeric */
    PyObject *numbers; /* the same, of categories that are numbers: {2: row} finds 2.0 too */
    Categories texts;  /* the codes of texts again, to look them up fast */
} Field;

typedef struct {
    PyObject_VAR_HEAD /* counts the fields */
    PyObject *encode; /* turns an unusual row into a list of plain numbers, or raises */
    DateForm *dates;  /* (fields,), or NULL where no column is a date */
    Network network;  /* looks up the fields, then what is derived from dates */
    Field fields[];
} Model;

/* Builds self's network and fields from tuples; false where an exception is set. */
bool construct(Model *self, PyObject *columns, PyObject *layers, const char *link,
               const Kernels *kernels);

/* Before any row is read: numpy's interface; -1 where an exception is set. */
int import_numpy(void);

PyObject *model_predict_one(Model *self, PyObject *row);

PyObject *model_read_dates(Model *self, PyObject *arguments);

PyObject *model_predict(Model *self, PyObject *const *arguments, Py_ssize_t count);

#endif
