//! Decoded and translated code, kept from one dispatch to the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use isa::WaveSize;
use isa_exec::{Engine, Program};

use super::memory::VmMemory;
use super::vm::{Space, Vm};

/// Entry points that are kept; beyond, all go.
const KEPT_MAX: usize = 256;

/// What a program was decoded from: the address space, the entry point, the wave size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    vm: usize,
    entry: u64,
    wave_size: WaveSize,
}

struct Kept {
    vm: Weak<Space>,
    /// The address space's state when its mappings were looked at last.
    generation: u64,
    /// One for each thread that ran it at the same time.
    programs: Vec<Program>,
}

/// The programs that nobody runs at the moment.
#[derive(Default)]
pub struct Programs {
    kept: Mutex<HashMap<Key, Kept>>,
    engine: Engine,
}

impl Programs {
    /// None yet; those to come run on `engine`.
    pub fn new(engine: Engine) -> Self {
        Self { kept: Mutex::default(), engine }
    }

    /// The code at an entry point: what an earlier dispatch decoded, as far as memory still holds the same bytes.
    pub fn take(&self, vm: &Arc<Vm>, memory: &mut VmMemory<'_>, entry: u64, wave_size: WaveSize) -> Program {
        let key = Key { vm: Arc::as_ptr(vm.space()) as usize, entry, wave_size };
        let kept = {
            let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            // Another address space may have been made where a former one was.
            all.get_mut(&key).filter(|k| k.vm.as_ptr() == Arc::as_ptr(vm.space())).and_then(|k| k.programs.pop())
        };
        match kept {
            Some(mut program) => {
                program.revalidate(memory);
                program
            }
            None => {
                let mut program = Program::new(entry, wave_size);
                program.set_engine(self.engine);
                program
            }
        }
    }

    /// Keeps a program for the next dispatch, and forgets those whose code is no longer mapped.
    pub fn give(&self, vm: &Arc<Vm>, program: Program) {
        let key = Key { vm: Arc::as_ptr(vm.space()) as usize, entry: program.entry(), wave_size: program.wave_size() };
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|key, kept| {
            let Some(vm) = kept.vm.upgrade() else { return false };
            let generation = vm.generation();
            let same = std::mem::replace(&mut kept.generation, generation) == generation;
            same || vm.is_mapped(key.entry)
        });
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        let fresh = || Kept { vm: Arc::downgrade(vm.space()), generation: vm.generation(), programs: Vec::new() };
        all.entry(key).or_insert_with(fresh).programs.push(program);
    }

    /// How many programs are kept.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).values().map(|k| k.programs.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soft::arena::{Arena, Heap, PAGE};
    use crate::soft::vm::{Permissions, VA_START};

    #[test]
    fn programs_go_with_their_mapping_and_their_address_space() {
        let arena = Arena::new(1 << 20, 1 << 20).unwrap();
        let programs = Programs::default();
        let vm = Arc::new(Vm::default());
        let code = arena.allocate(Heap::Vram, PAGE, PAGE).unwrap();
        let other = VA_START + PAGE;
        for va in [VA_START, other] {
            vm.map(va, PAGE, &code, 0, Permissions::all(), 1).unwrap();
        }
        let mut memory = VmMemory::new(&vm);
        for va in [VA_START, other] {
            let program = programs.take(&vm, &mut memory, va, WaveSize::W32);
            programs.give(&vm, program);
        }
        assert_eq!(programs.len(), 2);
        // The same entry point with other waves is another program.
        let wide = programs.take(&vm, &mut memory, VA_START, WaveSize::W64);
        assert_eq!((programs.len(), wide.wave_size()), (2, WaveSize::W64));
        vm.unmap(other, 1).unwrap();
        programs.give(&vm, wide);
        assert_eq!(programs.len(), 2, "the one at {other:#x} went with its mapping");
        let narrow = programs.take(&vm, &mut memory, VA_START, WaveSize::W32);
        assert_eq!(programs.len(), 1);

        let second = Arc::new(Vm::default());
        drop(memory);
        drop(vm);
        programs.give(&second, narrow);
        assert_eq!(programs.len(), 1, "those of the first address space went with it");
    }
}
