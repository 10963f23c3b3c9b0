//! Strategies as CSV: one row per leg, the rows of a strategy share an `id`.
//!
//! The first line names the columns; their order is free, unknown ones are ignored, capitals and spaces do not matter.
//!
//! | column | required | meaning |
//! |---|---|---|
//! | `id` | yes | groups the legs of one strategy; any text |
//! | `symbol` | yes | underlying: `NIFTY`, `BANK NIFTY`, `RELIANCE` |
//! | `side` (`action`, `position`) | yes | `BUY` or `SELL` (`LONG`, `SHORT`) |
//! | `type` (`option_type`) | yes | `CE`, `PE`, `FUT`, `EQ` (`CALL`, `PUT`) |
//! | `strike` | yes | of options, in rupees |
//! | `ratio` (`lots`, `quantity`) | | lots of this leg per set, 1 when empty |
//! | `premium` (`price`) | | rupees per unit |
//! | `expiry` | | `2026-11-23` or `23-Nov-2026`; chosen at marking when empty |
//! | `strategy` (`name`, `strategy_name`) | | what it is called |
//! | `exchange` | | `NSE`, `BSE`; by the symbol when empty |
//! | `generated_at`, `valid_until` | | `2026-11-20T10:03:30`, Indian time |
//! | `spot`, `score`, `probability`, `conviction`, `max_profit`, `max_loss`, `outlook` | | as in the other formats |
//!
//! What belongs to the strategy may stand in its first row only; where it stands again it must be the same. A byte order
//! mark, CRLF, quotes, and semicolons or tabs instead of commas are understood. Amounts may be written `1,23,456.50` or `₹450`.

use std::collections::BTreeMap;

use super::exits::RawRules;
use super::json::Found;
use super::leg::RawLeg;
use super::raw::{Cell, RawStrategy};
use super::text::{clean, shown};
use super::{FileError, Refused};

/// A column and its other names.
const COLUMNS: &[&[&str]] = &[
    &["id", "strategy_id", "group"],
    &["symbol", "underlying"],
    &["side", "action", "position"],
    &["type", "option_type", "right"],
    &["strike", "strike_price"],
    &["ratio", "lots", "quantity"],
    &["premium", "price"],
    &["expiry", "expiry_date"],
    &["strategy", "name", "strategy_name"],
    &["exchange"],
    &["generated_at", "analysis_timestamp", "entry_date"],
    &["valid_until"],
    &["spot", "spot_price"],
    &["score", "total_score"],
    &["probability", "probability_profit", "pop"],
    &["conviction", "conviction_level"],
    &["max_profit"],
    &["max_loss"],
    &["outlook", "notes"],
];
const REQUIRED: [&str; 5] = ["id", "symbol", "side", "type", "strike"];

type Columns = BTreeMap<&'static str, usize>;

pub(super) fn read(file: &str, content: &str) -> Result<Found, FileError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(content))
        .trim(csv::Trim::All)
        .from_reader(content.as_bytes());
    let mut records = rows.records();
    let wrong = |line: u64, what: String| FileError::NotATable { file: file.into(), line, what };
    let unreadable = |e: &csv::Error| wrong(e.position().map_or(0, csv::Position::line), clean(&e.to_string(), 120).0);
    let header = match records.next() {
        Some(header) => header.map_err(|e| unreadable(&e))?,
        None => return Err(FileError::Empty { file: file.into() }),
    };
    let mut lines = Lines::of(content);
    let columns = columns(&header).map_err(|what| wrong(lines.at(header.position()), what))?;
    let mut found = Found::default();
    let mut groups = Groups::default();
    for record in records {
        let record = record.map_err(|e| unreadable(&e))?;
        let line = lines.at(record.position());
        if record.iter().any(|cell| !cell.is_empty()) {
            groups.add(&Row { columns: &columns, record: &record, line, width: header.len() });
        }
    }
    found.strategies = groups.strategies;
    Ok(found)
}

/// Counts lines up to the start of each row. The reader's own count lags behind after CRLF and empty lines.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(content: &'a str) -> Self {
        Self { bytes: content.as_bytes(), counted: 0, line: 1 }
    }

    /// The line of the row that starts here or after the line ends that follow. Rows are asked for in order.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(0, |p| usize::try_from(p.byte()).unwrap_or(usize::MAX));
        while let Some(byte) = self.bytes.get(self.counted) {
            if self.counted >= start && !matches!(byte, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.counted += 1;
        }
        self.line
    }
}

/// The separator that stands most often in the first line.
fn delimiter(content: &str) -> u8 {
    let header = content.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |c: u8| header.bytes().filter(|b| *b == c).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|c| (count(*c), *c == b',')).unwrap_or(b',')
}

