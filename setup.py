"""What pyproject.toml cannot say: what the compiled predictor is built from."""

from pathlib import Path

import numpy
from setuptools import Extension, setup

RUNTIME = Path("src/slipstream/runtime")

# Optional: without a C compiler the numpy predictor takes over; slipstream.runtime.backend says so.
setup(
    ext_modules=[
        Extension(
            "slipstream.runtime._native",
            sources=sorted(map(str, RUNTIME.rglob("*.c"))),
            depends=sorted(map(str, RUNTIME.rglob("*.h"))),
            include_dirs=[numpy.get_include()],
            extra_compile_args=[
                *("-std=c11", "-O3", "-ffp-contract=off", "-fopenmp-simd"),
                "-fvisibility=hidden",  # one file calls another directly, not through a table
            ],
            optional=True,
        )
    ]
)
