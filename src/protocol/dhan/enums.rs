//! DhanHQ's enumerations. A word we do not know is kept as it was written, never refused.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::values::scalar_text;
use crate::domain::{OptionRight, Product, SeenStatus, Segment, Side};

/// An enum with one written form per arm, further forms that are read (without regard to case), and `Unknown`.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$arm_doc:meta])* $arm:ident = $text:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$arm_doc])* $arm,)+
            /// As the broker wrote it; empty where it wrote nothing.
            Unknown(String),
        }

        impl $name {
            /// All arms that have a name, in the order of the documentation.
            pub const KNOWN: &'static [Self] = &[$(Self::$arm),+];

            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$arm => $text,)+
                    Self::Unknown(text) => text,
                }
            }

            /// Never fails: what is not known is kept.
            pub fn read(text: &str) -> Self {
                let text = text.trim();
                $(if [$text $(, $alias)*].iter().any(|known| text.eq_ignore_ascii_case(known)) {
                    return Self::$arm;
                })+
                Self::Unknown(text.to_string())
            }

            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::read("")
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                Ok(Self::read(&scalar_text(&value).unwrap_or_default()))
            }
        }
    };
}

wire_enum!(
    /// Side of an order. The order socket writes the first letter.
    TransactionType { Buy = "BUY" | "B", Sell = "SELL" | "S" }
);

wire_enum!(
    /// Part of an exchange. Security ids are unique only within one.
    ExchangeSegment {
        Index = "IDX_I",
        NseEq = "NSE_EQ",
        NseFno = "NSE_FNO",
        NseCurrency = "NSE_CURRENCY",
        BseEq = "BSE_EQ",
        McxComm = "MCX_COMM",
        BseCurrency = "BSE_CURRENCY",
        BseFno = "BSE_FNO",
        /// Listed, but without a number in the feed.
        NseComm = "NSE_COMM",
    }
);

wire_enum!(
    /// How a position is margined and carried. The order socket writes a letter.
    ProductType {
        Cnc = "CNC" | "C",
        Intraday = "INTRADAY" | "I" | "MIS",
        Margin = "MARGIN" | "M",
        Mtf = "MTF" | "F",
        Co = "CO" | "V",
        Bo = "BO" | "B",
    }
);

wire_enum!(
    /// How an order is priced. The order socket abbreviates.
    OrderType {
        Limit = "LIMIT" | "LMT",
        Market = "MARKET" | "MKT",
        StopLoss = "STOP_LOSS" | "SL",
        StopLossMarket = "STOP_LOSS_MARKET" | "SLM" | "SL-M",
    }
);

wire_enum!(
    /// Which of the two registered addresses is meant.
    IpFlag { Primary = "PRIMARY", Secondary = "SECONDARY" }
);

wire_enum!(
    /// Whether a request came from a registered address.
    IpMatch { Primary = "PRIMARY_MATCH", Secondary = "SECONDARY_MATCH", Match = "MATCH", Mismatch = "MISMATCH" }
);

wire_enum!(Validity { Day = "DAY", Ioc = "IOC" });

wire_enum!(
    /// State of an order. The order socket writes `Transit`, `Pending`, …
    OrderStatus {
        /// With the broker, not yet at the exchange.
        Transit = "TRANSIT",
        Pending = "PENDING",
        PartTraded = "PART_TRADED" | "PART TRADED" | "PARTTRADED" | "PARTIALLY_TRADED",
        Traded = "TRADED",
        Rejected = "REJECTED",
        Cancelled = "CANCELLED" | "CANCELED",
        Expired = "EXPIRED",
        /// Answers to writes only.
        Modified = "MODIFIED",
        Triggered = "TRIGGERED",
        Inactive = "INACTIVE",
        /// Super orders only.
        Closed = "CLOSED",
        /// Forever orders only.
        Confirm = "CONFIRM",
    }
);

wire_enum!(
    /// Leg of a bracket, cover or super order.
    LegName {
        Entry = "ENTRY_LEG",
        Target = "TARGET_LEG",
        StopLoss = "STOP_LOSS_LEG",
        None = "NA" | "" | "null",
    }
);

wire_enum!(
    /// Whether a forever order waits for one price or for two.
    OrderFlag { Single = "SINGLE", Oco = "OCO" }
);

wire_enum!(
    /// What a conditional trigger compares.
    ComparisonType {
        TechnicalWithValue = "TECHNICAL_WITH_VALUE",
        TechnicalWithIndicator = "TECHNICAL_WITH_INDICATOR",
        TechnicalWithClose = "TECHNICAL_WITH_CLOSE",
        PriceWithValue = "PRICE_WITH_VALUE",
    }
);

