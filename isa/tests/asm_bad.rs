//! Bad sources: what is said about them, and that every run ends.
use isa::asm::{Assembled, Diagnostic, Limits, Options, Severity, assemble};

fn run(source: &str, options: &Options<'_>) -> Result<Assembled, Vec<Diagnostic>> {
    assemble(source, "t.s", options)
}

fn errors(source: &str) -> Vec<Diagnostic> {
    match run(source, &Options::default()) {
        Err(all) => {
            assert!(all.iter().any(|d| d.severity == Severity::Error), "{source}: {all:?}");
            all.into_iter().filter(|d| d.severity == Severity::Error).collect()
        }
        Ok(_) => panic!("accepted:\n{source}"),
    }
}

/// Asserts the only error's `line:column`, token and message with what was expected.
fn one(source: &str, at: &str, token: &str, message: &str) {
    let all = errors(source);
    let list: String = all.iter().map(|d| format!("{d}\n")).collect();
    assert_eq!(all.len(), 1, "{source}\n{list}");
    let d = &all[0];
    assert_eq!(format!("{}:{}", d.place.line, d.place.column), at, "{source}\n{list}");
    assert_eq!(d.token, token, "{source}\n{list}");
    let expected = d.expected.as_ref().map_or(String::new(), |e| format!(", expected {e}"));
    assert_eq!(format!("{}{expected}", d.message), message, "{source}\n{list}");
}

