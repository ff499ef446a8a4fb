#!/usr/bin/env python3
"""Compares isa/src/rows.rs with LLVM's instruction records for gfx11.

usage: check_rows.py RECORDS [ROWS]          compare; exit 1 when an encoding is missing, extra or different
       check_rows.py RECORDS --print REGEX   print the entries that the records imply for these mnemonics

RECORDS is $SPARKLE_TEST_DATA/isa/llvm_gfx11_instructions.json: what llvm-tblgen 19 says of every gfx11 instruction
(Apache-2.0 with LLVM exception). ROWS is isa/src/rows.rs. An encoding is one pair of format and opcode; the forms that
LLVM lists apart (DPP, addressing modes, with and without result) are told from one another by bits. Where the records
are silent or wrong about the machine, EXCEPTIONS says what holds and why.
"""
import json, pathlib, re, sys

# (mnemonic, formats or "", what to change, why). Changes: +FLAG and -FLAG of the last column, ^FLAG of the one before,
# SLOT=x (read and written), SLOT=o (written), SLOT=i (read), SLOT:CLASS (what may stand there).
EXCEPTIONS = [
    # Scalar instructions.
    (r"s_cmovk?_.*", "", "Sdst=x", "the destination keeps its value where SCC is 0"),
    (r"s_quadmask_b(32|64)", "", "+W_SCC", "the manual's pseudocode sets SCC to 'result is not 0'"),
    (r"s_subvector_loop_begin", "", "Sdst=o", "saves one half of EXEC"),
    (r"s_subvector_loop_end", "", "Sdst=x", "restores the half and saves the other"),
    (r"s_waitcnt_.*cnt|s_wakeup", "", "-LOADS -STORES", "LLVM's barrier against reordering, no access"),
    # Vector instructions.
    (r"v_movrelsd_2_b32|v_swaprel_b32", "", "+R_EXEC", "LLVM's list of M0 replaces that of EXEC"),
    (r"v_nop|v_pipeflush", "", "-R_EXEC", "works on no lane"),
    (r"v_pk_fmac_f16", "", "Vdst=x", "accumulates"),
    (r"v_sat_pk_u8_i16", "Vop1", "^T16", "the result is a half: LLVM takes no destination past v127"),
    (r"v_fma_mix(lo|hi)?_f(16|32)", "", "Src0:Src Src1:Src Src2:Src", "LLVM's assembler takes literals here"),
    (r"v_wmma_b?f16_.*", "", "Vdst=x", "OP_SEL[2] chooses the half written, the other half stays"),
    (r"v_dual_(mov|cndmask|and|lshlrev)_b32|v_dual_add_nc_u32", "", "-R_MODE", "LLVM lists MODE for the whole pair"),
    # LDS and GDS. Without the gds bit M0 is neither base nor limit on this generation; with it GDS holds the VGPRs that
    # it reads until expcnt falls. A row that works on either says what holds without the bit.
    (r"(?!ds_(gws_|ordered_count|add_gs_reg|sub_gs_reg|append|consume|\w+_addtid)).*", "Ds", "-R_M0",
     "LDS instructions read no M0"),
    (r"ds_gws_.*|ds_ordered_count|ds_(add|sub)_gs_reg_rtn", "", "+C_EXP", "GDS reads its VGPRs late"),
    # Vector memory and export.
    (r"buffer_load_lds_.*", "", "+STORES", "the data goes to LDS"),
    (r"exp", "", "-LOADS -STORES", "exports go to buffers of the raster back end, no address space has them"),
]

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


SEXTC = ("anonymous_18716", "anonymous_22842")
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
    if "atomic" in m: data = ["x(Vdata, V, %s)" % ("B64" if "cmpswap" in m else "B32")]
    sampled = parts[0].startswith(("sample", "gather4")) or m == "image_get_lod"
    return data + ["i(Addr, V, B32)", "i(Sbase, S, B256)"] + (["i(Ssamp, S, B128)"] if sampled else []), flags


def io_of(slot, record, written, x=""):
    """o, i, or x where the record ties the register to an input; `slot` is LLVM's name of the operand."""
    names = [n for c, n in record["outs"] + record["ins"]]
    ties = [t.strip() for t in (record.get("constraints") or "").split(",")]
    if slot + "_in" in names or any(re.fullmatch(r"\$%s = .*" % slot, t) for t in ties): return "x"
    if "$vdst1 = $" + slot in ties or "$src2%s = $vdst%s" % (x, x) in ties and slot == "vdst" + x and x: return "x"
    return "o" if written else "i"


