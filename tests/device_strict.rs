//! What a card hangs on, or ignores without a word, ends on the software device with a reason: the mistakes of a
//! predecessor, one test each, then the rules of `Config::strict`. Streams are raw dwords.

mod soft_support;

use soft_support::*;
use sparkle_pm4::kmd::{Errno, ioctls, uapi};
use sparkle_pm4::object::CodeObject;
use sparkle_pm4::soft::{Config, Event};

mod predecessor {
    use super::*;

    /// A stream that is right, with the first dword `from` replaced by `to`.
    fn with(words: &[u32], from: u32, to: u32) -> Vec<u32> {
        let at = words.iter().position(|&w| w == from).expect("the dword is there");
        let mut words = words.to_vec();
        words[at] = to;
        words
    }

    /// The mapping goes with its owner: keep it for the test.
    struct Kept {
        m: Machine,
        launch: Launch,
        _code: sparkle_pm4::kmd::GpuMap,
    }

    fn kept(config: Config) -> Kept {
        let m = machine(config);
        let (_, code) = m.memory(&[S_ENDPGM, S_ENDPGM]);
        let launch = Launch::new(code.va(), &[]);
        Kept { m, launch, _code: code }
    }

    #[test]
    fn the_stream_without_a_mistake_runs() {
        let k = kept(Config::strict());
        assert_eq!(k.m.run(&k.launch.stream()), Ok(()));
    }

    #[test]
    fn a_relative_timeout_is_in_the_past_and_proves_nothing() {
        let m = strict();
        let (_, memory) = m.memory(&[0]);
        let va = memory.va();
        // WAIT_REG_MEM: memory equals 1, which nobody writes.
        let mut words = packet(0x3c, &[0x13, va as u32, (va >> 32) as u32, 1, !0, 4]);
        words.resize(8, NOP);
        let context = m.context();
        let fence = m.submit(&context, COMPUTE, &[&words]);
        let mut wait = uapi::WaitCsIn {
            handle: fence.seq(),
            timeout: 1_000_000_000,
            ip_type: uapi::HW_IP_COMPUTE,
            ctx_id: context.id(),
            ..Default::default()
        };
        let before = std::time::Instant::now();
        assert_eq!(ioctl(&m.node, ioctls::WAIT_CS.code, &mut wait), Ok(0), "no error");
        assert!(before.elapsed() < std::time::Duration::from_millis(200), "and no second of waiting");
        // `out.status` lies where `in.handle` did.
        assert_eq!(wait.handle as u32, 1, "busy");
        assert!(matches!(fence.wait(soon()).unwrap(), sparkle_pm4::kmd::Wait::DeviceLost(_)));
    }

    #[test]
    fn an_opcode_in_bits_7_to_0() {
        let k = kept(Config::strict());
        let stream = with(&k.launch.stream(), 0xc002_7600, 0xc002_0076);
        says(&k.m.fail(&stream), &["IB 0", "dword 0", "0xc0020076", "the opcode belongs in bits 15:8"]);
    }

    #[test]
    fn a_count_in_bits_7_to_0() {
        let k = kept(Config::strict());
        // DISPATCH_DIRECT with 3 in the low bits and 0 in the count.
        let stream = with(&k.launch.stream(), 0xc003_1502, 3 << 30 | 0x15 << 8 | 3);
        says(&k.m.fail(&stream), &["DISPATCH_DIRECT with a body of 1 dwords, it has 4"]);
        // A count of 7 or less looks like header flags; beyond that it reaches bits that are always zero.
        let stream = with(&k.launch.stream(), 0xc006_5800, 3 << 30 | 0x58 << 8 | 0x1e);
        says(&k.m.fail(&stream), &["reserved header bits"]);
    }

