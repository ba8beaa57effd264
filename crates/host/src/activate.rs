//! Activation: what a chain checks before it runs a program, and the figures it stores with it.

mod census;
mod validate;

use crate::code::WASM_LIMIT;
use crate::error::DeployError;

/// The rule that a refused program breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No function exported as `user_entrypoint`.
    MissingEntrypoint,
    /// The entry point is not of type (i32) -> i32.
    EntrypointSignature,
    /// No memory exported as `memory`.
    MissingMemoryExport,
    /// There is a start function.
    StartFunction,
    /// More than 128 initial pages.
    PageLimit,
    /// Memory that can grow without the import that pays for it.
    MissingPayForMemoryGrow,
    /// An import that is no host function.
    UnknownImport,
    /// An import that is not a function.
    ImportKind,
    /// A host function imported with another type.
    ImportSignature,
    /// An export whose name begins with `stylus`.
    ReservedSymbol,
    /// Floating-point arithmetic, comparison or conversion.
    FloatOperation,
    /// Vector instructions.
    Simd,
    /// Atomic instructions or shared memory.
    Threads,
    /// Tail calls.
    TailCall,
    /// Exceptions.
    Exceptions,
    /// 64-bit memory.
    Memory64,
    /// More than one memory.
    MultiMemory,
    /// Arithmetic in a constant expression.
    ExtendedConst,
    /// Functions or blocks with several results, blocks with parameters.
    MultiValue,
    /// References, several tables, or a table index of more than one byte in `call_indirect`.
    ReferenceTypes,
    /// Any other feature that is off.
    Feature,
    /// `table.copy` or `table.init`.
    BulkTable,
    /// `memory.init`, `data.drop` or a data count section.
    PassiveData,
    /// More than 4,096 functions.
    FunctionLimit,
    /// More than 348 locals in a function.
    LocalsLimit,
    /// More than 513 imports.
    ImportLimit,
    /// More than 32,768 globals.
    GlobalLimit,
    /// More than 128 data segments.
    DataSegmentLimit,
    /// More than 128 element segments.
    ElementSegmentLimit,
    /// More than 4,096 encoded bytes of element segments.
    ElementByteLimit,
    /// A table of more than 4,096 entries.
    TableLimit,
    /// A body of more than 65,536 instructions after instrumentation.
    BodyOperatorLimit,
    /// More than 4,096 values on the operand stack of a function.
    ValueContention,
    /// A decompressed program of more than 262,144 bytes.
    Size,
    /// A cost of starting it that does not fit 16 bits.
    InitCost,
    /// Not a WebAssembly module.
    Malformed,
    /// It does not validate.
    Invalid,
}

/// What is stored with an activated program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// Gas of the activation that depends on the program.
    pub activation_gas: u64,
    /// Estimated native size, the basis of the data fee [bytes].
    pub asm_estimate: u64,
    /// Initial memory.
    pub footprint_pages: u16,
    /// Gas of starting the program uncached, beyond the minimum.
    pub init_cost: u64,
    /// Gas of starting it cached, beyond the minimum.
    pub cached_init_cost: u64,
    /// Bytes of data segments.
    pub data_bytes: u64,
}

impl Activation {
    /// Gas charged before a call, memory not counted: of a program in the cache, and of one that is not.
    #[must_use]
    pub fn overhead(&self, cached: bool) -> u64 {
        let start = crate::price::MIN_CACHED_INIT + self.cached_init_cost;
        if cached { start } else { start + crate::price::MIN_INIT + self.init_cost }
    }
}

fn reject<T>(rule: Rule, detail: impl Into<String>) -> Result<T, DeployError> {
    Err(DeployError::Rejected { rule, detail: detail.into() })
}

fn limit(rule: Rule, found: u64, most: u64, what: &str) -> Result<(), DeployError> {
    if found > most { reject(rule, format!("{found} {what}, {most} allowed")) } else { Ok(()) }
}

/// Checks a program and works out its figures.
pub(crate) fn activate(wasm: &[u8]) -> Result<Activation, DeployError> {
    if wasm.len() > WASM_LIMIT {
        return reject(Rule::Size, format!("more than {WASM_LIMIT} bytes decompressed"));
    }
    validate::validate(wasm)?;
    census::Census::read(wasm)?.activation(wasm.len() as u64)
}
