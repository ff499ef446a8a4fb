//! Every row either has semantics or traps with its name. What has none is printed: `cargo test -- --nocapture`.
mod common;
use common::*;
use isa::{Format, ROWS};
use isa_exec::*;
use std::collections::BTreeSet;

/// Instructions that have semantics.
const FLOOR: usize = 1134;

/// An encoding of the row with register operands 0.
fn words(row: &isa::Row) -> Option<Vec<u32>> {
    let o = row.opcode as u32;
    Some(match row.format {
        Format::Sop1 => vec![0xbe80_0000 | o << 8],
        Format::Sop2 => vec![0x8000_0000 | o << 23, 0],
        Format::Sopc => vec![0xbf00_0000 | o << 16],
        // SIMM16 1 names the MODE register for the instructions that take one.
        Format::Sopk => vec![0xb000_0001 | o << 23, 0],
        Format::Sopp => vec![0xbf80_0000 | o << 16],
        Format::Smem => vec![0xf400_0000 | o << 18, 0xf800_0000],
        Format::Vop1 => vec![0x7e00_0100 | o << 9],
        Format::Vop2 => vec![o << 25 | 0x100, 0],
        Format::Vopc => vec![0x7c00_0100 | o << 17],
        Format::Vop3 => vec![0xd400_0000 | o << 16, 0x0402_0100],
        Format::Vop3p => vec![0xcc00_0000 | o << 16, 0x0402_0100],
        Format::Ds => vec![0xd800_0000 | o << 18, 0],
        Format::Mubuf => vec![0xe000_0000 | o << 18, 0x8000_0000],
        Format::Flat => vec![0xdc00_0000 | o << 18, 0x007c_0000],
        Format::Scratch => vec![0xdc01_0000 | o << 18, 0x007c_0000],
        Format::Global => vec![0xdc02_0000 | o << 18, 0x007c_0000],
        Format::VopdX | Format::VopdY => return None,
        Format::Vinterp => vec![0xcd00_0000 | o << 16, 0x0402_0100],
        Format::Ldsdir => vec![0xce00_0000 | o << 20],
        Format::Mtbuf => vec![0xe800_0000 | o << 15, 0x8000_0000],
        Format::Mimg => vec![0xf000_0000 | o << 18, 0],
        Format::Exp => vec![0xf800_0000, 0],
    })
}

#[test]
fn what_has_no_semantics_says_so() {
    let mut missing = BTreeSet::new();
    let mut have = BTreeSet::new();
    for row in ROWS {
        let Some(mut w) = words(row) else { continue };
        // Programs are gfx1100's.
        if row.has(isa::row::RDNA35) {
            continue;
        }
        let inst = isa::decode(&w, WaveSize::W32).unwrap_or_else(|e| panic!("{}: {e}", row.name));
        assert_eq!(inst.op, row.op, "{} decodes as itself", row.name);
        w.truncate(inst.len_dw as usize);
        w.extend([0xbfb0_0000; 64]);
        let mut mem = Flat::default();
        mem.add(0x1000, bytes(&w), false, true);
        mem.add(0, vec![0; 256], true, false);
        let sgprs = [0; 32];
        let mut s = setup(WaveSize::W32, 32, &sgprs);
        s.lds_bytes = 64;
        let mut p = Program::new(0x1000, WaveSize::W32);
        let r = run_group(&s, &mut p, &mut mem, &control());
        match r {
            Err(Trap { kind: TrapKind::NotImplemented { what }, .. }) => {
                assert!(what.contains(row.name), "the trap of {} names it: {what}", row.name);
                missing.insert(row.op);
            }
            _ => {
                have.insert(row.op);
            }
        }
    }
    let both: Vec<_> = missing.intersection(&have).collect();
    assert!(both.is_empty(), "these run in one encoding and not in another: {both:?}");
    eprintln!(
        "{} of {} instructions have semantics; these have none: {missing:?}",
        have.len(),
        have.len() + missing.len()
    );
    // What once ran still does. An instruction without semantics makes no difference.
    assert!(have.len() >= FLOOR, "{} instructions have semantics, {FLOOR} had", have.len());
}
