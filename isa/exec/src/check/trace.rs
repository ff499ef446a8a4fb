//! A text trace: one line an instruction, with the registers that it changed.
use super::checker::scalar_name;
use super::text::wrap;
use super::{Begin, Done, Observer, Space, Step};
use crate::{Access, Memory, Trap};
use std::fmt::Write as _;
use std::io::Write;

/// Which instructions are traced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Only this group of the grid.
    pub workgroup: Option<[u32; 3]>,
    /// Only this wave of each group.
    pub wave: Option<u32>,
    /// Subtracted from the addresses of instructions: where the code's address 0 was loaded.
    pub base: u64,
    /// Only addresses from the first to below the second, `base` subtracted.
    pub pcs: Option<(u64, u64)>,
    /// Most lines; the trace then ends with a line that says so.
    pub max_lines: u64,
    /// Lanes printed of a VGPR whose lanes differ.
    pub lanes: u32,
}

impl Default for Filter {
    /// Everything, a million lines, four lanes.
    fn default() -> Self {
        Filter { workgroup: None, wave: None, base: 0, pcs: None, max_lines: 1_000_000, lanes: 4 }
    }
}

/// Writes a line for every instruction that passes the filter; what does not fit 80 columns goes on in indented ones:
///
/// ```text
/// (0,0,0) w1 0x00001004  v_add_nc_u32_e32 v1, s2, v0    v1={5,6,7,8,..}
/// ```
///
/// Registers that an instruction wrote are printed where they changed: scalar ones in hexadecimal, of VGPRs the value of all
/// active lanes where it is one, else the first lanes. Memory is printed as the range that the lanes touched.
pub struct Tracer {
    filter: Filter,
    out: Box<dyn Write + Send>,
    lines: u64,
    begun: u32,
    error: Option<std::io::Error>,
    scalars: Vec<(u8, u32)>,
    vectors: Vec<(u8, Vec<u32>)>,
    scc: bool,
    exec: u64,
}

impl Tracer {
    /// A trace into `out`.
    pub fn new(filter: Filter, out: Box<dyn Write + Send>) -> Tracer {
        Tracer {
            filter,
            out,
            lines: 0,
            begun: 0,
            error: None,
            scalars: Vec::new(),
            vectors: Vec::new(),
            scc: false,
            exec: 0,
        }
    }

    /// Changes what is traced from now on.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
    }

    /// What is traced.
    pub fn filter(&self) -> Filter {
        self.filter
    }

    /// Lines written.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Flushes the output. The first error of writing is told here; nothing is written after it.
    pub fn finish(&mut self) -> std::io::Result<()> {
        match self.error.take() {
            Some(e) => Err(e),
            None => self.out.flush(),
        }
    }

    fn passes(&self, step: &Step<'_>) -> bool {
        let f = &self.filter;
        self.lines <= f.max_lines
            && self.error.is_none()
            && f.workgroup.is_none_or(|g| g == step.workgroup)
            && f.wave.is_none_or(|w| w == step.wave.id)
            && f.pcs.is_none_or(|(a, b)| (a..b).contains(&step.pc.wrapping_sub(f.base)))
    }

    fn print(&mut self, text: &str) {
        if let Err(e) = self.out.write_all(text.as_bytes()) {
            self.error = Some(e);
        }
    }
}

impl Observer for Tracer {
    fn begin(&mut self, _: &Begin) -> u32 {
        self.begun += 1;
        self.begun - 1
    }

    fn before(&mut self, step: &Step<'_>) {
        self.scalars.clear();
        self.vectors.clear();
        if !self.passes(step) {
            return;
        }
        let w = &step.wave;
        (self.scc, self.exec) = (w.scc, w.exec);
        let written = &step.effects.writes;
        self.scalars.extend((0..128u8).filter(|&k| written.has_scalar(k)).map(|k| (k, w.scalar(k as usize))));
        let lanes = |k: u8| (0..w.lanes as usize).map(|l| w.vgpr(k as usize, l)).collect();
        self.vectors.extend((0..=255u8).filter(|&k| written.has_vgpr(k)).map(|k| (k, lanes(k))));
    }

    fn after(&mut self, step: &Step<'_>, done: &Done<'_>, _: &mut dyn Memory) {
        if !self.passes(step) {
            return;
        }
        self.lines += 1;
        if self.lines > self.filter.max_lines {
            self.print("... the trace ends here: its limit of lines is reached\n");
            return;
        }
        let w = &step.wave;
        let [x, y, z] = step.workgroup;
        let text = isa::disassemble(step.inst, step.wave_size());
        let mut line = format!("({x},{y},{z}) w{} {:#010x}  {text:<34}", w.id, step.pc.wrapping_sub(self.filter.base));
        for &(k, old) in &self.scalars {
            let new = w.scalar(k as usize);
            if new != old {
                let _ = write!(line, " {}=0x{new:x}", scalar_name(k));
            }
        }
        if w.scc != self.scc {
            let _ = write!(line, " scc={}", w.scc as u32);
        }
        for (k, old) in &self.vectors {
            let new: Vec<u32> = (0..w.lanes as usize).map(|l| w.vgpr(*k as usize, l)).collect();
            if new == *old {
                continue;
            }
            // Lane writes go past EXEC.
            let changed = (0..new.len()).filter(|&l| new[l] != old[l]).fold(0u64, |m, l| m | 1 << l);
            let shown = self.exec | changed;
            let mut values = (0..new.len()).filter(|l| shown >> l & 1 != 0).map(|l| new[l]);
            let first = values.next().unwrap_or(0);
            if values.all(|v| v == first) && changed & !self.exec == 0 {
                let _ = write!(line, " v{k}=0x{first:x}");
                continue;
            }
            let _ = write!(line, " v{k}={{");
            let of = |mask: u64| (0..new.len()).filter(move |l| mask >> l & 1 != 0);
            for (n, l) in of(shown).take(self.filter.lanes as usize).enumerate() {
                let _ = write!(line, "{}{l}:0x{:x}", if n == 0 { "" } else { " " }, new[l]);
            }
            line.push_str(if shown.count_ones() > self.filter.lanes { " ..}" } else { "}" });
        }
        let inside = || done.touches.iter().filter(|t| t.inside);
        if let Some(first) = inside().next() {
            let from = inside().map(|t| t.at).min().unwrap_or(0);
            let to = inside().map(|t| t.at.saturating_add(t.len as u64)).max().unwrap_or(0);
            let what = match first.kind {
                Access::Write => "store",
                Access::Atomic => "atomic",
                _ => "load",
            };
            let space = match first.space {
                Space::Lds => " LDS",
                Space::Gds => " GDS",
                Space::Scratch => " scratch",
                Space::Global => "",
            };
            let _ = write!(line, " {what}{space} [0x{from:x},0x{to:x})");
        }
        if done.next != step.pc + 4 * step.inst.len_dw as u64 {
            let _ = write!(line, " -> {:#x}", done.next.wrapping_sub(self.filter.base));
        }
        if done.trapped {
            line.push_str(" TRAP");
        }
        let kept = line.trim_end().len();
        line.truncate(kept);
        let mut line = wrap(&line, 24);
        line.push('\n');
        self.print(&line);
    }

    fn end(&mut self, _: u32, trap: Option<&Trap>) {
        if let (Some(t), true) = (trap, self.lines <= self.filter.max_lines && self.error.is_none()) {
            let text = wrap(&format!("trap: {t}"), 2) + "\n";
            self.print(&text);
        }
    }
}
