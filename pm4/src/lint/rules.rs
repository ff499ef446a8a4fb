//! The rules, one row each.

use super::{Rule, Severity};

/// Form: `NAME "PM4-nnn" Severity "title" "explanation" "fix";`
macro_rules! rules {
    ($( $name:ident $id:literal $severity:ident $title:literal $explanation:literal $fix:literal; )*) => {
        $(
            #[doc = concat!($id, ": ", $title, ".")]
            pub static $name: Rule = Rule {
                id: $id,
                severity: Severity::$severity,
                title: $title,
                explanation: $explanation,
                fix: $fix,
            };
        )*

        /// Every rule, in order of id.
        pub static RULES: &[&Rule] = &[ $( &$name ),* ];
    };
}

rules! {
    TYPE_0 "PM4-001" Error
        "a type-0 header stands where a packet was expected"
        "gfx11's command processors take type-3 packets only. A type-0 header is what a zeroed or left-over dword looks like: the count of the packet before it is too small, or the stream's end is not where the reader thinks it is."
        "Derive the count from the body: header = 3<<30 | (body_dwords-1)<<16 | opcode<<8 | flags.";
}
