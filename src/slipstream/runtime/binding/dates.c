#include "dates.h"

#include <datetime.h>
#include <math.h>
#include <string.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

int import_dates(void)
{
    PyDateTime_IMPORT;
    return PyDateTimeAPI == NULL ? -1 : PyArray_ImportNumPyAPI(); /* each file has its own table */
}

static Instant of_date(PyObject *value)
{
    return midnight_of((uint32_t)PyDateTime_GET_YEAR(value), (uint32_t)PyDateTime_GET_MONTH(value),
                       (uint32_t)PyDateTime_GET_DAY(value));
}

/* A datetime without a zone, or in UTC. Other zones are objects whose methods are Python's. */
static Reading of_datetime(PyObject *value, Instant *to)
{
    PyObject *zone = PyDateTime_DATE_GET_TZINFO(value);
    if (zone != Py_None && zone != PyDateTime_TimeZone_UTC)
        return UNUSUAL;
    const int64_t seconds =
        (PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value)) * 60 +
        PyDateTime_DATE_GET_SECOND(value);
    *to = of_date(value);
    to->us += seconds * SECOND_US + PyDateTime_DATE_GET_MICROSECOND(value);
    return PLAIN;
}

/* A count of numpy's: of one of its units, or of several. */
static Reading of_count(int64_t count, int64_t unit, int64_t units, Instant *to)
{
    static const int64_t units_us[] = {
        [NPY_FR_W] = 7 * DAY_US, [NPY_FR_D] = DAY_US,       [NPY_FR_h] = 3600 * SECOND_US,
        [NPY_FR_m] = 60 * SECOND_US, [NPY_FR_s] = SECOND_US, [NPY_FR_ms] = 1000,
        [NPY_FR_us] = 1,
    };
    if (count == NPY_DATETIME_NAT) {
        *to = counted(END_US);
        return PLAIN;
    }
    if (units != 1)
        return UNUSUAL;
    if (unit == NPY_FR_ns) {
        *to = counted(count / 1000 - (count % 1000 < 0)); /* rounded down */
        return PLAIN;
    }
    if (unit < NPY_FR_W || unit > NPY_FR_us || units_us[unit] == 0 ||
        count > END_US / units_us[unit] || count < FIRST_US / units_us[unit])
        return UNUSUAL;
    *to = counted(count * units_us[unit]);
    return PLAIN;
}

static Reading of_datetime64(PyObject *value, Instant *to)
{
    const PyDatetimeScalarObject *scalar = (PyDatetimeScalarObject *)value;
    return of_count(scalar->obval, scalar->obmeta.base, scalar->obmeta.num, to);
}

static Reading of_text(const DateForm *form, PyObject *value, Instant *to)
{
    if (!form->plain_text || !PyUnicode_IS_COMPACT_ASCII(value))
        return UNUSUAL;
    const bool read = read_date_text(PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value),
                                     form->order, to);
    return read ? PLAIN : UNUSUAL;
}

static Reading of_number(const DateForm *form, PyObject *value, Instant *to)
{
    double number = PyFloat_CheckExact(value) ? PyFloat_AS_DOUBLE(value) : PyLong_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        PyErr_Clear(); /* beyond float's range */
        return UNUSUAL;
    }
    number = form->unit_us == 0 ? number / 1000 : number * form->unit_us;
    if (!(number >= (double)FIRST_US && number < (double)END_US))
        return UNUSUAL;
    *to = counted((int64_t)rint(number));
    return PLAIN;
}

/* pandas' own datetime, and its NaT, which is one; other subclasses may have other fields. */
static Reading of_pandas(PyObject *value, Instant *to)
{
    const char *name = Py_TYPE(value)->tp_name;
    if (!PyDateTime_Check(value))
        return UNUSUAL;
    if (strcmp(name, "Timestamp") == 0)
        return of_datetime(value, to);
    *to = counted(END_US);
    return strcmp(name, "pandas._libs.tslibs.nattype.NaTType") == 0 ? PLAIN : UNUSUAL;
}

