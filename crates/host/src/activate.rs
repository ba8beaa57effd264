//! Activation: what a chain checks before it runs a program, and the figures it stores with it.

use wasmparser::{Operator, Parser, Payload, ValType, Validator, WasmFeatures};

use crate::code::WASM_LIMIT;
use crate::error::DeployError;
use crate::hostio;

/// The rule that a refused program breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No function exported as `user_entrypoint`, or one of another type than (i32) -> i32.
    Entrypoint,
    /// No memory exported as `memory`.
    MemoryExport,
    /// There is a start function.
    StartFunction,
    /// More than 128 initial pages.
    PageLimit,
    /// Memory that can grow without the import that pays for it.
    MissingPayForMemoryGrow,
    /// An import that is no host function, or has another type.
    Import,
    /// An export whose name begins with `stylus`.
    ReservedSymbol,
    /// Floating-point arithmetic.
    FloatOperation,
    /// An instruction or section of a feature that is off.
    Feature,
    /// Too many functions, locals, imports, segments, table or element entries.
    Count,
    /// A body of more than 65,536 instructions after instrumentation.
    BodyLength,
    /// More than 4,096 values on the operand stack.
    ValueContention,
    /// A decompressed program of more than 262,144 bytes.
    Size,
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

/// Counted while the module is read.
#[derive(Default)]
struct Census {
    types: Vec<(u64, bool)>,
    functions: Vec<u32>,
    imports: u32,
    pays_for_growth: bool,
    globals: u64,
    data_payload: u64,
    data_encoded: u64,
    element_encoded: u64,
    operators: u64,
    pages: u64,
    grows: bool,
    memory_exported: bool,
    entrypoint: Option<u32>,
}

fn reject<T>(rule: Rule, detail: impl Into<String>) -> Result<T, DeployError> {
    Err(DeployError::Rejected { rule, detail: detail.into() })
}

fn limit(found: u64, most: u64, what: &str) -> Result<(), DeployError> {
    if found > most { reject(Rule::Count, format!("{found} {what}, {most} allowed")) } else { Ok(()) }
}

fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
}

/// Checks a program and works out its figures.
pub(crate) fn activate(wasm: &[u8]) -> Result<Activation, DeployError> {
    if wasm.len() > WASM_LIMIT {
        return reject(Rule::Size, format!("more than {WASM_LIMIT} bytes decompressed"));
    }
    Validator::new_with_features(features())
        .validate_all(wasm)
        .or_else(|error| reject(Rule::Invalid, error.to_string()))?;
    let mut census = Census::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| DeployError::Malformed(error.to_string()))?;
        census.read(payload).map_err(|error| match error {
            Fault::Rule(error) => error,
            Fault::Wasm(error) => DeployError::Malformed(error.to_string()),
        })?;
    }
    census.finish(wasm.len() as u64)
}

enum Fault {
    Rule(DeployError),
    Wasm(wasmparser::BinaryReaderError),
}

impl From<DeployError> for Fault {
    fn from(error: DeployError) -> Self {
        Self::Rule(error)
    }
}

impl From<wasmparser::BinaryReaderError> for Fault {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Wasm(error)
    }
}

