//! The firm's mapping out of what was found and answered. What is not answered stays out of it, and stands there as an open question.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    Answers, Findings, Question,
    answers::text,
    firm::{EVERY, Firm},
    questions::open,
    select::{Select, quoted},
};
use crate::sources::cell::hex;
use sha2::{Digest as _, Sha256};

/// The first words of a mapping that was learned, before the digest of the rest.
const HEAD: &str = "# Written by `pocketdocket practice learn`. Digest of everything below this line: ";

/// Our words for when something begins: both in one, the day, the time.
const STARTS: [&str; 3] = ["start", "start_date", "start_time"];

/// And for when it ends.
const ENDS: [&str; 3] = ["end", "end_date", "end_time"];

/// The mapping, and beside it the questions that are open.
#[must_use]
pub fn mapping(findings: &Findings, answers: &Answers) -> String {
    let firm = Firm { findings, answers };
    let body = body(&firm, &open(findings, answers));
    format!("{HEAD}{}\n{body}", digest(&body))
}

/// Whether a mapping is as learning wrote it; nobody has edited it since.
#[must_use]
pub fn is_as_written(mapping: &str) -> bool {
    let Some((head, body)) = mapping.split_once('\n') else { return false };
    head.trim_end().strip_prefix(HEAD) == Some(digest(body).as_str())
}

fn digest(body: &str) -> String {
    // Editors of Windows change line ends without anybody having edited anything.
    let digest: [u8; 32] = Sha256::digest(body.replace("\r\n", "\n")).into();
    hex(&digest).chars().take(16).collect()
}

/// Questions, one a line.
fn listed(questions: &[Question]) -> String {
    let mut lines = String::new();
    for question in questions {
        let _ = write!(lines, "\n  {},", text(&format!("{}: {}", question.id, question.asks)));
    }
    lines + if questions.is_empty() { "" } else { "\n" }
}

fn body(firm: &Firm<'_>, open: &[Question]) -> String {
    let mut file = String::from(
        "#\n\
         # Days are whole numbers counted from 1800-12-28, 0 is none. Times are hundredths of a second since midnight plus one, 0 is\n\
         # none. (A column without such a converter is a date or a time of the database's own.) All are local time of the office:\n\
         # `source_zone` of the configuration is the office's zone.\n\
         #\n\
         # `pocketdocket practice learn` writes this file anew from the answers. It never takes away what was edited here without\n\
         # being told so.\n\n",
    );
    let order = if firm.answers.one("contacts.for").is_some_and(|word| word.eq_ignore_ascii_case("everyone")) {
        "\"everyone\", \"staff\""
    } else {
        "\"staff\", \"everyone\""
    };
    // Writing into a text cannot fail.
    let _ = write!(
        file,
        "[practice]\nname = \"Time Matters\"\nconnector = {}\n\n\
         # What was asked and has no answer. Nothing is synced until this list is empty.\n[practice.learned]\n\
         open = [{}]\n\n\
         # Whose contacts: of the staff member whose initials they carry, or everyone's. The first word is the default; the\n\
         # configuration may choose the other one under [practice.placeholders].\n\
         [practice.choices]\ncontacts_for = [{order}]\n\n",
        text(firm.dialect().word()),
        listed(open),
    );
    let groups = groups(firm);
    let contact = contact_columns(firm);
    if groups.is_some() || contact.is_some() {
        file.push_str("[practice.parts]\n");
    }
    if let Some(groups) = &groups {
        let _ = write!(
            file,
            "# Rows carry initials of a person, or a code of the firm. Who is behind each code:\ngroups = {}",
            quoted(&format!("({groups})"))
        );
    }
    if let Some((columns, _)) = &contact {
        let _ = write!(
            file,
            "# A numbered field means something else under each classification code.\ncontact_columns = {}",
            quoted(columns)
        );
    }
    file.push('\n');
    people(firm, &mut file);
    if let Some((_, birthday)) = &contact {
        contacts(firm, groups.is_some(), birthday.as_deref(), &mut file);
    }
    tasks(firm, groups.is_some(), &mut file);
    events(firm, groups.is_some(), &mut file);
    calls(firm, groups.is_some(), &mut file);
    file
}

/// A row for each member behind each code.
fn groups(firm: &Firm<'_>) -> Option<String> {
    let dialect = firm.dialect();
    let mut rows = Vec::new();
    for (code, members) in firm.members() {
        for member in members {
            rows.push(format!("SELECT {} AS code, {} AS init", dialect.literal(&code), dialect.literal(member)));
        }
    }
    (!rows.is_empty()).then(|| rows.join("\n UNION ALL "))
}

