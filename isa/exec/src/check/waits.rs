//! Memory instructions under way, and the registers they hold.
//!
//! Counters as the RDNA3 guide's section on data dependency has them: vmcnt and vscnt count down in the order of issue;
//! of lgkmcnt's instructions LDS ones keep their order among themselves, scalar loads and messages keep none. A wait that
//! leaves `n` of a counter under way is sure of an instruction only if it has `n` or more of its own order behind it: all of
//! another order may have come first.
use isa::analysis::{Effects, Regs};
use isa::row::{ADDR, C_EXP, C_LGKM, C_VM, C_VS};
use isa::{Format, Inst, Op};

/// Instructions that complete in the order of their issue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    /// vmcnt and vscnt.
    Vector,
    Lds,
    /// FLAT's half of lgkmcnt.
    Flat,
    Export,
    /// Scalar loads, messages, GDS: each for itself.
    Alone,
}

/// One instruction under way, for one counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub pc: u64,
    /// When it was issued.
    pub time: u32,
    /// One of the counter bits of `isa::row`.
    pub counter: u32,
    order: Order,
    /// Which unit returns data: writes of one unit to one register come in order.
    unit: isa::Unit,
    sampler: bool,
    /// Lanes that it writes.
    pub exec: u64,
    /// Registers that it writes.
    pub writes: Regs,
    /// Registers that it has yet to read.
    pub holds: Regs,
    /// It loads, and does not store.
    loads: bool,
}

impl Flight {
    /// The counter's name and the wait that is needed.
    pub fn wait(&self) -> &'static str {
        match self.counter {
            C_VM => "vmcnt",
            C_VS => "vscnt",
            C_LGKM => "lgkmcnt",
            _ => "expcnt",
        }
    }

    /// Whether an instruction reads or overwrites too early, and which registers.
    fn conflict(&self, inst: &Inst, e: &Effects, exec: u64, lanewise: bool) -> Option<(bool, Regs)> {
        let both = |a: &Regs, b: &Regs| {
            let not = a.without(b);
            a.without(&not)
        };
        // A lane that the load leaves out is not touched by it.
        let apart = lanewise && self.exec & exec == 0;
        let mut read = both(&e.reads, &self.writes);
        if ordered(inst, self) && e.loads && !e.stores {
            // Of a 16-bit load the other half survives, whichever of two loads comes first.
            let mut address = Regs::NONE;
            address.add_vgprs(inst.mem.addr, address_vgprs(inst));
            read = read.without(&e.writes.without(&address));
        }
        let scalars = read.s != 0 || read.scc;
        if read != Regs::NONE && (scalars || !apart) {
            return Some((true, read));
        }
        let held = both(&e.writes, &self.holds);
        if held != Regs::NONE {
            return Some((false, held));
        }
        let write = both(&e.writes, &self.writes);
        (write != Regs::NONE && !ordered(inst, self) && (write.s != 0 || !apart)).then_some((false, write))
    }
}

/// Kinds of access for the question what was done before a barrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Traffic {
    Lds,
    Load,
    Store,
    Scalar,
}

/// What one wave has under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    flights: Vec<Flight>,
}

impl Waits {
    /// What an instruction waits for, before anything else it does.
    pub fn wait(&mut self, inst: &Inst) {
        let v = inst.imm as u32 & 0xffff;
        match inst.op {
            Op::S_WAITCNT => {
                self.until(C_EXP, v & 7, 7);
                self.until(C_LGKM, v >> 4 & 63, 63);
                self.until(C_VM, v >> 10 & 63, 63);
            }
            Op::S_WAITCNT_VMCNT => self.until(C_VM, v & 63, 63),
            Op::S_WAITCNT_VSCNT => self.until(C_VS, v & 63, 63),
            Op::S_WAITCNT_LGKMCNT => self.until(C_LGKM, v & 63, 63),
            Op::S_WAITCNT_EXPCNT => self.until(C_EXP, v & 7, 7),
            // Waits for everything.
            Op::S_WAIT_IDLE => self.flights.clear(),
            _ => {}
        }
    }

    fn until(&mut self, counter: u32, left: u32, most: u32) {
        if left >= most {
            return;
        }
        for order in [Order::Vector, Order::Lds, Order::Flat, Order::Export] {
            let of = |f: &Flight| f.counter == counter && f.order == order;
            let count = self.flights.iter().filter(|f| of(f)).count();
            let mut done = count.saturating_sub(left as usize);
            self.flights.retain(|f| {
                let gone = of(f) && done > 0;
                done -= gone as usize;
                !gone
            });
        }
        if left == 0 {
            self.flights.retain(|f| f.counter != counter);
        }
    }

