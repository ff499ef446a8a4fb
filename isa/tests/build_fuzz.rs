//! Whatever is asked of the builder: an instruction that reads back as what was asked, or an error.
mod build_common;
use build_common::*;
use isa::build::*;
use isa::row::Format;
use isa::*;

fn anything(r: &mut Rng) -> Arg {
    let b = r.next() as u8;
    let a = match r.below(20) {
        0..3 => v(b).arg(),
        3 => vs::<2>(b).arg(),
        4 => vs::<4>(b).arg(),
        5 => vs::<8>(b).arg(),
        6 => vs::<300>(b).arg(),
        7 | 8 => s(b).arg(),
        9 => ss::<2>(b).arg(),
        10 => ss::<4>(b).arg(),
        11 => ss::<8>(b).arg(),
        12 => r.pick(&[VCC, NULL, M0, EXEC, SCC, SHARED_BASE, EXEC_HI]).arg(),
        13 => ttmp(b).arg(),
        14 => (r.next() as i64).wrapping_mul(0x9e37_79b9_7f4a_7c15u64 as i64).arg(),
        15 => (b as i32 - 100).arg(),
        16 => f64::from_bits(r.next() << 11 | r.next()).arg(),
        17 => Off.arg(),
        18 => attribute(b, b / 3),
        _ => {
            let parts: Vec<Arg> = (0..r.below(7)).map(|k| v(b.wrapping_add(k as u8)).arg()).collect();
            nsa(&parts)
        }
    };
    let a = if r.one_in(8) { -a } else { a };
    let a = if r.one_in(10) { a.abs() } else { a };
    if r.one_in(20) { a.sext() } else { a }
}

fn modified(r: &mut Rng, s: Spec) -> Spec {
    let b = r.next() as u8;
    let flags: Vec<bool> = (0..r.below(12)).map(|_| r.one_in(2)).collect();
    match r.below(30) {
        0 => s.clamp(),
        1 => s.omod(Omod::Mul4),
        2 => s.op_sel(&flags),
        3 => s.op_sel_hi(&flags),
        4 => s.neg_lo(&flags),
        5 => s.neg_hi(&flags),
        6 => s.dpp(Dpp16::row_share(b).row_mask(b).bank_mask(b)),
        7 => s.dpp(Dpp8::new([b; 8])),
        8 => s.dpp(Dpp::Dpp16 { ctrl: r.next() as u16, row_mask: b, bank_mask: b, bound_ctrl: true, fi: true }),
        9 => s.offset(r.next() as i32),
        10 => s.offsets(b, b),
        11 => s.offen(),
        12 => s.idxen().offen(),
        13 => s.tfe(),
        14 => s.gds(),
        15 => s.format(b),
        16 => s.wait(b),
        17 => s.dmask(b).dim(b),
        18 => s.dim(b).a16().d16(),
        19 => s.e32(),
        20 => s.e64(),
        21 => s.glc().slc().dlc(),
        _ => s,
    }
}

#[test]
fn anything_at_all_builds_or_errs() {
    let mut r = Rng(31337);
    let ops: Vec<Op> = ROWS.iter().map(|x| x.op).collect();
    let (mut good, mut bad) = (0, 0);
    for round in 0..400_000 {
        let target = Target::new(r.pick(&Arch::ALL), if r.one_in(2) { WaveSize::W32 } else { WaveSize::W64 });
        let op = r.pick(&ops);
        let args: Vec<Arg> = (0..r.below(7)).map(|_| anything(&mut r)).collect();
        let mut spec = op.on(&args[..]);
        for _ in 0..r.below(3) {
            spec = modified(&mut r, spec);
        }
        let mut k = Kernel::new(target);
        let made = if round % 8 == 0 {
            let y: Vec<Arg> = (0..r.below(5)).map(|_| anything(&mut r)).collect();
            k.try_dual(spec, r.pick(&ops).on(&y[..]))
        } else {
            k.try_emit(spec)
        };
        if let Err(e) = made {
            assert!(!e.to_string().is_empty() && e.code().starts_with("isa-") && !e.hint().is_empty());
            bad += 1;
            continue;
        }
        good += 1;
        let code = k.finish().unwrap();
        let back = decode(code.words(), target).unwrap();
        assert_eq!((back.op, back.len_dw as usize), (op, code.words().len()));
        assert_eq!(check(&back, target), Ok(()), "{}", disassemble(&back, target));
        // What hardware ignores may differ in the fields, not in the words.
        if !matches!(back.format(), Format::VopdX) {
            assert_eq!(&encode(&back).unwrap()[..], code.words(), "{}", disassemble(&back, target));
        }
    }
    eprintln!("{good} built, {bad} refused");
    assert!(good > 500 && bad > 100_000);
}
