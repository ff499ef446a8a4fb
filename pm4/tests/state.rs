//! What the builder leaves out, judged by what the packets do to registers.

use pm4::packet::values::*;
use pm4::reg::{self, *};
use pm4::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// SH registers at each dispatch and at the end, from nothing but the packets. A COND_EXEC range runs as `run` says.
fn replay(stream: &Stream, run: bool) -> (Vec<BTreeMap<u32, u32>>, BTreeMap<u32, u32>) {
    let (mut registers, mut dispatches, mut skip_to) = (BTreeMap::new(), Vec::new(), 0);
    for item in stream.items() {
        if item.offset < skip_to && !run {
            continue;
        }
        match item.packet.expect("the builder writes packets") {
            Packet::CondExec(p) => skip_to = item.offset + item.words.len() + p.exec_count as usize,
            Packet::PredExec(p) => skip_to = item.offset + item.words.len() + p.exec_count as usize,
            // What the load and the mask make of the registers, here: something that no SET wrote.
            Packet::LoadShRegIndex(p) => {
                for i in 0..p.num_dwords {
                    registers.insert(0xb000 + 4 * (p.offset + i), 0xdead_0000 + i);
                }
            }
            Packet::SetShRegIndex(p) => {
                for (i, value) in (0..).zip(&p.values) {
                    registers.insert(0xb000 + 4 * (p.offset + i), value & 0x00ff_00ff);
                }
            }
            Packet::DispatchDirect(p) => {
                dispatches.push(registers.clone());
                for (i, dim) in [p.dispatch_initiator.bits(), p.dim_x, p.dim_y, p.dim_z].into_iter().enumerate() {
                    registers.insert(0xb800 + 4 * i as u32, dim);
                }
            }
            packet => registers.extend(packet.register_writes()),
        }
    }
    (dispatches, registers)
}

#[derive(Debug, Clone)]
enum Step {
    Set(u32, u32),
    Raw(u32, Vec<u32>),
    Mask(u32, u32),
    Load(u32, u32),
    Dispatch,
    Forget,
    Skipped(Vec<(u32, u32)>),
    Append(Vec<(u32, u32)>),
    /// A pushed packet, PRED_EXEC if so, that skips the register behind it.
    Pushed(bool, u32, u32),
}

fn register() -> impl Strategy<Value = u32> {
    // Dense where a dispatch lies, with holes; and a few of the pixel stage.
    prop_oneof![8 => 0x200u32..0x254, 1 => 0x2a..0x30u32]
}

fn step() -> impl Strategy<Value = Step> {
    let value = || 0u32..3;
    let sets = || prop::collection::vec((register(), value()), 0..6);
    prop_oneof![
        20 => (register(), value()).prop_map(|(r, v)| Step::Set(r, v)),
        2 => (0x210u32..0x240, prop::collection::vec(value(), 1..5)).prop_map(|(r, v)| Step::Raw(r, v)),
        1 => (0x216u32..0x218, value()).prop_map(|(r, v)| Step::Mask(r, v)),
        1 => (0x240u32..0x24a, 1u32..4).prop_map(|(r, n)| Step::Load(r, n)),
        4 => Just(Step::Dispatch),
        1 => Just(Step::Forget),
        2 => sets().prop_map(Step::Skipped),
        2 => sets().prop_map(Step::Append),
        3 => (any::<bool>(), register(), value()).prop_map(|(pred, r, v)| Step::Pushed(pred, r, v)),
    ]
}

fn raw(offset: u32, values: Vec<u32>) -> SetShReg {
    SetShReg { offset, values, ..Default::default() }
}

/// Sets a register by number; `tracked` through the builder's state, else as a packet of its own or, right behind its
/// neighbour, in its packet: what a builder without state does.
struct Target {
    stream: Stream,
    tracked: bool,
    run: Option<(u32, Vec<u32>)>,
}

impl Target {
    fn flush(&mut self) {
        if let Some((offset, values)) = self.run.take() {
            self.stream.push(raw(offset, values)).unwrap();
        }
    }

    fn set(&mut self, offset: u32, value: u32) {
        if self.tracked {
            set(&mut self.stream, offset, value);
            return;
        }
        match &mut self.run {
            Some((first, values)) if *first + values.len() as u32 == offset => values.push(value),
            _ => {
                self.flush();
                self.run = Some((offset, vec![value]));
            }
        }
    }

