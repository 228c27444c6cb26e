use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
    sync::{Arc, Mutex},
};

use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::{
    Account, Counts, ExtendedProtection, Faults, Home, MailboxView, Settings, SimulatorError, TENANT,
    authority::Authority,
    graph::Limits,
    lock,
    mailbox::Mailbox,
    outside::Outside,
    sign_ins::{Lockouts, Refused},
    store::Store,
};

/// Everything a running simulator knows; what its faces share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    /// Where it is, without a slash at the end: `https://127.0.0.1:8025`.
    pub(crate) base: String,
    /// The channel that its certificate stands for; none without TLS.
    pub(crate) channel: Option<[u8; 16]>,
    extended_protection: Mutex<ExtendedProtection>,
    pub(crate) faults: Faults,
    pub(crate) authority: Authority,
    pub(crate) lockouts: Lockouts,
    /// From where the outer world sees us come, and who tells it.
    pub(crate) outside: Outside,
    /// What programs ask of mailboxes through Graph.
    pub(crate) limits: Limits,
    /// By the address in lower case.
    mailboxes: Mutex<BTreeMap<String, Open>>,
    accounts: Mutex<HashMap<String, Account>>,
    /// Mailboxes, and who may use them beside their owners.
    shared: Mutex<HashSet<(String, String)>>,
    counts: Mutex<HashMap<String, Counts>>,
    refused: Mutex<HashMap<String, u64>>,
    store: Option<Store>,
}

/// A mailbox, and its address as it was given, which can be told without waiting for the mailbox.
#[derive(Debug)]
struct Open {
    address: String,
    mailbox: Arc<Mutex<Mailbox>>,
}

impl Open {
    fn new(mailbox: Mailbox) -> Self {
        Self { address: mailbox.address.clone(), mailbox: Arc::new(Mutex::new(mailbox)) }
    }
}

impl World {
    pub(crate) fn open(settings: Settings, base: String, channel: Option<[u8; 16]>) -> Result<Self, SimulatorError> {
        let store = settings.state.as_deref().map(Store::open).transpose()?;
        let stored = store.as_ref().map(Store::load).transpose()?.unwrap_or_default();
        let world = Self {
            base,
            channel,
            extended_protection: Mutex::new(settings.extended_protection),
            faults: Faults::default(),
            authority: Authority::default(),
            lockouts: Lockouts::default(),
            outside: Outside::new(settings.outer),
            limits: Limits::default(),
            mailboxes: Mutex::default(),
            accounts: Mutex::default(),
            shared: Mutex::default(),
            counts: Mutex::default(),
            refused: Mutex::default(),
            store,
            settings,
        };
        for mailbox in stored {
            let account = Account::simple(&mailbox.address);
            lock(&world.mailboxes).insert(mailbox.address.to_lowercase(), Open::new(mailbox));
            world.add_account(account)?;
        }
        for account in &world.settings.accounts {
            world.add_account(account.clone())?;
        }
        for rule in &world.settings.only_from {
            world.outside.allow(rule.clone());
        }
        for rule in &world.settings.faults {
            world.faults.add(rule.clone());
        }
        Ok(world)
    }

    /// Lets somebody sign in, and makes the mailbox if it is new.
    pub(crate) fn add_account(&self, account: Account) -> Result<(), SimulatorError> {
        if let Some(address) = &account.mailbox {
            let mut mailboxes = lock(&self.mailboxes);
            if let Entry::Vacant(place) = mailboxes.entry(address.to_lowercase()) {
                let mut mailbox = Mailbox::new(address);
                self.save(&mut mailbox)?;
                place.insert(Open::new(mailbox));
            }
        }
        let mut accounts = lock(&self.accounts);
        // One owner per mailbox: a new login replaces the old one.
        accounts.retain(|_, known| known.mailbox.is_none() || known.mailbox != account.mailbox);
        accounts.insert(account.login.to_lowercase(), account);
        Ok(())
    }

    /// Whoever has this login and password. A wrong password is counted.
    pub(crate) fn sign_in(&self, login: &str, password: &str) -> Result<Account, Refused> {
        self.sign_in_by(login, |account| account.password.expose_secret().as_bytes().ct_eq(password.as_bytes()).into())
    }

    /// Whoever has this login and can prove their password. A proof that is none is counted as a wrong password.
    pub(crate) fn sign_in_by(&self, login: &str, proves: impl FnOnce(&Account) -> bool) -> Result<Account, Refused> {
        let account = self.account(login).ok_or(Refused::UnknownUser);
        let judged = account.and_then(|account| self.judge(account, proves));
        if judged.is_err() {
            self.refuse(login);
        }
        judged
    }

    fn judge(&self, account: Account, proves: impl FnOnce(&Account) -> bool) -> Result<Account, Refused> {
        let (rule, now) = (self.settings.lockout, self.settings.clock.now());
        let login = account.login.to_lowercase();
        if self.lockouts.is_locked(&login, rule, now) {
            return Err(Refused::Locked);
        }
        if !proves(&account) {
            self.lockouts.count(&login, rule, now);
            return Err(Refused::WrongPassword);
        }
        self.lockouts.forget(&login);
        match (account.disabled, account.password_expired) {
            (true, _) => Err(Refused::Disabled),
            (false, true) => Err(Refused::PasswordExpired),
            (false, false) => Ok(account),
        }
    }

