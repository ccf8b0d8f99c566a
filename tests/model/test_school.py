"""A school: parsed when it is made, whichever way it is made."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given

from schoolauth.errors import EmailInvalid, NameInvalid
from schoolauth.model.names import EmailAddress, SchoolCode
from schoolauth.model.school import School
from schoolauth.testing.strategies import schools


@given(schools())
def test_text_and_values_make_the_same_school(school: School) -> None:
    """A school built from text equals one built from parsed values, and survives pickling."""
    head, deputy = school.headteacher_email, school.deputy_email
    rebuilt = School(str(school.code), school.name, head and str(head), deputy and str(deputy))
    assert rebuilt == school == pickle.loads(pickle.dumps(school)) == copy.deepcopy(school)
    assert isinstance(rebuilt.code, SchoolCode)
    assert head is None or isinstance(rebuilt.headteacher_email, EmailAddress)


@pytest.mark.parametrize(
    ("code", "name", "field"), [("no code", "Hill", "school"), ("hill", "\n", "school_name")]
)
def test_unusable_text_is_refused(code: str, name: str, field: str) -> None:
    """The refusal says which part cannot be used."""
    with pytest.raises(NameInvalid) as caught:
        School(code, name)
    assert caught.value.field == field


def test_an_approver_needs_a_real_address() -> None:
    """An address that can get no mail could never approve anything."""
    for addresses in (("head", None), (None, "deputy@")):
        with pytest.raises(EmailInvalid):
            School("hill", "Hill Primary", *addresses)


def test_a_school_cannot_be_changed() -> None:
    """A school is a value; the desk makes another one."""
    with pytest.raises(AttributeError):
        School("hill", "Hill Primary").name = "Mill"  # type: ignore[misc] # that is the attempt
