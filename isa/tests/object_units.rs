//! Units as an assembler builds them: labels that are not in the symbol table, and units that make no sense.
mod object_support;

use isa::object::{
    Binding, LinkOptions, Place, Reloc, RelocKind, Section, Symbol, SymbolKind, Unit, Visibility, link, shf, sht,
    write_relocatable,
};
use object_support::{assemble, difference, lld, llvm, read, scratch};

fn section(name: &str, flags: u64, align: u64, bytes: Vec<u8>) -> Section {
    Section { name: name.into(), kind: sht::PROGBITS, flags, align, bytes, ..Section::default() }
}

fn section_symbol(section: usize) -> Symbol {
    Symbol { place: Place::Section(section), kind: SymbolKind::Section, ..Symbol::default() }
}

fn label(name: &str, section: usize, value: u64) -> Symbol {
    Symbol { name: name.into(), place: Place::Section(section), value, ..Symbol::default() }
}

fn temporary(name: &str, section: usize, value: u64) -> Symbol {
    Symbol { temporary: true, ..label(name, section, value) }
}

const SOURCE: &str = "
    .text
    s_nop 0
.Lcode:
    s_nop 1
local:
    s_nop 2
    .data
    .quad .Lcode
    .quad local+4
    .quad global
    .quad .Lhello
    .quad .Lhello+1
    .long local@gotpcrel
    .long local@gotpcrel32@lo
    .globl global
    .weak weak
global:
weak:
    .long global-.
    .section .rodata.str1.1,\"aMS\",@progbits,1
.Lhello:
    .asciz \"hello\"
    .section .unused,\"a\",@progbits
    .long 5
    .data
    .quad outside
    .addrsig
    .addrsig_sym local
    .addrsig_sym global
";

/// [`SOURCE`] as its assembler hands it over: every section's symbol, every label.
fn unit() -> Unit {
    let nop = |n: u8| [n, 0, 0x80, 0xbf];
    let mut data = section(".data", shf::ALLOC | shf::WRITE, 1, vec![0; 60]);
    let mut strings = section(".rodata.str1.1", shf::ALLOC | shf::MERGE | shf::STRINGS, 1, b"hello\0".to_vec());
    strings.entsize = 1;
    let reloc = |offset, kind, symbol, addend| Reloc { offset, kind, symbol, addend };
    data.relocs = vec![
        reloc(0, RelocKind::Abs64, 1, 0),
        reloc(8, RelocKind::Abs64, 2, 4),
        reloc(16, RelocKind::Abs64, 4, 0),
        reloc(24, RelocKind::Abs64, 5, 0),
        reloc(32, RelocKind::Abs64, 5, 1),
        reloc(40, RelocKind::GotPcRel, 2, 0),
        reloc(44, RelocKind::GotPcRel32Lo, 2, 0),
        reloc(52, RelocKind::Abs64, 9, 0),
    ];
    Unit {
        sections: vec![
            section(".text", shf::ALLOC | shf::EXECINSTR, 4, [nop(0), nop(1), nop(2)].concat()),
            data,
            strings,
            section(".unused", shf::ALLOC, 1, vec![5, 0, 0, 0]),
        ],
        symbols: vec![
            section_symbol(0),
            temporary(".Lcode", 0, 4),
            label("local", 0, 8),
            section_symbol(1),
            Symbol { binding: Binding::Global, ..label("global", 1, 48) },
            temporary(".Lhello", 2, 0),
            Symbol { binding: Binding::Weak, ..label("weak", 1, 48) },
            section_symbol(2),
            section_symbol(3),
            Symbol { name: "outside".into(), ..Symbol::default() },
        ],
        address_significant: Some(vec![2, 4]),
        ..Unit::default()
    }
}

#[test]
fn labels_become_sections_as_in_llvm_mcs_file() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("units");
    let theirs = assemble(&llvm, &dir, "gfx1100", SOURCE).unwrap();
    let ours = write_relocatable(&unit()).unwrap();
    assert_eq!(difference(&ours, &theirs), None);
    // The linker sees the same in the unit as in the file.
    let options = LinkOptions { allow_undefined: true, comment: None, ..LinkOptions::default() };
    let ours = link(&unit(), &options).unwrap();
    assert_eq!(difference(&ours, &link(&read(&theirs), &options).unwrap()), None);
    assert!(lld(&llvm, &dir, &theirs, &["-shared"]).is_ok());
    std::fs::remove_dir_all(&dir).unwrap();
}

