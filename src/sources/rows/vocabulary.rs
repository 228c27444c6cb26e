use crate::domain::{Importance, Sensitivity, ShowAs, TaskStatus};

/// A closed vocabulary of ours: the system's own words become these through a value map.
pub(super) trait Vocabulary: Sized + Copy + 'static {
    /// What is wrong when a word is none of these.
    const WRONG: &'static str;
    /// The words.
    const WORDS: &'static [(&'static str, Self)];

    /// The meaning of a word, without regard to case.
    fn of(word: &str) -> Result<Self, &'static str> {
        let word = word.trim().to_lowercase().replace([' ', '_'], "-");
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning).ok_or(Self::WRONG)
    }
}

impl Vocabulary for Sensitivity {
    const WRONG: &'static str = "this is none of normal, personal, private, confidential";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("normal", Self::Normal),
        ("personal", Self::Personal),
        ("private", Self::Private),
        ("confidential", Self::Confidential),
    ];
}

impl Vocabulary for ShowAs {
    const WRONG: &'static str = "this is none of free, tentative, busy, away, elsewhere";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("free", Self::Free),
        ("tentative", Self::Tentative),
        ("busy", Self::Busy),
        ("away", Self::Away),
        ("elsewhere", Self::Elsewhere),
    ];
}

impl Vocabulary for Importance {
    const WRONG: &'static str = "this is none of low, normal, high";
    const WORDS: &'static [(&'static str, Self)] =
        &[("low", Self::Low), ("normal", Self::Normal), ("high", Self::High)];
}

impl Vocabulary for TaskStatus {
    const WRONG: &'static str = "this is none of not-started, in-progress, completed, waiting, deferred";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("not-started", Self::NotStarted),
        ("in-progress", Self::InProgress),
        ("completed", Self::Completed),
        ("waiting", Self::Waiting),
        ("deferred", Self::Deferred),
    ];
}
