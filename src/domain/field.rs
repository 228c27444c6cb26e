use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Kind;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $word:literal [$($kind:ident)+]),+ $(,)?) => {
        /// Everything that can be synced, by name. The name in kebab-case is the word of the mapping file (with `_`), of plans and of output.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field { $($(#[$doc])* #[serde(rename = $word)] $name),+ }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word people read and write for this field.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// Whether records of this kind can have the field.
            pub fn belongs_to(self, kind: Kind) -> bool {
                match self { $(Self::$name => [$(Kind::$kind),+].contains(&kind)),+ }
            }
        }
    };
}

fields! {
    /// Title line of an event or a task. Text.
    Subject = "subject" [Event Task],
    /// Our text in the item's body, kept between two marker lines. Text.
    Notes = "notes" [Contact Event Task],
    /// Categories that come from the practice system; the user's own are left alone. Categories.
    Categories = "categories" [Contact Event Task],
    /// Who may see it. Sensitivity.
    Sensitivity = "sensitivity" [Contact Event Task],

    /// Academic or courtesy title before the name. Text.
    NameTitle = "name-title" [Contact],
    /// First name. Text.
    GivenName = "given-name" [Contact],
    /// Second given name. Text.
    MiddleName = "middle-name" [Contact],
    /// Family name. Text.
    Surname = "surname" [Contact],
    /// "Jr.", "LL.M.". Text.
    NameSuffix = "name-suffix" [Contact],
    /// Nickname. Text.
    Nickname = "nickname" [Contact],
    /// What the contact is sorted by. Text; made from the names where the mapping does not give it.
    FileAs = "file-as" [Contact],
    /// What the phone shows. Text; made from the names where the mapping does not give it.
    DisplayName = "display-name" [Contact],
    /// Company or authority. Text.
    Company = "company" [Contact],
    /// Department. Text.
    Department = "department" [Contact],
    /// Job title. Text.
    JobTitle = "job-title" [Contact],
    /// First e-mail address. Text.
    Email1 = "email-1" [Contact],
    /// Second e-mail address. Text.
    Email2 = "email-2" [Contact],
    /// Third e-mail address. Text.
    Email3 = "email-3" [Contact],
    /// Office phone. Text, as the practice system has it.
    BusinessPhone = "business-phone" [Contact],
    /// Second office phone. Text.
    BusinessPhone2 = "business-phone-2" [Contact],
    /// Home phone. Text.
    HomePhone = "home-phone" [Contact],
    /// Second home phone. Text.
    HomePhone2 = "home-phone-2" [Contact],
    /// Mobile phone. Text.
    MobilePhone = "mobile-phone" [Contact],
    /// Other phone. Text.
    OtherPhone = "other-phone" [Contact],
    /// Car phone. Text.
    CarPhone = "car-phone" [Contact],
    /// The company's main number. Text.
    CompanyMainPhone = "company-main-phone" [Contact],
    /// Office fax. Text.
    BusinessFax = "business-fax" [Contact],
    /// Home fax. Text.
    HomeFax = "home-fax" [Contact],
    /// Other fax. Text.
    OtherFax = "other-fax" [Contact],
    /// The assistant's phone. Text.
    AssistantPhone = "assistant-phone" [Contact],
    /// Pager. Text.
    Pager = "pager" [Contact],
    /// The assistant's name. Text.
    AssistantName = "assistant-name" [Contact],
    /// Office address. Address.
    BusinessAddress = "business-address" [Contact],
    /// Home address. Address.
    HomeAddress = "home-address" [Contact],
    /// Other address. Address.
    OtherAddress = "other-address" [Contact],
    /// A contact's web page; of a task, the page of the practice system that shows it. Text.
    WebPage = "web-page" [Contact Task],
    /// Birthday. Date.
    Birthday = "birthday" [Contact],

    /// Where an event takes place. Text.
    Location = "location" [Event],
    /// When an event takes place: whole days, or two instants and the zone they are meant in. Span.
    Span = "span" [Event],
    /// When the phone should ring. Reminder. What the user did with it afterwards is never drift.
    Reminder = "reminder" [Event Task],
    /// Free, busy, away. ShowAs.
    ShowAs = "show-as" [Event],

    /// Day a task begins. Date.
    StartDate = "start-date" [Task],
    /// Day a task is due. Date.
    DueDate = "due-date" [Task],
    /// How far a task is. TaskStatus.
    Status = "status" [Task],
    /// How far a task is, 0 to 100. Percent.
    PercentComplete = "percent-complete" [Task],
    /// Priority of a task. Importance.
    Importance = "importance" [Task],
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for Field {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|field| field.word() == word)
            .ok_or_else(|| format!("there is no field `{word}`"))
    }
}
