//! The code object (`.hsaco`), as `ld.lld -shared` makes it of one relocatable file.
//!
//! The steps are those of any ELF linker: relocations say which dynamic relocations and GOT slots are needed
//! ([`scan`]), input sections are gathered into output sections ([`gather`]), output sections are sorted into segments
//! and get addresses and file offsets ([`layout`]), and bytes are written ([`write`]).

use alloc::string::String;
use alloc::vec::Vec;

use super::relocatable::{Against, against, symbols};
use super::{Binding, ObjectError, Place, Symbol, SymbolKind, Unit, Visibility, elf};

mod gather;
mod layout;
mod scan;
mod tables;
mod write;

/// The dynamic symbol hash tables of a code object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HashStyle {
    /// `.hash` alone (`--hash-style=sysv`).
    Sysv,
    /// `.gnu.hash` alone (`--hash-style=gnu`).
    Gnu,
    /// Both (`--hash-style=both`), what lld does when it is not told.
    #[default]
    Both,
}

/// How to link. [`LinkOptions::default`] is what clang's driver asks of lld, [`LinkOptions::kernels`] what this
/// repository asks of it for its kernels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkOptions {
    /// Write `.symtab` (no `--strip-all`).
    pub symbol_table: bool,
    /// Refer to symbols that nothing defines, for the loader to find (no `--no-undefined`).
    pub allow_undefined: bool,
    /// Which hash tables to write.
    pub hash_style: HashStyle,
    /// Keep what the loader relocates apart, to be protected after loading (no `-z norelro`).
    pub relro: bool,
    /// The linker's name for `.comment`, such as `Linker: LLD 19.1.7`. `None`: no `.comment` section at all, and the
    /// tables that have no address are those of `llvm-objcopy --remove-section=.comment`.
    pub comment: Option<String>,
}

/// What clang's driver passes to lld for `-target amdgcn-amd-amdhsa`: `--no-undefined -shared`.
impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            symbol_table: true,
            allow_undefined: false,
            hash_style: HashStyle::Both,
            relro: true,
            comment: Some("Linker: sparkle-pm4".into()),
        }
    }
}

impl LinkOptions {
    /// The options of this repository's kernels: `-shared --strip-all --no-undefined --build-id=none
    /// --hash-style=sysv -z norelro`, then `llvm-objcopy --remove-section=.comment`.
    pub fn kernels() -> Self {
        Self { symbol_table: false, hash_style: HashStyle::Sysv, relro: false, comment: None, ..Self::default() }
    }
}

/// A unit with the symbols of its relocations settled, as the `.o` has them.
struct Input<'a> {
    unit: &'a Unit,
    /// By section and relocation.
    targets: Vec<Vec<(Against, i64)>>,
    /// The `.o`'s symbols, in order; section symbols have the flag.
    locals: Vec<(usize, bool)>,
    globals: Vec<usize>,
}

impl Input<'_> {
    fn symbol(&self, k: usize) -> &Symbol {
        &self.unit.symbols[k]
    }

    /// Whether the symbol is seen by nobody outside of the file.
    fn is_local(&self, k: usize) -> bool {
        let s = self.symbol(k);
        let unlisted = s.binding == Binding::Local && s.place != Place::Undefined;
        unlisted || matches!(s.visibility, Visibility::Hidden | Visibility::Internal)
    }

    /// Whether another object may define the symbol instead.
    fn is_preemptible(&self, against: Against) -> bool {
        match against {
            Against::Section(_) => false,
            Against::Symbol(k) => !self.is_local(k) && self.symbol(k).visibility == Visibility::Default,
        }
    }

    /// A name for messages.
    fn name(&self, against: Against) -> String {
        match against {
            Against::Section(k) => self.unit.sections[k].name.clone(),
            Against::Symbol(k) => self.symbol(k).name.clone(),
        }
    }
}

/// Links the unit to a code object (`ET_DYN`) that the loader takes.
pub fn link(unit: &Unit, options: &LinkOptions) -> Result<Vec<u8>, ObjectError> {
    elf::check(unit)?;
    let targets: Vec<Vec<_>> =
        unit.sections.iter().map(|s| s.relocs.iter().map(|r| against(unit, r)).collect()).collect();
    let table = symbols(unit, &targets);
    let (locals, globals) = table.records.split_at(table.locals - 1);
    let input = Input { unit, targets, locals: locals.to_vec(), globals: globals.iter().map(|g| g.0).collect() };
    refuse(&input)?;
    let scan = scan::scan(&input, options)?;
    let tables = tables::tables(&input, options)?;
    let mut gathered = gather::gather(&input, options, &scan, &tables)?;
    let layout = layout::layout(&mut gathered, options)?;
    write::write(&input, &scan, tables, &gathered, &layout)
}

/// What this linker doesn't do.
fn refuse(input: &Input<'_>) -> Result<(), ObjectError> {
    let unit = input.unit;
    for s in &unit.sections {
        let bad = |what: &str| Err(ObjectError::Section { name: s.name.clone(), what: what.into() });
        if s.flags & super::shf::TLS != 0 {
            return bad("thread-local storage does not exist on the GPU");
        }
        if gather::Own::is_name(&s.name) {
            return bad("the linker makes it");
        }
        if s.name == ".eh_frame" {
            return bad("unwind tables are not linked");
        }
    }
    let mut names: Vec<&str> = input.globals.iter().map(|g| input.symbol(*g).name.as_str()).collect();
    names.sort_unstable();
    if let Some(w) = names.windows(2).find(|w| w[0] == w[1]) {
        return Err(ObjectError::Symbol { name: w[0].into(), what: "it stands twice in the symbol table".into() });
    }
    let locals = input.locals.iter().filter(|l| !l.1).map(|l| l.0);
    for g in locals.chain(input.globals.iter().copied()) {
        let s = input.symbol(g);
        let bad = |what: &str| Err(ObjectError::Symbol { name: s.name.clone(), what: what.into() });
        if s.place == Place::Lds {
            return bad("lld cannot place symbols in LDS: only a compiler that knows all kernels can");
        }
        if s.kind == SymbolKind::Tls {
            return bad("thread-local storage does not exist on the GPU");
        }
        if s.name == "_DYNAMIC" {
            return bad("the linker defines it");
        }
    }
    Ok(())
}
