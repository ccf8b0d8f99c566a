"""Every promise that a store of accounts keeps, as one test each; a test class names the store."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from schoolauth.errors import (
    EmailTaken,
    MisIdTaken,
    SchoolAuthError,
    StaleUser,
    UsernameTaken,
)
from schoolauth.model.change import Change, UserQuery
from schoolauth.model.names import EmailAddress, MisId, UserId, UserKey, Username
from schoolauth.model.user import Role, Status, User
from schoolauth.ports import UserRepository
from tests.storage.people import (
    HILL,
    MILL,
    NOW,
    a_full_user,
    a_user,
    erased,
    history,
    read,
    save,
    signed_in,
)

ONE_MIS = MisId(HILL, "sims", "7")


class UserRepositoryContract:
    """What `find` and `save` promise; a subclass has a fixture `users`, an empty repository."""

    # --- find ---

    def test_each_key_finds_the_account(self, users: UserRepository) -> None:
        """An account is found by its id, its username, its e-mail address and its MIS id."""
        (ann,) = save(users, a_user("ann", "ann@x.example", mis_id=ONE_MIS))
        keys: list[UserKey] = [ann.id, ann.username, EmailAddress.parse("ANN@x.example"), ONE_MIS]
        assert users.find(keys) == dict.fromkeys(keys, ann)

    def test_an_absent_key_is_absent(self, users: UserRepository) -> None:
        """Keys of nobody are not in the answer, beside keys of somebody."""
        (ann,) = save(users, a_user("ann"))
        nobody = UserId.parse("nobody")
        assert users.find([nobody, ann.id, Username.parse("ben")]) == {ann.id: ann}
        assert users.find([]) == {}

    @pytest.mark.parametrize("text", ["james ", " james", "James", "jämes", "james\u00a0", "jame"])
    def test_look_ups_are_exact(self, users: UserRepository, text: str) -> None:
        """A key is found by its very text: no space, case or accent is ignored by the store."""
        save(users, a_user("james"))
        assert users.find([Username.stored(text, text)]) == {}

    def test_kinds_of_key_do_not_mix(self, users: UserRepository) -> None:
        """A text that is one account's id does not find it as a username, or the reverse."""
        save(users, a_user("ann", username=Username.parse("ben")))
        assert users.find([Username.parse("ann"), UserId.parse("ben")]) == {}

    def test_ten_thousand_keys_in_one_call(self, users: UserRepository) -> None:
        """One call answers a whole roster, of which most are unknown."""
        there = save(users, *(a_user(f"u{n}", f"u{n}@x.example") for n in range(1500)))
        keys: list[UserKey] = [UserId.parse(f"u{n}") for n in range(4000)]
        keys += [EmailAddress.parse(f"u{n}@x.example") for n in range(1000, 3000)]
        keys += [Username.parse(f"u{n}") for n in range(1000, 5000)]
        found = users.find(keys)
        assert len(found) == 1500 + 500 + 500
        assert set(found.values()) == set(there)

    # --- save: what is written ---

    def test_every_field_comes_back(self, users: UserRepository) -> None:
        """All fields of an account are kept, those of later versions too, and times are aware."""
        full = a_full_user()
        for field in dataclasses.fields(User):
            assert field.name == "version" or getattr(full, field.name) != field.default
        (stored,) = save(users, full)
        assert stored == replace(full, version=1)
        assert str(stored.username) == "Ann.LEE"
        assert str(stored.email) == "Ann.Lee@bücher.example"
        assert str(stored.school) == "WG204nx"
        assert stored.created_at.utcoffset() == timedelta(0)

    def test_every_field_can_be_changed_back(self, users: UserRepository) -> None:
        """A save replaces the whole account: what became empty or None is so when read."""
        (full,) = save(users, a_full_user())
        bare = replace(a_user("full", username=Username.parse("bare")), version=full.version)
        (stored,) = save(users, bare)
        assert stored == replace(bare, version=2)

    def test_a_time_of_another_zone_is_the_same_moment(self, users: UserRepository) -> None:
        """A time comes back equal, whatever zone it was given in."""
        there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
        (ann,) = save(users, a_user("ann", created_at=there))
        assert ann.created_at == NOW

    @pytest.mark.parametrize(
        "moment",
        [datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
        ids=["before-1970", "last"],
    )
    def test_times_keep_their_microseconds(self, users: UserRepository, moment: datetime) -> None:
        """No time is too early or too late to come back to the microsecond."""
        (ann,) = save(users, a_user("ann", last_login_at=moment))
        assert ann.last_login_at == moment

    def test_many_accounts_have_no_address(self, users: UserRepository) -> None:
        """No e-mail address and no MIS id are no keys: any number of accounts lack them."""
        people = save(users, a_user("ann"), a_user("ben"))
        assert [user.email for user in people] == [None, None]

    def test_an_event_alone_is_saved(self, users: UserRepository) -> None:
        """A change of events only adds them to the history and touches no account."""
        (ann,) = save(users, a_user("ann"))
        users.save(Change(events=[signed_in(ann)]))
        assert history(users)[0] == signed_in(ann)
        assert read(users, ann) == [ann]

    # --- save: versions ---

    def test_the_version_goes_up_by_one(self, users: UserRepository) -> None:
        """An account is stored at version 1, and each save adds one."""
        (ann,) = save(users, a_user("ann"))
        (again,) = save(users, ann)
        assert (ann.version, again.version) == (1, 2)

    def test_an_old_version_is_stale(self, users: UserRepository) -> None:
        """What was read before somebody else's save cannot be written any more."""
        (ann,) = save(users, a_user("ann"))
        (newer,) = save(users, replace(ann, given_name="Newer"))
        with pytest.raises(StaleUser):
            save(users, replace(ann, given_name="Older"))
        assert read(users, ann) == [newer]

    def test_a_version_ahead_is_stale(self, users: UserRepository) -> None:
        """A version that the store has not given yet is refused, too."""
        (ann,) = save(users, a_user("ann"))
        with pytest.raises(StaleUser):
            save(users, replace(ann, version=2))

    def test_a_new_account_is_new(self, users: UserRepository) -> None:
        """Version 0 means not there yet: an id that is there is refused as stale."""
        (ann,) = save(users, a_user("ann"))
        with pytest.raises(StaleUser):
            save(users, a_user("ann", username=Username.parse("other")))
        assert read(users, ann) == [ann]

    def test_an_account_that_is_gone_is_stale(self, users: UserRepository) -> None:
        """A change of an account that the store does not have is refused."""
        with pytest.raises(StaleUser):
            save(users, a_user("ann", version=1))
        assert history(users) == ()

    def test_unchanged_must_still_stand(self, users: UserRepository) -> None:
        """What a decision rests on is checked with it, and is not written."""
        ann, ben = save(users, a_user("ann"), a_user("ben"))
        save(users, replace(ann, given_name="Once"), unchanged=[ben])
        assert read(users, ben) == [ben]
        save(users, replace(ben, given_name="Moved on"))
        (ann,) = read(users, ann)
        with pytest.raises(StaleUser):
            save(users, replace(ann, given_name="Twice"), unchanged=[ben])
        assert read(users, ann) == [ann]

    def test_unchanged_may_stand_alone(self, users: UserRepository) -> None:
        """A change may write only events, if an account still stands as read."""
        (ann,) = save(users, a_user("ann"))
        save(users, unchanged=[ann])
        with pytest.raises(StaleUser):
            save(users, unchanged=[replace(ann, version=2)])
        with pytest.raises(StaleUser):
            save(users, unchanged=[a_user("ben")])
        assert len(history(users)) == 2

    # --- save: keys ---

    @pytest.mark.parametrize("status", list(Status)[:3])
    def test_an_address_belongs_to_one_account(self, users: UserRepository, status: Status) -> None:
        """An address is taken over all schools and statuses, in any case, by whoever has it."""
        save(users, a_user("ann", "ann@x.example", status=status, school=MILL))
        with pytest.raises(EmailTaken) as refused:
            save(users, a_user("ben", "Ann@X.example"))
        assert refused.value.email == EmailAddress.parse("ann@x.example")
        assert users.find([UserId.parse("ben")]) == {}

    def test_a_username_belongs_to_one_account(self, users: UserRepository) -> None:
        """A username is taken over all schools, in any case."""
        save(users, a_user("ann", school=MILL))
        with pytest.raises(UsernameTaken) as refused:
            save(users, a_user("ben", username=Username.parse("ANN")))
        assert refused.value.username == Username.parse("ann")

    def test_a_mis_id_belongs_to_one_account(self, users: UserRepository) -> None:
        """An MIS id is taken within its school and source, and only there."""
        save(users, a_user("ann", mis_id=ONE_MIS))
        with pytest.raises(MisIdTaken) as refused:
            save(users, a_user("ben", mis_id=ONE_MIS))
        assert refused.value.mis_id == ONE_MIS
        save(users, a_user("cat", mis_id=MisId(HILL, "bromcom", "7")))
        save(users, a_user("dan", mis_id=MisId(MILL, "sims", "7")))
        save(users, a_user("eve", mis_id=MisId(HILL, "sims", "7a")), a_user("fay"))

    def test_a_key_is_claimed_by_a_change_of_an_account_too(self, users: UserRepository) -> None:
        """An account that is there already cannot take another's address."""
        ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben"))
        with pytest.raises(EmailTaken):
            save(users, replace(ben, email=ann.email))
        assert read(users, ann, ben) == [ann, ben]

    def test_two_of_one_change_cannot_share_a_key(self, users: UserRepository) -> None:
        """Two accounts of one change are refused the same key."""
        with pytest.raises(EmailTaken):
            save(users, a_user("ann", "a@x.example"), a_user("ben", "A@x.example"))
        with pytest.raises(UsernameTaken):
            save(users, a_user("ann"), a_user("ben", username=Username.parse("Ann")))
        with pytest.raises(MisIdTaken):
            save(users, a_user("ann", mis_id=ONE_MIS), a_user("ben", mis_id=ONE_MIS))
        assert history(users) == ()

    def test_one_who_keeps_a_key_and_one_who_claims_it(self, users: UserRepository) -> None:
        """A holder who is in the change but keeps the key still has it."""
        ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben"))
        for people in itertools.permutations(
            [replace(ann, role=Role.SLT), replace(ben, email=ann.email)]
        ):
            with pytest.raises(EmailTaken):
                save(users, *people)

    def test_unchanged_keeps_its_key(self, users: UserRepository) -> None:
        """An account that must stand unchanged cannot lose its address by the same change."""
        ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben"))
        with pytest.raises(EmailTaken):
            save(users, replace(ben, email=ann.email), unchanged=[ann])

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
    def test_keys_go_round_in_any_order(
        self, users: UserRepository, order: tuple[int, ...]
    ) -> None:
        """One change hands every key of three accounts on, in whatever order they are written."""
        people = save(
            users,
            *(
                a_user(name, f"{name}@x.example", mis_id=MisId(HILL, "sims", name))
                for name in ("ann", "ben", "cat")
            ),
        )
        turned = [
            replace(one, username=two.username, email=two.email, mis_id=two.mis_id)
            for one, two in zip(people, [*people[1:], people[0]], strict=True)
        ]
        save(users, *(turned[place] for place in order))
        assert read(users, *people) == [replace(user, version=2) for user in turned]
        assert users.find([people[0].username])[people[0].username].id == people[2].id

    @pytest.mark.parametrize("new_first", [True, False])
    def test_a_key_moves_to_a_new_account(self, users: UserRepository, new_first: bool) -> None:
        """One change takes an address from an account and gives it to a new one."""
        (ann,) = save(users, a_user("ann", "ann@x.example"))
        people = [replace(ann, email=None), a_user("ben", "ann@x.example")]
        save(users, *(reversed(people) if new_first else people))
        ben = users.find([EmailAddress.parse("ann@x.example")])
        assert [user.id.key for user in ben.values()] == ["ben"]

    def test_a_released_key_is_free(self, users: UserRepository) -> None:
        """What one change releases, another may claim."""
        (ann,) = save(users, a_user("ann", "ann@x.example", mis_id=ONE_MIS))
        save(users, replace(ann, email=None, mis_id=None, username=Username.parse("ann.2")))
        (ben,) = save(users, a_user("ben", "ann@x.example", mis_id=ONE_MIS))
        save(users, a_user("cat", username=Username.parse("ann")))
        assert users.find([ONE_MIS]) == {ONE_MIS: ben}

    def test_a_refused_change_leaves_nothing(self, users: UserRepository) -> None:
        """Whatever is refused, no account and no event of the change is there."""
        ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben"))
        trail = history(users)
        new = a_user("new")
        for last in (a_user("cat", "ann@x.example"), replace(ben, version=7)):
            with pytest.raises((EmailTaken, StaleUser)):
                save(users, new, replace(ann, given_name="Changed"), last)
        assert read(users, ann, ben) == [ann, ben]
        assert users.find([new.id, UserId.parse("cat")]) == {}
        assert history(users) == trail

    def test_a_stale_account_is_told_before_a_taken_key(self, users: UserRepository) -> None:
        """An outdated decision is made again before anybody hears of a taken address."""
        ann, _ = save(users, a_user("ann"), a_user("ben", "ben@x.example"))
        save(users, ann)
        with pytest.raises(StaleUser):
            save(users, replace(ann, email=EmailAddress.parse("ben@x.example")))

    def test_refusals_hold_no_address(self, users: UserRepository) -> None:
        """The text of a refusal names nobody, and no driver's error hangs on it."""
        save(users, a_user("ann", "ann@x.example"))
        with pytest.raises(SchoolAuthError) as refused:
            save(users, a_user("ben", "ann@x.example"))
        assert "ann@" not in f"{refused.value!r}{refused.value.args}"
        assert refused.value.__cause__ is refused.value.__context__ is None

    # --- erased accounts ---

    def test_an_erased_account_keeps_only_its_id(self, users: UserRepository) -> None:
        """Its keys are free at once, two erased accounts do not collide, and ids stay found."""
        ann, ben = save(users, a_user("ann", "ann@x.example"), a_user("ben", mis_id=ONE_MIS))
        gone = save(users, erased(ann), erased(ben))
        assert read(users, ann, ben) == gone
        assert str(gone[0].username) == ""
        (cat,) = save(users, a_user("cat", "ann@x.example", username=ann.username, mis_id=ONE_MIS))
        assert users.find([ann.username]) == {ann.username: cat}
        everyone = users.search(UserQuery(school=HILL, statuses=frozenset(Status)))
        assert [user.id.key for user in everyone.items] == ["ann", "ben", "cat"]
        assert users.search(UserQuery(school=HILL)).items == (cat,)
