"""Every DPP control, with every rule for lanes outside the row and lanes that are off, and DPP8."""
import vec
from emit import CONTROLS, Dpp

TITLE = "DPP16 and DPP8 controls"
EXECS = {32: [None, 0x0F0F3355, 0xFFFE7FFF, 0x80000001], 64: [None, 0xF0F0FFFF12340FF1, 0xFFFFFFFF00000001]}


def one(out, rng, pool, dpp, wave, exec_mask, name="v_mov_b32", dst=30):
    t = vec.Test(wave=wave, exec_mask=exec_mask)
    t.vgpr(1, pool, rng.randrange(61), 1)
    if name == "v_add_nc_u32":
        t.vgpr(4, pool, rng.randrange(61), 3)
    t.start()
    for lane in range(wave):
        if not t.lane_on(lane):
            continue
        ok, at = dpp.source(t, lane)
        if not ok:
            continue
        x = 0 if at is None else t.reg(1)[at]
        if name == "v_add_nc_u32":
            x += t.reg(4)[lane]
        t.set_v(dst, lane, x)
    words = "v%d, v1" % dst + (", v4" if name == "v_add_nc_u32" else "")
    out.add(name, "%s_dpp %s %s" % (name, words, dpp.text()), t)


def generate(out, rng, factor):
    # Small numbers, so that a lane's value says where it comes from.
    pool = out.pool("lane", 1, [0x100 + k for k in range(61)])
    for _ in range(factor):
        for k, (text, fn) in enumerate(CONTROLS):
            quad = text.startswith("quad")
            ways = [(rng.randrange(2), rng.randrange(2))] if quad else [(0, 0), (0, 1), (1, 0), (1, 1)]
            for bc, fi in ways:
                wave = 64 if rng.random() < 0.15 else 32
                masks = (15, 15) if rng.random() < 0.75 else (rng.randrange(16), rng.randrange(16))
                exec_mask = rng.choice(EXECS[wave]) if bc + fi or rng.random() < 0.7 else None
                name = "v_add_nc_u32" if rng.random() < 0.2 else "v_mov_b32"
                # The destination may be the source: all lanes are read before any is written.
                one(out, rng, pool, Dpp(text, fn, *masks, bc=bc, fi=fi), wave, exec_mask, name, rng.choice((30, 30, 1)))
        for k in range(48):
            p = [rng.randrange(8) for _ in range(8)] if k > 3 else [[7 - j for j in range(8)], [k] * 8, list(range(8)),
                                                                     [1, 0, 3, 2, 5, 4, 7, 6]][k]
            wave = 64 if k % 5 == 0 else 32
            d = Dpp("dpp8:[%s]" % ",".join(map(str, p)), lambda lane, p=p: lane & ~7 | p[lane & 7], fi=k & 1, eight=True)
            one(out, rng, pool, d, wave, rng.choice(EXECS[wave]), "v_add_nc_u32" if k % 7 == 0 else "v_mov_b32",
                rng.choice((30, 1)))
