//! One strategy as any of the formats gives it: texts with their places. From texts to a typed [`Draft`], or a refusal.

use rust_decimal::Decimal;

use super::claim::Claim;
use super::draft::{Draft, Reported, issue};
use super::exits::RawRules;
use super::leg::{RawLeg, average, expiry, kind_label, rebuild_butterfly};
use super::symbols::canonical_symbol;
use super::text::{clean, shown};
use super::value::{self, Number};
use super::{MAX_LEGS, MAX_RATIO, Refused};
use crate::domain::{Bound, Conviction, Exchange, Issue, Leg, LegKind, Money, Price, Symbol};

const LONGEST_NAME: usize = 60;
const LONGEST_OUTLOOK: usize = 400;

/// A text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub place: String,
    pub text: String,
}

/// A strategy as text. Nothing is required here; what must be there is said when it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawStrategy {
    pub place: String,
    pub symbol: Option<Cell>,
    pub exchange: Option<Cell>,
    pub name: Option<Cell>,
    pub legs: Vec<RawLeg>,
    /// Of all legs that have none of their own.
    pub expiry: Option<Cell>,
    pub spot: Option<Cell>,
    pub score: Option<Cell>,
    pub probability: Option<Cell>,
    pub conviction: Option<Cell>,
    /// The analyser's confidence in its view of the market, from which its database derives the conviction.
    pub confidence: Option<Cell>,
    pub max_profit: Option<Cell>,
    pub max_loss: Option<Cell>,
    pub generated_at: Option<Cell>,
    pub valid_until: Option<Cell>,
    pub outlook: Option<Cell>,
    pub exits: RawRules,
}

impl RawStrategy {
    pub fn draft(self) -> Result<Draft, Refused> {
        let mut issues = Vec::new();
        let (exchange, symbol) = self.underlying()?;
        let name = Self::text(self.name.as_ref(), "name", LONGEST_NAME, &mut issues);
        let outlook = Self::text(self.outlook.as_ref(), "outlook", LONGEST_OUTLOOK, &mut issues);
        let legs = self.read_legs(&name, &mut issues)?;
        let conviction = self.conviction(&mut issues);
        let score = self.score(&mut issues);
        let probability = self.probability(&mut issues);
        Ok(Draft {
            symbol,
            exchange,
            name,
            legs,
            spot: self.spot.as_ref().and_then(plain).filter(|spot| *spot > Decimal::ZERO).map(Price),
            score,
            conviction,
            probability,
            reported: Reported { profit: bound(self.max_profit.as_ref()), loss: bound(self.max_loss.as_ref()) },
            generated_at: instant(self.generated_at.as_ref(), "generated_at", &mut issues),
            valid_until: instant(self.valid_until.as_ref(), "valid_until", &mut issues),
            rules: self.exits.read(self.max_profit.as_ref().and_then(plain), &mut issues),
            outlook,
            issues,
        })
    }

    fn refuse(&self, code: &'static str, reason: String) -> Refused {
        Refused { place: self.place.clone(), code, reason }
    }

    fn underlying(&self) -> Result<(Exchange, Symbol), Refused> {
        let Some(cell) = filled(self.symbol.as_ref()) else {
            return Err(self.refuse("symbol_missing", "no symbol: say which underlying this is for".into()));
        };
        let Some((home, symbol)) = canonical_symbol(&cell.text) else {
            let reason = format!("{} is not a symbol of the exchange: write it as NSE or BSE do", shown(&cell.text));
            return Err(refuse_at(cell, "symbol_unknown", reason));
        };
        let exchange = match filled(self.exchange.as_ref()) {
            None => home,
            Some(cell) => cell.text.trim().to_uppercase().parse().map_err(|_| {
                let reason = format!("{} is not an exchange: write NSE, BSE or MCX", shown(&cell.text));
                refuse_at(cell, "exchange_unknown", reason)
            })?,
        };
        Ok((exchange, symbol))
    }

