//! Privileged registers, values after reset, and what the rows cannot say.

use pm4::reg::{self, Space, quirks};
use pm4::{CopyData, EncodeError, SetConfigReg, Stream};

/// The numbers that AMD's `gc_11_0_0` headers give, line by line.
#[test]
fn rows_are_those_of_the_kernels_headers() {
    let mut lines = 0;
    for line in include_str!("../tools/gc_11_0_0.tsv").lines().filter(|l| !l.starts_with('#')) {
        let mut cells = line.split('\t');
        let name = cells.next().unwrap();
        let address = u32::from_str_radix(&cells.next().unwrap()[2..], 16).unwrap();
        let reset = cells.next().unwrap().strip_prefix("0x").map(|v| u32::from_str_radix(v, 16).unwrap());
        let row = reg::by_address(address).unwrap_or_else(|| panic!("{name} has no row"));
        assert_eq!((row.name, row.reset), (name, reset));
        let fields: Vec<(String, u8, u8)> = cells
            .next()
            .unwrap_or("")
            .split_whitespace()
            .map(|f| {
                let parts: Vec<_> = f.split(':').collect();
                (parts[0].to_string(), parts[1].parse().unwrap(), parts[2].parse().unwrap())
            })
            .collect();
        let whole = fields.len() == 1 && fields[0].1 == 0 && fields[0].2 == 31;
        if !fields.is_empty() && !whole {
            let ours: Vec<_> = row.fields.iter().map(|f| (f.name.to_string(), f.lo, f.hi)).collect();
            assert_eq!(ours, fields, "{name}");
        }
        lines += 1;
    }
    assert!(lines > 2000, "{lines} lines");
    // One row by hand has no published value.
    assert_eq!(reg::all().filter(|r| r.reset.is_none()).map(|r| r.name).collect::<Vec<_>>(), ["GE_VRS_RATE"]);
}

#[test]
fn values_after_reset_are_the_published_ones() {
    let reset = |address| reg::by_address(address).unwrap().reset;
    // What a Navi31 answers to READ_MMR_REG of dword 0x263e.
    assert_eq!(reg::GB_ADDR_CONFIG.address(), 0x263e * 4);
    assert_eq!(reset(reg::GB_ADDR_CONFIG.address()), Some(0x545));
    // Every CU of every engine.
    assert_eq!(reset(reg::COMPUTE_STATIC_THREAD_MGMT_SE0.address()), Some(u32::MAX));
    assert_eq!(reset(reg::COMPUTE_STATIC_THREAD_MGMT_SE7.address()), Some(u32::MAX));
    assert_eq!(reset(reg::COMPUTE_PGM_RSRC1.address()), Some(0));
    assert_eq!(reset(reg::SDMA0_VERSION.address()), Some(0x600));
}

#[test]
fn privileged_registers_can_be_read_and_not_set() {
    // Dword 0x25 of an aperture that begins at dword 0x1260, as the driver computes it.
    assert_eq!(reg::SDMA0_STATUS_REG.address(), (0x1260 + 0x25) * 4);
    assert_eq!(reg::by_name("SDMA1_STATUS_REG").unwrap().fields[0].name, "IDLE");
    let mut stream = Stream::new();
    let error = stream.set(reg::GRBM_STATUS, reg::GRBM_STATUS::new()).map(drop);
    assert!(matches!(error, Err(EncodeError::WrongSpace { register: "GRBM_STATUS", .. })), "{error:?}");
    assert!(stream.is_empty());
    // Packets that read registers count dwords from 0.
    assert_eq!(reg::GRBM_STATUS.offset(), 0x2004);
    let copy = CopyData { src: reg::GRBM_STATUS.offset().into(), ..Default::default() };
    stream.push(copy).unwrap();
    assert_eq!(stream.dwords()[2], 0x2004);
    // The kernel's packet has names too.
    let offset = (reg::GRBM_STATUS2.address() - Space::Config.range().start) / 4;
    let mut stream = Stream::new();
    stream.push(SetConfigReg { offset, values: vec![0], ..Default::default() }).unwrap();
    assert!(stream.to_string().contains("GRBM_STATUS2 <- 0x00000000"), "{stream}");
    assert!(!Space::ALL.contains(&Space::Config));
    assert_eq!(reg::GRBM_STATUS.name(), "GRBM_STATUS");
    assert!(reg::by_address(reg::GRBM_STATUS.address()).unwrap().space().is_none());
}

