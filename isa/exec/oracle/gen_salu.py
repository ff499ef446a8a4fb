"""SOP1, SOP2, SOPC, SOPK and SOPP, from the RDNA3 guide's chapters 5, 6 and 16.1 to 16.5.

The instructions of a test run one after the other and SCC is kept by S_MOV_B32 from SRC_SCC, so that every line of a
vector file tries one instruction with many operands.
"""
from state import GLOBAL, M32, M64, Test, pair, read, s32, s64, sext, write

E32 = [0, 1, 2, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFFFE, 0x12345678, 0xDEADBEEF, 0x0000FFFF, 0xFFFF0000]
E64 = [
    0, 1, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, M64, 0xFFFFFFFF, 0xFFFFFFFF00000000, 0x0000000100000000,
    0x123456789ABCDEF0, 0x8000000000000001, 0xF0F0F0F00F0F0F0F, 0x0000800000000000,
]
# Pairs that meet carries, overflows and equality.
P32 = [
    (0, 0), (1, 0xFFFFFFFF), (0x7FFFFFFF, 1), (0x80000000, 0x80000000), (0x80000000, 1), (0x80000000, 0xFFFFFFFF),
    (0xFFFFFFFF, 0xFFFFFFFF), (0x12345678, 0x9ABCDEF0), (5, 7), (7, 5), (0x7FFFFFFF, 0x80000000), (0xFFFF8001, 0x00018000),
    (0x80000000, 0x7FFFFFFF), (0, 1),
]
P64 = [
    (0, 0), (M64, M64), (0xFFFFFFFF, 0xFFFFFFFF00000000), (0x123456789ABCDEF0, 0x0F1E2D3C4B5A6978), (1 << 63, 1), (1, 1),
    (0xF0F0F0F0F0F0F0F0, 0x00FF00FF00FF00FF), (0, M64), (1 << 32, 1 << 32 | 1), (0x8000000000000001, 0x8000000000000001),
]
SHIFTS = [0, 1, 31, 32, 33, 63, 64, 0x80000005, 0xFFFFFFFF, 16]


def bfe(x, control, bits, signed):
    """S_BFE: offset in [4:0] or [5:0], width in [22:16]; a width beyond the register takes all that is left."""
    offset = control & (bits - 1)
    width = min(control >> 16 & 0x7F, bits)
    if signed:
        v = sext(x, bits) >> offset
        return 0 if width == 0 else sext(v & (1 << width) - 1, width) & (1 << bits) - 1
    return x >> offset & (1 << width) - 1


def carry(x):
    """Low dword and what lies above."""
    return x & M32, int(x > M32)


def overflow(a, b, r):
    """A signed sum that does not fit."""
    return int(not -(1 << 31) <= s32(a) + s32(b) * r <= (1 << 31) - 1)


def nz(x):
    """A result and SCC = not zero."""
    return x, int(x != 0)


# name: (bits of destination, src0, src1, f(a, b, scc) -> (result, SCC or None), operand pairs)
SOP2 = {}


def sop2(name, d, a, b, f, pairs=None):
    """Registers a row of the table."""
    SOP2[name] = (d, a, b, f, pairs)


sop2("s_add_u32", 32, 32, 32, lambda a, b, c: carry(a + b))
sop2("s_sub_u32", 32, 32, 32, lambda a, b, c: (a - b & M32, int(b > a)))
sop2("s_add_i32", 32, 32, 32, lambda a, b, c: (a + b & M32, overflow(a, b, 1)))
sop2("s_sub_i32", 32, 32, 32, lambda a, b, c: (a - b & M32, overflow(a, b, -1)))
sop2("s_addc_u32", 32, 32, 32, lambda a, b, c: carry(a + b + c))
sop2("s_subb_u32", 32, 32, 32, lambda a, b, c: (a - b - c & M32, int(b + c > a)))
# The guide subtracts in 32 bits and negates a negative result: 0x80000000 stays.
sop2("s_absdiff_i32", 32, 32, 32, lambda a, b, c: nz(abs(s32(a - b)) & M32))
sop2("s_lshl_b32", 32, 32, 32, lambda a, b, c: nz(a << (b & 31) & M32), [(x, n) for x in (0x80000001, 0xFFFFFFFF) for n in SHIFTS])
sop2("s_lshr_b32", 32, 32, 32, lambda a, b, c: nz(a >> (b & 31)), [(x, n) for x in (0x80000001, 0x7FFFFFFF) for n in SHIFTS])
sop2("s_ashr_i32", 32, 32, 32, lambda a, b, c: nz(s32(a) >> (b & 31) & M32), [(x, n) for x in (0x80000001, 0x7FFFFFFF) for n in SHIFTS])
sop2("s_lshl_b64", 64, 64, 32, lambda a, b, c: nz(a << (b & 63) & M64), [(0x8123456789ABCDE1, n) for n in SHIFTS])
sop2("s_lshr_b64", 64, 64, 32, lambda a, b, c: nz(a >> (b & 63)), [(0x8123456789ABCDE1, n) for n in SHIFTS])
sop2("s_ashr_i64", 64, 64, 32, lambda a, b, c: nz(s64(a) >> (b & 63) & M64), [(0x8123456789ABCDE1, n) for n in SHIFTS] + [(0x7123456789ABCDE1, 63)])
for k in (1, 2, 3, 4):
    sop2(f"s_lshl{k}_add_u32", 32, 32, 32, lambda a, b, c, k=k: carry((a << k) + b))
