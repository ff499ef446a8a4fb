//! Why operands don't fit an encoding; turned into a message only when no other encoding takes them.
use crate::asm::SyntaxError;
use alloc::format;
use alloc::string::{String, ToString};

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Why {
    /// Too few or too many operands; how many there should be.
    Count(u8),
    /// A VGPR range of so many registers.
    Vgpr(u8),
    /// A scalar register range of so many registers.
    Scalar(u8),
    /// A register or constant of so many registers.
    Source(u8),
    /// VCC of the wave size.
    Vcc,
    /// A scalar source.
    ScalarSource(u8),
    /// A register's half is missing (`true`), or must not be spelled.
    Half(bool),
    /// A number.
    Number,
    /// Constants with these bounds.
    Range { low: i64, high: i64 },
    /// Not encodable in a constant of this type.
    Constant,
    /// No literal here.
    Literal,
    /// Two unequal literals.
    Literals,
    /// `-`, `||` or `sext()` not taken here.
    InputModifier,
    /// A modifier that the encoding lacks.
    Modifier,
    /// Upper half of the register file in a 16-bit operand.
    Low128,
    /// DPP wants a VGPR.
    DppSource,
    /// No DPP form.
    NoDpp,
    /// Another rule, in words.
    Say(&'static str),
}

/// Where and why.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Misfit {
    pub(super) at: u32,
    pub(super) len: u32,
    pub(super) why: Why,
}

impl Misfit {
    pub(super) fn error(self, text: &str) -> SyntaxError {
        let (at, len) = (self.at as usize, self.len as usize);
        let token = text.get(at..at + len).unwrap_or("");
        let regs = |n: u8, kind: &str| {
            if n == 1 { format!("one {kind}") } else { format!("{n} consecutive {kind}s") }
        };
        let (message, expected): (String, Option<String>) = match self.why {
            Why::Count(n) => {
                ("wrong number of operands".to_string(), Some(format!("{n} operand{}", if n == 1 { "" } else { "s" })))
            }
            Why::Vgpr(n) => (format!("invalid operand `{token}`"), Some(regs(n, "VGPR"))),
            Why::Scalar(n) => (format!("invalid operand `{token}`"), Some(regs(n, "scalar register"))),
            Why::Source(n) => {
                (format!("invalid operand `{token}`"), Some(format!("{} or a constant", regs(n, "register"))))
            }
            Why::ScalarSource(n) => {
                (format!("invalid operand `{token}`"), Some(format!("{} or a constant", regs(n, "scalar register"))))
            }
            Why::Vcc => (format!("invalid operand `{token}`"), Some("vcc_lo in wave32, vcc in wave64".to_string())),
            Why::Half(true) => (format!("invalid operand `{token}`"), Some("a half register such as v0.l".to_string())),
            Why::Half(false) => (format!("invalid operand `{token}`"), Some("a whole register".to_string())),
            Why::Number => (format!("invalid operand `{token}`"), Some("a number".to_string())),
            Why::Range { low, high } => (format!("`{token}` is out of range"), Some(format!("{low} to {high}"))),
            Why::Constant => (format!("`{token}` can't be encoded as a constant of this operand"), None),
            Why::Literal => (format!("`{token}` is no inline constant, and the encoding takes no literal"), None),
            Why::Literals => ("only one unique literal operand is allowed".to_string(), None),
            Why::InputModifier => (format!("the operand of `{token}` takes no such modifier"), None),
            Why::Modifier => (format!("`{token}` is no modifier of this instruction"), None),
            Why::Low128 => (
                format!("`{token}` is out of reach of a 16-bit operand in this encoding"),
                Some("v0 to v127".to_string()),
            ),
            Why::DppSource => (format!("invalid operand `{token}` with DPP"), Some("a VGPR".to_string())),
            Why::NoDpp => ("the instruction has no DPP form".to_string(), None),
            Why::Say(what) => (what.to_string(), None),
        };
        let e = SyntaxError::new(at, len, message);
        match expected {
            Some(x) => e.expected(x),
            None => e,
        }
    }
}
