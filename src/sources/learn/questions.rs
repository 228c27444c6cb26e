//! What has to be asked, in its order: each question follows from what was found and from the answers before it.

use super::{
    Answers, Candidate, Findings, Form, Question, Role, Score, Shape, Table, TableEvidence,
    catalogue::code_can_be_carried,
    field_score,
    findings::{examples, may_hold_appointments},
    firm::{EVERY, Firm, field_id, field_words, group_id},
    question::ranked,
    score, table_score,
};

/// Everything that is asked at this point, answered or not.
#[must_use]
pub fn questions(findings: &Findings, answers: &Answers) -> Vec<Question> {
    let firm = Firm { findings, answers };
    let mut asked = Vec::new();
    if firm.homes().len() != 1 {
        asked.push(schema(&firm));
    }
    if firm.schema().is_none() {
        return asked;
    }
    asked.extend(staff(&firm));
    asked.extend(matter(&firm));
    asked.extend(tasks(&firm));
    asked.extend(events(&firm));
    asked.extend(calls(&firm));
    asked.extend(groups(&firm));
    asked.extend(contacts(&firm));
    asked.push(Question {
        id: "dates".to_owned(),
        asks: "Are the days and times right that were shown?".to_owned(),
        why: "Days and times are mostly whole numbers there; ten rows are shown in the office's zone, to be compared with Time Matters."
            .to_owned(),
        form: Form::Name { names: vec!["right".to_owned()], optional: false },
        candidates: Vec::new(),
    });
    asked
}

/// The questions without an answer.
#[must_use]
pub fn open(findings: &Findings, answers: &Answers) -> Vec<Question> {
    questions(findings, answers).into_iter().filter(|question| answers.get(&question.id).is_none()).collect()
}

/// What is wrong with the answers: a name that nothing asks for, or an answer that cannot be one.
///
/// # Errors
/// The first thing that is wrong, with the question's name.
pub fn check(findings: &Findings, answers: &Answers) -> Result<(), String> {
    let asked = questions(findings, answers);
    for question in &asked {
        if let Some(answer) = answers.get(&question.id) {
            question.form.check(answer).map_err(|wrong| format!("{}: {wrong}", question.id))?;
        }
    }
    let firm = Firm { findings, answers };
    let codes = firm.members().into_iter().map(|(code, _)| code).chain(firm.codes_of_fields());
    if let Some(odd) = codes.into_iter().find(|code| !code_can_be_carried(code)) {
        return Err(format!("the code `{odd}` cannot stand in a mapping: braces are placeholders there"));
    }
    let known = |id: &str| asked.iter().any(|question| question.id == id);
    // Codes come and go in a living database; an answer about one that went does no harm.
    let may_go = |id: &str| id.starts_with("groups.") || id.starts_with("contacts.");
    let Some(unknown) = answers.ids().find(|id| !known(id) && !may_go(id)) else { return twice(findings, answers) };
    let names = asked.iter().map(|question| question.id.as_str());
    let hint = crate::sources::mapping::closest(unknown, names)
        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    Err(format!("nothing asks `{unknown}`, or not with the other answers{hint}"))
}

/// Two fields of one code for the same word of ours.
fn twice(findings: &Findings, answers: &Answers) -> Result<(), String> {
    let firm = Firm { findings, answers };
    let mut seen = std::collections::BTreeMap::new();
    for (code, column, word) in firm.known_fields() {
        if let Some(other) = seen.insert((code.clone(), word), &column.name) {
            return Err(format!("contacts of `{code}`: `{other}` and `{}` cannot both be `{word}`", column.name));
        }
    }
    Ok(())
}

fn schema(firm: &Firm<'_>) -> Question {
    let homes = firm.homes();
    let candidates = homes.iter().map(|home| Candidate {
        value: home.schema.clone(),
        sort: format!("{} tables", home.tables.len()),
        score: Score { points: home.likeness.max(1), reasons: vec![home.version.clone()] },
        examples: Vec::new(),
    });
    Question {
        id: "schema".to_owned(),
        asks: "Which schema does Time Matters work with today?".to_owned(),
        why: "Several have its tables; an older version may have left some behind.".to_owned(),
        form: Form::Name { names: homes.iter().map(|home| home.schema.clone()).collect(), optional: false },
        candidates: ranked(candidates),
    }
}