/// The columns of the contacts, and the converter of a birthday if there is one.
fn contact_columns(firm: &Firm<'_>) -> Option<(String, Option<String>)> {
    let mut select = Select::of(firm, firm.table("contact")?, "c");
    select.known("first_name", "given_name");
    select.known("middle_init", "middle_name");
    select.known("last_name", "surname");
    let mut fields: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for (code, column, word) in firm.known_fields() {
        fields.entry(word).or_default().push((code, select.name(&column.name)));
    }
    // An organisation has its name where a person has the whole one.
    let organisation = [select.named("org"), select.named("full_name")];
    if let [Some(org), Some(full_name)] = organisation {
        let literal = firm.dialect().literal("O");
        let fallback = format!("CASE WHEN {org} = {literal} THEN {full_name} END");
        fields.entry("company").or_default().push((String::new(), fallback));
    }
    let birthday =
        fields.contains_key("birthday").then(|| firm.chosen("contacts.birthday_order").map(str::to_owned)).flatten();
    for (word, sources) in fields {
        // In which order birthdays are written is still open.
        if word != "birthday" || birthday.is_some() {
            let value = by_code(firm, &select, &sources);
            select.add(&value, word);
        }
    }
    select.known("ccode", "categories");
    select.public(firm, "contacts");
    select.archived();
    select.changed();
    Some((select.columns(), birthday))
}

/// The value of a field: that of the row's code, or what holds for every code, or what is left.
fn by_code(firm: &Firm<'_>, select: &Select<'_>, sources: &[(String, String)]) -> String {
    let of_codes = sources.iter().filter(|(code, _)| code != EVERY && !code.is_empty());
    let ccode = select.name("ccode");
    let mut cases: Vec<String> = of_codes
        .map(|(code, value)| format!("WHEN RTRIM({ccode}) = {} THEN {value}", firm.dialect().literal(code)))
        .collect();
    let rest = |wanted: &str| sources.iter().find(|(code, _)| code == wanted).map(|(_, value)| value.clone());
    let rest = match (rest(EVERY), rest("")) {
        (Some(every), Some(left)) => Some(format!("COALESCE({every}, {left})")),
        (every, left) => every.or(left),
    };
    match (cases.is_empty(), rest) {
        (true, rest) => rest.unwrap_or_else(|| "NULL".to_owned()),
        (false, rest) => {
            cases.extend(rest.map(|rest| format!("ELSE {rest}")));
            format!("CASE {} END", cases.join(" "))
        }
    }
}

fn people(firm: &Firm<'_>, file: &mut String) {
    let Some(staff) = firm.table("staff") else {
        // A file cannot be without people; this one waits for its first answers.
        let name = |name: &str| firm.dialect().name(name);
        let _ = write!(
            file,
            "# In which schema the tables are has to be found out first.\n[people]\nsql = {}\n[[tasks]]\nname = \"to-dos\"\nsql = {}",
            quoted(&format!("SELECT s.{} AS id FROM {} s", name("init"), name("staff"))),
            quoted(&format!(
                "SELECT t.{} AS {}, t.{} AS person FROM {} t",
                name("sysid"),
                name("key"),
                name("staff"),
                name("todo")
            ))
        );
        return;
    };
    let dialect = firm.dialect();
    let mut select = Select::of(firm, staff, "s");
    select.known("init", "id");
    let names: Vec<String> = ["first", "last"].iter().filter_map(|name| select.named(name)).collect();
    let names: Vec<String> = names.iter().map(|name| format!("COALESCE(RTRIM({name}), '')")).collect();
    if !names.is_empty() {
        let spaced = names.join("\n' '\n");
        let parts: Vec<String> = spaced.lines().map(str::to_owned).collect();
        select.add(&dialect.joined(&parts), "name");
    }
    match firm.chosen("staff.email").map(|chosen| (chosen, chosen.split_once('.'))) {
        Some((_, Some((users, column)))) => {
            if let Some(users) = firm.table(users) {
                let (place, column) = (dialect.place(users), dialect.name(column));
                let (owner, init) = (dialect.name("staff"), select.name("init"));
                select.add(&format!("(SELECT MIN(u.{column}) FROM {place} u WHERE u.{owner} = {init})"), "email");
            }
        }
        Some((column, None)) => select.known(column, "email"),
        None => {}
    }
    let left = select.marked(firm, "staff.left", "active", ["no", "yes"]);
    let _ = write!(
        file,
        "# Initials are what rows carry: they are a person's id here, and users are linked to them.\n[people]\n{}",
        select.statement("")
    );
    if left {
        file.push_str(&select.maps());
    }
    file.push('\n');
}

