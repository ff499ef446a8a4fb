//! A node that spoils work on its way: streams, memory and fences, as a broken card or a wrong stream would have them.
//! Structures are taken apart here by the offsets of the kernel's header (`amdgpu_drm.h`), not by this library's types.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use memmap2::MmapRaw;
use sparkle_pm4::kmd::{Errno, Explanation, Node, Protection, ioctls};
use sparkle_pm4::ladder::Rung;
use sparkle_pm4::soft::SoftNode;

/// Submissions of each rung, from NOP: two kinds of memory, two runs each; s_endpgm looks at the code before.
const SUBMISSIONS: [(Rung, usize); 9] = [
    (Rung::Nop, 4),
    (Rung::WriteData, 4),
    (Rung::ReleaseMem, 4),
    (Rung::DmaData, 4),
    (Rung::Endpgm, 8),
    (Rung::Store, 4),
    (Rung::Lds, 4),
    (Rung::Atomics, 4),
    (Rung::Scratch, 4),
];

/// What becomes of submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submit {
    /// They are executed.
    Run,
    /// Nothing is executed, and fences signal.
    Skip,
    /// The same, and the ring's own write is made up.
    SkipAndWrite,
    /// Nothing is executed, and fences don't signal.
    Stall,
}

type Hook = Box<dyn Fn(&mut Cs<'_>) + Send + Sync>;

/// The node.
pub struct Spoiler {
    inner: Arc<SoftNode>,
    submit: Submit,
    from: usize,
    before: Option<Hook>,
    after: Option<Hook>,
    info: Option<(u32, Vec<u8>)>,
    driver: Option<&'static str>,
    crossed: bool,
    explains: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Address, bytes, handle, offset.
    mappings: Vec<(u64, u64, u32, u64)>,
    submissions: usize,
    waiting: VecDeque<(usize, u64, usize)>,
    made_up: u64,
    /// The last offset that was mapped for writing.
    mapped: Option<u64>,
}

impl fmt::Debug for Spoiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spoiler").finish_non_exhaustive()
    }
}

/// A submission on its way.
pub struct Cs<'a> {
    /// Whose it is.
    pub rung: Rung,
    /// Which of that rung's, from 0.
    pub number: usize,
    /// Its dwords; what they are afterwards is executed.
    pub ib: Vec<u32>,
    node: &'a Spoiler,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Bytes that a request points to.
fn pointed<const N: usize>(address: u64) -> [u8; N] {
    // SAFETY: the library's own request, whose structures live until the call returns.
    unsafe { std::ptr::read_unaligned(std::ptr::with_exposed_provenance::<[u8; N]>(address as usize)) }
}

impl Cs<'_> {
    /// Dwords of GPU memory.
    pub fn read(&self, va: u64, count: usize) -> Vec<u32> {
        let (map, at) = self.node.map(va, 4 * count as u64);
        // SAFETY: inside the mapping, as `map` has looked.
        (0..count).map(|i| unsafe { map.as_mut_ptr().add(at + 4 * i).cast::<u32>().read_volatile() }).collect()
    }

    /// Replaces dwords of GPU memory.
    pub fn write(&self, va: u64, words: &[u32]) {
        let (map, at) = self.node.map(va, 4 * words.len() as u64);
        for (i, word) in words.iter().enumerate() {
            // SAFETY: inside the mapping, as `map` has looked.
            unsafe { map.as_mut_ptr().add(at + 4 * i).cast::<u32>().write_volatile(*word) };
        }
    }

    /// Where packets of an opcode begin.
    pub fn packets(&self, opcode: u32) -> Vec<usize> {
        let (mut at, mut found) = (0, Vec::new());
        while at < self.ib.len() {
            let header = self.ib[at];
            assert_eq!(header >> 30, 3, "dword {at} is no header: {header:#x}");
            if header >> 8 & 0xff == opcode {
                found.push(at);
            }
            let count = header >> 16 & 0x3fff;
            // The NOP of one dword has all bits of the count set.
            at += if count == 0x3fff { 1 } else { count as usize + 2 };
        }
        found
    }

    /// Makes the nth packet of an opcode a NOP of the same length.
    pub fn drop_packet(&mut self, opcode: u32, nth: usize) {
        let at = self.packets(opcode)[nth];
        self.ib[at] = self.ib[at] & !0xff00 | 0x1000;
    }

    /// Where SET_SH_REG gives a register its value, by the register's dword offset; the last one.
    pub fn sh_value(&self, register: u32) -> usize {
        let covers = |&at: &usize| {
            let (first, count) = (self.ib[at + 1] & 0xffff, self.ib[at] >> 16 & 0x3fff);
            (first..first + count).contains(&register).then(|| at + 2 + (register - first) as usize)
        };
        self.packets(0x76).iter().rev().find_map(covers).expect("the register is set")
    }

    /// The first instruction's address.
    pub fn code(&self) -> u64 {
        (u64::from(self.ib[self.sh_value(0x20c)]) | u64::from(self.ib[self.sh_value(0x20d)]) << 32) << 8
    }
}