#[test]
fn an_error_names_place_token_and_expectation() {
    one("s_nop 0\n  frob v1 ; x\n", "2:3", "frob", "`frob` is no instruction of gfx1100");
    one(".byte 1 2\n", "1:9", "2", "unexpected `2`, expected `,` or the end of the statement");
    one(".byte 256\n", "1:7", "256", "256 doesn't fit 8 bits");
    one(".quad 1,\n", "1:9", "", "the statement ends too early, expected an expression");
    one(".foo 1\n", "1:1", ".foo", "unknown directive `.foo`");
    one("1 2\n", "1:1", "1", "unexpected `1`, expected a label, a directive or an instruction");
    one("{\n", "1:1", "{", "unexpected `{`, expected a label, a directive or an instruction");
    one("é\n", "1:1", "é", "unexpected `é`, expected a label, a directive or an instruction");
    one("/* ü */ é\n", "1:9", "é", "unexpected `é`, expected a label, a directive or an instruction");
    one("a:\nb: a:\n", "2:4", "a", "symbol `a` is already defined");
    one("a:\na = 3\n", "2:1", "a", "redefinition of `a`");
    one("x=y\n.long x\nx=2\n", "3:1", "x", "invalid reassignment of `x`, which isn't a number and has been used");
    one("x=1\n.equiv x, 2\n", "2:8", "x", "redefinition of `x`");
    one("x = x+1\n", "1:1", "x", "`x` is defined through itself");
    one(".set a,b\n.set b,a\n.long a\n", "2:6", "b", "`b` is defined through itself");
    one(".ascii \"a\n", "1:8", "\"a", "a string without its closing quote");
    one(".ascii \"\\q\"\n", "1:9", "\\q", r#"unknown escape, expected \b \f \n \r \t \" \\ \x or an octal number"#);
    one(".ascii \"\\400\"\n", "1:9", "\\400", "an octal escape above \\377");
    one("s_nop 0 /* x\n", "1:9", "/*", "a comment without its `*/`");
    one(".align 3\n", "1:8", "3", "an alignment of 3, expected a power of two below 2^32");
    one(".p2align 33\n", "1:10", "33", "an alignment of 2 to the power of 33, expected 0 to 31");
    one(".space -1\n", "1:8", "-1", "a count of -1, expected 0 or more");
    one(".float x\n", "1:8", "x", "unexpected `x`, expected a floating-point number");
    one(".octa -1\n", "1:7", "-", "unexpected `-`, expected a number of at most 128 bits");
    one(".popsection\n", "1:1", ".popsection", ".popsection without .pushsection");
    one(".section x,\"aq\"\n", "1:14", "q", "unknown section flag `q`, expected a e w x M S T R G");
    one(
        ".section .data,\"ax\"\n.section .data,\"aw\"\n",
        "2:1",
        ".section .data,\"aw\"",
        "section flags 0x3 for .data, which has 0x6 since it was first named",
    );
    one(".bss\n.long 1\n", "2:1", "", "bytes other than zero in .bss, expected a section that isn't @nobits");
    one(
        ".type a,@foo\n",
        "1:10",
        "foo",
        "unknown symbol type `foo`, expected function, object, tls_object, common or notype",
    );
    one(".lcomm c,8,4\n", "1:12", "4", ".lcomm takes no alignment on this target");
    one(".error \"no\"\n", "1:1", ".error", "no");
    one(".err\n", "1:1", ".err", ".err encountered");
    one(".include \"a\"\n", "1:10", "\"a\"", "`a` can't be read: this assembler reads no files");
    one(".altmacro\n", "1:1", ".altmacro", "directive `.altmacro` is refused: alternate macro syntax isn't supported");
    one(
        ".amdgpu_hsa_kernel k\n",
        "1:1",
        ".amdgpu_hsa_kernel",
        "directive `.amdgpu_hsa_kernel` is refused: it belongs to code objects older than version 4 or to another system",
    );
    one(
        ".amdgcn_target \"amdgcn-amd-amdhsa--gfx1030\"\n",
        "1:16",
        "\"amdgcn-amd-amdhsa--gfx1030\"",
        "the source is for amdgcn-amd-amdhsa--gfx1030, the assembler is set to amdgcn-amd-amdhsa--gfx1100, \
         expected amdgcn-amd-amdhsa--gfx1100",
    );
}

#[test]
fn places_and_values_are_checked_when_the_text_is_right() {
    one("s_branch nowhere\n", "1:10", "nowhere", "undefined label `nowhere`");
    one(
        "s_branch far\n.zero 131076\nfar:\n",
        "1:10",
        "far",
        "`far` is 32769 words away, a branch reaches -32768 to 32767",
    );
    one("a: .byte 1\ns_branch a\n", "2:10", "a", "`a` is -5 bytes away, which isn't a multiple of 4");
    one("s_branch 1f\n1:\ns_branch 1f\n", "3:10", "1f", "no label `1:` after this `1f`");
    one("s_branch 1b\n1:\n", "1:10", "", "no label `1:` before this `1b`");
    one(".byte x\nx=300\n", "1:7", "x", "300 doesn't fit 8 bits");
    one(".byte a\na:\n", "1:7", "a", "the address of `a` in 8 bits, which no relocation does");
    one(".long a*2\na:\n", "1:7", "a*2", "an operator on an address, which only the linker knows");
    one(".long a+b\n", "1:7", "a+b", "a sum of addresses, which no relocation expresses");
    one("a: .long a-und\n", "1:10", "a-und", "`und` is subtracted, but it isn't defined");
    one("a: .data\n.long 4-a\n", "2:7", "4-a", "the negative of the address of `a`");
    one("a: .data\nb: .long b-a\n", "2:10", "b-a", "a distance from `a`, which is in another section");
    one(".long x/0\nx=1\n", "1:7", "x/0", "a division by zero");
    one(".org 8\n.org 4\n", "2:6", "", ".org goes back from 0x8 to 0x4");
    one(".space u\n.org 1\n.org e\n.zero 8\ne:\nu=4\n.size e, 4\n", "2:6", "", ".org goes back from 0x4 to 0x1");
    one(".space u\n", "1:8", "", "`u` isn't defined");
    one(".space b-a\na: .zero 1\n.space b-a\nb:\n", "3:8", "", "the sizes of gaps depend on one another without end");
    one("v_mov_b32 v0, x\nx=0x1ffffffff\n", "1:15", "x", "8589934591 doesn't fit 32 bits");
    one("a:\n.size a, und-a\n", "2:10", "", "the size of `a`: `und` isn't defined");
}

#[test]
fn conditionals_do_not_cascade() {
    one(".if x\nfrob\n.else\nfrob\n.endif\n", "1:5", "x", "`x` isn't defined, expected a value that is known here");
    one(
        ".if 0\n.elseif (\nfrob\n.else\nfrob\n.endif\n",
        "2:10",
        "",
        "the statement ends too early, expected an expression",
    );
    one(".else\n", "1:1", ".else", ".else without an .if before it");
    one(".endif\n", "1:1", ".endif", ".endif without an .if before it");
    one(".if 1\n.else\n.else\n.endif\n", "3:1", ".else", ".else without an .if of its own: .else comes last");
    one(" .if 1\n", "1:2", ".", "a conditional without its `.endif`");
    one(".macro m\n.if 1\n.endm\nm\ns_nop 0\n", "2:1", ".", "a conditional without its `.endif`");
    one(".if 1\n.macro m\n.endif\n.endm\nm\n.endif\n", "3:1", ".endif", ".endif without an .if before it");
}

#[test]
fn macros_explain_how_they_came_there() {
    one(".macro m\n", "1:1", ".macro", "no .endm for it");
    one(".endm\n", "1:1", ".endm", ".endm without the directive that it ends");
    one(".rept 3\ns_nop 0\n", "1:1", ".rept", "no .endr for it");
    one(".rept -1\n.endr\n", "1:7", "-1", "a count of -1, expected 0 or more");
    one(".macro m\n.endm\n.macro m\n.endm\n", "3:8", "m", "macro `m` is already defined, expected `.purgem` before it");
    one(".macro m a\n.endm\nm 1,2\n", "3:5", "2", "too many arguments for macro `m`, expected at most 1");
    one(".macro m a:req\n.endm\nm\n", "3:1", "m", "missing value for required parameter `a` of macro `m`");
    one(".macro m a\n.endm\nm b=1\n", "3:3", "b", "macro `m` has no parameter `b`");
    one(".macro m a:foo\n.endm\n", "1:12", "foo", "`foo` isn't a kind of parameter, expected `req` or `vararg`");
    one(".macro m a:vararg, b\n.endm\n", "1:20", "b", "parameter `b` after a vararg one, which must be the last");
    one(".macro m a,a\n.endm\n", "1:12", "a", "macro `m` has two parameters `a`");
    one(".purgem m\n", "1:9", "m", "macro `m` is not defined");
    one(".exitm\n", "1:1", ".exitm", ".exitm outside of a macro");
    let all = errors("s_nop 0\n.macro inner x\n  s_nop 1\n  frob \\x\n.endm\n.macro outer\n inner 7\n.endm\n outer\n");
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0].to_string(),
        "t.s:4:3: error: `frob` is no instruction of gfx1100\n  frob 7\n  ^~~~\n\
         t.s:7:2: note: while in macro `inner`\n inner 7\n ^\n\
         t.s:9:2: note: while in macro `outer`\n outer\n ^"
    );
    let all = errors(".macro br l\ns_branch \\l\n.endm\nbr nowhere\n");
    assert_eq!((all[0].place.line, all[0].place.column, all[0].backtrace.len()), (2, 10, 1));
}

