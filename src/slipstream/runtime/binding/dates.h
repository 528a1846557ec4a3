/* A date or time from whatever object a caller has: what dates.py reads, without calling Python. */
#ifndef SLIPSTREAM_BINDING_DATES_H
#define SLIPSTREAM_BINDING_DATES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../csrc/date_text.h"

/* How reading a value or a row went: Python has to look at an UNUSUAL one. */
typedef enum { FAILED = -1, UNUSUAL = 0, PLAIN = 1 } Reading;

/* How a column's dates are written, and where what is derived from them goes. */
typedef struct {
    bool is_date;
    bool plain_text;   /* no missing marker is a date */
    bool plain_number; /* numbers count units since 1970, and nothing else */
    DateOrder order;
    double unit_us;    /* microseconds a unit; 0: a unit is a nanosecond */
    int64_t first;     /* the first part's place among a row's values */
    int64_t count;
    uint8_t parts[PART_KINDS];
} DateForm;

/* Before any date is read: Python's interface to them, and numpy's; -1 where an exception is set. */
int import_dates(void);

/* Reads one value as column `index`, with its parts; UNUSUAL where it is missing and must not be. */
Reading read_date(const DateForm *form, bool allows_missing, PyObject *value, int64_t index,
                  double *values);

/* Whether a column's values are objects or numpy's dates, in an array of one dimension. */
bool is_date_column(PyObject *values);

Py_ssize_t date_column_length(PyObject *values);

/* Reads the values of a column from row `start` on into `numbers` (lookups, rows), as column `index`,
 * with their parts; returns the first row that is UNUSUAL, or `rows`. */
Py_ssize_t read_date_column(const DateForm *form, bool allows_missing, PyObject *values,
                            int64_t index, Py_ssize_t start, Py_ssize_t rows, double *numbers);

#endif
