use std::sync::Arc;

use serde_json::json;

use super::stage::ran;
use crate::domain::Bound;
use crate::engine::command::{Command, Reply};
use crate::web::fake::FakeDesk;

const POSITIONS: &str = r#"{"positions": [
  {"symbol": "NIFTY", "strategy_name": "Bull Call Spread", "entry_date": "2026-11-20", "expiry_date": "2026-11-23",
   "legs": [{"strike": 26000, "type": "CE", "action": "BUY", "premium": 112.5},
            {"strike": 26100, "type": "CE", "action": "SELL", "premium": 61.0}]},
  {"symbol": "NIFTY", "strategy_name": "Broken", "entry_date": "2026-11-20", "expiry_date": "2026-11-23",
   "legs": [{"strike": -5, "type": "CE", "action": "BUY", "premium": 112.5}]}
]}"#;

fn written(name: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path.to_str().unwrap().to_string())
}

fn taking() -> Arc<FakeDesk> {
    Arc::new(FakeDesk::empty().answering(|command| match command {
        Command::Import { recommendations } => Ok(Reply::done(format!("{} strategies new", recommendations.len()))),
        other => Ok(Reply::done(other.name())),
    }))
}

#[tokio::test]
async fn good_rows_are_handed_over_with_real_lots_and_bad_ones_told_with_their_place() {
    let (_folder, file) = written("positions.json", POSITIONS);
    let desk = taking();
    let ran_human = ran(&desk, &["import", &file]).await;
    assert_eq!(ran_human.code, 0, "{ran_human:?}");
    assert!(ran_human.out.contains("1 strategies new"), "{}", ran_human.out);
    assert!(ran_human.err.contains("positions[1]"), "{}", ran_human.err);
    let asked = desk.asked();
    let [Command::Import { recommendations }] = asked.as_slice() else { panic!("{asked:?}") };
    let metrics = recommendations[0].metrics.clone().unwrap();
    assert_eq!((metrics.lot, metrics.max_loss), (65, Bound::Limited("3347.5".parse().unwrap())));

    let json = ran(&desk, &["import", &file, "--json"]).await.json();
    assert_eq!((&json[0]["good"], json[0]["refused"].as_array().unwrap().len()), (&json!(1), 1));
    assert!(json[0]["refused"][0]["place"].is_string() && json[0]["refused"][0]["reason"].is_string());
}

#[tokio::test]
async fn a_file_that_is_cut_off_is_refused_whole_and_the_others_load() {
    let (_a, whole) = written("whole.json", POSITIONS);
    let (_b, cut) = written("cut.json", &POSITIONS[..POSITIONS.len() / 2]);
    let desk = taking();
    let ran_both = ran(&desk, &["import", &cut, &whole]).await;
    assert_eq!((ran_both.code, desk.asked().len()), (1, 1));
    assert!(ran_both.err.contains("cut.json is cut off at line"), "{}", ran_both.err);
    let missing = ran(&desk, &["import", "no such file.json", "--json"]).await;
    assert_eq!((missing.code, missing.json()[0]["good"].as_u64()), (1, Some(0)));
    assert!(missing.err.contains("no such file.json cannot be read"), "{}", missing.err);
}

#[tokio::test]
async fn a_dry_run_hands_nothing_over() {
    let (_folder, file) = written("positions.json", POSITIONS);
    let desk = taking();
    assert_eq!(ran(&desk, &["import", &file, "--dry-run"]).await.code, 0);
    assert!(desk.asked().is_empty());
}
