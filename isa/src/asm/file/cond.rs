//! `.if` and its family.
use super::symbols::State;
use super::{Assembler, Loc, scan};
use crate::asm::SyntaxError;
use crate::asm::expr;

/// An open conditional.
pub(super) struct Condition {
    pub loc: Loc,
    /// Its present branch is assembled.
    active: bool,
    /// A branch has been assembled, or none may be.
    taken: bool,
    /// `.else` has been seen.
    last: bool,
}

impl Assembler<'_> {
    /// Stands the present statement in a branch that isn't assembled.
    pub(super) fn ignoring(&self) -> bool {
        self.conditions.last().is_some_and(|c| !c.active)
    }

    /// A statement of a branch that isn't assembled: only conditionals count.
    pub(super) fn skipped(&mut self, text: &str, at: usize) {
        if text.as_bytes()[at] != b'.' {
            return;
        }
        let mut buffer = [0; 40];
        match scan::word(text, at, &mut buffer) {
            word @ (".else" | ".elseif" | ".endif") => {
                let result = self.alternative(text, at, word, expr::name_end(text, at));
                self.report(result);
            }
            word if is_if(word) => {
                let loc = self.loc.plus(at);
                self.conditions.push(Condition { loc, active: false, taken: true, last: false });
            }
            _ => {}
        }
    }

    /// `.if…`, `.elseif`, `.else` or `.endif`; answers `None` for any other directive.
    pub(super) fn conditional(
        &mut self,
        text: &str,
        at: usize,
        word: &str,
        end: usize,
    ) -> Option<Result<(), SyntaxError>> {
        match word {
            ".else" | ".elseif" | ".endif" => Some(self.alternative(text, at, word, end)),
            _ if is_if(word) => {
                let loc = self.loc.plus(at);
                let (active, result) = match self.test(text, word, end) {
                    Ok(truth) => (truth, Ok(())),
                    Err(e) => (false, Err(e)),
                };
                // After a condition that has no value no branch is assembled, so that one error doesn't make others.
                let taken = active || result.is_err();
                self.conditions.push(Condition { loc, active, taken, last: false });
                Some(result)
            }
            _ => None,
        }
    }

    fn alternative(&mut self, text: &str, at: usize, word: &str, end: usize) -> Result<(), SyntaxError> {
        let bottom = self.frames.last().map_or(0, |f| f.conditions);
        let alone = |what: &str| {
            let e = SyntaxError::new(at, end - at, alloc::format!("{word} without {what}"));
            Err(e)
        };
        if self.conditions.len() <= bottom {
            return alone("an .if before it");
        }
        let Some(condition) = self.conditions.last_mut() else { return Ok(()) };
        if word == ".endif" {
            self.conditions.pop();
            return self.end_of_statement(text, end);
        }
        if condition.last {
            return alone("an .if of its own: .else comes last");
        }
        condition.last = word == ".else";
        if condition.taken {
            condition.active = false;
            return Ok(());
        }
        condition.taken = true;
        if word == ".else" {
            condition.active = true;
            return self.end_of_statement(text, end);
        }
        let result = self.test(text, ".if", end);
        let truth = *result.as_ref().unwrap_or(&false);
        if let Some(condition) = self.conditions.last_mut() {
            condition.active = truth;
            condition.taken = truth || result.is_err();
        }
        result.map(|_| ())
    }

    /// Evaluates the condition after `word`, which ends at `end`.
    fn test(&mut self, text: &str, word: &str, end: usize) -> Result<bool, SyntaxError> {
        let rest = text[end..].trim();
        match word {
            ".ifb" => return Ok(rest.is_empty()),
            ".ifnb" => return Ok(!rest.is_empty()),
            ".ifc" | ".ifnc" => {
                let Some((a, b)) = rest.split_once(',') else {
                    return Err(SyntaxError::new(text.len(), 0, "the second string is missing").expected("`,`"));
                };
                return Ok((a.trim() == b.trim()) == (word == ".ifc"));
            }
            ".ifeqs" | ".ifnes" => {
                let (a, stop) = super::data::string(text, expr::skip_blanks(text, end))?;
                let at = self.comma(text, stop)?;
                let (b, stop) = super::data::string(text, at)?;
                self.end_of_statement(text, stop)?;
                return Ok((a == b) == (word == ".ifeqs"));
            }
            ".ifdef" | ".ifndef" | ".ifnotdef" => {
                let (name, _, stop) = self.name(text, end)?;
                self.end_of_statement(text, stop)?;
                let defined = self
                    .table
                    .find(name)
                    .is_some_and(|n| !matches!(self.table.syms[n as usize].state, State::Undefined));
                return Ok(defined == (word == ".ifdef"));
            }
            _ => {}
        }
        let (value, stop) = self.number(text, end)?;
        self.end_of_statement(text, stop)?;
        Ok(match word {
            ".ifeq" => value == 0,
            ".iflt" => value < 0,
            ".ifle" => value <= 0,
            ".ifgt" => value > 0,
            ".ifge" => value >= 0,
            _ => value != 0,
        })
    }
}

fn is_if(word: &str) -> bool {
    matches!(
        word,
        ".if"
            | ".ifb"
            | ".ifnb"
            | ".ifc"
            | ".ifnc"
            | ".ifdef"
            | ".ifndef"
            | ".ifnotdef"
            | ".ifeq"
            | ".ifne"
            | ".iflt"
            | ".ifle"
            | ".ifgt"
            | ".ifge"
            | ".ifeqs"
            | ".ifnes"
    )
}
