"""Which account a row of a staff list denotes: by MIS id, then e-mail, then username.

A name alone never decides: it makes a proposal, ``may_match``, so that nobody silently gets a
second account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from schoolauth.model.mapping import MappingItem, MappingKind
from schoolauth.model.names import EmailAddress, MisId, SchoolCode, UserKey, Username
from schoolauth.model.text import name_key
from schoolauth.model.user import Role, Status, User
from schoolauth.rules.accounts import is_retired
from schoolauth.rules.mapping.leavers import marked
from schoolauth.rules.mapping.row import ReadRow
from schoolauth.rules.mapping.similar_names import NamesOf
from schoolauth.rules.usernames import suggest_usernames


def plan(
    rows: Sequence[ReadRow],
    known: Mapping[UserKey, User],
    everyone: Collection[User],
    taken_names: Collection[Username],
    school: SchoolCode,
    *,
    rekey: bool,
) -> tuple[MappingItem, ...]:
    """Return what each row would do.

    Args:
        rows: the list, in its order.
        known: the accounts of all schools that the rows' keys find.
        everyone: all accounts of the school, without the erased.
        taken_names: suggested usernames that accounts of any school have.
        school: whose accounts.
        rekey: whether the MIS has given new ids, so that a stored id alone is not a match.
    """
    repeated = {
        key for key, count in Counter(key for row in rows for key in row.keys).items() if count > 1
    }
    match = _match_anew if rekey else _match
    items = [
        match(_item(str(number), row, known, repeated, school), row, known)
        for number, row in enumerate(rows, start=1)
    ]
    items = _refuse_shared(items)
    matched = {item.user_id for item in items}
    namesakes = NamesOf(
        user for user in everyone if user.id not in matched and not is_retired(user)
    )
    items = _without_matched(items)
    names = _Names(taken_names, rows)
    bare = Counter(row.name_key for row in rows if not row.keys)
    return tuple(
        _propose(item, row, namesakes, bare, names, school)
        if item.kind in {"new", "may_match"}
        else item
        for item, row in zip(items, rows, strict=True)
    )


def _item(
    key: str,
    row: ReadRow,
    known: Mapping[UserKey, User],
    repeated: Collection[UserKey],
    school: SchoolCode,
) -> MappingItem:
    """Return a row's item as far as the row alone says what is wrong with it."""
    item = MappingItem(key, "new", row.row)
    twice = [f"{_name_of(one)}_twice_in_list" for one in row.keys if one in repeated]
    if row.flaws or twice:
        return replace(item, kind="problem", reasons=(*row.flaws, *twice))
    elsewhere = [
        f"{_name_of(one)}_unavailable"  # without whose: another school's accounts stay private
        for one in row.keys
        if one in known and known[one].school != school
    ]
    if elsewhere:
        return replace(item, kind="problem", reasons=tuple(elsewhere))
    return item


def _match(item: MappingItem, row: ReadRow, known: Mapping[UserKey, User]) -> MappingItem:
    """Match by the stored MIS id, then e-mail, then username."""
    hits = {one: known[one] for one in row.keys if one in known}
    item, user = _only(item, row, hits)
    if user is None:
        return item
    reasons = tuple(_name_of(one) for one in hits)
    ours, theirs = user.mis_id, row.mis_id
    if ours and theirs and ours != theirs and ours.source == theirs.source:
        if theirs in hits:  # the MIS has two records of a person whose duplicate was retired
            return _matched(item, row, hits[theirs], reasons)
        return replace(item, kind="conflict", candidates=(user.id,), reasons=("other_mis_id",))
    return _matched(item, row, user, reasons)


def _match_anew(item: MappingItem, row: ReadRow, known: Mapping[UserKey, User]) -> MappingItem:
    """Match by e-mail and username; a stored id counts only for an account of the same name.

    When the MIS changes, an id may belong to another person now. The account that had it loses it,
    and if nothing else says whose the row is, a person decides.
    """
    hits = {one: known[one] for one in row.keys if one in known}
    holder = None if row.mis_id is None else hits.get(row.mis_id)
    if holder is not None and row.mis_id is not None and name_key(holder.full_name) != row.name_key:
        del hits[row.mis_id]
    else:
        holder = None
    item, user = _only(item, row, hits)
    if user is None:
        if item.kind == "new" and holder is not None:
            reasons = ("mis_id_of_another",)
            return replace(item, kind="may_match", candidates=(holder.id,), reasons=reasons)
        return item
    item = _matched(item, row, user, tuple(_name_of(one) for one in hits))
    if holder is None or "mis_id" not in item.fields:
        return item
    return replace(
        item, candidates=(holder.id,), reasons=(*item.reasons, "takes_mis_id_of_another")
    )


