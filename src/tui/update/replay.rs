//! Keys of a replay. The cockpit's own keys for looking around work as ever; those that would do something do not.

use jiff::civil::Time;

use super::{Outgoing, toast};
use crate::tui::key::Key;
use crate::tui::keymap::{Action, Context, Group};
use crate::tui::model::{Asked, Layer, Model, TextDialog, ToastLevel};

/// Said of what would do something.
pub(super) const NOTHING_CAN_BE_DONE: &str =
    "This is a replay of a past day: nothing is connected, nothing can be done.";

/// Where to in the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayMove {
    PlayPause,
    /// So many records on; back when negative.
    Record(isize),
    Minute(i32),
    /// To a time of the day, as a clock in India shows it.
    To(Time),
    Faster,
    Slower,
    /// The first record.
    Start,
    /// The last.
    End,
}

/// Hears a key where the picture is of a past day. True: it has been dealt with.
pub(super) fn key(model: &mut Model, key: Key, out: &mut Vec<Outgoing>) -> bool {
    let context = model.context();
    if context == Context::Text || key.pasted {
        return false;
    }
    let over_it = !matches!(model.layers.last(), None | Some(Layer::Detail(_)));
    let own = if over_it { None } else { model.keymap.find(Context::Replay, key.chord) };
    let Some(action) = own.or_else(|| model.keymap.find(context, key.chord)) else { return true };
    if key.repeat && !action.def().repeats {
        return true;
    }
    let go = match action {
        Action::ReplayPlay => ReplayMove::PlayPause,
        Action::ReplayForward => ReplayMove::Record(1),
        Action::ReplayBack => ReplayMove::Record(-1),
        Action::ReplayMinuteOn => ReplayMove::Minute(1),
        Action::ReplayMinuteBack => ReplayMove::Minute(-1),
        Action::ReplayFaster => ReplayMove::Faster,
        Action::ReplaySlower => ReplayMove::Slower,
        Action::ReplayStart => ReplayMove::Start,
        Action::ReplayEnd => ReplayMove::End,
        Action::ReplayJump => {
            let dialog = TextDialog::new(Asked::ReplayTime, "To which time of the day".into(), &[("HH:MM:SS", "")]);
            model.layers.push(Layer::Text(Box::new(dialog)));
            return true;
        }
        Action::Quit | Action::Interrupt => {
            out.push(Outgoing::Quit);
            return true;
        }
        other if only_looks(other) => return false,
        _ => {
            toast(model, ToastLevel::Refused, NOTHING_CAN_BE_DONE);
            return true;
        }
    };
    out.push(Outgoing::Replay(go));
    true
}

/// The text field's word on where to; what is wrong with it otherwise.
pub(super) fn jump(text: &str) -> Result<ReplayMove, String> {
    let time = text
        .trim()
        .parse()
        .map_err(|_| format!("`{}` is no time of a day, such as 11:32 or 11:32:05.", text.trim()))?;
    Ok(ReplayMove::To(time))
}

/// Whether an action of the cockpit changes nothing but what is looked at.
pub(in crate::tui) fn only_looks(action: Action) -> bool {
    let looks = matches!(action.def().group, Group::Looking | Group::Cards) || action == Action::Fold;
    looks && !matches!(action, Action::Rehearse | Action::Commit | Action::Refresh)
}