#[test]
fn kernel_blocks_and_metadata_say_what_is_wrong() {
    let kernel = |lines: &str| format!("k:\n.amdhsa_kernel k\n{lines}.end_amdhsa_kernel\ns_nop 0\n");
    let regs = ".amdhsa_next_free_vgpr 4\n.amdhsa_next_free_sgpr 4\n";
    let one_in = |lines: &str, at: &str, token: &str, message: &str| one(&kernel(lines), at, token, message);
    assert!(run(&kernel(regs), &Options::default()).is_ok());
    one_in(".amdhsa_next_free_vgpr 4\n", "2:1", ".amdhsa_kernel", "kernel `k`: .amdhsa_next_free_sgpr is required");
    one_in(
        &format!("{regs}.amdhsa_foo 1\n"),
        "5:1",
        ".amdhsa_foo",
        "unknown directive .amdhsa_foo in an .amdhsa_kernel block, expected .amdhsa_… or .end_amdhsa_kernel",
    );
    one_in(
        &format!("{regs}frob\n"),
        "5:1",
        "frob",
        "unexpected `frob`, expected an .amdhsa_ directive or .end_amdhsa_kernel",
    );
    one_in(&format!("{regs}.amdhsa_ieee_mode 2\n"), "5:19", "2", ".amdhsa_ieee_mode: value 2 is out of range 0..=1");
    one_in(&format!("{regs}.amdhsa_ieee_mode u\n"), "5:19", "u", "`u` isn't defined");
    one(".amdhsa_kernel k\n", "1:1", ".amdhsa_kernel", "an .amdhsa_kernel block without its .end_amdhsa_kernel");
    one(
        ".amdhsa_next_free_vgpr 4\n",
        "1:1",
        ".amdhsa_next_free_vgpr",
        ".amdhsa_next_free_vgpr outside of an .amdhsa_kernel block",
    );
    one(".end_amdhsa_kernel\n", "1:1", ".end_amdhsa_kernel", ".end_amdhsa_kernel without the directive that it ends");
    one(".amdgpu_metadata\nx: 1\n", "1:1", ".amdgpu_metadata", "no .end_amdgpu_metadata for it");
    let all = errors("s_nop 0\n.amdgpu_metadata\n---\n  amdhsa.version: 7\n...\n.end_amdgpu_metadata\ns_nop 1\nfrob\n");
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0].place.line, 4, "{}", all[0]);
    assert_eq!(all[1].place.line, 8, "{}", all[1]);
}

