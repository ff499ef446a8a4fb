"""MIMG on LINEAR images, from the RDNA3 guide's chapter 10 and 16.18: loads, stores, atomics, sizes, and samples of single texels.

Rows of a LINEAR image stand 256 bytes apart or a multiple of that; slices follow each other. Mip levels stand in one
chain from the smallest to the largest (AMD's addrlib, gfx11, linear surfaces). Samples are of images of one level with
point filters, where neither level of detail nor derivatives change the texel.
"""
from fractions import Fraction

from atomics import EDGE32, EDGE64, integer
from formats import FORMATS, register, rows_to_store, samples
from gen_ds import regs
from state import GLOBAL, M32, Test, f16bits, f32bits

TITLE = "Images"
BASE = 0xA000
TYPES = {"1D": 8, "2D": 9, "3D": 10, "CUBE": 11, "1D_ARRAY": 12, "2D_ARRAY": 13}


def align(x, n):
    """The next multiple."""
    return -(-x // n) * n


class Image:
    """A linear image: what its T# says and where its texels lie."""

    def __init__(self, dim, fmt, width, height=1, depth=1, mips=1, sel=(4, 5, 6, 7), first=0, pitch=None, base_level=0):
        self.dim, self.format, self.width, self.height, self.depth = dim, FORMATS[fmt], width, height, depth
        self.mips, self.sel, self.first, self.base_level = mips, sel, first, base_level
        self.pitch = pitch
        assert pitch is not None or width * self.format.bytes % 256 == 0
        # Offsets of the levels in a slice, the smallest level first.
        self.levels = [0] * mips
        at = 0
        for m in reversed(range(mips)):
            self.levels[m] = at
            at += self.row(m) * max(1, height >> m)
        self.slice = at

    def row(self, mip):
        """Bytes from a row to the next."""
        if self.pitch is not None:
            return self.pitch * self.format.bytes
        return align(max(1, self.width >> mip) * self.format.bytes, 256)

    def words(self):
        """The T# (Table 50)."""
        base = (GLOBAL + BASE) >> 8
        last = self.mips - 1
        depth = self.first + self.depth - 1 if self.dim in ("1D_ARRAY", "2D_ARRAY", "CUBE") else self.depth - 1 if self.dim == "3D" else 0
        if self.pitch is not None:
            depth = self.pitch - 1
        t = base | last << 48 | self.format.number << 52 | self.width - 1 << 62 | self.height - 1 << 78
        t |= sum(x << 96 + 3 * k for k, x in enumerate(self.sel)) | self.base_level << 108 | last << 112 | TYPES[self.dim] << 124
        t |= (depth & 0x1FFF) << 128 | (depth >> 13 & 1) << 141 | self.first << 144
        return [t >> 32 * k & M32 for k in range(8)]

    def at(self, x, y=0, z=0, mip=0):
        """Offset of a texel in global memory, None outside."""
        if not (x < max(1, self.width >> mip) and y < max(1, self.height >> mip) and z < self.depth):
            return None
        return BASE + (z + self.first) * self.slice + self.levels[mip] + y * self.row(mip) + x * self.format.bytes

    def coordinates(self):
        """How many coordinates its texels have."""
        return {"1D": 1, "2D": 2, "3D": 3, "CUBE": 3, "1D_ARRAY": 2, "2D_ARRAY": 3}[self.dim]

    def texel(self, coords, mip=0):
        """Offset of the texel at address components in their order."""
        if self.dim == "1D_ARRAY":
            return self.at(coords[0], 0, coords[1], mip)
        return self.at(*coords, mip=mip)


def raw_at(st, image, where):
    """A texel's bits."""
    return int.from_bytes(st.g[where : where + image.format.bytes], "little")


def one_of(f, d16):
    """What DST_SEL 1 gives."""
    return 1 if f.integer else 0x3C00 if d16 else 0x3F800000


def components(image, parts, d16):
    """RGBA by DST_SEL."""
    parts = parts + [0] * 4
    return [0 if s == 0 else one_of(image.format, d16) if s == 1 else parts[s - 4] for s in image.sel]


def put_data(st, lane, r, values, d16):
    """Components into registers, two a register in 16 bits; the odd half keeps what it was."""
    for k, x in enumerate(values):
        if not d16:
            st.v[r + k][lane] = x & M32
        elif k & 1:
            st.v[r + k // 2][lane] = st.v[r + k // 2][lane] & 0xFFFF | x << 16
        else:
            st.v[r + k // 2][lane] = st.v[r + k // 2][lane] & 0xFFFF0000 | x


class Lanes:
    """Addresses of a few lanes: tuples of components, as registers from v1 on."""

    def __init__(self, out, tag, tuples, a16=False, nsa=False):
        self.tuples, self.a16, self.nsa = tuples, a16, nsa
        n = len(tuples[0])
        if a16:
            rows = [[t[k] | (t[k + 1] if k + 1 < n else 0x5A5A) << 16 for k in range(0, n, 2)] for t in tuples]
        else:
            rows = [list(t) for t in tuples]
        self.count = len(rows[0])
        self.pools = [out.pool(f"{tag}_{'h' if a16 else ''}{k}", 1, [r[k] for r in rows]) for k in range(self.count)]
        self.first = 20

    def setup(self, t):
        """Loads the registers; scattered ones for a non-sequential address."""
        for k, p in enumerate(self.pools):
            t.vpool(self.register(k), p, 0, 1)

    def register(self, k):
        """Register of an address dword."""
        return self.first + (k * 3 % 7 if self.nsa else k)

    def text(self):
        """The operand."""
        if self.nsa:
            return "[" + ", ".join(f"v{self.register(k)}" for k in range(self.count)) + "]"
        return regs(self.first, self.count)

    def mask(self):
        """EXEC: all but the third lane."""
        n = len(self.tuples)
        return (1 << n) - 1 & ~4


def modifiers(image, dmask, d16=False, a16=False, r128=False, extra=""):
    """What follows the operands."""
    text = f" dmask:0x{dmask:x} dim:SQ_RSRC_IMG_{image.dim}{extra}"
    return text + (" r128" if r128 else "") + (" a16" if a16 else "") + (" d16" if d16 else "")


def tsharp(t, image, r128=False):
    """The T# at s8."""
    t.sgprs(8, *image.words()[: 4 if r128 else 8])


def resource(r128):
    """Its operand."""
    return "s[8:15]"


def fill(t, image, places, seed=0, keep=lambda raw: True):
    """Texels with the ends of their components at the places that are used."""
    places = sorted({p for p in places if p is not None})
    for where, raw in zip(places, [x for x in samples(image.format, 3 * len(places) + 20, seed) if keep(x)]):
        t.bytes("g", where, raw.to_bytes(image.format.bytes, "little"))


def spread(image, n, seed=0, mip=0, outside=True):
    """Texel coordinates all over a level; the last one or two lie outside."""
    w, h = max(1, image.width >> mip), max(1, image.height >> mip)
    out = []
    for k in range(n):
        x, y, z = (k * 37 + seed * 5) % w, (k * 11 + seed) % h, (k * 3 + seed) % image.depth
        c = {"1D": (x,), "2D": (x, y), "1D_ARRAY": (x, z)}.get(image.dim, (x, y, z))
        if c not in out:
            out.append(c)
    if outside:
        out.append((w,) + out[0][1:])
        if image.dim == "2D" or image.dim == "3D":
            out.append((0, h) + out[0][2:])
    return out


def load(out, image, tuples, dmask=15, d16=False, a16=False, nsa=False, r128=False, mip=None, seed=0, tag=""):
    """IMAGE_LOAD or IMAGE_LOAD_MIP: zero outside (a D3D rule that 10 calls clamping)."""
    name = "image_load" if mip is None else "image_load_mip"
    f = image.format
    if d16:
        tuples = [c for c, raw in zip(tuples, samples(f, len(tuples), seed))]
    mips = [0] * len(tuples) if mip is None else mip
    lanes = Lanes(out, f"{image.dim.lower()}{tag}", [c + (() if mip is None else (m,)) for c, m in zip(tuples, mips)], a16, nsa)
    t = Test(name, x=lanes.mask())
    places = [image.texel(c, m) for c, m in zip(tuples, mips)]
    fill(t, image, places, seed)
    lanes.setup(t)
    tsharp(t, image, r128)
    count = bin(dmask).count("1")
    unknown = []

    def model(st):
        for lane in st.lanes():
            where = places[lane]
            if where is None:
                parts = [0] * 4
            else:
                raw = raw_at(st, image, where)
                parts = components(image, f.load16(raw) if d16 else f.load(raw), d16)
            values = [x for k, x in enumerate(parts) if dmask >> k & 1]
            if None in values:
                unknown.append(lane)
                values = [0 if x is None else x for x in values]
            put_data(st, lane, 1, values, d16)

    dwords = (count + 1) // 2 if d16 else count
    t.op(f"{name} {regs(1, dwords)}, {lanes.text()}, {resource(r128)}{modifiers(image, dmask, d16, a16, r128)}", model)
    for lane in unknown:
        t.st.unspecified |= {(1 + k, lane) for k in range(dwords)}
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)


def store(out, image, tuples, dmask=15, d16=False, a16=False, nsa=False, r128=False, mip=None, seed=0, tag=""):
    """IMAGE_STORE or IMAGE_STORE_MIP: whole texels, components without a bit in DMASK are zero; nothing outside."""
    name = "image_store" if mip is None else "image_store_mip"
    f = image.format
    bits = [k for k in range(4) if dmask >> k & 1]
    rows = []
    for values in rows_to_store(f, len(tuples), seed, d16):
        rows.append(([values[c] if c in bits else Fraction(0) for c in range(4)], [values[c] for c in bits]))
    mips = [0] * len(tuples) if mip is None else mip
    lanes = Lanes(out, f"{image.dim.lower()}{tag}", [c + (() if mip is None else (m,)) for c, m in zip(tuples, mips)], a16, nsa)
    t = Test(name, x=lanes.mask())
    lanes.setup(t)
    words = []
    for _, values in rows:
        parts = [register(v, f.integer, not d16) for v in values]
        words.append([parts[k] | (parts[k + 1] if k + 1 < len(parts) else 0x5A5A) << 16 for k in range(0, len(parts), 2)] if d16 else parts)
    for k in range(len(words[0])):
        t.vpool(1 + k, out.pool(f"d{f.number}_{dmask:x}{'h' if d16 else ''}{k}_{seed}_{len(rows)}", 1, [w[k] for w in words]), 0, 1)
    tsharp(t, image, r128)

    def model(st):
        for lane in st.lanes():
            where = image.texel(tuples[lane], mips[lane])
            if where is not None:
                st.g[where : where + f.bytes] = f.store(rows[lane][0][: f.count]).to_bytes(f.bytes, "little")

    t.op(f"{name} {regs(1, len(words[0]))}, {lanes.text()}, {resource(r128)}{modifiers(image, dmask, d16, a16, r128, ' unorm')}", model)
    t.op("s_waitcnt_vscnt null, 0x0")
    t.emit(out)


def shapes():
    """An image of each dimension."""
    yield Image("1D", 20, 64)
    yield Image("2D", 46, 64, 5)
    yield Image("2D", 50, 20, 6, pitch=32)
    yield Image("3D", 20, 64, 4, 3)
    yield Image("1D_ARRAY", 28, 64, 1, 3)
    yield Image("2D_ARRAY", 20, 64, 4, 3, first=1)
    yield Image("CUBE", 20, 64, 4, 6)


def generate_shapes(out):
    """Addresses of every dimension: 32 and 16 bits, sequential or not, loads and stores."""
    for k, image in enumerate(shapes()):
        tuples = spread(image, 8, k)
        for a16 in (False, True):
            for nsa in (False, True):
                if nsa and (image.coordinates() + a16) // (1 + a16) < 2:
                    continue
                load(out, image, tuples, a16=a16, nsa=nsa, seed=k, tag=f"{k}")
                # Array slices outside are not asked: whether they clamp is not published.
                store(out, image, tuples, a16=a16, nsa=nsa, seed=k, tag=f"{k}")


def formats():
    """Image formats: those of buffers and the small ones."""
    return [n for n in FORMATS if n not in (58, 59, 60)]


def generate_formats(out):
    """Every format as a 2D image, in 32 and 16 bits."""
    for fmt in formats():
        f = FORMATS[fmt]
        width = 256 // f.bytes
        image = Image("2D", fmt, width, 3)
        tuples = spread(image, 8, 1, outside=False)
        # The same coordinates for all formats of one size.
        dmask = (1 << f.count) - 1
        load(out, image, tuples, dmask, seed=fmt, tag=f"w{width}")
        load(out, image, tuples, dmask, d16=True, seed=fmt, tag=f"w{width}")
        if fmt % 2:
            store(out, image, tuples, dmask, seed=fmt, tag=f"w{width}")
        else:
            store(out, image, tuples, dmask, d16=True, seed=fmt, tag=f"w{width}")


def generate_masks(out):
    """DMASK, DST_SEL, resources of 128 bits."""
    for dmask in (1, 2, 4, 8, 5, 9, 6, 7, 14, 11):
        image = Image("2D", 46, 64, 5)
        tuples = spread(image, 6, 2)
        load(out, image, tuples, dmask, seed=3, tag="m")
        store(out, image, tuples, dmask, seed=3, tag="m")
        if dmask in (1, 5, 7, 14):
            load(out, image, tuples, dmask, d16=True, seed=3, tag="m")
    for sel in ((6, 5, 4, 7), (7, 4, 1, 0), (4, 4, 4, 4), (0, 1, 5, 6)):
        for fmt in (42, 47, 57):
            image = Image("2D", fmt, 64 if fmt != 57 else 32, 5, sel=sel)
            load(out, image, spread(image, 6, 2, outside=False), 15, seed=4, tag=f"s{fmt == 57}")
    for image in (Image("1D", 20, 64), Image("2D", 46, 64, 5)):
        load(out, image, spread(image, 6, 2), r128=True, seed=5, tag="r")
        store(out, image, spread(image, 6, 2), r128=True, seed=5, tag="r")


def generate_mips(out):
    """Levels of a chain."""
    image = Image("2D", 20, 256, 8, mips=4)
    tuples, mips = [], []
    for m in range(4):
        for c in spread(image, 3, m, m, outside=m == 1):
            tuples.append(c)
            mips.append(m)
    for a16 in (False, True):
        load(out, image, tuples, 1, a16=a16, mip=mips, seed=6, tag="mip")
        store(out, image, tuples, 1, a16=a16, mip=mips, seed=6, tag="mip")
    # Without levels only the first can be named.
    for image in (Image("1D", 20, 64), Image("3D", 46, 64, 4, 3), Image("2D_ARRAY", 20, 64, 4, 3)):
        tuples = spread(image, 5, 1, outside=False)
        load(out, image, tuples, mip=[0] * len(tuples), seed=7, tag="m0")
        store(out, image, tuples, mip=[0] * len(tuples), seed=7, tag="m0")
    # IMAGE_LOAD takes the largest level of the resource's view.
    image = Image("2D", 20, 256, 8, mips=4)
    load(out, image, spread(image, 5, 3, outside=False), 1, seed=8, tag="lv")


def generate_packed(out):
    """PCK: texels as they lie, without conversion; SGN extends those of 8 and 16 bits with their sign."""
    for fmt in (5, 1, 11, 8, 20, 22, 48, 61):
        f = FORMATS[fmt]
        image = Image("2D", fmt, 256 // f.bytes, 3)
        tuples = spread(image, 7, 2, outside=True)
        dwords = max(1, f.bytes // 4)
        dmask = (1 << dwords) - 1
        for mip in (False, True):
            for sign in (False, True):
                name = f"image_load{'_mip' if mip else ''}_pck{'_sgn' if sign else ''}"
                lanes = Lanes(out, f"p{f.bytes}{mip}", [c + ((0,) if mip else ()) for c in tuples])
                t = Test(name, x=lanes.mask())
                places = [image.texel(c) for c in tuples]
                fill(t, image, places, 1)
                lanes.setup(t)
                tsharp(t, image)

                def model(st):
                    for lane in st.lanes():
                        raw = raw_at(st, image, places[lane]) if places[lane] is not None else 0
                        if sign and f.bytes < 4 and raw >> f.bits - 1:
                            raw |= M32 << f.bits & M32
                        for k in range(dwords):
                            st.v[1 + k][lane] = raw >> 32 * k & M32

                t.op(f"{name} {regs(1, dwords)}, {lanes.text()}, s[8:15]{modifiers(image, dmask)}", model)
                t.op("s_waitcnt vmcnt(0)")
                t.emit(out)
            name = f"image_store{'_mip' if mip else ''}_pck"
            lanes = Lanes(out, f"p{f.bytes}{mip}", [c + ((0,) if mip else ()) for c in tuples])
            t = Test(name, x=lanes.mask())
            lanes.setup(t)
            tsharp(t, image)

            def write(st):
                for lane in st.lanes():
                    where = image.texel(tuples[lane])
                    if where is not None:
                        raw = sum(st.v[1 + k][lane] << 32 * k for k in range(dwords)) & (1 << f.bits) - 1
                        st.g[where : where + f.bytes] = raw.to_bytes(f.bytes, "little")

            t.op(f"{name} {regs(1, dwords)}, {lanes.text()}, s[8:15]{modifiers(image, dmask, extra=' unorm')}", write)
            t.op("s_waitcnt_vscnt null, 0x0")
            t.emit(out)


ATOMICS = {
    "swap": "swap", "cmpswap": "cmp", "add": "add", "sub": "sub", "smin": "min_i", "umin": "min_u", "smax": "max_i", "umax": "max_u",
    "and": "and", "or": "or", "xor": "xor", "inc": "inc", "dec": "dec",
}


def generate_atomics(out):
    """Texels of 32 and 64 bits; what is returned replaces the data; outside nothing happens and zero comes back."""
    e32, e64 = out.pool("e32", 1, EDGE32), out.pool("e64", 2, EDGE64)
    for op, rule in ATOMICS.items():
        for bits, fmt, e in ((32, 20, e32), (64, 48, e64)):
            n, dwords = bits // 8, bits // 32
            image = Image("2D", fmt, 512 // n, 4)
            f = integer(rule, bits)
            cmp = op == "cmpswap"
            for returns in (True, False):
                tuples = [(k, 1) for k in range(20)] + [(image.width, 0)]
                lanes = Lanes(out, f"at{n}", tuples)
                t = Test(f"image_atomic_{op}", x=lanes.mask())
                t.mpool("g", image.at(0, 1), e, 0, 1, 20)
                lanes.setup(t)
                t.vpool(1, e, 3 if returns else 0, 5)
                if cmp:
                    t.vpool(1 + dwords, e, 0, 1, 1 if returns else 2)
                tsharp(t, image)

                def model(st):
                    for lane in st.lanes():
                        d = sum(st.v[1 + k][lane] << 32 * k for k in range(dwords))
                        c = sum(st.v[1 + dwords + k][lane] << 32 * k for k in range(dwords))
                        where = image.texel(tuples[lane])
                        x = 0
                        if where is not None:
                            x = raw_at(st, image, where)
                            st.g[where : where + n] = f(x, d, c).to_bytes(n, "little")
                        if returns:
                            for k in range(dwords):
                                st.v[1 + k][lane] = x >> 32 * k & M32

                count = dwords * (2 if cmp else 1)
                text = f"image_atomic_{op} {regs(1, count)}, {lanes.text()}, s[8:15]{modifiers(image, (1 << count) - 1, extra=' unorm')}"
                t.op(text + (" glc" if returns else ""), model)
                t.op("s_waitcnt vmcnt(0)")
                t.op("s_waitcnt_vscnt null, 0x0")
                t.emit(out)
    image = Image("3D", 20, 64, 4, 3)
    tuples = spread(image, 9, 1, outside=False)
    lanes = Lanes(out, "at3d", tuples, a16=True)
    t = Test("image_atomic_add", x=lanes.mask())
    lanes.setup(t)
    tsharp(t, image)

    def add(st):
        for lane in st.lanes():
            where = image.texel(tuples[lane])
            x = raw_at(st, image, where) + st.v[1][lane] & M32
            st.g[where : where + 4] = x.to_bytes(4, "little")

    t.op(f"image_atomic_add v1, {lanes.text()}, s[8:15]{modifiers(image, 1, a16=True, extra=' unorm')}", add)
    t.op("s_waitcnt_vscnt null, 0x0")
    t.emit(out)


def generate_sizes(out):
    """IMAGE_GET_RESINFO: width, height, depth and number of levels."""
    for image, answer in (
        (Image("2D", 46, 64, 5), lambda m: {0: 64, 1: 5, 3: 1}),
        (Image("2D", 20, 256, 8, mips=4), lambda m: {0: 256 >> m, 1: max(1, 8 >> m), 3: 4}),
        (Image("3D", 20, 64, 8, 4, mips=3), lambda m: {0: 64 >> m, 1: 8 >> m, 2: 4 >> m, 3: 3}),
        (Image("2D_ARRAY", 20, 64, 4, 3), lambda m: {0: 64, 1: 4, 2: 3, 3: 1}),
        (Image("CUBE", 20, 64, 64, 12), lambda m: {0: 64, 1: 64, 2: 12, 3: 1}),
        (Image("1D", 20, 64), lambda m: {0: 64, 3: 1}),
    ):
        for mip in range(min(3, image.mips)):
            values = answer(mip)
            for dmask in (sum(1 << k for k in values), 1, 8):
                t = Test("image_get_resinfo", x=0x35)
                t.vgpr(20, mip)
                tsharp(t, image)
                got = [values[k] for k in range(4) if dmask >> k & 1]

                def model(st):
                    for lane in st.lanes():
                        for k, x in enumerate(got):
                            st.v[1 + k][lane] = x

                t.op(f"image_get_resinfo {regs(1, len(got))}, v20, s[8:15]{modifiers(image, dmask)}", model)
                t.op("s_waitcnt vmcnt(0)")
                t.emit(out)


# Samples.

WRAP, MIRROR, CLAMP, BORDER = 0, 1, 2, 6
COMPARE = {
    0: lambda r, t: False, 1: lambda r, t: r < t, 2: lambda r, t: r == t, 3: lambda r, t: r <= t,
    4: lambda r, t: r > t, 5: lambda r, t: r != t, 6: lambda r, t: r >= t, 7: lambda r, t: True,
}


def sampler(t, clamp=(WRAP, WRAP, WRAP), compare=0, border=0):
    """An S# with point filters at s16 (Table 51)."""
    t.sgprs(16, clamp[0] | clamp[1] << 3 | clamp[2] << 6 | compare << 12, 0xFFF << 12, 0, border << 30)


def address(x, n, mode):
    """A texel of a row, None for the border."""
    if mode == WRAP:
        return x % n
    if mode == MIRROR:
        x %= 2 * n
        return x if x < n else 2 * n - 1 - x
    if mode == CLAMP:
        return min(max(x, 0), n - 1)
    return x if 0 <= x < n else None


def parse(name):
    """What a sample's name asks for beside the coordinates, in the order of the registers."""
    parts = name.split("_")[2:]
    extra = []
    if "o" in parts:
        extra.append("offset")
    if "b" in parts:
        extra.append("bias")
    if "c" in parts:
        extra.append("compare")
    if "d" in parts:
        extra.append("g16" if "g16" in parts else "grad")
    tail = "lod" if "l" in parts else "clamp" if "cl" in parts else None
    return extra, tail


SAMPLES = [
    "image_sample", "image_sample_d", "image_sample_l", "image_sample_b", "image_sample_lz", "image_sample_c", "image_sample_c_d",
    "image_sample_c_l", "image_sample_c_b", "image_sample_c_lz", "image_sample_o", "image_sample_d_o", "image_sample_l_o",
    "image_sample_b_o", "image_sample_lz_o", "image_sample_c_o", "image_sample_c_d_o", "image_sample_c_l_o", "image_sample_c_b_o",
    "image_sample_c_lz_o", "image_sample_d_g16", "image_sample_c_d_g16", "image_sample_d_o_g16", "image_sample_c_d_o_g16",
    "image_sample_cl", "image_sample_d_cl", "image_sample_b_cl", "image_sample_c_cl", "image_sample_c_d_cl", "image_sample_c_b_cl",
    "image_sample_cl_o", "image_sample_d_cl_o", "image_sample_b_cl_o", "image_sample_c_cl_o", "image_sample_c_d_cl_o",
    "image_sample_c_b_cl_o", "image_sample_c_d_cl_g16", "image_sample_d_cl_o_g16", "image_sample_c_d_cl_o_g16", "image_sample_d_cl_g16",
]
GATHERS = [
    "image_gather4", "image_gather4_l", "image_gather4_b", "image_gather4_lz", "image_gather4_c", "image_gather4_c_lz", "image_gather4_o",
    "image_gather4_lz_o", "image_gather4_c_lz_o", "image_gather4_cl", "image_gather4_b_cl", "image_gather4_c_cl", "image_gather4_c_l",
    "image_gather4_c_b", "image_gather4_c_b_cl",
]


def sample(out, name, image, points, clamp, compare=3, unnormalized=False, a16=False, dmask=15, d16=False, seed=0, offsets=None, border=0):
    """A sample or a gather of points given in texels."""
    gather = "gather" in name
    extra, tail = parse(name)
    f = image.format
    size = [image.width, image.height, image.depth]
    refs = [Fraction(k * 3 % 8, 8) for k in range(len(points))]
    compares = "compare" in extra
    if compares:
        dmask = 1
    half = f16bits if a16 else None
    head, body = [], []
    for k, point in enumerate(points):
        h = []
        if "offset" in extra:
            ox, oy = (offsets or [(0, 0)])[k % len(offsets or [0])]
            h.append((ox & 63) | (oy & 63) << 8)
        if "bias" in extra:
            h.append(f32bits(0.0))
        if "compare" in extra:
            h.append(f32bits(float(refs[k])))
        if "grad" in extra:
            h += [0] * 4
        if "g16" in extra:
            h += [0] * 2
        head.append(h)
        b = []
        for c, x in enumerate(point):
            array = image.dim == "2D_ARRAY" and c == 2 or image.dim == "1D_ARRAY" and c == 1
            v = float(x) if unnormalized or array else float(x) / size[c]
            b.append(half(v) if a16 else f32bits(v))
        if tail:
            b.append(half(0.0) if a16 else 0)
        body.append(b)
    if a16:
        # A bias shares the width of the coordinates and a pair of its own.
        body = [[b[k] | (b[k + 1] if k + 1 < len(b) else 0) << 16 for k in range(0, len(b), 2)] for b in body]
    rows = [h + b for h, b in zip(head, body)]
    count = len(rows[0])
    t = Test(name, x=(1 << len(points)) - 1 & ~4)
    if compares:
        for where in sorted({image.at(x, y) for x in range(image.width) for y in range(image.height)} & set(touched(image, points, gather, offsets if "offset" in extra else None, clamp))):
            t.bytes("g", where, f32bits(((where // 4) * 5 % 8) / 8).to_bytes(4, "little"))
    else:
        # Denormals of f16 are normal in f32: whether samples flush them (10.4) is not published.
        small = lambda raw: all(w == 32 or x == 0 or x >> w - 6 & 31 for w, x in zip(f.widths, f.fields(raw)))
        fill(t, image, touched(image, points, gather, offsets if "offset" in extra else None, clamp), seed, small if f.kind == "FLOAT" else lambda raw: True)
    for k in range(count):
        t.vpool(20 + k, out.pool(f"q{abs(hash_of([r[k] for r in rows]))}", 1, [r[k] for r in rows]), 0, 1)
    tsharp(t, image)
    sampler(t, clamp, compare if compares else 0, border)
    borders = {0: [0, 0, 0, 0], 1: [0, 0, 0, 1], 2: [1, 1, 1, 1]}[border]

    def value(st, where):
        if where is None:
            one = one_of(f, d16)
            parts = [one if x else 0 for x in borders]
        else:
            raw = raw_at(st, image, where)
            parts = f.load16(raw) if d16 else f.load(raw)
            if f.kind == "FLOAT" and not d16:
                # 10.4: "Sample ops flush denormals, and loads do not modify denormals."
                parts = [x if x >> 23 & 0xFF else x & 0x80000000 for x in parts]
            parts = components(image, parts, d16)
        return parts

    def model(st):
        for lane in st.lanes():
            places = texels(image, points[lane], gather, (offsets or [(0, 0)])[lane % len(offsets or [0])] if "offset" in extra else (0, 0), clamp)
            if compares:
                got = []
                for where in places:
                    texel = Fraction((where // 4) * 5 % 8, 8)
                    got.append(f32bits(1.0) if COMPARE[compare](refs[lane], texel) else 0)
            elif gather:
                c = next(k for k in range(4) if dmask >> k & 1)
                got = [value(st, where)[c] for where in places]
            else:
                got = [x for k, x in enumerate(value(st, places[0])) if dmask >> k & 1]
            assert None not in got
            put_data(st, lane, 1, got, d16)

    n = 4 if gather else bin(dmask).count("1")
    dwords = (n + 1) // 2 if d16 else n
    text = f"{name} {regs(1, dwords)}, {regs(20, count)}, s[8:15], s[16:19]"
    text += modifiers(image, dmask, d16, a16, extra=" unorm" if unnormalized else "")
    t.op(text, model)
    t.op("s_waitcnt vmcnt(0)")
    t.emit(out)


def hash_of(values):
    """A name for a list, the same in every run."""
    h = 2166136261
    for v in values:
        for k in range(4):
            h = (h ^ v >> 8 * k & 0xFF) * 16777619 & M32
    return h


def texels(image, point, gather, offset, clamp):
    """Offsets of the texels that a point takes."""
    size = [image.width, image.height, image.depth]
    if image.dim == "2D_ARRAY":
        base = [int(point[0] // 1), int(point[1] // 1)]
        z = min(max(int((point[2] + Fraction(1, 2)) // 1), 0), image.depth - 1)
    elif image.dim == "1D_ARRAY":
        base = [int(point[0] // 1)]
        z = min(max(int((point[1] + Fraction(1, 2)) // 1), 0), image.depth - 1)
    else:
        base = [int(x // 1) for x in point]
        z = None
    shifts = [(0, 0)]
    if gather:
        base = [int((x - Fraction(1, 2)) // 1) for x in point[:2]]
        shifts = [(0, 1), (1, 1), (1, 0), (0, 0)]
    out = []
    for dx, dy in shifts:
        c = []
        for k, x in enumerate(base):
            x += (dx, dy, 0)[k] + (offset[k] if k < 2 else 0)
            c.append(address(x, size[k], clamp[k]))
        if None in c:
            out.append(None)
            continue
        x, y = c[0], c[1] if len(c) > 1 else 0
        out.append(image.at(x, y, c[2] if len(c) > 2 else z or 0))
    return out


def touched(image, points, gather, offsets, clamp):
    """Texels of all points."""
    out = []
    for k, point in enumerate(points):
        out += texels(image, point, gather, offsets[k % len(offsets)] if offsets else (0, 0), clamp)
    return out


Q = Fraction(1, 4)


def points2(image, seed=0, outside=True):
    """Points a quarter off the texels' middles, some beyond the edges."""
    w, h = image.width, image.height
    at = [(0, 0), (5, 1), (w - 1, h - 1), (17, 2), (w // 2, 3), (3, h - 2)]
    out = [(x + Fraction(1, 2) + (Q if k & 1 else -Q), y + Fraction(1, 2) + (Q if k & 2 else -Q)) for k, (x, y) in enumerate(at)]
    if outside:
        out += [(-3 + Q, Fraction(1, 2)), (w + 2 + Q, h + 1 + Q), (Fraction(9, 4), -1 - Q), (2 * w + 5 + Q, Fraction(7, 4))]
    return out


def generate_samples(out):
    """Every name once with colours or a comparison, then the clamp modes, formats, dimensions and 16-bit addresses."""
    # Sizes are powers of two, so that coordinates over sizes are exact.
    colour = Image("2D", 42, 64, 8)
    depth = Image("2D", 22, 64, 8)
    offsets = [(0, 0), (3, -2), (-8, 1), (7, 7)]
    modes = [(WRAP, WRAP, 0), (CLAMP, MIRROR, 0), (MIRROR, CLAMP, 0), (BORDER, BORDER, 0)]
    for k, name in enumerate(SAMPLES):
        c = "_c" in name and "c" in name.split("_")
        clamp = modes[k % 3]
        if c:
            sample(out, name, depth, points2(depth), clamp, compare=k % 8, offsets=offsets)
        else:
            sample(out, name, colour, points2(colour), clamp, seed=k, offsets=offsets)
    gather = [(x + Q, y - Q) for x, y in [(1, 1), (6, 2), (17, 3), (33, 5), (62, 6), (2, 7)]] + [(Fraction(1, 4), Fraction(1, 4)), (64 - Q, 8 - Q)]
    for k, name in enumerate(GATHERS):
        clamp = modes[k % 3]
        if "c" in name.split("_"):
            sample(out, name, depth, gather, clamp, compare=1 + k % 6, offsets=offsets)
        else:
            sample(out, name, colour, gather, clamp, dmask=1 << k % 4, seed=k, offsets=offsets)
    for mode in modes:
        for border in (0, 1, 2) if mode[0] == BORDER else (0,):
            sample(out, "image_sample_lz", Image("2D", 63, 16, 8), points2(Image("2D", 63, 16, 8)), mode, seed=3, border=border)
    inside = points2(colour, outside=False)
    sample(out, "image_sample_lz", colour, inside, (CLAMP, CLAMP, 0), unnormalized=True, seed=5)
    sample(out, "image_sample_lz", colour, inside, (CLAMP, CLAMP, 0), dmask=9, seed=6)
    sample(out, "image_sample_lz", colour, inside, (CLAMP, CLAMP, 0), d16=True, seed=7)
    sample(out, "image_sample_l", colour, points2(colour), (WRAP, WRAP, 0), a16=True, seed=8)
    sample(out, "image_sample", colour, points2(colour), (MIRROR, MIRROR, 0), a16=True, seed=9)
    for fmt in (46, 47, 20, 57, 36, 68):
        width = 64 if FORMATS[fmt].bytes == 4 else 32 if FORMATS[fmt].bytes == 8 else 128
        image = Image("2D", fmt, width, 8)
        sample(out, "image_sample_lz", image, points2(image), (WRAP, CLAMP, 0), dmask=(1 << FORMATS[fmt].count) - 1, seed=10)
    line = Image("1D", 42, 64)
    sample(out, "image_sample_lz", line, [(p[0],) for p in points2(colour)], (MIRROR, 0, 0), seed=11)
    solid = Image("3D", 42, 64, 4, 4)
    sample(out, "image_sample_lz", solid, [(p[0], p[1] % 4, Fraction(k % 5) + Q) for k, p in enumerate(points2(colour))], (WRAP, WRAP, CLAMP), seed=12)
    array = Image("2D_ARRAY", 42, 64, 4, 3)
    sample(out, "image_sample_lz", array, [(p[0], p[1] % 4, Fraction(k % 3)) for k, p in enumerate(points2(colour))], (WRAP, WRAP, 0), seed=13)
    sample(out, "image_sample_l", array, [(p[0], p[1] % 4, Fraction(k % 4) + Q) for k, p in enumerate(points2(colour))], (WRAP, WRAP, 0), seed=14)
    for compare in range(8):
        sample(out, "image_sample_c_lz", depth, points2(depth), (WRAP, CLAMP, 0), compare=compare)


def generate(out, rng, factor):
    """All tests of this module."""
    generate_shapes(out)
    generate_formats(out)
    generate_masks(out)
    generate_mips(out)
    generate_packed(out)
    generate_atomics(out)
    generate_sizes(out)
    generate_samples(out)
