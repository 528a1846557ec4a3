/* The compiled predictor as Python sees it: the module and its one type. The arithmetic is in csrc/,
 * which knows nothing of Python; what turns Python's objects into its numbers is in binding/. */
#include "binding/model.h"

#include <stdlib.h>
#include <string.h>

static const Kernels *available[MOST_SETS]; /* what this machine has, the best last */
static int available_count;
static const Kernels *chosen;

/* ------------------------------------------------------------------------ model */

static PyObject *model_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"columns", "layers", "link", "encode", NULL};
    PyObject *columns, *layers, *encode;
    const char *link;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!O!sO", names, &PyTuple_Type,
                                     &columns, &PyTuple_Type, &layers, &link, &encode))
        return NULL;
    Model *self = (Model *)type->tp_alloc(type, PyTuple_GET_SIZE(columns));
    if (self == NULL)
        return NULL;
    self->encode = Py_NewRef(encode);
    if (construct(self, columns, layers, link, chosen))
        return (PyObject *)self;
    Py_DECREF(self);
    return NULL;
}

/* No tp_clear: what `encode` reaches can break a cycle, and a model stays whole to its end. */
static int model_traverse(Model *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(self->encode);
    for (Py_ssize_t index = 0; index < Py_SIZE(self); index++)
    {
        Py_VISIT(self->fields[index].codes);
        Py_VISIT(self->fields[index].numbers);
    }
    return 0;
}

static void model_dealloc(Model *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(self->encode);
    for (Py_ssize_t index = 0; index < Py_SIZE(self); index++) {
        Py_XDECREF(self->fields[index].name);
        free_categories(&self->fields[index].texts);
        Py_XDECREF(self->fields[index].codes);
        Py_XDECREF(self->fields[index].numbers);
    }
    PyMem_Free(self->dates);
    slipstream_free(&self->network);
    type->tp_free((PyObject *)self);
    Py_DECREF(type);
}

/* ------------------------------------------------------------------------ module */

static PyMethodDef model_methods[] = {
    {"predict_one", (PyCFunction)model_predict_one, METH_O,
     "predict_one($self, row, /)\n--\n\n" /* what inspect.signature reads */
     "Answer one row: a float, or a list of floats where there are several outputs."},
    {"predict", (PyCFunction)(void (*)(void))model_predict, METH_FASTCALL,
     "Write the answers of a float32 or float64 table (N, L) into a float64 array (N, outputs).\n\n"
     "A categorical column holds its rows. False where a value is not plain, or must not be missing."},
    {"read_dates", (PyCFunction)model_read_dates, METH_VARARGS,
     "Read the dates of one column, an array of objects or datetime64, from a row on.\n\n"
     "They and their parts go into numbers (L, rows). The first row that Python has to read."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot model_slots[] = {
    {Py_tp_doc, "A network in compiled form; see slipstream.runtime.native."},
    {Py_tp_new, model_new},
    {Py_tp_dealloc, model_dealloc},
    {Py_tp_traverse, model_traverse},
    {Py_tp_methods, model_methods},
    {0, NULL},
};

static PyType_Spec model_spec = {
    .name = "slipstream.runtime._native.Model",
    .basicsize = sizeof(Model),
    .itemsize = sizeof(Field),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = model_slots,
};

/* Takes the instruction set that SLIPSTREAM_ISA names, for tests of the others. */
static bool choose(PyObject *names)
{
    const char *wanted = getenv("SLIPSTREAM_ISA");
    if (wanted == NULL)
        return true;
    for (int index = 0; index < available_count; index++)
        if (strcmp(available[index]->name, wanted) == 0) {
            chosen = available[index];
            return true;
        }
    PyErr_Format(PyExc_ValueError,
                 "SLIPSTREAM_ISA must be one of %R on this machine, however: '%.500s'; unset it", names,
                 wanted);
    return false;
}

static int fill_module(PyObject *module)
{
    if (import_numpy() < 0 || import_dates() < 0)
        return -1;
    available_count = slipstream_instruction_sets(available);
    chosen = available[available_count - 1];
    PyObject *names = PyTuple_New(available_count);
    if (names == NULL)
        return -1;
    for (int index = 0; index < available_count; index++) {
        PyObject *name = PyUnicode_FromString(available[index]->name);
        if (name == NULL) {
            Py_DECREF(names);
            return -1;
        }
        PyTuple_SET_ITEM(names, index, name);
    }
    bool set = choose(names) && PyModule_AddObjectRef(module, "instruction_sets", names) == 0 &&
               PyModule_AddStringConstant(module, "instruction_set", chosen->name) == 0 &&
               PyModule_AddIntMacro(module, MAX_FEATURES) == 0 &&
               PyModule_AddIntMacro(module, MAX_WIDTH) == 0 &&
               PyModule_AddIntMacro(module, MAX_BIAS) == 0;
    Py_DECREF(names);
    if (!set)
        return -1;
    PyObject *type = PyType_FromModuleAndSpec(module, &model_spec, NULL);
    int added = type == NULL ? -1 : PyModule_AddObjectRef(module, "Model", type);
    Py_XDECREF(type);
    return added;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, fill_module}, {0, NULL}};

static PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "slipstream.runtime._native",
    .m_doc = "The compiled predictor.",
    .m_size = 0,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__native(void); /* no header declares it */

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&module_definition); }
