//! Programs that this one starts: they see the card, whatever environment they are given.
//!
//! The two variables by which a program is served are put back where an environment lacks them. Between fork (or vfork)
//! and exec only what is safe in a signal handler may be called: so the new environment is made on the stack, or in
//! pages from the kernel where it is long, and libc's functions are looked up when the library is loaded. (After vfork
//! such pages stay with the parent, whose memory the child borrows.)
//!
//! system(3), popen(3) and programs that make the system call themselves are not among the entries here: they pass the
//! process's own environment on.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::AtomicPtr;

use crate::channel::{Server, server};
use crate::{fail, sys};

const PRELOAD: &[u8] = b"LD_PRELOAD=";

/// An array of C strings that a null pointer ends, or null for none.
type Strings = *const *const c_char;

/// Room on the stack for the usual environment, in words.
const NEAR: usize = 512;

unsafe extern "C" {
    static environ: Strings;
}

/// What an environment has of the variables.
#[derive(Debug, Default, PartialEq, Eq)]
struct Survey {
    /// Its variables.
    count: usize,
    /// Its libraries to load: the last such variable, which is the loader's.
    preload: Option<usize>,
    /// Whether our library is among them.
    loaded: bool,
    /// Whether it names our server.
    served: bool,
    /// Whether it names another one, which serves the program then.
    elsewhere: bool,
}

/// The strings of an environment.
unsafe fn strings<'a>(envp: Strings) -> impl Iterator<Item = &'a CStr> {
    let mut at = envp;
    std::iter::from_fn(move || {
        if at.is_null() {
            return None;
        }
        // SAFETY: by the contract of exec, an array of C strings with a null pointer at its end, where this stops.
        unsafe {
            let text = *at;
            if text.is_null() {
                return None;
            }
            at = at.add(1);
            Some(CStr::from_ptr(text))
        }
    })
}

unsafe fn survey(envp: Strings, server: &Server) -> Survey {
    let mut found = Survey::default();
    let ours = server.entry.to_bytes();
    let name = ours.iter().position(|b| *b == b'=').map_or(ours, |at| &ours[..=at]);
    let library = &server.preload.to_bytes()[PRELOAD.len()..];
    // SAFETY: the caller's environment.
    for text in unsafe { strings(envp) } {
        let text = text.to_bytes();
        if let Some(list) = text.strip_prefix(PRELOAD) {
            found.preload = Some(found.count);
            found.loaded = list.split(|b| matches!(b, b':' | b' ')).any(|one| one == library);
        } else if text == ours {
            found.served = true;
        } else if text.len() > name.len() && text.starts_with(name) {
            found.elsewhere = true;
        }
        found.count += 1;
    }
    found
}

/// Writes the environment with both variables, and the string of libraries behind it, into `room`, whose length was
/// computed from the same survey.
unsafe fn fill(envp: Strings, found: &Survey, server: &Server, room: *mut *const c_char) {
    let mut put = room;
    let mut others: Option<&CStr> = None;
    // SAFETY: the caller's environment, of which at most `count` pointers are copied, and three more.
    unsafe {
        let mut add = |text: *const c_char| {
            *put = text;
            put = put.add(1);
        };
        for (index, text) in strings(envp).enumerate() {
            if text.to_bytes().starts_with(PRELOAD) {
                others = others.or((found.preload == Some(index)).then_some(text));
            } else {
                add(text.as_ptr());
            }
        }
        if !found.served {
            add(server.entry.as_ptr());
        }
        let library = server.preload.to_bytes();
        match others.filter(|text| text.to_bytes().len() > PRELOAD.len()) {
            None => add(server.preload.as_ptr()),
            Some(text) if found.loaded => add(text.as_ptr()),
            Some(text) => {
                let list = &text.to_bytes_with_nul()[PRELOAD.len()..];
                let joined = room.add(found.count + 3).cast::<u8>();
                std::ptr::copy_nonoverlapping(library.as_ptr(), joined, library.len());
                *joined.add(library.len()) = b':';
                std::ptr::copy_nonoverlapping(list.as_ptr(), joined.add(library.len() + 1), list.len());
                add(joined.cast::<c_char>());
            }
        }
        add(std::ptr::null());
    }
}

/// Calls `go` with the environment, to which what it lacks of the variables is added; ENOMEM without memory for that.
unsafe fn with_card(envp: Strings, go: impl FnOnce(Strings) -> c_int) -> Result<c_int, c_int> {
    let Some(server) = server() else { return Ok(go(envp)) };
    // SAFETY: the caller's environment, here and below.
    let found = unsafe { survey(envp, server) };
    if found.elsewhere || (found.served && found.loaded) {
        return Ok(go(envp));
    }
    let list = match found.preload {
        // SAFETY: one of the strings just counted.
        Some(at) => unsafe { CStr::from_ptr(*envp.add(at)) }.to_bytes_with_nul().len(),
        None => 0,
    };
    let bytes = (found.count + 3) * size_of::<usize>() + server.preload.to_bytes().len() + 1 + list;
    let mut near = [std::ptr::null::<c_char>(); NEAR];
    if bytes <= size_of_val(&near) {
        // SAFETY: as many bytes as are written.
        unsafe { fill(envp, &found, server, near.as_mut_ptr()) };
        return Ok(go(near.as_ptr()));
    }
    let far = sys::pages(bytes).ok_or(sys::ENOMEM)?;
    // SAFETY: as many bytes as are written; the pages are ours until the next line but one.
    unsafe { fill(envp, &found, server, far.cast()) };
    let status = go(far.cast_const().cast());
    let _keep = sys::KeepErrno::new();
    // SAFETY: our own pages.
    unsafe { sys::munmap(far, bytes) };
    Ok(status)
}

