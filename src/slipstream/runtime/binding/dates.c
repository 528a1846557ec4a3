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

/* A datetime without a zone, or in UTC. Other zones are objects whose methods are Python's. */
static Reading of_datetime(PyObject *value, int64_t *us)
{
    PyObject *zone = PyDateTime_DATE_GET_TZINFO(value);
    if (zone != Py_None && zone != PyDateTime_TimeZone_UTC)
        return UNUSUAL;
    const int64_t days = days_of((uint32_t)PyDateTime_GET_YEAR(value),
                                 (uint32_t)PyDateTime_GET_MONTH(value),
                                 (uint32_t)PyDateTime_GET_DAY(value));
    const int64_t seconds =
        (PyDateTime_DATE_GET_HOUR(value) * 60 + PyDateTime_DATE_GET_MINUTE(value)) * 60 +
        PyDateTime_DATE_GET_SECOND(value);
    *us = days * DAY_US + seconds * SECOND_US + PyDateTime_DATE_GET_MICROSECOND(value);
    return PLAIN;
}

static Reading of_datetime64(PyObject *value, int64_t *us)
{
    static const int64_t units_us[] = {
        [NPY_FR_W] = 7 * DAY_US, [NPY_FR_D] = DAY_US,       [NPY_FR_h] = 3600 * SECOND_US,
        [NPY_FR_m] = 60 * SECOND_US, [NPY_FR_s] = SECOND_US, [NPY_FR_ms] = 1000,
        [NPY_FR_us] = 1,
    };
    const PyDatetimeScalarObject *scalar = (PyDatetimeScalarObject *)value;
    const int64_t count = scalar->obval, unit = scalar->obmeta.base;
    if (scalar->obmeta.num != 1 || count == NPY_DATETIME_NAT)
        return UNUSUAL;
    if (unit == NPY_FR_ns) {
        *us = count / 1000 - (count % 1000 < 0); /* rounded down */
        return PLAIN;
    }
    if (unit < NPY_FR_W || unit > NPY_FR_us || units_us[unit] == 0 ||
        count > END_US / units_us[unit] || count < FIRST_US / units_us[unit])
        return UNUSUAL;
    *us = count * units_us[unit];
    return PLAIN;
}

static Reading of_text(const DateForm *form, PyObject *value, int64_t *us)
{
    if (!form->plain_text || !PyUnicode_IS_COMPACT_ASCII(value))
        return UNUSUAL;
    const bool read = read_date_text(PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value),
                                     form->order, us);
    return read ? PLAIN : UNUSUAL;
}

static Reading of_number(const DateForm *form, PyObject *value, int64_t *us)
{
    double number = PyFloat_CheckExact(value) ? PyFloat_AS_DOUBLE(value) : PyLong_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        PyErr_Clear(); /* beyond float's range */
        return UNUSUAL;
    }
    number = form->unit_us == 0 ? number / 1000 : number * form->unit_us;
    if (!(number >= (double)FIRST_US && number < (double)END_US))
        return UNUSUAL;
    *us = (int64_t)rint(number);
    return PLAIN;
}

/* pandas' own datetime; its NaT is one too, and other subclasses may have other fields. */
static bool is_timestamp(PyObject *value)
{
    return PyDateTime_Check(value) && strcmp(Py_TYPE(value)->tp_name, "Timestamp") == 0;
}

static Reading instant(const DateForm *form, PyObject *value, int64_t *us)
{
    if (PyDateTime_CheckExact(value))
        return of_datetime(value, us);
    if (PyUnicode_CheckExact(value))
        return of_text(form, value, us);
    if (PyArray_IsScalar(value, Datetime))
        return of_datetime64(value, us);
    if (form->plain_number && (PyFloat_CheckExact(value) || PyLong_CheckExact(value)))
        return of_number(form, value, us);
    if (PyDate_CheckExact(value)) {
        *us = DAY_US * days_of((uint32_t)PyDateTime_GET_YEAR(value),
                               (uint32_t)PyDateTime_GET_MONTH(value),
                               (uint32_t)PyDateTime_GET_DAY(value));
        return PLAIN;
    }
    return is_timestamp(value) ? of_datetime(value, us) : UNUSUAL;
}

Reading read_date(const DateForm *form, bool allows_missing, PyObject *value, int64_t index,
                  double *values)
{
    int64_t us = END_US;
    if (value != Py_None) {
        const Reading reading = instant(form, value, &us);
        if (reading != PLAIN)
            return reading;
    }
    if (us < FIRST_US || us >= END_US) {
        values[index] = Py_NAN;
        for (int64_t part = 0; part < form->count; part++)
            values[form->first + part] = Py_NAN;
        return allows_missing ? PLAIN : UNUSUAL;
    }
    values[index] = (double)us / 1e6;
    derive(values[index], form->parts, form->count, values + form->first);
    return PLAIN;
}