wire_enum!(
    /// Indicators of conditional triggers.
    IndicatorName {
        Sma5 = "SMA_5",
        Sma10 = "SMA_10",
        Sma20 = "SMA_20",
        Sma50 = "SMA_50",
        Sma100 = "SMA_100",
        Sma200 = "SMA_200",
        Ema5 = "EMA_5",
        Ema10 = "EMA_10",
        Ema20 = "EMA_20",
        Ema50 = "EMA_50",
        Ema100 = "EMA_100",
        Ema200 = "EMA_200",
        BollingerUpper = "BB_UPPER",
        BollingerLower = "BB_LOWER",
        Rsi14 = "RSI_14",
        Atr14 = "ATR_14",
        Stochastic = "STOCHASTIC",
        StochasticRsi14 = "STOCHRSI_14",
        Macd26 = "MACD_26",
        Macd12 = "MACD_12",
        MacdHistogram = "MACD_HIST",
    }
);

wire_enum!(
    Operator {
        CrossingUp = "CROSSING_UP",
        CrossingDown = "CROSSING_DOWN",
        CrossingAnySide = "CROSSING_ANY_SIDE",
        GreaterThan = "GREATER_THAN",
        LessThan = "LESS_THAN",
        GreaterThanEqual = "GREATER_THAN_EQUAL",
        LessThanEqual = "LESS_THAN_EQUAL",
        Equal = "EQUAL",
        NotEqual = "NOT_EQUAL",
    }
);

wire_enum!(
    /// Length of a conditional trigger's candles. One table of the documentation misprints the first.
    TimeFrame { Day = "DAY" | "DATE", OneMinute = "ONE_MIN", FiveMinutes = "FIVE_MIN", FifteenMinutes = "FIFTEEN_MIN" }
);

wire_enum!(
    /// The second is in the official package's text only.
    Frequency { Once = "ONCE", Always = "ALWAYS" }
);

wire_enum!(AlertStatus { Active = "ACTIVE", Triggered = "TRIGGERED", Expired = "EXPIRED", Cancelled = "CANCELLED" });

wire_enum!(PositionType { Long = "LONG", Short = "SHORT", Closed = "CLOSED" });

wire_enum!(
    /// Side of an option: `CALL` and `PUT` in REST, `CE` and `PE` in files and on the order socket.
    OptionType { Call = "CALL" | "CE", Put = "PUT" | "PE", None = "NA" | "XX" | "" | "null" }
);

wire_enum!(
    /// When an after-market order goes to the exchange.
    AmoTime { PreOpen = "PRE_OPEN", Open = "OPEN", Open30 = "OPEN_30", Open60 = "OPEN_60" }
);

wire_enum!(
    /// The kill switch: what to do with it, and in answers how it stands.
    KillSwitch { Activate = "ACTIVATE" | "ACTIVATED", Deactivate = "DEACTIVATE" | "DEACTIVATED" }
);

wire_enum!(
    /// What kind of instrument a chart is asked for, as the annexure names them.
    InstrumentType {
        Index = "INDEX",
        FutureOnIndex = "FUTIDX",
        OptionOnIndex = "OPTIDX",
        Equity = "EQUITY",
        FutureOnStock = "FUTSTK",
        OptionOnStock = "OPTSTK",
        FutureOnCommodity = "FUTCOM",
        OptionOnFuture = "OPTFUT",
        FutureOnCurrency = "FUTCUR",
        OptionOnCurrency = "OPTCUR",
    }
);

wire_enum!(
    /// Length of a bar, in minutes. The documentation sends a text, the official client a number; both are read.
    Interval { One = "1", Five = "5", Fifteen = "15", TwentyFive = "25", Sixty = "60" }
);

wire_enum!(
    /// Which series of expiries an expired option is taken from.
    ExpiryFlag { Week = "WEEK", Month = "MONTH" }
);

wire_enum!(
    /// An array that expired-option data can be asked for.
    RollingField {
        Open = "open",
        High = "high",
        Low = "low",
        Close = "close",
        Iv = "iv",
        Volume = "volume",
        Strike = "strike",
        Oi = "oi",
        Spot = "spot",
    }
);

wire_enum!(
    /// Which positions an exit on profit or loss covers.
    ExitProduct { Intraday = "INTRADAY", Delivery = "DELIVERY" }
);

wire_enum!(
    /// How the exit on profit or loss stands.
    PnlExitStatus { Active = "ACTIVE", Inactive = "INACTIVE", Disabled = "DISABLED" }
);