fn columns(header: &csv::StringRecord) -> Result<Columns, String> {
    let mut columns = Columns::new();
    for (i, cell) in header.iter().enumerate() {
        let name: String = cell.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_");
        let known = COLUMNS.iter().find(|names| names.contains(&name.as_str())).and_then(|names| names.first());
        let Some(known) = known else { continue };
        if columns.insert(known, i).is_some() {
            return Err(format!("two columns mean `{known}`: leave one out"));
        }
    }
    let missing: Vec<&str> = REQUIRED.into_iter().filter(|name| !columns.contains_key(name)).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    Err(format!(
        "this is neither JSON nor a table with the columns {} (missing: {})",
        REQUIRED.join(", "),
        missing.join(", ")
    ))
}

struct Row<'a> {
    columns: &'a Columns,
    record: &'a csv::StringRecord,
    line: u64,
    width: usize,
}

impl Row<'_> {
    fn cell(&self, column: &str) -> Option<Cell> {
        let text = self.record.get(*self.columns.get(column)?)?;
        (!text.is_empty()).then(|| Cell { place: format!("line {}, {column}", self.line), text: text.to_owned() })
    }

    fn leg(&self) -> RawLeg {
        RawLeg {
            place: format!("line {}", self.line),
            side: self.cell("side"),
            kind: self.cell("type"),
            strike: self.cell("strike"),
            expiry: self.cell("expiry"),
            ratio: self.cell("ratio"),
            premium: self.cell("premium"),
        }
    }

    fn strategy(&self) -> RawStrategy {
        RawStrategy {
            place: format!("line {}", self.line),
            symbol: self.cell("symbol"),
            exchange: self.cell("exchange"),
            name: self.cell("strategy"),
            legs: Vec::new(),
            expiry: None,
            spot: self.cell("spot"),
            score: self.cell("score"),
            probability: self.cell("probability"),
            conviction: self.cell("conviction"),
            confidence: None,
            max_profit: self.cell("max_profit"),
            max_loss: self.cell("max_loss"),
            generated_at: self.cell("generated_at"),
            valid_until: self.cell("valid_until"),
            outlook: self.cell("outlook"),
            exits: RawRules::default(),
        }
    }

    fn refuse(&self, code: &'static str, reason: String) -> Refused {
        Refused { place: format!("line {}", self.line), code, reason }
    }
}

/// Strategies in the order of their first row, by id.
#[derive(Default)]
struct Groups {
    strategies: Vec<Result<RawStrategy, Refused>>,
    by_id: BTreeMap<String, usize>,
}

impl Groups {
    fn add(&mut self, row: &Row<'_>) {
        let Some(id) = row.cell("id") else {
            let reason = "the row has no id: give the legs of one strategy the same".into();
            self.strategies.push(Err(row.refuse("id_missing", reason)));
            return;
        };
        let at = *self.by_id.entry(id.text.clone()).or_insert_with(|| {
            self.strategies.push(Ok(row.strategy()));
            self.strategies.len() - 1
        });
        let Some(slot) = self.strategies.get_mut(at) else { return };
        let Ok(strategy) = slot else { return };
        if row.record.len() > row.width {
            let reason =
                format!("the row has {} cells, the header {}: quote texts with commas", row.record.len(), row.width);
            *slot = Err(row.refuse("bad_row", reason));
        } else if let Some(cell) = differing(strategy, &row.strategy()) {
            let reason = format!("{} differs from the first row of {}", shown(&cell.text), shown(&id.text));
            *slot = Err(Refused { place: cell.place, code: "rows_differ", reason });
        } else {
            strategy.legs.push(row.leg());
        }
    }
}

/// A cell of a later row that contradicts the first; what only a later row states is taken from there.
fn differing(first: &mut RawStrategy, later: &RawStrategy) -> Option<Cell> {
    let pairs = [
        (&mut first.symbol, &later.symbol),
        (&mut first.exchange, &later.exchange),
        (&mut first.name, &later.name),
        (&mut first.spot, &later.spot),
        (&mut first.score, &later.score),
        (&mut first.probability, &later.probability),
        (&mut first.conviction, &later.conviction),
        (&mut first.max_profit, &later.max_profit),
        (&mut first.max_loss, &later.max_loss),
        (&mut first.generated_at, &later.generated_at),
        (&mut first.valid_until, &later.valid_until),
        (&mut first.outlook, &later.outlook),
    ];
    for (own, other) in pairs {
        match (&*own, other) {
            (Some(a), Some(b)) if a.text != b.text => return Some(b.clone()),
            (None, Some(b)) => *own = Some(b.clone()),
            _ => {}
        }
    }
    None
}
