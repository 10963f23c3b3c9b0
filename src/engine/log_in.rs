//! The broker's token: when it is not taken any more, entries halt, and it is said once with what to do.

use super::effect::AlertLevel;
use super::event::Book;
use super::turn::Turn;

impl Turn<'_> {
    pub(super) fn logged_out(&mut self, reason: &str) {
        if std::mem::replace(&mut self.memory.logged_out, true) {
            return;
        }
        let text = format!(
            "The broker does not take the access token: {reason}. Entries are halted, and exits cannot be sent. Make a new \
             token and give it to `strikedeck setup`: it is taken at once, without a restart."
        );
        self.alert(AlertLevel::Critical, text);
        self.halt("the broker does not take the access token");
    }

    pub(super) fn logged_in(&mut self) {
        if !std::mem::replace(&mut self.memory.logged_out, false) {
            return;
        }
        self.alert(
            AlertLevel::Info,
            "The broker takes the access token again. Entries stay halted until you arm them.",
        );
        self.memory.safeguards_read.clear();
        // Whatever happened meanwhile is in the books.
        for book in [Book::Orders, Book::Trades, Book::Positions, Book::Funds] {
            self.read(book);
        }
    }
}
