//! What a task of To Do has no property for: how far it is in per cent, and who may see it. It stands in our block of the notes,
//! below our text, where the user can read it, and is read back from there.

use super::event;
use crate::domain::{Body, Field, Sensitivity, TaskStatus, Value, notes};

/// What is kept in the notes of one task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// 1 to 100; a task that is done says so by its status.
    pub(super) percent: Option<u8>,
    /// Anything but normal.
    pub(super) sensitivity: Option<Sensitivity>,
}

const PROGRESS: (&str, &str) = ("[Progress: ", " %]");
const SENSITIVITY: (&str, &str) = ("[Sensitivity: ", "]");

impl Held {
    /// Takes in what a record says of a field; `None` clears it.
    pub(super) fn take(&mut self, field: Field, value: Option<&Value>) {
        match (field, value) {
            (Field::PercentComplete, Some(Value::Percent(percent))) => {
                self.percent = Some((*percent).min(100)).filter(|percent| *percent > 0);
            }
            (Field::PercentComplete, _) | (Field::Status, Some(Value::Status(TaskStatus::Completed))) => {
                self.percent = None;
            }
            (Field::Sensitivity, Some(Value::Sensitivity(value))) => {
                self.sensitivity = Some(*value).filter(|value| *value != Sensitivity::Normal);
            }
            (Field::Sensitivity, _) => self.sensitivity = None,
            _ => {}
        }
    }

    fn lines(self) -> Vec<String> {
        let progress = self.percent.map(|percent| format!("{}{percent}{}", PROGRESS.0, PROGRESS.1));
        let sensitivity =
            self.sensitivity.map(|value| format!("{}{}{}", SENSITIVITY.0, event::sensitivity(value), SENSITIVITY.1));
        progress.into_iter().chain(sensitivity).collect()
    }

    /// Reads a line that this file writes.
    fn read(&mut self, line: &str) -> bool {
        let within = |(before, after): (&str, &str)| {
            line.trim().strip_prefix(before.trim())?.strip_suffix(after.trim()).map(str::trim).map(str::to_owned)
        };
        if let Some(percent) = within(PROGRESS).and_then(|text| text.parse().ok()).filter(|percent| *percent <= 100) {
            self.percent = Some(percent);
        } else if let Some(value) = within(SENSITIVITY).and_then(|word| event::sensitivity_of(&word)) {
            self.sensitivity = Some(value);
        } else {
            return false;
        }
        true
    }

    /// Our text in a body, and what stands there beside it.
    pub(super) fn read_in(body: &Body) -> (String, Self) {
        let mut held = Self::default();
        let ours = notes::extract(body).unwrap_or_default();
        let mut lines: Vec<&str> = ours.split('\n').collect();
        while lines.last().is_some_and(|line| held.read(line)) {
            lines.pop();
        }
        (lines.join("\n").trim_end().to_owned(), held)
    }

    /// A body as the rest of the house knows it, and what stood in it beside our text.
    pub(super) fn split(body: Body) -> (Option<Body>, Self) {
        let (ours, held) = Self::read_in(&body);
        if held == Self::default() {
            return (Some(body), held);
        }
        let body = notes::compose(Some(&body), Some(&ours), None).body;
        (Some(body).filter(|body| !body.text.reveal().trim().is_empty()), held)
    }

    /// A body with this in our block of it, in place of what stood there.
    pub(super) fn join(self, body: Option<Body>) -> Option<Body> {
        let (ours, there) = body.as_ref().map(Self::read_in).unwrap_or_default();
        if there == self {
            return body;
        }
        let lines = self.lines().join("\n");
        let text =
            if ours.is_empty() || lines.is_empty() { format!("{ours}{lines}") } else { format!("{ours}\n\n{lines}") };
        Some(notes::compose(body.as_ref(), Some(&text), None).body)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{BodyFormat, Personal};

    fn held() -> impl Strategy<Value = Held> {
        let sensitivity = prop::sample::select(vec![
            None,
            Some(Sensitivity::Personal),
            Some(Sensitivity::Private),
            Some(Sensitivity::Confidential),
        ]);
        (prop::option::of(1_u8..=100), sensitivity).prop_map(|(percent, sensitivity)| Held { percent, sensitivity })
    }

    proptest! {
        #[test]
        fn what_is_put_into_the_notes_comes_out_of_them_and_leaves_our_text_as_it_was(
            held in held(), ours in "([a-z<&äß%\\[\\]]{1,9}( [a-z:]{1,9})?\n?){0,4}", around in "([a-z ]{0,9}\n?){0,3}", html: bool
        ) {
            let format = if html { BodyFormat::Html } else { BodyFormat::Text };
            let user = Body { format, text: Personal::new(around) };
            let body = notes::compose(Some(&user), Some(&ours), None).body;
            let (back, found) = Held::split(held.join(Some(body.clone())).expect("a body"));
            prop_assert_eq!(found, held);
            let text = |body: Option<&Body>| body.and_then(notes::extract).unwrap_or_default();
            prop_assert_eq!(text(back.as_ref()), text(Some(&body)));
            // However often it is written, it does not pile up.
            let once = held.join(Some(body.clone()));
            prop_assert_eq!(held.join(once.clone()), once.clone());
            let without = Held::default().join(once).expect("a body");
            prop_assert_eq!(Held::read_in(&without), Held::read_in(&body));
        }
    }

    #[test]
    fn a_task_without_notes_gets_a_block_for_it_and_loses_the_block_with_it() {
        let held = Held { percent: Some(40), sensitivity: Some(Sensitivity::Private) };
        let body = held.join(None).expect("a body");
        insta::assert_snapshot!(body.text.reveal(), @r"
        --- Pocket Docket: kept up to date, please write above or below ---
        [Progress: 40 %]
        [Sensitivity: private]
        --- Pocket Docket: end ---
        ");
        assert_eq!(Held::split(body), (None, held));
    }
}
