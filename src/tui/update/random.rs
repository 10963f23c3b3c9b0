//! Random keys, sizes, pictures and answers: nothing panics, and nothing dangerous gets round its card.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Msg, Outgoing, update};
use crate::domain::time::Timestamp;
use crate::engine::command::{Command, Reply};
use crate::engine::effect::AlertLevel;
use crate::engine::record::Record;
use crate::tui::demo::{asking, busy, charted, dark, frame, halted, preview, scalping, show};
use crate::tui::key::{Chord, Code, Key};
use crate::tui::keymap::{ACTIONS, Context, Keymap};
use crate::tui::model::{CardId, Layer, Model};
use crate::view::Stage;
use crate::view::books::{AlertRow, Question, Told};
use crate::view::fixture::Desk;

fn any_key() -> impl Strategy<Value = Key> {
    let bound: Vec<Chord> = ACTIONS.iter().flat_map(|a| a.keys).map(|k| k.parse().unwrap()).collect();
    let letters = prop::char::range('!', 'z').prop_map(Chord::char);
    let odd = prop::sample::select(vec![Code::Insert, Code::Delete, Code::Left, Code::F(5), Code::Home]);
    // The keys of dangerous things come often, or the cards would hardly ever be reached.
    let hot: Vec<Chord> = [
        "E", "e", "y", "F12", "F", "x", "F4", "2", "3", "4", "5", "6", "7", "8", "9", "F7", "F8", "F9", ":", "X", "p",
        "Enter", "a", "o", "d", "j", "i",
    ]
    .map(|k| k.parse().unwrap())
    .to_vec();
    let chord = prop_oneof![8 => prop::sample::select(bound), 6 => prop::sample::select(hot), 1 => letters, 1 => odd.prop_map(Chord::plain)];
    (chord, prop::bool::weighted(0.1), prop::bool::weighted(0.05)).prop_map(|(chord, repeat, pasted)| Key {
        chord,
        repeat,
        pasted,
        halt_sent: false,
    })
}

#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Wait(u64),
    Resize(u16, u16),
    Paste(String),
    Scroll(isize),
    Show(usize),
    /// The books answer whatever was asked of them last, or say that they cannot.
    Told(usize, bool),
    /// Answers the newest question: with previews, or with a refusal.
    Answer(bool),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => any_key().prop_map(Step::Key),
        3 => (0_u64..3_000).prop_map(Step::Wait),
        1 => (1_u16..220, 1_u16..70).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => "[ -~\u{900}-\u{910}\n]{0,12}".prop_map(Step::Paste),
        1 => (-3_isize..4).prop_map(Step::Scroll),
        2 => (0_usize..6).prop_map(Step::Show),
        3 => any::<bool>().prop_map(Step::Answer),
        2 => (0_usize..4, any::<bool>()).prop_map(|(n, good)| Step::Told(n, good)),
    ]
}

/// Mostly one step; now and then a whole attempt, which the steps around it disturb.
fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let key = |k: &str| Step::Key(Key::press(k.parse().unwrap()));
    let attempt = |keys: &[&str]| {
        let mut steps = vec![Step::Show(0)];
        for k in keys {
            steps.extend([key(k), Step::Answer(true), Step::Wait(400)]);
        }
        steps
    };
    let asked = |keys: &[&str]| [vec![Step::Show(0), Step::Show(5)], attempt(keys)[1..].to_vec()].concat();
    let attempts = vec![
        attempt(&["Esc", "Esc", "E", "y", "y"]),
        attempt(&["Esc", "Esc", "E", "r", "y"]),
        attempt(&["Esc", "F4", "x", "y", "y"]),
        attempt(&["Esc", "4", "x", "y", "y"]),
        attempt(&["Esc", "4", "X", "y", "y"]),
        attempt(&["Esc", "F4", ":", "c", "l", "o", "s", "e", "Enter", "y", "y"]),
        attempt(&["Esc", "8", "Tab", "j", "Enter", "p", "Left"]),
        attempt(&["F12", "F", "F"]),
        asked(&["o", "o", "d"]),
        asked(&["Esc", "7", "a", "y", "y"]),
        asked(&["Esc", "7", "G", "k", "x", "y", "o"]),
    ];
    prop_oneof![12 => any_step().prop_map(|s| vec![s]), 1 => prop::sample::select(attempts)]
}

