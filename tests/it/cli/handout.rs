//! Hand-outs: with the firm's own values, with hostile ones, and as a parser that others wrote reads their PowerShell.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use insta::assert_snapshot;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use serde::Deserialize;

use super::Place;
use crate::conformance::python;

const METHODS: [&str; 9] = [
    "fixed-address",
    "oauth",
    "certificate",
    "impersonation",
    "basic",
    "windows",
    "app-password",
    "ews-allow-list",
    "sql-server",
];

/// What a value could try, with what PowerShell, Markdown and a terminal take for more than a letter.
const HOSTILE: &str = "x'; Remove-Mailbox * \u{2019}; $(Remove-Mailbox *) `\"\n```\nRemove-Mailbox * #\u{1b}[2J";

const EXCHANGE: &str = "https://learn.microsoft.com/powershell/module/exchangepowershell/";
const APPLICATIONS: &str = "https://learn.microsoft.com/powershell/module/microsoft.graph.applications/";
const SIGN_INS: &str = "https://learn.microsoft.com/powershell/module/microsoft.graph.identity.signins/";
const USERS: &str = "https://learn.microsoft.com/powershell/module/microsoft.graph.users/";
const CONNECT: &str = "https://learn.microsoft.com/powershell/module/microsoft.graph.authentication/";
const CORE: &str = "https://learn.microsoft.com/powershell/module/microsoft.powershell.core/";
const UTILITY: &str = "https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/";

/// What the hand-outs may call, with the parameters that Microsoft's page of it names (base address and the name in lower case). Those of
/// Exchange were read in the sources of the pages as of 21 August 2026; those of Graph are held against Microsoft's pages and public scripts.
const CMDLETS: [(&str, &str, &[&str]); 53] = [
    ("Add-DistributionGroupMember", EXCHANGE, &["Identity", "Member"]),
    ("Add-MailboxPermission", EXCHANGE, &["AccessRights", "AutoMapping", "Identity", "InheritanceType", "User"]),
    ("Connect-ExchangeOnline", EXCHANGE, &[]),
    ("Connect-MgGraph", CONNECT, &["Scopes", "TenantId"]),
    ("ForEach-Object", CORE, &[]),
    ("Format-List", UTILITY, &[]),
    ("Format-Table", UTILITY, &[]),
    ("Get-AuthenticationPolicy", EXCHANGE, &[]),
    ("Get-CASMailbox", EXCHANGE, &["Identity"]),
    ("Get-DistributionGroupMember", EXCHANGE, &["Identity", "ResultSize"]),
    ("Get-EXOMailbox", EXCHANGE, &["Identity"]),
    ("Get-MailboxPermission", EXCHANGE, &["Identity", "User"]),
    ("Get-ManagementRoleAssignment", EXCHANGE, &["Role"]),
    ("Get-MgApplication", APPLICATIONS, &["Filter"]),
    ("Get-MgIdentityConditionalAccessNamedLocation", SIGN_INS, &["All"]),
    ("Get-MgIdentityConditionalAccessPolicy", SIGN_INS, &["All"]),
    ("Get-MgServicePrincipal", APPLICATIONS, &["Filter"]),
    ("Get-MgServicePrincipalAppRoleAssignment", APPLICATIONS, &["ServicePrincipalId"]),
    ("Get-MgUser", USERS, &["UserId"]),
    // The switch is named by the page of Set-OrganizationConfig.
    ("Get-OrganizationConfig", EXCHANGE, &["RetrieveEwsOperationAccessPolicy"]),
    ("Get-User", EXCHANGE, &["Identity"]),
    ("Get-WebServicesVirtualDirectory", EXCHANGE, &[]),
    ("New-DistributionGroup", EXCHANGE, &["Name", "Type"]),
    (
        "New-ManagementRoleAssignment",
        EXCHANGE,
        &["App", "CustomRecipientWriteScope", "CustomResourceScope", "Name", "Role", "User"],
    ),
    ("New-ManagementScope", EXCHANGE, &["Name", "RecipientRestrictionFilter"]),
    ("New-MgApplication", APPLICATIONS, &["BodyParameter"]),
    ("New-MgIdentityConditionalAccessNamedLocation", SIGN_INS, &["BodyParameter"]),
    ("New-MgIdentityConditionalAccessPolicy", SIGN_INS, &["BodyParameter"]),
    ("New-MgOauth2PermissionGrant", SIGN_INS, &["BodyParameter"]),
    ("New-MgServicePrincipal", APPLICATIONS, &["AppId"]),
    ("New-MgServicePrincipalAppRoleAssignedTo", APPLICATIONS, &["BodyParameter", "ServicePrincipalId"]),
    ("New-ServicePrincipal", EXCHANGE, &["AppId", "DisplayName", "ObjectId"]),
    (
        "New-ThrottlingPolicy",
        EXCHANGE,
        &["EwsCutoffBalance", "EwsMaxBurst", "EwsRechargeRate", "Name", "ThrottlingPolicyScope"],
    ),
    ("Remove-DistributionGroup", EXCHANGE, &["Confirm", "Identity"]),
    ("Remove-MailboxPermission", EXCHANGE, &["AccessRights", "Confirm", "Identity", "InheritanceType", "User"]),
    ("Remove-ManagementRoleAssignment", EXCHANGE, &["Confirm", "Identity"]),
    ("Remove-ManagementScope", EXCHANGE, &["Confirm", "Identity"]),
    ("Remove-MgApplication", APPLICATIONS, &["ApplicationId"]),
    ("Remove-MgIdentityConditionalAccessNamedLocation", SIGN_INS, &["NamedLocationId"]),
    ("Remove-MgIdentityConditionalAccessPolicy", SIGN_INS, &["ConditionalAccessPolicyId"]),
    ("Remove-ServicePrincipal", EXCHANGE, &["Confirm", "Identity"]),
    ("Remove-ThrottlingPolicy", EXCHANGE, &["Confirm", "Identity"]),
    ("Select-Object", UTILITY, &["Unique"]),
    ("Set-CASMailbox", EXCHANGE, &["EwsEnabled", "Identity"]),
    ("Set-DistributionGroup", EXCHANGE, &["HiddenFromAddressListsEnabled", "Identity"]),
    ("Set-OrganizationConfig", EXCHANGE, &["EwsAllowList", "EwsAllowedAppIDs", "EwsEnabled"]),
    ("Set-ThrottlingPolicyAssociation", EXCHANGE, &["Identity", "ThrottlingPolicy"]),
    ("Set-WebServicesVirtualDirectory", EXCHANGE, &["BasicAuthentication", "WindowsAuthentication"]),
    ("Test-ServicePrincipalAuthorization", EXCHANGE, &["Identity", "Resource"]),
    ("Update-MgApplication", APPLICATIONS, &["ApplicationId", "BodyParameter"]),
    ("Update-MgIdentityConditionalAccessNamedLocation", SIGN_INS, &["BodyParameter", "NamedLocationId"]),
    ("Update-MgServicePrincipal", APPLICATIONS, &["BodyParameter", "ServicePrincipalId"]),
    ("Where-Object", CORE, &[]),
];