fn source_error(source: &str, options: &LinkOptions) -> Option<String> {
    let llvm = llvm()?;
    let dir = scratch("unit-errors");
    let object = assemble(&llvm, &dir, "gfx1100", source).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    Some(link(&read(&object), options).unwrap_err().to_string())
}

#[test]
fn what_cannot_be_linked_is_named() {
    let undefined = LinkOptions { allow_undefined: true, ..LinkOptions::default() };
    for (source, options, message) in [
        (
            include_str!("object/refused_near.s"),
            &undefined,
            "R_AMDGPU_REL64 against code at .data+0x0: the distance or address is not known before loading",
        ),
        (
            include_str!("object/refused_readonly.s"),
            &undefined,
            "R_AMDGPU_ABS64 against .rodata at .rodata+0x0: the loader would have to write an address into a \
             read-only section",
        ),
        (include_str!("object/refused_hidden.s"), &undefined, "undefined symbol nowhere, referred to at .data+0x0"),
        (
            include_str!("object/undefined.s"),
            &LinkOptions::default(),
            "undefined symbol elsewhere, referred to at .text+0x8",
        ),
        (
            include_str!("object/refused_absolute.s"),
            &undefined,
            "R_AMDGPU_ABS32_LO against .data at .text+0x4: lld does not know this type: addresses are not known \
             before loading",
        ),
        (include_str!("object/refused_merge.s"), &undefined, "section .merge: it is mergeable and writable"),
    ] {
        let Some(error) = source_error(source, options) else { return };
        assert_eq!(error, message);
    }
}

#[test]
fn units_that_make_no_sense_are_refused() {
    type Damage = fn(&mut Unit);
    let cases: [(Damage, &str); 12] = [
        (|u| u.sections[0].align = 3, "section .text: alignment 0x3 is not a power of two up to 0x4000000"),
        (|u| u.sections[1].relocs[0].symbol = 77, "section .data: the relocation at 0x0 has no symbol 77"),
        (|u| u.sections[1].relocs[0].offset = 56, "section .data: R_AMDGPU_ABS64 at 0x38 is outside"),
        (
            |u| u.sections[1].relocs[0].offset = u64::MAX,
            "section .data: R_AMDGPU_ABS64 at 0xffffffffffffffff is outside",
        ),
        (|u| u.symbols[2].place = Place::Section(9), "symbol local: there is no section 9"),
        (|u| u.symbols[0].place = Place::Absolute, "symbol : a section's symbol without a section"),
        (|u| u.symbols[4].name = "a\0b".into(), "symbol \"a\\0b\": a name cannot hold a zero"),
        (|u| u.sections[3].zeros = 1, "section .unused: 0x1 is no size for its zeros"),
        (|u| u.sections[3].kind = sht::NOBITS, "section .unused: @nobits, but it has bytes"),
        (|u| u.address_significant = Some(vec![10]), ".addrsig_sym names symbol 10, which does not exist"),
        (|u| u.symbols[9].place = Place::Common, "symbol outside: alignment 0x0 is not a power of two"),
        (
            |u| {
                u.symbols[9].place = Place::Common;
                u.symbols[9].value = 8;
                u.symbols[9].size = u64::MAX;
            },
            "symbol outside: 0xffffffffffffffff is no size for it",
        ),
    ];
    let options = LinkOptions { allow_undefined: true, ..LinkOptions::default() };
    for (damage, message) in cases {
        let mut unit = unit();
        damage(&mut unit);
        assert_eq!(write_relocatable(&unit).unwrap_err().to_string(), message);
        assert_eq!(link(&unit, &options).unwrap_err().to_string(), message);
    }
    let cases: [(Damage, &str); 7] = [
        (|u| u.symbols[9].name = "global".into(), "symbol global: it stands twice in the symbol table"),
        (|u| u.sections[3].name = ".dynamic".into(), "section .dynamic: the linker makes it"),
        (|u| u.sections[3].flags |= shf::TLS, "section .unused: thread-local storage does not exist on the GPU"),
        (|u| u.sections[2].bytes.truncate(5), "section .rodata.str1.1: its last string does not end in a zero"),
        (|u| u.sections[2].entsize = 4, "section .rodata.str1.1: its 0x6 bytes are not elements of 0x4"),
        (
            |u| (u.symbols[9].place, u.symbols[9].value) = (Place::Lds, 16),
            "symbol outside: lld cannot place symbols in LDS: only a compiler that knows all kernels can",
        ),
        (
            |u| {
                u.sections[1].relocs.clear();
                u.sections[3].kind = sht::NOBITS;
                (u.sections[3].bytes, u.sections[3].zeros) = (Vec::new(), 1 << 40);
                u.sections.push(section(".unused", shf::ALLOC, 1, vec![1]));
            },
            "the file would be larger than 0x80000000 bytes",
        ),
    ];
    for (damage, message) in cases {
        let mut unit = unit();
        damage(&mut unit);
        assert_eq!(link(&unit, &options).unwrap_err().to_string(), message);
    }
}

