"""The help page's questions, each with the function that answers it."""

from __future__ import annotations

from collections.abc import Callable

from schoolauth.cli.tour.account_questions import (
    more_than_one_account,
    not_listed,
    remove_email,
    teacher_has_left,
)
from schoolauth.cli.tour.password_questions import (
    admin_cannot_log_in,
    admin_forgot_password,
    changed_password_is_incorrect,
    create_password_mail,
    teacher_forgot_password,
)
from schoolauth.cli.tour.transcript import Transcript

QUESTIONS: tuple[tuple[str, Callable[[Transcript], None]], ...] = (
    (
        "I Think My Admin User Name And Password Is Correct, But I Can't Log In. What Can I Do?",
        admin_cannot_log_in,
    ),
    ("I Have Forgotten The Admin Password. What Do I Do?", admin_forgot_password),
    (
        "What Do I Do If a Teacher/SLT User Has Forgotten Their Password?",
        teacher_forgot_password,
    ),
    (
        (
            "A User Has Changed Their Password, But When They Try And Log In Again It Is Saying "
            "Incorrect Password, What Do We Do?"
        ),
        changed_password_is_incorrect,
    ),
    ("Why Can't I Send My Teachers The Create New Password Email?", create_password_mail),
    ("Why Does A Particular Teacher Have More Than One User Account?", more_than_one_account),
    ("How Do I Remove An Email Address From a User Account?", remove_email),
    (
        "A Teacher Has Left. How Do I Remove Their User Account So They Can't Login Anymore?",
        teacher_has_left,
    ),
    ("My Question Isn't Listed Here. What Should I Do?", not_listed),
)
"""The questions of the help page, in its order and its own words."""
