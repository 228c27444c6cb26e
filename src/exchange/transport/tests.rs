use super::*;

#[test]
fn plain_http_is_for_this_machine_alone() {
    for (url, allowed) in [
        ("https://mail.example.org/EWS/Exchange.asmx", true),
        ("http://127.0.0.1:8080/", true),
        ("http://mail.example.org/", false),
        ("http://localhost.example.org/", false),
        ("ftp://127.0.0.1/", false),
    ] {
        assert_eq!(check_url(&url.parse().unwrap()).is_ok(), allowed, "{url}");
    }
}