    #[test]
    fn invented_opcodes() {
        // Meant as DISPATCH_DIRECT, SET_SH_REG, WRITE_DATA, ACQUIRE_MEM; SET_CONTEXT_REG's is CONTEXT_CONTROL.
        // Two of them belong to packets for others, one to a packet of another length.
        let cases = [
            (0x15, 0x7d, "SCRATCH_RAM_WRITE"),
            (0x76, 0x2f, "NUM_INSTANCES"),
            (0x37, 0x6a, "SET_CONTEXT_REG_INDEX"),
            (0x58, 0x82, "opcode 0x82 is no packet"),
        ];
        for (right, invented, says_name) in cases {
            let k = kept(Config::strict());
            let mut stream = k.launch.stream();
            stream.extend(write_data(k.launch.code + 256, &[1]));
            let header = *stream.iter().find(|&&w| w >> 30 == 3 && w >> 8 & 0xff == right).expect("such a packet");
            let stream = with(&stream, header, header & !0xff00 | invented << 8);
            says(&k.m.fail(&stream), &["IB 0", "dword", says_name]);
        }
        let k = kept(Config::strict());
        let mut stream = k.launch.stream();
        stream.extend(packet(0x28, &[0x80, 0]));
        says(&k.m.fail(&stream), &["CONTEXT_CONTROL", "graphics ring"]);
    }

    #[test]
    fn a_count_one_short_desynchronises() {
        for header in [0xc003_7600, 0xc006_5800, 0xc003_1502] {
            let k = kept(Config::strict());
            let stream = with(&k.launch.stream(), header, header - (1 << 16));
            let reason = k.m.fail(&stream);
            says(&reason, &["IB 0", "dword"]);
            let seen = ["type-0 header", "type-1 header", "type-2 filler", "it has", "header bits", "body dwords"];
            assert!(seen.iter().any(|s| reason.contains(s)), "{header:#x}: {reason}");
        }
    }

    #[test]
    fn registers_at_invented_offsets() {
        // PGM_LO at START_X, RSRC1 at START_Z, NUM_THREAD_X at PIPELINESTAT_ENABLE: each right one is missing then.
        for (right, wrong, missing) in [
            (0x20c, 0x204, "COMPUTE_PGM_LO was not written in this submission"),
            (0x212, 0x206, "COMPUTE_PGM_RSRC1 was not written in this submission"),
            (0x207, 0x20a, "COMPUTE_NUM_THREAD_X was not written in this submission"),
        ] {
            // A strict card sees before that 32 is no value of PIPELINESTAT_ENABLE.
            let early = "COMPUTE_PIPELINESTAT_ENABLE has reserved bits 0x00000020 set";
            for (config, missing) in
                [(Config::default(), missing), (Config::strict(), if wrong == 0x20a { early } else { missing })]
            {
                let k = kept(config);
                let mut words = preamble();
                words.extend(ACQUIRE);
                words.extend(with(&k.launch.words(), right, wrong));
                says(&k.m.fail(&words), &["dword", missing]);
            }
        }
    }

    #[test]
    fn shader_code_with_its_bytes_swapped() {
        let m = strict();
        // s_mov_b32 s0, 0; s_endpgm.
        let (_, code) = m.memory(&[0xbe80_0080u32.swap_bytes(), S_ENDPGM.swap_bytes(), 0, 0]);
        let launch = Launch::new(code.va(), &[]);
        says(&m.fail(&launch.stream()), &["dispatch 1", "bytes swapped", &format!("{:#x}", code.va())]);
        // Without the look beforehand, whatever those words mean runs, and the look is the explanation.
        let m = machine(Config::default());
        let (_, code) = m.memory(&[0xbe80_0080u32.swap_bytes(), S_ENDPGM.swap_bytes(), 0xffff_ffff, 0xffff_ffff]);
        let launch = Launch::new(code.va(), &[]);
        says(&m.fail(&launch.stream()), &["illegal instruction", "bytes swapped"]);
    }

    #[test]
    fn the_end_of_program_of_another_gfx() {
        let m = strict();
        let (_, code) = m.memory(&[0xbe80_0080, 0xbf81_0000, 0, 0]);
        let launch = Launch::new(code.va(), &[]);
        let place = format!("{:#x}", code.va() + 4);
        says(&m.fail(&launch.stream()), &["0xbf810000", "this is s_endpgm of gfx10 and older", &place]);
    }

