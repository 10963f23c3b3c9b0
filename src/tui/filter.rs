//! The filter of the strategy list: words, `field:text` and `field>number`, all of which must hold.

use rust_decimal::Decimal;

use crate::domain::{Bound, Conviction, StrategyStatus};
use crate::view::StrategyRow;

/// A filter as typed, understood. The empty one lets through what a trader can choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    /// Anywhere in id, symbol, name or note; in capitals.
    Word(String),
    Text(TextField, String),
    Status(StrategyStatus),
    Number(NumberField, Comparison, Decimal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextField {
    Symbol,
    Name,
    Conviction,
    Source,
    Note,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberField {
    Score,
    Pop,
    Profit,
    Loss,
    Reward,
    Legs,
    Age,
    Priority,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

const TEXTS: [(&str, TextField); 7] = [
    ("symbol", TextField::Symbol),
    ("name", TextField::Name),
    ("strategy", TextField::Name),
    ("conv", TextField::Conviction),
    ("conviction", TextField::Conviction),
    ("source", TextField::Source),
    ("note", TextField::Note),
];

const NUMBERS: [(&str, NumberField); 8] = [
    ("score", NumberField::Score),
    ("pop", NumberField::Pop),
    ("profit", NumberField::Profit),
    ("loss", NumberField::Loss),
    ("rr", NumberField::Reward),
    ("legs", NumberField::Legs),
    ("age", NumberField::Age),
    ("priority", NumberField::Priority),
];

impl Filter {
    /// Reads a filter; the error says which part is not understood and what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(term).collect::<Result<Vec<Term>, String>>()?;
        Ok(Self { text: text.trim().to_string(), terms })
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Strategies that are being executed or were are listed only when their status is asked for.
    pub fn lets_through(&self, row: &StrategyRow) -> bool {
        let names_status = self.terms.iter().any(|t| matches!(t, Term::Status(_)));
        (names_status || row.is_choosable()) && self.terms.iter().all(|t| t.holds(row))
    }
}

fn term(word: &str) -> Result<Term, String> {
    let Some(at) = word.find([':', '<', '>', '=']) else { return Ok(Term::Word(word.to_uppercase())) };
    let (field, rest) = word.split_at(at);
    let field = field.to_lowercase();
    let (comparison, value) = comparison(rest);
    if field == "status" {
        return value.parse().map(Term::Status).map_err(|_| unknown_status(value));
    }
    if let Some((_, field)) = TEXTS.iter().find(|(name, _)| *name == field) {
        return Ok(Term::Text(*field, value.to_uppercase()));
    }
    let Some((_, known)) = NUMBERS.iter().find(|(name, _)| *name == field) else { return Err(unknown_field(&field)) };
    let number = value.trim_end_matches('%').replace([',', '₹'], "");
    match number.parse() {
        Ok(number) => Ok(Term::Number(*known, comparison, number)),
        Err(_) => Err(format!("`{field}` needs a number, such as {field}>0.6")),
    }
}

fn comparison(rest: &str) -> (Comparison, &str) {
    let signs = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        (">", Comparison::More),
        ("<", Comparison::Less),
        ("=", Comparison::Equal),
        (":", Comparison::Equal),
    ];
    signs
        .into_iter()
        .find_map(|(sign, c)| rest.strip_prefix(sign).map(|value| (c, value)))
        .unwrap_or((Comparison::Equal, rest))
}

fn unknown_status(value: &str) -> String {
    let all: Vec<&str> = StrategyStatus::ALL.iter().map(|s| s.as_str()).collect();
    format!("`{value}` is no status: {}", all.join(", "))
}

fn unknown_field(field: &str) -> String {
    let texts = TEXTS.iter().map(|(name, _)| *name);
    let numbers = NUMBERS.iter().map(|(name, _)| *name);
    let all: Vec<&str> = texts.chain(["status"]).chain(numbers).collect();
    format!("`{field}` is no field: {}", all.join(", "))
}

impl Term {
    fn holds(&self, row: &StrategyRow) -> bool {
        match self {
            Self::Word(word) => {
                contains(row.symbol.as_str(), word)
                    || contains(&row.name, word)
                    || contains(&row.notes, word)
                    || row.id.to_string() == word.trim_start_matches('#')
            }
            Self::Text(field, text) => match field {
                TextField::Symbol => contains(row.symbol.as_str(), text),
                TextField::Name => contains(&row.name, text),
                TextField::Conviction => row.conviction.is_some_and(|c| conviction_is(c, text)),
                TextField::Source => contains(&row.source, text),
                TextField::Note => contains(&row.notes, text),
            },
            Self::Status(status) => row.status == *status,
            // What is not known satisfies no comparison.
            Self::Number(field, comparison, number) => value(row, *field).is_some_and(|v| match comparison {
                Comparison::Less => v < *number,
                Comparison::AtMost => v <= *number,
                Comparison::Equal => v == *number,
                Comparison::AtLeast => v >= *number,
                Comparison::More => v > *number,
            }),
        }
    }
}

fn contains(text: &str, capitals: &str) -> bool {
    text.to_uppercase().contains(capitals)
}

/// `conv:high` means HIGH, not VERY_HIGH; a beginning is enough.
fn conviction_is(conviction: Conviction, text: &str) -> bool {
    conviction.as_str().starts_with(&text.replace([' ', '-'], "_"))
}

fn value(row: &StrategyRow, field: NumberField) -> Option<Decimal> {
    let limited = |bound: Option<Bound>| match bound {
        Some(Bound::Limited(amount)) => Some(amount.0),
        Some(Bound::Unlimited) => Some(Decimal::MAX),
        None => None,
    };
    match field {
        NumberField::Score => row.score,
        NumberField::Pop => row.probability.map(|p| p * Decimal::ONE_HUNDRED),
        NumberField::Profit => limited(row.max_profit()),
        NumberField::Loss => limited(row.max_loss()),
        NumberField::Reward => row.reward_to_risk,
        NumberField::Legs => Some(Decimal::from(row.legs.len())),
        NumberField::Age => Some(Decimal::from(row.age_ms / 60_000)),
        NumberField::Priority => Some(Decimal::from(row.priority)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::Desk;
    use rust_decimal_macros::dec;

    fn passes(filter: &str) -> bool {
        let mut desk = Desk::new();
        desk.pending("Bear Call Spread", dec!(0.69), &[("S", 26200, "CE", dec!(58.2)), ("B", 26300, "CE", dec!(35.9))]);
        Filter::parse(filter).unwrap().lets_through(&desk.view().strategies[0])
    }

    #[test]
    fn every_term_must_hold() {
        for yes in [
            "",
            "nifty",
            "bear call",
            "#1",
            "symbol:NIFTY",
            "score>0.6 legs=2",
            "pop>=64",
            "loss<=4,355",
            "conv:high",
            "status:pending",
        ] {
            assert!(passes(yes), "{yes}");
        }
        for no in ["bull", "symbol:BANK", "score>0.69", "nifty legs=4", "rr>1", "status:failed", "conv:very"] {
            assert!(!passes(no), "{no}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(Filter::parse("scor>1").unwrap_err().starts_with("`scor` is no field: symbol"));
        assert!(Filter::parse("score>high").unwrap_err().contains("needs a number"));
        assert!(Filter::parse("status:gone").unwrap_err().contains("pending, marked"));
    }

    #[test]
    fn executed_strategies_are_listed_only_when_asked_for() {
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26300, "CE", dec!(35.9))]);
        let row = desk.view().strategies[0].clone();
        assert!(!Filter::default().lets_through(&row));
        assert!(Filter::parse("status:executed").unwrap().lets_through(&row));
    }
}
