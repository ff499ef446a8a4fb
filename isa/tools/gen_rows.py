#!/usr/bin/env python3
"""Writes isa/src/rows.rs from LLVM's instruction records for gfx11.

usage: gen_rows.py $SPARKLE_TEST_DATA/isa/llvm_gfx11_instructions.json > isa/src/rows.rs
The records come from llvm-tblgen 19 (Apache-2.0 with LLVM exception). One row is written for each pair of format and
opcode; the forms LLVM lists apart (DPP, addressing modes, with and without result) are told from one another by bits.
The output is deterministic and passed through rustfmt by the caller.
"""
import json, re, sys

ANON = {"anonymous_15868": ("V", "B32"), "anonymous_15876": ("V", "B32"), "anonymous_15872": ("V", "B16"),
        "anonymous_15871": ("V", "B64"), "anonymous_15875": ("V", "B64"), "anonymous_23267": ("V", "B16"),
        "anonymous_15870": ("V", "B128"), "anonymous_21878": ("S", "B32")}
FIX = {"VOPDstS64orS32": ("S", "Mask"), "SSrc_i1": ("S", "Mask"), "KImmFP32": ("K", "F32"), "KImmFP16": ("K", "F16"),
       "VSrc_v2b16": ("Src", "V2B16"), "VSrc_v2f16": ("Src", "V2F16"), "VCSrc_v2f16": ("Const", "V2F16"),
       "VSrc_v2bf16": ("Src", "V2BF16"), "VCSrc_v2bf16": ("Const", "V2BF16"),
       "VRegOrLdsSrc_32": ("V", "B32"), "SSrcOrLds_b32": ("Ssrc", "B32"), "VISrc_256_f64": ("Const", "Acc"),
       "VISrc_128_f32": ("Const", "Acc"), "VDst_256": ("V", "Acc"), "VDst_128": ("V", "Acc"), "SendMsg": ("Msg", "B32"), "VOPDDstYOperand": ("V", "B32"),
       "VGPRSrc_32_Lo128": ("V", "B16"), "VGPRSrc_16_Lo128": ("V", "B16"), "VGPR_32_Lo128": ("V", "B16"),
       "VGPRSrc_16": ("V", "B16"), "i8imm": ("Num", "B32")}


def kind(c):
    if c in FIX: return FIX[c]
    if c in ANON: return ANON[c]
    m = re.match(r"(SReg|VReg|VRegSrc|VGPR|VGPRSrc|AVLdSt|VDst)_(\d+)", c)
    if m and "XEXEC" in c and "XEXEC_HI" not in c: return ("SNoExec", "B" + m[2])
    if m: return ("S" if m[1] == "SReg" else "V", "B" + m[2])
    m = re.match(r"(SSrc|SCSrc|VSrc|VCSrc|VSrcT|VSrcFake16)_(bf16|[bf]\d+)", c)
    if m: return ({"SSrc": "Ssrc", "SCSrc": "Sconst", "VCSrc": "Const"}.get(m[1], "Src"), m[2].upper())
    if c.startswith("VOPDstOperand_t16"): return ("V", "B16")
    return None


def bits(x): return int(x["value"], 16)


def classify(x):
    """Format and opcode of a record, from its fixed bits."""
    v = bits(x) & 0xffffffff
    if v >> 23 == 0x17f: return "Sopp", v >> 16 & 0x7f
    if v >> 23 == 0x17e: return "Sopc", v >> 16 & 0x7f
    if v >> 23 == 0x17d: return "Sop1", v >> 8 & 0xff
    if v >> 28 == 0xb: return "Sopk", v >> 23 & 0x1f
    if v >> 30 == 2: return "Sop2", v >> 23 & 0x7f
    if v >> 25 == 0x3f: return "Vop1", v >> 9 & 0xff
    if v >> 25 == 0x3e: return "Vopc", v >> 17 & 0xff
    if v >> 31 == 0: return "Vop2", v >> 25 & 0x3f
    top = v >> 26
    if top == 0x35: return "Vop3", v >> 16 & 0x3ff
    if v >> 24 == 0xcc: return "Vop3p", v >> 16 & 0x7f
    if v >> 24 == 0xcd: return "Vinterp", v >> 16 & 0x7f
    if v >> 24 == 0xce: return "Ldsdir", v >> 20 & 3
    if top == 0x32: return "Vopd", (v >> 22 & 15) << 5 | v >> 17 & 31
    if top == 0x3d: return "Smem", v >> 18 & 0xff
    if top == 0x36: return "Ds", v >> 18 & 0xff
    if top == 0x38: return "Mubuf", v >> 18 & 0xff
    if top == 0x3a: return "Mtbuf", v >> 15 & 15
    if top == 0x3c: return "Mimg", v >> 18 & 0xff
    if top == 0x3e: return "Exp", 0
    if top == 0x37: return ("Flat", "Scratch", "Global")[v >> 16 & 3], v >> 18 & 0x7f
    raise SystemExit("format of " + x["name"])


