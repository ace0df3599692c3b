// The only file of the native engine that knows Python.
#include <nanobind/nanobind.h>

#include "version.hpp"

NB_MODULE(_native, module) {
    module.doc() = "The native engine, compiled from native/.";
    module.def("version", &ellnet::version,
               "Return the version of the package that this module was built from.");
}