def amend(name, form, operands, modifiers, implicit):
    """Applies EXCEPTIONS; returns which of them changed something."""
    used = set()
    for k, (pattern, forms, changes, _) in enumerate(EXCEPTIONS):
        if not re.fullmatch(pattern, name) or forms and form not in forms.split(): continue
        for c in changes.split():
            before = (list(operands), list(modifiers), list(implicit))
            if c[0] == "+":
                if c[1:] not in implicit: implicit.append(c[1:])
            elif c[0] == "^":
                if c[1:] not in modifiers: modifiers.append(c[1:])
            elif c[0] == "-":
                if c[1:] in implicit: implicit.remove(c[1:])
            elif ":" in c:
                slot, cl = c.split(":")
                operands[:] = [re.sub(r"^(\w)\((\w+), \w+,", r"\1(\2, %s," % cl, q) if q[2:].split(",")[0] == slot else q
                               for q in operands]
            else:
                slot, io = c.split("=")
                operands[:] = [io + q[1:] if q[2:].split(",")[0] == slot else q for q in operands]
            if before != (list(operands), list(modifiers), list(implicit)): used.add(k)
    return used


def expected(path):
    """The entries the records imply: op -> [(mnemonic, format, opcode, operands, flags, implicit)]."""
    recs = [r for r in json.loads(pathlib.Path(path).read_text()) if r.get("size") and r["nbits"] and "pad_s_nop" not in r["name"]]
    base = {}
    dpp = set()
    dmods = {}
    ret = set()
    wave = {}
    extra = {}
    real16 = set()
    ends = {}
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
            ends[("VopdX", o >> 5)] = ends[("VopdY", o & 31)] = r
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
    unused = set(range(len(EXCEPTIONS)))
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
                io = io_of(t + f[4], ends[(f, o)], t == "vdst", f[4]) if t == "vdst" else "i"
                opd.append(io + "(%s, %s, %s)" % (SLOT[t], c[0], "F32" if c[1] == "F32" else "B32"))
        elif f in ("Mubuf", "Mtbuf"):
            if "vdata" in cls:
                w = kind(cls["vdata"])
                opd.append(io_of("vdata", r, "vdata" in outs) + "(Vdata, V, %s)" % w[1])
            if "srsrc" in cls: flags.append("ADDR")
        elif f in ("Flat", "Global", "Scratch"):
            for t in ("vdst", "vdata"):
                if t in cls and not t == "vdst_in":
                    w = kind(cls[t])
                    opd.append(io_of(t, r, t == "vdst") + "(%s, V, %s)" % (SLOT[t], w[1]))
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
                io = io_of(t0, r, t0 in outs)
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
        if (f, o) in dpp: flags.append("DPP")
        # Where no long form tells which sources take a sign, the DPP form does.
        if f == "Vop2" and m not in e64:
            flags[:0] = ["MOD" + k for k, q in sorted(dmods.get((f, o), {}).items()) if q == "DMOD"]
        for k, q in sorted(dmods.get((f, o), {}).items()):
            if q == "DSEXT": flags.append("DSEXT" + k)
        if f == "Vop3" and any("Sdst" in q for q in opd) and any("Vdst" in q for q in opd): flags.append("SD")
        if any("Lo128" in c for c in cls.values()) or f in ("Vop1", "Vop2", "Vopc") and "_t16_" in r["name"]: flags.append("T16")
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
            loads = "Vdst" in " ".join(opd) or any(q[1:].startswith("(Vdata") and q[0] in "ox" for q in opd)
            imp += ["C_VM"] if loads else []
            imp += ["C_VS"] if r.get("mayStore") or "atomic" in m else []
            if not loads and "C_VS" not in imp: imp.append("C_VM")
        if "LGKM_CNT" in lf or f == "Flat" or MESSAGE.match(m): imp.append("C_LGKM")
        if f in ("Exp", "Ldsdir"): imp.append("C_EXP")
        if "TRANS" in lf: imp.append("TRANS")
        if BRANCH.match(m): imp.append("BRANCH")
        if MESSAGE.match(m): imp.append("MESSAGE")
        unused -= amend(m, f, opd, flags, imp)
        flags = [q for q in flags if q]
        ops.setdefault(opn, []).append((m, f, o, opd, flags, imp))
    for k in unused:
        raise SystemExit("check_rows.py: the exception for %s changes nothing" % EXCEPTIONS[k][0])
    return ops


