//! The copy engines: SDMA 6.0 packets, in order, each done before the next begins.

use isa_exec::Memory;
use pm4::EncodeError;
use pm4::field::FieldValue;
use pm4::packet::values::WaitFunction;
use pm4::sdma::{self, FillSize, Packet};

use super::super::access::Access;
use super::super::identity;
use super::super::sched::Ib;
use super::super::strict;
use super::super::vm::canonical;
use super::packets::compares;
use super::{Flow, Next, Run, Stop, fault};

/// `retry_count` of a poll without end.
const FOREVER: u32 = 0xfff;

/// One side of a copy between linear images; pitches in elements.
struct Plane {
    va: u64,
    at: [u64; 3],
    pitch: u64,
    slice_pitch: u64,
}

impl Plane {
    /// The address of the first element of a line of the window.
    fn line(&self, y: u64, z: u64, element: u64) -> u64 {
        let elements = (self.at[2] + z)
            .wrapping_mul(self.slice_pitch)
            .wrapping_add((self.at[1] + y).wrapping_mul(self.pitch))
            .wrapping_add(self.at[0]);
        self.va.wrapping_add(elements.wrapping_mul(element))
    }
}

impl Run<'_> {
    pub(super) fn sdma_packets(&mut self, ib: Ib, name: &str, depth: usize) -> Result<Next, Stop> {
        let words = self.fetch(ib, name)?;
        let mut next = 0;
        while let Some(item) = words.get(next..).and_then(|rest| sdma::decode(rest).next()) {
            let at = format!("{name} dword {next}");
            self.check_watch(&at)?;
            next += item.words.len();
            let packet = match &item.packet {
                Ok(packet) => packet,
                Err(error) => return Err(Stop::Hang(format!("{at}: {error}"))),
            };
            let what = packet.name();
            let refuse = |why: &str| Stop::Hang(format!("{at}: {what}: {why}"));
            if self.cp.strict {
                look(&item, packet).map_err(|why| refuse(&why))?;
            }
            if !packet.desc().user && !matches!(packet, Packet::Indirect(_)) {
                return Err(refuse("it is for the kernel's page tables and registers"));
            }
            if let Some(why) = refusal(packet) {
                return Err(refuse(why));
            }
            match self.sdma_packet(packet, depth, &at)? {
                Flow::Skip(dwords) => {
                    next += dwords as usize;
                    if self.cp.strict && next > words.len() {
                        return Err(refuse(&format!("it skips {dwords} dwords, beyond the end of the buffer")));
                    }
                }
                Flow::Chain(ib) => return Ok(Next::Chain(ib)),
                Flow::On | Flow::Reload => {}
            }
        }
        Ok(Next::Done)
    }

    fn sdma_packet(&mut self, packet: &Packet, depth: usize, at: &str) -> Result<Flow, Stop> {
        self.memory.refresh();
        let write = |dst, bytes: Vec<u8>| Access::Write { dst, bytes, timestamp: false };
        match packet {
            // Data is coherent, and nobody counts interrupts.
            Packet::Nop(_) | Packet::Trap(_) | Packet::DummyTrap(_) | Packet::GcrReq(_) => {}
            Packet::CopyLinear(p) => {
                let (src, dst, len) = (p.src_addr, p.dst_addr, u64::from(p.count) + 1);
                let copy = match p.backwards {
                    true => Access::CopyBackwards { src, dst, len },
                    false => Access::Copy { src, dst, len },
                };
                self.perform(&copy, at)?;
            }
            Packet::CopyLinearBroadcast(p) => {
                let len = u64::from(p.count) + 1;
                for dst in [p.dst1_addr, p.dst2_addr] {
                    self.perform(&Access::Copy { src: p.src_addr, dst, len }, at)?;
                }
            }
            Packet::CopyLinearSubWind(p) => {
                let side = |va, at: [u32; 3], pitch: u32, slice_pitch: u32| Plane {
                    va,
                    at: at.map(u64::from),
                    pitch: u64::from(pitch) + 1,
                    slice_pitch: u64::from(slice_pitch) + 1,
                };
                let src = side(p.src_addr, [p.src_x, p.src_y, p.src_z], p.src_pitch, p.src_slice_pitch);
                let dst = side(p.dst_addr, [p.dst_x, p.dst_y, p.dst_z], p.dst_pitch, p.dst_slice_pitch);
                self.window(&src, &dst, [p.rect_x, p.rect_y, p.rect_z], 1 << p.element_size.0, at)?;
            }
            Packet::CopyLinearSubWindLarge(p) => {
                let side = |va, at: [u32; 3], pitch: u32, slice_pitch: u64| Plane {
                    va,
                    at: at.map(u64::from),
                    pitch: u64::from(pitch) + 1,
                    slice_pitch: slice_pitch + 1,
                };
                let src = side(p.src_addr, [p.src_x, p.src_y, p.src_z], p.src_pitch, p.src_slice_pitch);
                let dst = side(p.dst_addr, [p.dst_x, p.dst_y, p.dst_z], p.dst_pitch, p.dst_slice_pitch);
                self.window(&src, &dst, [p.rect_x, p.rect_y, p.rect_z], 1, at)?;
            }
            Packet::WriteLinear(p) => {
                self.perform(&write(p.dst_addr, p.data.iter().flat_map(|w| w.to_le_bytes()).collect()), at)?;
            }
            Packet::ConstFill(p) => {
                let (value, granule) = match p.fillsize {
                    FillSize::BYTE => ((p.src_data & 0xff) * 0x0101_0101, 1),
                    FillSize::WORD => ((p.src_data & 0xffff) * 0x0001_0001, 2),
                    _ => (p.src_data, 4),
                };
                let len = (u64::from(p.count) + 1) / granule * granule;
                self.perform(&Access::Fill { dst: p.dst_addr, value, len }, at)?;
            }
            Packet::Fence(p) => self.perform(&write(p.addr, p.data.to_le_bytes().to_vec()), at)?,
            Packet::TimestampGet(p) => self.sdma_timestamp(p.write_addr, at)?,
            Packet::TimestampGetGlobal(p) => self.sdma_timestamp(p.write_addr, at)?,
            Packet::Sem(p) if p.signal => self.signal(p.addr, p.write_one, at)?,
            Packet::Sem(p) => self.take_semaphore(p.addr, "SEM", at)?,
            Packet::Atomic(p) => {
                let Some(access) = Access::atomic(p.atomic_op, p.addr, p.src_data, p.cmp_data) else {
                    let op = strict::name(p.atomic_op);
                    return Err(Stop::Hang(format!("{at}: ATOMIC with {op}, which is no operation")));
                };
                match p.looping {
                    true => self.atomic_loop(&access, "ATOMIC", p.addr, at)?,
                    false => self.perform(&access, at)?,
                }
            }
            Packet::PollRegmem(p) => self.poll_regmem(p, at)?,
            Packet::CondExe(p) => {
                let value = self.memory.load_u32(p.addr).map_err(|f| fault(f, at))?;
                return Ok(Flow::Skip(if value == p.reference { 0 } else { p.exec_count }));
            }
            // This device is the only one, number 0.
            Packet::PreExe(p) => return Ok(Flow::Skip(if p.dev_sel & 1 == 0 { p.exec_count } else { 0 })),
            Packet::Indirect(p) => {
                if depth != 0 {
                    return Err(Stop::Hang(format!("{at}: INDIRECT inside a buffer that INDIRECT called")));
                }
                self.buffer(Ib { va: canonical(p.ib_base), bytes: 4 * p.ib_size }, at, depth + 1)?;
            }
            other => return Err(Stop::Hang(format!("{at}: {}: {UNPUBLISHED}", other.name()))),
        }
        Ok(Flow::On)
    }

    fn sdma_timestamp(&mut self, dst: u64, at: &str) -> Result<(), Stop> {
        let bytes = identity::timestamp().to_le_bytes().to_vec();
        self.perform(&Access::Write { dst, bytes, timestamp: true }, at)
    }

    /// Copies a window line by line; `rect` holds sizes minus one, in elements.
    fn window(&mut self, src: &Plane, dst: &Plane, rect: [u32; 3], element: u64, at: &str) -> Result<(), Stop> {
        let [width, height, depth] = rect.map(|n| u64::from(n) + 1);
        for z in 0..depth {
            for y in 0..height {
                self.check_watch(at)?;
                let (src, dst) = (src.line(y, z, element), dst.line(y, z, element));
                self.perform(&Access::Copy { src, dst, len: width * element }, at)?;
            }
        }
        Ok(())
    }

    fn poll_regmem(&mut self, p: &sdma::PollRegmem, at: &str) -> Result<(), Stop> {
        if p.hdp_flush || !p.mem_poll {
            // Registers that a client can poll tell of hardware that is always idle here.
            return Ok(());
        }
        // The functions are numbered as WAIT_REG_MEM's.
        let function = WaitFunction(p.func.0);
        let name = strict::name(function);
        let mask = u64::from(p.mask);
        let holds = |value: u64| compares(function, value & mask, p.value.into());
        if holds(0).is_none() {
            return Err(Stop::Hang(format!("{at}: POLL_REGMEM with the reserved function {name}")));
        }
        let want = format!("{name} {:#x} under the mask {mask:#x}", p.value);
        if p.retry_count == FOREVER {
            return self.poll(p.addr, 4, at, "POLL_REGMEM", |v| holds(v) == Some(true), &want).map(drop);
        }
        // It looks so many times; giving up is an error of the engine.
        for _ in 0..=p.retry_count {
            let value = self.load(p.addr, 4, at)?;
            if holds(value) == Some(true) {
                return Ok(());
            }
            self.check_watch(&format!("{at}: POLL_REGMEM on {:#x}, which holds {value:#x} and not {want}", p.addr))?;
            std::thread::sleep(super::POLL);
            self.memory.refresh();
        }
        let value = self.load(p.addr, 4, at)?;
        let tries = p.retry_count + 1;
        Err(Stop::Hang(format!(
            "{at}: POLL_REGMEM gave up after {tries} looks at {:#x}, which holds {value:#x} and not {want}",
            p.addr
        )))
    }
}

