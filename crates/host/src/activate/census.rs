//! What activation counts in a valid module.

use wasmparser::{
    BinaryReaderError, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef, ValType,
};

use super::{Activation, Rule, limit, reject};
use crate::error::DeployError;
use crate::hostio::{MODULE, SIGNATURES};
use crate::meter::depth::{Arities, Arity};
use crate::price;

const PAGES: u64 = 128;
const FUNCTIONS: u64 = 4_096;
const LOCALS: u64 = 348;
const IMPORTS: u64 = 513;
const GLOBALS: u64 = 32_768;
const SEGMENTS: u64 = 128;
const ELEMENT_BYTES: u64 = 4_096;
const TABLE_ENTRIES: u64 = 4_096;
const OPERATORS: u64 = 65_536;
const VALUES: u64 = 4_096;

/// A function type.
struct Signature {
    params: Box<[ValType]>,
    results: Box<[ValType]>,
}

/// Counted while the module is read.
#[derive(Default)]
pub(super) struct Census {
    types: Vec<Signature>,
    arities: Arities,
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

/// Why the reading ended.
enum Fault {
    Rule(DeployError),
    Wasm(BinaryReaderError),
}

impl From<DeployError> for Fault {
    fn from(error: DeployError) -> Self {
        Self::Rule(error)
    }
}

impl From<BinaryReaderError> for Fault {
    fn from(error: BinaryReaderError) -> Self {
        Self::Wasm(error)
    }
}

impl Census {
    /// Counts, and refuses what is too much or of a kind that programs may not have.
    pub(super) fn read(wasm: &[u8]) -> Result<Self, DeployError> {
        let mut census = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            payload.map_err(Fault::Wasm).and_then(|payload| census.payload(payload)).or_else(|fault| {
                match fault {
                    Fault::Rule(error) => Err(error),
                    Fault::Wasm(error) => reject(Rule::Malformed, error.to_string()),
                }
            })?;
        }
        Ok(census)
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Fault> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    let ty = ty?;
                    let (params, results) = (ty.params().len() as u32, ty.results().len() as u32);
                    self.arities.types.push(Arity { params, results });
                    self.types.push(Signature { params: ty.params().into(), results: ty.results().into() });
                }
            }
            Payload::ImportSection(imports) => self.imports(imports)?,
            Payload::FunctionSection(functions) => {
                self.functions = functions.into_iter().collect::<Result<_, _>>()?;
                self.arities.functions.extend(&self.functions);
                limit(Rule::FunctionLimit, self.functions.len() as u64, FUNCTIONS, "functions")?;
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    limit(Rule::TableLimit, table?.ty.initial, TABLE_ENTRIES, "table entries")?;
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    let memory = memory?;
                    self.pages = memory.initial;
                    self.grows = memory.maximum != Some(memory.initial);
                }
            }
            Payload::GlobalSection(globals) => {
                self.globals = globals.count().into();
                limit(Rule::GlobalLimit, self.globals, GLOBALS, "globals")?;
            }
            Payload::ExportSection(exports) => self.exports(exports)?,
            Payload::StartSection { .. } => reject(Rule::StartFunction, "start function")?,
            Payload::ElementSection(elements) => {
                limit(Rule::ElementSegmentLimit, elements.count().into(), SEGMENTS, "element segments")?;
                self.element_encoded = section_less_count(elements.range(), elements.count());
                limit(Rule::ElementByteLimit, self.element_encoded, ELEMENT_BYTES, "element bytes")?;
            }
            Payload::DataCountSection { .. } => reject(Rule::PassiveData, "data count section")?,
            Payload::DataSection(data) => {
                limit(Rule::DataSegmentLimit, data.count().into(), SEGMENTS, "data segments")?;
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
            limit(Rule::ImportLimit, self.imports.into(), IMPORTS, "imports")?;
            let name = format!("{}.{}", import.module, import.name);
            let TypeRef::Func(ty) = import.ty else { return Ok(reject(Rule::ImportKind, name)?) };
            let hostio = SIGNATURES.iter().find(|host| host.name == import.name);
            let Some(hostio) = hostio.filter(|_| import.module == MODULE) else {
                return Ok(reject(Rule::UnknownImport, name)?);
            };
            self.arities.functions.push(ty);
            let ty = self.types.get(ty as usize);
            if !ty.is_some_and(|ty| *ty.params == *hostio.params && *ty.results == *hostio.results) {
                reject(Rule::ImportSignature, name)?;
            }
            self.pays_for_growth |= import.name == "pay_for_memory_grow";
        }
        Ok(())
    }

    fn exports(&mut self, exports: wasmparser::ExportSectionReader<'_>) -> Result<(), Fault> {
        for export in exports {
            let export = export?;
            match (export.name, export.kind) {
                ("user_entrypoint", ExternalKind::Func) => self.entrypoint = Some(export.index),
                ("memory", ExternalKind::Memory) => self.memory_exported = true,
                (name, _) if name.starts_with("stylus") => reject(Rule::ReservedSymbol, name)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Counts a body as it is after instrumentation: its own operators, 12 for each metered block, 13 for the frame and 4 for each way out.
    fn body(&mut self, body: &FunctionBody<'_>) -> Result<(), Fault> {
        let mut locals = 0_u64;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        limit(Rule::LocalsLimit, locals, LOCALS, "locals")?;
        let body: Vec<Operator<'_>> = body.get_operators_reader()?.into_iter().collect::<Result<_, _>>()?;
        let (mut operators, mut blocks, mut returns, mut extra) = (0_u64, 0_u64, 0_u64, 0_u64);
        for op in &body {
            if price::instruction(op).is_none() {
                reject(unpriced(op), format!("{op:?}"))?;
            }
            operators += 1;
            blocks += u64::from(crate::meter::ends_block(op));
            returns += u64::from(matches!(op, Operator::Return));
            extra += match op {
                Operator::MemoryGrow { .. } => 4,
                Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => 17,
                _ => 0,
            };
        }
        let total = operators + 12 * blocks + 13 + 4 * (returns + 1) + extra;
        limit(Rule::BodyOperatorLimit, total, OPERATORS, "instrumented operators")?;
        let values = self.arities.most_values(&body).into();
        limit(Rule::ValueContention, values, VALUES, "values on the operand stack")?;
        self.operators += total;
        Ok(())
    }

    /// Checks the module as a whole and works out its figures.
    pub(super) fn activation(&self, length: u64) -> Result<Activation, DeployError> {
        self.entrypoint()?;
        if !self.memory_exported {
            return reject(Rule::MissingMemoryExport, "no memory exported as `memory`");
        }
        limit(Rule::PageLimit, self.pages, PAGES, "initial pages")?;
        if self.grows && !self.pays_for_growth {
            return reject(Rule::MissingPayForMemoryGrow, "missing import pay_for_memory_grow");
        }
        let activation = self.figures(length);
        let most = activation.init_cost.max(activation.cached_init_cost);
        limit(Rule::InitCost, most, u16::MAX.into(), "gas to start it")?;
        Ok(activation)
    }

    fn entrypoint(&self) -> Result<(), DeployError> {
        let entry = self.entrypoint.and_then(|index| index.checked_sub(self.imports));
        let Some(entry) = entry.and_then(|index| self.signature(index as usize)) else {
            return reject(Rule::MissingEntrypoint, "no function exported as `user_entrypoint`");
        };
        if *entry.params != [ValType::I32] || *entry.results != [ValType::I32] {
            return reject(Rule::EntrypointSignature, "user_entrypoint is not of type (i32) -> i32");
        }
        Ok(())
    }

    fn signature(&self, function: usize) -> Option<&Signature> {
        self.types.get(*self.functions.get(function)? as usize)
    }

    fn figures(&self, length: u64) -> Activation {
        let functions = self.functions.len() as u64;
        let arity: u64 = (0..self.functions.len())
            .filter_map(|function| self.signature(function))
            .fold(0, |sum, ty| sum + (ty.params.len() + ty.results.len()) as u64);
        let us = |micros: f64| 28 * micros.floor() as u64;
        let part = |rate: f64, count: u64| (rate * count as f64).floor() as u64;
        Activation {
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
        }
    }
}

/// The rule against an operator that has no price.
fn unpriced(op: &Operator<'_>) -> Rule {
    match op {
        Operator::MemoryInit { .. } | Operator::DataDrop { .. } => Rule::PassiveData,
        Operator::TableCopy { .. } | Operator::TableInit { .. } | Operator::ElemDrop { .. } => {
            Rule::BulkTable
        }
        // Every other operator of the features that are on.
        _ => Rule::FloatOperation,
    }
}

/// Bytes of a section's payload less its leading count.
fn section_less_count(range: core::ops::Range<u64>, count: u32) -> u64 {
    let width = u64::from(32 - (count | 1).leading_zeros()).div_ceil(7);
    (range.end - range.start).saturating_sub(width)
}