def entry(m, f, o, operands, flags, implicit):
    """The entry as rows.rs spells it."""
    return 'e("%s", %s, 0x%02x, &[%s], %s, %s)' % (
        m, f, o, ", ".join(operands), " | ".join(flags) or "0", " | ".join(implicit) or "0")


ENTRY = re.compile(r'\be\(\s*"(\w+)",\s*(\w+),\s*(0x[0-9a-f]+|\d+),\s*&\[(.*?)\],\s*([\w\s|]+?),\s*([\w\s|]+?),?\s*\)', re.S)


def written(path):
    """The entries of rows.rs, the same way. A line that is neither an entry nor a name is an error, not skipped."""
    text = pathlib.Path(path).read_text()
    body = text[text.index("\ninstructions! {") :].split("{", 1)[1].rsplit("}", 1)[0]
    ops = {}
    for block in re.finditer(r"(\w+)\s*\[(.*?)\n    \]", body, re.S):
        op, inner = block[1], block[2]
        if op in ops: raise SystemExit("rows.rs: %s is written twice" % op)
        words = lambda t: [] if t.strip() == "0" else [q.strip() for q in t.split("|")]
        ops[op] = [(m, f, int(o, 0), re.findall(r"\w\(\w+, \w+, \w+\)", opd), words(fl), words(im))
                   for m, f, o, opd, fl, im in ENTRY.findall(inner)]
        rest = ENTRY.sub("", inner).replace(",", "").strip()
        if rest: raise SystemExit("rows.rs: %s: cannot read %r" % (op, rest[:80]))
    rest = re.sub(r"(\w+)\s*\[(.*?)\n    \]", "", body, flags=re.S).strip()
    if rest: raise SystemExit("rows.rs: cannot read %r" % rest[:80])
    return ops


def compare(want, have):
    """Differences in words, one a line."""
    flat = lambda ops: {(f, o): (op, m, opd, fl, im) for op, rows in ops.items() for m, f, o, opd, fl, im in rows}
    a, b = flat(want), flat(have)
    said = []
    for key in sorted(a.keys() | b.keys()):
        place = "%s 0x%02x" % key
        if key not in b:
            op, m, opd, fl, im = a[key]
            said.append("missing: %s %s\n    %s [%s]" % (place, m, op, entry(m, *key, opd, fl, im)))
        elif key not in a:
            said.append("extra: %s %s" % (place, b[key][1]))
        else:
            for column, x, y in zip(("name", "mnemonic", "operands", "modifiers", "effects"), a[key], b[key]):
                if (set(x) if column in ("modifiers", "effects") else x) != (set(y) if column in ("modifiers", "effects") else y):
                    show = lambda v: v if isinstance(v, str) else " ".join(v) or "none"
                    said.append("different: %s %s: %s\n    records %s\n    rows.rs %s" % (place, a[key][1], column, show(x), show(y)))
    doubled = sum(map(len, have.values())) - len(b)
    if doubled: said.append("%d encodings of rows.rs share a format and opcode with another" % doubled)
    order = list(have)
    if order != sorted(order): said.append("names are not sorted, first at " + next(q for q, s in zip(order, sorted(order)) if q != s))
    return said


def main():
    args = sys.argv[1:]
    if len(args) == 3 and args[1] == "--print":
        for op, rows in sorted(expected(args[0]).items()):
            rows = [r for r in rows if re.fullmatch(args[2], r[0])]
            if rows: print("    %s [\n%s    ]" % (op, "".join("        %s,\n" % entry(*r) for r in rows)))
        return
    if len(args) not in (1, 2): raise SystemExit(__doc__)
    rows = args[1] if len(args) == 2 else pathlib.Path(__file__).parent.parent / "src/rows.rs"
    want, have = expected(args[0]), written(rows)
    said = compare(want, have)
    print("\n".join(said + ["%d encodings of %d instructions, %d differences" % (sum(map(len, have.values())), len(have), len(said))]))
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
