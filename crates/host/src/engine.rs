//! The engine that runs metered modules, behind the few calls that the host needs of it.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use wasmtime::{
    Caller, Config, Enabled, Engine, Error, Extern, Global, InstancePre, Linker, Memory, Module,
    ModuleExport, PoolingAllocationConfig, Store, Val,
};

use crate::error::DeployError;
use crate::frame::{Frame, Stop};
use crate::hostio::{self, Hostio, Vm, hostios};
use crate::meter;
use crate::price::{Pages, STACK_WORDS};

/// Native stack that a program has for itself [bytes]. Its words bound it to less: 22,000 words of eight bytes, each held twice at most, and
/// a few hundred bytes for each of its frames of six words or more.
pub(crate) const NATIVE_STACK: usize = 2 << 20;

/// Programs that one transaction can have open: the EVM's call depth.
const CALL_DEPTH: u32 = 1_024;
/// Transactions that can run at once; each of their programs has four GiB of addresses, and there are 2^47 bytes of them.
const THREADS: usize = 16;
/// What of a program's memory stays mapped for the next one that runs [bytes].
const RESIDENT: usize = 1 << 20;

/// Memories that programs hand on to each other: to map and unmap one for each call costs more than most calls do.
fn pool() -> PoolingAllocationConfig {
    let threads = available_parallelism().map_or(1, usize::from).min(THREADS) as u32;
    let programs = threads * (CALL_DEPTH + 1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(programs)
        .total_memories(programs)
        .total_tables(programs)
        .max_memory_size(usize::from(Pages::LIMIT) << 16)
        .linear_memory_keep_resident(RESIDENT)
        .table_keep_resident(RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// One engine for the process, with every host function linked.
static ENGINE: LazyLock<(Engine, Linker<Guest>)> = LazyLock::new(|| {
    let mut config = Config::new();
    config.max_wasm_stack(NATIVE_STACK).wasm_backtrace_max_frames(None).allocation_strategy(pool());
    let engine = Engine::new(&config).expect("the configuration is a valid one");
    let mut linker = Linker::new(&engine);
    link(&mut linker).expect("host functions have names of their own");
    (engine, linker)
});

/// A compiled module, linked.
pub(crate) struct Compiled {
    instance: InstancePre<Guest>,
    exports: Exports,
}

/// Where the exports of a metered module are.
struct Exports {
    memory: ModuleExport,
    entrypoint: ModuleExport,
    ink: ModuleExport,
    stack: ModuleExport,
    status: ModuleExport,
}

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
    started: Option<(Memory, Global)>,
    stop: Option<Stop>,
}

impl Compiled {
    /// Compiles a metered module.
    pub(crate) fn new(metered: &[u8]) -> Result<Self, DeployError> {
        let malformed = |error: Error| DeployError::Malformed(error.to_string());
        let (engine, linker) = &*ENGINE;
        let module = Module::new(engine, metered).map_err(malformed)?;
        let export = |name| {
            let missing = || DeployError::Malformed(format!("no export {name}"));
            module.get_export_index(name).ok_or_else(missing)
        };
        let exports = Exports {
            memory: export("memory")?,
            entrypoint: export("user_entrypoint")?,
            ink: export(meter::INK)?,
            stack: export(meter::STACK)?,
            status: export(meter::STATUS)?,
        };
        let instance = linker.instantiate_pre(&module).map_err(malformed)?;
        Ok(Self { instance, exports })
    }

    /// Runs the entry point on a frame with this much ink.
    pub(crate) fn run(&self, frame: &mut Frame<'_>, ink: u64) -> Exit {
        const METERED: &str = "every metered module exports its meters and its memory";
        let (engine, _) = &*ENGINE;
        let length = frame.calldata.len() as i32;
        let frame = (&raw mut *frame).cast();
        let mut store = Store::new(engine, Guest { frame, started: None, stop: None });
        let instance =
            self.instance.instantiate(&mut store).expect("activation has checked imports and limits");
        let mut global =
            |export| instance.get_module_export(&mut store, export).and_then(Extern::into_global);
        let ink_left = global(&self.exports.ink).expect(METERED);
        let stack = global(&self.exports.stack).expect(METERED);
        let status = global(&self.exports.status).expect(METERED);
        let memory = instance.get_module_export(&mut store, &self.exports.memory);
        let memory = memory.and_then(Extern::into_memory).expect(METERED);
        let entrypoint = instance.get_module_export(&mut store, &self.exports.entrypoint);
        let entrypoint = entrypoint.and_then(Extern::into_func).expect(METERED);
        store.data_mut().started = Some((memory, ink_left));
        ink_left.set(&mut store, Val::I64(ink as i64)).expect(METERED);
        stack.set(&mut store, Val::I32(STACK_WORDS as i32)).expect(METERED);
        let returned =
            entrypoint.typed::<i32, i32>(&store).and_then(|entrypoint| entrypoint.call(&mut store, length));
        Exit {
            returned: returned.ok(),
            stop: store.data().stop,
            metered: status.get(&mut store).i32().unwrap_or_default(),
            ink_left: ink_left.get(&mut store).i64().unwrap_or_default() as u64,
            stack_words_left: stack.get(&mut store).i32().unwrap_or_default() as u32,
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
    let (memory, ink) = caller.data().started.expect("set before the program starts");
    let before = ink.get(&mut caller).i64().unwrap_or_default() as u64;
    let (bytes, guest) = memory.data_and_store_mut(&mut caller);
    // SAFETY: `Compiled::run` borrows the frame for as long as the instance runs, and nothing else reaches it meanwhile.
    let frame = unsafe { &mut *guest.frame };
    let (result, left) = Vm::enter(frame, bytes, before, hostio, run);
    ink.set(&mut caller, Val::I64(left as i64)).expect("ink is a mutable i64");
    result.map_err(|stop| {
        caller.data_mut().stop = Some(stop);
        Error::msg("stopped by the host")
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
