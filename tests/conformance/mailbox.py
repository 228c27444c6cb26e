"""Opens a mailbox with exchangelib, and names the properties that Pocket Docket keeps on items."""

from exchangelib import BASIC, DELEGATE, Account, CalendarItem, Configuration, Contact, Credentials, Task
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.protocol import BaseProtocol

# A test wants to hear of trouble soon.
BaseProtocol.TIMEOUT = 60


class Stamp(ExtendedProperty):
    """`PocketDocketKey` in our property set: says for which record an item was written."""

    property_set_id = "eebbaf8c-842f-4851-9d67-ca9ef1b9409b"
    property_name = "PocketDocketKey"
    property_type = "String"


class NameTitle(ExtendedProperty):
    """The title before a name, which has no element of its own in EWS (`PidTagDisplayNamePrefix`)."""

    property_tag = 0x3A45
    property_type = "String"


for kind in (Contact, CalendarItem, Task):
    kind.register("stamp", Stamp)
Contact.register("name_title", NameTitle)


def open_account(url, login, password, address=None):
    configuration = Configuration(
        service_endpoint=url, credentials=Credentials(login, password), auth_type=BASIC, max_connections=2
    )
    return Account(
        primary_smtp_address=address or login, config=configuration, autodiscover=False, access_type=DELEGATE
    )


def folders(account):
    """Every folder below the top of the mailbox."""
    return list(account.root.tois.walk())