    /// A kernel of this repository with its descriptor in memory, and the launch that it wants.
    fn load(m: &Machine, kernel: &kernels::Kernel) -> (sparkle_pm4::kmd::GpuMap, Launch) {
        let object = CodeObject::parse(kernel.object).unwrap();
        let kernel = object.kernel(kernel.name).unwrap();
        let image: Vec<u32> = object
            .image()
            .chunks(4)
            .map(|c| u32::from_le_bytes(std::array::from_fn(|i| c.get(i).copied().unwrap_or(0))))
            .collect();
        let (_, map) = m.memory(&image);
        let user = vec![0; kernel.descriptor.user_sgprs() as usize];
        let mut launch = Launch::new(map.va() + kernel.entry_offset, &user);
        launch.rsrc1 = kernel.descriptor.compute_pgm_rsrc1;
        launch.rsrc2 = kernel.descriptor.compute_pgm_rsrc2;
        // No workgroup: the registers are looked at, and nothing runs.
        launch.grid = [0, 1, 1];
        (map, launch)
    }

    #[test]
    fn resource_bits_shifted() {
        let m = strict();
        let (_map, good) = load(&m, &kernels::VADD_F32);
        assert_eq!(m.run(&good.stream()), Ok(()));
        // USER_SGPR one bit down, then TGID_X_EN one bit up.
        let shifted = Launch { rsrc2: good.rsrc2 & !0x3e | (good.rsrc2 & 0x3c) >> 1, ..good.clone() };
        says(&m.fail(&shifted.stream()), &["COMPUTE_PGM_RSRC2.USER_SGPR is", "the kernel descriptor at"]);
        let shifted = Launch { rsrc2: good.rsrc2 & !0x80 | 0x100, ..good.clone() };
        says(&m.fail(&shifted.stream()), &["COMPUTE_PGM_RSRC2.TGID_X_EN is 0", "the kernel descriptor at", "says 1"]);
        let (_map, good) = load(&m, &kernels::CONV2D_DIRECT_F32);
        assert_eq!(m.run(&good.stream()), Ok(()));
        let few = Launch { rsrc1: good.rsrc1 & !0x3f, ..good.clone() };
        says(&m.fail(&few.stream()), &["COMPUTE_PGM_RSRC1.VGPRS is 0 granules", "the kernel descriptor at"]);
        // PRIV, which a card ignores: Mesa's OpenCL sets it.
        let k = kept(Config::strict());
        let private = Launch { rsrc1: 1 << 20, ..k.launch.clone() };
        says(&k.m.fail(&private.stream()), &["COMPUTE_PGM_RSRC1.PRIV is set"]);
        let k = kept(Config::default());
        let private = Launch { rsrc1: 1 << 20, ..k.launch.clone() };
        assert_eq!(k.m.run(&private.stream()), Ok(()));
    }

    #[test]
    fn wave32_code_without_cs_w32_en() {
        // With a descriptor beside the code the mismatch is told.
        let m = strict();
        let (_map, good) = load(&m, &kernels::VADD_F32);
        let wide = Launch { initiator: good.initiator & !0x8000, ..good };
        says(&m.fail(&wide.stream()), &["CS_W32_EN is clear", "64 lanes", "was built for wave32"]);
        // Without one the stream alone decides, and waves of 64 lanes are what runs.
        let k = kept(Config::strict());
        let wide = Launch { initiator: 0x45, ..k.launch.clone() };
        let events = k.m.events(&wide.stream());
        let Event::Dispatch(dispatch) = &events[0] else { panic!("{events:?}") };
        assert_eq!(dispatch.wave_size.lanes(), 64);
    }

    fn chunk<T>(chunk_id: u32, data: &T) -> uapi::CsChunk {
        uapi::CsChunk { chunk_id, length_dw: size_of::<T>() as u32 / 4, chunk_data: std::ptr::from_ref(data) as u64 }
    }

