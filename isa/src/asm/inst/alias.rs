//! Older spellings of mnemonics.

/// The mnemonic in the tables of an older spelling that LLVM 19 takes for gfx11.
pub(crate) fn canonical(name: &str) -> Option<&'static str> {
    ALIASES.binary_search_by(|a| a.0.cmp(name)).ok().map(|k| ALIASES[k].1)
}

static ALIASES: &[(&str, &str)] = &[("s_load_dword", "s_load_b32")];
