//! The names of option positions: every name of the taxonomy with its id, its title and the way it leans.

/// Which way a position leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    Bullish,
    Bearish,
    Neutral,
    NeutralBullish,
    NeutralBearish,
    /// Gains from a large move either way.
    Volatile,
    VolatileBullish,
    VolatileBearish,
    /// The result at expiry does not depend on the underlying.
    Arbitrage,
    /// No name, so no lean either.
    Custom,
}

impl Bias {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bullish => "bullish",
            Self::Bearish => "bearish",
            Self::Neutral => "neutral",
            Self::NeutralBullish => "neutral_bullish",
            Self::NeutralBearish => "neutral_bearish",
            Self::Volatile => "volatile",
            Self::VolatileBullish => "volatile_bullish",
            Self::VolatileBearish => "volatile_bearish",
            Self::Arbitrage => "arbitrage",
            Self::Custom => "custom",
        }
    }
}

macro_rules! names {
    ($($name:ident, $id:literal, $title:literal, $bias:ident;)*) => {
        /// What a position is called, by its legs alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StrategyName {
            $($name,)*
        }

        impl StrategyName {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The short name for tables and files, e.g. `bear_call_spread`.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }

            /// For people: `Bear Call Spread`.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }

            pub fn bias(self) -> Bias {
                match self {
                    $(Self::$name => Bias::$bias,)*
                }
            }
        }
    };
}