    #[test]
    fn chunks_are_an_array_of_addresses_and_a_list_is_given_once() {
        let m = strict();
        let (bo, ib) = m.memory(&[NOP; 8]);
        let ib =
            uapi::CsChunkIb { va_start: ib.va(), ib_bytes: 32, ip_type: uapi::HW_IP_COMPUTE, ..Default::default() };
        let entry = [uapi::BoListEntry { bo_handle: bo.handle(), bo_priority: 0 }];
        let list = uapi::BoListIn {
            operation: !0,
            list_handle: !0,
            bo_number: 1,
            bo_info_size: 8,
            bo_info_ptr: entry.as_ptr() as u64,
        };
        let chunks = [chunk(uapi::CHUNK_ID_IB, &ib), chunk(uapi::CHUNK_ID_BO_HANDLES, &list)];
        let context = m.context();
        let submit = |bo_list_handle, num_chunks, chunks: u64| {
            let mut cs = uapi::CsIn { ctx_id: context.id(), bo_list_handle, num_chunks, flags: 0, chunks };
            ioctl(&m.node, ioctls::CS.code, &mut cs)
        };
        let pointers: Vec<u64> = chunks.iter().map(|c| std::ptr::from_ref(c) as u64).collect();
        assert_eq!(submit(0, 2, pointers.as_ptr() as u64), Ok(0));
        let wrong = submit(0, 1, chunks.as_ptr() as u64);
        assert!(matches!(wrong, Err(Errno::EFAULT | Errno::EINVAL)), "{wrong:?}");

        let mut create = uapi::BoListIn { operation: uapi::BO_LIST_OP_CREATE, list_handle: 0, ..list };
        assert_eq!(ioctl(&m.node, ioctls::BO_LIST.code, &mut create), Ok(0));
        // `out.list_handle` lies where `in.operation` did.
        let handle = create.operation;
        assert_eq!(submit(handle, 1, pointers.as_ptr() as u64), Ok(0), "the list alone");
        assert_eq!(submit(handle, 2, pointers.as_ptr() as u64), Err(Errno::EINVAL), "the list and BO_HANDLES");
    }

    #[test]
    fn a_mapping_off_the_page_and_a_context_id_in_the_flags() {
        let m = strict();
        let (bo, _map) = m.memory(&[0]);
        for va_address in [0x40_0100, 0x40_0800] {
            let mut arg = uapi::GemVa {
                handle: bo.handle(),
                operation: uapi::VA_OP_MAP,
                flags: 6,
                va_address,
                map_size: 4096,
                ..Default::default()
            };
            assert_eq!(ioctl(&m.node, ioctls::GEM_VA.code, &mut arg), Err(Errno::EINVAL), "{va_address:#x}");
        }
        let context = m.context();
        let mut free = uapi::CtxIn { op: uapi::CTX_OP_FREE_CTX, flags: context.id(), ..Default::default() };
        assert_eq!(ioctl(&m.node, ioctls::CTX_STATE.code, &mut free), Err(Errno::EINVAL));
    }

    #[test]
    fn available_rings_is_a_mask() {
        let m = strict();
        let info: uapi::InfoHwIp = m.device.ask(uapi::INFO_HW_IP_INFO, [uapi::HW_IP_COMPUTE, 0, 0, 0]).unwrap();
        assert_eq!(info.available_rings, 0xf, "four rings, not fifteen");
    }
}

mod rules {
    use super::*;

    /// Each stream is accepted as it is by a card that forgives, and refused with the reason by a strict one.
    #[track_caller]
    fn only_strict(words: &[u32], parts: &[&str]) {
        let stop = machine(Config::default()).run(words);
        assert_eq!(stop, Ok(()), "without strict");
        let reason = strict().fail(words);
        says(&reason, &["IB 0", "dword 0"]);
        says(&reason, parts);
    }

    #[test]
    fn reserved_bits_of_a_body() {
        // EVENT_WRITE with bit 20; ACQUIRE_MEM with bit 19 of GCR_CNTL.
        only_strict(&[FLUSH[0], FLUSH[1] | 1 << 20], &["EVENT_WRITE", "reserved bits 0x00100000"]);
        only_strict(&acquire(1 << 19 | 0xc3b1), &["ACQUIRE_MEM", "reserved bits 0x00080000"]);
    }

    #[test]
    fn values_without_a_name() {
        // Event 9 is nobody's; GL1_RANGE 1 and SEQ 3 neither.
        only_strict(&[FLUSH[0], 9], &["event_type is 0x9"]);
        only_strict(&acquire(1 << 2), &["GL1_RANGE is 0x1"]);
        only_strict(&acquire(3 << 16), &["SEQ is 0x3"]);
    }

