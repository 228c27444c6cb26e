//! `$batch`: up to twenty requests in one. Each has an answer of its own, throttling included.
//! <https://learn.microsoft.com/graph/json-batching>

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    Part,
    answer::{Answer, Refused},
};

/// So many requests, and no more.
const MOST: usize = 20;

/// One request of a batch.
struct Step<'b> {
    id: &'b str,
    method: Method,
    url: &'b str,
    headers: HeaderMap,
    body: Option<Value>,
    depends_on: Vec<&'b str>,
    /// How many must be answered before it.
    depth: usize,
}

/// A batch, answered round by round: what depends on nothing first, all at the same time, then what depends on that.
pub(super) struct Batch<'b> {
    steps: Vec<Step<'b>>,
    depth: usize,
    /// Places of the steps that are on their way.
    running: Vec<usize>,
    answers: HashMap<&'b str, StatusCode>,
    responses: Vec<Value>,
    cut: bool,
    truncate: Option<usize>,
}

impl<'b> Batch<'b> {
    pub(super) fn read(body: Option<&'b Value>) -> Result<Self, Refused> {
        Ok(Self {
            steps: read(body)?,
            depth: 0,
            running: Vec::new(),
            answers: HashMap::new(),
            responses: Vec::new(),
            cut: false,
            truncate: None,
        })
    }

    /// The next requests; `None` when all are answered.
    pub(super) fn round(&mut self) -> Option<Vec<Part>> {
        if self.depth > self.steps.iter().map(|step| step.depth).max()? {
            return None;
        }
        let mut parts = Vec::new();
        self.running.clear();
        for (place, step) in self.steps.iter().enumerate().filter(|(_, step)| step.depth == self.depth) {
            let failed = |id: &&str| self.answers.get(id).is_some_and(|status| !status.is_success());
            if step.depends_on.iter().any(failed) {
                let text = "A request that this one depends on failed.";
                let error = json!({"error": {"code": "FailedDependency", "message": text}});
                self.responses.push(response(step.id, Answer::json(StatusCode::FAILED_DEPENDENCY, error)));
                self.answers.insert(step.id, StatusCode::FAILED_DEPENDENCY);
                continue;
            }
            self.running.push(place);
            parts.push(Part {
                method: step.method.clone(),
                address: step.url.to_owned(),
                headers: step.headers.clone(),
                body: step.body.clone(),
            });
        }
        self.depth += 1;
        Some(parts)
    }

    /// Takes the answers to the requests of a round.
    pub(super) fn answered(&mut self, answers: Vec<Answer>) {
        for (place, answer) in self.running.drain(..).zip(answers) {
            let Some(step) = self.steps.get(place) else { continue };
            self.answers.insert(step.id, answer.status);
            self.cut |= answer.cut;
            self.truncate = self.truncate.or(answer.truncate);
            self.responses.push(response(step.id, answer));
        }
    }

    /// The whole answer. The service promises no order, and a program that trusts in one finds out here.
    pub(super) fn finish(mut self) -> Answer {
        self.responses.reverse();
        let answer = Answer::ok(json!({"responses": self.responses}));
        Answer { cut: self.cut, truncate: self.truncate, ..answer }
    }
}

fn response(id: &str, answer: Answer) -> Value {
    let mut headers = Map::new();
    for (name, value) in answer.headers {
        headers.insert(if name == "retry-after" { "Retry-After".to_owned() } else { name.to_owned() }, json!(value));
    }
    if answer.body.is_some() {
        headers.insert("Content-Type".to_owned(), json!("application/json"));
    }
    json!({"id": id, "status": answer.status.as_u16(), "headers": headers, "body": answer.body})
}

fn read(body: Option<&Value>) -> Result<Vec<Step<'_>>, Refused> {
    let wrong = |text: String| Refused::bad("BadRequest", text);
    let requests = body.and_then(|body| body.get("requests")).and_then(Value::as_array);
    let requests = requests.ok_or_else(|| wrong("Invalid batch payload format.".to_owned()))?;
    if requests.is_empty() || requests.len() > MOST {
        let text = format!("Number of batch request steps must be between 1 and {MOST}.");
        return Err(Refused::bad("MaximumValueExceeded", text));
    }
    let mut steps: Vec<Step<'_>> = Vec::new();
    for request in requests {
        let text = |name: &str| request.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(id), Some(method), Some(url)) = (text("id"), text("method"), text("url")) else {
            return Err(wrong("Every request needs 'id', 'method' and 'url'.".to_owned()));
        };
        if steps.iter().any(|known| known.id == id) {
            return Err(wrong(format!("The request id '{id}' is not unique.")));
        }
        let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().find(|known| **known == method);
        let method = method.and_then(|method| method.parse().ok());
        let method = method.ok_or_else(|| wrong(format!("The method of request '{id}' is not supported.")))?;
        if url.contains("://") || url.to_ascii_lowercase().contains("$batch") {
            return Err(wrong(format!("The url of request '{id}' must be relative and no batch.")));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in request.get("headers").and_then(Value::as_object).into_iter().flatten() {
            let (Ok(name), Some(Ok(value))) = (name.parse::<HeaderName>(), value.as_str().map(HeaderValue::from_str))
            else {
                return Err(wrong(format!("The header '{name}' of request '{id}' is not valid.")));
            };
            headers.insert(name, value);
        }
        let body = request.get("body").filter(|body| !body.is_null()).cloned();
        let json = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if body.is_some() && !json {
            return Err(wrong(format!("Request '{id}' has a body and no Content-Type header.")));
        }
        let depends_on: Vec<&str> = match request.get("dependsOn") {
            None | Some(Value::Null) => Vec::new(),
            Some(ids) => ids.as_array().map(|ids| ids.iter().filter_map(Value::as_str).collect()).unwrap_or_default(),
        };
        let mut depth = 0;
        for needed in &depends_on {
            let known = steps.iter().find(|known| known.id == *needed);
            let known =
                known.ok_or_else(|| wrong(format!("Request '{id}' depends on '{needed}', which is not before it.")))?;
            depth = depth.max(known.depth + 1);
        }
        steps.push(Step { id, method, url, headers, body, depends_on, depth });
    }
    Ok(steps)
}
