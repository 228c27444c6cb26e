//! What an answer shows of an item: all its properties, those that `$select` names, and what `$expand` adds.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    contact, event, extended, extensions,
    filter::Filter,
    identity, linked, schema, task, times,
};
use crate::simulator::{
    ews::Properties,
    item::{Item, ItemKind},
    mailbox::Mailbox,
};

/// What Graph calls items of a kind.
pub(super) fn type_name(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Contact => "contact",
        ItemKind::Event => "event",
        ItemKind::Task => "todoTask",
    }
}

/// What a request wants to see.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    select: Option<Vec<String>>,
    /// Ids of extended properties.
    extended: Option<Vec<String>>,
    linked: bool,
    extensions: bool,
    /// In which calendar an event is.
    calendar: bool,
}

impl Shape {
    /// From `$select` and `$expand` of a request for entities of a type.
    pub(super) fn read(call: &Call<'_>, name: &str) -> Result<Self, Refused> {
        Self::of(call.asked.option("$select"), call.asked.option("$expand"), name)
    }

    /// From the options themselves.
    pub(super) fn of(select: Option<&str>, expand: Option<&str>, name: &str) -> Result<Self, Refused> {
        let mut shape = Self::default();
        if let Some(select) = select {
            let names: Vec<String> = select.split(',').map(|name| name.trim().to_owned()).collect();
            if let Some(unknown) = names.iter().find(|property| !schema::has(name, property)) {
                let text = format!("Could not find a property named '{unknown}' on type 'microsoft.graph.{name}'.");
                return Err(Refused::bad("BadRequest", format!("Parsing OData Select and Expand failed: {text}")));
            }
            shape.select = Some(names);
        }
        for part in parts(expand.unwrap_or_default()) {
            let (property, options) = part.split_once('(').unwrap_or((part, ""));
            let unknown = || {
                let text = format!("Could not find a property named '{property}' on type 'microsoft.graph.{name}'.");
                Refused::bad("BadRequest", format!("Parsing OData Select and Expand failed: {text}"))
            };
            let takes = |known: &str| property.trim().eq_ignore_ascii_case(known) && schema::has(name, known);
            if takes("singleValueExtendedProperties") {
                shape.extended = Some(ids(options.trim_end_matches(')')).ok_or_else(|| {
                    Refused::bad("ErrorInvalidUrlQuery", "Extended properties are expanded with a filter of their ids.")
                })?);
            } else if takes("linkedResources") {
                shape.linked = true;
            } else if takes("extensions") {
                shape.extensions = true;
            } else if takes("calendar") {
                shape.calendar = true;
            } else {
                return Err(unknown());
            }
        }
        Ok(shape)
    }

    /// Takes away what was not asked for, and adds what was.
    pub(super) fn apply(&self, entity: Map<String, Value>, properties: &Properties) -> Result<Value, Refused> {
        let mut entity = self.selected(entity);
        if let Some(ids) = &self.extended {
            let found = extended::shown(properties, ids)?;
            if !found.is_empty() {
                entity.insert("singleValueExtendedProperties".to_owned(), Value::Array(found));
            }
        }
        if self.linked {
            entity.insert("linkedResources".to_owned(), Value::Array(linked::of(properties)));
        }
        if self.extensions {
            entity.insert("extensions".to_owned(), Value::Array(extensions::of(properties)));
        }
        Ok(Value::Object(entity))
    }

    /// Says in which calendar an event is, if that was asked.
    fn placed(&self, mailbox: &Mailbox, item: &Item, mut entity: Value) -> Value {
        if let Some(folder) = mailbox.folders.get(&item.folder).filter(|_| self.calendar) {
            entity["calendar"] = json!({"id": identity::rest(&folder.id), "name": folder.name});
        }
        entity
    }

    /// Ids and etags are shown whatever was selected.
    pub(super) fn selected(&self, mut entity: Map<String, Value>) -> Map<String, Value> {
        if let Some(select) = &self.select {
            entity.retain(|name, _| name == "id" || name.contains('@') || select.iter().any(|wanted| wanted == name));
        }
        entity
    }
}

/// Splits at commas that stand in no parentheses.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let outside = text.split(move |letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    outside.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The ids that `$filter=id eq 'x' or id eq 'y'` names.
fn ids(options: &str) -> Option<Vec<String>> {
    fn collect(filter: &Filter, into: &mut Vec<String>) -> Option<()> {
        match filter {
            Filter::Or(left, right) => collect(left, into).and_then(|()| collect(right, into)),
            Filter::Compare(path, word, Value::String(id))
                if word == "eq" && path.len() == 1 && path[0].eq_ignore_ascii_case("id") =>
            {
                into.push(id.clone());
                Some(())
            }
            _ => None,
        }
    }
    let mut found = Vec::new();
    collect(&Filter::read(options.trim().strip_prefix("$filter=")?).ok()?, &mut found)?;
    Some(found)
}

/// Everything that an entity shows of an item without being asked to expand.
pub(super) fn whole(call: &Call<'_>, mailbox: &Mailbox, item: &Item) -> Map<String, Value> {
    let mut entity = Map::new();
    // To Do has ids of its own that know no moves.
    let immutable = call.asked.prefer.immutable && item.kind != ItemKind::Task;
    entity.insert("@odata.etag".to_owned(), json!(identity::etag(&item.change_key())));
    entity.insert("id".to_owned(), json!(identity::of(mailbox, item, immutable)));
    entity.insert("createdDateTime".to_owned(), json!(times::moment(item.created)));
    entity.insert("lastModifiedDateTime".to_owned(), json!(times::moment(item.modified)));
    if item.kind != ItemKind::Task {
        entity.insert("changeKey".to_owned(), json!(item.change_key()));
    }
    match item.kind {
        ItemKind::Contact => {
            let folder = mailbox.folders.get(&item.folder).map(|folder| identity::rest(&folder.id));
            entity.insert("parentFolderId".to_owned(), json!(folder));
            contact::show(&item.properties, &mut entity);
        }
        ItemKind::Event => event::show(call, &item.properties, &mut entity),
        ItemKind::Task => task::show(call, &item.properties, item.modified, &mut entity),
    }
    entity
}

