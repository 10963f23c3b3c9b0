//! Answers of the engine: shown as messages, or filled into the card they were asked for.

use super::{toast, toast_lines};
use crate::engine::{Preview, Reply};
use crate::tui::model::{
    Answer, DetailPreview, Layer, Millis, Model, PREVIEW_MS, Purpose, Request, RequestId, ToastLevel,
};

/// What was done stands in the picture by then.
const SHOWN_MS: Millis = 1_000;

pub(super) fn reply(model: &mut Model, request: RequestId, reply: Reply) {
    // An answer to a question nobody asks any more.
    let Some(request) = model.requests.remove(&request) else { return };
    match request.purpose {
        Purpose::Tell => tell(model, &request, reply),
        Purpose::Quiet => {
            if let Reply::Refused { reason } = reply {
                toast(model, ToastLevel::Refused, format!("{}: {reason}", request.what));
            }
        }
        Purpose::Priority(id, asked) => {
            // A newer wish stays until its own answer comes; a refused one goes back to what the view says.
            let until = Some(model.now + SHOWN_MS);
            if let Some(wish) = model.priorities.get_mut(&id).filter(|w| w.priority == asked) {
                wish.until = until;
            }
            if let Reply::Refused { reason } = reply {
                model.priorities.remove(&id);
                toast(model, ToastLevel::Refused, reason);
            }
        }
        Purpose::ExecutePreview(card) => fill_card(model, card, reply),
        Purpose::DetailPreview(id) => fill_page(model, id, reply),
    }
}

fn tell(model: &mut Model, request: &Request, reply: Reply) {
    match reply {
        Reply::Done { message } => {
            let message = if message.is_empty() { format!("{}: done", request.what) } else { message };
            toast(model, ToastLevel::Done, message);
        }
        Reply::Refused { reason } => toast(model, ToastLevel::Refused, reason),
        Reply::Partly { done, refused } => {
            let level = if refused.is_empty() { ToastLevel::Done } else { ToastLevel::Refused };
            let lines = refused.into_iter().map(|r| format!("✗ {r}")).chain(done.into_iter().map(|d| format!("✓ {d}")));
            toast_lines(model, level, lines.collect());
        }
        Reply::Previews { .. } | Reply::Signal { .. } => {}
    }
}

fn fill_card(model: &mut Model, id: crate::tui::model::CardId, reply: Reply) {
    let now = model.now;
    let card = model.layers.iter_mut().find_map(|l| match l {
        Layer::Execute(card) if card.id == id => Some(card),
        _ => None,
    });
    let Some(card) = card else { return };
    card.ready_at = now;
    card.expires_at = now + PREVIEW_MS;
    card.answer = match reply {
        Reply::Previews { previews } => Answer::Previews(previews),
        other => Answer::Refused(refusal(other)),
    };
}

fn fill_page(model: &mut Model, id: crate::domain::StrategyId, reply: Reply) {
    let preview = match reply {
        Reply::Previews { previews } => match previews.into_iter().find(|p: &Preview| p.id == id) {
            Some(preview) => DetailPreview::Ready(Box::new(preview)),
            None => DetailPreview::Refused("there is no preview of this strategy".into()),
        },
        other => DetailPreview::Refused(refusal(other)),
    };
    let over = model.layers.iter_mut().filter_map(|l| match l {
        Layer::Detail(page) => Some(page),
        _ => None,
    });
    for page in over.chain(&mut model.looking.page).filter(|p| p.id == id) {
        page.preview = preview.clone();
    }
}

fn refusal(reply: Reply) -> String {
    match reply {
        Reply::Refused { reason } => reason,
        Reply::Partly { refused, .. } => refused.join("; "),
        Reply::Done { message } => message,
        Reply::Previews { .. } | Reply::Signal { .. } => String::new(),
    }
}