const UNPUBLISHED: &str = "what it does in detail isn't published";

/// Why a packet that a client may send isn't executed; `None` where it is.
fn refusal(packet: &Packet) -> Option<&'static str> {
    let set = |field: &str| packet.field(field).is_some_and(|v| v != 0);
    if ["tmz", "encrypt"].iter().any(|f| set(f)) {
        return Some("this device has no protected memory");
    }
    if ["src_sw", "dst_sw", "dst1_sw", "dst2_sw", "linear_sw", "sw"].iter().any(|f| set(f)) {
        return Some("an endian swap, which a little-endian host has no use for");
    }
    if set("gpa") {
        return Some("gpa is set: a client doesn't know physical addresses");
    }
    if set("mailbox") {
        return Some("the mailbox is between engines of the kernel's");
    }
    match packet {
        Packet::CopyTiled(_)
        | Packet::CopyTiledBroadcast(_)
        | Packet::CopyTiledSubWind(_)
        | Packet::CopyTiledSubWindDcc(_)
        | Packet::CopyT2tSubWind(_)
        | Packet::CopyT2tSubWindDcc(_)
        | Packet::WriteTiled(_) => Some("images in swizzled order aren't modelled"),
        Packet::CopyStruct(_) | Packet::MemIncr(_) | Packet::PollMemVerify(_) | Packet::DataFillMulti(_) => {
            Some(UNPUBLISHED)
        }
        Packet::PollRegWriteMem(_) => Some("the registers that it reads are the kernel's"),
        _ => None,
    }
}

