//! Code objects against ld.lld's, byte for byte.
mod object_support;

use isa::object::{
    Binding, HashStyle, LinkOptions, Place, Reloc, RelocKind, Section, Symbol, SymbolKind, Unit, Visibility, link, shf,
    sht, write_relocatable,
};
use object_support::{assemble, difference, lld, llvm, read, run, scratch, section, sources};

/// Every set of options, as flags for lld, and whether objcopy removes `.comment` behind it.
fn option_sets() -> Vec<(&'static str, Vec<&'static str>, bool, LinkOptions)> {
    let default = LinkOptions::default();
    let kernels = ["-shared", "--strip-all", "--no-undefined", "--build-id=none", "--hash-style=sysv", "-z", "norelro"];
    vec![
        ("clang's driver", vec!["--no-undefined", "-shared"], false, default.clone()),
        ("kernels", kernels.to_vec(), true, LinkOptions::kernels()),
        ("undefined", vec!["-shared"], false, LinkOptions { allow_undefined: true, ..default.clone() }),
        (
            "gnu, norelro",
            vec!["-shared", "--hash-style=gnu", "-z", "norelro"],
            false,
            LinkOptions { allow_undefined: true, hash_style: HashStyle::Gnu, relro: false, ..default.clone() },
        ),
        (
            "symbols without comment",
            vec!["-shared"],
            true,
            LinkOptions { allow_undefined: true, comment: None, ..default.clone() },
        ),
        (
            "stripped",
            vec!["-shared", "--strip-all", "--no-undefined"],
            false,
            LinkOptions { symbol_table: false, ..default },
        ),
    ]
}

#[test]
fn the_code_object_is_llds() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("link");
    // The linker's own line of .comment.
    let probe = assemble(&llvm, &dir, "gfx1100", "s_endpgm").unwrap();
    let probe = lld(&llvm, &dir, &probe, &["-shared"]).unwrap();
    let comment = String::from_utf8(section(&probe, ".comment").unwrap().to_vec()).unwrap();
    let mut differ = Vec::new();
    let (mut linked, mut refused) = (0, 0);
    for (name, source) in sources(&llvm, &dir) {
        let object = assemble(&llvm, &dir, "gfx1100", &source).unwrap_or_else(|e| panic!("{name}: {e}"));
        let unit = read(&object);
        for (set, flags, objcopy, mut options) in option_sets() {
            if options.comment.is_some() {
                options.comment = Some(comment.clone());
            }
            let mut theirs = lld(&llvm, &dir, &object, &flags);
            if objcopy && theirs.is_ok() {
                let path = dir.join("out.so");
                let args = ["--remove-section=.comment".into(), path.clone()];
                run(&llvm.join("llvm-objcopy"), &args).unwrap();
                theirs = Ok(std::fs::read(&path).unwrap());
            }
            match (link(&unit, &options), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    linked += 1;
                    if let Some(d) = difference(&ours, &theirs) {
                        differ.push(format!("{name}, {set}: {d}"));
                    }
                }
                (Err(_), Err(_)) => refused += 1,
                (ours, theirs) => {
                    differ.push(format!("{name}, {set}: ours {:?}\ntheirs {:?}", ours.err(), theirs.err()))
                }
            }
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(linked > 60, "only {linked} linked, {refused} refused by both");
    assert!(differ.is_empty(), "{} of {linked}: {}", differ.len(), differ.join("\n"));
}