    #[test]
    fn an_event_goes_with_its_index() {
        only_strict(&[FLUSH[0], 0x007], &["event_index of CS_PARTIAL_FLUSH is 0 and not 4"]);
        only_strict(&[FLUSH[0], 0x507], &["event_index of CS_PARTIAL_FLUSH is 5 and not 4"]);
        only_strict(&[FLUSH[0], 0x419], &["event_index of PIPELINESTAT_START is 4 and not 0"]);
        only_strict(&[FLUSH[0], 0x528], &["BOTTOM_OF_PIPE_TS is an end-of-pipe event, which RELEASE_MEM sends"]);
        only_strict(&[FLUSH[0], 0x62f], &["CS_DONE is an end-of-pipe event"]);
        let release = |event: u32| packet(0x49, &[event, 0, 0, 0, 0, 0, 0]);
        only_strict(&release(0x407), &["CS_PARTIAL_FLUSH is no end-of-pipe event"]);
        only_strict(&release(0x52f), &["event_index of CS_DONE is 5 and not 6"]);
        only_strict(&release(0x628), &["event_index of BOTTOM_OF_PIPE_TS is 6 and not 5"]);
        only_strict(&release(0x528 | 1 << 19), &["gl2_discard"]);
        for good in [0x528, 0x514, 0x504, 0x62f] {
            assert_eq!(strict().run(&release(good)), Ok(()), "{good:#x}");
        }
    }

    #[test]
    fn registers_that_do_not_exist() {
        only_strict(&set_sh(0x27c, &[1]), &["there is no register at 0xb9f0"]);
        only_strict(&set_sh(0x3ff, &[1, 2]), &["register offset 0x400 lies beyond the SH space"]);
        // One that only gfx11.5 has: Mesa clears it on every gfx11, and no more than that.
        only_strict(&packet(0x79, &[0x92, 1]), &["there is no register at 0x30248"]);
        assert_eq!(strict().run(&packet(0x79, &[0x92, 0])), Ok(()));
        // WRITE_DATA to a register.
        only_strict(&packet(0x37, &[0, 0x2c00 + 0x27c, 0, 7]), &["there is no register at 0xb9f0"]);
    }

    #[test]
    fn values_that_are_not_written_as_they_are() {
        only_strict(&set_sh(0x215 | 1 << 28, &[0]), &["SET_SH_REG", "INSERT_VMID"]);
        only_strict(&set_sh(0x215 | 3 << 23, &[0]), &["SET_SH_REG", "INSERT_VMID"]);
        only_strict(&packet(0x79, &[0x380 | 2 << 28, 0]), &["SET_UCONFIG_REG", "index is 2"]);
        // RADV's way to write a CU mask with the kernel's reservation.
        assert_eq!(strict().run(&packet(0x9b, &[0x216 | 3 << 28, !0])), Ok(()));
    }

    #[test]
    fn packets_and_fields_of_the_other_ring() {
        only_strict(&[FLUSH[0], 0x40f], &["VS_PARTIAL_FLUSH is an event of the graphics ring"]);
        only_strict(&[FLUSH[0], 0x407 | 1 << 29], &["samp_plst_cntr_mode is 1"]);
        only_strict(&packet(0x12, &[0]), &["CLEAR_STATE", "is a packet of the graphics ring"]);
        only_strict(&packet(0x28, &[0x8000_0000, 0x8000_0000]), &["CONTEXT_CONTROL"]);
        only_strict(&packet(0x69, &[0x80, 0]), &["SET_CONTEXT_REG"]);
        only_strict(&packet(0x42, &[0]), &["PFP_SYNC_ME"]);
        only_strict(&packet(0x50, &[1, 0, 0, 0, 0, 0]), &["DMA_DATA", "a compute ring has one engine"]);
        // On the graphics ring: no SHADER_TYPE.
        let m = strict();
        let (_, code) = m.memory(&[S_ENDPGM]);
        let mut words = Launch::new(code.va(), &[]).stream();
        let at = words.iter().position(|&w| w == 0xc003_1502).unwrap();
        words.resize(words.len().next_multiple_of(8), NOP);
        assert_eq!(m.run_exactly(GFX, &[&words]), Ok(()));
        words[at] = 0xc003_1500;
        says(&m.run_exactly(GFX, &[&words]).unwrap_err(), &["SHADER_TYPE is clear"]);
        assert_eq!(m.run_exactly(COMPUTE, &[&words]), Ok(()), "a compute ring starts nothing else");
    }