    /// Whoever signs in with this, or has a mailbox of this address, without proof.
    pub(crate) fn account(&self, name: &str) -> Option<Account> {
        let accounts = lock(&self.accounts);
        accounts
            .get(&name.to_lowercase())
            .or_else(|| accounts.values().find(|account| is_owner(account, name)))
            .cloned()
    }

    /// Changes an account.
    ///
    /// # Errors
    /// When nobody is called that.
    pub(crate) fn change_account(&self, name: &str, change: impl FnOnce(&mut Account)) -> Result<(), SimulatorError> {
        let login = self.account(name).ok_or_else(|| SimulatorError::NoAccount(name.to_owned()))?.login;
        if let Some(account) = lock(&self.accounts).get_mut(&login.to_lowercase()) {
            change(account);
        }
        Ok(())
    }

    /// The id of the tenant that is called so: by its id, or by the domain of an address in it.
    pub(crate) fn tenant(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let accounts = lock(&self.accounts);
        let found = accounts.values().find(|account| {
            let domain = account.principal().rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
            account.tenant.to_lowercase() == name || domain.is_some_and(|domain| domain == name)
        });
        found.map(|account| account.tenant.clone()).or_else(|| (name == TENANT).then_some(name))
    }

    /// Lets somebody use another's mailbox.
    pub(crate) fn share(&self, mailbox: &str, login: &str) {
        lock(&self.shared).insert((mailbox.to_lowercase(), login.to_lowercase()));
    }

    /// Whether somebody may use a mailbox that is not theirs.
    pub(crate) fn shares(&self, mailbox: &str, login: &str) -> bool {
        let given = |account: &Account| account.full_access.iter().any(|known| known.eq_ignore_ascii_case(mailbox));
        lock(&self.shared).contains(&(mailbox.to_lowercase(), login.to_lowercase()))
            || self.account(login).as_ref().is_some_and(given)
    }

    pub(crate) fn extended_protection(&self) -> ExtendedProtection {
        *lock(&self.extended_protection)
    }

    pub(crate) fn set_extended_protection(&self, wanted: ExtendedProtection) {
        *lock(&self.extended_protection) = wanted;
    }

    /// Counts a refused sign-in.
    pub(crate) fn refuse(&self, login: &str) {
        *lock(&self.refused).entry(login.to_lowercase()).or_default() += 1;
    }

    pub(crate) fn refused_sign_ins(&self, login: &str) -> u64 {
        lock(&self.refused).get(&login.to_lowercase()).copied().unwrap_or_default()
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        lock(&self.mailboxes).values().map(|open| open.address.clone()).collect()
    }

    fn mailbox(&self, address: &str) -> Result<Arc<Mutex<Mailbox>>, SimulatorError> {
        lock(&self.mailboxes)
            .get(&address.to_lowercase())
            .map(|open| Arc::clone(&open.mailbox))
            .ok_or_else(|| SimulatorError::NoMailbox(address.to_owned()))
    }

    /// Where a mailbox is.
    pub(crate) fn home(&self, address: &str) -> Home {
        let accounts = lock(&self.accounts);
        accounts.values().find(|account| is_owner(account, address)).map(|account| account.home).unwrap_or_default()
    }

    /// Whether somebody has this address.
    pub(crate) fn has_mailbox(&self, address: &str) -> bool {
        self.mailbox(address).is_ok()
    }

    /// Reads or changes a mailbox. What was changed is stored when this returns.
    pub(crate) fn change<T>(&self, address: &str, change: impl FnOnce(&mut Mailbox) -> T) -> Result<T, SimulatorError> {
        let mailbox = self.mailbox(address)?;
        let mut mailbox = lock(&mailbox);
        let outcome = change(&mut mailbox);
        self.save(&mut mailbox)?;
        Ok(outcome)
    }

    fn save(&self, mailbox: &mut Mailbox) -> Result<(), SimulatorError> {
        match &self.store {
            Some(store) => store.save(mailbox),
            None => {
                mailbox.dirty = super::mailbox::Dirty::default();
                Ok(())
            }
        }
    }

    /// Changes what was counted in a mailbox.
    pub(crate) fn count(&self, address: &str, change: impl FnOnce(&mut Counts)) {
        change(lock(&self.counts).entry(address.to_lowercase()).or_default());
    }

    pub(crate) fn counts(&self, address: &str) -> Counts {
        lock(&self.counts).get(&address.to_lowercase()).cloned().unwrap_or_default()
    }

    pub(crate) fn mails_sent(&self) -> u64 {
        lock(&self.counts).values().map(|counts| counts.mails_sent).sum()
    }

    pub(crate) fn view(&self, address: &str) -> Result<MailboxView, SimulatorError> {
        let counts = self.counts(address);
        let mailbox = self.mailbox(address)?;
        let mailbox = lock(&mailbox);
        Ok(MailboxView::of(&mailbox, counts))
    }
}

fn is_owner(account: &Account, address: &str) -> bool {
    account.mailbox.as_ref().is_some_and(|mailbox| mailbox.eq_ignore_ascii_case(address))
}
