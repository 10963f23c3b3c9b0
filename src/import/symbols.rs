//! Underlyings as files spell them, to the exchange's own spelling.

use crate::domain::{Exchange, Symbol};

/// Spellings of index names without spaces, dots, dashes and underscores, and what the exchange calls them.
/// Exact matches only: `NIFTY` is part of half of these names.
const ALIASES: &[(&str, &str)] = &[
    ("NIFTY50", "NIFTY"),
    ("CNXNIFTY", "NIFTY"),
    ("NIFTYINDEX", "NIFTY"),
    ("NIFTYBANK", "BANKNIFTY"),
    ("CNXBANK", "BANKNIFTY"),
    ("BANKNIFTY", "BANKNIFTY"),
    ("NIFTYFINSERVICE", "FINNIFTY"),
    ("NIFTYFINSRV", "FINNIFTY"),
    ("NIFTYFINANCIALSERVICES", "FINNIFTY"),
    ("FINNIFTY", "FINNIFTY"),
    ("NIFTYFIN", "FINNIFTY"),
    ("MIDCPNIFTY", "MIDCPNIFTY"),
    ("MIDCAPNIFTY", "MIDCPNIFTY"),
    ("MIDCPNIFTYSELECT", "MIDCPNIFTY"),
    ("NIFTYMIDSELECT", "MIDCPNIFTY"),
    ("NIFTYMIDCAPSELECT", "MIDCPNIFTY"),
    ("NIFTYMIDCPSELECT", "MIDCPNIFTY"),
    ("NIFTYNXT50", "NIFTYNXT50"),
    ("NIFTYNEXT50", "NIFTYNXT50"),
    ("NIFTYJR", "NIFTYNXT50"),
    ("BSESENSEX", "SENSEX"),
    ("S&PBSESENSEX", "SENSEX"),
    ("SENSEX30", "SENSEX"),
    ("BSEBANKEX", "BANKEX"),
    ("S&PBSEBANKEX", "BANKEX"),
];

/// Indices whose options trade on the BSE; everything else is the NSE's unless the file says otherwise.
const ON_BSE: &[&str] = &["SENSEX", "BANKEX", "SENSEX50"];

/// The exchange's name of an underlying, from any usual spelling (`NIFTY 50`, `Bank Nifty`, `NSE:RELIANCE`), and the
/// exchange its options trade on.
pub fn canonical_symbol(spelling: &str) -> Option<(Exchange, Symbol)> {
    let upper = spelling.trim().to_uppercase();
    let (prefix, name) = match upper.split_once(':') {
        Some((prefix, name)) => (Some(prefix.parse().ok()?), name.trim()),
        None => (None, upper.as_str()),
    };
    let compact: String = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '.')).collect();
    let known = ALIASES.iter().find(|(alias, _)| *alias == compact).map(|(_, symbol)| *symbol);
    let symbol = Symbol::new(known.unwrap_or(name)).ok()?;
    let home = if ON_BSE.contains(&symbol.as_str()) { Exchange::Bse } else { Exchange::Nse };
    Some((prefix.unwrap_or(home), symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_spellings_meet_in_one_name() {
        for (spelling, name) in [
            ("NIFTY 50", "NIFTY"),
            ("Nifty50", "NIFTY"),
            ("NIFTY", "NIFTY"),
            ("BANK NIFTY", "BANKNIFTY"),
            ("Nifty Bank", "BANKNIFTY"),
            ("FIN NIFTY", "FINNIFTY"),
            ("NIFTY FIN SERVICE", "FINNIFTY"),
            ("MIDCAP NIFTY", "MIDCPNIFTY"),
            ("NIFTY MID SELECT", "MIDCPNIFTY"),
            ("S&P BSE SENSEX", "SENSEX"),
            ("M&M", "M&M"),
            (" bajaj-auto ", "BAJAJ-AUTO"),
            ("NSE:RELIANCE", "RELIANCE"),
        ] {
            assert_eq!(canonical_symbol(spelling).map(|(_, s)| s.to_string()).as_deref(), Some(name), "{spelling}");
        }
    }

    #[test]
    fn what_is_no_symbol_is_not_made_one() {
        for spelling in ["", "NIFTY 51", "RELIANCE INDUSTRIES LTD", "LSE:VOD", "A\u{1b}[2J", "संकेत"] {
            assert_eq!(canonical_symbol(spelling), None, "{spelling}");
        }
    }

    #[test]
    fn an_index_has_its_home_exchange() {
        assert_eq!(canonical_symbol("SENSEX").map(|(e, _)| e), Some(Exchange::Bse));
        assert_eq!(canonical_symbol("NIFTY").map(|(e, _)| e), Some(Exchange::Nse));
    }
}