    #[test]
    fn pixel_wait_sync_is_whole_and_the_graphics_rings() {
        let acquire = |first: u32, poll: u32| packet(0x58, &[first, !0, 0xff_ffff, 0, 0, poll, 0]);
        only_strict(&acquire(1 << 17, 0), &["pixel wait sync"]);
        only_strict(&acquire(0, 1 << 31), &["pixel wait sync"]);
        only_strict(&acquire(1 << 31, 0), &["the choice of an engine"]);
        let gfx = |first, poll| strict().run_exactly(GFX, &[&acquire(first, poll)]);
        // What RADV's captured stream for the graphics ring has, and its halves.
        assert_eq!(gfx(0x2_2800, 1 << 31), Ok(()));
        says(&gfx(0x2_2800, 0).unwrap_err(), &["pws_ena and pws_ena2 together"]);
        says(&gfx(0, 1 << 31).unwrap_err(), &["pws_ena and pws_ena2 together"]);
        says(&gfx(0x2800, 0).unwrap_err(), &["it is off"]);
    }

    #[test]
    fn what_destroys_data_or_means_nothing_in_an_acquire() {
        only_strict(&acquire(1 << 13), &["GL2_DISCARD"]);
        only_strict(&acquire(1 << 18), &["RANGE_IS_PA"]);
    }

    #[test]
    fn bits_of_the_initiator_and_of_registers_that_are_read() {
        for (bit, name) in [(3, "ORDERED_APPEND_ENBL"), (12, "RESERVED"), (14, "RESTORE"), (16, "AMP_SHADER_EN")] {
            let (forgiving, strict) = (machine(Config::default()), strict());
            for (m, ok) in [(&forgiving, true), (&strict, false)] {
                let (_, code) = m.memory(&[S_ENDPGM]);
                let launch = Launch { initiator: 0x8045 | 1 << bit, ..Launch::new(code.va(), &[]) };
                let ran = m.run(&launch.stream());
                assert_eq!(ran.is_ok(), ok, "{name}: {ran:?}");
                if let Err(reason) = ran {
                    says(&reason, &["DISPATCH_DIRECT", name]);
                }
            }
        }
        let m = strict();
        let (_, code) = m.memory(&[S_ENDPGM]);
        let fine = Launch::new(code.va(), &[]);
        for (words, part) in [
            (Launch { initiator: 0x8045 | 1 << 20, ..fine.clone() }.stream(), "reserved bits 0x00100000"),
            (Launch { rsrc1: fine.rsrc1 | 1 << 27, ..fine.clone() }.stream(), "COMPUTE_PGM_RSRC1 has reserved bits"),
            (Launch { rsrc2: 1 << 31, ..fine.clone() }.stream(), "COMPUTE_PGM_RSRC2 has reserved bits"),
            (set_sh(0x218, &[1 << 31]), "COMPUTE_TMPRING_SIZE has reserved bits 0x80000000"),
            (set_sh(0x211, &[0x00ff_ff00]), "COMPUTE_DISPATCH_SCRATCH_BASE_HI has reserved bits 0x00ffff00"),
            (set_sh(0x211, &[0x00ff_7f80]), "COMPUTE_DISPATCH_SCRATCH_BASE_HI has reserved bits 0x00ff7f00"),
            (set_sh(0x20d, &[0x00ff_ff80]), "COMPUTE_PGM_HI has reserved bits 0x00ffff00"),
            (Launch { rsrc1: fine.rsrc1 | 0x3f, ..fine.clone() }.stream(), "VGPRS asks for 512 VGPRs"),
        ] {
            says(&m.fail(&words), &["dword", part]);
        }
        let wide = Launch { rsrc1: fine.rsrc1 | 0x3f, initiator: 0x45, ..fine.clone() };
        assert_eq!(m.run(&wide.stream()), Ok(()), "256 in wave64");
        // The sign of an address of the upper half, as RADV writes it.
        assert_eq!(m.run(&set_sh(0x211, &[0x00ff_ff80])), Ok(()));
        // A dispatch with one shader engine's CU mask left as it was.
        let words = fine.stream()[4..].to_vec();
        says(&m.fail(&words), &["dispatch 1", "COMPUTE_STATIC_THREAD_MGMT_SE0 was not written in this submission"]);
    }

