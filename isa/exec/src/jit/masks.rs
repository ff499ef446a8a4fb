//! Lane masks between scalar registers and the host's mask registers.
use super::asm::mem;
use super::emit::Emit;
use super::sgpr;
use crate::wave::NULL;
use iced_x86::{Code as X, Register as R};

/// Sixteen lanes of a lane mask from scalar registers.
pub(super) fn load_mask(e: &mut Emit<'_>, k: R, code: usize, part: u8) {
    e.a.e(X::VEX_Kmovw_kr_km16, &[k.into(), mem(R::RBX, sgpr(code) + 2 * part as i32).into()]);
}

/// Do a wave's mask registers at this code lie where memory accesses find them.
pub(super) fn mask_at(e: &Emit<'_>, code: usize) -> bool {
    let n = e.parts() as usize / 2;
    code + n <= 128 && !(code..code + n).contains(&NULL)
}

/// Gathers the masks of the parts, one a k register from `first` down, into scalar registers.
fn store_mask(e: &mut Emit<'_>, ks: &[R], code: usize) {
    match ks {
        [a, b] => {
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[(*a).into(), (*b).into(), (*a).into()]);
            e.a.e(X::VEX_Kmovd_m32_kr, &[mem(R::RBX, sgpr(code)).into(), (*a).into()]);
            e.forget_s(code);
        }
        [a, b, c, d] => {
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[(*a).into(), (*b).into(), (*a).into()]);
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[(*c).into(), (*d).into(), (*c).into()]);
            e.a.e(X::VEX_Kunpckdq_kr_kr_kr, &[(*a).into(), (*c).into(), (*a).into()]);
            e.a.e(X::VEX_Kmovq_m64_kr, &[mem(R::RBX, sgpr(code)).into(), (*a).into()]);
            e.forget_s(code);
            e.forget_s(code + 1);
        }
        _ => e.a.failed = true,
    }
}

/// A lane mask under way, sixteen bits a part. It is stored when all parts are done, as the instruction may read the
/// registers it goes to. Partial variants have two mask registers for it; halves wait in r8 and r9.
pub(super) struct Masks {
    code: usize,
    ks: Vec<R>,
    halves: Vec<R>,
}

impl Masks {
    pub(super) fn new(code: usize) -> Masks {
        Masks { code, ks: Vec::new(), halves: Vec::new() }
    }

    /// The register for a part's bits; k7 stays free.
    pub(super) fn next(&mut self, e: &Emit<'_>) -> R {
        // Full variants do not use k1 to k4.
        let free: &[R] = if e.req.key.full { &[R::K1, R::K2, R::K3, R::K4] } else { &[R::K5, R::K6] };
        let k = free[self.ks.len() % free.len()];
        self.ks.push(k);
        k
    }

    /// After every part: two parts make one scalar register.
    pub(super) fn push(&mut self, e: &mut Emit<'_>) {
        if !e.req.key.full && self.ks.len() == 2 {
            let r = [R::R8D, R::R9D][self.halves.len() & 1];
            e.a.e(X::VEX_Kunpckwd_kr_kr_kr, &[R::K5.into(), R::K6.into(), R::K5.into()]);
            e.a.e(X::VEX_Kmovd_r32_kr, &[r.into(), R::K5.into()]);
            self.halves.push(r);
            self.ks.clear();
        }
    }

    pub(super) fn done(self, e: &mut Emit<'_>) {
        if e.req.key.full {
            return store_mask(e, &self.ks, self.code);
        }
        for (n, r) in self.halves.into_iter().enumerate() {
            e.a.e(X::Mov_rm32_r32, &[mem(R::RBX, sgpr(self.code + n)).into(), r.into()]);
            e.forget_s(self.code + n);
        }
    }
}