#[test]
fn volatile_registers_are_those_whose_write_does_something() {
    for name in [
        "COMPUTE_DISPATCH_INITIATOR",
        "COMPUTE_DIM_X",
        "VGT_EVENT_INITIATOR",
        "GRBM_GFX_INDEX",
        "SQ_THREAD_TRACE_USERDATA_0",
        "SQ_THREAD_TRACE_USERDATA_7",
        "CP_PERFMON_CNTL",
        "SQ_PERFCOUNTER0_SELECT",
        "SCRATCH_REG0",
        "GDS_RD_ADDR",
        "SQC_CACHES",
        "GRBM_STATUS",
        "SDMA0_STATUS_REG",
    ] {
        assert!(quirks::volatile(reg::by_name(name).expect(name).address), "{name}");
    }
    for name in [
        "COMPUTE_START_X",
        "COMPUTE_PGM_LO",
        "COMPUTE_PGM_RSRC3",
        "COMPUTE_USER_DATA_0",
        "COMPUTE_TMPRING_SIZE",
        "COMPUTE_DISPATCH_INTERLEAVE",
        "SPI_SHADER_PGM_LO_PS",
        "TA_CS_BC_BASE_ADDR",
        "DB_RENDER_CONTROL",
        "VGT_PRIMITIVE_TYPE",
    ] {
        assert!(!quirks::volatile(reg::by_name(name).expect(name).address), "{name}");
    }
    // Nothing that counts or reports is taken for state: by name, whatever the address.
    for row in reg::all().filter(|r| r.name.contains("PERFCOUNTER") || r.name.contains("THREAD_TRACE")) {
        // Pipeline state that configures them per shader, not a counter.
        let state = row.name == "COMPUTE_THREAD_TRACE_ENABLE" || row.name == "COMPUTE_PERFCOUNT_ENABLE";
        assert!(quirks::volatile(row.address) || state, "{}", row.name);
    }
    assert!(quirks::selects_instance(reg::GRBM_GFX_INDEX.address()));
    assert!(!quirks::selects_instance(reg::COMPUTE_PGM_LO.address()));
}

#[test]
fn registers_that_the_kernel_reads_for_users_have_rows() {
    for address in quirks::READ_MMR {
        assert!(reg::by_address(address).is_some(), "{address:#x}");
    }
    assert!(quirks::READ_MMR.is_sorted());
    assert_eq!(quirks::READ_MMR.map(|a| a / 4).last(), Some(&0x263e));
}

#[test]
fn the_generations_beside_are_told_apart() {
    assert_eq!(quirks::on_gfx103(0xb8ac), Some("COMPUTE_RELAUNCH"));
    assert_eq!(quirks::on_gfx103(0x301f0), Some("CP_COHER_CNTL"));
    assert_eq!(quirks::on_gfx103(reg::COMPUTE_PGM_LO.address()), None);
    assert_eq!(quirks::on_gfx115(reg::COMPUTE_PGM_LO.address()), None);
    assert_eq!(quirks::on_gfx115(reg::GRBM_GFX_INDEX.address()), Some(quirks::Difference::Fields));
    // A dispatch is the same on all of them.
    assert!(quirks::GFX115.iter().all(|r| !Space::Sh.range().contains(&r.0)));
    assert!(quirks::GFX115.is_sorted_by_key(|r| r.0));
}
