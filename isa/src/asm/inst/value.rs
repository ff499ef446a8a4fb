//! stub
use crate::asm::{Symbols, SyntaxError, expr::{self, Expr}};
use crate::row::Class;
use crate::Target;
pub(crate) fn value(_class: Class, text: &str, at: usize, symbols: &dyn Symbols, _t: Target) -> Result<(u32, usize), SyntaxError> {
    let (e, end) = expr::parse(text, at, symbols)?;
    match e { Expr::Value(v) => Ok((v as u16 as u32, end)), _ => Err(SyntaxError::new(at, 0, "stub")) }
}
pub(crate) fn swizzle(text: &str, at: usize, symbols: &dyn Symbols) -> Result<(u32, usize), SyntaxError> { value(Class::U16, text, at, symbols, crate::WaveSize::W32.into()) }
pub(crate) fn buffer_format(text: &str, at: usize, symbols: &dyn Symbols) -> Result<(u32, usize), SyntaxError> { swizzle(text, at, symbols) }
pub(crate) fn dim(text: &str, at: usize) -> Result<(u32, usize), SyntaxError> {
    let end = text[at..].find(' ').map_or(text.len(), |n| n + at);
    match crate::image::DIMS.iter().position(|d| *d == &text[at..end]) { Some(k) => Ok((k as u32, end)), None => Err(SyntaxError::new(at, 0, "stub")) }
}