    fn apply(&mut self, step: &Step) {
        if let Step::Set(offset, value) = step {
            return self.set(*offset, *value);
        }
        self.flush();
        let stream = &mut self.stream;
        match step.clone() {
            Step::Set(..) => {}
            Step::Raw(offset, values) => drop(stream.push(raw(offset, values)).unwrap()),
            Step::Mask(offset, value) => {
                let index = ShRegIndex::APPLY_KMD_CU_AND_MASK;
                stream.push(SetShRegIndex { offset, index, values: vec![value], ..Default::default() }).unwrap();
            }
            Step::Load(offset, num_dwords) => {
                stream.push(LoadShRegIndex { offset, num_dwords, ..Default::default() }).unwrap();
            }
            Step::Dispatch => drop(stream.push(DispatchDirect { dim_x: 1, ..Default::default() }).unwrap()),
            Step::Forget => drop(stream.forget_state()),
            Step::Skipped(sets) if self.tracked => {
                let inside = |s: &mut Stream| -> Result<(), EncodeError> {
                    sets.iter().for_each(|&(offset, value)| set(s, offset, value));
                    Ok(())
                };
                stream.conditional(0x1000, inside).unwrap();
            }
            Step::Skipped(sets) => {
                let mut inside = Target { stream: Stream::new(), tracked: false, run: None };
                sets.iter().for_each(|&(offset, value)| inside.set(offset, value));
                inside.flush();
                let exec_count = inside.stream.len_dw() as u32;
                stream.push(CondExec { address: 0x1000, exec_count, ..Default::default() }).unwrap();
                stream.append(&inside.stream);
            }
            Step::Pushed(pred, offset, value) => {
                if pred {
                    stream.push(PredExec { exec_count: 3, ..Default::default() }).unwrap();
                } else {
                    stream.push(CondExec { address: 0x1000, exec_count: 3, ..Default::default() }).unwrap();
                }
                self.set(offset, value);
                self.flush();
            }
            Step::Append(sets) => {
                let mut other = Target { stream: Stream::new(), tracked: self.tracked, run: None };
                sets.iter().for_each(|&(offset, value)| other.set(offset, value));
                other.flush();
                stream.append(&other.stream);
            }
        }
    }
}

fn set(stream: &mut Stream, offset: u32, value: u32) {
    // A register has no number in the interface: a few lines say which row it is.
    let address = 0xb000 + 4 * offset;
    macro_rules! rows { ($($name:ident)*) => { $( if reg::$name.address() == address {
        let value = field::FieldValue::from_raw(value.into());
        stream.set_sh(reg::$name, value).unwrap();
        return;
    } )* } }
    if let Some(user) = address.checked_sub(0xb900).and_then(|d| reg::compute_user_data(d / 4)) {
        stream.set_sh(user, value).unwrap();
        return;
    }
    rows! {
        COMPUTE_DISPATCH_INITIATOR COMPUTE_DIM_X COMPUTE_DIM_Y COMPUTE_DIM_Z COMPUTE_START_X COMPUTE_START_Y
        COMPUTE_START_Z COMPUTE_NUM_THREAD_X COMPUTE_NUM_THREAD_Y COMPUTE_NUM_THREAD_Z COMPUTE_PIPELINESTAT_ENABLE
        COMPUTE_PERFCOUNT_ENABLE COMPUTE_PGM_LO COMPUTE_PGM_HI COMPUTE_DISPATCH_SCRATCH_BASE_LO
        COMPUTE_DISPATCH_SCRATCH_BASE_HI COMPUTE_PGM_RSRC1 COMPUTE_PGM_RSRC2 COMPUTE_RESOURCE_LIMITS
        COMPUTE_DESTINATION_EN_SE0 COMPUTE_DESTINATION_EN_SE1 COMPUTE_TMPRING_SIZE COMPUTE_DESTINATION_EN_SE2
        COMPUTE_DESTINATION_EN_SE3 COMPUTE_RESTART_X COMPUTE_DISPATCH_ID COMPUTE_USER_ACCUM_0 COMPUTE_USER_ACCUM_1
        COMPUTE_USER_ACCUM_2 COMPUTE_USER_ACCUM_3 COMPUTE_PGM_RSRC3 COMPUTE_DDID_INDEX COMPUTE_SHADER_CHKSUM
        COMPUTE_STATIC_THREAD_MGMT_SE4 COMPUTE_STATIC_THREAD_MGMT_SE5 COMPUTE_DISPATCH_INTERLEAVE COMPUTE_RELAUNCH
        SPI_SHADER_USER_DATA_PS_0 SPI_SHADER_USER_DATA_PS_1 SPI_SHADER_USER_DATA_PS_2
    }
}