/// libc's functions, each looked up once.
macro_rules! real {
    ($($slot:ident $function:ident $name:literal ($($arg:ident: $type:ty),*);)*) => {
        $(
            static $slot: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
            unsafe fn $function($($arg: $type),*) -> Option<c_int> {
                let found = sys::lookup(&$slot, $name);
                if found.is_null() {
                    return None;
                }
                // SAFETY: libc's function of this name has this type; the arguments are the caller's, by the same contract.
                Some(unsafe {
                    std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($type),*) -> c_int>(found)($($arg),*)
                })
            }
        )*
        /// Looks everything up that an exec needs, before the program's own code runs.
        extern "C" fn prepare() {
            if server().is_some() {
                $(sys::lookup(&$slot, $name);)*
            }
        }
    };
}
real! {
    EXECVE real_execve c"execve" (path: *const c_char, argv: Strings, envp: Strings);
    EXECVPE real_execvpe c"execvpe" (file: *const c_char, argv: Strings, envp: Strings);
    FEXECVE real_fexecve c"fexecve" (fd: c_int, argv: Strings, envp: Strings);
    EXECVEAT real_execveat c"execveat"
        (dir: c_int, path: *const c_char, argv: Strings, envp: Strings, flags: c_int);
    SPAWN real_spawn c"posix_spawn"
        (pid: *mut c_int, path: *const c_char, actions: *const c_void, how: *const c_void, argv: Strings, envp: Strings);
    SPAWNP real_spawnp c"posix_spawnp"
        (pid: *mut c_int, path: *const c_char, actions: *const c_void, how: *const c_void, argv: Strings, envp: Strings);
}

#[used]
#[unsafe(link_section = ".init_array")]
static PREPARE: extern "C" fn() = prepare;

/// What exec returns: it does only where it failed.
fn failed(answer: Result<c_int, c_int>) -> c_int {
    answer.unwrap_or_else(fail)
}

