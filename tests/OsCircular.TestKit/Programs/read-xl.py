"""Reads a configuration of xl with xl's own parser (libxlutil) and prints it, a line for each setting: name=value, lists joined by '|'."""
import ctypes, re, sys

libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
library = ctypes.CDLL("libxlutil.so")
library.xlu_cfg_init.restype = ctypes.c_void_p
library.xlu_cfg_init.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
library.xlu_cfg_readfile.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
library.xlu_cfg_get_string.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int]
library.xlu_cfg_get_list.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_int), ctypes.c_int]
library.xlu_cfg_get_listitem.restype = ctypes.c_char_p
library.xlu_cfg_get_listitem.argtypes = [ctypes.c_void_p, ctypes.c_int]
library.xlu_disk_parse.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p]

config = library.xlu_cfg_init(libc.fdopen(2, b"w"), sys.argv[1].encode())
failed = library.xlu_cfg_readfile(config, sys.argv[1].encode())
if failed:
    sys.exit(f"xl refuses the file: error {failed}")


class Disk(ctypes.Structure):  # libxl_device_disk, its first fields
    _fields_ = [("backend_domid", ctypes.c_uint32), ("backend_domname", ctypes.c_char_p), ("pdev_path", ctypes.c_char_p), ("vdev", ctypes.c_char_p),
                ("backend", ctypes.c_int), ("format", ctypes.c_int), ("script", ctypes.c_char_p), ("removable", ctypes.c_int), ("readwrite", ctypes.c_int),
                ("rest", ctypes.c_char * 4096)]


FORMATS = ["unknown", "qcow", "qcow2", "vhd", "raw", "empty", "qed"]
for name in re.findall(r"^(\w+) = ", open(sys.argv[1]).read(), re.M):
    text, items, count = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_int()
    if library.xlu_cfg_get_list(config, name.encode(), ctypes.byref(items), ctypes.byref(count), 1) == 0:
        values = [library.xlu_cfg_get_listitem(items, i) for i in range(count.value)]
        if name == "disk":
            disk = Disk()
            failed = library.xlu_disk_parse(config, 1, (ctypes.c_char_p * 1)(values[0]), ctypes.byref(disk))
            if failed:
                sys.exit(f"xl refuses the disk: error {failed}")
            values = [f"{disk.pdev_path.decode()} {disk.vdev.decode()} {FORMATS[disk.format]} {'writable' if disk.readwrite else 'read-only'}".encode()]
        print(f"{name}={'|'.join(value.decode() for value in values)}")
    elif library.xlu_cfg_get_string(config, name.encode(), ctypes.byref(text), 0) == 0:
        print(f"{name}={text.value.decode()}")
    else:
        sys.exit(f"xl does not understand {name}")
