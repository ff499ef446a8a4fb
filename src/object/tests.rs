//! The loader against this repository's kernels, LLVM's tools, and damaged bytes.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;

use super::*;

/// LLVM 19's folder, when it is installed.
fn llvm() -> Option<PathBuf> {
    let dir = PathBuf::from(std::env::var("SPARKLE_LLVM").unwrap_or_else(|_| "/usr/lib/llvm-19/bin".into()));
    if dir.join("llvm-readelf").is_file() {
        return Some(dir);
    }
    skip::skip!("no LLVM 19 (SPARKLE_LLVM names its bin folder)");
    None
}

/// The larger cases' folder, when there is one.
fn cases() -> Option<PathBuf> {
    let Some(data) = std::env::var_os("SPARKLE_TEST_DATA") else {
        skip::skip!("SPARKLE_TEST_DATA is not set");
        return None;
    };
    Some(Path::new(&data).join("cases"))
}

fn hsacos(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut found: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    found.retain(|p| p.extension().is_some_and(|e| e == "hsaco"));
    assert!(!found.is_empty(), "no *.hsaco in {}", dir.display());
    found.sort();
    found
}

#[test]
fn the_manifest_agrees_with_descriptors_and_metadata() {
    for k in kernels::KERNELS {
        let object = CodeObject::parse(k.object).unwrap();
        assert_eq!((object.target(), object.version()), ("gfx1100", 5));
        assert_eq!(object.metadata_target(), Some("amdgcn-amd-amdhsa--gfx1100"));
        assert!(!object.needs_relocation());
        assert_eq!(object.kernels().len(), 1);
        let info = object.kernel(k.name).unwrap();
        assert_eq!(info.symbol, k.symbol);
        assert_eq!((info.wave_size, info.vgprs, info.sgprs, info.lds_bytes), (k.wave, k.vgprs, k.sgprs, k.lds_bytes));
        assert_eq!(info.required_workgroup_size, Some(k.workgroup));
        assert_eq!(info.max_workgroup_size, k.workgroup.iter().product::<u32>());
        assert_eq!((info.scratch_bytes, info.uses_dynamic_stack), (k.scratch_bytes, false));
        let (offsets, size) = k.arg_offsets();
        assert_eq!((info.kernarg_size, info.descriptor.kernarg_size), (size, size));
        assert_eq!(info.args.len(), k.args.len());
        for ((arg, want), offset) in info.args.iter().zip(k.args).zip(offsets) {
            assert_eq!((arg.name.as_deref(), arg.offset, arg.size), (Some(want.name), offset, want.kind.size()));
            let (kind, access) = match want.kind {
                kernels::ArgKind::Pointer { access: kernels::Access::Read, .. } => {
                    (ValueKind::GlobalBuffer, Some("read_only"))
                }
                kernels::ArgKind::Pointer { access: kernels::Access::ReadWrite, .. } => {
                    (ValueKind::GlobalBuffer, Some("read_write"))
                }
                kernels::ArgKind::Pointer { .. } => (ValueKind::GlobalBuffer, Some("write_only")),
                _ => (ValueKind::ByValue, None),
            };
            assert_eq!((&arg.kind, arg.access.as_deref()), (&kind, access));
        }

        let d = &info.descriptor;
        assert_eq!(d.allocated_vgprs(), k.vgprs.max(1).next_multiple_of(8), "one granule at the least");
        assert_eq!(d.properties, CodeProperties::SGPR_KERNARG_SEGMENT_PTR | CodeProperties::WAVEFRONT_SIZE32);
        assert_eq!(d.properties.kernarg_sgpr(), Some(0));
        // gfx1100 wants at least 16 user and system SGPRs in wave32 (LLVM's UserSGPRInit16Bug).
        let ids = d.workgroup_ids().iter().filter(|&&on| on).count() as u32;
        assert_eq!(d.user_sgprs() + ids, 16);
        assert_eq!((d.float_mode(), d.is_privileged(), d.uses_scratch()), (0xf0, false, k.scratch_bytes > 0));
        assert!(d.dx10_clamp() && d.ieee_mode() && d.wgp_mode());
        assert_eq!(d.workitem_ids(), 0);

        // The code ends with s_endpgm, 0xBFB00000 on gfx11.
        let end = (info.entry_offset + info.code_size.unwrap()) as usize;
        assert_eq!(object.image()[end - 4..end], 0xbfb0_0000u32.to_le_bytes());
        assert_eq!(info.entry_offset % 256, 0);
    }
}

