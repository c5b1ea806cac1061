"""_headers.py: what the public headers declare, for cffi. python3 python_headers.py CC INCLUDE OUT"""
import pathlib
import re
import subprocess
import sys
import tempfile

import cffi

compiler, include, out = sys.argv[1:]
headers = sorted(pathlib.Path(include, "paydirt").glob("*.h"))
with tempfile.TemporaryDirectory() as stubs:  # cffi knows the standard types
    for name in ("stdint", "stdbool", "stddef"):
        pathlib.Path(stubs, name + ".h").touch()
    text = subprocess.run([compiler, "-E", "-P", "-nostdinc", "-I", stubs, "-I", include, "-x", "c", "-"], check=True, text=True,
                          input="".join("#include <paydirt/%s>\n" % h.name for h in headers), stdout=subprocess.PIPE).stdout
ffi = cffi.FFI()
ffi.cdef(re.sub(r"__attribute__\(\([a-z_]+(\([^()]*\))?\)\)", "", text))
ffi.cdef("void omp_set_num_threads(int n); int omp_get_max_threads(void);")
ffi.set_source("_headers", None)
ffi.emit_python_code(out)