/// Something that the books may say.
fn told(n: usize) -> (Question, Told) {
    let alert = |id| AlertRow {
        id,
        at: Timestamp::default(),
        level: AlertLevel::Warning,
        text: "late".into(),
        read: id % 2 == 0,
    };
    match n {
        0 => (Question::History, Told::History(Arc::new(crate::tui::view::past()))),
        1 => (Question::Audit, Told::Audit(Arc::default())),
        2 => (Question::Inbox, Told::Inbox(Arc::new((1..9).map(alert).collect()))),
        _ => (Question::Connection, Told::Connection(Arc::default())),
    }
}

/// What a card that could be committed would allow.
fn armed(model: &Model) -> Option<CardId> {
    if model.context() == Context::Approval {
        return model.approval.filter(|card| card.is_armed(model.now)).map(|card| card.id);
    }
    match model.layers.last()? {
        Layer::Execute(card) if card.is_armed(model.now) => Some(card.id),
        Layer::Confirm(card) if card.is_armed(model.now) => Some(card.id),
        Layer::Kill(card) if card.is_armed(model.now) => Some(card.id),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is pressed, in whatever order and at whatever size: nothing panics, and what can lead to orders leaves
    /// only from a card that was armed, each card once.
    #[test]
    fn no_sequence_of_keys_gets_round_the_cards(steps in prop::collection::vec(any_steps(), 150)) {
        let desks = [charted(), halted(), Desk::new(), { let mut d = busy(); d.record(Record::FlattenStarted { include_foreign: false }); d }, scalping(), asking()];
        let mut model = Model::new(Arc::new(Keymap::default()), (80, 24));
        show(&mut model, &desks[0]);
        let theme = dark();
        let mut spent = BTreeSet::new();
        for (n, step) in steps.into_iter().flatten().enumerate() {
            let ready = armed(&model);
            let mut hand = None;
            let out = match step {
                Step::Key(key) => { hand = Some(key); update(&mut model, Msg::Key(key)) }
                Step::Wait(ms) => { let now = model.now + ms; update(&mut model, Msg::Tick(now)) }
                Step::Resize(w, h) => update(&mut model, Msg::Resize(w, h)),
                Step::Paste(text) => update(&mut model, Msg::Paste(text)),
                Step::Scroll(rows) => update(&mut model, Msg::Scroll(rows)),
                Step::Show(n) => {
                    let analytics = desks[n].analytics(&model.demand());
                    update(&mut model, Msg::Analytics(Arc::new(analytics)));
                    update(&mut model, Msg::View(Arc::new(desks[n].view())))
                }
                Step::Told(n, good) => {
                    let (question, told) = told(n);
                    let answer = if good { Ok(told) } else { Err("the disk is gone".into()) };
                    update(&mut model, Msg::Told { question, answer })
                }
                Step::Answer(good) => {
                    let Some(request) = model.requests.keys().next_back().copied() else { continue };
                    let marked = desks[0].view().queue.iter().filter(|q| q.stage == Stage::Marked).map(|q| q.strategy.id).collect::<Vec<_>>();
                    let previews = marked.into_iter().map(|id| preview(&desks[0], id, &[])).collect();
                    let reply = if good { Reply::Previews { previews } } else { Reply::refused("no") };
                    update(&mut model, Msg::Reply { request, reply })
                }
            };
            for sent in &out {
                let Outgoing::Send { command, card, .. } = sent else { continue };
                let dangerous = matches!(command, Command::Execute { .. } | Command::Flatten { .. } | Command::CloseStrategy { .. }
                    | Command::ClosePosition { .. } | Command::CancelOrder { .. } | Command::CancelEntries | Command::Unwind { .. } | Command::Resume { .. }
                    | Command::DecideSignal { approve: true, .. } | Command::ArmSetup { armed: true, .. });
                if dangerous {
                    prop_assert!(card.is_some() && *card == ready, "{command:?} left without its card");
                    prop_assert!(hand.is_some_and(|k| !k.repeat && !k.pasted), "{command:?} left without a hand");
                    prop_assert!(spent.insert(*card), "{command:?} left twice from one card");
                }
            }
            if n % 5 == 0 && model.size.0 > 0 {
                frame(&mut model, &theme);
            }
        }
    }
}