/// Whether the helper above knows the register; others are left out of both streams.
fn known(offset: u32) -> bool {
    let mut probe = Stream::new();
    set(&mut probe, offset, 1);
    !probe.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fewer_dwords_do_the_same(steps in prop::collection::vec(step(), 0..60)) {
        let mut tracked = Target { stream: Stream::new(), tracked: true, run: None };
        let mut naive = Target { stream: Stream::new(), tracked: false, run: None };
        for step in steps {
            let step = match step {
                Step::Set(r, _) | Step::Pushed(_, r, _) if !known(r) => continue,
                Step::Skipped(s) => Step::Skipped(s.into_iter().filter(|s| known(s.0)).collect()),
                Step::Append(s) => Step::Append(s.into_iter().filter(|s| known(s.0)).collect()),
                other => other,
            };
            tracked.apply(&step);
            naive.apply(&step);
        }
        naive.flush();
        for run in [true, false] {
            prop_assert_eq!(replay(&tracked.stream, run), replay(&naive.stream, run), "skipped packets run: {}", run);
        }
        let (ours, theirs) = (tracked.stream.len_dw(), naive.stream.len_dw());
        prop_assert!(ours <= theirs, "{} dwords instead of {}\n{}", ours, theirs, tracked.stream);
    }
}

#[test]
fn a_register_that_holds_the_value_is_not_written_again() {
    let mut s = Stream::new();
    s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
    let before = s.len_dw();
    s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
    s.push(DispatchDirect::default()).unwrap();
    s.push(AcquireMem::default()).unwrap();
    s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
    assert_eq!(s.len_dw(), before + 5 + 8);
    assert_eq!(s.register(reg::COMPUTE_PGM_LO), Some(7));
    assert_eq!(s.register(reg::COMPUTE_PGM_HI), None);
}

#[test]
fn one_known_register_between_two_new_ones_is_written_again_and_two_are_not() {
    let mut s = Stream::new();
    for i in 0..6 {
        s.set_sh(reg::compute_user_data(i).unwrap(), i).unwrap();
    }
    s.push(DispatchDirect::default()).unwrap();
    let before = s.len_dw();
    for (i, value) in [(0, 10), (2, 12), (5, 15)] {
        s.set_sh(reg::compute_user_data(i).unwrap(), value).unwrap();
    }
    assert_eq!(s.dwords()[before..], [0xc003_7600, 0x240, 10, 1, 12, 0xc001_7600, 0x245, 15]);
}

/// Each of these may change any register: what was set before them is set again behind.
#[test]
fn what_may_change_registers_ends_what_is_known() {
    let va = 0x1000;
    let register = |dst_sel| WriteData { dst_sel, dst_addr: 0x2e0c, payload: vec![1], ..Default::default() };
    let changes: [Packet; 8] = [
        ClearState::default().into(),
        IndirectBuffer { ib_base: va, ib_size: 8, ..Default::default() }.into(),
        register(WriteDataDst::MEM_MAPPED_REGISTER).into(),
        CopyData { dst_sel: CopyDataDst::MEM_MAPPED_REGISTER, ..Default::default() }.into(),
        DmaData { das: AddressSpace::REGISTER, ..Default::default() }.into(),
        Packet::Unknown { opcode: 0xf0, body: vec![0] },
        SetShReg { offset: 0x20c, index: ShRegIndex::INSERT_VMID, values: vec![7], ..Default::default() }.into(),
        LoadShRegIndex { offset: 0x20c, num_dwords: 1, ..Default::default() }.into(),
    ];
    for packet in changes {
        let mut s = Stream::new();
        s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
        s.push(packet.clone()).unwrap();
        assert_eq!(s.register(reg::COMPUTE_PGM_LO), None, "{}", packet.name());
        let before = s.len_dw();
        s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
        assert_eq!(s.len_dw(), before + 3, "{}", packet.name());
    }
    let mut s = Stream::new();
    s.push(register(WriteDataDst::MEM)).unwrap();
    s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
    // Predicated: written or not.
    s.push_with(HeaderFlags::PREDICATE, raw(0x20c, vec![7])).unwrap();
    assert_eq!(s.register(reg::COMPUTE_PGM_LO), None);
    s.push(Rewind::default()).unwrap();
    // The device may patch everything from here on.
    s.set_sh(reg::COMPUTE_PGM_LO, 8).unwrap();
    assert_eq!(s.register(reg::COMPUTE_PGM_LO), None);
}

