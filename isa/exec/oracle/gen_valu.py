"""Element-wise VALU instructions (VOP1, VOP2, VOP3)."""
import pools as P
from emit import TRUE16, Form, random_dpp, test
from valu_ops import FLOATS, OPS, WIDTH

TITLE = "VOP1, VOP2 and VOP3 instructions that work lane by lane"
EXECS = [0x0F0F3355, 0x80000001, 0xFFFF0000, 0x12345678]


def sizes(op):
    """The 16-bit operands, as OPSEL bits."""
    bits = 0
    shown = op.srcs[:-1] if op.tied else op.srcs
    for k, ty in enumerate(shown):
        bits |= (WIDTH[ty] == 16) << k
    return bits | (WIDTH[op.dst] == 16) << 3


def forms(op, rng):
    """The tests of an instruction."""
    enc = "e32" if op.e32 else "e64"
    n = len(op.srcs) - op.tied
    wide = any(WIDTH[x] >= 64 for x in op.srcs + [op.dst])
    partial = lambda: rng.choice(EXECS)  # noqa: E731
    out = []
    add = lambda **kw: out.append(Form(**kw))  # noqa: E731
    fl = op.is_float and op.modes
    # All pairs of the special numbers, or a walk over the edges.
    if fl and len(op.srcs) == 2 and all(x in FLOATS for x in op.srcs):
        add(enc=enc, data="special", wave=64, step=1, div=[1, 8])
        add(enc=enc, data="special", wave=64, step=1, div=[1, 8], mode=0x0F0)
    elif len(op.srcs) == 1:
        add(enc=enc, wave=64, step=1)
    else:
        add(enc=enc)
        add(enc=enc, wave=64, data="special" if fl else "edge", exec_mask=0xFFFF00FF00FF3333)
        if fl:
            add(enc=enc, data="special", mode=0x1F0)
    add(enc=enc, exec_mask=partial(), alias=True)
    if op.e64:
        add(enc="e64", wave=64 if not wide else 32)
    if fl:
        add(enc=enc, mode=0x300)
        add(enc="e64" if op.e64 else enc, mode=0x0F0)
        add(enc=enc, mode=0x350, data="near")
        add(enc=enc, mode=0x3A0, data="near")
        add(enc=enc, data="near")
        if op.rounds:
            for r in (1, 2, 3):
                add(enc=enc, mode=0x3F0 | r | r << 2, data="near")
                add(enc=enc, mode=(0x3F0 if r & 1 else 0x300) | r | r << 2, data="edge")
            # The two fields apart.
            add(enc=enc, mode=0x3F0 | 1 | 2 << 2, data="near")
            add(enc=enc, mode=0x330, data="near")
            add(enc=enc, mode=0x3C0, data="near")
        if "f16" in [op.dst] + op.srcs:
            add(enc=enc, mode=0x8003F0)
            add(enc=enc, mode=0x8003F0 | 5, data="near")
    if op.e64:
        if op.has_mods():
            mask = sum(1 << k for k, ty in enumerate(op.srcs[:n]) if ty in FLOATS)
            full = (1 << n) - 1
            add(neg=mask, abs=0)
            add(neg=0, abs=mask, exec_mask=partial())
            add(neg=rng.randrange(1, full + 1) & mask or mask, abs=rng.randrange(1, full + 1) & mask or mask, alias=True)
        if op.clamp == "f" and not op.ulp:
            add(clamp=1)
            add(clamp=1, mode=0x0F0, data="special")
            add(clamp=1, data="near", mode=0x300)
        if op.clamp == "i":
            add(clamp=1)
            add(clamp=1, wave=64 if not wide else 32)
        if op.omod and not op.ulp:
            for code in (1, 2, 3):
                add(omod=code, mode=0x100, data="near")
            add(omod=1, mode=0x1F0, data="near")
            add(omod=2, mode=0x300, data="near")
            add(omod=3, mode=0x100, clamp=1, data="edge")
    # Scalar operands: in the short form src0 alone.
    if op.name.startswith(("v_mqsad_u32",)):
        return out
    if enc == "e32":
        for kind in "sil":
            add(enc="e32", kinds=kind)
        add(enc="e32", kinds="i", exec_mask=partial())
    one_scalar = op.name in ("v_lshlrev_b64", "v_lshrrev_b64", "v_ashrrev_i64") or wide
    if op.e64:
        if n == 1:
            add(kinds="s")
            add(kinds="i")
            add(kinds="l")
        elif n == 2:
            add(kinds="vs")
            add(kinds="iv" if one_scalar else "is")
            add(kinds="vl")
            add(kinds="vi")
        else:
            add(kinds="vvs")
            add(kinds="vsi" if one_scalar else "svs")
            add(kinds="ivl")
            add(kinds="vlv" if one_scalar else "vli")
    if op.dpp:
        if enc == "e32":
            add(enc="e32", dpp=random_dpp(rng))
        if op.e64 and op.name not in TRUE16:
            add(dpp=random_dpp(rng), exec_mask=rng.choice((None, EXECS[0])))
    halves = sizes(op)
    if halves:
        for h in (halves & 7, halves & 8, halves, halves & 5 or halves):
            if h and op.e64:
                add(halves=h)
        if op.e32 and not op.tied:
            add(enc="e32", halves=halves & 11)
        if op.e32 and halves & 8:
            add(enc="e32", halves=8, exec_mask=partial())
    return out


def generate(out, rng, factor):
    pools = P.Pools(out, rng)
    for _ in range(factor):
        for name in OPS:
            for form in forms(OPS[name], rng):
                test(out, rng, pools, OPS[name], form)