impl Spoiler {
    /// Spoils nothing yet.
    pub fn new(inner: SoftNode) -> Self {
        Self {
            inner: Arc::new(inner),
            submit: Submit::Run,
            from: 0,
            before: None,
            after: None,
            info: None,
            driver: None,
            crossed: false,
            explains: false,
            state: Mutex::default(),
        }
    }

    /// What becomes of submissions, from that rung on.
    pub fn submit(self, submit: Submit, from: Rung) -> Self {
        let from = SUBMISSIONS.iter().take_while(|(rung, _)| *rung != from).map(|(_, n)| n).sum();
        Self { submit, from, ..self }
    }

    /// Sees each submission of a rung before it is executed.
    pub fn before(self, rung: Rung, hook: impl Fn(&mut Cs<'_>) + Send + Sync + 'static) -> Self {
        let hook = move |cs: &mut Cs<'_>| {
            if cs.rung == rung {
                hook(cs)
            }
        };
        Self { before: Some(Box::new(hook)), ..self }
    }

    /// Sees each submission of a rung when it was waited for; what it does to the stream has no effect.
    pub fn after(self, rung: Rung, hook: impl Fn(&mut Cs<'_>) + Send + Sync + 'static) -> Self {
        let hook = move |cs: &mut Cs<'_>| {
            if cs.rung == rung {
                hook(cs)
            }
        };
        Self { after: Some(Box::new(hook)), ..self }
    }

    /// Answers an INFO query with these bytes.
    pub fn info(self, query: u32, answer: &[u8]) -> Self {
        Self { info: Some((query, answer.to_vec())), ..self }
    }

    /// Says that it is another driver, of six letters.
    pub fn driver(self, name: &'static str) -> Self {
        Self { driver: Some(name), ..self }
    }

    /// Lets through what the software device says of work that it gave up; a card says nothing.
    pub fn explaining(self) -> Self {
        Self { explains: true, ..self }
    }

    /// A mapping for reading is of the buffer that was mapped for writing last.
    pub fn crossed(self) -> Self {
        Self { crossed: true, ..self }
    }

    /// The CPU's view of GPU memory, and where in it the address is.
    fn map(&self, va: u64, bytes: u64) -> (MmapRaw, usize) {
        let state = self.state.lock().unwrap();
        let holds = |m: &&(u64, u64, u32, u64)| va >= m.0 && va + bytes <= m.0 + m.1;
        let &(start, size, handle, offset) =
            state.mappings.iter().rev().find(holds).unwrap_or_else(|| panic!("nothing is mapped at {va:#x}"));
        drop(state);
        let mut arg = [0u8; 8];
        arg[..4].copy_from_slice(&handle.to_ne_bytes());
        // SAFETY: the structure holds no addresses.
        unsafe { self.inner.ioctl(ioctls::GEM_MMAP.code, &mut arg) }.unwrap();
        let map = self.inner.mmap(u64_at(&arg, 0), (offset + size) as usize, Protection::ReadWrite).unwrap();
        (map, (offset + va - start) as usize)
    }

    fn whose(&self, submission: usize) -> (Rung, usize) {
        let mut number = submission;
        for (rung, count) in SUBMISSIONS {
            if number < count {
                return (rung, number);
            }
            number -= count;
        }
        (Rung::Conv2d, number)
    }

