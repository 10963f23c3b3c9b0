//! Instrument lists that are not what they were: of another day, or with other columns.

use super::menu::Fault;

/// What is wrong with an instrument list's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingFault {
    Reordered,
    Renamed { column: String, to: String },
}

impl ListingFault {
    /// Of the faults that concern the text; a stale list is another list.
    pub fn of(fault: &Fault) -> Option<Self> {
        match fault {
            Fault::InstrumentsReordered => Some(Self::Reordered),
            Fault::InstrumentsRenamed { column, to } => Some(Self::Renamed { column: column.clone(), to: to.clone() }),
            _ => None,
        }
    }
}

/// The list with its columns reversed, or one of them renamed.
pub fn doctored(text: &str, fault: &ListingFault) -> String {
    match fault {
        ListingFault::Renamed { column, to } => {
            let (header, rest) = text.split_once('\n').unwrap_or((text, ""));
            let names = header.split(',').map(|name| if name == column { to.as_str() } else { name });
            format!("{}\n{rest}", names.collect::<Vec<_>>().join(","))
        }
        ListingFault::Reordered => {
            let mut out = String::with_capacity(text.len());
            for line in text.lines() {
                let mut cells = cells(line);
                cells.reverse();
                out.push_str(&cells.join(","));
                out.push('\n');
            }
            out
        }
    }
}

/// The cells of a line as they are written; a comma in quotes is none.
fn cells(line: &str) -> Vec<&str> {
    let mut quoted = false;
    let is_border = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    line.split(is_border).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "A,B,C\n1,\"x, y\",3\n";

    #[test]
    fn columns_are_reversed_or_renamed_and_nothing_else_changes() {
        assert_eq!(doctored(TEXT, &ListingFault::Reordered), "C,B,A\n3,\"x, y\",1\n");
        let renamed = ListingFault::Renamed { column: "B".into(), to: "BEE".into() };
        assert_eq!(doctored(TEXT, &renamed), "A,BEE,C\n1,\"x, y\",3\n");
    }
}