#[test]
fn another_target_is_refused_with_both_names() {
    let object = CodeObject::parse(kernels::FILL_U32.object).unwrap();
    object.check_target("gfx1100").unwrap();
    let error = object.check_target("gfx1030").unwrap_err();
    assert_eq!(error.to_string(), "the code object is for gfx1100, the device is gfx1030");
    assert_eq!(error.code(), "object-target");
    // The same bytes with gfx942 in e_flags.
    let mut bytes = kernels::FILL_U32.object.to_vec();
    bytes[48] = 0x4c;
    let error = CodeObject::parse(&bytes).unwrap().check_target("gfx1100").unwrap_err();
    assert_eq!(error.to_string(), "the code object is for gfx942, the device is gfx1100");
}

#[test]
fn an_unknown_kernel_lists_those_there_are() {
    let object = CodeObject::parse(kernels::FILL_U32.object).unwrap();
    let error = object.kernel("fill_u32.kd").unwrap_err();
    assert_eq!(error.to_string(), "no kernel \"fill_u32.kd\"; the object has fill_u32");
}

#[test]
fn what_is_not_a_code_object_says_what_it_is() {
    let code = |bytes: &[u8]| CodeObject::parse(bytes).unwrap_err().code();
    assert_eq!(code(b""), "object-not-a-code-object");
    assert_eq!(code(b"s_endpgm"), "object-not-a-code-object");
    let good = kernels::VADD_F32.object;
    let patched = |at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        CodeObject::parse(&bytes).unwrap_err()
    };
    assert_eq!(patched(18, 62).to_string(), "not an AMDGPU code object: e_machine is 62, EM_AMDGPU is 224");
    assert_eq!(patched(7, 0).code(), "object-not-a-code-object");
    assert_eq!(patched(8, 1), ObjectError::Version { abi: 1 });
    assert_eq!(patched(16, 1), ObjectError::NotLinked);
    assert_eq!(patched(16, 2).to_string(), "not an AMDGPU code object: e_type is 2, and code objects have ET_DYN, 3");
    assert_eq!(code(b"__CLANG_OFFLOAD_BUNDLE__"), "object-not-a-code-object");
    assert_eq!(code(&good[..64]), "object-not-a-code-object");
    // Wave64 in the descriptor against .wavefront_size 32 in the metadata: bit 10 of the properties.
    let object = CodeObject::parse(good).unwrap();
    let at = object.kernels()[0].descriptor_offset as usize + 57;
    assert_eq!(patched(at, good[at] & !4).code(), "object-contradiction");
}

