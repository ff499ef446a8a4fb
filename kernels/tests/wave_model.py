#!/usr/bin/env python3
"""Runs the kernels' disassembly on a small model of a wave32, and compares with numpy.

usage: wave_model.py LLVM_BIN OBJECTS_DIR CASES

CASES is what tests/plans.rs writes: planned dispatches with their kernel arguments. The model knows exactly the
instructions that the kernels use, and is strict: a register read before its s_waitcnt, a read of a register never
written, an access outside every buffer, an instruction in a clause that doesn't belong there, or a load still in
flight at the end is an error. Results are compared bit for bit with the order of operations that the sources state.
"""

import re
import struct
import subprocess
import sys

import numpy as np

M32 = 0xFFFFFFFF


class Program:
    """A kernel: its instructions as text, and what the descriptor says about its SGPRs."""

    def __init__(self, llvm, objects, name):
        path = f"{objects}/{name}.hsaco"
        text = subprocess.run([f"{llvm}/llvm-objdump", "-d", path], capture_output=True, text=True, check=True).stdout
        symbols = subprocess.run([f"{llvm}/llvm-readelf", "--dyn-syms", path], capture_output=True, text=True, check=True).stdout
        value = next(l.split()[1] for l in symbols.splitlines() if l.endswith(f" {name}.kd"))
        with open(path, "rb") as f:  # .rodata lies in the first segment, where address and file offset agree
            f.seek(int(value, 16))
            rsrc2 = struct.unpack_from("<I", f.read(64), 52)[0]
        self.user_sgprs, self.ids = rsrc2 >> 1 & 31, [rsrc2 >> b & 1 for b in (7, 8, 9)]
        rows, index = [], {}
        for line in text.splitlines():
            m = re.match(r"\s+(\S.*?)\s*// ([0-9A-F]{12}): ((?:[0-9A-F]{8} ?)+)", line)
            if m and m[1] != "s_code_end":
                index[int(m[2], 16)] = len(rows)
                rows.append((int(m[2], 16), m[1]))
        self.code = []
        for pc, row in rows:
            halves = []
            for half in row.split("::"):
                op, _, rest = half.strip().partition(" ")
                halves.append((op, [a.strip() for a in rest.split(",")] if rest else [], half.strip()))
            target = None
            if halves[0][0].startswith(("s_cbranch", "s_branch")):
                words = int(halves[0][1][0])
                target = index[pc + 4 + 4 * (words - 65536 if words >= 32768 else words)]
            self.code.append((halves, target))

    def run(self, mem, kernarg, grid, block):
        """Dispatches all workgroups, one wave after the other."""
        address, _ = mem.alloc(np.frombuffer(kernarg, np.uint8))
        for z in range(grid[2]):
            for y in range(grid[1]):
                for x in range(grid[0]):
                    for first in range(0, block, 32):
                        sgprs = [0xDEAD0000 + i for i in range(self.user_sgprs)]
                        sgprs[0:2] = [address & M32, address >> 32]
                        sgprs += [i for i, on in zip((x, y, z), self.ids) if on]
                        Wave(self.code, mem, sgprs, range(first, first + 32)).run()


class Mem:
    """Buffers at made-up addresses, far apart; an access outside all of them is a fault."""

    def __init__(self):
        self.buffers, self.next = [], 0x7F0012340000

    def alloc(self, array):
        base = self.next
        self.buffers.append((base, np.frombuffer(bytearray(array.tobytes()), np.uint8).copy()))
        self.next += (len(self.buffers[-1][1]) + 0x1FFFF) & ~0xFFFF
        return base, len(self.buffers) - 1

    def dwords(self, index):
        return self.buffers[index][1].view(np.uint32)

    def dword(self, address):
        for base, data in self.buffers:
            if base <= address and address + 4 <= base + len(data) and (address - base) % 4 == 0:
                return data[address - base : address - base + 4].view(np.uint32)
        raise AssertionError(f"fault at {address:#x}")