    fn text(cell: Option<&Cell>, what: &str, longest: usize, issues: &mut Vec<Issue>) -> String {
        let Some(cell) = cell else { return String::new() };
        let (text, removed) = clean(&cell.text, longest);
        if removed {
            let detail = format!("control characters were taken out of the {what} at {}", cell.place);
            issues.push(issue("text_sanitised", detail));
        }
        text
    }

    fn read_legs(&self, name: &str, issues: &mut Vec<Issue>) -> Result<Vec<Leg>, Refused> {
        if self.legs.is_empty() {
            return Err(self.refuse("no_legs", "it has no legs: there is nothing to trade".into()));
        }
        if self.legs.len() > MAX_LEGS {
            let reason = format!("it has {} legs, more than {MAX_LEGS}: split it", self.legs.len());
            return Err(self.refuse("too_many_legs", reason));
        }
        let common = self.expiry.as_ref().map_or(Ok(None), expiry)?;
        let claim = Claim::of(name);
        let stated = self.legs.iter().any(|leg| filled(leg.ratio.as_ref()).is_some());
        let mut legs = self.legs.iter().map(|leg| leg.read(common)).collect::<Result<Vec<Leg>, Refused>>()?;
        if claim.is_butterfly() && rebuild_butterfly(&mut legs) {
            let detail = "the file gives one lot for every leg; the name says butterfly, so its body is taken as 2";
            issues.push(issue("ratio_rebuilt", detail.into()));
        } else if claim.is_ratio_spread() && legs.len() > 1 && legs.iter().all(|leg| leg.ratio == 1) {
            let how = if stated { "gives one lot for every leg" } else { "gives no quantities" };
            let reason = format!("a ratio spread whose file {how}: add the ratio, it cannot be told from the name");
            return Err(self.refuse("ratio_missing", reason));
        }
        let legs = self.merged(legs)?;
        let dated = |leg: &&Leg| leg.kind != LegKind::Equity;
        let with = legs.iter().filter(dated).filter(|leg| leg.expiry.is_some()).count();
        if with > 0 && with < legs.iter().filter(dated).count() {
            let reason = "some legs have an expiry and some have none: give all of them one, or none".into();
            return Err(self.refuse("expiry_partial", reason));
        }
        Ok(legs)
    }

    /// Legs in the same contract and direction become one; opposite ones would cancel out.
    fn merged(&self, legs: Vec<Leg>) -> Result<Vec<Leg>, Refused> {
        let mut merged: Vec<Leg> = Vec::new();
        for leg in legs {
            let Some(same) = merged.iter_mut().find(|m| m.kind == leg.kind && m.expiry == leg.expiry) else {
                merged.push(leg);
                continue;
            };
            if same.side != leg.side {
                let what = kind_label(leg.kind);
                let reason = match leg.expiry {
                    None if leg.kind != LegKind::Equity => {
                        format!("{what} is both bought and sold: that needs two expiries, and the file names none")
                    }
                    _ => format!("{what} is both bought and sold: the legs cancel out"),
                };
                return Err(self.refuse("legs_cancel", reason));
            }
            same.premium = average(same, &leg);
            same.ratio = same.ratio.saturating_add(leg.ratio);
            if same.ratio > MAX_RATIO {
                let reason =
                    format!("{} adds up to {} lots per set, more than {MAX_RATIO}", kind_label(leg.kind), same.ratio);
                return Err(self.refuse("bad_quantity", reason));
            }
        }
        Ok(merged)
    }

    fn score(&self, issues: &mut Vec<Issue>) -> Option<Decimal> {
        let cell = filled(self.score.as_ref())?;
        match plain(cell) {
            Some(score) if score > Decimal::ONE => {
                issues.push(issue("score_above_one", format!("its score of {score} is taken as 1")));
                Some(Decimal::ONE)
            }
            Some(score) if score >= Decimal::ZERO => Some(score),
            None if value::number(&cell.text) == Ok(None) => None,
            _ => {
                issues.push(issue("score_invalid", format!("its score {} is left out", shown(&cell.text))));
                None
            }
        }
    }

