"""MUBUF without formats, from the RDNA3 guide's 9.2 to 9.6: addresses, swizzled buffers, bounds of each OOB_SELECT, atomics."""
from atomics import DENORMAL32, EDGE32, EDGE64, F32, FLOAT32, NAN32, integer
from gen_ds import LOADS, SOME, SOME64, STORES, regs, safe_pairs
from gen_flat import INTEGER, RENAME, float_rules
from gen_mtbuf import descriptor
from state import GLOBAL, M32, named, Test

TITLE = "Untyped buffer accesses"
BASE = 0x8000


class Pools:
    """Indices, offsets and values."""

    def __init__(self, out):
        self.index = named(out, "index", 1, list(range(64)))
        self.off4 = named(out, "off4", 1, [4 * k for k in range(64)])
        self.off16 = named(out, "off16", 1, [16 * k for k in range(64)])
        self.some = named(out, "some", 1, [0, 5, 9, 14, 22, 31, 3, 40])
        self.within = named(out, "within", 1, [0, 4, 8, 12, 16, 20, 24, 28])
        self.low = named(out, "low", 1, [0, 0, 4, 8, 4, 12, 0, 8])
        self.unaligned = named(out, "unaligned", 1, [1, 6, 11, 17, 30, 45, 58, 3])
        self.both = named(out, "both", 2, [k | (4 * (k * 5 % 7)) << 32 for k in range(32)])
        self.e32 = named(out, "e32", 1, EDGE32)
        self.e64 = named(out, "e64", 2, EDGE64)
        self.f32 = named(out, "f32", 1, FLOAT32)
        self.d32 = named(out, "d32", 1, DENORMAL32 + [0x3F800000, 0x00800000])
        self.n32 = named(out, "n32", 1, NAN32)
        pairs = safe_pairs(F32, self.d32.values)
        self.fm = named(out, "fm", 1, [a for a, _ in pairs])
        self.fd = named(out, "fd", 1, [b for _, b in pairs])


