//! A browser comes with what a program wants. What is wrong with the program or the address to return to is shown on a page,
//! because nobody must be sent to an address that is not registered; everything else goes back to the program.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1>

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use url::Url;

use super::{
    aadsts::OauthError,
    apps::App,
    form::Form,
    grants::{Purpose, SignIn, secret},
    resources::Scope,
    steps,
    tenants::Asked,
};
use crate::simulator::{Fault, answers, faults::Place, world::World};

/// Where a person is sent back to, and how it is recognised there.
#[derive(Clone, Debug)]
pub(super) struct Return {
    pub(super) address: String,
    pub(super) state: String,
}

impl Return {
    /// Back to the program, with these words.
    pub(super) fn with(&self, world: &World, words: &[(&str, &str)]) -> Response {
        let changed = |fault: &Fault| (*fault == Fault::StateChanged).then_some(());
        let changed = world.faults.strike(&Place { operation: "authorize", ..Place::default() }, changed).is_some();
        let Ok(mut url) = Url::parse(&self.address) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(words);
            if changed {
                query.append_pair("state", &secret());
            } else if !self.state.is_empty() {
                query.append_pair("state", &self.state);
            }
        }
        (StatusCode::FOUND, [(header::LOCATION, url.as_str())]).into_response()
    }

    /// Back to the program with a no.
    pub(super) fn refused(&self, world: &World, error: &OauthError) -> Response {
        self.with(world, &[("error", error.error.as_str()), ("error_description", error.sentence().as_str())])
    }
}

pub(super) async fn begin(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let form = match Form::read(query.as_bytes()) {
        Ok(form) => form,
        Err(error) => return steps::refused(&error),
    };
    let place = Place {
        operation: "authorize",
        login: form.get("login_hint"),
        client: form.get("client_id"),
        tenant: &world.tenant(&name).unwrap_or_default(),
        ..Place::default()
    };
    if let Some(answer) = answers::spoilt(&world, &place).await {
        return answer;
    }
    let (tenant, app, back) = match who_asks(&world, &name, &form) {
        Ok(known) => known,
        Err(error) => return steps::refused(&error),
    };
    if let Some(error) = steps::struck(&world, &place) {
        return back.refused(&world, &error);
    }
    match read(&world, tenant, &app, &back, &form) {
        Ok(sign_in) => steps::show(&world, sign_in),
        Err(error) => back.refused(&world, &error),
    }
}

/// The program and where it waits: until these are known, nobody is sent anywhere.
fn who_asks(world: &World, name: &str, form: &Form) -> Result<(Asked, App, Return), OauthError> {
    let tenant = Asked::find(world, name)?;
    let app = App::find(world, form.need("client_id")?, &tenant)?;
    let address = form.need("redirect_uri")?;
    if !app.may_return_to(address) {
        return Err(OauthError::new(50_011).because(&format!("`{address}`")));
    }
    let back = Return { address: address.to_owned(), state: form.get("state").to_owned() };
    Ok((tenant, app, back))
}

fn read(world: &World, tenant: Asked, app: &App, back: &Return, form: &Form) -> Result<SignIn, OauthError> {
    if form.get("response_type") != "code" || !matches!(form.get("response_mode"), "" | "query") {
        return Err(OauthError::new(700_051));
    }
    let challenge = form.get("code_challenge");
    // A SHA-256 in base64url has 43 characters. <https://www.rfc-editor.org/rfc/rfc7636#section-4.2>
    if form.get("code_challenge_method") != "S256" || challenge.len() != 43 {
        return Err(OauthError::new(50_147));
    }
    let scope = Scope::read(world, form.need("scope")?)?;
    if scope.words().is_empty() {
        return Err(OauthError::new(70_011));
    }
    if form.get("prompt") == "none" {
        return Err(OauthError::new(50_058));
    }
    let purpose = Purpose::Code {
        redirect: back.address.clone(),
        state: back.state.clone(),
        nonce: form.get("nonce").to_owned(),
        challenge: challenge.to_owned(),
    };
    let now = world.settings.clock.now();
    let mut sign_in = SignIn::begin(tenant, &app.client_id, scope, purpose, now);
    form.get("login_hint").clone_into(&mut sign_in.hint);
    sign_in.wants_consent = form.get("prompt") == "consent";
    // Either way of asking for a second factor that programs use.
    sign_in.wants_mfa = form.get("amr_values").split(' ').any(|value| value == "mfa")
        || form.get("acr_values").split(' ').any(|value| value == "mfa")
        || form.get("claims").contains("\"mfa\"");
    Ok(sign_in)
}