#[test]
fn arguments_are_laid_out_and_checked() {
    let object = CodeObject::parse(kernels::FILL_U32.object).unwrap();
    let kernel = object.kernel("fill_u32").unwrap();
    let launch = Launch::uniform([4, 1, 1], [256, 1, 1]);
    let bytes =
        kernel.pack_args(&[ArgValue::Pointer(0x1234_5678_9abc), ArgValue::U32(1000), ArgValue::F32(1.0)], &launch);
    let want = [0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0, 0xe8, 3, 0, 0, 0, 0, 0x80, 0x3f];
    assert_eq!(bytes.unwrap(), want);
    let error = |args: &[ArgValue<'_>]| kernel.pack_args(args, &launch).unwrap_err().to_string();
    assert_eq!(error(&[]), "kernel fill_u32 takes 3 arguments, 0 were given");
    assert_eq!(
        error(&[ArgValue::U64(0), ArgValue::U32(1), ArgValue::U32(2)]),
        "kernel fill_u32, argument 0 (dst): expected global_buffer (8 bytes), got u64 (8 bytes)"
    );
    assert_eq!(
        error(&[ArgValue::Pointer(0), ArgValue::Bytes(&[0; 3]), ArgValue::U32(2)]),
        "kernel fill_u32, argument 1 (count): expected by_value (4 bytes), got 3 bytes"
    );
}

#[test]
fn hidden_arguments_describe_the_launch() {
    let launch = Launch {
        blocks: [5, 2, 1],
        block_size: [64, 4, 1],
        remainder: [3, 0, 0],
        dynamic_lds: 96,
        ..Launch::default()
    };
    assert_eq!(launch.grid_dims(), 2);
    assert_eq!(Launch::uniform([1, 1, 1], [1, 1, 1]).grid_dims(), 1);
    let mut info = CodeObject::parse(kernels::FILL_U32.object).unwrap().kernels()[0].clone();
    let hidden = |name: &str, offset, size| Arg {
        name: None,
        offset,
        size,
        kind: ValueKind::Hidden(name.into()),
        address_space: None,
        access: None,
        type_name: None,
        value_type: None,
    };
    info.args = vec![
        hidden("hidden_block_count_x", 0, 4),
        hidden("hidden_group_size_y", 4, 2),
        hidden("hidden_remainder_x", 6, 2),
        hidden("hidden_grid_dims", 8, 2),
        hidden("hidden_heap_v1", 10, 4),
        hidden("hidden_\u{e9}x", 14, 2),
    ];
    let bytes = info.pack_args(&[], &launch).unwrap();
    assert_eq!(bytes, [5, 0, 0, 0, 4, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    // Apertures as the driver sets them, and the launch's own numbers.
    info.args = vec![
        hidden("hidden_dynamic_lds_size", 0, 4),
        hidden("hidden_private_base", 4, 4),
        hidden("hidden_shared_base", 8, 4),
        hidden("hidden_none", 12, 4),
    ];
    let bytes = info.pack_args(&[], &launch).unwrap();
    assert_eq!(bytes, [96, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0, 0, 0]);
}

#[test]
fn relocations_move_with_the_image() {
    let Some(llvm) = llvm() else { return };
    let dir = std::env::temp_dir().join(format!("sparkle-object-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let source = "
        .amdgcn_target \"amdgcn-amd-amdhsa--gfx1100\"
        .data
        .p2align 3
        .globl shared_word
        shared_word: .quad 7
        local_word: .quad 9
        .globl table
        table: .quad shared_word + 8
        .quad local_word
        .amdgpu_metadata
---
amdhsa.version:
  - 1
  - 2
amdhsa.kernels: []
...
        .end_amdgpu_metadata
    ";
    let path = |name: &str| dir.join(name).to_str().unwrap().to_string();
    std::fs::write(path("t.s"), source).unwrap();
    let run = |tool: &str, args: &[&str]| {
        let output = Command::new(llvm.join(tool)).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run("llvm-mc", &["-triple=amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-filetype=obj", "-o", &path("t.o"), &path("t.s")]);
    run("ld.lld", &["-shared", "-o", &path("t.hsaco"), &path("t.o")]);
    let listing = run("llvm-readelf", &["-r", "--symbols", &path("t.hsaco")]);
    assert!(listing.contains("R_AMDGPU_ABS64") && listing.contains("R_AMDGPU_RELATIVE64"), "{listing}");
    let bytes = std::fs::read(path("t.hsaco")).unwrap();
    let address = |symbol: &str| {
        let line = listing.lines().find(|l| l.ends_with(&format!(" {symbol}"))).unwrap();
        u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
    };
    let object = CodeObject::parse(&bytes).unwrap();
    assert!(object.needs_relocation());
    let base = 0x7fff_0000_0000;
    let image = object.image_at(base).unwrap();
    let word = |at: u64| u64::from_le_bytes(image[at as usize..at as usize + 8].try_into().unwrap());
    assert_eq!(word(address("table")), base + address("shared_word") + 8);
    assert_eq!(word(address("table") + 8), base + address("local_word"));
    assert_eq!(word(word(address("table") + 8) - base), 9);
    assert_eq!(object.image_at(base + 0x100).unwrap_err().code(), "object-out-of-bounds");

    // Type 5, R_AMDGPU_REL64, instead of RELATIVE64: refused by name.
    let entry = bytes.windows(8).position(|w| w == 13u64.to_le_bytes()).unwrap();
    let mut other = bytes.clone();
    other[entry] = 5;
    let error = CodeObject::parse(&other).unwrap_err().to_string();
    assert!(error.starts_with("relocation R_AMDGPU_REL64 at 0x"), "{error}");
    std::fs::remove_dir_all(&dir).unwrap();
}

/// The text after `"key":` in a JSON object, up to the end of a plain value.
fn json<'a>(text: &'a str, key: &str) -> &'a str {
    let at = text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("no {key}")) + key.len() + 3;
    text[at..].trim_start().split([',', '\n', '}']).next().unwrap().trim().trim_matches('"')
}

#[test]
fn compiled_objects_have_the_fields_that_their_cases_state() {
    let Some(dir) = cases() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let Ok(text) = std::fs::read_to_string(entry.unwrap().path().join("case.json")) else { continue };
        let bytes = std::fs::read(dir.join(json(&text, "hsaco"))).unwrap();
        let object = CodeObject::parse(&bytes).unwrap();
        object.check_target("gfx1100").unwrap();
        let k = object.kernel(json(&text, "kernel")).unwrap();
        let number = |key: &str| json(&text, key).parse::<u32>().unwrap();
        assert_eq!(k.symbol, json(&text, "descriptor_symbol"));
        assert_eq!(k.wave_size, number("wavefront_size"));
        assert_eq!(k.kernarg_size, number("kernarg_size"));
        assert_eq!((k.sgprs, k.vgprs), (number("sgprs"), number("vgprs")));
        assert_eq!((k.lds_bytes, k.scratch_bytes), (number("static_lds_bytes"), number("private_bytes")));
        assert_eq!(k.uses_dynamic_stack, json(&text, "uses_dynamic_stack") == "true");
        let args = text[text.find("\"args\"").unwrap()..text.find("\"mnemonics\"").unwrap()].split('{').skip(1);
        let args: Vec<&str> = args.collect();
        let stated: Vec<&Arg> = k.args.iter().take(args.len()).collect();
        assert_eq!(stated.len(), args.len());
        for (arg, text) in stated.iter().zip(args) {
            assert_eq!(arg.offset.to_string(), json(text, "offset"));
            assert_eq!(arg.size.to_string(), json(text, "size"));
            assert_eq!(arg.kind.as_str(), json(text, "value_kind"));
        }
        seen += 1;
    }
    assert!(seen > 0, "no case.json in {}", dir.display());
}

#[test]
fn kernels_have_the_fields_that_readelf_prints() {
    let Some(llvm) = llvm() else { return };
    let mut paths = hsacos(&Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/objects"));
    paths.extend(cases().iter().flat_map(|dir| hsacos(dir)));
    for path in paths {
        let output = Command::new(llvm.join("llvm-readelf")).args(["-h", "--notes"]).arg(&path).output().unwrap();
        let notes = String::from_utf8(output.stdout).unwrap();
        let object = CodeObject::parse(&std::fs::read(&path).unwrap()).unwrap();
        let flags = notes.lines().find(|l| l.trim().starts_with("Flags:")).unwrap();
        assert_eq!(flags.split(", ").nth(1), Some(object.target()));
        // One item of the list a kernel; its own keys are indented by four.
        let kernels: Vec<&str> = notes.split("\n  - ").skip(1).filter(|k| k.contains("    .symbol:")).collect();
        assert_eq!(kernels.len(), object.kernels().len(), "{}", path.display());
        for (text, k) in kernels.iter().zip(object.kernels()) {
            let field = |key: &str| {
                let own = |l: &&str| l.trim_start().starts_with(key) && (l.starts_with("    .") || l.starts_with('.'));
                text.lines().find(own).map(|l| l[l.find(':').unwrap() + 1..].trim().to_string())
            };
            let number = |key: &str| field(key).and_then(|v| v.parse::<u32>().ok());
            assert_eq!(field(".symbol:").as_deref(), Some(&*k.symbol));
            assert_eq!(field(".name:").as_deref(), Some(&*k.name));
            assert_eq!(number(".kernarg_segment_size:"), Some(k.kernarg_size));
            assert_eq!(number(".kernarg_segment_align:"), Some(k.kernarg_align));
            assert_eq!(number(".wavefront_size:"), Some(k.wave_size));
            assert_eq!((number(".sgpr_count:"), number(".vgpr_count:")), (Some(k.sgprs), Some(k.vgprs)));
            assert_eq!(number(".group_segment_fixed_size:"), Some(k.lds_bytes));
            assert_eq!(number(".private_segment_fixed_size:"), Some(k.scratch_bytes));
            assert_eq!(number(".max_flat_workgroup_size:"), Some(k.max_workgroup_size));
            assert_eq!(text.matches(".value_kind:").count(), k.args.len());
        }
    }
}

/// The compiled objects beside the whole-system tests.
fn compiled() -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/objects");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "hsaco" || e == "bundle" || e == "o"));
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    paths.iter().map(|p| std::fs::read(p).unwrap()).collect()
}

fn object_of(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/objects").join(name)).unwrap()
}

#[test]
fn every_version_says_which_it_is() {
    for (name, version, target) in [
        ("launch_v4.hsaco", 4, "gfx1100"),
        ("launch_v5.hsaco", 5, "gfx1100"),
        ("launch_v6.hsaco", 6, "gfx1100"),
        ("launch_generic.hsaco", 6, "gfx11-generic"),
    ] {
        let object = CodeObject::parse_for(&object_of(name), "gfx1100").unwrap();
        assert_eq!((object.version(), object.target()), (version, target), "{name}");
        let names: Vec<&str> = object.kernels().iter().map(|k| k.name.as_str()).collect();
        assert_eq!(names, ["where", "hidden", "values", "reverse", "required"], "{name}");
        for kernel in object.kernels() {
            kernel.check_gfx11().unwrap();
        }
        assert_eq!(object.kernel("required").unwrap().required_workgroup_size, Some([8, 4, 1]));
        let reads_packet = object.kernel("where").unwrap().descriptor.properties;
        assert_eq!(reads_packet.sgpr(CodeProperties::SGPR_DISPATCH_PTR), Some(0), "{name}");
        assert_eq!(reads_packet.kernarg_sgpr(), Some(2), "{name}");
    }
}

#[test]
fn a_bundle_gives_the_entry_for_the_device() {
    let bundle = object_of("globals.bundle");
    let entries = bundle_entries(&bundle).unwrap();
    let names: Vec<&str> = entries.iter().map(|(name, _)| *name).collect();
    assert!(names.len() >= 2 && names[names.len() - 1] == "hipv4-amdgcn-amd-amdhsa--gfx1100", "{names:?}");
    let for_device = unbundle(&bundle, "gfx1100").unwrap();
    assert_eq!(for_device, entries[entries.len() - 1].1);
    assert_eq!(CodeObject::parse(for_device).unwrap().target(), "gfx1100");
    assert_eq!(CodeObject::parse_for(&bundle, "gfx1030").unwrap().target(), "gfx1030");
    let error = unbundle(&bundle, "gfx1101").unwrap_err();
    assert_eq!(error.to_string(), "the bundle has nothing for gfx1101; it has gfx1030, gfx1100");
    // What is no bundle stays as it is.
    assert_eq!(unbundle(b"x", "gfx1100").unwrap(), b"x");

    // The entry of a generic target serves, where there is no other.
    let mut generic = bundle.clone();
    let at = |bytes: &[u8], name: &str| bytes.windows(name.len()).position(|w| w == name.as_bytes()).unwrap();
    let old = at(&generic, "hipv4-amdgcn-amd-amdhsa--gfx1100");
    generic[old..old + 32].copy_from_slice(b"hip-amdgcn-amd-hsa-gfx11-generic");
    assert_eq!(unbundle(&generic, "gfx1102").unwrap(), for_device);

    let text = |bytes: &[u8]| bundle_entries(bytes).unwrap_err().to_string();
    assert_eq!(text(b"CCOB"), "not a usable offload bundle: it is compressed (CCOB)");
    assert!(text(&bundle[..40]).contains("ends within its table"), "{}", text(&bundle[..40]));
    let mut many = bundle.clone();
    many[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(text(&many).contains("claims 18446744073709551615 entries"));
    let mut beyond = bundle.clone();
    beyond[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(text(&beyond).contains("outside its limit"), "{}", text(&beyond));
}

#[test]
fn what_gfx11_lacks_is_refused_with_the_reason() {
    let good = object_of("launch_v5.hsaco");
    let at = CodeObject::parse(&good).unwrap().kernel("where").unwrap().descriptor_offset as usize;
    let refusal = |patch: fn(&mut [u8])| {
        let mut bytes = good.clone();
        patch(&mut bytes[at..at + DESCRIPTOR_BYTES]);
        CodeObject::parse(&bytes).unwrap().kernel("where").unwrap().check_gfx11().unwrap_err().to_string()
    };
    type Patch = fn(&mut [u8]);
    let cases: [(Patch, &str); 6] = [
        (|d| d[58] = 2, "kernel arguments preloaded"),
        (|d| d[56] |= 1, "the scratch V# in SGPRs"),
        (|d| d[56] |= 1 << 5, "the flat scratch address in SGPRs"),
        (|d| d[50] |= 1 << 4, "PRIV is set"),
        (|d| d[52] |= 0x1f << 1, "31 loaded, of at most 16"),
        (|d| d[52] &= !(0x1f << 1), "names 4 user SGPRs and has 0 loaded"),
    ];
    for (patch, says) in cases {
        let text = refusal(patch);
        assert!(text.starts_with("kernel where: ") && text.contains(says), "{says}: {text}");
    }
}

#[test]
fn metadata_and_descriptor_must_agree() {
    let good = object_of("launch_v5.hsaco");
    let at = CodeObject::parse(&good).unwrap().kernel("where").unwrap().descriptor_offset as usize;
    for (byte, field) in
        [(1, ".group_segment_fixed_size"), (5, ".private_segment_fixed_size"), (9, ".kernarg_segment_size")]
    {
        let mut bytes = good.clone();
        bytes[at + byte] ^= 1;
        match CodeObject::parse(&bytes) {
            Err(ObjectError::Contradiction { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

/// Everything that a caller may do with whatever parses.
fn exercise(bytes: &[u8]) {
    let Ok(object) = unbundle(bytes, "gfx1100").and_then(CodeObject::parse) else { return };
    let _ = object.image_at(0x10_0000);
    let _ = object.check_target("gfx1100");
    assert!(object.image().len() as u64 <= MAX_IMAGE_BYTES);
    assert!(object.kernels().len() + object.globals().len() <= bytes.len());
    for global in object.globals() {
        assert!(global.offset + global.size <= object.image().len() as u64);
    }
    for segment in object.segments() {
        assert!(segment.offset + segment.size <= object.image().len() as u64);
    }
    for kernel in object.kernels() {
        let _ = kernel.check_gfx11();
        assert!(kernel.entry_offset + 4 <= object.image().len() as u64);
        let sizes: Vec<Vec<u8>> = kernel.explicit_args().map(|a| vec![0; a.size as usize]).collect();
        let values: Vec<ArgValue<'_>> = sizes.iter().map(|b| ArgValue::Bytes(b)).collect();
        if let Ok(bytes) = kernel.pack_args(&values, &Launch::uniform([1; 3], [1; 3])) {
            assert_eq!(bytes.len(), kernel.kernarg_size as usize);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        exercise(&bytes);
        let mut elf = kernels::VADD_F32.object[..64].to_vec();
        elf.extend(bytes);
        exercise(&elf);
    }

    #[test]
    fn damaged_objects_never_panic(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
        headers_only in any::<bool>(),
        length in any::<prop::sample::Index>(),
        truncate in any::<bool>(),
    ) {
        static OBJECTS: std::sync::LazyLock<Vec<Vec<u8>>> = std::sync::LazyLock::new(|| {
            kernels::KERNELS.iter().map(|k| k.object.to_vec()).chain(compiled()).collect()
        });
        let mut bytes = OBJECTS[which.index(OBJECTS.len())].clone();
        let reach = if headers_only { 0x800 } else { bytes.len() };
        for (at, value, set) in edits {
            let byte = &mut bytes[at.index(reach)];
            *byte = if set { value } else { *byte ^ 1 << (value & 7) };
        }
        if truncate {
            bytes.truncate(length.index(bytes.len()));
        }
        exercise(&bytes);
    }
}

#[test]
fn every_truncation_is_an_error_or_complete() {
    let bytes = kernels::FILL_U32.object;
    for n in 0..bytes.len() {
        exercise(&bytes[..n]);
    }
    assert!(CodeObject::parse(&bytes[..bytes.len() - 64]).is_err());
}

#[test]
fn every_kernel_here_is_built_for_the_target_that_the_manifest_states() {
    for kernel in kernels::KERNELS {
        assert_eq!(CodeObject::parse(kernel.object).unwrap().target(), kernels::TARGET, "{}", kernel.name);
    }
}
