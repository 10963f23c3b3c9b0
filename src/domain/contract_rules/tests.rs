use std::collections::BTreeSet;

use jiff::civil::date;
use rust_decimal_macros::dec;

use super::*;

const TABLE: &str = include_str!("../../../assets/market/contracts.yaml");

fn rules() -> ContractRules {
    ContractRules::from_text(TABLE).unwrap()
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(str::to_string).collect()).collect()
}

#[test]
fn the_compiled_in_table_is_the_one_in_use() {
    assert_eq!(*ContractRules::builtin(), rules());
    let names: Vec<_> = rules().underlyings().iter().map(|u| u.symbol.to_string()).collect();
    assert_eq!(names, ["BANKEX", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTY", "NIFTYNXT50", "SENSEX"]);
}

#[test]
fn the_contracts_of_today() {
    let rules = rules();
    let today = date(2026, 11, 20);
    let calendar = TradingCalendar::builtin();
    for (name, exchange, id, lot, max_order, step, weekly) in [
        ("NIFTY", Exchange::Nse, 13, 65, 1755, 50, true),
        ("BANKNIFTY", Exchange::Nse, 25, 30, 600, 100, false),
        ("FINNIFTY", Exchange::Nse, 27, 60, 1800, 50, false),
        ("MIDCPNIFTY", Exchange::Nse, 442, 120, 2760, 25, false),
        ("NIFTYNXT50", Exchange::Nse, 38, 25, 600, 100, false),
        ("SENSEX", Exchange::Bse, 51, 20, 1000, 100, true),
        ("BANKEX", Exchange::Bse, 69, 30, 900, 100, false),
    ] {
        let u = rules.get(symbol(name)).unwrap();
        let expiry = rules.expiries(u.symbol, today, calendar, 0, 1)[0];
        assert_eq!((u.exchange, u.dhan_index_id, u.weekly), (exchange, SecurityId(id), weekly), "{name}");
        assert_eq!(
            (u.lot(expiry), u.max_order(expiry, today)),
            (Some(Quantity(lot)), Some(Quantity(max_order))),
            "{name}"
        );
        assert_eq!((u.strike_step, u.tick), (Price(step.into()), Price(dec!(0.05))), "{name}");
    }
    assert_eq!(rules.lot(symbol("RELIANCE"), today), None);
}

#[test]
fn the_next_expiry_after_20_november_2026_is_monday_the_23rd_and_it_is_the_monthly() {
    let rules = rules();
    let calendar = TradingCalendar::builtin();
    let coming = rules.expiry_list(symbol("NIFTY"), date(2026, 11, 20), calendar, 4, 3);
    let dates: Vec<_> = coming.iter().map(|e| e.date).collect();
    assert_eq!(
        dates,
        [
            date(2026, 11, 23),
            date(2026, 12, 1),
            date(2026, 12, 8),
            date(2026, 12, 15),
            date(2026, 12, 22),
            date(2026, 12, 29),
            date(2027, 1, 25),
        ]
    );
    assert_eq!((coming[0].cycle, coming[0].nominal), (ExpiryCycle::Monthly, date(2026, 11, 24)));
    assert_eq!(coming[1].cycle, ExpiryCycle::Weekly);
}

#[test]
fn an_underlying_without_weeklies_has_monthly_expiries_only() {
    let expiries = rules().expiries(symbol("BANKEX"), date(2026, 11, 20), TradingCalendar::builtin(), 4, 3);
    assert_eq!(expiries, [date(2026, 11, 26), date(2026, 12, 31), date(2027, 1, 28)]);
}

#[test]
fn expiries_agree_with_the_reference_calendar() {
    let rules = rules();
    let calendar = TradingCalendar::builtin();
    let table = rows(include_str!("../../../tests/fixtures/market/expiry_calendar.csv"));
    assert_eq!(table.len(), 191);
    for (name, exchange) in [("NIFTY", "NSE"), ("SENSEX", "BSE")] {
        let expected: BTreeSet<_> = table
            .iter()
            .filter(|r| r[0] == exchange)
            .map(|r| {
                let cycle = if r[2] == "weekly" { ExpiryCycle::Weekly } else { ExpiryCycle::Monthly };
                Expiry { date: r[4].parse().unwrap(), nominal: r[3].parse().unwrap(), cycle }
            })
            .collect();
        let weeklies = expected.iter().filter(|e| e.cycle == ExpiryCycle::Weekly).count();
        let monthlies = expected.len() - weeklies;
        let computed = rules.expiry_list(symbol(name), date(2025, 9, 1), calendar, weeklies, monthlies);
        assert!(computed.is_sorted_by_key(|e| e.date));
        assert_eq!(computed.into_iter().collect::<BTreeSet<_>>(), expected, "{name}");
    }
}

#[test]
fn time_to_expiry_agrees_with_the_reference_table() {
    let rules = rules();
    let calendar = TradingCalendar::builtin();
    let table = rows(include_str!("../../../tests/fixtures/market/time_to_expiry_reference.csv"));
    assert_eq!(table.len(), 205);
    for row in table {
        let now: Timestamp = row[1].parse().unwrap();
        let next = rules.next_expiry(symbol(&row[2]), now, calendar, row[3] == "monthly").unwrap();
        assert_eq!(next.date.to_string(), row[4], "{row:?}");
        let exchange = rules.get(symbol(&row[2])).unwrap().exchange;
        let close = calendar.close_of_expiry(exchange, next.date);
        assert_eq!((close.as_second() - now.as_second()).to_string(), row[6], "{row:?}");
        assert_eq!(calendar.is_trading_day(exchange, ist(now).date()), row[5] == "yes", "{row:?}");
    }
}

#[test]
fn a_lot_belongs_to_the_contract_not_to_the_day() {
    let rules = rules();
    let lot = |name, expiry| rules.lot(symbol(name), expiry).map(|q| q.0);
    assert_eq!(lot("NIFTY", date(2025, 1, 23)), Some(75));
    assert_eq!(lot("NIFTY", date(2025, 1, 30)), Some(25));
    assert_eq!(lot("NIFTY", date(2025, 12, 30)), Some(75));
    assert_eq!(lot("NIFTY", date(2026, 1, 6)), Some(65));
    assert_eq!(lot("BANKNIFTY", date(2025, 7, 31)), Some(35));
}

#[test]
fn the_freeze_quantity_is_that_of_the_day() {
    let rules = rules();
    let expiry = date(2026, 11, 23);
    let max = |name, on| rules.max_order(symbol(name), expiry, on).map(|q| q.0);
    assert_eq!(max("BANKNIFTY", date(2026, 6, 30)), Some(900));
    assert_eq!(max("BANKNIFTY", date(2026, 7, 1)), Some(600));
    assert_eq!(max("SENSEX", date(2026, 6, 30)), Some(1000));
}

#[test]
fn a_usable_order_is_whole_lots_up_to_the_freeze_quantity() {
    let usable = |freeze, lot| usable_max_order(Quantity(freeze), Quantity(lot)).0;
    assert_eq!(usable(1756, 65), 1755);
    assert_eq!(usable(1755, 65), 1755);
    assert_eq!(usable(1754, 65), 1690);
    assert_eq!(usable(600, 30), 600);
    assert_eq!(usable(10, 65), 65);
    assert_eq!(usable(100, 0), 100);
}

#[test]
fn a_broken_table_is_refused_with_its_line() {
    let error = |yaml: &str| ContractRules::from_text(yaml).unwrap_err();
    let line = TABLE.lines().position(|l| l.contains("weekday: tuesday")).unwrap() as u64 + 1;
    let weekday = error(&TABLE.replacen("weekday: tuesday", "weekday: doomsday", 1));
    assert_eq!(weekday.line, Some(line), "{weekday}");
    assert!(weekday.to_string().contains("doomsday"), "{weekday}");
    let lot = error(&TABLE.replace("lot: 65, note: \"first", "lot: 0, note: \"first"));
    assert_eq!(lot.to_string(), "contracts.yaml: NIFTY: `lot_size` needs rows, each with a lot above zero");
}
