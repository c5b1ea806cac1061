from typing import Any

ffi: Any  # made from the public headers by cmake/python_headers.py