impl Interval {
    pub fn minutes(&self) -> Option<u32> {
        match self {
            Self::One => Some(1),
            Self::Five => Some(5),
            Self::Fifteen => Some(15),
            Self::TwentyFive => Some(25),
            Self::Sixty => Some(60),
            Self::Unknown(_) => None,
        }
    }
}

impl TransactionType {
    /// The order socket's letter.
    pub fn letter(&self) -> &str {
        match self {
            Self::Buy => "B",
            Self::Sell => "S",
            Self::Unknown(text) => text,
        }
    }

    pub fn side(&self) -> Option<Side> {
        match self {
            Self::Buy => Some(Side::Buy),
            Self::Sell => Some(Side::Sell),
            Self::Unknown(_) => None,
        }
    }
}

impl From<Side> for TransactionType {
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => Self::Buy,
            Side::Sell => Self::Sell,
        }
    }
}

impl ExchangeSegment {
    /// The number in binary packets (annexure); `None` where the feed has none.
    pub fn number(&self) -> Option<u8> {
        match self {
            Self::Index => Some(0),
            Self::NseEq => Some(1),
            Self::NseFno => Some(2),
            Self::NseCurrency => Some(3),
            Self::BseEq => Some(4),
            Self::McxComm => Some(5),
            Self::BseCurrency => Some(7),
            Self::BseFno => Some(8),
            Self::NseComm | Self::Unknown(_) => None,
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::KNOWN.iter().find(|segment| segment.number() == Some(number)).cloned()
    }

    pub fn segment(&self) -> Option<Segment> {
        match self {
            Self::Index => Some(Segment::Index),
            Self::NseEq => Some(Segment::NseEquity),
            Self::NseFno => Some(Segment::NseDerivatives),
            Self::NseCurrency => Some(Segment::NseCurrency),
            Self::BseEq => Some(Segment::BseEquity),
            Self::McxComm => Some(Segment::McxCommodity),
            Self::BseCurrency => Some(Segment::BseCurrency),
            Self::BseFno => Some(Segment::BseDerivatives),
            Self::NseComm => Some(Segment::NseCommodity),
            Self::Unknown(_) => None,
        }
    }

    /// From the order socket's pair of exchange (`NSE`) and segment letter (`E`, `D`, `C`, `M`, `I`).
    pub fn from_letters(exchange: &str, segment: &str) -> Self {
        match (exchange.trim(), segment.trim()) {
            (_, "I") => Self::Index,
            ("NSE", "E") => Self::NseEq,
            ("NSE", "D") => Self::NseFno,
            ("NSE", "C") => Self::NseCurrency,
            ("NSE", "M") => Self::NseComm,
            ("BSE", "E") => Self::BseEq,
            ("BSE", "D") => Self::BseFno,
            ("BSE", "C") => Self::BseCurrency,
            ("MCX", _) => Self::McxComm,
            (exchange, segment) => Self::Unknown(format!("{exchange}_{segment}")),
        }
    }

    /// The order socket's pair of exchange and segment letter. An index is on no exchange of its own: `NSE` is written.
    pub fn letters(&self) -> (&str, &str) {
        match self {
            Self::Index => ("NSE", "I"),
            Self::NseEq => ("NSE", "E"),
            Self::NseFno => ("NSE", "D"),
            Self::NseCurrency => ("NSE", "C"),
            Self::NseComm => ("NSE", "M"),
            Self::BseEq => ("BSE", "E"),
            Self::BseFno => ("BSE", "D"),
            Self::BseCurrency => ("BSE", "C"),
            Self::McxComm => ("MCX", "M"),
            Self::Unknown(text) => text.split_once('_').unwrap_or((text, "")),
        }
    }
}

impl From<Segment> for ExchangeSegment {
    fn from(segment: Segment) -> Self {
        match segment {
            Segment::Index => Self::Index,
            Segment::NseEquity => Self::NseEq,
            Segment::NseDerivatives => Self::NseFno,
            Segment::NseCurrency => Self::NseCurrency,
            Segment::NseCommodity => Self::NseComm,
            Segment::BseEquity => Self::BseEq,
            Segment::BseDerivatives => Self::BseFno,
            Segment::BseCurrency => Self::BseCurrency,
            Segment::McxCommodity => Self::McxComm,
        }
    }
}

impl ProductType {
    /// The order socket's letter.
    pub fn letter(&self) -> &str {
        match self {
            Self::Cnc => "C",
            Self::Intraday => "I",
            Self::Margin => "M",
            Self::Mtf => "F",
            Self::Co => "V",
            Self::Bo => "B",
            Self::Unknown(text) => text,
        }
    }

