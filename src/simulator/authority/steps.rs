//! A person signs in, step by step: password, second factor, consent. A form holds one step or all of them; whatever is missing
//! is asked for on the next page. So a browser can be used, and a test that only posts forms.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
};

use super::{
    aadsts::OauthError,
    apps::App,
    authorize::Return,
    form::Form,
    grants::{Code, Grant, Purpose, SignIn, secret},
};
use crate::simulator::{Account, Fault, MFA_CODE, Mfa, answers, faults::Place, sign_ins::Refused, world::World};

/// What is asked for next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    UserCode,
    Password,
    Register,
    SecondFactor,
    Consent,
    Done,
    Refused,
}

#[derive(Template)]
#[template(path = "simulator/sign-in.html")]
struct Page<'a> {
    step: Step,
    action: &'a str,
    sign_in: &'a str,
    login: &'a str,
    client: &'a str,
    scope: Vec<String>,
    number: u8,
    trouble: Option<String>,
}

impl Page<'_> {
    fn respond(&self, status: StatusCode) -> Response {
        match self.render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(error) => {
                tracing::error!("a page of the simulator cannot be rendered: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A page without a way on.
pub(super) fn refused(error: &OauthError) -> Response {
    plain(Step::Refused, "", Some(error.sentence())).respond(StatusCode::BAD_REQUEST)
}

/// The page on which a device's code is entered.
pub(super) fn ask_for_user_code(error: Option<&OauthError>) -> Response {
    let status = if error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    plain(Step::UserCode, "/device", error.map(OauthError::sentence)).respond(status)
}

fn done() -> Response {
    plain(Step::Done, "", None).respond(StatusCode::OK)
}

fn plain(step: Step, action: &'static str, trouble: Option<String>) -> Page<'static> {
    Page { step, action, sign_in: "", login: "", client: "", scope: Vec::new(), number: 0, trouble }
}

/// The error that a fault wants here.
pub(super) fn struck(world: &World, place: &Place<'_>) -> Option<OauthError> {
    world.faults.strike(place, |fault| match fault {
        Fault::OauthError { code, error, suberror } => {
            Some(OauthError::new(*code).called(error.as_deref(), suberror.as_deref()))
        }
        _ => None,
    })
}

/// Begins: the first page.
pub(super) fn show(world: &World, sign_in: SignIn) -> Response {
    ask(world, &secret(), sign_in, Step::Password, None)
}

fn ask(world: &World, id: &str, sign_in: SignIn, step: Step, trouble: Option<&OauthError>) -> Response {
    let action = format!("/{}/login", sign_in.tenant.name());
    let login = sign_in.login.clone().unwrap_or_else(|| sign_in.hint.clone());
    let page = Page {
        step,
        action: &action,
        sign_in: id,
        login: &login,
        client: &sign_in.client,
        scope: sign_in.scope.words(),
        number: sign_in.number,
        trouble: trouble.map(OauthError::sentence),
    };
    let answer = page.respond(StatusCode::OK);
    world.authority.grants().sign_ins.insert(id.to_owned(), sign_in);
    answer
}

/// A form with one step or several.
pub(super) async fn next(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = match Form::of_body(&headers, &body) {
        Ok(form) => form,
        Err(error) => return refused(&error),
    };
    let id = form.get("sign-in");
    let found = world.authority.grants().sign_ins.remove(id);
    let Some(mut sign_in) = found.filter(|sign_in| world.settings.clock.now() < sign_in.expires) else {
        return refused(&OauthError::new(50_089));
    };
    let login = form.get("login").to_owned();
    let place = Place { operation: "authorize", login: &login, client: &sign_in.client, ..Place::default() };
    if let Some(answer) = answers::spoilt(&world, &place).await {
        return answer;
    }
    if !form.get("cancel").is_empty() {
        return end(&world, &sign_in, Err(OauthError::new(65_004).because("The sign-in was cancelled.")));
    }
    match advance(&world, &mut sign_in, &form) {
        Ok(grant) => end(&world, &sign_in, grant.map_err(|error| *error)),
        Err((step, trouble)) => ask(&world, id, sign_in, step, trouble.as_deref()),
    }
}

/// What is asked for next, and what was wrong with what was given.
type Missing = (Step, Option<Box<OauthError>>);

/// Takes as many steps as the form has answers for. `Ok` is the end, for better or worse.
fn advance(world: &World, sign_in: &mut SignIn, form: &Form) -> Result<Result<Grant, Box<OauthError>>, Missing> {
    let wrong = |step, error| Err((step, Some(Box::new(error))));
    if sign_in.login.is_none() {
        if form.get("password").is_empty() {
            return Err((Step::Password, None));
        }
        match password(world, sign_in, form) {
            Ok(account) => sign_in.login = Some(account.login),
            Err(error) => return wrong(Step::Password, error),
        }
    }
    let login = sign_in.login.clone().unwrap_or_default();
    let Some(mut account) = world.account(&login) else { return Err((Step::Password, None)) };
    let app = match App::find(world, &sign_in.client, &sign_in.tenant) {
        Ok(app) => app,
        Err(error) => return Ok(Err(Box::new(error))),
    };
    let place = Place {
        mailbox: account.mailbox.as_deref().unwrap_or_default(),
        operation: "authorize",
        login: &account.login,
        client: &sign_in.client,
        tenant: &account.tenant,
    };
    // Without a login the fault had its chance when the page was asked for.
    if let Some(error) = struck(world, &place) {
        return Ok(Err(Box::new(error)));
    }
    if world.outside.keeps_out(&account.login) {
        return Ok(Err(Box::new(OauthError::new(53_003))));
    }
    if app.assigned_only {
        return Ok(Err(Box::new(OauthError::new(50_105))));
    }
    if account.mfa == Mfa::MustRegister || (sign_in.wants_mfa && account.mfa == Mfa::None) {
        if form.get("register") != "yes" {
            return Err((Step::Register, None));
        }
        account.mfa = Mfa::Required;
        // The account is there: it was found above.
        let _ = world.change_account(&login, |account| account.mfa = Mfa::Required);
    }
    if !sign_in.mfa && (account.mfa == Mfa::Required || (sign_in.wants_mfa && account.mfa == Mfa::Registered)) {
        let approved = world.authority.grants().take_approval(&login, sign_in.number);
        match form.get("code") {
            _ if approved => {}
            "" => return Err((Step::SecondFactor, None)),
            code if code == MFA_CODE => {}
            _ => return wrong(Step::SecondFactor, OauthError::new(500_121)),
        }
        sign_in.mfa = true;
    }
    let open = world.authority.grants().unconsented(&sign_in.client, &login, &sign_in.scope);
    if open && app.admin_consent {
        return Ok(Err(Box::new(OauthError::new(90_094))));
    }
    if open || sign_in.wants_consent {
        match form.get("consent") {
            "accept" => world.authority.grants().consent(&sign_in.client, &login, &sign_in.scope),
            "decline" => return Ok(Err(Box::new(OauthError::new(65_004)))),
            _ => return Err((Step::Consent, None)),
        }
    }
    Ok(Ok(grant(world, sign_in, &account)))
}

fn password(world: &World, sign_in: &SignIn, form: &Form) -> Result<Account, OauthError> {
    let login = form.get("login");
    let login = if login.is_empty() { &sign_in.hint } else { login };
    let account = world.account(login).ok_or_else(|| OauthError::new(50_034))?;
    if !sign_in.tenant.includes(&account.tenant) {
        return Err(OauthError::new(50_020));
    }
    world.sign_in(login, form.get("password")).map_err(|refused| {
        OauthError::new(match refused {
            Refused::UnknownUser => 50_034,
            Refused::WrongPassword => 50_126,
            Refused::Locked => 50_053,
            Refused::Disabled => 50_057,
            Refused::PasswordExpired => 50_055,
        })
    })
}

/// What was allowed, now that everything is answered.
pub(super) fn grant(world: &World, sign_in: &SignIn, account: &Account) -> Grant {
    Grant {
        login: account.login.clone(),
        client: sign_in.client.clone(),
        tenant: account.tenant.clone(),
        scope: sign_in.scope.clone(),
        family: uuid::Uuid::new_v4(),
        mfa: sign_in.mfa,
        by_device_code: matches!(sign_in.purpose, Purpose::Device { .. }),
        signed_in: world.settings.clock.now(),
    }
}

/// Tells whoever waits.
pub(super) fn end(world: &World, sign_in: &SignIn, outcome: Result<Grant, OauthError>) -> Response {
    match &sign_in.purpose {
        Purpose::Code { redirect, state, nonce, challenge } => {
            let back = Return { address: redirect.clone(), state: state.clone() };
            match outcome {
                Err(error) => back.refused(world, &error),
                Ok(grant) => {
                    let code = secret();
                    let given = Code::new(grant, redirect, nonce, challenge, world.settings.clock.now());
                    world.authority.grants().codes.insert(code.clone(), given);
                    back.with(world, &[("code", &code), ("session_state", &secret())])
                }
            }
        }
        Purpose::Device { code } => {
            let page = match &outcome {
                Err(error) if error.error != "access_denied" => refused(error),
                _ => done(),
            };
            if let Some(device) = world.authority.grants().devices.get_mut(code) {
                let declined = |error: OauthError| match error.error.as_str() {
                    "access_denied" => OauthError::new(70_017),
                    _ => error,
                };
                device.answer = Some(outcome.map_err(declined));
            }
            page
        }
    }
}
