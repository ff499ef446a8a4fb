//! LLVM's tools, and a reader of llvm-mc's `.o` files into units. Reads well-formed files only: it panics on others.
#![allow(dead_code)]
use isa::object::{
    Binding, CodeObjectVersion, Place, Reloc, RelocKind, Section, Symbol, SymbolKind, Unit, Visibility, sht,
};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of LLVM 19's tools: `SPARKLE_LLVM`, or where Debian puts it. Says so when there is none.
pub fn llvm() -> Option<PathBuf> {
    let dir = PathBuf::from(std::env::var_os("SPARKLE_LLVM").unwrap_or_else(|| "/usr/lib/llvm-19/bin".into()));
    for tool in ["llvm-mc", "ld.lld", "llvm-objcopy", "clang"] {
        let version = Command::new(dir.join(tool)).arg("--version").output();
        if !version.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).contains(" 19.")) {
            skip::skip!("no {tool} of LLVM 19 in {} (SPARKLE_LLVM names its bin folder)", dir.display());
            return None;
        }
    }
    Some(dir)
}

/// A folder of the test's own, empty.
pub fn scratch(test: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("isa-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Runs a tool; its standard error is the error.
pub fn run<S: AsRef<OsStr>>(tool: &Path, args: &[S]) -> Result<(), String> {
    let out = Command::new(tool).args(args).output().unwrap();
    if out.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
}

/// What llvm-mc makes of a source.
pub fn assemble(llvm: &Path, dir: &Path, cpu: &str, source: &str) -> Result<Vec<u8>, String> {
    let (s, o) = (dir.join("unit.s"), dir.join("unit.o"));
    std::fs::write(&s, source).unwrap();
    let args = ["-triple=amdgcn-amd-amdhsa", &format!("-mcpu={cpu}"), "-filetype=obj", "-o"].map(String::from);
    let mut args: Vec<PathBuf> = args.into_iter().map(PathBuf::from).collect();
    args.extend([o.clone(), s]);
    run(&llvm.join("llvm-mc"), &args)?;
    Ok(std::fs::read(o).unwrap())
}

/// What ld.lld makes of an object.
pub fn lld(llvm: &Path, dir: &Path, object: &[u8], flags: &[&str]) -> Result<Vec<u8>, String> {
    let (o, so) = (dir.join("in.o"), dir.join("out.so"));
    std::fs::write(&o, object).unwrap();
    let mut args: Vec<PathBuf> = flags.iter().map(PathBuf::from).collect();
    args.extend([o, "-o".into(), so.clone()]);
    run(&llvm.join("ld.lld"), &args)?;
    Ok(std::fs::read(so).unwrap())
}

/// The first byte where two files differ, with both neighbourhoods.
pub fn difference(ours: &[u8], theirs: &[u8]) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let at = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let around = |b: &[u8]| {
        let range = at.saturating_sub(16) & !15..(at + 32).min(b.len());
        b.get(range).map(|s| s.chunks(16).map(|c| format!("{c:02x?}")).collect::<Vec<_>>().join("\n  "))
    };
    Some(format!(
        "at {at:#x}; sizes {:#x} and {:#x}\nours\n  {}\ntheirs\n  {}",
        ours.len(),
        theirs.len(),
        around(ours).unwrap_or_default(),
        around(theirs).unwrap_or_default()
    ))
}

fn u16_at(b: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes(b[at..at + 2].try_into().unwrap()))
}
fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(b[at..at + 4].try_into().unwrap())
}
fn u64_at(b: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(b[at..at + 8].try_into().unwrap())
}
fn string(b: &[u8], at: usize) -> String {
    let end = at + b[at..].iter().position(|c| *c == 0).unwrap();
    String::from_utf8(b[at..end].to_vec()).unwrap()
}

/// A section header of any ELF file: name, type, flags, file range, link, info.
pub struct Header {
    pub name: String,
    pub kind: u32,
    pub flags: u64,
    pub offset: usize,
    pub size: usize,
    pub link: usize,
    pub info: usize,
    pub align: u64,
    pub entsize: u64,
}

/// The section table.
pub fn headers(b: &[u8]) -> Vec<Header> {
    let (shoff, n, names) = (u64_at(b, 40) as usize, u16_at(b, 60), u16_at(b, 62));
    let names = u64_at(b, shoff + names * 64 + 24) as usize;
    (0..n)
        .map(|k| {
            let h = shoff + k * 64;
            Header {
                name: string(b, names + u32_at(b, h) as usize),
                kind: u32_at(b, h + 4),
                flags: u64_at(b, h + 8),
                offset: u64_at(b, h + 24) as usize,
                size: u64_at(b, h + 32) as usize,
                link: u32_at(b, h + 40) as usize,
                info: u32_at(b, h + 44) as usize,
                align: u64_at(b, h + 48),
                entsize: u64_at(b, h + 56),
            }
        })
        .collect()
}