    /// The instruction under way that the next one comes too early for, whether it is read, and the registers of all of
    /// them. They are told once: what follows from it is no fault of its own.
    pub fn conflict(&mut self, inst: &Inst, e: &Effects, exec: u64, lanewise: bool) -> Option<(Flight, bool, Regs)> {
        let mut found: Option<(Flight, bool, Regs)> = None;
        for f in self.flights.iter_mut().filter(|f| f.writes != Regs::NONE || f.holds != Regs::NONE) {
            let Some((read, regs)) = f.conflict(inst, e, exec, lanewise) else { continue };
            match &mut found {
                None => found = Some((*f, read, regs)),
                Some((_, same, all)) if *same == read => *all = all.union(&regs),
                Some(_) => {}
            }
            (f.writes, f.holds) = (Regs::NONE, Regs::NONE);
        }
        found
    }

    /// The instruction is issued.
    pub fn issue(&mut self, pc: u64, time: u32, inst: &Inst, e: &Effects, exec: u64) {
        let row = inst.row();
        // Cache invalidations write nothing, and are over when the next wait for zero is.
        let quiet = !e.loads && !e.stores && e.writes == Regs::NONE && row.format != Format::Exp;
        if e.counters == 0 || quiet || row.format == Format::Mubuf && !row.has(ADDR) {
            return;
        }
        for counter in [C_VM, C_VS, C_LGKM, C_EXP] {
            if e.counters & counter == 0 {
                continue;
            }
            let order = match (row.format, counter) {
                (_, C_VM | C_VS) => Order::Vector,
                (_, C_EXP) => Order::Export,
                (Format::Ds, _) if !inst.mem.gds => Order::Lds,
                (Format::Flat, _) => Order::Flat,
                _ => Order::Alone,
            };
            // Exports and GDS read their data late; the others read registers at issue.
            let late = counter == C_EXP && matches!(row.format, Format::Exp | Format::Ds);
            let holds = if late { Regs { s: 0, scc: false, ..e.reads } } else { Regs::NONE };
            let result = counter != C_EXP || row.format == Format::Ldsdir;
            let writes = if result { e.writes } else { Regs::NONE };
            let (unit, sampler) = (row.unit(), sampler(inst));
            let loads = e.loads && !e.stores;
            self.make_room(counter);
            self.flights.push(Flight { pc, time, counter, order, unit, sampler, exec, writes, holds, loads });
        }
    }

    /// An instruction waits for its counter to be below its maximum before it is issued: the oldest one is done then.
    fn make_room(&mut self, counter: u32) {
        let most = if counter == C_EXP { 7 } else { 63 };
        let of = |f: &Flight| f.counter == counter;
        if self.flights.iter().filter(|f| of(f)).count() >= most
            && let Some(oldest) = self.flights.iter().position(of)
        {
            self.flights.remove(oldest);
        }
    }

    /// Time of the oldest access of a kind that is not known to be done; `now` where all are.
    pub fn done_before(&self, kind: Traffic, now: u32) -> u32 {
        let of = |f: &&Flight| match kind {
            Traffic::Lds => f.counter == C_LGKM && matches!(f.order, Order::Lds | Order::Flat),
            Traffic::Load => f.counter == C_VM,
            Traffic::Store => f.counter == C_VS || f.counter == C_VM && !f.loads,
            Traffic::Scalar => f.counter == C_LGKM && f.order == Order::Alone,
        };
        self.flights.iter().filter(of).map(|f| f.time).min().unwrap_or(now)
    }
}

/// VGPRs of an instruction's address.
pub(super) fn address_vgprs(inst: &Inst) -> u8 {
    let m = &inst.mem;
    match inst.format() {
        Format::Ds => inst.row().operand(isa::row::Slot::Addr).is_some() as u8,
        Format::Mubuf | Format::Mtbuf => m.offen as u8 + m.idxen as u8,
        Format::Scratch => m.sve as u8,
        Format::Global if m.sbase != 124 => 1,
        _ => 2,
    }
}

/// Whether the instruction's results come after those of one under way.
fn ordered(inst: &Inst, f: &Flight) -> bool {
    let row = inst.row();
    row.unit() == f.unit
        && match f.unit {
            isa::Unit::Vmem => row.format != Format::Flat && f.order == Order::Vector && f.sampler == sampler(inst),
            isa::Unit::Lds => f.order == Order::Lds,
            _ => false,
        }
}

/// Image samples come back apart from loads.
fn sampler(inst: &Inst) -> bool {
    inst.format() == Format::Mimg && inst.row().operand(isa::row::Slot::Ssamp).is_some()
}