/// Damaged units are written or refused, never a panic.
#[test]
fn damaged_units_are_refused() {
    let mut state = 7u64;
    let mut below = |n: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % n
    };
    let numbers = [0, 1, 2, 3, 4, 8, 60, 0x1000, 1 << 26, 1 << 32, 1 << 44, 1 << 63, u64::MAX, u64::MAX - 7];
    let (mut written, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut unit = unit();
        for _ in 0..1 + below(4) {
            let number = numbers[below(numbers.len() as u64) as usize];
            let s = below(unit.symbols.len() as u64) as usize;
            let k = below(unit.sections.len() as u64) as usize;
            let relocs = unit.sections[1].relocs.len() as u64;
            match below(16) {
                0 => unit.symbols[s].value = number,
                1 => unit.symbols[s].size = number,
                2 => {
                    let places = [Place::Undefined, Place::Absolute, Place::Common, Place::Lds, Place::Section(k)];
                    unit.symbols[s].place = places[below(5) as usize];
                }
                3 => unit.symbols[s].binding = [Binding::Local, Binding::Global, Binding::Weak][below(3) as usize],
                4 => {
                    let kinds = [SymbolKind::None, SymbolKind::Section, SymbolKind::File, SymbolKind::Tls];
                    unit.symbols[s].kind = kinds[below(4) as usize];
                }
                5 => unit.symbols[s].visibility = [Visibility::Hidden, Visibility::Protected][below(2) as usize],
                6 => unit.symbols[s].temporary ^= true,
                7 => unit.sections[k].align = number,
                8 => unit.sections[k].entsize = number,
                9 => unit.sections[k].flags ^= 1 << below(33),
                10 => unit.sections[k].kind = [1, 7, 8, 14, 15, 16, 0, 11, 0x7000_0001][below(9) as usize],
                11 => (unit.sections[k].bytes, unit.sections[k].zeros) = (Vec::new(), number),
                12 => {
                    let names =
                        [".data", ".text.x", ".comment", ".note.GNU-stack", "", ".debug_x", ".bss", ".init_array.7"];
                    unit.sections[k].name = names[below(8) as usize].into();
                }
                13 if relocs > 0 => unit.sections[1].relocs[below(relocs) as usize].addend = number.cast_signed(),
                14 if relocs > 0 => unit.sections[1].relocs[below(relocs) as usize].offset = number,
                _ if relocs > 0 => unit.sections[1].relocs[below(relocs) as usize].symbol = s,
                _ => {}
            }
        }
        let options = match below(3) {
            0 => LinkOptions::default(),
            1 => LinkOptions::kernels(),
            _ => LinkOptions { allow_undefined: true, ..LinkOptions::default() },
        };
        // A file of gigabytes is right, and slow.
        let padding: u64 = unit.sections.iter().map(|s| s.align).fold(0, u64::saturating_add);
        if padding < 1 << 20 {
            let _ = write_relocatable(&unit);
            match link(&unit, &options) {
                Ok(_) => written += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(written > 500 && refused > 500, "{written} written, {refused} refused");
}