def fma(a, b, c):
    """f32 fused multiply-add: the product of two f32 is exact in a longdouble."""
    return (a.astype(np.longdouble) * b.astype(np.longdouble) + c.astype(np.longdouble)).astype(np.float32)


def shl(a, n):
    return a << (n & np.uint64(31))


def shr(a, n):
    return a >> (n & np.uint64(31))


# VALU results from uint64 operands, truncated to 32 bits afterwards.
VALU = {
    "v_mov_b32": lambda a: a,
    "v_and_b32": lambda a, b: a & b,
    "v_or_b32": lambda a, b: a | b,
    "v_lshlrev_b32": lambda a, b: shl(b, a),
    "v_lshrrev_b32": lambda a, b: shr(b, a),
    "v_lshl_add_u32": lambda a, b, c: shl(a, b) + c,
    "v_add_lshl_u32": lambda a, b, c: shl(a + b, c),
    "v_bfe_u32": lambda a, b, c: shr(a, b) & (shl(np.uint64(1), c) - np.uint64(1)),
    "v_bfrev_b32": lambda a: np.array([int(f"{int(i):032b}"[::-1], 2) for i in a], np.uint64),
    "v_add_nc_u32": lambda a, b: a + b,
    "v_sub_nc_u32": lambda a, b: a - b,
    "v_subrev_nc_u32": lambda a, b: b - a,
    "v_mul_lo_u32": lambda a, b: a * b,
    "v_mul_hi_u32": lambda a, b: a * b >> np.uint64(32),
}

# SALU results from Python integers, and SCC from the operands and the untruncated result (None: unchanged).
SALU = {
    "s_add_u32": (lambda x, y, scc: x + y, lambda x, y, r: r > M32),
    "s_addc_u32": (lambda x, y, scc: x + y + scc, lambda x, y, r: r > M32),
    "s_sub_u32": (lambda x, y, scc: x - y, lambda x, y, r: r < 0),
    "s_add_i32": (lambda x, y, scc: x + y, lambda x, y, r: (x ^ r) & (y ^ r) >> 31 & 1),
    "s_lshl_b32": (lambda x, y, scc: x << (y & 31), lambda x, y, r: r & M32 != 0),
    "s_lshr_b32": (lambda x, y, scc: x >> (y & 31), lambda x, y, r: r != 0),
    "s_and_b32": (lambda x, y, scc: x & y, lambda x, y, r: r != 0),
    "s_mul_i32": (lambda x, y, scc: x * y, None),
    "s_mul_hi_u32": (lambda x, y, scc: x * y >> 32, None),
    "s_cselect_b32": (lambda x, y, scc: x if scc else y, None),
}

COMPARE = {"eq": lambda x, y: x == y, "lg": lambda x, y: x != y, "ne": lambda x, y: x != y, "gt": lambda x, y: x > y,
           "ge": lambda x, y: x >= y, "lt": lambda x, y: x < y, "le": lambda x, y: x <= y}

NO_EFFECT = ("s_delay_alu", "s_nop")
VCC = 106


