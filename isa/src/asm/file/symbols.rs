//! The symbol table of a file, and the value of expressions over it.
use crate::asm::Symbols;
use crate::asm::expr::{self, Expr, Name, Op1, Op2, Variant};
use crate::object::{Binding, SymbolKind, Visibility};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

/// Variables that refer to one another, followed this far.
const MAX_CHAIN: usize = 64;
/// Nodes that one evaluation visits.
const MAX_NODES: u32 = 20_000;
/// Levels of expressions and variables together that one evaluation descends, which bounds the stack it takes.
const MAX_RECURSION: u32 = 600;

/// What a symbol stands for.
#[derive(Clone, Debug, Default)]
pub(super) enum State {
    /// Nothing in this file, so far.
    #[default]
    Undefined,
    /// A place.
    Label {
        /// Index of the chunk.
        chunk: u32,
        /// Bytes from its start.
        offset: u64,
    },
    /// A number; may be set again.
    Number(i64),
    /// Another symbol's place or a value not known yet.
    Variable(Rc<Expr>),
    /// `.comm`
    Common { size: u64, align: u64 },
    /// `.amdgpu_lds`
    Lds { size: u64, align: u64 },
}

/// A symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Sym {
    pub name: Rc<str>,
    pub state: State,
    pub binding: Option<Binding>,
    pub visibility: Visibility,
    pub kind: SymbolKind,
    /// `.size`
    pub size: Option<Rc<Expr>>,
    /// Stands in [`Table::order`].
    pub listed: bool,
    /// Some expression that was stored refers to it.
    pub used: bool,
    /// Made by the assembler; has no name of its own.
    pub anonymous: bool,
    /// Section number of a section's own symbol.
    pub section: Option<u32>,
    /// First mention, for errors at the end: buffer and offset.
    pub mention: super::Loc,
}

impl Sym {
    /// `.L` symbols and the assembler's own aren't in the object's table.
    pub fn is_temporary(&self) -> bool {
        self.anonymous || self.name.starts_with(".L")
    }
}

/// All symbols by number and by name.
#[derive(Default)]
pub(super) struct Table {
    pub syms: Vec<Sym>,
    /// Those that the object lists, in order of first mention.
    pub order: Vec<u32>,
    /// Open-addressing hash of the names: hash, and number + 1 or 0; the length is a power of two.
    slots: Vec<(u32, u32)>,
}

fn hash(name: &str) -> u32 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    for chunk in name.as_bytes().chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        h = (h.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    (h >> 32) as u32
}

impl Table {
    /// The symbol called `name`, if it has been named before.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.find_hashed(name, hash(name))
    }

    fn find_hashed(&self, name: &str, hash: u32) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots[slot] {
                (_, 0) => return None,
                (h, n) if h == hash && &*self.syms[n as usize - 1].name == name => return Some(n - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// The symbol called `name`.
    pub fn intern(&mut self, name: &str) -> u32 {
        let hash = hash(name);
        if let Some(n) = self.find_hashed(name, hash) {
            return n;
        }
        if (self.syms.len() + 1) * 2 > self.slots.len() {
            let len = (self.slots.len() * 2).max(256);
            let old = core::mem::replace(&mut self.slots, alloc::vec![(0, 0); len]);
            for slot in old.into_iter().filter(|s| s.1 != 0) {
                self.place(slot);
            }
        }
        let n = self.syms.len() as u32;
        self.syms.push(Sym { name: name.into(), ..Sym::default() });
        self.place((hash, n + 1));
        n
    }

    fn place(&mut self, entry: (u32, u32)) {
        let mask = self.slots.len() - 1;
        let mut slot = entry.0 as usize & mask;
        while self.slots[slot].1 != 0 {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = entry;
    }

    /// A symbol without a name.
    pub fn anonymous(&mut self, state: State) -> u32 {
        self.syms.push(Sym { anonymous: true, state, ..Sym::default() });
        self.syms.len() as u32 - 1
    }

    /// Puts `n` in the object's table, if it isn't there yet.
    pub fn list(&mut self, n: u32) {
        let sym = &mut self.syms[n as usize];
        if !sym.listed {
            sym.listed = true;
            self.order.push(n);
        }
    }
}

impl Symbols for Table {
    fn absolute(&self, name: &str) -> Option<i64> {
        match self.syms[self.find(name)? as usize].state {
            State::Number(v) => Some(v),
            _ => None,
        }
    }
}

/// An expression's value: `add - sub + number`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Value {
    pub add: Option<(u32, Variant)>,
    pub sub: Option<u32>,
    pub number: i64,
}

impl Value {
    fn absolute(self) -> Option<i64> {
        (self.add.is_none() && self.sub.is_none()).then_some(self.number)
    }
}

/// Where chunks lie in their sections, as far as that is known.
pub(super) trait Places {
    /// Section of a chunk, and its offset there.
    fn chunk(&self, chunk: u32) -> (u32, Option<u64>);
}

/// Evaluates expressions.
pub(super) struct Evaluator<'a> {
    pub table: &'a Table,
    pub places: &'a dyn Places,
    /// Leave variables that others see and that name a place as they are: the linker may replace them.
    pub keep_aliases: bool,
    nodes: u32,
    depth: u32,
}

