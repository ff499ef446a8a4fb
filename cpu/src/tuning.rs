//! What was measured: for shapes on a machine the algorithm that was fastest there.
//!
//! A [`Tuning`] goes before the [cost model](crate::cost) in [`Conv2d::tuned`](crate::Conv2d::tuned). Files are read and written where
//! [`Tuning::load`] and [`Tuning::update`] are called, and nowhere else.
//!
//! # The file
//!
//! ```text
//! sparkle-pm4 tuning 1
//! 0.1.0 ⇥ PROCESSOR ⇥ avx512 ⇥ 1 ⇥ default ⇥ N C H W K R S SH SW PH PW DH DW G ⇥ winograd4 ⇥ 947123
//! ```
//!
//! A line for each choice, its fields separated by tabs: version of this library, processor, instruction set, threads,
//! accuracy, shape, algorithm, nanoseconds of a run. Only lines of the same version and processor count; others are kept as
//! they are. Who writes holds a lock on a file beside it, reads it anew, and puts a complete new file in its place.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Accuracy, Algorithm, Conv2dShape, CpuError, Engine, Isa};

/// The first line, up to the format's number.
const HEAD: &str = "sparkle-pm4 tuning ";
/// The format's number.
const FORMAT: &str = "1";
/// Bytes of a file: some hundred thousand choices.
const MOST_BYTES: u64 = 64 << 20;

/// Measured choices for one processor, and what else was in their file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuning {
    processor: String,
    own: HashMap<Key, Choice>,
    /// Lines of other processors and versions.
    others: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    isa: Isa,
    threads: usize,
    accuracy: Accuracy,
    shape: Conv2dShape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Choice {
    algorithm: Algorithm,
    nanoseconds: u64,
}

impl Key {
    fn new(engine: &Engine, shape: &Conv2dShape, accuracy: Accuracy) -> Self {
        Self { isa: engine.isa(), threads: engine.threads().get(), accuracy, shape: *shape }
    }
}

/// The model of the first processor as Linux tells it in `/proc/cpuinfo`, else the architecture's name.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1));
    one_field(model.unwrap_or(std::env::consts::ARCH))
}