/// One item as the whole answer.
pub(super) fn one(call: &Call<'_>, mailbox: &Mailbox, item: &Item, shape: &Shape) -> Result<Value, Refused> {
    let mut entity = shape.placed(mailbox, item, shape.apply(whole(call, mailbox, item), &item.properties)?);
    entity["@odata.context"] = json!(context(call, &format!("{}s/$entity", type_name(item.kind))));
    Ok(entity)
}

/// Where the metadata of an answer are said to be.
pub(super) fn context(call: &Call<'_>, what: &str) -> String {
    let mailbox = percent_encoding::utf8_percent_encode(call.mailbox, percent_encoding::NON_ALPHANUMERIC);
    format!("{}/$metadata#users('{mailbox}')/{what}", call.asked.root)
}

/// Options of every collection.
pub(super) const OPTIONS: &[&str] =
    &["$top", "$skip", "$filter", "$count", "$orderby", "$select", "$expand", "startDateTime", "endDateTime"];

/// Items that match, in order, a page at a time.
pub(super) fn collection(
    call: &Call<'_>,
    mailbox: &Mailbox,
    kind: ItemKind,
    items: &[&Item],
) -> Result<Answer, Refused> {
    call.asked.knows(OPTIONS)?;
    let shape = Shape::read(call, type_name(kind))?;
    let filter = call.asked.option("$filter").map(Filter::read).transpose()?;
    let order = Order::read(call.asked.option("$orderby").unwrap_or_default(), type_name(kind))?;
    // Entities are made only for what can be on the page, where nothing has to be compared.
    let indexed = filter.as_ref().and_then(Filter::indexed);
    let mut found: Vec<(&Item, Option<Value>)> = Vec::new();
    for item in items {
        if let Some((path, value)) = &indexed
            && extended::value(&item.properties, path).is_none_or(|held| !held.eq_ignore_ascii_case(value))
        {
            continue;
        }
        let entity = (filter.is_some() || order.is_some()).then(|| Value::Object(whole(call, mailbox, item)));
        let held = |path: &str| extended::value(&item.properties, path);
        if let (Some(filter), Some(entity)) = (&filter, &entity)
            && !filter.matches(entity, &held)?
        {
            continue;
        }
        found.push((item, entity));
    }
    if let Some(order) = &order {
        found.sort_by(|(_, left), (_, right)| order.compare(left.as_ref(), right.as_ref()));
    }
    let show = |(item, entity): &(&Item, Option<Value>)| {
        let entity = match entity {
            Some(Value::Object(entity)) => entity.clone(),
            _ => whole(call, mailbox, item),
        };
        Ok(shape.placed(mailbox, item, shape.apply(entity, &item.properties)?))
    };
    page(call, &format!("{}s", type_name(kind)), &found, show)
}

/// A page of a collection, and where the next one is.
pub(super) fn page<T>(
    call: &Call<'_>,
    what: &str,
    found: &[T],
    show: impl Fn(&T) -> Result<Value, Refused>,
) -> Result<Answer, Refused> {
    let top = call.asked.number("$top")?.or(call.asked.prefer.page).unwrap_or(10);
    if !(1..=1000).contains(&top) {
        return Err(Refused::bad("ErrorInvalidUrlQuery", "'$top' must be between 1 and 1000."));
    }
    let skip = call.asked.number("$skip")?.unwrap_or(0);
    let shown = found.iter().skip(skip).take(top).map(show).collect::<Result<Vec<_>, _>>()?;
    let mut body = json!({"@odata.context": context(call, what)});
    if call.asked.option("$count") == Some("true") {
        body["@odata.count"] = json!(found.len());
    }
    if skip + top < found.len() {
        let next = (skip + top).to_string();
        let mut options: Vec<(&str, &str)> =
            call.asked.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        options.retain(|(name, _)| *name != "$skip");
        options.push(("$skip", &next));
        body["@odata.nextLink"] = json!(call.asked.again(&options));
    }
    body["value"] = Value::Array(shown);
    Ok(Answer::ok(body))
}

/// `$orderby` with one property.
struct Order {
    path: String,
    backwards: bool,
}

impl Order {
    fn read(text: &str, name: &str) -> Result<Option<Self>, Refused> {
        let mut words = text.split_whitespace();
        let Some(property) = words.next() else { return Ok(None) };
        let backwards = match (words.next(), words.next()) {
            (None | Some("asc"), None) => false,
            (Some("desc"), None) => true,
            _ => return Err(Refused::bad("BadRequest", "'$orderby' is understood with one property.")),
        };
        let first = property.split('/').next().unwrap_or_default();
        if !schema::has(name, first) {
            let text = format!("Could not find a property named '{first}' on type 'microsoft.graph.{name}'.");
            return Err(Refused::bad("BadRequest", text));
        }
        Ok(Some(Self { path: format!("/{property}"), backwards }))
    }

    fn compare(&self, left: Option<&Value>, right: Option<&Value>) -> std::cmp::Ordering {
        let text = |entity: Option<&Value>| match entity.and_then(|entity| entity.pointer(&self.path)) {
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Null) | None => String::new(),
            Some(value) => format!("{value:>12}"),
        };
        let order = text(left).cmp(&text(right));
        if self.backwards { order.reverse() } else { order }
    }
}