    fn cs(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        let (count, list) = (u32_at(arg, 8), u64_at(arg, 16));
        let (mut ib, mut fence) = ((0, 0), (0, 0));
        for i in 0..u64::from(count) {
            let chunk: [u8; 16] = pointed(u64_at(&pointed::<8>(list + 8 * i), 0));
            match u32_at(&chunk, 0) {
                1 => {
                    let data: [u8; 32] = pointed(u64_at(&chunk, 8));
                    ib = (u64_at(&data, 8), u32_at(&data, 16) as usize / 4);
                }
                2 => {
                    let data: [u8; 8] = pointed(u64_at(&chunk, 8));
                    fence = (u32_at(&data, 0), u32_at(&data, 4));
                }
                _ => {}
            }
        }
        let submission = {
            let mut state = self.state.lock().unwrap();
            state.submissions += 1;
            state.submissions - 1
        };
        let (rung, number) = self.whose(submission);
        if let Some(before) = &self.before {
            let mut cs = Cs { rung, number, ib: Vec::new(), node: self };
            cs.ib = cs.read(ib.0, ib.1);
            before(&mut cs);
            assert_eq!(cs.ib.len(), ib.1);
            cs.write(ib.0, &cs.ib);
        }
        if self.submit == Submit::Run || submission < self.from {
            // SAFETY: the caller's promise.
            let answer = unsafe { self.inner.ioctl(request, arg) }?;
            self.state.lock().unwrap().waiting.push_back((submission, ib.0, ib.1));
            return Ok(answer);
        }
        let number = {
            let mut state = self.state.lock().unwrap();
            state.made_up += 1;
            submission as u64 + 1
        };
        if self.submit == Submit::SkipAndWrite {
            let mut mmap = [0u8; 8];
            mmap[..4].copy_from_slice(&fence.0.to_ne_bytes());
            // SAFETY: the structure holds no addresses.
            unsafe { self.inner.ioctl(ioctls::GEM_MMAP.code, &mut mmap) }?;
            let map = self.inner.mmap(u64_at(&mmap, 0), 4096, Protection::ReadWrite).unwrap();
            // SAFETY: a page, and the offset of a quadword in it.
            unsafe { map.as_mut_ptr().add(fence.1 as usize).cast::<u64>().write_volatile(number) };
        }
        arg[..8].copy_from_slice(&number.to_ne_bytes());
        Ok(0)
    }

    fn wait_cs(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        if self.state.lock().unwrap().made_up > 0 {
            arg[..8].copy_from_slice(&u64::from(self.submit == Submit::Stall).to_ne_bytes());
            return Ok(0);
        }
        // SAFETY: the caller's promise.
        let answer = unsafe { self.inner.ioctl(request, arg) }?;
        if u64_at(arg, 0) == 0 {
            let done: Vec<_> = self.state.lock().unwrap().waiting.drain(..).collect();
            for (submission, va, count) in done {
                let (rung, number) = self.whose(submission);
                if let Some(after) = &self.after {
                    let mut cs = Cs { rung, number, ib: Vec::new(), node: self };
                    cs.ib = cs.read(va, count);
                    after(&mut cs);
                }
            }
        }
        Ok(answer)
    }
}

impl Node for Spoiler {
    unsafe fn ioctl(&self, request: u32, arg: &mut [u8]) -> Result<i32, Errno> {
        let number = request as u8;
        if number == ioctls::CS.number() {
            return self.cs(request, arg);
        }
        if number == ioctls::WAIT_CS.number() {
            return self.wait_cs(request, arg);
        }
        if number == ioctls::INFO.number()
            && let Some((query, answer)) = &self.info
            && u32_at(arg, 12) == *query
        {
            let (at, room) = (u64_at(arg, 0), u32_at(arg, 8) as usize);
            let count = room.min(answer.len());
            // SAFETY: the caller's buffer of `return_size` bytes.
            unsafe {
                let to = std::ptr::with_exposed_provenance_mut::<u8>(at as usize);
                std::ptr::copy_nonoverlapping(answer.as_ptr(), to, count);
            }
            return Ok(0);
        }
        let question = arg.to_vec();
        // SAFETY: the caller's promise.
        let answer = unsafe { self.inner.ioctl(request, arg) }?;
        if number == ioctls::GEM_VA.number() {
            let mapping = (u64_at(&question, 16), u64_at(&question, 32), u32_at(&question, 0), u64_at(&question, 24));
            let mut state = self.state.lock().unwrap();
            match u32_at(&question, 8) {
                1 => state.mappings.push(mapping),
                _ => state.mappings.retain(|known| known.0 != mapping.0),
            }
        }
        if number == ioctls::VERSION.number()
            && let Some(name) = self.driver
        {
            // name_len and name: the second of the two calls has room.
            let (len, at) = (u64_at(arg, 16), u64_at(arg, 24));
            assert_eq!(name.len(), 6);
            if at != 0 && len >= 6 {
                // SAFETY: the caller's buffer of `name_len` bytes.
                unsafe {
                    let to = std::ptr::with_exposed_provenance_mut::<u8>(at as usize);
                    std::ptr::copy_nonoverlapping(name.as_ptr(), to, 6);
                }
            }
        }
        Ok(answer)
    }

    fn mmap(&self, offset: u64, len: usize, protection: Protection) -> io::Result<MmapRaw> {
        let last = &mut self.state.lock().unwrap().mapped;
        let offset = match (protection, *last) {
            (Protection::Read, Some(other)) if self.crossed => other,
            _ => offset,
        };
        if protection == Protection::ReadWrite {
            *last = Some(offset);
        }
        self.inner.mmap(offset, len, protection)
    }

    fn explain(&self, context: u32) -> Option<Explanation> {
        if self.explains { self.inner.explain(context) } else { None }
    }

    fn poll(&self, timeout: Duration) -> io::Result<bool> {
        self.inner.poll(timeout)
    }
}