/// The code objects that the repository holds are what this linker makes.
#[test]
fn the_checked_in_kernels_are_reproduced() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("link-kernels");
    let kernels = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels");
    let mut compared = 0;
    for entry in std::fs::read_dir(kernels.join("objects")).unwrap() {
        let path = entry.unwrap().path();
        let source = kernels.join("src/asm").join(path.with_extension("s").file_name().unwrap());
        let (Ok(theirs), Ok(source)) = (std::fs::read(&path), std::fs::read_to_string(source)) else { continue };
        let unit = read(&assemble(&llvm, &dir, "gfx1100", &source).unwrap());
        assert_eq!(difference(&link(&unit, &LinkOptions::kernels()).unwrap(), &theirs), None, "{}", path.display());
        compared += 1;
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(compared >= 4, "only {compared}");
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A unit of random sections, symbols and relocations that lld mostly takes.
fn random_unit(random: &mut Random) -> Unit {
    let (a, wa, ax) = (shf::ALLOC, shf::ALLOC | shf::WRITE, shf::ALLOC | shf::EXECINSTR);
    let ms = shf::MERGE | shf::STRINGS;
    let kinds: [(&str, u32, u64, u64); 24] = [
        (".data", sht::PROGBITS, wa, 0),
        (".data.more", sht::PROGBITS, wa, 0),
        (".data.rel.ro", sht::PROGBITS, wa, 0),
        (".data.rel.ro.x", sht::PROGBITS, wa, 0),
        (".rodata", sht::PROGBITS, a, 0),
        (".rodata.x", sht::PROGBITS, a, 0),
        (".rodata.str1.1", sht::PROGBITS, a | ms, 1),
        (".rodata.str2.2", sht::PROGBITS, a | ms, 2),
        (".rodata.cst4", sht::PROGBITS, a | shf::MERGE, 4),
        (".rodata.cst16", sht::PROGBITS, a | shf::MERGE, 16),
        (".bss", sht::NOBITS, wa, 0),
        (".bss.more", sht::NOBITS, wa, 0),
        ("zeros", sht::NOBITS, wa, 0),
        ("rozeros", sht::NOBITS, a, 0),
        (".text.x", sht::PROGBITS, ax, 0),
        ("code", sht::PROGBITS, ax, 0),
        (".note", sht::NOTE, a, 0),
        (".note.x", sht::NOTE, a, 0),
        (".init_array", sht::INIT_ARRAY, wa, 0),
        (".init_array.7", sht::INIT_ARRAY, wa, 0),
        (".fini_array", sht::FINI_ARRAY, wa, 0),
        (".comment", sht::PROGBITS, ms, 1),
        (".debug_str", sht::PROGBITS, ms, 1),
        ("info", sht::PROGBITS, 0, 0),
    ];
    let mut unit = Unit::default();
    let section =
        |name: &str, kind, flags, entsize| Section { name: name.into(), kind, flags, entsize, ..Section::default() };
    unit.sections.push(section(".text", sht::PROGBITS, ax, 0));
    for _ in 0..random.below(9) {
        let (name, kind, flags, entsize) = random.pick(&kinds);
        if unit.sections.iter().all(|s| s.name != name) {
            unit.sections.push(section(name, kind, flags, entsize));
        }
    }
    for s in &mut unit.sections {
        s.align = random.pick(&[1, 1, 4, 8, 16, 256, 0x2000]).max(if s.entsize > 1 { s.entsize } else { 1 });
        let size = random.pick(&[0, 1, 7, 16, 48, 200, 5000]);
        if s.kind == sht::NOBITS {
            s.zeros = size as u64;
        } else if s.entsize != 0 {
            // Few different elements, so that some are equal.
            let element = s.entsize as usize;
            for _ in 0..size / 16 {
                let length =
                    if s.flags & shf::STRINGS != 0 { random.pick(&[0, 1, 2, 3, 5, 17, 40, 130, 300]) } else { 1 };
                let letter = random.pick(b"abc");
                s.bytes.extend(std::iter::repeat_n(letter, length * element));
                if s.flags & shf::STRINGS != 0 {
                    s.bytes.extend(std::iter::repeat_n(0, element));
                }
            }
        } else {
            s.bytes = (0..size).map(|k| k as u8).collect();
        }
    }
    for k in 0..random.below(40) {
        let place = match random.below(12) {
            0 => Place::Undefined,
            1 => Place::Absolute,
            2 => Place::Common,
            _ => Place::Section(random.below(unit.sections.len())),
        };
        let within = match place {
            Place::Section(s) => random.below(unit.sections[s].size().max(1) as usize) as u64,
            Place::Common => random.pick(&[1, 4, 64]),
            Place::Absolute => random.pick(&[0, 5, 1 << 40]),
            _ => 0,
        };
        let common = matches!(place, Place::Common | Place::Undefined);
        let weak = place != Place::Common;
        let bindings = [Binding::Local, Binding::Global, Binding::Global, Binding::Weak];
        let mut binding = random.pick(&bindings[usize::from(common)..if weak { 4 } else { 3 }]);
        if let Place::Section(s) = place
            && unit.sections[s].flags & shf::ALLOC == 0
        {
            binding = Binding::Local;
        }
        let visibility = [Visibility::Default, Visibility::Default, Visibility::Hidden, Visibility::Protected];
        unit.symbols.push(Symbol {
            name: format!("{}_{k}", random.pick(&["sym", "a_longer_name", "x"])),
            place,
            value: within,
            size: random.pick(&[0, 4, 100]),
            binding,
            visibility: if place == Place::Undefined { Visibility::Default } else { random.pick(&visibility) },
            kind: if place == Place::Common {
                SymbolKind::Object
            } else {
                random.pick(&[SymbolKind::None, SymbolKind::Object, SymbolKind::Function])
            },
            temporary: false,
        });
    }
    if unit.symbols.is_empty() {
        return unit;
    }
    for k in 0..unit.sections.len() {
        let (writable, loaded) = (unit.sections[k].flags & shf::WRITE != 0, unit.sections[k].flags & shf::ALLOC != 0);
        if unit.sections[k].entsize != 0 || unit.sections[k].bytes.len() < 16 {
            continue;
        }
        for at in 0..random.below(unit.sections[k].bytes.len().min(400) / 16 + 1) {
            let symbol = random.below(unit.symbols.len());
            let s = &unit.symbols[symbol];
            // What is not loaded may not be in the file.
            if matches!(s.place, Place::Section(t) if unit.sections[t].flags & shf::ALLOC == 0) {
                continue;
            }
            let own = s.binding == Binding::Local || s.visibility != Visibility::Default;
            let merged = matches!(s.place, Place::Section(t) if unit.sections[t].flags & shf::MERGE != 0);
            let near = own && matches!(s.place, Place::Section(_) | Place::Common);
            let kind = match random.below(6) {
                0 if loaded => random.pick(&[RelocKind::GotPcRel, RelocKind::GotPcRel32Lo, RelocKind::GotPcRel32Hi]),
                1 | 2 if near && loaded => {
                    random.pick(&[RelocKind::Rel32, RelocKind::Rel64, RelocKind::Rel32Lo, RelocKind::Rel32Hi])
                }
                _ if writable || !loaded => RelocKind::Abs64,
                _ => continue,
            };
            let addend = if merged { 0 } else { random.pick(&[0, 4, -4, 12, 1000]) };
            unit.sections[k].relocs.push(Reloc { offset: at as u64 * 16, kind, symbol, addend });
        }
    }
    unit
}

/// `ISA_LINK_ROUNDS` takes more units than the usual 150, `ISA_LINK_KEEP` names a folder for those that differ.
#[test]
fn random_units_are_linked_as_lld_links_them() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("link-random");
    let probe = assemble(&llvm, &dir, "gfx1100", "s_endpgm").unwrap();
    let probe = lld(&llvm, &dir, &probe, &["-shared"]).unwrap();
    let comment = String::from_utf8(section(&probe, ".comment").unwrap().to_vec()).unwrap();
    let mut random = Random(3);
    let (mut linked, mut differ) = (0, Vec::new());
    let rounds = std::env::var("ISA_LINK_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    for round in 0..rounds {
        let unit = random_unit(&mut random);
        let object = write_relocatable(&unit).unwrap();
        let sets = option_sets();
        let (set, flags, objcopy, mut options) = sets[round % sets.len()].clone();
        options.allow_undefined = true;
        if options.comment.is_some() {
            options.comment = Some(comment.clone());
        }
        let flags: Vec<&str> = flags.into_iter().filter(|f| *f != "--no-undefined").collect();
        let mut theirs = lld(&llvm, &dir, &object, &flags);
        if objcopy && theirs.is_ok() {
            let path = dir.join("out.so");
            run(&llvm.join("llvm-objcopy"), &["--remove-section=.comment".into(), path.clone()]).unwrap();
            theirs = Ok(std::fs::read(&path).unwrap());
        }
        match (link(&unit, &options), theirs) {
            (Ok(ours), Ok(theirs)) => {
                linked += 1;
                if let Some(d) = difference(&ours, &theirs) {
                    differ.push(format!("round {round}, {set}: {d}"));
                    if let Some(keep) = std::env::var_os("ISA_LINK_KEEP") {
                        let keep = std::path::PathBuf::from(keep);
                        std::fs::write(keep.join(format!("{round}.o")), &object).unwrap();
                        std::fs::write(keep.join(format!("{round}.ours")), &ours).unwrap();
                        std::fs::write(keep.join(format!("{round}.theirs")), &theirs).unwrap();
                    }
                }
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => {
                differ.push(format!("round {round}, {set}: ours {:?}\ntheirs {:?}", ours.err(), theirs.err()))
            }
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(differ.is_empty(), "{} of {linked} linked: {}", differ.len(), differ.join("\n"));
    assert!(linked * 2 > rounds, "only {linked} of {rounds} linked");
}
