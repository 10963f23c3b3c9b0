//! `calc`: what is computed, from a file of many or from flags for one.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;

use crate::domain::{Exchange, OptionRight};
use crate::options::pricing::Model;

/// Files are read whole; `-` is standard input. In files rates and volatilities are fractions (0.13), as flags they are per cent (13).
#[derive(Clone, Debug, Subcommand)]
pub enum CalcCommand {
    /// Price and Greeks of options
    #[command(
        after_help = "Columns in:  id,model,type,underlying,strike,t_years,r,q,vol   (rates and volatility as fractions)\n\
        Columns out: id,price,delta,gamma,theta_per_day,vega_per_pct,rho_per_pct,prob_itm\n\n\
        Other columns are passed over; model may be missing (black76), and q (0). A row that cannot be priced has its figures\n\
        left empty and its reason on stderr; the others are computed, and the exit code is 1.\n\n\
        strikedeck calc greeks --csv options.csv\n\
        strikedeck calc greeks --type C --underlying 26000 --strike 26100 --days 7 --vol 13 --rate 6.5"
    )]
    Greeks(GreeksArgs),
    /// The volatility that a price implies
    #[command(after_help = "Columns in:  id,model,type,underlying,strike,t_years,r,q,price\n\
        Columns out: id,status,iv   (a fraction; empty unless the status is ok or ill_conditioned)\n\n\
        status: ok, ill_conditioned (the price's last digits decide: read it loosely), below_intrinsic, above_maximum,\n\
        zero_price, no_time_value, underflow, expired, invalid_input\n\n\
        strikedeck calc iv --csv quotes.csv\n\
        strikedeck calc iv --type P --underlying 26000 --strike 25800 --days 7 --price 61.5 --rate 6.5")]
    Iv(IvArgs),
    /// Payoff of positions: premium, extremes, breakevens, profit zones, probability of profit
    #[command(
        after_help = "FILE is JSON: {\"cases\":[{\"id\",\"lot_size\",\"spot\",\"r\",\"vol\",\"t_years\",\"legs\":[{\"action\":\"BUY\",\
        \"type\":\"CE\",\"strike\",\"expiry\",\"lots\",\"price\"}]}]}.\n\
        With --json the answer is {\"results\":[{\"id\", …}]}. Of legs with two expiries a model says what they are worth when the\n\
        nearer ends: the volatility of each later leg is what its price implies, its time the days between the expiries, unless the\n\
        case says far_vol and far_time_left_years (years).\n\n\
        strikedeck calc payoff --json cases.json\n\
        strikedeck calc payoff --leg 'SELL 26500 CE @118.5' --leg 'BUY 26800 CE @52' --lot-size 65 --spot 26000 --days 7 --vol 13"
    )]
    Payoff(PayoffArgs),
    /// The name of positions, from their legs
    #[command(
        after_help = "FILE is JSON: {\"cases\":[{\"id\",\"legs\":[{\"underlying\",\"action\",\"type\",\"strike\",\"expiry\",\"lots\"}]}]}.\n\
        With --json the answer is {\"results\":[{\"id\",\"name\"}]}.\n\n\
        strikedeck calc name --json cases.json\n\
        strikedeck calc name --leg 'SELL 26500 CE' --leg 'BUY 26800 CE'"
    )]
    Name(NameArgs),
    /// Brokerage, taxes and fees of orders, by the tariff of their day
    #[command(after_help = "Columns in:  id,date,exchange,segment,symbol,side,quantity,price\n\
        Columns out: id,brokerage,stt,exchange_txn,sebi_fee,ipft,stamp_duty,gst,total   (rupees)\n\n\
        segment: options, futures, delivery, intraday, mtf; side: BUY, SELL, EXERCISE (price: the intrinsic value)\n\n\
        strikedeck calc charges --csv orders.csv\n\
        strikedeck calc charges --side SELL --segment options --symbol NIFTY --quantity 65 --price 135 --date 2026-11-20")]
    Charges(ChargesArgs),
}

/// As files spell them too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ModelName {
    /// On the forward of the option's expiry
    #[default]
    Black76,
    /// Black-Scholes on the spot
    Bs,
}

impl From<ModelName> for Model {
    fn from(name: ModelName) -> Self {
        match name {
            ModelName::Black76 => Self::Black76,
            ModelName::Bs => Self::BlackScholes,
        }
    }
}