fn contacts(firm: &Firm<'_>, groups: bool, birthday: Option<&str>, file: &mut String) {
    let Some(table) = firm.table("contact") else { return };
    for everyone in [false, true] {
        let mut select = Select::of(firm, table, "c");
        select.known("sysid", "key");
        if !everyone {
            select.person(groups);
        }
        select.raw("{contact_columns}");
        let word = if everyone { "everyone" } else { "staff" };
        let audience = if everyone { "audience = \"everyone\"\n" } else { "" };
        let _ = write!(
            file,
            "[[contacts]]\nwhen = {{ contacts_for = \"{word}\" }}\n{audience}{}",
            select.statement(if everyone || !groups { "" } else { "g" })
        );
        if let Some(order) = birthday {
            let _ = writeln!(file, "convert.birthday = {}", text(order));
        }
        let mut marks = Select::of(firm, table, "c");
        marks.public(firm, "contacts");
        marks.changed();
        let _ = writeln!(file, "{}", marks.maps());
    }
}

fn tasks(firm: &Firm<'_>, groups: bool, file: &mut String) {
    let Some(table) = firm.table("todo") else { return };
    let mut select = Select::of(firm, table, "t");
    select.known("sysid", "key");
    select.person(groups);
    select.known("desc", "subject");
    select.day("date", "due_date");
    if let Some(column) = firm.column(table, "tasks.notes") {
        select.known(&column.name, "notes");
    }
    select.known("ccode", "categories");
    select.marked(firm, "tasks.done", "done", ["yes", "no"]);
    select.public(firm, "tasks");
    select.matter(firm);
    select.link(firm, "tasks.link", &["date", "mat_id", "desc"]);
    file.push_str("# A to-do for several people is a row for each of them.\n[[tasks]]\nname = \"to-dos\"\n");
    let _ = writeln!(file, "{}{}", select.statement(if groups { "g" } else { "" }), select.maps());
}

fn events(firm: &Firm<'_>, groups: bool, file: &mut String) {
    let Some(table) = firm.events() else { return };
    let column = |id: &str| firm.column(table, id).map(|column| column.name.clone());
    let (Some(start), Some(subject), true) =
        (column("events.start_date"), column("events.subject"), table.has("sysid") && table.has("staff"))
    else {
        return;
    };
    let mut select = Select::of(firm, table, "e");
    select.known("sysid", "key");
    select.person(groups);
    select.known(&subject, "subject");
    let [start_time, end, end_time] = ["events.start_time", "events.end_date", "events.end_time"].map(column);
    select.when(Some(&start), start_time.as_deref(), STARTS);
    select.when(end.as_deref(), end_time.as_deref(), ENDS);
    for (id, word) in
        [("events.notes", "notes"), ("events.location", "location"), ("events.reminder", "reminder_minutes")]
    {
        if let Some(name) = column(id) {
            select.known(&name, word);
        }
    }
    select.known("ccode", "categories");
    select.marked(firm, "events.all_day", "all_day", ["yes", "no"]);
    select.marked(firm, "events.cancelled", "cancelled", ["yes", "no"]);
    select.public(firm, "events");
    select.matter(firm);
    let time = start_time.unwrap_or_default();
    select.link(firm, "events.link", &[&start, &time, "mat_id", &subject]);
    file.push_str(
        "# An appointment of several people is a row for each of them.\n[[events]]\nname = \"appointments\"\n",
    );
    let _ = writeln!(file, "{}{}", select.statement(if groups { "g" } else { "" }), select.maps());
}

fn calls(firm: &Firm<'_>, groups: bool, file: &mut String) {
    let wanted = firm.chosen("calls.show").is_some_and(|show| show.eq_ignore_ascii_case("yes"));
    let Some(table) = firm.table("phone").filter(|_| wanted) else { return };
    let mut select = Select::of(firm, table, "p");
    select.known("sysid", "key");
    select.person(groups);
    select.known("subject", "subject");
    select.known("memo", "notes");
    let there = |column: &'static str| table.has(column).then_some(column);
    select.when(there("date"), there("time"), STARTS);
    select.when(None, there("endtime"), ENDS);
    if let Some(way) = select.named("in_out") {
        let word = |text: &str| firm.dialect().literal(text);
        let (into, out) = (word("I"), word("O"));
        let (incoming, outgoing) = (word("Incoming call"), word("Outgoing call"));
        select.add(&format!("CASE {way} WHEN {into} THEN {incoming} WHEN {out} THEN {outgoing} END"), "categories");
    }
    select.public(firm, "calls");
    select.matter(firm);
    select.changed();
    file.push_str("[[events]]\nname = \"phone-calls\"\n");
    let _ = writeln!(file, "{}{}", select.statement(if groups { "g" } else { "" }), select.maps());
}