SEXTC = ("anonymous_18716",)
SLOT = {"vdst": "Vdst", "sdst": "Sdst", "src0": "Src0", "src1": "Src1", "src2": "Src2", "imm": "Imm", "simm16": "Simm",
        "sbase": "Sbase", "sdata": "Sdst", "addr": "Addr", "data0": "Data0", "data1": "Data1", "vdata": "Vdata"}
SIMM = {"SOPPBrTarget": "Branch", "SendMsg": "Msg", "hwreg": "Hwreg", "SDelayALU": "Delay", "SWaitCnt": "Waitcnt",
        "DepCtr": "Depctr", "Endpgm": "Endpgm", "u16imm": "U16", "i16imm": "Dec", "i32imm": "Dec", "s16imm": "S16",
        "VersionImm": "Version"}


def opname(m): return m.upper()


BRANCH = re.compile(r"s_(c?branch|setpc|swappc|call_b64|rfe|subvector_loop)")
MESSAGE = re.compile(r"s_sendmsg")


def image(m, outs):
    """Operands and flags of an image instruction, from its name: what the address is made of."""
    flags = []
    parts = m.split("_")[1:]
    if m.startswith("image_bvh"):
        flags = ["I_BVH"] + (["I_BVH64"] if "bvh64" in m else [])
        return ["o(Vdata, V, B128)", "i(Addr, V, B32)", "i(Sbase, S, B128)"], flags
    if "atomic" in m: flags.append("I_ATOMIC")
    if parts[0].startswith("gather4"): flags.append("I_GATHER4")
    if parts[0] == "msaa": flags.append("I_MSAA")
    for p, q in (("c", "I_EXTRA"), ("b", "I_EXTRA"), ("o", "I_EXTRA"), ("d", "I_GRAD"), ("g16", "I_G16"), ("cl", "I_LOD"), ("l", "I_LOD"), ("mip", "I_LOD")):
        if p in parts[1:]: flags.append(q)
    n = flags.count("I_EXTRA")
    flags = [q for q in flags if q != "I_EXTRA"] + (["I_EXTRA%d" % n] if n else [])
    if m == "image_get_resinfo": flags.append("I_SIZE")
    data = ["o(Vdata, V, B32)"] if "vdata" in outs or "vdst" in outs else ["i(Vdata, V, B32)"]
    if "atomic" in m: data = ["o(Vdata, V, %s)" % ("B64" if "cmpswap" in m else "B32")]
    sampled = parts[0].startswith(("sample", "gather4")) or m == "image_get_lod"
    return data + ["i(Addr, V, B32)", "i(Sbase, S, B256)"] + (["i(Ssamp, S, B128)"] if sampled else []), flags


