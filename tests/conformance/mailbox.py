"""Opens a mailbox with exchangelib, and names the properties that Pocket Docket keeps on items and folders."""

import warnings

from exchangelib import BASIC, DELEGATE, Account, CalendarItem, Configuration, Contact, Credentials, Folder, Task
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.protocol import BaseProtocol

# A test wants to hear of trouble at once; by default the client hides some of it by trying again for an hour.
BaseProtocol.TIMEOUT = 60
warnings.filterwarnings("ignore", category=DeprecationWarning)


class Stamp(ExtendedProperty):
    """`PocketDocketKey`, in the property set that `exchange/ews/property.rs` fixes."""

    property_set_id = "00000000-0000-0000-0000-000000000000"
    property_name = "PocketDocketKey"
    property_type = "String"


class NameTitle(ExtendedProperty):
    """The title before a name, which has no element of its own in EWS (`PidTagDisplayNamePrefix`)."""

    property_tag = 0x3A45
    property_type = "String"


def register(property_set_id):
    """Tells exchangelib of our properties."""
    Stamp.property_set_id = property_set_id
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
    """Every folder of the mailbox below its top, with its class."""
    top = account.msg_folder_root if hasattr(account, "msg_folder_root") else account.root.tois
    return list(top.walk())
