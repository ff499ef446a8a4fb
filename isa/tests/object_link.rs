//! Code objects against ld.lld's, byte for byte.
mod object_support;

use isa::object::{HashStyle, LinkOptions, link};
use object_support::{assemble, difference, lld, llvm, read, run, scratch, section, sources};

/// Every set of options, as flags for lld, and whether objcopy removes `.comment` behind it.
fn option_sets() -> Vec<(&'static str, Vec<&'static str>, bool, LinkOptions)> {
    let default = LinkOptions::default();
    let kernels = ["-shared", "--strip-all", "--no-undefined", "--build-id=none", "--hash-style=sysv", "-z", "norelro"];
    vec![
        ("clang's driver", vec!["--no-undefined", "-shared"], false, default.clone()),
        ("kernels", kernels.to_vec(), true, LinkOptions::kernels()),
        ("undefined", vec!["-shared"], false, LinkOptions { allow_undefined: true, ..default.clone() }),
        (
            "gnu, norelro",
            vec!["-shared", "--hash-style=gnu", "-z", "norelro"],
            false,
            LinkOptions { allow_undefined: true, hash_style: HashStyle::Gnu, relro: false, ..default.clone() },
        ),
        (
            "symbols without comment",
            vec!["-shared"],
            true,
            LinkOptions { allow_undefined: true, comment: None, ..default.clone() },
        ),
        (
            "stripped",
            vec!["-shared", "--strip-all", "--no-undefined"],
            false,
            LinkOptions { symbol_table: false, ..default },
        ),
    ]
}

#[test]
fn the_code_object_is_llds() {
    let Some(llvm) = llvm() else { return };
    let dir = scratch("link");
    // The linker's own line of .comment.
    let probe = assemble(&llvm, &dir, "gfx1100", "s_endpgm").unwrap();
    let probe = lld(&llvm, &dir, &probe, &["-shared"]).unwrap();
    let comment = String::from_utf8(section(&probe, ".comment").unwrap().to_vec()).unwrap();
    let mut differ = Vec::new();
    let (mut linked, mut refused) = (0, 0);
    for (name, source) in sources(&llvm, &dir) {
        let object = assemble(&llvm, &dir, "gfx1100", &source).unwrap_or_else(|e| panic!("{name}: {e}"));
        let unit = read(&object);
        for (set, flags, objcopy, mut options) in option_sets() {
            if options.comment.is_some() {
                options.comment = Some(comment.clone());
            }
            let mut theirs = lld(&llvm, &dir, &object, &flags);
            if objcopy && theirs.is_ok() {
                let path = dir.join("out.so");
                let args = ["--remove-section=.comment".into(), path.clone()];
                run(&llvm.join("llvm-objcopy"), &args).unwrap();
                theirs = Ok(std::fs::read(&path).unwrap());
            }
            match (link(&unit, &options), theirs) {
                (Ok(ours), Ok(theirs)) => {
                    linked += 1;
                    if let Some(d) = difference(&ours, &theirs) {
                        differ.push(format!("{name}, {set}: {d}"));
                    }
                }
                (Err(_), Err(_)) => refused += 1,
                (ours, theirs) => {
                    differ.push(format!("{name}, {set}: ours {:?}\ntheirs {:?}", ours.err(), theirs.err()))
                }
            }
        }
    }
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(linked > 60, "only {linked} linked, {refused} refused by both");
    assert!(differ.is_empty(), "{} of {linked}: {}", differ.len(), differ.join("\n"));
}
