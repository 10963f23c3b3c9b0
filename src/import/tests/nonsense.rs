//! No input makes the importer panic.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn nothing_panics_on_arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read("any", &bytes, now(), &lot_of);
    }

    #[test]
    fn nothing_panics_on_damaged_files(at in 0usize..6000, byte in any::<u8>(), cut in 0usize..6000) {
        for name in ["portfolio.json", "positions.json", "record.json", "strategies.csv"] {
            let mut bytes = fixture(name);
            let end = bytes.len();
            if let Some(b) = bytes.get_mut(at % end) {
                *b = byte;
            }
            let _ = read(name, &bytes, now(), &lot_of);
            bytes.truncate(cut % end);
            let _ = read(name, &bytes, now(), &lot_of);
        }
    }

    #[test]
    fn nothing_panics_on_odd_figures(
        strikes in proptest::collection::vec("(-?[0-9]{1,12}(\\.[0-9]{1,12})?(e-?[0-9]{1,3})?)|NaN|Infinity|\"[ -~]{0,6}\"", 1..5),
        premium in "(-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,3})?)|NaN|-Infinity",
        reported in "(-?[0-9]{1,30}(\\.[0-9]{1,30})?)|Infinity|null|\"x\"",
        quantity in "([0-9]{1,12})|null|NaN",
        lot in any::<u32>(),
    ) {
        let legs: Vec<String> = strikes.iter().enumerate().map(|(i, strike)| {
            let side = if i % 2 == 0 { "LONG" } else { "SHORT" };
            leg_json(side, strike, if i % 3 == 0 { "PUT" } else { "CALL" }, &premium, &format!(r#", "quantity": {quantity}"#))
        }).collect();
        let text = strategy_json("Butterfly Spread", &legs.join(",")).replace("\"legs\"", &format!("\"max_profit\": {reported}, \"legs\""));
        let lot_of = move |_: Exchange, _: Symbol, _: Option<Date>| Some(Quantity(lot));
        let _ = read("any", text.as_bytes(), now(), &lot_of);
    }
}
