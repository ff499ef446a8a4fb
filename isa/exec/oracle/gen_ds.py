"""LDS instructions, from the RDNA3 guide's chapters 12, 13 and 16.15."""
from atomics import (
    DENORMAL32, DENORMAL64, EDGE32, EDGE64, F32, F64, FLOAT32, FLOAT64, NAN32, NAN64, fadd, fcmp, fmax, fmin, integer,
)
from state import M32, Test, sext, write

TITLE = "LDS"
SOME = 0xA95C_36E1
SOME64 = 0x9069_0F0C_8421_A536


class Pools:
    """Addresses and values."""

    def __init__(self, out):
        self.by4 = out.pool("by4", 1, [4 * k for k in range(64)])
        self.by8 = out.pool("by8", 1, [8 * k for k in range(64)])
        self.by16 = out.pool("by16", 1, [16 * k for k in range(64)])
        self.odd = out.pool("odd", 1, [0, 1, 6, 11, 35, 50, 77, 102, 127, 160, 201, 222, 253, 254, 291])
        # About the end of 1,024 bytes, and the ends of the address space.
        self.end = out.pool("end", 1, [1000, 1008, 1012, 1016, 1020, 1022, 1023, 1024, 1028, 2048, 65536, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFC])
        self.e32 = out.pool("e32", 1, EDGE32)
        self.e64 = out.pool("e64", 2, EDGE64)
        self.f32 = out.pool("f32", 1, FLOAT32)
        self.f64 = out.pool("f64", 2, FLOAT64)
        self.d32 = out.pool("d32", 1, DENORMAL32 + [0x3F800000, 0x00800000])
        self.d64 = out.pool("d64", 2, DENORMAL64 + [0x3FF0000000000000])
        self.n32 = out.pool("n32", 1, NAN32)
        self.n64 = out.pool("n64", 2, NAN64)


def get(st, a, n):
    """n bytes of LDS as a number; zero if any of them lies outside."""
    return int.from_bytes(st.l[a : a + n], "little") if a + n <= len(st.l) else 0


def put(st, a, n, x):
    """n bytes of LDS, nothing if any of them lies outside."""
    if a + n <= len(st.l):
        st.l[a : a + n] = (x & (1 << 8 * n) - 1).to_bytes(n, "little")


def address(st, lane, offset, reg=1):
    """Address register and offset; a sum beyond 32 bits lies outside too."""
    return st.v[reg][lane] + offset


def run(t, text, model):
    """The instruction and the wait for it."""
    t.op(text, model)
    t.op("s_waitcnt lgkmcnt(0)")


def regs(k, n):
    """A VGPR range's name."""
    return f"v{k}" if n == 1 else f"v[{k}:{k + n - 1}]"


def off(o):
    """The offset's text."""
    return f" offset:{o}" if o else ""


# name: (bytes, f(value, old) -> dwords)
LOADS = {
    "u8": (1, lambda x, d: x), "i8": (1, lambda x, d: sext(x, 8)), "u16": (2, lambda x, d: x), "i16": (2, lambda x, d: sext(x, 16)),
    "b32": (4, lambda x, d: x), "b64": (8, None), "b96": (12, None), "b128": (16, None),
    "u8_d16": (1, lambda x, d: d & 0xFFFF0000 | x), "u8_d16_hi": (1, lambda x, d: d & 0xFFFF | x << 16),
    "i8_d16": (1, lambda x, d: d & 0xFFFF0000 | sext(x, 8) & 0xFFFF), "i8_d16_hi": (1, lambda x, d: d & 0xFFFF | (sext(x, 8) & 0xFFFF) << 16),
    "u16_d16": (2, lambda x, d: d & 0xFFFF0000 | x), "u16_d16_hi": (2, lambda x, d: d & 0xFFFF | x << 16),
}
STORES = {
    "b8": (1, 0), "b16": (2, 0), "b32": (4, 0), "b64": (8, 0), "b96": (12, 0), "b128": (16, 0), "b8_d16_hi": (1, 16), "b16_d16_hi": (2, 16),
}