    fn probability(&self, issues: &mut Vec<Issue>) -> Option<Decimal> {
        let cell = filled(self.probability.as_ref())?;
        let text = cell.text.trim();
        let (text, percent) = text.strip_suffix('%').map_or((text, false), |t| (t.trim(), true));
        let hundred = Decimal::ONE_HUNDRED;
        match value::number(text) {
            Ok(None) => None,
            Ok(Some(Number::Exact(p))) if !percent && (Decimal::ZERO..=Decimal::ONE).contains(&p) => Some(p),
            Ok(Some(Number::Exact(p))) if (Decimal::ZERO..=hundred).contains(&p) => {
                let detail = format!("its probability of {p} was read as percent");
                issues.push(issue("percent_scale", detail));
                Some((p / hundred).normalize())
            }
            _ => {
                let detail = format!("its probability {} is left out: not between 0 and 1", shown(&cell.text));
                issues.push(issue("probability_invalid", detail));
                None
            }
        }
    }

    fn conviction(&self, issues: &mut Vec<Issue>) -> Option<Conviction> {
        let Some(cell) = filled(self.conviction.as_ref()) else {
            return self.confidence.as_ref().and_then(plain).map(conviction_of);
        };
        let word: String = cell.text.to_uppercase().chars().filter(char::is_ascii_alphabetic).collect();
        match word.as_str() {
            "VERYLOW" => Some(Conviction::VeryLow),
            "LOW" => Some(Conviction::Low),
            "MEDIUM" | "MODERATE" => Some(Conviction::Medium),
            "HIGH" => Some(Conviction::High),
            "VERYHIGH" => Some(Conviction::VeryHigh),
            "NONE" | "NAN" | "NULL" => None,
            _ => {
                let detail = format!("its conviction {} is none of VERY_LOW to VERY_HIGH", shown(&cell.text));
                issues.push(issue("conviction_unknown", detail));
                None
            }
        }
    }
}

/// The analyser's own cut-offs, from its confidence in the market's direction (not from the score).
pub(super) fn conviction_of(confidence: Decimal) -> Conviction {
    let at_least = |hundredths: i64| confidence >= Decimal::new(hundredths, 2);
    match () {
        () if at_least(80) => Conviction::VeryHigh,
        () if at_least(65) => Conviction::High,
        () if at_least(45) => Conviction::Medium,
        () if at_least(25) => Conviction::Low,
        () => Conviction::VeryLow,
    }
}

pub(super) fn refuse_at(cell: &Cell, code: &'static str, reason: String) -> Refused {
    Refused { place: cell.place.clone(), code, reason }
}

pub(super) fn filled(cell: Option<&Cell>) -> Option<&Cell> {
    cell.filter(|cell| !cell.text.trim().is_empty())
}

pub(super) fn plain(cell: &Cell) -> Option<Decimal> {
    value::number(&cell.text).ok().flatten().and_then(Number::exact)
}

fn instant(cell: Option<&Cell>, what: &str, issues: &mut Vec<Issue>) -> Option<crate::domain::time::Timestamp> {
    let cell = filled(cell)?;
    let at = value::instant(&cell.text);
    if at.is_none() && value::number(&cell.text) != Ok(None) {
        issues.push(issue("bad_time", format!("{what} {} is not a time and is left out", shown(&cell.text))));
    }
    at
}

/// Theirs as they wrote it, to the paisa. Zero and 999999 are their words for *not known* and *unlimited*.
fn bound(cell: Option<&Cell>) -> Option<Bound> {
    let cell = filled(cell)?;
    match value::number(&cell.text).ok().flatten()? {
        Number::Infinite => Some(Bound::Unlimited),
        Number::MinusInfinite => None,
        Number::Exact(amount) if amount.is_zero() => None,
        Number::Exact(amount) if amount.trunc() == Decimal::from(999_999) => Some(Bound::Unlimited),
        Number::Exact(amount) => Some(Bound::Limited(Money(amount).to_paise())),
    }
}
