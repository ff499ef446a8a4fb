//! Expressions: values are those of llvm-mc 19 for `.quad` of the same text.
use isa::asm::expr::{Expr, MAX_DEPTH, MAX_OPERATORS, Name, Variant, parse};
use isa::asm::{Symbols, SyntaxError};

struct X;

impl Symbols for X {
    fn absolute(&self, name: &str) -> Option<i64> {
        (name == "x").then_some(5)
    }
}

fn value(text: &str) -> i64 {
    match parse(text, 0, &X) {
        Ok((Expr::Value(v), end)) if end == text.trim_end().len() => v,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str) -> SyntaxError {
    match parse(text, 0, &X) {
        Err(e) => {
            assert!(e.at + e.len <= text.len(), "{text}: {e:?}");
            e
        }
        Ok(other) => panic!("{text}: {other:?}"),
    }
}

#[test]
fn folds_as_llvm_mc_does() {
    for (text, want) in [
        ("1==1", -1),
        ("1!=1", 0),
        ("1<>2", -1),
        ("-1>1", 0),
        ("-8>>1", 0x7fff_ffff_ffff_fffc),
        ("-8/3", -2),
        ("8%-3", 2),
        ("1<<64", 1),
        ("1<<-1", i64::MIN),
        ("!5", 0),
        ("!0", 1),
        ("~5", -6),
        ("- - 5", 5),
        ("1|2==3", -1),
        ("1+2*3", 7),
        ("1|2+4", 7),
        ("6^3&5", 5),
        ("2&&1", 1),
        ("0||0", 0),
        ("3!1", -1),
        ("0X1f", 31),
        ("0B101", 5),
        ("017", 15),
        ("12ULL", 12),
        ("18446744073709551615", -1),
        ("'a'", 97),
        ("'\\n'", 10),
        ("'\\''", 39),
        ("'\\e'", 101),
        ("1.5", 0x3ff8_0000_0000_0000),
        ("1e3", 0x408f_4000_0000_0000),
        ("max(1,5,2)", 5),
        ("or(1,2,4)", 7),
        ("max(1,2,3,4,5,6)+x", 11),
        ("alignto(5,4)", 8),
        ("totalnumvgprs(5,4)", 5),
        ("extrasgprs(1,1,1)", 2),
        ("[1+2]", 3),
        ("1 + + 2", 3),
        ("1-2-3", -4),
        ("2*3+4*5", 26),
        ("1+2<<3", 17),
        ("x*(x-1)", 20),
        ("\"x\"+1", 6),
    ] {
        assert_eq!(value(text), want, "{text}");
    }
}

#[test]
fn symbols_keep_their_variant_and_locals_their_direction() {
    let symbol = |text: &str| match parse(text, 0, &X) {
        Ok((Expr::Symbol { name, variant }, _)) => (name, variant),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(symbol("sym@rel32@LO"), (Name::Text("sym".into()), Variant::Rel32Lo));
    assert_eq!(symbol("\"sy m\"@abs32@hi"), (Name::Text("sy m".into()), Variant::Abs32Hi));
    assert_eq!(symbol("(sym)@gotpcrel32@lo"), (Name::Text("sym".into()), Variant::GotPcRel32Lo));
    assert_eq!(symbol("a$b.c?"), (Name::Text("a$b.c?".into()), Variant::None));
    assert_eq!(symbol("12f"), (Name::Local { number: 12, forward: true }, Variant::None));
    assert_eq!(symbol("0b"), (Name::Local { number: 0, forward: false }, Variant::None));
    assert_eq!(symbol(". "), (Name::Here, Variant::None));
    assert_eq!(symbol("max"), (Name::Text("max".into()), Variant::None));
    let (expr, end) = parse("  lbl - 2 , v0", 0, &X).unwrap();
    assert!(matches!(expr, Expr::Binary { .. }));
    assert_eq!(end, 9);
}

#[test]
fn bad_expressions_say_where_and_what() {
    for (text, at, message) in [
        ("", 0, "the statement ends too early, expected an expression"),
        ("1 + ", 4, "the statement ends too early, expected an expression"),
        ("(1+2", 4, "the statement ends too early, expected `)`"),
        ("(1+2]", 4, "unexpected `]`, expected `)`"),
        ("08", 0, "invalid octal number, expected digits 0 to 7 after a leading 0"),
        ("0x", 0, "invalid hexadecimal number, expected a digit after `0x`"),
        ("0x1ffffffffffffffff", 0, "the number doesn't fit 64 bits"),
        ("'ab'", 0, "invalid character constant, expected one ASCII character between quotes"),
        ("max()", 0, "`max` with 0 arguments, expected at least 1"),
        ("alignto(1)", 0, "`alignto` with 1 arguments, expected 2"),
        ("x@rel32@lo", 0, "a variant on `x`, which is a number"),
        ("#5", 0, "unexpected `#`, expected an expression"),
        ("1&&&1", 3, "unexpected `&`, expected an expression"),
    ] {
        let e = error(text);
        assert_eq!((e.at, e.to_string().as_str()), (at, message), "{text}");
    }
    assert!(error("sym@foo").to_string().starts_with("invalid variant `foo`, expected rel32@lo"));
    assert!(error("5@rel32@lo").message.contains("on a number"));
}

#[test]
fn nesting_and_length_are_bounded() {
    let deep = "(".repeat(100_000);
    assert!(error(&deep).message.contains(&format!("{MAX_DEPTH} deep")));
    assert!(error(&"-".repeat(100_000)).message.contains("deep"));
    let long = "a".to_string() + &"+a".repeat(MAX_OPERATORS + 1);
    assert!(error(&long).message.contains("operators"));
    assert!(parse(&("a".to_string() + &"+a".repeat(MAX_OPERATORS)), 0, &X).is_ok());
}
