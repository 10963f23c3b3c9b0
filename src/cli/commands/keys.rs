//! `keys`: the keys of the screen, from the table that the screen itself uses.
