"""Confinement of a process, by its own will and for good: limits, no network, no writing.

Each part is taken where the system has it, and what was taken is said: nothing here is allowed to
keep the program from working on a system that knows none of it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys
from dataclasses import dataclass

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22  # linux/prctl.h
_FILTER = 2  # SECCOMP_MODE_FILTER
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000  # linux/seccomp.h
_LOAD, _EQUAL, _LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
_NUMBER, _ARCH, _FIRST = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000
_UNIX = 1  # AF_UNIX

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_WRITES = {1: 0x1FF2, 2: 0x3FF2, 3: 0x7FF2}
"""Landlock's rights to write, make and remove, by version of its interface (from 3 on the same)."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    """What a processor's Linux calls things."""

    audit: int
    """AUDIT_ARCH of linux/audit.h: a filter has to know whose numbers it sees."""
    socket: int
    programs: tuple[int, ...]
    """execve, execveat, ptrace, process_vm_readv, process_vm_writev."""


_IO_URING_SETUP = 425  # it opens sockets too, past the filter of `socket`
_MACHINES = {
    "x86_64": _Machine(audit=0xC000003E, socket=41, programs=(59, 322, 101, 310, 311)),
    "aarch64": _Machine(audit=0xC00000B7, socket=198, programs=(221, 281, 117, 270, 271)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What was asked for and what the system gave."""

    limits: bool
    network: bool
    """True: no socket to anywhere can be made."""
    writing: bool
    """True: nothing can be written, made or removed in any folder."""
    programs: bool
    """True: no other program can be started, and none looked into."""

    def __str__(self) -> str:
        parts = {
            "limits": self.limits, "no network": self.network, "no writing": self.writing,
            "no programs": self.programs,
        }  # fmt: skip
        return ", ".join(name for name, there in parts.items() if there) or "nothing"


def confine(
    *,
    memory_mib: int = 0,
    files: int = 0,
    network: bool = False,
    writing: bool = True,
    programs: bool = True,
) -> Confinement:
    """Give up, for this process and all it starts, what it does not need; says what was given up.

    To be called first, before there are other threads: they would keep what they have.
    `memory_mib`: of address space; `files`: open at once; 0 leaves either as it is. With
    `network`, `writing` or `programs` false, sockets (but those of this machine's own files),
    writing into folders, or starting programs are no longer possible.
    """
    limited = _limited(memory_mib, files, writing=writing)
    if network and writing and programs:
        return Confinement(limits=limited, network=False, writing=False, programs=False)
    # Without this only root may filter; and it keeps set-user-id programs from being a way out.
    if not sys.platform.startswith("linux") or _prctl(PR_SET_NO_NEW_PRIVS, 1):
        return Confinement(limits=limited, network=False, writing=False, programs=False)
    unwritten = not writing and _unwritten()
    filtered = _filtered(network=network, programs=programs)
    # A filter comes first: who is root in here and reads another user's file goes on doing so,
    # while a network namespace needs a user namespace, which takes that away.
    cut = not network and (filtered or _apart())
    return Confinement(
        limits=limited, network=cut, writing=unwritten, programs=not programs and filtered
    )


def achievable() -> str:
    """What this system gives, in words, found out by a process that is confined and ends."""
    code = f"import {__name__} as s; print(s.confine(writing=False, programs=False))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip() or "nothing"


def allow_cpu(seconds: float) -> None:
    """So many seconds of processor time from now on, then this process ends."""
    if sys.platform == "win32":
        return
    import resource  # not on every system

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most - 1)  # at both at once Linux sends SIGKILL, which may be anybody's
    resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def _limited(memory_mib: int, files: int, *, writing: bool) -> bool:
    if sys.platform == "win32":
        return False
    import resource  # not on every system

    wanted = [(resource.RLIMIT_CORE, 0)]  # a dump would hold the footage
    if memory_mib:
        wanted.append((resource.RLIMIT_AS, memory_mib * 2**20))
    if files:
        wanted.append((resource.RLIMIT_NOFILE, files))
    if not writing:
        wanted.append((resource.RLIMIT_FSIZE, 0))  # where there is no Landlock, at least that
    whole = True
    for what, limit in wanted:
        _, most = resource.getrlimit(what)
        if most != resource.RLIM_INFINITY:
            limit = min(limit, most)
        try:
            resource.setrlimit(what, (limit, limit))
        except (OSError, ValueError):  # macOS has no RLIMIT_AS to set
            whole = False
    return whole


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int, more: object = 0) -> int:
    return _libc().prctl(option, ctypes.c_ulong(value), more, 0, 0)


def _filtered(*, network: bool, programs: bool) -> bool:
    """A seccomp filter: calls that open sockets, or start programs, fail with EPERM."""
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.maxsize < 2**32:
        return False
    refused = [] if programs else list(machine.programs)
    if not network:
        refused.append(_IO_URING_SETUP)
    code = _program(machine, refused, sockets=network)
    text = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    program = Program(len(code) // 8, ctypes.cast(text, ctypes.c_void_p).value)
    return _prctl(PR_SET_SECCOMP, _FILTER, ctypes.byref(program)) == 0


def _program(machine: _Machine, refused: list[int], *, sockets: bool) -> bytes:
    """The filter in the code of classic BPF; jumps count the instructions that are left out."""

    def step(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, k)

    denied = step(_RETURN, _ERRNO | errno.EPERM)
    steps = [
        step(_LOAD, _ARCH),
        step(_EQUAL, machine.audit, yes=1),
        step(_RETURN, _KILL),  # 32-bit calls have other numbers: nothing of ours makes them
        step(_LOAD, _NUMBER),
        step(_LEAST, _X32, no=1),
        denied,
    ]
    for number in refused:
        steps += [step(_EQUAL, number, no=1), denied]
    if not sockets:
        steps += [
            step(_EQUAL, machine.socket, no=3), step(_LOAD, _FIRST),
            step(_EQUAL, _UNIX, yes=1), denied,
        ]  # fmt: skip
    return b"".join([*steps, step(_RETURN, _ALLOW)])


def _apart() -> bool:
    """Into a network of its own, which has no way out."""
    return _libc().unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0


def _unwritten() -> bool:
    """No folder of the system can be written in any more (Landlock, from Linux 5.13 on)."""
    call = _libc().syscall
    call.restype = ctypes.c_long
    version = call(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = ctypes.c_uint64(_WRITES[min(version, 3)])
    rules = call(_LANDLOCK_CREATE, ctypes.byref(rights), ctypes.c_size_t(8), 0)
    if rules < 0:
        return False
    try:
        return call(_LANDLOCK_RESTRICT, rules, 0) == 0
    finally:
        os.close(rules)