sop2("s_min_i32", 32, 32, 32, lambda a, b, c: (a, 1) if s32(a) < s32(b) else (b, 0))
sop2("s_min_u32", 32, 32, 32, lambda a, b, c: (a, 1) if a < b else (b, 0))
# SCC of equal operands: 6.4 says ">", 16.1 says ">="; the latter is newer and is not asked here.
NE32 = [(a, b) for a, b in P32 if a != b]
sop2("s_max_i32", 32, 32, 32, lambda a, b, c: (a, 1) if s32(a) > s32(b) else (b, 0), NE32)
sop2("s_max_u32", 32, 32, 32, lambda a, b, c: (a, 1) if a > b else (b, 0), NE32)
for bits, m in ((32, M32), (64, M64)):
    sop2(f"s_and_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(a & b))
    sop2(f"s_or_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(a | b))
    sop2(f"s_xor_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(a ^ b))
    sop2(f"s_nand_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(~(a & b) & m))
    sop2(f"s_nor_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(~(a | b) & m))
    sop2(f"s_xnor_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(~(a ^ b) & m))
    sop2(f"s_and_not1_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz(a & ~b & m))
    sop2(f"s_or_not1_b{bits}", bits, bits, bits, lambda a, b, c, m=m: nz((a | ~b) & m))
    sop2(f"s_cselect_b{bits}", bits, bits, bits, lambda a, b, c, m=m: (a if c else b, None))
    widths = [0, 1, 7, 31, 32, 33, 63, 64, 127]
    controls = [w << 16 | o for w in widths for o in (0, 4)] + [8 << 16 | 31, 1 << 16 | 63, 0xFF880004 | 1 << 5]
    for kind, signed in (("u", False), ("i", True)):
        x = 0xF123456789ABCDE8 if bits == 64 else 0x8BCDE8F7
        sop2(f"s_bfe_{kind}{bits}", bits, bits, 32, lambda a, b, c, n=bits, s=signed: nz(bfe(a, b, n, s)), [(x, c) for c in controls])
    sop2(
        f"s_bfm_b{bits}", bits, 32, 32,
        lambda a, b, c, n=bits, m=m: (((1 << (a & n - 1)) - 1) << (b & n - 1) & m, None),
        [(0, 0), (1, 0), (5, 3), (31, 0), (31, 31), (32, 1), (33, 32), (63, 1), (8, 60), (0xFFFFFFFF, 0xFFFFFFFF), (64, 64)],
    )
sop2("s_mul_i32", 32, 32, 32, lambda a, b, c: (a * b & M32, None))
sop2("s_mul_hi_u32", 32, 32, 32, lambda a, b, c: (a * b >> 32, None))
sop2("s_mul_hi_i32", 32, 32, 32, lambda a, b, c: (s32(a) * s32(b) >> 32 & M32, None))
sop2("s_pack_ll_b32_b16", 32, 32, 32, lambda a, b, c: ((b & 0xFFFF) << 16 | a & 0xFFFF, None))
sop2("s_pack_lh_b32_b16", 32, 32, 32, lambda a, b, c: (b & 0xFFFF0000 | a & 0xFFFF, None))
sop2("s_pack_hh_b32_b16", 32, 32, 32, lambda a, b, c: (b & 0xFFFF0000 | a >> 16, None))
sop2("s_pack_hl_b32_b16", 32, 32, 32, lambda a, b, c: ((b & 0xFFFF) << 16 | a >> 16, None))


def reverse(x, bits):
    """Bits in the other order."""
    return int(f"{x:0{bits}b}"[::-1], 2)


def ctz(x, bits):
    """Position of the lowest one, -1 if there is none."""
    return next((i for i in range(bits) if x >> i & 1), -1) & M32


def clz(x, bits):
    """Zeros above the highest one, -1 if there is none."""
    return next((i for i in range(bits) if x >> bits - 1 - i & 1), -1) & M32


def cls(x, bits):
    """How many bits at the top equal the sign, -1 if all do."""
    return next((i for i in range(1, bits) if x >> bits - 1 - i & 1 != x >> bits - 1), -1) & M32


def quads(x, bits):
    """A bit a quad that has any."""
    return sum(1 << i for i in range(bits // 4) if x >> 4 * i & 15)


def wqm(x, bits):
    """Whole quads where any bit is set."""
    return sum(15 << 4 * i for i in range(bits // 4) if x >> 4 * i & 15)


# name: (bits of destination, source, f(a, old, scc) -> (result or None, SCC or None))
SOP1 = {
    "s_sext_i32_i8": (32, 32, lambda a, d, c: (sext(a, 8) & M32, None)),
    "s_sext_i32_i16": (32, 32, lambda a, d, c: (sext(a, 16) & M32, None)),
    "s_abs_i32": (32, 32, lambda a, d, c: nz(abs(s32(a)) & M32)),
    "s_bitreplicate_b64_b32": (64, 32, lambda a, d, c: (sum((a >> i & 1) * 3 << 2 * i for i in range(32)), None)),
    "s_clz_i32_u32": (32, 32, lambda a, d, c: (clz(a, 32), None)),
    "s_clz_i32_u64": (32, 64, lambda a, d, c: (clz(a, 64), None)),
    "s_cls_i32": (32, 32, lambda a, d, c: (cls(a, 32), None)),
    "s_cls_i32_i64": (32, 64, lambda a, d, c: (cls(a, 64), None)),
}
for bits in (32, 64):
    m = (1 << bits) - 1
    SOP1[f"s_mov_b{bits}"] = (bits, bits, lambda a, d, c: (a, None))
    SOP1[f"s_cmov_b{bits}"] = (bits, bits, lambda a, d, c: (a if c else d, None))
    SOP1[f"s_brev_b{bits}"] = (bits, bits, lambda a, d, c, n=bits: (reverse(a, n), None))
    SOP1[f"s_ctz_i32_b{bits}"] = (32, bits, lambda a, d, c, n=bits: (ctz(a, n), None))
    SOP1[f"s_bitset0_b{bits}"] = (bits, 32, lambda a, d, c, n=bits: (d & ~(1 << (a & n - 1)), None))
    SOP1[f"s_bitset1_b{bits}"] = (bits, 32, lambda a, d, c, n=bits: (d | 1 << (a & n - 1), None))
    SOP1[f"s_bcnt0_i32_b{bits}"] = (32, bits, lambda a, d, c, n=bits: nz(n - bin(a).count("1")))
    SOP1[f"s_bcnt1_i32_b{bits}"] = (32, bits, lambda a, d, c: nz(bin(a).count("1")))
    SOP1[f"s_quadmask_b{bits}"] = (bits, bits, lambda a, d, c, n=bits: nz(quads(a, n)))
    SOP1[f"s_wqm_b{bits}"] = (bits, bits, lambda a, d, c, n=bits: nz(wqm(a, n)))
    SOP1[f"s_not_b{bits}"] = (bits, bits, lambda a, d, c, m=m: nz(~a & m))

# name: f(source, exec, mask)
SAVEEXEC = {
    "and": lambda a, e, m: a & e, "or": lambda a, e, m: a | e, "xor": lambda a, e, m: a ^ e,
    "nand": lambda a, e, m: ~(a & e) & m, "nor": lambda a, e, m: ~(a | e) & m, "xnor": lambda a, e, m: ~(a ^ e) & m,
    "and_not0": lambda a, e, m: ~a & e & m, "or_not0": lambda a, e, m: (~a | e) & m,
    "and_not1": lambda a, e, m: a & ~e & m, "or_not1": lambda a, e, m: (a | ~e) & m,
}

COMPARES = {
    "eq": lambda a, b: a == b, "lg": lambda a, b: a != b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
}
# name: (source bits, f(a, b) -> SCC, pairs)
SOPC = {}
for op, f in COMPARES.items():
    SOPC[f"s_cmp_{op}_i32"] = (32, 32, lambda a, b, f=f: f(s32(a), s32(b)), P32)
    SOPC[f"s_cmp_{op}_u32"] = (32, 32, f, P32)
for op in ("eq", "lg"):
    SOPC[f"s_cmp_{op}_u64"] = (64, 64, COMPARES[op], P64)
for bits in (32, 64):
    for one in (0, 1):
        SOPC[f"s_bitcmp{one}_b{bits}"] = (
            bits, 32, lambda a, b, n=bits, one=one: a >> (b & n - 1) & 1 == one,
            [(0x8000000100000001 & (1 << bits) - 1, n) for n in SHIFTS] + [(0x7FFFFFFEFFFFFFFE & (1 << bits) - 1, n) for n in SHIFTS[:5]],
        )


def name_of(k, bits):
    """An SGPR or a pair."""
    return pair(k) if bits == 64 else f"s{k}"


def set_scc(t, value):
    """SCC to a wanted value by a comparison of constants."""
    t.op(f"s_cmp_eq_u32 0, {0 if value else 1}", lambda st: setattr(st, "scc", value))


def keep_scc(t, k):
    """SCC into an SGPR."""
    t.op(f"s_mov_b32 s{k}, src_scc", lambda st: write(st, f"s{k}", st.scc))


def do(t, name, dst, sources, kinds, f, destination_bits):
    """An instruction with a destination; f(values…, scc) -> (result, SCC)."""

    def model(st):
        values = [read(st, s, bits, signed=name.endswith("64") and "_i" in name) for s, bits in zip(sources, kinds)]
        result, scc = f(*values, st.scc)
        if destination_bits:
            write(st, dst, result)
        if scc is not None:
            st.scc = scc

    t.op(f"{name} " + ", ".join(str(x) if not isinstance(x, int) else str(x) for x in ([dst] if dst else []) + sources), model)


def generate_sop2(out):
    """SOP2: pairs of registers, then constants and special registers."""
    for name, (d, a, b, f, pairs) in SOP2.items():
        pairs = pairs or (P32 if a == 32 else P64)
        reads_scc = name in ("s_addc_u32", "s_subb_u32", "s_cselect_b32", "s_cselect_b64")
        tries = [(x, c) for x in pairs for c in ((0, 1) if reads_scc else (None,))]
        step = (a + b) // 32
        results = d // 32
        writes_scc = f(1, 1, 0)[1] is not None
        size = min((USABLE - 2) // (step + results + writes_scc), 14)
        for at in range(0, len(tries), size):
            part = tries[at : at + size]
            t = Test(name)
            values = []
            for (x, y), _ in part:
                for v, bits in ((x, a), (y, b)):
                    values += [v & M32] if bits == 32 else [v & M32, v >> 32]
            odd = len(values) & 1
            t.sgprs(0, *values)
            src, dst, flag = 0, len(values) + odd, len(values) + odd + results * len(part)
            if a == 64 and b == 32:
                # Pairs stand first, so that they are even.
                values = [w for (x, _), _ in part for w in (x & M32, x >> 32)] + [y for (_, y), _ in part]
                t.before.pop()
                t.sgprs(0, *values)
            for i, (_, scc) in enumerate(part):
                if scc is not None:
                    set_scc(t, scc)
                if a == 64 and b == 32:
                    sources = [pair(2 * i), f"s{2 * len(part) + i}"]
                else:
                    sources = [name_of(src, a), name_of(src + a // 32, b)]
                    src += step
                do(t, name, name_of(dst + results * i, d), sources, (a, b), f, d)
                if writes_scc:
                    keep_scc(t, flag + i)
            t.emit(out)
        t = Test(name, vcc=0x123456789ABCDEF0, m0=0x80000003, scc=1)
        t.sgprs(0, 0x00050004, 0x80000000, 0x89ABCDEF, 0x01234567)
        big = a == 64
        do(t, name, name_of(10, d), [-1, 5], (a, b), f, d)
        do(t, name, name_of(12, d), [name_of(0, a), "m0"] if b == 32 else [name_of(0, a), name_of(2, b)], (a, b), f, d)
        do(t, name, name_of(14, d), ["vcc" if big else "vcc_lo", "0x00030002" if b == 32 else "0x80030002"], (a, b), f, d)
        do(t, name, name_of(16, d), ["0x80000001", "s3" if b == 32 else pair(2)], (a, b), f, d)
        do(t, name, name_of(18, d), ["1.0", name_of(0, b)], (a, b), f, d)
        do(t, name, "vcc" if d == 64 else "vcc_hi", [name_of(2, a), 3], (a, b), f, d)
        do(t, name, "m0" if d == 32 else pair(20), [64, -16], (a, b), f, d)
        do(t, name, "null", [name_of(2, a), 1], (a, b), f, d)
        # In place, and the same register twice.
        if "max" not in name:
            do(t, name, name_of(2, d), [name_of(2, a), name_of(2, b)], (a, b), f, d)
        t.emit(out)


USABLE = 78


def generate_sop1(out):
    """SOP1 without those that move EXEC or the program counter."""
    for name, (d, a, f) in SOP1.items():
        values = (E64 if a == 64 else E32)[:]
        if "bitset" in name:
            values = SHIFTS[:8]
        if a == 32 and "bitset" not in name:
            values += [0x80, 0x7F, 0x8000, 0x00010000]
        reads_scc = "cmov" in name
        writes_scc = f(1, 0, 0)[1] is not None
        t = Test(name, vcc=0xFFFFFFFF0000000F)
        words = [w for v in values for w in ([v] if a == 32 else [v & M32, v >> 32])]
        t.sgprs(0, *words)
        dst = (len(words) + 1) & ~1
        flag = dst + d // 32 * len(values)
        for i in range(len(values)):
            if reads_scc:
                set_scc(t, i & 1)
            one(t, name, name_of(dst + d // 32 * i, d), name_of(a // 32 * i, a), d, a, f)
            if writes_scc and flag + i < USABLE:
                keep_scc(t, flag + i)
        one(t, name, "vcc" if d == 64 else "vcc_lo", "vcc" if a == 64 else "vcc_hi", d, a, f)
        t.emit(out)
        t = Test(name, scc=1, m0=0x00800000)
        t.sgprs(0, 0x11223344, 0x8899AABB)
        for dst, src in (
            (name_of(4, d), -3), (name_of(6, d), "0x87654321"), (name_of(8, d), "-4.0"), (name_of(10, d), "null" if a == 32 else 0),
            (name_of(12, d), "m0" if a == 32 else 17), ("null", name_of(0, a)), (name_of(0, d), name_of(0, a)),
        ):
            one(t, name, dst, src, d, a, f)
        if d == 32:
            one(t, name, "m0", 5, d, a, f)
        t.emit(out)


def one(t, name, dst, src, d, a, f):
    """A SOP1 instruction."""

    def model(st):
        result, scc = f(read(st, src, a, signed="i64" in name), read(st, dst, d), st.scc)
        write(st, dst, result)
        if scc is not None:
            st.scc = scc

    t.op(f"{name} {dst}, {src}", model)


def saveexec(t, name, dst, src, bits, f, saves):
    """EXEC from a source, the old EXEC (or the new one) into a register, SCC = EXEC is not zero."""
    m = (1 << bits) - 1

    def model(st):
        old = st.exec & m
        new = f(read(st, src, bits), old, m)
        st.exec = new if st.w == bits else st.exec & ~m | new
        write(st, dst, old if saves else new)
        st.scc = int(new != 0)

    t.op(f"{name} {dst}, {src}", model)


def generate_exec(out):
    """SAVEEXEC and WREXEC, in the wave size of their width."""
    for bits in (32, 64):
        rows = [(f"s_{op}_saveexec_b{bits}", f, True) for op, f in SAVEEXEC.items()]
        rows += [(f"s_{op}_wrexec_b{bits}", SAVEEXEC[op], False) for op in ("and_not0", "and_not1")]
        for name, f, saves in rows:
            values = [0x0F0F3355_AA5500FF, M64, 0, 0x80000001_80000001, 0x12345678_9ABCDEF0]
            x0 = 0xF0F0_1234_5678_9ABC & (1 << bits) - 1
            t = Test(name, w=bits, x=x0)
            words = [w for v in values for w in ([v & M32] if bits == 32 else [v & M32, v >> 32])]
            t.sgprs(0, *words)
            dst = 20
            for i in range(len(values)):
                saveexec(t, name, name_of(dst + bits // 32 * i, bits), name_of(bits // 32 * i, bits), bits, f, saves)
                keep_scc(t, 40 + i)
            saveexec(t, name, "vcc" if bits == 64 else "vcc_lo", "exec" if bits == 64 else "exec_lo", bits, f, saves)
            saveexec(t, name, "null", -1, bits, f, saves)
            keep_scc(t, 46)
            # In place: the source is read before it is written.
            saveexec(t, name, name_of(0, bits), name_of(0, bits), bits, f, saves)
            t.emit(out)
    # The 32-bit form on a wave64 leaves the upper half, and SCC looks at what was written.
    for op in ("and", "nor", "or_not1"):
        name = f"s_{op}_saveexec_b32"
        t = Test(name, w=64, x=0xFFFF0000_00FF00FF)
        t.sgprs(0, 0xFF00FF00)
        saveexec(t, name, "s1", "s0", 32, SAVEEXEC[op], True)
        t.emit(out)


def generate_sopc(out):
    """SOPC: SCC of each comparison."""
    for name, (a, b, f, pairs) in SOPC.items():
        t = Test(name, vcc=0x7FFFFFFF80000000, m0=31)
        regs, at = [], 0
        values = []
        for x, y in pairs:
            if a == 64:
                values += [x & M32, x >> 32]
                regs.append([pair(at), None])
                at += 2
            else:
                values.append(x)
                regs.append([f"s{at}", None])
                at += 1
        at += at & 1
        if len(values) < at:
            values.append(0)
        for i, (x, y) in enumerate(pairs):
            values += [y & M32] if b == 32 else [y & M32, y >> 32]
            regs[i][1] = name_of(at, b)
            at += b // 32
        t.sgprs(0, *values)

        def compare(x, y, keep):
            t.op(f"{name} {x}, {y}", lambda st: setattr(st, "scc", int(f(read(st, x, a), read(st, y, b)))))
            keep_scc(t, keep)

        for i, (x, y) in enumerate(regs):
            compare(x, y, at + i)
        at += len(regs)
        for k, (x, y) in enumerate((("vcc" if a == 64 else "vcc_lo", -16), (64 if a == 32 else 1, "m0" if b == 32 else pair(0)), ("0x80000000", 3))):
            compare(x, y, at + k)
        t.emit(out)


K16 = [0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x1234, 0xFFF0]


def generate_sopk(out):
    """SOPK arithmetic and comparisons; branches and hardware registers are below."""

    def k_imm(k, signed):
        return sext(k, 16) & M32 if signed else k

    for op, f in COMPARES.items():
        for kind in ("i", "u"):
            name = f"s_cmpk_{op}_{kind}32"
            values = [0, 1, 0x7FFF, 0x8000, 0xFFFF8000, 0xFFFFFFFF, 0x1234, 0x80000000, 0x0000FFFF]
            t = Test(name)
            t.sgprs(0, *values)
            at = 10
            for k, v in [(k, i) for k in (0, 0x7FFF, 0x8000, 0xFFFF, 0x1234) for i in range(len(values))]:
                s = kind == "i"

                def model(st, k=k, v=v):
                    a, b = st.s[v], k_imm(k, s)
                    st.scc = int(f(s32(a), s32(b)) if s else f(a, b))

                t.op(f"{name} s{v}, 0x{k:x}" if not s or k < 0x8000 else f"{name} s{v}, {sext(k, 16)}", model)
                keep_scc(t, at)
                at += 1
            t.emit(out)
    rows = {
        "s_movk_i32": lambda d, k, c: (sext(k, 16) & M32, None),
        "s_cmovk_i32": lambda d, k, c: (sext(k, 16) & M32 if c else d, None),
        "s_addk_i32": lambda d, k, c: (d + sext(k, 16) & M32, overflow(d, sext(k, 16) & M32, 1)),
        "s_mulk_i32": lambda d, k, c: (d * sext(k, 16) & M32, None),
    }
    for name, f in rows.items():
        t = Test(name, vcc=0x8000)
        values = [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1, 0x12345678]
        tries = [(k, v) for k in K16 for v in values]
        t.sgprs(0, *[v for _, v in tries])
        flag = len(tries)
        for i, (k, _) in enumerate(tries):
            if name == "s_cmovk_i32":
                set_scc(t, i & 1)
            dst = f"s{i}"

            def model(st, dst=dst, k=k):
                r, scc = f(read(st, dst, 32), k, st.scc)
                write(st, dst, r)
                st.scc = st.scc if scc is None else scc

            t.op(f"{name} {dst}, {sext(k, 16)}", model)
            if name == "s_addk_i32":
                keep_scc(t, flag + i)
        dst = "vcc_lo"

        def model(st):
            r, scc = f(read(st, "vcc_lo", 32), 0x8000, st.scc)
            write(st, "vcc_lo", r)
            st.scc = st.scc if scc is None else scc

        t.op(f"{name} vcc_lo, -32768", model)
        t.emit(out)


def generate_movrel(out):
    """Registers indexed by M0."""
    for m0 in (0, 1, 5, 20):
        t = Test("s_movrels_b32", m0=m0)
        t.op("s_movrels_b32 s50, s3", lambda st: write(st, "s50", st.s[3 + m0]))
        t.emit(out)
        t = Test("s_movreld_b32", m0=m0)
        t.sgprs(2, 0xCAFE0000 + m0)
        t.op("s_movreld_b32 s9, s2", lambda st: write(st, f"s{9 + m0}", st.s[2]))
        t.op("s_movreld_b32 s40, -5", lambda st: write(st, f"s{40 + m0}", -5))
        t.emit(out)
    for m0 in (0, 2, 6, 22):
        t = Test("s_movrels_b64", m0=m0)
        t.op("s_movrels_b64 s[50:51], s[4:5]", lambda st: write(st, pair(50), read(st, pair(4 + m0), 64)))
        t.emit(out)
        t = Test("s_movreld_b64", m0=m0)
        t.op("s_movreld_b64 s[10:11], s[2:3]", lambda st: write(st, pair(10 + m0), read(st, pair(2), 64)))
        t.op("s_movreld_b64 s[40:41], -5", lambda st: write(st, pair(40 + m0), -5 & M64))
        t.emit(out)
    # The lowest bit of an index is ignored for pairs (3.3.1.3).
    t = Test("s_movrels_b64", m0=7)
    t.op("s_movrels_b64 s[50:51], s[4:5]", lambda st: write(st, pair(50), read(st, pair(10), 64)))
    t.emit(out)
    # [9:0] indexes the source, [25:16] the destination.
    for m0 in (0, 0x00050002, 0x00000011, 0xFC1FFC03):
        t = Test("s_movrelsd_2_b32", m0=m0)
        t.op("s_movrelsd_2_b32 s20, s3", lambda st: write(st, f"s{20 + (m0 >> 16 & 0x3FF)}", st.s[3 + (m0 & 0x3FF)]))
        t.emit(out)
    # VCC lies behind the last SGPR.
    t = Test("s_movreld_b32", m0=6)
    t.op("s_movreld_b32 s100, 42", lambda st: write(st, "vcc_lo", 42))
    t.emit(out)


PC = 0x1_0020_0040


def generate_branches(out):
    """Taken or not is seen by which of the moves behind the branch have run."""

    def jump(names, taken, text, mark=30, **fields):
        t = Test(names, **fields)
        t.op(text)
        if taken:
            t.op(f"s_movk_i32 s{mark}, 0x111")
        else:
            t.op(f"s_movk_i32 s{mark}, 0x111", lambda st: write(st, f"s{mark}", 0x111))
        t.op(f"s_movk_i32 s{mark + 1}, 0x222", lambda st: write(st, f"s{mark + 1}", 0x222))
        t.emit(out)

    jump("s_branch", True, "s_branch 1")
    jump("s_branch", False, "s_branch 0")
    for scc in (0, 1):
        jump("s_cbranch_scc0", scc == 0, "s_cbranch_scc0 1", scc=scc)
        jump("s_cbranch_scc1", scc == 1, "s_cbranch_scc1 1", scc=scc)
    for w in (32, 64):
        m = (1 << w) - 1
        for vcc in (0, 1, 1 << 31, 1 << 32, 1 << 63, M64):
            zero = vcc & m == 0
            jump("s_cbranch_vccz", zero, "s_cbranch_vccz 1", w=w, vcc=vcc)
            jump("s_cbranch_vccnz", not zero, "s_cbranch_vccnz 1", w=w, vcc=vcc)
        for x in (0, 1, 1 << w - 1, m):
            jump("s_cbranch_execz", x == 0, "s_cbranch_execz 1", w=w, x=x)
            jump("s_cbranch_execnz", x != 0, "s_cbranch_execnz 1", w=w, x=x)
        if w == 64:
            for x in (1 << 32, 0xFFFFFFFF):
                jump("s_cbranch_execz", False, "s_cbranch_execz 1", w=w, x=x)
                jump("s_cbranch_execnz", True, "s_cbranch_execnz 1", w=w, x=x)
    # A scalar write of VCC and EXEC is seen by the branch right behind it.
    for reg, op in (("vcc_lo", "vccz"), ("exec_lo", "execz")):
        t = Test(f"s_cbranch_{op}", vcc=M64)
        t.op(f"s_mov_b32 {reg}, 0", lambda st: write(st, reg, 0))
        t.op(f"s_cbranch_{op} 1")
        t.op("s_movk_i32 s30, 1")
        t.op("s_movk_i32 s31, 2", lambda st: write(st, "s31", 2))
        t.emit(out)
    # No debug condition is set.
    for op in ("cdbgsys", "cdbguser", "cdbgsys_or_user", "cdbgsys_and_user"):
        jump(f"s_cbranch_{op}", False, f"s_cbranch_{op} 1")

    # Backwards: a loop of three rounds.
    t = Test(["s_cbranch_scc1", "s_branch"])
    t.sgprs(0, 3, 0)

    def loop(st):
        st.s[0], st.s[1], st.scc = 0, 30, 0

    t.op("s_addk_i32 s1, 10", loop)
    t.op("s_add_u32 s0, s0, -1")
    t.op("s_cmp_lg_u32 s0, 0")
    t.op("s_cbranch_scc1 65532")
    t.emit(out)
    t = Test("s_branch")
    t.op("s_branch 2")
    t.op("s_movk_i32 s3, 7", lambda st: write(st, "s3", 7))
    t.op("s_branch 1")
    t.op("s_branch 65533")
    t.op("s_movk_i32 s4, 8", lambda st: write(st, "s4", 8))
    t.emit(out)

    # Program counter: S_GETPC_B64 gives the address of what follows it.
    t = Test("s_getpc_b64", pc=PC)
    t.op("s_nop 0")
    t.op("s_getpc_b64 s[4:5]", lambda st: write(st, pair(4), PC + 8))
    t.op("s_getpc_b64 vcc", lambda st: write(st, "vcc", PC + 12))
    t.emit(out)
    t = Test("s_setpc_b64", pc=PC)
    t.sgpr64(4, PC + 8)
    t.op("s_setpc_b64 s[4:5]")
    t.op("s_movk_i32 s6, 1")
    t.op("s_movk_i32 s7, 2", lambda st: write(st, "s7", 2))
    t.emit(out)
    t = Test("s_swappc_b64", pc=PC)
    t.sgpr64(4, PC + 12)
    t.op("s_nop 0")
    t.op("s_swappc_b64 s[8:9], s[4:5]", lambda st: write(st, pair(8), PC + 8))
    t.op("s_movk_i32 s6, 1")
    t.op("s_movk_i32 s7, 2", lambda st: write(st, "s7", 2))
    t.emit(out)
    # The same pair for both: the target is read before the return address is written.
    t = Test("s_swappc_b64", pc=PC)
    t.sgpr64(4, PC + 8)
    t.op("s_swappc_b64 s[4:5], s[4:5]", lambda st: write(st, pair(4), PC + 4))
    t.op("s_movk_i32 s6, 1")
    t.op("s_movk_i32 s7, 2", lambda st: write(st, "s7", 2))
    t.emit(out)
    t = Test("s_call_b64", pc=PC)
    t.op("s_nop 0")
    t.op("s_call_b64 s[8:9], 1", lambda st: write(st, pair(8), PC + 8))
    t.op("s_movk_i32 s6, 1")
    t.op("s_movk_i32 s7, 2", lambda st: write(st, "s7", 2))
    t.emit(out)
    t = Test(["s_call_b64", "s_setpc_b64"], pc=PC)
    t.op("s_branch 2")
    t.op("s_movk_i32 s6, 1", lambda st: write(st, "s6", 1))
    t.op("s_branch 1")
    t.op("s_call_b64 s[8:9], 65533", lambda st: write(st, pair(8), PC + 16))
    t.op("s_movk_i32 s7, 2", lambda st: write(st, "s7", 2))
    t.emit(out)


def generate_subvector(out):
    """Loops over the halves of a wave64 (RDNA 1 guide, 16.3; the RDNA3 guide has the opcodes only)."""
    for x in (0, 0x0000FF00, 0x00FF0000_00000000, 0x000000F0_0000000F):
        lo, hi = x & M32, x >> 32
        t = Test(["s_subvector_loop_begin", "s_subvector_loop_end"], w=64, x=x)
        t.sgprs(1, 0)
        t.sgprs(2, 0, 0)
        # Each round counts in s1 and leaves its EXEC in s2 (low pass) or s3 (high pass).
        rounds = ([lo] if lo else []) + ([hi << 32] if hi else [])

        def model(st):
            if not x:
                return
            st.s[1] = len(rounds)
            st.s[2] = lo
            st.s[3] = hi
            # S0 holds the half that is not running; at the end it holds what the other half was.
            st.s[0] = 0 if not lo else (lo if hi else 0)
            if not lo:
                st.s[0] = 0

        t.op("s_subvector_loop_begin s0, 5", model)
        t.op("s_addk_i32 s1, 1", lambda st: setattr(st, "scc", 0))
        t.op("s_or_b32 s2, s2, exec_lo")
        t.op("s_or_b32 s3, s3, exec_hi")
        t.op("s_nop 0")
        t.op("s_subvector_loop_end s0, 65531")
        t.op("s_movk_i32 s9, 9", lambda st: write(st, "s9", 9))
        if x:
            # SCC is that of the last S_OR_B32: s3 is not zero where a high half ran.
            t.st.scc = int(hi != 0)
        t.emit(out)


def generate_hwreg(out):
    """MODE through its ways, and what else a program may read."""

    def get(mode, offset, size):
        return mode >> offset & (1 << size) - 1

    def put(mode, value, offset, size):
        mask = (1 << size) - 1 << offset
        return mode & ~mask | value << offset & mask

    for mode in (0x3F0, 0x0, 0x2A5, 0x8003FF):
        t = Test("s_getreg_b32", mode=mode)
        for k, (offset, size) in enumerate(((0, 32), (0, 4), (4, 4), (8, 1), (9, 1), (23, 1), (2, 2), (4, 10))):
            t.op(f"s_getreg_b32 s{k}, hwreg(HW_REG_MODE, {offset}, {size})", lambda st, k=k, o=offset, z=size: write(st, f"s{k}", get(mode, o, z)))
        t.emit(out)
    for value, offset, size in ((0x5, 0, 4), (0xFFFFFFFF, 0, 2), (0, 4, 4), (0xFA, 4, 4), (1, 8, 1), (0, 8, 2), (2, 9, 1), (0x3, 2, 2)):
        t = Test("s_setreg_b32")
        t.sgprs(0, value)
        t.op(f"s_setreg_b32 hwreg(HW_REG_MODE, {offset}, {size}), s0", lambda st: setattr(st, "mode", put(st.mode, value, offset, size)))
        t.emit(out)
        t = Test("s_setreg_imm32_b32", mode=0x0A5)
        t.op(f"s_setreg_imm32_b32 hwreg(HW_REG_MODE, {offset}, {size}), 0x{value:x}", lambda st: setattr(st, "mode", put(st.mode, value, offset, size)))
        t.emit(out)
    for k in (0, 3, 5, 0xA, 0xF):
        for mode in (0x3F0, 0x30F):
            t = Test("s_round_mode", mode=mode)
            t.op(f"s_round_mode 0x{k:x}", lambda st: setattr(st, "mode", put(st.mode, k, 0, 4)))
            t.emit(out)
            t = Test("s_denorm_mode", mode=mode)
            t.op(f"s_denorm_mode {k}", lambda st: setattr(st, "mode", put(st.mode, k, 4, 4)))
            t.emit(out)
    # Bits of STATUS that every wave of a program has: SCC, EXECZ, VCCZ; not privileged.
    for w, x, vcc, scc in ((32, 0xFF, 1 << 32, 1), (32, 0, 5, 0), (64, 1 << 40, 1 << 32, 0), (64, 0, 0, 1)):
        t = Test("s_getreg_b32", w=w, x=x, vcc=vcc, scc=scc)
        bits = {0: scc, 9: int(x == 0), 10: int(vcc & (1 << w) - 1 == 0), 5: 0}
        for k, (bit, value) in enumerate(bits.items()):
            t.op(f"s_getreg_b32 s{k}, hwreg(HW_REG_STATUS, {bit}, 1)", lambda st, k=k, v=value: write(st, f"s{k}", v))
        t.emit(out)
    t = Test("s_getreg_b32", scratch=4096)
    t.op("s_getreg_b32 s0, hwreg(HW_REG_FLAT_SCR_LO)", lambda st: write(st, "s0", 0x00000000))
    t.op("s_getreg_b32 s1, hwreg(HW_REG_FLAT_SCR_HI)", lambda st: write(st, "s1", 0x2))
    t.emit(out)


# What a single wave without a trap handler passes over, changing nothing.
NOTHING = [
    "s_nop 0", "s_nop 15", "s_sleep 0", "s_sleep 1", "s_set_inst_prefetch_distance 3", "s_clause 0x1", "s_delay_alu instid0(VALU_DEP_1)",
    "s_delay_alu instid0(SALU_CYCLE_1) | instskip(SKIP_2) | instid1(TRANS32_DEP_3)", "s_waitcnt 0", "s_waitcnt 0xffff",
    "s_waitcnt lgkmcnt(0)", "s_waitcnt_depctr 0xfff", "s_wait_idle", "s_wait_event 0x1", "s_wakeup", "s_setprio 3", "s_incperflevel 2",
    "s_decperflevel 1", "s_ttracedata", "s_ttracedata_imm 0x5", "s_icache_inv", "s_barrier", "s_sethalt 0", "s_setkill 0",
    "s_version 0x1234", "s_waitcnt_vscnt null, 0x0", "s_waitcnt_vmcnt null, 0x3f", "s_waitcnt_expcnt null, 0x0",
    "s_waitcnt_lgkmcnt null, 0x0", "s_sendmsg sendmsg(MSG_INTERRUPT)",
]


def generate_nothing(out):
    """Hints, waits and messages leave all registers as they are."""
    for text in NOTHING:
        name = text.split()[0]
        t = Test(name, scc=1)
        if name == "s_ttracedata" or name == "s_sendmsg":
            t = Test(name, m0=0x1234)
        t.op(text)
        if name == "s_clause":
            # A clause of two loads.
            t.op("s_nop 0")
        t.op("s_movk_i32 s40, 0x77", lambda st: write(st, "s40", 0x77))
        t.emit(out)
    # Without a handler that returns, a trap stops the wave.
    t = Test("s_trap")
    t.op("s_trap 2")
    t.trap = "Halted"
    t.emit(out)
    # What ends the wave: the store in front of it is seen, the one behind it is not.
    for text in ("s_endpgm", "s_endpgm_saved", "s_setkill 1"):
        t = Test(text.split()[0])
        t.sgpr64(2, GLOBAL + 0x100)
        t.vgpr(1, 0)
        t.vgpr(2, 0xFEEDBEEF)

        def seen(st):
            st.g[0x100:0x104] = (0xFEEDBEEF).to_bytes(4, "little")

        t.op("global_store_b32 v1, v2, s[2:3]", seen)
        t.op("s_waitcnt_vscnt null, 0x0")
        t.op(text)
        t.op("global_store_b32 v1, v2, s[2:3] offset:16")
        t.op("s_waitcnt_vscnt null, 0x0")
        t.op("s_endpgm")
        t.ended = True
        t.emit(out)
    # The constant clock does not run backwards; what it shows is not compared.
    for bits in (64, 32):
        name = f"s_sendmsg_rtn_b{bits}"
        t = Test(name)
        for k in (4, 6):
            t.op(f"{name} {name_of(k, bits)}, sendmsg(MSG_RTN_GET_REALTIME)")
            t.op("s_waitcnt lgkmcnt(0)")
        t.op("s_sub_u32 s6, s6, s4")
        if bits == 64:
            t.op("s_subb_u32 s7, s7, s5")
        t.op(f"s_cmp_ge_i32 s{7 if bits == 64 else 6}, 0", lambda st: setattr(st, "scc", 1))
        for k in (4, 6):
            t.op(f"s_mov_b{bits} {name_of(k, bits)}, 0", lambda st, k=k: write(st, name_of(k, bits), 0))
        t.emit(out)
    # S_CODE_END is an illegal instruction (5.1).
    t = Test("s_code_end")
    t.op("s_code_end")
    t.trap = "IllegalInstruction"
    t.emit(out)


TITLE = "Scalar ALU"


def generate(out, rng, factor):
    """All tests of this module."""
    generate_sop2(out)
    generate_sop1(out)
    generate_exec(out)
    generate_sopc(out)
    generate_sopk(out)
    generate_movrel(out)
    generate_branches(out)
    generate_subvector(out)
    generate_hwreg(out)
    generate_nothing(out)
