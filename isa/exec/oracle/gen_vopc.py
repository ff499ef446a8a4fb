"""Vector compares: VOPC and its VOP3 forms, into VCC, an SGPR or EXEC."""
import fp
import pools as P
import vec
from emit import Form, Src, modify, operand, random_dpp, read, sources
from fp import Mode
from valu_ops import FLOATS, WIDTH, Op

TITLE = "Vector compares"
FLOAT_CONDS = "f lt eq le gt lg ge o u nge nlg ngt nle neq nlt t".split()
INT_CONDS = "f lt eq le gt ne ge t".split()
EXECS = [0x0F0F3355, 0x80000001, 0xFFFF0000, 0x12345678]


def int_compare(cond):
    return {"f": lambda a, b: False, "lt": lambda a, b: a < b, "eq": lambda a, b: a == b, "le": lambda a, b: a <= b,
            "gt": lambda a, b: a > b, "ne": lambda a, b: a != b, "ge": lambda a, b: a >= b, "t": lambda a, b: True}[cond]


def operations():
    """(name without prefix, sources, function of mode and operands)."""
    out = []
    for n, f in FLOATS.items():
        for c in FLOAT_CONDS:
            out.append(("%s_%s" % (c, n), n + " " + n, lambda M, a, b, f=f, c=c: fp.compare(M, f, a, b, c)))
        out.append(("class_" + n, n + " u32", lambda M, a, b, f=f: b >> fp.classify(f, a) & 1))
    for n in ("i16", "u16", "i32", "u32", "i64", "u64"):
        for c in INT_CONDS:
            if c in "ft" and n[1:] == "16":
                continue
            out.append(("%s_%s" % (c, n), n + " " + n, lambda M, a, b, fn=int_compare(c): fn(a, b)))
    return out


def test(out, rng, pools, name, op, form):
    cmpx = name.startswith("v_cmpx")
    t = vec.Test(wave=form.wave, mode=form.mode, exec_mask=form.exec_mask)
    srcs = sources(rng, pools, op, form, t)
    if name.split("_")[2] == "class" and srcs[1].kind == "v":
        masks = pools.edge["class"]
        t.fields.pop()
        t.vgpr(srcs[1].reg, masks, rng.randrange(len(masks)), 1 if form.step is None else 8)
    M = Mode(form.mode)
    t.start()
    result = 0
    for lane in range(t.wave):
        if not t.lane_on(lane):
            continue
        vals = []
        for k, src in enumerate(srcs):
            at = lane
            if form.dpp and k == 0:
                ok, at = form.dpp.source(t, lane)
                assert ok
            x = 0 if at is None else read(t, src, at, form.halves >> k & 1)
            vals.append(operand(modify(x, src.ty, form.neg >> k & 1, form.abs >> k & 1), src.ty))
        result |= int(bool(op.fn(M, *vals))) << lane
    words = []
    dst = None
    if cmpx:
        t.set_mask(126, result)
    elif form.enc == "e32":
        dst = 106
        words.append("vcc_lo" if t.wave == 32 else "vcc")
    else:
        dst = rng.choice((10, 12, 20, 106))
        if dst == 106:
            words.append("vcc_lo" if t.wave == 32 else "vcc")
        else:
            words.append("s%d" % dst if t.wave == 32 else "s[%d:%d]" % (dst, dst + 1))
    if dst is not None:
        t.set_mask(dst, result)
    for k, src in enumerate(srcs):
        w = src.spelled()
        if form.abs >> k & 1:
            w = "|%s|" % w
        if form.neg >> k & 1:
            w = "-" + w
        words.append(w)
    suffix = ("_dpp" if form.enc == "e32" else "_e64_dpp") if form.dpp else "_" + form.enc
    text = "%s%s %s%s" % (name, suffix, ", ".join(words), " " + form.dpp.text() if form.dpp else "")
    patch = 0
    if form.halves:
        patch = form.halves << 11 if form.enc == "e64" else (form.halves & 1) << 7 | (form.halves >> 1 & 1) << 16
    out.add(name, text, t, patch)


def whole_dpp(rng):
    """A DPP that gives every lane a value: what a compare does in a lane without one isn't written."""
    d = random_dpp(rng, masks=False)
    d.bc = 1
    return d


def generate(out, rng, factor):
    pools = P.Pools(out, rng)
    pools.edge["class"] = out.pool("class", 1, [1 << k for k in range(10)] + [0x3FF, 0, 0xFFFFFC00, 0x1F8, 0x60, 3, 0x204])
    for _ in range(factor):
        for what, srcs, fn in operations():
            op = Op("", "b32", srcs, fn)
            fl = op.srcs[0] in FLOATS
            trivial = what[:2] in ("f_", "t_")
            for prefix in ("v_cmp_", "v_cmpx_"):
                forms = []
                add = lambda **kw: forms.append(Form(**kw))  # noqa: E731
                add(enc="e32", data="special", wave=64, step=1, div=[1, 8])
                add(enc="e32", exec_mask=rng.choice(EXECS))
                add(enc="e64", kinds=rng.choice(("vs", "sv", "iv", "vi")), wave=rng.choice((32, 64)))
                if not trivial:
                    add(enc="e32", data="edge")
                    add(enc="e64", exec_mask=rng.choice(EXECS))
                    add(enc="e64", kinds="vl" if op.srcs[1] != "i64" else "vi")
                    add(enc="e32", kinds="s", wave=64, exec_mask=0xF0F0FFFF12340FF1)
                    if fl:
                        add(enc="e32", mode=0x300)
                        add(enc="e64", neg=1, abs=2 if srcs[:3] == srcs[4:] else 0)
                        add(enc="e64", neg=2 if srcs[:3] == srcs[4:] else 1, abs=1, mode=0x350)
                    if WIDTH[op.srcs[0]] < 64:
                        add(enc="e32", dpp=whole_dpp(rng))
                        add(enc="e64", dpp=whole_dpp(rng), exec_mask=rng.choice(EXECS))
                    if WIDTH[op.srcs[0]] == 16 and "class" not in what:
                        add(enc="e32", halves=rng.choice((1, 2, 3)))
                        add(enc="e64", halves=rng.choice((1, 2, 3)))
                for form in forms:
                    test(out, rng, pools, prefix + what, op, form)
