//! A program that is wrong, by which `sanitize.sh` sees that a tool works: `canary thread` has two threads write to one place,
//! and without that a vector reaches behind the end of an allocation.

use std::hint::black_box;

fn main() {
    let mut floats = vec![1.0f32; 6];
    if std::env::args().nth(1).as_deref() == Some("thread") {
        let at = floats.as_mut_ptr() as usize;
        // SAFETY: the place exists as long as both threads run. That they race is the point.
        let write = move || unsafe { (at as *mut f32).write_volatile(black_box(2.0)) };
        let other = std::thread::spawn(write);
        write();
        other.join().unwrap();
    } else {
        // SAFETY: none. The last lane is not the program's, which is the point.
        let vector = unsafe { floats.as_ptr().add(3).cast::<[f32; 4]>().read_unaligned() };
        black_box(vector);
    }
}