impl Census {
    fn read(&mut self, payload: Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    let entry = ty.params() == [ValType::I32] && ty.results() == [ValType::I32];
                    self.types.push(((ty.params().len() + ty.results().len()) as u64, entry));
                }
            }
            Payload::ImportSection(imports) => self.imports(imports)?,
            Payload::FunctionSection(functions) => {
                for index in functions {
                    self.functions.push(index?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    limit(table?.ty.initial, 4_096, "table entries")?;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let memory = memory?;
                    self.pages = memory.initial;
                    self.grows = memory.maximum != Some(memory.initial);
                }
            }
            Payload::GlobalSection(globals) => self.globals = globals.count().into(),
            Payload::ExportSection(exports) => self.exports(exports)?,
            Payload::StartSection { .. } => reject(Rule::StartFunction, "start function")?,
            Payload::ElementSection(elements) => {
                limit(elements.count().into(), 128, "element segments")?;
                self.element_encoded = section_less_count(elements.range(), elements.count());
                limit(self.element_encoded, 4_096, "element bytes")?;
            }
            Payload::DataCountSection { .. } => reject(Rule::Feature, "data count section")?,
            Payload::DataSection(data) => {
                limit(data.count().into(), 128, "data segments")?;
                self.data_encoded = section_less_count(data.range(), data.count());
                for segment in data {
                    self.data_payload += segment?.data.len() as u64;
                }
            }
            Payload::CodeSectionEntry(body) => self.body(&body)?,
            _ => {}
        }
        Ok(())
    }

    fn imports(&mut self, imports: wasmparser::ImportSectionReader<'_>) -> Result<(), Fault> {
        for import in imports.into_imports() {
            let import = import?;
            self.imports += 1;
            let known = import.module == "vm_hooks" && hostio::NAMES.contains(&import.name);
            if !known || !matches!(import.ty, wasmparser::TypeRef::Func(_)) {
                reject(Rule::Import, format!("{}.{}", import.module, import.name))?;
            }
            self.pays_for_growth |= import.name == "pay_for_memory_grow";
        }
        limit(self.imports.into(), 513, "imports")?;
        Ok(())
    }

    fn exports(&mut self, exports: wasmparser::ExportSectionReader<'_>) -> Result<(), Fault> {
        for export in exports {
            let export = export?;
            match (export.name, export.kind) {
                ("user_entrypoint", wasmparser::ExternalKind::Func) => self.entrypoint = Some(export.index),
                ("memory", wasmparser::ExternalKind::Memory) => self.memory_exported = true,
                (name, _) if name.starts_with("stylus") => reject(Rule::ReservedSymbol, name)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts a body as it is after instrumentation: its own operators, 12 for each metered block, 13 for the frame and 4 for each way out.
    fn body(&mut self, body: &wasmparser::FunctionBody<'_>) -> Result<(), Fault> {
        let mut locals = 0_u64;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        limit(locals, 348, "locals")?;
        let (mut operators, mut blocks, mut returns, mut extra) = (0_u64, 0_u64, 0_u64, 0_u64);
        for op in body.get_operators_reader()? {
            let op = op?;
            if crate::price::instruction(&op).is_none() {
                let name = format!("{op:?}");
                let float = name.contains("F32") || name.contains("F64");
                reject(if float { Rule::FloatOperation } else { Rule::Feature }, name)?;
            }
            operators += 1;
            blocks += u64::from(crate::meter::ends_block(&op));
            returns += u64::from(matches!(op, Operator::Return));
            extra += match op {
                Operator::MemoryGrow { .. } => 4,
                Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => 17,
                _ => 0,
            };
        }
        let total = operators + 12 * blocks + 13 + 4 * (returns + 1) + extra;
        if total > 65_536 {
            reject(Rule::BodyLength, format!("{total} instrumented operators"))?;
        }
        self.operators += total;
        Ok(())
    }

    fn finish(&self, length: u64) -> Result<Activation, DeployError> {
        let functions = self.functions.len() as u64;
        limit(functions, 4_096, "functions")?;
        if !self.memory_exported {
            return reject(Rule::MemoryExport, "no memory exported as `memory`");
        }
        if self.pages > 128 {
            return reject(Rule::PageLimit, format!("{} initial pages", self.pages));
        }
        if self.grows && !self.pays_for_growth {
            return reject(Rule::MissingPayForMemoryGrow, "missing import pay_for_memory_grow");
        }
        let entry = self.entrypoint.and_then(|index| index.checked_sub(self.imports));
        let entry = entry
            .and_then(|index| self.functions.get(index as usize))
            .and_then(|ty| self.types.get(*ty as usize));
        if !entry.is_some_and(|(_, right)| *right) {
            return reject(Rule::Entrypoint, "user_entrypoint: (i32) -> i32 is not exported");
        }
        let arity: u64 = self
            .functions
            .iter()
            .filter_map(|ty| self.types.get(*ty as usize))
            .fold(0, |sum, (width, _)| sum + width);
        let us = |micros: f64| 28 * micros.floor() as u64;
        let part = |rate: f64, count: u64| (rate * count as f64).floor() as u64;
        Ok(Activation {
            activation_gas: us(0.31733 * length as f64)
                + us(0.17263 * functions as f64)
                + us(0.17376 * self.data_payload as f64)
                + us(0.17376 * self.element_encoded as f64)
                + us(2217.0 * self.pages as f64)
                + us(0.535 * self.operators as f64),
            asm_estimate: 512_000 + part(996.829, functions) + part(11.416, arity) + part(6.2628, length),
            footprint_pages: self.pages as u16,
            init_cost: part(8.252, functions) + part(1.059, arity) + part(0.1286, length),
            cached_init_cost: part(0.1342, functions)
                + part(0.00089, arity)
                + part(0.00122, length)
                + part(1.628, self.globals + 4)
                + part(0.75244, self.data_encoded + self.element_encoded)
                + 5 * self.pages,
            data_bytes: self.data_payload,
        })
    }
}

/// Bytes of a section's payload less its leading count.
fn section_less_count(range: core::ops::Range<u64>, count: u32) -> u64 {
    let width = u64::from(32 - (count | 1).leading_zeros()).div_ceil(7);
    (range.end - range.start).saturating_sub(width)
}