fn staff(firm: &Firm<'_>) -> Vec<Question> {
    let Some(staff) = firm.table("staff") else { return Vec::new() };
    let mut email = Question::column(
        firm.findings,
        staff,
        Role::Email,
        "staff.email",
        true,
        "Where is the e-mail address of a staff member?",
        "With it `practice people` suggests the mailbox of each; without it you name each mailbox yourself.",
    );
    // The table of logins may have it, too.
    if let Some(users) = firm.table("userid").filter(|users| users.has("staff")) {
        let other = Question::column(firm.findings, users, Role::Email, "", true, "", "");
        let qualified = |name: &str| format!("{}.{name}", users.name);
        if let (Form::Name { names, .. }, Form::Name { names: more, .. }) = (&mut email.form, &other.form) {
            names.extend(more.iter().map(|name| qualified(name)));
        }
        let more = other.candidates.into_iter().map(|one| Candidate { value: qualified(&one.value), ..one });
        email.candidates = ranked(email.candidates.into_iter().chain(more));
    }
    let mut asked = vec![email];
    asked.push(Question::column(
        firm.findings,
        staff,
        Role::Left,
        "staff.left_column",
        true,
        "Which column says that somebody has left the firm?",
        "Who left is withdrawn from their mailbox under a brake; who vanishes from the table is only held.",
    ));
    asked.extend(values(
        firm,
        staff,
        "staff.left",
        "Which of its values mean that somebody has left?",
        "Every other value means that they are still there.",
    ));
    asked
}

/// What the values of a column mean, if one was chosen.
fn values(firm: &Firm<'_>, table: &Table, id: &str, asks: &str, why: &str) -> Option<Question> {
    let column = firm.column(table_of(firm, table)?, &format!("{id}_column"))?;
    Some(Question::values(firm.findings, table, column, &format!("{id}_values"), asks, why))
}

/// The same table, for as long as what was found lives.
fn table_of<'f>(firm: &Firm<'f>, table: &Table) -> Option<&'f Table> {
    firm.findings.catalogue.table(&table.schema, &table.name)
}

fn matter(firm: &Firm<'_>) -> Option<Question> {
    Some(Question::column(
        firm.findings,
        firm.table("matter")?,
        Role::MatterName,
        "matter.name",
        true,
        "Which column is the short name of a matter?",
        "It stands beside the matter's number in what a phone shows.",
    ))
}

const PRIVATE: &str = "What is private is shown by its time alone, unless the user's settings say more.";
const PUBLIC: &str = "Every other value, and none, means private: in doubt nobody reads it.";
const LINK: &str = "Time Matters keeps a row for each staff member. In a mailbox that serves several of them such rows are one item.\n\
                    \"alike\": rows with the same words on the same day for the same matter; \"none\": every row stands for itself.";

const TOGETHER: &str = "\"none\": the time is in the column of the day.";

fn link(firm: &Firm<'_>, table: &Table, id: &str) -> Question {
    let mut question = Question::column(
        firm.findings,
        table,
        Role::Link,
        id,
        true,
        "What do the rows of one entry have in common?",
        LINK,
    );
    if let Form::Name { names, .. } = &mut question.form {
        names.push("alike".to_owned());
    }
    question
}

fn private(firm: &Firm<'_>, table: &Table, before: &str) -> Vec<Question> {
    let id = format!("{before}.public");
    let mut asked = vec![Question::column(
        firm.findings,
        table,
        Role::Private,
        &format!("{id}_column"),
        true,
        "Which column says whether an entry is private?",
        PRIVATE,
    )];
    asked.extend(values(firm, table, &id, "Which of its values mean that it is NOT private?", PUBLIC));
    asked
}

