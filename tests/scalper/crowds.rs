//! Many signals at once: one position of an underlying at a time holds; all that are taken are delivered at the account's
//! pace, none after it has expired, and an exit does not wait behind them.

use std::collections::BTreeMap;

use rust_decimal_macros::dec;
use strikedeck::domain::{ScalpSetup, Side};
use strikedeck::engine::command::Command;
use strikedeck::engine::state::TradeState;
use strikedeck::view::View;

use super::counter::{Answer, Counter, INDICES, audit, setup, shares_file, twenty};
use crate::program::until;

/// Sends one signal for each, all at the same time.
async fn all_at_once(counter: &Counter, setup: &'static str, symbols: Vec<(String, String)>) -> Vec<(String, Answer)> {
    let sends = symbols.into_iter().map(|(symbol, key)| {
        let sender = counter.sender.clone();
        tokio::spawn(async move {
            let answer = sender.send(setup, &symbol, Side::Buy, &key).await;
            (symbol, answer)
        })
    });
    let mut answers = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        answers.push(send.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_signals_in_a_burst_each_underlying_is_bought_once() {
    let counter = Counter::open(|c| c.engine.scalping.setups = vec![setup("ONE", &INDICES)]).await;
    let burst: Vec<_> = (0..1_000).map(|n| (INDICES[n % 5].to_string(), format!("burst {n}"))).collect();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for part in burst.chunks(100) {
        for (symbol, answer) in all_at_once(&counter, "ONE", part.to_vec()).await {
            match answer.status {
                202 => *taken.entry(symbol).or_default() += 1,
                status => assert_eq!((status, &answer.body["error"]["code"]), (409, &"open".into()), "{answer:?}"),
            }
        }
    }
    assert_eq!(taken.into_values().collect::<Vec<_>>(), [1; 5]);
    let held = |v: &View| v.signals.open.iter().filter(|s| s.state == TradeState::SlPlaced).count() == 5;
    counter.stage.until("five stops", held).await;
    counter.stage.settle().await;
    let book = counter.stage.book().await;
    assert_eq!(book.iter().filter(|o| o.spec.side == Side::Buy).count(), 5, "{book:?}");
    let kept = counter.kept();
    until("every signal in the tables", || (kept.signals().len() == 1_000).then_some(()));
    counter.stage.clean_up().await;
    counter.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_are_all_delivered_at_the_accounts_pace_and_exits_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shares.json");
    std::fs::write(&file, shares_file()).unwrap();
    let symbols = twenty();
    let counter = Counter::open(|c| {
        c.paper.spots_from = Some(file);
        c.engine.limits.capital = "1000000000".parse().unwrap();
        c.paper.starting_cash = "1000000000".parse().unwrap();
        let all = ScalpSetup { stop_points: dec!(15), ..setup("ALL", &symbols) };
        c.engine.scalping.setups = vec![all, setup("HELD", &["NIFTY"])];
    })
    .await;
    counter.taken("HELD", "NIFTY", "held before").await;
    let rests = |v: &View| v.signals.open.first().is_some_and(|s| s.state == TradeState::SlPlaced);
    let view = counter.stage.until("its stop", rests).await;
    let before = view.signals.open[0].strategy;

    let others: Vec<_> = symbols.iter().skip(1).map(|s| (s.to_string(), format!("at once {s}"))).collect();
    let answers = all_at_once(&counter, "ALL", others).await;
    counter.stage.ask(Command::CloseStrategy { id: before }).await;
    let view = counter.stage.until("the exit", |v| v.signals.closed.iter().any(|c| c.strategy == before)).await;
    let waiting = view.signals.open.iter().filter(|s| s.state == TradeState::Pending).count();
    assert!(waiting > 0, "the exit has overtaken entries that were decided before it");
    let last = counter.sender.send("ALL", "NIFTY", Side::Buy, "at once NIFTY").await;

    let mut taken = Vec::new();
    for (symbol, answer) in answers.iter().map(|(s, a)| (s.as_str(), a)).chain([("NIFTY", &last)]) {
        assert_eq!(answer.status, 202, "{symbol}: {answer:?}");
        taken.push(answer.signal());
    }
    let held = |v: &View| v.signals.open.iter().filter(|s| s.state == TradeState::SlPlaced).count() == 20;
    counter.stage.until("twenty stops", held).await;
    counter.stage.settle().await;
    let (kept, book) = (counter.kept(), counter.stage.book().await);
    let found = until("the same in the tables", || {
        let found = audit(&taken, &kept, &book);
        (found.wrong == 0 && found.bought == 20).then_some(found)
    });
    assert_eq!((found.lost, found.doubled, found.unmarked, found.told), (0, 0, 0, 0), "{found:?}");
    assert_eq!(kept.decided_late(), Vec::<u64>::new(), "none is acted on after it has expired");
    counter.stage.clean_up().await;
    counter.close().await;
}
