//! Tables in and out: columns by name, in any order; others are passed over.

use std::str::FromStr;

use serde_json::{Map, Number, Value, json};

use crate::cli::console::{Console, plain};
use crate::cli::failure::Failure;

/// The rows of a CSV file with a header.
pub struct Sheet {
    /// In small letters.
    columns: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

/// One row of it.
pub struct Row<'a> {
    columns: &'a [String],
    record: &'a csv::StringRecord,
    /// Counted from 1, without the header.
    number: usize,
}

impl Sheet {
    /// Reads `text`; the columns that are needed must be there.
    pub fn read(text: &str, needed: &[&str]) -> Result<Self, Failure> {
        let bad = |e: csv::Error| Failure::Refused(format!("the table cannot be read: {e}"));
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let columns: Vec<String> = reader.headers().map_err(bad)?.iter().map(str::to_ascii_lowercase).collect();
        let missing: Vec<&str> = needed.iter().filter(|n| !columns.iter().any(|c| c == *n)).copied().collect();
        if !missing.is_empty() {
            return Err(Failure::Refused(format!("the table has no column {}", missing.join(", "))));
        }
        let rows = reader.records().collect::<Result<_, _>>().map_err(bad)?;
        Ok(Self { columns, rows })
    }

    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let row = |(n, record)| Row { columns: &self.columns, record, number: n + 1 };
        self.rows.iter().enumerate().map(row)
    }
}

impl Row<'_> {
    /// What stands in a column; nothing where the column is missing.
    pub fn text(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|c| c == column);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// A value of a column, or what is wrong with it.
    pub fn value<T: FromStr>(&self, column: &str) -> Result<T, String> {
        let text = self.text(column);
        text.parse().map_err(|_| match text {
            "" => format!("{column} is missing"),
            _ => format!("{column} cannot be `{text}`"),
        })
    }

    /// The same; an empty or absent column stands for `default`.
    pub fn value_or<T: FromStr>(&self, column: &str, default: T) -> Result<T, String> {
        if self.text(column).is_empty() { Ok(default) } else { self.value(column) }
    }

    /// Its id, or its number where it has none.
    pub fn id(&self) -> String {
        let id = plain(self.text("id"));
        if id.is_empty() { self.number.to_string() } else { id }
    }

    /// A reason, with the row it belongs to.
    pub fn reason(&self, why: &str) -> String {
        format!("row {} ({}): {why}", self.number, self.id())
    }
}

/// What stands in a field of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    Text(String),
    /// Written so that reading it gives the same number.
    Float(f64),
    /// Written in full.
    Exact(rust_decimal::Decimal),
    Empty,
}

impl Field {
    fn csv(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Float(number) => format!("{number:?}"),
            Self::Exact(number) => number.normalize().to_string(),
            Self::Empty => String::new(),
        }
    }

    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Self::Exact(number) => exact(*number),
            Self::Empty => Value::Null,
        }
    }
}

/// A decimal as a JSON number, every digit of it.
pub fn exact(number: rust_decimal::Decimal) -> Value {
    number.normalize().to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}

/// Results under a header: CSV for programs, or JSON with `--json`.
pub struct Results {
    header: Vec<&'static str>,
    rows: Vec<Vec<Field>>,
}

impl Results {
    pub fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    pub fn push(&mut self, row: Vec<Field>) {
        self.rows.push(row);
    }

    /// A row that has nothing but its id.
    pub fn push_empty(&mut self, id: String) {
        let mut row = vec![Field::Empty; self.header.len()];
        if let Some(first) = row.first_mut() {
            *first = Field::Text(id);
        }
        self.rows.push(row);
    }

    /// All of it on stdout.
    pub fn write(&self, console: &mut Console) -> Result<(), Failure> {
        if console.is_json() {
            let object = |row: &Vec<Field>| {
                let pairs = self.header.iter().zip(row).map(|(name, field)| ((*name).to_string(), field.json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            };
            return console.document(&json!({"results": self.rows.iter().map(object).collect::<Vec<_>>()}));
        }
        let failed = |e: String| Failure::Refused(format!("the results cannot be written: {e}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.header).map_err(|e| failed(e.to_string()))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Field::csv)).map_err(|e| failed(e.to_string()))?;
        }
        let bytes = writer.into_inner().map_err(|e| failed(e.to_string()))?;
        console.machine_line(String::from_utf8_lossy(&bytes).trim_end())
    }

    /// The first row for people, a line per figure; JSON with `--json`.
    pub fn write_one(&self, console: &mut Console) -> Result<(), Failure> {
        let Some(row) = self.rows.first() else { return Ok(()) };
        let pairs = || self.header.iter().zip(row).filter(|(name, _)| **name != "id");
        let width = pairs().map(|(name, _)| name.len()).max().unwrap_or_default();
        let object: Map<_, _> = pairs().map(|(name, field)| ((*name).to_string(), field.json())).collect();
        console.document(&Value::Object(object))?;
        pairs().try_for_each(|(name, field)| console.say(&format!("{name:width$}  {}", field.csv())))
    }
}
