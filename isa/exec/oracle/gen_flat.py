"""FLAT, GLOBAL and SCRATCH, from the RDNA3 guide's chapters 11, 13 and 16.20."""
from atomics import (
    DENORMAL32, EDGE32, EDGE64, F32, FLOAT32, NAN32, fadd, fcmp, fmax, fmin, integer,
)
from gen_ds import LOADS, SOME, SOME64, STORES, off, regs, safe_pairs
from state import GLOBAL, M32, M64, named, write, Test

TITLE = "Flat, global and scratch memory"
# How the guide names the same kinds in the two groups of instructions.
RENAME = {
    "u8_d16": "d16_u8", "u8_d16_hi": "d16_hi_u8", "i8_d16": "d16_i8", "i8_d16_hi": "d16_hi_i8", "u16_d16": "d16_b16",
    "u16_d16_hi": "d16_hi_b16", "b8_d16_hi": "d16_hi_b8", "b16_d16_hi": "d16_hi_b16",
}
BASE = 0x2000
SCRATCH_BYTES = 8192


class Pools:
    """Addresses and values."""

    def __init__(self, out):
        wide = [GLOBAL + BASE + 24 * k for k in range(64)]
        self.wide = named(out, "wide", 2, wide)
        self.odd64 = named(out, "odd64", 2, [GLOBAL + BASE + k for k in (0, 1, 6, 11, 35, 50, 77, 102, 127, 160, 201, 222, 253, 254, 291)])
        self.cell4 = named(out, "cell4", 2, [GLOBAL + BASE + 4 * k for k in range(64)])
        self.cell8 = named(out, "cell8", 2, [GLOBAL + BASE + 8 * k for k in range(64)])
        self.off24 = named(out, "off24", 1, [24 * k for k in range(64)])
        self.off4 = named(out, "off4", 1, [4 * k for k in range(64)])
        self.off8 = named(out, "off8", 1, [8 * k for k in range(64)])
        self.lane = named(out, "lane", 1, [0, 16, 4, 40, 28, 32, 8, 60, 52])
        self.byte = named(out, "byte", 1, [3, 17, 6, 40, 29, 33, 10, 55, 50])
        self.e32 = named(out, "e32", 1, EDGE32)
        self.e64 = named(out, "e64", 2, EDGE64)
        self.f32 = named(out, "f32", 1, FLOAT32)
        self.d32 = named(out, "d32", 1, DENORMAL32 + [0x3F800000, 0x00800000])
        self.n32 = named(out, "n32", 1, NAN32)
        pairs = safe_pairs(F32, self.d32.values)
        self.fm = named(out, "fm", 1, [a for a, _ in pairs])
        self.fd = named(out, "fd", 1, [b for _, b in pairs])


class Place:
    """Where a lane's bytes lie: f(state, lane, byte) -> (memory, index)."""

    def __init__(self, text, setup, where, wave=32, finish=None, **fields):
        self.text, self.setup, self.where, self.wave, self.finish, self.fields = text, setup, where, wave, finish, fields


def get(st, where, lane, n):
    """n bytes of a lane."""
    x = 0
    for k in range(n):
        m, i = where(st, lane, k)
        x |= m[i] << 8 * k
    return x


def put(st, where, lane, n, x):
    """n bytes of a lane."""
    for k in range(n):
        m, i = where(st, lane, k)
        m[i] = x >> 8 * k & 0xFF


def v64(st, lane, r=1):
    """An address in a pair."""
    return st.v[r][lane] | st.v[r + 1][lane] << 32


