//! A selection that follows its item: rows may come, go and move, the cursor stays on what it was on.

/// Which row of a list the cursor is on.
#[derive(Clone, Debug)]
pub struct Cursor<K> {
    key: Option<K>,
    index: usize,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self { key: None, index: 0 }
    }
}

impl<K: Copy + PartialEq> Cursor<K> {
    /// The selected item; `None` in an empty list.
    pub fn key(&self) -> Option<K> {
        self.key
    }

    /// Its place among the rows last followed.
    pub fn index(&self) -> usize {
        self.index
    }

    /// After the rows have changed: the same item where it is now, or what stands in its place.
    pub fn follow(&mut self, rows: &[K]) {
        if let Some(at) = self.key.and_then(|key| rows.iter().position(|r| *r == key)) {
            self.index = at;
        } else {
            self.index = self.index.min(rows.len().saturating_sub(1));
            self.key = rows.get(self.index).copied();
        }
    }

    /// Moves by rows, staying inside.
    pub fn step(&mut self, rows: &[K], by: isize) {
        let last = rows.len().saturating_sub(1);
        self.index = self.index.saturating_add_signed(by).min(last);
        self.key = rows.get(self.index).copied();
    }

    pub fn go(&mut self, rows: &[K], key: K) {
        if let Some(at) = rows.iter().position(|r| *r == key) {
            (self.index, self.key) = (at, Some(key));
        }
    }
}

/// The first of the rows to show so that the selected one is in the middle, or as near to it as the ends allow.
pub fn offset(selected: usize, rows: usize, height: usize) -> usize {
    selected.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_follows_its_item() {
        let mut cursor = Cursor::default();
        cursor.follow(&[10, 20, 30]);
        cursor.step(&[10, 20, 30], 1);
        assert_eq!((cursor.key(), cursor.index()), (Some(20), 1));
        cursor.follow(&[5, 7, 20, 10]);
        assert_eq!((cursor.key(), cursor.index()), (Some(20), 2));
    }

    #[test]
    fn when_its_item_goes_it_stays_in_its_place() {
        let mut cursor = Cursor::default();
        cursor.follow(&[10, 20, 30]);
        cursor.step(&[10, 20, 30], 2);
        cursor.follow(&[10, 20]);
        assert_eq!(cursor.key(), Some(20));
        cursor.follow(&[]);
        assert_eq!((cursor.key(), cursor.index()), (None, 0));
    }

    #[test]
    fn the_selected_row_is_always_among_those_shown() {
        for rows in 0..40_usize {
            for selected in 0..rows {
                for height in 1..12 {
                    let first = offset(selected, rows, height);
                    assert!(first <= selected && selected < first + height);
                }
            }
        }
    }
}
