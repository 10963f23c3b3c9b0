//! Reading the panes of the screen, as the eye does: by their titles and columns.

use rust_decimal::Decimal;

/// A strategy in the list of pending ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub id: u64,
    pub symbol: String,
    /// The cursor is on it.
    pub at_hand: bool,
}

/// A row of the execution queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub id: u64,
    pub priority: i64,
    pub state: String,
    pub at_hand: bool,
}

/// A leg among the positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub strategy: u64,
    /// `25550 PE`
    pub contract: String,
    pub quantity: i64,
    pub average: Decimal,
    pub profit: Option<Decimal>,
}

pub fn pending(screen: &str) -> Vec<Pending> {
    let row = |words: &[&str]| {
        let at = words.iter().position(|w| w.parse::<u64>().is_ok())?;
        let at_hand = words[..at].contains(&"▎");
        Some(Pending { id: words[at].parse().ok()?, symbol: (*words.get(at + 1)?).to_string(), at_hand })
    };
    pane(screen, "Pending").iter().filter_map(|line| row(&words(line))).collect()
}

pub fn queue(screen: &str) -> Vec<Queued> {
    let row = |words: &[&str]| {
        let at_hand = words.first() == Some(&"▎");
        let words = if at_hand { &words[1..] } else { words };
        let (priority, id) = (words.first()?.parse().ok()?, words.get(1)?.parse().ok()?);
        let states = ["marked", "queued", "executing", "held", "unwinding", "deferred"];
        let state = words.iter().find(|w| states.iter().any(|s| w.eq_ignore_ascii_case(s)))?;
        Some(Queued { id, priority, state: state.to_lowercase(), at_hand })
    };
    pane(screen, "Execution queue").iter().filter_map(|line| row(&words(line))).collect()
}

pub fn positions(screen: &str) -> Vec<Position> {
    let mut strategy = 0;
    let mut rows = Vec::new();
    for line in pane(screen, "Positions") {
        let words: Vec<&str> = words(line).into_iter().filter(|w| *w != "▎").collect();
        if matches!(words.first(), Some(&"▾" | &"▸")) {
            let number = words.iter().find_map(|w| w.strip_prefix('#'));
            strategy = number.and_then(|n| n.parse().ok()).unwrap_or_default();
        } else if let [strike, right @ ("CE" | "PE"), _day, _month, quantity, average, _last, profit, ..] = words[..] {
            // What a card lies upon is not read.
            let quantity = number(quantity).and_then(|q| i64::try_from(q).ok());
            let (Some(quantity), Some(average)) = (quantity, number(average)) else { continue };
            let contract = format!("{} {right}", strike.replace(',', ""));
            rows.push(Position { strategy, contract, quantity, average, profit: number(profit) });
        }
    }
    rows
}

/// What `N closed today` says was made with what is flat again, before charges.
pub fn closed_today(screen: &str) -> Option<Decimal> {
    let line = screen.lines().find(|line| line.contains(" closed today "))?;
    let (_, after) = line.split_once(" closed today ")?;
    number(after.split_whitespace().next()?)
}

/// The day's profit of the header.
pub fn day(screen: &str) -> Option<Decimal> {
    let (_, after) = screen.lines().next()?.split_once(" Day ")?;
    number(after.split_whitespace().next()?)
}

/// `+₹1,234.50`, `−240`, `13.35`.
pub fn number(text: &str) -> Option<Decimal> {
    let plain: String = text.chars().filter(|c| !matches!(c, '₹' | ',' | '+')).collect();
    plain.replace('−', "-").parse().ok()
}

/// The lines inside the pane with this title, without its frame and what stands beside it.
fn pane<'a>(screen: &'a str, title: &str) -> Vec<&'a str> {
    let lines = screen.lines().skip_while(|line| !line.starts_with(&format!("╭─ {title}"))).skip(1);
    let lines = lines.take_while(|line| line.starts_with('│'));
    lines.filter_map(|line| line.split('│').nth(1)).collect()
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}
