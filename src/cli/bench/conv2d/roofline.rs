//! The roofline of a machine with layers under it (Williams, Waterman, Patterson, CACM 52(4), 2009), and as text.

/// A layer: where it stands.
#[derive(Debug, Clone)]
pub struct Point {
    /// One character for it.
    pub mark: char,
    /// Its name.
    pub name: &'static str,
    /// How often the network runs it.
    pub times: u32,
    /// The algorithm's name.
    pub algorithm: &'static str,
    /// Its work for each byte of memory.
    pub flops_per_byte: f64,
    /// Its rate.
    pub gflops: f64,
}

/// A machine's roof, and points.
#[derive(Debug, Clone)]
pub struct Roofline {
    /// The machine's name.
    pub machine: String,
    /// The height of the roof.
    pub peak_gflops: f64,
    /// Its slope.
    pub read_gb_per_s: f64,
    /// What stands under it.
    pub points: Vec<Point>,
}

/// Powers of two from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Octaves {
    first: i32,
    last: i32,
}

impl Octaves {
    /// All values lie within; at most 24 octaves, the upper ones.
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let logs = values.map(f64::log2).filter(|log| log.is_finite());
        let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), log| (log.min(low), log.max(high)));
        if low > high {
            return Self { first: 0, last: 1 };
        }
        let last = high.ceil().clamp(-60.0, 60.0) as i32;
        Self { first: (low.floor().max(-80.0) as i32).max(last - 24).min(last - 1), last }
    }

    /// How many.
    pub fn count(self) -> usize {
        self.last.abs_diff(self.first) as usize
    }

    /// The part of the axis that lies below a value; below 0 or beyond 1 outside.
    pub fn part(self, value: f64) -> f64 {
        (value.log2() - f64::from(self.first)) / self.count() as f64
    }

    /// The value above that part of the axis.
    pub fn value(self, part: f64) -> f64 {
        (f64::from(self.first) + part * self.count() as f64).exp2()
    }

    /// The powers of two with their names.
    pub fn ticks(self) -> impl Iterator<Item = (f64, String)> {
        (self.first..=self.last).map(|log| (f64::from(log).exp2(), name_of_power(log)))
    }
}

/// `64`, `2048`, `1/8`.
fn name_of_power(log: i32) -> String {
    match u32::try_from(log) {
        Ok(log) => (1u64 << log.min(63)).to_string(),
        Err(_) => format!("1/{}", 1u64 << log.unsigned_abs().min(63)),
    }
}

impl Roofline {
    /// FLOPs a byte from which on the peak is the limit.
    pub fn ridge(&self) -> f64 {
        self.peak_gflops / self.read_gb_per_s
    }

    /// The highest possible rate.
    pub fn roof(&self, flops_per_byte: f64) -> f64 {
        self.peak_gflops.min(flops_per_byte * self.read_gb_per_s)
    }

    /// The axes: FLOPs a byte, and GFLOPS. The ridge is in sight, with some of both roofs.
    pub fn axes(&self) -> (Octaves, Octaves) {
        // Some room above and to the right is for names.
        let x = self.points.iter().flat_map(|p| [p.flops_per_byte, 1.3 * p.flops_per_byte]);
        let x = x.chain([self.ridge() / 2.0, self.ridge() * 4.0]);
        let y = self
            .points
            .iter()
            .flat_map(|p| [p.gflops, 1.3 * p.gflops])
            .chain([self.peak_gflops * 1.2, self.peak_gflops / 6.0]);
        (Octaves::around(x), Octaves::around(y))
    }