def generate_loads(out, p):
    """Every load: aligned, unaligned, with an offset, about the end of the allocation, in a wave64."""
    for kind, (n, f) in LOADS.items():
        name = f"ds_load_{kind}"
        dwords = max(1, n // 4)
        tries = [
            (dict(x=SOME), (by(p, n), 3, 5), 0, 10), (dict(x=SOME), (p.odd, 0, 1), 257, 10),
            (dict(x=0x0000BFFF), (p.end, 0, 1), 0, 10), (dict(w=64, x=0x8000_1000_0100_0011), (by(p, n), 7, 3), 65, 10),
            (dict(x=0x10C1), (by(p, n), 1, 9), 4, 1), (dict(x=0), (p.by4, 0, 1), 0, 10),
        ]
        for fields, pool, offset, dst in tries:
            t = Test(name, lds=1024, **fields)
            t.vpool(1, *pool)

            def model(st):
                values = [(lane, get(st, address(st, lane, offset), n)) for lane in st.lanes()]
                for lane, x in values:
                    if f:
                        st.v[dst][lane] = f(x, st.v[dst][lane]) & M32
                    else:
                        for k in range(dwords):
                            st.v[dst + k][lane] = x >> 32 * k & M32

            run(t, f"{name} {regs(dst, dwords)}, v1{off(offset)}", model)
            t.emit(out)


def by(p, n):
    """Addresses apart by the size of an element."""
    return p.by4 if n <= 4 else p.by8 if n == 8 else p.by16


def generate_stores(out, p):
    """Every store, likewise; what is partly outside is not asked."""
    for kind, (n, shift) in STORES.items():
        name = f"ds_store_{kind}"
        dwords = max(1, n // 4)
        # Stores of several dwords across the end: 3.3.4.1 drops "writes out of range" without saying how much of them.
        inside = [k for k, a in enumerate(p.end.values) if a + n <= 1024 or a >= 1024]
        edge = sum(1 << k for k in inside)
        tries = [
            (dict(x=SOME), (by(p, n), 3, 5), 0), (dict(x=0x7FFF & 0x5B6D), (p.odd, 0, 1), 258), (dict(x=edge), (p.end, 0, 1), 0),
            (dict(w=64, x=0x8000_1000_0100_0011), (by(p, n), 7, 3), 64), (dict(x=0), (p.by4, 0, 1), 0),
        ]
        for fields, pool, offset in tries:
            t = Test(name, lds=1024, **fields)
            t.vpool(1, *pool)

            def model(st):
                for lane in st.lanes():
                    x = sum(st.v[10 + k][lane] << 32 * k for k in range(dwords)) >> shift
                    put(st, address(st, lane, offset), n, x)

            if n <= 2:
                # Bytes that differ from what is there, in both halves.
                t.vpool(10, p.e32, 2, 3)
            run(t, f"{name} v1, {regs(10, dwords)}{off(offset)}", model)
            t.emit(out)


def generate_two(out, p):
    """Two addresses: offsets in units of the element, or of 64 of them."""
    for bits in (32, 64):
        n = bits // 8
        dwords = bits // 32
        for stride, tag in ((1, ""), (64, "_stride64")):
            for o0, o1 in ((0, 1), (3, 2), (1, 0) if stride == 64 else (255, 17)):
                size = 4096 if stride == 64 else 3072
                a, b = o0 * n * stride, o1 * n * stride
                text = (f" offset0:{o0}" if o0 else "") + (f" offset1:{o1}" if o1 else "")

                name = f"ds_load_2addr{tag}_b{bits}"
                for dst in (10, 1):
                    t = Test(name, lds=size, x=SOME & 0x0FF00FF0 if dst == 10 else 0x30)
                    t.vpool(1, p.by8, 1, 1)

                    def load(st):
                        for lane in st.lanes():
                            base = st.v[1][lane]
                            x = get(st, base + a, n) | get(st, base + b, n) << bits
                            for k in range(2 * dwords):
                                st.v[dst + k][lane] = x >> 32 * k & M32

                    run(t, f"{name} {regs(dst, 2 * dwords)}, v1{text}", load)
                    t.emit(out)

                name = f"ds_store_2addr{tag}_b{bits}"
                t = Test(name, lds=size, x=0x10204081)
                t.vpool(1, p.by16, 1, 1)

                def store(st):
                    for lane in st.lanes():
                        base = st.v[1][lane]
                        put(st, base + a, n, sum(st.v[10 + k][lane] << 32 * k for k in range(dwords)))
                        put(st, base + b, n, sum(st.v[20 + k][lane] << 32 * k for k in range(dwords)))

                run(t, f"{name} v1, {regs(10, dwords)}, {regs(20, dwords)}{text}", store)
                t.emit(out)

                name = f"ds_storexchg_2addr{tag}_rtn_b{bits}"
                t = Test(name, lds=size, x=0x10204081)
                t.vpool(1, p.by16, 1, 1)

                def exchange(st):
                    for lane in st.lanes():
                        base = st.v[1][lane]
                        old = get(st, base + a, n) | get(st, base + b, n) << bits
                        put(st, base + a, n, sum(st.v[10 + k][lane] << 32 * k for k in range(dwords)))
                        put(st, base + b, n, sum(st.v[20 + k][lane] << 32 * k for k in range(dwords)))
                        for k in range(2 * dwords):
                            st.v[30 + k][lane] = old >> 32 * k & M32

                run(t, f"{name} {regs(30, 2 * dwords)}, v1, {regs(10, dwords)}, {regs(20, dwords)}{text}", exchange)
                t.emit(out)
    # One of the two outside: each address for itself.
    t = Test("ds_store_2addr_b32", lds=1024, x=0xF)
    t.vpool(1, p.by4, 250, 3)
    t.vgpr(1, 1016)

    def beyond(st):
        for lane in st.lanes()[-1:]:
            put(st, 1016, 4, st.v[10][lane])

    t.before[-2:] = [t.before[-1]]
    run(t, "ds_store_2addr_b32 v1, v10, v20 offset1:2", beyond)
    # Lanes that store to one place: which of them wins is not specified, so only one lane is active.
    t.before = [f for f in t.before if not f.startswith("x=")]
    t.before.insert(1, "x=8")
    t.start.exec = t.st.exec = 8
    t.emit(out)


INTEGER = ["add_u", "sub_u", "rsub_u", "inc_u", "dec_u", "min_i", "max_i", "min_u", "max_u", "and_b", "or_b", "xor_b"]


def atomic(out, p, name, bits, f, returns, two=False, mem=None, data=None, data2=None, addr2_first=False, offset=0, **fields):
    """An atomic on cells of its own, a lane a cell."""
    n = bits // 8
    dwords = bits // 32
    t = Test(name, lds=1024, **fields)
    t.mpool("l", offset, *mem, count=64 if bits == 32 else 40)
    t.vpool(1, by(p, n), 0, 1)
    t.vpool(10, *data)
    if two:
        t.vpool(20, *data2)

    def model(st):
        for lane in st.lanes():
            a = st.v[1][lane] + offset
            x = get(st, a, n)
            d = sum(st.v[10 + k][lane] << 32 * k for k in range(dwords))
            e = sum(st.v[20 + k][lane] << 32 * k for k in range(dwords))
            put(st, a, n, f(x, d, e))
            if returns:
                for k in range(dwords):
                    st.v[30 + k][lane] = x >> 32 * k & M32

    operands = ([regs(30, dwords)] if returns else []) + ["v1", regs(10, dwords)] + ([regs(20, dwords)] if two else [])
    run(t, f"{name} {', '.join(operands)}{off(offset)}", model)
    t.emit(out)


def generate_atomics(out, p):
    """Integer atomics of both widths with and without return."""
    for bits in (32, 64):
        e = p.e32 if bits == 32 else p.e64
        for op in INTEGER:
            stem, kind = op.rsplit("_", 1)
            f = integer(stem if kind in "bu" and stem not in ("min", "max") else op, bits)
            for returns in (False, True):
                name = f"ds_{stem}{'_rtn' if returns else ''}_{kind}{bits}"
                x = 0x3FFFFF if returns else 0x7FFFFFFF
                atomic(out, p, name, bits, f, returns, mem=(e, 0, 1), data=(e, 3 if returns else 0, 5), x=x if bits == 32 else x & 0x5FFFF, offset=8 if returns else 0)
        for returns in (False, True):
            tag = "_rtn" if returns else ""
            atomic(out, p, f"ds_mskor{tag}_b{bits}", bits, integer("mskor", bits), returns, True, (e, 0, 1), (e, 4, 3), (e, 1, 2), x=0x3FFFF)
            # Every second lane compares equal.
            atomic(out, p, f"ds_cmpstore{tag}_b{bits}", bits, integer("cmp", bits), returns, True, (e, 0, 1), (e, 4, 3), (e, 0, 1, 1), x=0x2AAA5)
            atomic(out, p, f"ds_cmpstore{tag}_b{bits}", bits, integer("cmp", bits), returns, True, (e, 0, 1), (e, 4, 3), (e, 1, 1, 2), x=0x1FFFF)
        atomic(out, p, f"ds_storexchg_rtn_b{bits}", bits, integer("swap", bits), True, False, (e, 0, 1), (e, 4, 3), x=0x3FFFF)
    atomic(out, p, "ds_wrap_rtn_b32", 32, integer("wrap", 32), True, True, (p.e32, 0, 1), (p.e32, 4, 3), (p.e32, 1, 2), x=0xFFFFFF)
    # The destination may be the address or the data.
    t = Test("ds_add_rtn_u32", lds=1024, w=64, x=SOME64)
    t.vpool(1, p.by4, 5, 7)

    def model(st):
        for lane in st.lanes():
            a = st.v[1][lane] + 16
            x = get(st, a, 4)
            put(st, a, 4, x + st.v[2][lane])
            st.v[1][lane] = x

    run(t, "ds_add_rtn_u32 v1, v1, v2 offset:16", model)
    t.emit(out)
    # Every lane on one cell: the order does not matter for the sum.
    for name, f, init in (("ds_add_u32", lambda x, d: x + d & M32, 5), ("ds_max_u32", max, 3), ("ds_xor_b32", lambda x, d: x ^ d, 0)):
        for w in (32, 64):
            t = Test(name, lds=1024, w=w, x=SOME if w == 32 else SOME64)
            t.vgpr(1, 0x80)
            t.vpool(2, p.by16, 2, 3)

            def together(st):
                x = get(st, 0x80, 4)
                for lane in st.lanes():
                    x = f(x, st.v[2][lane])
                put(st, 0x80, 4, x)

            run(t, f"{name} v1, v2", together)
            t.emit(out)
    # Out of range: nothing is changed, zero comes back.
    for name, n in (("ds_add_rtn_u32", 4), ("ds_cmpstore_rtn_b64", 8), ("ds_max_rtn_f32", 4)):
        t = Test(name, lds=1024, x=0xF)
        t.vgpr(1, 1024)

        def outside(st):
            for lane in st.lanes():
                for k in range(n // 4):
                    st.v[30 + k][lane] = 0

        extra = ", v[20:21]" if "cmp" in name else ""
        run(t, f"{name} {regs(30, n // 4)}, v1, {regs(10, n // 4)}{extra}", outside)
        t.emit(out)


def generate_float(out, p):
    """Float atomics: selection with NaN, denormals as MODE says, sums to nearest even."""
    for bits, f, v, nans, denormals in ((32, F32, p.f32, p.n32, p.d32), (64, F64, p.f64, p.n64, p.d64)):
        count = 28 if bits == 32 else 22
        x = (1 << count) - 1
        for op, g in (("min", fmin), ("max", fmax)):
            for returns in (False, True):
                name = f"ds_{op}{'_rtn' if returns else ''}_f{bits}"
                rule = lambda m, d, e, g=g, f=f: g(f, m, d, False)
                atomic(out, p, name, bits, rule, returns, mem=(v, 0, 1), data=(v, 2 if returns else 1, 3), x=x)
                if returns:
                    atomic(out, p, name, bits, rule, True, mem=(nans, 0, 1), data=(v, 0, 1), x=0xFFF)
                    atomic(out, p, name, bits, rule, True, mem=(v, 0, 1), data=(nans, 0, 1), x=0xFFF)
                    # Denormals kept, then flushed for the comparison only (13.2).
                    atomic(out, p, name, bits, rule, True, mem=(denormals, 0, 1), data=(denormals, 1, 3), x=0xFFFF)
                    mode = 0x30F & ~0xF
                    flushed = lambda m, d, e, g=g, f=f: g(f, m, d, True)
                    pairs = safe_pairs(f, denormals.values)
                    t_mem = out.pool(f"fm{bits}", bits // 32, [a for a, _ in pairs])
                    t_data = out.pool(f"fd{bits}", bits // 32, [b for _, b in pairs])
                    atomic(out, p, name, bits, flushed, True, mem=(t_mem, 0, 1), data=(t_data, 0, 1), x=(1 << len(pairs)) - 1 & M32, mode=mode)
        for returns in (False, True):
            name = f"ds_cmpstore{'_rtn' if returns else ''}_f{bits}"
            rule = lambda m, d, e, f=f: fcmp(f, m, d, e, False)
            atomic(out, p, name, bits, rule, returns, True, (v, 0, 1), (v, 5, 3), (v, 0, 1), x=0xFFFF)
            # +0 equals -0, NaN equals nothing, not even itself.
            zeros = out.pool(f"z{bits}", bits // 32, [0, f.sign, f.inf, f.inf | f.quiet, f.inf | 1, f.sign | f.inf])
            atomic(out, p, name, bits, rule, returns, True, (zeros, 0, 1), (v, 5, 3), (zeros, 0, 1, 2), x=0xFFF)
            atomic(out, p, name, bits, rule, returns, True, (zeros, 0, 1), (v, 5, 3), (zeros, 1, 5), x=0x3F)
            atomic(out, p, name, bits, rule, returns, True, (denormals, 0, 1), (denormals, 2, 1), (denormals, 0, 1), x=0xF)
    for returns in (False, True):
        name = f"ds_add{'_rtn' if returns else ''}_f32"
        rule = lambda m, d, e: fadd(F32, m, d, False, False)
        atomic(out, p, name, 32, rule, returns, mem=(p.f32, 0, 1), data=(p.f32, 1, 3), x=M32)
        atomic(out, p, name, 32, rule, returns, mem=(p.f32, 0, 1), data=(p.f32, 0, 5), x=M32, mode=0x3FF)
        atomic(out, p, name, 32, rule, returns, mem=(p.n32, 0, 1), data=(p.f32, 0, 1), x=0xFFF)
        atomic(out, p, name, 32, rule, returns, mem=(p.f32, 0, 1), data=(p.n32, 0, 1), x=0xFFF)
        for denorm in (0, 1, 2, 3):
            rule = lambda m, d, e, k=denorm: fadd(F32, m, d, not k & 1, not k & 2)
            atomic(out, p, name, 32, rule, returns, mem=(p.d32, 0, 1), data=(p.d32, 0, 3), x=0xFFFF, mode=0x3C0 | denorm << 4)


def safe_pairs(f, values):
    """Pairs whose comparison after flushing does not tie: the guide does not say which of two equals is kept."""
    return [(a, b) for a in values for b in values if f.order(f.flush(a)) != f.order(f.flush(b))][:30]


def reverse5(x):
    """Five bits in the other order."""
    return int(f"{x:05b}"[::-1], 2)


def swizzle(st, i, offset):
    """The lane that lane i reads."""
    if offset >= 0xE000:
        mask = offset & 31
        return reverse5(i & 31) >> bin(mask).count("1") | i & mask | i & 32
    if offset >= 0xC000:
        rotate, mask = offset >> 5 & 31, offset & 31
        if offset >> 10 & 1:
            rotate = -rotate
        return i & mask | i + rotate & 31 & ~mask | i & 32
    if offset >> 15:
        return i & ~3 | offset >> 2 * (i & 3) & 3
    return (i & 31 & offset & 31 | offset >> 5 & 31) ^ offset >> 10 & 31 | i & 32


def generate_permutes(out, p):
    """Lanes through lanes: sources that are off give zero, destinations that are off are left."""
    offsets = [
        0x041F, 0x7C1F, 0x0010, 0x03E0, 0x5555 & 0x7FFF, 0x8000 | 0xE4, 0x8000 | 0x1B, 0x80B1, 0xC000 | 1 << 5, 0xC400 | 1 << 5,
        0xC000 | 1 << 5 | 1, 0xC400 | 7 << 5 | 9, 0xE000, 0xE010, 0xE01F, 0xE003,
    ]
    for k, offset in enumerate(offsets):
        for w in (32, 64):
            if w == 64 and k % 3:
                continue
            for x in ((1 << w) - 1, SOME if w == 32 else SOME64):
                if x == SOME64 and k % 2:
                    continue
                t = Test("ds_swizzle_b32", w=w, x=x)

                def model(st):
                    old = st.v[1][:]
                    for i in st.lanes():
                        j = swizzle(st, i, offset)
                        st.v[2][i] = old[j] if st.exec >> j & 1 else 0

                run(t, f"ds_swizzle_b32 v2, v1 offset:{offset}", model)
                t.emit(out)
    scatter = out.pool("scatter", 1, [4 * k for k in (1, 0, 3, 1, 31, 5, 9, 9, 2, 30, 17, 17, 17, 64, 33, 1 << 29, 12, 13, 14, 15, 16, 6, 7, 8, 40, 41, 42, 43, 28, 29, 10, 11)])
    unaligned = out.pool("unaligned", 1, [5, 6, 127, 130, 0x80000003, 0xFFFFFFFC])
    for w in (32, 64):
        for x in ((1 << w) - 1, SOME if w == 32 else SOME64):
            for pool, offset in ((scatter, 0), (scatter, 12), (unaligned, 0), (p.by4, 0)):
                if pool is p.by4 and w == 64 and x != SOME64:
                    continue
                step = 1 if pool is not p.by4 else 7
                t = Test("ds_bpermute_b32", w=w, x=x)
                t.vpool(1, pool, 0, step)

                def gather(st):
                    old = [st.v[2][i] for i in range(w)]
                    for i in st.lanes():
                        j = (st.v[1][i] + offset >> 2 & 31) | i & 32
                        st.v[3][i] = old[j] if st.exec >> j & 1 else 0

                run(t, f"ds_bpermute_b32 v3, v1, v2{off(offset)}", gather)
                t.emit(out)
                t = Test("ds_permute_b32", w=w, x=x)
                t.vpool(1, pool, 0, step)

                def spread(st):
                    new = [0] * w
                    for i in st.lanes():
                        new[(st.v[1][i] + offset >> 2 & 31) | i & 32] = st.v[2][i]
                    for i in st.lanes():
                        st.v[3][i] = new[i]

                run(t, f"ds_permute_b32 v3, v1, v2{off(offset)}", spread)
                t.emit(out)
    # Source and destination in one register.
    t = Test("ds_bpermute_b32")
    t.vpool(1, p.by4, 1, 1)

    def turn(st):
        old = st.v[2][:]
        for i in st.lanes():
            st.v[2][i] = old[i + 1 & 31]

    run(t, "ds_bpermute_b32 v2, v1, v2", turn)
    t.emit(out)


def generate_rest(out, p):
    """Addresses from the lane number, appending, conditional exchange, nothing at all."""
    for w, m0, offset in ((32, 0x40, 0), (32, 0x100, 0x104), (64, 0x20, 8)):
        x = SOME if w == 32 else SOME64
        t = Test("ds_load_addtid_b32", lds=2048, w=w, x=x, m0=m0)

        def load(st):
            for lane in st.lanes():
                st.v[5][lane] = get(st, offset + m0 + 4 * lane, 4)

        run(t, f"ds_load_addtid_b32 v5{off(offset)}", load)
        t.emit(out)
        t = Test("ds_store_addtid_b32", lds=2048, w=w, x=x, m0=m0)

        def store(st):
            for lane in st.lanes():
                put(st, offset + m0 + 4 * lane, 4, st.v[5][lane])

        run(t, f"ds_store_addtid_b32 v5{off(offset)}", store)
        t.emit(out)
    # M0 holds the byte address, as LLVM sets it for llvm.amdgcn.ds.append of an LDS pointer.
    for name, sign in (("ds_append", 1), ("ds_consume", -1)):
        for w, x, m0, offset in ((32, M32, 0, 16), (32, SOME, 0x40, 0), (64, SOME64, 0x40, 0x20), (64, 1 << 63, 0, 4)):
            t = Test(name, lds=1024, w=w, x=x, m0=m0)

            def model(st):
                a = m0 + offset
                old = get(st, a, 4)
                put(st, a, 4, old + sign * bin(st.exec).count("1"))
                for lane in st.lanes():
                    st.v[7][lane] = old

            run(t, f"{name} v7{off(offset)}", model)
            t.emit(out)
    flags = out.pool("flags", 2, [0, 0x8000000080000000, 0x80000001_12345678, 0x7FFFFFFF_FFFFFFFF, 0xFFFFFFFF_7FFFFFFF, 0x00000000_80001234])
    for offset in (0, 16):
        t = Test("ds_condxchg32_rtn_b64", lds=1024, x=0xFFF)
        t.vpool(1, p.by8, 1, 1)
        t.vpool(10, flags, 0, 1)

        def exchange(st):
            for lane in st.lanes():
                a = st.v[1][lane] + offset & 0xFFF8
                for k in range(2):
                    d = st.v[10 + k][lane]
                    st.v[30 + k][lane] = get(st, a + 4 * k, 4)
                    if d >> 31:
                        put(st, a + 4 * k, 4, d & 0x7FFFFFFF)

        run(t, f"ds_condxchg32_rtn_b64 v[30:31], v1, v[10:11]{off(offset)}", exchange)
        t.emit(out)
    t = Test("ds_nop")
    run(t, "ds_nop", None)
    t.emit(out)


def generate_direct(out):
    """LDS_DIRECT_LOAD: one value to every lane of a quad that has an active one (12.4)."""
    for kind, n, f in ((0, 1, lambda x: x), (1, 2, lambda x: x), (2, 4, lambda x: x), (4, 1, lambda x: sext(x, 8)), (5, 2, lambda x: sext(x, 16))):
        for a, x in ((0x40, M32), (0x3C, 0x8000_0130)):
            t = Test("lds_direct_load", lds=1024, m0=kind << 16 | a, x=x)

            def model(st):
                value = f(get(st, a, n)) & M32
                for lane in range(st.w):
                    if st.exec >> (lane & ~3) & 15:
                        st.v[7][lane] = value

            t.op("lds_direct_load v7 wait_vdst:0", model)
            t.op("s_waitcnt expcnt(0)")
            t.emit(out)


def generate_gws(out):
    """Global wave sync by a single wave: whatever can be released at once leaves no trace."""

    def step(t, text):
        t.op(text)
        t.op("s_waitcnt lgkmcnt(0)")

    def finish(t):
        t.op("s_movk_i32 s9, 9", lambda st: write(st, "s9", 9))
        t.emit(out)

    t = Test(["ds_gws_init", "ds_gws_barrier"], m0=0)
    t.vgpr(0, 0)
    step(t, "ds_gws_init v0 gds")
    step(t, "ds_gws_barrier v0 gds")
    step(t, "ds_gws_barrier v0 gds")
    finish(t)
    t = Test(["ds_gws_init", "ds_gws_sema_v", "ds_gws_sema_p"], m0=0)
    t.vgpr(0, 0)
    step(t, "ds_gws_init v0 offset:3 gds")
    step(t, "ds_gws_sema_v offset:3 gds")
    step(t, "ds_gws_sema_p offset:3 gds")
    finish(t)
    t = Test(["ds_gws_init", "ds_gws_sema_br", "ds_gws_sema_p", "ds_gws_sema_release_all"], m0=0x00050000)
    t.vgpr(0, 0)
    t.vgpr(1, 2)
    step(t, "ds_gws_init v0 offset:1 gds")
    step(t, "ds_gws_sema_br v1 offset:1 gds")
    step(t, "ds_gws_sema_p offset:1 gds")
    step(t, "ds_gws_sema_p offset:1 gds")
    step(t, "ds_gws_sema_release_all offset:1 gds")
    finish(t)


def generate(out, rng, factor):
    """All tests of this module."""
    p = Pools(out)
    generate_loads(out, p)
    generate_stores(out, p)
    generate_two(out, p)
    generate_atomics(out, p)
    generate_float(out, p)
    generate_permutes(out, p)
    generate_rest(out, p)
    generate_direct(out)
    generate_gws(out)
