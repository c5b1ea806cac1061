"""For tools/check_kernels: the sources in a folder as few large ones, through NVRTC for each kind of card."""

import ctypes
import glob
import re
import sys
import time

ARCHS = (75, 80, 86, 89, 90, 100, 120)


def open_nvrtc():
    for name in ("libnvrtc.so.13", "libnvrtc.so.12"):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    print("check_kernels: skipped, libnvrtc.so.13 (or 12) is not here: pip install nvidia-cuda-nvrtc-cu12")
    sys.exit(0)


def gather(folder):
    """The common head, the kernels of kernels/, and every different program under a name of its own."""
    head, kernels, programs = "", "", {}
    for path in sorted(glob.glob(folder + "/*.cu")):
        text = open(path, encoding="utf-8").read()
        if "KERNEL(put_step)" in text:
            kernels = text
            head = text[: text.index("/* --- which run this is")]
            continue
        for body in re.split(r"^KERNEL\(program_\d+\)\n", text, flags=re.M)[1:]:
            programs[body] = True
    return head, kernels, list(programs)


def compile_for(nvrtc, source, arch):
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"paydirt", 0, None, None)
    options = (ctypes.c_char_p * 2)(b"-arch=sm_%d" % arch, b"-std=c++17")
    result = nvrtc.nvrtcCompileProgram(program, 2, options)
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(max(1, size.value))
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return result, log.value.decode()


def main():
    nvrtc = open_nvrtc()
    head, kernels, programs = gather(sys.argv[1])
    text = kernels + "".join(f"KERNEL(program_{i})\n{body}" for i, body in enumerate(programs))
    major, minor, bad = ctypes.c_int(), ctypes.c_int(), 0
    nvrtc.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    for arch in ARCHS:
        begin = time.time()
        result, log = compile_for(nvrtc, text, arch)
        bad += bool(result) or "warning" in log
        print(f"sm_{arch}: {'failed' if result else 'ok'}, {time.time() - begin:.1f} s\n{log[:2000]}".rstrip("\n\0"))
    count = len(re.findall(r"^KERNEL\(", kernels, flags=re.M))
    print(f"check_kernels: NVRTC {major.value}.{minor.value}, {count} kernels and {len(programs)} programs, {bad} kinds of card failed")
    sys.exit(bad > 0)


main()
