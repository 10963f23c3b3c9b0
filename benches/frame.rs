//! What a frame costs at 200×50 with 500 strategies and 200 open positions: `cargo bench --bench frame`.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a bench that cannot set up its desk should stop

#[allow(dead_code)] // each bench uses a part of it
#[path = "busy_desk.rs"]
mod busy_desk;

use std::sync::Arc;

use busy_desk::{Desk, SIZE};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use strikedeck::tui::terminal::Canvas;
use strikedeck::tui::theme::Theme;
use strikedeck::tui::update::{Msg, update};
use strikedeck::tui::view::{NoLog, Scene, draw};

fn main() {
    divan::main();
}

/// The picture, from state and prices.
#[divan::bench]
fn view(bencher: divan::Bencher<'_, '_>) {
    let desk = Desk::new();
    bencher.bench_local(|| desk.view());
}

/// The frame, from the picture.
#[divan::bench]
fn frame(bencher: divan::Bencher<'_, '_>) {
    let (model, theme) = (Desk::new().model(), Theme::named("dark").unwrap());
    let mut buf = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    bencher.bench_local(|| draw(&Scene { model: &model, theme: &theme, log: &NoLog }, &mut buf));
}

/// A new picture taken in, drawn, compared with the last frame and encoded: all that the screen does for a tick of data.
#[divan::bench]
fn tick(bencher: divan::Bencher<'_, '_>) {
    let mut desk = Desk::new();
    let (mut model, theme) = (desk.model(), Theme::named("dark").unwrap());
    let first = Arc::new(desk.view());
    desk.move_prices();
    let pictures = [first, Arc::new(desk.view())];
    let (mut canvas, mut out, mut n) = (Canvas::default(), Vec::new(), 0);
    bencher.bench_local(|| {
        n += 1;
        out.clear();
        update(&mut model, Msg::View(Arc::clone(&pictures[n % 2])));
        canvas.frame(SIZE, &mut out, |buf| draw(&Scene { model: &model, theme: &theme, log: &NoLog }, buf)).unwrap();
    });
}
