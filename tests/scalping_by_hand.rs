//! A scalp from a signal sent by hand to its end, in a paper cockpit.

use serde_json::Value;

use crate::program::{Folder, until};
use crate::terminal::Terminal;

const SIZE: (u16, u16) = (120, 36);

/// Left by nothing but the trader.
const SETTINGS: &str = r"
scalping:
  setups:
    - name: BY_HAND
      symbols: [NIFTY]
      stop_points: 40
      target_points: null
";

fn state(all: &Value) -> Option<&str> {
    all["open"][0]["state"].as_str()
}

#[test]
fn a_signal_by_hand_is_bought_protected_and_closed_at_the_screen() {
    let folder = Folder::new().with("strategy.yaml", SETTINGS);
    let mut terminal = Terminal::start(&folder, SIZE, &["--seed", "11"]);
    terminal.until_text("PAPER");
    let send = ["signal", "--setup", "BY_HAND", "--symbol", "NIFTY", "--side", "buy"];
    until("a price of the index", || {
        let all = folder.json(&["signals"]);
        let indices = all["indices"].as_array().unwrap();
        indices.iter().any(|i| i["symbol"] == "NIFTY").then_some(())
    });
    let refused = folder.run(&send).with(1);
    assert!(refused.err.contains("BY_HAND is paused"), "{refused:?}");

    folder.run(&["setups", "arm", "by_hand"]).well();
    folder.run(&send).well();
    let all = until("the stop at the broker", || {
        let all = folder.json(&["signals"]);
        (state(&all) == Some("SL_PLACED")).then_some(all)
    });
    let scalp = &all["open"][0];
    assert!(scalp["net_quantity"].as_i64().unwrap() > 0, "{scalp}");
    assert_eq!(scalp["stop"]["resting_quantity"], scalp["net_quantity"]);

    // At the screen: closed by its key and the card's.
    terminal.press("7");
    terminal.until("the scalp", |s| s.contains("OPEN SCALPS") && s.contains("SL_PLACED"));
    terminal.press("j");
    terminal.until("the cursor on it", |s| s.contains("of BY_HAND, signal"));
    terminal.press("x");
    terminal.until("the card", |s| s.contains("close it"));
    terminal.press("y");
    terminal.until("the scalp over", |s| s.contains("CLOSED TODAY"));
    let all = folder.json(&["signals"]);
    assert_eq!((all["open"].as_array().unwrap().len(), all["closed"][0]["state"].as_str()), (0, Some("EXITED")));
    terminal.press("q");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(folder.tables().states_of_scalp(), ["scalp opened", "TRADED", "SL_PLACED", "scalp closed"]);
    assert_eq!(folder.tables().open_lots(), []);
}
