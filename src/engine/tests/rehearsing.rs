//! Rehearsals: paper mode only, for a sensible time, written into the audit trail.

use super::desk::Desk;
use crate::domain::Drill;
use crate::engine::EngineConfig;
use crate::engine::command::{Command, Reply};
use crate::engine::effect::Effect;
use crate::engine::record::{Profile, Record};

fn rehearse(seconds: u32) -> Command {
    Command::Rehearse { drill: Drill::DeadFeed, seconds }
}

#[test]
fn a_rehearsal_is_begun_noted_and_ended() {
    let mut desk = Desk::with(EngineConfig::default());
    assert!(matches!(desk.ask(rehearse(30)), Reply::Done { message } if message.contains("tells no price")));
    assert!(desk.effects.contains(&Effect::Rehearse(Some((Drill::DeadFeed, 30)))));
    let noted = |r: &Record| matches!(r, Record::Asked { what, .. } if what.contains("dead-feed"));
    assert!(desk.journal.iter().any(|(_, r)| noted(r)), "it stands in the audit trail");
    desk.ask(Command::EndRehearsals);
    assert_eq!(desk.effects.iter().rfind(|e| matches!(e, Effect::Rehearse(_))), Some(&Effect::Rehearse(None)));
}

#[test]
fn nothing_is_rehearsed_with_real_money_nor_for_ever() {
    let mut desk = Desk::of(EngineConfig::default(), Profile::Live);
    let Reply::Refused { reason } = desk.ask(rehearse(30)) else { panic!("it was begun") };
    assert!(reason.contains("paper mode"), "{reason}");
    let mut paper = Desk::with(EngineConfig::default());
    for seconds in [0, 601] {
        assert!(paper.ask(rehearse(seconds)).is_refused(), "{seconds}");
    }
    for desk in [desk, paper] {
        assert!(!desk.effects.iter().any(|e| matches!(e, Effect::Rehearse(Some(_)))));
    }
}
