//! What a file calls a strategy, compared with what its legs are.

use crate::options::naming::StrategyName;
use StrategyName as N;

/// Names analysers use beside those of the taxonomy, and what the legs may then be.
const ALIASES: &[(&str, &[StrategyName])] = &[
    ("butterfly", &BUTTERFLIES),
    ("butterfly spread", &BUTTERFLIES),
    ("long butterfly", &BUTTERFLIES),
    ("call butterfly", &[N::LongCallButterfly, N::BrokenWingCallButterfly]),
    ("put butterfly", &[N::LongPutButterfly, N::BrokenWingPutButterfly]),
    ("broken wing butterfly", &BUTTERFLIES),
    ("iron fly", &[N::IronButterfly]),
    ("short iron butterfly", &[N::IronButterfly]),
    ("short iron condor", &[N::IronCondor]),
    ("cash secured put", &[N::ShortPut]),
    ("naked put", &[N::ShortPut]),
    ("naked call", &[N::ShortCall]),
    ("call credit spread", &[N::BearCallSpread]),
    ("put credit spread", &[N::BullPutSpread]),
    ("call debit spread", &[N::BullCallSpread]),
    ("put debit spread", &[N::BearPutSpread]),
    ("ratio spread", &[N::CallRatioSpread, N::PutRatioSpread]),
    ("risk reversal", &[N::BullishRiskReversal, N::BearishRiskReversal]),
    ("box spread", &[N::LongBox, N::ShortBox]),
    ("synthetic long stock", &[N::SyntheticLong]),
    ("synthetic short stock", &[N::SyntheticShort]),
    ("calendar spread", &CALENDARS),
    ("calendar", &CALENDARS),
    ("call calendar spread", &[N::LongCallCalendar, N::ShortCallCalendar]),
    ("put calendar spread", &[N::LongPutCalendar, N::ShortPutCalendar]),
    ("diagonal spread", &DIAGONALS),
    ("diagonal", &DIAGONALS),
    ("call diagonal spread", &[N::LongCallDiagonal, N::ShortCallDiagonal]),
    ("put diagonal spread", &[N::LongPutDiagonal, N::ShortPutDiagonal]),
];

const BUTTERFLIES: [StrategyName; 4] =
    [N::LongCallButterfly, N::LongPutButterfly, N::BrokenWingCallButterfly, N::BrokenWingPutButterfly];
const CALENDARS: [StrategyName; 4] =
    [N::LongCallCalendar, N::LongPutCalendar, N::ShortCallCalendar, N::ShortPutCalendar];
const DIAGONALS: [StrategyName; 4] =
    [N::LongCallDiagonal, N::LongPutDiagonal, N::ShortCallDiagonal, N::ShortPutDiagonal];

/// The names that what a file calls it can stand for; empty where the claim says nothing to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim(Vec<StrategyName>);

impl Claim {
    pub fn of(name: &str) -> Self {
        let wanted = words(name);
        let titled = StrategyName::ALL.iter().filter(|n| n.is_named() && words(n.title()) == wanted);
        let alias = ALIASES.iter().filter(|(alias, _)| *alias == wanted).flat_map(|(_, names)| *names);
        Self(titled.chain(alias).copied().collect())
    }

    /// Whether the legs can be what the file says; a claim we do not know contradicts nothing.
    pub fn allows(&self, derived: StrategyName) -> bool {
        self.0.is_empty() || self.0.contains(&derived)
    }

    pub fn is_covered_call(&self) -> bool {
        self.0 == [N::CoveredCall]
    }

    pub fn is_short_put(&self) -> bool {
        self.0 == [N::ShortPut]
    }

    /// A butterfly of one type of option: its body is two lots for one of each wing.
    pub fn is_butterfly(&self) -> bool {
        use StrategyName::{
            BrokenWingCallButterfly, BrokenWingPutButterfly, LongCallButterfly, LongPutButterfly,
            ShortBrokenWingCallButterfly, ShortBrokenWingPutButterfly, ShortCallButterfly, ShortPutButterfly,
        };
        let of_one_type = |n: &StrategyName| {
            matches!(
                n,
                LongCallButterfly
                    | LongPutButterfly
                    | ShortCallButterfly
                    | ShortPutButterfly
                    | BrokenWingCallButterfly
                    | BrokenWingPutButterfly
                    | ShortBrokenWingCallButterfly
                    | ShortBrokenWingPutButterfly
            )
        };
        !self.0.is_empty() && self.0.iter().all(of_one_type)
    }

    /// A spread with unequal legs, whose ratio the name does not tell.
    pub fn is_ratio_spread(&self) -> bool {
        let ratio = |n: &StrategyName| {
            matches!(n, N::CallRatioSpread | N::PutRatioSpread | N::CallRatioBackspread | N::PutRatioBackspread)
        };
        !self.0.is_empty() && self.0.iter().all(ratio)
    }

    pub fn is_diagonal(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|n| DIAGONALS.contains(n))
    }

    /// A name that only legs of two expiries can have.
    pub fn needs_two_expiries(&self) -> bool {
        let two = |n: &StrategyName| {
            CALENDARS.contains(n)
                || DIAGONALS.contains(n)
                || matches!(
                    n,
                    N::DoubleCalendar
                        | N::StraddleCalendar
                        | N::DoubleDiagonal
                        | N::JellyRoll
                        | N::FuturesCalendarSpread
                )
        };
        !self.0.is_empty() && self.0.iter().all(two)
    }
}

/// The words of a name in lower case, up to a bracket.
fn words(name: &str) -> String {
    let name = name.split('(').next().unwrap_or(name).to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_taxonomy_allows_itself() {
        for name in StrategyName::ALL.iter().filter(|n| n.is_named()) {
            let claim = Claim::of(name.title());
            assert!(claim.allows(*name) && !claim.allows(N::Custom), "{name}");
        }
    }

    #[test]
    fn names_of_the_analyser_are_known() {
        for (claimed, name) in [
            ("Butterfly Spread", N::LongCallButterfly),
            ("Cash-Secured Put", N::ShortPut),
            ("Broken Wing Butterfly", N::BrokenWingPutButterfly),
            ("Calendar Spread", N::LongPutCalendar),
            ("Diagonal Spread", N::LongCallDiagonal),
            ("Jade Lizard", N::JadeLizard),
        ] {
            assert!(Claim::of(claimed).allows(name), "{claimed}");
            assert!(!Claim::of(claimed).allows(N::BullCallSpread), "{claimed}");
        }
    }

    #[test]
    fn a_name_nobody_knows_contradicts_nothing() {
        assert!(Claim::of("Tuesday special").allows(N::BullCallSpread));
        assert!(Claim::of("Iron Butterfly").allows(N::IronButterfly) && !Claim::of("Iron Butterfly").is_butterfly());
    }
}
