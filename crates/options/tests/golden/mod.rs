//! The golden vectors, read as this crate's types.

use options::Slice;
use serde_json::Value;

/// The states of a file.
pub(crate) fn load(name: &str) -> Vec<Value> {
    let path = format!("{}/../../tests/vectors/options/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors.as_array().unwrap().clone()
}

pub(crate) fn integer<T: TryFrom<i64, Error: core::fmt::Debug>>(value: &Value) -> T {
    value.as_i64().unwrap().try_into().unwrap()
}

/// A slice that is valid and survives its packing.
pub(crate) fn slice(fields: &Value) -> Slice {
    let slice = Slice {
        a: integer(&fields["a"]),
        b: integer(&fields["b"]),
        rho: integer(&fields["rho"]),
        m: integer(&fields["m"]),
        s: integer(&fields["s"]),
        forward: integer(&fields["forward"]),
        updated_at: integer(&fields["updated_at"]),
    };
    slice.check().unwrap();
    assert_eq!(Slice::unpack(&slice.pack()), slice);
    slice
}