/// What an engine ignores or hangs on.
fn look(item: &sdma::Item<'_>, packet: &Packet) -> Result<(), String> {
    match &item.deviation {
        Some(EncodeError::ReservedBits { dword, bits, .. }) => {
            return Err(format!("reserved bits {bits:#010x} are set in dword {dword}"));
        }
        Some(other) => return Err(other.to_string()),
        None => {}
    }
    if matches!(packet, Packet::Indirect(_)) {
        return Err("a client's buffer doesn't call another: it is for the kernel's ring".into());
    }
    for field in packet.desc().fields {
        strict::named(field, packet.field(field.name).unwrap_or(0))?;
    }
    match packet {
        Packet::ConstFill(p) if p.fillsize == FillSize::DWORD && (p.count + 1) % 4 != 0 => {
            Err(format!("{} bytes are no whole number of dwords", u64::from(p.count) + 1))
        }
        Packet::ConstFill(p) if p.fillsize == FillSize::WORD && (p.count + 1) % 2 != 0 => {
            Err(format!("{} bytes are no whole number of words", u64::from(p.count) + 1))
        }
        Packet::ConstFill(p) if p.fillsize == FillSize::DWORD && p.dst_addr % 4 != 0 => {
            Err(format!("dst_addr {:#x} is no multiple of 4", p.dst_addr))
        }
        Packet::WriteLinear(p) if p.dst_addr % 4 != 0 => Err(format!("dst_addr {:#x} is no multiple of 4", p.dst_addr)),
        Packet::GcrReq(p) if p.vmid != 0 => Err("vmid is the kernel's choice".into()),
        Packet::Atomic(p) if p.atomic_op.to_raw() & 0x40 != 0 && p.looping => {
            Err(format!("a loop needs an operation that returns, and {} doesn't", strict::name(p.atomic_op)))
        }
        _ => Ok(()),
    }
}
