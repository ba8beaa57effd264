//! Columns, each as wide as its widest cell.

/// Lines of a table under its head.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(rows).collect();
    let width = |at: usize| all.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let mut text = String::new();
    for row in &all {
        let cells = row.iter().enumerate().map(|(at, cell)| {
            let pad = width(at).unwrap_or_default().saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(pad))
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "long".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["name", "b", "c"], &rows), "name  b     c\na     long  x\n");
    }
}
