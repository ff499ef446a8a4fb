//! One instruction's text.
pub(crate) mod alias;
pub(crate) mod value;