def main():
    recs = [r for r in json.load(open(sys.argv[1])) if r.get("size") and r["nbits"] and "pad_s_nop" not in r["name"]]
    base = {}
    dpp = set()
    dmods = {}
    ret = set()
    wave = {}
    extra = {}
    real16 = set()
    for r in recs:
        f, o = classify(r)
        n = r["name"]
        asm = r["asm"]
        if f in ("Mimg", "Exp", "Mtbuf", "Vopd"):
            pass
        fl = r.get("flags", [])
        if "UseRealTrue16Insts" in r["preds"]: real16.add((f, o))
        m = re.match(r"\w+", asm)[0]
        if f == "Vopd":
            x, y = re.match(r"(\w+) .*:: (\w+)", asm).groups()
            base.setdefault(("VopdX", o >> 5), (x, r))
            base.setdefault(("VopdY", o & 31), (y, r))
            continue
        if "DPP" in fl:
            dpp.add((f, o))
            dcls = {n2: c2 for c2, n2 in r["ins"]}
            printed = re.findall(r"\$(\w+)", asm) if "dpp8" not in asm else []
            for k in "012":
                if "src%s_modifiers" % k in printed:
                    dmods.setdefault((f, o), {})[k] = "DSEXT" if "Int" in dcls["src%s_modifiers" % k] or dcls["src%s_modifiers" % k] in SEXTC else "DMOD"
            continue
        m = re.sub(r"_e(32|64)$", "", m) if f in ("Vopc", "Vop3") else m
        if f == "Vop3p" and "_w64_" in n: wave.setdefault((f, o), {})[64] = r
        k = (f, o)
        score = (("_t16_" in n and not n.startswith(("V_CMP"))) , "_TFE_" in n, "_w64_" in n,
                 "_RTN" not in n if f in ("Flat", "Global", "Scratch", "Mubuf") else 0, n)
        if k not in base or score < extra[k]:
            base[k] = (m, r)
            extra[k] = score
    e32 = {m for (f, o), (m, r) in base.items() if f in ("Vop1", "Vop2", "Vopc")}
    e64 = {m for (f, o), (m, r) in base.items() if f == "Vop3"}
    order = ["Sop1", "Sop2", "Sopc", "Sopk", "Sopp", "Smem", "Vop1", "Vop2", "Vopc", "Vop3", "Vop3p", "VopdX", "VopdY", "Vinterp",
             "Ldsdir", "Ds", "Mubuf", "Mtbuf", "Flat", "Global", "Scratch", "Exp", "Mimg"]
    rows = []
    ops = {}
    for (f, o), (m, r) in sorted(base.items(), key=lambda kv: (order.index(kv[0][0]), kv[0][1])):
        cls = {n: c for c, n in r["outs"] + r["ins"]}
        outs = {n for c, n in r["outs"]}
        body = re.sub(r"^[\w{}]+", "", r["asm"])
        flags = []
        opn = opname(m)
        opd = []
        if f in ("VopdX", "VopdY"):
            opn = opname(m.replace("v_dual_", "v_"))
            opn = {"V_DOT2C_F32_F16": "V_DOT2ACC_F32_F16", "V_ADD_U32": "V_ADD_NC_U32", "V_LSHLREV_B32": "V_LSHLREV_B32",
                   "V_MUL_DX9_ZERO_F32": "V_MUL_DX9_ZERO_F32"}.get(opn, opn)
            half = r["asm"].split(" :: ")[0 if f == "VopdX" else 1]
            if half.startswith("v_dual_") is False: raise SystemExit(r["asm"])
            for t in re.findall(r"\$(\w+)", half):
                if t == "imm":
                    opd.append("i(Imm, K, F32)")
                    continue
                c = kind(cls[t])
                t = t.rstrip("XY").replace("vsrc1", "src1")
                opd.append(("o" if t == "vdst" else "i") + "(%s, %s, %s)" % (SLOT[t], c[0], "F32" if c[1] == "F32" else "B32"))
        elif f in ("Mubuf", "Mtbuf"):
            if "vdata" in cls:
                w = kind(cls["vdata"])
                opd.append(("o" if "vdata" in outs else "i") + "(Vdata, V, %s)" % w[1])
            if "srsrc" in cls: flags.append("ADDR")
        elif f in ("Flat", "Global", "Scratch"):
            for t in ("vdst", "vdata"):
                if t in cls and not t == "vdst_in":
                    w = kind(cls[t])
                    opd.append(("o" if t == "vdst" else "i") + "(%s, V, %s)" % (SLOT[t], w[1]))
            if "addtid" not in m: flags.append("ADDR")
            if "atomic" in m and "vdst" not in cls: flags.append("")
        elif f == "Mimg":
            opd, fl = image(m, outs)
            flags += fl
        elif f == "Exp":
            pass
        elif f == "Ldsdir":
            opd.append("o(Vdst, V, B32)")
        else:
            if f in ("Vop3",) and "{_e64}" in r["asm"]: flags.append("SUFFIX")
            printed = re.findall(r"\$(\w+)", body)
            if "offset0" in printed: flags.append("OFFSET01")
            if f == "Ds":
                if re.search(r" gds$", r["asm"]): flags.append("GDS")
                elif "gds" not in printed: flags.append("NOGDS")
                if "offset" not in printed and "offset0" not in printed: flags.append("NOOFFSET")
                fld = r["fields"].get("data0")
                if fld and fld[0][0] == 32: flags.append("DATA0_AT_ADDR")
            if f == "Smem" and printed:
                flags.append("ADDR")
                if "cpol" not in printed: flags.append("NOCPOL")
            for t in printed:
                mod = t.endswith("_modifiers")
                t0 = t.replace("_modifiers", "")
                if t0 in ("offset", "offset0", "offset1", "gds", "cpol", "soffset", "waitexp"): continue
                if t0 == "clamp": flags.append("CLAMP"); continue
                if t0 == "omod": flags.append("OMOD"); continue
                if t0 == "op_sel": flags.append("OPSEL"); continue
                if t0 == "op_sel_hi": flags.append("OPSEL_HI"); continue
                if t0 in ("neg_lo", "neg_hi"):
                    if "NEG_LOHI" not in flags: flags.append("NEG_LOHI")
                    continue
                c = cls[t0]
                if t0 == "simm16":
                    opd.append("i(Simm, %s, B16)" % SIMM[c])
                    continue
                if c in ("i32imm",) and t0 == "imm":
                    opd.append("i(Imm, K, B32)")
                    continue
                k = kind(c)
                if not k: raise SystemExit("class %s of %s" % (c, r["name"]))
                ty = k[1]
                if mod: flags.append(("SEXT" if "Int" in cls[t] else "MOD") + t0[-1])
                io = "o" if t0 in outs else "i"
                if "movreld" in m and t0 in ("vdst", "sdst") or m.startswith("v_movrelsd") and t0 == "vdst": io = "o"
                opd.append("%s(%s, %s, %s)" % (io, SLOT[t0], k[0], ty))
            if f in ("Vop1", "Vop2") and m in e64 and "$vdst" in r["asm"] and re.match(r"\w+\$vdst", r["asm"]): flags.append("SUFFIX")
            if f == "Vop3" and m in e32 and re.match(r"\w+\$[vs]dst", r["asm"]): flags.append("SUFFIX")
            if f == "Vopc":
                flags.append("SUFFIX")
                if "cmpx" not in m: opd.insert(0, "o(Vcc, S, Mask)")
            if f == "Vop2" and "_co_ci_" in m:
                opd.insert(1, "o(Vcc, S, Mask)")
                opd.append("i(Vcc, S, Mask)")
            if f == "Vop2" and m.startswith("v_cndmask_"): opd.append("i(Vcc, S, Mask)")
            if "vdst_in" in cls or "sdst_in" in cls or "$vdst = $src2" in (r.get("constraints") or "") or "sdst = $sdst_in" in (r.get("constraints") or "") \
                    or "$sdst = $src" in (r.get("constraints") or ""):
                flags.append("TIED")
        if (f, o) in dpp: flags.append("DPP")
        for k, q in sorted(dmods.get((f, o), {}).items()):
            if q == "DSEXT": flags.append("DSEXT" + k)
        if f == "Vop3" and any("Sdst" in q for q in opd) and any("Vdst" in q for q in opd): flags.append("SD")
        if any("Lo128" in c for c in cls.values()): flags.append("T16")
        if (f, o) in real16: flags.append("REAL16")
        if {"HasSALUFloatInsts", "HasVGPRSingleUseHintInsts"} & set(r["preds"]): flags.append("RDNA35")
        imp = []
        for u in r.get("uses") or []:
            if u in ("VCC", "SCC", "M0", "EXEC", "MODE", "FLAT_SCR"): imp.append("R_" + u)
        for u in r.get("defs") or []:
            if u in ("VCC", "SCC", "EXEC", "MODE", "M0"): imp.append("W_" + u)
        if r.get("mayLoad"): imp.append("LOADS")
        if r.get("mayStore"): imp.append("STORES")
        lf = r.get("flags", [])
        if "VM_CNT" in lf:
            loads = "Vdst" in " ".join(opd) or any(q.startswith("o(Vdata") for q in opd)
            imp += ["C_VM"] if loads else []
            imp += ["C_VS"] if r.get("mayStore") or "atomic" in m else []
            if not loads and "C_VS" not in imp: imp.append("C_VM")
        if "LGKM_CNT" in lf or f == "Flat" or MESSAGE.match(m): imp.append("C_LGKM")
        if f in ("Exp", "Ldsdir"): imp.append("C_EXP")
        if "TRANS" in lf: imp.append("TRANS")
        if BRANCH.match(m): imp.append("BRANCH")
        if MESSAGE.match(m): imp.append("MESSAGE")
        flags = [q for q in flags if q]
        ops.setdefault(opn, []).append('e("%s", %s, 0x%02x, &[%s], %s, %s)' % (
            m, f, o, ", ".join(opd), " | ".join(flags) or "0", " | ".join(imp) or "0"))
    out = sys.stdout
    for q in sorted(ops):
        out.write("    %s [\n" % q)
        for e in ops[q]: out.write("        %s,\n" % e)
        out.write("    ]\n")


main()
