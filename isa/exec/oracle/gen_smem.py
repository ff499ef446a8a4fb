"""SMEM, from the RDNA3 guide's chapter 8: addresses, buffer bounds per dword, the two low bits that are ignored."""
from state import GLOBAL, M32, Test, write

TITLE = "Scalar memory"
WIDTHS = (1, 2, 4, 8, 16)


def dword(st, address):
    """A dword of global memory at an address whose low two bits do not count."""
    o = (address & ~3) - GLOBAL
    return int.from_bytes(st.g[o : o + 4], "little")


def regs(k, n):
    """A register range's name."""
    return f"s{k}" if n == 1 else f"s[{k}:{k + n - 1}]"


def load(t, n, dst, base, text, address, wait=True):
    """S_LOAD: consecutive dwords from an address."""

    def model(st):
        for k in range(n):
            x = dword(st, address + 4 * k)
            write(st, f"s{dst + k}" if isinstance(dst, int) else ("vcc_lo", "vcc_hi")[k], x)

    name = regs(dst, n) if isinstance(dst, int) else ("vcc_lo" if n == 1 else "vcc")
    t.op(f"s_load_b{32 * n} {name}, {base}, {text}", model)
    if wait:
        t.op("s_waitcnt lgkmcnt(0)")


def generate_loads(out):
    """Every width with an immediate, a negative one, a register, M0, both, and with EXEC zero."""
    for n in WIDTHS:
        name = f"s_load_b{32 * n}"
        t = Test(name, x=0, m0=0x124)
        t.sgpr64(0, GLOBAL + 0x1000)
        t.sgprs(2, 0x44)
        dst = 16
        load(t, n, dst, "s[0:1]", "0x20", GLOBAL + 0x1020)
        load(t, n, dst + 16, "s[0:1]", "-0x40", GLOBAL + 0xFC0)
        load(t, n, dst + 32, "s[0:1]", "s2", GLOBAL + 0x1044)
        t.emit(out)
        t = Test(name, w=64, m0=0x124)
        t.sgpr64(0, GLOBAL + 0x1000)
        t.sgprs(2, 0x44)
        load(t, n, dst, "s[0:1]", "m0", GLOBAL + 0x1124)
        load(t, n, dst + 16, "s[0:1]", "s2 offset:0x10", GLOBAL + 0x1054)
        load(t, n, dst + 32, "s[0:1]", "s2 offset:-0x20", GLOBAL + 0x1024)
        t.emit(out)
        # The low two bits of base, offsets and sum do not count (8.1.1: each component's).
        t = Test(name)
        t.sgpr64(0, GLOBAL + 0x2000)
        t.sgprs(2, 0x103)
        load(t, n, dst, "s[0:1]", "null", GLOBAL + 0x2000)
        load(t, n, dst + 16, "s[0:1]", "s2", GLOBAL + 0x2100)
        load(t, n, dst + 32, "s[0:1]", "0x41", GLOBAL + 0x2040)
        t.emit(out)
    # The base may be overwritten, and VCC is a destination.
    for n in (2, 4, 8, 16):
        t = Test(f"s_load_b{32 * n}")
        t.sgpr64(0, GLOBAL + 0x3300)
        load(t, n, 0, "s[0:1]", "0x8", GLOBAL + 0x3308)
        t.emit(out)
    for n in (1, 2):
        t = Test(f"s_load_b{32 * n}")
        t.sgpr64(0, GLOBAL + 0x3400)
        load(t, n, "vcc", "s[0:1]", "0x4", GLOBAL + 0x3404)
        t.emit(out)
    # The offset register as destination.
    t = Test("s_load_b32")
    t.sgpr64(0, GLOBAL + 0x3000)
    t.sgprs(2, 0x3F0)
    load(t, 1, 2, "s[0:1]", "s2", GLOBAL + 0x33F0)
    t.emit(out)
    # VCCZ follows a load of VCC.
    t = Test(["s_load_b64", "s_cbranch_vccz"])
    t.sgpr64(0, GLOBAL + 0x100)
    t.bytes("g", 0x100, bytes(8))
    load(t, 2, "vcc", "s[0:1]", "null", GLOBAL + 0x100)
    t.op("s_cbranch_vccz 1")
    t.op("s_movk_i32 s9, 1")
    t.op("s_movk_i32 s10, 2", lambda st: write(st, "s10", 2))
    t.emit(out)


def buffer_load(t, n, dst, text, offset, base, size):
    """S_BUFFER_LOAD: dwords whose offset lies beyond the buffer are zero."""

    def model(st):
        for k in range(n):
            o = (offset & ~3) + 4 * k
            st.s[dst + k] = dword(st, (base & ~3) + o) if o < size else 0

    t.op(f"s_buffer_load_b{32 * n} {regs(dst, n)}, s[4:7], {text}", model)
    t.op("s_waitcnt lgkmcnt(0)")


def generate_buffers(out):
    """Bounds: bytes without a stride, records with one. Format, swizzle and index stride do not count."""
    base = GLOBAL + 0x4000
    for n in WIDTHS:
        name = f"s_buffer_load_b{32 * n}"
        for stride, records, word3 in ((0, 0x48, 0x31016FAC), (12, 6, 0x31016FAC), (0x10, 5, 0), (4, 18, 0x00016000)):
            size = (stride or 1) * records
            t = Test(name, m0=0x44)
            t.sgprs(4, base & M32, base >> 32 | stride << 16, records, word3)
            t.sgprs(2, size - 4)
            dst = 16
            buffer_load(t, n, dst, "null", 0, base, size)
            # The last dword that lies within, the first that does not; more dwords straddle the end.
            buffer_load(t, n, dst + 16, "s2", size - 4, base, size)
            buffer_load(t, n, dst + 32, f"0x{size:x}", size, base, size)
            t.emit(out)
        t = Test(name, m0=0x40, w=64, x=0)
        t.sgprs(4, base & M32, base >> 32, 0x100, 0x31016FAC)
        t.sgprs(2, 0x84)
        buffer_load(t, n, 16, "m0", 0x40, base, 0x100)
        buffer_load(t, n, 32, "s2 offset:0x60", 0xE4, base, 0x100)
        buffer_load(t, n, 48, "0xffffc", 0xFFFFC, base, 0x100)
        t.emit(out)
        # No records: everything is zero.
        t = Test(name)
        t.sgprs(4, base & M32, base >> 32, 0, 0x31016FAC)
        buffer_load(t, n, 16, "null", 0, base, 0)
        t.emit(out)


def generate(out, rng, factor):
    """All tests of this module."""
    generate_loads(out)
    generate_buffers(out)
    for name in ("s_gl1_inv", "s_dcache_inv"):
        t = Test(name)
        t.op(name)
        t.op("s_waitcnt lgkmcnt(0)")
        t.op("s_movk_i32 s5, 3", lambda st: write(st, "s5", 3))
        t.emit(out)
    # Probes of translations return nothing.
    t = Test("s_atc_probe")
    t.sgpr64(2, GLOBAL)
    t.op("s_atc_probe 7, s[2:3], 0x10")
    t.emit(out)
    t = Test("s_atc_probe_buffer")
    t.sgprs(4, GLOBAL & M32, GLOBAL >> 32, 0x100, 0x31016FAC)
    t.op("s_atc_probe_buffer 7, s[4:7], 0x10")
    t.emit(out)
