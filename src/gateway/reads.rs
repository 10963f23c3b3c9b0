//! Reads of the broker's books: several unserved wishes for one book are one read; each book has one read out at a time.

use crate::domain::time::Timestamp;
use crate::engine::event::Book;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Somebody wants it, since.
    wanted: Option<Timestamp>,
    /// Asked for, not answered, within its deadline.
    out: bool,
    /// When the newest answered read had left.
    newest: Option<Timestamp>,
}

#[derive(Clone, Debug, Default)]
pub struct Reads {
    slots: [Slot; 4],
}

const BOOKS: [Book; 4] = [Book::Orders, Book::Trades, Book::Positions, Book::Funds];

impl Reads {
    fn slot(&mut self, book: Book) -> &mut Slot {
        &mut self.slots[book as usize]
    }

    /// A read that has left already does not count: what is wanted now may have changed since.
    pub fn want(&mut self, book: Book, now: Timestamp) {
        self.slot(book).wanted.get_or_insert(now);
    }

    /// The read that has waited longest and can leave.
    pub fn next(&self) -> Option<(Timestamp, Book)> {
        let ready = |book: &Book| {
            let slot = self.slots[*book as usize];
            slot.wanted.filter(|_| !slot.out).map(|since| (since, *book))
        };
        BOOKS.iter().filter_map(ready).min()
    }

    pub fn leaves(&mut self, book: Book) {
        let slot = self.slot(book);
        slot.wanted = None;
        slot.out = true;
    }

    /// It failed, or nobody waits for it any longer.
    pub fn over(&mut self, book: Book) {
        self.slot(book).out = false;
    }

    /// It was answered. False if a read that left later was answered before it: then it is old news.
    pub fn answered(&mut self, book: Book, left: Timestamp) -> bool {
        let slot = self.slot(book);
        let fresh = slot.newest.is_none_or(|newest| newest <= left);
        if fresh {
            slot.newest = Some(left);
        }
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::after_ms;

    fn at(ms: i64) -> Timestamp {
        after_ms(Timestamp::UNIX_EPOCH, ms)
    }

    #[test]
    fn several_wishes_are_one_read_but_one_that_left_does_not_serve_a_later_wish() {
        let mut reads = Reads::default();
        reads.want(Book::Orders, at(0));
        reads.want(Book::Orders, at(5));
        assert_eq!(reads.next(), Some((at(0), Book::Orders)));
        reads.leaves(Book::Orders);
        assert_eq!(reads.next(), None);
        reads.want(Book::Orders, at(10));
        assert_eq!(reads.next(), None, "one at a time");
        reads.over(Book::Orders);
        assert_eq!(reads.next(), Some((at(10), Book::Orders)));
    }

    #[test]
    fn an_answer_overtaken_by_a_later_read_is_old_news() {
        let mut reads = Reads::default();
        assert!(reads.answered(Book::Positions, at(10)));
        assert!(!reads.answered(Book::Positions, at(5)));
        assert!(reads.answered(Book::Positions, at(11)));
    }
}