#[test]
fn several_errors_come_in_one_run_and_stop_at_the_limit() {
    let all = errors("frob\ns_nop 0\n.byte 1 2\nbrof\n");
    assert_eq!(all.iter().map(|d| d.place.line).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(errors(&"frob\n".repeat(1000)).len(), 100);
    let warnings = run(".warning \"w\"\n.print \"p\"\n.weak a\na:\n", &Options::default()).unwrap().warnings;
    assert_eq!(warnings.len(), 2);
    assert_eq!(warnings[0].to_string(), "t.s:1:1: warning: w\n.warning \"w\"\n^~~~~~~~");
}

#[test]
fn endless_sources_end() {
    let says = |source: &str, what: &str| {
        let all = errors(source);
        let last = all.last().unwrap();
        assert!(last.message.contains(what), "{source}: {last}");
    };
    let small = Limits { statements: 100_000, expansion_bytes: 1 << 20, output_bytes: 1 << 20, ..Limits::default() };
    let says_small = |source: &str, what: &str| {
        let options = Options { limits: small, ..Options::default() };
        let all = run(source, &options).expect_err(source);
        assert!(all.last().unwrap().message.contains(what), "{source}: {}", all.last().unwrap());
    };
    says(".macro m\nm\n.endm\nm\n", "nested more than 64 deep");
    says(".macro a\nb\n.endm\n.macro b\na\n.endm\na\n", "nested more than 64 deep");
    says_small(".macro m a\nm x\nm y\n.endm\nm\n", "nested");
    says_small(".rept 0x7fffffffffffffff\n.if 0\n.endif\n.endr\n", "statements after expansion");
    says_small(".rept 0x7fffffffffffffff\n.endr\n.rept 0x7fffffffffffffff\n; x\n.endr\n", "statements after expansion");
    says_small(".rept 0x7fffffffffffffff\n.byte \\+\n.endr\n", "expansions and sources");
    says_small(".rept 1000\n.rept 1000\n.rept 1000\nx=1\n.endr\n.endr\n.endr\n", "statements after expansion");
    says_small(".macro m a\nm \\a\\a\n.endm\nm xxxxxxxxxxxxxxxxxxxxxxxx\n", "expansions and sources");
    for gap in [".zero 0x7fffffffffffffff", ".fill 0x7fffffffffffffff,8,1", ".fill 1<<40", ".org 1<<40", ".space 1<<62"]
    {
        says(&format!("{gap}\n"), "bytes of output");
    }
    says(".byte 1\n.p2align 31\n", "bytes of output");
    says(".bss\n.zero 1<<40\n", "bytes of output");
    says(".lcomm a, 1<<40\n", "bytes of output");
    says(".space x\nx=1<<40\n", "above the limit");
    says(".space u\n.org 1<<40\nu=1\n", "above the limit");
    says(".space u\n.p2align 31\nu=1\n", "bytes of output");
    let mut deep = String::from("x0 = y\n");
    for n in 1..300 {
        deep += &format!("x{n} = x{}+x{}\n", n - 1, n - 1);
    }
    deep += "y = 1\n.long x299\n";
    let all = errors(&deep);
    assert!(
        all.iter().all(|d| d.message.contains("others") || d.message.contains("terms") || d.message.contains("itself"))
    );
    let mut chain = String::from("base: s_nop 0\nx0 = base\n");
    for n in 1..3000 {
        chain += &format!("x{n} = x{}+1\n", n - 1);
    }
    chain += ".long x2999-base\n";
    let unit = run(&chain, &Options::default()).unwrap();
    assert_eq!(unit.text()[4..8], 2999u32.to_le_bytes());
}

#[test]
fn files_come_from_the_loader() {
    let loader = |name: &str| match name {
        "a.inc" => Ok(b"s_nop 1\n.include \"b.inc\"\n".to_vec()),
        "b.inc" => Ok(b"s_nop 2\n".to_vec()),
        "bad.inc" => Ok(b"\n frob\n".to_vec()),
        "self.inc" => Ok(b".include \"self.inc\"\n".to_vec()),
        "bytes" => Ok(vec![0xff, 1, 2, 3, 4]),
        _ => Err("no such file".to_string()),
    };
    let options = Options { loader: Some(&loader), ..Options::default() };
    let unit = run(
        "s_nop 0\n.include \"a.inc\"\ns_nop 3\n.incbin \"bytes\"\n.incbin \"bytes\",1,2\n.incbin \"bytes\",4\n",
        &options,
    );
    let text = unit.unwrap();
    let nops: Vec<u8> = text.text()[..16].chunks(4).map(|w| w[0]).collect();
    assert_eq!(nops, [0, 1, 2, 3]);
    assert_eq!(text.text()[16..], [0xff, 1, 2, 3, 4, 1, 2, 4]);
    let all = run(".include \"bad.inc\"\n", &options).unwrap_err();
    assert_eq!(
        all[0].to_string(),
        "bad.inc:2:2: error: `frob` is no instruction of gfx1100\n frob\n ^~~~\n\
         t.s:1:10: note: while in an included file\n.include \"bad.inc\"\n         ^"
    );
    for (source, what) in [
        (".include \"none\"\n", "no such file"),
        (".include \"bytes\"\n", "isn't UTF-8"),
        (".include \"self.inc\"\n", "nested more than 64 deep"),
    ] {
        let all = run(source, &options).unwrap_err();
        assert!(all[0].message.contains(what), "{}", all[0]);
    }
}

struct Rng(u64);

impl Rng {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below.max(1)
    }
}

