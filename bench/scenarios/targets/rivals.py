"""The programs measured beside ours, each started the way its own manual says for this work."""
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess

from .lab import STORE, run, wait_for


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx(lab, root, address="127.0.0.1", prefix=(), log=os.devnull):
    """As nginx_process; returns the URL alone."""
    return nginx_process(lab, root, address, prefix, log)[0]


def nginx_process(lab, root, address="127.0.0.1", prefix=(), log=os.devnull):
    """Serves a folder over HTTP; returns its URL and its first process. One line goes to the log for each answer: status, bytes of the body, path, asker, time."""
    port = free_port()
    home = lab.new_folder("nginx")
    (home / "nginx.conf").write_text(f"""
daemon off; master_process on; worker_processes auto; user root; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  log_format short '$status $body_bytes_sent $uri $remote_addr $msec'; access_log {"off" if log == os.devnull else f"{log} short"}; autoindex on; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{ listen {address}:{port}; root {root}; }}
}}
""")
    process = lab.start(*prefix, "nginx", "-e", home / "error.log", "-p", home, "-c", home / "nginx.conf")
    wait_for(lambda: subprocess.run([*prefix, "curl", "-s", "-o", "/dev/null", f"http://{address}:{port}/"]).returncode == 0, 20, "nginx did not start")
    return f"http://{address}:{port}", process


class Torrent:
    """BitTorrent with aria2 and opentracker: one file, one seed that has it."""

    def __init__(self, lab, file, address, prefix=()):
        self.folder = lab.new_folder("torrent")
        self.torrent = self.folder / "all.torrent"
        run("mktorrent", "-l", "18", "-a", f"http://{address}:6969/announce", "-o", self.torrent, file)
        # The info dictionary is the last thing in the file.
        content = self.torrent.read_bytes()
        (self.folder / "whitelist").write_text(hashlib.sha1(content[content.index(b"4:info") + 6:-1]).hexdigest() + "\n")
        self.hook = self.folder / "hook"
        self.hook.write_text('#!/bin/sh\ntouch "$3.done"\n')
        self.hook.chmod(0o755)
        # It will not run as root, and has made the folder its own root before it looks for the list.
        self.folder.chmod(0o755)
        lab.start(*prefix, "opentracker", "-i", address, "-p", "6969", "-P", "6969", "-d", self.folder, "-w", "whitelist")
        wait_for(lambda: subprocess.run([*prefix, "curl", "-s", "-o", os.devnull, f"http://{address}:6969/stats"]).returncode == 0, 20, "opentracker did not start")
        self._aria2(lab, file.parent, prefix, "--check-integrity=true", "--seed-ratio=0.0")

    def client(self, lab, prefix):
        """Starts a client; returns the file that appears when it has everything. It goes on giving."""
        folder = lab.new_folder("aria2")
        self._aria2(lab, folder, prefix, "--seed-ratio=0.0", f"--on-bt-download-complete={self.hook}")
        return folder / "all.done"

    def _aria2(self, lab, folder, prefix, *options):
        lab.start(*prefix, "aria2c", "--no-conf", "--dir", folder, "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=true", "--file-allocation=none",
                  "--summary-interval=0", "--console-log-level=warn", "--listen-port=6881", *options, self.torrent)


def nbdkit(lab, url):
    """nbdfuse over nbdkit's curl plugin with its cache filter, blocks of 256 KiB; returns the file."""
    folder = lab.new_folder("nbd")
    work = lab.new_folder("nbdkit-cache")
    file = folder / "disk.raw"
    file.touch()
    lab.start("nbdfuse", "-r", file, "[", "nbdkit", "-r", "--exit-with-parent", "--filter=cache", "curl", url,
              "cache-on-read=true", "cache-min-block-size=256K", "]", env=os.environ | {"TMPDIR": str(work)})
    lab.mounted(file)
    return file


def nbdkit_socket(lab, url, prefix=()):
    """The same nbdkit for QEMU's own NBD client, without FUSE; returns the disk's name for QEMU."""
    work = lab.new_folder("nbdkit-cache")
    socket_file = work / "socket"
    lab.start(*prefix, "nbdkit", "-f", "-r", "-U", socket_file, "--filter=cache", "curl", url,
              "cache-on-read=true", "cache-min-block-size=256K", env=os.environ | {"TMPDIR": str(work)})
    wait_for(socket_file.exists, 20, "nbdkit did not start")
    return f"nbd+unix:///?socket={socket_file}"


def httpdirfs(lab, url, name, prefix=()):
    """httpdirfs with its cache over a web server's folder; returns the file. It takes nginx for a server without ranges, unless it is told not to look."""
    folder, cache = lab.new_folder("httpdirfs"), lab.new_folder("httpdirfs-cache")
    lab.start(*prefix, "httpdirfs", "-f", "--no-range-check", "--cache", "--cache-location", cache, f"{url}/", folder)
    lab.mounted(folder)
    return folder / name


def rclone(lab, url, name):
    """rclone mount of a web server's folder with vfs cache mode full; returns the file."""
    folder, cache = lab.new_folder("rclone"), lab.new_folder("rclone-cache")
    lab.start("rclone", "mount", ":http:", folder, "--http-url", url, "--read-only", "--vfs-cache-mode", "full", "--cache-dir", cache,
              "--config", os.devnull)
    lab.mounted(folder)
    return folder / name


def squashfs(lab, image):
    """The image as the one file of a squashfs (zstd, 256 KiB), in the kernel over a loop device; returns the file."""
    packed = STORE / "images" / f"{image.stem}.squashfs"
    if not packed.exists():
        building = packed.with_suffix(".building")
        building.unlink(missing_ok=True)
        run("mksquashfs", image, building, "-comp", "zstd", "-Xcompression-level", "3", "-b", "256K", "-no-progress", "-quiet")
        building.rename(packed)
    folder = lab.new_folder("squashfs")
    run("mount", "-t", "squashfs", "-o", "ro,loop", packed, folder)
    lab.mounted(folder)
    return folder / image.name


def passthrough(lab, image):
    """libfuse's example passthrough_ll with the kernel's cache kept, over the image's folder; returns the file."""
    source = pathlib.Path("/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c")
    program = STORE / "tools" / "passthrough_ll"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        build = lab.new_folder("libfuse")
        shutil.copytree(source.parent, build, dirs_exist_ok=True)
        run("sh", "-c", f"gcc -O2 -o {program} passthrough_ll.c $(pkg-config fuse3 --cflags --libs)", cwd=build)
    folder = lab.new_folder("passthrough")
    lab.start(program, "-f", "-o", f"source={image.parent},cache=always", folder)
    lab.mounted(folder)
    return folder / image.name