fn tasks(firm: &Firm<'_>) -> Vec<Question> {
    let Some(todo) = firm.table("todo") else { return Vec::new() };
    let column = |role, id, asks, why| Question::column(firm.findings, todo, role, id, true, asks, why);
    let mut asked = vec![column(
        Role::Done,
        "tasks.done_column",
        "Which column says that a to-do is done?",
        "What is done is ticked off in the mailbox.",
    )];
    asked.extend(values(
        firm,
        todo,
        "tasks.done",
        "Which of its values mean done?",
        "Every other value means not done.",
    ));
    asked.push(column(
        Role::Notes,
        "tasks.notes",
        "Which column has the notes of a to-do?",
        "They become the text of the task.",
    ));
    asked.extend(private(firm, todo, "tasks"));
    asked.push(link(firm, todo, "tasks.link"));
    asked
}

fn events(firm: &Firm<'_>) -> Vec<Question> {
    let Some(schema) = firm.schema() else { return Vec::new() };
    let tables = may_hold_appointments(&firm.findings.catalogue, schema);
    let candidates = tables.iter().map(|table| Candidate {
        value: table.name.clone(),
        sort: format!("{} columns", table.columns.len()),
        score: table_score(&table.name, &evidence(firm, table)),
        examples: Vec::new(),
    });
    let names = firm.findings.catalogue.in_schema(schema).map(|table| table.name.clone());
    let mut asked = vec![Question {
        id: "events.table".to_owned(),
        asks: "Which table holds the appointments?".to_owned(),
        why: "Its name was seen in no public source. \"none\": appointments stay out of the mailboxes.".to_owned(),
        form: Form::Name { names: names.filter(|name| super::can_be_carried(name)).collect(), optional: true },
        candidates: ranked(candidates),
    }];
    let Some(table) = firm.events() else { return asked };
    let ask = |role, id, optional, asks, why| Question::column(firm.findings, table, role, id, optional, asks, why);
    let column = |role, id, optional, asks| {
        // A date of the database's own may have its time with it.
        let with_its_time = |day| firm.column(table, day).is_some_and(|day| day.is_day() && day.is_time());
        let together = id == "events.start_time" && with_its_time("events.start_date")
            || id == "events.end_time" && with_its_time("events.end_date");
        ask(role, id, optional, asks, if together { TOGETHER } else { "" })
    };
    for (role, id, optional, asks) in [
        (Role::StartDate, "events.start_date", false, "Which column is the day on which an appointment begins?"),
        (Role::StartTime, "events.start_time", true, "Which column is the time at which it begins?"),
        (Role::EndDate, "events.end_date", true, "Which column is the day on which it ends?"),
        (Role::EndTime, "events.end_time", true, "Which column is the time at which it ends?"),
        (Role::Subject, "events.subject", false, "Which column says in a line what it is about?"),
        (Role::Notes, "events.notes", true, "Which column has its notes?"),
        (Role::Location, "events.location", true, "Which column says where it is?"),
        (Role::Reminder, "events.reminder", true, "Which column has the minutes before it at which to ring?"),
    ] {
        asked.push(column(role, id, optional, asks));
    }
    asked.push(column(Role::AllDay, "events.all_day_column", true, "Which column says that it takes whole days?"));
    asked.extend(values(
        firm,
        table,
        "events.all_day",
        "Which of its values mean whole days?",
        "One without a time takes the whole day anyway.",
    ));
    asked.push(column(Role::Cancelled, "events.cancelled_column", true, "Which column says that it is called off?"));
    asked.extend(values(firm, table, "events.cancelled", "Which of its values mean called off?", ""));
    asked.extend(private(firm, table, "events"));
    asked.push(link(firm, table, "events.link"));
    asked
}

fn evidence(firm: &Firm<'_>, table: &Table) -> TableEvidence {
    let best = |role: Role| {
        let columns = table.columns.iter();
        columns.map(|column| score(role, column, &firm.findings.shape(table, &column.name)).points).max().unwrap_or(0)
    };
    TableEvidence {
        key: table.has("sysid"),
        staff: table.has("staff"),
        day: best(Role::StartDate),
        time: best(Role::StartTime),
        end: best(Role::EndTime) >= 30,
        subject: best(Role::Subject) >= 40,
        marks: table.has("m_date") && table.has("m_time"),
    }
}