    #[test]
    fn indirect_buffers_keep_the_rings_granule() {
        let m = strict();
        assert_eq!(m.run_exactly(COMPUTE, &[&[NOP; 8]]), Ok(()));
        says(&m.run_exactly(COMPUTE, &[&[NOP; 5]]).unwrap_err(), &["IB 0", "20 bytes", "multiples of 32 bytes"]);
        assert_eq!(machine(Config::default()).run_exactly(COMPUTE, &[&[NOP; 5]]), Ok(()));
        // One that a packet names: off the granule, empty, not VALID, in another address space.
        let (_, map) = m.memory(&[NOP; 64]);
        let call = |offset: u64, control: u32| {
            let va = map.va() + offset;
            packet(0x3f, &[va as u32, (va >> 32) as u32, control])
        };
        let valid = 1 << 23;
        assert_eq!(m.run(&call(0, valid | 16)), Ok(()));
        says(&m.fail(&call(16, valid | 16)), &["multiples of 32 bytes"]);
        says(&m.fail(&call(0, valid | 12)), &["multiples of 32 bytes"]);
        says(&m.fail(&call(0, valid)), &["INDIRECT_BUFFER", "no dwords"]);
        says(&m.fail(&call(0, 16)), &["VALID is clear"]);
        says(&m.fail(&call(0, valid | 3 << 24 | 16)), &["vmid is 3"]);
    }

    #[test]
    fn streams_of_a_driver_are_accepted_and_run() {
        let Some(root) = std::env::var_os("SPARKLE_TEST_DATA") else {
            return skip::skip!("SPARKLE_TEST_DATA is not set");
        };
        let folder = std::path::PathBuf::from(root).join("clients/streams");
        let read = |name: &str| -> Vec<u32> {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            text.split_whitespace().map(|w| u32::from_str_radix(w, 16).unwrap()).collect()
        };
        // The indirect dispatch of the extended capture finds zeros for its workgroups here, and leaves no event.
        let streams = [
            (COMPUTE, &["radv-25.0-compute.0.compute.hex", "radv-25.0-compute.1.compute.hex"][..], 1),
            (COMPUTE, &["radv-26.2-compute.0.compute.hex", "radv-26.2-compute.1.compute.hex"], 1),
            (COMPUTE, &["radv-25.0-compute-extended.0.compute.hex", "radv-25.0-compute-extended.1.compute.hex"], 3),
            (GFX, &["radv-25.0-gfx.0.gfx.hex", "radv-25.0-gfx.2.gfx.hex"], 1),
        ];
        for (ring, names, dispatches) in streams {
            let m = strict();
            // Where the captured streams have their code, their data, and the buffer that one of them calls.
            let code = m.place(0xffff_8000_0000_0000, 1 << 20, &[S_ENDPGM; 1 << 12]);
            let data = m.place(0xffff_8001_0000_0000, 1 << 20, &[]);
            let chained = read("radv-25.0-gfx.1.chained.hex");
            let target = m.place(0xffff_8001_0020_0000, 1 << 12, &chained);
            let words: Vec<Vec<u32>> = names
                .iter()
                .map(|name| {
                    let mut words = read(name);
                    // The buffer lies elsewhere here, so that the data around its place is free.
                    if let [0xc002_3f00, lo, ..] = &mut words[..] {
                        *lo = 0x0020_0000;
                    }
                    words
                })
                .collect();
            let words: Vec<&[u32]> = words.iter().map(Vec::as_slice).collect();
            assert_eq!(m.run_exactly(ring, &words), Ok(()), "{names:?}");
            let ran = m.trace.take().iter().filter(|e| matches!(e, Event::Dispatch(_))).count();
            assert_eq!(ran, dispatches, "{names:?}");
            drop((code, data, target));
        }
    }
}