/// A text without tabs and line breaks.
fn one_field(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Tuning {
    /// No choices, for this processor.
    pub fn new(processor: &str) -> Self {
        Self { processor: one_field(processor), ..Self::default() }
    }

    /// The choices of a file's text for this processor.
    ///
    /// # Errors
    ///
    /// [`CpuError::TuningForeign`] where the text doesn't begin as such a file does, [`CpuError::TuningFormat`] for a later
    /// format, and [`CpuError::TuningLine`] for a line that is none.
    pub fn parse(processor: &str, text: &str) -> Result<Self, CpuError> {
        let mut tuning = Self::new(processor);
        let mut lines = text.lines();
        match lines.next().and_then(|line| line.strip_prefix(HEAD)) {
            None => return Err(CpuError::TuningForeign),
            Some(FORMAT) => {}
            Some(found) => return Err(CpuError::TuningFormat { found: found.chars().take(20).collect() }),
        }
        for (line, number) in lines.zip(2..) {
            let wrong = |field| CpuError::TuningLine { line: number, field };
            let fields: Vec<&str> = line.split('\t').collect();
            let [version, processor, isa, threads, accuracy, shape, algorithm, time] = fields[..] else {
                return Err(wrong("the number of fields"));
            };
            // What another version writes, only that version knows.
            if (version, processor) != (env!("CARGO_PKG_VERSION"), tuning.processor.as_str()) {
                tuning.others.insert(line.to_owned());
                continue;
            }
            let numbers: Result<Vec<usize>, _> = shape.split(' ').map(str::parse).collect();
            let Ok([n, c, h, w, k, r, s, sh, sw, ph, pw, dh, dw, groups]) = numbers.as_deref() else {
                return Err(wrong("the shape"));
            };
            let (stride, pad, dilation) = ([*sh, *sw], [*ph, *pw], [*dh, *dw]);
            let shape = Conv2dShape { stride, pad, dilation, ..Conv2dShape::new(*n, *c, *h, *w, *k, *r, *s) };
            let shape = shape.groups(*groups);
            shape.validate().map_err(|_| wrong("the shape"))?;
            let key = Key {
                isa: isa.parse().map_err(|_| wrong("the instruction set"))?,
                threads: threads.parse().map_err(|_| wrong("the number of threads"))?,
                accuracy: accuracy.parse().map_err(|_| wrong("the accuracy"))?,
                shape,
            };
            let algorithm = Algorithm::ALL.into_iter().find(|known| known.name() == algorithm);
            let algorithm = algorithm.ok_or_else(|| wrong("the algorithm"))?;
            let nanoseconds = time.parse().map_err(|_| wrong("the time"))?;
            tuning.own.insert(key, Choice { algorithm, nanoseconds });
        }
        Ok(tuning)
    }

    /// The text of a file with these choices, in a fixed order.
    pub fn text(&self) -> String {
        let line = |(key, choice): (&Key, &Choice)| {
            let s = &key.shape;
            let shape = [s.n, s.c, s.h, s.w, s.k, s.r, s.s].into_iter();
            let shape = shape.chain(s.stride).chain(s.pad).chain(s.dilation).chain([s.groups]);
            let shape = shape.map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
            format!(
                "{}\t{}\t{}\t{}\t{}\t{shape}\t{}\t{}",
                env!("CARGO_PKG_VERSION"),
                self.processor,
                key.isa,
                key.threads,
                key.accuracy.name(),
                choice.algorithm,
                choice.nanoseconds
            )
        };
        let mut lines: Vec<String> = self.own.iter().map(line).chain(self.others.iter().cloned()).collect();
        lines.sort_unstable();
        lines.insert(0, format!("{HEAD}{FORMAT}"));
        lines.join("\n") + "\n"
    }

    /// The choices of a file for [this processor](processor); none where there is no such file.
    ///
    /// # Errors
    ///
    /// [`CpuError::TuningFile`] where it cannot be read, and as [`Tuning::parse`].
    pub fn load(path: &Path) -> Result<Self, CpuError> {
        let failed = |source| CpuError::TuningFile { path: path.to_owned(), source };
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::new(&processor())),
            file => file.map_err(failed)?,
        };
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(CpuError::TuningForeign);
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(CpuError::TuningForeign);
        }
        Self::parse(&processor(), &String::from_utf8(bytes).map_err(|_| CpuError::TuningForeign)?)
    }

    /// Changes the choices of a file: reads it, calls `change`, and puts the result in its place at once, so that nobody
    /// reads a part of it. Others that do so meanwhile wait. Folders are made where they are missing.
    ///
    /// # Errors
    ///
    /// As [`Tuning::load`], and [`CpuError::TuningFile`] where it cannot be written; the file is then what it was.
    pub fn update(path: &Path, change: impl FnOnce(&mut Self)) -> Result<Self, CpuError> {
        let failed = |source| CpuError::TuningFile { path: path.to_owned(), source };
        let beside = |extension: &str| -> PathBuf {
            let mut name = path.as_os_str().to_owned();
            name.push(extension);
            name.into()
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(beside(".lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut tuning = Self::load(path)?;
        change(&mut tuning);
        let new = beside(&format!(".{}", std::process::id()));
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(tuning.text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, path)
        };
        write().map_err(|error| {
            // What is left of the attempt is of no use to anybody.
            _ = fs::remove_file(&new);
            failed(error)
        })?;
        Ok(tuning)
    }

    /// The algorithm that was fastest for a shape, where that is known and `accuracy` allows it.
    pub fn find(&self, engine: &Engine, shape: &Conv2dShape, accuracy: Accuracy) -> Option<Algorithm> {
        let choice = self.own.get(&Key::new(engine, shape, accuracy))?;
        let able = choice.algorithm.check(shape).is_ok() && accuracy.allows(choice.algorithm, shape);
        able.then_some(choice.algorithm)
    }

    /// Adds or replaces a choice: the fastest algorithm, and how long a run took.
    pub fn remember(
        &mut self,
        engine: &Engine,
        shape: &Conv2dShape,
        accuracy: Accuracy,
        algorithm: Algorithm,
        time: Duration,
    ) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.own.insert(Key::new(engine, shape, accuracy), Choice { algorithm, nanoseconds });
    }

    /// Drops a choice; whether there was one.
    pub fn forget(&mut self, engine: &Engine, shape: &Conv2dShape, accuracy: Accuracy) -> bool {
        self.own.remove(&Key::new(engine, shape, accuracy)).is_some()
    }

    /// Choices for the processor.
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use proptest::prelude::*;

    use super::*;
    use crate::Conv2d;

    fn engine() -> Engine {
        Engine::new(NonZeroUsize::new(2), Some(Isa::Portable)).unwrap()
    }

    const CLASSIC: Conv2dShape = Conv2dShape::new(1, 64, 56, 56, 64, 3, 3).pad(1);
    const TIME: Duration = Duration::from_nanos(947_123);

    fn line(processor: &str, algorithm: &str) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("{version}\t{processor}\tportable\t2\tdefault\t1 64 56 56 64 3 3 1 1 1 1 1 1 1\t{algorithm}\t947123\n")
    }

    #[test]
    fn a_choice_goes_before_the_model() {
        let (engine, mut tuning) = (engine(), Tuning::new("P"));
        let tuned = |tuning: &Tuning, accuracy| Conv2d::tuned(&engine, CLASSIC, accuracy, tuning).unwrap().algorithm();
        assert_eq!(tuned(&tuning, Accuracy::Default), Algorithm::Winograd4);
        tuning.remember(&engine, &CLASSIC, Accuracy::Default, Algorithm::Direct, TIME);
        assert_eq!(tuned(&tuning, Accuracy::Default), Algorithm::Direct);
        assert_eq!(tuned(&tuning, Accuracy::Fast), Algorithm::Winograd4, "it is another accuracy's");
        assert_eq!(tuning.text(), "sparkle-pm4 tuning 1\n".to_owned() + &line("P", "direct"));
        // What a file claims cannot make a result less accurate than asked for.
        tuning.remember(&engine, &CLASSIC, Accuracy::Exact, Algorithm::Winograd2, TIME);
        assert_eq!(tuning.find(&engine, &CLASSIC, Accuracy::Exact), None);
        assert!(tuned(&tuning, Accuracy::Exact).is_exact());
        assert!(
            tuning.forget(&engine, &CLASSIC, Accuracy::Exact) && !tuning.forget(&engine, &CLASSIC, Accuracy::Exact)
        );
        assert_eq!(tuning.len(), 1);
    }

    #[test]
    fn lines_of_others_are_kept_and_not_used() {
        let foreign = [line("another", "direct"), line("P", "direct").replacen(env!("CARGO_PKG_VERSION"), "9.0.0", 1)];
        let newer = foreign[1].replace("direct", "an algorithm of later days");
        let text = format!("sparkle-pm4 tuning 1\n{}{}{newer}{}", foreign[0], foreign[1], line("P", "gemm"));
        let tuning = Tuning::parse("P", &text).unwrap();
        assert_eq!(tuning.len(), 1);
        assert_eq!(tuning.find(&engine(), &CLASSIC, Accuracy::Default), Some(Algorithm::Gemm));
        let again = Tuning::parse("P", &tuning.text()).unwrap();
        assert_eq!(again, tuning);
        for kept in [&foreign[0], &foreign[1], &newer] {
            assert!(tuning.text().contains(kept.as_str()));
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused_with_the_reason() {
        let refused = |text: &str| Tuning::parse("P", text).unwrap_err();
        assert_eq!(refused("").code(), "cpu-tuning-foreign");
        assert_eq!(refused("PNG\n").code(), "cpu-tuning-foreign");
        assert_eq!(
            refused("sparkle-pm4 tuning 2\n").to_string(),
            "the format of these choices is 2, and 1 is known here"
        );
        let good = line("P", "gemm");
        let cases = [
            ("gemm", "gem", "the algorithm"),
            ("portable", "sse9", "the instruction set"),
            ("default", "sloppy", "the accuracy"),
            ("1 64 56", "0 64 56", "the shape"),
            ("1 64 56", "64 56", "the shape"),
            ("947123", "-1", "the time"),
            ("\t2\t", "\ttwo\t", "the number of threads"),
            ("\t", " ", "the number of fields"),
        ];
        for (from, to, field) in cases {
            let text = format!("sparkle-pm4 tuning 1\n{good}{}", good.replacen(from, to, 1));
            let error = refused(&text);
            assert!(matches!(&error, CpuError::TuningLine { line: 3, field: found } if *found == field), "{error}");
        }
    }

    #[test]
    fn changes_of_many_threads_are_all_kept() {
        let folder = std::env::temp_dir().join(format!("sparkle-cpu-tuning-{}", std::process::id()));
        let path = folder.join("new/tuning");
        std::thread::scope(|scope| {
            for first in 1..=4 {
                let path = &path;
                scope.spawn(move || {
                    for n in 0..8 {
                        let shape = Conv2dShape { n: first + 4 * n, ..CLASSIC };
                        Tuning::update(path, |tuning| {
                            tuning.remember(&engine(), &shape, Accuracy::Default, Algorithm::Gemm, TIME);
                        })
                        .unwrap();
                    }
                });
            }
        });
        let tuning = Tuning::load(&path).unwrap();
        // A file that isn't understood is left as it is.
        fs::write(&path, "notes\n").unwrap();
        let error = Tuning::update(&path, |_| {}).unwrap_err();
        let left = fs::read_to_string(&path).unwrap();
        let names = fs::read_dir(folder.join("new")).unwrap().count();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((tuning.len(), error.code(), left.as_str(), names), (32, "cpu-tuning-foreign", "notes\n", 2));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused(text: String, fields in prop::collection::vec("[0-9a-z .\t-]{0,30}", 0..9)) {
            _ = Tuning::parse("P", &text);
            let lines = format!("sparkle-pm4 tuning 1\n{}", fields.join("\t"));
            if let Ok(tuning) = Tuning::parse("P", &lines) {
                prop_assert_eq!(Tuning::parse("P", &tuning.text()).unwrap(), tuning);
            }
            // A good line with one of its bytes replaced.
            let good = line("P", "winograd2");
            let at = text.len() % good.len();
            let spoilt = format!("sparkle-pm4 tuning 1\n{}{}{}", &good[..at], fields.concat(), &good[at + 1..]);
            if let Ok(tuning) = Tuning::parse("P", &spoilt) {
                prop_assert_eq!(Tuning::parse("P", &tuning.text()).unwrap(), tuning);
            }
        }

        #[test]
        fn choices_survive_a_file(
            n in 1..9usize, c in 1..900usize, h in 1..99usize, k in 1..900usize, r in 1..4usize, threads in 1..4usize,
            algorithm in prop::sample::select(&Algorithm::ALL), accuracy in prop::sample::select(&Accuracy::ALL),
            processor: String, nanoseconds: u64,
        ) {
            let engine = Engine::new(NonZeroUsize::new(threads), Some(Isa::Portable)).unwrap();
            let shape = Conv2dShape { pad: [r, 0], stride: [2, 3], ..Conv2dShape::new(n, c, h, 5, k, r, 2) };
            prop_assume!(shape.validate().is_ok());
            let mut tuning = Tuning::new(&processor);
            tuning.remember(&engine, &shape, accuracy, algorithm, Duration::from_nanos(nanoseconds));
            prop_assert_eq!(Tuning::parse(&processor, &tuning.text()).unwrap(), tuning);
        }
    }
}
