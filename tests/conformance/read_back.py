"""Reads every contact, event and task of a mailbox through exchangelib and writes them as JSON.

Usage: read_back.py URL LOGIN [ADDRESS], password on standard input.

    {"contacts": [...], "events": [...], "tasks": [...]}

Every item has `id`, `change_key`, `folder` (name), `deleted` (whether that is Deleted Items), `stamp`, `categories`
(sorted), `sensitivity`, `body` and `body_format` (`text` or `html`), and the fields of its kind. What an item does not have is
null, an empty object or an empty list. Instants are UTC (`2027-03-29T07:00:00Z`), days are `2027-03-29`. The first and the
last day of an all-day event both belong to it; its `start` and `end` are null. Lists are sorted by stamp, then id.
"""

import json
import sys

from exchangelib import UTC, CalendarItem, Contact, HTMLBody, Task
from exchangelib.folders import DeletedItems

import mailbox

ADDRESS_PARTS = {
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "zipcode",
    "country": "country",
}


def instant(value):
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def day(value):
    return value.isoformat() if value else None


def common(item, folder):
    return {
        "id": item.id,
        "change_key": item.changekey,
        "folder": folder.name,
        "deleted": isinstance(folder, DeletedItems),
        "stamp": item.stamp,
        "categories": sorted(item.categories or []),
        "sensitivity": item.sensitivity,
        "body": str(item.body).replace("\r\n", "\n") if item.body is not None else None,
        "body_format": "html" if isinstance(item.body, HTMLBody) else "text",
    }


def contact(item):
    return {
        "name_title": item.name_title,
        "given_name": item.given_name,
        "middle_name": item.middle_name,
        "surname": item.surname,
        "name_suffix": item.generation,
        "nickname": item.nickname,
        "file_as": item.file_as,
        "display_name": item.display_name,
        "company": item.company_name,
        "department": item.department,
        "job_title": item.job_title,
        "emails": {entry.label: entry.email for entry in item.email_addresses or []},
        "phones": {entry.label: entry.phone_number for entry in item.phone_numbers or []},
        "addresses": {
            entry.label: {ours: getattr(entry, theirs) or "" for ours, theirs in ADDRESS_PARTS.items()}
            for entry in item.physical_addresses or []
        },
        "assistant_name": item.assistant_name,
        "web_page": item.business_homepage,
        "birthday": day(item.birthday),
    }


def event(item):
    whole = bool(item.is_all_day)
    return {
        "subject": item.subject,
        "location": item.location,
        "all_day": whole,
        "first_day": day(item.start) if whole else None,
        "last_day": day(item.end) if whole else None,
        "start": None if whole else instant(item.start),
        "end": None if whole else instant(item.end),
        "zone": str(item._start_timezone) if item._start_timezone else None,
        "show_as": item.legacy_free_busy_status,
        "reminder_is_set": item.reminder_is_set,
        "reminder_minutes": item.reminder_minutes_before_start,
    }


def task(item):
    return {
        "subject": item.subject,
        "start_date": day(item.start_date),
        "due_date": day(item.due_date),
        "status": item.status,
        "percent_complete": int(item.percent_complete or 0),
        "importance": item.importance,
        "reminder_is_set": item.reminder_is_set,
        "reminder_at": instant(item.reminder_due_by) if item.reminder_is_set else None,
    }


KINDS = {Contact: ("contacts", contact), CalendarItem: ("events", event), Task: ("tasks", task)}


def read(account):
    found = {"contacts": [], "events": [], "tasks": []}
    for folder in mailbox.folders(account):
        if folder.folder_class not in ("IPF.Contact", "IPF.Appointment", "IPF.Task") and not isinstance(
            folder, DeletedItems
        ):
            continue
        # A listing leaves bodies out: first which items there are, then the items themselves.
        ids = [(identifier, key) for identifier, key in folder.all().values_list("id", "changekey")]
        for item in account.fetch(ids, chunk_size=100):
            if isinstance(item, Exception):
                raise item
            if type(item) in KINDS:
                name, fields = KINDS[type(item)]
                found[name].append({**common(item, folder), **fields(item)})
    for items in found.values():
        items.sort(key=lambda item: (item["stamp"] or "", item["id"]))
    return found


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    password = sys.stdin.readline().rstrip("\n")
    account = mailbox.open_account(sys.argv[1], sys.argv[2], password, *sys.argv[3:])
    json.dump(read(account), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
