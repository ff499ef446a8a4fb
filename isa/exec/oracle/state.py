"""What one test starts from and what it leaves: registers, LDS, scratch and global memory as plain integers.

A test is written as instructions, each with a closure that does to the state what the RDNA3 guide says. The fields of
the vector file are the difference between the state at the first instruction and the state after the last one.
"""
import copy
import re
import struct

M32 = 0xFFFFFFFF
M64 = 0xFFFFFFFFFFFFFFFF
GLOBAL = 0x1_0000_0000
GLOBAL_BYTES = 0x10000
SCRATCH = 0x2_0000_0000
USER_VGPRS = 56
USER_SGPRS = 80


def s32(x):
    """A 32-bit pattern as a signed number."""
    return (x & M32) - ((x & 0x80000000) << 1)


def s64(x):
    """A 64-bit pattern as a signed number."""
    return (x & M64) - ((x & (1 << 63)) << 1)


def sext(x, bits):
    """The low bits of x as a signed number."""
    x &= (1 << bits) - 1
    return x - ((x >> (bits - 1)) << bits)


def f32bits(x):
    """An f32's pattern from an exactly representable number."""
    return struct.unpack("<I", struct.pack("<f", x))[0]


def f64bits(x):
    """An f64's pattern."""
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def f16bits(x):
    """An f16's pattern from an exactly representable number."""
    return struct.unpack("<H", struct.pack("<e", x))[0]


BACKGROUND = bytes((o * 7 + (o >> 8) * 13 + 3) & 0xFF for o in range(GLOBAL_BYTES))


class Wave:
    """State of one wave and its memories as the vector files define them before a test sets anything."""

    def __init__(self, w):
        self.w = w
        self.s = [(0x5E000000 + 0x10101 * i) & M32 for i in range(106)]
        self.v = [[0x76000000 + 0x10000 * r + lane for lane in range(w)] for r in range(USER_VGPRS)]
        self.vcc = 0x5A5A5A5AA5A5A5A5
        self.exec = (1 << w) - 1
        self.scc = 0
        self.m0 = 0
        self.mode = 0x3F0
        self.g = bytearray(BACKGROUND)
        self.l = bytearray()
        self.p = bytearray()
        self.pc = None
        # Lanes of result registers that nothing published determines.
        self.unspecified = set()

    def snapshot(self):
        """What can change, as it is now."""
        c = copy.copy(self)
        c.s, c.v = self.s[:], [r[:] for r in self.v]
        c.g, c.l, c.p = self.g[:], self.l[:], self.p[:]
        return c

    def lanes(self):
        """Active lanes, ascending."""
        return [lane for lane in range(self.w) if self.exec >> lane & 1]


def fill91(n):
    """LDS and scratch before a test sets them."""
    return bytearray((o * 7 + (o >> 8) * 13 + 91) & 0xFF for o in range(n))