static Reading read_object(const DateForm *form, PyObject *value, Instant *to)
{
    if (PyDateTime_CheckExact(value))
        return of_datetime(value, to);
    if (PyUnicode_CheckExact(value))
        return of_text(form, value, to);
    if (PyArray_IsScalar(value, Datetime))
        return of_datetime64(value, to);
    if (form->plain_number && (PyFloat_CheckExact(value) || PyLong_CheckExact(value)))
        return of_number(form, value, to);
    if (PyDate_CheckExact(value)) {
        *to = of_date(value);
        return PLAIN;
    }
    if (PyFloat_CheckExact(value) && Py_IS_NAN(PyFloat_AS_DOUBLE(value))) {
        *to = counted(END_US);
        return PLAIN;
    }
    return of_pandas(value, to);
}

/* An instant in seconds, with its parts; UNUSUAL where it is missing and must not be. */
INLINE Reading put_instant(const DateForm *form, bool allows_missing, const Instant *instant,
                           double *seconds, double *parts)
{
    if (instant->us < FIRST_US || instant->us >= END_US) {
        *seconds = Py_NAN;
        for (int64_t part = 0; part < form->count; part++)
            parts[part] = Py_NAN;
        return allows_missing ? PLAIN : UNUSUAL;
    }
    *seconds = (double)instant->us / 1e6;
    derive(instant, *seconds, form->parts, form->count, parts);
    return PLAIN;
}

INLINE Reading read_instant(const DateForm *form, bool allows_missing, PyObject *value,
                            double *seconds, double *parts)
{
    Instant instant = counted(END_US);
    const Reading reading = value == Py_None ? PLAIN : read_object(form, value, &instant);
    return reading == PLAIN ? put_instant(form, allows_missing, &instant, seconds, parts) : reading;
}

Reading read_date(const DateForm *form, bool allows_missing, PyObject *value, int64_t index,
                  double *values)
{
    return read_instant(form, allows_missing, value, values + index, values + form->first);
}

/* ------------------------------------------------------------------------ columns */

/* Reads one value of a column: an object, or numpy's count. */
INLINE Reading read_cell(const DateForm *form, bool allows_missing, PyArrayObject *column,
                         npy_intp row, double *seconds, double *parts)
{
    const char *at = PyArray_BYTES(column) + row * PyArray_STRIDE(column, 0);
    if (PyArray_TYPE(column) == NPY_OBJECT) {
        PyObject *value;
        memcpy(&value, at, sizeof value);
        return read_instant(form, allows_missing, value == NULL ? Py_None : value, seconds, parts);
    }
    int64_t count;
    Instant instant;
    memcpy(&count, at, sizeof count);
    const PyArray_DatetimeDTypeMetaData *unit =
        (const PyArray_DatetimeDTypeMetaData *)PyDataType_C_METADATA(PyArray_DESCR(column));
    const Reading reading = of_count(count, unit->meta.base, unit->meta.num, &instant);
    return reading == PLAIN ? put_instant(form, allows_missing, &instant, seconds, parts) : reading;
}

bool is_date_column(PyObject *values)
{
    if (!PyArray_CheckExact(values))
        return false;
    const PyArrayObject *array = (const PyArrayObject *)values;
    return PyArray_NDIM(array) == 1 && PyArray_ISNOTSWAPPED(array) &&
           (PyArray_TYPE(array) == NPY_OBJECT || PyArray_TYPE(array) == NPY_DATETIME);
}

Py_ssize_t read_date_column(const DateForm *form, bool allows_missing, PyObject *values,
                            int64_t index, Py_ssize_t start, Py_ssize_t rows, double *numbers)
{
    PyArrayObject *column = (PyArrayObject *)values;
    for (Py_ssize_t row = start; row < rows; row++) {
        double parts[PART_KINDS];
        if (read_cell(form, allows_missing, column, row, numbers + index * rows + row, parts) !=
            PLAIN)
            return row;
        for (int64_t part = 0; part < form->count; part++)
            numbers[(form->first + part) * rows + row] = parts[part];
    }
    return rows;
}

Py_ssize_t date_column_length(PyObject *values) { return PyArray_DIM((PyArrayObject *)values, 0); }
