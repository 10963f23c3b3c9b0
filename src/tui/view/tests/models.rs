//! The screens of the models at fixed sizes, with something held, with nothing, and while the models cannot say.

use insta::assert_snapshot;
use ratatui::style::Modifier;
use rust_decimal_macros::dec;

use super::{answer, press};
use crate::domain::StrategyId;
use crate::engine::Reply;
use crate::tui::demo::{busy, charted, dark, empty, find, frame, models, preview, screen, show, text_of};
use crate::tui::model::Model;
use crate::view::analytics::ChainSeen;
use crate::view::fixture::Desk;
use crate::view::fixture::chains::chain_key;

const SIZES: [(u16, u16); 3] = [(80, 24), (160, 45), (200, 60)];

/// A screen where these keys were pressed, and the models have answered.
fn looking(desk: &Desk, size: (u16, u16), keys: &str) -> Model {
    let mut model = screen(desk, size);
    models(&mut model, desk);
    press(&mut model, keys);
    models(&mut model, desk);
    model
}

fn text(desk: &Desk, size: (u16, u16), keys: &str) -> String {
    text_of(&mut looking(desk, size, keys))
}

#[test]
fn portfolio_risk_and_chain() {
    for (key, name) in [("5", "portfolio"), ("6", "risk"), ("3", "chain")] {
        for size in SIZES {
            assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), text(&charted(), size, key));
        }
    }
    assert_snapshot!("limits_80x24", text(&charted(), (80, 24), "6 Tab"));
}

#[test]
fn strategy_marked_with_what_would_be_held_after_it() {
    let desk = charted();
    for size in SIZES {
        let mut model = looking(&desk, size, "j j 2");
        answer(&mut model, Reply::Previews { previews: vec![preview(&desk, StrategyId(3), &[])] });
        assert_snapshot!(format!("strategy_{}x{}", size.0, size.1), text_of(&mut model));
    }
}

#[test]
fn strategy_held_counts_from_its_fills() {
    let text = text(&charted(), (160, 45), "F4 2");
    assert!(text.contains("from its fills") && text.contains("P&L now"), "{text}");
    assert!(!text.contains("All positions after it") && !text.contains("Executing it"), "{text}");
}

#[test]
fn with_nothing_held_and_no_models_each_screen_says_so() {
    let desk = empty();
    let says = |keys: &str, words: &str| {
        let text = text(&desk, (80, 24), keys);
        assert!(text.contains(words), "{words}:\n{text}");
    };
    says("5", "Nothing is open. The broker's book was read");
    says("6", "Nothing is held: no move of the market");
    says("2", "No strategy is chosen.");
    says("3", "Asking the broker for the chain");
    let mut before = screen(&busy(), (80, 24));
    press(&mut before, "3");
    assert!(text_of(&mut before).contains("The instrument list has not been read yet"));
    press(&mut before, "6");
    assert!(text_of(&mut before).contains("The models have not answered yet."));
    press(&mut before, "1 2");
    assert!(text_of(&mut before).contains("The models are being asked"));
}

#[test]
fn a_chain_that_the_broker_refuses_says_why_and_an_old_one_its_age() {
    let mut desk = charted();
    desk.advance(90_000);
    let old = text(&desk, (120, 36), "3");
    assert!(old.contains("read 1m ago") && old.contains("Strike"), "{old}");
    let problem = Some("the account has no data plan".to_string());
    desk.chains.insert(chain_key("NIFTY"), ChainSeen { chain: None, read_at: None, problem });
    let refused = text(&desk, (120, 36), "3");
    assert!(refused.contains("does not give this chain: the account has no data plan"), "{refused}");
}

#[test]
fn what_nobody_quotes_is_a_models_price_and_marked_as_such() {
    let mut desk = charted();
    desk.chain_quote(26000, "CE", |q| {
        (q.bid, q.ask, q.last) = (None, None, crate::domain::Price(dec!(0)));
    });
    desk.prices.retain(|c| *c != crate::view::fixture::option("NIFTY", 26000, "CE"));
    let mut model = looking(&desk, (160, 45), "3");
    press(&mut model, "j");
    let text = text_of(&mut model);
    assert!(text.contains('≈') && text.contains("26,000 CE: its own price tells no volatility"), "{text}");
}

#[test]
fn where_a_leg_has_no_greeks_the_sums_are_not_known_and_the_map_says_that_it_is_not_the_whole() {
    let mut desk = busy();
    desk.prices.retain(|c| c.underlying.as_str() != "NIFTY");
    let risk = text(&desk, (160, 45), "6");
    assert!(risk.contains("legs have no Greeks and are not in it: it is not the whole."), "{risk}");
    assert!(risk.contains("the sums are not known"), "{risk}");
    let portfolio = text(&desk, (160, 45), "5");
    assert!(portfolio.contains("7 of 7 legs"), "{portfolio}");
}

#[test]
fn the_worst_cell_of_the_map_is_underlined() {
    let mut model = looking(&charted(), (160, 45), "6");
    let worst = model.looking.analytics.scenario.as_ref().and_then(|s| s.grid.worst()).unwrap();
    let buf = frame(&mut model, &dark());
    assert!(worst.pnl < 0.0);
    let (x, y) = find(&buf, "▼−").unwrap();
    assert!(buf[(x, y)].modifier.contains(Modifier::UNDERLINED));
}

#[test]
fn keys_lead_through_underlyings_expiries_scopes_days_and_strategies() {
    let desk = charted();
    let mut model = looking(&desk, (160, 45), "3");
    let first = model.demand().chain.unwrap();
    press(&mut model, "]");
    assert_eq!(model.demand().chain.unwrap().underlying.underlying.as_str(), "BANKNIFTY");
    press(&mut model, "[ Right Right");
    assert!(model.demand().chain.unwrap().expiry > first.expiry, "the last expiry stays");
    press(&mut model, "Left Left Left");
    assert_eq!(model.demand().chain, Some(first));
    press(&mut model, "6 ] + + -");
    models(&mut model, &desk);
    assert_eq!(
        (model.demand().scope.to_string().as_str(), model.demand().days, model.demand().chain),
        ("NIFTY", 1, None)
    );
    assert!(text_of(&mut model).contains("Scenarios of all on NIFTY"));
    press(&mut model, "1 F2 2");
    let here = model.demand().strategy;
    press(&mut model, "Right");
    assert!(here.is_some() && model.demand().strategy != here);
    press(&mut model, "Left 1");
    assert_eq!(model.demand().strategy, None, "what is not shown is not asked for");
}

#[test]
fn the_portfolio_has_the_positions_keys() {
    let mut model = looking(&charted(), (160, 45), "5 x");
    let text = text_of(&mut model);
    assert!(text.contains("CLOSE #"), "{text}");
    let mut model = looking(&charted(), (160, 45), "5 Space");
    assert!(!text_of(&mut model).contains("25,700 PE"), "folded");
    show(&mut model, &charted());
}
