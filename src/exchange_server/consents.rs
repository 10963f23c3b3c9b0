//! Log-ins by a browser under way: a consent is asked for, a person logs in with it, and what comes of that is
//! exchanged for a token, once.

use std::io;

use jiff::civil::Date;

use super::identity::uuid;

/// Who asks for a person's consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The account's holder with an API key.
    App,
    Partner,
}

/// Consents one key may ask for in a day.
const MOST_A_DAY: u32 = 25;

/// The newest consent and what has become of it: an older one is not good any more.
#[derive(Debug, Default)]
pub struct Consents {
    asked: Option<(Asker, String)>,
    logged_in: Option<(Asker, String)>,
    day: Option<Date>,
    today: u32,
}

impl Consents {
    /// A new consent; `None` when the day's are used up.
    pub fn ask(&mut self, asker: Asker, today: Date) -> io::Result<Option<String>> {
        if self.day != Some(today) {
            (self.day, self.today) = (Some(today), 0);
        }
        if self.today >= MOST_A_DAY {
            return Ok(None);
        }
        self.today += 1;
        let id = uuid()?;
        self.asked = Some((asker, id.clone()));
        Ok(Some(id))
    }

    /// The person has logged in: what the browser is sent back with. `None` for a consent that is not known.
    pub fn log_in(&mut self, asker: Asker, id: &str) -> io::Result<Option<String>> {
        if self.asked.as_ref().is_none_or(|(who, asked)| (*who, asked.as_str()) != (asker, id)) {
            return Ok(None);
        }
        self.asked = None;
        let token_id = uuid()?;
        self.logged_in = Some((asker, token_id.clone()));
        Ok(Some(token_id))
    }

    /// Whether this log-in may be exchanged for a token now; it is used up by that.
    pub fn consume(&mut self, asker: Asker, token_id: &str) -> bool {
        let good = self.logged_in.as_ref().is_some_and(|(who, id)| (*who, id.as_str()) == (asker, token_id));
        if good {
            self.logged_in = None;
        }
        good
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 20);

    #[test]
    fn a_consent_is_logged_in_with_once_and_consumed_once_by_who_asked() {
        let mut consents = Consents::default();
        let old = consents.ask(Asker::App, TODAY).unwrap().unwrap();
        let id = consents.ask(Asker::App, TODAY).unwrap().unwrap();
        assert_eq!(consents.log_in(Asker::App, &old).unwrap(), None);
        assert_eq!(consents.log_in(Asker::Partner, &id).unwrap(), None);
        let token_id = consents.log_in(Asker::App, &id).unwrap().unwrap();
        assert_eq!(consents.log_in(Asker::App, &id).unwrap(), None);
        assert!(!consents.consume(Asker::Partner, &token_id));
        assert!(consents.consume(Asker::App, &token_id));
        assert!(!consents.consume(Asker::App, &token_id));
    }

    #[test]
    fn twenty_five_a_day() {
        let mut consents = Consents::default();
        let asked = (0..30).filter(|_| consents.ask(Asker::App, TODAY).unwrap().is_some()).count();
        assert_eq!(asked, 25);
        assert!(consents.ask(Asker::App, TODAY.tomorrow().unwrap()).unwrap().is_some());
    }
}