class Wave:
    """One wave32. Loads complete at the s_waitcnt that covers them, never earlier."""

    def __init__(self, code, mem, sgprs, lanes):
        self.code, self.mem, self.scc, self.clause, self.steps = code, mem, 0, 0, 0
        self.s, self.v = dict(enumerate(sgprs)), {0: np.array(lanes, np.uint32)}
        self.exec = np.ones(32, bool)
        # Loads in flight, oldest first: (register file, registers, values).
        self.queues = {"vmcnt": [], "lgkmcnt": []}
        self.pending = set()

    def registers(self, text):
        m = re.fullmatch(r"[sv]\[(\d+):(\d+)\]", text)
        return list(range(int(m[1]), int(m[2]) + 1)) if m else [int(text[1:])]

    def ready(self, kind, n):
        assert (kind, n) not in self.pending, f"{kind}{n} is used before its load was waited for"
        return n

    def sgpr(self, n):
        assert self.ready("s", n) in self.s, f"s{n} was never written"
        return self.s[n]

    def pair(self, text):
        low, high = self.registers(text)
        return self.sgpr(low) | self.sgpr(high) << 32

    def scalar(self, text):
        if text == "vcc_lo":
            return self.sgpr(VCC)
        if re.fullmatch(r"s\d+", text):
            return self.sgpr(int(text[1:]))
        return 0 if text == "null" else int(text, 0) & M32

    def set_scalar(self, text, value):
        self.s[self.ready("s", VCC if text == "vcc_lo" else int(text[1:]))] = int(value) & M32

    def vector(self, text):
        if re.fullmatch(r"v\d+", text):
            n = self.ready("v", int(text[1:]))
            assert n in self.v, f"v{n} was never written"
            return self.v[n]
        return np.full(32, self.scalar(text), np.uint32)

    def set_vector(self, text, value):
        n = self.ready("v", int(text[1:]))
        self.v[n] = np.where(self.exec, value, self.v.get(n, np.uint32(0))).astype(np.uint32)

    def mask(self, lanes):
        return sum(1 << i for i in range(32) if lanes[i])

    def load(self, counter, kind, registers, values):
        for n in registers:
            self.pending.add((kind, self.ready(kind, n)))
        self.queues[counter].append((kind, registers, values))

    def valu(self, op, args):
        """The result of a vector instruction with a vector destination."""
        op = re.sub(r"_e(32|64)$", "", op).replace("v_dual_", "v_")
        if op in ("v_fmac_f32", "v_add_f32"):
            a, b = (self.vector(x).view(np.float32) for x in args[1:3])
            return (fma(a, b, self.vector(args[0]).view(np.float32)) if op == "v_fmac_f32" else a + b).view(np.uint32)
        if op == "v_cndmask_b32":
            mask = self.scalar(args[3])
            chosen = np.array([mask >> i & 1 for i in range(32)], bool)
            return np.where(chosen, self.vector(args[2]), self.vector(args[1]))
        with np.errstate(over="ignore"):
            return VALU[op](*(self.vector(x).astype(np.uint64) for x in args[1:])) & np.uint64(M32)

    def buffer(self, op, text):
        m = re.fullmatch(r"\S+ (v\d+), (v\d+), (s\[\d+:\d+\]), (\S+) offen", text)
        low, high, size, word3 = (self.sgpr(n) for n in self.registers(m[3]))
        assert high >> 16 == 0 and word3 == 0x30016FAC, "not the raw V# that the sources state"
        base, soffset, offsets = low | high << 32, self.scalar(m[4]), self.vector(m[2])
        assert soffset <= size and self.exec.all()
        inside = [int(o) + soffset + 4 <= size for o in offsets]
        assert all(i or o >= size for i, o in zip(inside, offsets)), "in range unless soffset counts"
        at = [base + soffset + int(o) for o in offsets]
        if op == "buffer_load_b32":
            values = np.array([self.mem.dword(a)[0] if i else 0 for a, i in zip(at, inside)], np.uint32)
            self.load("vmcnt", "v", [int(m[1][1:])], [values])
        else:
            for value, a, i in zip(self.vector(m[1]), at, inside):
                if i:
                    self.mem.dword(a)[0] = value

    def saddr(self, op, args):
        """global_load_b32 and global_store_b32 with a scalar base."""
        is_load = op == "global_load_b32"
        base, offsets = self.pair(args[2]), self.vector(args[1] if is_load else args[0])
        values = np.zeros(32, np.uint32) if is_load else self.vector(args[1])
        for i in np.flatnonzero(self.exec):
            place = self.mem.dword(base + int(offsets[i]))
            if is_load:
                values[i] = place[0]
            else:
                place[0] = values[i]
        if is_load:
            self.load("vmcnt", "v", [int(args[0][1:])], [values])

    def run(self):
        pc = 0
        while True:
            (first, *second), target = self.code[pc]
            op, args, text = first
            pc += 1
            self.steps += 1
            assert self.steps < 10**7, "the wave doesn't end"
            if second:
                self.vopd(first, second[0])
                continue
            if self.clause:
                assert op.startswith(("s_load", "buffer_load", "global_load")), f"in a clause: {text}"
                self.clause -= 1
            if op == "s_endpgm":
                assert not self.pending, "loads in flight at the end"
                return
            if op.startswith(("s_cbranch", "s_branch")):
                taken = {"s_branch": True, "s_cbranch_scc1": self.scc, "s_cbranch_execz": not self.exec.any()}[op]
                pc = target if taken else pc
            else:
                self.step(op, args, text)

    def vopd(self, x, y):
        (op_x, args_x, _), (op_y, args_y, _) = x, y
        result_x, result_y = self.valu(op_x, args_x), self.valu(op_y, args_y)
        assert (int(args_x[0][1:]) ^ int(args_y[0][1:])) & 1, "VOPD destinations of one parity"
        self.set_vector(args_x[0], result_x)
        self.set_vector(args_y[0], result_y)

    def step(self, op, args, text):
        base_op = re.sub(r"_e(32|64)$", "", op)
        if op in NO_EFFECT:
            return
        if op == "s_sendmsg":
            assert "MSG_DEALLOC_VGPRS" in text and not self.pending
        elif op == "s_clause":
            self.clause = int(args[0], 0) + 1
        elif op == "s_waitcnt":
            for counter, n in re.findall(r"(vmcnt|lgkmcnt)\((\d+)\)", text):
                assert counter == "vmcnt" or n == "0", "scalar loads return out of order"
                queue = self.queues[counter]
                while len(queue) > int(n):
                    kind, registers, values = queue.pop(0)
                    for register, value in zip(registers, values):
                        self.pending.discard((kind, register))
                        (self.v if kind == "v" else self.s)[register] = value
        elif op.startswith("s_load"):
            registers, address = self.registers(args[0]), self.pair(args[1]) + self.scalar(args[2])
            assert registers[0] % min(4, len(registers)) == 0
            values = [int(self.mem.dword(address + 4 * i)[0]) for i in range(len(registers))]
            self.load("lgkmcnt", "s", registers, values)
        elif op.startswith("buffer_"):
            self.buffer(op, text)
        elif op.startswith("global_"):
            self.saddr(op, args)
        elif op.startswith("s_cmp_"):
            self.scc = int(COMPARE[op.split("_")[2]](self.scalar(args[0]), self.scalar(args[1])))
        elif op == "s_mov_b32":
            self.set_scalar(args[0], self.scalar(args[1]))
        elif op in SALU:
            result, scc = SALU[op]
            x, y = self.scalar(args[1]), self.scalar(args[2])
            value = result(x, y, self.scc)
            if scc:
                self.scc = int(scc(x, y, value))
            self.set_scalar(args[0], value)
        elif base_op.startswith("v_cmp"):
            a, b = (self.vector(x) for x in args[-2:])
            lanes = COMPARE[base_op.split("_")[2]](a, b) & self.exec
            if base_op.startswith("v_cmpx"):
                self.exec = lanes
            else:
                self.set_scalar(args[0], self.mask(lanes))
        elif base_op == "v_readfirstlane_b32":
            self.set_scalar(args[0], self.vector(args[1])[int(np.argmax(self.exec))])
        else:
            self.set_vector(args[0], self.valu(op, args))


