//! Other spellings of the underlyings, and the nearest listed name to one that is not.

use crate::domain::{InstrumentIndex, Symbol};

/// What people and other programs call an index, with blanks and signs removed.
const ALIASES: &[(&str, &str)] = &[
    ("NIFTY50", "NIFTY"),
    ("NIFTYINDEX", "NIFTY"),
    ("NSENIFTY", "NIFTY"),
    ("CNXNIFTY", "NIFTY"),
    ("NIFTYBANK", "BANKNIFTY"),
    ("BNF", "BANKNIFTY"),
    ("CNXBANK", "BANKNIFTY"),
    ("NIFTYFINSERVICE", "FINNIFTY"),
    ("NIFTYFIN", "FINNIFTY"),
    ("NIFTYFINANCIALSERVICES", "FINNIFTY"),
    ("MIDCAPNIFTY", "MIDCPNIFTY"),
    ("NIFTYMIDSELECT", "MIDCPNIFTY"),
    ("NIFTYMIDCAPSELECT", "MIDCPNIFTY"),
    ("MIDCPNIFTYSELECT", "MIDCPNIFTY"),
    ("NIFTYNEXT50", "NIFTYNXT50"),
    ("NIFTYJR", "NIFTYNXT50"),
    ("JUNIORNIFTY", "NIFTYNXT50"),
    ("SENSEX30", "SENSEX"),
    ("BSESENSEX", "SENSEX"),
    ("SPBSESENSEX", "SENSEX"),
    ("BSX", "SENSEX"),
    ("BSEBANKEX", "BANKEX"),
    ("BKX", "BANKEX"),
];

/// The exchange's symbol for a text a person might write: `NIFTY 50`, `Bank Nifty`, `nifty`. For readers of files and messages;
/// `None` where it is neither a well-known other name nor, in capitals and without blanks, a symbol.
pub fn canonical_symbol(text: &str) -> Option<Symbol> {
    let plain = without_signs(text);
    if let Some((_, symbol)) = ALIASES.iter().find(|(alias, _)| *alias == plain) {
        return Symbol::new(symbol).ok();
    }
    let capitals: String = text.trim().chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    Symbol::new(&capitals).ok()
}

/// Up to three listed names the text may have meant, the likeliest first: underlyings of derivatives, else anything listed.
pub fn similar_symbols(index: &InstrumentIndex, text: &str) -> Vec<Symbol> {
    let underlyings: Vec<Symbol> = index.underlyings().map(|(_, symbol)| symbol).collect();
    if let Some(meant) = canonical_symbol(text).filter(|s| underlyings.contains(s)) {
        return vec![meant];
    }
    let near = nearest_names(&underlyings, text);
    if near.is_empty() {
        nearest_names(&index.symbols().map(|(_, symbol)| symbol).collect::<Vec<_>>(), text)
    } else {
        near
    }
}

fn nearest_names(listed: &[Symbol], text: &str) -> Vec<Symbol> {
    let wanted = without_signs(text);
    // One slip in a short name, two in a long one; more would suggest names that have nothing to do with it.
    let tolerated = if wanted.len() <= 4 { 1 } else { 2 };
    let mut near = Vec::new();
    for symbol in listed {
        let name = without_signs(symbol.as_str());
        if name.len().abs_diff(wanted.len()) <= tolerated {
            near.push((distance(wanted.as_bytes(), name.as_bytes()), *symbol));
        }
    }
    near.retain(|(slips, _)| *slips <= tolerated);
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, symbol)| symbol).collect()
}

fn without_signs(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(40).map(|c| c.to_ascii_uppercase()).collect()
}

/// How many letters must be added, dropped, replaced or swapped with their neighbour to make `a` of `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let width = b.len() + 1;
    let mut before_last: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, y) in b.iter().enumerate() {
            let replace = last[j] + usize::from(x != y);
            row[j + 1] = replace.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x;
            if swapped {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_an_index_are_known() {
        for (text, symbol) in [
            ("NIFTY 50", "NIFTY"),
            ("Nifty", "NIFTY"),
            ("BANK NIFTY", "BANKNIFTY"),
            ("Nifty Bank", "BANKNIFTY"),
            ("NIFTY FIN SERVICE", "FINNIFTY"),
            ("Nifty Midcap Select", "MIDCPNIFTY"),
            ("NIFTY NEXT 50", "NIFTYNXT50"),
            ("S&P BSE SENSEX", "SENSEX"),
            ("m&m", "M&M"),
            (" reliance ", "RELIANCE"),
        ] {
            assert_eq!(canonical_symbol(text).map(|s| s.to_string()).as_deref(), Some(symbol));
        }
        assert_eq!(canonical_symbol("…"), None);
    }

    #[test]
    fn the_distance_counts_slips() {
        assert_eq!(distance(b"NIFTY", b"NIFTY"), 0);
        assert_eq!(distance(b"NFITY", b"NIFTY"), 1);
        assert_eq!(distance(b"NIFT", b"NIFTY"), 1);
        assert_eq!(distance(b"BANKNIFY", b"BANKNIFTY"), 1);
        assert_eq!(distance(b"", b"TCS"), 3);
    }
}