/// One option by flags.
#[derive(Clone, Debug, Args)]
pub struct OptionArgs {
    /// What the underlying is
    #[arg(long, value_enum, default_value_t)]
    pub model: ModelName,
    /// C or P
    #[arg(long = "type", value_name = "C|P", value_parser = super::values::option_right, required_unless_present = "csv")]
    pub right: Option<OptionRight>,
    /// Forward (black76) or spot (bs), in points
    #[arg(long, value_name = "POINTS", required_unless_present = "csv")]
    pub underlying: Option<f64>,
    /// In points
    #[arg(long, value_name = "POINTS", required_unless_present = "csv")]
    pub strike: Option<f64>,
    /// Days to expiry (of 24 hours; 0.25 is six hours)
    #[arg(long, allow_negative_numbers = true, conflicts_with_all = ["t_years", "expiry"])]
    pub days: Option<f64>,
    /// Years to expiry, instead of days
    #[arg(long, value_name = "YEARS", allow_negative_numbers = true, conflicts_with = "expiry")]
    pub t_years: Option<f64>,
    /// The expiry itself: time runs to the close of derivatives on that day
    #[arg(long, value_name = "DATE", required_unless_present_any = ["csv", "days", "t_years"])]
    pub expiry: Option<Date>,
    /// Whose close it is
    #[arg(long, default_value = "NSE", requires = "expiry")]
    pub exchange: Exchange,
    /// Indian time from which it runs, such as 2026-11-20T10:30; now unless said
    #[arg(long, value_name = "TIME", requires = "expiry")]
    pub at: Option<DateTime>,
    /// Annual rate in per cent
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT", allow_negative_numbers = true)]
    pub rate: f64,
    /// Annual dividend yield in per cent (bs)
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT", allow_negative_numbers = true)]
    pub dividend: f64,
}

#[derive(Clone, Debug, Args)]
pub struct GreeksArgs {
    /// Many options, one per line, from this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub option: OptionArgs,
    /// Annual volatility in per cent
    #[arg(long, value_name = "PERCENT", required_unless_present = "csv")]
    pub vol: Option<f64>,
}

#[derive(Clone, Debug, Args)]
pub struct IvArgs {
    /// Many prices, one per line, from this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub option: OptionArgs,
    /// In points
    #[arg(long, value_name = "POINTS", required_unless_present = "csv", allow_negative_numbers = true)]
    pub price: Option<f64>,
}

#[derive(Clone, Debug, Args)]
pub struct PayoffArgs {
    /// Cases as JSON
    #[arg(value_name = "FILE", required_unless_present = "legs", conflicts_with = "legs")]
    pub file: Option<PathBuf>,
    /// A leg, such as 'SELL 2x 26500 CE @118.5 2026-11-23': lots and expiry may be missing; FUT and EQ have no strike
    #[arg(long = "leg", value_name = "LEG")]
    pub legs: Vec<String>,
    /// Units in one lot
    #[arg(long, default_value_t = 1, value_name = "UNITS")]
    pub lot_size: u32,
    /// Price of the underlying, in points
    #[arg(long, value_name = "POINTS", required_unless_present = "file")]
    pub spot: Option<Decimal>,
    /// Days to the (nearest) expiry
    #[arg(long, required_unless_present = "file")]
    pub days: Option<f64>,
    /// Annual volatility in per cent
    #[arg(long, value_name = "PERCENT", required_unless_present = "file")]
    pub vol: Option<f64>,
    /// Annual rate in per cent
    #[arg(long, default_value_t = 0.0, value_name = "PERCENT", allow_negative_numbers = true)]
    pub rate: f64,
}

#[derive(Clone, Debug, Args)]
pub struct NameArgs {
    /// Cases as JSON
    #[arg(value_name = "FILE", required_unless_present = "legs", conflicts_with = "legs")]
    pub file: Option<PathBuf>,
    /// A leg, such as 'SELL 2x 26500 CE 2026-11-23': lots and expiry may be missing; FUT and EQ have no strike
    #[arg(long = "leg", value_name = "LEG")]
    pub legs: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct ChargesArgs {
    /// Many orders, one per line, from this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// As contract notes are written: one line for each day, exchange and segment, added up before rounding
    #[arg(long, requires = "csv")]
    pub notes: bool,
    /// Day of the trade
    #[arg(long, value_name = "DATE", required_unless_present = "csv")]
    pub date: Option<Date>,
    #[arg(long, default_value = "NSE")]
    pub exchange: Exchange,
    /// options, futures, delivery, intraday or mtf
    #[arg(long, default_value = "options")]
    pub segment: String,
    /// As the exchange spells it: NIFTY, RELIANCE
    #[arg(long, required_unless_present = "csv")]
    pub symbol: Option<String>,
    /// BUY, SELL or EXERCISE
    #[arg(long, required_unless_present = "csv")]
    pub side: Option<String>,
    /// In units
    #[arg(long, required_unless_present = "csv")]
    pub quantity: Option<u32>,
    /// In points
    #[arg(long, value_name = "POINTS", required_unless_present = "csv")]
    pub price: Option<Decimal>,
}