    /// As lines of text.
    pub fn text(&self, width: usize) -> Vec<String> {
        const LABEL: usize = 6;
        let (x, y) = self.axes();
        let columns = width.clamp(40, 100) - LABEL - 2;
        let rows_an_octave = (24 / y.count()).clamp(1, 4);
        let rows = y.count() * rows_an_octave + 1;
        let place = |part: f64, cells: usize| {
            let cell = (part * (cells - 1) as f64).round();
            (0.0..cells as f64).contains(&cell).then_some(cell as usize)
        };
        let mut cells = vec![vec![' '; columns]; rows];
        let part = |column: usize| column as f64 / (columns - 1) as f64;
        let roof = (0..columns).map(|column| x.value(part(column))).map(|at| (at, place(y.part(self.roof(at)), rows)));
        for (column, (flops_per_byte, row)) in roof.enumerate() {
            if let Some(row) = row {
                cells[row][column] = if flops_per_byte < self.ridge() { '/' } else { '-' };
            }
        }
        for point in &self.points {
            let place = place(x.part(point.flops_per_byte), columns).zip(place(y.part(point.gflops), rows));
            let Some((column, row)) = place else { continue };
            let cell = &mut cells[row][column];
            *cell = if matches!(*cell, ' ' | '/' | '-') { point.mark } else { '*' };
        }
        let mut lines = vec![format!("{:>LABEL$} |", "GFLOPS")];
        let ticks: Vec<_> = y.ticks().map(|(_, name)| name).collect();
        for (row, cells) in cells.iter().enumerate().rev() {
            let label = if row % rows_an_octave == 0 { ticks[row / rows_an_octave].as_str() } else { "" };
            let line: String = cells.iter().collect();
            lines.push(format!("{label:>LABEL$} |{line}").trim_end().to_owned());
        }
        let mut axis = vec!['-'; columns];
        let mut names = vec![' '; columns + LABEL + 2];
        let mut free = 0;
        for (value, name) in x.ticks() {
            let Some(column) = place(x.part(value), columns) else { continue };
            axis[column] = '+';
            let start = (column + LABEL + 2).saturating_sub(name.len() / 2).min(names.len() - name.len());
            if start >= free {
                names[start..start + name.len()].iter_mut().zip(name.chars()).for_each(|(cell, c)| *cell = c);
                free = start + name.len() + 1;
            }
        }
        lines.push(format!("{:LABEL$} +{}", "", axis.iter().collect::<String>()));
        lines.push(names.iter().collect::<String>().trim_end().to_owned());
        let title = match columns {
            ..64 => "FLOP per byte; *: several layers",
            _ => "FLOP per byte; letters: the layers of the table; *: several",
        };
        lines.push(format!("{:1$}{title}", "", LABEL + 2 + (columns - title.len()) / 2));
        lines
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A machine of 100 GFLOPS and 10 GB/s with a point on each roof and three below.
    pub fn example() -> Roofline {
        let point = |mark, name, flops_per_byte, gflops| Point {
            mark,
            name,
            times: 1,
            algorithm: if mark == 'd' { "winograd4" } else { "gemm" },
            flops_per_byte,
            gflops,
        };
        Roofline {
            machine: "avx512, 1 thread".into(),
            peak_gflops: 100.0,
            read_gb_per_s: 10.0,
            points: vec![
                point('a', "slope", 2.0, 20.0),
                point('b', "ridge & <peak>", 10.0, 100.0),
                point('c', "flat", 100.0, 50.0),
                point('d', "above", 200.0, 180.0),
                point('e', "flat too", 100.0, 50.0),
            ],
        }
    }

    #[test]
    fn axes_hold_every_point_and_the_ridge() {
        let (x, y) = example().axes();
        assert_eq!((x, y), (Octaves { first: 1, last: 9 }, Octaves { first: 4, last: 8 }));
        assert_eq!((x.part(2.0), x.part(512.0), y.part(64.0)), (0.0, 1.0, 0.5));
        assert!((x.value(x.part(10.0)) - 10.0).abs() < 1e-9);
        assert_eq!(y.ticks().map(|(_, name)| name).collect::<Vec<_>>(), ["16", "32", "64", "128", "256"]);
        assert_eq!(name_of_power(-3), "1/8");
        // Nothing, and what is no number, makes an axis all the same; a far outlier doesn't spread it without end.
        assert_eq!(Octaves::around([f64::NAN, 0.0, f64::INFINITY].into_iter()), Octaves { first: 0, last: 1 });
        assert_eq!(Octaves::around([1e-300, 1024.0].into_iter()).count(), 24);
        assert_eq!(Octaves::around([64.0].into_iter()), Octaves { first: 5, last: 6 });
    }

    #[test]
    fn text_keeps_to_its_width_and_shows_every_point() {
        for width in [40, 60, 80, 200] {
            let lines = example().text(width);
            for line in &lines {
                assert!(line.chars().count() <= width.min(100), "{width}: {line}");
            }
            let picture = lines.join("\n");
            for mark in ["a", "b", "d", "*"] {
                assert!(lines[1..lines.len() - 3].iter().any(|l| l.contains(mark)), "{mark} is missing:\n{picture}");
            }
            // What does more work a byte stands further right, what is faster higher.
            let at = |mark| {
                let found = lines[1..].iter().enumerate().find_map(|(row, l)| l[8..].find(mark).map(|c| (row, c)));
                found.unwrap_or_else(|| panic!("{mark} is missing:\n{picture}"))
            };
            let [slope, ridge, above] = ["a", "b", "d"].map(at);
            assert!(slope.1 < ridge.1 && ridge.1 < above.1 && slope.0 > ridge.0 && ridge.0 > above.0, "{picture}");
        }
    }
}