    /// Cover and bracket orders are intraday positions.
    pub fn product(&self) -> Option<Product> {
        match self {
            Self::Cnc => Some(Product::Cnc),
            Self::Intraday | Self::Co | Self::Bo => Some(Product::Intraday),
            Self::Margin => Some(Product::Margin),
            Self::Mtf => Some(Product::Mtf),
            Self::Unknown(_) => None,
        }
    }
}

impl From<Product> for ProductType {
    fn from(product: Product) -> Self {
        match product {
            Product::Intraday => Self::Intraday,
            Product::Margin => Self::Margin,
            Product::Cnc => Self::Cnc,
            Product::Mtf => Self::Mtf,
        }
    }
}

impl OrderType {
    /// The order socket's abbreviation.
    pub fn abbreviation(&self) -> &str {
        match self {
            Self::Limit => "LMT",
            Self::Market => "MKT",
            Self::StopLoss => "SL",
            Self::StopLossMarket => "SLM",
            Self::Unknown(text) => text,
        }
    }
}

impl OrderStatus {
    /// As the order socket writes it: with one capital.
    pub fn title(&self) -> &str {
        match self {
            Self::Transit => "Transit",
            Self::Pending => "Pending",
            Self::PartTraded => "Part_Traded",
            Self::Traded => "Traded",
            Self::Rejected => "Rejected",
            Self::Cancelled => "Cancelled",
            Self::Expired => "Expired",
            Self::Modified => "Modified",
            Self::Triggered => "Triggered",
            Self::Inactive => "Inactive",
            Self::Closed => "Closed",
            Self::Confirm => "Confirm",
            Self::Unknown(text) => text,
        }
    }

    /// In neutral terms. A word we do not know is taken as *working*: the order may fill, and nothing final is concluded from it.
    pub fn seen(&self) -> SeenStatus {
        match self {
            Self::Transit => SeenStatus::Transit,
            Self::Pending
            | Self::PartTraded
            | Self::Modified
            | Self::Triggered
            | Self::Inactive
            | Self::Confirm
            | Self::Unknown(_) => SeenStatus::Working,
            Self::Traded | Self::Closed => SeenStatus::Filled,
            Self::Rejected => SeenStatus::Rejected,
            Self::Cancelled => SeenStatus::Cancelled,
            Self::Expired => SeenStatus::Expired,
        }
    }
}

impl OptionType {
    pub fn right(&self) -> Option<OptionRight> {
        match self {
            Self::Call => Some(OptionRight::Call),
            Self::Put => Some(OptionRight::Put),
            Self::None | Self::Unknown(_) => None,
        }
    }

    /// `CE`, `PE` or `XX`, as files and the order socket write it.
    pub fn short(&self) -> &str {
        match self {
            Self::Call => "CE",
            Self::Put => "PE",
            Self::None => "XX",
            Self::Unknown(text) => text,
        }
    }
}

impl From<Option<OptionRight>> for OptionType {
    fn from(right: Option<OptionRight>) -> Self {
        match right {
            Some(OptionRight::Call) => Self::Call,
            Some(OptionRight::Put) => Self::Put,
            None => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_kept_when_unknown() {
        assert_eq!(OrderStatus::read("Part_Traded"), OrderStatus::PartTraded);
        assert_eq!(OrderStatus::read("frozen"), OrderStatus::Unknown("frozen".into()));
        assert_eq!(serde_json::from_str::<OptionType>("null").unwrap(), OptionType::None);
        assert_eq!(OptionType::read("CE"), OptionType::read("CALL"));
        assert_eq!(serde_json::to_string(&ProductType::read("X9")).unwrap(), "\"X9\"");
    }

    #[test]
    fn an_unknown_status_is_never_final() {
        assert!(!OrderStatus::read("SOMETHING_NEW").seen().is_final());
    }

    #[test]
    fn segments_have_the_numbers_of_the_annexure() {
        let numbers: Vec<_> = ExchangeSegment::KNOWN.iter().map(ExchangeSegment::number).collect();
        let expected = [Some(0), Some(1), Some(2), Some(3), Some(4), Some(5), Some(7), Some(8), None];
        assert_eq!(numbers, expected);
        for segment in ExchangeSegment::KNOWN {
            assert_eq!(segment.segment().map(ExchangeSegment::from).as_ref(), Some(segment));
            let (exchange, letter) = segment.letters();
            assert_eq!(&ExchangeSegment::from_letters(exchange, letter), segment);
        }
    }
}
