//! The simulator as a process of its own: its options, its file of mailboxes, and the part of the control door for sign-ins.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use pocketdocket::simulator::{CLIENT_ID, Certificate, Licence, Mfa, Settings, TENANT};
use serde_json::json;

use super::{code_flow::ANNA, person::Person};

/// A simulator that is told everything by options.
struct Process {
    child: Child,
    _output: BufReader<ChildStdout>,
    base: String,
}

impl Process {
    fn start(folder: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pocketdocket"))
            .args(["simulator", "--mailbox", ANNA])
            .args(options)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let mut output = BufReader::new(child.stdout.take().expect("output"));
        let mut said = std::collections::HashMap::new();
        for _ in 0..5 {
            let mut line = String::new();
            output.read_line(&mut line).expect("a line");
            if let Some((name, value)) = line.trim_end().split_once(' ') {
                said.insert(name.to_owned(), value.trim_start().to_owned());
            }
        }
        assert_eq!((said["tenant"].as_str(), said["client"].as_str()), (TENANT, CLIENT_ID));
        Self { child, _output: output, base: said["authority"].clone() }
    }

    fn person(&self, folder: &Path) -> Person {
        let pem = std::fs::read(folder.join("ca.pem")).expect("a certificate");
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("a certificate")])
            .build()
            .expect("a client");
        Person { http, base: self.base.clone(), login: ANNA.to_owned() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn everything_can_be_switched_from_outside() {
    let folder = tempfile::tempdir().expect("a folder");
    let options =
        ["--https", "--ca-file-out", "ca.pem", "--offer", "oauth", "--lock-after", "2", "--lock-seconds", "60"];
    let process = Process::start(folder.path(), &options);
    let person = process.person(folder.path());
    let door = async |method: reqwest::Method, path: &str, body: serde_json::Value| {
        let request = person.http.request(method, format!("{}/control/{path}", person.base));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let sent = request.send().await.expect("an answer");
        (sent.status().as_u16(), sent.text().await.expect("text"))
    };
    let act = async |body: serde_json::Value| door(reqwest::Method::POST, &format!("accounts/{ANNA}"), body).await.0;

    let tokens = person.tokens(&[]).await;
    let refresh = tokens["refresh_token"].as_str().expect("a token").to_owned();
    assert_eq!(act(json!({ "action": "revoke" })).await, 204);
    assert_eq!(person.refresh(&refresh).await.code_of_error(), 50_173);

    for action in ["lock", "disable", "expire-password"] {
        assert_eq!(act(json!({ "action": action })).await, 204);
        assert!(person.sign_in(&[]).await.body.contains("AADSTS500") || action == "lock", "{action}");
        assert!(person.sign_in(&[]).await.location.is_none(), "{action}");
        for undo in [
            json!({ "action": "unlock" }),
            json!({ "action": "enable" }),
            json!({ "action": "set-password", "password": "simulator" }),
        ] {
            assert_eq!(act(undo).await, 204);
        }
        assert!(person.sign_in(&[]).await.location.is_some(), "{action}");
    }
    assert_eq!(act(json!({ "action": "withdraw-consent" })).await, 204);
    assert!(person.sign_in(&[("consent", "")]).await.body.contains("wants to use these"));

    assert_eq!(act(json!({ "action": "set-mfa", "mfa": "required" })).await, 204);
    let page = person.sign_in(&[]).await;
    let (_, number) = door(reqwest::Method::GET, &format!("accounts/{ANNA}"), json!({})).await;
    assert!(
        page.body.contains(&number.replace("{\"number\":", "<strong id=\"number\">").replace('}', "</strong>")),
        "{number}"
    );
    assert_eq!(act(json!({ "action": "approve-number" })).await, 204);
    assert!(person.next(&page, &[("consent", "accept")]).await.location.is_some());

    let device = person.device_code().await;
    let path = format!("device-codes/{}", device["user_code"].as_str().expect("a code"));
    let poll = async |device: &serde_json::Value| person.poll(device["device_code"].as_str().expect("a code")).await;
    assert_eq!(door(reqwest::Method::POST, &path, json!({ "login": ANNA, "mfa": true })).await.0, 204);
    assert_eq!(poll(&device).await.status, 200);
    let device = person.device_code().await;
    let path = format!("device-codes/{}", device["user_code"].as_str().expect("a code"));
    assert_eq!(door(reqwest::Method::DELETE, &path, json!({})).await.0, 204);
    assert_eq!(poll(&device).await.json()["error"], "authorization_declined");
    assert_eq!(door(reqwest::Method::DELETE, "device-codes/ZZZZZZZZZ", json!({})).await.0, 404);
    assert_eq!(door(reqwest::Method::POST, "accounts/nobody", json!({ "action": "lock" })).await.0, 404);

    let keys =
        async || person.get(&format!("/{TENANT}/discovery/v2.0/keys")).await.json()["keys"][0]["kid"].to_string();
    let before = keys().await;
    assert_eq!(door(reqwest::Method::POST, "keys/rotate", json!({})).await.0, 204);
    assert_ne!(keys().await, before);
    let (_, now) = door(reqwest::Method::POST, "clock", json!({ "seconds": 86_400 })).await;
    assert!(now.contains("\"now\":"), "{now}");
}

#[tokio::test]
async fn an_account_is_let_in_from_its_networks_only_and_the_others_from_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let only_from = format!("{ANNA}=203.0.113.0/29");
    let options = ["--https", "--ca-file-out", "ca.pem", "--offer", "all", "--mailbox", "ben@kanzlei.example"];
    let rule = ["--address", "203.0.113.7", "--only-from", &only_from];
    let process = Process::start(folder.path(), &[&options[..], &rule].concat());
    let person = process.person(folder.path());
    let door = async |path: &str, body: serde_json::Value| {
        let request = person.http.post(format!("{}/control/{path}", person.base));
        let request = request.header("content-type", "application/json").body(body.to_string());
        request.send().await.expect("an answer").status().as_u16()
    };
    let by_password = async |login: &str| {
        let request =
            person.http.post(format!("{}/EWS/Exchange.asmx", person.base)).basic_auth(login, Some("simulator"));
        request.send().await.expect("an answer").status().as_u16()
    };
    let tokens = person.tokens(&[]).await;
    let refresh = tokens["refresh_token"].as_str().expect("a token").to_owned();
    assert_eq!(person.refresh(&refresh).await.status, 200);
    assert_ne!(by_password(ANNA).await, 403);

    assert_eq!(door("address", json!({ "v4": "198.51.100.9" })).await, 204);
    assert_eq!(person.get("/echo/any").await.body, "198.51.100.9\n");
    assert_eq!(person.refresh(&refresh).await.code_of_error(), 53_003);
    let sign_in = person.sign_in(&[]).await;
    assert!(sign_in.returned("error_description").is_some_and(|said| said.contains("AADSTS53003")), "{sign_in:?}");
    assert_eq!(by_password(ANNA).await, 403);
    assert_ne!(by_password("ben@kanzlei.example").await, 403, "nobody said anything about him");

    assert_eq!(door("only-from", json!({ "login": ANNA, "networks": [] })).await, 204);
    assert_eq!(person.refresh(&refresh).await.status, 200);
    assert_eq!(door("echo/any", json!({ "manner": "says", "address": "10.0.0.1" })).await, 204);
    assert_eq!(person.get("/echo/any").await.body, "10.0.0.1\n");
}

