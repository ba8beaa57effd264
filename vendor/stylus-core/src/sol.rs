/// Whether Solidity reserves `name`.
pub fn is_sol_keyword(name: &str) -> bool {
    if let Some(bits) = size_after("uint", name).or_else(|| size_after("int", name)) {
        return bits.is_multiple_of(8);
    }
    if let Some(bits) = size_after("bytes", name) {
        return bits <= 32;
    }

    match name {
        // other types
        "address" | "bytes" | "bool" | "int" | "uint" => true,

        // other words
        "is" | "contract" | "interface" => true,

        // reserved keywords
        "after" | "alias" | "apply" | "auto" | "byte" | "case" | "copyof" | "default"
        | "define" | "final" | "implements" | "in" | "inline" | "let" | "macro" | "match"
        | "mutable" | "null" | "of" | "partial" | "promise" | "reference" | "relocatable"
        | "sealed" | "sizeof" | "static" | "supports" | "switch" | "typedef" | "typeof" | "var" => {
            true
        }
        _ => false,
    }
}

/// The decimal number that follows `prefix`, when `name` is no more than the two.
fn size_after(prefix: &str, name: &str) -> Option<usize> {
    let digits = name.strip_prefix(prefix)?;
    let decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| digits.parse().ok()).flatten()
}