def _only(
    item: MappingItem, row: ReadRow, hits: Mapping[UserKey, User]
) -> tuple[MappingItem, User | None]:
    """Match a row to its one account; several are a conflict, and a leaver may have none."""
    if item.kind != "new":
        return item, None
    accounts = {user.id: user for user in hits.values()}
    for user in tuple(accounts.values()):
        if is_retired(user) and user.superseded_by in accounts:
            del accounts[user.id]  # the account that replaced it is among them
    if len(accounts) > 1:
        reasons = tuple(_name_of(one) for one in hits)
        return replace(item, kind="conflict", candidates=tuple(accounts), reasons=reasons), None
    if accounts:
        return item, next(iter(accounts.values()))
    return (item if row.row.active else marked(item)), None


def _matched(item: MappingItem, row: ReadRow, user: User, reasons: tuple[str, ...]) -> MappingItem:
    if is_retired(user):
        return replace(item, kind="matched", user_id=user.id, reasons=(*reasons, "superseded"))
    if not row.row.active:
        return marked(item, user)
    if user.status is Status.INACTIVE:
        reasons = (*reasons, "inactive")  # no list reactivates an account: an admin does
    fields = tuple(changes_of(row, user))
    kind: MappingKind = "changed" if fields else "matched"
    return replace(item, kind=kind, user_id=user.id, reasons=reasons, fields=fields)


def changes_of(row: ReadRow, user: User) -> Mapping[str, object]:
    """Return what a row would change of its account; blank cells change nothing.

    A file never changes an admin's address: its author could then sign in as the admin.
    """
    wanted: dict[str, object] = {
        "given_name": row.given_name or user.given_name,
        "family_name": row.family_name or user.family_name,
        "mis_id": row.mis_id or user.mis_id,
    }
    if row.email is not None and user.role is not Role.ADMIN:
        wanted["email"] = row.email
    return {field: value for field, value in wanted.items() if getattr(user, field) != value}


def _refuse_shared(items: Iterable[MappingItem]) -> list[MappingItem]:
    """Turn rows that match the same account into conflicts."""
    items = list(items)
    hits = Counter(item.user_id for item in items)
    return [
        replace(
            item,
            kind="conflict",
            user_id=None,
            candidates=(item.user_id,),
            fields=(),
            reasons=("account_hit_twice",),
        )
        if item.user_id is not None and hits[item.user_id] > 1
        else item
        for item in items
    ]


def _without_matched(items: Sequence[MappingItem]) -> list[MappingItem]:
    """Drop candidates that another row matched; if it also frees the old id, the person is new."""
    matched = {item.user_id for item in items}
    moved = {item.user_id for item in items if "mis_id" in item.fields}
    settled = []
    for item in items:
        if item.kind == "may_match" and moved.issuperset(item.candidates):
            settled.append(replace(item, kind="new", candidates=(), reasons=()))
        elif item.kind == "may_match" and matched.issuperset(item.candidates):
            settled.append(replace(item, candidates=()))
        else:
            settled.append(item)
    return settled


def _propose(
    item: MappingItem,
    row: ReadRow,
    namesakes: NamesOf,
    bare: Mapping[str, int],
    names: _Names,
    school: SchoolCode,
) -> MappingItem:
    if not row.given_name or not row.family_name:
        return replace(item, kind="problem", reasons=("name_missing",))
    username = str(row.username) if row.username is not None else names.free(row, school)
    if username is None:  # ten thousand people with one name
        return replace(item, kind="problem", reasons=("no_free_username",))
    reasons, key = list(item.reasons), row.name_key
    proposed = namesakes.same(key)
    if proposed:
        reasons.append("same_name")
    elif proposed := list(namesakes.similar(key)):
        reasons.append("similar_name")
    if not row.keys and bare[key] > 1:  # rows without any key may all be one person
        reasons.append("same_name_in_list")
    if reasons:
        candidates = dict.fromkeys((*item.candidates, *proposed))
        return replace(
            item,
            kind="may_match",
            candidates=tuple(candidates),
            reasons=tuple(reasons),
            username=username,
        )
    numbered = username != str(row.username) and "." in username[len(school.key) :]
    return replace(item, username=username, reasons=("name_numbered",) if numbered else ())


class _Names:
    """Gives each new row of one plan a username of its own."""

    def __init__(self, taken: Collection[Username], rows: Iterable[ReadRow]) -> None:
        self._taken = set(taken)
        self._taken |= {row.username for row in rows if row.username is not None}

    def free(self, row: ReadRow, school: SchoolCode) -> str | None:
        for name in suggest_usernames(school, row.family_name, row.given_name):
            if name not in self._taken:
                self._taken.add(name)
                return str(name)
        return None


def _name_of(key: UserKey) -> str:
    names: dict[type, str] = {MisId: "mis_id", EmailAddress: "email", Username: "username"}
    return names[type(key)]