impl<'a> Evaluator<'a> {
    pub fn new(table: &'a Table, places: &'a dyn Places) -> Self {
        Self { table, places, keep_aliases: false, nodes: 0, depth: 0 }
    }

    /// Chunk and offset of a label, or of a variable that names one.
    pub fn position(&self, n: u32) -> Option<(u32, u64)> {
        let mut at = n;
        let mut plus = 0i64;
        for _ in 0..MAX_CHAIN {
            match &self.table.syms[at as usize].state {
                State::Label { chunk, offset } => return Some((*chunk, offset.wrapping_add(plus as u64))),
                State::Variable(expr) => match &**expr {
                    Expr::Symbol { name: Name::Bound(next), .. } => at = *next,
                    Expr::Binary { op: Op2::Add, a, b } => match (&**a, &**b) {
                        (Expr::Symbol { name: Name::Bound(next), .. }, Expr::Value(v)) => {
                            at = *next;
                            plus = plus.wrapping_add(*v);
                        }
                        _ => return None,
                    },
                    _ => return None,
                },
                _ => return None,
            }
        }
        None
    }

    /// Bytes from `b` to `a`, if both are places of one section and that is known.
    pub fn distance(&self, a: u32, b: u32) -> Option<i64> {
        if a == b {
            return Some(0);
        }
        let ((ca, oa), (cb, ob)) = (self.position(a)?, self.position(b)?);
        if ca == cb {
            return Some(oa as i64 - ob as i64);
        }
        match (self.places.chunk(ca), self.places.chunk(cb)) {
            ((sa, Some(ba)), (sb, Some(bb))) if sa == sb => {
                Some(ba.wrapping_add(oa).wrapping_sub(bb.wrapping_add(ob)) as i64)
            }
            _ => None,
        }
    }

    /// The number that `expr` is, or why it isn't one (yet).
    pub fn absolute(&mut self, expr: &Expr) -> Result<i64, String> {
        let value = self.value(expr)?;
        match (value.absolute(), value.add, value.sub) {
            (Some(v), ..) => Ok(v),
            (None, Some((n, _)), _) | (None, None, Some(n)) => {
                let sym = &self.table.syms[n as usize];
                Err(match sym.state {
                    State::Undefined if !sym.anonymous => format!("`{}` isn't defined", sym.name),
                    _ if value.add.is_some() && value.sub.is_some() => "the distance isn't known here".into(),
                    _ => "an address, which only the linker knows".into(),
                })
            }
            _ => Err("not a number".into()),
        }
    }

    /// The value of `expr` as far as it is known.
    pub fn value(&mut self, expr: &Expr) -> Result<Value, String> {
        self.at_depth(expr, 0)
    }