names! {
    LongCall, "long_call", "Long Call", Bullish;
    ShortCall, "short_call", "Short Call", Bearish;
    LongPut, "long_put", "Long Put", Bearish;
    ShortPut, "short_put", "Short Put", Bullish;
    LongFuture, "long_future", "Long Future", Bullish;
    ShortFuture, "short_future", "Short Future", Bearish;
    LongStock, "long_stock", "Long Stock", Bullish;
    ShortStock, "short_stock", "Short Stock", Bearish;
    BullCallSpread, "bull_call_spread", "Bull Call Spread", Bullish;
    BearCallSpread, "bear_call_spread", "Bear Call Spread", Bearish;
    BullPutSpread, "bull_put_spread", "Bull Put Spread", Bullish;
    BearPutSpread, "bear_put_spread", "Bear Put Spread", Bearish;
    LongStraddle, "long_straddle", "Long Straddle", Volatile;
    ShortStraddle, "short_straddle", "Short Straddle", Neutral;
    LongStrangle, "long_strangle", "Long Strangle", Volatile;
    ShortStrangle, "short_strangle", "Short Strangle", Neutral;
    LongGuts, "long_guts", "Long Guts", Volatile;
    ShortGuts, "short_guts", "Short Guts", Neutral;
    LongStrap, "long_strap", "Long Strap", VolatileBullish;
    LongStrip, "long_strip", "Long Strip", VolatileBearish;
    ShortStrap, "short_strap", "Short Strap", Neutral;
    ShortStrip, "short_strip", "Short Strip", Neutral;
    SyntheticLong, "synthetic_long", "Synthetic Long", Bullish;
    SyntheticShort, "synthetic_short", "Synthetic Short", Bearish;
    BullishRiskReversal, "bullish_risk_reversal", "Bullish Risk Reversal", Bullish;
    BearishRiskReversal, "bearish_risk_reversal", "Bearish Risk Reversal", Bearish;
    BullishRiskReversalInverted, "bullish_risk_reversal_inverted", "Bullish Risk Reversal (inverted)", Bullish;
    BearishRiskReversalInverted, "bearish_risk_reversal_inverted", "Bearish Risk Reversal (inverted)", Bearish;
    CallRatioSpread, "call_ratio_spread", "Call Ratio Spread", NeutralBullish;
    PutRatioSpread, "put_ratio_spread", "Put Ratio Spread", NeutralBearish;
    CallRatioBackspread, "call_ratio_backspread", "Call Ratio Backspread", VolatileBullish;
    PutRatioBackspread, "put_ratio_backspread", "Put Ratio Backspread", VolatileBearish;
    LongCallButterfly, "long_call_butterfly", "Long Call Butterfly", Neutral;
    LongPutButterfly, "long_put_butterfly", "Long Put Butterfly", Neutral;
    ShortCallButterfly, "short_call_butterfly", "Short Call Butterfly", Volatile;
    ShortPutButterfly, "short_put_butterfly", "Short Put Butterfly", Volatile;
    BrokenWingCallButterfly, "broken_wing_call_butterfly", "Broken-Wing Call Butterfly", Neutral;
    BrokenWingPutButterfly, "broken_wing_put_butterfly", "Broken-Wing Put Butterfly", Neutral;
    ShortBrokenWingCallButterfly, "short_broken_wing_call_butterfly", "Short Broken-Wing Call Butterfly", Volatile;
    ShortBrokenWingPutButterfly, "short_broken_wing_put_butterfly", "Short Broken-Wing Put Butterfly", Volatile;
    BullCallLadder, "bull_call_ladder", "Bull Call Ladder", NeutralBullish;
    BearCallLadder, "bear_call_ladder", "Bear Call Ladder", VolatileBullish;
    BearPutLadder, "bear_put_ladder", "Bear Put Ladder", NeutralBearish;
    BullPutLadder, "bull_put_ladder", "Bull Put Ladder", VolatileBearish;
    JadeLizard, "jade_lizard", "Jade Lizard", NeutralBullish;
    BigLizard, "big_lizard", "Big Lizard", NeutralBullish;
    ReverseJadeLizard, "reverse_jade_lizard", "Reverse Jade Lizard (Twisted Sister)", NeutralBearish;
    ReverseBigLizard, "reverse_big_lizard", "Reverse Big Lizard", NeutralBearish;
    BullishSeagull, "bullish_seagull", "Bullish Seagull", Bullish;
    BearishSeagull, "bearish_seagull", "Bearish Seagull", Bearish;
    IronCondor, "iron_condor", "Iron Condor", Neutral;
    IronButterfly, "iron_butterfly", "Iron Butterfly", Neutral;
    ReverseIronCondor, "reverse_iron_condor", "Reverse Iron Condor", Volatile;
    ReverseIronButterfly, "reverse_iron_butterfly", "Reverse Iron Butterfly", Volatile;
    LongCallCondor, "long_call_condor", "Long Call Condor", Neutral;
    LongPutCondor, "long_put_condor", "Long Put Condor", Neutral;
    ShortCallCondor, "short_call_condor", "Short Call Condor", Volatile;
    ShortPutCondor, "short_put_condor", "Short Put Condor", Volatile;
    LongBox, "long_box", "Long Box", Arbitrage;
    ShortBox, "short_box", "Short Box", Arbitrage;
    CoveredCall, "covered_call", "Covered Call", NeutralBullish;
    CoveredPut, "covered_put", "Covered Put", NeutralBearish;
    ProtectivePut, "protective_put", "Protective Put", Bullish;
    ProtectiveCall, "protective_call", "Protective Call", Bearish;
    Collar, "collar", "Collar", Bullish;
    ShortCollar, "short_collar", "Short Collar", Bearish;
    Conversion, "conversion", "Conversion", Arbitrage;
    Reversal, "reversal", "Reversal", Arbitrage;
    CoveredStraddle, "covered_straddle", "Covered Straddle", Bullish;
    CoveredStrangle, "covered_strangle", "Covered Strangle", Bullish;
    RatioCallWrite, "ratio_call_write", "Ratio Call Write", Neutral;
    LongCallCalendar, "long_call_calendar", "Long Call Calendar", Neutral;
    LongPutCalendar, "long_put_calendar", "Long Put Calendar", Neutral;
    ShortCallCalendar, "short_call_calendar", "Short Call Calendar", Volatile;
    ShortPutCalendar, "short_put_calendar", "Short Put Calendar", Volatile;
    LongCallDiagonal, "long_call_diagonal", "Long Call Diagonal", NeutralBullish;
    LongPutDiagonal, "long_put_diagonal", "Long Put Diagonal", NeutralBearish;
    ShortCallDiagonal, "short_call_diagonal", "Short Call Diagonal", Volatile;
    ShortPutDiagonal, "short_put_diagonal", "Short Put Diagonal", Volatile;
    DoubleCalendar, "double_calendar", "Double Calendar", Neutral;
    StraddleCalendar, "straddle_calendar", "Calendar Straddle", Neutral;
    DoubleDiagonal, "double_diagonal", "Double Diagonal", Neutral;
    JellyRoll, "jelly_roll", "Jelly Roll", Arbitrage;
    FuturesCalendarSpread, "futures_calendar_spread", "Futures Calendar Spread", Neutral;
    Flat, "flat", "Flat", Custom;
    Custom, "custom", "Custom", Custom;
    CustomMultiExpiry, "custom_multi_expiry", "Custom (multi-expiry)", Custom;
    CustomMultiUnderlying, "custom_multi_underlying", "Custom (multi-underlying)", Custom;
}

impl StrategyName {
    /// Whether this is a name of the field's, not one of our words for having none.
    pub fn is_named(self) -> bool {
        !matches!(self, Self::Flat | Self::Custom | Self::CustomMultiExpiry | Self::CustomMultiUnderlying)
    }
}

impl std::fmt::Display for StrategyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_taxonomy() {
        let table = include_str!("../../../tests/fixtures/market/strategy_taxonomy.csv");
        let mut rows = csv::Reader::from_reader(table.as_bytes());
        let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), StrategyName::ALL.len());
        for (row, name) in rows.iter().zip(StrategyName::ALL) {
            assert_eq!([&row[0], &row[1], &row[2]], [name.id(), name.title(), name.bias().as_str()]);
        }
        assert_eq!(StrategyName::ALL.iter().filter(|n| n.is_named()).count(), 84);
    }
}
