"""MTBUF, and MUBUF with a format, from the RDNA3 guide's 9.2 to 9.4: every buffer format, loaded and stored, in 32 and 16 bits."""
from formats import FORMATS, register, rows_to_store, samples
from gen_ds import regs
from state import GLOBAL, M32, Test

TITLE = "Typed buffer accesses"
BASE = 0x6000
COMPONENTS = {1: "x", 2: "xy", 3: "xyz", 4: "xyzw"}
LANES = 9
BUFFER_FORMATS = [n for n in FORMATS if n < 64]


def descriptor(t, s, base, stride=0, records=0x1000, fmt=22, sel=(4, 5, 6, 7), oob=3, swizzle=0, index_stride=0, add_tid=0):
    """A V# in four SGPRs (Table 47)."""
    base += GLOBAL
    word3 = sum(x << 3 * k for k, x in enumerate(sel)) | fmt << 12 | index_stride << 21 | add_tid << 23 | oob << 28
    t.sgprs(s, base & M32, base >> 32 | stride << 16 | swizzle << 30, records, word3)


def steps(out, size):
    """Lane offsets apart by an element; 12 bytes stand every 12."""
    return out.pool(f"step{size}", 1, [size * k for k in range(32)])


def select(values, sel):
    """DST_SEL over components; what the format lacks must not be asked for."""
    return [0 if s == 0 else "1" if s == 1 else values[s - 4] for s in sel]