#[test]
fn a_file_says_how_accounts_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mailboxes.toml");
    std::fs::write(
        &file,
        "[[mailbox]]\naddress = \"anna@kanzlei.example\"\n\n[[mailbox]]\naddress = \"ben@kanzlei.example\"\ntenant = \"t\"\n\
         mfa = \"must-register\"\npassword-expired = true\ndisabled = true\nlicence = \"f3\"\n",
    )
    .expect("a file");
    let settings = Settings::default().with_mailboxes_file(&file).expect("mailboxes");
    let stand = |place: usize| {
        let account = &settings.accounts[place];
        (account.tenant.as_str(), account.mfa, account.password_expired, account.disabled, account.licence)
    };
    assert_eq!(stand(0), (TENANT, Mfa::None, false, false, Licence::Full));
    assert_eq!(stand(1), ("t", Mfa::MustRegister, true, true, Licence::F3));
    assert_eq!(settings.certificate, Certificate::Valid);
    std::fs::write(&file, "[[mailbox]]\naddress = \"anna@kanzlei.example\"\nmfa = \"maybe\"\n").expect("a file");
    let error = Settings::default().with_mailboxes_file(&file).expect_err("not a list of mailboxes");
    assert!(error.to_string().contains("is not a list of mailboxes"), "{error}");
}