/// Mutated sources and random bytes: every run ends with a unit or with errors that point into the source.
#[test]
fn any_text_ends_without_a_panic() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/asm");
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for file in std::fs::read_dir(folder).expect("the folder is checked in").flatten() {
        let text = std::fs::read_to_string(file.path()).expect("a readable file");
        seeds.extend(text.split("//---\n").map(|s| s.as_bytes().to_vec()));
    }
    let words: Vec<Vec<u8>> = seeds
        .iter()
        .flat_map(|s| s.split(|b| b.is_ascii_whitespace() || *b == b','))
        .filter(|w| !w.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    let limits = Limits { output_bytes: 1 << 16, depth: 20, statements: 3000, expansion_bytes: 1 << 17, errors: 20 };
    let options = Options { limits, ..Options::default() };
    const ODD: &[u8] = b"\n \t\"'\\()+-*/%,;:.=@#&|!<>0123456789abfx$_\x00\xc3\xa9";
    let mut rng = Rng(0x9e37_79b9_7f4a_7c15);
    let rounds = 30_000;
    let (mut good, mut bad) = (0, 0);
    for round in 0..rounds {
        let mut text = if round % 16 == 0 {
            (0..rng.next(200)).map(|_| rng.next(256) as u8).collect()
        } else {
            seeds[rng.next(seeds.len())].clone()
        };
        for _ in 0..rng.next(6) {
            let at = rng.next(text.len() + 1);
            match rng.next(6) {
                0 => drop(text.drain(at..(at + rng.next(20)).min(text.len()))),
                1 => text.insert(at, ODD[rng.next(ODD.len())]),
                2 => drop(text.splice(at..at, words[rng.next(words.len())].iter().copied())),
                3 => {
                    let other = &seeds[rng.next(seeds.len())];
                    let from = rng.next(other.len());
                    let to = (from + rng.next(60)).min(other.len());
                    text.splice(at..at, other[from..to].iter().copied());
                }
                4 => text.truncate(at),
                _ => {
                    let end = (at + rng.next(40)).min(text.len());
                    let copy = text[at..end].to_vec();
                    text.splice(at..at, copy);
                }
            }
        }
        let source = String::from_utf8_lossy(&text);
        match run(&source, &options) {
            Ok(_) => good += 1,
            Err(all) => {
                bad += 1;
                assert!(all.iter().any(|d| d.severity == Severity::Error), "no error said:\n{source}");
                for d in all {
                    assert!(!d.to_string().is_empty());
                    assert!(d.place.line >= 1 && d.place.line <= source.lines().count() + 1, "{d}");
                }
            }
        }
    }
    assert!(good > 100 && bad > 100, "{good} good, {bad} bad");
}