fn or_unsupported(answer: Option<c_int>) -> c_int {
    answer.unwrap_or_else(|| fail(sys::ENOSYS))
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execve(path: *const c_char, argv: Strings, envp: Strings) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { failed(with_card(envp, |envp| or_unsupported(real_execve(path, argv, envp)))) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execvpe(file: *const c_char, argv: Strings, envp: Strings) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { failed(with_card(envp, |envp| or_unsupported(real_execvpe(file, argv, envp)))) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execv(path: *const c_char, argv: Strings) -> c_int {
    // SAFETY: the caller's arguments, and the process's environment.
    unsafe { execve(path, argv, environ) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execvp(file: *const c_char, argv: Strings) -> c_int {
    // SAFETY: the caller's arguments, and the process's environment.
    unsafe { execvpe(file, argv, environ) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fexecve(fd: c_int, argv: Strings, envp: Strings) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { failed(with_card(envp, |envp| or_unsupported(real_fexecve(fd, argv, envp)))) }
}

/// libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execveat(
    dir: c_int,
    path: *const c_char,
    argv: Strings,
    envp: Strings,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { failed(with_card(envp, |envp| or_unsupported(real_execveat(dir, path, argv, envp, flags)))) }
}

macro_rules! spawn_like {
    ($($name:ident $real:ident)*) => {$(
        /// libc's. The answer is an errno.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            pid: *mut c_int,
            path: *const c_char,
            actions: *const c_void,
            how: *const c_void,
            argv: Strings,
            envp: Strings,
        ) -> c_int {
            // SAFETY: the caller's arguments.
            let answer = unsafe {
                with_card(envp, |envp| $real(pid, path, actions, how, argv, envp).unwrap_or(sys::ENOSYS))
            };
            answer.unwrap_or_else(|errno| errno)
        }
    )*};
}
spawn_like!(posix_spawn real_spawn posix_spawnp real_spawnp);

/// The forms with a list of arguments. The list is one array in memory once the registers' part of it lies before the
/// stack's part, and ends with a null pointer as an array does.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod lists {
    use super::*;

    unsafe extern "C" fn list(path: *const c_char, argv: Strings) -> c_int {
        // SAFETY: the caller's arguments.
        unsafe { execv(path, argv) }
    }

    unsafe extern "C" fn list_path(file: *const c_char, argv: Strings) -> c_int {
        // SAFETY: the caller's arguments.
        unsafe { execvp(file, argv) }
    }

    /// Behind the list's end stands the environment.
    unsafe extern "C" fn list_environment(path: *const c_char, argv: Strings) -> c_int {
        // SAFETY: the caller's arguments: a null pointer ends the list, and one more argument follows.
        unsafe {
            let end = strings(argv).count();
            execve(path, argv, (*argv.add(end + 1)).cast())
        }
    }

    macro_rules! lists {
        ($($name:ident $into:ident)*) => {$(
            /// libc's.
            #[cfg(target_arch = "x86_64")]
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name(path: *const c_char, first: *const c_char) -> c_int {
                // Arguments beyond the sixth are above the return address: the other five take its place and what is below.
                std::arch::naked_asm!(
                    "pop rax", "push r9", "push r8", "push rcx", "push rdx", "push rsi",
                    "mov rsi, rsp", "push rax", "call {into}",
                    "pop rcx", "add rsp, 40", "push rcx", "ret",
                    into = sym $into,
                )
            }

            /// libc's.
            #[cfg(target_arch = "aarch64")]
            #[unsafe(no_mangle)]
            #[unsafe(naked)]
            pub unsafe extern "C" fn $name(path: *const c_char, first: *const c_char) -> c_int {
                // Arguments beyond the eighth are at the stack pointer: the other seven take the places below.
                std::arch::naked_asm!(
                    "sub sp, sp, #80", "stp x29, x30, [sp]", "mov x29, sp", "str x1, [sp, #24]",
                    "stp x2, x3, [sp, #32]", "stp x4, x5, [sp, #48]", "stp x6, x7, [sp, #64]",
                    "add x1, sp, #24", "bl {into}",
                    "ldp x29, x30, [sp]", "add sp, sp, #80", "ret",
                    into = sym $into,
                )
            }
        )*};
    }
    lists!(execl list execlp list_path execle list_environment);
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &CStr = c"SPARKLE_PM4_EMULATE=name /t";
    const LIBRARY: &CStr = c"LD_PRELOAD=/t/library.so";

    fn filled(given: &[&CStr]) -> Option<Vec<String>> {
        let server = Server::of_parts(OURS, LIBRARY);
        let mut envp: Vec<*const c_char> = given.iter().map(|text| text.as_ptr()).collect();
        envp.push(std::ptr::null());
        // SAFETY: an array that a null pointer ends; the room is as long as what is written.
        unsafe {
            let found = survey(envp.as_ptr(), &server);
            assert_eq!(found.count, given.len());
            if found.elsewhere || (found.served && found.loaded) {
                return None;
            }
            let mut room = vec![std::ptr::null(); 64];
            fill(envp.as_ptr(), &found, &server, room.as_mut_ptr());
            Some(strings(room.as_ptr()).map(|text| text.to_str().unwrap().to_owned()).collect())
        }
    }

    #[test]
    fn an_environment_gets_what_it_lacks() {
        let (ours, library) = (OURS.to_str().unwrap(), LIBRARY.to_str().unwrap());
        for (given, want) in [
            (&[][..], &[ours, library][..]),
            (&[c"A=1", c"B"], &["A=1", "B", ours, library]),
            (&[OURS, c"A=1"], &[ours, "A=1", library]),
            (&[LIBRARY, c"A=1"], &["A=1", ours, library]),
            (&[c"LD_PRELOAD=", c"A=1"], &["A=1", ours, library]),
            (&[c"LD_PRELOAD=/a.so:/b.so", OURS], &[ours, "LD_PRELOAD=/t/library.so:/a.so:/b.so"]),
            // The loader takes the last of several.
            (&[LIBRARY, c"LD_PRELOAD=/a.so"], &[ours, "LD_PRELOAD=/t/library.so:/a.so"]),
            (&[c"LD_PRELOAD=/a.so /t/library.so", c"A=1"], &["A=1", ours, "LD_PRELOAD=/a.so /t/library.so"]),
            (&[c"LD_PRELOAD=/t/library.so.1", OURS], &[ours, "LD_PRELOAD=/t/library.so:/t/library.so.1"]),
            (
                &[c"LD_PRELOAD_=/x", c"SPARKLE_PM4_EMULATED=1"],
                &["LD_PRELOAD_=/x", "SPARKLE_PM4_EMULATED=1", ours, library],
            ),
        ] {
            assert_eq!(filled(given).unwrap(), want, "{given:?}");
        }
    }

    #[test]
    fn a_complete_environment_and_one_of_another_server_stay() {
        assert_eq!(filled(&[OURS, LIBRARY]), None);
        assert_eq!(filled(&[c"LD_PRELOAD=/a.so:/t/library.so", OURS]), None);
        assert_eq!(filled(&[c"SPARKLE_PM4_EMULATE=other /u"]), None);
    }

    #[test]
    fn without_a_server_an_environment_stays() {
        let envp = [c"A=1".as_ptr(), std::ptr::null()];
        // SAFETY: an array that a null pointer ends.
        let seen = unsafe { with_card(envp.as_ptr(), |got| (got == envp.as_ptr()).into()) };
        assert_eq!(seen, Ok(1));
        assert!(server().is_none(), "the tests themselves run on the machine");
    }
}