def conv2d(programs, dims, dispatches, workspace):
    """One case of the file: the planned pack and convolution."""
    n, c, h, w, k, r, s, sh, sw, ph, pw, dh, dw, g, bias = dims
    rng = np.random.default_rng(sum(dims))
    cg, kg = c // g, k // g
    p, q = (h + 2 * ph - dh * (r - 1) - 1) // sh + 1, (w + 2 * pw - dw * (s - 1) - 1) // sw + 1
    x = rng.standard_normal((n, c, h, w)).astype(np.float32)
    wt = rng.standard_normal((k, cg, r, s)).astype(np.float32)
    b = rng.standard_normal(k).astype(np.float32)
    mem = Mem()
    empty = lambda count: np.full(count, np.nan, np.float32)
    buffers = {
        "Input": mem.alloc(x), "Weights": mem.alloc(wt), "Bias": mem.alloc(b),
        "PackedWeights": mem.alloc(empty(workspace // 4)), "Output": mem.alloc(empty(n * k * p * q)),
    }
    for name, grid, block, kernarg, pointers in dispatches:
        for offset, role in pointers:
            struct.pack_into("<Q", kernarg, offset, buffers[role][0])
        programs(name).run(mem, bytes(kernarg), grid, block)
    assert not np.isnan(mem.dwords(buffers["PackedWeights"][1]).view(np.float32)).any(), "workspace not filled"
    y = mem.dwords(buffers["Output"][1]).view(np.float32).reshape(n, k, p, q)

    padded = np.zeros((n, c, h + 2 * ph, w + 2 * pw), np.float32)
    padded[:, :, ph : ph + h, pw : pw + w] = x
    ordered = np.zeros((n, k, p, q), np.float32) + (b[None, :, None, None] if bias else np.float32(0))
    exact = ordered.astype(np.float64)
    for i in range(r):
        for j in range(s):
            view = padded[:, :, i * dh : i * dh + (p - 1) * sh + 1 : sh, j * dw : j * dw + (q - 1) * sw + 1 : sw]
            for group in range(g):
                ks = slice(group * kg, (group + 1) * kg)
                for channel in range(cg):
                    shape = ordered[:, ks].shape
                    a = np.broadcast_to(view[:, group * cg + channel][:, None], shape)
                    f = np.broadcast_to(wt[ks, channel, i, j][None, :, None, None], shape)
                    ordered[:, ks] = fma(a, f, ordered[:, ks])
                    exact[:, ks] += a.astype(np.float64) * f
    error = np.abs(y - exact).max() / max(np.abs(exact).max(), 1e-30)
    assert error < 1e-5, f"{dims}: error {error} of max|y|"
    assert (y == ordered).all(), f"{dims}: not the stated order of operations"


def elementwise(programs, count, dispatches):
    """Addition, then fill over the same buffer."""
    rng = np.random.default_rng(count)
    mem = Mem()
    a, b = (rng.standard_normal(count).astype(np.float32) for _ in range(2))
    buffers = {"Input": mem.alloc(a), "Addend": mem.alloc(b), "Output": mem.alloc(np.zeros(count, np.float32))}
    results = []
    for name, grid, block, kernarg, pointers in dispatches:
        for offset, role in pointers:
            struct.pack_into("<Q", kernarg, offset, buffers[role][0])
        programs(name).run(mem, bytes(kernarg), grid, block)
        results.append(mem.dwords(buffers["Output"][1]).copy())
    assert (results[0].view(np.float32) == a + b).all(), "vadd"
    assert (results[1] == 0x12345678).all(), "fill"


def main():
    llvm, objects, cases = sys.argv[1:]
    cache = {}

    def programs(name):
        if name not in cache:
            cache[name] = Program(llvm, objects, name)
        return cache[name]

    # Lines: `conv2d DIMS.. WORKSPACE` or `elementwise COUNT`, then the case's `dispatch NAME GX GY GZ BLOCK HEX OFFSET:ROLE..`.
    parsed = []
    with open(cases) as f:
        for line in f:
            kind, *rest = line.split()
            if kind == "dispatch":
                pointers = [(int(o), role) for o, role in (p.split(":") for p in rest[6:])]
                grid = tuple(map(int, rest[1:4]))
                parsed[-1][2].append((rest[0], grid, int(rest[4]), bytearray.fromhex(rest[5]), pointers))
            else:
                parsed.append((kind, tuple(map(int, rest)), []))
    for kind, numbers, dispatches in parsed:
        if kind == "conv2d":
            conv2d(programs, numbers[:-1], dispatches, numbers[-1])
        else:
            elementwise(programs, numbers[0], dispatches)
    print(f"{len(parsed)} cases agree")


if __name__ == "__main__":
    main()
