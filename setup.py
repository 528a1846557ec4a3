"""What pyproject.toml cannot say: where the headers lie that the compiled predictor needs."""

import numpy
from setuptools import Extension, setup

# Optional: without a C compiler the numpy predictor takes over; slipstream.runtime.backend says so.
setup(
    ext_modules=[
        Extension(
            "slipstream.runtime._native",
            sources=["src/slipstream/runtime/_native.c"],
            include_dirs=[numpy.get_include()],
            extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-fopenmp-simd"],
            optional=True,
        )
    ]
)
