//! The calls into Windows for which the standard library and our crates have no safe form; each is made safe here.
//!
//! This is the only file of the program that may hold unsafe code. Every call takes plain values or a buffer of ours with
//! its length, keeps no pointer, and reports failure by its return value; a handle that is none makes the call fail.

#![allow(unsafe_code)]

use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::Console::{
    GetConsoleCP, GetConsoleMode, GetConsoleOutputCP, GetConsoleWindow, SetConsoleCP, SetConsoleMode,
    SetConsoleOutputCP,
};
use windows_sys::Win32::System::Power::{ES_CONTINUOUS, ES_SYSTEM_REQUIRED, SetThreadExecutionState};
use windows_sys::Win32::UI::WindowsAndMessaging::{GetClassNameW, IsWindowVisible};

/// One end of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Input,
    Output,
}

fn handle(end: End) -> HANDLE {
    match end {
        End::Input => std::io::stdin().as_raw_handle(),
        End::Output => std::io::stdout().as_raw_handle(),
    }
}

/// The mode bits of standard input or output; `None` where that is no console.
pub fn mode(end: End) -> Option<u32> {
    let mut mode = 0;
    // SAFETY: the handle is the process's own and open as long as the process; `mode` outlives the call.
    let done = unsafe { GetConsoleMode(handle(end), &raw mut mode) };
    (done != 0).then_some(mode)
}

/// Sets the mode bits; false where the console does not know them.
pub fn set_mode(end: End, mode: u32) -> bool {
    // SAFETY: as for `mode`; only values are passed.
    unsafe { SetConsoleMode(handle(end), mode) != 0 }
}

/// The code pages of the console's input and output; 0 where there is no console.
pub fn code_pages() -> (u32, u32) {
    // SAFETY: nothing is passed.
    unsafe { (GetConsoleCP(), GetConsoleOutputCP()) }
}

/// Sets them; false where that is refused.
pub fn set_code_pages((input, output): (u32, u32)) -> bool {
    // SAFETY: only values are passed.
    unsafe { SetConsoleCP(input) != 0 && SetConsoleOutputCP(output) != 0 }
}

/// The class of the console's window: `ConsoleWindowClass` is the old console, `PseudoConsoleWindow` stands for a
/// terminal that draws by itself. `None` without a window.
pub fn window_class() -> Option<String> {
    let mut name = [0_u16; 64];
    let room = i32::try_from(name.len()).unwrap_or(0);
    // SAFETY: a window that is none, or gone, makes the second call fail; it writes at most `room` units into `name`.
    let length = unsafe { GetClassNameW(GetConsoleWindow(), name.as_mut_ptr(), room) };
    let length = usize::try_from(length).ok().filter(|n| *n > 0)?;
    name.get(..length).map(String::from_utf16_lossy)
}

/// Whether the console's window is shown (lying in the task bar, it is).
pub fn window_is_shown() -> bool {
    // SAFETY: a window that is none, or gone, is not shown.
    unsafe { IsWindowVisible(GetConsoleWindow()) != 0 }
}

/// Asks Windows not to fall asleep by itself, or allows it again. Holds for the calling thread, and as long as it lives.
pub fn stay_awake(wanted: bool) -> bool {
    let state = if wanted { ES_CONTINUOUS | ES_SYSTEM_REQUIRED } else { ES_CONTINUOUS };
    // SAFETY: only values are passed; the answer is the state before, 0 on failure.
    unsafe { SetThreadExecutionState(state) != 0 }
}
