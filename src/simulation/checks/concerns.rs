//! Which lines of a run tell of the orders that a broken promise is about.

use std::collections::BTreeSet;

use super::Checks;

impl Checks {
    /// The lines about the contracts and orders that `detail` names, and all that disturbed the run; all lines, where it
    /// names none.
    pub fn concerning(&self, detail: &str, lines: Vec<String>) -> Vec<String> {
        let words = self.words_of(detail);
        let disturbs = |line: &str| line.contains("===") || line.contains(" key ");
        // Prices come every second.
        let tells = |line: &str| !line.contains(" Marks {") && words.iter().any(|word| line.contains(word));
        if words.is_empty() { lines } else { lines.into_iter().filter(|line| disturbs(line) || tells(line)).collect() }
    }

    /// Labels of the contracts that are named, or whose orders are, and the marks and numbers of those orders.
    fn words_of(&self, detail: &str) -> BTreeSet<String> {
        let intent = |mark: &str| self.intents.get(mark).map(|(id, _)| *id);
        let is_named = |mark: &str, label: &str| {
            let named = |id| detail.contains(&format!("intent {id} ")) || detail.contains(&format!("intent {id}:"));
            detail.contains(mark) || detail.contains(label) || intent(mark).is_some_and(named)
        };
        let mut words = BTreeSet::new();
        for (mark, order_id) in &self.by_mark {
            let Some(order) = self.orders.get(order_id) else { continue };
            let label = order.key.0.label();
            if is_named(mark, &label) {
                words.extend([label, mark.clone(), order_id.0.clone()]);
                words.extend(intent(mark).map(|id| format!("IntentId({id})")));
            }
        }
        words.extend(self.nets.keys().map(|(contract, _)| contract.label()).filter(|label| detail.contains(label)));
        words
    }
}