def swizzle(w, lane, offset):
    """Scratch: dwords of all lanes stand side by side."""
    return (offset // 4) * 4 * w + offset % 4 + 4 * lane


def global_places(p, n):
    """Address pair; SGPR base and lane offset; unaligned; negative offset; wave64; EXEC zero."""
    gv = lambda o: lambda st, lane, k: (st.g, v64(st, lane) + o + k - GLOBAL)
    gvs = lambda o: lambda st, lane, k: (st.g, (st.s[2] | st.s[3] << 32) + st.v[1][lane] + o + k - GLOBAL & M64)
    yield Place(("v[1:2]", "off", 0), lambda t: t.vpool(1, p.wide, 3, 5), gv(0), x=SOME)
    yield Place(("v[1:2]", "off", 257), lambda t: t.vpool(1, p.odd64, 0, 1), gv(257), x=0x5B6D)
    yield Place(("v[1:2]", "off", -4096), lambda t: t.vpool(1, p.wide, 2, 1), gv(-4096), x=0x10C1)

    def sbase(t):
        t.sgpr64(2, GLOBAL + BASE - 0x400)
        t.vpool(1, p.off24, 7, 3)

    yield Place(("v1", "s[2:3]", 4095), sbase, gvs(4095), x=0x8001_0101)
    yield Place(("v1", "s[2:3]", -20), sbase, gvs(-20), wave=64, x=0x8000_1000_0100_0011)
    yield Place(("v[1:2]", "off", 0), lambda t: t.vpool(1, p.wide, 0, 1), gv(0), x=0)


def flat_places(p, n):
    """Global memory, then the apertures of LDS and scratch: their upper halves come from SRC_*_BASE."""
    gv = lambda o: lambda st, lane, k: (st.g, v64(st, lane) + o + k - GLOBAL)
    yield Place(("v[1:2]", None, 0), lambda t: t.vpool(1, p.wide, 3, 5), gv(0), x=SOME)
    yield Place(("v[1:2]", None, 257), lambda t: t.vpool(1, p.odd64, 0, 1), gv(257), x=0x5B6D)
    yield Place(("v[1:2]", None, 4095), lambda t: t.vpool(1, p.wide, 7, 3), gv(4095), wave=64, x=0x8000_1000_0100_0011)

    def aperture(name):
        def setup(t):
            t.vpool(1, p.off24 if name == "shared" else p.lane, 1, 1)
            t.op(f"s_mov_b64 s[4:5], src_{name}_base")
            # The lanes of v2 hold the aperture while the instruction runs, and zero afterwards.
            t.op("v_mov_b32_e32 v2, s5")

        return setup

    def finish(t):
        def clear(st):
            write(st, "s[4:5]", 0)
            for lane in st.lanes():
                st.v[2][lane] = 0

        t.op("s_mov_b64 s[4:5], 0")
        t.op("v_mov_b32_e32 v2, 0", clear)

    for w, x in ((32, 0x00FF0F35), (64, 0x0000_1000_0100_0011)):
        yield Place(("v[1:2]", None, 16), aperture("shared"), lambda st, lane, k: (st.l, st.v[1][lane] + 16 + k), w, finish, x=x, lds=2048)
        yield Place(
            ("v[1:2]", None, 4), aperture("private"), lambda st, lane, k, w=w: (st.p, swizzle(w, lane, st.v[1][lane] + 4 + k)), w, finish,
            x=x, scratch=SCRATCH_BYTES,
        )


def scratch_places(p, n):
    """SV, SS, ST and SVS; lanes side by side, dword by dword, in both wave sizes; unaligned ones byte by byte."""
    for w, x in ((32, SOME & 0x0F0F_F0F1), (64, 0x8000_1000_0100_0011)):
        at = lambda f, w=w: lambda st, lane, k: (st.p, swizzle(w, lane, f(st, lane) + k))
        more = dict(x=x, scratch=SCRATCH_BYTES)
        yield Place(("v1", "off", 0), lambda t: t.vpool(1, p.lane, 1, 1), at(lambda st, lane: st.v[1][lane]), w, **more)
        if w == 32:
            yield Place(("v1", "off", -2), lambda t: t.vpool(1, p.byte, 0, 1), at(lambda st, lane: st.v[1][lane] - 2), w, **more)
        yield Place(("off", "s2", 16), lambda t: t.sgprs(2, 32), at(lambda st, lane: 48), w, **more)
        yield Place(("off", "s2", -16), lambda t: t.sgprs(2, 64), at(lambda st, lane: 48), w, **more)
        yield Place(("off", "off", 96), lambda t: None, at(lambda st, lane: 96), w, **more)

        def both(t):
            t.sgprs(2, 24)
            t.vpool(1, p.lane, 0, 1)

        if w == 64:
            yield Place(("v1", "s2", 4), both, at(lambda st, lane: st.v[1][lane] + 28), w, **more)


PLACES = {"flat": flat_places, "global": global_places, "scratch": scratch_places}


def operands(place, data):
    """Operands behind the destination: address, data, scalar address, offset."""
    addr, saddr, o = place.text
    return ", ".join([addr] + ([data] if data else []) + ([saddr] if saddr else [])) + off(o)


def generate_moves(out, p, family):
    """Loads and stores of every kind at every place."""
    for kind, (n, f) in LOADS.items():
        name = f"{family}_load_{RENAME.get(kind, kind)}"
        dwords = max(1, n // 4)
        for place in PLACES[family](p, n):
            t = Test(name, w=place.wave, **place.fields)
            place.setup(t)

            def load(st):
                values = [(lane, get(st, place.where, lane, n)) for lane in st.lanes()]
                for lane, x in values:
                    for k in range(dwords):
                        st.v[10 + k][lane] = (f(x, st.v[10][lane]) if f else x >> 32 * k) & M32

            t.op(f"{name} {regs(10, dwords)}, {operands(place, None)}", load)
            t.op("s_waitcnt 0")
            if place.finish:
                place.finish(t)
            t.emit(out)
    for kind, (n, shift) in STORES.items():
        name = f"{family}_store_{RENAME.get(kind, kind)}"
        dwords = max(1, n // 4)
        for place in PLACES[family](p, n):
            t = Test(name, w=place.wave, **place.fields)
            if n <= 2:
                t.vpool(10, p.e32, 2, 3)
            place.setup(t)

            def store(st):
                for lane in st.lanes():
                    put(st, place.where, lane, n, sum(st.v[10 + k][lane] << 32 * k for k in range(dwords)) >> shift)

            t.op(f"{name} {operands(place, regs(10, dwords))}", store)
            t.op("s_waitcnt_vscnt null, 0x0")
            t.op("s_waitcnt 0")
            if place.finish:
                place.finish(t)
            t.emit(out)
    if family == "scratch":
        return
    # The destination lies over the address.
    t = Test(f"{family}_load_b128", x=SOME)
    t.vpool(1, p.wide, 1, 1)

    def over(st):
        for lane in st.lanes():
            a = v64(st, lane) - GLOBAL
            for k in range(4):
                st.v[1 + k][lane] = int.from_bytes(st.g[a + 4 * k : a + 4 * k + 4], "little")

    t.op(f"{family}_load_b128 v[1:4], v[1:2]" + (", off" if family == "global" else ""), over)
    t.op("s_waitcnt 0")
    t.emit(out)


def generate_addtid(out):
    """Addresses from the lane number."""
    for w, x in ((32, SOME), (64, SOME64)):
        where = lambda st, lane, k: (st.g, 0x4000 + 52 + 4 * lane + k)
        t = Test("global_load_addtid_b32", w=w, x=x)
        t.sgpr64(2, GLOBAL + 0x4000)

        def load(st):
            for lane in st.lanes():
                st.v[10][lane] = get(st, where, lane, 4)

        t.op("global_load_addtid_b32 v10, s[2:3] offset:52", load)
        t.op("s_waitcnt 0")
        t.emit(out)
        t = Test("global_store_addtid_b32", w=w, x=x)
        t.sgpr64(2, GLOBAL + 0x4000)

        def store(st):
            for lane in st.lanes():
                put(st, where, lane, 4, st.v[10][lane])

        t.op("global_store_addtid_b32 v10, s[2:3] offset:52", store)
        t.op("s_waitcnt_vscnt null, 0x0")
        t.emit(out)


# name without width: model's name
INTEGER = {
    "swap_b": "swap", "add_u": "add", "sub_u": "sub", "min_i": "min_i", "min_u": "min_u", "max_i": "max_i", "max_u": "max_u",
    "and_b": "and", "or_b": "or", "xor_b": "xor", "inc_u": "inc", "dec_u": "dec", "cmpswap_b": "cmp",
}


def atomic(out, p, family, name, bits, f, returns, mem, data, compare=None, place="v", where="g", **fields):
    """An atomic on cells of its own; the comparand of a swap stands behind the new value."""
    n = bits // 8
    dwords = bits // 32
    t = Test(name, **fields)
    t.mpool("g", BASE, *mem, count=40 if bits == 32 else 36)
    o = 0
    if place == "v":
        t.vpool(1, p.cell4 if bits == 32 else p.cell8, 0, 1)
        addr, tail = "v[1:2]", ", off" if family == "global" else ""
    else:
        t.sgpr64(2, GLOBAL + BASE - 64)
        t.vpool(1, p.off4 if bits == 32 else p.off8, 0, 1)
        addr, tail, o = "v1", ", s[2:3]", 64
    t.vpool(10, *data)
    if compare:
        t.vpool(10 + dwords, *compare)

    def model(st):
        for lane in st.lanes():
            a = (v64(st, lane) if place == "v" else (st.s[2] | st.s[3] << 32) + st.v[1][lane] + o) - GLOBAL
            x = int.from_bytes(st.g[a : a + n], "little")
            d = sum(st.v[10 + k][lane] << 32 * k for k in range(dwords))
            e = sum(st.v[10 + dwords + k][lane] << 32 * k for k in range(dwords))
            st.g[a : a + n] = f(x, d, e).to_bytes(n, "little")
            if returns:
                for k in range(dwords):
                    st.v[30 + k][lane] = x >> 32 * k & M32

    dst = f"{regs(30, dwords)}, " if returns else ""
    t.op(f"{name} {dst}{addr}, {regs(10, dwords * (2 if compare else 1))}{tail}{off(o)}{' glc' if returns else ''}", model)
    t.op("s_waitcnt 0")
    t.op("s_waitcnt_vscnt null, 0x0")
    t.emit(out)


def float_rules():
    """Cache atomics: min, max and compare look at the input denormal bit only, sums flush every input and no result."""
    for name, g in (("min", fmin), ("max", fmax)):
        yield name, lambda m, d, e, flush, g=g: g(F32, m, d, flush)
    yield "cmpswap", lambda m, d, e, flush: fcmp(F32, m, d, e, flush)
    yield "add", lambda m, d, e, flush: fadd(F32, m, d, True, False)


def generate_atomics(out, p, family):
    """Every atomic with and without return, in one of the address modes each."""
    modes = ("v", "s") if family == "global" else ("v", "v")
    for bits in (32, 64):
        e = p.e32 if bits == 32 else p.e64
        for stem, op in INTEGER.items():
            for returns, place in zip((True, False), modes):
                name = f"{family}_atomic_{stem}{bits}"
                full = 0x3FFFFF if bits == 32 else 0x3FFFF
                if op == "cmp":
                    atomic(out, p, family, name, bits, integer(op, bits), returns, (e, 0, 1), (e, 4, 3), (e, 0, 1, 1 if returns else 2), place, x=0x2AAA5)
                else:
                    atomic(out, p, family, name, bits, integer(op, bits), returns, (e, 0, 1), (e, 3 if returns else 0, 5), None, place, x=full)
    for name, bits, op, e in (("add_u32", 32, "add", p.e32), ("max_i64", 64, "max_i", p.e64)):
        x = 0x0000_0069_0F0C_8421
        atomic(out, p, family, f"{family}_atomic_{name}", bits, integer(op, bits), True, (e, 0, 1), (e, 3, 5), None, "v", w=64, x=x & (1 << 36) - 1)
    if family == "global":
        atomic(out, p, family, "global_atomic_csub_u32", 32, integer("csub", 32), True, (p.e32, 0, 1), (p.e32, 3, 5), None, "s", x=0x3FFFFFFF)
    for name, f in float_rules():
        full = f"{family}_atomic_{name}_f32"
        rule = lambda m, d, e: f(m, d, e, False)
        cmp = name == "cmpswap"
        for returns, place in zip((True, False), modes):
            atomic(out, p, family, full, 32, rule, returns, (p.f32, 0, 1), (p.f32, 2, 3), (p.f32, 0, 1, 1) if cmp else None, place, x=0x3FFFFFF)
        if cmp:
            zeros = named(out, "zeros", 1, [0, 0x80000000, 0x7F800000, 0x7FC00000, 0x7F800001, 0xFF800000])
            atomic(out, p, family, full, 32, rule, True, (zeros, 0, 1), (p.f32, 4, 3), (zeros, 0, 1, 2), x=0xFFF)
            atomic(out, p, family, full, 32, rule, True, (zeros, 0, 1), (p.f32, 4, 3), (zeros, 1, 5), x=0x3F)
            continue
        atomic(out, p, family, full, 32, rule, True, (p.n32, 0, 1), (p.f32, 0, 1), x=0xFFF)
        atomic(out, p, family, full, 32, rule, True, (p.f32, 0, 1), (p.n32, 0, 1), x=0xFFF)
        if name == "add":
            for mode in (0x3F0, 0x300, 0x3FF):
                atomic(out, p, family, full, 32, rule, True, (p.d32, 0, 1), (p.d32, 0, 3), x=0xFFFF, mode=mode)
            # Normal numbers whose difference is a denormal: kept.
            near = named(out, "near", 1, [0x00800001, 0x80800002, 0x00FFFFFF, 0x80C00000])
            atomic(out, p, family, full, 32, rule, True, (near, 0, 1), (near, 1, 1), x=0xFF, mode=0x300)
        else:
            atomic(out, p, family, full, 32, rule, True, (p.d32, 0, 1), (p.d32, 1, 3), x=0xFFFF)
            n = len(p.fm.values)
            flushed = lambda m, d, e: f(m, d, e, True)
            for mode in (0x3C0, 0x3E0):
                atomic(out, p, family, full, 32, flushed, True, (p.fm, 0, 1), (p.fd, 0, 1), x=(1 << n) - 1, mode=mode)
            # Bit 4 alone keeps inputs.
            atomic(out, p, family, full, 32, rule, True, (p.fm, 0, 1), (p.fd, 0, 1), x=0xFF, mode=0x3D0)


def generate_flat_lds(out, p):
    """FLAT atomics through the LDS aperture."""
    for name, op in (("flat_atomic_add_u32", "add"), ("flat_atomic_max_i32", "max_i")):
        t = Test(name, lds=1024, x=SOME)
        t.mpool("l", 64, p.e32, 0, 1, 32)
        t.vpool(1, p.off4, 0, 1)
        t.vpool(10, p.e32, 3, 5)
        t.op("s_mov_b64 s[4:5], src_shared_base")
        t.op("v_mov_b32_e32 v2, s5")
        f = integer(op, 32)

        def model(st):
            for lane in st.lanes():
                a = st.v[1][lane] + 64
                x = int.from_bytes(st.l[a : a + 4], "little")
                st.l[a : a + 4] = f(x, st.v[10][lane], 0).to_bytes(4, "little")
                st.v[30][lane] = x

        t.op(f"{name} v30, v[1:2], v10 offset:64 glc", model)
        t.op("s_waitcnt 0")

        def clear(st):
            write(st, "s[4:5]", 0)
            for lane in st.lanes():
                st.v[2][lane] = 0

        t.op("s_mov_b64 s[4:5], 0")
        t.op("v_mov_b32_e32 v2, 0", clear)
        t.emit(out)


def generate_faults(out):
    """Nothing is mapped behind the 64 KiB; atomics off their size are a violation."""
    for text in ("global_load_b32 v3, v[1:2], off", "global_store_b32 v[1:2], v3, off", "flat_load_b64 v[3:4], v[1:2]", "global_atomic_add_u32 v[1:2], v3, off"):
        t = Test(text.split()[0], x=0x10)
        t.vgpr(1, 0x10000)
        t.vgpr(2, GLOBAL >> 32)
        t.op(text)
        t.op("s_waitcnt 0")
        t.trap = "MemFault"
        t.emit(out)
    for text in ("global_atomic_add_u32 v[1:2], v3, off", "flat_atomic_swap_b64 v[1:2], v[3:4]"):
        t = Test(text.split()[0], x=0x10)
        t.vgpr(1, 0x1002)
        t.vgpr(2, GLOBAL >> 32)
        t.op(text)
        t.op("s_waitcnt 0")
        t.trap = "MemFault"
        t.emit(out)
    # Lanes that are off may point anywhere.
    t = Test("global_load_b32", x=0x1)
    bad = named(out, "bad", 2, [GLOBAL + 0x100, M64, 0, 1 << 63])
    t.vpool(1, bad, 0, 1)

    def model(st):
        st.v[3][0] = int.from_bytes(st.g[0x100:0x104], "little")

    t.op("global_load_b32 v3, v[1:2], off", model)
    t.op("s_waitcnt 0")
    t.emit(out)


def generate(out, rng, factor):
    """All tests of this module."""
    p = Pools(out)
    for family in ("flat", "global", "scratch"):
        generate_moves(out, p, family)
    for family in ("flat", "global"):
        generate_atomics(out, p, family)
    generate_addtid(out)
    generate_flat_lds(out, p)
    generate_faults(out)
