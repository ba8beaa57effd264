//! The engine that runs metered modules, behind the few calls that the host needs of it.

use wasmi::{Caller, CompilationMode, Config, Error, Global, Linker, Memory, Module, Store, Val};

use crate::error::DeployError;
use crate::frame::{Frame, Stop};
use crate::hostio::{self, Hostio, Vm, hostios};
use crate::meter;
use crate::price::STACK_WORDS;

/// A compiled module.
pub(crate) struct Compiled(Module);

/// How a run ended.
pub(crate) struct Exit {
    /// What the entry point returned; none when the program was stopped.
    pub(crate) returned: Option<i32>,
    /// Why a host function stopped it.
    pub(crate) stop: Option<Stop>,
    /// Why metering stopped it: one of the meter's codes.
    pub(crate) metered: i32,
    pub(crate) ink_left: u64,
    pub(crate) stack_words_left: u32,
    pub(crate) memory_pages: u32,
}

/// What the engine keeps beside a running instance.
struct Guest {
    frame: *mut Frame<'static>,
    memory: Option<Memory>,
    ink: Option<Global>,
    stop: Option<Stop>,
}

/// An engine with every host function linked.
pub(crate) struct Engine {
    inner: wasmi::Engine,
    linker: Linker<Guest>,
}

impl Engine {
    pub(crate) fn new() -> Self {
        let mut config = Config::default();
        config.set_max_recursion_depth(10_000);
        config.compilation_mode(CompilationMode::Eager);
        let inner = wasmi::Engine::new(&config);
        let mut linker = Linker::new(&inner);
        link(&mut linker).expect("host functions have names of their own");
        Self { inner, linker }
    }

    /// Compiles a metered module.
    pub(crate) fn compile(&self, metered: &[u8]) -> Result<Compiled, DeployError> {
        let module = Module::new(&self.inner, metered);
        module.map(Compiled).map_err(|error| DeployError::Malformed(error.to_string()))
    }

    /// Runs a module's entry point on a frame with this much ink.
    pub(crate) fn run(&self, module: &Compiled, frame: &mut Frame<'_>, ink: u64) -> Exit {
        const METERED: &str = "every metered module exports its meters and its memory";
        let length = frame.calldata.len() as i32;
        let frame = (&raw mut *frame).cast();
        let mut store = Store::new(&self.inner, Guest { frame, memory: None, ink: None, stop: None });
        let instance = self
            .linker
            .instantiate_and_start(&mut store, &module.0)
            .expect("activation has checked imports and limits");
        let global = |name| instance.get_global(&store, name).expect(METERED);
        let (ink_left, stack, status) = (global(meter::INK), global(meter::STACK), global(meter::STATUS));
        let memory = instance.get_memory(&store, "memory").expect(METERED);
        store.data_mut().memory = Some(memory);
        store.data_mut().ink = Some(ink_left);
        ink_left.set(&mut store, Val::I64(ink as i64)).expect(METERED);
        stack.set(&mut store, Val::I32(STACK_WORDS as i32)).expect(METERED);
        let returned = instance
            .get_typed_func::<i32, i32>(&store, "user_entrypoint")
            .and_then(|entry| entry.call(&mut store, length));
        Exit {
            returned: returned.ok(),
            stop: store.data().stop,
            metered: status.get(&store).i32().unwrap_or_default(),
            ink_left: ink_left.get(&store).i64().unwrap_or_default() as u64,
            stack_words_left: stack.get(&store).i32().unwrap_or_default() as u32,
            memory_pages: memory.size(&store) as u32,
        }
    }
}

/// Runs a host function for the program that called it.
fn enter<T>(
    mut caller: Caller<'_, Guest>,
    hostio: Hostio,
    run: impl FnOnce(&mut Vm<'_, '_>) -> Result<T, Stop>,
) -> Result<T, Error> {
    const STARTED: &str = "set before the program starts";
    let (memory, ink) = (caller.data().memory.expect(STARTED), caller.data().ink.expect(STARTED));
    let before = ink.get(&caller).i64().unwrap_or_default() as u64;
    let (bytes, guest) = memory.data_and_store_mut(&mut caller);
    // SAFETY: `Engine::run` borrows the frame for as long as the instance runs, and nothing else reaches it meanwhile.
    let frame = unsafe { &mut *guest.frame };
    let (result, left) = Vm::enter(frame, bytes, before, hostio, run);
    ink.set(&mut caller, Val::I64(left as i64)).expect("ink is a mutable i64");
    result.map_err(|stop| {
        caller.data_mut().stop = Some(stop);
        Error::new("stopped by the host")
    })
}

macro_rules! linked {
    ($($module:ident::$name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        fn link(linker: &mut Linker<Guest>) -> Result<(), Error> {
            $(linker.func_wrap(
                hostio::MODULE,
                stringify!($name),
                |caller: Caller<'_, Guest>, $($argument: $type),*| {
                    enter(caller, Hostio::$name, |vm| hostio::$module::$name(vm, $($argument),*))
                },
            )?;)*
            Ok(())
        }
    };
}
hostios!(linked);