/// Registers that dispatches or the firmware change, and those of UCONFIG, which the device shares.
#[test]
fn some_registers_are_written_whenever_they_are_set() {
    let mut s = Stream::new();
    for _ in 0..2 {
        s.set_sh(reg::COMPUTE_DIM_X, 1).unwrap();
        s.set_sh(reg::COMPUTE_RESTART_X, 0).unwrap();
        s.set_uconfig(reg::TA_CS_BC_BASE_ADDR, 0).unwrap();
    }
    assert_eq!(s.len_dw(), 18);
    // A context register is known until the state is cleared.
    s.set_context(reg::DB_RENDER_CONTROL, DB_RENDER_CONTROL::new()).unwrap();
    let before = s.len_dw();
    s.set_context(reg::DB_RENDER_CONTROL, DB_RENDER_CONTROL::new()).unwrap();
    assert_eq!(s.len_dw(), before);
}

#[test]
fn a_dma_ring_takes_no_pm4() {
    let mut s = Stream::on(submission::Ring::Sdma);
    assert_eq!(s.push(Nop::default()).unwrap_err().code(), "pm4-invalid");
    assert_eq!(s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap_err().code(), "pm4-invalid");
    assert!(s.barrier(dispatch::Agent::Dma, dispatch::Agent::Host).is_err());
    s.push_dwords(&[0x0000_0006, 1, 2]).pad().unwrap();
    assert_eq!(s.dwords(), [6, 1, 2, 0, 0, 0, 0, 0]);
}

/// The range counts the dwords of a packet, which then no longer grows; nested ones too.
#[test]
fn no_packet_grows_across_the_end_of_a_range() {
    let user = |i| reg::compute_user_data(i).unwrap();
    let range = |exec_count| CondExec { address: 0x1000, exec_count, ..Default::default() };
    let mut s = Stream::new();
    s.push(range(3)).unwrap().set_sh(user(0), 1).unwrap().set_sh(user(1), 2).unwrap();
    assert_eq!(s.dwords()[5..], [0xc001_7600, 0x240, 1, 0xc001_7600, 0x241, 2]);
    let mut s = Stream::new();
    s.push(range(11)).unwrap().push(range(3)).unwrap().set_sh(user(0), 1).unwrap().set_sh(user(1), 2).unwrap();
    assert_eq!(s.dwords()[10..], [0xc001_7600, 0x240, 1, 0xc001_7600, 0x241, 2]);
    let mut inner = Stream::new();
    inner.conditional(0x1000, |s| s.push(range(3))?.set_sh(user(0), 1)?.set_sh(user(1), 2).map(drop)).unwrap();
    assert_eq!(inner.dwords()[10..], [0xc001_7600, 0x240, 1, 0xc001_7600, 0x241, 2]);
}

/// What REWIND or a pushed range inside `conditional` reaches does not end with it.
#[test]
fn ranges_inside_a_conditional_reach_beyond_it() {
    let beyond: [Packet; 2] =
        [Rewind::default().into(), CondExec { address: 0x1000, exec_count: 8, ..Default::default() }.into()];
    for packet in beyond {
        let mut s = Stream::new();
        s.conditional(0x1000, |s| s.push(packet.clone()).map(drop)).unwrap();
        s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
        assert_eq!(s.register(reg::COMPUTE_PGM_LO), None, "{}", packet.name());
        let before = s.len_dw();
        s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
        assert_eq!(s.len_dw(), before + 3, "{}", packet.name());
    }
    // Emptied inside: there is no packet left to count for.
    let mut s = Stream::new();
    s.conditional(0x1000, |s| -> Result<(), EncodeError> {
        s.clear();
        Ok(())
    })
    .unwrap();
    assert!(s.is_empty());
}

/// What was set before was set in other instances, and is set again.
#[test]
fn selecting_instances_ends_what_is_known() {
    let write = |s: &mut Stream, raw: bool| {
        if raw {
            let offset = (reg::GRBM_GFX_INDEX.address() - 0x3_0000) / 4;
            s.push(SetUconfigReg { offset, values: vec![0], ..Default::default() }).unwrap();
        } else {
            s.set_uconfig(reg::GRBM_GFX_INDEX, GRBM_GFX_INDEX::new()).unwrap();
        }
    };
    for raw in [false, true] {
        let mut s = Stream::new();
        s.set_sh(reg::COMPUTE_PGM_LO, 7).unwrap();
        s.set_context(reg::DB_RENDER_CONTROL, DB_RENDER_CONTROL::new()).unwrap();
        write(&mut s, raw);
        assert_eq!(s.register(reg::COMPUTE_PGM_LO), None);
        assert_eq!(s.register(reg::DB_RENDER_CONTROL), None);
    }
}