def load_test(out, fmt, count, d16, mubuf, sel=None, hi=False, seed=0):
    """Elements that lie one behind the other, a lane an element."""
    f = FORMATS[fmt]
    tag = f"{'d16_' if d16 else ''}{'hi_' if hi else ''}format_{COMPONENTS[count]}"
    name = f"{'buffer' if mubuf else 'tbuffer'}_load_{tag}"
    raws = []
    for raw in samples(f, 40, seed):
        parts = f.load16(raw) if d16 else f.load(raw)
        if None not in parts and raw not in raws:
            raws.append(raw)
    raws = raws[:LANES]
    if not raws:
        return
    n = len(raws)
    t = Test(name, x=(1 << n) - 1 & ~(1 << n // 2))
    t.bytes("g", BASE, b"".join(r.to_bytes(f.bytes, "little") for r in raws))
    t.vpool(1, steps(out, f.bytes), 0, 1)
    descriptor(t, 4, BASE, fmt=fmt if mubuf else 20, sel=sel or (4, 5, 6, 7))

    def model(st):
        for lane in st.lanes():
            raw = int.from_bytes(st.g[BASE + lane * f.bytes : BASE + (lane + 1) * f.bytes], "little")
            parts = (f.load16(raw) if d16 else f.load(raw)) + [0] * 4
            if sel:
                one = 1 if f.integer else 0x3C00 if d16 else 0x3F800000
                parts = [one if x == "1" else x for x in select(parts, sel)]
            for k in range(count):
                if not d16:
                    st.v[10 + k][lane] = parts[k]
                elif k & 1 or hi:
                    st.v[10 + k // 2][lane] = st.v[10 + k // 2][lane] & 0xFFFF | parts[k] << 16
                else:
                    st.v[10 + k // 2][lane] = st.v[10 + k // 2][lane] & 0xFFFF0000 | parts[k]

    dwords = (count + 1) // 2 if d16 else count
    text = f"{name} {regs(10, dwords)}, v1, s[4:7], 0" + ("" if mubuf else f" format:[BUF_FMT_{f.name}]") + " offen"
    t.op(text, model)
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)


def store_test(out, fmt, count, d16, mubuf, hi=False, seed=0):
    """Numbers that the format holds, or saturates where that is published."""
    f = FORMATS[fmt]
    tag = f"{'d16_' if d16 else ''}{'hi_' if hi else ''}format_{COMPONENTS[count]}"
    name = f"{'buffer' if mubuf else 'tbuffer'}_store_{tag}"
    good = rows_to_store(f, LANES, seed, d16)
    n = len(good)
    t = Test(name, x=(1 << n) - 1 & ~2)
    words = []
    for values in good:
        if d16:
            parts = [register(v, f.integer, False) for v in values[:count]]
            if hi:
                words.append([0xA5A5 | parts[0] << 16])
            else:
                words.append([parts[k] | (parts[k + 1] if k + 1 < count else 0x5A5A) << 16 for k in range(0, count, 2)])
        else:
            words.append([register(v, f.integer) for v in values[:count]])
    for k in range(len(words[0])):
        pool = out.pool(f"s{fmt}{'d' if d16 else ''}{'h' if hi else ''}{count}c{k}{'' if not seed else '_' + str(seed)}", 1, [w[k] for w in words])
        t.vpool(10 + k, pool, 0, 1)
    t.vpool(1, steps(out, f.bytes), 0, 1)
    descriptor(t, 4, BASE, fmt=fmt if mubuf else 20)

    def model(st):
        for lane in st.lanes():
            a = BASE + lane * f.bytes
            st.g[a : a + f.bytes] = f.store(good[lane][: f.count]).to_bytes(f.bytes, "little")

    dwords = len(words[0])
    text = f"{name} {regs(10, dwords)}, v1, s[4:7], 0" + ("" if mubuf else f" format:[BUF_FMT_{f.name}]") + " offen"
    t.op(text, model)
    t.op("s_waitcnt_vscnt null, 0x0")
    t.emit(out)


def generate_formats(out):
    """Every format with as many components as it has."""
    for fmt in BUFFER_FORMATS:
        f = FORMATS[fmt]
        load_test(out, fmt, f.count, False, False)
        load_test(out, fmt, f.count, True, False)
        store_test(out, fmt, f.count, False, False)
        store_test(out, fmt, f.count, True, False)


def generate_counts(out):
    """Fewer and more components than the format has; missing ones load as zero (9.3: X000, XY00, XYZ0)."""
    for fmt in (1, 13, 22, 29, 42, 36, 63, 5, 48):
        for count in (1, 2, 3, 4):
            f = FORMATS[fmt]
            if count == f.count:
                continue
            load_test(out, fmt, count, False, False, seed=1)
            load_test(out, fmt, count, True, False, seed=1)
            if count > f.count:
                store_test(out, fmt, count, False, False, seed=1)


def generate_mubuf(out):
    """The resource's format and DST_SEL; every count of components."""
    for fmt in (42, 29, 63, 60, 36, 46, 28, 22, 13, 5, 20, 30, 51, 14, 57):
        f = FORMATS[fmt]
        for count in (1, 2, 3, 4):
            present = [4 + k for k in range(f.count)]
            sels = [tuple((present + [0, 0, 1, 1])[:4])]
            if count == f.count:
                sels.append(tuple((present[::-1] + [1, 0, 1])[:4]))
            for sel in sels:
                load_test(out, fmt, count, False, True, sel, seed=2)
                if fmt not in (60, 63, 20):
                    load_test(out, fmt, count, True, True, sel, seed=2)
            if count == f.count:
                store_test(out, fmt, count, False, True, seed=2)
                store_test(out, fmt, count, True, True, seed=2)
    for fmt in (1, 13, 5, 12, 22):
        load_test(out, fmt, 1, True, True, (4, 0, 0, 1), hi=True)
        store_test(out, fmt, 1, True, True, hi=True)


def generate_bounds(out):
    """A typed access is in or out as a whole (9.4.1, notes 3 and 4); DST_SEL of one loads one even outside."""
    f = FORMATS[42]
    for oob, stride, records in ((3, 0, 18), (0, 4, 5), (1, 4, 5), (2, 4, 1), (2, 4, 0)):
        for mubuf in (False, True):
            for load in (True, False):
                op = f"{'buffer' if mubuf else 'tbuffer'}_{'load' if load else 'store'}_format_xyzw"
                t = Test(op, x=0xFF)
                descriptor(t, 4, BASE, stride, records, fmt=42, oob=oob)
                if stride:
                    t.vpool(1, out.pool("index", 1, list(range(32))), 0, 1)
                    enable = "idxen"
                else:
                    t.vpool(1, steps(out, 4), 0, 1)
                    enable = "offen"

                def model(st):
                    for lane in st.lanes():
                        a = BASE + 4 * lane
                        if oob == 3:
                            ok = 4 * lane + 4 <= records
                        elif oob == 2:
                            ok = records != 0
                        else:
                            ok = lane < records
                        if load:
                            parts = f.load(int.from_bytes(st.g[a : a + 4], "little")) if ok else [0] * 4
                            for k in range(4):
                                st.v[10 + k][lane] = parts[k]
                        elif ok:
                            # 1.0, 0.0, 0.5 of the registers below.
                            st.g[a : a + 4] = b"\xff\x00\x40\xff"

                if not load:
                    for k, x in enumerate((0x3F800000, 0, 0x3E800000, 0x40000000)):
                        t.vgpr(10 + k, x)
                fmt_text = "" if mubuf else " format:[BUF_FMT_8_8_8_8_UNORM]"
                t.op(f"{op} v[10:13], v1, s[4:7], 0{fmt_text} {enable}", model)
                t.op("s_waitcnt vmcnt(0)")
                t.op("s_waitcnt_vscnt null, 0x0")
                t.emit(out)
    t = Test("buffer_load_format_xyzw", x=0x3)
    descriptor(t, 4, BASE, 0, 0, fmt=42, sel=(4, 5, 1, 1), oob=3)
    t.vgpr(1, 0)

    def ones(st):
        for lane in st.lanes():
            for k, x in enumerate((0, 0, 0x3F800000, 0x3F800000)):
                st.v[10 + k][lane] = x

    t.op("buffer_load_format_xyzw v[10:13], v1, s[4:7], 0 offen", ones)
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)
    # A resource of zeros is unbound: loads are zero, stores are dropped (9.6).
    t = Test("buffer_load_format_x", x=0xF0F)
    t.sgprs(4, 0, 0, 0, 0)

    def zero(st):
        for lane in st.lanes():
            st.v[10][lane] = 0

    t.op("buffer_load_format_x v10, off, s[4:7], 0", zero)
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)
    t = Test("buffer_store_format_x", x=0xF0F)
    t.sgprs(4, 0, 0, 0, 0)
    t.op("buffer_store_format_x v10, off, s[4:7], 0")
    t.op("s_waitcnt_vscnt null, 0x0")
    t.emit(out)


def generate(out, rng, factor):
    """All tests of this module."""
    generate_formats(out)
    generate_counts(out)
    generate_mubuf(out)
    generate_bounds(out)