fn calls(firm: &Firm<'_>) -> Vec<Question> {
    let Some(phone) = firm.table("phone").filter(|phone| phone.has("date") && phone.has("sysid")) else {
        return Vec::new();
    };
    let mut asked = vec![Question {
        id: "calls.show".to_owned(),
        asks: "Shall records of telephone calls stand in the calendars?".to_owned(),
        why: "They are what Time Matters keeps in `phone`: who called when.".to_owned(),
        form: Form::Name { names: vec!["yes".to_owned(), "no".to_owned()], optional: false },
        candidates: Vec::new(),
    }];
    if firm.chosen("calls.show").is_some_and(|show| show.eq_ignore_ascii_case("yes")) {
        asked.extend(private(firm, phone, "calls"));
    }
    asked
}

fn groups(firm: &Firm<'_>) -> Vec<Question> {
    let initials: Vec<String> =
        firm.schema().map(|schema| firm.findings.initials(schema)).into_iter().flatten().collect();
    let strange = firm.strange_codes().into_iter();
    strange
        .map(|(code, count)| Question {
            id: group_id(&code),
            asks: format!("`{code}` stands where initials should, in {}. Who is it?", rows(count)),
            why: "A code of the firm for several people, or somebody who left. \"none\": nobody gets these rows, and they are listed.".to_owned(),
            form: Form::Members(initials.clone()),
            candidates: Vec::new(),
        })
        .collect()
}

fn rows(count: u64) -> String {
    if count == 1 { "one row".to_owned() } else { format!("{count} rows") }
}

fn contacts(firm: &Firm<'_>) -> Vec<Question> {
    let Some(contact) = firm.table("contact") else { return Vec::new() };
    let mut asked = vec![Question {
        id: "contacts.for".to_owned(),
        asks: "Whose are the contacts?".to_owned(),
        why: "\"staff\": of whoever's initials they carry; \"everyone\": everyone's. Settings can say otherwise later."
            .to_owned(),
        form: Form::Name { names: vec!["staff".to_owned(), "everyone".to_owned()], optional: false },
        candidates: Vec::new(),
    }];
    asked.extend(private(firm, contact, "contacts"));
    let words = field_words();
    let mut birthday = false;
    for (code, column) in firm.contact_fields() {
        let of = (code != EVERY).then_some(("ccode", code.as_str()));
        let cells = firm.findings.cells(contact, &column.name, of);
        let shape = Shape::of(cells.iter().copied(), &std::collections::BTreeSet::new());
        let candidates = words.iter().map(|word| Candidate {
            value: word.clone(),
            sort: String::new(),
            score: field_score(word, &shape),
            examples: Vec::new(),
        });
        let mut candidates = ranked(candidates);
        candidates.truncate(4);
        // What the rows say there is the same for each.
        if let Some(first) = candidates.first_mut() {
            first.examples = examples(&cells);
        }
        let id = field_id(&code, &column.name);
        birthday |= firm.chosen(&id) == Some("birthday");
        let whose = if code == EVERY { String::new() } else { format!(" of contacts with the code `{code}`") };
        asked.push(Question {
            id,
            asks: format!("What is `{}`{whose}?", column.name),
            why: "The form styles of Time Matters show it. A word for a field of a contact; \"none\": it stays out."
                .to_owned(),
            form: Form::Name { names: words.clone(), optional: true },
            candidates,
        });
    }
    if birthday {
        asked.push(Question {
            id: "contacts.birthday_order".to_owned(),
            asks: "In which order are birthdays written?".to_owned(),
            why: "They are plain text in fields of the firm's own.".to_owned(),
            form: Form::Name { names: vec!["month-day-year".to_owned(), "day-month-year".to_owned()], optional: false },
            candidates: Vec::new(),
        });
    }
    asked
}
