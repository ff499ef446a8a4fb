//! Immediates whose fields have names.
use super::text::{dec, put, signed};
use super::{Printer, emit};
use crate::names::{DELAY_ID, DELAY_SKIP, DEPCTR, HWREG, UC_VERSIONS, WAITCNT, message};
use crate::row::Class;

impl Printer<'_> {
    pub(super) fn msg(&mut self, v: u32) {
        match message(v & 0xff) {
            Some(n) => {
                emit!(self.s; put "sendmsg(", put n, put ")");
            }
            None if v > 0xff => self.dec(v),
            None => {
                emit!(self.s; put "sendmsg(", dec v, put ", 0, 0)");
            }
        }
    }

    pub(super) fn simm(&mut self, class: Class) {
        let v = self.inst.imm as u32 & 0xffff;
        match class {
            Class::Branch | Class::Endpgm => self.dec(v),
            Class::Dec if (v as i16) < -16 || (v as i16) > 64 => self.hex(v),
            Class::Dec => signed(self.s, v as i16 as i32),
            Class::Msg => self.msg(v),
            Class::Hwreg => {
                let (id, off, size) = (v & 63, v >> 6 & 31, (v >> 11) + 1);
                match HWREG.get(id as usize) {
                    Some(n) if !n.is_empty() => {
                        emit!(self.s; put "hwreg(", put n);
                    }
                    _ => {
                        emit!(self.s; put "hwreg(", dec id);
                    }
                }
                if off != 0 || size != 32 {
                    emit!(self.s; put ", ", dec off, put ", ", dec size);
                }
                self.put(")");
            }
            Class::Delay => self.delay(v),
            Class::Waitcnt => self.fields(&WAITCNT, v),
            Class::Depctr if v & 0x60 == 0 => self.fields(&DEPCTR, v),
            Class::Version => self.version(v),
            _ => self.hex(v),
        }
    }

    /// Counters that differ from their default, or all where none does.
    fn fields(&mut self, all: &[(&str, u32, u32)], v: u32) {
        let every = all.iter().all(|&(_, shift, mask)| v >> shift & mask == mask);
        let mut first = true;
        for &(n, shift, mask) in all {
            let value = v >> shift & mask;
            if every || value != mask {
                self.flag(!first, " ");
                first = false;
                emit!(self.s; put n, put "(", dec value, put ")");
            }
        }
    }

    fn delay(&mut self, v: u32) {
        let parts: [(&str, u32, &[&str], &str); 3] = [
            ("instid0", v & 15, &DELAY_ID, "/* invalid instid value */"),
            ("instskip", v >> 4 & 7, &DELAY_SKIP, "/* invalid instskip value */"),
            ("instid1", v >> 7 & 15, &DELAY_ID, "/* invalid instid value */"),
        ];
        let mut first = true;
        for (n, x, names, bad) in parts {
            if x != 0 {
                self.flag(!first, " | ");
                first = false;
                emit!(self.s; put n, put "(", put names.get(x as usize).unwrap_or(&bad), put ")");
            }
        }
        self.flag(first, "0");
    }

    fn version(&mut self, v: u32) {
        if v & 0x1f00 != 0 {
            return self.hex(v);
        }
        // Flags nest to the left: (version|first)|second.
        for _ in 1..(v >> 13).count_ones() {
            self.put("(");
        }
        match UC_VERSIONS.iter().find(|u| u.1 == v & 0xff) {
            Some(u) => self.put(u.0),
            None => self.dec(v & 0xff),
        }
        let mut nested = false;
        for (name, _) in UC_VERSIONS.iter().filter(|u| u.1 > 0xff && v & u.1 != 0) {
            self.flag(nested, ")");
            emit!(self.s; put "|", put name);
            nested = true;
        }
    }

    pub(super) fn swizzle(&mut self, v: u32) {
        if v == 0 {
            return;
        }
        if v >> 8 == 0x80 {
            emit!(self.s; put " offset:swizzle(QUAD_PERM,", dec v & 3, put ",", dec v >> 2 & 3, put ",", dec v >> 4 & 3, put ",", dec v >> 6 & 3, put ")");
            return;
        }
        if v & 0x8000 != 0 {
            emit!(self.s; put " offset:", dec v);
            return;
        }
        let (and, or, xor) = (v & 31, v >> 5 & 31, v >> 10 & 31);
        self.put(" offset:swizzle(");
        if and == 31 && or == 0 && xor.count_ones() == 1 {
            emit!(self.s; put "SWAP,", dec xor, put ")")
        } else if and == 31 && or == 0 && xor > 0 && (xor + 1).is_power_of_two() {
            emit!(self.s; put "REVERSE,", dec xor + 1, put ")")
        } else if let Some(size) = broadcast(and, or, xor) {
            emit!(self.s; put "BROADCAST,", dec size, put ",", dec or, put ")")
        } else {
            self.put("BITMASK_PERM,\"");
            for k in (0..5).rev() {
                // What a lane-number bit becomes, tried with 0 and with 1.
                let f = |x: u32| ((x & and >> k & 1) | or >> k & 1) ^ xor >> k & 1;
                self.s.push(match (f(0), f(1)) {
                    (0, 0) => b'0',
                    (1, 1) => b'1',
                    (0, _) => b'p',
                    _ => b'i',
                });
            }
            self.put("\")")
        }
    }
}

/// Group size of a swizzle in which every lane of a group reads one lane.
fn broadcast(and: u32, or: u32, xor: u32) -> Option<u32> {
    let size = 32 - and;
    (and <= 30 && size.is_power_of_two() && or < size && xor == 0).then_some(size)
}