/// What every cmdlet understands.
/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_commonparameters>
const COMMON: [&str; 1] = ["ErrorAction"];

const SIGN_IN: &str = "[sign_in]\ntenant = \"kanzlei.example\"\nclient_id = \"b1c9f7a4-2d36-4e58-8f0b-3a7d9c5e6120\"\n";

/// A firm whose users sign in in different ways.
fn firm() -> Place {
    let place = Place::installed();
    place.configure(SIGN_IN);
    for line in [
        "user add weber --person HW --mailbox weber@kanzlei.example --method windows --url https://mail.kanzlei.example/EWS/Exchange.asmx",
        "user add kaya --person AK --mailbox kaya@kanzlei.example --method oauth --protocol graph",
        "user add tobias --person TM --mailbox moeller@kanzlei.example --method oauth --url https://outlook.office365.com/EWS/Exchange.asmx",
    ] {
        place.command(line).assert().success();
    }
    place
}

fn printed(place: &Place, arguments: &[&str]) -> String {
    let output = place.command("handout").args(arguments).output().expect("the binary starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("is text")
}

/// Everything that a hand-out may be given at the command line.
fn given(method: &str, account: &str, mailboxes: [&str; 2]) -> Vec<String> {
    let [one, two] = mailboxes;
    [
        method,
        "--address",
        "203.0.113.7",
        "--address",
        "2001:db8::7",
        "--account",
        account,
        "--mailbox",
        one,
        "--mailbox",
        two,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open = false;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "powershell" => {
                open = true;
                blocks.push(String::new());
            }
            Event::Text(text) if open => blocks.last_mut().expect("a block").push_str(&text),
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => open = false,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "sql" => {}
            Event::Start(Tag::CodeBlock(other)) => panic!("a block of {other:?}"),
            _ => {}
        }
    }
    blocks
}