class Test:
    """One test under construction."""

    def __init__(self, names, w=32, **fields):
        self.names = [names] if isinstance(names, str) else list(names)
        self.code = []
        self.before = []
        self.st = Wave(w)
        self.start = None
        self.trap = None
        self.ended = False
        if w == 64:
            self.before.append("w=64")
        for key, value in fields.items():
            if key == "x":
                self.st.exec = value
                self.before.append(f"x={value:x}")
            elif key in ("vcc", "m0"):
                setattr(self.st, key, value)
                self.before.append(f"{key}={value:x}")
            elif key == "scc":
                self.st.scc = value
                self.before.append(f"scc={value}")
            elif key == "mode":
                self.st.mode = value
                self.before.append(f"m={value:x}")
            elif key == "lds":
                self.st.l = fill91(value)
                self.before.append(f"lds={value}")
            elif key == "scratch":
                self.st.p = fill91(value)
                self.before.append(f"scratch={value}")
            elif key == "pc":
                self.st.pc = value
                self.before.append(f"pc={value:x}")
            else:
                raise KeyError(key)

    # What the test sets.

    def sgprs(self, first, *values):
        """SGPRs first, first + 1, …"""
        assert first + len(values) <= USER_SGPRS
        for k, x in enumerate(values):
            self.st.s[first + k] = x & M32
        self.before.append(f"s{first}=" + ",".join(f"{x & M32:x}" for x in values))

    def sgpr64(self, first, value):
        """An SGPR pair."""
        self.sgprs(first, value & M32, value >> 32 & M32)

    def vgpr(self, r, value):
        """The same in all lanes."""
        self.st.v[r] = [value & M32] * self.st.w
        self.before.append(f"v{r}={value & M32:08x}")

    def vpool(self, r, pool, off, step, div=1):
        """Lane l gets element (off + step * (l // div)) mod len of the pool."""
        n = len(pool.values)
        for lane in range(self.st.w):
            x = pool.values[(off + step * (lane // div)) % n]
            for k in range(pool.width):
                self.st.v[r + k][lane] = x >> 32 * k & M32
        self.before.append(f"v{r}={pool.name}:{off}:{step}" + (f":{div}" if div != 1 else ""))

    def _memory(self, which):
        return {"g": self.st.g, "l": self.st.l, "p": self.st.p}[which]

    def bytes(self, which, off, data):
        """Bytes of memory g, l or p."""
        self._memory(which)[off : off + len(data)] = data
        self.before.append(f"{which}+{off:x}={bytes(data).hex()}")

    def mpool(self, which, off, pool, first, step, count):
        """Elements of a pool in memory."""
        m = self._memory(which)
        n = len(pool.values)
        size = 4 * pool.width
        for k in range(count):
            x = pool.values[(first + step * k) % n]
            m[off + size * k : off + size * (k + 1)] = x.to_bytes(size, "little")
        self.before.append(f"{which}+{off:x}={pool.name}:{first}:{step}:{count}")

    # What the test does.

    def op(self, text, model=None):
        """An instruction, and what it does to the state (nothing, if no model is given)."""
        if self.start is None:
            self.start = self.st.snapshot()
        self.code.append(text)
        if model is not None:
            model(self.st)

    # What is left.

    def _vgpr_tokens(self, r):
        old, new = self.start.v[r], self.st.v[r]
        tokens = []
        for lane in range(self.st.w):
            a, b = old[lane], new[lane]
            if (r, lane) in self.st.unspecified:
                tokens.append("?")
            elif a == b:
                tokens.append(".")
            elif b == 0:
                tokens.append("z")
            elif b == M32:
                tokens.append("o")
            elif lane and new[lane - 1] == b and old[lane - 1] != b and (r, lane - 1) not in self.st.unspecified:
                tokens.append("r")
            elif a >> 16 == b >> 16:
                tokens.append(f"l{b & 0xFFFF:04x}")
            elif a & 0xFFFF == b & 0xFFFF:
                tokens.append(f"h{b >> 16:04x}")
            else:
                tokens.append(f"{b:08x}")
        return "".join(tokens) if any(t != "." for t in tokens) else None

    def _changed(self, which, old, new):
        out = []
        at = 0
        n = len(new)
        while at < n:
            if old[at : at + 4096] == new[at : at + 4096]:
                at += 4096
                continue
            if old[at] == new[at]:
                at += 1
                continue
            end = last = at
            while end < n and end - last <= 5:
                if old[end] != new[end]:
                    last = end
                end += 1
            out.append(f"{which}+{at:x}={bytes(new[at : last + 1]).hex()}")
            at = last + 1
        return out

    @property
    def wave(self):
        """Lanes of the wave."""
        return self.st.w

    def emit(self, out):
        """Adds the test to a vector file."""
        out.add(self.names, "; ".join(self.code), self)

    def head(self, names, code, text):
        """The line of what is given."""
        return " ".join(["t", names, ".".join(f"{w:08x}" for w in code)] + self.before) + " ; " + text

    def tail(self):
        """The line of what is expected."""
        return " ".join(["="] + self.after())

    def after(self):
        """The fields after the run."""
        if self.trap is not None:
            return [f"trap={self.trap}"]
        a, b = self.start, self.st
        out = ["end=wave"] if self.ended else []
        k = 0
        while k < USER_SGPRS:
            if a.s[k] == b.s[k]:
                k += 1
                continue
            n = k
            while n < USER_SGPRS and a.s[n] != b.s[n]:
                n += 1
            out.append(f"s{k}=" + ",".join(f"{x:x}" for x in b.s[k:n]))
            k = n
        for name in ("vcc", "exec", "m0", "mode"):
            if getattr(a, name) != getattr(b, name):
                out.append(f"{name}={getattr(b, name):x}")
        if a.scc != b.scc:
            out.append(f"scc={b.scc}")
        for r in range(USER_VGPRS):
            t = self._vgpr_tokens(r)
            if t:
                out.append(f"v{r}={t}")
        out += self._changed("g", a.g, b.g)
        out += self._changed("l", a.l, b.l)
        out += self._changed("p", a.p, b.p)
        return out


# Scalar operands.

_RANGE = re.compile(r"s\[(\d+):(\d+)\]$")
_FLOATS = {"0.5", "-0.5", "1.0", "-1.0", "2.0", "-2.0", "4.0", "-4.0"}


def read(st, operand, bits, signed=False):
    """The value of a scalar source of 32 or 64 bits."""
    if isinstance(operand, int) or operand.startswith("0x"):
        if isinstance(operand, int) and -16 <= operand <= 64:
            return operand & (1 << bits) - 1
        x = int(operand, 16) if isinstance(operand, str) else operand & M32
        return x & M64 if not (signed and bits == 64) else sext(x, 32) & M64
    if operand in _FLOATS:
        return f64bits(float(operand)) if bits == 64 else f32bits(float(operand))
    m = _RANGE.match(operand)
    if m:
        k = int(m[1])
        return st.s[k] | st.s[k + 1] << 32
    if re.match(r"s\d+$", operand):
        return st.s[int(operand[1:])]
    return {
        "vcc": lambda: st.vcc,
        "vcc_lo": lambda: st.vcc & M32,
        "vcc_hi": lambda: st.vcc >> 32,
        "exec": lambda: st.exec,
        "exec_lo": lambda: st.exec & M32,
        "exec_hi": lambda: st.exec >> 32,
        "m0": lambda: st.m0,
        "null": lambda: 0,
        "src_scc": lambda: st.scc,
    }[operand]()


def write(st, operand, x):
    """Writes a scalar destination; pairs by their names."""
    m = _RANGE.match(operand)
    if m:
        k = int(m[1])
        st.s[k], st.s[k + 1] = x & M32, x >> 32 & M32
    elif re.match(r"s\d+$", operand):
        st.s[int(operand[1:])] = x & M32
    elif operand == "vcc":
        st.vcc = x & M64
    elif operand == "vcc_lo":
        st.vcc = st.vcc & ~M32 | x & M32
    elif operand == "vcc_hi":
        st.vcc = st.vcc & M32 | (x & M32) << 32
    elif operand == "exec":
        st.exec = x & M64
    elif operand == "exec_lo":
        st.exec = st.exec & ~M32 | x & M32
    elif operand == "exec_hi":
        st.exec = st.exec & M32 | (x & M32) << 32
    elif operand == "m0":
        st.m0 = x & M32
    elif operand != "null":
        raise KeyError(operand)


def pair(k):
    """The name of the SGPR pair at k."""
    return f"s[{k}:{k + 1}]"