    fn at_depth(&mut self, expr: &Expr, chain: usize) -> Result<Value, String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || self.depth > MAX_RECURSION {
            return Err("the expression expands to too many terms".into());
        }
        self.depth += 1;
        let value = self.node(expr, chain);
        self.depth -= 1;
        value
    }

    fn node(&mut self, expr: &Expr, chain: usize) -> Result<Value, String> {
        let table = self.table;
        match expr {
            Expr::Value(number) => Ok(Value { number: *number, ..Value::default() }),
            Expr::Symbol { name: Name::Bound(n), variant } => match &table.syms[*n as usize].state {
                State::Number(number) => Ok(Value { number: *number, ..Value::default() }),
                State::Variable(inner) => {
                    if chain >= MAX_CHAIN {
                        let name = &table.syms[*n as usize].name;
                        return Err(format!("`{name}` is defined through itself or more than {MAX_CHAIN} others"));
                    }
                    let sym = &table.syms[*n as usize];
                    if self.keep_aliases
                        && matches!(sym.binding, Some(Binding::Global | Binding::Weak))
                        && self.position(*n).is_some()
                    {
                        return Ok(Value { add: Some((*n, *variant)), ..Value::default() });
                    }
                    let mut value = self.at_depth(inner, chain + 1)?;
                    if let (Some(add), true) = (&mut value.add, *variant != Variant::None) {
                        add.1 = *variant;
                    }
                    Ok(value)
                }
                _ => Ok(Value { add: Some((*n, *variant)), ..Value::default() }),
            },
            Expr::Symbol { .. } => Err("a symbol that isn't bound".into()),
            Expr::Unary { op, a } => {
                let value = self.at_depth(a, chain)?;
                match (op, value) {
                    (_, v) if v.absolute().is_some() => {
                        Ok(Value { number: expr::unary(*op, v.number), ..Value::default() })
                    }
                    (Op1::Neg, Value { add: None | Some((_, Variant::None)), sub, number }) => Ok(Value {
                        add: sub.map(|n| (n, Variant::None)),
                        sub: value.add.map(|a| a.0),
                        number: number.wrapping_neg(),
                    }),
                    _ => Err("an operator on an address, which only the linker knows".into()),
                }
            }
            Expr::Binary { op, a, b } => {
                let a = self.at_depth(a, chain)?;
                let b = self.at_depth(b, chain)?;
                match (op, a.absolute(), b.absolute()) {
                    (_, Some(x), Some(y)) => match expr::binary(*op, x, y) {
                        Some(number) => Ok(Value { number, ..Value::default() }),
                        None => Err("a division by zero".into()),
                    },
                    (Op2::Add, ..) => self.sum(a, b.add, b.sub, b.number),
                    (Op2::Sub, ..) => {
                        if b.add.is_some_and(|(_, v)| v != Variant::None) {
                            return Err("a symbol with a variant is subtracted".into());
                        }
                        let add = b.sub.map(|n| (n, Variant::None));
                        self.sum(a, add, b.add.map(|x| x.0), b.number.wrapping_neg())
                    }
                    _ => Err("an operator on an address, which only the linker knows".into()),
                }
            }
            Expr::Call { call, args } => {
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    match self.at_depth(arg, chain)?.absolute() {
                        Some(v) => values.push(v),
                        None => return Err("a function of an address, which only the linker knows".into()),
                    }
                }
                match call.value(&values) {
                    Some(number) => Ok(Value { number, ..Value::default() }),
                    None => Err("a division by zero".into()),
                }
            }
        }
    }

    /// `a + add - sub + number`, with distances that are known folded.
    fn sum(&self, a: Value, add: Option<(u32, Variant)>, sub: Option<u32>, number: i64) -> Result<Value, String> {
        let mut adds = [a.add, add];
        let mut subs = [a.sub, sub];
        let mut number = a.number.wrapping_add(number);
        for x in &mut adds {
            for y in &mut subs {
                if let (Some((n, Variant::None)), Some(m)) = (*x, *y)
                    && let Some(d) = self.distance(n, m)
                {
                    number = number.wrapping_add(d);
                    (*x, *y) = (None, None);
                }
            }
        }
        if adds[0].is_some() && adds[1].is_some() || subs[0].is_some() && subs[1].is_some() {
            return Err("a sum of addresses, which no relocation expresses".into());
        }
        Ok(Value { add: adds[0].or(adds[1]), sub: subs[0].or(subs[1]), number })
    }
}

/// Does `expr`, through variables, mention `symbol`.
pub(super) fn mentions(table: &Table, expr: &Expr, symbol: u32, budget: &mut u32) -> bool {
    if *budget == 0 {
        return true;
    }
    *budget -= 1;
    match expr {
        Expr::Value(_) => false,
        Expr::Symbol { name: Name::Bound(n), .. } => {
            *n == symbol
                || match &table.syms[*n as usize].state {
                    State::Variable(inner) => {
                        // The chain's length is bounded by the budget, so is the recursion.
                        *budget -= (*budget).min(8);
                        mentions(table, inner, symbol, budget)
                    }
                    _ => false,
                }
        }
        Expr::Symbol { .. } => false,
        Expr::Unary { a, .. } => mentions(table, a, symbol, budget),
        Expr::Binary { a, b, .. } => mentions(table, a, symbol, budget) || mentions(table, b, symbol, budget),
        Expr::Call { args, .. } => args.iter().any(|e| mentions(table, e, symbol, budget)),
    }
}
