//! stub
use super::emit::Emit;
use crate::program::Code;

pub(super) fn lower(_e: &mut Emit<'_>, _c: &Code) -> bool {
    false
}