/// The bytes of a section.
pub fn section<'a>(b: &'a [u8], name: &str) -> Option<&'a [u8]> {
    headers(b).iter().find(|h| h.name == name).map(|h| &b[h.offset..h.offset + h.size])
}

/// Reads llvm-mc's object.
pub fn read(b: &[u8]) -> Unit {
    let flags = u32_at(b, 48);
    let headers = headers(b);
    let mut unit = Unit {
        target: isa::Arch::ALL.into_iter().find(|t| t.mach() == flags & 0xff).unwrap(),
        version: CodeObjectVersion::from_number(i64::from(b[8]) + 2).unwrap(),
        ..Unit::default()
    };
    let mut section_of = vec![usize::MAX; headers.len()];
    for (k, h) in headers.iter().enumerate() {
        // The null section, tables of symbols, strings and relocations, and .llvm_addrsig are the writer's.
        if matches!(h.kind, 0 | 2 | 3 | 4 | 0x6fff_4c03) {
            continue;
        }
        section_of[k] = unit.sections.len();
        let nobits = h.kind == sht::NOBITS;
        unit.sections.push(Section {
            name: h.name.clone(),
            kind: h.kind,
            flags: h.flags,
            align: h.align,
            entsize: h.entsize,
            bytes: if nobits { Vec::new() } else { b[h.offset..h.offset + h.size].to_vec() },
            zeros: if nobits { h.size as u64 } else { 0 },
            relocs: Vec::new(),
        });
    }
    let symtab = headers.iter().find(|h| h.kind == 2).unwrap();
    let names = headers[symtab.link].offset;
    for k in 1..symtab.size / 24 {
        let s = symtab.offset + k * 24;
        let (info, other, section) = (b[s + 4], b[s + 5], u16_at(b, s + 6));
        unit.symbols.push(Symbol {
            name: string(b, names + u32_at(b, s) as usize),
            place: match section {
                0 => Place::Undefined,
                0xfff1 => Place::Absolute,
                0xfff2 => Place::Common,
                0xff00 => Place::Lds,
                k => Place::Section(section_of[k]),
            },
            value: u64_at(b, s + 8),
            size: u64_at(b, s + 16),
            binding: [Binding::Local, Binding::Global, Binding::Weak][usize::from(info >> 4)],
            visibility: [Visibility::Default, Visibility::Internal, Visibility::Hidden, Visibility::Protected]
                [usize::from(other & 3)],
            kind: match info & 15 {
                0 => SymbolKind::None,
                1 => SymbolKind::Object,
                2 => SymbolKind::Function,
                3 => SymbolKind::Section,
                4 => SymbolKind::File,
                6 => SymbolKind::Tls,
                k => panic!("symbol type {k}"),
            },
            temporary: false,
        });
    }
    for h in headers.iter().filter(|h| h.kind == 4) {
        let relocs = (0..h.size / 24).map(|k| {
            let r = h.offset + k * 24;
            Reloc {
                offset: u64_at(b, r),
                kind: RelocKind::from_number(u32_at(b, r + 8)).unwrap(),
                symbol: u32_at(b, r + 12) as usize - 1,
                addend: u64_at(b, r + 16).cast_signed(),
            }
        });
        unit.sections[section_of[h.info]].relocs = relocs.collect();
    }
    if let Some(h) = headers.iter().find(|h| h.kind == 0x6fff_4c03) {
        let mut significant = Vec::new();
        let (mut value, mut shift) = (0usize, 0);
        for byte in &b[h.offset..h.offset + h.size] {
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                significant.push(value - 1);
                (value, shift) = (0, 0);
            }
        }
        unit.address_significant = Some(significant);
    }
    unit
}

/// The sources of this folder and of the kernels crate, and what clang makes of the C and OpenCL sources here.
pub fn sources(llvm: &Path, dir: &Path) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [root.join("tests/object"), root.join("../kernels/src/asm")] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match path.extension().and_then(OsStr::to_str) {
                Some("s") => found.push((name, std::fs::read_to_string(&path).unwrap())),
                Some("c" | "cl") => {
                    let cl = path.extension() == Some(OsStr::new("cl"));
                    for flags in [&["-O2"][..], &["-O0"], &["-O2", "-g"], &["-O2", "-ffunction-sections"]] {
                        let s = dir.join("clang.s");
                        let mut args: Vec<PathBuf> = if cl {
                            ["-x", "cl", "-Xclang", "-finclude-default-header"].map(PathBuf::from).to_vec()
                        } else {
                            Vec::new()
                        };
                        args.extend(
                            ["-target", "amdgcn-amd-amdhsa", "-mcpu=gfx1100", "-nogpulib", "-S"].map(PathBuf::from),
                        );
                        args.extend(flags.iter().map(PathBuf::from));
                        args.extend([path.clone(), "-o".into(), s.clone()]);
                        run(&llvm.join("clang"), &args).unwrap();
                        found.push((format!("{name} {}", flags.join(" ")), std::fs::read_to_string(&s).unwrap()));
                    }
                }
                _ => {}
            }
        }
    }
    found
}
