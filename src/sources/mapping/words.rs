use crate::domain::{Field, Kind};

/// A part of a postal address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressPart {
    /// Street and number.
    Street,
    /// Town.
    City,
    /// State or canton.
    State,
    /// Postal code.
    PostalCode,
    /// Country by name.
    Country,
}

/// Which part of a point in time a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimePart {
    /// Day and time in one.
    Whole,
    /// The day alone.
    Date,
    /// The time of day alone.
    Time,
}

/// What a column means: the vocabulary of the mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The row's primary key.
    Key,
    /// For whom the row is.
    Person,
    /// When, or at which count, the row was last changed.
    Changed,
    /// The second, finer part of `changed`.
    ChangedSecond,
    /// What rows of one item have in common.
    Group,
    /// File number of the matter.
    MatterNumber,
    /// Short name of the matter.
    MatterName,
    /// Positive evidence that the record should leave the phones.
    Withdrawn,
    /// Whether it is done.
    Done,
    /// Whether it is cancelled.
    Cancelled,
    /// Whether it is private: yes or no.
    Private,
    /// Who may see it, in four steps.
    Sensitivity,
    /// Category names in one text.
    Categories,
    /// A text field.
    Text(Field),
    /// An e-mail address.
    Email(Field),
    /// A part of an address.
    Address(Field, AddressPart),
    /// A day.
    Date(Field),
    /// Begin of an event.
    Start(TimePart),
    /// End of an event.
    End(TimePart),
    /// Length of an event, in minutes.
    Duration,
    /// Whether an event takes whole days.
    AllDay,
    /// Minutes before an event at which to ring.
    ReminderMinutes,
    /// The moment at which a task rings.
    ReminderAt,
    /// Free or busy.
    ShowAs,
    /// How far a task is.
    Status,
    /// How far a task is, 0 to 100.
    Percent,
    /// Priority, in words.
    Importance,
    /// Priority as calendars number it: 1 to 4 high, 5 normal, 6 to 9 low, 0 none.
    Priority,
}

impl Meaning {
    /// The field that the column fills, for row problems.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::Text(field) | Self::Email(field) | Self::Address(field, _) | Self::Date(field) => Some(field),
            Self::Private | Self::Sensitivity => Some(Field::Sensitivity),
            Self::Categories => Some(Field::Categories),
            Self::Start(_) | Self::End(_) | Self::Duration | Self::AllDay => Some(Field::Span),
            Self::ReminderMinutes | Self::ReminderAt => Some(Field::Reminder),
            Self::ShowAs => Some(Field::ShowAs),
            Self::Status => Some(Field::Status),
            Self::Percent => Some(Field::PercentComplete),
            Self::Importance | Self::Priority => Some(Field::Importance),
            Self::Key
            | Self::Person
            | Self::Changed
            | Self::ChangedSecond
            | Self::Group
            | Self::MatterNumber
            | Self::MatterName
            | Self::Withdrawn
            | Self::Done
            | Self::Cancelled => None,
        }
    }
}

/// Every word that a query of this kind may use as a column name, with its meaning.
pub fn vocabulary(kind: Kind) -> Vec<(String, Meaning)> {
    let mut words: Vec<(String, Meaning)> = [
        ("key", Meaning::Key),
        ("person", Meaning::Person),
        ("changed", Meaning::Changed),
        ("changed_2", Meaning::ChangedSecond),
        ("group", Meaning::Group),
        ("matter_number", Meaning::MatterNumber),
        ("matter_name", Meaning::MatterName),
        ("withdrawn", Meaning::Withdrawn),
        ("private", Meaning::Private),
        ("sensitivity", Meaning::Sensitivity),
        ("categories", Meaning::Categories),
    ]
    .map(|(word, meaning)| (word.to_owned(), meaning))
    .into();
    let mut also = |word: &str, meaning| words.push((word.to_owned(), meaning));
    match kind {
        Kind::Contact => {}
        Kind::Event => {
            also("start", Meaning::Start(TimePart::Whole));
            also("start_date", Meaning::Start(TimePart::Date));
            also("start_time", Meaning::Start(TimePart::Time));
            also("end", Meaning::End(TimePart::Whole));
            also("end_date", Meaning::End(TimePart::Date));
            also("end_time", Meaning::End(TimePart::Time));
            also("duration_minutes", Meaning::Duration);
            also("all_day", Meaning::AllDay);
            also("reminder_minutes", Meaning::ReminderMinutes);
            also("show_as", Meaning::ShowAs);
            also("done", Meaning::Done);
            also("cancelled", Meaning::Cancelled);
        }
        Kind::Task => {
            also("reminder_at", Meaning::ReminderAt);
            also("status", Meaning::Status);
            also("percent_complete", Meaning::Percent);
            also("importance", Meaning::Importance);
            also("priority", Meaning::Priority);
            also("done", Meaning::Done);
            also("cancelled", Meaning::Cancelled);
        }
    }
    for field in Field::ALL.iter().copied().filter(|field| field.belongs_to(kind)) {
        let word = field.word().replace('-', "_");
        match field {
            Field::Categories
            | Field::Sensitivity
            | Field::Span
            | Field::Reminder
            | Field::ShowAs
            | Field::Status
            | Field::PercentComplete
            | Field::Importance => {}
            Field::Email1 | Field::Email2 | Field::Email3 => words.push((word, Meaning::Email(field))),
            Field::BusinessAddress | Field::HomeAddress | Field::OtherAddress => {
                let place = word.trim_end_matches("address").to_owned();
                words.extend([
                    (format!("{place}street"), Meaning::Address(field, AddressPart::Street)),
                    (format!("{place}city"), Meaning::Address(field, AddressPart::City)),
                    (format!("{place}state"), Meaning::Address(field, AddressPart::State)),
                    (format!("{place}postal_code"), Meaning::Address(field, AddressPart::PostalCode)),
                    (format!("{place}country"), Meaning::Address(field, AddressPart::Country)),
                ]);
            }
            Field::Birthday | Field::StartDate | Field::DueDate => words.push((word, Meaning::Date(field))),
            _ => words.push((word, Meaning::Text(field))),
        }
    }
    words
}

/// The words of the `people` query.
pub const PEOPLE: [&str; 4] = ["id", "name", "email", "active"];

/// The word that somebody probably meant.
pub fn closest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    words
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&word, known), known))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_kind_can_be_reached_by_some_word() {
        for kind in Kind::ALL {
            let words = vocabulary(kind);
            for field in Field::ALL.iter().copied().filter(|field| field.belongs_to(kind)) {
                assert!(words.iter().any(|(_, meaning)| meaning.field() == Some(field)), "{kind} {field}");
            }
        }
    }

    #[test]
    fn no_word_means_two_things() {
        for kind in Kind::ALL {
            let mut words: Vec<String> = vocabulary(kind).into_iter().map(|(word, _)| word).collect();
            words.sort();
            let before = words.len();
            words.dedup();
            assert_eq!(words.len(), before, "{kind}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        let words = vocabulary(Kind::Contact);
        let closest = |word| closest(word, words.iter().map(|(word, _)| word.as_str()));
        assert_eq!(closest("givenname"), Some("given_name"));
        assert_eq!(closest("buisness_phone"), Some("business_phone"));
        assert_eq!(closest("email1"), Some("email_1"));
        assert_eq!(closest("qqq"), None);
    }
}
