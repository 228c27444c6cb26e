use serde::{Deserialize, Serialize};

/// One way in which a server can fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Fault {
    /// `ErrorServerBusy` with the time it wants to be left alone.
    Busy {
        /// What `BackOffMilliseconds` says.
        back_off_milliseconds: u64,
    },
    /// HTTP 503.
    Unavailable {
        /// What `Retry-After` says, if it is sent.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// HTTP 401 although the password is right, as servers answer under load.
    UnauthorizedBecauseBusy,
    /// The request is carried out and stored, and then the connection is closed without an answer.
    LostReply,
    /// Of a batch that writes, only the first are stored; then the connection is closed without an answer.
    HalfBatch {
        /// How many items are stored.
        stored: usize,
    },
    /// The request is carried out, and the answer ends in the middle.
    TruncatedBody {
        /// How many bytes of it are sent.
        bytes: usize,
    },
    /// The answer takes its time.
    Slow {
        /// How long it waits before it begins.
        milliseconds: u64,
    },
    /// `ErrorMailboxMoveInProgress`.
    MailboxMoving,
    /// `ErrorInvalidSyncStateData` for any sync state.
    InvalidSyncState,
    /// `ErrorQuotaExceeded` for every item that would be created or changed.
    QuotaExceeded,
    /// A field is accepted and silently not stored.
    FieldDropped {
        /// Its EWS path (`item:ReminderIsSet`, `contacts:PhoneNumber#Pager`).
        field: String,
    },
    /// The server itself touches every item once more after it was written: the change key that was answered is stale.
    ServerTouches,
    /// A batch with an item in which this text occurs is refused as a whole, by a fault that does not name the item.
    PoisonItem {
        /// The text, anywhere in the item.
        text: String,
    },
    /// A single item is refused: every item in which this text occurs answers with this response code.
    ItemRefused {
        /// The text, anywhere in the item.
        text: String,
        /// For instance `ErrorCorruptData`.
        code: String,
    },
    /// HTTP 403 for whoever is signed in: EWS is switched off, for a tenant or a mailbox if the rule says so.
    EwsOff,
    /// Graph answers a change or deletion with 412 although the etag is right, as it does now and then.
    EventualConflict,
    /// Graph answers 403 where a program without a user asks for tasks.
    AppTasksForbidden,
    /// Graph answers 403 where anybody asks for tasks.
    TasksForbidden,
    /// Graph answers 403: the policy of the tenant keeps the program from this mailbox.
    AccessPolicy,
    /// HTTP 403 for every program but these, as where a tenant lists the programs that may use EWS.
    EwsApps {
        /// Client ids, with blanks between them.
        allowed: String,
    },
    /// The password is refused, whatever it is.
    WrongPassword,
    /// The password is refused because it has expired, and the server says so in its headers.
    PasswordExpired,
    /// The account is locked, whatever the password is.
    AccountLocked,
    /// The password is right, and will expire in so many days, which the server says in its headers.
    PasswordExpires {
        /// Days that are left.
        days: u32,
    },
    /// The mailbox's own password is refused: the server wants one that was made for this program.
    AppPasswordNeeded,
    /// HTTP 456: the password is right, and a policy wants more.
    Interrupted,
    /// Passwords are switched off for everybody, in the manner of Exchange Online: 401 and tokens offered, whatever the password.
    BasicOff,
    /// EWS refuses the token.
    TokenRefused {
        /// The last digit of the number in `x-ms-diagnostics`: 0 signature, 1 token, 2 expired, 3 resource, 4 tenant, 5 user,
        /// 6 client, 7 internal, 8 grant.
        reason: u8,
    },
    /// HTTP 404: there is no autodiscover; in one of its forms, if the rule names an operation.
    NoAutodiscover,
    /// `ErrorNonExistentMailbox`.
    MailboxMissing,
    /// `ErrorAccountDisabled`.
    MailboxDisabled,
    /// `ErrorImpersonateUserDenied`.
    ImpersonationMissing,
    /// HTTP 429.
    TooManyRequests {
        /// What `Retry-After` says.
        retry_after_seconds: u64,
    },
    /// HTTP 200 and a page to agree to: somebody in between answers.
    CaptivePortal,
    /// HTTP 407: a proxy wants to know who asks.
    ProxyLogin,
    /// HTTP 502 and a page of a proxy.
    BadGateway,
    /// HTTP 302 to another address.
    Moved {
        /// Where to.
        location: String,
    },
    /// HTTP 302 to the same place without encryption.
    Downgrade,
    /// The gateway of text messages refuses a message, with this number of an error, such as 21408. The rule's mailbox is the number
    /// that it goes to.
    TextRefused {
        /// Twilio's number.
        code: u32,
    },
    /// The gateway takes a text message, which then does not arrive, with this number of an error, such as 30005.
    TextUndelivered {
        /// Twilio's number.
        code: u32,
    },
    /// All answers bear a date that is so many seconds off; back, if there are fewer than none.
    ClockSkew {
        /// How far.
        seconds: i64,
    },
    /// XML whose entities grow without end when they are expanded.
    XmlBomb,
    /// JSON that is nested without end.
    JsonBomb,
    /// An answer that does not end.
    Endless,
    /// The authority says no.
    OauthError {
        /// Entra's number, such as 50126.
        code: u32,
        /// The standard's word, instead of the one that belongs to the number.
        #[serde(default)]
        error: Option<String>,
        /// What kind of it, likewise.
        #[serde(default)]
        suberror: Option<String>,
    },
    /// Conditional Access does not allow device codes: neither new ones nor tokens that came from one.
    DeviceCodeBlocked,
    /// The program gets another state back than it sent.
    StateChanged,
    /// The authority gives an ID token with something wrong in it.
    IdTokenFlaw {
        /// What is wrong.
        flaw: TokenFlaw,
    },
    /// The authority gives an access token with something wrong in it.
    AccessTokenFlaw {
        /// What is wrong.
        flaw: TokenFlaw,
    },
}

/// What can be wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenFlaw {
    /// Nobody signed it.
    AlgNone,
    /// Somebody else signed it.
    UnknownKey,
    /// The signature is not one of this text.
    BadSignature,
    /// It is for another program or resource.
    Audience,
    /// Somebody else issued it.
    Issuer,
    /// It is of another tenant.
    Tenant,
    /// It expired long ago.
    Expired,
    /// It is good from tomorrow.
    NotYet,
    /// It answers another request.
    Nonce,
    /// It does not say which request it answers.
    NoNonce,
    /// It is about another person.
    OtherUser,
}
