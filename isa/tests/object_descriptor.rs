//! Kernel descriptors against llvm-mc's, with random directives.
mod object_support;

use isa::Arch;
use isa::object::{DESCRIPTOR_BYTES, Descriptor};
use object_support::{assemble, llvm, scratch, section};
use std::collections::BTreeSet;
use std::fmt::Write;

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

type Block = Vec<(String, i64)>;

/// A block of random directives, most of which are in range.
fn block(random: &mut Random, names: &[String]) -> Block {
    let mut block = Vec::new();
    let mut push = |name: &str, value: u64| block.push((name.to_string(), value as i64));
    if random.below(30) != 0 {
        push(
            ".amdhsa_next_free_vgpr",
            [random.below(16), random.below(260), random.below(560)][random.below(3) as usize],
        );
    }
    if random.below(30) != 0 {
        push(".amdhsa_next_free_sgpr", random.below(110));
    }
    for _ in 0..random.below(12) {
        let name = &names[random.below(names.len() as u64) as usize];
        let repeats = matches!(name.as_str(), ".amdhsa_next_free_vgpr" | ".amdhsa_next_free_sgpr");
        if repeats && random.below(20) != 0 {
            continue;
        }
        let large = name.ends_with("_size") && !name.contains("user");
        let value = match random.below(12) {
            0 if large => [0xffff_ffff, 0x1_0000_0000, 0x10_0000][random.below(3) as usize],
            _ if large || name.ends_with("user_sgpr_count") => random.below(18),
            _ if name.ends_with("shared_vgpr_count") => random.below(17),
            0 if random.below(4) == 0 => random.below(40),
            _ if name.contains("mode_32") || name.contains("16_64") || name.ends_with("workitem_id") => random.below(4),
            _ if name.ends_with("xnack_mask") => u64::from(random.below(8) == 0),
            _ => random.below(2),
        };
        push(name, value);
    }
    let n = block.len() as u64;
    let mut at = |k: usize| block.swap(k, random.below(n.max(1)) as usize);
    (0..n as usize).for_each(&mut at);
    block
}

fn ours(block: &Block) -> Result<[u8; DESCRIPTOR_BYTES], String> {
    let mut d = Descriptor::new();
    for (name, value) in block {
        d.set(name, *value).map_err(|e| e.to_string())?;
    }
    d.finish().map_err(|e| e.to_string())
}

/// The source of the blocks, and the line at which each starts.
fn source(blocks: &[&Block]) -> (String, Vec<usize>) {
    let mut text = String::from(".rodata\n");
    let mut starts = Vec::new();
    for (k, block) in blocks.iter().enumerate() {
        starts.push(text.lines().count() + 1);
        writeln!(text, ".amdhsa_kernel k{k}").unwrap();
        block.iter().for_each(|(name, value)| writeln!(text, "{name} {value}").unwrap());
        writeln!(text, ".end_amdhsa_kernel").unwrap();
    }
    (text, starts)
}

#[test]
fn descriptors_are_llvm_mcs() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("descriptor");
    let names: Vec<String> = Descriptor::directives().map(String::from).collect();
    assert_eq!(names.len(), 39);
    let mut random = Random(11);
    let (mut accepted, mut refused) = (0, 0);
    for target in Arch::ALL {
        let blocks: Vec<Block> = (0..500).map(|_| block(&mut random, &names)).collect();
        let all: Vec<&Block> = blocks.iter().collect();
        let (text, starts) = source(&all);
        let errors = assemble(&llvm, &dir, target.name(), &text).expect_err("some of the blocks are wrong");
        let line = |l: &str| l.split_once(".s:")?.1.split_once(": error:")?.0.split(':').next()?.parse::<usize>().ok();
        let wrong: BTreeSet<usize> =
            errors.lines().filter_map(line).map(|l| starts.partition_point(|s| *s <= l) - 1).collect();
        for (k, block) in blocks.iter().enumerate() {
            let ours = ours(block);
            assert_eq!(ours.is_err(), wrong.contains(&k), "{target} {block:?}: {ours:?}");
        }
        let right: Vec<&Block> = (0..blocks.len()).filter(|k| !wrong.contains(k)).map(|k| &blocks[k]).collect();
        let object = assemble(&llvm, &dir, target.name(), &source(&right).0).unwrap();
        let rodata = section(&object, ".rodata").unwrap();
        assert_eq!(rodata.len(), right.len() * DESCRIPTOR_BYTES);
        for (block, theirs) in right.iter().zip(rodata.chunks(DESCRIPTOR_BYTES)) {
            assert_eq!(ours(block).as_ref().map(|b| &b[..]), Ok(theirs), "{target} {block:?}");
        }
        accepted += right.len();
        refused += wrong.len();
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(accepted > 1000 && refused > 500, "{accepted} accepted, {refused} refused");
}