/// What the parser says of one script.
#[derive(Debug, Deserialize)]
struct Judged {
    errors: Vec<String>,
    commands: Vec<(String, Vec<String>)>,
    texts: Vec<String>,
}

fn judged(python: &Path, scripts: &BTreeMap<String, String>) -> BTreeMap<String, Judged> {
    let mut child = Command::new(python)
        .arg("powershell.py")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let input = serde_json::to_vec(scripts).expect("JSON");
    child.stdin.take().expect("is piped").write_all(&input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "powershell.py failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Every block of every hand-out, by its name and number.
fn scripts(account: &str, mailboxes: [&str; 2]) -> BTreeMap<String, String> {
    let place = firm();
    let mut scripts = BTreeMap::new();
    for method in METHODS {
        let arguments = given(method, account, mailboxes);
        let markdown = printed(&place, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
        for (number, block) in blocks(&markdown).into_iter().enumerate() {
            scripts.insert(format!("{method} {number}"), block);
        }
    }
    scripts
}

#[test]
fn without_a_method_they_are_listed() {
    assert_snapshot!(Place::empty().run("handout"), @r"
    exit code: 0
    ----- stdout
    METHOD          ABOUT
    fixed-address   Let a service account sign in from one address only: named location and Conditional Access
    oauth           Register an app with which users sign in as themselves
    certificate     Register an app with a certificate, for certain mailboxes only: RBAC for Applications
    impersonation   Let one service account into certain mailboxes: impersonation, or Full Access in Exchange Online
    basic           Switch Basic authentication on at an Exchange Server
    windows         Let an Exchange Server take Windows authentication, with Extended Protection
    app-password    App passwords, by kind of host: where they help, and where not
    ews-allow-list  Keep Exchange Web Services open for this program in Exchange Online, until April 2027
    sql-server      Let a login read the practice database on Microsoft SQL Server, and do nothing else
    ----- stderr
    `pocketdocket handout METHOD` prints one; nothing of them is a secret
    ");
}

#[test]
fn the_firms_own_values_stand_in_the_hand_out_and_what_is_missing_at_its_top() {
    let place = firm();
    let text = printed(&place, &["windows"]);
    assert!(
        text.contains("- `weber@kanzlei.example`\n") || text.contains("- the mailboxes: `weber@kanzlei.example`\n"),
        "{text}"
    );
    assert!(text.contains("$mailboxes = @('weber@kanzlei.example')"), "{text}");
    assert!(text.contains("`https://mail.kanzlei.example/EWS/Exchange.asmx`"), "{text}");
    assert!(text.contains("Nothing: every value of the firm is filled in."), "{text}");

    let text = printed(&place, &["oauth"]);
    assert!(text.contains("$mailboxes = @(\n    'kaya@kanzlei.example'\n    'moeller@kanzlei.example'\n)"), "{text}");
    assert!(text.contains("Connect-MgGraph -TenantId 'kanzlei.example'"), "{text}");

    let text = printed(&place, &["ews-allow-list"]);
    assert!(text.contains("$mailboxes = @('moeller@kanzlei.example')"), "{text}");
    assert!(text.contains("$now + 'b1c9f7a4-2d36-4e58-8f0b-3a7d9c5e6120'"), "{text}");

    let text = printed(&place, &["fixed-address"]);
    assert!(
        text.contains("'Pocket Docket server'")
            && text.contains("- `<PUBLIC ADDRESS>/32`: ")
            && text.contains("- `<SERVICE ACCOUNT>`: "),
        "{text}"
    );
    let text = printed(&place, &["fixed-address", "--address", "81.2.69.142", "--address", "198.41.0.77/29"]);
    assert!(text.contains("    '81.2.69.142/32'\n    '198.41.0.72/29'\n"), "{text}");
}

#[test]
fn the_account_and_its_networks_stand_in_the_hand_out() {
    let place = firm();
    for line in [
        "service-account add exchange --login KANZLEI\\dienst --method windows --url https://mail.kanzlei.example/EWS/Exchange.asmx",
        "user add hanna --person HW --mailbox hanna@kanzlei.example --service-account exchange",
        "address allow 81.2.69.142 --account exchange --location Office",
    ] {
        place.command(line).assert().success();
    }
    let text = printed(&place, &["fixed-address"]);
    assert!(
        text.contains("Get-MgUser -UserId 'KANZLEI\\dienst'") && text.contains("$addresses = @('81.2.69.142/32')"),
        "{text}"
    );
    assert!(text.contains("displayName = 'Office'") && !text.contains("Pocket Docket server"), "{text}");
    let text = printed(&place, &["impersonation"]);
    assert!(
        text.contains("-User 'KANZLEI\\dienst'") && text.contains("$mailboxes = @('hanna@kanzlei.example')"),
        "{text}"
    );
    // With a second one it has to be said which; one that is not entered is named by its login.
    place
        .command("service-account add other --login other@kanzlei.example --method oauth --protocol graph")
        .assert()
        .success();
    assert!(printed(&place, &["impersonation"]).contains("- `<SERVICE ACCOUNT>`: "));
    let text = printed(&place, &["impersonation", "--account", "exchange"]);
    assert!(text.contains("-User 'KANZLEI\\dienst'"), "{text}");
    let text = printed(&place, &["impersonation", "--account", "new@kanzlei.example"]);
    assert!(text.contains("-User 'new@kanzlei.example'"), "{text}");
}

#[test]
fn an_apps_own_tenant_and_ids_stand_in_its_hand_out_and_nowhere_else() {
    const APP: &str = "0f8d2b6c-51c3-4f0a-9a0e-7d1c3b2a4e65";
    const TENANT: &str = "6f1d3c52-8a0b-4f7e-9d42-5be1c07a9e14";
    let place = firm();
    let add = format!("service-account add graph --client-id {APP} --tenant {TENANT}");
    place.command(&add).assert().success();
    place
        .command("user add hanna --person HW --mailbox hanna@kanzlei.example --service-account graph")
        .assert()
        .success();
    let text = printed(&place, &["certificate", "--account", "graph"]);
    assert!(text.contains(&format!("Connect-MgGraph -TenantId '{TENANT}'")), "{text}");
    assert!(text.contains(&format!("$client = '{APP}'")) && !text.contains("b1c9f7a4"), "{text}");
    assert!(text.contains("$mailboxes = @('hanna@kanzlei.example')"), "{text}");
    assert!(!text.contains("<TENANT ID>") && text.contains("- `<ANOTHER MAILBOX>`: "), "{text}");
    // What speaks of an account that somebody signs in with does not take the app for one.
    for other in ["impersonation", "fixed-address"] {
        let text = printed(&place, &[other]);
        assert!(!text.contains(APP) && text.contains("- `<SERVICE ACCOUNT>`: "), "{other}: {text}");
    }
    let text = printed(&place, &["oauth"]);
    assert!(text.contains("$client = 'b1c9f7a4-2d36-4e58-8f0b-3a7d9c5e6120'") && !text.contains(APP), "{text}");
    for (method, said) in [("certificate", "nothing of it is filled in"), ("impersonation", "the login of one")] {
        let output = place.command("handout").args([method, "--account", "grahp"]).output().expect("the binary starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && told.contains("`grahp`") && told.contains(said), "{method}: {told}");
    }
}

#[test]
fn the_t_sql_names_the_firms_database_and_login() {
    let place = Place::empty();
    let text = printed(&place, &["sql-server"]);
    assert!(text.contains("CREATE LOGIN [<LOGIN>] WITH PASSWORD = "), "{text}");
    let answers = "mapping = \"small.toml\"\nsource_zone = \"Europe/Berlin\"\n[server]\nhost = 'DB01\\TM'\n\
                   database = \"Time [Matters]\"\nuser = \"pocketdocket\"\n";
    let mapping = "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'a' AS id\"\n\
                   [[tasks]]\nsql = \"SELECT id AS [key], 'a' AS person, title AS subject FROM files\"\n";
    std::fs::write(place.path("answers.toml"), answers).expect("written");
    std::fs::write(place.path("small.toml"), mapping).expect("written");
    place.command("init --answers answers.toml").assert().success();
    let text = printed(&place, &["sql-server"]);
    assert!(text.contains("the SQL Server `DB01\\TM`"), "{text}");
    assert!(
        text.contains("\nUSE [Time [Matters]]];\nCREATE USER [pocketdocket] FOR LOGIN [pocketdocket];\n"),
        "{text}"
    );
    assert!(text.contains("ALTER DATABASE [Time [Matters]]] SET ALLOW_SNAPSHOT_ISOLATION ON;"), "{text}");
}

#[test]
fn a_hand_out_is_printed_before_anything_is_set_up() {
    let place = Place::empty();
    let output = place.command("handout certificate").output().expect("the binary starts");
    let (text, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("- `<TENANT ID>`: the Microsoft 365 tenant."), "{text}{said}");
    assert!(said.contains("nothing of the firm is filled in") && said.contains("are to be filled in"), "{said}");
}

#[test]
fn it_is_written_into_a_new_file_and_over_none() {
    let place = firm();
    place.command("handout basic --format text --output basic.txt").assert().success();
    let text = std::fs::read_to_string(place.path("basic.txt")).expect("was written");
    assert!(text.starts_with("Basic authentication on an Exchange Server\n=====") && !text.contains('`'), "{text}");
    let output = place.command("handout basic --output basic.txt").output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(place.path("basic.txt")).expect("is there"), text);
    for wrong in ["203.0.113.300", "mail.kanzlei.example", "10.0.0.0/33", "", "192.168.1.7", "0.0.0.0/0"] {
        let refused = place.command("handout fixed-address --address").arg(wrong).output().expect("the binary starts");
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn hostile_values_change_no_line_of_a_hand_out() {
    let (plain, hostile) = (scripts("x", ["x", "x"]), scripts(HOSTILE, [HOSTILE, HOSTILE]));
    assert!(plain.len() > 20 && plain.keys().eq(hostile.keys()), "{:?}", hostile.keys());
    let mut met = 0;
    for (name, plain) in &plain {
        let hostile = &hostile[name];
        assert_eq!(hostile.lines().count(), plain.lines().count(), "{name}: {hostile}");
        assert!(hostile.chars().all(|letter| letter == '\n' || !letter.is_control()), "{name}");
        assert!(hostile.lines().all(|line| !line.trim_start().starts_with("Remove-Mailbox *")), "{name}: {hostile}");
        met += hostile.matches("Remove-Mailbox *").count();
    }
    assert!(met > 30, "the hostile values are in few places: {met}");
}

#[test]
fn the_powershell_is_powershell_and_calls_what_there_is() {
    let Some(python) = python("tree-sitter") else { return };
    let found = judged(&python, &scripts("KANZLEI\\sync", ["weber@kanzlei.example", "o'brien@kanzlei.example"]));
    let known: BTreeMap<_, _> = CMDLETS.iter().map(|(name, _, parameters)| (*name, *parameters)).collect();
    let mut called = BTreeSet::new();
    for (name, judged) in &found {
        assert!(judged.errors.is_empty(), "{name} is no PowerShell: {:?}", judged.errors);
        for (command, parameters) in &judged.commands {
            let Some(takes) = known.get(command.as_str()) else {
                panic!("{name} calls {command}, which is not in the list")
            };
            for parameter in parameters {
                let parameter_is_known = takes.contains(&parameter.as_str()) || COMMON.contains(&parameter.as_str());
                assert!(parameter_is_known, "{name}: {command} has no parameter -{parameter}");
                called.insert(format!("{command} -{parameter}"));
            }
            called.insert(command.clone());
        }
    }
    for (command, source, parameters) in CMDLETS {
        assert!(source.starts_with("https://learn.microsoft.com/"));
        assert!(called.contains(command), "no hand-out calls {command}");
        for parameter in parameters {
            assert!(called.contains(&format!("{command} -{parameter}")), "no hand-out calls {command} -{parameter}");
        }
    }
    assert!(found.values().any(|judged| judged.texts.iter().any(|text| text == "o'brien@kanzlei.example")));
}

#[test]
fn a_parser_of_powershell_finds_the_same_commands_whatever_the_values_are() {
    let Some(python) = python("tree-sitter") else { return };
    let plain = judged(&python, &scripts("x", ["x", "x"]));
    let hostile = judged(&python, &scripts(HOSTILE, [HOSTILE, HOSTILE]));
    let shown: String = HOSTILE.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    for (name, plain) in &plain {
        let hostile = &hostile[name];
        assert!(hostile.errors.is_empty(), "{name}: {:?}", hostile.errors);
        assert_eq!(hostile.commands, plain.commands, "{name}");
        let wanted: Vec<_> = plain.texts.iter().map(|text| if text == "x" { &shown } else { text }).collect();
        assert_eq!(hostile.texts.iter().collect::<Vec<_>>(), wanted, "{name}");
    }
    // The judge itself sees what is wrong.
    let wrong = [("open", "New-X 'a"), ("typographic", "New-X 'a\u{2019}; Remove-Y'"), ("brace", "if ($a) { New-X")];
    let wrong = wrong.map(|(name, script)| (name.to_owned(), script.to_owned())).into_iter().collect();
    for (name, judged) in judged(&python, &wrong) {
        assert!(!judged.errors.is_empty(), "{name} is taken for PowerShell");
    }
}
