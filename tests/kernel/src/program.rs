//! The entry point: what the chain asks of a program, and nothing else.
#![allow(unsafe_code, reason = "the host's functions take addresses")]

/// Most bytes of calldata and of an answer.
const ROOM: usize = 16_384;

#[link(wasm_import_module = "vm_hooks")]
unsafe extern "C" {
    fn read_args(to: *mut u8);
    fn write_result(from: *const u8, length: usize);
    fn pay_for_memory_grow(pages: u16);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

static mut INPUT: [u8; ROOM] = [0; ROOM];
static mut OUTPUT: [u8; ROOM] = [0; ROOM];

/// Answers calldata of `length` bytes; status 1 where it is malformed.
///
/// # Safety
/// Called once by the host, which wrote nothing before.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn user_entrypoint(length: usize) -> usize {
    // SAFETY: one thread, one call; the buffers are this function's alone.
    let (input, output) = unsafe { (&mut *(&raw mut INPUT), &mut *(&raw mut OUTPUT)) };
    let Some(calldata) = input.get_mut(..length) else { return 1 };
    // SAFETY: the buffer has room for the calldata; a length of no pages asks for nothing.
    unsafe {
        pay_for_memory_grow(0);
        read_args(calldata.as_mut_ptr());
    }
    let Some(written) = crate::run(calldata, output) else { return 1 };
    // SAFETY: `written` bytes of the buffer are initialised.
    unsafe { write_result(output.as_ptr(), written) };
    0
}