/// Every VGPR count in both wave sizes, alone.
#[test]
fn vgpr_granules_are_llvm_mcs() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("granules");
    let mut blocks = Vec::new();
    for (wave32, most) in [(1, 512), (0, 256)] {
        for vgprs in 0..=most + 1 {
            blocks.push(vec![
                (".amdhsa_next_free_vgpr".to_string(), vgprs),
                (".amdhsa_next_free_sgpr".to_string(), 1),
                (".amdhsa_wavefront_size32".to_string(), wave32),
            ]);
            assert_eq!(ours(blocks.last().unwrap()).is_ok(), vgprs <= most);
        }
        blocks.pop();
    }
    let object = assemble(&llvm, &dir, "gfx1100", &source(&blocks.iter().collect::<Vec<_>>()).0).unwrap();
    let rodata = section(&object, ".rodata").unwrap();
    for (block, theirs) in blocks.iter().zip(rodata.chunks(DESCRIPTOR_BYTES)) {
        assert_eq!(ours(block).as_ref().map(|b| &b[..]), Ok(theirs), "{block:?}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn errors_name_the_directive_and_the_rule() {
    let required = [(".amdhsa_next_free_vgpr", 8), (".amdhsa_next_free_sgpr", 8)];
    for (extra, message, code) in [
        (
            &[(".amdhsa_bogus", 0)][..],
            "unknown directive .amdhsa_bogus in an .amdhsa_kernel block",
            "unknown-directive",
        ),
        (
            &[(".amdhsa_inst_pref_size", 1)],
            "unknown directive .amdhsa_inst_pref_size in an .amdhsa_kernel block",
            "unknown-directive",
        ),
        (&[(".amdhsa_ieee_mode", 2)], ".amdhsa_ieee_mode: value 2 is out of range 0..=1", "directive-range"),
        (
            &[(".amdhsa_kernarg_size", -1)],
            ".amdhsa_kernarg_size: value -1 is out of range 0..=4294967295",
            "directive-range",
        ),
        (&[(".amdhsa_ieee_mode", 1), (".amdhsa_ieee_mode", 1)], ".amdhsa_ieee_mode is repeated", "repeated-directive"),
        (&[(".amdhsa_accum_offset", 4)], ".amdhsa_accum_offset: gfx90a and later gfx9 only", "unsupported-directive"),
        (
            &[(".amdhsa_reserve_flat_scratch", 1)],
            ".amdhsa_reserve_flat_scratch: gfx11 has architected flat scratch",
            "unsupported-directive",
        ),
        (
            &[(".amdhsa_round_robin_scheduling", 1)],
            ".amdhsa_round_robin_scheduling: gfx12 only",
            "unsupported-directive",
        ),
        (
            &[(".amdhsa_reserve_xnack_mask", 1)],
            ".amdhsa_reserve_xnack_mask: no gfx11 target has XNACK",
            "directive-conflict",
        ),
        (
            &[(".amdhsa_user_sgpr_kernarg_segment_ptr", 1), (".amdhsa_user_sgpr_count", 1)],
            ".amdhsa_user_sgpr_count: 1 is smaller than the 2 that the block enables",
            "directive-conflict",
        ),
        (
            &[(".amdhsa_wavefront_size32", 1), (".amdhsa_shared_vgpr_count", 1)],
            ".amdhsa_shared_vgpr_count: shared VGPRs are for wave64 only",
            "directive-conflict",
        ),
    ] {
        let mut d = Descriptor::new();
        let all = required.iter().chain(extra);
        let error = all.map(|(name, value)| d.set(name, *value)).find_map(Result::err);
        let error = error.unwrap_or_else(|| d.finish().unwrap_err());
        assert_eq!((error.to_string().as_str(), error.code()), (message, code));
    }
    let mut d = Descriptor::new();
    assert_eq!(d.finish().unwrap_err().to_string(), ".amdhsa_next_free_vgpr is required");
    d.set(".amdhsa_next_free_vgpr", 513).unwrap();
    assert_eq!(d.finish().unwrap_err().to_string(), ".amdhsa_next_free_sgpr is required");
    d.set(".amdhsa_next_free_sgpr", 0).unwrap();
    assert_eq!(d.finish().unwrap_err().to_string(), ".amdhsa_next_free_vgpr: value 513 is out of range 0..=512");
}

#[test]
fn target_ids_are_the_familys() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("targets");
    for target in Arch::ALL {
        assert_eq!(Arch::from_target_id(&target.target_id()), Ok(target));
        for (version, number) in [("4", 4), ("5", 5), ("6", 6)] {
            let source = format!(".amdgcn_target \"{}\"\n.amdhsa_code_object_version {version}\n", target.target_id());
            let object = assemble(&llvm, &dir, target.name(), &source).unwrap();
            let version = isa::object::CodeObjectVersion::from_number(number).unwrap();
            assert_eq!(object[8], version.abi_version());
            assert_eq!(object[48..52], version.e_flags(target).to_le_bytes(), "{target}");
        }
    }
    for (id, message) in [
        ("gfx1100", "target id \"gfx1100\": it does not start with amdgcn-amd-amdhsa--"),
        (
            "amdgcn-amd-amdhsa--gfx1030",
            "target id \"amdgcn-amd-amdhsa--gfx1030\": \"gfx1030\" is not a gfx11 processor",
        ),
        (
            "amdgcn-amd-amdhsa--gfx1100:xnack-",
            "target id \"amdgcn-amd-amdhsa--gfx1100:xnack-\": gfx1100 has no target feature \"xnack-\"",
        ),
    ] {
        assert_eq!(Arch::from_target_id(id).unwrap_err().to_string(), message);
        let source = format!(".amdgcn_target \"{id}\"\n");
        assert!(assemble(&llvm, &dir, "gfx1100", &source).is_err());
    }
    std::fs::remove_dir_all(&dir).unwrap();
}
