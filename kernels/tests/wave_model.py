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
    def __init__(s): s.r=[]; s.next=0x7f0012340000
    def alloc(s,arr):
        b=s.next; a=np.frombuffer(bytearray(arr.tobytes()),dtype=np.uint8).copy(); s.r.append((b,a)); s.next+=(len(a)+0x1ffff)&~0xffff; return b,len(s.r)-1
    def find(s,a,n):
        for b,d in s.r:
            if b<=a and a+n<=b+len(d): return d,a-b
        raise Exception(f'fault {a:#x}+{n}')
    def rd(s,a):
        d,o=s.find(a,4); return int(d[o:o+4].view(np.uint32)[0]) if o%4==0 else 1/0
    def wr(s,a,v):
        d,o=s.find(a,4); d[o:o+4]=np.frombuffer(np.uint32(v).tobytes(),dtype=np.uint8)
def fma(a,b,c):  # f32 fma: product exact in f64; sum in longdouble; double rounding is negligible but noted
    return (a.astype(np.longdouble)*b.astype(np.longdouble)+c.astype(np.longdouble)).astype(np.float32)
class Wave:
    def __init__(s,prog,mem,sg,v0):
        s.p=prog;s.m=mem;s.s=[None]*128;s.v={};s.exec=np.ones(32,bool);s.scc=0;s.vmq=[];s.lgq=[]
        for i,x in enumerate(sg): s.s[i]=x
        s.v[0]=np.array(v0,np.uint32);s.pendv=set();s.pends=set();s.count=0;s.clause=0;s.fmas=0
    def sreg(s,n):
        if n in s.pends: raise Exception(f's{n} not waited')
        x=s.s[n]
        if x is None: raise Exception(f's{n} uninitialised')
        return x
    def rng(s,a):
        m=re.match(r'[sv]\[(\d+):(\d+)\]',a)
        if m: return list(range(int(m[1]),int(m[2])+1))
        return [int(a[1:])]
    def S(s,a):
        if a=='null': return 0
        if a=='vcc_lo': return s.sreg(106)
        if a=='exec_lo': return int(sum(1<<i for i in range(32) if s.exec[i]))
        if re.match(r's\d+$',a): return s.sreg(int(a[1:]))
        return int(a,0)&M32
    def setS(s,a,x):
        n=106 if a=='vcc_lo' else int(a[1:])
        if n in s.pends: raise Exception('write pending s')
        s.s[n]=x&M32
    def V(s,a):
        if a[0]=='v' and a!='vcc_lo':
            n=int(a[1:])
            if n in s.pendv: raise Exception(f'v{n} not waited')
            return s.v[n]
        return np.full(32,s.S(a),np.uint32)
    def setV(s,a,x):
        n=int(a[1:]); old=s.v.get(n,np.zeros(32,np.uint32))
        if n in s.pendv: raise Exception('write pending v')
        s.v[n]=np.where(s.exec,x.astype(np.uint32),old)
    def valu(s,op,a):
        o=re.sub(r'_e(32|64)$','',op).replace('v_dual_','v_')
        f=lambda x:s.V(x).view(np.float32)
        u=lambda x:s.V(x).astype(np.uint64)
        if o=='v_fmac_f32': s.fmas+=1; return fma(f(a[1]),f(a[2]),f(a[0])).view(np.uint32)
        if o=='v_mov_b32': return s.V(a[1])
        if o=='v_and_b32': return s.V(a[1])&s.V(a[2])
        if o=='v_or_b32': return s.V(a[1])|s.V(a[2])
        if o=='v_lshlrev_b32': return (u(a[2])<<(u(a[1])&31))&M32
        if o=='v_lshrrev_b32': return u(a[2])>>(u(a[1])&31)
        if o=='v_lshl_add_u32': return ((u(a[1])<<(u(a[2])&31))+u(a[3]))&M32
        if o=='v_add_lshl_u32': return (((u(a[1])+u(a[2]))&M32)<<(u(a[3])&31))&M32
        if o=='v_bfe_u32': return (u(a[1])>>(u(a[2])&31))&((np.uint64(1)<<(u(a[3])&31))-np.uint64(1))
        if o=='v_add_nc_u32': return (u(a[1])+u(a[2]))&M32
        if o=='v_sub_nc_u32': return (u(a[1])-u(a[2]))&M32
        if o=='v_subrev_nc_u32': return (u(a[2])-u(a[1]))&M32
        if o=='v_mul_lo_u32': return (u(a[1])*u(a[2]))&M32
        if o=='v_mul_hi_u32': return (u(a[1])*u(a[2]))>>np.uint64(32)
        if o=='v_bfrev_b32': assert a[1]=='1'; return np.full(32,0x80000000,np.uint32)
        if o=='v_cndmask_b32':
            m=s.S(a[3]); b=np.array([(m>>i)&1 for i in range(32)],bool); return np.where(b,s.V(a[2]),s.V(a[1]))
        if o=='v_add_f32': return (f(a[1])+f(a[2])).view(np.uint32)
        raise Exception('valu '+op)
    def run(s,limit=10**7):
        pc=0
        while True:
            pp,tgt=s.p[pc]; pc+=1; s.count+=1
            if s.count>limit: raise Exception('runaway')
            op,a,txt=pp[0]
            if len(pp)==2:
                (o1,a1,_),(o2,a2,_)=pp
                assert (int(a1[0][1:])^int(a2[0][1:]))&1
                r1=s.valu(o1,a1);r2=s.valu(o2,a2);s.setV(a1[0],r1);s.setV(a2[0],r2);continue
            if s.clause:
                assert op.startswith(('s_load','buffer_load','global_load')),'clause '+txt
                s.clause-=1
            if op=='s_endpgm':
                if s.lgq or s.vmq: raise Exception('loads outstanding at end')
                return
            if op in('s_delay_alu','s_nop','s_sendmsg'):
                if op=='s_sendmsg': assert not s.vmq and not s.lgq
                continue
            if op=='s_clause': s.clause=int(a[0],0)+1; continue
            if op=='s_waitcnt':
                for k,n in re.findall(r'(vmcnt|lgkmcnt)\((\d+)\)',txt):
                    n=int(n); q=s.vmq if k=='vmcnt' else s.lgq
                    if k=='lgkmcnt': assert n==0
                    while len(q)>n:
                        kind,regs,vals=q.pop(0)
                        for r,x in zip(regs,vals):
                            if kind=='v': s.pendv.discard(r); s.v[r]=x
                            else: s.pends.discard(r); s.s[r]=x
                continue
            if op.startswith('s_load'):
                off=0 if a[2]=='null' else int(a[2],0)
                b=s.rng(a[1]); ad=s.sreg(b[0])|(s.sreg(b[1])<<32)
                regs=s.rng(a[0]); assert regs[0]%min(4,len(regs))==0
                assert not any(r in s.pends for r in regs)
                s.lgq.append(('s',regs,[s.m.rd(ad+off+4*i) for i in range(len(regs))])); s.pends|=set(regs); continue
            if op in('buffer_load_b32','buffer_store_b32'):
                m=re.match(r'\S+ (v\d+), (v\d+), (s\[\d+:\d+\]), (\S+) offen$',txt); assert m,txt
                rs=[s.sreg(i) for i in s.rng(m[3])]; base=rs[0]|(rs[1]&0xffff)<<32; assert rs[1]>>16==0 and rs[3]==0x30016fac
                so=s.S(m[4]); off=s.V(m[2]); assert so<=rs[2]; lim=rs[2]-so  # raw: num_records less soffset
                if op=='buffer_load_b32':
                    x=np.zeros(32,np.uint32); n=int(m[1][1:]); assert n not in s.pendv
                    for i in range(32):
                        assert s.exec[i]
                        o=int(off[i])
                        if o+4<=lim: x[i]=s.m.rd(base+so+o)
                        else: assert o>=rs[2],'out of range only if soffset counts'
                    s.vmq.append(('v',[n],[x])); s.pendv.add(n)
                else:
                    d=s.V(m[1])
                    for i in range(32):
                        o=int(off[i])
                        if o+4<=lim: s.m.wr(base+so+o,int(d[i]))
                continue
            if op in('global_load_b32','global_store_b32'):
                ld=op=='global_load_b32'
                vo=s.V(a[1] if ld else a[0]); b=s.rng(a[2]); base=s.sreg(b[0])|s.sreg(b[1])<<32
                if ld:
                    x=np.zeros(32,np.uint32);n=int(a[0][1:])
                    for i in range(32):
                        if s.exec[i]: x[i]=s.m.rd(base+int(vo[i]))
                    old=s.v.get(n); s.vmq.append(('v',[n],[x])); s.pendv.add(n)
                else:
                    d=s.V(a[1])
                    for i in range(32):
                        if s.exec[i]: s.m.wr(base+int(vo[i]),int(d[i]))
                continue
            if op.startswith('s_cbranch') or op=='s_branch':
                t={'s_branch':1,'s_cbranch_scc1':s.scc,'s_cbranch_execz':not s.exec.any()}[op]
                if t: pc=tgt
                continue
            if op.startswith('s_'):
                x=s.S(a[1]) if not op.startswith('s_cmp') else s.S(a[0])
                y=s.S(a[-1])
                if op=='s_mov_b32': s.setS(a[0],s.S(a[1]))
                elif op=='s_add_u32': s.setS(a[0],x+y); s.scc=int(x+y>M32)
                elif op=='s_add_i32': s.setS(a[0],x+y); s.scc=0
                elif op=='s_addc_u32': r=x+y+s.scc; s.setS(a[0],r); s.scc=int(r>M32)
                elif op=='s_sub_u32': s.setS(a[0],x-y); s.scc=int(y>x)
                elif op=='s_lshl_b32': r=(x<<(y&31))&M32; s.setS(a[0],r); s.scc=int(r!=0)
                elif op=='s_lshr_b32': r=x>>(y&31); s.setS(a[0],r); s.scc=int(r!=0)
                elif op=='s_and_b32': r=x&y; s.setS(a[0],r); s.scc=int(r!=0)
                elif op=='s_min_u32': s.setS(a[0],min(x,y)); s.scc=int(x<y)
                elif op=='s_mul_i32': s.setS(a[0],x*y)
                elif op=='s_mul_hi_u32': s.setS(a[0],(x*y)>>32)
                elif op=='s_cmp_eq_u32': s.scc=int(x==y)
                elif op=='s_cmp_lg_u32': s.scc=int(x!=y)
                elif op=='s_cselect_b32': s.setS(a[0],x if s.scc else y)
                elif op=='s_cmp_lt_u32': s.scc=int(x<y)
                elif op=='s_cmp_ge_u32': s.scc=int(x>=y)
                elif op=='s_cmp_le_u32': s.scc=int(x<=y)
                else: raise Exception(txt)
                continue
            o=re.sub(r'_e(32|64)$','',op)
            if o.startswith('v_cmp'):
                args=a if o.startswith('v_cmpx') else a[1:]
                x,y=s.V(args[0]),s.V(args[1])
                r={'gt':x>y,'ne':x!=y}[o.split('_')[2]]&s.exec
                if o.startswith('v_cmpx'): s.exec=r
                else: s.setS(a[0],int(sum(1<<i for i in range(32) if r[i])))
                continue
            if o=='v_readfirstlane_b32':
                s.setS(a[0],int(s.V(a[1])[int(np.argmax(s.exec))])); continue
            s.setV(a[0],s.valu(op,a))


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
    assert not np.isnan(mem.r[buffers["PackedWeights"][1]][1].view(np.float32)).any(), "workspace not filled"
    y = mem.r[buffers["Output"][1]][1].view(np.float32).reshape(n, k, p, q)

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
        results.append(mem.r[buffers["Output"][1]][1].view(np.uint32).copy())
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


main()