class Case:
    """A resource and an address form."""

    def __init__(self, idxen=False, offen=False, inst=0, soffset="0", svalue=0, index=None, offset=None, wave=32, x=SOME, **v):
        self.idxen, self.offen, self.inst, self.soffset, self.svalue = idxen, offen, inst, soffset, svalue
        self.index, self.offset, self.wave, self.x = index, offset, wave, x
        self.v = dict(stride=0, records=0x1000, oob=3, swizzle=0, index_stride=0, add_tid=0)
        self.v.update(v)

    def setup(self, t):
        """Registers: V# at s4, soffset at s2, addresses at v1 (index first)."""
        descriptor(t, 4, BASE, **self.v)
        if self.soffset == "s2":
            t.sgprs(2, self.svalue)
        r = 1
        if self.idxen:
            t.vpool(r, *self.index)
            r += 1
        if self.offen:
            t.vpool(r, *self.offset)

    def parts(self, st, lane):
        """Index and offset of a lane, without soffset."""
        r = 1
        index = 0
        if self.idxen:
            index, r = st.v[r][lane], r + 1
        if self.v["add_tid"]:
            index += lane
        return index, (st.v[r][lane] if self.offen else 0) + self.inst

    def at(self, st, lane, extra):
        """Offset in global memory of a lane's byte."""
        index, offset = self.parts(st, lane)
        offset += extra
        stride = self.v["stride"]
        if self.v["swizzle"]:
            element = {1: 4, 3: 16}[self.v["swizzle"]]
            n = 8 << self.v["index_stride"]
            o = (index // n * stride + offset // element * element) * n + index % n * element + offset % element
        else:
            o = index * stride + offset
        return BASE + self.svalue + o

    def outside(self, st, lane, extra, payload):
        """Table 46."""
        index, offset = self.parts(st, lane)
        offset += extra
        v = self.v
        records, stride = v["records"], v["stride"]
        if v["oob"] == 0:
            return index >= records or offset + payload > stride
        if v["oob"] == 1:
            return index >= records
        if v["oob"] == 2:
            return records == 0
        records = max(0, records - self.svalue)
        if v["swizzle"] and stride:
            return index >= records or offset + payload > stride
        # The stride counts in no raw test (9.4.1.2): it is zero, or there is no index.
        assert stride == 0 or not self.idxen and not v["add_tid"]
        return offset + payload > records

    def operands(self):
        """Address, resource and what follows."""
        n = self.idxen + self.offen
        addr = "off" if n == 0 else regs(1, n)
        tail = (" idxen" if self.idxen else "") + (" offen" if self.offen else "") + (f" offset:{self.inst}" if self.inst else "")
        return addr, f"s[4:7], {self.soffset}{tail}"


def cases(p, n):
    """Forms for an access of n bytes."""
    step = p.off4 if n <= 4 else p.off16
    yield Case(offen=True, offset=(step, 2, 3), inst=0, x=SOME)
    yield Case(offen=True, offset=(p.unaligned, 0, 1), inst=4095, records=0x2000, x=0xB5)
    yield Case(inst=64, soffset="s2", svalue=256, x=0x10C1)
    yield Case(idxen=True, index=(p.some, 0, 1), stride=24, inst=4, oob=1, records=64, soffset="s2", svalue=48, x=0x8001_0181)
    # Bounds: the payload of each dword counts; a soffset shortens a raw buffer.
    yield Case(offen=True, offset=(p.within, 0, 1), records=22, x=0xFF)
    yield Case(offen=True, offset=(p.within, 0, 1), records=22 + 8, soffset="s2", svalue=8, x=0xFF)
    yield Case(idxen=True, offen=True, index=(p.some, 0, 1), offset=(p.low, 0, 1), stride=16, records=15, oob=0, x=0xFF)
    yield Case(idxen=True, index=(p.some, 0, 1), stride=16, inst=8, records=15, oob=0, x=0xFF)
    yield Case(idxen=True, index=(p.some, 0, 1), stride=16, records=15, oob=1, x=0xFF, wave=64)
    yield Case(offen=True, offset=(step, 1, 1), records=0, oob=2, x=0x11)
    yield Case(offen=True, offset=(step, 1, 1), records=1, oob=2, x=0x11)
    # Swizzled: elements of 4 bytes hold accesses of at most 4, elements of 16 any.
    if n <= 4:
        yield Case(idxen=True, offen=True, index=(p.some, 0, 1), offset=(p.low, 0, 1), stride=24, records=36, oob=0, swizzle=1, index_stride=0, x=0xFF)
        yield Case(idxen=True, index=(p.index, 0, 1), stride=12, inst=8, records=64, oob=0, swizzle=1, index_stride=2, wave=64, x=SOME64)
        yield Case(idxen=True, index=(p.some, 0, 1), stride=12, inst=4, records=16, oob=3, swizzle=1, index_stride=1, x=0xFF)
    yield Case(idxen=True, index=(p.some, 0, 1), stride=32, inst=16, records=38, oob=0, swizzle=3, index_stride=1, x=0xFF)
    yield Case(idxen=True, index=(p.some, 0, 1), stride=16, records=64, oob=1, swizzle=3, index_stride=3, soffset="s2", svalue=32, x=0xA5)
    # The lane number as index.
    yield Case(stride=16, records=64, oob=1, add_tid=1, x=0x1081)
    yield Case(idxen=True, index=(p.some, 0, 1), stride=20, records=64, oob=1, add_tid=1, wave=64, x=0x0100_0000_1000_0011)


def generate_moves(out, p):
    """Loads and stores of every kind in the forms."""
    for kind, (n, f) in LOADS.items():
        name = f"buffer_load_{RENAME.get(kind, kind)}"
        dwords = max(1, n // 4)
        for k, c in enumerate(cases(p, n)):
            if kind not in ("b32", "b96", "u8", "b128") and k % 3 != len(kind) % 3:
                continue
            t = Test(name, w=c.wave, x=c.x)
            c.setup(t)

            def load(st):
                new = []
                for lane in st.lanes():
                    x = 0
                    for d in range(dwords):
                        size = min(n, 4)
                        if not c.outside(st, lane, 4 * d, size):
                            x |= sum(st.g[c.at(st, lane, 4 * d + b)] << 8 * b for b in range(size)) << 32 * d
                    new.append((lane, x))
                for lane, x in new:
                    for d in range(dwords):
                        st.v[10 + d][lane] = (f(x, st.v[10][lane]) if f else x >> 32 * d) & M32

            addr, tail = c.operands()
            t.op(f"{name} {regs(10, dwords)}, {addr}, {tail}", load)
            t.op("s_waitcnt vmcnt(0)")
            t.emit(out)
    for kind, (n, shift) in STORES.items():
        name = f"buffer_store_{RENAME.get(kind, kind)}"
        dwords = max(1, n // 4)
        for k, c in enumerate(cases(p, n)):
            if kind not in ("b32", "b96", "b8", "b128") and k % 3 != len(kind) % 3:
                continue
            if n > 4 and c.v["oob"] == 1 and c.v["stride"] < 24 and c.v["stride"] % 16:
                continue
            t = Test(name, w=c.wave, x=c.x)
            if n <= 2:
                t.vpool(10, p.e32, 2, 3)
            c.setup(t)

            def store(st):
                for lane in st.lanes():
                    x = sum(st.v[10 + d][lane] << 32 * d for d in range(dwords)) >> shift
                    for d in range(dwords):
                        size = min(n, 4)
                        if not c.outside(st, lane, 4 * d, size):
                            for b in range(size):
                                st.g[c.at(st, lane, 4 * d + b)] = x >> 32 * d + 8 * b & 0xFF

            if overlaps(t.st, c, n):
                continue
            addr, tail = c.operands()
            t.op(f"{name} {regs(10, dwords)}, {addr}, {tail}", store)
            t.op("s_waitcnt_vscnt null, 0x0")
            t.emit(out)


def overlaps(st, c, n):
    """Do two lanes store to one byte? Which of them wins is not published."""
    seen = set()
    for lane in st.lanes():
        mine = {c.at(st, lane, k) for k in range(n) if not c.outside(st, lane, k & ~3, min(n, 4))}
        if mine & seen:
            return True
        seen |= mine
    return False


def generate_offsets(out, p):
    """SOFFSET: constants, M0; address and data in one register."""
    for text, value in (("64", 64), ("m0", 0x88), ("0", 0)):
        t = Test("buffer_load_b32", m0=0x88, x=0x1001)
        c = Case(inst=12)
        c.svalue = value
        c.setup(t)

        def model(st):
            for lane in st.lanes():
                a = BASE + value + 12
                st.v[10][lane] = int.from_bytes(st.g[a : a + 4], "little")

        t.op(f"buffer_load_b32 v10, off, s[4:7], {text} offset:12", model)
        t.op("s_waitcnt vmcnt(0)")
        t.emit(out)
    t = Test("buffer_load_b64", x=SOME)
    c = Case(offen=True, offset=(p.off16, 1, 3))
    c.setup(t)

    def over(st):
        for lane in st.lanes():
            a = BASE + st.v[1][lane]
            for k in range(2):
                st.v[1 + k][lane] = int.from_bytes(st.g[a + 4 * k : a + 4 * k + 4], "little")

    t.op("buffer_load_b64 v[1:2], v1, s[4:7], 0 offen", over)
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)


def atomic(out, p, name, bits, f, returns, mem, data, compare=None, c=None, **fields):
    """An atomic; what is returned replaces the data. It is in or out as a whole."""
    n = bits // 8
    dwords = bits // 32
    c = c or Case(offen=True, offset=(p.off4 if bits == 32 else named(out, "off8", 1, [8 * k for k in range(64)]), 0, 1), x=fields.pop("x"))
    t = Test(name, w=c.wave, x=c.x, **fields)
    t.mpool("g", BASE, *mem, count=40 if bits == 32 else 36)
    c.setup(t)
    t.vpool(10, *data)
    if compare:
        t.vpool(10 + dwords, *compare)

    def model(st):
        for lane in st.lanes():
            d = sum(st.v[10 + k][lane] << 32 * k for k in range(dwords))
            e = sum(st.v[10 + dwords + k][lane] << 32 * k for k in range(dwords))
            x = 0
            if not c.outside(st, lane, 0, n):
                a = c.at(st, lane, 0)
                x = int.from_bytes(st.g[a : a + n], "little")
                st.g[a : a + n] = f(x, d, e).to_bytes(n, "little")
            if returns:
                for k in range(dwords):
                    st.v[10 + k][lane] = x >> 32 * k & M32

    addr, tail = c.operands()
    t.op(f"{name} {regs(10, dwords * (2 if compare else 1))}, {addr}, {tail}{' glc' if returns else ''}", model)
    t.op("s_waitcnt vmcnt(0)")
    t.op("s_waitcnt_vscnt null, 0x0")
    t.emit(out)


def generate_atomics(out, p):
    """Every atomic with and without return."""
    for bits in (32, 64):
        e = p.e32 if bits == 32 else p.e64
        for stem, op in INTEGER.items():
            for returns in (True, False):
                name = f"buffer_atomic_{stem}{bits}"
                if op == "cmp":
                    atomic(out, p, name, bits, integer(op, bits), returns, (e, 0, 1), (e, 4, 3), (e, 0, 1, 1 if returns else 2), x=0x2AAA5)
                else:
                    atomic(out, p, name, bits, integer(op, bits), returns, (e, 0, 1), (e, 3 if returns else 0, 5), x=0x3FFFFF if bits == 32 else 0x3FFFF)
    atomic(out, p, "buffer_atomic_csub_u32", 32, integer("csub", 32), True, (p.e32, 0, 1), (p.e32, 3, 5), x=0x3FFFFFFF)
    for c in (
        Case(idxen=True, index=(p.some, 0, 1), stride=8, records=15, oob=0, x=0xFF),
        Case(idxen=True, index=(p.index, 0, 1), stride=8, records=9, oob=0, inst=4, swizzle=1, index_stride=0, x=0xFFFF),
        Case(stride=4, records=40, oob=1, add_tid=1, wave=64, x=0x0000_0009_1000_0011),
        Case(offen=True, offset=(p.off4, 0, 1), records=30, x=0xFFF),
    ):
        for returns in (True, False):
            atomic(out, p, "buffer_atomic_add_u32", 32, integer("add", 32), returns, (p.e32, 0, 1), (p.e32, 3, 5), c=c)
    for name, f in float_rules():
        full = f"buffer_atomic_{name}_f32"
        rule = lambda m, d, e: f(m, d, e, False)
        cmp = name == "cmpswap"
        for returns in (True, False):
            atomic(out, p, full, 32, rule, returns, (p.f32, 0, 1), (p.f32, 2, 3), (p.f32, 0, 1, 1) if cmp else None, x=0x3FFFFFF)
        if cmp:
            zeros = named(out, "zeros", 1, [0, 0x80000000, 0x7F800000, 0x7FC00000, 0x7F800001, 0xFF800000])
            atomic(out, p, full, 32, rule, True, (zeros, 0, 1), (p.f32, 4, 3), (zeros, 0, 1, 2), x=0xFFF)
            continue
        atomic(out, p, full, 32, rule, True, (p.n32, 0, 1), (p.f32, 0, 1), x=0xFFF)
        atomic(out, p, full, 32, rule, True, (p.f32, 0, 1), (p.n32, 0, 1), x=0xFFF)
        if name == "add":
            atomic(out, p, full, 32, rule, True, (p.d32, 0, 1), (p.d32, 0, 3), x=0xFFFF)
        else:
            n = len(p.fm.values)
            flushed = lambda m, d, e: f(m, d, e, True)
            atomic(out, p, full, 32, flushed, True, (p.fm, 0, 1), (p.fd, 0, 1), x=(1 << n) - 1, mode=0x3C0)


def generate_lds(out, p):
    """Loads into LDS (RDNA2 guide, 8.1.9; LLVM assembles them for gfx11): a dword a lane at M0 + inst_offset + 4 * lane."""
    for kind, (n, f) in (("b32", LOADS["b32"]), ("u8", LOADS["u8"]), ("i8", LOADS["i8"]), ("u16", LOADS["u16"]), ("i16", LOADS["i16"])):
        for m0, inst, x in ((0, 0, SOME), (0x40, 16, 0x8421)):
            t = Test(f"buffer_load_lds_{kind}", lds=1024, m0=m0, x=x)
            c = Case(offen=True, offset=(p.off4, 1, 3), inst=inst)
            c.setup(t)

            def model(st):
                for lane in st.lanes():
                    value = sum(st.g[c.at(st, lane, b)] << 8 * b for b in range(n))
                    a = m0 + inst + 4 * lane
                    st.l[a : a + 4] = ((f(value, 0) if f else value) & M32).to_bytes(4, "little")

            addr, tail = c.operands()
            t.op(f"buffer_load_lds_{kind} {addr}, {tail}", model)
            t.op("s_waitcnt vmcnt(0)")
            t.emit(out)
    t = Test("buffer_load_lds_format_x", lds=1024, x=0x8421)
    descriptor(t, 4, BASE, fmt=5)
    t.vpool(1, p.off4, 1, 3)

    def model(st):
        for lane in st.lanes():
            a = 4 * lane
            st.l[a : a + 4] = st.g[BASE + st.v[1][lane]].to_bytes(4, "little")

    t.op("buffer_load_lds_format_x v1, s[4:7], 0 offen", model)
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)


def generate(out, rng, factor):
    """All tests of this module."""
    p = Pools(out)
    generate_moves(out, p)
    generate_offsets(out, p)
    generate_atomics(out, p)
    generate_lds(out, p)
    for name in ("buffer_gl0_inv", "buffer_gl1_inv"):
        t = Test(name, x=0)
        t.op(name)
        t.op("s_waitcnt vmcnt(0)")
        t.emit(out)
